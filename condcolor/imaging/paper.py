"""`Sheet`: a drawing on white, its paper aside: tint, light, shadows; light lines on dark turned.

The paper is what changes slowly, or softly: its color is found on a grid of at most GRID cells a side, from
which lines are removed, as the smooth area that is large, light and at the border. A fill is parted from it
by a line, black hair by its darkness. Where the paper is covered, it is interpolated.

The drawing is the picture divided by its paper, so that a network sees dark lines on pure white. After
coloring, each pixel of the picture takes the tint that its pixel of the drawing has received.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

import numpy as np
from PIL import Image
from scipy import ndimage

from condcolor.conditions.colors import RGB, parse_color
from condcolor.errors import UsageError
from condcolor.imaging.geometry import STRIP_PIXELS
from condcolor.imaging.line_art import LINE_WIDTH

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
        for rows in _strips(self.rgb.shape):
            seen, own = self.sketch[rows], self.rgb[rows]
            light = own * _tint(colored[rows], seen)
            made[rows] = np.where(colored[rows] == seen, own, _to_uint8(light))
        return made

    def _on_new(self, colored: np.ndarray, paper: np.ndarray) -> np.ndarray:
        """Return the coloring, lines as dark as in the picture, on paper `[3]` in 0..255."""
        if self.contrast == 1 and (paper == 255).all():
            return colored
        made = np.empty_like(colored)
        for rows in _strips(self.rgb.shape):
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
NEAR_WHITE = 253  # of 255; paper that is as light is white
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
    inverted = _has_light_lines(grid)
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


INK = 0.12  # of the paper; a darker cell has a line
LINED_STEP = 0.035  # of the light, across three cells; a larger one at a line is the edge of a fill
BARE_STEP = 0.18  # without a line; a smaller one is a shadow's edge
ALIKE = 0.07  # of the paper expected; an area as light is paper, too
LEAST_SHARE = 0.1  # of the cells; a smaller area is not paper
LEAST_LIGHT = 60  # of 255, of the lightest channel; a darker area is not paper
LEAST_TINT = (
    0.3  # of the lightest channel, what the darkest has at least; a more colored area is a fill
)
DARKER = 0.5  # of the paper expected; a darker area is never paper
BARELY_GREY = 160  # of 255; darker than white paper in the shade
ENOUGH = 0.8  # of 9 cells; with fewer known, a cell is interpolated
CLOSED = 0.1  # of a bare cell's weight, that of paper that lines cover
Index = tuple[int | slice, ...]
BORDERS: tuple[Index, ...] = ((0,), (-1,), (slice(1, -1), 0), (slice(1, -1), -1))
AROUND = 1 / 3  # of the border; a darker area that has more is ground, too
WHITE_SHARE = (
    0.75  # of the paper; with more white and a white border it is white paper with shading
)


def find_paper(grid: np.ndarray, *, white: bool = False) -> tuple[np.ndarray, np.ndarray] | None:
    """Find the paper of a small picture.

    Args:
        grid: `[h, w, 3]` uint8, of about GRID cells a side.
        white: white paper is found, too, for its noise.

    Returns:
        Its paper `[h, w, 3]` float32 in (0, 1], and the cells `[h, w]` bool that show nothing else; None if
        it is white, or if there is none.
    """
    planes = np.ascontiguousarray(grid.transpose(2, 0, 1))
    closed = _without_lines(planes)
    lightest = closed.min(axis=0)
    is_white = lightest >= NEAR_WHITE
    ring = np.concatenate([lightest[border] for border in BORDERS])
    if not white and is_white.mean() > 0.5 and ((ring >= NEAR_WHITE) | (ring < BARELY_GREY)).all():
        return None
    light = closed.astype(np.float32)
    trend = _trend(light)
    even = light / (trend / trend.max(axis=(1, 2), keepdims=True))
    high, low = _slid(even, 3, np.maximum), _slid(even, 3, np.minimum)
    step = ((high - low) / np.maximum(high, 12)).max(axis=0)
    depth = ((closed - planes) / np.maximum(light, 1)).max(axis=0)
    lined = _slid(depth > INK, 3, np.maximum)
    smooth = step < np.where(lined, np.float32(LINED_STEP), np.float32(BARE_STEP))
    areas, count = ndimage.label(_slid(smooth, 3, np.minimum))
    if count == 0:
        return None
    areas = np.where(areas == 0, _slid(areas, 3, np.maximum), areas) * smooth  # the eroded rim
    sizes = np.bincount(areas.ravel(), minlength=count + 1)
    sizes[0] = 0
    edge = np.concatenate([areas[border] for border in BORDERS])
    touching = np.bincount(edge, minlength=count + 1) / len(edge)
    levels = _means(light, areas, sizes)
    main = int(np.argmax(sizes * np.square(levels.mean(axis=0)) * (1 + touching)))
    is_paper = areas == main
    level = levels[:, main]
    if (
        sizes[main] < LEAST_SHARE * areas.size
        or level.max() < LEAST_LIGHT
        or level.min() < LEAST_TINT * level.max()
        or (not white and _is_white(is_white, is_paper))
    ):
        return None
    expected = _quadratic(light, is_paper)
    off = _means(light / expected, areas, sizes)
    also = (abs(off - 1) < ALIKE).all(axis=0) | ((touching > AROUND) & (off.min(axis=0) > DARKER))
    also[0], also[main] = False, True
    is_paper = also[areas]
    least, most = np.quantile(light[:, is_paper][:, ::8], (0.01, 0.99), axis=1).astype(np.float32)
    expected = expected.clip(least[:, None, None], most[:, None, None])
    bare = is_paper & (depth < INK / 2) & ~lined
    # means where nothing is drawn, which noise leaves alone; the closed picture is lighter
    own = np.where(bare, planes, light) / expected
    paper = expected * _spread(own, np.where(bare, 1, CLOSED * is_paper))
    return np.clip(paper.transpose(1, 2, 0) / 255, 1 / 255, 1).astype(np.float32), bare


def _without_lines(planes: np.ndarray) -> np.ndarray:
    width = _line_width(planes.shape[1:])
    return _slid(_slid(planes, width, np.maximum), width, np.minimum)


def _line_width(shape: tuple[int, ...]) -> int:
    return 2 * round(LINE_WIDTH / 2 * max(shape)) + 1


def _means(planes: np.ndarray, areas: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Return the mean of `[3, h, w]` in each area, `[3, N]`."""
    flat = areas.ravel()
    sums = [np.bincount(flat, plane.ravel(), len(sizes)) for plane in planes]
    return np.stack(sums) / np.maximum(sizes, 1)


def _is_white(white: np.ndarray, is_paper: np.ndarray) -> bool:
    """Return whether paper is white but for shading inside it, by which of the cells are white."""
    share = white[is_paper].mean()
    border = np.concatenate([white[border][is_paper[border]] for border in BORDERS])
    surrounds = len(border) > 0.3 * 2 * sum(white.shape) and border.mean() > 0.99
    return bool(share > 0.99 or (share > WHITE_SHARE and surrounds))


def _trend(light: np.ndarray) -> np.ndarray:
    """Return the quadratic surface through the light cells of `[3, h, w]`, `[3, h, w]`."""
    few = light[:, ::4, ::4]
    level = few.mean(axis=0)
    known = level >= 0.6 * np.quantile(level, 0.9)
    for _ in range(2):
        off = (few / _quadratic(few, known)).mean(axis=0)
        known &= abs(off - np.median(off[known])) < ALIKE
        if not known.any():
            return np.ones_like(light)
    return _quadratic(few, known, light.shape[1:])


def _quadratic(
    light: np.ndarray, known: np.ndarray, shape: tuple[int, ...] | None = None
) -> np.ndarray:
    """Return the quadratic surface through the known cells of `[3, h, w]`, float32 of this or its shape."""
    terms = _terms(*known.shape)
    some = terms[:, known][:, ::2]
    square = some @ some.T + 1e-3 * some.shape[1] * np.diag([0, 1, 1, 1, 1, 1]).astype(np.float32)
    factors = np.linalg.solve(square, some @ light[:, known][:, ::2].T)
    if shape is not None:
        terms = _terms(*shape)
    surface = factors.T @ terms.reshape(6, -1)
    return np.maximum(surface, 16).reshape(3, *terms.shape[1:])


@lru_cache(8)
def _terms(height: int, width: int) -> np.ndarray:
    y, x = np.linspace(-1, 1, height)[:, None], np.linspace(-1, 1, width)[None]
    terms = np.broadcast_arrays(np.ones((height, width)), x, y, x * x, x * y, y * y)
    return np.stack(terms).astype(np.float32)


def _spread(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Smooth `[C, h, w]` by weights `[h, w]`, and interpolate where they are 0, from coarse to fine."""
    parts = np.concatenate((values * weights, weights[None])).astype(np.float32)
    return _filled(parts)


def _filled(parts: np.ndarray) -> np.ndarray:
    """Return the smoothed values of `[C + 1, h, w]`, values times weights and weights."""
    sums = _slid(parts, 3, np.add)
    smooth = sums[:-1] / np.maximum(sums[-1], 1e-6)
    height, width = parts.shape[1:]
    if min(height, width) < 2 or (sums[-1] > ENOUGH).all():
        return smooth
    wide = np.pad(parts, ((0, 0), (0, height % 2), (0, width % 2)))
    half = wide[:, ::2, ::2] + wide[:, 1::2, ::2] + wide[:, ::2, 1::2] + wide[:, 1::2, 1::2]
    coarse = _filled(half / 4).repeat(2, axis=1).repeat(2, axis=2)[:, :height, :width]
    return np.where(sums[-1] > ENOUGH, smooth, _slid(coarse, 3, np.add) / 9)


WIDEST = (
    0.06  # of the cells; with more of wide light areas, a picture is no drawing on a dark ground
)
DARK_GROUND = 150  # of 255, the lightest ground on which lines are light


def _has_light_lines(grid: np.ndarray) -> bool:
    """Return whether a small picture `[h, w, 3]` uint8 has thin light lines on a dark even ground."""
    light = grid.mean(axis=-1)
    ground = np.median(light)
    if ground > DARK_GROUND:
        return False
    lighter, darker = light > ground + 30, light < ground - 30
    width = _line_width(light.shape)
    wide = _slid(_slid(lighter, width, np.minimum), width, np.maximum) & lighter
    return bool(
        lighter.mean() > 0.003 and wide.mean() < WIDEST and lighter.mean() > 3 * darker.mean()
    )


def _slid(values: np.ndarray, width: int, join: np.ufunc) -> np.ndarray:
    """Reduce each `width` x `width` window of `[..., h, w]` by `join`, edge cells repeated."""
    half = width // 2
    wide = np.pad(values, ((0, 0),) * (values.ndim - 2) + ((half, half),) * 2, mode="edge")
    height, across = values.shape[-2:]
    if join is np.add and width == 3:
        rows = wide[..., :-2, :] + wide[..., 1:-1, :] + wide[..., 2:, :]
        return rows[..., :-2] + rows[..., 1:-1] + rows[..., 2:]
    reach = 1  # the window, doubled
    rows = wide
    while 2 * reach <= width:
        rows = join(rows[..., :-reach, :], rows[..., reach:, :])
        reach *= 2
    rest = width - reach
    made = join(rows[..., :height, :], rows[..., rest : rest + height, :])
    reach = 1
    while 2 * reach <= width:
        made = join(made[..., :-reach], made[..., reach:])
        reach *= 2
    return join(made[..., :across], made[..., rest : rest + across])


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


def _strips(shape: tuple[int, ...]) -> Iterator[slice]:
    step = max(1, STRIP_PIXELS // shape[1])
    for top in range(0, shape[0], step):
        yield slice(top, min(top + step, shape[0]))
