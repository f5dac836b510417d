"""The pictures of a data set opened: files, halves of A|B pictures, SVG drawings.

The half of a picture has the path of its file and `left` or `right`: `train/1.png/left`.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from condcolor.errors import PictureError
from condcolor.imaging.formats import READ_SUFFIXES, SVG
from condcolor.imaging.open import Picture, open_picture
from condcolor.runtime.messages import shown_name

LEFT, RIGHT = "left", "right"
SUFFIXES = tuple(dict.fromkeys((*READ_SUFFIXES, SVG)))  # of the pictures of a data set
SVG_SIDE = 512  # pixels of the longer side of a drawing


def file_of(path: Path) -> Path:
    """Return the file that a picture is in: itself, or that of the whole of a half."""
    return path.parent if path.name in (LEFT, RIGHT) and _is_half(str(path)) else path


def file_name_of(path: str) -> str:
    """Return what `file_of` does, of a path as text and as text: in a third of the time."""
    return path.rpartition(os.sep)[0] if path.endswith((LEFT, RIGHT)) and _is_half(path) else path


def _is_half(path: str) -> bool:
    folder, _, name = path.rpartition(os.sep)
    return name in (LEFT, RIGHT) and os.path.splitext(folder)[1].lower() in SUFFIXES


def half_of(path: Path, side: str) -> Path:
    """Return the path of the left or right half of a picture."""
    return path / side


def is_svg(path: Path) -> bool:
    """Return whether a picture is an SVG drawing, which has no size in pixels of its own."""
    return path.suffix.lower() == SVG


def open_drawing(path: Path, *, name: str | None = None) -> Picture:
    """Decode a picture of a data set.

    Args:
        path: a file that `open_picture` reads, an SVG drawing, or a half of a picture.
        name: the picture's name in messages; default its path.

    Raises:
        PictureError: as `open_picture`; or a half is of a picture whose width is odd.
    """
    whole = file_of(path)
    picture = open_picture(whole, name=name, svg_side=SVG_SIDE)
    if whole == path:
        return picture
    width = picture.rgb.shape[1]
    if width % 2:
        raise PictureError(
            f"{name or shown_name(path)}: {width} pixels wide, which cannot be halved: crop it"
        )
    halves = (slice(None), slice(0, width // 2) if path.name == LEFT else slice(width // 2, None))
    alpha = None if picture.alpha is None else picture.alpha[halves]
    return Picture(np.ascontiguousarray(picture.rgb[halves]), alpha, picture.notes)
