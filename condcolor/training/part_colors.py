"""How a run that learns parts colors as it trains: whole pieces, by the scores of the network."""

from __future__ import annotations

import numpy as np
from torch import Tensor

from condcolor.conditions.parts import PARTS
from condcolor.imaging.open import Picture
from condcolor.inference.framing import frame
from condcolor.inference.parts import find_parts
from condcolor.inference.torch_colorizer import colored
from condcolor.runs.config import RunConfig
from condcolor.training.gan import Paint


def part_colors(plan: RunConfig) -> Paint:
    """Return the function that colors a sketch by scores of the plan's parts, as its model does later."""
    table = plan.parts or PARTS

    def paint(sketch: Tensor, scores: Tensor, values: Tensor) -> Tensor:
        pixels = np.ascontiguousarray(sketch.permute(1, 2, 0).cpu().numpy())
        framed = frame(Picture(pixels, None), len(pixels), plan.codec)
        assert framed.drawing is not None
        parts = find_parts(framed.drawing, framed.crop(scores.numpy()), plan.schema, table)
        return colored(parts.regions(), plan.schema, values)

    return paint
