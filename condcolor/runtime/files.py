"""Files and folders that are written whole or not at all; JSON and sha256 of files; the lock of a run.

A folder is written under a temporary name, fsynced, and put in place by one rename.
"""

from __future__ import annotations

import contextlib
import ctypes
import dataclasses
import errno
import fcntl
import hashlib
import json
import os
import secrets
import shutil
import stat
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from condcolor.errors import CheckpointError, DataError, UsageError
from condcolor.runtime.messages import shown_name

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


def surviving(folder: Path) -> Path:
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


def write_whole(path: str | os.PathLike, data: bytes, *, overwrite: bool = False) -> None:
    """Write a file so that it is there whole or not at all, whatever interrupts.

    The bytes go to a hidden file beside it, which takes the name when complete. A link in its
    place is replaced, never followed. Without `overwrite` a file that appears meanwhile stays.

    Raises:
        UsageError: the name is taken.
        DataError: the disk is full, the folder missing or read-only.
    """
    path = Path(path)
    refuse_taken(path, overwrite)
    temporary = path.parent / f".{secrets.token_hex(8)}.tmp"
    try:
        with open(temporary, "xb") as file:
            file.write(data)
        if overwrite:
            os.replace(temporary, path)
        else:
            _rename_to_new(temporary, path)
    except FileExistsError as error:
        raise UsageError(_taken(path)) from error
    except OSError as error:
        raise DataError(f"{shown_name(path)}: {_why_unwritten(error, path)}") from error
    finally:
        with suppress(OSError):
            temporary.unlink()


def refuse_taken(path: str | os.PathLike, overwrite: bool) -> None:
    """Raise UsageError when nothing may be saved under that name; worth asking before long work."""
    label = shown_name(path)
    try:
        mode = os.stat(path).st_mode
    except ValueError as error:  # a zero byte, a lone surrogate
        raise UsageError(f"{label}: no file can have this name: choose another") from error
    except OSError:  # nothing there, or a dangling link; other faults show when writing
        mode = None
    if mode is not None and stat.S_ISDIR(mode):
        raise UsageError(f"{label}: is a folder: name a file in it")
    if mode is not None and not stat.S_ISREG(mode):
        raise UsageError(f"{label}: is a device or pipe, not a file: choose another name")
    if not overwrite and os.path.lexists(path):
        raise UsageError(_taken(path))


def _taken(path: str | os.PathLike) -> str:
    return f"{shown_name(path)}: exists already: choose another name or allow overwriting"


def _rename_to_new(temporary: Path, path: Path) -> None:
    try:
        os.link(temporary, path)  # fails when the name is taken, which a rename does not
    except FileExistsError:
        raise
    except (OSError, NotImplementedError):  # a file system without hard links
        with open(path, "xb"):  # claims the name
            pass
        with ExitStack() as undo:
            undo.callback(path.unlink, missing_ok=True)  # the claim, if the rename fails
            os.replace(temporary, path)
            undo.pop_all()


def _why_unwritten(error: OSError, path: Path) -> str:
    folder = shown_name(path.parent)
    denied = (
        f"no permission to write in '{folder}': choose another folder or change its permissions"
    )
    known = {
        errno.ENOSPC: "the disk is full: free some space or choose another disk",
        errno.EDQUOT: "the disk quota is used up: free some space or choose another disk",
        errno.EROFS: f"'{folder}' is on a read-only disk: choose another folder",
        errno.EACCES: denied,
        errno.EPERM: denied,
        errno.ENOENT: f"the folder '{folder}' does not exist: make it first",
        errno.ENOTDIR: f"'{folder}' is no folder: choose another",
        errno.ENAMETOOLONG: "the name is too long: choose a shorter one",
    }
    fallback = f"cannot be written ({error.strerror or error}): check the disk"
    return known.get(error.errno, fallback)


MAX_JSON_BYTES = 64 * 2**20  # a config is some KB, a training state's counters little more


def read_json(path: Path) -> dict:
    """A JSON object; CheckpointError when it is missing, unreadable or something else."""
    label = shown_name(path)
    try:
        with open(path, "rb") as file:
            data = file.read(MAX_JSON_BYTES + 1)
    except FileNotFoundError:
        raise CheckpointError(f"{label}: missing") from None
    except OSError as error:
        raise CheckpointError(f"{label}: not readable JSON ({error})") from None
    return parse_json(data, label)


def parse_json(data: bytes, label: str) -> dict:
    if len(data) > MAX_JSON_BYTES:
        raise CheckpointError(f"{label}: over {MAX_JSON_BYTES >> 20} MB, which no config is")
    try:
        content = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        why = error if data else "an empty file"
        raise CheckpointError(f"{label}: not readable JSON ({why})") from None
    if not isinstance(content, dict):
        raise CheckpointError(f"{label}: holds a {type(content).__name__}, not an object")
    return content


def sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_json(path: Path, content: Mapping[str, object]) -> None:
    path.write_text(json.dumps(content, indent=2, allow_nan=False) + "\n", encoding="utf-8")


def sha256_of(path: Path) -> str:
    try:
        return sha256(path)
    except FileNotFoundError:
        raise CheckpointError(f"{shown_name(path)}: missing") from None
    except OSError as error:
        raise CheckpointError(f"{shown_name(path)}: cannot be read ({error.strerror})") from None


def make_folder(folder: Path) -> None:
    """Make a folder for pictures, parents too; DataError when it cannot be, or not written in."""
    label = shown_name(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise DataError(f"{label}: is a file, not a folder: choose another output") from None
    except OSError as error:
        why = error.strerror or error
        raise DataError(f"{label}: cannot be made ({why}): choose another output") from None
    effective = os.access in os.supports_effective_ids
    if not os.access(folder, os.W_OK | os.X_OK, effective_ids=effective):
        raise DataError(f"{label}: no permission to write there: choose another output")


@contextmanager
def draft_of(out: Path) -> Iterator[Path]:
    """A folder to fill under another name. Filled, it takes the place of `out`, which is empty if there."""
    draft = out.with_name(f".{out.name}.tmp")
    shutil.rmtree(draft, ignore_errors=True)  # of a run that was killed
    try:
        draft.mkdir(parents=True)
        yield draft
        os.sync()  # the files before the name that says they are all there
        if out.exists():
            out.rmdir()  # empty, as checked
        draft.replace(out)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


@contextmanager
def disk_faults(kept: str = "") -> Iterator[None]:
    """Within it, what the disk refuses becomes a DataError that ends with what is `kept`."""
    try:
        yield
    except OSError as error:
        where = f"{shown_name(error.filename)}: " if isinstance(error.filename, str) else ""
        hint = "make room or give permission, and run the same again"
        raise DataError(f"{where}{error.strerror or error}: {hint}{kept}") from error


@contextlib.contextmanager
def locked(run: Path) -> Iterator[None]:
    """Hold the run folder against a second trainer; the lock goes when the process does."""
    with open(run / ".lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise UsageError(f"{run}: another process is training here") from None
        yield
