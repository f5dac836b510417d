"""Colours as people write them: `#ff8800`, `rgb(255, 136, 0)`, and the 148 names of CSS."""

from __future__ import annotations

import re

from PIL import ImageColor

from condcolor.attributes import RGB, parse_hex
from condcolor.errors import UsageError, did_you_mean

NAMES = tuple(sorted(ImageColor.colormap))  # CSS Color Module Level 4, section 6.1
EXAMPLES = "#ff8800, rgb(255,136,0) or a CSS name such as orange"

_HEX = re.compile(r"#(?:[0-9a-f]{3}|[0-9a-f]{6})|[0-9a-f]{6}", re.IGNORECASE)
_RGB = re.compile(r"rgb\(\s*([^,\s]+)\s*[,\s]\s*([^,\s]+)\s*[,\s]\s*([^,\s)]+)\s*\)", re.IGNORECASE)
_LEVEL = re.compile(r"(\d{1,3}(?:\.\d+)?)(%?)")


def parse_color(text: str) -> RGB:
    """`"#f80"`, `"ff8800"`, `"rgb(255,136,0)"`, `"rgb(100%,50%,0%)"`, `"Orange"` -> levels 0..255.

    Stricter than Pillow, which takes `rgb(300,0,0)`, transparent colours and other notations.

    UsageError says what is wrong with it, and what was probably meant.
    """
    if _HEX.fullmatch(text):
        return parse_hex(text)
    if match := _RGB.fullmatch(text):
        red, green, blue = (_level(part, text) for part in match.groups())
        return red, green, blue
    if text.lower() in ImageColor.colormap:
        red, green, blue = ImageColor.getrgb(text.lower())
        return red, green, blue
    raise UsageError(_fault(text))


def _level(part: str, text: str) -> int:
    match = _LEVEL.fullmatch(part)
    most = 100 if match and match[2] else 255
    if match is None or float(match[1]) > most:
        raise UsageError(f"'{text}' is no colour: {part!r} is not a number of 0..255, or 0%..100%")
    return round(float(match[1]) * 255 / most)


def _fault(text: str) -> str:
    if re.fullmatch(r"#[0-9a-f]*", text, re.IGNORECASE):
        digits = len(text) - 1
        more = "; transparency cannot be asked for" if digits in (4, 8) else ""
        return f"'{text}' is no colour: # has 3 or 6 digits behind it, not {digits}{more}"
    return f"'{text}' is no colour; write {EXAMPLES}{did_you_mean(text, NAMES)}"
