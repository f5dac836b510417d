"""Hints: the color of the thing at a point of a photograph, as people write it: `120,80=#c03020`."""

from __future__ import annotations

from dataclasses import dataclass

from condcolor.conditions.colors import RGB, format_hex, parse_color
from condcolor.conditions.points import Point, parse_point, point_text
from condcolor.errors import UsageError

HINT_PLANES = 3  # as a network takes them: a, b, and a mask of what is given
MOST_HINTS = 1000  # of one picture


@dataclass(frozen=True)
class Hint:
    """What lies at a point has this color. Its lightness stays that of the photograph."""

    point: Point
    color: RGB  # sRGB, levels of 0..255

    def __str__(self) -> str:
        return f"{point_text(self.point)}={format_hex(self.color)}"


def parse_hint(text: str) -> Hint:
    """Return the hint of `120,80=#c03020` or `300,40=skyblue`.

    Raises:
        UsageError: it is not written so, or the color is none.
    """
    at, equals, color = text.partition("=")
    if not equals:
        raise UsageError(
            f"{text!r} is no hint: write x,y=colour, such as 120,80=#c03020 or 300,40=skyblue"
        )
    return Hint(parse_point(at, text), parse_color(color.strip()))
