"""The kind of a picture: a drawing or a photograph.

Measures of a small grey copy are weighed by a logistic regression. A drawing is even between its lines, also
where its paper is grey or unevenly lit; its lines are thin; it has few levels. None of the measures is of
color, since old photographs are grey and icons are colored.
"""

from __future__ import annotations

import numpy as np
from PIL import Image
from scipy import ndimage

from condcolor.imaging.line_art import dark_ink, is_light_ink
from condcolor.imaging.open import Picture
from condcolor.imaging.windows import reduce_windows

DRAWING, PHOTOGRAPH, UNKNOWN = "drawing", "photograph", ""
SMALLEST = 48  # pixels of the shorter side; of less, nothing can be told
SIDE = 256  # pixels of the longer side of the copy
EVEN = 24  # levels in 3x3 pixels, up to which they belong to a margin
LEAST = 32  # pixels a side of what is between margins; with less, the margins are looked at, too
FRAME = 3  # pixels on each side that the frame of a print or a scan takes
LINE = 5  # pixels; a closing by a window of this side removes thinner lines
CELL = 8  # pixels a side of the cells whose mean the paper is estimated from
PAPER = 224  # level that the paper is brought to
DARK, GREY = 150, (60, 200)  # levels of what is dark, and of what is neither line nor paper
QUANTILES = (25, 50, 75, 90, 97)
OFTEN = 5e-4  # of the pixels; a level that more of them have counts
MOST = 3.0  # deviations from the centre, to which a measure is limited
# (centre, scale, weight, weight of the square) of each measure; a positive sum makes a photograph. Fitted by
# benchmarks/quality/kinds.py, see docs/benchmarks.md.
WEIGHTS = {
    "range 25 %": (2.239, 1.830, 0.251, 0.604),
    "range 50 %": (3.202, 2.055, 0.323, 0.057),
    "range 75 %": (4.654, 1.960, 0.288, 0.552),
    "range 90 %": (6.374, 1.173, -0.041, -0.249),
    "range 97 %": (7.174, 0.617, 1.407, 0.211),
    "range between lines 25 %": (1.102, 0.991, 0.603, 0.391),
    "range between lines 50 %": (2.227, 1.442, 1.573, 0.253),
    "range between lines 75 %": (3.694, 1.639, 1.327, -0.802),
    "range between lines 90 %": (5.322, 1.541, 0.387, -0.692),
    "range between lines 97 %": (6.315, 1.243, -0.418, -0.029),
    "coarse range 25 %": (3.066, 1.927, -0.633, -0.374),
    "coarse range 50 %": (4.802, 1.716, -1.211, -0.636),
    "coarse range 75 %": (6.392, 0.955, -2.633, -0.676),
    "coarse range 90 %": (7.009, 0.615, -1.134, 0.342),
    "coarse range 97 %": (7.310, 0.508, 0.005, -0.501),
    "coarse range between lines 25 %": (1.223, 1.070, 0.440, -0.041),
    "coarse range between lines 50 %": (2.523, 1.536, -0.020, -0.333),
    "coarse range between lines 75 %": (4.035, 1.718, 0.557, -0.106),
    "coarse range between lines 90 %": (5.301, 1.684, 0.719, 0.122),
    "coarse range between lines 97 %": (6.089, 1.461, -0.325, -0.614),
    "depth of lines 25 %": (0.243, 0.638, -1.002, -0.056),
    "depth of lines 50 %": (1.403, 1.462, 0.190, 0.474),
    "depth of lines 75 %": (2.615, 1.969, 1.672, -1.248),
    "depth of lines 90 %": (4.280, 2.071, -0.986, -0.953),
    "depth of lines 97 %": (5.581, 1.894, 0.057, -0.587),
    "contrast": (5.814, 0.561, 0.151, 0.414),
    "contrast between lines": (4.774, 1.279, 0.850, 0.431),
    "most frequent light": (0.362, 0.234, 0.866, 0.946),
    "thick dark share": (0.124, 0.110, -0.178, 0.018),
    "thick grey share": (0.153, 0.127, -1.170, 0.222),
    "levels in use": (0.619, 0.290, 2.358, -0.301),
    "entropy": (5.611, 2.097, 0.428, 1.616),
}
BIAS = -0.197
NAMES = tuple(WEIGHTS)
_TABLE = np.array(list(WEIGHTS.values()))


def kind_of(picture: Picture) -> str:
    """Return DRAWING or PHOTOGRAPH; UNKNOWN for a picture that is very small or in one color all over."""
    grey = _small_grey(picture)
    if min(picture.size) < SMALLEST or grey.min() == grey.max():
        return UNKNOWN
    centre, scale, weight, of_square = _TABLE.T
    deviation = np.clip((_measured(grey) - centre) / scale, -MOST, MOST)
    score = deviation @ weight + deviation**2 @ of_square + BIAS
    return PHOTOGRAPH if score > 0 else DRAWING


def measures(picture: Picture) -> np.ndarray:
    """Return the measures of WEIGHTS, in that order, `[M]` float."""
    return _measured(_small_grey(picture))


def _measured(grey: np.ndarray) -> np.ndarray:
    grey = _without_margins(grey)
    light = _on_even_paper(grey)
    half, coarse = (np.asarray(Image.fromarray(light).reduce(by)) for by in (2, 4))
    between = _closed(coarse, LINE)
    found: list[float] = []
    for each in (light, _closed(half, LINE), coarse, between):
        found += _quantiles(
            reduce_windows(each, 3, np.maximum) - reduce_windows(each, 3, np.minimum)
        )
    found += _quantiles(_closed(light, LINE) - light)
    found += [np.log2(1 + each.std(dtype=np.float32)) for each in (light, between)]
    share = np.bincount(light.ravel() // 4, minlength=64) / light.size
    found.append((share[:-2] + share[1:-1] + share[2:]).max())
    for inside in (light < DARK, (light > GREY[0]) & (light < GREY[1])):
        found.append(reduce_windows(inside, LINE, np.logical_and).mean())
    share = np.bincount(grey.ravel(), minlength=256) / grey.size
    some = share[share > 0]
    found += [(share > OFTEN).mean(), -(some * np.log2(some)).sum()]
    return np.array(found)


def _small_grey(picture: Picture) -> np.ndarray:
    """Return a grey copy of at most SIDE pixels a side, `[h, w]` uint8; light ink on transparency is dark."""
    rgb = picture.rgb
    if picture.alpha is not None and is_light_ink(rgb, picture.alpha):
        rgb = dark_ink(rgb, picture.alpha)
    image = Image.fromarray(rgb)
    if (factor := max(image.size) // SIDE) > 1:
        image = image.reduce(factor)
    image = image.convert("L")
    if (scale := SIDE / max(image.size)) < 1:
        width, height = (max(1, round(side * scale)) for side in image.size)
        image = image.resize((width, height), Image.Resampling.BOX)
    return np.asarray(image)


def _without_margins(grey: np.ndarray) -> np.ndarray:
    """Return what is between even margins: paper around a drawing, a photograph on a page."""
    lined = reduce_windows(grey, 3, np.maximum) - reduce_windows(grey, 3, np.minimum) > EVEN
    rows, columns = (np.flatnonzero(lined.mean(axis=axis) > 0.01) for axis in (1, 0))
    if len(rows) < LEAST or len(columns) < LEAST:
        return grey
    inside = grey[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return inside[FRAME:-FRAME, FRAME:-FRAME]


def _on_even_paper(grey: np.ndarray) -> np.ndarray:
    """Return a picture relative to its paper, or to the light that falls on it, `[h, w]` uint8.

    Light lines on dark become dark lines on light.
    """
    height, width = grey.shape
    opened = reduce_windows(reduce_windows(grey, LINE, np.minimum), LINE, np.maximum)
    if opened.std(dtype=np.float32) < _closed(grey, LINE).std(dtype=np.float32):
        grey = 255 - grey
    cells = _closed(np.asarray(Image.fromarray(grey).reduce(CELL)), 9).astype(np.float32)
    cells = ndimage.uniform_filter(cells, 5, mode="nearest")
    size = cells.shape[1] * CELL, cells.shape[0] * CELL
    wide = Image.fromarray(cells).resize(size, Image.Resampling.BILINEAR)
    paper = np.maximum(np.asarray(wide)[:height, :width], 1)
    return np.minimum(grey * (PAPER / paper), 255).astype(np.uint8)


def _closed(grey: np.ndarray, width: int) -> np.ndarray:
    return reduce_windows(reduce_windows(grey, width, np.maximum), width, np.minimum)


def _quantiles(levels: np.ndarray) -> list[float]:
    """Return log2(1 + the quantile) of levels `[h, w]` uint8, for each of QUANTILES."""
    below = np.cumsum(np.bincount(levels.ravel(), minlength=256)) / levels.size
    return list(np.log2(1 + np.searchsorted(below, np.array(QUANTILES) / 100)))
