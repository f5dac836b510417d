"""All variants of one sketch: a file each, and one labelled sheet."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from condcolor import plots
from condcolor.batch import values_name
from condcolor.colorizer import Colorizer
from condcolor.errors import DataError, UsageError
from condcolor.images import open_picture
from condcolor.saving import refuse_taken, save_image, save_picture

MOST = 400  # pictures on one sheet


def write_variants(
    colorizer: Colorizer,
    sketch: Path,
    out: Path,
    *,
    folder: Path | None = None,
    cell: int = 160,
    overwrite: bool = False,
) -> int:
    """Colour `sketch` in every combination; write the sheet `out`, and a file each into `folder`.

    The last attribute runs along the columns, the others along the rows.

    Returns:
        The number of variants.

    Raises:
        UsageError: an output exists, or there are too many combinations for a sheet.
    """
    schema = colorizer.schema
    asked = list(schema.combinations())
    if len(asked) > MOST:
        raise UsageError(f"{len(asked)} combinations are too many for a sheet (at most {MOST})")
    picture = open_picture(sketch)
    files = [folder / values_name(sketch, values) for values in asked] if folder else []
    for path in [out, *files]:
        refuse_taken(path, overwrite)
    for path in [out, *files[:1]]:
        _make_folder(path.parent)
    pictures = []
    for i, image in enumerate(colorizer.colorings(picture, asked)):
        if files:
            save_image(files[i], image, overwrite=overwrite)
        flat = plots.Image.new("RGB", image.size, "white")
        flat.paste(image, mask=image.getchannel("A") if image.mode == "RGBA" else None)
        flat.thumbnail((cell, cell), plots.Image.Resampling.LANCZOS)
        pictures.append(np.asarray(flat))
    columns = schema.attributes[-1].values if schema.attributes else ("",)
    rows = [pictures[i : i + len(columns)] for i in range(0, len(pictures), len(columns))]
    names = [" ".join(list(v.values())[:-1]) for v in asked[:: len(columns)]]
    across = f"{schema.names[-1]} " if schema.names else ""
    down = f"{' '.join(schema.names[:-1])} " if len(schema.names) > 1 else ""
    page = plots.sheet(
        rows,
        columns=[across + value for value in columns] if schema.names else (),
        labels=[down + name for name in names] if down else (),
        cell=cell,
    )
    save_picture(out, page, overwrite=overwrite)
    return len(asked)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"{folder}: cannot be made ({error.strerror})") from None
