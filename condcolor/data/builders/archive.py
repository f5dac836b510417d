"""A published archive unpacked into a finished folder: members checked, ORIGIN.md written.

No member is unpacked under the path it states: only its last part is used, and only as a new file.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import shutil
import tarfile
import zlib
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from condcolor.data.metadata import CSV_NAME
from condcolor.data.paths import path_fault
from condcolor.errors import DataError, UsageError
from condcolor.runtime.files import check_space
from condcolor.runtime.messages import shown_name

HEAD = 1 << 20  # bytes that `head_md5` covers
BLOCK = 1 << 20  # bytes read at once
MAX_HEADER = 1 << 20  # bytes of a long name or of pax fields, which tarfile reads at once
MAX_MEMBER = 1 << 32  # bytes that a file may have
MAX_MEMBERS = 5_000_000
MAX_PADDING = 64 << 20  # bytes of nothing behind the end; tar pads to a record, 10 KiB as a rule
NOWHERE = os.path.abspath("/unpacked")  # not there, so that no link on this disk leads out of it
OnProgress = Callable[[int, int], None]  # (done, total)


class CorruptError(DataError):
    """A damaged or changed archive, to be downloaded again."""


@dataclass(frozen=True)
class Contents:
    """The pictures of an archive, in its order, and its checksums."""

    pictures: dict[str, int]  # file name -> bytes
    size: int
    sha256: str
    head_md5: str  # of the first HEAD bytes


def scan(archive: Path | str, *, on_progress: OnProgress | None = None) -> Contents:
    """Read a .tgz to its end and check gzip's checksum, every header and every path.

    Pictures are the files named `.jpg` that are not hidden. Paths that leave the folder, links, devices and
    two pictures of one name make the whole archive unusable.

    Args:
        on_progress: called with (bytes read, bytes of the file).

    Raises:
        CorruptError: the file is no gzip, damaged or truncated.
        DataError: a member is refused, or the file cannot be read.
    """
    pictures: dict[str, int] = {}
    with _reading(archive, on_progress) as (hashed, tar):
        for member in _members(tar, archive):
            name = _picture_name(member)
            if name is None:
                continue
            if fault := path_fault(name) or ("" if name.isprintable() else "is not printable"):
                raise _refused(archive, member, fault)
            if name in pictures:
                raise _refused(archive, member, "has the name of another picture in it")
            pictures[name] = member.size
        hashed.drain()
    return Contents(pictures, hashed.size, hashed.sha256.hexdigest(), hashed.md5.hexdigest())


def extract(
    archive: Path | str,
    contents: Contents,
    wanted: Collection[str],
    folder: Path,
    *,
    on_progress: OnProgress | None = None,
) -> None:
    """Unpack the pictures `wanted` of a scanned archive into an empty folder.

    Args:
        on_progress: called with (pictures unpacked, pictures in all).

    Raises:
        CorruptError: the archive is not the one that was scanned.
        DataError: the disk has too little space.
    """
    wanted = set(wanted)
    needed = sum(contents.pictures[name] for name in wanted)
    check_space(folder.parent, needed, "of pictures to unpack")
    unpacked = 0
    with _reading(archive, None) as (_, tar):
        for member in _members(tar, archive):
            name = _picture_name(member)
            if name is None or name not in wanted:
                continue
            if member.size != contents.pictures[name]:
                raise CorruptError(f"{shown_name(archive)}: changed while it was read: try again")
            packed = tar.extractfile(member)
            assert packed is not None, "a picture is a regular file"
            with packed, open(folder / name, "xb") as file:
                shutil.copyfileobj(packed, file)
            unpacked += 1
            if on_progress:
                on_progress(unpacked, len(wanted))
            if unpacked == len(wanted):
                return
    raise CorruptError(f"{shown_name(archive)}: changed while it was read: try again")


class _HashedFile:
    """An archive that is hashed and counted as gzip reads it."""

    def __init__(self, file: BinaryIO, total: int, on_progress: OnProgress | None):
        self.file, self.total, self.on_progress, self.size = file, total, on_progress, 0
        self.sha256 = hashlib.sha256()
        self.md5 = hashlib.md5(usedforsecurity=False)
        self.unzipped = gzip.GzipFile(  # type: ignore[call-overload]  # never seeks as it reads on
            fileobj=self, mode="rb"
        )

    def read(self, count: int = -1) -> bytes:
        block = self.file.read(count)
        self.sha256.update(block)
        self.md5.update(block[: max(0, HEAD - self.size)])
        self.size += len(block)
        if self.on_progress and self.total:
            self.on_progress(min(self.size, self.total), self.total)
        return block

    def drain(self) -> None:
        """Read the padding behind the last member, and gzip's checksum after it."""
        padding = 0
        while block := self.unzipped.read(BLOCK):
            padding += len(block)
            if padding > MAX_PADDING:
                raise tarfile.ReadError("goes on behind its end")


class _Header(tarfile.TarInfo):
    """A member's header; refused if tarfile would read gigabytes for it, or take damage for the end."""

    @classmethod
    def frombuf(cls, buf, encoding, errors):
        try:
            header = super().frombuf(buf, encoding, errors)
        except tarfile.EOFHeaderError:  # type: ignore[attr-defined]  # typeshed lacks it
            raise
        except tarfile.HeaderError as error:  # tarfile would take it for the end of the archive
            raise _DamagedTar(str(error)) from error
        is_file = header.type in (tarfile.REGTYPE, tarfile.AREGTYPE)
        too_long = not is_file and header.size > MAX_HEADER
        if header.size < 0 or too_long or header.type == tarfile.GNUTYPE_SPARSE:
            raise _DamagedTar(f"a header with a size of {header.size:,} bytes")
        return header


class _DamagedTar(Exception):
    """A damaged header; no error of tarfile's own, which it may take for the end of the archive."""


@contextmanager
def _reading(
    archive: Path | str, on_progress: OnProgress | None
) -> Iterator[tuple[_HashedFile, tarfile.TarFile]]:
    """Open an archive as a stream; errors of its bytes inside the block become a CorruptError."""
    label = shown_name(archive)
    try:
        file = open(archive, "rb")  # noqa: SIM115
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise DataError(f"{label}: cannot be read ({reason}): check the path") from error
    with file:
        hashed = _HashedFile(file, Path(archive).stat().st_size, on_progress)
        try:
            unzipped = hashed.unzipped
            with tarfile.open(fileobj=unzipped, mode="r|", bufsize=BLOCK, tarinfo=_Header) as tar:
                yield hashed, tar
        except (gzip.BadGzipFile, zlib.error, EOFError, tarfile.TarError, _DamagedTar) as error:
            reason = shown_name(str(error)).rstrip(".")
            raise CorruptError(f"{label}: a damaged .tgz ({reason}): download it again") from error


def _members(tar: tarfile.TarFile, archive: Path | str) -> Iterator[tarfile.TarInfo]:
    """Yield all members: plain files and folders whose paths stay inside.

    Raises:
        DataError: a member that is refused.
    """
    for count, member in enumerate(tar, 1):
        # tarfile's data filter passes links that stay inside and absolute paths without their slash, and
        # knows only the separators of this system; so these checks come first.
        if member.issym() or member.islnk():
            raise _refused(archive, member, "is a link")
        if path_fault(member.name or "."):
            raise _refused(archive, member, "leaves the folder")
        if not 0 <= member.size <= MAX_MEMBER or count > MAX_MEMBERS:
            raise _refused(archive, member, "is too much")
        try:
            tarfile.data_filter(member, NOWHERE)
        except tarfile.FilterError as error:
            special = isinstance(error, tarfile.SpecialFileError)
            fault = "is no plain file" if special else "leaves the folder"
            raise _refused(archive, member, fault) from error
        if member.issparse():
            raise _refused(archive, member, "is no plain file")
        yield member
        tar.members.clear()  # type: ignore[attr-defined]  # tarfile keeps every one; not in typeshed


def _refused(archive: Path | str, member: tarfile.TarInfo, reason: str) -> DataError:
    name = shown_name(member.name)[:200]
    return DataError(
        f"{shown_name(archive)}: '{name}' in it {reason}: nothing was unpacked; get the archive elsewhere"
    )


def _picture_name(member: tarfile.TarInfo) -> str | None:
    """Return the file name of a picture, or None (`._0001.jpg` holds attributes of macOS)."""
    name = PurePosixPath(member.name).name
    is_picture = member.isfile() and name.lower().endswith(".jpg") and not name.startswith(".")
    return name if is_picture else None


ORIGIN = "ORIGIN.md"
MEGABYTE = 10**6
OnStageProgress = Callable[[str, int, int], None]  # (stage, done, total)


def is_finished(
    out: Path, title: str, options: tuple[str, ...], count: Callable[[], tuple[int, int]]
) -> bool:
    """Return whether the folder holds this data set already.

    Args:
        title: first line of its ORIGIN.md.
        options: texts in the ORIGIN.md of a data set made with the same options.
        count: returns (photographs in the folder, photographs of the data set).

    Raises:
        UsageError: the folder holds anything else.
    """
    label = shown_name(out)
    if out.name in ("", ".."):
        raise UsageError(f"{label} is a folder already; name a new one for the photographs")
    if not os.path.lexists(out):
        return False
    if not out.is_dir():
        raise UsageError(f"{label} is a file; name a new folder for the photographs")
    if not any(out.iterdir()):
        return False
    origin = out / ORIGIN
    text = origin.read_text("utf-8", errors="replace") if origin.is_file() else ""
    if not text.startswith(title):
        raise UsageError(
            f"{label} is not empty; name a new folder, photographs are never mixed with others"
        )
    if not all(option in text for option in options):
        raise UsageError(
            f"{label} holds photographs picked otherwise (see {ORIGIN}); name a new folder"
        )
    present, total = count()
    if present < total or not (out / CSV_NAME).is_file():
        lacks = f"lacks {CSV_NAME}"
        if present < total:
            lacks = f"has {present:,} of {total:,} photographs"
        raise UsageError(f"{label} held all once and {lacks}; remove it, or name a new folder")
    return True


def set_aside(archive: Path, error: CorruptError) -> CorruptError:
    """Rename a damaged download, so that it can be downloaded again; return the error to raise."""
    aside = archive.with_name(archive.name + ".bad")
    os.replace(archive, aside)
    return CorruptError(f"{error}; set aside as {aside.name}: run the same again for a new one")


def megabytes(on_progress: OnStageProgress, stage: str) -> Callable[[int, int], None]:
    """Return a callback that reports bytes as MB, rounded up, so that no total is 0."""
    return lambda done, total: on_progress(stage, -(-done // MEGABYTE), -(-total // MEGABYTE))


def size_of(path: Path) -> int:
    """Return the bytes of a file, or of all files in a folder."""
    if not path.is_dir():
        return path.stat().st_size
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
