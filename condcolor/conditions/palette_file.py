"""palette.json: a user's own names for colors.

    {"crimson": "#b01030", "navy": "#102050", "hair": {"ash": "#b2a58f"}}

A name whose value is an object is an attribute; the names in it are for that attribute alone, and come first.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

from condcolor.conditions.color_spec import KEEP, NONE
from condcolor.conditions.colors import RGB, parse_color
from condcolor.conditions.schema import AttributeSchema, name_key, value_fault
from condcolor.errors import DataError, UsageError, did_you_mean
from condcolor.runtime.messages import listed, shown_name
from condcolor.runtime.regular_files import NotRegular, TooLarge, read_regular

MAX_BYTES = 2**20
OF_MIXES = ",:()"  # characters with a meaning in `red:0.6,rgb(0,0,0):0.4`


def with_palette(schema: AttributeSchema, path: str | Path) -> AttributeSchema:
    """Return the schema with the names of a palette file in each attribute's `named`.

    Raises:
        UsageError: the file is no JSON object. DataError: every entry that cannot be used.
    """
    entries = _read(path)
    label = shown_name(path)
    attributes = {name_key(name): name for name in schema.names}
    faults: list[str] = []
    for_all: dict[str, RGB] = {}
    own: dict[str, dict[str, RGB]] = {name: {} for name in schema.names}
    counts = Counter(name for name, _ in entries)
    faults += [f"'{name}' is there {n} times" for name, n in counts.items() if n > 1]
    for name, value in entries:
        if not isinstance(value, _Object):
            _add(for_all, name, value, "", faults)
        elif name_key(name) in attributes:
            attribute = attributes[name_key(name)]
            for inner, color in value.entries:
                _add(own[attribute], inner, color, f"{attribute}: ", faults)
        else:
            known = listed(schema.names) or "none"
            hint = did_you_mean(name, schema.names)
            faults.append(f"'{name}' is no attribute of the model; there are {known}{hint}")
    if faults:
        count = "1 entry" if len(faults) == 1 else f"{len(faults)} entries"
        raise DataError(f"{label}: {count} cannot be used", faults)
    names = {name: tuple((for_all | inner).items()) for name, inner in own.items()}
    return AttributeSchema(tuple(replace(a, named=names[a.name]) for a in schema.attributes))


class _Object:
    """A JSON object as a list of its entries, duplicate names included."""

    def __init__(self, entries: list[tuple[str, Any]]):
        self.entries = entries


def _read(path: str | Path) -> list[tuple[str, Any]]:
    label = shown_name(path)
    example = 'write {"crimson": "#b01030"}'
    try:
        data = read_regular(path, MAX_BYTES)
        palette = json.loads(data.decode("utf-8-sig"), object_pairs_hook=_Object)
    except FileNotFoundError:
        raise UsageError(f"{label}: no such file: check the path of the palette") from None
    except NotRegular as error:
        raise UsageError(f"{label}: {error.strerror}: check the path of the palette") from None
    except TooLarge:
        raise UsageError(f"{label}: over {MAX_BYTES >> 20} MB, too large for a palette") from None
    except UnicodeDecodeError:
        raise UsageError(f"{label}: not UTF-8: save it as UTF-8") from None
    except json.JSONDecodeError as error:
        raise UsageError(f"{label} line {error.lineno}: no JSON ({error.msg}): {example}") from None
    except (RecursionError, ValueError) as error:
        raise UsageError(f"{label}: no palette ({error}): {example}") from None
    except OSError as error:
        raise UsageError(f"{label}: cannot be read ({error.strerror or error})") from None
    if not isinstance(palette, _Object):
        raise UsageError(f"{label}: no object of names and colours: {example}")
    return palette.entries


def _add(names: dict[str, RGB], name: str, value: Any, prefix: str, faults: list[str]) -> None:
    """Add one name to `names`, or what is wrong with it or its color to `faults`."""
    if fault := _name_fault(name):
        faults.append(f"{prefix}the name {name!r} {fault}")
    if prefix and name in names:
        faults.append(f"{prefix}'{name}' is there twice")
    if not isinstance(value, str):
        faults.append(f"{prefix}'{name}' has no colour but {_kind(value)}: write one as #rrggbb")
        return
    try:
        names[name] = parse_color(value)
    except UsageError as error:
        faults.append(f"{prefix}'{name}': {error}")


def _name_fault(name: str) -> str:
    if fault := value_fault(name):
        return fault
    if name.lower() in (NONE, KEEP):
        return "has a meaning already; take another"
    if any(letter in name for letter in OF_MIXES) or name.startswith("#"):
        return "may not hold , : ( ) nor start with #, which say colours and mixes"
    return ""


def _kind(value: Any) -> str:
    if isinstance(value, _Object):
        return "an object"
    return "a list" if isinstance(value, list) else json.dumps(value)
