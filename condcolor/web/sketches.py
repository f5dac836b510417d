"""Pictures that were sent, kept in memory for a while: the longest unused go first."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from dataclasses import dataclass, field

import numpy as np

from condcolor.images import Picture
from condcolor.layers import Layers
from condcolor.recoloring import Regions

ID_BYTES = 16  # random: nobody guesses another's picture
MOST_SKETCHES = 64
MOST_BYTES = 512 * 2**20  # of pixels; the newest picture is kept even if it alone is over that


@dataclass
class Sketch:
    """A picture, and what was found out about it, a model each; all of that can be found again.

    regions: what `Colorizer.regions` gave.
    thumbnails: its variants, small, in the order of `Colorizer.combinations`.
    layers: the last ones, and the values they were made for.
    """

    picture: Picture
    regions: dict[str, Regions] = field(default_factory=dict)
    thumbnails: dict[str, list[np.ndarray]] = field(default_factory=dict)
    layers: dict[str, tuple[dict[str, str], Layers]] = field(default_factory=dict)

    @property
    def nbytes(self) -> int:
        arrays = [self.picture.rgb, self.picture.alpha]
        for parts in list(self.regions.values()):
            arrays += [parts.lines, parts.own, parts.rest, parts.shares, parts.covers]
        for small in list(self.thumbnails.values()):
            arrays += small
        for _, layers in list(self.layers.values()):
            arrays += layers.images
        return sum(array.nbytes for array in arrays if array is not None)


class Sketches:
    """Sketches by their ids. Not safe to share between threads: the event loop's own."""

    def __init__(self, *, most: int = MOST_SKETCHES, most_bytes: int = MOST_BYTES):
        self._most, self._most_bytes = most, most_bytes
        self._kept: OrderedDict[str, Sketch] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def add(self, sketch: Sketch) -> str:
        """Keep it, and return its new id."""
        name = secrets.token_hex(ID_BYTES)
        self._kept[name] = sketch
        self.trim()
        return name

    def get(self, name: str) -> Sketch | None:
        """The sketch, which is then the last to go; None where there is none, or no more."""
        if name in self._kept:
            self._kept.move_to_end(name)
        return self._kept.get(name)

    def trim(self) -> None:
        """Let the longest unused go until the rest is within bounds; sketches grow as they are used."""
        total = sum(sketch.nbytes for sketch in self._kept.values())
        while len(self._kept) > 1 and (len(self._kept) > self._most or total > self._most_bytes):
            _, gone = self._kept.popitem(last=False)
            total -= gone.nbytes
