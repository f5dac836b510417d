"""`ColorSpec`: what is asked for one attribute (a value, a color, a mix, none, keep), parsed.

| written | meaning |
|---|---|
| `red` | the model's value `red`, where it has one |
| `crimson` | the color of that name in the palette file, where there is one |
| `#ff8800`, `rgb(255,136,0)`, `rebeccapurple` | that color |
| `red:0.6,brown:0.4` | the weighted mean of the sRGB levels of values or colors; the default weight is 1 |
| `none` | no color: white, as paper is |
| `keep` | the colors of the input picture |
| `default` | of an optional attribute: its default; on a colored picture, `keep` |

A value of the model with the same name always comes first, then the palette file's.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from condcolor.conditions.colors import EXAMPLES, RGB, css_names, format_hex, parse_color
from condcolor.conditions.schema import Attribute, AttributeSchema
from condcolor.errors import UsageError, did_you_mean
from condcolor.runtime.messages import listed

T = TypeVar("T")
NONE, KEEP, DEFAULT = "none", "keep", "default"
NO_PERSONS = "colors of single persons are for models that find parts, such as icons"
_OF_PERSON = re.compile(r"(.+)_([2-9]|[1-9][0-9])")
_PART = re.compile(r"[^,()]*(?:\([^()]*\)[^,()]*)?")  # a comma within rgb(...) separates nothing


@dataclass(frozen=True)
class ColorSpec:
    """The requested color of one attribute; specs of the same meaning are equal, however they are written.

    parts: weights, which add up to 1, each with a value of the model or a color; empty where `left` is set.
    left: NONE or KEEP for a part that gets no color, DEFAULT for one that nobody asked for, else empty.
    asked: the text as the user wrote it, for file names and reports; by default `text`.
    text: the spec written without names of a palette file, for manifests; by default of `parts` and `left`.
    """

    parts: tuple[tuple[float, str | RGB], ...] = ()
    left: str = ""
    asked: str = field(default="", compare=False)
    text: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", self.text or self.left or self._written())
        object.__setattr__(self, "asked", self.asked or self.text)

    def __str__(self) -> str:
        return self.asked

    @property
    def value(self) -> str | None:
        """The model's value where the spec is one value alone, else None."""
        only = self.parts[0][1] if len(self.parts) == 1 else None
        return only if isinstance(only, str) else None

    def color(self, known: Mapping[str, Sequence[float]]) -> tuple[float, float, float]:
        """Return the color of the spec, RGB in 0..255.

        known: value -> color.

        Raises:
            UsageError: the color of a value is not known.
        """
        mixed = [0.0, 0.0, 0.0]
        for weight, part in self.parts:
            if isinstance(part, str) and part not in known:
                raise UsageError(
                    f"the colour of '{part}' is not known: ask for one, such as #ff8800"
                )
            levels = known[part] if isinstance(part, str) else part
            mixed = [total + weight * level for total, level in zip(mixed, levels, strict=True)]
        return mixed[0], mixed[1], mixed[2]

    def _written(self) -> str:
        names = [part if isinstance(part, str) else format_hex(part) for _, part in self.parts]
        if len(names) == 1:
            return names[0]
        weights = (weight for weight, _ in self.parts)
        return ",".join(f"{name}:{weight}" for name, weight in zip(names, weights, strict=True))


def parse_color_spec(attribute: Attribute, text: Any) -> ColorSpec:
    """Parse the text of a spec for an attribute.

    Raises:
        UsageError: `text` is no value, color, mix, `none` or `keep`; one line.
    """
    if isinstance(text, str) and (own := attribute.spelled(text)) in attribute.values:
        return ColorSpec(((1.0, own),))
    if not isinstance(text, str) or not text or text != text.strip():
        raise UsageError(unknown(attribute, text))
    if text.lower() in (NONE, KEEP) or (text.lower() == DEFAULT and attribute.default):
        return ColorSpec(left=text.lower(), asked=text, text=text)
    if mix := _split_mix(text):
        parts, names = _mixed(attribute, mix), [name for name, _ in mix]
    else:
        parts, names = ((1.0, _color(attribute, text)),), [text]
    stands_alone = not any(_needs_palette(attribute, name) for name in names)
    return ColorSpec(parts, asked=text, text=text if stands_alone else "")


def take_color_spec(attribute: Attribute, spec: str | ColorSpec) -> ColorSpec:
    """Return a ColorSpec unchanged, a text parsed.

    Raises:
        UsageError: the text is no spec, or the ColorSpec has a value of another attribute.
    """
    if not isinstance(spec, ColorSpec):
        return parse_color_spec(attribute, spec)
    for _, part in spec.parts:
        if isinstance(part, str) and part not in attribute.values:
            raise UsageError(unknown(attribute, part))
    return spec


def parse_color_specs(
    schema: AttributeSchema, values: Mapping[str, str | ColorSpec]
) -> dict[str, ColorSpec]:
    """Return a ColorSpec for each attribute, in the schema's order; texts are parsed.

    An attribute that is missing gets DEFAULT where it has a default. `hair-2` is the hair of the second
    person from the left; such specs, of single persons, come last.

    Raises:
        UsageError: every spec that is wrong, unknown or missing, one line each.
    """
    of_persons = split_persons(schema, values)
    first = {key: spec for key, spec in values.items() if key not in of_persons}
    by_name, wrong_names = schema.by_name(first)
    specs: dict[str, ColorSpec] = {}
    faults: list[str] = []
    for attribute in schema.attributes:
        try:
            spec = by_name.get(attribute.name, DEFAULT if attribute.default else None)
            if spec is not None:
                specs[attribute.name] = take_color_spec(attribute, spec)
                refuse_no_choice(attribute, specs[attribute.name])
        except UsageError as error:
            faults.append(str(error))
    for key, (name, person) in of_persons.items():
        try:
            specs[f"{name}-{person}"] = take_color_spec(schema.attribute(name), values[key])
        except UsageError as error:
            faults.append(f"person {person}: {error}")
    if faults or wrong_names:
        raise UsageError("\n".join([*faults, *wrong_names]))
    return specs


def split_persons(schema: AttributeSchema, names: Iterable[str]) -> dict[str, tuple[str, int]]:
    """Return the names of one person's colors, such as `hair-2`: attribute and person, from 2."""
    own = {name.replace("-", "_"): name for name in schema.names}
    found = {}
    for key in names:
        match = _OF_PERSON.fullmatch(str(key).replace("-", "_"))
        if match and match[0] not in own and match[1] in own:
            found[key] = own[match[1]], int(match[2])
    return found


def asked_for(values: Mapping[str, T]) -> dict[str, T]:
    """Return the values without those that are left at their attribute's default."""
    return {
        name: value
        for name, value in values.items()
        if not (isinstance(value, ColorSpec) and value.left == DEFAULT)
    }


def default_spec(attribute: Attribute) -> ColorSpec:
    """Return the spec of an attribute's default; UsageError where that is no spec."""
    return parse_color_spec(attribute, attribute.default)


def exact_specs(schema: AttributeSchema, specs: Mapping[str, ColorSpec]) -> dict[str, ColorSpec]:
    """Return the specs with each color rounded to levels, which every picture can have exactly.

    A value of the model becomes its color in the palette file, or else in the schema.

    Raises:
        UsageError: neither has a color for a value.
    """
    exact = dict(specs)
    for attribute in schema.attributes:
        spec = specs[attribute.name]
        if spec.left or len(attribute.values) == 1:
            continue
        known = attribute.colors | dict(attribute.named)
        for _, part in spec.parts:
            if isinstance(part, str) and part not in known:
                raise UsageError(
                    f"{attribute.name}: the model does not say the colour of '{part}': give it one "
                    "in a palette file"
                )
        color = rounded(spec.color(known))
        exact[attribute.name] = ColorSpec(((1.0, color),), asked=spec.asked)
    return exact


def rounded(color: Sequence[float]) -> RGB:
    """Return a color of 0..255 rounded to whole levels."""
    red, green, blue = (round(level) for level in color)
    return red, green, blue


def plain_values(specs: Mapping[str, ColorSpec]) -> dict[str, str] | None:
    """Return the model's values; None unless every spec is one value alone."""
    values = {name: spec.value for name, spec in specs.items() if spec.value is not None}
    return values if len(values) == len(specs) else None


def unknown(attribute: Attribute, text: Any) -> str:
    """Return `hair 'rad' is not one of blue, brown, red, nor a colour (...); did you mean 'red'?`."""
    hint, own = "", [name for name, _ in attribute.named]
    if isinstance(text, str):
        known = (attribute.values, own, (NONE, KEEP, *css_names()))
        hint = next(filter(None, (did_you_mean(text, names) for names in known)), "")
    others = f", nor of the palette ({listed(own)})" if attribute.named else ""
    alternatives = f"a colour ({EXAMPLES}), a mix (#ff8800:0.6,tan:0.4) or none"
    return (
        f"{attribute.name} {text!r} is not one of {listed(attribute.values)}{others}, "
        f"nor {alternatives}{hint}"
    )


def refuse_no_choice(attribute: Attribute, spec: ColorSpec) -> None:
    """Raise UsageError for a color of an attribute with one value, whose region cannot be found."""
    if spec.value is None and spec.left != DEFAULT and len(attribute.values) == 1:
        only = attribute.values[0]
        raise UsageError(
            f"{attribute.name} has one value only, '{only}', so that nothing tells where it shows: "
            f"only '{only}' can be asked for, not {spec.asked!r}"
        )


def _split_mix(text: str) -> list[tuple[str, str]]:
    """Split `"red:0.6,tan"` into `[("red", "0.6"), ("tan", "")]`; empty where the text is no mix."""
    parts = [part for part in _PART.findall(text) if part]
    if len(parts) == 1 and ":" not in text:
        return []
    halves = [part.strip().rpartition(":") for part in parts]
    return [(head.strip(), tail.strip()) if colon else (tail, "") for head, colon, tail in halves]


def _mixed(
    attribute: Attribute, parts: Sequence[tuple[str, str]]
) -> tuple[tuple[float, str | RGB], ...]:
    """Return the parts of a mix, their weights divided by their sum."""
    weighted: list[tuple[float, str | RGB]] = []
    for name, written in parts:
        try:
            weight = float(written) if written else 1.0
        except ValueError:
            weight = math.nan
        if not 0 <= weight < math.inf:
            raise UsageError(
                f"{attribute.name}: '{written}' is no weight of '{name}'; write a number from 0 up"
            )
        name = attribute.spelled(name)
        weighted.append((weight, name if name in attribute.values else _color(attribute, name)))
    total = sum(weight for weight, _ in weighted)
    if total == 0:
        raise UsageError(f"{attribute.name}: all weights are 0: nothing is left to mix")
    return tuple((weight / total, part) for weight, part in weighted)


def _needs_palette(attribute: Attribute, name: str) -> bool:
    """Whether a name has its color by a palette file alone: it is no value, and CSS has another color."""
    named = dict(attribute.named)
    if name in attribute.values or name not in named:
        return False
    try:
        return parse_color(name) != named[name]
    except UsageError:
        return True


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
