"""The parts of a drawing that a network tells apart: their order, their label colors, their own fills."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from condcolor.conditions.colors import RGB, format_hex, parse_hex
from condcolor.conditions.schema import Attribute, AttributeSchema, name_fault
from condcolor.errors import CheckpointError, UsageError, did_you_mean
from condcolor.runtime.messages import listed

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


# the order is that of the network's outputs; a model of fewer outputs has the first ones, one that was
# trained on parts of its own has a table of its own in its config.json
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
SKIN_PALETTE: dict[str, RGB] = {
    "brown": (0x8D, 0x55, 0x24),
    "dark": (0x5C, 0x36, 0x24),
    "light": (0xFB, 0xD3, 0xC0),
    "tan": (0xD9, 0x9C, 0x6E),
}
CLOTHES = ("trousers", "hat", "shoes")


def _attribute(name: str, palette: Mapping[str, RGB], default: str = "") -> Attribute:
    return Attribute(name, tuple(palette), tuple(palette.values()), default=default)


# what a model of parts can be asked for; where nothing is said of an optional one, it has its default
PARTS_SCHEMA = AttributeSchema(
    (
        *(_attribute(name, PALETTE) for name in ("hair", "shirt")),
        _attribute("skin", SKIN_PALETTE, "light"),
        *(_attribute(name, PALETTE, "none") for name in CLOTHES),
    )
)
NOTHING = "none"  # a word for the part that is left white, whatever it is


MOST_PARTS = 24  # of a model's own table: a bit each in the three bytes of a pixel


def part_index(name: str, table: Sequence[Part] = PARTS) -> int:
    """Return the index of a part in a table; ValueError if there is none of that name."""
    return [part.name for part in table].index(name)


def find_part(name: str, table: Sequence[Part] = PARTS) -> int:
    """Return the index of the part that a person names; `none` is "other", which stays white.

    Raises:
        UsageError: there is no such part.
    """
    names = [part.name for part in table]
    if name == NOTHING:
        return names.index("other")
    if name not in names:
        words = (NOTHING, *names)
        raise UsageError(
            f"{name!r} is no part; there are {listed(words)}{did_you_mean(name, words)}"
        )
    return names.index(name)


def table_to_json(table: Sequence[Part]) -> list[dict[str, str]]:
    """Return `[{"name": "roof", "label": "#ff0000", "fill": "#ffffff"}]`."""
    return [
        {"name": part.name, "label": format_hex(part.label), "fill": format_hex(part.fill)}
        for part in table
    ]


def table_from_json(entries: Any) -> tuple[Part, ...]:
    """Return the table of `table_to_json`; PARTS for None, as models without one of their own have it.

    Raises:
        CheckpointError: it is malformed.
    """
    if entries is None:
        return PARTS
    try:
        table = tuple(
            Part(str(each["name"]), parse_hex(each["label"]), parse_hex(each["fill"]))
            for each in entries
        )
        names = [part.name for part in table]
        odd = next((name for name in names if name_fault(name)), None)
        if odd is not None or not 2 <= len(set(names)) == len(names) <= MOST_PARTS:
            raise ValueError(f"2 to {MOST_PARTS} parts, each with a name of its own")
        if tuple(names[:2]) != tuple(part.name for part in PARTS[:2]):
            raise ValueError(f"the first two are {PARTS[0].name} and {PARTS[1].name}")
    except (TypeError, KeyError, ValueError, UsageError) as error:
        raise CheckpointError(f"the parts are malformed: {error}") from None
    return table
