"""`DistinctPixels`: colorings of one drawing as its distinct pixels, so that each is measured once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from condcolor.imaging.color import delta_e_2000, srgb8_to_lab

LEVELS = 256
REGISTERS = (
    64  # numbers; a multiple of what vector instructions take: a rest is rounded in another way
)


@dataclass(frozen=True)
class DistinctPixels:
    """Pixels of N pictures that have the same color in each of them are one.

    Of the 65,536 pixels of a flat drawing some thousand are distinct, in however many colors it is: those of
    each part, and those where lines blend into it. Colors are rounded to 8 bits, as they are saved.
    """

    lab: Tensor  # [N, 3, D] float32, of the distinct pixels; some stand twice at the end
    kind: Tensor  # [P] int64, P = H * W: the distinct pixel that each pixel is

    @classmethod
    def of(cls, pictures: Tensor) -> DistinctPixels:
        """Return those of RGB pictures `[N, 3, H, W]` float in [0, 1]."""
        levels = pictures.flatten(2).mul(LEVELS - 1).round_().clamp_(0, LEVELS - 1).to(torch.uint8)
        red, green, blue = levels.numpy().astype(np.int64).swapaxes(0, 1)
        code = (red * LEVELS + green) * LEVELS + blue  # (N, P)
        factors = np.random.default_rng(0).integers(2**62, size=len(code)) * 2 + 1
        mark = factors @ code  # modulo 2^64: two columns share one by chance, once in 10^9 drawings
        _, first, kind = np.unique(mark, return_index=True, return_inverse=True)
        first = np.resize(first, len(first) + -len(first) % REGISTERS)
        lab = srgb8_to_lab(levels[:, :, torch.from_numpy(first)][..., None])[..., 0]
        return cls(lab, torch.from_numpy(kind))

    def shares(self, where: Tensor) -> Tensor:
        """Return the share `[D]` of each distinct pixel in a region `[P]` bool."""
        counts = torch.bincount(self.kind[where], minlength=self.lab.shape[-1])
        return counts / where.sum()

    def means(self, inside: Tensor) -> Tensor:
        """Return the mean Lab color `[N, 3]` of each picture over a region `[P]` bool."""
        return self.lab @ self.shares(inside)

    def distances(self, color: Tensor, inside: Tensor) -> Tensor:
        """Return the mean CIEDE2000 `[N]` of each picture to a Lab color `[3]` over a region `[P]` bool."""
        shares = self.shares(inside)
        there = shares > 0
        lab = self.lab[:, :, there]
        return delta_e_2000(lab[..., None], color[:, None, None])[..., 0] @ shares[there]

    def change(self, pairs: Tensor) -> Tensor:
        """Return the mean CIEDE2000 `[D]` between the two pictures of each of `pairs [M, 2]`."""
        changed = (self.lab != self.lab[:1]).any(dim=1).any(dim=0)
        lab = self.lab[:, :, changed]
        change = torch.zeros(self.lab.shape[-1])
        each = [delta_e_2000(lab[i, ..., None], lab[j, ..., None])[:, 0] for i, j in pairs.tolist()]
        change[changed] = torch.stack(each).mean(dim=0)
        return change
