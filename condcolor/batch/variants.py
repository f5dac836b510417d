"""`write_variants`: every combination of a sketch's colors as files and one sheet."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image

from condcolor.batch.jobs import values_names
from condcolor.errors import UsageError
from condcolor.imaging.corrections import NO_CORRECTIONS, CorrectionSource
from condcolor.imaging.drawing_parts import Parts
from condcolor.imaging.formats import format_for
from condcolor.imaging.open import Picture, open_picture
from condcolor.imaging.save import check_size, save_image, save_picture
from condcolor.imaging.sheets import contact_sheet, reduced
from condcolor.inference.colorizer import Colorizer
from condcolor.runtime.files import make_folder, refuse_taken
from condcolor.runtime.messages import shown_name

WRITERS = 4  # files written side by side


def write_variants(
    colorizer: Colorizer,
    sketch: Path,
    out: Path,
    *,
    folder: Path | None = None,
    cell: int = 160,
    overwrite: bool = False,
    on_progress: Callable[[int, int], None] | None = None,
    corrections: CorrectionSource = NO_CORRECTIONS,
    on_note: Callable[[str], None] | None = None,
) -> int:
    """Color `sketch` in every combination; write the sheet `out`, and each variant to a file in `folder`.

    On the sheet the last attribute varies along the columns, the others along the rows. Errors of input and
    output names are raised before anything is written.

    Returns:
        The number of variants.

    Raises:
        UsageError: an output exists, is the sketch or no picture, or there are too many combinations.
        DataError: the sketch cannot be read, or a folder cannot be created.
    """
    combinations = colorizer.combinations()
    names = values_names(sketch, combinations)
    files = [folder / name for name in names] if folder else []
    _check_outputs(sketch, [out, *files], overwrite)
    picture = open_picture(sketch)
    _check_sheet(out, reduced(Image.fromarray(picture.rgb), cell), combinations, cell)
    for path in files:
        check_size(picture.size, format_for(path))
    source: Picture | Parts = picture
    if corrections:
        source = colorizer.parts(picture)
        for text in source.apply_source(corrections):
            if on_note:
                on_note(f"note: {shown_name(sketch)}: {text}")
    colorings = colorizer.colorings(source, combinations)
    for parent in [out.parent, folder] if folder else [out.parent]:
        make_folder(parent)
    small = []
    with ThreadPoolExecutor(WRITERS) as writers:  # encoding and the disk take most of the time
        saved: deque[Future[None]] = deque()
        for i, image in enumerate(colorings):
            if files:
                saved.append(writers.submit(save_image, files[i], image, overwrite=overwrite))
            small.append(reduced(image, cell))
            if len(saved) > WRITERS:
                saved.popleft().result()
            if on_progress:
                on_progress(i + 1, len(combinations))
        for each in saved:
            each.result()
    save_picture(out, contact_sheet(small, combinations, cell), overwrite=overwrite)
    return len(combinations)


def _check_sheet(
    out: Path, small: np.ndarray, combinations: Sequence[Mapping[str, str]], cell: int
) -> None:
    """Raise UsageError if the sheet of so many pictures of the size of `small` does not fit its format."""
    blank = contact_sheet([small] * len(combinations), combinations, cell)
    try:
        check_size((blank.shape[1], blank.shape[0]), format_for(out))
    except UsageError as error:
        raise UsageError(f"{shown_name(out)}: {error}, or lower --cell") from error


def _check_outputs(sketch: Path, outputs: Sequence[Path], overwrite: bool) -> None:
    sheet, *files = map(os.path.realpath, outputs)
    if os.path.realpath(sketch) in (sheet, *files):
        raise UsageError(f"{shown_name(sketch)} is the sketch itself: choose another output")
    if sheet in files:
        raise UsageError(f"{shown_name(outputs[0])} is one of the variants: rename the sheet")
    format_for(outputs[0])
    for path in outputs:
        refuse_taken(path, overwrite)
