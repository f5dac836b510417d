"""Work cut into blocks, and which of them are done.

A block is a shard, or some pictures of a folder. Its name is a digest of what it holds, so a block that
changes is another block. Of each block done a file tells in its name how many pictures were colored and how
many failed, and in its lines which those were and why.
"""

from __future__ import annotations

import hashlib
import json
import re
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from condcolor.batch.cluster.storage import Entry, Store
from condcolor.batch.jobs import writable_name
from condcolor.errors import UsageError
from condcolor.imaging.formats import READ_SUFFIXES

SOURCES = {"pictures": READ_SUFFIXES, "parquet": (".parquet",), "webdataset": (".tar",)}
SHARDS = {"parquet": ".parquet", "webdataset": ".tar"}  # outputs that are one file a block
LONGEST = 4  # a block is cut at this many times the size asked for
DONE, STALE, MADE = (
    "done",
    "stale",
    {"pictures": "pictures", "parquet": "shards", "webdataset": "shards"},
)
_MARK = re.compile(r"done/([0-9a-f]{16})-(\d+)-(\d+)\.jsonl")


@dataclass(frozen=True)
class WorkBlock:
    """What one worker does in one go, all of it or nothing."""

    name: str  # 16 hex digits
    kind: str  # a key of SOURCES
    files: tuple[str, ...]  # of the source; one, if it is a shard

    @property
    def place(self) -> str:
        """What stands before its keys in a tree of pictures: the shard's name, for keys may repeat."""
        return "" if self.kind == "pictures" else self.files[0].rpartition(".")[0] + "/"


@dataclass(frozen=True)
class Mark:
    """What the file of a block done says by its name."""

    block: str
    colored: int
    failed: int

    @property
    def name(self) -> str:
        return f"{DONE}/{self.block}-{self.colored}-{self.failed}.jsonl"


def plan_blocks(entries: Sequence[Entry], kind: str | None, size: int) -> list[WorkBlock]:
    """The files, sorted by name, in blocks: a shard each, or `size` pictures on the average.

    Where blocks of pictures end is decided by the pictures' names, so that one that is added or gone changes
    its own block alone.

    Raises:
        UsageError: no file of the kind, or (`kind` None) of more kinds than one.
    """
    suffixes = {name: tuple(SOURCES[name]) for name in ([kind] if kind else SOURCES)}
    by_kind = {
        name: [e for e in entries if e.name.lower().endswith(ends)]
        for name, ends in suffixes.items()
    }
    kinds = [name for name, some in by_kind.items() if some]
    if len(kinds) != 1:
        kinds_text = " and ".join(kinds) or f"no {' or '.join(kind for kind in suffixes)}"
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
    described = json.dumps([[e.name, e.size, e.changed] for e in entries])
    return hashlib.sha256(described.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Ledger:
    """The output of one set of settings: what is there of it, and in which form (a key of MADE)."""

    store: Store
    form: str
    suffix: str | None = None  # of all pictures in a tree; None is each its own

    def sort_out(
        self, blocks: Sequence[WorkBlock], *, retry: bool
    ) -> tuple[list[WorkBlock], list[Mark]]:
        """The blocks left to do, and the marks of those done; with `retry` those with failures are left.

        What belongs to no block, since its source changed or is gone, is moved to stale/, never deleted: a
        source that is half mounted would take it all. A block counts as done when its mark and all that
        the mark tells of are there.
        """
        names = {entry.name for entry in self.store.entries()[0]}
        marks = {}
        wanted = {block.name for block in blocks}
        for name in sorted(names):
            if match := _MARK.fullmatch(name):
                mark = Mark(match[1], int(match[2]), int(match[3]))
                if mark.block in wanted:
                    marks[mark.block] = mark
                else:
                    self._set_aside(mark, names)
        left, done = [], []
        for block in blocks:
            mark = marks.get(block.name)
            if mark and self._is_whole(block, mark, names) and not (retry and mark.failed):
                done.append(mark)
                continue
            if mark:
                self.store.delete(mark.name)
            left.append(block)
        return left, done

    def shard(self, block: str) -> str:
        return f"{MADE[self.form]}/part-{block}{SHARDS[self.form]}"

    def picture(self, block: WorkBlock, key: str) -> str:
        """Where the picture of a key goes in a tree: its own name, with a suffix that can be written."""
        name = str(writable_name(PurePosixPath(block.place + key)))
        if self.suffix and not name.lower().endswith(self.suffix):
            name += self.suffix
        return f"{MADE[self.form]}/{name}"

    def _is_whole(self, block: WorkBlock, mark: Mark, names: set[str]) -> bool:
        if self.form in SHARDS:
            return self.shard(block.name) in names
        if block.kind in SHARDS:  # its keys are known to who reads it only
            return True
        there = sum(self.picture(block, key) in names for key in block.files)
        return there >= mark.colored

    def _set_aside(self, mark: Mark, names: set[str]) -> None:
        if self.form in SHARDS and self.shard(mark.block) in names:
            shard = self.shard(mark.block)
            self.store.move(shard, f"{STALE}/{shard.rpartition('/')[2]}")
        self.store.move(mark.name, f"{STALE}/{mark.name.rpartition('/')[2]}")

    def finish(self, block: WorkBlock, colored: int, failures: Sequence[Mapping[str, str]]) -> Mark:
        """Say that a block is done, after all that it made is in place."""
        mark = Mark(block.name, colored, len(failures))
        self.store.write(mark.name, _lines(failures))
        return mark

    def gather_failures(self, marks: Iterable[Mark]) -> None:
        """Write failed.jsonl: a line for each picture that could not be colored."""
        lines = [self.store.read(mark.name) for mark in marks if mark.failed]
        self.store.write("failed.jsonl", b"".join(lines))

    def describe(self, settings: Mapping[str, object]) -> None:
        """Write settings.json."""
        self.store.write("settings.json", json.dumps(settings, indent=2).encode() + b"\n")


def settings_name(settings: Mapping[str, object]) -> str:
    """A folder's name for what is colored with these settings: `red-blue-1f0a8e6c2b7d`."""
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:12]
    values = settings["values"]
    words = [re.sub(r"\W+", "_", str(value))[:20] for value in values.values()]  # type: ignore[union-attr]
    return "-".join([*words, digest])


def _lines(entries: Iterable[Mapping[str, str]]) -> bytes:
    return b"".join(json.dumps(entry).encode() + b"\n" for entry in entries)
