"""The parts of a drawing: the scores of a network, pieces that each get one part, `Regions` of them.

Which part a piece is does not depend on colors, so all colorings of a drawing agree to the pixel.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from condcolor.conditions.parts import PARTS, SHARPNESS, part_index
from condcolor.conditions.parts import WHITE as UNFILLED
from condcolor.conditions.schema import AttributeSchema
from condcolor.imaging.drawing import Drawing
from condcolor.imaging.paper import Paper
from condcolor.imaging.piece_parts import decide
from condcolor.imaging.pieces import find_pieces
from condcolor.imaging.regions import WHITE, Regions

OUTLINE = 1 / 100  # of the longer side; width of the outline that a filled black area keeps


def probabilities(scores: np.ndarray) -> np.ndarray:
    """Return the probability of each part, `[K, h, w]` float32, from scores in [-1, 1]."""
    odds = np.multiply(scores, np.float32(SHARPNESS), order="C")  # planes, whatever the layout was
    np.exp(odds, out=odds)
    odds /= odds.sum(axis=0)
    return odds


def find_part_regions(
    drawing: Drawing,
    scores: np.ndarray,
    schema: AttributeSchema,
    *,
    paper: Paper = "keep",
    fill_black: bool = False,
    whole: bool = True,
) -> Regions:
    """Decide the part of each piece of a drawing and return its regions.

    Args:
        drawing: the drawing.
        scores: `[K, h, w]` float32 in [-1, 1], the network's for PARTS in the drawing's box.
        schema: the parts that can be asked for.
        paper: what becomes of the drawing's paper.
        fill_black: solid black areas are colored, too, up to an outline.
        whole: each piece gets one part; else each pixel its own, as the network has it.
    """
    doubts = decision = None
    if whole:
        decision = decide(find_pieces(drawing.lightness), probabilities(scores))
        is_doubt = np.zeros(decision.pieces.count + 1, bool)
        is_doubt[decision.doubts] = True
        parts, doubts = decision.parts, is_doubt[decision.pieces.labels]
    else:
        height, width = drawing.sheet.rgb.shape[:2]
        rows, columns = (
            np.arange(size) * small // size
            for size, small in zip((height, width), scores.shape[1:], strict=True)
        )
        parts = scores.argmax(axis=0)[rows[:, None], columns]
    covers = np.empty((len(schema.names), *parts.shape), np.float32)
    for cover, name in zip(covers, schema.names, strict=True):
        np.equal(parts, part_index(name), out=cover)
    own = WHITE if drawing.fills is None else drawing.fills
    rest = own * (1 - covers.sum(axis=0))
    if drawing.fills is None:
        for index, part in enumerate(PARTS):
            if part.fill != UNFILLED and part.name not in schema.names:
                rest[:, parts == index] = np.array(part.fill, np.float32)[:, None] / 255
    lines = drawing.lines(paper)
    if fill_black and decision is not None:
        black = decision.pieces.dark[decision.pieces.labels]
        lines = _without_black(lines, black & (covers.sum(axis=0) > 0))
    return Regions(
        drawing.picture,
        schema,
        lines,
        own,
        rest,
        covers,
        covers,
        {attribute.name: attribute.colors for attribute in schema.attributes},
        drawing,
        paper,
        doubts,
    )


def _without_black(lines: np.ndarray, black: np.ndarray) -> np.ndarray:
    """Return lines `[C, H, W]` without the black areas `[H, W]` bool, up to an outline."""
    width = max(1, round(OUTLINE * max(black.shape)))
    inside = ndimage.binary_erosion(black, iterations=width)
    return np.where(inside, np.float32(1), lines)
