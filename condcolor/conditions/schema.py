"""`AttributeSchema`: attributes, their values and the color of each; values as one-hot planes."""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from condcolor.conditions.colors import RGB, checked_rgb, format_hex, parse_hex
from condcolor.errors import CheckpointError, UsageError, did_you_mean
from condcolor.runtime.messages import listed

T = TypeVar("T")
_CONTROL = re.compile("[\0-\x1f\x7f-\x9f\ud800-\udfff]")  # and lone surrogates
NOT_APPLICABLE = -1  # index of the value of an attribute that a drawing does not have
MAX_VALUES = 256  # more than this is an id column, not something to choose from
# Names that metadata.csv, the Python interface or the command line already give another meaning.
RESERVED = frozenset(
    {
        *("input", "output", "target", "input_file_name", "output_file_name", "split", "character"),
        *("image", "mask", "model", "out", "help"),
    }
)


def name_fault(name: Any) -> str:
    """Return why `name` cannot name an attribute, as the end of a sentence; empty when it can."""
    if not isinstance(name, str) or not name:
        return "is empty"
    if not name.replace("-", "_").isidentifier():
        fixed = re.sub(r"\W+", "_", name.strip()).strip("_")
        hint = f"; write '{fixed}'" if fixed.isidentifier() else ""
        return f"may hold only letters, digits, '_' and '-', and not start with a digit{hint}"
    if name_key(name) in RESERVED:
        return "is reserved; give the attribute another name"
    return ""


def value_fault(value: Any) -> str:
    """Return why `value` cannot be an attribute's value, as the end of a sentence; empty when it can."""
    if not isinstance(value, str) or not value.strip():
        return "is blank"
    if value != value.strip():
        return f"has spaces around it; write '{value.strip()}'"
    if _CONTROL.search(value):
        return "holds a control character"
    return ""


def look_key(value: str) -> str:
    """Return the form in which values look alike: `gru\u0308n` is `gr\u00fcn`, a no-break space a space."""
    return " ".join(unicodedata.normalize("NFKC", value).split())


def name_key(name: str) -> str:
    """Return the form in which attribute names are compared: `Hair-Color` is `hair_color`."""
    return name.replace("-", "_").lower()


@dataclass(frozen=True)
class Attribute:
    """One attribute, such as `hair`, with its values and the sRGB color of each.

    palette: the `(r, g, b)` of 0..255 of each value, None where it is not measured; by default all None.
    named: names of further colors, of a palette file; no model knows them.
    default: what is asked for where nobody says it, as text; empty where somebody has to.
    UsageError when a name or value is not usable.
    """

    name: str
    values: tuple[str, ...]
    palette: tuple[RGB | None, ...] = ()
    named: tuple[tuple[str, RGB], ...] = ()
    default: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", tuple(self.values))
        object.__setattr__(self, "palette", tuple(self.palette) or (None,) * len(self.values))
        if fault := name_fault(self.name):
            raise UsageError(f"the attribute name '{self.name}' {fault}")
        if not 1 <= len(self.values) <= MAX_VALUES:
            count = len(self.values)
            raise UsageError(f"attribute '{self.name}' has {count} values; use 1 to {MAX_VALUES}")
        for value in self.values:
            if fault := value_fault(value):
                raise UsageError(f"attribute '{self.name}': the value {value!r} {fault}")
        if len(set(self.values)) < len(self.values):
            raise UsageError(f"attribute '{self.name}' names a value twice: {listed(self.values)}")
        if len(self.palette) != len(self.values):
            raise UsageError(
                f"attribute '{self.name}' has {len(self.values)} values "
                f"but {len(self.palette)} colours"
            )
        colors = (color and checked_rgb(color) for color in self.palette)
        object.__setattr__(self, "palette", tuple(colors))

    @property
    def colors(self) -> dict[str, RGB]:
        """Value -> color, of the values whose color is known."""
        pairs = zip(self.values, self.palette, strict=True)
        return {value: color for value, color in pairs if color is not None}

    def index(self, value: str) -> int:
        """Return the index of `value`, or of the one that looks the same; UsageError when there is none."""
        if (own := self.spelled(value)) in self.values:
            return self.values.index(own)
        raise UsageError(self.unknown(value))

    def spelled(self, value: str) -> str:
        """Return the value that looks the same, in the spelling of this attribute; else `value`."""
        if value in self.values or not isinstance(value, str) or value != value.strip():
            return value
        alike = [own for own in self.values if look_key(own) == look_key(value)]
        return alike[0] if len(alike) == 1 else value

    def unknown(self, value: Any) -> str:
        """Return the message `hair 'rad' is not one of blue, brown, red; did you mean 'red'?`."""
        hint = did_you_mean(value, self.values) if isinstance(value, str) else ""
        return f"{self.name} {value!r} is not one of {listed(self.values)}{hint}"


@dataclass(frozen=True)
class AttributeSchema:
    """The attributes of a data set or a model, in order; a schema without attributes has 0 planes."""

    attributes: tuple[Attribute, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "attributes", tuple(self.attributes))
        seen: dict[str, str] = {}
        for name in self.names:
            if name_key(name) in seen:
                other = seen[name_key(name)]
                raise UsageError(f"the attributes '{other}' and '{name}' have the same name")
            seen[name_key(name)] = name

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(attribute.name for attribute in self.attributes)

    @property
    def required(self) -> AttributeSchema:
        """The attributes that have no default."""
        return self.of(())

    def of(self, names: Collection[str]) -> AttributeSchema:
        """Return the attributes that have no default, and of those that have one the ones in `names`."""
        kept = (each for each in self.attributes if not each.default or each.name in names)
        return AttributeSchema(tuple(kept))

    def attribute(self, name: str) -> Attribute:
        """Return the attribute of this name; ValueError if there is none."""
        return self.attributes[self.names.index(name)]

    @property
    def sizes(self) -> tuple[int, ...]:
        """The number of values of each attribute."""
        return tuple(len(attribute.values) for attribute in self.attributes)

    @property
    def planes(self) -> int:
        """The number of condition planes, one for each value of each attribute."""
        return sum(self.sizes)

    def indices(self, values: Mapping[str, str]) -> tuple[int, ...]:
        """Return the value index of each attribute, in schema order, of `{"hair": "red"}`.

        `hair_style` also names an attribute `hair-style`, which cannot be a Python keyword.

        Raises:
            UsageError: every attribute or value that is unknown, and every one that is missing.
        """
        by_name, faults = self.by_name(values)
        indices = []
        for attribute in self.attributes:
            if attribute.name not in by_name:
                if attribute.default:  # of the others it is said already
                    faults.append(f"{attribute.name} is missing")
                continue
            try:
                indices.append(attribute.index(by_name[attribute.name]))
            except UsageError as error:
                faults.append(str(error))
        if faults:
            raise UsageError("\n".join(faults))
        return tuple(indices)

    def by_name(self, values: Mapping[str, T]) -> tuple[dict[str, T], list[str]]:
        """Return the values by the names of the attributes, and what is wrong with the names, a line each.

        An attribute with a default may be missing.
        """
        by_name: dict[str, T] = {}
        faults = []
        own_names = {name.replace("-", "_"): name for name in self.names}
        for key, value in values.items():
            name = own_names.get(str(key).replace("-", "_"))
            if name is None:
                hint = did_you_mean(str(key), self.names)
                known = f"the attributes are {listed(self.names)}" if self.names else "it has none"
                faults.append(f"there is no attribute '{key}'; {known}{hint}")
            elif name in by_name:
                faults.append(f"{name} is given twice")
            else:
                by_name[name] = value
        for attribute in self.attributes:
            if attribute.name not in by_name and not attribute.default:
                choices = listed(attribute.values)
                faults.append(f"{attribute.name} is missing; choose one of {choices}")
        return by_name, faults

    def values_of(self, indices: Sequence[int]) -> dict[str, str]:
        """Return the value of each attribute of value indices in schema order."""
        pairs = zip(self.attributes, indices, strict=True)
        return {attribute.name: attribute.values[index] for attribute, index in pairs}

    def row_indices(self, values: Sequence[str]) -> tuple[int, ...]:
        """Return the value index of each attribute of a row; NOT_APPLICABLE where the value is ""."""
        pairs = zip(self.attributes, values, strict=True)
        return tuple(each.index(value) if value else NOT_APPLICABLE for each, value in pairs)

    def one_hot(self, indices: Sequence[int]) -> tuple[float, ...]:
        """Return the one-hot encoding, `planes` numbers of 0.0 or 1.0, of a value index per attribute.

        All planes of NOT_APPLICABLE are 0.
        """
        if len(indices) != len(self.attributes):
            raise UsageError(f"{len(indices)} indices for {len(self.attributes)} attributes")
        planes: list[float] = []
        for attribute, index in zip(self.attributes, indices, strict=True):
            size = len(attribute.values)
            if not 0 <= index < size and index != NOT_APPLICABLE:
                raise UsageError(f"{attribute.name} index {index} is not within 0..{size - 1}")
            planes.extend(float(plane == index) for plane in range(size))
        return tuple(planes)

    def encode(self, values: Mapping[str, str]) -> tuple[float, ...]:
        """Return the one-hot encoding of `{"hair": "red", "shirt": "blue"}`, in schema order."""
        return self.one_hot(self.indices(values))

    def combinations(self) -> Iterator[dict[str, str]]:
        """Yield every combination of values, the first attribute slowest; one empty without attributes.

        Attributes that have a default are left at it. Lazy, since 20 attributes of 10 values have 10**20
        combinations.
        """
        required = self.required
        for values in itertools.product(*(attribute.values for attribute in required.attributes)):
            yield dict(zip(required.names, values, strict=True))

    def with_palette(self, palette: Mapping[str, Mapping[str, RGB | None]]) -> AttributeSchema:
        """Return a copy with these colors, attribute -> value -> RGB; other colors stay."""
        for name, colors in palette.items():
            if name not in self.names:
                hint = did_you_mean(name, self.names)
                raise UsageError(f"there is no attribute '{name}' to colour{hint}")
            for value in colors:
                self.attributes[self.names.index(name)].index(value)
        attributes = []
        for attribute in self.attributes:
            own = palette.get(attribute.name, {})
            pairs = zip(attribute.values, attribute.palette, strict=True)
            merged = tuple(own.get(value, color) for value, color in pairs)
            attributes.append(replace(attribute, palette=merged))
        return AttributeSchema(tuple(attributes))

    def to_json(self) -> list[dict[str, Any]]:
        """Return `[{"name": "hair", "values": ["blue", "red"], "palette": ["#3faee1", null]}]`.

        An attribute that has a default has it under "default".
        """
        return [
            {
                "name": attribute.name,
                "values": list(attribute.values),
                "palette": [color and format_hex(color) for color in attribute.palette],
                **({"default": attribute.default} if attribute.default else {}),
            }
            for attribute in self.attributes
        ]

    @classmethod
    def from_json(cls, data: Any) -> AttributeSchema:
        """Return the schema of `to_json`; CheckpointError names what is malformed."""
        if not isinstance(data, list):
            raise CheckpointError(f"the attribute schema must be a list, not {_kind(data)}")
        try:
            return cls(tuple(_attribute_from_json(entry) for entry in data))
        except UsageError as error:
            raise CheckpointError(f"the attribute schema is malformed: {error}") from error


def _attribute_from_json(entry: Any) -> Attribute:
    if not isinstance(entry, dict) or set(entry) - {"palette", "default"} != {"name", "values"}:
        raise UsageError(f"an attribute has 'name', 'values' and 'palette', not {entry!r:.80}")
    values, palette, default = entry["values"], entry.get("palette", []), entry.get("default", "")
    if not isinstance(default, str):
        raise UsageError(f"'default' of '{entry['name']}' must be text")
    if not isinstance(values, list) or not isinstance(palette, list):
        raise UsageError(f"'values' and 'palette' of '{entry['name']}' must be lists")
    if not all(color is None or isinstance(color, str) for color in palette):
        raise UsageError(f"'palette' of '{entry['name']}' must hold '#rrggbb' or null")
    colors = tuple(None if color is None else parse_hex(color) for color in palette)
    return Attribute(entry["name"], tuple(values), colors, default=default)


def _kind(value: Any) -> str:
    return "nothing" if value is None else type(value).__name__
