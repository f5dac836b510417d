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
    from condcolor.batch.rendering import Found, Paint


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


def asked_paint(
    schema: AttributeSchema,
    *,
    palette: str | None,
    lock: bool,
    grid: str | None,
    check: bool,
    report: bool,
) -> Paint:
    """How the options say that pictures are to be coloured; UsageError for what cannot be."""
    from condcolor.batch.rendering import Paint
    from condcolor.imaging.sheets import parse_grid

    asked = (("--palette", palette), ("--lock", lock), ("--check", check), ("--report", report))
    for flag, on in asked:
        if on and not schema.attributes:
            raise UsageError(f"{flag} is for models with attributes, such as icons")
    return Paint(lock, None if grid is None else parse_grid(grid), check, report)


def tell_doubts(name: str, found: Found, say: Callable[[str], None]) -> None:
    """A line for each attribute of a picture that a person should look at."""
    from condcolor.batch.rendering import doubtful

    for attribute, doubt in doubtful(found.doubts or {}).items():
        say(f"check: {name}: {attribute} may be wrong ({doubt.said})")


def tell_set(
    planned: Sequence[Job], manifest: Manifest, schema: AttributeSchema, paint: Paint
) -> None:
    """Write colors.csv of all pictures that were planned, say how many to look at, and how alike they are."""
    if not paint.measures:
        return
    from condcolor.batch.color_report import NAME, make_row, summary, write_colors
    from condcolor.batch.rendering import doubtful

    rows = [make_row(job, manifest.has(job), manifest.entry(job), schema) for job in planned]
    write_colors(manifest.folder, rows, schema)
    for line in summary(rows) if paint.lock else ():
        click.echo(line)
    name, flagged = (
        shown_name(Path(manifest.folder, NAME)),
        sum(bool(doubtful(r.doubts)) for r in rows),
    )
    click.echo(f"{name}: {flagged} of {len(rows)} pictures to look at" if paint.check else name)


def tell_one(
    job: Job, found: Found, schema: AttributeSchema, paint: Paint, *, err: bool = False
) -> None:
    """The same of a single picture, which has no colors.csv; all of it to stderr with `err`."""
    from condcolor.batch.color_report import make_row, summary

    tell_doubts(shown_name(job.source), found, lambda line: click.echo(line, err=True))
    for line in summary([make_row(job, True, found.told, schema)]) if paint.lock else ():
        click.echo(line, err=err)
