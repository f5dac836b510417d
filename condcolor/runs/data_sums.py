"""`DataSums`: the pictures of a run's data set by sha256, so that a change is noticed and a move is none.

The sums lie in the run folder, those of a large data set also in the user's cache folder, for the next run.
A picture is read again only when its size or one of its times has changed.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from condcolor.data.metadata import Metadata
from condcolor.data.pictures import file_name_of
from condcolor.data.records import Record
from condcolor.errors import DataError
from condcolor.runtime.files import write_whole
from condcolor.runtime.json_files import sha256
from condcolor.runtime.regular_files import read_regular

FILE = "data.json"  # of a run folder
MANY = 1000  # pictures from which the sums are kept in the cache folder, too
MAX_BYTES = 2**30  # of a file of sums: some seven million pictures
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
        """Hash the pictures of a data set, but for those whose sum the run or the cache folder has.

        Raises:
            OSError: a picture cannot be read.
        """
        known, looked = cls.read(run), time.time_ns()
        paths = dict.fromkeys(path for record in metadata.records for path in _pictures(record))
        shared = _shared_file(metadata.root) if len(paths) >= MANY else None
        if shared is not None and not known.sums:
            known = cls._read_file(shared)
        sums = cls({path: known._sum_of(path) for path in paths}, looked)
        if shared is not None and sums.sums != known.sums:
            with suppress(DataError):  # a full disk: the next run hashes again
                sums._write_file(shared)
        return sums

    @classmethod
    def read(cls, run: Path) -> DataSums:
        """Read the sums of a run folder; none where the file is missing or damaged."""
        return cls._read_file(run / FILE)

    @classmethod
    def _read_file(cls, path: Path) -> DataSums:
        try:
            content = json.loads(read_regular(path, MAX_BYTES))
            sums = {str(path): _Sum(*fields) for path, fields in content["files"].items()}
            return cls(sums, int(content["looked"]))
        except (
            OSError,
            RecursionError,
            KeyError,
            TypeError,
            ValueError,
            AttributeError,
            OverflowError,
        ):
            return cls({}, 0)

    def save(self, run: Path) -> None:
        """Write the sums into the run folder."""
        self._write_file(run / FILE)

    def _write_file(self, path: Path) -> None:
        text = json.dumps({"looked": self.looked, "files": self.sums})
        write_whole(path, text.encode(), overwrite=True)

    def fingerprint(self, metadata: Metadata) -> Fingerprint:
        """Return the fingerprint of the data set's contents."""
        return _fingerprint(metadata, CONTENTS, lambda path: self.sums[path].sha256)

    def fingerprint_of_sizes(self, metadata: Metadata) -> Fingerprint:
        """Return the fingerprint that older runs have, of the sizes that were seen."""
        return _fingerprint(metadata, SIZES, lambda path: str(self.sums[path].size))

    def changed(self, run: Path) -> list[str]:
        """Return the pictures whose sum in the run folder is another."""
        known = self.read(run).sums
        return [
            path
            for path, found in self.sums.items()
            if path in known and known[path].sha256 != found.sha256
        ]

    def _sum_of(self, path: str) -> _Sum:
        file = file_name_of(path)
        status, known = os.stat(file), self.sums.get(path)
        seen = (status.st_size, status.st_mtime_ns, status.st_ctime_ns)
        if known is not None and known[:3] == seen and max(seen[1:]) < self.looked - COARSE:
            return known
        return _Sum(*seen, sha256(Path(file)))


def fingerprint_of_sizes(metadata: Metadata) -> Fingerprint:
    """Return the fingerprint that older runs have: of the pictures' sizes in bytes."""
    return _fingerprint(metadata, SIZES, lambda path: str(os.stat(file_name_of(path)).st_size))


def _fingerprint(metadata: Metadata, of: str, mark: Callable[[str], str]) -> Fingerprint:
    digest, folders = hashlib.sha256(), dict[Path, str]()
    encode = json.JSONEncoder().encode
    for r in metadata.records:
        folder = folders.get(r.csv)
        if folder is None:
            folder = folders[r.csv] = str(r.csv.parent) + os.sep
        marks = [f"{path.removeprefix(folder)}:{mark(path)}" for path in _pictures(r)]
        digest.update(encode([*marks, r.values, r.split, r.character]).encode())
    return Fingerprint(of, digest.hexdigest())


def _shared_file(root: Path) -> Path | None:
    """Return the file of the cache folder for the sums of the data set in a folder; None without a cache."""
    from condcolor.data.cache import default_cache

    folder = default_cache()
    name = hashlib.sha256(os.fsencode(root.resolve())).hexdigest()[:32]
    return None if folder is None else folder / f"sums-{name}.json"


def _pictures(record: Record) -> list[str]:
    return [str(p) for p in (record.source, record.target, record.mask) if p is not None]
