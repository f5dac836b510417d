"""`ImageCache`: decoded pictures, in memory or memory-mapped files.

A small data set is decoded into memory by each run. A large one is decoded to shards in a cache folder, which
the next run reuses. A shard is named by a digest of its files (name, size, time) and of the decoding: a
changed file invalidates its shard alone, and an interrupted decoding is resumed. Shards are memory-mapped, so
that the system keeps in memory what fits.
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
from functools import partial
from pathlib import Path

import numpy as np
import PIL
import torch
from torch import Tensor

from condcolor.data.pictures import file_of
from condcolor.errors import DataError
from condcolor.runtime.files import allocate, atomic_file
from condcolor.runtime.messages import shown_name

DECODE_THREADS = 4  # zlib and libjpeg release the interpreter lock
SHARD = 1024  # pictures in a file: 200 MB at 256 px
IN_MEMORY = 256 << 20  # bytes up to which a data set is decoded by each run
KEPT_FOR = 30 * 86400  # seconds after which an unused shard is removed
CACHE_FORMAT = 1  # of shards and decoders
File = tuple[Path, int]  # a picture, and the grey level of its background
OnProgress = Callable[[int, int], None]


@dataclass(frozen=True)
class Decoder:
    """A named function that decodes a file to a square: `(path, ground, side) -> [side, side, 3]` uint8."""

    name: str  # in the digests of the cache: renaming invalidates all shards
    function: Callable[[Path, int, int], np.ndarray]

    def __call__(self, path: Path, ground: int, side: int) -> np.ndarray:
        return self.function(path, ground, side)


class ImageCache:
    """Decoded pictures `[N, C, S, S]` uint8, which may exceed the memory."""

    def __init__(self, shards: Sequence[Tensor]):
        self.shards = tuple(shards)  # of equal length but for the last

    def __len__(self) -> int:
        return sum(map(len, self.shards))

    @property
    def side(self) -> int:
        return self.shards[0].shape[-1]

    @property
    def bytes(self) -> int:
        return sum(shard.numel() for shard in self.shards)

    def __getitem__(self, index: int) -> Tensor:
        """Return a picture, `[C, S, S]`."""
        if not 0 <= index < len(self):
            raise IndexError(index)
        shard, row = divmod(int(index), len(self.shards[0]))
        return self.shards[shard][row]

    def take(self, indices: Tensor) -> Tensor:
        """Copy the pictures of `indices [B]` to `[B, C, S, S]`, on the device of the pictures."""
        if len(self.shards) == 1:
            only = self.shards[0]
            return only.index_select(0, indices.to(only.device))
        return torch.stack([self[index] for index in indices.tolist()])

    def to(self, device: torch.device) -> ImageCache:
        """Copy all pictures to a device, as one shard."""
        return ImageCache([torch.cat([shard.to(device) for shard in self.shards])])


def decode(
    files: Sequence[File],
    side: int,
    decoder: Decoder,
    *,
    cache: Path | None = None,
    on_progress: OnProgress | None = None,
) -> tuple[ImageCache, dict[Path, DataError]]:
    """Decode files to pictures; return these, and the faults of files that cannot be decoded.

    Args:
        cache: folder for a data set larger than IN_MEMORY; None keeps it in memory.
        on_progress: called with (pictures decoded, pictures in all).

    Raises:
        DataError: the cache folder cannot be written, or the disk is full.
    """

    def report(start: int, count: int) -> None:
        if on_progress:
            on_progress(start + count, len(files))

    faults: dict[Path, DataError] = {}
    if cache is None or 3 * side * side * len(files) <= IN_MEMORY:
        squares = torch.zeros(len(files), 3, side, side, dtype=torch.uint8)
        for i, fault in _fill(squares, files, side, decoder):
            if fault is not None:
                faults[files[i][0]] = fault
            report(0, i + 1)
        return ImageCache([squares]), faults
    shards = []
    for start in range(0, len(files), SHARD):
        part = files[start : start + SHARD]
        base = cache / _digest(part, side, decoder)
        shard = _load_shard(base, len(part), side)
        if shard is None:
            shard = _write_shard(base, part, side, decoder, partial(report, start))
        shard_faults, squares = shard
        faults |= {files[start + i][0]: DataError(text) for i, text in shard_faults.items()}
        shards.append(squares)
        report(start, len(part))
    return ImageCache(shards), faults


def default_cache() -> Path | None:
    """Return the cache folder of the user; None if it cannot be made or written."""
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    folder = Path(home) / "condcolor" / "pictures"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    return folder if os.access(folder, os.W_OK | os.X_OK) else None


def blank(count: int, side: int, folder: Path) -> ImageCache:
    """Allocate `count` RGB pictures in memory, or for many in an unnamed file on the disk of `folder`.

    Raises:
        DataError: the folder cannot be written, or the disk is full.
    """
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
    """Decode the files into `squares [N, 3, S, S]`; yields each index in order, with the file's fault."""

    def put(i: int) -> None:
        path, ground = files[i]
        square = np.ascontiguousarray(decoder(path, ground, side))
        squares[i] = torch.from_numpy(square).permute(2, 0, 1)

    with ThreadPoolExecutor(DECODE_THREADS) as pool:
        jobs = [pool.submit(put, i) for i in range(len(files))]
        try:
            for i, job in enumerate(jobs):
                error = job.exception()
                if error is not None and not isinstance(error, DataError):
                    raise error
                yield i, error
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _digest(files: Sequence[File], side: int, decoder: Decoder) -> str:
    """Return the digest of all that a shard depends on."""
    digest = hashlib.sha256(f"{CACHE_FORMAT} {PIL.__version__} {decoder.name} {side}\n".encode())
    for path, ground in files:
        try:
            status = os.stat(file_of(path))
            state = f"{status.st_size} {status.st_mtime_ns} {status.st_mode}"
        except OSError:
            state = "gone"
        digest.update(os.fsencode(path) + f"\0{ground} {state}\n".encode())
    return digest.hexdigest()[:32]


def _load_shard(base: Path, count: int, side: int) -> tuple[dict[int, str], Tensor] | None:
    """Return the faults of pictures by index, and the pictures, of a complete shard; None without one."""
    try:
        description = json.loads(base.with_suffix(".json").read_text(encoding="utf-8"))
        os.utime(base.with_suffix(".json"))  # the time of its last use
        mapped = np.memmap(base.with_suffix(".u8"), np.uint8, "c", shape=(count, 3, side, side))
        return {int(i): text for i, text in description["faults"].items()}, torch.from_numpy(mapped)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _write_shard(
    base: Path, files: Sequence[File], side: int, decoder: Decoder, on_done: Callable[[int], None]
) -> tuple[dict[int, str], Tensor]:
    """Decode a shard into its two files: the pictures, and once these are complete, their faults."""
    shape = (len(files), 3, side, side)
    faults: dict[int, str] = {}
    try:
        base.parent.mkdir(parents=True, exist_ok=True)
        with atomic_file(base.with_suffix(".u8"), overwrite=True) as file:
            allocate(file, int(np.prod(shape)))
            squares = torch.from_numpy(np.memmap(file, np.uint8, "r+", shape=shape))
            for i, fault in _fill(squares, files, side, decoder):
                if fault is not None:
                    faults[i] = str(fault)
                on_done(i + 1)
            del squares, fault  # Windows does not rename a mapped file
        with atomic_file(base.with_suffix(".json"), overwrite=True) as file:
            file.write(json.dumps({"faults": faults}).encode())
    except OSError as error:
        raise _unwritten(base.parent, error) from error
    _drop_unused(base.parent)
    shard = _load_shard(base, len(files), side)
    if shard is None:
        raise DataError(
            f"{shown_name(base.parent)}: decoded pictures are gone from there: run the same again"
        )
    return shard


def _drop_unused(folder: Path) -> None:
    """Remove shards unused for KEPT_FOR, and temporary files of killed runs."""
    for old in (*folder.glob("*.json"), *folder.glob("*.tmp")):
        with contextlib.suppress(OSError):  # another run may do the same
            if time.time() - old.stat().st_mtime > KEPT_FOR:
                old.unlink()
                if old.suffix == ".json":
                    old.with_suffix(".u8").unlink()


def _unwritten(folder: Path, error: OSError) -> DataError:
    reason = error.strerror or error
    return DataError(
        f"{shown_name(folder)}: decoded pictures cannot be kept there ({reason}): free some space, or "
        "choose another place with --cache FOLDER"
    )
