"""Oxford-IIIT Pet made into a data set, from a folder or downloaded."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from condcolor.data.builders.archive import ORIGIN, OnStageProgress, is_finished
from condcolor.data.builders.pet_download import Resources, fetch_published, place_of
from condcolor.data.builders.pet_pictures import (
    Copy,
    LeftOut,
    Pets,
    copy_pictures,
    find_pets,
    hold_out,
    read_lists,
    split_by_csv,
    split_by_lists,
)
from condcolor.data.metadata import CSV_NAME, read_metadata, write_metadata
from condcolor.data.table import read_table
from condcolor.errors import DataError, UsageError
from condcolor.runtime.files import atomic_folder, disk_faults
from condcolor.runtime.messages import shown_name

COLUMNS = ("input", "output", "breed", "split")


@dataclass(frozen=True)
class PetSet:
    """The pictures of a data set of pets, counted.

    left_out: unusable pictures, which ORIGIN.md lists; unnamed: those in no list. download: the folder that
    the set was downloaded to, or None.
    """

    train: int
    test: int
    breeds: int
    left_out: int = 0
    unnamed: int = 0
    is_new: bool = False  # False: the folder was complete before
    download: Path | None = None


def make_pets(
    out: Path | str,
    *,
    pictures: Path | str | None = None,
    splits: Path | str | None = None,
    seed: int = 0,
    resources: Resources | None = None,
    on_progress: OnStageProgress | None = None,
    say: Callable[[str], None] | None = None,
    **transfer,
) -> PetSet:
    """Make the new folder `out`: outputs/, their grey copies in inputs/, metadata.csv, ORIGIN.md.

    Without `pictures` the published set is downloaded to a folder beside `out`, which stays and is reused.
    `out` appears complete or not at all; if it is complete already, nothing is done. Unusable pictures and
    duplicates, which would put a picture into both training and test, are left out and listed in ORIGIN.md.

    Args:
        pictures: a folder of pictures named BREED_NUMBER, or one that holds images/ and annotations/.
        splits: a csv with the columns `file` and `split`; pictures that it does not name are left out.
            Default: the lists in annotations/; without those, a fifth of each breed is held out by `seed`.
        resources: (address, md5) of the two archives; default those of torchvision.
        on_progress: called with (stage, done, total); stages such as "downloading MB of images.tar.gz".
        say: called with a line for each picture that is left out and each new try of the download.
        transfer: timeout, waits and sleep of `download`.

    Raises:
        UsageError: an argument cannot be used, or `out` holds something else.
        DownloadError: the network or the server refuses.
        DataError: an archive is damaged, lists cannot be used, there are no pictures, or the disk is full.
    """
    out = Path(out)
    on_stage, on_note = on_progress or (lambda *_: None), say or (lambda _: None)
    if splits is not None and pictures is None:
        raise UsageError("splits are for pictures that are here already: name their folder, too")
    if pictures is None and out.name == place_of(out).name:
        raise UsageError(f"{shown_name(out)} is the folder of the download: name another one")
    with disk_faults("; what was downloaded stays" if pictures is None else ""):
        options = _options(pictures, splits, seed)
        rows = _read_rows(out)
        if is_finished(out, TITLE, (options,), lambda: (_complete(out, rows), len(rows) or 1)):
            return _counts(rows)
        out.parent.mkdir(parents=True, exist_ok=True)
        download = None
        if pictures is None:
            download = place_of(out)
            folder, names, archives = fetch_published(
                download, resources, on_stage, on_note, **transfer
            )
            pets = split_by_lists(find_pets(folder), names)
            source = "\n".join(f"{shown_name(url)}, md5 {md5}" for url, md5 in archives)
        else:
            folder = Path(pictures)
            pets = _split(find_pets(folder), folder, splits)
            source = f"the folder {shown_name(folder.resolve().name)}"
        if not pets.usable:
            raise DataError(
                f"{shown_name(folder)}: no pictures in it that can be used: name a folder of files "
                "like pug_12.jpg"
            )
        with atomic_folder(out) as draft:
            copies = copy_pictures(
                pets.usable, draft, lambda done, total: on_stage("copying pictures", done, total)
            )
            kept, faulty = _usable(copies, seed)
            left_out = [*pets.left_out, *(LeftOut(c.pet.path.name, c.fault) for c in faulty)]
            for file, reason in left_out:
                on_note(f"left out: {shown_name(file)}: {reason}")
            if not kept:
                count = f"all {len(left_out):,} were left out"
                raise DataError(f"{shown_name(folder)}: no picture in it to train with: {count}")
            for copy in faulty:
                copy.remove(draft)
            rows = [(copy.input, copy.output, copy.pet.breed, copy.pet.split) for copy in kept]
            write_metadata(draft / CSV_NAME, rows, COLUMNS)
            origin = _origin(source, options, left_out, pets.unnamed, kept)
            (draft / ORIGIN).write_text(origin, "utf-8")
            _check_readable(draft, folder)
    counts = _counts(rows)
    return replace(
        counts, left_out=len(left_out), unnamed=pets.unnamed, is_new=True, download=download
    )


def _split(pets: Pets, folder: Path, splits: Path | str | None) -> Pets:
    if splits is not None:
        return split_by_csv(pets, Path(splits))
    names = read_lists(folder)
    return pets if names is None else split_by_lists(pets, names)


def _usable(copies: Sequence[Copy], seed: int) -> tuple[list[Copy], list[Copy]]:
    """Return the copies to keep, in their splits, train first; and those to leave out, with reasons."""
    faulty = [copy for copy in copies if copy.fault]
    good = sorted((c for c in copies if not c.fault), key=_is_tested)  # of duplicates train's stays
    first: dict[bytes, Copy] = {}
    for copy in good:
        same = first.setdefault(copy.grey, copy)
        if same is not copy:
            fault = f"the same picture as {shown_name(same.pet.path.name)}"
            faulty.append(replace(copy, fault=fault))
    unique = list(first.values())
    if not any(copy.pet.split for copy in unique):
        held = {pet.name: pet for pet in hold_out((copy.pet for copy in unique), seed)}
        unique = [replace(copy, pet=held[copy.pet.name]) for copy in unique]
    breeds = {copy.pet.breed for copy in unique if not _is_tested(copy)}
    kept = [copy for copy in unique if copy.pet.breed in breeds]
    fault = "no picture of its breed is there to train with"
    faulty += [replace(copy, fault=fault) for copy in unique if copy.pet.breed not in breeds]
    return sorted(kept, key=_is_tested), faulty


def _is_tested(copy: Copy) -> bool:
    return copy.pet.split == "test"


def _check_readable(draft: Path, folder: Path) -> None:
    """Check that the data set can be read: breeds from file names may be too many, or look misspelt."""
    try:
        read_metadata(draft)
    except DataError as error:
        fault = "its names make no data set that can be read: rename or take out these pictures"
        raise DataError(f"{shown_name(folder)}: {fault}", error.problems) from error


def _read_rows(out: Path) -> list[tuple[str, ...]]:
    """Return the rows of the csv in a folder; none if it has no such csv."""
    table = read_table(out / CSV_NAME)
    return [cells for _, cells in table.rows] if table.columns == COLUMNS else []


def _complete(out: Path, rows: Iterable[Sequence[str]]) -> int:
    """Return how many rows have both of their files."""
    return sum(all((out / path).is_file() for path in row[:2]) for row in rows)


def _counts(rows: Sequence[Sequence[str]]) -> PetSet:
    splits = [row[3] for row in rows]
    return PetSet(splits.count("train"), splits.count("test"), len({row[2] for row in rows}))


TITLE = "# Origin of these pictures of pets"


def _options(pictures: Path | str | None, splits: Path | str | None, seed: int) -> str:
    if pictures is None:
        return "Options: the published set, split by its own lists."
    options = f"Options: pictures {shown_name(Path(pictures).resolve().name)}"
    if splits is None:
        return f"{options}, split by the lists beside them, or without these by seed {seed}."
    splits = Path(splits)
    if not splits.is_file():  # reading a pipe would block
        fault = "is not a file" if splits.exists() else "no such file"
        raise DataError(f"{shown_name(splits)}: {fault}: check the path")
    digest = hashlib.sha256(splits.read_bytes()).hexdigest()
    return f"{options}, split by {shown_name(splits.name)}, sha256 {digest}."


def _origin(
    source: str, options: str, left_out: Sequence[LeftOut], unnamed: int, kept: Sequence[Copy]
) -> str:
    """Return the text of ORIGIN.md: source, licence, pictures left out, files with a wrong suffix."""
    excluded = [f"{shown_name(file)}: {reason}" for file, reason in left_out]
    renamed = [
        f"{shown_name(copy.pet.path.name)}: a {copy.misnamed}, so here {copy.output}"
        for copy in kept
        if copy.misnamed
    ]
    return f"""{TITLE}

From {source}

{options}

The pictures are from the Oxford-IIIT Pet data set (https://www.robots.ox.ac.uk/~vgg/data/pets/):
O. M. Parkhi, A. Vedaldi, A. Zisserman and C. V. Jawahar, "Cats and Dogs", CVPR 2012. The data set is
under CC BY-SA 4.0 (https://creativecommons.org/licenses/by-sa/4.0/); the copyright of each picture
stays with its owner.

`outputs/` holds them as they came, byte for byte. `inputs/` holds a grey copy of each: the luma of
ITU-R BT.601 of the picture as it is shown, upright and in sRGB, rounded to 8 bits and kept exactly, as
PNG. `{CSV_NAME}` splits them.

## Left out: {len(excluded):,}, and {unnamed:,} more that no list names

{_listed(excluded)}

## Named otherwise than they are: {len(renamed):,}

{_listed(renamed)}
"""


def _listed(lines: Sequence[str]) -> str:
    return "\n".join(f"- {line}" for line in lines) or "None."
