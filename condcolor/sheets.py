"""All variants of one sketch: a file each, and one labelled sheet."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from condcolor import plots
from condcolor.coloring import Colorizer
from condcolor.errors import UsageError
from condcolor.filetypes import shown_name
from condcolor.images import open_picture
from condcolor.jobs import make_folder, values_names
from condcolor.saving import format_for, refuse_taken, save_image, save_picture


def write_variants(
    colorizer: Colorizer,
    sketch: Path,
    out: Path,
    *,
    folder: Path | None = None,
    cell: int = 160,
    overwrite: bool = False,
    on_progress: Callable[[int, int], None] | None = None,
) -> int:
    """Colour `sketch` in every combination; write the sheet `out`, and a file each into `folder`.

    The last attribute runs along the columns, the others along the rows. What can be wrong is found
    before anything is written.

    Returns:
        The number of variants.

    Raises:
        UsageError: an output exists, is the sketch or no picture, or there are too many combinations.
        DataError: the sketch cannot be read, or a folder not be made.
    """
    asked = colorizer.combinations()
    names = values_names(sketch, asked)
    files = [folder / name for name in names] if folder else []
    _check_outputs(sketch, [out, *files], overwrite)
    picture = open_picture(sketch)
    colorings = colorizer.colorings(picture, asked)
    for place in [out.parent, folder] if folder else [out.parent]:
        make_folder(place)
    small = []
    for i, image in enumerate(colorings):
        if files:
            save_image(files[i], image, overwrite=overwrite)
        small.append(reduced(image, cell))
        if on_progress:
            on_progress(i + 1, len(asked))
    save_picture(out, contact_sheet(small, asked, cell), overwrite=overwrite)
    return len(asked)


def _check_outputs(sketch: Path, outputs: Sequence[Path], overwrite: bool) -> None:
    sheet, *files = map(os.path.realpath, outputs)
    if os.path.realpath(sketch) in (sheet, *files):
        raise UsageError(f"{shown_name(sketch)} is the sketch itself: choose another output")
    if sheet in files:
        raise UsageError(f"{shown_name(outputs[0])} is one of the variants: rename the sheet")
    format_for(outputs[0])
    for path in outputs:
        refuse_taken(path, overwrite)


def reduced(image: Image.Image, cell: int) -> np.ndarray:
    """The picture on white, its longer side at most `cell` pixels."""
    flat = Image.new("RGB", image.size, "white")
    flat.paste(image, mask=image.getchannel("A") if image.mode == "RGBA" else None)
    flat.thumbnail((cell, cell), Image.Resampling.LANCZOS)
    return np.asarray(flat)


def contact_sheet(
    pictures: Sequence[np.ndarray], asked: Sequence[Mapping[str, str]], cell: int
) -> np.ndarray:
    """The pictures in rows of the last attribute's values, every row and column labelled."""
    said = [[f"{name} {value}" for name, value in values.items()] for values in asked]
    along = len({values[-1] for values in said}) if said[0] else 1
    rows = [pictures[i : i + along] for i in range(0, len(pictures), along)]
    columns = [values[-1] for values in said[:along]] if said[0] else ()
    labels = [", ".join(values[:-1]) for values in said[::along]] if len(said[0]) > 1 else ()
    return plots.sheet(rows, columns=columns, labels=labels, cell=cell)
