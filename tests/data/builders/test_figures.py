"""Drawn figures: the same for the same generator, marked by part, inside their boxes."""

from __future__ import annotations

import io
import re

import numpy as np
import pytest
from PIL import Image

from condcolor.data.builders.figures import INK, PART_FILL, SOLID_FILL, draw_body, draw_figure

COUNT = 60
COLORS = {*PART_FILL.values(), *SOLID_FILL.values(), INK, "none"}


def rng(seed):
    return np.random.default_rng(seed)


@pytest.fixture(scope="module")
def figures():
    return [draw_figure(rng(seed)) for seed in range(COUNT)]


def test_deterministic(figures):
    assert figures[:8] == [draw_figure(rng(seed)) for seed in range(8)]
    assert len({figure.svg for figure in figures}) == COUNT
    assert draw_body(rng(3), 175, 128, 130) == draw_body(rng(3), 175, 128, 130)


def test_only_colors_of_parts(figures):
    bodies = ["".join(draw_body(rng(seed), 175, 128, 130)) for seed in range(COUNT)]
    for svg in [*(figure.svg for figure in figures), *bodies]:
        assert set(re.findall(r'(?:fill|stroke)="([^"]*)"', svg)) <= COLORS


def test_coordinates_are_numbers(figures):
    for figure in figures:
        assert not re.search("nan|inf", figure.svg)
        assert np.isfinite(figure.box).all()


@pytest.mark.parametrize("fill", [*PART_FILL.values(), *SOLID_FILL.values()])
def test_every_part_occurs(figures, fill):
    assert any(fill in figure.svg for figure in figures)


def test_a_body_goes_behind_and_before_a_head():
    bodies = [draw_body(rng(seed), 175, 128, 130) for seed in range(COUNT)]
    assert all(PART_FILL["skin"] in behind for behind, _ in bodies)
    assert 0 < sum(bool(before) for _, before in bodies) < COUNT


def test_the_box_contains_the_drawing(figures):
    resvg_py = pytest.importorskip("resvg_py", reason="needs the icons extra")
    for figure in figures[:24]:
        x0, y0, x1, y1 = figure.box
        margin = 12.0
        view = f"{x0 - margin} {y0 - margin} {x1 - x0 + 2 * margin} {y1 - y0 + 2 * margin}"
        svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{view}">{figure.svg}</svg>'
        png = resvg_py.svg_to_bytes(svg_string=svg, zoom=1, skip_system_fonts=True)
        ink = np.asarray(Image.open(io.BytesIO(png)))[..., 3] > 0
        ys, xs = ink.nonzero()
        inside = (x0 - 1, y0 - 1, x1 + 1, y1 + 1)
        assert xs.min() - margin + x0 >= inside[0]
        assert ys.min() - margin + y0 >= inside[1]
        assert xs.max() - margin + x0 <= inside[2]
        assert figure.is_cut or ys.max() - margin + y0 <= inside[3]
