"""The command `colorize`."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import click

from condcolor.cli.model_choice import are_for_drawings, use_photo_model, use_suited_model
from condcolor.cli.options import (
    ATTRIBUTE,
    ModelCommand,
    ModelName,
    device_option,
    engine_option,
    keep_option,
    model_info,
    overwrite_option,
    precision_option,
    take_values,
)
from condcolor.cli.part_options import (
    STREAM,
    correction_source,
    corrections_of,
    parts_options,
    person_option,
)
from condcolor.cli.pipe import NOT_LOCKED, check_streams, opened, pipe
from condcolor.cli.progress import Progress
from condcolor.errors import SomeFailed, UsageError
from condcolor.runtime.messages import shown_name
from condcolor.runtime.process import Interrupted, StopFlag

if TYPE_CHECKING:
    from condcolor.batch.colorize import ColorizeResult
    from condcolor.inference.colorizer import Colorizer


@click.command(cls=ModelCommand)
@click.argument("sketches", nargs=-1, required=True, type=click.Path())
@click.option(
    "-o",
    "--out",
    type=click.Path(),
    help="A file for one sketch, a folder for several; - is standard output.  [default: for one "
    "file, its name and values, here]",
)
@keep_option
@person_option
@click.option(
    "--palette",
    type=click.Path(),
    metavar="FILE",
    help='Colours by names of your own: a JSON file such as {"crimson": "#b01030"}.',
)
@click.option(
    "--lock", is_flag=True, help="Exactly the same colours in every picture; measured at the end."
)
@click.option(
    "--grid",
    metavar="CxR",
    help="Each picture is a sheet of so many columns x rows, such as 4x3.",
)
@click.option(
    "--check",
    is_flag=True,
    help="Name pictures that a person should look at. With --lock, about three times as long.",
)
@click.option(
    "--report",
    is_flag=True,
    help="Write OUT/colors.csv: colours asked and measured. --lock and --check do so, too.",
)
@click.option(
    "--paper",
    default="keep",
    show_default=True,
    metavar="PAPER",
    help="The paper of a scan or photograph: keep, white, or a colour.",
)
@click.option(
    "--fill-black", is_flag=True, help="Colour solid black areas too, such as black hair."
)
@parts_options
@click.option(
    "--recolor",
    is_flag=True,
    help="Photographs: colour those anew that have colours already; else they are left as they are.",
)
@click.option(
    "--keep-colors",
    is_flag=True,
    help="Photographs: where they have colours already, keep these areas and colour the grey ones.",
)
@click.option(
    "--hint",
    "hints",
    multiple=True,
    metavar="X,Y=COLOUR",
    help="Photographs: what lies at this pixel has this colour. Repeatable.",
)
@click.option(
    "--like",
    type=click.Path(),
    metavar="FILE",
    help="Photographs: take the colours of another one, where things look alike.",
)
@click.option(
    "-m",
    "--model",
    type=ModelName(),
    help="A built-in model, a model folder, a run folder, or an .onnx file.  [default: icons; photo for "
    "photographs without values]",
)
@overwrite_option
@click.option("--skip-existing", is_flag=True, help="Leave outputs that exist, do the others.")
@click.option(
    "--vivid",
    type=float,
    metavar="FACTOR",
    help="Photographs: strength of the colours, 0 (grey) to 4.  [default: the model's, mostly 1]",
)
@device_option
@engine_option
@precision_option
@click.pass_context
def colorize(ctx, sketches, out, keep, overwrite, skip_existing, **options) -> None:
    """Colour sketches in the colours you name, or photographs.

    SKETCHES are files, folders and 'patterns*' (trees are kept), one .csv with a row a picture
    (input,hair,shirt; also output, parts, person), or - for standard input. Values are the model's, any
    colour ("#ff8800", "rgb(255,136,0)", orange), a mix (red:0.6,brown:0.4), or none. The same command again
    goes on where a folder's stopped: OUT/manifest.jsonl says what is done.

    \b
    condcolor colorize ada.png --hair red --shirt blue -o icon.png
    condcolor colorize sketches/ --hair brown --shirt green -o colored/
    condcolor colorize ada.png --hair '#ff8800' --shirt none -o icon.png
    condcolor colorize icon.png --hair teal --keep shirt -o other.png
    condcolor colorize wanted.csv -o colored/
    condcolor colorize sketches/ --hair red --shirt blue --lock --check -o colored/
    condcolor colorize scan.jpg --hair red --shirt blue --paper white -o icon.png
    condcolor colorize ada.png --hair red --shirt blue --part 120,80=hair -o icon.png
    condcolor colorize two.png --hair red --shirt blue --person 2 --hair green -o icons.png
    condcolor colorize walk.png --grid 8x1 --hair red --shirt blue -o walk-red.png
    condcolor colorize - --hair red --shirt blue < ada.png > icon.png
    condcolor colorize scan.jpg -o colored.jpg
    condcolor colorize old/ --model photo --vivid 1.3 -o new/
    condcolor colorize scan.jpg --model photo --hint 120,80=#c03020 --hint 300,40=skyblue -o colored.jpg
    """
    from condcolor.batch.colorize import REPORT_OF_ONE, colorize_files
    from condcolor.batch.jobs import names_csv
    from condcolor.batch.render_options import guide_of, render_options
    from condcolor.conditions.color_spec import KEEP, ColorSpec, exact_specs, parse_color_specs
    from condcolor.models.model_folder import made_for
    from condcolor.runtime.process import keep_memory, wait_asleep

    picture = None
    named = options.pop("model") is not None
    of_drawings = not named and are_for_drawings(ctx, keep, options)
    if not named and (options["hints"] or options["like"] is not None):
        if of_drawings:
            raise UsageError(DRAWING_OR_PHOTOGRAPH)
        use_photo_model(ctx)
    elif not named and not of_drawings:
        if STREAM in (*sketches, out):
            check_streams(sketches, out, overwrite=overwrite, skip=skip_existing)
            picture = opened(sketches[0])
        use_suited_model(ctx, sketches, out, picture)
    info = model_info(ctx)
    rendering = {name: options[name] for name in RENDERING}
    running = {name: options[name] for name in ("vivid", "device", "precision", "engine")}
    if STREAM in (*sketches, out):
        guide = guide_of(info, options["hints"], options["like"])
        render = render_options(info.schema, **rendering, guide=guide)
        render = replace(render, made_for=made_for(info.name))
        if render.report:
            raise UsageError(REPORT_OF_ONE)
        specs = parse_color_specs(info.schema, take_values(ctx, options, keep))
        if render.lock:
            specs = exact_specs(info.schema, specs)

        def load() -> Colorizer:
            from condcolor.inference.colorizer import Colorizer

            keep_memory()
            wait_asleep()
            return Colorizer.load(info, **running)

        check_streams(sketches, out, overwrite=overwrite, skip=skip_existing)
        source = correction_source(info, sketches[0], options)
        pipe(
            sketches[0],
            out,
            specs,
            load,
            info.schema,
            overwrite=overwrite,
            options=render,
            corrections=source,
            picture=picture,
        )
        return
    if any(map(names_csv, sketches)):  # `colorize_files` refuses values beside a csv
        chosen = (n for n, v in options.items() if n.startswith(ATTRIBUTE) and v is not None)
        specs = dict.fromkeys((*chosen, *keep), ColorSpec(left=KEEP))
    else:
        specs = take_values(ctx, options, keep)
    keep_memory()
    wait_asleep()
    stop = StopFlag()
    with Progress("colouring") as progress:
        result = colorize_files(
            sketches,
            out,
            specs,
            model=info,
            **rendering,
            **running,
            parts=options["parts"],
            corrections=corrections_of(options),
            hints=options["hints"],
            like=options["like"],
            overwrite=overwrite,
            skip_existing=skip_existing,
            on_progress=progress,
            on_note=partial(progress.say, err=True),
            stop=stop,
        )
    _print_result(result, stop, overwrite)


def _print_result(result: ColorizeResult, stop: StopFlag, overwrite: bool) -> None:
    """Print the result; raise Interrupted or SomeFailed where not all pictures were colored."""
    if result.folder is None:
        for line in (*result.report, *map(shown_name, result.outputs)):
            click.echo(line)
        if result.unlocked:
            raise SomeFailed(NOT_LOCKED)
        return
    count = result.colored + result.failed + result.left
    summary = f"{result.colored} of {count} pictures coloured in {shown_name(result.folder)}"
    if not result.left:
        skipped = f", {result.skipped} were there already" if result.skipped else ""
        click.echo(summary + skipped)
    for line in result.report:
        click.echo(line)
    if result.left:
        then = "starts over" if overwrite else "does the others"
        raise Interrupted(stop.signal, f"{summary}; the same command {then}")
    counts = (
        (result.failed, "failed"),
        (len(result.passed_over), "passed over"),
        (result.unlocked, "not locked in every part"),
    )
    if problems := " and ".join(f"{count} {fate}" for count, fate in counts if count):
        raise SomeFailed(f"{problems}, as named above")


DRAWING_OR_PHOTOGRAPH = (
    "--hint and --like are for photographs, values such as --hair and parts for drawings: give the one or "
    "the other"
)
# options of what is drawn, besides the colors
RENDERING = (*("lock", "grid", "check", "report", "paper", "fill_black", "recolor", "keep_colors"),)
