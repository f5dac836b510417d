"""The parts of a drawing that a network tells apart: their order, their label colors, their own fills."""

from __future__ import annotations

from dataclasses import dataclass

from condcolor.conditions.colors import RGB
from condcolor.conditions.schema import Attribute, AttributeSchema

WHITE: RGB = (255, 255, 255)
SHARPNESS = (
    8.0  # logit of a network's score of 1: of 8 parts one has a probability of 1 - 8e-7 at most
)
UNLABELLED: RGB = (0, 0, 0)  # in a picture of labels: lines, and what has no certain part


@dataclass(frozen=True)
class Part:
    """A part of a drawing.

    label: its color in pictures of labels, such as the outputs of `data icons --scenes`.
    fill: its color in a coloring where none is asked for.
    """

    name: str
    label: RGB
    fill: RGB = WHITE


# the order is that of the network's outputs; a model of fewer outputs has the first ones
PARTS = (
    Part("ground", WHITE),
    Part("other", (0x80, 0x80, 0x80)),  # objects, frames, lettering, whites of eyes
    Part("hair", (0xFF, 0, 0)),
    Part("shirt", (0, 0xFF, 0)),
    Part("skin", (0, 0, 0xFF), fill=(0xFB, 0xD3, 0xC0)),
    Part("trousers", (0xFF, 0xFF, 0)),
    Part("hat", (0xFF, 0, 0xFF)),
    Part("shoes", (0, 0xFF, 0xFF)),
)
PALETTE: dict[str, RGB] = {
    "blue": (0x3F, 0xAE, 0xE1),
    "brown": (0xB8, 0x6B, 0x4B),
    "green": (0x6D, 0xB5, 0x81),
    "red": (0xE9, 0x47, 0x43),
    "yellow": (0xFB, 0xD0, 0x4B),
}
# what a model of parts can be asked for
PARTS_SCHEMA = AttributeSchema(
    tuple(Attribute(name, tuple(PALETTE), tuple(PALETTE.values())) for name in ("hair", "shirt"))
)


def part_index(name: str) -> int:
    """Return the index of a part in PARTS; ValueError if there is none of that name."""
    return [part.name for part in PARTS].index(name)
