"""Styles of dicebear drawn with chosen variants, in colors that are told element by element."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping
from importlib import resources

# the color of an element's fill or stroke: of (component, index in its group, name of the color)
Recolor = Callable[[str, int, str], str]
UNDRAWN = ("mask", "clipPath", "defs")


@functools.cache
def style(name: str) -> dict:
    """Return the definition of a style."""
    return json.loads(resources.files("dicebear_styles").joinpath(f"{name}.json").read_text())


def variants(name: str, component: str, without: tuple[str, ...] = ()) -> list[str]:
    """Return the variants of a component."""
    known = style(name)["components"][component]["variants"]
    return [variant for variant in known if variant not in without]


def draw(
    name: str, elements: list[dict], chosen: Mapping[str, str], recolor: Recolor, inside: str = ""
) -> str:
    """Draw the elements of a style as SVG; components that are not in `chosen` are left out."""
    drawn = []
    for index, element in enumerate(elements):
        attributes = dict(element.get("attributes") or {})
        tag = element["name"]
        if element.get("type") == "component":
            if tag not in chosen:
                continue
            variant = style(name)["components"][tag]["variants"][chosen[tag]]
            svg = draw(name, variant["elements"], chosen, recolor, tag)
            moved = attributes.get("transform")
            drawn.append(f'<g transform="{moved}">{svg}</g>' if moved else svg)
            continue
        if tag in UNDRAWN:
            continue
        attributes.pop("style", None)
        for key in ("fill", "stroke"):
            color = attributes.get(key)
            color = color["name"] if isinstance(color, dict) else color
            if color not in (None, "none"):
                attributes[key] = recolor(inside, index, color)
        text = " ".join(f'{key}="{value}"' for key, value in attributes.items())
        children = draw(name, element.get("children", []), chosen, recolor, inside)
        drawn.append(f"<{tag} {text}>{children}</{tag}>")
    return "".join(drawn)


def in_ink(component: str, index: int, color: str) -> str:
    """Recolor an element as in a sketch: dark colors black, others white."""
    if color.startswith("#"):
        digits = color[1:] if len(color) > 4 else "".join(2 * digit for digit in color[1:])
        return "#ffffff" if sum(bytes.fromhex(digits[:6])) > 330 else "#000000"
    return "#000000" if color in ("ink", "black") else "#ffffff"
