"""One picture from standard input, to standard output, or both."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from condcolor.cli.alike import tell_one
from condcolor.errors import UsageError
from condcolor.filetypes import shown_name

if TYPE_CHECKING:
    from condcolor.attributes import AttributeSchema
    from condcolor.coloring import Colorizer
    from condcolor.painting import Paint

STREAM = "-"  # the name of both


def pipe(
    sketches: Sequence[str],
    out: str | None,
    values: Mapping[str, str],
    load: Callable[[], Colorizer],
    schema: AttributeSchema,
    *,
    overwrite: bool,
    skip: bool,
    paint: Paint,
) -> None:
    """Colour one picture, `-` being standard input or output; without `out`, it goes to the output.

    Raises:
        UsageError: what these streams cannot do. DataError: the picture cannot be read or saved.
    """
    from condcolor.images import open_picture
    from condcolor.jobs import Job, make_folder
    from condcolor.saving import encode_image, write_whole

    _check(sketches, out, overwrite=overwrite, skip=skip)
    (sketch,) = sketches
    name = "standard input" if sketch == STREAM else shown_name(sketch)
    source = sys.stdin.buffer if sketch == STREAM else sketch
    picture = open_picture(source, name=name)
    for note in picture.notes:
        click.echo(f"note: {name}: {note}", err=True)
    painted = paint(load(), picture, values)
    to_stream = out in (None, STREAM)
    data = encode_image("stream.png" if to_stream else out, painted.image)
    if to_stream:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    else:
        make_folder(Path(out).parent)
        write_whole(out, data, overwrite=overwrite)
    job = Job(Path(name), Path(STREAM if to_stream else out), values)
    tell_one(job, painted.found(data), schema, paint, err=to_stream)
    if not to_stream:
        click.echo(shown_name(out))


def _check(sketches: Sequence[str], out: str | None, *, overwrite: bool, skip: bool) -> None:
    from condcolor.jobs import names_one
    from condcolor.saving import format_for, refuse_taken

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
