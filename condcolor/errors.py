"""Errors that a user can put right; did-you-mean; the range of an argument."""

from __future__ import annotations

import difflib
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


def check_range(name: str, value: float, low: float, high: float) -> None:
    """Check that an argument is in `[low, high]`.

    Raises:
        UsageError: it is not.
    """
    if not low <= value <= high:
        raise UsageError(f"{name} must be from {low} to {high}, not {value}")


class PictureError(DataError):
    """A picture that cannot be read or written: one line, the file's name first."""
