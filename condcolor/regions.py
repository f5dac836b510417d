"""Where a model paints an attribute, found from what it paints: no labels, no masks.

A picture's fill is taken for `rest + sum_k share_k * color_k`, k the attributes: linear in the colour of
each, as flat fills with soft edges are, and shaded ones. The same picture painted in several values of one
attribute then differs by `share_k * (color - mean color)`, which gives share and colours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

PURE = 0.9  # share of the largest change from which a pixel is all an attribute's
LEAST_CHANGE = 0.1  # of the range, over all values: what changes less is not there to be seen
FEWEST = 9  # pixels that must change by as much as the largest change says
TRUSTED = 0.5  # from here on a pixel is no line, and says a fill colour
NOISE, FULL = 0.02, 0.96  # shares below and above which a flat fill's pixel is none and all of it
MOST_RELIEF = 1.6  # how much lighter than its region's usual colour a pixel can be
DEEP, SURE = (
    0.15,
    0.5,
)  # a dark pixel counts as shaded, not as partly covered, as its share rises so
COVERED = 0.93  # of a region of uneven fill: from here up nothing shows through


@dataclass(frozen=True)
class Shares:
    """What `find_shares` found. All float32, colours in [0, 1].

    rest: `[3, h, w]`, what is not painted in any attribute's colour, weighed by its share.
    shares: `[K, h, w]`, what each attribute's colour is multiplied by: its part of the pixel times
        the lightness there relative to the region's.
    covers: `[K, h, w]` in [0, 1], its part of the pixel alone. They add up to at most 1.
    colors: an array `[V, 3]` an attribute, the colour of each of its values.
    """

    rest: np.ndarray
    shares: np.ndarray
    covers: np.ndarray
    colors: tuple[np.ndarray, ...]


def find_shares(
    base: np.ndarray, varied: Sequence[np.ndarray], trust: np.ndarray, *, flat: bool
) -> Shares:
    """The shares of attributes in a picture's fills.

    Args:
        base: `[3, h, w]` float in [0, 1], the fills with each attribute in the first of its values.
        varied: `[V, 3, h, w]` an attribute: the fills in its values, the others in their first.
        trust: `[h, w]` in [0, 1], low on lines, which say no fill.
        flat: the model's fills have no shading.
    """
    found = [_share(fills, trust > TRUSTED) for fills in varied]
    shares = np.stack([share for share, _ in found])
    colors = tuple(color for _, color in found)
    top = FULL if flat else 1.0
    shares = np.clip((shares - NOISE) / (top - NOISE), 0, 1 if flat else MOST_RELIEF)
    covers = np.minimum(shares, 1)
    crowd = np.maximum(covers.sum(0), 1)
    shares, covers = shares / crowd, covers / crowd
    rest = base - np.einsum("khw,kc->chw", shares, np.stack([color[0] for color in colors]))
    rest = np.maximum(rest, 0)
    if not flat:
        covers = _shaded_covers(shares, covers, rest)
    rest = np.minimum(rest, 1 - covers.sum(0))
    return Shares(*(a.astype(np.float32) for a in (rest, shares, covers)), colors)


def _share(fills: np.ndarray, trusted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """One attribute's share `[h, w]`, 1 in most of its region, and the colours `[V, 3]` of its values.

    Where nothing changes, the share is 0 everywhere.
    """
    change = fills - fills.mean(axis=0)
    size = np.sqrt(np.square(change).sum(axis=(0, 1))) * trusted
    top = np.sort(size, axis=None)[-min(FEWEST, size.size)]
    if top < LEAST_CHANGE:
        return np.zeros_like(size), np.ones((len(fills), 3), np.float32)
    direction = np.median(change[:, :, size >= PURE * top], axis=-1)  # (V, 3)
    share = np.einsum("vchw,vc->hw", change, direction) / max(np.square(direction).sum(), 1e-12)
    whole = (share > 0.5) & trusted
    if whole.any():
        share /= np.median(share[whole])
    inside = (abs(share - 1) < 1 - PURE) & trusted
    if not inside.any():  # pixels that change, but no two of them alike
        return np.zeros_like(size), np.ones((len(fills), 3), np.float32)
    return share, np.median(fills[:, :, inside], axis=-1)


def _shaded_covers(shares: np.ndarray, covers: np.ndarray, rest: np.ndarray) -> np.ndarray:
    """Covers that do not shrink where a region is shaded: dark, but with nothing of the rest in it."""
    share, cover = shares.sum(0), covers.sum(0)
    most = np.clip(1 - rest.max(axis=0), 0, 1)  # what the rest leaves, were it white
    sure = np.clip((share - DEEP) / (SURE - DEEP), 0, 1)
    whole = cover + np.maximum(most - cover, 0) * sure
    return shares / np.maximum(share, 1e-6) * np.minimum(whole / COVERED, 1)
