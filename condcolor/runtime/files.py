"""Files and folders written whole or not at all; locks.

A file or folder has another name until it is complete and on the disk, and is then renamed in one step. Not
written so: downloads, whose parts are kept (data/builders/partial_file.py); logs, to which lines are appended
(runs/folder.py, batch/manifest.py); files on other than local file systems (batch/cluster/storage.py).
"""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import stat
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from condcolor.errors import CheckpointError, CondcolorError, DataError, UsageError
from condcolor.runtime.messages import shown_name, why_unwritten

OLD = ".old"  # end of the name of a folder that is being replaced
SYNCED_ONE_BY_ONE = 256  # files of a folder; with more, the whole system is synced at once
LONGEST_NAME = 255  # bytes, on the file systems in use
SPARE = 32 << 20  # bytes of the disk that stay free
TOKEN = 8  # bytes of the random name of a temporary file
STALE = 3600  # seconds without a write after which no process is writing a temporary file any more


@contextmanager
def atomic_file(path: str | os.PathLike, *, overwrite: bool = False) -> Iterator[BinaryIO]:
    """Open a file to write and read, renamed to `path` when the block ends without an error.

    Until then it is a hidden file in the same folder, removed if the block fails. It has the permissions of
    any new file. A link named `path` is replaced, never followed. Without `overwrite`, a file that has
    appeared there meanwhile stays.

    Raises:
        FileExistsError: the name is taken.
        OSError: the disk refuses.
    """
    path = Path(path)
    temporary = path.parent / f".{secrets.token_hex(TOKEN)}.tmp"
    try:
        with open(temporary, "xb+") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if overwrite:
            os.replace(temporary, path)
        else:
            _rename_to_new(temporary, path)
    finally:
        with suppress(OSError):
            temporary.unlink()


def remove_left_behind(folder: Path) -> None:
    """Remove temporary files of `atomic_file` that killed processes left in a folder, STALE seconds ago."""
    for path in folder.glob(f".{'[0-9a-f]' * 2 * TOKEN}.tmp"):
        with suppress(OSError):
            status = path.lstat()
            if stat.S_ISREG(status.st_mode) and status.st_mtime < time.time() - STALE:
                path.unlink()


def _rename_to_new(temporary: Path, path: Path) -> None:
    try:
        os.link(temporary, path)  # fails when the name is taken, which a rename does not
    except FileExistsError:
        raise
    except (OSError, NotImplementedError, AttributeError):  # a system or disk without hard links
        open(path, "xb").close()  # claims the name
        try:
            os.replace(temporary, path)
        except BaseException:
            path.unlink(missing_ok=True)  # the claim
            raise


def write_whole(path: str | os.PathLike, data: bytes, *, overwrite: bool = False) -> None:
    """Write a file as `atomic_file` does, with errors for users.

    Raises:
        UsageError: the name is taken.
        DataError: the disk is full, the folder missing or read-only.
    """
    path = Path(path)
    refuse_taken(path, overwrite)
    try:
        with atomic_file(path, overwrite=overwrite) as file:
            file.write(data)
    except FileExistsError as error:
        raise UsageError(_taken(path)) from error
    except OSError as error:
        raise DataError(f"{shown_name(path)}: {why_unwritten(error, path)}") from error


def refuse_taken(path: str | os.PathLike, overwrite: bool) -> None:
    """Check that a file may be saved under a name; useful before long work.

    Raises:
        UsageError: the name is taken, or no file can have it. DataError: it is too long.
    """
    label = shown_name(path)
    try:
        mode = os.stat(path).st_mode
    except ValueError as error:  # a zero byte, a lone surrogate
        raise UsageError(f"{label}: no file can have this name: choose another") from error
    except OSError:  # nothing there, or a dangling link; other faults show when writing
        mode = None
    if len(os.fsencode(Path(path).name)) > LONGEST_NAME:  # also where its folder does not exist yet
        fault = OSError(errno.ENAMETOOLONG, "")
        raise DataError(f"{label}: {why_unwritten(fault, Path(path))}")
    if mode is not None and stat.S_ISDIR(mode):
        raise UsageError(f"{label}: is a folder: name a file in it")
    if mode is not None and not stat.S_ISREG(mode):
        raise UsageError(f"{label}: is a device or pipe, not a file: choose another name")
    if not overwrite and os.path.lexists(path):
        raise UsageError(_taken(path))


def _taken(path: str | os.PathLike) -> str:
    return f"{shown_name(path)}: exists already: choose another name or allow overwriting"


@contextmanager
def atomic_folder(path: Path, *, overwrite: bool = False) -> Iterator[Path]:
    """Make a folder to fill, renamed to `path` when the block ends without an error.

    Until then it is a hidden folder beside `path`, removed if the block fails; one that a killed process left
    is removed first. A folder that is not empty is replaced only with `overwrite`.

    Raises:
        OSError: the disk refuses, or something has appeared in the folder, whose content stays.
    """
    new = temporary_of(path)
    shutil.rmtree(new, ignore_errors=True)
    try:
        new.mkdir(parents=True)
        yield new
        _put_in_place(new, path, overwrite)
    finally:
        shutil.rmtree(new, ignore_errors=True)


@contextmanager
def checkpoint_folder(path: Path) -> Iterator[Path]:
    """Make a folder of a model or a training state as `atomic_folder` does, and replace an earlier one.

    Raises:
        CheckpointError: the disk refuses; the earlier folder stays.
    """
    try:
        with atomic_folder(path, overwrite=True) as new:
            yield new
    except OSError as error:
        reason = (
            f"cannot be written ({error.strerror or error}): make room or give permission there"
        )
        raise CheckpointError(f"{shown_name(path)}: {reason}; what it held before stands") from None


def temporary_of(folder: Path) -> Path:
    """Return the name that a folder has while it is written."""
    return folder.with_name(f".{folder.name}.tmp")


def _put_in_place(new: Path, folder: Path, overwrite: bool) -> None:
    """Give the folder `new`, once it is safe on the disk, the name `folder`."""
    _sync_all(new)
    old = folder.with_name(folder.name + OLD)
    if not overwrite:
        with suppress(FileNotFoundError):
            folder.rmdir()  # fails unless it is empty, as the rename does
        os.rename(new, folder)
    elif not folder.exists():
        os.rename(new, folder)
    elif not _exchange(new, folder):  # two steps; `surviving` bridges what is between them
        shutil.rmtree(old, ignore_errors=True)
        os.rename(folder, old)
        os.rename(new, folder)
    _fsync(folder.parent)
    if overwrite:
        shutil.rmtree(old, ignore_errors=True)


def _exchange(first: Path, second: Path) -> bool:
    """Swap two names atomically, which Linux can on most file systems; return whether it was done."""
    if sys.platform != "linux":
        return False
    at_cwd, flag = -100, 2  # AT_FDCWD, RENAME_EXCHANGE of <linux/fs.h>
    try:
        import ctypes

        swap = ctypes.CDLL(None).renameat2
    except (
        ImportError,
        OSError,
        AttributeError,
    ):  # no ctypes, or no such function in the C library
        return False
    return swap(at_cwd, os.fsencode(first), at_cwd, os.fsencode(second), flag) == 0


def surviving(folder: Path) -> Path:
    """Return the folder, or the one that it was to replace if a crash left only that."""
    folder = Path(folder)
    old = folder.with_name(folder.name + OLD)
    return old if old.is_dir() and not folder.exists() else folder


def _sync_all(folder: Path) -> None:
    """Write a folder and all in it to the disk (fsync)."""
    paths = sorted(folder.rglob("*"), reverse=True)  # the content of a folder before the folder
    if len(paths) > SYNCED_ONE_BY_ONE and hasattr(os, "sync"):
        os.sync()
        return
    for path in (*paths, folder):
        _fsync(path)


def _fsync(path: Path) -> None:
    is_folder = path.is_dir()
    if is_folder and os.name == "nt":  # where a folder cannot be opened, and a rename is journaled
        return
    handle = os.open(path, os.O_RDWR if os.name == "nt" else os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:  # some network file systems sync files only
        if error.errno not in (errno.EINVAL, errno.ENOTSUP) or not is_folder:
            raise
    finally:
        os.close(handle)


def allocate(file: BinaryIO, size: int) -> None:
    """Allocate `size` bytes of the disk for a new file; a mapped file on a full disk ends the process.

    Raises:
        OSError: the disk is full.
    """
    try:
        return os.posix_fallocate(file.fileno(), 0, size)
    except AttributeError:  # Windows, macOS
        pass
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP, errno.ENOSYS):
            raise
    for start in range(0, size, 1 << 20):
        file.write(bytes(min(1 << 20, size - start)))
    file.flush()


@contextmanager
def lock(path: Path, busy: CondcolorError) -> Iterator[BinaryIO]:
    """Open a file to append to, and lock it against other processes.

    The system releases the lock when the process ends. The file stays, since two processes could otherwise
    lock a file of this name each. On a disk without locks, nothing is locked.

    Raises:
        CondcolorError: `busy`; another process holds the lock.
        OSError: the file cannot be opened.
    """
    # not FileLock, which may remove the file, or lock by the presence of a file that a killed process leaves
    from filelock import lock_descriptor

    with open(path, "ab", buffering=0) as file:
        is_free = True
        with suppress(OSError):  # a disk without locks
            is_free = lock_descriptor(file.fileno(), blocking=False)
        if not is_free:
            raise busy
        yield file


def is_locked(path: Path) -> bool:
    """Return whether a process holds the lock of a file."""
    try:
        with open(path, "rb") as file:
            return not _can_share(file.fileno())
    except OSError:  # no such file, or a disk without locks
        return False


def _can_share(handle: int) -> bool:
    """Return whether an open file can be locked in shared mode."""
    try:
        import fcntl
    except ImportError:  # Windows, without shared locks: simultaneous checks may see each other
        from filelock import lock_descriptor

        return lock_descriptor(handle, blocking=False)
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def make_folder(folder: Path) -> None:
    """Make a folder for pictures, and its parents.

    Raises:
        DataError: it cannot be made or written.
    """
    label = shown_name(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise DataError(f"{label}: is a file, not a folder: choose another output") from None
    except OSError as error:
        reason = f"cannot be made ({error.strerror or error})"
        raise DataError(f"{label}: {reason}: choose another output") from None
    effective = os.access in os.supports_effective_ids
    if not os.access(folder, os.W_OK | os.X_OK, effective_ids=effective):
        raise DataError(f"{label}: no permission to write there: choose another output")


def check_space(folder: Path, needed: int, purpose: str) -> None:
    """Check that the disk of a folder has `needed` bytes free, and SPARE more.

    Raises:
        DataError: it has fewer; `purpose` says what they are for.
    """
    free = shutil.disk_usage(folder).free
    if free < needed + SPARE:
        raise DataError(
            f"{shown_name(folder)}: {free / 1e6:,.0f} MB free, {needed / 1e6:,.0f} MB {purpose}: "
            "make room or choose another disk"
        )


@contextmanager
def disk_faults(kept: str = "") -> Iterator[None]:
    """Turn an OSError inside the block into a DataError whose message ends with `kept`."""
    try:
        yield
    except OSError as error:
        label = f"{shown_name(error.filename)}: " if isinstance(error.filename, str) else ""
        hint = "make room or give permission, and run the same again"
        raise DataError(f"{label}{error.strerror or error}: {hint}{kept}") from error
