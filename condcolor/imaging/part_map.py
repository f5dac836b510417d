"""A picture of the parts of a drawing: each part in a color of its own, doubts hatched, points named."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from condcolor.imaging.drawing_parts import Parts

PALE = 0.55  # of white in the color of a part
HATCH = 8  # pixels from one line of a hatch to the next
LEAST = 0.001  # of the picture; a smaller piece is not named
SIDE = 768  # pixels; a smaller drawing is enlarged, so that names can be read


def part_map(parts: Parts) -> Image.Image:
    """Return the map of a drawing, RGB: what each piece is, and where to point at it.

    A smaller drawing is enlarged to SIDE; the points named are pixels of the drawing.
    """
    table = np.array([part.label for part in parts.table], np.float32)
    table = PALE * 255 + (1 - PALE) * table
    table[0] = 255  # ground
    regions = parts.regions()
    pixels = table[regions.parts] * regions.lines.min(axis=0)[..., None]
    doubts = regions.doubts
    assert doubts is not None
    rows, columns = np.indices(doubts.shape)
    pixels[doubts & ((rows + columns) % HATCH == 0)] = 0
    image = Image.fromarray(pixels.round().astype(np.uint8))
    factor = max(1, -(-SIDE // max(image.size)))
    image = image.resize((image.width * factor, image.height * factor), Image.Resampling.LANCZOS)
    pen = ImageDraw.Draw(image)
    for piece in parts.pieces:
        if piece.area < LEAST * doubts.size:
            continue
        x, y = (factor * place for place in piece.point)
        pen.ellipse((x - 2, y - 2, x + 2, y + 2), fill="black")
        text = f"{piece.point[0]},{piece.point[1]} {piece.part}{'?' if piece.in_doubt else ''}"
        pen.text((x, y + 3), text, fill="black", anchor="ma", stroke_width=2, stroke_fill="white")
    return image
