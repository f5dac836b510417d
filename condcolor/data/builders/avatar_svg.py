"""A kit's SVG redrawn as line art."""

from __future__ import annotations

import copy
import re
from dataclasses import dataclass, replace

from condcolor.conditions.colors import parse_hex
from condcolor.data.builders.avatar_kits import HAIR, SHIRT, SKIN, Kit

SQUARE = 256.0  # side of a drawing in units, to which those of a kit are scaled
MARK = {HAIR: "#fe0001", SHIRT: "#fe0002", SKIN: "#fe0003"}  # in place of a part's color
WHITE = "#ffffff"
GROUND = f'<rect width="{SQUARE:g}" height="{SQUARE:g}" fill="{WHITE}"/>'
_STROKE_WIDTH = re.compile(r'stroke-width="([0-9.]+)"')
_CLIP = re.compile(r' clip-path="url\(#clip-[0-9a-f]+\)"')
_NAMED = {"white": 255, "black": 0}


@dataclass(frozen=True)
class Pose:
    """The position of a drawing on the square, and the factor of its line width.

    A drawing is reduced about the foot of the square, so that shoulders reach the edge, or enlarged about the
    middle; then rotated, then moved by (x, y).
    """

    scale: float = 1.0
    x: float = 0.0
    y: float = 0.0
    degrees: float = 0.0
    mirrored: bool = False
    line_width: float = 1.0


FRAMINGS = {"portrait": Pose(), "close": Pose(scale=1.22), "wide": Pose(scale=0.78)}


def line_art(style: dict, kit: Kit, *, shading: bool) -> dict:
    """Return the definition of a style as line art: MARK for colors, outlines added, the rest grey."""
    style = copy.deepcopy(style)
    style["canvas"]["elements"] = _redraw(style["canvas"]["elements"], kit, shading, "")
    for name, component in style["components"].items():
        for variant in component.get("variants", {}).values():
            variant["elements"] = _redraw(variant["elements"], kit, shading, name)
    return style


def _redraw(elements: list, kit: Kit, shading: bool, component: str) -> list:
    redrawn = (_redraw_one(element, kit, shading, component) for element in elements)
    return [element for element in redrawn if element is not None]


def _redraw_one(element: dict, kit: Kit, shading: bool, component: str) -> dict | None:
    if element.get("name") in ("mask", "clipPath"):
        return element
    attributes = element.get("attributes") or {}
    feature = component in kit.features
    if feature:
        kit = _without_hair(kit)
    # Blend modes are not linear in the colors below; an overlay without them is.
    blended = "mix-blend-mode" in attributes.get("style", "") and attributes.pop("style")
    if blended or _opacity(attributes) < 1:
        inked = feature and attributes.get("fill") == "black" and _opacity(attributes) >= 0.3
        if inked or _part(attributes, kit):
            _make_solid(attributes)
        elif not shading and "stroke" in attributes and not feature:
            _make_solid(attributes)
            attributes["fill"] = "none"
        elif not shading:
            return None
    _outline(attributes, kit, feature)
    for key in ("fill", "stroke", "stop-color"):
        if key in attributes:
            attributes[key] = _paint(attributes[key], kit)
    if "children" in element:
        element["children"] = _redraw(element["children"], kit, shading, component)
    return element


def _without_hair(kit: Kit) -> Kit:
    """Return the kit for fine features: a lash or a brow of the hair's color is black."""
    others = {name: part for name, part in kit.slots.items() if part == SKIN}
    return replace(kit, slots=others, tones={**dict.fromkeys(kit.slots, "#000000"), **kit.tones})


def _opacity(attributes: dict) -> float:
    return float(attributes.get("opacity", 1)) * float(attributes.get("fill-opacity", 1))


def _make_solid(attributes: dict) -> None:
    attributes.pop("opacity", None)
    attributes.pop("fill-opacity", None)


def _part(attributes: dict, kit: Kit) -> str | None:
    fill = attributes.get("fill")
    return kit.slots.get(fill["name"]) if isinstance(fill, dict) else None


def _outline(attributes: dict, kit: Kit, feature: bool) -> None:
    """Outline in black what would be white on white in the sketch."""
    fill, stroke = attributes.get("fill"), attributes.get("stroke")
    if isinstance(fill, dict) and (ink := kit.ink.get(fill["name"], 0.0)):
        _set_stroke(attributes, fill, ink)
    elif _part(attributes, kit) and kit.stroke and (stroke is None or isinstance(stroke, dict)):
        _set_stroke(attributes, "black", kit.stroke)
    elif _is_light(fill) and _opacity(attributes) == 1 and kit.stroke and not stroke:
        _set_stroke(attributes, "black", kit.stroke * (0.3 if feature else 0.5))


def _is_light(fill: object) -> bool:
    return isinstance(fill, str) and _is_color(fill) and _grey(fill) > 200


def _set_stroke(attributes: dict, paint: str | dict, width: float) -> None:
    attributes["stroke"] = paint
    attributes["stroke-width"] = f"{width:g}"
    attributes["stroke-linejoin"] = "round"


def _paint(color: str | dict, kit: Kit) -> str:
    """Return the mark of a part's slot, the tone of another slot, or a fixed color as grey."""
    if isinstance(color, dict):
        part = kit.slots.get(color["name"])
        return MARK[part] if part else kit.tones.get(color["name"], WHITE)
    return "#" + f"{_grey(color):02x}" * 3 if _is_color(color) else color


def _is_color(paint: str) -> bool:
    return paint in _NAMED or paint.startswith("#")  # not none, not url(#...)


def _grey(color: str) -> int:
    """Return the luma of a color, 0..255."""
    if color in _NAMED:
        return _NAMED[color]
    red, green, blue = parse_hex(color[:7])  # without alpha
    return round(0.299 * red + 0.587 * green + 0.114 * blue)


def frame(svg: str, kit: Kit, bust: str, pose: Pose) -> str:
    """Place a kit's SVG on the square, behind it the bust, in a pose and with its line width."""
    inner = _CLIP.sub("", svg[svg.index(">") + 1 : svg.rindex("</svg>")])
    scale, x, y = kit.transform
    head = f'<g transform="translate({x:g} {y:g}) scale({scale:.6g})" fill="none">{inner}</g>'
    art = _STROKE_WIDTH.sub(
        lambda width: f'stroke-width="{float(width[1]) * pose.line_width:.4g}"', bust + head
    )
    middle, anchor = SQUARE / 2, SQUARE if pose.scale < 1 else SQUARE / 2
    flip = -pose.scale if pose.mirrored else pose.scale
    transform = (
        f"translate({middle + pose.x:g} {anchor + pose.y:g}) rotate({pose.degrees:g}) "
        f"scale({flip:g} {pose.scale:g}) translate({-middle:g} {-anchor:g})"
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SQUARE:g} {SQUARE:g}">'
        f'{GROUND}<g transform="{transform}">{art}</g></svg>'
    )


def fill_marks(svg: str, hair: str, shirt: str, skin: str) -> str:
    """Replace the marks of an SVG by colors."""
    for part, color in ((HAIR, hair), (SHIRT, shirt), (SKIN, skin)):
        svg = svg.replace(MARK[part], color)
    return svg
