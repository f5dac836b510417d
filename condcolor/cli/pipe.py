"""`colorize -`: one picture from a file or standard input to a file or standard output."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from condcolor.cli.part_options import STREAM
from condcolor.errors import SomeFailed, UsageError
from condcolor.runtime.messages import shown_name

if TYPE_CHECKING:
    from condcolor.batch.rendering import RenderOptions
    from condcolor.conditions.color_spec import ColorSpec
    from condcolor.conditions.schema import AttributeSchema
    from condcolor.imaging.corrections import CorrectionSource
    from condcolor.imaging.open import Picture
    from condcolor.inference.colorizer import Colorizer

NOT_LOCKED = "the picture is not locked in every part, as named above"


def pipe(
    sketch: str,
    out: str | None,
    specs: Mapping[str, ColorSpec],
    load: Callable[[], Colorizer],
    schema: AttributeSchema,
    *,
    overwrite: bool,
    options: RenderOptions,
    corrections: CorrectionSource,
    picture: Picture | None = None,
) -> None:
    """Color one picture from a file or stream (`-`) to a file or stream; `out` None is the stream.

    picture: the picture, where it was opened already.

    Raises:
        UsageError: the output exists. DataError: the picture cannot be read or saved.
    """
    from condcolor.batch.jobs import Job
    from condcolor.batch.pipeline import kept_origin
    from condcolor.batch.result_lines import check_lines, one_report, unlocked, unlocked_lines
    from condcolor.imaging.formats import format_for
    from condcolor.imaging.save import encode_image
    from condcolor.runtime.files import make_folder, write_whole

    name = _name_of(sketch)
    picture = picture or opened(sketch)
    colorizer = load()
    rendered = options.render(colorizer, picture, specs, corrections)
    file = None if out is None or out == STREAM else Path(out)
    origin = kept_origin(colorizer, picture)
    data = encode_image(file or "stream.png", rendered.image, origin)
    losses = origin.losses(format_for(file or "stream.png"))
    for note in (*picture.notes, *rendered.notes, *losses):
        click.echo(f"note: {name}: {note}", err=True)
    if file is None:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    else:
        make_folder(file.parent)
        write_whole(file, data, overwrite=overwrite)
    job = Job(Path(name), file or Path(STREAM), specs)
    findings = rendered.findings(data)
    for line in check_lines(name, findings):
        click.echo(line, err=True)
    for line in unlocked_lines(name, job, findings.measured, options):
        click.echo(line, err=True)
    for line in one_report(job, findings, schema, options):
        click.echo(line, err=file is None)
    if out is not None and file is not None:
        click.echo(shown_name(out))
    if unlocked(job, findings.measured, options):
        raise SomeFailed(NOT_LOCKED)


def _name_of(sketch: str) -> str:
    return "standard input" if sketch == STREAM else shown_name(sketch)


def opened(sketch: str) -> Picture:
    from condcolor.imaging.open import open_picture

    return open_picture(sys.stdin.buffer if sketch == STREAM else sketch, name=_name_of(sketch))


def check_streams(sketches: Sequence[str], out: str | None, *, overwrite: bool, skip: bool) -> None:
    """Raise UsageError for a combination of files, streams and options that cannot be colored."""
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
    if out is None or out == STREAM:
        if sys.stdout is None or sys.stdout.isatty():
            raise UsageError("a picture is nothing for a terminal: add -o FILE, or > FILE")
    else:
        format_for(out)
        refuse_taken(out, overwrite)
