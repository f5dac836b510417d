"""The command `colorize`: files, folders, globs, csv files, standard input and output."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from condcolor.cli.options import (
    ModelCommand,
    device_option,
    keep_option,
    model_info,
    model_option,
    overwrite_option,
    precision_option,
    take_values,
)
from condcolor.cli.progress import Progress
from condcolor.cli.sets import (
    parse_render_options,
    print_inconsistencies,
    print_one,
    print_set,
    set_options,
)
from condcolor.errors import SomeFailed, UsageError
from condcolor.runtime.messages import shown_name
from condcolor.runtime.process import Interrupted, StopFlag

if TYPE_CHECKING:
    from condcolor.batch.jobs import Job
    from condcolor.batch.manifest import Manifest
    from condcolor.batch.rendering import RenderOptions
    from condcolor.conditions.color_spec import ColorSpec
    from condcolor.conditions.schema import AttributeSchema
    from condcolor.inference.colorizer import Colorizer
    from condcolor.models.model_folder import ModelInfo

    Load = Callable[[], Colorizer]


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
@set_options
@model_option
@overwrite_option
@click.option("--skip-existing", is_flag=True, help="Leave outputs that exist, do the others.")
@click.option(
    "--vivid",
    type=float,
    metavar="FACTOR",
    help="Photographs: strength of the colours, 0 (grey) to 4.  [default: the model's, mostly 1]",
)
@device_option
@precision_option
@click.pass_context
def colorize(
    ctx,
    sketches,
    out,
    keep,
    palette,
    lock,
    grid,
    check,
    report,
    model,
    overwrite,
    skip_existing,
    vivid,
    device,
    precision,
    **values,
) -> None:
    """Colour sketches in the colours you name, or photographs.

    SKETCHES are files, folders and 'patterns*' (trees are kept), one .csv with a row a picture
    (input,hair,shirt), or - for standard input. Values are the model's, any colour ("#ff8800",
    "rgb(255,136,0)", orange), a mix (red:0.6,brown:0.4), or none. The same command again goes on where a
    folder's stopped: OUT/manifest.jsonl says what is done.

    \b
    condcolor colorize ada.png --hair red --shirt blue -o icon.png
    condcolor colorize sketches/ --hair brown --shirt green -o colored/
    condcolor colorize ada.png --hair '#ff8800' --shirt none -o icon.png
    condcolor colorize icon.png --hair teal --keep shirt -o other.png
    condcolor colorize wanted.csv -o colored/
    condcolor colorize sketches/ --hair red --shirt blue --lock --check -o colored/
    condcolor colorize walk.png --grid 8x1 --hair red --shirt blue -o walk-red.png
    condcolor colorize - --hair red --shirt blue < ada.png > icon.png
    condcolor colorize scan.jpg --model photo -o colored.jpg
    condcolor colorize old/ --model photo --vivid 1.3 -o new/
    """
    from condcolor.batch import jobs
    from condcolor.batch.color_report import refuse_other
    from condcolor.conditions.color_spec import exact_specs, parse_color_specs

    info = model_info(ctx)

    def load() -> Colorizer:
        from condcolor.inference.colorizer import Colorizer
        from condcolor.runtime.process import keep_memory, wait_asleep

        keep_memory()
        wait_asleep()

        return Colorizer.load(info, vivid=vivid, device=device, precision=precision)

    schema = info.schema
    options = parse_render_options(
        schema, palette=palette, lock=lock, grid=grid, check=check, report=report
    )
    is_csv = any(map(_is_csv, sketches))
    is_one = len(sketches) == 1 and jobs.names_one(sketches[0]) and not is_csv
    if report and (is_one or STREAM in (*sketches, out)):
        raise UsageError("--report is for folders and .csv files, not for one picture")
    if STREAM in (*sketches, out):
        asked = parse_color_specs(schema, take_values(ctx, values, keep))
        if lock:
            asked = exact_specs(schema, asked)
        pipe(
            sketches,
            out,
            asked,
            load,
            schema,
            overwrite=overwrite,
            skip=skip_existing,
            options=options,
        )
        return
    passed_over: list[str] = []
    if is_csv:
        if len(sketches) > 1:
            raise UsageError("a .csv names all its pictures: give it without other sketches")
        if any(values.values()) or keep:
            raise UsageError("a .csv names the values of its pictures: give no others")
        planned = jobs.plan_csv(Path(sketches[0]), out, schema)
    else:
        asked = parse_color_specs(schema, take_values(ctx, values, keep))
        planned, passed_over = jobs.plan_jobs(sketches, out, asked)
    if lock:
        planned = [replace(job, values=exact_specs(schema, job.values)) for job in planned]
    if is_one:
        to_do = jobs.still_to_do(planned, overwrite=overwrite, skip=skip_existing)
        _color_one(to_do, load, overwrite, options, schema)
        return
    manifest = _manifest(Path(out), info, vivid, options)
    if options.measures:
        refuse_other(manifest.folder)
    left = [job for job in planned if overwrite or not manifest.has(job)]
    cut_off = [job for job in left if manifest.was_begun(job)]
    others = [job for job in left if job not in cut_off]
    to_do = cut_off + jobs.still_to_do(others, overwrite=overwrite, skip=skip_existing)
    for line in passed_over:
        click.echo(f"passed over: {line}", err=True)
    try:
        colored, failed = _color_several(to_do, manifest, load, overwrite, options)
    except Interrupted:
        print_set(planned, manifest, schema, options)
        raise
    there = len(planned) - len(to_do)
    said = f"{colored} of {len(to_do)} pictures coloured in {shown_name(out)}"
    click.echo(said + (f", {there} were there already" if there else ""))
    print_set(planned, manifest, schema, options)
    if failed or passed_over:
        counts = ((failed, "failed"), (len(passed_over), "passed over"))
        said = " and ".join(f"{count} {what}" for count, what in counts if count)
        raise SomeFailed(f"{said}, as named above")


def _color_one(
    to_do: Sequence[Job],
    load: Load,
    overwrite: bool,
    options: RenderOptions,
    schema: AttributeSchema,
) -> None:
    from condcolor.batch.pipeline import run_job

    for job in to_do:  # one, or none where its output is there already
        done = run_job(load(), job, overwrite=overwrite, options=options)
        for note in done.notes:
            click.echo(f"note: {shown_name(job.source)}: {note}", err=True)
        print_one(job, done.findings, schema, options)
        click.echo(shown_name(job.out))


def _manifest(out: Path, info: ModelInfo, vivid: float | None, options: RenderOptions) -> Manifest:
    from condcolor.batch.manifest import Manifest, settings_of

    manifest = Manifest(out, replace(settings_of(info, vivid), **options.settings))
    if manifest.problem:
        click.echo(f"note: {manifest.problem}", err=True)
    return manifest


def _color_several(
    to_do: Sequence[Job], manifest: Manifest, load: Load, overwrite: bool, options: RenderOptions
) -> tuple[int, int]:
    """How many were coloured and how many failed, each of which is named; a signal stops between two."""
    from condcolor.batch.pipeline import run_jobs
    from condcolor.runtime.files import make_folder

    if not to_do:
        return 0, 0
    colorizer = load()
    make_folder(manifest.folder)
    failed, known = 0, manifest.problem
    with StopFlag() as stop, Progress("colouring") as progress:
        running = run_jobs(
            colorizer, to_do, overwrite=overwrite, manifest=manifest, options=options
        )
        for done, ended in enumerate(running, start=1):
            progress(done, len(to_do))
            for note in ended.notes:
                progress.say(f"note: {shown_name(ended.job.source)}: {note}", err=True)
            say = partial(progress.say, err=True)
            print_inconsistencies(shown_name(ended.job.source), ended.findings, say)
            if ended.error:
                failed += 1
                progress.say(f"failed: {ended.error}", err=True)
            if manifest.problem != known:
                known = manifest.problem
                progress.say(f"note: {known}", err=True)
            if stop.signal and done < len(to_do):
                place = shown_name(manifest.folder)
                colored = f"{done - failed} of {len(to_do)} pictures coloured in {place}"
                then = "starts over" if overwrite else "does the others"
                raise Interrupted(stop.signal, f"{colored}; the same command {then}")
    return len(to_do) - failed, failed


def _is_csv(sketch: str) -> bool:
    return sketch.lower().endswith(".csv") and not os.path.isdir(sketch)


STREAM = "-"  # the name of both


def pipe(
    sketches: Sequence[str],
    out: str | None,
    values: Mapping[str, ColorSpec],
    load: Callable[[], Colorizer],
    schema: AttributeSchema,
    *,
    overwrite: bool,
    skip: bool,
    options: RenderOptions,
) -> None:
    """Colour one picture, `-` being standard input or output; without `out`, it goes to the output.

    Raises:
        UsageError: what these streams cannot do. DataError: the picture cannot be read or saved.
    """
    from condcolor.batch.jobs import Job
    from condcolor.imaging.open import open_picture
    from condcolor.imaging.save import encode_image
    from condcolor.runtime.files import make_folder, write_whole

    _check(sketches, out, overwrite=overwrite, skip=skip)
    (sketch,) = sketches
    name = "standard input" if sketch == STREAM else shown_name(sketch)
    source = sys.stdin.buffer if sketch == STREAM else sketch
    picture = open_picture(source, name=name)
    for note in picture.notes:
        click.echo(f"note: {name}: {note}", err=True)
    rendered = options.render(load(), picture, values)
    to_stream = out in (None, STREAM)
    data = encode_image("stream.png" if to_stream else out, rendered.image)
    if to_stream:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    else:
        make_folder(Path(out).parent)
        write_whole(out, data, overwrite=overwrite)
    job = Job(Path(name), Path(STREAM if to_stream else out), values)
    print_one(job, rendered.findings(data), schema, options, err=to_stream)
    if not to_stream:
        click.echo(shown_name(out))


def _check(sketches: Sequence[str], out: str | None, *, overwrite: bool, skip: bool) -> None:
    from condcolor.batch.jobs import names_one
    from condcolor.imaging.formats import format_for
    from condcolor.runtime.files import refuse_taken

    sketch = sketches[0]
    if len(sketches) > 1:
        raise UsageError("- stands for one picture: give one sketch only")
    if skip:
        raise UsageError("--skip-existing is for several pictures, not for -")
    if sketch == STREAM:
        if sys.stdin is None or sys.stdin.isatty():
            raise UsageError("nothing on standard input: pipe a picture in, as with < ada.png")
    elif os.path.isdir(sketch) or sketch.lower().endswith(".csv"):
        raise UsageError("several pictures do not go to standard output: name a folder with -o")
    elif not names_one(sketch):
        raise UsageError(f"{shown_name(sketch)}: no such file: check the path")
    if out in (None, STREAM):
        if sys.stdout is None or sys.stdout.isatty():
            raise UsageError("a picture is nothing for a terminal: add -o FILE, or > FILE")
    else:
        format_for(out)
        refuse_taken(out, overwrite)
