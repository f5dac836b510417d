"""The COCO sample: fetched, checked, split."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from condcolor.data.builders.archive import (
    ORIGIN,
    Contents,
    CorruptError,
    OnProgress,
    OnStageProgress,
    extract,
    is_finished,
    megabytes,
    scan,
    set_aside,
)
from condcolor.data.builders.download import check_url, download, file_name
from condcolor.data.metadata import CSV_NAME, write_metadata
from condcolor.errors import DataError, UsageError, check_range
from condcolor.runtime.files import atomic_folder, disk_faults
from condcolor.runtime.messages import shown_name

URL = "https://s3.amazonaws.com/fast-ai-coco/coco_sample.tgz"
# of that file, from fastai/data/checks.txt; no checksum of the whole file is published
SIZE = 3_245_877_008  # bytes
HEAD_MD5 = "006cd55d633d94b36ecaf661467830ec"  # of the first MiB
FOLDER = "photos"
COLUMNS = ("input", "output", "split")


@dataclass(frozen=True)
class Fetched:
    """The photographs of a data set made of COCO, counted."""

    train: int
    test: int
    archive: Path | None  # that was unpacked; None if the folder was complete before
    notes: tuple[str, ...] = ()


def fetch_coco(
    out: Path | str,
    *,
    url: str = URL,
    archive: Path | str | None = None,
    sha256: str = "",
    pictures: int = 10_000,
    train: int = 8_000,
    seed: int = 123,
    on_progress: OnStageProgress | None = None,
    say: Callable[[str], None] | None = None,
    **transfer,
) -> Fetched:
    """Make the new folder `out`: the picked photographs, a metadata.csv with their split, ORIGIN.md.

    Unless `archive` names it, the archive is downloaded to a file beside `out`, which stays and is reused;
    an interrupted download is resumed. Only the picked pictures are unpacked (see `pick`). `out` appears
    complete or not at all; if it is complete already, nothing is done.

    Args:
        sha256: 64 hex digits that the archive must have.
        on_progress: called with (stage, done, total); "downloading MB", "checking MB", "unpacking".
        say: called with a line if the archive is reused, and before each new try of the download.
        transfer: timeout, waits and sleep of `download`.

    Raises:
        UsageError: an argument cannot be used, or `out` holds something else.
        DownloadError: the network or the server refuses; see `download`.
        DataError: the archive is damaged, not the requested one, or holds too few pictures or unsafe paths;
            or the disk is full. A damaged archive that was downloaded is set aside.
    """
    out, sha256 = Path(out), sha256.lower()
    options = _options(pictures, train, seed)
    _check(pictures, train, seed, sha256)
    check_url(url)
    if is_finished(out, TITLE, (options, sha256), lambda: (_count_photographs(out), pictures)):
        return Fetched(train, pictures - train, None)
    source = place_of(out, url, archive)
    on_stage, on_note = on_progress or (lambda *_: None), say or (lambda _: None)
    with disk_faults("; what was downloaded stays"):
        out.parent.mkdir(parents=True, exist_ok=True)
        if archive is None and source.exists():
            on_note(f"{shown_name(source)} is there already and is not downloaded")
        elif archive is None:
            size = SIZE if url == URL else None
            downloading = megabytes(on_stage, "downloading MB")
            download(url, source, size=size, on_progress=downloading, say=say, **transfer)
        checking = megabytes(on_stage, "checking MB")
        contents = _verified(source, archive is None, url, sha256, checking)
        if len(contents.pictures) < pictures:
            raise DataError(
                f"{shown_name(source)}: {len(contents.pictures):,} pictures in it, and {pictures:,} "
                "are asked for: ask for fewer"
            )
        to_train, to_test = pick(contents.pictures, pictures=pictures, train=train, seed=seed)
        origin = _origin(url if archive is None else source.name, contents, options)
        _unpack(source, contents, to_train, to_test, origin, out, on_stage)
    notes: tuple[str, ...] = ()
    if not _is_published(contents):
        notes = ("not the archive that fastai publishes: the pick is the same only for this one",)
    return Fetched(len(to_train), len(to_test), source, notes)


def place_of(out: Path | str, url: str, archive: Path | str | None) -> Path:
    """Return the path of the archive; one that is downloaded is beside `out`, on the same disk."""
    return Path(archive) if archive is not None else Path(out).parent / file_name(url)


def pick(
    names: Collection[str], *, pictures: int = 10_000, train: int = 8_000, seed: int = 123
) -> tuple[list[str], list[str]]:
    """Pick the names of the training and the test set, which depend on names and seed alone.

    Picked as in the notebooks that this split comes from, but over sorted names instead of the order of the
    disk: NumPy's legacy generator, whose streams are frozen (NEP 19), draws `choice(names, pictures,
    replace=False)`, then `permutation(pictures)` of these; the first `train` are the training set.
    """
    names = sorted(names)
    generator = np.random.RandomState(seed)
    chosen = generator.choice(len(names), pictures, replace=False)
    drawn = [names[index] for index in chosen[generator.permutation(pictures)]]
    return drawn[:train], drawn[train:]


def _check(pictures: int, train: int, seed: int, sha256: str) -> None:
    ranges = (
        ("pictures", pictures, 2, 1_000_000),
        ("train", train, 1, pictures - 1),
        ("seed", seed, 0, 2**32 - 1),
    )
    for row in ranges:
        check_range(*row)
    if sha256 and not re.fullmatch(r"[0-9a-f]{64}", sha256):
        raise UsageError(f"sha256 must be 64 hex digits, not '{shown_name(sha256)}'")


def _count_photographs(out: Path) -> int:
    return sum(1 for path in (out / FOLDER).glob("*") if path.is_file())


def _verified(
    source: Path, downloaded: bool, url: str, sha256: str, on_progress: OnProgress
) -> Contents:
    """Scan an archive and check its sums; a downloaded one that is wrong is set aside."""
    try:
        contents = scan(source, on_progress=on_progress)
        if sha256 and contents.sha256 != sha256:
            raise CorruptError(
                f"{shown_name(source)}: its sha256 is {contents.sha256}, not {sha256}: another "
                "file, or damaged"
            )
        if downloaded and url == URL and not _is_published(contents):
            raise CorruptError(
                f"{shown_name(source)}: not the file that fastai publishes, by its size or first "
                "MiB: another file, or damaged"
            )
    except CorruptError as error:
        if not downloaded:
            raise
        raise set_aside(source, error) from error
    return contents


def _is_published(contents: Contents) -> bool:
    return (contents.size, contents.head_md5) == (SIZE, HEAD_MD5)


def _unpack(
    source: Path,
    contents: Contents,
    train: list[str],
    test: list[str],
    origin: str,
    out: Path,
    on_stage: OnStageProgress,
) -> None:
    with atomic_folder(out) as draft:
        (draft / FOLDER).mkdir()
        extract(
            source,
            contents,
            train + test,
            draft / FOLDER,
            on_progress=lambda done, total: on_stage("unpacking", done, total),
        )
        rows = [(f"{FOLDER}/{name}", "train") for name in train]
        rows += [(f"{FOLDER}/{name}", "test") for name in test]
        write_metadata(draft / CSV_NAME, ((p, p, split) for p, split in rows), COLUMNS)
        (draft / ORIGIN).write_text(origin, "utf-8")


TITLE = "# Origin of these photographs"


def _options(pictures: int, train: int, seed: int) -> str:
    return f"Options: pictures {pictures}, train {train}, seed {seed}."


def _origin(source: str, contents: Contents, options: str) -> str:
    """Return the text of ORIGIN.md: archive, pick and licence."""
    address = source.partition("?")[0].partition("#")[0]  # the query may hold a key
    return f"""{TITLE}

From {shown_name(address)}, {contents.size} bytes with {len(contents.pictures)} pictures,
sha256 {contents.sha256}

{options} {CSV_NAME} holds them in the order drawn.

The photographs are from COCO, Common Objects in Context (https://cocodataset.org), whose authors took
them from Flickr and do not own them: their use is under the Flickr terms of use and each
photographer's own licence.
"""
