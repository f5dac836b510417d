"""Pictures in a grid: contact sheets drawn, sprite sheets cut and joined."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from condcolor.errors import DataError, UsageError
from condcolor.imaging.line_art import as_it_came
from condcolor.imaging.open import Picture

MOST_CELLS = 10_000  # more is a typing error
BLANK = 8  # levels of 255; a cell with a smaller range is blank


@dataclass(frozen=True)
class Grid:
    """The columns and rows of a sheet whose cells have one size."""

    columns: int
    rows: int

    def __str__(self) -> str:
        return f"{self.columns}x{self.rows}"

    def cells(self, picture: Picture) -> list[Picture]:
        """Cut a sheet into its cells, row by row.

        Raises:
            DataError: the picture's size is not a multiple of the grid.
        """
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
                np.ascontiguousarray(picture.rgb[region]),
                None if picture.alpha is None else np.ascontiguousarray(picture.alpha[region]),
            )
            for region in self.places(picture)
        ]

    def places(self, picture: Picture) -> list[tuple[slice, slice]]:
        """Return the pixel rows and columns of each cell, row by row."""
        wide, high = picture.size[0] // self.columns, picture.size[1] // self.rows
        return [
            (slice(high * row, high * (row + 1)), slice(wide * column, wide * (column + 1)))
            for row in range(self.rows)
            for column in range(self.columns)
        ]

    def joined(self, picture: Picture, cells: Sequence[Image.Image]) -> Image.Image:
        """Join cells into a sheet of the size of `picture`, RGBA if that has alpha."""
        mode = "RGB" if picture.alpha is None else "RGBA"
        sheet = Image.new(mode, picture.size)
        for (rows, columns), cell in zip(self.places(picture), cells, strict=True):
            sheet.paste(cell.convert(mode), (columns.start, rows.start))
        return sheet


def parse_grid(text: str) -> Grid:
    """Parse `"4x3"`, 4 columns and 3 rows.

    Raises:
        UsageError: the text is no grid, or has more than MOST_CELLS cells.
    """
    match = re.fullmatch(r"([1-9]\d{0,4})[x×]([1-9]\d{0,4})", text.strip().lower())
    if match is None:
        raise UsageError(f"grid '{text}' is not columns x rows, such as 4x3")
    grid = Grid(int(match[1]), int(match[2]))
    if grid.columns * grid.rows > MOST_CELLS:
        raise UsageError(f"grid '{text}' has more than {MOST_CELLS:,} cells: give fewer")
    return grid


def is_blank(cell: Picture) -> bool:
    """Return whether a cell is blank: transparent, or of one color."""
    if cell.alpha is not None and cell.alpha.max() == 0:
        return True
    even = np.ptp(cell.rgb.reshape(-1, 3), axis=0).max() <= BLANK
    return bool(even and (cell.alpha is None or np.ptp(cell.alpha) <= BLANK))


def as_image(cell: Picture) -> Image.Image:
    """Return a cell as an image, with its own alpha."""
    return Image.fromarray(as_it_came(cell.rgb, cell.alpha))


GAP = 4  # pixels of white between the pictures of a sheet
INK = (40, 40, 40)


def sheet(
    rows: Sequence[Sequence[np.ndarray]],
    *,
    columns: Sequence[str] = (),
    labels: Sequence[str] = (),
    cell: int | None = None,
) -> np.ndarray:
    """Draw a contact sheet `[H, W, 3]` uint8.

    Args:
        rows: the pictures of each row, `[H, W, 3]` uint8, fitted into squares of `cell` pixels.
        columns: headings of the columns.
        labels: labels of the rows.
        cell: side of a cell in pixels; default the longest side of all pictures.
    """
    cell = cell or max((max(p.shape[:2]) for row in rows for p in row), default=1)
    font_size = max(11, cell // 14)
    font = ImageFont.load_default(size=font_size)
    line = round(font_size * 1.6)
    across = GAP + max([cell, *(round(font.getlength(text)) for text in columns)])
    down = GAP + max(cell, line if labels else 0)
    left = max((round(font.getlength(text)) + 2 * GAP for text in labels), default=0)
    top = line if columns else 0
    width = left + max(len(columns), *map(len, rows), 0) * across + GAP
    page = Image.new("RGB", (width, top + len(rows) * down + GAP), "white")
    draw = ImageDraw.Draw(page)
    for j, text in enumerate(columns):
        draw.text((left + j * across + (across + GAP) / 2, top / 2), text, INK, font, anchor="mm")
    for i, row in enumerate(rows):
        middle = top + i * down + (down + GAP) / 2
        if i < len(labels):
            draw.text((left - GAP, middle), labels[i], INK, font, anchor="rm")
        for j, picture in enumerate(row):
            tile = _fitted(Image.fromarray(picture), cell)
            center = left + j * across + (across + GAP) / 2
            page.paste(tile, (round(center - tile.width / 2), round(middle - tile.height / 2)))
    return np.array(page)


def _fitted(picture: Image.Image, cell: int) -> Image.Image:
    """Resize a picture so that its longer side is `cell` pixels."""
    if max(picture.size) == cell:
        return picture
    scale = cell / max(picture.size)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    return picture.resize(size, Image.Resampling.LANCZOS)


def reduced(image: Image.Image, cell: int) -> np.ndarray:
    """Shrink a picture on white to at most `cell` pixels a side, `[H, W, 3]` uint8."""
    flat = Image.new("RGB", image.size, "white")
    flat.paste(image, mask=image.getchannel("A") if image.mode == "RGBA" else None)
    flat.thumbnail((cell, cell), Image.Resampling.LANCZOS)
    return np.asarray(flat)


def contact_sheet(
    pictures: Sequence[np.ndarray], choices: Sequence[Mapping[str, str]], cell: int
) -> np.ndarray:
    """Draw a labeled contact sheet `[H, W, 3]` uint8 of all variants of a picture.

    Args:
        pictures: `[H, W, 3]` uint8; a row holds the values of the last attribute.
        choices: attribute -> value, for each picture.
        cell: side of a cell in pixels.
    """
    captions = [[f"{name} {value}" for name, value in values.items()] for values in choices]
    along = len({values[-1] for values in captions}) if captions[0] else 1
    rows = [pictures[i : i + along] for i in range(0, len(pictures), along)]
    columns = [values[-1] for values in captions[:along]] if captions[0] else ()
    labels = (
        [", ".join(values[:-1]) for values in captions[::along]] if len(captions[0]) > 1 else ()
    )
    return sheet(rows, columns=columns, labels=labels, cell=cell)
