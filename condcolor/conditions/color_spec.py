"""What is asked for an attribute: a value of the model, any colour, a mix of them, or to leave it be.

| written | meaning |
|---|---|
| `red` | the model's value `red`, where it has one |
| `crimson` | the colour of that name in the palette file, where there is one |
| `#ff8800`, `rgb(255,136,0)`, `rebeccapurple` | that colour |
| `red:0.6,brown:0.4` | a mean by weight of values or colours, of their sRGB codes; no weight is 1 |
| `none` | no colour: white, as paper is |
| `keep` | as in the picture that came |

A value of the model with the same name always comes first, then the palette file's.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from condcolor.conditions.colors import EXAMPLES, RGB, css_names, format_hex, parse_color
from condcolor.conditions.schema import Attribute, AttributeSchema
from condcolor.errors import UsageError, did_you_mean
from condcolor.runtime.messages import listed

NONE, KEEP = "none", "keep"
_PART = re.compile(r"[^,()]*(?:\([^()]*\)[^,()]*)?")  # a comma within rgb(...) separates nothing


@dataclass(frozen=True)
class ColorSpec:
    """One attribute's.

    parts: weights, which add up to 1, each with a value of the model or a colour; none for a part
    that gets no colour, and then `left` says NONE or KEEP.
    """

    parts: tuple[tuple[float, str | RGB], ...] = ()
    left: str = ""

    @property
    def value(self) -> str | None:
        """The model's value, where just that is asked."""
        only = self.parts[0][1] if len(self.parts) == 1 else None
        return only if isinstance(only, str) else None

    def color(self, known: Mapping[str, Sequence[float]]) -> tuple[float, float, float]:
        """The colour asked for, RGB in 0..255.

        known: the colour of each value. UsageError when it is asked for one that is not there.
        """
        mixed = [0.0, 0.0, 0.0]
        for weight, part in self.parts:
            if isinstance(part, str) and part not in known:
                raise UsageError(
                    f"the colour of '{part}' is not known: ask for one, such as #ff8800"
                )
            levels = known[part] if isinstance(part, str) else part
            mixed = [sum_ + weight * level for sum_, level in zip(mixed, levels, strict=True)]
        return mixed[0], mixed[1], mixed[2]

    @property
    def text(self) -> str:
        """How it is written without the names of a palette file."""
        names = [part if isinstance(part, str) else format_hex(part) for _, part in self.parts]
        if len(names) <= 1:
            return self.left or names[0]
        weights = (weight for weight, _ in self.parts)
        return ",".join(f"{name}:{weight}" for name, weight in zip(names, weights, strict=True))


def parse_color_spec(attribute: Attribute, text: Any) -> ColorSpec:
    """What `text` asks for; UsageError, one line, when it asks for nothing there is."""
    if isinstance(text, str) and text in attribute.values:
        return ColorSpec(((1.0, text),))
    if not isinstance(text, str) or not text or text != text.strip():
        raise UsageError(unknown(attribute, text))
    if text.lower() in (NONE, KEEP):
        return ColorSpec(left=text.lower())
    if parts := _split_mix(text):
        return _mixed(attribute, parts)
    return ColorSpec(((1.0, _color(attribute, text)),))


def parse_color_specs(schema: AttributeSchema, values: Mapping[str, Any]) -> dict[str, ColorSpec]:
    """A wish an attribute, in the schema's order; UsageError names all that is wrong or missing."""
    own = {attribute.name.replace("-", "_"): attribute for attribute in schema.attributes}
    found: dict[str, ColorSpec] = {}
    faults: list[str] = []
    stand_ins = dict(values)  # values that are right, for the schema to check the names
    for key, text in values.items():
        attribute = own.get(str(key).replace("-", "_"))
        if attribute is None:
            continue
        stand_ins[key] = attribute.values[0]
        try:
            spec = found[attribute.name] = parse_color_spec(attribute, text)
            if spec.value is None and len(attribute.values) == 1:
                faults.append(_no_choice(attribute, text))
        except UsageError as error:
            faults.append(str(error))
    try:
        schema.indices(stand_ins)
    except UsageError as error:
        faults.append(str(error))
    if faults:
        raise UsageError("\n".join(faults))
    return {name: found[name] for name in schema.names}


def settled(schema: AttributeSchema, words: Mapping[str, str], *, lock: bool) -> dict[str, str]:
    """The same wishes without the names of a palette file, so that a model can be asked for them.

    With `lock`, each that has a colour becomes that colour as `#rrggbb`: a value of the model, too, the
    colour of its name in the palette file, or else that which the model's schema says.

    Raises:
        UsageError: a wish that cannot be, or (with `lock`) a value whose colour nothing says.
    """
    specs = parse_color_specs(schema, words)
    texts = {}
    for attribute in schema.attributes:
        name, spec = attribute.name, specs[attribute.name]
        if lock and not spec.left and len(attribute.values) > 1:
            texts[name] = format_hex(_levels(color_of(attribute, spec)))
        else:
            written = words.get(name, words.get(name.replace("-", "_"), ""))
            plain = written and spec == _without_palette(attribute, written)
            texts[name] = written if plain else spec.text
    return texts


def color_of(attribute: Attribute, spec: ColorSpec) -> tuple[float, float, float]:
    """The colour that a wish with parts means, RGB in 0..255, by palette file and schema alone."""
    known = attribute.colors | dict(attribute.named)
    try:
        return spec.color(known)
    except UsageError:
        unsaid = [p for _, p in spec.parts if isinstance(p, str) and p not in known]
        raise UsageError(
            f"{attribute.name}: the model does not say the colour of '{unsaid[0]}': give it one in a "
            "palette file"
        ) from None


def _levels(color: Sequence[float]) -> RGB:
    red, green, blue = (round(level) for level in color)
    return red, green, blue


def _without_palette(attribute: Attribute, text: str) -> ColorSpec | None:
    try:
        return parse_color_spec(replace(attribute, named=()), text)
    except UsageError:
        return None


def plain_values(specs: Mapping[str, ColorSpec]) -> dict[str, str] | None:
    """The values asked for, where nothing but values of the model is."""
    values = {name: spec.value for name, spec in specs.items()}
    return None if None in values.values() else values


def unknown(attribute: Attribute, text: Any) -> str:
    """`hair 'rad' is not one of blue, brown, red, nor a colour (...); did you mean 'red'?`."""
    hint, own = "", [name for name, _ in attribute.named]
    if isinstance(text, str):
        known = (attribute.values, own, (NONE, KEEP, *css_names()))
        hint = next(filter(None, (did_you_mean(text, names) for names in known)), "")
    others = f", nor of the palette ({listed(own)})" if attribute.named else ""
    return (
        f"{attribute.name} {text!r} is not one of {listed(attribute.values)}{others}, "
        f"nor {_else()}{hint}"
    )


def _no_choice(attribute: Attribute, text: str) -> str:
    only = attribute.values[0]
    return (
        f"{attribute.name} has one value only, '{only}', so that nothing tells where it shows: "
        f"only '{only}' can be asked for, not {text!r}"
    )


def _else() -> str:
    return f"a colour ({EXAMPLES}), a mix (#ff8800:0.6,tan:0.4) or none"


def _split_mix(text: str) -> list[tuple[str, str]]:
    """`"red:0.6,tan"` -> `[("red", "0.6"), ("tan", "")]`; nothing where it is no mix."""
    parts = [part for part in _PART.findall(text) if part]
    if len(parts) == 1 and ":" not in text:
        return []
    halves = [part.strip().rpartition(":") for part in parts]
    return [(head.strip(), tail.strip()) if colon else (tail, "") for head, colon, tail in halves]


def _mixed(attribute: Attribute, parts: Sequence[tuple[str, str]]) -> ColorSpec:
    weighed: list[tuple[float, str | RGB]] = []
    for name, written in parts:
        try:
            weight = float(written) if written else 1.0
        except ValueError:
            weight = math.nan
        if not 0 <= weight < math.inf:
            raise UsageError(
                f"{attribute.name}: '{written}' is no weight of '{name}'; write a number from 0 up"
            )
        weighed.append((weight, name if name in attribute.values else _color(attribute, name)))
    total = sum(weight for weight, _ in weighed)
    if total == 0:
        raise UsageError(f"{attribute.name}: all weights are 0: nothing is left to mix")
    return ColorSpec(tuple((weight / total, part) for weight, part in weighed))


def _color(attribute: Attribute, text: str) -> RGB:
    own = dict(attribute.named)
    if text in own:
        return own[text]
    known = (*attribute.values, *own)
    if text.lower() in map(str.lower, known):  # `Red` beside a value `red` is a slip
        raise UsageError(unknown(attribute, text))
    try:
        return parse_color(text)
    except UsageError as error:
        if text.startswith("#") or "(" in text:
            raise UsageError(f"{attribute.name}: {error}") from None
        raise UsageError(unknown(attribute, text)) from None
