"""`PartRegions`: regions of a drawing whose pieces each belong to one part."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

import numpy as np
from scipy import ndimage

from condcolor.conditions.color_spec import KEEP, NONE
from condcolor.conditions.parts import PARTS, part_index
from condcolor.imaging.paper import Paper
from condcolor.imaging.regions import WHITE, Color, Regions

OUTLINE = 1 / 100  # of the longer side; width of the outline that a filled black area keeps


@dataclass(frozen=True, kw_only=True)
class PartRegions(Regions):
    """Regions of pieces: each pixel lies in one piece, and each piece in one part.

    labels: `[H, W]` int, the number of each pixel's piece, also under the lines.
    part_of: `[N]` int, the index in PARTS of each piece.
    in_doubt: `[N]` bool, the pieces whose part is in doubt; None where pieces are not decided.
    """

    labels: np.ndarray
    part_of: np.ndarray
    in_doubt: np.ndarray | None = None

    @property
    def doubts(self) -> np.ndarray | None:
        return None if self.in_doubt is None else self.in_doubt[self.labels]

    @property
    def arrays(self) -> list[np.ndarray]:
        return [*super().arrays, self.labels, self.parts]

    @property
    def covers(self) -> np.ndarray:
        covers = np.empty((len(self.schema.names), *self.labels.shape), np.float32)
        for cover, index in zip(covers, self._indices, strict=True):
            np.equal(self.parts, index, out=cover)
        return covers

    @property
    def rest(self) -> np.ndarray:
        return self.fills(dict.fromkeys(self.schema.names, "")) * (1 - self.covers.sum(axis=0))

    @cached_property
    def parts(self) -> np.ndarray:
        """The part of each pixel, `[H, W]` uint8, an index in PARTS."""
        return self.part_of.astype(np.uint8)[self.labels]

    @property
    def _indices(self) -> list[int]:
        return [part_index(name) for name in self.schema.names]

    def on_paper(self, paper: Paper) -> Self:
        return replace(self, lines=self.drawing.lines(paper), paper=paper)

    def fills(self, colors: Mapping[str, Color]) -> np.ndarray:
        table = np.ones((len(PARTS), 3), np.float32)
        kept = np.zeros(len(PARTS), bool)  # parts with the fills of the colored picture
        if self.drawing.fills is None:
            table[:] = np.array([part.fill for part in PARTS], np.float32) / 255
        else:
            kept[:] = True
        for index, name in zip(self._indices, self.schema.names, strict=True):
            color = colors[name]
            kept[index] = color == KEEP and self.drawing.fills is not None
            if not isinstance(color, str):
                table[index] = np.array(color, np.float32) / 255
            elif color in (KEEP, NONE):
                table[index] = 1
        fills = np.stack([level[self.parts] for level in table.T])
        if kept.any():
            np.copyto(fills, self.own, where=kept[self.parts])
        return fills

    def part(self, index: int, color: Color) -> np.ndarray:
        light = (
            WHITE if isinstance(color, str) else np.array(color, np.float32)[:, None, None] / 255
        )
        return self.covers[index] * (self.own if color == KEEP else light)

    def without_black(self, black: np.ndarray) -> Self:
        """Return the same regions with black areas of their parts colored, too, up to an outline.

        black: `[H, W]` bool, solid black areas.
        """
        filled = black & np.isin(self.part_of, self._indices)[self.labels]
        width = max(1, round(OUTLINE * max(filled.shape)))
        inside = ndimage.binary_erosion(filled, iterations=width)
        return replace(self, lines=np.where(inside, np.float32(1), self.lines))
