"""A sheet of pictures in rows and columns: cut into its cells, and put together again."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from condcolor.errors import DataError, UsageError
from condcolor.images import Picture
from condcolor.transparency import as_it_came

MOST_CELLS = 10_000  # more is a slip of the pen
BLANK = 8  # levels of 255: a cell that spreads no further has nothing drawn in it


@dataclass(frozen=True)
class Grid:
    """How many cells a sheet has, all of one size."""

    columns: int
    rows: int

    def __str__(self) -> str:
        return f"{self.columns}x{self.rows}"

    def cells(self, picture: Picture) -> list[Picture]:
        """The cells, row by row; DataError where the picture's size does not divide by the grid."""
        width, height = picture.size
        if width % self.columns or height % self.rows:
            whole = width // self.columns * self.columns, height // self.rows * self.rows
            hint = f"crop it to {whole[0]}x{whole[1]}" if min(whole) else "take fewer cells"
            raise DataError(
                f"{width}x{height} pixels do not divide into {self} cells of one size: {hint}, or "
                "correct --grid (columns x rows)"
            )
        return [
            Picture(
                np.ascontiguousarray(picture.rgb[place]),
                None if picture.alpha is None else np.ascontiguousarray(picture.alpha[place]),
            )
            for place in self.places(picture)
        ]

    def places(self, picture: Picture) -> list[tuple[slice, slice]]:
        """Where the cells lie, in the same order: rows and columns of pixels."""
        wide, high = picture.size[0] // self.columns, picture.size[1] // self.rows
        return [
            (slice(high * row, high * (row + 1)), slice(wide * column, wide * (column + 1)))
            for row in range(self.rows)
            for column in range(self.columns)
        ]

    def joined(self, picture: Picture, cells: Sequence[Image.Image]) -> Image.Image:
        """The cells at their places in a picture of this one's size; RGBA where it has alpha."""
        mode = "RGB" if picture.alpha is None else "RGBA"
        sheet = Image.new(mode, picture.size)
        for (rows, columns), cell in zip(self.places(picture), cells, strict=True):
            sheet.paste(cell.convert(mode), (columns.start, rows.start))
        return sheet


def parse_grid(text: str) -> Grid:
    """`"4x3"` is 4 columns and 3 rows; UsageError for anything else."""
    match = re.fullmatch(r"([1-9]\d{0,4})[x×]([1-9]\d{0,4})", text.strip().lower())
    if match is None:
        raise UsageError(f"grid '{text}' is not columns x rows, such as 4x3")
    grid = Grid(int(match[1]), int(match[2]))
    if grid.columns * grid.rows > MOST_CELLS:
        raise UsageError(f"grid '{text}' has more than {MOST_CELLS:,} cells: give fewer")
    return grid


def is_blank(cell: Picture) -> bool:
    """Whether nothing is drawn in a cell: it is all transparent, or all of one colour."""
    if cell.alpha is not None and cell.alpha.max() == 0:
        return True
    even = np.ptp(cell.rgb.reshape(-1, 3), axis=0).max() <= BLANK
    return bool(even and (cell.alpha is None or np.ptp(cell.alpha) <= BLANK))


def as_image(cell: Picture) -> Image.Image:
    """A cell as it came."""
    return Image.fromarray(as_it_came(cell.rgb, cell.alpha))
