"""Hats of drawn figures, in head units."""

from __future__ import annotations

import random

from condcolor.data.builders.figure_caps import CAPS
from condcolor.data.builders.figure_curves import (
    band,
    ellipse,
    join,
    mirrored,
    polygon,
    polyline,
    rounded,
    scallops,
    smooth,
)
from condcolor.data.builders.figure_hat_fit import DrawHat, Fit, draw_brim
from condcolor.data.builders.figure_heads import Head
from condcolor.data.builders.figure_helmets import HELMETS
from condcolor.data.builders.figure_pen import Pen, pick


def _bucket(pen: Pen, dice: random.Random, fit: Fit) -> None:
    half, y, out = fit.half, fit.y, fit.half * dice.uniform(1.15, 1.45)
    pen.shape(
        rounded(
            [
                complex(-out, y + 0.1),
                complex(-half, y - 0.3),
                complex(half, y - 0.3),
                complex(out, y + 0.1),
            ],
            0.08,
        ),
        "hat",
    )
    pen.shape(
        rounded(
            [
                complex(-half, y - 0.26),
                complex(-half * 0.85, fit.top),
                complex(half * 0.85, fit.top),
                complex(half, y - 0.26),
            ],
            0.12,
        ),
        "hat",
    )


def _top_hat(pen: Pen, dice: random.Random, fit: Fit) -> None:
    half, y, high = fit.half * 0.95, fit.y, dice.uniform(0.8, 1.4)
    top = dice.uniform(0.8, 1.15) * half
    pen.shape(
        polygon(
            [complex(-half, y), complex(-top, y - high), complex(top, y - high), complex(half, y)]
        ),
        "hat",
    )
    if dice.random() < 0.6:
        pen.shape(polygon(band(half * 1.01, y - 0.26, y)), dice.choice(("other", "hat")))
    draw_brim(pen, half * 1.45, y, 0.16, 0.0)


def _cone(pen: Pen, dice: random.Random, fit: Fit) -> None:
    half, y = fit.half, fit.y
    tip = complex(dice.uniform(-0.6, 0.6), y - dice.uniform(1.2, 2.2))
    foot = complex(0, y) * 0.5
    left = smooth([complex(-half, y), tip * 0.5 - half * 0.45 + foot, tip])
    pen.shape(join(left, smooth([tip, tip * 0.5 + half * 0.45 + foot, complex(half, y)])), "hat")
    look = dice.choice(("wizard", "party", "plain"))
    if look == "wizard":
        draw_brim(pen, half * dice.uniform(1.3, 1.8), y, 0.2, dice.uniform(0, 0.15))
    elif look == "party":
        pen.shape(ellipse(tip, 0.15), "other")
        for t in (0.3, 0.6):
            at = complex(0, y) * (1 - t) + tip * t
            pen.line(smooth([at - half * (0.9 - t), at + 0.1j, at + half * (0.9 - t)]))


def _chef(pen: Pen, dice: random.Random, fit: Fit) -> None:
    half, y = fit.half * 0.9, fit.y - 0.1
    top, wide = y - dice.uniform(0.5, 1.0), dice.uniform(1.0, 1.3)
    puffs = [complex(x * half * wide, top + 0.25 * abs(x) ** 2) for x in (-1.0, -0.35, 0.35, 1.0)]
    rise = [complex(-half, y - 0.3), *puffs, complex(half, y - 0.3)]
    pen.shape(join([complex(-half, y)], scallops(rise, 0.4), [complex(half, y)]), "hat")
    pen.shape(rounded(band(half, y - 0.35, y + 0.06), 0.06), "hat")
    for x in (-0.4, 0.1, 0.45):
        pen.line(polyline([complex(x * half, y - 0.4), complex(x * half * 1.1, y - 0.65)]))


def _wide_hat(pen: Pen, dice: random.Random, fit: Fit) -> None:
    """Draw a straw hat, a sun hat or a cowboy's hat."""
    half, y, top = fit.half * 0.92, fit.y, fit.top - dice.uniform(0, 0.2)
    dent = dice.choice((0.0, 0.0, 0.15, 0.25))
    right = [complex(half * 0.45, top), complex(half * 0.88, top + 0.25), complex(half, y)]
    dome = [*mirrored(right), complex(0, top + dent), *right]
    sag = dice.uniform(-0.4, 0.25)
    pen.shape(join(smooth(dome), dome[:1]), "hat")
    if dice.random() < 0.6:
        edge = smooth([complex(-half, y - 0.22), complex(0, y - 0.16), complex(half, y - 0.22)])
        pen.shape(
            join(edge, polyline([complex(half, y), complex(-half, y)])),
            dice.choice(("hat", "other")),
        )
    draw_brim(pen, fit.half * dice.uniform(1.4, 2.1), y, 0.22, sag)


def _mortarboard(pen: Pen, dice: random.Random, fit: Fit) -> None:
    half, y = fit.half, fit.y
    pen.shape(rounded(band(half, min(fit.top, y - 0.4), y), 0.1), "hat")
    at = min(fit.top, y - 0.4)
    board = [
        complex(0, at - 0.35),
        complex(half * 1.5, at),
        complex(0, at + 0.3),
        complex(-half * 1.5, at),
    ]
    pen.shape(polygon(board), "hat")
    end = complex(fit.side * half * 1.05, y + 0.05)
    pen.line(smooth([complex(0, at), complex(fit.side * half, at + 0.1), end]))
    pen.shape(ellipse(end, 0.08, 0.14), "other", pen.inner)


def _pirate(pen: Pen, dice: random.Random, fit: Fit) -> None:
    half, y = fit.half * dice.uniform(1.2, 1.5), fit.y
    right = [
        complex(half * 0.5, fit.top - 0.1),
        complex(half * 0.8, y - 0.35),
        complex(half, y - 0.3),
    ]
    hat = smooth([*mirrored(right), complex(0, fit.top - 0.25), *right])
    pen.shape(join(hat, smooth([right[-1], complex(0, y + 0.12), -right[-1].conjugate()])), "hat")
    if dice.random() < 0.6:
        pen.shape(ellipse(complex(0, (y + fit.top) / 2), 0.17), "other", pen.inner)


def _fez(pen: Pen, dice: random.Random, fit: Fit) -> None:
    half, y, top = fit.half * dice.uniform(0.6, 0.9), fit.y - 0.1, fit.y - dice.uniform(0.6, 1.0)
    crown = [complex(-half, y), complex(-half * 0.75, top), complex(half * 0.75, top)]
    pen.shape(rounded([*crown, complex(half, y)], 0.08), "hat")
    end = complex(fit.side * half, top + 0.4)
    pen.line(smooth([complex(0, top), complex(fit.side * half * 0.8, top + 0.05), end]))
    pen.shape(ellipse(end, 0.07, 0.13), "other", pen.inner)


def _bowler(pen: Pen, dice: random.Random, fit: Fit) -> None:
    dome = fit.dome(1.1)
    pen.shape(join(smooth(dome), dome[:1]), "hat")
    if dice.random() < 0.6:
        ribbon_ = polygon(band(fit.half, fit.y - 0.25, fit.y))
        pen.shape(ribbon_, dice.choice(("hat", "other")))
    draw_brim(pen, fit.half * dice.uniform(1.15, 1.4), fit.y, 0.18, dice.uniform(-0.1, 0.05))


def _side_cap(pen: Pen, dice: random.Random, fit: Fit) -> None:
    """Draw a soldier's or a sailor's cap without a visor."""
    half, y, top = fit.half * 0.95, fit.y - 0.05, fit.top - dice.uniform(0.0, 0.3)
    dip = dice.choice((0.0, 0.2, -0.15))
    crown = [complex(-half, y), complex(-half * 0.95, top + 0.2), complex(0, top + dip)]
    crown += [complex(half * 0.95, top + 0.2), complex(half, y)]
    pen.shape(join(polyline(crown), crown[:1]), "hat")
    if dice.random() < 0.6:
        pen.line(smooth([crown[0], complex(0, y - 0.35), crown[-1]]))
    if dice.random() < 0.4:
        pen.shape(ellipse(complex(0, y - 0.3), 0.1), "other", pen.inner)


def _toque(pen: Pen, dice: random.Random, fit: Fit) -> None:
    """Draw a cook's tall, straight hat with folds."""
    half, y = fit.half * 0.92, fit.y
    top, wide = y - dice.uniform(0.9, 1.5), dice.uniform(1.0, 1.2)
    crown = [complex(-half, y), complex(-half * wide, top), complex(half * wide, top)]
    pen.shape(rounded([*crown, complex(half, y)], 0.15), "hat")
    pen.line(polyline([complex(-half, y - 0.3), complex(half, y - 0.3)]), pen.width)
    for x in (-0.6, -0.2, 0.2, 0.6)[: dice.randint(0, 4)]:
        pen.line(polyline([complex(x * half, y - 0.32), complex(x * half * wide, top + 0.2)]))


HATS: dict[str, tuple[float, DrawHat]] = {
    **CAPS,
    **HELMETS,
    "bucket": (1, _bucket),
    "top": (2, _top_hat),
    "cone": (2, _cone),
    "chef": (2, _chef),
    "toque": (1, _toque),
    "wide": (4, _wide_hat),
    "bowler": (2, _bowler),
    "fez": (1, _fez),
    "side": (1, _side_cap),
    "mortarboard": (1.5, _mortarboard),
    "pirate": (1, _pirate),
}


def draw_hat(pen: Pen, dice: random.Random, head: Head) -> None:
    """Draw a hat over hair and head."""
    kind, y = (
        pick(dice, {name: weight for name, (weight, _) in HATS.items()}),
        dice.uniform(-0.6, -0.35),
    )
    fit = Fit(
        head=head,
        y=y,
        half=head.half_width(y) + dice.uniform(0.07, 0.15),
        top=-1 - dice.uniform(0.14, 0.4),
        side=-1 if head.view == "side" else dice.choice((-1, 1)),
    )
    HATS[kind][1](pen, dice, fit)
