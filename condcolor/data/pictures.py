"""The pictures of a data set opened: files, halves of A|B pictures, SVG drawings.

The half of a picture has the path of its file and `left` or `right`: `train/1.png/left`.
"""

from __future__ import annotations

import importlib.util
import io
import os
import re
from pathlib import Path

import numpy as np

from condcolor.errors import PictureError
from condcolor.imaging.formats import READ_SUFFIXES
from condcolor.imaging.open import Picture, open_picture
from condcolor.runtime.messages import shown_name, why_unread
from condcolor.runtime.regular_files import read_regular

LEFT, RIGHT = "left", "right"
SVG = ".svg"
SUFFIXES = (*READ_SUFFIXES, SVG)  # of the pictures of a data set
SVG_SIDE = 512  # pixels of the longer side of a drawing
MAX_SVG_BYTES = 16 << 20
_ROOT = re.compile(r"<svg\b[^>]*>", re.DOTALL)
_VIEW_BOX = re.compile(r"""\bviewBox\s*=\s*["']([^"']*)["']""")
_SIDE = r"""(?<![-\w]){}\s*=\s*["']\s*([\d.]+)(?:px|pt|mm|cm|in)?\s*["']"""
_OUTSIDE = re.compile(
    r"""href\s*=\s*["']\s*(?!#|data:)[^"'\s]|url\(\s*["']?\s*(?!#|data:)[^)"'\s]"""
)


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
    if is_svg(path):
        return _render(path, name or shown_name(path))
    whole = file_of(path)
    picture = open_picture(whole, name=name)
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


def _render(path: Path, label: str) -> Picture:
    """Render an SVG drawing on white, SVG_SIDE pixels at its longer side."""
    if importlib.util.find_spec("resvg_py") is None:
        hint = "pip install 'condcolor[icons]', or export it as PNG"
        raise PictureError(f"{label}: an SVG drawing, for which resvg is missing: {hint}")
    try:
        text = read_regular(path, MAX_SVG_BYTES).decode("utf-8-sig")
    except OSError as error:
        raise PictureError(f"{label}: {why_unread(error, path)}") from error
    except UnicodeDecodeError:
        raise PictureError(f"{label}: an SVG drawing that is not UTF-8: export it as PNG") from None
    if _OUTSIDE.search(text):
        raise PictureError(
            f"{label}: an SVG drawing that uses other files: embed them, or export PNG"
        )
    width, height = _size(text, label)
    from PIL import Image
    from resvg_py import svg_to_bytes

    try:
        png = svg_to_bytes(svg_string=text, width=width, height=height, skip_system_fonts=True)
    except Exception as error:  # resvg raises ValueError, and its own errors as others
        raise PictureError(f"{label}: a damaged SVG drawing ({error}): export it as PNG") from error
    drawn = Image.open(io.BytesIO(bytes(png))).convert("RGBA")
    ground = Image.new("RGB", drawn.size, (255, 255, 255))
    ground.paste(drawn, mask=drawn.getchannel("A"))
    return Picture(np.array(ground), None)


def _size(svg: str, label: str) -> tuple[int, int]:
    """Return the width and height in pixels of an SVG's text; PictureError if it has none."""
    root = _ROOT.search(svg)
    sides: list[float] = []
    if root and (box := _VIEW_BOX.search(root[0])):
        numbers = re.findall(r"-?[\d.]+(?:[eE][-+]?\d+)?", box[1])
        sides = [_number(number) for number in numbers[2:4]]
    elif root:
        found = (re.search(_SIDE.format(side), root[0]) for side in ("width", "height"))
        sides = [_number(match[1]) for match in found if match]
    if len(sides) != 2 or min(sides) <= 0 or max(sides) > 1000 * min(sides):
        raise PictureError(f"{label}: an SVG drawing without a usable size: give it a viewBox")
    scale = SVG_SIDE / max(sides)
    width, height = (max(1, round(side * scale)) for side in sides)
    return width, height


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0
