"""condcolor colorize, condcolor variants."""

from __future__ import annotations

import sys
from io import BytesIO
from pathlib import Path

import click

from condcolor.cli.common import Bar, ModelCommand, device_option, model_option, take_values
from condcolor.errors import SomeFailed


@click.command(cls=ModelCommand)
@click.argument("sketches", nargs=-1, required=True)
@click.option("-o", "--out", help="A file for one sketch, a folder for several; - is stdout.")
@model_option
@click.option("--overwrite", is_flag=True, help="Replace outputs that exist.")
@click.option("--skip-existing", is_flag=True, help="Leave outputs that exist, do the others.")
@device_option
@click.pass_context
def colorize(ctx, sketches, out, model, overwrite, skip_existing, device, **options) -> None:
    """Colour sketches in the colours you name.

    SKETCHES are files, folders (their tree is kept), patterns, a .csv with a row a picture
    (input,hair,shirt), or - for standard input.

    \b
    condcolor colorize ada.png --hair red --shirt blue -o ada-red-blue.png
    condcolor colorize sketches/ --hair brown --shirt green -o colored/
    condcolor colorize wanted.csv -o colored/
    """
    from condcolor import batch
    from condcolor.colorizer import Colorizer

    if sketches == ("-",):
        values = take_values(ctx, options)
        _pipe(Colorizer.load(model, device=device), values, out, overwrite)
        return
    folder = Path(out) if out is not None else None
    skipped: list[str] = []
    if len(sketches) == 1 and sketches[0].lower().endswith(".csv"):
        colorizer = Colorizer.load(model, device=device)
        jobs = batch.plan_csv(Path(sketches[0]), folder, colorizer.schema)
        jobs = batch.check_existing(jobs, overwrite=overwrite, skip=skip_existing)
    else:
        jobs, skipped = batch.plan_jobs(sketches, folder, take_values(ctx, options))
        jobs = batch.check_existing(jobs, overwrite=overwrite, skip=skip_existing)
        colorizer = Colorizer.load(model, device=device)
    for line in skipped:
        click.echo(f"skipped: {line}", err=True)
    failed = 0
    with Bar("colouring") as bar:
        for number, done in enumerate(
            batch.run_jobs(colorizer, jobs, overwrite=overwrite), start=1
        ):
            bar(number, len(jobs))
            for note in done.notes:
                click.echo(f"note: {done.job.source}: {note}", err=True)
            if done.error:
                failed += 1
                click.echo(f"failed: {done.error}", err=True)
            elif len(jobs) == 1:
                click.echo(str(done.job.out))
    if len(jobs) != 1:
        click.echo(f"{len(jobs) - failed} of {len(jobs)} pictures coloured in {out}")
    if failed:
        raise SomeFailed(f"{failed} of {len(jobs)} pictures failed; they are named above")


def _pipe(colorizer, values, out: str | None, overwrite: bool) -> None:
    """Standard input to standard output, or to a file."""
    from condcolor.images import open_picture
    from condcolor.saving import save_image

    data = sys.stdin.buffer.read()
    picture = open_picture(BytesIO(data), name="standard input")
    image = next(colorizer.colorings(picture, [values]))
    if out not in (None, "-"):
        save_image(Path(out), image, overwrite=overwrite)
        click.echo(out)
        return
    encoded = BytesIO()
    image.save(encoded, "PNG")
    sys.stdout.buffer.write(encoded.getvalue())
    sys.stdout.buffer.flush()


@click.command(cls=ModelCommand, with_values=False)
@click.argument("sketch", type=click.Path())
@click.option("-o", "--out", default="sheet.png", show_default=True, help="The contact sheet.")
@click.option("--files", "folder", help="Folder of the pictures.  [default: the sheet's stem]")
@click.option("--sheet-only", is_flag=True, help="Write no picture but the sheet.")
@click.option("--cell", default=160, show_default=True, help="Pixels a picture on the sheet.")
@model_option
@click.option("--overwrite", is_flag=True, help="Replace outputs that exist.")
@device_option
def variants(sketch, out, folder, sheet_only, cell, model, overwrite, device) -> None:
    """One labelled sheet of a sketch in every combination of colours, and a file each.

    \b
    condcolor variants ada.png -o sheet.png
    condcolor variants ada.png -o sheet.png --files ada-variants/
    condcolor variants ada.png -o sheet.png --sheet-only
    """
    from condcolor.colorizer import Colorizer
    from condcolor.sheets import write_variants

    if not 16 <= cell <= 2048:
        raise click.BadParameter(f"must be 16 to 2048 pixels, not {cell}", param_hint="--cell")
    files = None if sheet_only else Path(folder or Path(out).with_suffix(""))
    count = write_variants(
        Colorizer.load(model, device=device),
        Path(sketch),
        Path(out),
        folder=files,
        cell=cell,
        overwrite=overwrite,
    )
    click.echo(out)
    if files:
        click.echo(f"{count} pictures in {files}")
