"""A folder on any file system: local, s3://, gs://."""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, BinaryIO

from condcolor.errors import DataError, UsageError
from condcolor.runtime.messages import shown_name

UNFINISHED = ".unfinished"  # folder of files that are being written


@dataclass(frozen=True, slots=True)  # there are millions
class Entry:
    """A file of a store: its name below the root, with `/`, its size and time of change."""

    name: str
    size: int  # bytes
    changed: int  # ns since 1970


@dataclass(frozen=True)
class Store:
    """A folder on a pyarrow file system. Pickles, so that it travels to workers.

    Methods raise the OSErrors of the file system.
    """

    filesystem: Any
    root: str

    @property
    def is_local(self) -> bool:
        return self.filesystem.type_name == "local"

    def __str__(self) -> str:
        """Return the path, or the URI without credentials."""
        return self.root if self.is_local else f"{self.filesystem.type_name}://{self.root}"

    def is_in(self, other: Store) -> bool:
        """Whether this is the other folder or lies in it."""
        return f"{self}/".startswith(f"{other}".rstrip("/") + "/")

    @contextmanager
    def data_errors(self) -> Iterator[None]:
        """Turn an OSError in the `with` block into a DataError."""
        try:
            yield
        except OSError as error:
            raise DataError(
                f"{shown_name(str(self))}: cannot be read or written ({error}): choose another output"
            ) from error

    def below(self, name: str) -> Store:
        return Store(self.filesystem, self._path(name))

    def entries(self) -> tuple[list[Entry], list[str]]:
        """Return the files below the root, sorted, without hidden ones; and what was skipped, a line each.

        Both are empty where there is no such folder.
        """
        if self.is_local:
            return _walk(self.root)
        from pyarrow.fs import FileSelector

        selector = FileSelector(self.root, recursive=True, allow_not_found=True)
        start = len(self.root.rstrip("/")) + 1
        entries = [
            Entry(info.path[start:], info.size or 0, info.mtime_ns or 0)
            for info in self.filesystem.get_file_info(selector)
            if info.is_file
        ]
        visible = (e for e in entries if not any(p.startswith(".") for p in e.name.split("/")))
        return sorted(visible, key=lambda entry: entry.name), []

    def read(self, name: str) -> bytes:
        with self.filesystem.open_input_file(self._path(name)) as file:
            return file.read()

    def open(self, name: str) -> BinaryIO:
        """Open a file, seekable, to read a part at a time."""
        return self.filesystem.open_input_file(self._path(name))

    @contextmanager
    def new_file(self, name: str) -> Iterator[BinaryIO]:
        """Open a file to write, which gets its name when the `with` block ends without an exception.

        The counterpart of `atomic_file` on any file system of pyarrow.
        """
        temporary = self._path(f"{UNFINISHED}/{secrets.token_hex(8)}")
        self._make_folder(temporary)
        try:
            with self.filesystem.open_output_stream(temporary) as file:
                yield file
            self._make_folder(self._path(name))
            self.filesystem.move(temporary, self._path(name))
        except BaseException:
            with suppress(OSError):
                self.filesystem.delete_file(temporary)
            raise

    def write(self, name: str, data: bytes) -> None:
        with self.new_file(name) as file:
            file.write(data)

    def move(self, name: str, other: str) -> None:
        self._make_folder(self._path(other))
        self.filesystem.move(self._path(name), self._path(other))

    def delete(self, name: str) -> None:
        self.filesystem.delete_file(self._path(name))

    def clear_unfinished(self) -> None:
        """Delete the temporary files of killed runs."""
        with suppress(OSError):
            self.filesystem.delete_dir(self._path(UNFINISHED))

    def _path(self, name: str) -> str:
        return f"{self.root.rstrip('/')}/{name}"

    def _make_folder(self, path: str) -> None:
        folder = str(PurePosixPath(path).parent)
        if not self.is_local:
            if not self.filesystem.type_name.startswith(("s3", "gcs", "abfs")):  # without folders
                self.filesystem.create_dir(folder)
        elif not os.path.isdir(folder):
            self.filesystem.create_dir(folder)


def open_store(path: str | os.PathLike) -> Store:
    """Return the store of a path or URI (`s3://bucket/pictures`), whether or not the folder exists.

    Raises:
        UsageError: pyarrow is missing, or has no such file system.
    """
    fs = require_pyarrow().fs
    text = os.fspath(path)
    if not text or "\0" in text:
        raise UsageError(f"{text!r} names no folder: give a path or a URI such as s3://bucket/old")
    if "://" not in text:
        return Store(fs.LocalFileSystem(), os.path.abspath(text))
    try:
        filesystem, root = fs.FileSystem.from_uri(text)
    except (OSError, ValueError, ImportError) as error:
        message = f"{shown_name(text)}: no file system of ours ({error}): check the URI"
        raise UsageError(" ".join(message.split())) from error
    return Store(filesystem, root)


def open_source(path: str | os.PathLike) -> tuple[Store, list[Entry], list[str]]:
    """Return the store of a folder or of a single file, its files, and what was skipped, a line each.

    Raises:
        UsageError: there are no files. DataError: the folder cannot be listed.
    """
    store = open_store(path)
    label = shown_name(os.fspath(path))
    try:
        info = store.filesystem.get_file_info(store.root)
        if info.is_file:
            folder, _, name = store.root.rpartition("/")
            entry = Entry(name, info.size or 0, info.mtime_ns or 0)
            return Store(store.filesystem, folder), [entry], []
        entries, passed_over = store.entries()
    except OSError as error:
        raise DataError(f"{label}: cannot be listed ({error}): check the path") from error
    if not entries and not passed_over:
        raise UsageError(f"{label}: no files there: check the path")
    return store, entries, passed_over


def require_pyarrow() -> Any:
    """Return the module pyarrow, with `fs` and `parquet`; UsageError when it is not installed."""
    try:
        import pyarrow.fs
        import pyarrow.parquet
    except ImportError as error:
        raise UsageError("pyarrow is missing: pip install 'condcolor[ray]'") from error
    return pyarrow


def _walk(root: str) -> tuple[list[Entry], list[str]]:
    """List a local folder, as `Store.entries`: pyarrow's listing stops at a name that is not UTF-8."""
    entries: list[Entry] = []
    passed_over: list[str] = []

    def unreadable(error: OSError) -> None:
        if error.filename != root or os.path.lexists(root):
            passed_over.append(f"{shown_name(error.filename)}: folder skipped ({error.strerror})")

    for parent, folders, names in os.walk(root, onerror=unreadable):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in (name for name in names if not name.startswith(".")):
            path = os.path.join(parent, name)
            relative = os.path.relpath(path, root)
            try:
                relative.encode()
                info = os.stat(path)
            except UnicodeEncodeError:
                passed_over.append(f"{shown_name(relative)}: its name is not UTF-8: rename it")
            except OSError as error:
                passed_over.append(f"{relative}: {error.strerror}")
            else:
                if not stat.S_ISREG(info.st_mode):
                    passed_over.append(f"{relative}: not a file (a pipe or device) skipped")
                    continue
                entries.append(Entry(relative.replace(os.sep, "/"), info.st_size, info.st_mtime_ns))
    return sorted(entries, key=lambda entry: entry.name), sorted(passed_over)
