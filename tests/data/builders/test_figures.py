"""Drawn figures: the same for the same generator, marked by part, inside their boxes."""

from __future__ import annotations

import io
import random
import re
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from condcolor.conditions.parts import PARTS
from condcolor.data.builders.cutouts import NO_PART, cut_svg
from condcolor.data.builders.figure_bare import draw_bare_torso
from condcolor.data.builders.figure_beards import BEARDS
from condcolor.data.builders.figure_bodies import GARMENTS, draw_build
from condcolor.data.builders.figure_hat_fit import Fit
from condcolor.data.builders.figure_hats import HATS
from condcolor.data.builders.figure_heads import Face, draw_head_shape
from condcolor.data.builders.figure_pen import PALE_INK, PALE_INKS, Pen, place
from condcolor.data.builders.figures import INK, PART_FILL, SOLID_FILL, draw_body, draw_figure

COUNT = 60
COLORS = {*PART_FILL.values(), *SOLID_FILL.values(), INK, *PALE_INKS, "none"}


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


def test_every_line_is_whole_curves(figures):
    for figure in figures:
        for path in re.findall(r' d="M[^C]*C([^Z"]*)', figure.svg):
            assert len(path.split()) % 6 == 0


def drawn(draw, *rest):
    """The SVG that a function draws with a fine pen."""
    pen = Pen(1.0)
    with pen.frame(place(128 + 128j, 50)):
        draw(pen, random.Random(5), *rest)
    return pen.take()


def front_head():
    heads = (draw_head_shape(random.Random(seed)) for seed in range(99))
    return next(head for head in heads if head.view == "front")


@pytest.mark.parametrize("kind", HATS)
def test_every_hat_is_a_hat(kind):
    head = front_head()
    fit = Fit(head=head, y=-0.5, half=head.half_width(-0.5) + 0.1, top=-1.3, side=1)
    svg = drawn(HATS[kind][1], fit)
    assert PART_FILL["hat"] in svg
    assert PART_FILL["hair"] not in svg


@pytest.mark.parametrize("kind", BEARDS)
def test_beards_are_hair_but_stubble_stays_skin(kind):
    face = Face(middle=0.0, eyes_y=0.0, apart=0.35, eye=0.1, nose_y=0.3, mouth_y=0.5)
    svg = drawn(BEARDS[kind][1], front_head(), face)
    assert (PART_FILL["hair"] in svg) == (kind != "stubble")
    assert INK in svg


@pytest.mark.parametrize("garment", [name for name in GARMENTS if name])
@pytest.mark.parametrize("crop", ["full", "half", "bust"])
def test_shoulders_are_bare_above_a_garment(garment, crop):
    build = replace(draw_build(random.Random(3), crop, 0.9), garment=garment, cut_open=False)
    assert build.top == "skin"
    svg = drawn(draw_bare_torso, build)
    _, parts, _ = cut_svg(svg, (0, 0, 256, 512), 256)
    names = {name: code for code, name in enumerate(part.name for part in PARTS)}
    shirt = (parts == names["shirt"]).nonzero()[0]
    skin = (parts == names["skin"]).nonzero()[0]
    assert skin.size
    assert bool(shirt.size) == (garment != "none")
    if shirt.size:
        assert skin.mean() < shirt.mean()


def test_pale_lines_are_grey_and_of_no_part():
    for ink in PALE_INKS:
        pen = Pen(40.0, inner=1.0)
        with pen.pale(ink):
            pen.line([10 + 50j, 30 + 50j, 60 + 50j, 90 + 50j])
        grey, parts, _ = cut_svg(pen.take(), (0, 0, 100, 100), 100)
        assert parts[50, 50] == NO_PART
        assert grey[50, 50] == int(PALE_INK[ink][1:3], 16)
    pen.line([10 + 50j, 30 + 50j, 60 + 50j, 90 + 50j])
    assert INK in pen.take()
