"""Tones of scenes: grey fills keep their parts and are no lines; lines get paler, fills do not."""

from __future__ import annotations

import numpy as np

from condcolor.conditions.parts import part_index
from condcolor.data.builders.cutouts import NO_PART, Cutout
from condcolor.data.builders.scene_fills import find_solid
from condcolor.data.builders.scene_tones import pale_lines, tone_parts

SIDE = 64


def squares():
    """Hair above a shirt, each with a black line of 4 pixels around it."""
    parts = np.zeros((SIDE, SIDE), np.uint8)
    for name, top in (("hair", 4), ("shirt", 34)):
        parts[top : top + 26, 8:56] = NO_PART
        parts[top + 4 : top + 22, 12:52] = part_index(name)
    grey = np.where(parts == NO_PART, 0, 255).astype(np.uint8)
    return Cutout(grey, parts, np.where(parts > 0, 255, 0).astype(np.uint8))


def test_a_toned_part_is_a_fill_and_lines_stay():
    plain, changed = squares(), 0
    for seed in range(40):
        cutout, toned = tone_parts(np.random.default_rng(seed), plain)
        assert (cutout.parts == plain.parts).all()
        differs = cutout.grey != plain.grey
        assert not differs[(plain.parts == NO_PART) | (plain.parts == 0)].any()
        assert differs[toned].all()
        assert (cutout.grey[toned] < 230).all()
        changed += toned.any()
    assert 20 < changed < 40  # now and then a part that is not there is chosen


def test_even_grey_is_solid_and_the_edge_of_a_line_is_not():
    grey, parts, alpha = squares()
    hair, line = parts == part_index("hair"), parts == NO_PART
    toned = np.where(hair, 180, grey).astype(np.uint8)
    solid = find_solid(Cutout(toned, parts, alpha))
    inside = hair & ~np.pad(line, 1)[2:, 1:-1] & ~np.pad(line, 1)[:-2, 1:-1]
    inside &= ~np.pad(line, 1)[1:-1, 2:] & ~np.pad(line, 1)[1:-1, :-2]
    assert solid[inside].all()
    assert not solid[~hair].any()
    edge = grey.copy()
    edge[8, 12:52] = 120  # a soft edge of the upper line, inside the hair
    assert not find_solid(Cutout(edge, parts, alpha)).any()


def test_paler_lines_leave_fills():
    cutout = squares()
    solid = np.zeros((SIDE, SIDE), bool)
    solid[:32] = True
    paler = 0
    for seed in range(20):
        grey = pale_lines(np.random.default_rng(seed), cutout, solid).grey
        assert (grey[solid] == cutout.grey[solid]).all()
        assert (grey >= cutout.grey).all()
        paler += (grey > cutout.grey).any()
    assert paler > 10
