"""The commands `variants`, `layers`, `recolor`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import click

from condcolor.cli.options import (
    ATTRIBUTE,
    TAKEN,
    AttributeCommand,
    ModelCommand,
    device_option,
    engine_option,
    keep_option,
    model_info,
    model_option,
    overwrite_option,
    precision_option,
    take_values,
)
from condcolor.cli.part_options import (
    correction_source,
    parts_options,
    person_option,
)
from condcolor.cli.progress import Progress
from condcolor.conditions.schema import Attribute
from condcolor.errors import UsageError
from condcolor.models.model_folder import read_model_info
from condcolor.runtime.messages import shown_name


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
@parts_options
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
@engine_option
@precision_option
def variants(
    sketch, out, folder, sheet_only, cell, model, overwrite, device, engine, precision, **options
) -> None:
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

    from condcolor.imaging.formats import format_for
    from condcolor.runtime.files import refuse_taken

    format_for(out)
    refuse_taken(out, overwrite)

    from condcolor.batch.variants import write_variants
    from condcolor.inference.colorizer import Colorizer
    from condcolor.runtime.process import keep_memory

    keep_memory()

    info = read_model_info(model)
    corrections = correction_source(info, sketch, options)
    files = None if sheet_only else Path(folder or Path(out).with_suffix(""))
    with Progress("colouring") as progress:
        count = write_variants(
            Colorizer.load(info, device=device, engine=engine, precision=precision),
            Path(sketch),
            Path(out),
            folder=files,
            cell=cell,
            overwrite=overwrite,
            on_progress=progress,
            corrections=corrections,
            on_note=partial(progress.say, err=True),
        )
    click.echo(shown_name(out))
    if files:
        click.echo(f"{count} pictures in {shown_name(files)}")


LAYERS = "condcolor.layers"  # key of a context's meta: the layers of the source


@click.command(cls=ModelCommand)
@click.argument("sketch", type=click.Path())
@click.option(
    "-o",
    "--out",
    type=click.Path(),
    help="A folder, or a file: .ora, .psd or .svg.  [default: the sketch's name with -layers, here]",
)
@keep_option
@person_option
@parts_options
@model_option
@overwrite_option
@device_option
@engine_option
@click.pass_context
def layers(ctx, sketch, out, keep, model, overwrite, device, engine, **values) -> None:
    """Colour a sketch, and save lines, parts and paper as layers.

    A folder gets a PNG a layer, and layers.ora for Krita and GIMP. Stacked, they are the coloured icon;
    `condcolor recolor` gives them other colours. A .psd is for Photoshop, Krita and GIMP. An .svg has a
    group of smooth closed paths for each layer; to recolour one, change its fill.

    \b
    condcolor layers ada.png --hair red --shirt blue -o ada/
    condcolor layers ada.png --hair '#ff8800' --shirt none -o ada.psd
    condcolor layers ada.png --hair red --shirt blue -o ada.svg
    """
    specs = take_values(ctx, values, keep)
    if out == "":
        raise UsageError("the name of the output is empty: give a folder, or a file.psd")
    target = Path(out or f"{Path(sketch).stem}-layers")

    from condcolor.imaging.layer_files import save_layers
    from condcolor.imaging.open import open_picture
    from condcolor.inference.colorizer import Colorizer

    source = correction_source(model_info(ctx), sketch, values)
    picture = open_picture(sketch)
    colorizer = Colorizer.load(model_info(ctx), device=device, engine=engine)
    notes = picture.notes
    if source:
        parts = colorizer.parts(picture)
        notes += parts.apply_source(source)
        stack = colorizer.layers(parts, **specs)
    else:
        stack = colorizer.layers(picture, **specs)
    for note in notes:
        click.echo(f"note: {shown_name(sketch)}: {note}", err=True)
    for path in save_layers(stack, target, overwrite=overwrite):
        click.echo(shown_name(path))


class LayersCommand(AttributeCommand):
    """A command with an option for each layer of its `source`."""

    whose = "the layers"
    taken = TAKEN - {
        "paper"
    }  # a layer of every opaque picture; an attribute of that name has another

    def find_attributes(
        self, ctx: click.Context, parameters: Mapping[str, Any]
    ) -> Sequence[Attribute]:
        source = parameters.get("source")
        if not isinstance(source, str):
            return ()

        from condcolor.imaging.layer_files import load_layers

        ctx.meta[LAYERS] = load_layers(source)
        return ctx.meta[LAYERS].choices


@click.command(cls=LayersCommand)
@click.argument("source", type=click.Path())
@click.option(
    "-o",
    "--out",
    required=True,
    type=click.Path(),
    help="A picture (icon.png), or new layers: a folder, or a file: .ora, .psd or .svg.",
)
@overwrite_option
@click.pass_context
def recolor(ctx, source, out, overwrite, **values) -> None:
    """Give layers other colours, without a model.

    SOURCE is a folder of `condcolor layers`, or an .ora or .psd file. Each of its layers is an option: the
    parts, and --lines and --paper; those not named stay as they are.

    \b
    condcolor recolor ada/ --hair '#00aa88' -o icon.png
    condcolor recolor ada/ --shirt rebeccapurple --paper ivory -o other.ora
    """
    from condcolor.imaging.layer_files import LAYER_FORMATS, save_layers
    from condcolor.imaging.save import save_image
    from condcolor.runtime.files import make_folder, refuse_taken

    stack = ctx.meta[LAYERS]
    options = {c.name: values[f"{ATTRIBUTE}{i}"] for i, c in enumerate(stack.choices)}
    specs = {name: spec for name, spec in options.items() if spec is not None}
    if not out:
        raise UsageError("the name of the output is empty: give a picture, a folder, or a file.psd")
    suffix = Path(out).suffix
    if suffix and suffix.lower() not in LAYER_FORMATS and not out.endswith("/"):
        refuse_taken(out, overwrite)
        image = stack.recolored(**specs).composed()
        make_folder(Path(out).parent)
        save_image(out, image, overwrite=overwrite)
        click.echo(shown_name(out))
        return
    for path in save_layers(stack.recolored(**specs), out, overwrite=overwrite):
        click.echo(shown_name(path))
