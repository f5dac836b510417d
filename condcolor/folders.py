"""Folders that are there whole or not at all, whatever interrupts their writing; dataclasses out of JSON.

A folder is written under a temporary name, fsynced, and put in place by one rename.
"""

from __future__ import annotations

import contextlib
import ctypes
import dataclasses
import errno
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from condcolor.errors import CheckpointError, UsageError
from condcolor.filetypes import shown_name

TEMPORARY, OLD = ".tmp", ".old"  # ends of the names of folders that are being written or replaced


@contextlib.contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """A folder to fill under another name. Filled, it takes the place of `folder`; else it goes.

    Raises:
        CheckpointError: the disk refuses; what `folder` held before stands.
    """
    new = folder.with_name(folder.name + TEMPORARY)
    try:
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(parents=True)
        yield new
        _put_in_place(new, folder)
    except OSError as error:
        why = error.strerror or error
        raise CheckpointError(
            f"{shown_name(folder)}: cannot be written ({why}): make room or give permission there; what it "
            "held before stands"
        ) from None
    finally:
        shutil.rmtree(new, ignore_errors=True)


def _put_in_place(new: Path, folder: Path) -> None:
    """Give the folder `new`, once it is safe on the disk, the name `folder`."""
    for path in (*new.iterdir(), new):
        _fsync(path)
    old = folder.with_name(folder.name + OLD)
    if not folder.exists():
        os.rename(new, folder)
    elif not _exchange(new, folder):  # two steps; `standing` bridges what is between them
        shutil.rmtree(old, ignore_errors=True)
        os.rename(folder, old)
        os.rename(new, folder)
    _fsync(folder.parent)
    shutil.rmtree(old, ignore_errors=True)


def _exchange(first: Path, second: Path) -> bool:
    """Swap two names in one step, as Linux can on most file systems; False where it could not."""
    at_cwd, flag = -100, 2  # AT_FDCWD, RENAME_EXCHANGE of <linux/fs.h>
    try:
        swap = ctypes.CDLL(None).renameat2
    except (OSError, AttributeError):
        return False
    return swap(at_cwd, os.fsencode(first), at_cwd, os.fsencode(second), flag) == 0


def standing(folder: Path) -> Path:
    """The folder, or what it was to replace, where a crash came between the two."""
    folder = Path(folder)
    old = folder.with_name(folder.name + OLD)
    return old if old.is_dir() and not folder.exists() else folder


def _fsync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:  # some network file systems sync files only
        if error.errno not in (errno.EINVAL, errno.ENOTSUP) or not path.is_dir():
            raise
    finally:
        os.close(handle)


def from_fields(cls, fields: Mapping[str, object]):
    """A dataclass made of what a JSON file held; CheckpointError when the fields do not fit."""
    known = {f.name: f for f in dataclasses.fields(cls)}
    unknown = sorted(set(fields) - set(known))
    if unknown:
        raise CheckpointError(f"{cls.__name__} has no field {', '.join(unknown)}: a newer format?")
    lists = {k: tuple(v) if isinstance(v, list) else v for k, v in fields.items()}
    try:
        return cls(**lists)
    except (TypeError, ValueError, UsageError) as error:
        raise CheckpointError(f"{cls.__name__} cannot be rebuilt: {error}") from None
