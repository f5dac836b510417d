"""`ImageCache`: decoded pictures, in memory or memory-mapped files.

A small set is decoded into memory by each run. A large one goes, shard by shard, to a cache folder, where
the next run finds it: a shard is named after a digest of the files it holds (name, size, time) and of how
they were decoded, so a file that changes is decoded again with its shard alone, and a decoding that is cut
short goes on where it was. The system keeps as much of the files in memory as there is room for.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import PIL
import torch
from torch import Tensor

from condcolor.errors import DataError
from condcolor.runtime.files import allocate, atomic_file
from condcolor.runtime.messages import shown_name

DECODE_THREADS = 4  # zlib and libjpeg release the interpreter lock
SHARD = 1024  # pictures in a file: 200 MB at 256 px
IN_MEMORY = 256 << 20  # bytes that a set may take to be decoded anew by each run
KEPT_FOR = 30 * 86400  # seconds that a shard stays in the cache unused
CACHE_FORMAT = 1  # of a shard, and of what the decoders make of a file
File = tuple[Path, int]  # a picture, and the grey level of the ground it is put on
OnProgress = Callable[[int, int], None]


@dataclass(frozen=True)
class Decoder:
    """A way to make a square of a file: `(path, ground, side) -> [side, side, 3]` uint8."""

    name: str  # in the digests of the cache: under another name every user decodes anew
    function: Callable[[Path, int, int], np.ndarray]

    def __call__(self, path: Path, ground: int, side: int) -> np.ndarray:
        return self.function(path, ground, side)


class ImageCache:
    """`[N, C, S, S]` uint8, more of them than fit into memory if need be."""

    def __init__(self, shards: Sequence[Tensor]):
        self.shards = tuple(shards)  # as long as the first, the last one maybe less

    def __len__(self) -> int:
        return sum(map(len, self.shards))

    @property
    def side(self) -> int:
        return self.shards[0].shape[-1]

    @property
    def bytes(self) -> int:
        return sum(shard.numel() for shard in self.shards)

    def __getitem__(self, index: int) -> Tensor:
        """One picture, `[C, S, S]`."""
        if not 0 <= index < len(self):
            raise IndexError(index)
        shard, row = divmod(int(index), len(self.shards[0]))
        return self.shards[shard][row]

    def take(self, indices: Tensor) -> Tensor:
        """The pictures of `indices [B]`, copied: `[B, C, S, S]`, where the squares are."""
        if len(self.shards) == 1:
            only = self.shards[0]
            return only.index_select(0, indices.to(only.device))
        return torch.stack([self[index] for index in indices.tolist()])

    def to(self, device: torch.device) -> ImageCache:
        """All of them on a device, in one piece."""
        return ImageCache([torch.cat([shard.to(device) for shard in self.shards])])


def decode(
    files: Sequence[File],
    side: int,
    decoder: Decoder,
    *,
    cache: Path | None = None,
    on_progress: OnProgress | None = None,
) -> tuple[ImageCache, dict[Path, DataError]]:
    """Every file's picture, and what is wrong with which file.

    Args:
        cache: where a set that is larger than IN_MEMORY is kept; None keeps it in memory.

    Raises:
        DataError: the cache folder cannot be written, or the disk is full.
    """
    report = on_progress or (lambda done, total: None)
    faults: dict[Path, DataError] = {}
    if cache is None or 3 * side * side * len(files) <= IN_MEMORY:
        squares = torch.zeros(len(files), 3, side, side, dtype=torch.uint8)
        for done, (i, fault) in enumerate(_fill(squares, files, side, decoder), start=1):
            if fault is not None:
                faults[files[i][0]] = fault
            report(done, len(files))
        return ImageCache([squares]), faults
    shards = []
    for start in range(0, len(files), SHARD):
        some = files[start : start + SHARD]
        base = cache / _digest(some, side, decoder)
        shard = _kept(base, len(some), side)
        if shard is None:
            shard = _make(base, some, side, decoder, lambda n, at=start: report(at + n, len(files)))
        wrong, squares = shard
        faults |= {files[start + i][0]: DataError(text) for i, text in wrong.items()}
        shards.append(squares)
        report(start + len(some), len(files))
    return ImageCache(shards), faults


def default_cache() -> Path | None:
    """The user's own cache folder; None where it cannot be made or written."""
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    folder = Path(home) / "condcolor" / "pictures"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    return folder if os.access(folder, os.W_OK | os.X_OK) else None


def blank(count: int, side: int, folder: Path) -> ImageCache:
    """Room for `count` RGB pictures: in memory, or, for many, in a file of `folder` without a name."""
    shape = (count, 3, side, side)
    size = 3 * side * side * count
    if size <= IN_MEMORY:
        return ImageCache([torch.empty(shape, dtype=torch.uint8)])
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            allocate(file, size)
            return ImageCache([torch.from_numpy(np.memmap(file, np.uint8, "r+", shape=shape))])
    except OSError as error:
        raise _unwritten(folder, error) from error


def _fill(
    squares: Tensor, files: Sequence[File], side: int, decoder: Decoder
) -> Iterator[tuple[int, DataError | None]]:
    """Decode each file into its place; yields the places as they are done, in order."""

    def put(i: int) -> None:
        path, ground = files[i]
        square = np.ascontiguousarray(decoder(path, ground, side))
        squares[i] = torch.from_numpy(square).permute(2, 0, 1)

    with ThreadPoolExecutor(DECODE_THREADS) as pool:
        jobs = [pool.submit(put, i) for i in range(len(files))]
        try:
            for i, job in enumerate(jobs):
                yield i, job.exception() if isinstance(job.exception(), DataError) else job.result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _digest(files: Sequence[File], side: int, decoder: Decoder) -> str:
    """What a shard's content depends on."""
    digest = hashlib.sha256(f"{CACHE_FORMAT} {PIL.__version__} {decoder.name} {side}\n".encode())
    for path, ground in files:
        try:
            about = os.stat(path)
            state = f"{about.st_size} {about.st_mtime_ns} {about.st_mode}"
        except OSError:
            state = "gone"
        digest.update(os.fsencode(path) + f"\0{ground} {state}\n".encode())
    return digest.hexdigest()[:32]


def _kept(base: Path, count: int, side: int) -> tuple[dict[int, str], Tensor] | None:
    """What is wrong with which picture, and the pictures, of a shard that is there whole."""
    try:
        description = json.loads(base.with_suffix(".json").read_text(encoding="utf-8"))
        os.utime(base.with_suffix(".json"))  # it is in use
        mapped = np.memmap(base.with_suffix(".u8"), np.uint8, "c", shape=(count, 3, side, side))
        return {int(i): text for i, text in description["faults"].items()}, torch.from_numpy(mapped)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _make(
    base: Path, files: Sequence[File], side: int, decoder: Decoder, on_done: Callable[[int], None]
) -> tuple[dict[int, str], Tensor]:
    """Decode a shard into its files: the pictures first, then, when they are whole, what is wrong."""
    shape = (len(files), 3, side, side)
    wrong: dict[int, str] = {}
    try:
        base.parent.mkdir(parents=True, exist_ok=True)
        with atomic_file(base.with_suffix(".u8"), overwrite=True) as file:
            allocate(file, int(np.prod(shape)))
            squares = torch.from_numpy(np.memmap(file, np.uint8, "r+", shape=shape))
            for i, fault in _fill(squares, files, side, decoder):
                if fault is not None:
                    wrong[i] = str(fault)
                on_done(i + 1)
            squares = fault = None  # Windows gives no other name to a file that is mapped
        with atomic_file(base.with_suffix(".json"), overwrite=True) as file:
            file.write(json.dumps({"faults": wrong}).encode())
    except OSError as error:
        raise _unwritten(base.parent, error) from error
    _drop_unused(base.parent)
    shard = _kept(base, len(files), side)
    if shard is None:
        raise DataError(
            f"{shown_name(base.parent)}: decoded pictures are gone from there: run the same again"
        )
    return shard


def _drop_unused(folder: Path) -> None:
    """Remove shards that no run has used for long, and what runs that were killed left of theirs."""
    for old in (*folder.glob("*.json"), *folder.glob("*.tmp")):
        with contextlib.suppress(OSError):  # another run may do so at this moment
            if time.time() - old.stat().st_mtime > KEPT_FOR:
                old.unlink()
                if old.suffix == ".json":
                    old.with_suffix(".u8").unlink()


def _unwritten(folder: Path, error: OSError) -> DataError:
    why = error.strerror or error
    return DataError(
        f"{shown_name(folder)}: decoded pictures cannot be kept there ({why}): free some space, or "
        "choose another place with --cache FOLDER"
    )
