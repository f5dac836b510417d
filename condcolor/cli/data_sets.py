"""The commands `data check`, `data new`."""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from condcolor.cli.options import overwrite_option, reading_options
from condcolor.cli.progress import Progress
from condcolor.errors import DataError, UsageError
from condcolor.runtime.messages import counted, shown_name

if TYPE_CHECKING:
    from condcolor.data.balance import Balance
    from condcolor.data.faults import Fault
    from condcolor.data.inspection import Inspection

HEADINGS = ("level", "line", "column", "what", "what to do")
LEAST_WIDTH = 16  # characters of the last two columns on a narrow terminal


@click.command()
@click.argument("path", type=click.Path())
@click.option("--shared-values", is_flag=True, help="Every attribute may have the values of all.")
@click.option("--no-targets", is_flag=True, help="There are no outputs, only inputs to colour.")
@click.option(
    "--fix",
    type=click.Path(),
    metavar="OUT",
    help="Write a repaired csv beside the pictures, and check that one.",
)
@overwrite_option
@reading_options
def check(path, shared_values, no_targets, fix, overwrite, ignore, labels) -> None:
    """List every problem of a data set at once.

    In one table, with the line and what to do; and how its values are balanced. With --fix, what can
    be put right without a guess is put right in a csv of its own, each repair is said, and what is
    left is listed.

    \b
    condcolor data check my-sketches
    condcolor data check my-sketches --fix my-sketches/fixed.csv
    condcolor data check my-sketches --ignore Notes
    condcolor data check wanted.csv --no-targets
    condcolor data check pictures --labels '{character}_{hair}_{shirt}'
    """
    if not path:
        raise UsageError("the name of the data set is empty: name its folder or csv")
    if fix == "":
        raise UsageError("--fix: the name of the csv is empty")

    from condcolor.data.inspection import inspect
    from condcolor.data.reading import AS_IT_IS, Reading

    reading = Reading(ignore, labels or "")
    checked = Path(path)
    left: tuple[Fault, ...] = ()
    if fix is not None:
        from condcolor.data.repair import repair

        repaired = repair(checked, Path(fix), reading, not no_targets, overwrite=overwrite)
        for done in repaired.repairs:
            click.echo(f"repaired: {done}")
        click.echo(f"{counted(repaired.rows, 'row')} written to {shown_name(fix)}")
        checked, reading, left = Path(fix), AS_IT_IS, repaired.left
    with Progress("checking") as progress:
        inspection = inspect(
            checked,
            require_target=not no_targets,
            vocabulary="shared" if shared_values else "own",
            reading=reading,
            on_progress=progress,
        )
    _print_content(inspection)
    faults = (*left, *inspection.faults)
    if not faults:
        click.echo("no problems")
        return
    count = counted(len(faults), "problem")
    if all(fault.line is None for fault in faults):  # of files, not of what is in them
        raise DataError(f"{shown_name(checked)}: {count}", map(str, faults))
    for line in fault_table(faults):
        click.echo(line)
    hint = "" if fix is not None else f"; to repair what can be: --fix {_beside(path)}"
    raise DataError(f"{shown_name(checked)}: {count}{hint}")


def fault_table(faults: Sequence[Fault], width: int | None = None) -> list[str]:
    """Return the lines of a table of faults, by level.

    Args:
        width: characters of a line, to which the longer cells are wrapped; None: those of a terminal, and
            no limit elsewhere.
    """
    from condcolor.data.faults import LEVELS

    if width is None and sys.stdout.isatty():
        width = shutil.get_terminal_size().columns
    ordered = sorted(faults, key=lambda fault: LEVELS.index(fault.level))
    several = len({fault.csv for fault in faults if fault.csv}) > 1
    rows = [HEADINGS]
    for fault in ordered:
        line = "" if fault.line is None else str(fault.line)
        place = f"{fault.csv} {line}".strip() if several else line
        rows.append((fault.level, place, fault.column, fault.what, fault.todo))
    widths = [max(len(row[i]) for row in rows) for i in range(len(HEADINGS))]
    if width is not None:
        room = width - sum(widths[:3]) - 2 * (len(widths) - 1)
        todo = max(LEAST_WIDTH, min(widths[4], room // 3))
        widths[3:] = [max(LEAST_WIDTH, min(widths[3], room - todo)), todo]
    lines = []
    for row in rows:
        cells = [textwrap.wrap(cell, w) or [""] for cell, w in zip(row, widths, strict=True)]
        for i in range(max(map(len, cells))):
            parts = (cell[i] if i < len(cell) else "" for cell in cells)
            lines.append("  ".join(p.ljust(w) for p, w in zip(parts, widths, strict=True)).rstrip())
    return lines


def _print_content(inspection: Inspection) -> None:
    """Print the numbers of rows and pictures, the balance of the values, and the notes."""
    if inspection.counts["rows"]:
        click.echo(", ".join(f"{count} {name}" for name, count in inspection.counts.items()))
    for table in inspection.balance:
        click.echo(f"\n{table.split or 'all'}: {table.rows} rows, {table.characters} characters")
        for name, values in table.values.items():
            shares = [f"{value} {count}" for value, count in values.items()]
            if name in table.blank:
                shares.append(f"(blank) {table.blank[name]}")
            click.echo(f"  {name}: " + ", ".join(shares))
        if table.combinations:
            click.echo(f"  combinations: {_combinations(table)}")
    for note in inspection.notes:
        click.echo(f"note: {note}")


def _combinations(table: Balance) -> str:
    most, least = max(table.combinations.values()), min(table.combinations.values())
    rows = f"{least}" if least == most else f"{least} to {most}"
    return f"{len(table.combinations)} present, {table.absent} absent, {rows} rows each"


def _beside(path: str) -> str:
    """Return the name of a csv beside the pictures of a data set."""
    folder = Path(path) if Path(path).is_dir() else Path(path).parent
    return shown_name(folder / "fixed.csv")


@click.command()
@click.argument("out", type=click.Path())
def new(out) -> None:
    """Begin a data set of your own.

    A folder with a metadata.csv, folders for sketches and coloured pictures, two drawn examples that
    pass `data check`, and a README that says what to replace.

    \b
    condcolor data new my-icons
    """
    if not out:
        raise UsageError("the name of the folder is empty: name a new one")

    from condcolor.data.template import write_template

    write_template(Path(out))
    name = shown_name(out)
    click.echo(f"{name}: a data set to fill; {name}/README.md says how")
    click.echo(f"check it: condcolor data check {name}")
