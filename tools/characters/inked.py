"""Hand-drawn art, in which one path is the ink of many lines and areas, as cutouts.

A sketch is drawn beside a code, the same SVG in a color for each (label, ink or area, group). White areas
have their label. In the ink, solid areas of a part (black hair) have its label, lines have none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy import ndimage

from condcolor.conditions.parts import part_index
from condcolor.data.builders.cutouts import GROUND, NO_PART, OTHER, Cutout
from condcolor.data.builders.svg_render import render_svg

HAIR, SHIRT, SKIN = part_index("hair"), part_index("shirt"), part_index("skin")
TROUSERS, HAT, SHOES = part_index("trousers"), part_index("hat"), part_index("shoes")
WHITE, BLACK = "#ffffff", "#000000"
LUMA = np.array((0.299, 0.587, 0.114), np.float32)
CODE_STEP = 4  # levels of red between the colors of a code


class Code:
    """The colors of a code: each stands for a label, whether it is ink, and a group."""

    def __init__(self) -> None:
        self.rows: list[tuple[int, bool, str]] = []

    def color(self, label: int, *, is_ink: bool, group: str = "") -> str:
        row = (label, is_ink, group)
        if row not in self.rows:
            self.rows.append(row)
        return f"#{self.rows.index(row) * CODE_STEP:02x}0000"


@dataclass(frozen=True)
class View:
    """The square that is seen of a drawing, in its units."""

    x: float
    y: float
    width: float

    @property
    def head(self) -> str:
        box = f"{self.x:.1f} {self.y:.1f} {self.width:.1f} {self.width:.1f}"
        return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}" fill="none"'


@dataclass(frozen=True)
class Inking:
    """How the ink of a drawing becomes parts. Lengths in pixels of the cutout.

    thick: half width from which ink is an area.
    hollow: part -> width of the outline of its solid areas, whose inside is left white.
    close, close_all: gaps between solid hair, or between any hair, that have no label if they are narrower.
    under_chin: y and x ranges of the shade under a chin, which is ink of the head but no hair.
    body: the parts of white areas of the group "body" and of solid ink of the group "body ink".
    """

    thick: float = 2.4
    hollow: Mapping[int, float] = field(default_factory=dict)
    close: float = 0.0
    close_all: float = 0.0
    under_chin: tuple[Sequence[float], Sequence[float]] | None = None
    body: tuple[np.ndarray, np.ndarray] | None = None


def cut_inked(
    sketch: str,
    coded: str,
    code: Code,
    view: View,
    side: int,
    rng: np.random.Generator,
    how: Inking,
) -> Cutout:
    """Draw a hand-drawn SVG as a cutout, with its lines a little thicker or thinner."""
    rendered = render_svg(f"{view.head}>{sketch}</svg>", side)
    colors = render_svg(f'{view.head} shape-rendering="crispEdges">{coded}</svg>', side)
    alpha = rendered[..., 3].astype(np.float32)
    grey = rendered[..., :3].astype(np.float32) @ LUMA
    grey[alpha == 0] = 255
    rows = np.minimum(colors[..., 0].astype(int) // CODE_STEP, len(code.rows) - 1)
    on = colors[..., 3] > 127
    labels = np.array([label for label, *_ in code.rows], np.uint8)[rows]
    groups = np.array([group for *_, group in code.rows])[rows]
    ink = np.array([is_ink for _, is_ink, _ in code.rows], bool)[rows] & on
    parts = np.where(on, np.where(ink, NO_PART, labels), GROUND).astype(np.uint8)
    for part in sorted({label for label, is_ink, _ in code.rows if is_ink} - {NO_PART}):
        whole = ink & (labels == part)
        if not whole.any():
            continue
        solid = find_solid(whole, how.thick)
        if part == HAIR:
            if how.under_chin is not None:
                _take_off_shade(solid, groups == "head", how.under_chin, view, side)
            if how.close_all:
                near = _closed(whole, how.close_all)
                parts[near & (parts != SHIRT) & (parts != GROUND)] = NO_PART
            if how.close and solid.any():
                hat = (labels == HAT) & ~ink
                near = _closed(solid, how.close) & ~hat
                parts[near & (parts != GROUND) & (parts != HAIR)] = NO_PART
        parts[solid] = part
        grey = _hollowed(rng, grey, solid, how.hollow.get(part, 0.0), strands=True)
    if how.body is not None:
        white, black = how.body
        areas = on & (groups == "body")
        parts[areas] = white[areas]
        for part in (SHIRT, TROUSERS, SHOES, SKIN, OTHER):
            solid = on & (groups == "body ink") & (black == part)
            parts[solid] = part
            grey = _hollowed(rng, grey, solid, how.hollow.get(part, 0.0), strands=False)
    grey, alpha = _with_width(rng, grey, alpha)
    parts[alpha < 128] = GROUND
    parts[(parts == GROUND) & (alpha >= 128)] = NO_PART
    return Cutout(grey.clip(0, 255).round().astype(np.uint8), parts, alpha.round().astype(np.uint8))


def depth_of(area: np.ndarray) -> np.ndarray:
    """Return how deep each pixel lies in an area, in pixels; outside of the picture is no area."""
    return ndimage.distance_transform_edt(np.pad(area, 1))[1:-1, 1:-1]


def find_solid(area: np.ndarray, radius: float) -> np.ndarray:
    """Return the solid parts of an area: those thicker than 1.5 radii, opened by discs of the radius."""
    depth = depth_of(area)
    core = depth > radius
    if not core.any():
        return core
    blobs, count = ndimage.label(core)
    deepest = ndimage.maximum(depth, blobs, np.arange(1, count + 1))
    core = np.concatenate([[False], deepest > 1.5 * radius])[blobs]
    if not core.any():
        return core
    return (ndimage.distance_transform_edt(~core) <= radius + 1) & area


def _closed(area: np.ndarray, radius: float) -> np.ndarray:
    """Return the morphological closing of an area by a disc."""
    pad = int(radius) + 2
    wide = ndimage.distance_transform_edt(~np.pad(area, pad)) <= radius
    return (ndimage.distance_transform_edt(wide) > radius)[pad:-pad, pad:-pad]


def _take_off_shade(
    solid: np.ndarray,
    on_head: np.ndarray,
    box: tuple[Sequence[float], Sequence[float]],
    view: View,
    side: int,
) -> None:
    """Take off, in place, solid ink of the head within a box below the chin."""
    (y0, y1), (x0, x1) = (
        tuple((edge - start) * side / view.width for edge in edges)
        for edges, start in zip(box, (view.y, view.x), strict=True)
    )
    blobs, _ = ndimage.label(solid)
    for number, (rows, columns) in enumerate(ndimage.find_objects(blobs), 1):
        is_within = rows.start >= y0 and rows.stop <= y1 and columns.start >= x0
        blob = blobs == number
        if is_within and columns.stop <= x1 and on_head[blob].mean() > 0.5:
            solid[blob] = False


def _hollowed(
    rng: np.random.Generator, grey: np.ndarray, solid: np.ndarray, width: float, *, strands: bool
) -> np.ndarray:
    """Return the drawing with the inside of solid areas white; some with strands, of even depth."""
    if not width or not solid.any():
        return grey
    depth = depth_of(solid)
    white = np.clip(depth - width + 0.5, 0, 1) * 255
    if strands and rng.random() < 0.4:
        step, side = rng.uniform(5, 11), len(grey)
        cells = rng.standard_normal((side // 8 + 2, side // 8 + 2))
        patches = ndimage.uniform_filter(np.kron(cells, np.ones((8, 8)))[:side, :side], 9)
        drawn = (patches > rng.uniform(0, 0.3)) & (depth > width + step * 0.3)
        away = np.abs((depth - width) % step - step / 2)
        white *= 1 - np.clip(width * 0.8 - away + 0.5, 0, 1) * drawn
    return np.maximum(grey, np.where(solid, white, 0))


def _with_width(
    rng: np.random.Generator, grey: np.ndarray, alpha: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return grey levels and alpha with thicker or thinner lines, or as they are."""
    kind = rng.random()
    if kind >= 0.5:
        return grey, alpha
    dark = (255 - grey) * alpha / 255
    cross = ndimage.generate_binary_structure(2, 1)
    if kind < 0.3:
        share, changed = rng.uniform(0.2, 0.8), ndimage.grey_dilation(dark, footprint=cross)
    else:
        share, changed = rng.uniform(0.1, 0.45), ndimage.grey_erosion(dark, footprint=cross)
    dark = dark * (1 - share) + changed * share
    alpha = np.maximum(alpha, dark)
    return np.where(alpha > 0, 255 - dark * 255 / np.maximum(alpha, 1), 255), alpha
