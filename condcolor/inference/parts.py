"""The parts of a drawing, found by the scores of a network.

Which part a piece is does not depend on colors, so all colorings of a drawing agree to the pixel.
"""

from __future__ import annotations

import numpy as np

from condcolor.conditions.parts import PARTS, SHARPNESS, Part
from condcolor.conditions.schema import AttributeSchema
from condcolor.imaging.drawing import Drawing
from condcolor.imaging.drawing_parts import Parts
from condcolor.imaging.part_regions import PartRegions
from condcolor.imaging.piece_parts import decide
from condcolor.imaging.pieces import find_pieces
from condcolor.imaging.regions import WHITE


def probabilities(scores: np.ndarray) -> np.ndarray:
    """Return the probability of each part, `[K, h, w]` float32, from scores in [-1, 1]."""
    odds = np.multiply(scores, np.float32(SHARPNESS), order="C")  # planes, whatever the layout was
    np.exp(odds, out=odds)
    odds /= odds.sum(axis=0)
    return odds


def find_parts(
    drawing: Drawing, scores: np.ndarray, schema: AttributeSchema, table: tuple[Part, ...] = PARTS
) -> Parts:
    """Return the pieces of a drawing, and the part of each.

    Args:
        drawing: the drawing.
        scores: `[K, h, w]` float32 in [-1, 1], the network's for the parts of `table` in the drawing's box.
        schema: the parts that can be asked for.
        table: all parts that the network knows.
    """
    decision = decide(find_pieces(drawing.lightness), probabilities(scores))
    return Parts(drawing, decision, schema, table)


def find_pixel_regions(
    drawing: Drawing, scores: np.ndarray, schema: AttributeSchema, table: tuple[Part, ...] = PARTS
) -> PartRegions:
    """Return the regions of a drawing whose pixels each have their own part, as the network has it.

    Args: as of `find_parts`.
    """
    height, width = drawing.sheet.rgb.shape[:2]
    rows, columns = (
        np.arange(size) * small // size
        for size, small in zip((height, width), scores.shape[1:], strict=True)
    )
    return PartRegions(
        schema=schema,
        levels=drawing.lines(),
        own=WHITE if drawing.fills is None else drawing.fills,
        colors={attribute.name: attribute.colors for attribute in schema.attributes},
        drawing=drawing,
        table=table,
        labels=scores.argmax(axis=0)[rows[:, None], columns],
        part_of=np.arange(len(scores)),
    )
