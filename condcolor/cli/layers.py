"""condcolor layers and condcolor recolor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from condcolor.attributes import Attribute
from condcolor.cli.common import device_option, model_option, overwrite_option
from condcolor.cli.modelcommand import AttributeCommand, ModelCommand, keep_option, take_values
from condcolor.errors import UsageError
from condcolor.filetypes import shown_name

LAYERS = "condcolor.layers"  # in a context: those of the source


@click.command(cls=ModelCommand)
@click.argument("sketch", type=click.Path())
@click.option(
    "-o",
    "--out",
    type=click.Path(),
    help="A folder, or a file that ends in .ora.  [default: the sketch's name with -layers, here]",
)
@keep_option
@model_option
@overwrite_option
@device_option
@click.pass_context
def layers(ctx, sketch, out, keep, model, overwrite, device, **values) -> None:
    """Colour a sketch, and save lines, parts and paper as layers.

    A folder gets a PNG a layer, and layers.ora for Krita and GIMP. Stacked, they are the coloured icon;
    `condcolor recolor` gives them other colours.

    \b
    condcolor layers ada.png --hair red --shirt blue -o ada/
    condcolor layers ada.png --hair '#ff8800' --shirt none -o ada.ora
    """
    asked = take_values(ctx, values, keep)
    if out == "":
        raise UsageError("the name of the output is empty: give a folder, or a file.ora")
    target = Path(out or f"{Path(sketch).stem}-layers")

    from condcolor.coloring import Colorizer
    from condcolor.images import open_picture
    from condcolor.layerfiles import save_layers

    picture = open_picture(sketch)
    for note in picture.notes:
        click.echo(f"note: {shown_name(sketch)}: {note}", err=True)
    made = Colorizer.load(model, device=device).layers(picture, **asked)
    for path in save_layers(made, target, overwrite=overwrite):
        click.echo(shown_name(path))


class LayersCommand(AttributeCommand):
    """A command with an option for each layer of its `source`."""

    whose = "the layers"

    def find_attributes(
        self, ctx: click.Context, asked: Mapping[str, object]
    ) -> Sequence[Attribute]:
        source = asked.get("source")
        if not isinstance(source, str):
            return ()

        from condcolor.layerfiles import load_layers

        ctx.meta[LAYERS] = load_layers(source)
        return ctx.meta[LAYERS].choices


@click.command(cls=LayersCommand)
@click.argument("source", type=click.Path())
@click.option(
    "-o",
    "--out",
    required=True,
    type=click.Path(),
    help="A picture (icon.png), or new layers: a folder, or a file that ends in .ora.",
)
@overwrite_option
@click.pass_context
def recolor(ctx, source, out, overwrite, **values) -> None:
    """Give layers other colours, without a model.

    SOURCE is a folder of `condcolor layers`, or an .ora file. Each of its layers is an option: the
    parts, and --lines and --paper; those not named stay as they are.

    \b
    condcolor recolor ada/ --hair '#00aa88' -o icon.png
    condcolor recolor ada/ --shirt rebeccapurple --paper ivory -o other.ora
    """
    from condcolor.jobs import make_folder
    from condcolor.layerfiles import ORA, save_layers
    from condcolor.saving import refuse_taken, save_image

    found = ctx.meta[LAYERS]
    given = {c.name: values[f"attribute_{i}"] for i, c in enumerate(found.choices)}
    asked = {name: text for name, text in given.items() if text is not None}
    if not out:
        raise UsageError("the name of the output is empty: give a picture, a folder, or a file.ora")
    suffix = Path(out).suffix
    if suffix and suffix.lower() != ORA and not out.endswith("/"):
        refuse_taken(out, overwrite)
        image = found.recolored(**asked).composed()
        make_folder(Path(out).parent)
        save_image(out, image, overwrite=overwrite)
        click.echo(shown_name(out))
        return
    for path in save_layers(found.recolored(**asked), out, overwrite=overwrite):
        click.echo(shown_name(path))
