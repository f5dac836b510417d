"""A network of parts made into one of other parts: its body as it is, each output begun as one of the old."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from torch import Tensor

from condcolor.models.config import ModelConfig


def with_outputs(
    weights: Mapping[str, Tensor], config: ModelConfig, rows: Sequence[int]
) -> tuple[dict[str, Tensor], ModelConfig]:
    """Return the weights and the config of a U-Net whose k-th output is the old one's `rows[k]`.

    Args:
        weights: of a `UNet` without a head for conditions.
        config: its config.
    """
    last = f"ups.{config.depth - 1}.conv.weight"  # (I, O, 4, 4) of a transposed convolution
    chosen = weights[last][:, list(rows)].clone()
    return {**weights, last: chosen}, dataclasses.replace(config, output_channels=len(rows))
