"""Bare shoulders: outside the straps a shirt becomes skin, with a line between; other drawings stay."""

from __future__ import annotations

import numpy as np

from condcolor.conditions.parts import part_index
from condcolor.data.builders.cutouts import NO_PART, Cutout
from condcolor.data.builders.scene_shoulders import bare_shoulders

SIDE = 96
SHIRT, SKIN = part_index("shirt"), part_index("skin")


def bust(lowest=SIDE):
    parts = np.zeros((SIDE, SIDE), np.uint8)
    parts[50:lowest, 10:86] = SHIRT
    grey = np.full((SIDE, SIDE), 255, np.uint8)
    return Cutout(grey, parts, np.where(parts > 0, 255, 0).astype(np.uint8))


def test_both_shoulders_become_skin_with_a_line_between():
    for seed in range(20):
        before = bust()
        after = bare_shoulders(np.random.default_rng(seed), before)
        skin, shirt = after.parts == SKIN, after.parts == SHIRT
        assert skin[52, [12, 83]].all()
        assert shirt[[52, 95], 47].all()
        np.testing.assert_array_equal(skin, skin[:, ::-1])
        touching = (skin[1:] & shirt[:-1]) | (skin[:-1] & shirt[1:])
        assert not touching.any()
        assert not (skin[:, 1:] & shirt[:, :-1]).any()
        np.testing.assert_array_equal(after.grey == 0, after.parts == NO_PART)
        assert set(np.unique(before.parts)) == {0, SHIRT}  # the cutout given stays


def test_a_shirt_above_the_lower_edge_stays():
    figure = bust(lowest=70)
    assert bare_shoulders(np.random.default_rng(0), figure) is figure
