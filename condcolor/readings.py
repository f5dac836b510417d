"""Losses added up on the device between two readings, each of which makes a GPU wait."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from condcolor.adversaries import READINGS
from condcolor.distributed import Ranks


class Readings:
    """Sums and counts of each of READINGS since they were last read."""

    def __init__(self, device: torch.device, ranks: Ranks):
        self.ranks = ranks
        self.sums = torch.zeros(2, len(READINGS), device=device)

    def add(self, losses: Mapping[str, Tensor]) -> None:
        """Those that a step computed, each a scalar on the device."""
        for i, name in enumerate(READINGS):
            if name in losses:
                self.sums[0, i] += losses[name].float()
                self.sums[1, i] += 1

    def read(self) -> dict[str, float]:
        """Their means over steps and ranks since the last reading; empty where there was no step."""
        sums, counts = self.ranks.mean(self.sums).tolist()
        self.sums.zero_()
        pairs = zip(READINGS, sums, counts, strict=True)
        return {name: total / count for name, total, count in pairs if count}
