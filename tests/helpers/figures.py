"""Drawn figures with hair and shirt."""

from __future__ import annotations

from models import TONES
from PIL import Image

from condcolor.imaging.open import Picture, picture_of

SIDE = 64


def figure(*, hair: bool = True) -> Picture:
    """Light grey hair above a shirt, off the middle, framed in black."""
    drawn = Image.new("RGB", (SIDE, SIDE), "white")
    for tone, box in zip(TONES, ((12, 10, 44, 28), (20, 32, 50, 64)), strict=True):
        if hair or tone == TONES[1]:
            drawn.paste((0, 0, 0), box)
            left, top, right, bottom = box
            drawn.paste((tone,) * 3, (left + 2, top + 2, right - 2, bottom - 2))
    return picture_of(drawn)


HAIR_AT, SHIRT_AT = (20, 18), (34, 46)  # x, y in a figure


def couple() -> Image.Image:
    """Two figures beside each other."""
    drawn = Image.new("RGB", (2 * SIDE, SIDE), "white")
    for left in (0, SIDE):
        drawn.paste(Image.fromarray(figure().rgb), (left, 0))
    return drawn
