"""`PartRegions`: regions of a drawing whose pieces each belong to one part."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

import numpy as np
from PIL import Image, ImageChops
from scipy import ndimage

from condcolor.conditions.color_spec import KEEP, NONE, ColorSpec
from condcolor.conditions.parts import PARTS, Part, part_index
from condcolor.conditions.schema import AttributeSchema
from condcolor.imaging.paper import Paper
from condcolor.imaging.regions import WHITE, Color, Regions

PALETTE = 256  # colors of an image with a palette
OUTLINE = 1 / 100  # of the longer side; width of the outline that a filled black area keeps


@dataclass(frozen=True, kw_only=True)
class PartRegions(Regions):
    """Regions of pieces: each pixel lies in one piece, and each piece in one part.

    labels: `[H, W]` int, the number of each pixel's piece, also under the lines.
    part_of: `[N]` int, the index in the table of each piece.
    person_of: `[N]` int, the person of each piece, from 1; None where all are colored alike. An attribute
        of a further person is called `hair-2`.
    table: the parts that the model knows.
    in_doubt: `[N]` bool, the pieces whose part is in doubt; None where pieces are not decided.
    """

    labels: np.ndarray
    part_of: np.ndarray
    person_of: np.ndarray | None = None
    in_doubt: np.ndarray | None = None
    table: tuple[Part, ...] = PARTS

    @property
    def doubts(self) -> np.ndarray | None:
        return None if self.in_doubt is None else self.in_doubt[self.labels]

    @property
    def arrays(self) -> list[np.ndarray]:
        return [*super().arrays, self.labels, self.parts]

    @property
    def covers(self) -> np.ndarray:
        covers = np.empty((len(self.schema.names), *self.labels.shape), np.float32)
        for cover, index in zip(covers, self._rows, strict=True):
            np.equal(self._row_of_pixel, index, out=cover)
        return covers

    @property
    def rest(self) -> np.ndarray:
        return self.fills(dict.fromkeys(self.schema.names, "")) * (1 - self.covers.sum(axis=0))

    @cached_property
    def parts(self) -> np.ndarray:
        """The part of each pixel, `[H, W]` uint8, an index in the table."""
        return self.part_of.astype(np.uint8)[self.labels]

    @property
    def _rows(self) -> list[int]:
        """The row of each attribute in the table of colors: that of parts, once for each person."""
        rows = []
        names = {part.name for part in self.table}
        for name in self.schema.names:
            part, person = (name, "1") if name in names else name.rsplit("-", 1)
            rows.append(part_index(part, self.table) + len(self.table) * (int(person) - 1))
        return rows

    @property
    def _row_of(self) -> np.ndarray:
        """The row of each piece, `[N]` int."""
        if self.person_of is None:
            return self.part_of
        return self.part_of + len(self.table) * np.maximum(self.person_of - 1, 0)

    @cached_property
    def _row_of_pixel(self) -> np.ndarray:
        return self._row_of.astype(np.uint16)[self.labels]

    def on_paper(self, paper: Paper) -> Self:
        return replace(self, levels=self.drawing.lines(paper), paper=paper)

    def pixels(self, specs: Mapping[str, ColorSpec]) -> np.ndarray:
        table, kept = self._table(self.target_colors(specs))
        if kept.any() or self.drawing.sheet.inverted or len(table) > PALETTE:
            return super().pixels(specs)
        fills = Image.fromarray(self._row_of_pixel.astype(np.uint8))
        fills.putpalette(np.rint(table * 255).astype(np.uint8).tobytes())
        if self.levels.shape[2] == 1:
            lines = Image.fromarray(self.levels[..., 0]).convert("RGB")
        else:
            lines = Image.fromarray(self.levels)
        return np.array(ImageChops.multiply(fills.convert("RGB"), lines))

    def fills(self, colors: Mapping[str, Color]) -> np.ndarray:
        table, kept = self._table(colors)
        fills = np.stack([level[self._row_of_pixel] for level in table.T])
        if kept.any():
            np.copyto(fills, self.own, where=kept[self._row_of_pixel])
        return fills

    def _table(self, colors: Mapping[str, Color]) -> tuple[np.ndarray, np.ndarray]:
        """Return the color of each row, `[R, 3]` float32 in [0, 1], and `[R]` bool: which keep their own."""
        persons = 1 if self.person_of is None else max(1, int(self.person_of.max()))
        own = np.array([part.fill for part in self.table], np.float32) / 255
        table = np.tile(own, (persons, 1))
        kept = np.full(len(table), self.drawing.fills is not None)
        for index, name in zip(self._rows, self.schema.names, strict=True):
            color = colors[name]
            kept[index] = color == KEEP and self.drawing.fills is not None
            if not isinstance(color, str):
                table[index] = np.array(color, np.float32) / 255
            elif color in (KEEP, NONE):
                table[index] = 1
        return table, kept

    def part(self, index: int, color: Color) -> np.ndarray:
        cover = self._row_of_pixel == self._rows[index]
        if color == KEEP:
            return cover * self.own
        return cover * (
            WHITE if isinstance(color, str) else np.array(color, np.float32)[:, None, None] / 255
        )

    def of_persons(self, person_of: np.ndarray) -> Self:
        """Return the same regions with the attributes of each person apart: `hair`, `hair-2` and so on.

        person_of: `[N]` int, the person of each piece, from 1; 0 for nobody's.
        """
        attributes = list(self.schema.attributes)
        for person in range(2, int(person_of.max(initial=1)) + 1):
            for each in self.schema.attributes:
                attributes.append(replace(each, name=f"{each.name}-{person}"))
        colors = {attribute.name: attribute.colors for attribute in attributes}
        schema = AttributeSchema(tuple(attributes))
        return replace(self, schema=schema, colors=colors, person_of=person_of)

    def without_black(self, black: np.ndarray) -> Self:
        """Return the same regions with black areas of their parts colored, too, up to an outline.

        black: `[H, W]` bool, solid black areas.
        """
        filled = black & np.isin(self._row_of, self._rows)[self.labels]
        width = max(1, round(OUTLINE * max(filled.shape)))
        inside = ndimage.binary_erosion(filled, iterations=width)
        return replace(self, levels=np.where(inside[..., None], np.uint8(255), self.levels))
