"""A path or stream opened for reading without ever waiting for it, or why it cannot be."""

from __future__ import annotations

import errno
import io
import os
import stat
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import BinaryIO

from condcolor.filetypes import shown_name

MAX_STREAM_BYTES = 1 << 30  # of a stream, which is read whole


class Fault(Exception):
    """What is wrong with a file and what to do; its name is still to come in front."""


def open_stream(source: str | os.PathLike | BinaryIO) -> AbstractContextManager[BinaryIO]:
    """A seekable binary stream of a regular file, or of all that a stream holds.

    Raises:
        Fault: a folder, pipe or device; a stream too long; a name no file can have.
        OSError: as the system says; see why_unread.
    """
    is_path = isinstance(source, str | os.PathLike)
    return _opened_file(source) if is_path else _whole_stream(source)


@contextmanager
def _opened_file(path: str | os.PathLike) -> Iterator[BinaryIO]:
    # The kind is asked before opening, since to open a device can act on it, and again after,
    # since the name may mean another file by then. O_NONBLOCK: a FIFO would wait for a writer.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        _require_regular(os.stat(path))
        descriptor = os.open(path, flags)
    except ValueError as error:  # a zero byte, a lone surrogate
        raise Fault("no file can have this name: check the path") from error
    with os.fdopen(descriptor, "rb") as stream:
        _require_regular(os.fstat(descriptor))
        yield stream


def _require_regular(status: os.stat_result) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise Fault("is a folder, not a picture: name a file in it")
    if not stat.S_ISREG(status.st_mode):
        kind = "pipe (FIFO)" if stat.S_ISFIFO(status.st_mode) else "device or socket"
        raise Fault(f"is a {kind}, not a file: save the picture to a file first")


@contextmanager
def _whole_stream(stream: BinaryIO) -> Iterator[BinaryIO]:
    blocks, total = [], 0
    while block := stream.read(1 << 20):
        blocks.append(block)
        total += len(block)
        if total > MAX_STREAM_BYTES:
            raise Fault(f"more than {MAX_STREAM_BYTES >> 20} MiB: send a smaller picture")
    yield io.BytesIO(b"".join(blocks))


def why_unread(error: OSError, source: object) -> str:
    """What an OSError means for a picture or folder, and what to do."""
    if error.errno == errno.ENOENT:
        if isinstance(source, str | os.PathLike) and os.path.islink(source):
            target = shown_name(os.path.realpath(source))
            return f"dangling link ({target} does not exist): restore the file or drop the link"
        return "no such file: check the path"
    known = {
        errno.EACCES: "no permission to read it: change its permissions or those of its folder",
        errno.ELOOP: "a link that leads to itself: replace it by the picture",
        errno.ENOTDIR: "no such file (a part of the path is a file, no folder): check the path",
        errno.ENAMETOOLONG: "no such file (the name is too long): check the path",
    }
    fallback = f"cannot be read ({error.strerror or error}): check the disk or copy it again"
    return known.get(error.errno, fallback)
