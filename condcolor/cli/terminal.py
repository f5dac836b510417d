"""What reaches the terminal: text on stdout and stderr, whose control characters are shown as escapes.

Names and texts of files that others made may hold sequences that change colors, the title or lines printed
before, or turn the direction of text. All output passes here, whoever writes it.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO

from condcolor.runtime.messages import escaped


class EscapingText:
    """A text stream that writes characters which are not printable as escapes, such as `\\x1b`.

    Line ends and tabs stay, and a carriage return that begins a text, as progress bars write it.
    """

    def __init__(self, stream: TextIO):
        self.stream = stream

    def write(self, text: str) -> int:
        start = 1 if text.startswith("\r") else 0
        self.stream.write(text[:start] + escaped(text[start:], keep="\n\t"))
        return len(text)

    def writelines(self, lines: Any) -> None:
        for line in lines:
            self.write(line)

    @property
    def encoding(self) -> str:
        """The stream's encoding; for ASCII one that click does not replace by one of its own."""
        own = self.stream.encoding or "utf-8"
        return "latin-1" if own.lower() in ("ascii", "us-ascii", "ansi_x3.4-1968") else own

    def __iter__(self) -> Iterator[str]:
        return iter(self.stream)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


@contextmanager
def escaped_output() -> Iterator[None]:
    """Let stdout and stderr escape control characters inside the block.

    Characters that their encoding lacks, such as names in a C locale, are escaped, too.
    """
    before = sys.stdout, sys.stderr
    for stream in before:
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    sys.stdout, sys.stderr = (s and EscapingText(s) for s in before)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before
