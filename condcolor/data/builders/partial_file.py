"""The unfinished part of a download, and the version of the file (ETag) that it belongs to."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from http.client import HTTPMessage
from pathlib import Path
from typing import BinaryIO

from condcolor.runtime.files import write_whole


@dataclass(frozen=True)
class Version:
    """The version of the file that the bytes of a part belong to, by the server's headers."""

    url: str
    validator: str = ""  # for If-Range; empty: the download cannot be resumed safely
    total: int | None = None  # bytes

    @classmethod
    def of_response(cls, url: str, headers: HTTPMessage, total: int | None) -> Version:
        etag = headers.get("ETag", "")
        strong = etag if etag.startswith('"') else ""  # weak ones (W/"...") allow other bytes
        return cls(url, strong or headers.get("Last-Modified", ""), total)


class Part:
    """A file that bytes are appended to, and a note of its version beside it.

    Unlike an `atomic_file` it stays after an interruption.
    """

    def __init__(self, file: BinaryIO, note: Path, url: str):
        self.file, self.note, self.url = file, note, url

    @property
    def kept(self) -> str:
        return f"{self.size / 1e6:,.1f} MB are kept"

    @property
    def size(self) -> int:
        return os.fstat(self.file.fileno()).st_size

    def version(self) -> Version | None:
        """Return the version in the note; None if that is of another URL or cannot be read."""
        try:
            version = Version(**json.loads(self.note.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None
        fits = isinstance(version.validator, str) and isinstance(version.total, int | None)
        return version if fits and version.url == self.url else None

    def begin(self, version: Version) -> None:
        self.file.truncate(0)  # before the note: bytes never have the note of another version
        write_whole(self.note, json.dumps(asdict(version)).encode(), overwrite=True)

    def forget(self) -> None:
        self.file.truncate(0)
        self.note.unlink(missing_ok=True)

    def append(self, block: bytes) -> None:
        rest = memoryview(block)
        while rest:  # an unbuffered write may be partial
            rest = rest[self.file.write(rest) :]
