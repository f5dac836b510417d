"""Points of a picture as people write them: `120,80`."""

from __future__ import annotations

import re

from condcolor.errors import UsageError

Point = tuple[float, float]  # x and y in pixels of the picture, from its left and upper edge
_AT = re.compile(r"\s*(-?[\d.]+)\s*,\s*(-?[\d.]+)\s*")


def point_text(point: Point) -> str:
    """Return `120,80`."""
    return ",".join(f"{value:g}" for value in point)


def parse_point(text: str, whole: str) -> Point:
    """Return the point of `120,80`; `whole` is what a message quotes around it.

    Raises:
        UsageError: it is not written so.
    """
    match = _AT.fullmatch(text)
    try:
        if match:
            return float(match[1]), float(match[2])
    except ValueError:
        pass
    raise UsageError(f"{whole!r}: {text!r} is no point: write x,y in pixels, such as 120,80")
