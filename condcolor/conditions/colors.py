"""Colors as people write them: #rrggbb, rgb(...), CSS names; the range of the chroma factor."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import NoReturn

from condcolor.errors import UsageError, did_you_mean

RGB = tuple[int, int, int]
EXAMPLES = "#ff8800, rgb(255,136,0) or a CSS name such as orange"
_HEX = re.compile(r"#?([0-9a-f]{6})|#([0-9a-f]{3})", re.IGNORECASE)
_RGB = re.compile(r"rgb\(\s*([^,\s]+)\s*[,\s]\s*([^,\s]+)\s*[,\s]\s*([^,\s)]+)\s*\)", re.IGNORECASE)
_LEVEL = re.compile(r"(\d{1,3}(?:\.\d+)?)(%?)")


@cache
def css_names() -> tuple[str, ...]:
    """Return the color names of CSS (CSS Color Module Level 4, section 6.1), sorted."""
    from PIL import ImageColor

    return tuple(sorted(ImageColor.colormap))


def parse_color(text: str) -> RGB:
    """Parse `"#f80"`, `"ff8800"`, `"rgb(255,136,0)"`, `"rgb(100%,50%,0%)"` or `"Red"`; levels of 0..255.

    Pillow's parser also takes `rgb(300,0,0)`, transparent colors and other notations.

    Raises:
        UsageError: the text is no color; with what is wrong, and the nearest name.
    """
    if match := _HEX.fullmatch(text):
        return _hex_levels(match)
    if match := _RGB.fullmatch(text):
        red, green, blue = (_level(part, text) for part in match.groups())
        return red, green, blue
    if text.lower() in css_names():
        from PIL import ImageColor

        return ImageColor.getrgb(text.lower())[:3]
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
    return f"'{text}' is no colour; write {EXAMPLES}{did_you_mean(text, css_names())}"


MOST_VIVID = 4  # factor of the predicted chroma at which almost every color is at its limit


def checked_vivid(vivid: float) -> float:
    """Return the chroma factor as a float; UsageError when it is out of range."""
    if not 0 <= vivid <= MOST_VIVID:  # NaN, too
        raise UsageError(f"vivid {vivid} is not between 0 (grey) and {MOST_VIVID}; 1 is as learnt")
    return float(vivid)


def refuse_vivid() -> NoReturn:
    """Raise the UsageError for a chroma factor on a model that is not of photographs."""
    raise UsageError("vivid is for photographs: this model paints the colours asked for")


def parse_hex(text: str) -> RGB:
    """Parse `"#3faee1"`, `"3faee1"` or `"#fff"`; levels of 0..255.

    Raises:
        UsageError: the text has another form.
    """
    match = _HEX.fullmatch(text)
    if match is None:
        raise UsageError(f"'{text}' is not a colour; write it as #rrggbb, such as #3faee1")
    return _hex_levels(match)


def _hex_levels(match: re.Match) -> RGB:
    digits = match[1] or "".join(2 * digit for digit in match[2])
    return int(digits[0:2], 16), int(digits[2:4], 16), int(digits[4:6], 16)


def format_hex(rgb: RGB) -> str:
    """Return `"#3faee1"` of `(63, 174, 225)`."""
    return "#{:02x}{:02x}{:02x}".format(*checked_rgb(rgb))


def checked_rgb(color: Sequence[int]) -> RGB:
    """Return the color as a tuple; UsageError unless it is three numbers of 0..255."""
    channels = tuple(int(channel) for channel in color)
    if len(channels) != 3 or not all(0 <= channel <= 255 for channel in channels):
        raise UsageError(f"a colour is three whole numbers of 0..255, not {tuple(color)}")
    return channels[0], channels[1], channels[2]
