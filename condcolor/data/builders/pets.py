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
    """What is in the folder now.

    left_out: pictures that could not be used, which ORIGIN.md lists; unnamed: those that no list
    names. download: the folder that the set was downloaded to; None: none was needed.
    """

    train: int
    test: int
    breeds: int
    left_out: int = 0
    unnamed: int = 0
    is_new: bool = False  # False: all was there before
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

    Without `pictures` the published set is downloaded to a folder beside `out`, which stays: what is
    there of it is not fetched again. `out` appears complete or not at all; where it is complete,
    nothing is done. Left out, and listed in ORIGIN.md: pictures that cannot be opened or used, and
    copies of others, since a test with a picture that was trained on says nothing.

    Args:
        pictures: a folder of pictures named BREED_NUMBER, or one that holds images/ and annotations/.
        splits: a csv with the columns `file` and `split`; pictures that it does not name are left
            out. Without it the lists in annotations/ count, and without those a fifth of each breed
            is held out, by `seed`.
        resources: (address, md5) of the two archives, instead of those that torchvision names.
        on_progress: told of each step, as "downloading MB of images.tar.gz", "copying pictures".
        say: told in a line of each picture left out, and of each new try of the download.
        transfer: timeout, waits and sleep of `download`.
    Raises:
        UsageError: an argument that cannot be used; `out` holds something else.
        DownloadError: the network or the server refuses.
        DataError: an archive that is damaged, lists that cannot be used, no pictures, a full disk.
    """
    out = Path(out)
    on_stage, on_note = on_progress or (lambda *_: None), say or (lambda _: None)
    if splits is not None and pictures is None:
        raise UsageError("splits are for pictures that are here already: name their folder, too")
    if pictures is None and out.name == place_of(out).name:
        raise UsageError(f"{shown_name(out)} is the folder of the download: name another one")
    with disk_faults("; what was downloaded stays" if pictures is None else ""):
        options = _options(pictures, splits, seed)
        rows = _rows(out)
        if is_finished(out, TITLE, (options,), lambda: (_there(out, rows), len(rows) or 1)):
            return _made(rows)
        out.parent.mkdir(parents=True, exist_ok=True)
        if pictures is None:
            download = place_of(out)
            folder, named, archives = fetch_published(
                download, resources, on_stage, on_note, **transfer
            )
            pets = split_by_lists(find_pets(folder), named)
            source = "\n".join(f"{shown_name(url)}, md5 {md5}" for url, md5 in archives)
        else:
            download, folder = None, Path(pictures)
            pets = _split(find_pets(folder), folder, splits)
            source = f"the folder {shown_name(folder.resolve().name)}"
        if not pets.found:
            raise DataError(
                f"{shown_name(folder)}: no pictures in it that can be used: name a folder of files "
                "like pug_12.jpg"
            )
        with atomic_folder(out) as draft:
            copies = copy_pictures(
                pets.found, draft, lambda done, total: on_stage("copying pictures", done, total)
            )
            kept, faulty = _usable(copies, seed)
            left_out = [*pets.left_out, *(LeftOut(c.pet.path.name, c.fault) for c in faulty)]
            for file, why in left_out:
                on_note(f"left out: {shown_name(file)}: {why}")
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
    return replace(
        _made(rows),
        left_out=len(left_out),
        unnamed=pets.unnamed,
        is_new=True,
        download=download,
    )


def _split(pets: Pets, folder: Path, splits: Path | str | None) -> Pets:
    if splits is not None:
        return split_by_csv(pets, Path(splits))
    named = read_lists(folder)
    return pets if named is None else split_by_lists(pets, named)


def _usable(copies: Sequence[Copy], seed: int) -> tuple[list[Copy], list[Copy]]:
    """The copies to keep, each in its split, train first; and those to leave out, with why."""
    faulty = [copy for copy in copies if copy.fault]
    good = sorted((c for c in copies if not c.fault), key=_is_tested)  # of two alike train's stays
    first: dict[bytes, Copy] = {}
    for copy in good:
        same = first.setdefault(copy.grey, copy)
        if same is not copy:
            why = f"the same picture as {shown_name(same.pet.path.name)}"
            faulty.append(replace(copy, fault=why))
    unique = list(first.values())
    if not any(copy.pet.split for copy in unique):
        held = {pet.name: pet for pet in hold_out((copy.pet for copy in unique), seed)}
        unique = [replace(copy, pet=held[copy.pet.name]) for copy in unique]
    taught = {copy.pet.breed for copy in unique if not _is_tested(copy)}
    kept = [copy for copy in unique if copy.pet.breed in taught]
    untaught = (copy for copy in unique if copy.pet.breed not in taught)
    faulty += [replace(c, fault="no picture of its breed is there to train with") for c in untaught]
    return sorted(kept, key=_is_tested), faulty


def _is_tested(copy: Copy) -> bool:
    return copy.pet.split == "test"


def _check_readable(draft: Path, folder: Path) -> None:
    """Breeds come from names, which may be too many, or so alike that a csv's reader doubts them."""
    try:
        read_metadata(draft)
    except DataError as error:
        fault = "its names make no data set that can be read: rename or take out these pictures"
        raise DataError(f"{shown_name(folder)}: {fault}", error.problems) from error


def _rows(out: Path) -> list[tuple[str, ...]]:
    """The rows of the csv in a folder; none where it has no such csv."""
    table = read_table(out / CSV_NAME)
    return [cells for _, cells in table.rows] if table.columns == COLUMNS else []


def _there(out: Path, rows: Iterable[Sequence[str]]) -> int:
    return sum(all((out / path).is_file() for path in row[:2]) for row in rows)


def _made(rows: Sequence[Sequence[str]]) -> PetSet:
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
    if not splits.is_file():  # a pipe would be waited for
        fault = "is not a file" if splits.exists() else "no such file"
        raise DataError(f"{shown_name(splits)}: {fault}: check the path")
    digest = hashlib.sha256(splits.read_bytes()).hexdigest()
    return f"{options}, split by {shown_name(splits.name)}, sha256 {digest}."


def _origin(
    source: str, options: str, left_out: Sequence[LeftOut], unnamed: int, kept: Sequence[Copy]
) -> str:
    """ORIGIN.md: where from, whose pictures, what was left out, which files are named wrongly."""
    gone = [f"{shown_name(file)}: {why}" for file, why in left_out]
    odd = [
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

## Left out: {len(gone):,}, and {unnamed:,} more that no list names

{_listed(gone)}

## Named otherwise than they are: {len(odd):,}

{_listed(odd)}
"""


def _listed(lines: Sequence[str]) -> str:
    return "\n".join(f"- {line}" for line in lines) or "None."
