"""Options of `colorize` that keep a set alike, and what is printed of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from condcolor.conditions.schema import AttributeSchema
from condcolor.errors import UsageError
from condcolor.runtime.messages import shown_name

if TYPE_CHECKING:
    from condcolor.batch.jobs import Job
    from condcolor.batch.manifest import Manifest
    from condcolor.batch.rendering import Findings, RenderOptions


OPTIONS = (
    click.option(
        "--palette",
        type=click.Path(),
        metavar="FILE",
        help='Colours by names of your own: a JSON file such as {"crimson": "#b01030"}.',
    ),
    click.option(
        "--lock",
        is_flag=True,
        help="Exactly the same colours in every picture; measured at the end.",
    ),
    click.option(
        "--grid",
        metavar="CxR",
        help="Each picture is a sheet of so many columns x rows, such as 4x3.",
    ),
    click.option(
        "--check",
        is_flag=True,
        help="Name pictures that a person should look at. With --lock, about three times as long.",
    ),
    click.option(
        "--report",
        is_flag=True,
        help="Write OUT/colors.csv: colours asked and measured. --lock and --check do so, too.",
    ),
)


def set_options(command: Callable) -> Callable:
    """The options of a set, in this order, on a command."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command


def parse_render_options(
    schema: AttributeSchema,
    *,
    palette: str | None,
    lock: bool,
    grid: str | None,
    check: bool,
    report: bool,
) -> RenderOptions:
    """How the options say that pictures are to be coloured; UsageError for what cannot be."""
    from condcolor.batch.rendering import RenderOptions
    from condcolor.imaging.sheets import parse_grid

    asked = (("--palette", palette), ("--lock", lock), ("--check", check), ("--report", report))
    for flag, on in asked:
        if on and not schema.attributes:
            raise UsageError(f"{flag} is for models with attributes, such as icons")
    return RenderOptions(lock, None if grid is None else parse_grid(grid), check, report)


def print_inconsistencies(name: str, findings: Findings, say: Callable[[str], None]) -> None:
    """A line for each attribute of a picture that a person should look at."""
    from condcolor.batch.rendering import inconsistent

    for attribute, inconsistency in inconsistent(findings.inconsistencies or {}).items():
        say(f"check: {name}: {attribute} may be wrong ({inconsistency.summary})")


def print_set(
    planned: Sequence[Job], manifest: Manifest, schema: AttributeSchema, options: RenderOptions
) -> None:
    """Write colors.csv of all pictures that were planned, say how many to look at, and how alike they are."""
    if not options.measures:
        return
    from condcolor.batch.color_report import NAME, make_row, summary, write_colors
    from condcolor.batch.rendering import inconsistent

    rows = [make_row(job, manifest.has(job), manifest.entry(job), schema) for job in planned]
    write_colors(manifest.folder, rows, schema)
    for line in summary(rows) if options.lock else ():
        click.echo(line)
    name, flagged = (
        shown_name(Path(manifest.folder, NAME)),
        sum(bool(inconsistent(r.inconsistencies)) for r in rows),
    )
    click.echo(f"{name}: {flagged} of {len(rows)} pictures to look at" if options.check else name)


def print_one(
    job: Job,
    findings: Findings,
    schema: AttributeSchema,
    options: RenderOptions,
    *,
    err: bool = False,
) -> None:
    """The same of a single picture, which has no colors.csv; all of it to stderr with `err`."""
    from condcolor.batch.color_report import make_row, summary

    print_inconsistencies(shown_name(job.source), findings, lambda line: click.echo(line, err=True))
    for line in (
        summary([make_row(job, True, findings.manifest_entry, schema)]) if options.lock else ()
    ):
        click.echo(line, err=err)
