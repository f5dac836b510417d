"""Texts for people: printable names, lists cut short, problems gathered, an OSError as a sentence."""

from __future__ import annotations

import errno
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TypeVar

T = TypeVar("T")


def evenly(items: Sequence[T], most: int | None) -> list[T]:
    """At most so many, evenly spread, the first and (from 2 up) the last among them; None takes all."""
    if most is None or len(items) <= most:
        return list(items)
    return [items[round(i * (len(items) - 1) / max(most - 1, 1))] for i in range(most)]


def shown_name(name: str | os.PathLike) -> str:
    """The name in printable characters, on one line: what is not becomes an escape like `\\x1b`."""
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode()
        for char in os.fspath(name)
    )


def why_unread(error: OSError, source: object) -> str:
    """What an OSError means for a picture or folder, and what to do."""
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
    return known.get(error.errno, fallback)


LISTED_VALUES = 20  # named in a message before it says "and 12 more"


def listed(values: Sequence[str]) -> str:
    """`blue, brown, green`; a long list is cut, and the rest counted."""
    shown = ", ".join(values[:LISTED_VALUES])
    more = len(values) - LISTED_VALUES
    return f"{shown} and {more} more" if more > 0 else shown


def counted(number: int, noun: str) -> str:
    """Return `1 row`, `2 rows`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


SHOWN_OF_A_KIND = 20  # faults of one kind that are listed before the rest is counted


class Problems:
    """Collects problems in order. Of one kind the first 20 are listed and the rest counted."""

    def __init__(self) -> None:
        self._messages: dict[str, list[str]] = {}
        self._more: Counter[str] = Counter()
        self.count = 0

    def add(self, kind: str, message: str) -> None:
        """`kind` is the sentence's end in "... and 37 more lines where `kind`"."""
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
