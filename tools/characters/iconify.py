"""Icon sets of @iconify-json packages: their icons as flat lists of drawn SVG elements."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

DRAWN = {"path", "circle", "ellipse", "rect", "polygon", "polyline", "line"}
NOT_FLAT = {"clipPath", "mask", "linearGradient", "radialGradient", "defs", "use", "filter"}
OWN_LOOK = ("fill", "stroke", "stroke-width", "opacity", "fill-opacity", "stroke-opacity")


@dataclass(frozen=True)
class Element:
    """A drawn element with what it inherits of its groups."""

    node: ElementTree.Element
    fill: str
    stroke: str
    stroke_width: str
    transform: str
    opacity: float

    @property
    def is_filled(self) -> bool:
        return self.fill != "none" and self.opacity >= 0.99

    @property
    def is_line(self) -> bool:
        return not self.is_filled and self.stroke != "none" and self.opacity >= 0.99

    @property
    def luma(self) -> float:
        """The luma of the fill, 0 to 255."""
        names = {"white": "fff", "black": "000", "none": "000", "currentColor": "000"}
        digits = names.get(self.fill, self.fill.lstrip("#"))
        digits = "".join(2 * digit for digit in digits) if len(digits) == 3 else digits
        try:
            red, green, blue = bytes.fromhex(digits[:6])
        except ValueError:
            return 0.0
        return 0.299 * red + 0.587 * green + 0.114 * blue

    def drawn(self, **look: str) -> str:
        """Return the element as SVG in another look; `_` in a name stands for `-`."""
        attributes = {
            name: value
            for name, value in self.node.attrib.items()
            if name not in (*OWN_LOOK, "style", "class", "transform")
        }
        if self.transform:
            attributes["transform"] = self.transform
        attributes |= {name.replace("_", "-"): value for name, value in look.items()}
        text = " ".join(f'{name}="{value}"' for name, value in attributes.items())
        return f"<{self.node.tag} {text}/>"


@dataclass(frozen=True)
class IconSet:
    """The icons.json of a package, such as @iconify-json/twemoji."""

    name: str
    icons: dict[str, dict]
    width: float
    height: float

    @classmethod
    def load(cls, packages: Path, name: str) -> IconSet:
        """Read an icon set from the folder of the unpacked packages."""
        path = find_package(packages, f"iconify-json-{name}") / "icons.json"
        data = json.loads(path.read_text("utf-8"))
        width = data.get("width", 16)
        return cls(name, data["icons"], width, data.get("height", width))

    def size(self, icon: str) -> tuple[float, float]:
        """Return width and height of an icon."""
        own = self.icons[icon]
        return own.get("width", self.width), own.get("height", self.height)

    def elements(self, icon: str) -> list[Element] | None:
        """Return the elements of an icon; None if it has gradients, masks or clips."""
        body = self.icons[icon]["body"].replace("xlink:href", "href")
        try:
            root = ElementTree.fromstring(f"<svg>{body}</svg>")
        except ElementTree.ParseError:
            return None
        if any(node.tag in NOT_FLAT for node in root.iter()):
            return None
        found: list[Element] = []

        def walk(
            node: ElementTree.Element, fill: str, stroke: str, width: str, transform: str
        ) -> None:
            fill, stroke = node.get("fill", fill), node.get("stroke", stroke)
            width = node.get("stroke-width", width)
            transform = f"{transform} {node.get('transform', '')}".strip()
            opacity = float(node.get("opacity", 1)) * float(node.get("fill-opacity", 1))
            if node.tag in DRAWN:
                found.append(Element(node, fill, stroke, width, transform, opacity))
            for child in node:
                walk(child, fill, stroke, width, transform)

        walk(root, "#000", "none", "1", "")
        return found


def find_package(packages: Path, name: str) -> Path:
    """Return the folder of an unpacked npm package, such as `react-peeps-0.1.10`."""
    found = [path for path in packages.glob(f"{name}-[0-9]*") if path.is_dir()]
    if len(found) != 1:
        raise SystemExit(f"{packages}: {len(found)} folders {name}-VERSION; see README.md")
    return found[0]
