"""What flat colorings teach: the part of each pixel, found where the colors of a drawing's targets differ.

A pixel belongs to an attribute if in every target of its drawing it has the color of that target's value. So
one target says it where no other attribute has the same color, two targets nearly always, and a mask always.
Pixels whose fill never changes are of a fixed color, such as skin, or are left as the sketch has them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from condcolor.conditions.colors import RGB
from condcolor.conditions.schema import NOT_APPLICABLE, AttributeSchema
from condcolor.data.dataset import ImageDataset
from condcolor.imaging.windows import reduce_windows

TOLERANCE = 24  # of 255 in each channel: above JPEG noise, below the distance of named colors
LIGHT = 0.75  # lightness of the sketch below which a pixel is on a line, and has no certain fill
EVEN = 6  # of 255: range of a 3x3 window inside a flat fill
MOST_FIXED = 6  # fixed colors that get a part of their own
LEAST_SHARE = 0.002  # of the picture; a smaller area of one color is none
LEAST_DRAWINGS = 0.1  # of all; a fixed color that fewer show is no part
FLAT = 0.8  # of the colored pixels of a drawing have a known color in a set of flat fills
SEEN = 0.5  # of the drawings must show an attribute's part, else the targets do not tell it
ASSOCIATED = 0.5  # how much more often a value's color is seen with the value than without
NOTHING = 0  # the first class: what no target colors; then the attributes, then the fixed colors


@dataclass(frozen=True)
class PartClasses:
    """What the pixels of a set of flat colorings are: nothing, an attribute, or of a fixed color.

    schema: the attributes, each value with its color.
    fixed: the colors of what no attribute changes.
    """

    schema: AttributeSchema
    fixed: tuple[RGB, ...] = ()

    @property
    def count(self) -> int:
        return 1 + len(self.schema.names) + len(self.fixed)

    def of_drawing(
        self, sketch: np.ndarray, targets: np.ndarray, values: np.ndarray, mask: np.ndarray | None
    ) -> np.ndarray:
        """Return which classes each pixel may be, `[count, H, W]` bool; none where nothing is known.

        Args:
            sketch: `[H, W, 3]` uint8.
            targets: `[R, H, W, 3]` uint8, its colorings.
            values: `[R, A]` int, the value indices of each.
            mask: `[H, W, 3]` uint8, the attributes' parts and one of a fixed color; or None.
        """
        light = sketch.mean(axis=-1) >= LIGHT * 255
        fills = _fills(sketch, targets)
        rows: list[list[RGB | None]] = [[(255, 255, 255)] * len(targets)]
        for index, attribute in enumerate(self.schema.attributes):
            colors = attribute.palette
            rows.append([None if v == NOT_APPLICABLE else colors[v] for v in values[:, index]])
        rows += [[color] * len(targets) for color in self.fixed]
        may_be = np.stack([_alike(fills, row) for row in rows]) & light
        if mask is not None:
            self._apply(mask, may_be, light)
        return may_be

    def _apply(self, mask: np.ndarray, may_be: np.ndarray, light: np.ndarray) -> None:
        """Let a mask decide what is an attribute's part, in place."""
        shown = min(len(self.schema.names), mask.shape[-1])
        parts = (mask[..., :shown] > 127) & light[..., None]
        inside = parts.any(axis=-1)
        own = np.moveaxis(parts, -1, 0)
        may_be[:, inside] = False
        may_be[1 : 1 + shown] = own


def _fills(sketch: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Return the targets without the sketch's own tones, `[R, H, W, 3]` int16."""
    paper = np.maximum(sketch.astype(np.float32), LIGHT * 255)
    return np.minimum(targets * (255 / paper), 255).round().astype(np.int16)


def _alike(fills: np.ndarray, colors: Sequence[RGB | None]) -> np.ndarray:
    """Return `[H, W]` bool: pixels that have the color of each target in it."""
    alike = np.ones(fills.shape[1:3], bool)
    for fill, color in zip(fills, colors, strict=True):
        if color is None:
            return np.zeros_like(alike)
        alike &= np.abs(fill - np.array(color, np.int16)).max(axis=-1) <= TOLERANCE
    return alike


@dataclass(frozen=True)
class Drawing:
    """A drawing of a set: its sketch, its targets and what they show; as for `PartClasses.of_drawing`."""

    sketch: np.ndarray
    targets: np.ndarray
    values: np.ndarray
    mask: np.ndarray | None


def drawings_of(pictures: ImageDataset, sources: Sequence[int]) -> list[Drawing]:
    """Return the drawings of these sources of a data set, each with all of its rows."""
    found = []
    for source in sources:
        rows = (pictures.source_of == source).nonzero().flatten()
        targets = pictures.partners.take(pictures.partner_of[rows])
        found.append(
            Drawing(
                _pixels(pictures.pictures[source]),
                np.stack([_pixels(target) for target in targets]),
                pictures.values[rows].numpy(),
                pictures.whole_mask_of(int(rows[0])),
            )
        )
    return found


def _pixels(picture: Tensor) -> np.ndarray:
    return picture.permute(1, 2, 0).numpy()


def find_classes(
    drawings: Sequence[Drawing], schema: AttributeSchema
) -> tuple[PartClasses | None, str]:
    """Find what flat colorings teach; None and the reason, as the end of a sentence, where they are not flat.

    Args:
        drawings: of the training split.
        schema: the attributes; colors that are not known are found by the values that they occur with.
    """
    areas = [_even_areas(drawing) for drawing in drawings]
    schema = _with_associated(schema, drawings, areas)
    for attribute in schema.attributes:
        unknown = [v for v, c in zip(attribute.values, attribute.palette, strict=True) if c is None]
        if unknown:
            return None, f"{attribute.name} {unknown[0]} has no colour of its own in the targets"
    bare = PartClasses(schema)
    known = [_classified(bare, drawing) for drawing in drawings]
    fixed = _fixed_colors(schema, drawings, areas, known)
    classes = PartClasses(schema, fixed)
    known = [_classified(classes, drawing) for drawing in drawings]
    flat = [_flat_share(drawing, may_be) for drawing, may_be in zip(drawings, known, strict=True)]
    if np.mean(flat) < FLAT:
        return (
            None,
            f"{100 * (1 - float(np.mean(flat))):.0f} % of the coloured area is in other shades",
        )
    for index, name in enumerate(schema.names):
        own = [m for d, m in zip(drawings, known, strict=True) if _applies(d, index)]
        seen = np.mean([_is_shown(may_be, 1 + index) for may_be in own]) if own else 0.0
        if seen < SEEN:
            return (
                None,
                f"{name} is told from the rest in {100 * float(seen):.0f} % of the drawings",
            )
    return classes, ""


def _classified(classes: PartClasses, drawing: Drawing) -> np.ndarray:
    return classes.of_drawing(drawing.sketch, drawing.targets, drawing.values, drawing.mask)


def _applies(drawing: Drawing, index: int) -> bool:
    return bool((drawing.values[:, index] != NOT_APPLICABLE).all())


def _is_shown(may_be: np.ndarray, index: int) -> bool:
    """Whether an area of some size is of this class alone."""
    alone = may_be[index] & (may_be.sum(axis=0) == 1)
    return bool(alone.sum() >= LEAST_SHARE * alone.size)


def _flat_share(drawing: Drawing, may_be: np.ndarray) -> float:
    """Return how much of what is colored in a drawing has a known color, 0 to 1; 1 without colors."""
    fills = _fills(drawing.sketch, drawing.targets)
    light = drawing.sketch.mean(axis=-1) >= 0.95 * 255
    colored = np.asarray(light & (fills.min(axis=(0, 3)) < 255 - TOLERANCE))
    known = np.asarray(may_be.any(axis=0))
    return float(known[colored].mean()) if colored.any() else 1.0


def _even_areas(drawing: Drawing) -> list[dict[RGB, float]]:
    """Return for each target its flat colors but white, and the share of the picture that each has."""
    light = drawing.sketch.mean(axis=-1) >= LIGHT * 255
    found = []
    for fill in _fills(drawing.sketch, drawing.targets).astype(np.uint8):
        span = reduce_windows(fill.max(axis=-1), 3, np.maximum).astype(np.int16)
        span -= reduce_windows(fill.min(axis=-1), 3, np.minimum)
        own = fill.max(axis=-1).astype(np.int16) - fill.min(axis=-1)
        even = light & (span - own <= EVEN) & (fill.min(axis=-1) < 255 - TOLERANCE)
        colors, counts = np.unique(fill[even], axis=0, return_counts=True)
        found.append(_merged(colors, counts / even.size))
    return found


def _merged(colors: np.ndarray, shares: np.ndarray) -> dict[RGB, float]:
    """Return colors `[N, 3]`, nearly the same ones as one, without small areas."""
    merged: dict[RGB, float] = {}
    for index in np.argsort(-shares):
        color = tuple(int(channel) for channel in colors[index])
        near = next((c for c in merged if _near(c, color)), None)
        if near is not None:
            merged[near] += float(shares[index])
        elif len(merged) < 64:
            merged[color[0], color[1], color[2]] = float(shares[index])
    return {color: share for color, share in merged.items() if share >= LEAST_SHARE}


def _near(one: Sequence[int], other: Sequence[int]) -> bool:
    return all(abs(a - b) <= TOLERANCE for a, b in zip(one, other, strict=True))


def _with_associated(
    schema: AttributeSchema,
    drawings: Sequence[Drawing],
    areas: Sequence[Sequence[Mapping[RGB, float]]],
) -> AttributeSchema:
    """Return the schema with the colors that are not known: those that occur with their value alone."""
    rows = [
        (values, colors)
        for drawing, targets in zip(drawings, areas, strict=True)
        for values, colors in zip(drawing.values, targets, strict=True)
    ]
    palette: dict[str, dict[str, RGB | None]] = defaultdict(dict)
    every = _merged_over([colors for _, colors in rows])
    for index, attribute in enumerate(schema.attributes):
        for number, (value, known) in enumerate(
            zip(attribute.values, attribute.palette, strict=True)
        ):
            if known is not None:
                continue
            own = [colors for values, colors in rows if values[index] == number]
            others = [colors for values, colors in rows if values[index] != number]
            scores = {c: _shown(c, own) - _shown(c, others) for c in every}
            best = max(scores, key=lambda color: scores[color], default=None)
            if best is not None and scores[best] >= ASSOCIATED:
                palette[attribute.name][value] = best
    return schema.with_palette(palette)


def _shown(color: RGB, targets: Sequence[Mapping[RGB, float]]) -> float:
    """Return the share of the targets in which a color is seen."""
    seen = [any(_near(color, other) for other in colors) for colors in targets]
    return float(np.mean(seen)) if seen else 0.0


def _merged_over(targets: Sequence[Mapping[RGB, float]]) -> list[RGB]:
    """Return the flat colors of all targets, nearly the same ones as one, the most frequent first."""
    totals: dict[RGB, float] = defaultdict(float)
    for colors in targets:
        for color, share in colors.items():
            totals[color] += share
    merged: list[RGB] = []
    for color in sorted(totals, key=lambda c: -totals[c]):
        if not any(_near(color, other) for other in merged):
            merged.append(color)
    return merged


def _is_asked(color: RGB, schema: AttributeSchema) -> bool:
    """Whether an attribute has a value of about this color."""
    palettes = (attribute.palette for attribute in schema.attributes)
    return any(_near(color, own) for palette in palettes for own in palette if own is not None)


def _fixed_colors(
    schema: AttributeSchema,
    drawings: Sequence[Drawing],
    areas: Sequence[Sequence[Mapping[RGB, float]]],
    known: Sequence[np.ndarray],
) -> tuple[RGB, ...]:
    """Return the flat colors of what is no attribute's in several drawings, the most frequent first."""
    seen: dict[RGB, int] = defaultdict(int)
    every = _merged_over([colors for targets in areas for colors in targets])
    for drawing, targets, may_be in zip(drawings, areas, known, strict=True):
        fills = _fills(drawing.sketch, drawing.targets)
        free = ~may_be.any(axis=0)
        for color in every:
            if not all(any(_near(color, other) for other in colors) for colors in targets):
                continue
            alike = _alike(fills, [color] * len(fills)) & free
            seen[color] += int(alike.sum() >= LEAST_SHARE * alike.size)
    least = max(min(2, len(drawings)), LEAST_DRAWINGS * len(drawings))
    frequent = [color for color in seen if seen[color] >= least and not _is_asked(color, schema)]
    return tuple(sorted(frequent, key=lambda color: -seen[color])[:MOST_FIXED])
