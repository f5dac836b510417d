"""Fields of config dataclasses: as options with help and group, checked, and made of JSON fields."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Mapping
from dataclasses import Field, field, fields
from typing import TYPE_CHECKING, Any, TypeVar

from condcolor.errors import CheckpointError, UsageError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

C = TypeVar("C", bound="DataclassInstance")
MOST = 10**9  # of epochs, steps and other counts


def setting(default: Any, group: str, help: str, choices: Iterable[str] = ()) -> Any:
    """Return a dataclass field that is an option of `condcolor train` as well.

    Args:
        group: heading of the option in `train --help`.
        help: a sentence; the default and the choices are added to it.
        choices: values of a text field.
    """
    return field(
        default=default, metadata={"group": group, "help": help, "choices": tuple(choices)}
    )


def settings_of(config: type) -> list[Field]:
    """Return the fields of a config dataclass made by `setting`, in their order."""
    return [own for own in fields(config) if "help" in own.metadata]


def at_least(config, least: int, *names: str, most: int = MOST) -> None:
    """Check that these fields of a config are whole numbers from `least` to `most`.

    Raises:
        UsageError: one is not.
    """
    for name in names:
        value = getattr(config, name)
        if not is_whole(value) or value < least:
            raise UsageError(f"{name} must be a whole number from {least} up, got {value!r}")
        if value > most:
            raise UsageError(f"{name} must be at most {most}, got {shown_number(value)}")


def within(config, low: float, high: float, *names: str, open_end: bool = False) -> None:
    """Check that these fields of a config are numbers in `[low, high]`, or `[low, high)` with `open_end`.

    Raises:
        UsageError: one is not.
    """
    for name in names:
        value = getattr(config, name)
        if not is_number(value) or not low <= value <= high or (open_end and value == high):
            end = ")" if open_end else "]"
            raise UsageError(f"{name} must be in [{low}, {high}{end}, got {value!r}")


def shown_number(value: int) -> str:
    """Return a number as text; one of thousands of digits, which Python refuses to write out, in words."""
    return str(value) if abs(value) < 10**30 else "a longer number"


def is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def is_number(value: object) -> bool:
    return is_whole(value) or (isinstance(value, float) and math.isfinite(value))


def from_fields(cls: type[C], fields: Mapping[str, object]) -> C:
    """Return an instance of a dataclass made of the fields of a JSON file.

    Raises:
        CheckpointError: the fields do not fit.
    """
    known = {f.name for f in dataclasses.fields(cls)}
    unknown = sorted(set(fields) - known)
    if unknown:
        raise CheckpointError(f"{cls.__name__} has no field {', '.join(unknown)}: a newer format?")
    values = {k: tuple(v) if isinstance(v, list) else v for k, v in fields.items()}
    try:
        return cls(**values)
    except (TypeError, ValueError, UsageError) as error:
        raise CheckpointError(f"{cls.__name__} cannot be rebuilt: {error}") from None
