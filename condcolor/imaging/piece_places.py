"""`PiecePlaces`: the box of each piece of a drawing, and a point deep inside of it."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from condcolor.imaging.corrections import Box

SEEN = 128  # pixels on the longer side of a piece, in which the point inside of it is found


class PiecePlaces:
    """Where the pieces are.

    labels: `[H, W]` int, the piece of each pixel, from 0. count: of all pieces, with or without pixels.
    """

    def __init__(self, labels: np.ndarray, count: int):
        self._labels, self._count = labels, count
        self._boxes: list[tuple[slice, slice] | None] | None = None

    def box(self, number: int) -> tuple[slice, slice]:
        """Return rows and columns of a piece; those of the picture for number 0."""
        if self._boxes is None:
            self._boxes = ndimage.find_objects(self._labels, self._count - 1)
        box = self._boxes[number - 1] if number else None
        return box or (slice(0, self._labels.shape[0]), slice(0, self._labels.shape[1]))

    def corners(self, number: int) -> Box:
        """Return left, top, right, bottom of a piece in pixels; right and bottom outside."""
        rows, columns = self.box(number)
        return columns.start, rows.start, columns.stop, rows.stop

    def area(self, number: int) -> int:
        """Return the number of its pixels."""
        return int((self._labels[self.box(number)] == number).sum())

    def point(self, number: int) -> tuple[int, int]:
        """Return the pixel `(x, y)` deepest inside of a piece."""
        rows, columns = self.box(number)
        step = max(1, max(rows.stop - rows.start, columns.stop - columns.start) // SEEN)
        own = self._labels[rows, columns][::step, ::step] == number
        if not own.any():  # thinner than a step
            step, own = 1, self._labels[rows, columns] == number
        depth = ndimage.distance_transform_cdt(np.pad(own, 1))[1:-1, 1:-1]
        row, column = divmod(int(depth.argmax()), own.shape[1])
        return columns.start + column * step, rows.start + row * step
