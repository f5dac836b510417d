"""The layout of a scene: which persons, objects and scribbles are where, at random."""

from __future__ import annotations

import math

import numpy as np

from condcolor.data.builders.cast import Cast
from condcolor.data.builders.scene_canvas import Canvas, Placement
from condcolor.data.builders.scene_fills import find_solid, vary_fills
from condcolor.data.builders.scene_scribbles import frame, scribble
from condcolor.data.builders.scene_shoulders import bare_shoulders
from condcolor.data.builders.scene_tones import pale_lines, tone_parts

# shares of scenes as `data icons` draws them, of one large person, of one who is cut by the canvas
_ICONS, _PORTRAITS, _NEAR = 0.22, 0.18, 0.05
_TURNED = 0.07  # share of the persons that stand on the head, lie or lean far
_TONED_ICONS, _TONED, _PALE, _BARE = 0.1, 0.2, 0.12, 0.12  # shares of the cutouts
_FRAMED, _BEFORE, _BEHIND = 0.22, 0.35, 0.75  # of the others: with a frame, things before, behind


def lay_out(rng: np.random.Generator, cast: Cast, size: int) -> tuple[Canvas, bool]:
    """Return a random scene, and whether it is one of a set of icons, whose ink stays clean."""
    canvas = Canvas(size)
    kind = rng.random()
    if kind < _ICONS:
        _lay_icon(rng, cast, canvas)
    elif kind < _ICONS + _PORTRAITS:
        _lay_portrait(rng, cast, canvas)
    elif kind < _ICONS + _PORTRAITS + _NEAR:
        _lay_near(rng, cast, canvas)
    else:
        _lay_scene(rng, cast, canvas)
    return canvas, kind < _ICONS


def _lay_icon(rng: np.random.Generator, cast: Cast, canvas: Canvas) -> None:
    """Lay a bust as the sets of `data icons --vary` show them."""
    width = rng.uniform(0.75, 1.25)
    x = 0.5 + rng.uniform(-0.07, 0.07)
    y = 1 - width / 2 + rng.uniform(0, 0.055) if width < 1 else 0.5 + rng.uniform(-0.03, 0.05)
    place = Placement(x, y, width, rng.uniform(-6, 6), mirrored=_coin(rng))
    cutout = cast[cast.pick(rng, "bust")]
    if rng.random() < _BARE:
        cutout = bare_shoulders(rng, cutout)
    solid = find_solid(cutout)
    if rng.random() < _TONED_ICONS:
        cutout, toned = tone_parts(rng, cutout)
        solid = solid | toned
    canvas.paste(cutout, solid, place)


def _lay_near(rng: np.random.Generator, cast: Cast, canvas: Canvas) -> None:
    """Lay one person whose head and shoulders fill the canvas or more."""
    width = rng.uniform(1.25, 2.4)
    x, y = 0.5 + rng.normal(0, 0.08), width / 2 - rng.uniform(-0.12, 0.12)
    _lay_person(rng, cast, canvas, cast.pick_person(rng), (x, y), width, rng.normal(0, 5))


def _lay_portrait(rng: np.random.Generator, cast: Cast, canvas: Canvas) -> None:
    """Lay one person who fills the canvas."""
    index = cast.pick_person(rng)
    width = rng.uniform(0.8, 1.12)
    x, y = 0.5 + rng.normal(0, 0.05, 2)
    if cast.is_cut(index):
        y = 1 - width / 2 + rng.uniform(0.004, 0.05)
    _lay_person(rng, cast, canvas, index, (x, y), width, _turn(rng, cast, index, rng.normal(0, 4)))


def _lay_scene(rng: np.random.Generator, cast: Cast, canvas: Canvas) -> None:
    """Lay one to three persons of any size anywhere, with things behind and before them."""
    persons = int(rng.choice((1, 1, 1, 2, 2, 3)))
    behind = int(rng.choice((0, 0, 1, 2, 3, 4)))
    if rng.random() < _BEHIND:
        for _ in range(behind):
            _lay_thing(rng, cast, canvas, scribbled=0.5, largest=0.7)
    smallest = 0.3 if _coin(rng) else 0.55
    width = _log_uniform(rng, smallest, 1.15)
    if persons > 1:
        width = min(width, rng.uniform(0.4, 0.8))
    xs = rng.uniform(0.1, 0.9, persons) if persons > 1 else rng.uniform(0.25, 0.75, 1)
    for x in xs:
        own = width * math.exp(rng.normal(0, 0.12))
        index = cast.pick_person(rng)
        usual = rng.normal(0, 6) if rng.random() < 0.8 else rng.uniform(-25, 25)
        degrees = _turn(rng, cast, index, usual)
        _lay_person(rng, cast, canvas, index, (x, _height(rng, cast, index, own)), own, degrees)
    if rng.random() < _BEFORE:
        for _ in range(rng.integers(1, 3)):
            _lay_thing(rng, cast, canvas, scribbled=0.4, largest=0.4)
    if rng.random() < _FRAMED:
        frame(rng, canvas)


def _height(rng: np.random.Generator, cast: Cast, index: int, width: float) -> float:
    """Return the y of a person's middle: at the foot of the canvas if they are cut, else anywhere."""
    if cast.is_cut(index):
        return 1 - width / 2 + rng.uniform(0.01, 0.1)
    if rng.random() < 0.45:
        return 1 - width / 2 + rng.uniform(-0.02, 0.1)
    return rng.uniform(width * 0.35, 1 - width * 0.35) if width < 1.4 else 0.5


def _turn(rng: np.random.Generator, cast: Cast, index: int, usual: float) -> float:
    """Return by how many degrees a person is turned: a few who are not cut off lie or stand on the head."""
    if cast.ends_below(index) or rng.random() >= _TURNED:
        return usual
    if rng.random() < 0.4:
        return float(rng.uniform(-180, 180))
    return float(rng.choice((90, -90, 180)) + rng.normal(0, 15))


def _lay_person(
    rng: np.random.Generator,
    cast: Cast,
    canvas: Canvas,
    index: int,
    at: tuple[float, float],
    width: float,
    degrees: float,
) -> None:
    cutout = cast[index]
    if rng.random() < _BARE:
        cutout = bare_shoulders(rng, cutout)
    cutout = vary_fills(rng, cutout)
    squash = math.exp(rng.normal(0, 0.07))
    place = Placement(*at, width, degrees, squash, mirrored=_coin(rng))
    solid = find_solid(cutout)
    if rng.random() < _TONED:
        cutout, toned = tone_parts(rng, cutout)
        solid = solid | toned
    if rng.random() < _PALE:
        cutout = pale_lines(rng, cutout, solid)
    canvas.paste(cutout, solid, place)


def _lay_thing(
    rng: np.random.Generator, cast: Cast, canvas: Canvas, *, scribbled: float, largest: float
) -> None:
    """Lay an object or, by the chance `scribbled` or if the cast has no objects, a scribble."""
    if rng.random() < scribbled or "object" not in cast.by_kind:
        scribble(rng, canvas)
        return
    cutout = cast[cast.pick(rng, "object")]
    x, y = rng.uniform(-0.05, 1.05, 2)
    width, degrees = _log_uniform(rng, 0.08, largest), rng.uniform(-30, 30)
    place = Placement(x, y, width, degrees, mirrored=_coin(rng))
    canvas.paste(cutout, find_solid(cutout), place)


def _coin(rng: np.random.Generator) -> bool:
    return bool(rng.random() < 0.5)


def _log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    return math.exp(rng.uniform(math.log(low), math.log(high)))
