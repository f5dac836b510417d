"""One character of an avatar kit drawn: its sketch, its coloring and its masks.

A rendering is linear in the colors of its parts, so two renderings give every coloring: `blank`, the sketch,
with all parts white, and one with cyan hair, magenta shirt and yellow skin, which lacks red, green and blue
by the coverage of hair, shirt and skin. With these masks

    target = blank - sum_i mask_i * (255 - color_i) / 255

and where a mask is 255, every pixel has exactly the color of its part.
"""

from __future__ import annotations

import functools
import json
import zlib
from dataclasses import dataclass, replace
from importlib import resources

import numpy as np

from condcolor.conditions.colors import RGB
from condcolor.conditions.parts import PALETTE
from condcolor.data.builders.avatar_kits import BEARDS, KITS, SHIRT, SKIN, Kit
from condcolor.data.builders.avatar_svg import (
    FRAMINGS,
    GROUND,
    MARK,
    Pose,
    fill_marks,
    frame,
    line_art,
)
from condcolor.data.builders.svg_render import render_svg
from condcolor.errors import UsageError

_BALD_SHARE = 0.03  # of the characters of a kit that has heads without hair
_MIN_HAIR, _MIN_SHIRT = 0.005, 0.02  # share of the square; a drawing with less is drawn again
_ATTEMPTS = 10
_CHARACTER, _HAIR, _ORDER = range(3)  # random streams


@dataclass(frozen=True)
class Options:
    """The options of drawing that determine a character's pixels, with its kit and index."""

    seed: int = 0
    size: int = 256
    line_width: float = 1.0
    shading: bool = False
    framing: str = "portrait"
    vary: bool = False
    held_out: bool = False


@dataclass(frozen=True)
class Icon:
    """A drawn character; the masks of a pixel add up to its `blank` at most."""

    name: str
    blank: np.ndarray  # [H, W] uint8, the sketch
    masks: np.ndarray  # [H, W, 3] uint8: hair, shirt, skin

    def colored(self, hair: str, shirt: str, skin: RGB) -> np.ndarray:
        """Color the drawing by names of PALETTE and a skin color: `[H, W, 3]` uint8."""
        missing = 255 - np.array([PALETTE[hair], PALETTE[shirt], skin], np.float32)  # [part, rgb]
        return np.rint(self.blank[..., None] - self.masks @ missing / 255).astype(np.uint8)


def draw_icon(kit: str, index: int, options: Options) -> Icon:
    """Draw the character `index` of a kit; a pure function of its arguments.

    If long hair or the frame hides the shirt, other clothes and another pose are tried.
    """
    hair = _hair_shape(kit, index, options)
    bald = hair in KITS[kit].bald
    for attempt in range(_ATTEMPTS):
        svg = _character_svg(kit, index, attempt, hair, options)
        blank, masks = _blank_and_masks(svg, options.size)
        hair_share, shirt_share, _ = (masks > 127).mean((0, 1))
        if (bald or hair_share >= _MIN_HAIR) and shirt_share >= _MIN_SHIRT:
            break
    return Icon(_name(kit, index, options), blank, masks)


def cutout_svg(kit: str, index: int, options: Options) -> str:
    """Return the SVG of the character `index` on no ground, with MARK in place of its parts' colors."""
    svg = _character_svg(kit, index, 0, _hair_shape(kit, index, options), options)
    return svg.replace(GROUND, "", 1)


def _name(kit: str, index: int, options: Options) -> str:
    """Return `micah-0007`, with a seed other than 0 and held-out hair `micah-0007s1h`.

    Names are unique, so that sets that are drawn separately can be merged.
    """
    seed = f"s{options.seed}" if options.seed else ""
    return f"{kit}-{index:04d}{seed}{'h' if options.held_out else ''}"


def hair_shapes(kit: str, *, held_out: bool = False) -> tuple[str, ...]:
    """Return the variants of a kit with visible hair that are drawn, or those held out."""
    row = KITS[kit]
    if held_out:
        return row.held_out
    never = {*row.held_out, *row.excluded, *row.bald}
    return tuple(v for v in _definition(kit)["components"][row.hair]["variants"] if v not in never)


def kit_meta(kit: str) -> dict:
    """Return the metadata of a kit: `license` (name, url, text) and `creator` (name, url)."""
    return _definition(kit)["meta"]


def check_installed() -> None:
    """Check that the packages for drawing are installed.

    Raises:
        UsageError: one is missing.
    """
    try:
        import dicebear  # noqa: F401
        import dicebear_styles  # noqa: F401
        import resvg_py  # noqa: F401
    except ImportError as error:
        raise UsageError(
            "drawing icons needs the icons extra: pip install 'condcolor[icons]'"
        ) from error


def _random(kit: str, options: Options, *keys: int) -> np.random.Generator:
    return np.random.default_rng([options.seed, zlib.crc32(kit.encode()), *keys])


def _hair_shape(kit: str, index: int, options: Options) -> str:
    """Choose the hair shape of a character: each once in a random order, before any is repeated."""
    rng, bald = _random(kit, options, _HAIR, index), KITS[kit].bald
    if bald and not options.held_out and rng.random() < _BALD_SHARE:
        return bald[rng.integers(len(bald))]
    shapes = hair_shapes(kit, held_out=options.held_out)
    lap, position = divmod(index, len(shapes))
    return shapes[_random(kit, options, _ORDER, lap).permutation(len(shapes))[position]]


def _character_svg(kit: str, index: int, attempt: int, hair: str, options: Options) -> str:
    """Draw a character as SVG, with MARK in place of the colors of its parts."""
    from dicebear import Avatar

    row = KITS[kit]
    rng = _random(kit, options, _CHARACTER, index, attempt)
    choices: dict[str, object] = {"seed": kit, "backgroundColor": []}
    for component, spec in sorted(_definition(kit)["components"].items()):
        variant, is_visible = _choose(row, component, spec, hair, options, rng)
        if variant is not None:
            choices[f"{component}Variant"] = variant
            choices[f"{component}Probability"] = 100 if is_visible else 0
    bust = draw_bust(rng, row.chin) if row.chin else ""
    pose = replace(FRAMINGS[options.framing], line_width=options.line_width)
    if options.vary:
        pose = _varied(pose, rng)
    return frame(Avatar(_style(kit, options.shading), choices).to_string(), row, bust, pose)


def _choose(
    kit: Kit, component: str, spec: dict, hair: str, options: Options, rng: np.random.Generator
) -> tuple[str | None, bool]:
    """Choose (variant, visibility) of a component; draws two random numbers in every case."""
    chance, pick = rng.random(2)
    if component == kit.hair:
        return hair, True
    withheld = () if options.held_out else kit.held_out_parts.get(component, ())
    variants = kit.only.get(component) or tuple(spec.get("variants", ()))
    pool = [variant for variant in variants if variant not in withheld]
    if not pool:
        return None, False
    shaven = component in BEARDS and kit.bearded and hair not in kit.bearded
    is_visible = chance < kit.optional.get(component, 1.0) and not shaven
    return pool[int(pick * len(pool))], is_visible


def _varied(pose: Pose, rng: np.random.Generator) -> Pose:
    """Draw a random pose: size, position, tilt, side and line width."""
    scale = pose.scale * rng.uniform(0.75, 1.25)
    degrees = rng.uniform(-6, 6)
    lowest = 2.3 * abs(degrees) - 128 * max(scale - 1, 0)  # keeps a tilted foot below the edge
    return Pose(
        scale=scale,
        x=rng.uniform(-18, 18),
        y=max(rng.uniform(-8, 12), lowest),
        degrees=degrees,
        mirrored=bool(rng.random() < 0.5),
        line_width=pose.line_width * np.exp(rng.uniform(np.log(0.5), np.log(1.8))),
    )


def _blank_and_masks(svg: str, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the sketch `[H, W]` and the masks `[H, W, 3]`, uint8, of an SVG with MARK for colors."""
    blank = _render(fill_marks(svg, "#ffffff", "#ffffff", "#ffffff"), size)[..., 0]
    lacking = _render(fill_marks(svg, "#00ffff", "#ff00ff", "#ffff00"), size)
    masks = (blank[..., None].astype(np.int16) - lacking).clip(0)
    excess = (masks.sum(-1) - blank).clip(0)  # rounding, a level or two; taken from the largest
    largest = masks.argmax(-1)[..., None]
    kept = np.take_along_axis(masks, largest, -1) - excess[..., None]
    np.put_along_axis(masks, largest, kept, -1)
    return blank, masks.astype(np.uint8)


def _render(svg: str, size: int) -> np.ndarray:
    return render_svg(svg, size)[..., :3]


@functools.cache
def _definition(kit: str) -> dict:
    text = resources.files("dicebear_styles").joinpath(f"{kit}.json").read_text("utf-8")
    return json.loads(text)


@functools.cache
def _style(kit: str, shading: bool):
    from dicebear import Style

    return Style(line_art(_definition(kit), KITS[kit], shading=shading))


SHAPES = ("crew", "scoop", "v", "collar", "hoodie", "turtle", "tank")
_INK = 'stroke="#000000" stroke-width="3.6" stroke-linejoin="round" stroke-linecap="round"'


def draw_bust(rng: np.random.Generator, chin: float = 175.0, middle: float = 128.0) -> str:
    """Draw the SVG of a neck above y = `chin` and a shirt below, around x = `middle` of a 256 square."""
    shape = SHAPES[rng.integers(len(SHAPES))]
    neck = rng.uniform(19, 27)  # half width
    collar = chin + rng.uniform(17, 24)  # y where the shirt meets the neck
    shoulder = rng.uniform(66, 96)  # half width
    slope = rng.uniform(10, 26)
    waist = shoulder + rng.uniform(-8, 12)
    m, deep = middle, 340.0

    def path(d: str, fill: str) -> str:
        return f'<path d="{d}" fill="{fill}" {_INK}/>'

    def line(d: str) -> str:
        return path(d, "none")

    wide = neck + {"scoop": 10, "tank": 14}.get(shape, 5)
    depth = {"crew": 13, "scoop": 30, "v": 40, "collar": 22, "hoodie": 20, "turtle": 8, "tank": 34}
    low = collar + depth[shape]
    throat = {
        "v": f"L {m} {low} L {m + wide} {collar}",
        "collar": f"L {m} {low} L {m + wide} {collar}",
    }.get(shape, f"C {m - wide} {low + 3} {m + wide} {low + 3} {m + wide} {collar}")
    body = (
        f"M {m - wide} {collar} {throat} "
        f"C {m + wide + 14} {collar + slope * 0.5} {m + shoulder} {collar + slope * 0.6} "
        f"{m + shoulder + 6} {collar + slope + 34} L {m + waist + 10} {deep} "
        f"L {m - waist - 10} {deep} L {m - shoulder - 6} {collar + slope + 34} "
        f"C {m - shoulder} {collar + slope * 0.6} {m - wide - 14} {collar + slope * 0.5} "
        f"{m - wide} {collar} Z"
    )
    skin = (
        f"M {m - neck} {chin - 45} L {m - neck} {collar - 2} L {m - wide - 2} {collar + 3} "
        f"L {m - wide} {low + 14} L {m + wide} {low + 14} L {m + wide + 2} {collar + 3} "
        f"L {m + neck} {collar - 2} L {m + neck} {chin - 45} Z"
    )
    parts = []
    shirt = MARK[SHIRT]
    if shape == "hoodie":
        hood = (
            f"M {m - wide - 24} {collar + 16} C {m - wide - 34} {collar - 30} {m + wide + 34} "
            f"{collar - 30} {m + wide + 24} {collar + 16} Z"
        )
        parts.append(path(hood, shirt))
    parts += [path(skin, MARK[SKIN]), path(body, shirt)]
    if shape in ("crew", "hoodie") and rng.random() < 0.6:
        parts.append(
            line(
                f"M {m - wide - 7} {collar + 3} C {m - wide - 4} {low + 15} {m + wide + 4} "
                f"{low + 15} {m + wide + 7} {collar + 3}"
            )
        )
    if shape == "hoodie":
        parts += [line(f"M {m + s * 9} {low + 9} l {s * 2} 22") for s in (-1, 1)]
    if shape == "collar":
        for s in (-1, 1):
            flap = (
                f"M {m + s * (wide - 2)} {collar - 6} L {m} {low} L {m + s * 17} {low + 17} "
                f"L {m + s * (wide + 11)} {collar + 4} Z"
            )
            parts.append(path(flap, shirt))
        if rng.random() < 0.5:
            parts.append(line(f"M {m} {low} L {m} {deep}"))
    if shape == "turtle":
        roll = (
            f"M {m - neck - 4} {collar - 15} Q {m} {collar - 5} {m + neck + 4} {collar - 15} "
            f"L {m + neck + 6} {collar + 6} Q {m} {collar + 18} {m - neck - 6} {collar + 6} Z"
        )
        parts.append(path(roll, shirt))
    if shape != "tank" and rng.random() < 0.7:
        y = collar + slope + rng.uniform(24, 36)
        parts += [
            line(f"M {m + s * (shoulder - 18)} {y} L {m + s * (waist - 14)} {deep}")
            for s in (-1, 1)
        ]
    return "".join(parts)
