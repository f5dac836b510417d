"""condcolor variants."""

from __future__ import annotations

from pathlib import Path

import click

from condcolor.cli.common import device_option, model_option, overwrite_option, precision_option
from condcolor.cli.progress import Progress
from condcolor.errors import UsageError
from condcolor.filetypes import shown_name


@click.command()
@click.argument("sketch", type=click.Path())
@click.option(
    "-o",
    "--out",
    default="sheet.png",
    show_default=True,
    type=click.Path(),
    help="The contact sheet.",
)
@click.option(
    "--files",
    "folder",
    type=click.Path(),
    help="Folder of the pictures.  [default: the sheet's name without suffix]",
)
@click.option("--sheet-only", is_flag=True, help="Write no picture but the sheet.")
@click.option(
    "--cell",
    default=160,
    show_default=True,
    type=click.IntRange(16, 2048),
    help="Pixels a picture on the sheet.",
)
@model_option
@overwrite_option
@device_option
@precision_option
def variants(sketch, out, folder, sheet_only, cell, model, overwrite, device, precision) -> None:
    """Draw a sketch in every combination: files and a sheet.

    \b
    condcolor variants ada.png -o sheet.png
    condcolor variants ada.png -o sheet.png --files ada-variants/
    condcolor variants ada.png -o sheet.png --sheet-only
    """
    if not sketch or not out or folder == "":
        raise UsageError("the name of the sketch, of the sheet or of its folder is empty")
    if sheet_only and folder:
        raise UsageError("--sheet-only writes no files: take --files away")

    from condcolor.saving import format_for, refuse_taken

    format_for(out)
    refuse_taken(out, overwrite)

    from condcolor.coloring import Colorizer
    from condcolor.heap import keep_memory
    from condcolor.sheets import write_variants

    keep_memory()

    files = None if sheet_only else Path(folder or Path(out).with_suffix(""))
    with Progress("colouring") as progress:
        count = write_variants(
            Colorizer.load(model, device=device, precision=precision),
            Path(sketch),
            Path(out),
            folder=files,
            cell=cell,
            overwrite=overwrite,
            on_progress=progress,
        )
    click.echo(shown_name(out))
    if files:
        click.echo(f"{count} pictures in {shown_name(files)}")
