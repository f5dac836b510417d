"""`DataSums`: the pictures of a run's data set by sha256, so that a change is noticed and a move is none.

The sums lie in the run folder. A picture is read again only when its size or one of its times has changed.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from condcolor.data.metadata import Metadata
from condcolor.data.pictures import file_of
from condcolor.data.records import Record
from condcolor.errors import CheckpointError
from condcolor.runtime.files import write_whole
from condcolor.runtime.json_files import read_json, sha256

FILE = "data.json"  # of a run folder
CONTENTS, SIZES = "contents", "sizes"  # what a fingerprint is of; sizes: in older runs
COARSE = (
    2 * 10**9
)  # ns; a file changed so shortly before it was hashed may change within the same time


class Fingerprint(NamedTuple):
    """The fingerprint of a data set: the rows' values, and contents or sizes of the pictures."""

    of: str
    sha256: str


class _Sum(NamedTuple):
    size: int  # bytes
    modified: int  # ns, st_mtime_ns
    changed: int  # ns, st_ctime_ns
    sha256: str


@dataclass(frozen=True)
class DataSums:
    """The sha256 of each picture by its path, and when they were looked at (ns since 1970)."""

    sums: dict[str, _Sum]
    looked: int

    @classmethod
    def of(cls, metadata: Metadata, run: Path) -> DataSums:
        """Hash the pictures of a data set, but for those whose sum the run folder has.

        Raises:
            OSError: a picture cannot be read.
        """
        known, looked = cls.read(run), time.time_ns()
        sums: dict[str, _Sum] = {}
        for record in metadata.records:
            for path in _pictures(record):
                if path not in sums:
                    sums[path] = known._sum_of(path)
        return cls(sums, looked)

    @classmethod
    def read(cls, run: Path) -> DataSums:
        """Read the sums of a run folder; none where the file is missing or damaged."""
        try:
            content = read_json(run / FILE)
            sums = {str(path): _Sum(*fields) for path, fields in content["files"].items()}
            return cls(sums, int(content["looked"]))
        except (CheckpointError, KeyError, TypeError, ValueError, AttributeError, OverflowError):
            return cls({}, 0)

    def save(self, run: Path) -> None:
        """Write the sums into the run folder."""
        text = json.dumps({"looked": self.looked, "files": self.sums})
        write_whole(run / FILE, text.encode(), overwrite=True)

    def fingerprint(self, metadata: Metadata) -> Fingerprint:
        """Return the fingerprint of the data set's contents."""
        return _fingerprint(metadata, CONTENTS, lambda path: self.sums[path].sha256)

    def changed(self, run: Path) -> list[str]:
        """Return the pictures whose sum in the run folder is another."""
        known = self.read(run).sums
        return [
            path
            for path, found in self.sums.items()
            if path in known and known[path].sha256 != found.sha256
        ]

    def _sum_of(self, path: str) -> _Sum:
        file = file_of(Path(path))
        status, known = os.stat(file), self.sums.get(path)
        seen = (status.st_size, status.st_mtime_ns, status.st_ctime_ns)
        if known is not None and known[:3] == seen and max(seen[1:]) < self.looked - COARSE:
            return known
        return _Sum(*seen, sha256(file))


def fingerprint_of_sizes(metadata: Metadata) -> Fingerprint:
    """Return the fingerprint that older runs have: of the pictures' sizes in bytes."""
    return _fingerprint(metadata, SIZES, lambda path: str(os.stat(file_of(Path(path))).st_size))


def _fingerprint(metadata: Metadata, of: str, mark: Callable[[str], str]) -> Fingerprint:
    digest, folders = hashlib.sha256(), dict[Path, str]()
    for r in metadata.records:
        if r.csv not in folders:
            folders[r.csv] = str(r.csv.parent) + os.sep
        marks = [f"{path.removeprefix(folders[r.csv])}:{mark(path)}" for path in _pictures(r)]
        digest.update(json.dumps([*marks, r.values, r.split, r.character]).encode())
    return Fingerprint(of, digest.hexdigest())


def _pictures(record: Record) -> list[str]:
    return [str(p) for p in (record.source, record.target, record.mask) if p is not None]
