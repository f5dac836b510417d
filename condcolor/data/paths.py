"""Picture paths written in a csv: found beside it, never outside its folder."""

from __future__ import annotations

import hashlib
import os
import re
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from condcolor.conditions.schema import look_key
from condcolor.data.pictures import SUFFIXES, file_of

INPUT_FOLDERS = ("inputs",)
OUTPUT_FOLDERS = ("outputs", "targets")
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/|(file|data):", re.IGNORECASE)
_DRIVE = re.compile(r"[A-Za-z]:")


class PictureFinder:
    """A cached lookup of the files that the rows of a csv name."""

    def __init__(self, folder: Path):
        self.folder = folder
        self._real = folder.resolve()
        self._found: dict[tuple[str, tuple[str, ...]], Path | str] = {}
        self._masks: dict[Path, Path | None] = {}
        self._listed: dict[PurePosixPath, dict[str, str]] = {}

    def find(self, written: str, folders: tuple[str, ...]) -> Path | str:
        """Find a file beside the csv or in `folders`; return its path, or why it cannot be used."""
        key = (written, folders)
        if key not in self._found:
            try:
                self._found[key] = path_fault(written) or self._search(written, folders)
            except OSError as error:
                self._found[key] = f"cannot be read: {error.strerror or error}"
        return self._found[key]

    def nearest(self, written: str, folders: tuple[str, ...]) -> Path | None:
        """Find a file as `find` does, or the one whose name differs in case, Unicode form or suffix only."""
        found = self.find(written, folders)
        if isinstance(found, Path):
            return found
        alike = self._alike(PurePosixPath(written), folders)
        other = self.find(alike, folders) if alike else None
        return other if isinstance(other, Path) else None

    def mask(self, source: Path) -> Path | None:
        """Find the mask of `inputs/0001.jpg`: `masks/0001.png` beside its folder or in it; or None."""
        source = file_of(source)
        if source not in self._masks:
            near = [source.parent]
            if source.parent != self.folder:
                near.insert(0, source.parent.parent)
            paths = (folder / "masks" / f"{source.stem}.png" for folder in near)
            inside = (path for path in paths if path.is_file() and self._is_inside(path))
            self._masks[source] = next(inside, None)
        return self._masks[source]

    def _search(self, written: str, folders: tuple[str, ...]) -> Path | str:
        relative = PurePosixPath(written)
        for folder in (".", *folders):
            path = self.folder / folder / relative
            if file_of(path).is_file():
                if self._is_inside(file_of(path)):
                    return path
                return "is a link that leaves the csv's folder; copy the picture there"
            if path.is_symlink():
                return "is a link to a file that does not exist"
            if path.is_dir():
                return "is a folder, not a picture"
            if path.exists():
                return "is not a regular file"
        looked = f"does not exist (looked beside the csv and in {', '.join(folders)})"
        alike = self._alike(relative, folders)
        return f"{looked}; there is '{alike}'" if alike else looked

    def _alike(self, relative: PurePosixPath, folders: tuple[str, ...]) -> str:
        """Return a file's path whose name differs in case, Unicode form or suffix only, or ""."""
        for folder in (".", *folders):
            parent = PurePosixPath(folder) / relative.parent
            if name := self._pictures_in(parent).get(_stem(relative.name)):
                return (parent / name).as_posix()
        return ""

    def _pictures_in(self, folder: PurePosixPath) -> dict[str, str]:
        """Return the names of the pictures in a folder beside the csv, by their `_stem`."""
        if folder not in self._listed:
            try:
                names = sorted(
                    os.listdir(self.folder / folder), reverse=True
                )  # the first name counts
            except OSError:
                names = []
            pictures = (name for name in names if name.lower().endswith(SUFFIXES))
            self._listed[folder] = {_stem(name): name for name in pictures}
        return self._listed[folder]

    def _is_inside(self, path: Path) -> bool:
        return path.resolve().is_relative_to(self._real)


def _stem(name: str) -> str:
    """Return the form in which names of pictures are compared: without suffix, case and Unicode form."""
    return look_key(PurePosixPath(name).stem).casefold()


def names_picture(written: str) -> bool:
    """Return whether a text ends as the name of a picture does."""
    return written.lower().endswith(SUFFIXES)


def path_fault(written: str) -> str:
    """Return why a path is not allowed in a csv, as the end of a sentence, or an empty text."""
    if "\0" in written:
        return "holds a NUL character"
    if _URL.match(written):
        return "is a URL; only files in the csv's folder can be used"
    if written.startswith(("/", "\\")) or _DRIVE.match(written):
        return "is an absolute path; write it relative to the csv"
    if "\\" in written:
        fixed = written.replace("\\", "/")
        return f"has backslashes; write '{fixed}'"
    if ".." in PurePosixPath(written).parts:
        return "may not go up with '..'; pictures stay in the csv's folder"
    return ""


def same_pictures(paths: Iterable[Path]) -> dict[Path, Path]:
    """Map each path to the first path whose file has equal bytes, mostly itself.

    Only files of equal size are read. An unreadable file equals no other.
    """
    same: dict[Path, Path] = {}
    by_size: dict[int, list[Path]] = defaultdict(list)
    for path in dict.fromkeys(paths):
        same[path] = path
        try:
            by_size[file_of(path).stat().st_size].append(path)
        except OSError:
            continue
    for size, alike in by_size.items():
        first: dict[str, Path] = {}
        for path in alike if len(alike) > 1 and size > 0 else ():
            try:
                digest = hashlib.sha256(file_of(path).read_bytes()).hexdigest()
                digest += "" if file_of(path) == path else path.name
            except OSError:
                continue
            same[path] = first.setdefault(digest, path)
    return same
