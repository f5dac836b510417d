"""Errors that a user can put right; did-you-mean; checks of numbers."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable


class CondcolorError(Exception):
    """An error that the user can fix; the message says where, what came and what to do."""

    exit_code = 2


class UsageError(CondcolorError):
    """A wrong argument or option."""

    exit_code = 2


class DataError(CondcolorError):
    """Data that cannot be used; `problems` lists every problem, a line each."""

    exit_code = 3

    def __init__(self, message: str, problems: Iterable[str] = ()):
        self.problems = tuple(problems)
        super().__init__("\n  ".join((message, *self.problems)))


class CheckpointError(CondcolorError):
    """A model or training state that cannot be loaded, or must not be saved."""

    exit_code = 4


class SomeFailed(CondcolorError):
    """A command that failed for some pictures, which were reported as they failed."""

    exit_code = 1


def did_you_mean(word: str, choices: Iterable[str]) -> str:
    """Return `"; did you mean 'red'?"` for the closest choice, or an empty string."""
    lowered = {choice.lower(): choice for choice in choices}
    close = difflib.get_close_matches(word.lower(), lowered, n=1, cutoff=0.6)
    return f"; did you mean '{lowered[close[0]]}'?" if close else ""


def at_least(config, least: int, *names: str) -> None:
    """Check that these fields of a config are whole numbers from `least` up.

    Raises:
        UsageError: one is not.
    """
    for name in names:
        value = getattr(config, name)
        if not is_whole(value) or value < least:
            raise UsageError(f"{name} must be a whole number from {least} up, got {value!r}")


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


def check_range(name: str, value: float, low: float, high: float) -> None:
    """Check that an argument is in `[low, high]`.

    Raises:
        UsageError: it is not.
    """
    if not low <= value <= high:
        raise UsageError(f"{name} must be from {low} to {high}, not {value}")


def is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def is_number(value: object) -> bool:
    return is_whole(value) or (isinstance(value, float) and math.isfinite(value))


class PictureError(DataError):
    """A picture that cannot be read or written: one line, the file's name first."""
