"""SVG drawings as pictures: rendered by resvg, within bounds, without any other file."""

from __future__ import annotations

import io
import re

from PIL import Image

LEAST_SIDE = 1024  # pixels of the longer side that a drawing with a smaller size gets
MOST_SIDE = 4096  # pixels of the longer side that a drawing with a larger size gets
MAX_BYTES = 16 << 20
MOST_ASPECT = 1000  # of the longer side by the shorter one
_ROOT = re.compile(r"<svg\b[^>]*>", re.DOTALL)
_VIEW_BOX = re.compile(r"""\bviewBox\s*=\s*["']([^"']*)["']""")
_SIDE = r"""(?<![-\w]){}\s*=\s*["']\s*([\d.]+)(?:px|pt|mm|cm|in)?\s*["']"""
_OUTSIDE = re.compile(
    r"""href\s*=\s*["']\s*(?!#|data:)[^"'\s]|url\(\s*["']?\s*(?!#|data:)[^)"'\s]"""
)


class BadDrawing(Exception):
    """What is wrong with an SVG drawing and its remedy, as a message without the file's name."""


def render_drawing(data: bytes, *, side: int | None = None) -> Image.Image:
    """Render an SVG drawing, RGBA.

    Args:
        side: pixels of the longer side; default that of the drawing itself, LEAST_SIDE to MOST_SIDE.

    Raises:
        BadDrawing: resvg is not installed; the drawing is damaged, too large, without size, or uses files.
    """
    try:
        from resvg_py import svg_to_bytes
    except ImportError:
        hint = "pip install 'condcolor[icons]', or export it as PNG"
        raise BadDrawing(f"is an SVG drawing, for which resvg is missing: {hint}") from None
    if len(data) > MAX_BYTES:
        raise BadDrawing(f"is an SVG drawing of more than {MAX_BYTES >> 20} MiB: export it as PNG")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadDrawing("is an SVG drawing that is not UTF-8: export it as PNG") from None
    if _OUTSIDE.search(text):
        raise BadDrawing("is an SVG drawing that uses other files: embed them, or export PNG")
    width, height = _size(text)
    longer = max(width, height)
    scale = (side or min(max(longer, LEAST_SIDE), MOST_SIDE)) / longer
    width, height = (max(1, round(length * scale)) for length in (width, height))
    try:
        png = svg_to_bytes(svg_string=text, width=width, height=height, skip_system_fonts=True)
    except Exception as error:  # resvg raises ValueError, and its own errors as others
        raise BadDrawing(f"is a damaged SVG drawing ({error}): export it as PNG") from error
    return Image.open(io.BytesIO(bytes(png))).convert("RGBA")


def _size(svg: str) -> tuple[float, float]:
    """Return the width and height that an SVG's text names; BadDrawing if it names none."""
    root = _ROOT.search(svg)
    named: list[float] = []
    boxed: list[float] = []
    if root:
        found = (re.search(_SIDE.format(side), root[0]) for side in ("width", "height"))
        named = [_number(match[1]) for match in found if match]
        if box := _VIEW_BOX.search(root[0]):
            numbers = re.findall(r"-?[\d.]+(?:[eE][-+]?\d+)?", box[1])
            boxed = [_number(number) for number in numbers[2:4]]
    for sides in (boxed, named):
        if len(sides) == 2 and min(sides) > 0 and max(sides) <= MOST_ASPECT * min(sides):
            # the box has the shape of the drawing, the named size its pixels
            scale = max(named) / max(sides) if len(named) == 2 and max(named) > 0 else 1
            return sides[0] * scale, sides[1] * scale
    raise BadDrawing("is an SVG drawing without a usable size: give it a viewBox")


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0
