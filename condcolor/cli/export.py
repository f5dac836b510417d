"""condcolor export."""

from __future__ import annotations

import click

from condcolor.cli.common import ModelName, overwrite_option
from condcolor.errors import UsageError
from condcolor.filetypes import shown_name


@click.command()
@click.argument("model", type=ModelName())
@click.option(
    "--onnx",
    "path",
    required=True,
    type=click.Path(),
    metavar="FILE",
    help="The file to write, which ends in .onnx.",
)
@click.option(
    "--half",
    is_flag=True,
    help="Store the weights as float16: half the size, for the web; colours may differ by a little.",
)
@overwrite_option
def export(model, path, half, overwrite) -> None:
    """Write a model to one file that needs no torch.

    The file colours with ONNX Runtime: as the --model of colorize, variants and info, or in a browser
    (examples/browser). It is compared with torch first, and not written where the two differ. Needs the
    onnx extra: pip install 'condcolor[onnx]'

    \b
    condcolor export icons --onnx icons.onnx
    condcolor export runs/mine --onnx mine.onnx --half
    """
    if not path:
        raise UsageError("the name of the file is empty: name a new one")

    from condcolor.exporting import export_onnx

    made = export_onnx(model, path, half=half, overwrite=overwrite)
    click.echo(
        f"{shown_name(path)}: {made.size / 1e6:.1f} MB; on {made.pictures} pictures at most "
        f"{made.difference:.1e} of 1 from torch, at full size {made.off_by} of 255"
    )
