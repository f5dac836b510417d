"""Texts for people: printable names, lists cut short, problems gathered, an OSError as a sentence."""

from __future__ import annotations

import errno
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")


def evenly(items: Sequence[T], most: int | None) -> list[T]:
    """Return at most `most` items, evenly spread, with the first and (from 2 up) the last; None: all."""
    if most is None or len(items) <= most:
        return list(items)
    return [items[round(i * (len(items) - 1) / max(most - 1, 1))] for i in range(most)]


def shown_name(name: str | os.PathLike[str]) -> str:
    """Return the name on one line; characters that are not printable become escapes like `\\x1b`."""
    return escaped(os.fspath(name))


def escaped(text: str, keep: str = "") -> str:
    """Return a text with escapes like `\\x1b` for characters that are not printable, but those to `keep`.

    Not printable are control characters, C1 ones too, those that turn the direction of text, line ends,
    spaces other than the usual one, and halves of surrogate pairs, as in names that are not UTF-8.
    """
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() or char in keep else char.encode("unicode_escape").decode()
        for char in text
    )


def why_unread(error: OSError, source: object) -> str:
    """Explain an OSError of reading the picture or folder `source`, and how to fix it."""
    if error.errno == errno.ENOENT:
        if isinstance(source, str | os.PathLike) and os.path.islink(source):
            target = shown_name(os.path.realpath(source))
            return f"dangling link ({target} does not exist): restore the file or drop the link"
        return "no such file: check the path"
    known = {
        errno.EACCES: "no permission to read it: change its permissions or those of its folder",
        errno.ELOOP: "a link that leads to itself: replace it by the picture",
        errno.ENOTDIR: "no such file (a part of the path is a file, no folder): check the path",
        errno.ENAMETOOLONG: "no such file (the name is too long): check the path",
    }
    fallback = f"cannot be read ({error.strerror or error}): check the disk or copy it again"
    return known.get(error.errno or 0, fallback)


def why_unwritten(error: OSError, path: Path) -> str:
    """Return why a file cannot be written, and what to do."""
    folder = shown_name(path.parent)
    denied = (
        f"no permission to write in '{folder}': choose another folder or change its permissions"
    )
    known = {
        errno.ENOSPC: "the disk is full: free some space or choose another disk",
        errno.EDQUOT: "the disk quota is used up: free some space or choose another disk",
        errno.EROFS: f"'{folder}' is on a read-only disk: choose another folder",
        errno.EACCES: denied,
        errno.EPERM: denied,
        errno.ENOENT: f"the folder '{folder}' does not exist: make it first",
        errno.ENOTDIR: f"'{folder}' is no folder: choose another",
        errno.ENAMETOOLONG: "the name is too long: choose a shorter one",
    }
    fallback = f"cannot be written ({error.strerror or error}): check the disk"
    return known.get(error.errno or 0, fallback)


LISTED_VALUES = 20  # named in a message before it says "and 12 more"


def listed(values: Sequence[str]) -> str:
    """Join values as `blue, brown, green`; past LISTED_VALUES the rest is counted."""
    text = ", ".join(values[:LISTED_VALUES])
    more = len(values) - LISTED_VALUES
    return f"{text} and {more} more" if more > 0 else text


def counted(number: int, noun: str) -> str:
    """Return `1 row`, `2 rows`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


SHOWN_OF_A_KIND = 20  # problems of one kind that are listed before the rest is counted


class Problems:
    """Problems in order; of each kind the first SHOWN_OF_A_KIND are listed and the rest counted."""

    def __init__(self) -> None:
        self._messages: dict[str, list[str]] = {}
        self._more: Counter[str] = Counter()
        self.count = 0

    def add(self, kind: str, message: str) -> None:
        """Add a problem; `kind` ends the sentence "... and 37 more where `kind`"."""
        self.count += 1
        messages = self._messages.setdefault(kind, [])
        if len(messages) < SHOWN_OF_A_KIND:
            messages.append(message)
        else:
            self._more[kind] += 1

    def extend(self, messages: Iterable[str]) -> None:
        for message in messages:
            self.add(message, message)

    @property
    def problems(self) -> tuple[str, ...]:
        lines = []
        for kind, messages in self._messages.items():
            lines.extend(messages)
            if self._more[kind]:
                lines.append(f"... and {self._more[kind]} more where {kind}")
        return tuple(lines)
