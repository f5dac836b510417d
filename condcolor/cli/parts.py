"""The command `parts`."""

from __future__ import annotations

from pathlib import Path

import click

from condcolor.cli.options import (
    device_option,
    engine_option,
    model_option,
    overwrite_option,
)
from condcolor.cli.part_options import (
    corrections_of,
    parts_options,
)
from condcolor.errors import UsageError
from condcolor.runtime.messages import shown_name


@click.command()
@click.argument("sketch", type=click.Path())
@click.option(
    "-o",
    "--out",
    type=click.Path(),
    help="Save the parts here.  [default: with corrections, x.parts.json beside x.png]",
)
@click.option("--map", "map_file", type=click.Path(), help="Draw a map of the parts and points.")
@parts_options
@model_option
@overwrite_option
@device_option
@engine_option
def parts(sketch, out, map_file, model, overwrite, device, engine, **options) -> None:
    """List the parts that a model finds in a sketch, and correct them.

    Each line is a piece of the drawing: a pixel inside of it, its part, how sure the model is, its share of
    the picture, and whose it is where there are several persons. Pieces in doubt come first. Corrections
    are saved beside the sketch, where every command reads them.

    \b
    condcolor parts ada.png
    condcolor parts ada.png --map map.png
    condcolor parts ada.png --part 120,80=hair --part 60,463=none
    condcolor parts ada.png --cut 200,300:260,300 --part 230,320=skin
    """
    from condcolor.imaging.corrections import CorrectionSource, parts_path
    from condcolor.imaging.formats import format_for
    from condcolor.imaging.open import open_picture
    from condcolor.imaging.save import save_image
    from condcolor.inference.colorizer import Colorizer
    from condcolor.runtime.files import make_folder, refuse_taken

    if out == "" or map_file == "":
        raise UsageError("the name of the output is empty: give a file")
    corrections, beside = corrections_of(options), parts_path(sketch)
    read = options["parts"] or (beside if beside.is_file() else None)
    target = Path(out) if out else beside if corrections else None
    is_own = target is not None and read is not None and target == Path(read)  # brought up to date
    if target is not None:
        refuse_taken(target, overwrite or is_own)
    if map_file:
        format_for(map_file)
        refuse_taken(map_file, overwrite)
    picture = open_picture(sketch)
    found = Colorizer.load(model, device=device, engine=engine).parts(picture)
    notes = found.apply_source(CorrectionSource(None if read is None else Path(read), corrections))
    for note in (*picture.notes, *found.drawing.notes, *notes):
        click.echo(f"note: {shown_name(sketch)}: {note}", err=True)
    whole = found.size[0] * found.size[1]
    persons = found.persons
    several = persons.max(initial=0) > 1
    for piece in sorted(found.pieces, key=lambda p: (not p.in_doubt, -p.area)):
        sure = (
            "set"
            if piece.set
            else f"{piece.probability:.2f}{' in doubt' if piece.in_doubt else ''}"
        )
        at = f"{piece.point[0]},{piece.point[1]}"
        whose = f"  person {persons[piece.number]}" if several and persons[piece.number] else ""
        click.echo(f"{at:<11}{piece.part:<10}{sure:<15}{100 * piece.area / whole:5.1f} %{whose}")
    if map_file:
        from condcolor.imaging.part_map import part_map

        make_folder(Path(map_file).parent)
        save_image(map_file, part_map(found), overwrite=overwrite)
        click.echo(shown_name(map_file))
    if target is not None:
        make_folder(target.parent)
        found.save(target, overwrite=overwrite or is_own)
        click.echo(shown_name(target))
