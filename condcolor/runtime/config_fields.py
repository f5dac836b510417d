"""Fields of config dataclasses: as options with help and group; a dataclass made of JSON fields."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import Field, field, fields
from typing import Any

from condcolor.errors import CheckpointError, UsageError


def setting(default: Any, group: str, help: str, choices: Iterable[str] = ()) -> Any:
    """Return a dataclass field that is an option of `condcolor train` as well.

    Args:
        group: heading of `train --help` that the option stands under.
        help: what the field is, in a sentence; the default and the choices are added to it.
        choices: the words that a text field may be.
    """
    return field(
        default=default, metadata={"group": group, "help": help, "choices": tuple(choices)}
    )


def settings_of(config: type) -> list[Field]:
    """Return the fields of a config dataclass made by `setting`, in their order."""
    return [own for own in fields(config) if "help" in own.metadata]


def from_fields(cls, fields: Mapping[str, object]):
    """Return a dataclass made of what a JSON file held.

    Raises:
        CheckpointError: the fields do not fit.
    """
    known = {f.name: f for f in dataclasses.fields(cls)}
    unknown = sorted(set(fields) - set(known))
    if unknown:
        raise CheckpointError(f"{cls.__name__} has no field {', '.join(unknown)}: a newer format?")
    lists = {k: tuple(v) if isinstance(v, list) else v for k, v in fields.items()}
    try:
        return cls(**lists)
    except (TypeError, ValueError, UsageError) as error:
        raise CheckpointError(f"{cls.__name__} cannot be rebuilt: {error}") from None
