"""Layers as an SVG drawing: a group of closed paths for each layer, in one fill, the lines on top."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

import numpy as np
from PIL import Image
from scipy import ndimage

from condcolor.imaging.layers import LINES, PAPER, Layers, usual_color
from condcolor.imaging.outlines import trace
from condcolor.imaging.save import encode_picture

HALF = 127.5  # of 255: where an outline runs between inside and outside
SEEN = 4  # alpha of 255 below which nothing is seen
ALIKE = 3  # levels of 255 within which colors are the same
MOST_COLORS = 8  # of a layer; of more, these are chosen
LEAST_SHARE = 0.002  # of a layer's pixels; a color of fewer is that of an edge
LEAST_PIXELS = 12  # of a shade
FLAT_SHARE = (
    0.98  # of what is left beside the lines; with more of it in even shades, these are traced
)
UNDER = 2  # pixels that a fill goes on under lines and under the layers over it
SMOOTHING = 0.8  # pixels, standard deviation: steps of a hard mask
TOLERANCE = 0.2  # pixels, of the outline of a fill
INK = 200  # alpha from which lines hide what is under them
NAMESPACES = 'xmlns="http://www.w3.org/2000/svg" xmlns:inkscape="http://www.inkscape.org/namespaces/inkscape"'


def encode_svg(layers: Layers) -> bytes:
    """Encode layers as an SVG drawing of their size in pixels, which Inkscape and Figma open as layers.

    Each layer is a group with its name as id and title. Its color is the `fill` of the group; of a layer in
    several colors, that of its paths. Fills go on under the lines. Lines are traced where they are half as
    dark as usual; even shades beside them are the group `shade`, uneven ones, such as those of a scan's
    paper, an embedded picture.
    """
    width, height = layers.size
    lines = dict(zip(layers.names, layers.images, strict=True)).get(LINES)
    ink = np.zeros((height, width), np.uint8) if lines is None else lines[..., 3]
    groups: list[Group] = []
    hidden = ink >= INK  # by what is drawn later, from here up
    fringe = (ink >= SEEN) & ~hidden & ~_is_even(ink)  # soft edges of lines
    for index in range(len(layers.names) - 1, -1, -1):  # from the top down
        name, image = layers.names[index], layers.images[index]
        if name == LINES:
            groups += _line_groups(image)
        elif name == PAPER:
            groups.append(_paper(image))
        elif (image[..., 3] >= SEEN).any():
            groups.append(_fills(name, image, hidden, fringe))
            hidden |= image[..., 3] > HALF
    ids: set[str] = set()
    body = "\n".join(group.text(ids) for group in groups[::-1])
    head = f'<svg {NAMESPACES} width="{width}" height="{height}" viewBox="0 0 {width} {height}">'
    return f"{head}\n{body}\n</svg>\n".encode()


@dataclass(frozen=True)
class Group:
    """A layer of the drawing: its name, the attributes of its fill, and its elements as text."""

    name: str
    fill: str
    elements: Sequence[str]

    def text(self, ids: set[str]) -> str:
        """Return the group as an element, whose id is none of `ids`, to which it is added."""
        base = re.sub(r"[^\w.-]", "-", self.name)
        base = base if re.match(r"[^\W\d]", base) else f"layer-{base}"
        id, number = base, 2
        while id in ids:
            id, number = f"{base}-{number}", number + 1
        ids.add(id)
        shown = _clean(self.name)
        about = f'inkscape:groupmode="layer" inkscape:label={quoteattr(shown)}'
        rows = "".join(f"\n  {element}" for element in self.elements)
        return f'<g id="{id}"{self.fill} {about}>\n  <title>{escape(shown)}</title>{rows}\n</g>'


def _clean(name: str) -> str:
    """Return a name without characters that XML cannot hold."""
    return re.sub("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "?", name)


def _fill(color: np.ndarray, opacity: float = 1.0) -> str:
    red, green, blue = (int(value) for value in np.round(color))
    text = f' fill="#{red:02x}{green:02x}{blue:02x}"'
    return text if opacity >= 1 - ALIKE / 255 else f'{text} fill-opacity="{opacity:.3g}"'


def _paths(
    area: np.ndarray, level: float, fill: str = "", tolerance: float | None = None
) -> list[str]:
    outlines = trace(area, level, tolerance=tolerance)
    return [f'<path{fill} d="{path}"/>' for path in outlines.paths]


def _paper(image: np.ndarray) -> Group:
    height, width = image.shape[:2]
    pixels = image.reshape(-1, 4)
    if (np.ptp(pixels, axis=0) <= ALIKE).all():
        rect = f'<rect width="{width}" height="{height}"/>'
        return Group(PAPER, _fill(usual_color(image), np.median(image[..., 3]) / 255), [rect])
    return Group(PAPER, "", [_embedded(image)])


def _embedded(image: np.ndarray) -> str:
    height, width = image.shape[:2]
    png = encode_picture(np.ascontiguousarray(image[..., :3]), np.ascontiguousarray(image[..., 3]))
    data = base64.b64encode(png).decode()
    return f'<image width="{width}" height="{height}" href="data:image/png;base64,{data}"/>'


def _fills(name: str, image: np.ndarray, hidden: np.ndarray, fringe: np.ndarray) -> Group:
    """Return the group of a layer of fills, which goes on under what is `hidden` by layers above.

    It ends under a line beyond which nothing but the `fringe` of the line is its own.
    """
    alpha = image[..., 3]
    opacity = float(np.median(alpha[alpha >= SEEN])) / 255
    seen = alpha >= opacity * HALF
    reach = ndimage.binary_dilation(seen, iterations=UNDER)
    colors, nearest = _colors(image, seen)
    bare = ~hidden & ~fringe
    own, other = (ndimage.binary_dilation(a & bare, iterations=UNDER) for a in (seen, ~seen))
    whole = (seen & ~(fringe & other & ~own)) | (reach & hidden)
    if len(colors) == 1:
        return Group(name, _fill(colors[0], opacity), _mask_paths(whole))
    elements = []
    for number, color in enumerate(colors):
        # each goes on under the later ones, so that nothing shows between them
        own = whole & (nearest == number)
        later = whole & (nearest > number)
        own |= ndimage.binary_dilation(own, iterations=UNDER) & later
        elements += _mask_paths(own, _fill(color, opacity))
    return Group(name, "", elements)


def _mask_paths(mask: np.ndarray, fill: str = "") -> list[str]:
    soft = ndimage.gaussian_filter(mask.astype(np.float32) * 255, SMOOTHING, mode="nearest")
    return _paths(soft, HALF, fill, TOLERANCE)


def _colors(image: np.ndarray, seen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the colors `[K, 3]` of a layer, and the index of each pixel's color, also of unseen ones."""
    pixels = image[seen][:, :3]
    if not len(pixels):
        return np.zeros((1, 3)), np.zeros(seen.shape, int)
    usual = usual_color(image)
    if (np.abs(pixels - usual) <= ALIKE).all():
        return usual[None], np.zeros(seen.shape, int)
    row = Image.fromarray(np.ascontiguousarray(pixels[None]))
    chosen = row.quantize(MOST_COLORS, Image.Quantize.MEDIANCUT, kmeans=2)
    index = np.asarray(chosen)[0]
    counts = np.bincount(index, minlength=MOST_COLORS)
    least = max(LEAST_SHARE * len(pixels), 1)
    kept: list[np.ndarray] = []
    for number in np.argsort(-counts):
        if counts[number] < least:
            break
        color = np.median(pixels[index == number], axis=0)
        if all(np.abs(color - other).max() > ALIKE for other in kept):
            kept.append(color)
    colors = np.array(kept)
    distances = [np.abs(pixels - color).sum(axis=1) for color in colors]
    own = np.zeros(seen.shape, int)
    own[seen] = np.argmin(distances, axis=0)
    near = ndimage.distance_transform_edt(~seen, return_distances=False, return_indices=True)
    return colors, own[tuple(near)]


def _line_groups(image: np.ndarray) -> list[Group]:
    """Return the groups of the layer of lines, from the top down: the lines, and the shades beside them."""
    alpha = image[..., 3]
    seen = alpha[alpha >= 32]
    if not len(seen):
        return _shade_groups(image)
    dark = float(np.percentile(seen, 90))
    inked = alpha >= dark / 2
    color = usual_color(np.dstack((image[..., :3], np.where(inked, np.uint8(255), np.uint8(0)))))
    lines = Group(LINES, _fill(color, dark / 255), _paths(alpha, dark / 2))
    return [lines, *_shade_groups(_without(image, inked))]


def _without(image: np.ndarray, inked: np.ndarray) -> np.ndarray:
    """Return the layer of lines without lines: what is beside them goes on under them."""
    if inked.all():
        return np.zeros_like(image)
    edge = inked | (ndimage.binary_dilation(inked, iterations=2) & ~_is_even(image[..., 3]))
    edge = inked if edge.all() else edge
    near = ndimage.distance_transform_edt(edge, return_distances=False, return_indices=True)
    return image[tuple(near)]


def _shade_groups(image: np.ndarray) -> list[Group]:
    """Return the groups of what a layer of lines holds beside lines, such as grey fills and paper."""
    alpha = image[..., 3]
    seen = alpha >= SEEN
    if seen.sum() < LEAST_PIXELS:
        return []
    even = seen & _is_even(alpha)
    counts = np.bincount(alpha[even], minlength=256)
    levels: list[int] = []
    for level in np.argsort(-counts):
        if counts[level] < LEAST_PIXELS or len(levels) == MOST_COLORS:
            break
        if all(abs(int(level) - other) > ALIKE for other in levels):
            levels.append(int(level))
    distances = np.abs(alpha[..., None].astype(int) - np.array([0, *levels]))
    nearest = distances.argmin(axis=-1)
    edges = ndimage.binary_dilation(even | ~seen, iterations=2)
    explained = (distances.min(axis=-1) <= ALIKE) | edges
    if explained[seen].mean() < FLAT_SHARE:
        return [Group("shade", "", [_embedded(image)])]
    elements = []
    for number, level in enumerate(levels, start=1):
        own = nearest == number
        if own.any():
            shown = np.dstack((image[..., :3], own.astype(np.uint8) * 255))
            elements += _mask_paths(own, _fill(usual_color(shown), level / 255))
    return [Group("shade", "", elements)] if elements else []


def _is_even(alpha: np.ndarray) -> np.ndarray:
    """Return where the neighbors of a pixel are as opaque as it is, `[H, W]` bool."""
    return ndimage.maximum_filter(alpha, 3) - ndimage.minimum_filter(alpha, 3) <= ALIKE
