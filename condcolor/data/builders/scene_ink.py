"""The ink of a scene: lines bent, thickened, broken, doubled, faded, tinted; tint and grain of the paper."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageFilter

from condcolor.data.builders.cutouts import GROUND, NO_PART
from condcolor.data.builders.scene_canvas import Canvas

_LINE = 150  # grey level below which a pixel that is no dark fill is a line
_SOFT = 215  # grey level below which it is the soft edge of a line
_DOUBLED_LINE = 140  # likewise of doubled lines
_COARSE, _FINE = (4, 0.022), (8, 0.012)  # cells of a bent mesh each way, most shift in sides
_NEAREST, _BILINEAR = Image.Resampling.NEAREST, Image.Resampling.BILINEAR
_BICUBIC, _BOX = Image.Resampling.BICUBIC, Image.Resampling.BOX


def ink_scene(
    rng: np.random.Generator, canvas: Canvas, *, is_clean: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Draw a scene by an imperfect hand, on paper that is not quite white.

    is_clean: the lines stay as they are in most cases, as in a set of icons.

    Returns:
        The sketch, RGB `[H, W, 3]` uint8, and the part of each pixel, or NO_PART: `[H, W]` uint8.
    """
    if rng.random() < 0.75:
        _bend(rng, canvas, 0.35 if is_clean else 1.0)
    grey, parts, solid = canvas.grey, canvas.parts.copy(), canvas.solid
    lines = (grey < _LINE) & ~solid
    parts[(grey < _SOFT) & ~solid] = NO_PART
    if not is_clean or rng.random() < 0.3:
        grey = _vary_width(rng, grey, may_thin=not is_clean)
        if rng.random() < 0.45:
            grey = _with_gaps(rng, grey, lines, solid)
        if rng.random() < 0.12:
            grey = np.where(solid, grey, _as_pencil(rng, grey))
        if rng.random() < 0.1:
            grey = _doubled(rng, grey)
            parts[(grey < _DOUBLED_LINE) & ~solid] = NO_PART
    return _on_paper(rng, _scanned(rng, grey)), parts


def _bend(rng: np.random.Generator, canvas: Canvas, strength: float) -> None:
    """Bend a scene smoothly, in place."""
    cells, most = _COARSE if rng.random() < 0.7 else _FINE
    cell = canvas.size / cells
    spread = rng.uniform(0, most) * canvas.size * strength
    shifts = rng.normal(0, spread, (cells + 1, cells + 1, 2))
    shifts[[0, -1]] *= 0.5
    shifts[:, [0, -1]] *= 0.5

    def corner(row: int, column: int) -> tuple[float, float]:
        dx, dy = shifts[row, column]
        return column * cell + dx, row * cell + dy

    mesh = []
    for row in range(cells):
        for column in range(cells):
            box = (column * cell, row * cell, (column + 1) * cell, (row + 1) * cell)
            around = ((row, column), (row + 1, column), (row + 1, column + 1), (row, column + 1))
            points = [number for at in around for number in corner(*at)]
            mesh.append((tuple(int(edge) for edge in box), tuple(points)))

    def bent(plane: np.ndarray, outside: int, method: Image.Resampling) -> np.ndarray:
        image = Image.fromarray(plane.astype(np.uint8))
        size, warp = image.size, Image.Transform.MESH
        return np.asarray(image.transform(size, warp, mesh, method, fillcolor=outside))

    canvas.grey = bent(canvas.grey.clip(0, 255), 255, _BILINEAR).astype(np.float32)
    canvas.parts = bent(canvas.parts, GROUND, _NEAREST)
    canvas.solid = bent(canvas.solid, 0, _NEAREST) > 0


def _vary_width(rng: np.random.Generator, grey: np.ndarray, *, may_thin: bool) -> np.ndarray:
    """Thicken or thin the lines by a pixel, or leave them."""
    kind = rng.random()
    if kind < 0.15:
        return _filtered(grey, ImageFilter.MinFilter(3))
    if kind < 0.28 and may_thin:
        share = rng.uniform(0.4, 0.85)
        return grey * (1 - share) + _filtered(grey, ImageFilter.MaxFilter(3)) * share
    return grey


def _with_gaps(
    rng: np.random.Generator, grey: np.ndarray, lines: np.ndarray, solid: np.ndarray
) -> np.ndarray:
    """Erase the lines in a few small discs; dark fills stay."""
    ys, xs = lines.nonzero()
    if not len(ys):
        return grey
    grey, (y, x) = grey.copy(), np.ogrid[: len(grey), : len(grey)]
    most = 16 if rng.random() < 0.3 else 7
    for _ in range(rng.integers(1, most)):
        at, radius = rng.integers(len(ys)), rng.uniform(1.5, 7) * len(grey) / 256
        grey[((y - ys[at]) ** 2 + (x - xs[at]) ** 2 < radius**2) & ~solid] = 255
    return grey


def _as_pencil(rng: np.random.Generator, grey: np.ndarray) -> np.ndarray:
    """Let lines taper off and break, as those of a pencil."""
    pressure = _smooth_noise(rng, len(grey) // 8, len(grey))
    pressure = pressure * rng.uniform(1.2, 2.6) - rng.uniform(0, 0.3)
    return 255 - (255 - grey) * pressure.clip(0, 1)


def _doubled(rng: np.random.Generator, grey: np.ndarray) -> np.ndarray:
    """Draw all lines a second time, a few pixels beside the first."""
    second = np.roll(grey, rng.integers(-4, 5, 2), (0, 1))
    return np.minimum(grey, 255 - (255 - second) * rng.uniform(0.4, 1))


def _scanned(rng: np.random.Generator, grey: np.ndarray) -> np.ndarray:
    """Fade, coarsen or blur a drawing, or leave it."""
    fade = rng.uniform(0, 0.6) * rng.random() if rng.random() < 0.6 else 0
    grey = 255 - (255 - grey) * (1 - fade)
    size = len(grey)
    if rng.random() < 0.15:
        coarse = round(rng.uniform(0.27, 0.78) * size)
        image = Image.fromarray(grey.clip(0, 255).astype(np.uint8))
        smaller = image.resize((coarse, coarse), _BOX)
        grey = np.asarray(smaller.resize((size, size), _BICUBIC), np.float32)
    if rng.random() < 0.1:
        grey = _filtered(grey, ImageFilter.GaussianBlur(rng.uniform(0.4, 1.2)))
    return grey


def _on_paper(rng: np.random.Generator, grey: np.ndarray) -> np.ndarray:
    """Return a drawing `[H, W]` as RGB uint8, some in colored ink or on paper with shadows and grain."""
    rgb = np.repeat(grey[..., None], 3, axis=2)
    if rng.random() < 0.15:
        rgb = 255 - (255 - rgb) * (255 - rng.uniform(0, 150, 3)) / 255
    if rng.random() < 0.3:
        darkest = rng.uniform(0, 0.06) if rng.random() < 0.92 else rng.uniform(0.1, 0.3)
        shadow = darkest * _smooth_noise(rng, 4, len(grey))[..., None]
        rgb = rgb * (1 - shadow) * (1 - rng.uniform(0, 0.03, 3))
    if rng.random() < 0.35:
        rgb = rgb + rng.normal(0, rng.uniform(1, 7), (*grey.shape, 1))
    return rgb.clip(0, 255).round().astype(np.uint8)


def _smooth_noise(rng: np.random.Generator, cells: int, size: int) -> np.ndarray:
    """Return smooth noise in [0, 1] from a random grid: `[size, size]` float."""
    grid = rng.integers(0, 256, (cells, cells), dtype=np.uint8)
    return np.asarray(Image.fromarray(grid).resize((size, size), _BICUBIC), np.float32) / 255


def _filtered(grey: np.ndarray, how: ImageFilter.Filter) -> np.ndarray:
    image = Image.fromarray(grey.clip(0, 255).astype(np.uint8))
    return np.asarray(image.filter(how), np.float32)
