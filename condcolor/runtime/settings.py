"""Fields of a config dataclass that a user may set, with the help text and group of their options."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import Field, field, fields
from typing import Any


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
