"""`Sheet`: a drawing on white, its paper aside: tint, light, shadows; light lines on dark turned.

The paper is what changes slowly, or softly: its color is found on a grid of at most GRID cells a side
(`paper_search`).

The drawing is the picture divided by its paper, so that a network sees dark lines on pure white. After
coloring, each pixel of the picture takes the tint that its pixel of the drawing has received.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from PIL import Image
from scipy import ndimage

from condcolor.conditions.colors import RGB, parse_color
from condcolor.errors import UsageError
from condcolor.imaging.geometry import STRIP_PIXELS
from condcolor.imaging.line_art import LINE_WIDTH
from condcolor.imaging.paper_search import find_paper, has_light_lines

Paper = Literal["keep", "white"] | RGB


def parse_paper(text: str) -> Paper:
    """Return what `keep`, `white` or a color asks of the paper; UsageError if it is none of these."""
    if text == "keep":
        return "keep"
    if text == "white":
        return "white"
    try:
        return parse_color(text)
    except UsageError as error:
        raise UsageError(f"paper: {error}, or keep, or white") from None


PAINTED = 12 / 255  # distance from white at which a fill on a dark ground is opaque
DARK = 128  # mean of a color from which it is a light ground, for light lines to vanish on
FLOOR = 24  # of 255; the darkest level of lines that were made darker, so that their tint is known


@dataclass(frozen=True)
class Sheet:
    """A drawing on white, and its paper.

    Color `sketch` and hand the result to `restore`. With `inverted`, the picture has light lines on a dark
    ground, and `sketch` and `paper` are those of its negative.

    rgb: `[H, W, 3]` uint8, the picture.
    sketch: `[H, W, 3]` uint8, dark lines on white; `rgb` itself if its paper is white.
    paper: `[h, w, 3]` float32 in (0, 1], the paper of each cell of `cell` x `cell` pixels, 1 is white.
    cell: side of a cell in pixels.
    ruling: `[H, 3]` and `[W, 3]` float32 in (0, 1], the factor of printed lines across and down the paper.
    contrast: factor by which the lines of `sketch` are further from white, 1 unless they are faint.
    inverted: whether the picture has light lines on a dark ground.
    """

    rgb: np.ndarray
    sketch: np.ndarray
    paper: np.ndarray
    cell: int = 1
    ruling: tuple[np.ndarray, np.ndarray] | None = None
    contrast: float = 1.0
    inverted: bool = False

    @property
    def is_white(self) -> bool:
        """Whether the paper is white, and the picture is its own sketch."""
        return self.sketch is self.rgb

    def paper_strips(self) -> Iterator[tuple[slice, np.ndarray]]:
        """Yield from top to bottom rows and their paper, `[R, W, 3]` float32 in (0, 1]."""
        height, width = self.rgb.shape[:2]
        left, right, share = _between(np.arange(width), self.cell, self.paper.shape[1])
        wide = _mixed(self.paper[:, left], self.paper[:, right], share[:, None])
        wide = wide.reshape(len(wide), -1)  # (h, W * 3)
        step = max(1, STRIP_PIXELS // width)
        for top in range(0, height, step):
            rows = np.arange(top, min(top + step, height))
            above, below, place = _between(rows, self.cell, len(self.paper))
            paper = _mixed(wide[above], wide[below], place[:, None]).reshape(len(rows), width, 3)
            if self.ruling is not None:
                paper *= np.minimum(self.ruling[0][rows, None], self.ruling[1])
            yield slice(top, top + len(rows)), paper

    def restore(
        self, colored: np.ndarray, *, paper: Paper = "keep", painted: np.ndarray | None = None
    ) -> np.ndarray:
        """Return the picture in the colors of `colored`, `[H, W, 3]` uint8.

        With `paper="keep"`, pixels that are the same in `colored` and `sketch` come back as they were.

        Args:
            colored: `[H, W, 3]` uint8, the coloring of `sketch`.
            paper: `keep` the paper (with light lines: the dark ground), `white`, or RGB in 0..255 of new
                paper. Light lines are dark on new paper that is not dark, too.
            painted: `[H, W]` float in [0, 1], the share of each pixel that has a fill. Only light lines need
                it, to tell a white fill from the ground; default: where the fill is not white.
        """
        if paper == "white":
            paper = (255, 255, 255)
        if paper != "keep" and not (self.inverted and sum(paper) / 3 < DARK):
            return self._on_new(colored, np.array(paper, np.float32))
        if self.is_white:
            return colored
        if self.inverted:
            ground = None if paper == "keep" else np.array(paper, np.float32)
            return self._under_light_lines(colored, ground, painted)
        made = np.empty_like(self.rgb)
        for rows in strips_of(self.rgb.shape):
            seen, own = self.sketch[rows], self.rgb[rows]
            light = own * _tint(colored[rows], seen)
            made[rows] = np.where(colored[rows] == seen, own, _to_uint8(light))
        return made

    def _on_new(self, colored: np.ndarray, paper: np.ndarray) -> np.ndarray:
        """Return the coloring, lines as dark as in the picture, on paper `[3]` in 0..255."""
        if self.contrast == 1 and (paper == 255).all():
            return colored
        made = np.empty_like(colored)
        for rows in strips_of(self.rgb.shape):
            light = colored[rows].astype(np.float32)
            if self.contrast != 1:
                tint = _tint(colored[rows], self.sketch[rows])
                light = tint * (255 - (255 - self.sketch[rows].astype(np.float32)) / self.contrast)
            made[rows] = _to_uint8(light * (paper / 255))
        return made

    def _under_light_lines(
        self, colored: np.ndarray, ground: np.ndarray | None, painted: np.ndarray | None
    ) -> np.ndarray:
        """Return the picture with fills below its lines, on its own ground or on one `[3]` in 0..255."""
        made = np.empty_like(colored)
        for rows, paper in self.paper_strips():
            seen, own = self.sketch[rows], self.rgb[rows]
            tint = np.minimum(_tint(colored[rows], seen), 1)
            if painted is None:
                cover = ((1 - tint.min(axis=-1, keepdims=True)) / PAINTED).clip(0, 1)
            else:
                cover = painted[rows, :, None].astype(np.float32)
            dark = 255 - 255 * paper
            below = cover * (255 * tint) + (1 - cover) * (dark if ground is None else ground)
            # grain of the ground that is white in the sketch is not seen through fills
            clear = np.maximum(own, dark)
            base = clear if ground is not None else own + (clear - own) * cover
            light = base + (below - dark) * (seen * np.float32(1 / 255))
            same = (colored[rows] == seen) & (cover == 0 if ground is None else False)
            made[rows] = np.where(same, own, _to_uint8(light))
        return made


GRID = 128  # most cells a side
MOSTLY = 0.5  # of the picture; with more of pure white the paper is white
FAINT = 0.6  # of the paper; a drawing without darker lines is faint
CLEAR = 0.3  # of the paper; the darkest lines of a faint drawing become as dark
MOST_CONTRAST = 6.0
SAMPLE = 110  # pixels a side that are looked at for noise and faint lines
LEAST_NOISE, MOST_NOISE = 2 / 255, 0.12  # of the paper's light
DARKEST_RULING = 0.55  # of the paper; darker lines are drawn
LEAST_RULING = 0.04  # of the pixels; with fewer pale ones there is no ruling
UNEVEN = 0.03  # of the paper's light; most that its estimate is off


def split_paper(rgb: np.ndarray) -> Sheet:
    """Part a drawing `[H, W, 3]` uint8 from its paper; one on white is unchanged, and one without paper."""
    sheet = Sheet(rgb, rgb, np.ones((1, 1, 3), np.float32))
    if np.count_nonzero(rgb == 255) > MOSTLY * rgb.size:
        return sheet
    cell = -(-max(rgb.shape[:2]) // GRID)
    grid = np.asarray(Image.fromarray(rgb).reduce(cell))  # [h, w, 3] uint8, means
    inverted = has_light_lines(grid)
    found = find_paper(255 - grid, white=True) if inverted else find_paper(grid)
    if found is None:
        if not inverted:
            return sheet
        sheet = replace(sheet, paper=sheet.paper - np.float32(LEAST_NOISE), inverted=True)
    else:
        paper, bare = found
        sheet = replace(sheet, paper=paper, cell=cell, inverted=inverted)
        sheet = _without_noise(sheet, bare)
    return replace(sheet, sketch=_sketch(sheet))


def _sketch(sheet: Sheet) -> np.ndarray:
    """Return the picture divided by its paper, `[H, W, 3]` uint8."""
    made = np.empty_like(sheet.rgb)
    for rows, paper in sheet.paper_strips():
        light = sheet.rgb[rows].astype(np.float32)
        if sheet.inverted:
            np.subtract(255, light, out=light)
        np.divide(light, paper, out=light)
        if sheet.contrast != 1:
            light = np.maximum(255 - (255 - light) * sheet.contrast, FLOOR)
        np.rint(np.clip(light, 0, 255, out=light), out=light)
        made[rows] = light
    return made


def _without_noise(sheet: Sheet, bare: np.ndarray) -> Sheet:
    """Darken the paper by its own noise, which then is white in the sketch; find its ruling and contrast.

    Args:
        bare: `[h, w]` bool, cells of paper without lines.
    """
    height, width = sheet.rgb.shape[:2]
    # points of an odd lattice, which does not beat with a ruling or a screen
    y = np.unique(np.linspace(0, height - 1, SAMPLE).astype(int))
    x = np.unique(np.linspace(0, width - 1, SAMPLE).astype(int))
    ratio = _ratio(sheet, y, x)
    on_paper = bare[np.ix_(y // sheet.cell, x // sheet.cell)]
    off = 1 - ratio[on_paper]
    if len(off) == 0:
        return sheet
    spread = 1.48 * np.median(abs(off))  # standard deviation
    most = np.quantile(off.max(axis=-1), 0.997) + 0.5 / 255
    noise = np.clip(min(3 * spread + UNEVEN, max(3 * spread, most)), LEAST_NOISE, MOST_NOISE)
    light = np.minimum(ratio.min(axis=-1) / (1 - noise), 1)
    ink = light[light < 1 - max(noise, 0.06)]
    contrast = 1.0
    if len(ink) > 0.001 * light.size and (dark := np.quantile(ink, 0.05)) > FAINT:
        contrast = min((1 - CLEAR) / (1 - float(dark)), MOST_CONTRAST)
    sheet = replace(sheet, paper=sheet.paper * np.float32(1 - noise), contrast=contrast)
    pale = (light < 1) & (light > DARKEST_RULING)
    if contrast == 1 and pale.mean() > LEAST_RULING:
        rows = _ruling(_ratio(sheet, np.arange(height), x[::2]), noise)
        columns = _ruling(_ratio(sheet, y[::2], np.arange(width)).swapaxes(0, 1), noise)
        if min(rows.min(), columns.min()) < 1:
            sheet = replace(sheet, ruling=(rows, columns))
    return sheet


def _ruling(ratio: np.ndarray, noise: float) -> np.ndarray:
    """Return the factor of lines printed across the paper, `[N, 3]` float32, of pixels `[N, M, 3]`.

    Like the paper, printed lines are darkened by the noise.
    """
    usual = np.median(np.where(ratio > DARKEST_RULING, np.minimum(ratio, 1), 1), axis=1)
    width = 2 * round(LINE_WIDTH / 4 * len(usual)) + 3
    thin = usual / ndimage.grey_closing(usual, (width, 1), mode="nearest")
    return np.where(thin < 1 - LEAST_NOISE, thin * (1 - noise), 1).astype(np.float32)


def _ratio(sheet: Sheet, y: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Return pixels relative to their paper, `[Y, X, 3]` float32, at these rows and columns."""
    light = sheet.rgb[np.ix_(y, x)].astype(np.float32) / 255
    if sheet.inverted:
        light = 1 - light
    left, right, share = _between(x, sheet.cell, sheet.paper.shape[1])
    wide = _mixed(sheet.paper[:, left], sheet.paper[:, right], share[:, None])
    above, below, place = _between(y, sheet.cell, len(sheet.paper))
    return light / _mixed(wide[above], wide[below], place[:, None, None])


def _between(
    pixels: np.ndarray, cell: int, count: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return for pixels the cells before and after, and the share of the latter, float32 in [0, 1]."""
    place = np.clip((pixels + 0.5) / cell - 0.5, 0, count - 1)
    before = np.minimum(place.astype(int), max(count - 2, 0))
    share = (place - before).astype(np.float32)
    return before, np.minimum(before + 1, count - 1), share


def _mixed(first: np.ndarray, second: np.ndarray, share: np.ndarray) -> np.ndarray:
    mixed = second - first
    mixed *= share
    mixed += first
    return mixed


def _tint(colored: np.ndarray, sketch: np.ndarray) -> np.ndarray:
    """Return the factor that coloring has on each channel, 1 on a black that stays black."""
    return np.where(colored == sketch, 1, colored / np.maximum(sketch, np.float32(1)))


def _to_uint8(light: np.ndarray) -> np.ndarray:
    return np.rint(np.clip(light, 0, 255)).astype(np.uint8)


def strips_of(shape: tuple[int, ...]) -> Iterator[slice]:
    """Yield the rows of strips of a picture of `(H, W, ...)`, from top to bottom, that fit in the cache."""
    step = max(1, STRIP_PIXELS // shape[1])
    for top in range(0, shape[0], step):
        yield slice(top, min(top + step, shape[0]))
