"""How a data set is made of what others published: whole or not at all, and known again by its ORIGIN.md."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from condcolor.errors import DataError, UsageError
from condcolor.filetypes import shown_name
from condcolor.metadata import CSV_NAME
from condcolor.sources.archive import CorruptError

ORIGIN = "ORIGIN.md"
MEGABYTE = 10**6

OnStageProgress = Callable[[str, int, int], None]  # (what is being done, done, total)


def is_finished(
    out: Path, title: str, options: tuple[str, ...], count: Callable[[], tuple[int, int]]
) -> bool:
    """Whether the folder holds just this already.

    Args:
        title: the first line of its ORIGIN.md.
        options: texts that ORIGIN.md holds where the same was asked for.
        count: the photographs that are there, and those that there must be.
    Raises:
        UsageError: it holds anything else.
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
    said = origin.read_text("utf-8", errors="replace") if origin.is_file() else ""
    if not said.startswith(title):
        raise UsageError(
            f"{label} is not empty; name a new folder, photographs are never mixed with others"
        )
    if not all(option in said for option in options):
        raise UsageError(
            f"{label} holds photographs picked otherwise (see {ORIGIN}); name a new folder"
        )
    there, wanted = count()
    if there < wanted or not (out / CSV_NAME).is_file():
        lacks = (
            f"has {there:,} of {wanted:,} photographs" if there < wanted else f"lacks {CSV_NAME}"
        )
        raise UsageError(f"{label} held all once and {lacks}; remove it, or name a new folder")
    return True


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


def set_aside(archive: Path, error: CorruptError) -> CorruptError:
    """Take a damaged download out of the way of the next one; the error that says so."""
    aside = archive.with_name(archive.name + ".bad")
    os.replace(archive, aside)
    return CorruptError(f"{error}; set aside as {aside.name}: run the same again for a new one")


def megabytes(told: OnStageProgress, what: str) -> Callable[[int, int], None]:
    """Bytes are told in MB, rounded up: no line of ten digits, and never a total of 0."""
    return lambda done, total: told(what, -(-done // MEGABYTE), -(-total // MEGABYTE))


def size_of(path: Path) -> int:
    """Bytes of a file, or of all files in a folder."""
    if not path.is_dir():
        return path.stat().st_size
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
