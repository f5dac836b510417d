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
    """Which file the bytes of a part belong to, as the server told it."""

    url: str
    validator: str = ""  # for If-Range; empty: there is no way to go on safely
    total: int | None = None  # bytes

    @classmethod
    def of_response(cls, url: str, headers: HTTPMessage, total: int | None) -> Version:
        etag = headers.get("ETag", "")
        strong = etag if etag.startswith('"') else ""  # W/"..." may stand for other bytes
        return cls(url, strong or headers.get("Last-Modified", ""), total)


class Part:
    """A file that bytes are added to, and its note beside it.

    No `atomic_file`, which goes when its writing is stopped: this one is what a stopped download keeps.
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
        """As noted; None for a note of another address, or none that can be read."""
        try:
            version = Version(**json.loads(self.note.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None
        fits = isinstance(version.validator, str) and isinstance(version.total, int | None)
        return version if fits and version.url == self.url else None

    def begin(self, version: Version) -> None:
        self.file.truncate(0)  # before the note: no bytes ever stand under another version's
        write_whole(self.note, json.dumps(asdict(version)).encode(), overwrite=True)

    def forget(self) -> None:
        self.file.truncate(0)
        self.note.unlink(missing_ok=True)

    def append(self, block: bytes) -> None:
        left = memoryview(block)
        while left:  # unbuffered, a write may take a part only
            left = left[self.file.write(left) :]
