"""Regular files opened to read: never a pipe or device, which can block, and never more than a limit."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

AnyPath = str | os.PathLike[str]


class NotRegular(OSError):
    """The name belongs to a folder, pipe or device; `kind` says which."""

    def __init__(self, kind: str, path: AnyPath):
        super().__init__(errno.EINVAL, f"is a {kind}, not a file", os.fspath(path))
        self.kind = kind


class TooLarge(OSError):
    """The file has more bytes than its reader takes."""

    def __init__(self, path: AnyPath, most: int):
        limit = f"{most >> 20} MiB" if most >= 1 << 20 else f"{most} bytes"
        super().__init__(errno.EFBIG, f"has more than {limit}", os.fspath(path))


@contextmanager
def open_regular(path: AnyPath, most: int | None = None) -> Iterator[BinaryIO]:
    """Open a regular file of at most `most` bytes to read; a link is followed.

    Raises:
        NotRegular: a folder, pipe, socket or device.
        TooLarge: the file has more bytes.
        OSError: the system cannot open it.
        ValueError: no file can have this name.
    """
    # The type is checked before opening, since opening a device can act on it, and again after, since the
    # name may refer to another file by then. O_NONBLOCK: opening a FIFO would block.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    _check(os.stat(path), path, most)
    descriptor = os.open(path, flags)
    with os.fdopen(descriptor, "rb") as stream:
        _check(os.fstat(descriptor), path, most)
        yield stream


def read_regular(path: AnyPath, most: int) -> bytes:
    """Return the bytes of a regular file; raises as `open_regular` does."""
    with open_regular(path, most) as file:
        data = file.read(most + 1)
    if len(data) > most:  # it has grown meanwhile
        raise TooLarge(path, most)
    return data


def check_regular(path: AnyPath, most: int | None = None) -> None:
    """Check a file that a library opens by its name; raises as `open_regular` does."""
    _check(os.stat(path), path, most)


def _check(status: os.stat_result, path: AnyPath, most: int | None) -> None:
    mode = status.st_mode
    if not stat.S_ISREG(mode):
        kinds = ((stat.S_ISDIR, "folder"), (stat.S_ISFIFO, "pipe (FIFO)"))
        names = (name for is_kind, name in kinds if is_kind(mode))
        raise NotRegular(next(names, "device or socket"), path)
    if most is not None and status.st_size > most:
        raise TooLarge(path, most)
