"""Work cut into blocks, and which of them are done.

A block is a shard, or some pictures of a folder. Its name is a digest of its files, so a block whose files
change is another block. Each finished block has a mark: a file whose name holds the numbers of pictures
colored and failed, and whose lines are the failures with their reasons.
"""

from __future__ import annotations

import hashlib
import json
import re
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from condcolor.batch.cluster.storage import Entry, Store
from condcolor.batch.jobs import writable_name
from condcolor.errors import UsageError
from condcolor.imaging.formats import READ_SUFFIXES

SOURCES = {"pictures": READ_SUFFIXES, "parquet": (".parquet",), "webdataset": (".tar",)}
SHARDS = {"parquet": ".parquet", "webdataset": ".tar"}  # outputs that are one file a block
LONGEST = 4  # largest size of a block, as a multiple of the mean size
DONE, STALE = "done", "stale"  # folders of the output
FORMS = {"pictures": "pictures", "parquet": "shards", "webdataset": "shards"}  # form: its folder
_MARK = re.compile(r"done/([0-9a-f]{16})-(\d+)-(\d+)\.jsonl")


@dataclass(frozen=True)
class WorkBlock:
    """The unit of work of a worker, done wholly or not at all."""

    name: str  # 16 hex digits
    kind: str  # a key of SOURCES
    files: tuple[str, ...]  # of the source; one, if it is a shard

    @property
    def prefix(self) -> str:
        """The folder of its keys in a tree of pictures: the shard's name, since shards may share keys."""
        return "" if self.kind == "pictures" else self.files[0].rpartition(".")[0] + "/"


@dataclass(frozen=True)
class Mark:
    """The name of a finished block's file, with its counts of pictures."""

    block: str
    colored: int
    failed: int
    as_they_were: int = 0  # of the colored, those left as they are; not in the name

    @property
    def name(self) -> str:
        return f"{DONE}/{self.block}-{self.colored}-{self.failed}.jsonl"


def plan_blocks(entries: Sequence[Entry], kind: str | None, size: int) -> list[WorkBlock]:
    """Cut the files, sorted by name, into blocks: a shard each, or `size` pictures on average.

    The names of pictures decide where a block ends, so that adding or removing one changes its own block
    alone.

    Raises:
        UsageError: there is no file of the kind, or (`kind` None) files of several kinds.
    """
    candidates = [kind] if kind else list(SOURCES)
    by_kind = {
        name: [e for e in entries if e.name.lower().endswith(tuple(SOURCES[name]))]
        for name in candidates
    }
    kinds = [name for name, group in by_kind.items() if group]
    if len(kinds) != 1:
        kinds_text = " and ".join(kinds) or f"no {' or '.join(candidates)}"
        hint = "say which by kind" if kinds else "check the path"
        raise UsageError(f"the source holds {kinds_text}: {hint}")
    chosen = by_kind[kinds[0]]
    groups = [[e] for e in chosen] if kinds[0] in SHARDS else _cut(chosen, size)
    return [WorkBlock(_digest(g), kinds[0], tuple(e.name for e in g)) for g in groups]


def _cut(entries: Sequence[Entry], size: int) -> list[list[Entry]]:
    groups: list[list[Entry]] = [[]]
    for entry in entries:
        groups[-1].append(entry)
        last = zlib.crc32(entry.name.encode()) % size == 0
        if last or len(groups[-1]) >= LONGEST * size:
            groups.append([])
    return [group for group in groups if group]


def _digest(entries: Iterable[Entry]) -> str:
    states = json.dumps([[e.name, e.size, e.changed] for e in entries])
    return hashlib.sha256(states.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Ledger:
    """The output folder of one set of settings: its finished blocks, pictures or shards."""

    store: Store
    form: str  # a key of FORMS
    suffix: str | None = None  # of all pictures in a tree; None keeps each picture's own

    def sort_out(
        self, blocks: Sequence[WorkBlock], *, retry: bool
    ) -> tuple[list[WorkBlock], list[Mark]]:
        """Return the blocks left to do, and the marks of finished ones; `retry` redoes those with failures.

        The output of blocks whose source changed or vanished is moved to stale/, never deleted: a source
        may be half mounted. A block is finished when its mark and all pictures that the mark counts exist.
        """
        names = {entry.name for entry in self.store.entries()[0]}
        marks: dict[str, Mark] = {}
        wanted = {block.name for block in blocks}
        for name in sorted(names):
            if match := _MARK.fullmatch(name):
                mark = Mark(match[1], int(match[2]), int(match[3]))
                if mark.block in wanted:
                    marks[mark.block] = mark
                else:
                    self._set_aside(mark, names)
        left, finished = [], []
        for block in blocks:
            own = marks.get(block.name)
            if own and self._is_whole(block, own, names) and not (retry and own.failed):
                finished.append(own)
                continue
            if own:
                self.store.delete(own.name)
            left.append(block)
        return left, finished

    def shard(self, block: str) -> str:
        return f"{FORMS[self.form]}/part-{block}{SHARDS[self.form]}"

    def picture(self, block: WorkBlock, key: str) -> str:
        """Return the file of a key in a tree: its own name, with a suffix that can be written."""
        name = writable_name(PurePosixPath(block.prefix + key)).as_posix()
        if self.suffix and not name.lower().endswith(self.suffix):
            name += self.suffix
        return f"{FORMS[self.form]}/{name}"

    def picture_name(self, block: WorkBlock, key: str) -> str:
        """Return the name of a picture in a tree or shard, whose suffix is its format."""
        if self.form == "pictures":
            return self.picture(block, key)
        return f"{key}{self.suffix or '.png'}"

    def _is_whole(self, block: WorkBlock, mark: Mark, names: set[str]) -> bool:
        if self.form in SHARDS:
            return self.shard(block.name) in names
        if block.kind in SHARDS:  # without reading the shard its keys are not known
            return True
        return sum(self.picture(block, key) in names for key in block.files) >= mark.colored

    def _set_aside(self, mark: Mark, names: set[str]) -> None:
        if self.form in SHARDS and self.shard(mark.block) in names:
            shard = self.shard(mark.block)
            self.store.move(shard, f"{STALE}/{shard.rpartition('/')[2]}")
        self.store.move(mark.name, f"{STALE}/{mark.name.rpartition('/')[2]}")

    def finish(self, block: WorkBlock, colored: int, failures: Sequence[Mapping[str, str]]) -> Mark:
        """Write the mark of a block, after its output."""
        mark = Mark(block.name, colored, len(failures))
        lines = [json.dumps(failure).encode() + b"\n" for failure in failures]
        self.store.write(mark.name, b"".join(lines))
        return mark

    def gather_failures(self, marks: Iterable[Mark]) -> None:
        """Write failed.jsonl, a line for each picture that could not be colored."""
        lines = [self.store.read(mark.name) for mark in marks if mark.failed]
        self.store.write("failed.jsonl", b"".join(lines))

    def describe(self, settings: Mapping[str, object]) -> None:
        """Write settings.json."""
        self.store.write("settings.json", json.dumps(settings, indent=2).encode() + b"\n")


def settings_name(settings: Mapping[str, Any]) -> str:
    """Return the name of the output folder of these settings: `red-blue-1f0a8e6c2b7d`."""
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:12]
    words = [re.sub(r"\W+", "_", str(value))[:20] for value in settings["values"].values()]
    return "-".join([*words, digest])
