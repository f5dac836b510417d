"""Fields of config dataclasses: as options with help and group; a dataclass made of JSON fields."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import Field, field, fields
from typing import TYPE_CHECKING, Any, TypeVar

from condcolor.errors import CheckpointError, UsageError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

C = TypeVar("C", bound="DataclassInstance")


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
