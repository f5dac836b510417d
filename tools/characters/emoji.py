"""Persons of colored emoji sets as line art with their parts.

What changes with the skin tone is skin or hair. The other parts are told by where they are: what lies below
the head is a shirt, at the foot shoes, on the head a hat.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from iconify import Element, IconSet

from condcolor.data.builders.cutouts import UNSURE_FILL, Cutout, cut_svg
from condcolor.data.builders.figure_pen import INK, PART_FILL
from condcolor.data.builders.svg_render import render_svg

SIDE = 64  # pixels of the masks by which parts are told
MOST_ELEMENTS = 80
OUTLINE, DETAIL = "OUTLINE", "DETAIL"  # line widths, filled in when a person is drawn
PERSONS = ("person", "man", "woman", "boy", "girl")
HANDS = (
    *("hand", "thumb", "finger", "fist", "palm", "ear", "nose", "foot", "leg", "biceps", "call-me"),
    *("love-you", "vulcan", "pinch", "clap", "nail", "horns", "selfie", "backhand", "writing"),
    *("folded", "wave", "ok-"),
)
CROWDED = (  # told wrongly: more than one person, or a thing before the body
    *("technologist", "bath", "laptop", "couple", "kiss", "holding-hands", "office-worker"),
)
RIDING = (
    *("wheelchair", "bik", "horse", "surf", "boat", "golf", "snow", "steam", "merm", "climb"),
    "genie",
)
HATTED = (  # who wears something on the head
    *("construction", "guard", "police", "detective", "cowboy", "farmer", "cook", "mage", "santa"),
    *("claus", "prince", "crown", "turban", "headscarf", "skullcap", "cap", "veil", "pilot"),
    *("astronaut", "firefighter", "graduate", "student", "ninja", "golf", "bik", "climb", "horse"),
    *("hat", "helmet", "fairy", "genie", "elf", "merm"),
)


@dataclass(frozen=True)
class Person:
    """An emoji as SVG in the fills of parts, with OUTLINE and DETAIL for line widths."""

    name: str
    svg: str
    width: float
    height: float

    def cut(self, outline: float, detail: float, side: int) -> Cutout:
        """Draw the person with lines of a width, in shares of its own."""
        outline, detail = outline * self.width, detail * self.width
        svg = self.svg.replace(OUTLINE, f"{outline:.3f}").replace(DETAIL, f"{detail:.3f}")
        size = (self.width + 2 * outline, self.height + 2 * outline)
        return cut_svg(svg, (-outline, -outline, *size), side)


class Shape:
    """The area of an element in a picture of SIDE pixels; lengths are shares of the picture."""

    def __init__(self, element: Element, width: float, height: float) -> None:
        look = {"fill": "none" if element.fill == "none" else INK}
        if element.stroke != "none":
            look |= {"stroke": INK, "stroke_width": element.stroke_width or "1"}
        head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}">'
        svg = f"{head}{element.drawn(**look)}</svg>"
        self.element = element
        self.mask = render_svg(svg, SIDE)[..., 3] > 127
        self.visible = self.mask

    @cached_property
    def area(self) -> float:
        return float(self.mask.mean())

    @cached_property
    def seen(self) -> float:
        return float(self.visible.mean())

    @cached_property
    def box(self) -> tuple[float, float, float, float]:
        """x0, y0, x1, y1 of the pixels' corners."""
        ys, xs = (positions / SIDE for positions in self.mask.nonzero())
        return xs.min(), ys.min(), xs.max(), ys.max()

    def middle(self, *, visible: bool = False) -> tuple[float, float]:
        ys, xs = (self.visible if visible else self.mask).nonzero()
        return xs.mean() / SIDE, ys.mean() / SIDE

    def share_on(self, other: Shape) -> float:
        """Return which share of this shape lies on the other; 0 if it is empty."""
        return (self.mask & other.mask).sum() / max(self.mask.sum(), 1)


def find_persons(icons: IconSet) -> Iterator[Person]:
    """Yield the persons of an icon set."""
    for name in sorted(icons.icons):
        dark = next(
            (d for d in (f"{name}-dark-skin-tone", f"{name}-dark") if d in icons.icons), None
        )
        if dark is None or "-skin-tone" in name:
            continue
        elements, darker = icons.elements(name), icons.elements(dark)
        if not elements or not darker or len(elements) != len(darker):
            continue
        if len(elements) > MOST_ELEMENTS:
            continue
        if any(word in name for word in CROWDED) and icons.name != "emojione":
            continue
        tones = [_tone(*pair) for pair in zip(elements, darker, strict=True)]
        person = _Parts.find(name, elements, tones, icons.size(name))
        if person is not None:
            yield person


def _tone(light: Element, dark: Element) -> str:
    """Return "hair" or "skin" for an element that changes with the skin tone, else an empty text."""
    if light.fill == dark.fill or light.fill == "none":
        return ""
    is_hair = dark.luma < 41 and (light.luma > 60 or light.luma > dark.luma + 8)
    return "hair" if is_hair else "skin"


class _Parts:
    """The elements of a person, their tones, and the head that the other parts are told by."""

    def __init__(self, name: str, shapes: list[Shape], tones: list[str], head: Shape) -> None:
        self.name, self.shapes, self.tones, self.head = name, shapes, tones, head
        self.x0, self.y0, self.x1, self.y1 = head.box
        self.wide, self.high = self.x1 - self.x0, self.y1 - self.y0
        everything = np.any([shape.mask for shape in shapes], axis=0)
        self.foot = everything.any(1).nonzero()[0].max() / SIDE
        self.is_whole = self.foot - self.y1 > 1.6 * self.high
        self.shirt = self._find_shirt()
        pairs = zip(shapes, tones, strict=True)
        self.has_hair = any(tone == "hair" and shape.area > 0.01 for shape, tone in pairs)

    @classmethod
    def find(
        cls, name: str, elements: list[Element], tones: list[str], size: tuple[float, float]
    ) -> Person | None:
        """Return a person with the parts of its elements; None if it shows none."""
        shapes = [Shape(element, *size) for element in elements]
        covered = np.zeros((SIDE, SIDE), bool)
        for shape in reversed(shapes):
            shape.visible = shape.mask & ~covered
            covered |= shape.mask
        skins = [s for s, tone in zip(shapes, tones, strict=True) if tone == "skin"]
        skins = [shape for shape in skins if shape.area > 0.012]
        if not skins:
            return None

        eyes = [s for s in shapes if 0 < s.area < 0.01 and s.element.fill != "none"]
        eyes = [eye for eye in eyes if eye.element.luma < 120]

        def features(shape: Shape) -> int:
            return sum(eye.share_on(shape) >= 0.5 for eye in eyes)

        head = max(skins, key=lambda shape: (min(features(shape), 2), shape.area))
        if not features(head) and "hair" not in tones:
            return None
        is_hand = any(word in name for word in HANDS) and features(head) < 2
        if is_hand and not any(word in name for word in PERSONS):
            tones = ["skin" if tone else "" for tone in tones]
        own = cls(name, shapes, tones, head)
        parts = [own.part_of(index) for index in range(len(shapes))]
        if "skin" not in parts or not {"hair", "hat", "shirt"} & set(parts):
            return None
        svg = "".join(map(own._drawn, shapes, parts))
        return Person(name, svg, *size)

    def _find_shirt(self) -> Shape | None:
        """Return the shape of the shirt: the largest below the head, the topmost of a whole person."""
        shirt = None
        candidates = []
        for shape, tone in zip(self.shapes, self.tones, strict=True):
            if tone or shape.seen < 0.01:
                continue
            x, y = shape.middle(visible=True)
            lowest = shape.visible.any(1).nonzero()[0].max() / SIDE
            if y <= self.y1 - 0.12 * self.high:
                continue
            aside = max(self.x0 - x, x - self.x1) / self.wide  # of the head, in its widths
            is_below = aside < 0.6 and lowest > self.y1 + 0.1 * self.high
            if is_below and (shirt is None or shape.seen > 1.6 * shirt.seen):
                shirt = shape
            if aside < 1.0 and shape.seen >= 0.012:
                candidates.append((y, shape))
        if self.is_whole and candidates:
            largest = max(shape.seen for _, shape in candidates)
            large = [(y, shape) for y, shape in candidates if shape.seen > 0.25 * largest]
            return min(large, key=lambda pair: pair[0])[1]
        return shirt

    def part_of(self, index: int) -> str:
        """Return a part, "unsure", or how an element is drawn: ink, line, skip, detail, face, on shirt."""
        shape, tone = self.shapes[index], self.tones[index]
        element = shape.element
        if not element.is_filled:
            return "line" if element.is_line else "skip"
        if tone == "hair":
            return self._hair_or_ink(shape)
        if tone == "skin":
            return "skin" if shape.area > 0.008 else "ink"
        if not shape.visible.any():
            return "skip"
        x, y = shape.middle()
        in_head = shape.share_on(self.head) >= 0.5
        if shape.area < 0.008:
            is_ink = (in_head and element.luma < 190) or element.luma < 70
            return "ink" if is_ink else "detail"
        if in_head and y > self.y0 + 0.3 * self.high:
            return "face"
        aside = max(self.x0 - x, x - self.x1) / self.wide
        if aside < 0.5 and self._is_on_head(shape):
            return self._hat_or_hair(shape)
        if shape is self.shirt:
            return "shirt"
        is_below = y > self.y1 - 0.05 * self.high
        if self.shirt and element.fill == self.shirt.element.fill and element.luma < 235:
            return "shirt"
        if is_below and self.is_whole:
            if any(word in self.name for word in RIDING):
                return "unsure"
            if y > self.y1 + 0.4 * (self.foot - self.y1):
                return self._below_the_hips(shape, x)
        if is_below and self.shirt and shape.share_on(self.shirt) > 0.5:
            return "on shirt"
        if self._is_around_head(shape):
            return "unsure" if self.has_hair else "hair"
        return "shirt" if self._is_torso(shape) else "other"

    def _hair_or_ink(self, shape: Shape) -> str:
        """Tell hair from brows, lashes and moustaches, which are small or within the face."""
        if shape.area <= 0.006:
            return "ink"
        y = shape.middle()[1]
        in_face = shape.share_on(self.head) >= 0.8 and y > self.y0 + 0.25 * self.high
        is_above_mouth = y <= self.y0 + 0.64 * self.high
        return "ink" if in_face and shape.area < 0.02 and is_above_mouth else "hair"

    def _is_on_head(self, shape: Shape) -> bool:
        _, top, _, bottom = shape.box
        middle = (self.y0 + self.y1) / 2
        is_high = shape.middle()[1] < middle - 0.1 * self.high
        touches = top < self.y0 + 0.25 * self.high and bottom > self.y0 - 0.35 * self.high
        return is_high and touches

    def _hat_or_hair(self, shape: Shape) -> str:
        lowest = (self.y0 + self.y1) / 2 + 0.3 * self.high
        if self._is_named(HATTED) and shape.box[3] < lowest:
            return "hat"
        return "unsure" if self.has_hair else "hair"

    def _is_around_head(self, shape: Shape) -> bool:
        """Whether a shape behind the head is hair that does not change with the skin tone."""
        left, top, right, bottom = shape.box
        spans = left < self.x0 + 0.15 * self.wide and right > self.x1 - 0.15 * self.wide
        is_high = top < self.y0 + 0.12 * self.high and bottom < self.y1 + 0.9 * self.high
        return spans and is_high and right - left < 2.2 * self.wide and not self._is_named(HATTED)

    def _is_torso(self, shape: Shape) -> bool:
        """Whether a shape lies at the foot of a half figure, wider than the head, as arms and a body do."""
        left, _, right, bottom = shape.box
        is_wide = right - left > 1.25 * self.wide and left < self.x0 and right > self.x1
        return (
            is_wide and bottom > 0.92 * self.foot and not self.is_whole and "veil" not in self.name
        )

    def _is_named(self, words: Sequence[str]) -> bool:
        return any(word in self.name for word in words)

    def _below_the_hips(self, shape: Shape, x: float) -> str:
        if abs(x - (self.x0 + self.x1) / 2) >= 1.2 * self.wide:
            return "other"
        is_shoe = shape.box[1] > self.foot - 0.14 and shape.area < 0.03
        return "shoes" if is_shoe else "trousers"

    def _drawn(self, shape: Shape, part: str) -> str:
        """Return an element in the fill of its part."""
        if part == "skip":
            return ""
        if part == "ink":
            return shape.element.drawn(fill=INK)
        outline = {"stroke": INK, "stroke_width": OUTLINE, "stroke_linejoin": "round"}
        if part == "line":
            return shape.element.drawn(fill="none", **outline, stroke_linecap="round")
        if part in ("detail", "face"):
            fill = UNSURE_FILL if part == "detail" else PART_FILL["other"]
            return shape.element.drawn(fill=fill, **{**outline, "stroke_width": DETAIL})
        if part == "on shirt":
            assert self.shirt is not None
            is_small = shape.area < 0.25 * self.shirt.area
            part = "shirt" if is_small else "unsure"
        return shape.element.drawn(fill=PART_FILL.get(part, UNSURE_FILL), **outline)
