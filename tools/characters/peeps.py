"""Persons of Open Peeps (Pablo Stanley, CC0) as cutouts: heads of dicebear, bodies of react-peeps."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from dicebear_art import draw, in_ink, style, variants
from inked import (
    BLACK,
    HAIR,
    HAT,
    NO_PART,
    OTHER,
    SHIRT,
    SHOES,
    SKIN,
    TROUSERS,
    WHITE,
    Code,
    Inking,
    View,
    cut_inked,
    find_solid,
)
from scipy import ndimage

from condcolor.conditions.parts import part_index
from condcolor.data.builders.cutouts import GROUND, Cutout
from condcolor.data.builders.svg_render import render_svg

STYLE = "open-peeps"
BODIES = json.loads(Path(__file__).with_name("react_peeps_bodies.json").read_text())
NO_HEADS, NO_FACES, NO_BEARDS = ("bear",), ("cyclops", "monster"), ("moustache8",)
INKED_HATS = ("hijab", "hatHip")  # whose solid ink is a hat
OUTLINED_HEADS = (  # whose ink is lines only
    *("noHair1", "noHair2", "noHair3", "turban", "mohawk2", "mohawk", "hatBeanie"),
)
WHITE_HATS = ("hatBeanie", "hijab", "turban")
FINE_HAIR = ("cornrows", "cornrows2", "bantuKnots")
TALL_HEADS = (
    *("longAfro", "bun", "bun2", "buns", "flatTopLong", "bantuKnots", "mohawk", "mohawk2"),
    *("turban", "shaved3", "dreads2", "grayBun"),
)
SHADE = ((380, 620), (290, 700))  # y and x ranges of the shade under a chin
HEAD_SHIFT = (70, -62)  # x and y of a head on a body of react-peeps


@dataclass(frozen=True)
class _Head:
    """A head as SVG, sketched and coded, and which one it is."""

    name: str
    sketch: str
    coded: str


def draw_peeps(count: int, side: int, seed: int) -> Iterator[tuple[str, Cutout]]:
    """Yield busts with their names, every head in turn."""
    heads = variants(STYLE, "head", NO_HEADS)
    for number in range(count):
        rng = np.random.default_rng([seed, number])
        code, name = Code(), heads[number % len(heads)]
        head = _draw_head(rng, name, code, on_body=False)
        width = float(rng.choice((760, 860, 960, 1130)))
        view = View(352 - width / 2, -80 if name in TALL_HEADS else -30, width)
        how = Inking(
            thick=max(2, 2600 / width),
            hollow={part: rng.uniform(1.2, 2.2) for part in (HAIR, HAT) if rng.random() < 0.5},
            close=3,
            close_all=6 if name in FINE_HAIR else 0,
            under_chin=SHADE,
        )
        cutout = cut_inked(head.sketch, head.coded, code, view, side, rng, how)
        yield f"{STYLE}/{name}/{number}", cutout


def draw_whole_peeps(
    package: Path, count: int, side: int, seed: int
) -> Iterator[tuple[str, Cutout]]:
    """Yield persons with bodies of the unpacked package react-peeps, every body in turn."""
    heads = variants(STYLE, "head", NO_HEADS)
    for number in range(count):
        rng = np.random.default_rng([seed, number])
        body = list(BODIES)[number % len(BODIES)]
        code, name = Code(), str(rng.choice(heads))
        head = _draw_head(rng, name, code, on_body=True)
        cutout = _draw_whole(rng, package, body, head, code, side)
        yield f"react-peeps/{body}/{name}/{number}", cutout


def _draw_head(rng: np.random.Generator, head: str, code: Code, *, on_body: bool) -> _Head:
    chosen = {"head": head, "expression": str(rng.choice(variants(STYLE, "expression", NO_FACES)))}
    if rng.random() < 0.05:
        chosen["mask"] = str(rng.choice(variants(STYLE, "mask")))
    else:
        if rng.random() < 0.2 and head != "hijab":
            chosen["facialHair"] = str(rng.choice(variants(STYLE, "facialHair", NO_BEARDS)))
        if rng.random() < 0.25:
            chosen["accessories"] = str(rng.choice(variants(STYLE, "accessories")))

    def coded(component: str, index: int, color: str) -> str:
        label, is_ink = _label(component, head, color)
        return code.color(label, is_ink=is_ink, group=component)

    elements = style(STYLE)["canvas"]["elements"]
    if on_body:
        elements = [element for element in elements if element.get("type") == "component"]
    sketch = draw(STYLE, elements, chosen, in_ink)
    return _Head(head, sketch, draw(STYLE, elements, chosen, coded))


def _label(component: str, head: str, color: str) -> tuple[int, bool]:
    """Return the label of a color of a component, and whether it is ink with solid areas."""
    is_ink = color in ("ink", "black")
    if component == "":
        return (NO_PART if is_ink else SHIRT if color == "clothing" else SKIN), False
    if component == "head":
        return _head_label(head, color, is_ink)
    if component == "facialHair":
        return HAIR, is_ink
    if component == "mask":
        return (NO_PART if is_ink else OTHER), False
    if component == "accessories" and is_ink:
        return OTHER, True
    return NO_PART, False


def _head_label(head: str, color: str, is_ink: bool) -> tuple[int, bool]:
    if is_ink:
        if head in OUTLINED_HEADS:
            return NO_PART, False
        return (HAT if head in INKED_HATS else HAIR), True
    if color == "skin":
        return SKIN, False
    if color == "headContrast":
        return (NO_PART if head == "mohawk2" else HAIR), False
    if color == "clothing" and head in WHITE_HATS:
        return HAT, False
    return NO_PART, False


def _draw_whole(
    rng: np.random.Generator, package: Path, body: str, head: _Head, code: Code, side: int
) -> Cutout:
    view = _view_of(rng, body, is_tall=head.name in TALL_HEADS)
    x, y = HEAD_SHIFT
    on_neck = f'<g transform="translate({x} {y})">{{}}</g>'
    sketch = _body_svg(package, body, WHITE, BLACK) + on_neck.format(head.sketch)
    white = code.color(NO_PART, is_ink=False, group="body")
    black = code.color(NO_PART, is_ink=False, group="body ink")
    coded = _body_svg(package, body, white, black) + on_neck.format(head.coded)
    width = rng.uniform(1.0, 1.8)
    dressed = (HAIR, HAT, SHIRT, TROUSERS, SHOES)
    (y0, y1), (x0, x1) = SHADE
    how = Inking(
        thick=max(1.6, 2600 / view.width),
        hollow={part: width for part in dressed if rng.random() < 0.5},
        close=3,
        close_all=4 if head.name in FINE_HAIR else 0,
        under_chin=((y0 + y, y1 + y), (x0 + x, x1 + x)),
        body=_body_parts(package, body, view, side),
    )
    return cut_inked(sketch, coded, code, view, side, rng, how)


def _view_of(rng: np.random.Generator, body: str, *, is_tall: bool) -> View:
    """Return what is seen of a body with a head: all of it, or half of one that stands."""
    x0, _, x1, y1 = BODIES[body]["box"]
    x0, x1, top = min(x0, 210), max(x1, 800), -140 if is_tall else -20
    width = max(x1 - x0, y1 - top) * 1.03
    middle, y = (x0 + x1) / 2, top - 0.01 * width
    if body.startswith("standing") and rng.random() < 0.5:
        middle, width = 455, max(rng.uniform(1300, 2100), (x1 - x0) * 1.02)
    elif not body.startswith("bust"):
        y = y1 - width * 0.99
    return View(middle - width / 2, y, width)


@functools.cache
def _paths(package: Path, body: str) -> tuple[str, list[tuple[str, str, bool, bool]]]:
    """Return the transform of a body, and (d, transform, is ink, even-odd) of its paths."""
    text = (package / "lib/peeps/pose" / f"{body}.js").read_text("utf-8")
    group = re.search(r'createElement\("g", (?:null|\{ transform: \'([^\']*)\' \})', text)
    paths = []
    for element in re.findall(r'createElement\("path", \{(.*?)\}\)', text, re.S):
        d = re.search(r"\bd: ['\"]([^'\"]*)['\"]", element)
        moved = re.search(r"transform: '([^']*)'", element)
        assert d is not None
        is_ink = "strokeColor" in element or "'#000" in element
        paths.append((d[1], moved[1] if moved else "", is_ink, "evenodd" in element))
    return (group[1] or "") if group else "", paths


def _body_svg(package: Path, body: str, white: str, ink: str) -> str:
    moved, paths = _paths(package, body)
    drawn = [
        f'<path d="{d}" transform="{own}" fill="{ink if is_ink else white}"'
        + (' fill-rule="evenodd"/>' if is_evenodd else "/>")
        for d, own, is_ink, is_evenodd in paths
    ]
    return f'<g transform="{moved}">{"".join(drawn)}</g>'


@functools.cache
def _body_maps(package: Path, body: str) -> tuple[View, np.ndarray, np.ndarray]:
    """Return the view of a body, and the parts of its white areas and of its solid ink.

    The areas were numbered by `ndimage.label` in a rendering of this size, and looked at: BODIES names the
    numbers of each part, those of solid ink with a k.
    """
    side = 260 if body.startswith("bust") else 360
    x0, y0, x1, y1 = BODIES[body]["box"]
    y0 = min(y0, 300)
    width = max(x1 - x0, y1 - y0) * 1.04
    x, y = (x0 + x1 - width) / 2, (y0 + y1 - width) / 2
    view = View(round(x), round(y), round(width))  # the numbers depend on every pixel
    svg = _body_svg(package, body, WHITE, BLACK)
    rendered = render_svg(f"{view.head}>{svg}</svg>", side)
    opaque = rendered[..., 3] > 127
    white = opaque & (rendered[..., 0] > 110)
    areas = _named(white, BODIES[body], ink=False)
    away, nearest = ndimage.distance_transform_edt(areas == GROUND, return_indices=True)
    areas = np.where(away <= 2.5, areas[tuple(nearest)], NO_PART).astype(np.uint8)
    return view, areas, _named(find_solid(opaque & ~white, 3), BODIES[body], ink=True)


def _named(mask: np.ndarray, row: Mapping[str, str], *, ink: bool) -> np.ndarray:
    """Return the part of each numbered area of a mask; GROUND outside, NO_PART where none is named."""
    areas, count = ndimage.label(mask)
    parts = np.full(count + 1, NO_PART, np.uint8)
    parts[0] = GROUND
    for part, numbers in row.items():
        for number in numbers.split() if part != "box" else ():
            if number.startswith("k") == ink:
                parts[int(number.lstrip("k"))] = part_index(part)
    return parts[areas]


def _body_parts(package: Path, body: str, view: View, side: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the parts of a body's white areas and of its solid ink, in the pixels of a view."""
    own, white, black = _body_maps(package, body)
    scale = len(white) / own.width
    steps = (np.arange(side) + 0.5) * view.width / side
    xs = np.round((steps + view.x - own.x) * scale - 0.5).astype(int)
    ys = np.round((steps + view.y - own.y) * scale - 0.5).astype(int)
    last = len(white) - 1
    inside = ((ys >= 0) & (ys <= last))[:, None] & (xs >= 0) & (xs <= last)
    near = np.ix_(ys.clip(0, last), xs.clip(0, last))
    return (
        np.where(inside, white[near], NO_PART).astype(np.uint8),
        np.where(inside, black[near], GROUND).astype(np.uint8),
    )
