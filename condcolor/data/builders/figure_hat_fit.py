"""`Fit`: how a hat sits on the head of a drawn figure; visors and brims, in head units."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from condcolor.data.builders.figure_curves import join, mirrored, ribbon, smooth
from condcolor.data.builders.figure_heads import Head
from condcolor.data.builders.figure_pen import Pen


@dataclass(frozen=True)
class Fit:
    """How a hat sits: the height of its brim, its half width there, the top of its crown."""

    head: Head
    y: float
    half: float
    top: float
    side: int  # where it points: -1 is left

    def dome(self, bulge: float = 1.0) -> list[complex]:
        """Return points from the left end of the brim over the crown to the right end."""
        half, y, high = self.half, self.y, self.top - self.y
        right = [
            complex(half * 0.55, y + high * 0.88),
            complex(half * 0.95 * bulge, y + high * 0.5),
            complex(half, y),
        ]
        return [*mirrored(right), complex(0, self.top), *right]


def draw_visor(pen: Pen, dice: random.Random, half: float, y: float) -> None:
    """Draw a visor seen from the front."""
    rise, sag = dice.uniform(0.0, 0.2), dice.uniform(0.08, 0.3)
    upper = smooth([complex(-half, y), complex(0, y - rise), complex(half, y)])
    lower = smooth([complex(half, y), complex(0, y + sag), complex(-half, y)])
    pen.shape(join(upper, lower), "hat")


def draw_brim(pen: Pen, half: float, y: float, thick: float, sag: float) -> None:
    """Draw a brim seen from the front, which sags in its middle."""
    line = [complex(-half, y), complex(-half * 0.5, y + sag * 0.8), complex(0, y + sag)]
    line += mirrored(line[:-1])
    pen.shape(ribbon(line, (thick * 0.6, thick, thick * 0.6)), "hat")


DrawHat = Callable[[Pen, random.Random, Fit], None]
