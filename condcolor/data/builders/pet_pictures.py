"""The pictures of a pet folder: found, split, copied in grey."""

from __future__ import annotations

import hashlib
import io
import os
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from condcolor.conditions.schema import value_fault
from condcolor.data.columns import SPLITS
from condcolor.data.metadata import split_by_character
from condcolor.data.paths import path_fault
from condcolor.data.records import Record
from condcolor.data.table import read_table
from condcolor.errors import DataError, PictureError, did_you_mean
from condcolor.imaging.formats import HEAD_BYTES, WRITE_FORMATS, find_pictures, picture_format
from condcolor.imaging.open import open_picture
from condcolor.runtime.messages import Problems, listed, shown_name

IMAGES, ANNOTATIONS = "images", "annotations"  # the folders that the set's two archives unpack to
LISTS = {"train": "trainval.txt", "test": "test.txt"}
HELD_OUT = 0.2  # share of each breed, without lists


@dataclass(frozen=True)
class Pet:
    """A picture of a pet; its split is "train", "test", or "" before it is known."""

    path: Path
    breed: str
    split: str = ""

    @property
    def name(self) -> str:
        """The name in the lists: the file's name without its suffix."""
        return self.path.stem


class LeftOut(NamedTuple):
    """A picture that is not used, and the reason."""

    file: str
    reason: str


@dataclass(frozen=True)
class Pets:
    """The usable pictures, in order of names; those left out; the number of those in no list."""

    usable: tuple[Pet, ...]
    left_out: tuple[LeftOut, ...] = ()
    unnamed: int = 0


def find_pets(folder: Path) -> Pets:
    """Find the pictures named BREED_NUMBER in a folder, or in its subfolder `images` if it has one.

    Hidden files, and files without the suffix of a picture, are ignored.

    Raises:
        DataError: the folder does not exist or cannot be read.
    """
    images = folder / IMAGES
    paths, skipped = find_pictures(images if images.is_dir() else folder)
    pets: dict[str, Pet] = {}
    left_out = [LeftOut(*line.rsplit(": ", 1)) for line in skipped]
    for path in paths:
        fault = _name_fault(path)
        if not fault and path.stem in pets:
            fault = f"has the name of {pets[path.stem].path.name}"
        if fault:
            left_out.append(LeftOut(path.name, fault))
        else:
            pets[path.stem] = Pet(path, _breed(path.stem))
    return Pets(tuple(pets[name] for name in sorted(pets)), tuple(left_out))


def _breed(name: str) -> str:
    """Return the breed in a name: `great_pyrenees_12` -> `great pyrenees`."""
    return name.rpartition("_")[0].replace("_", " ")


def _name_fault(path: Path) -> str:
    """Return why a file's name cannot be a path and a value of the csv; empty if it can."""
    if not re.fullmatch(r".+_[0-9]+", path.stem, re.DOTALL):
        return "not named BREED_NUMBER, as pug_12.jpg is"
    if path_fault(path.stem) or value_fault(_breed(path.stem)):
        return "has a name that cannot stand in a csv"
    return ""


def read_lists(folder: Path) -> dict[str, list[str]] | None:
    """Read the names in the two lists of the set, by split; None if the folder has no lists.

    Raises:
        DataError: one of the two is missing or cannot be read.
    """
    paths = {split: folder / ANNOTATIONS / name for split, name in LISTS.items()}
    if not any(path.exists() for path in paths.values()):
        return None
    names = {}
    for split, path in paths.items():
        try:
            lines = path.read_text("utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "not UTF-8"
            hint = "unpack annotations.tar.gz again, or name a csv that splits the pictures"
            raise DataError(f"{shown_name(path)}: cannot be read ({reason}): {hint}") from error
        # "Abyssinian_100 1 1 1": the name, then class, species and breed as numbers
        names[split] = [line.split()[0] for line in lines if line.strip() and line[0] != "#"]
    return names


def split_by_lists(pets: Pets, names: Mapping[str, Sequence[str]]) -> Pets:
    """Keep the pictures that a list names, in its split; note missing ones, count unnamed ones.

    Args:
        names: split -> names, from `read_lists`.

    Raises:
        DataError: a picture is in both lists.
    """
    both = sorted(set(names["train"]) & set(names["test"]))
    if both:
        raise DataError(
            f"{listed([shown_name(name) for name in both])}: in {LISTS['train']} and in "
            f"{LISTS['test']}; a picture is for training or for testing: take one out"
        )
    splits = {name: split for split, listed_names in names.items() for name in listed_names}
    known = {Path(file).stem for file, _ in pets.left_out}
    missing = sorted(set(splits) - {pet.name for pet in pets.usable} - known)
    absent = [
        LeftOut(name, f"not there, though {LISTS[splits[name]]} names it") for name in missing
    ]
    return _picked(replace(pets, left_out=(*pets.left_out, *absent)), splits)


def split_by_csv(pets: Pets, csv: Path) -> Pets:
    """Keep the pictures named by a csv with the columns `file` and `split`; count the others.

    Raises:
        DataError: all problems of the csv: its form, columns, splits, missing files.
    """
    faults, label = Problems(), shown_name(csv)
    table = read_table(csv, label)
    faults.extend(map(str, table.faults))
    header = f"{label} line {table.header_line}"
    for column in ("file", "split"):
        if table.columns and column not in table.columns:
            hint = did_you_mean(column, table.columns)
            fault = f"no column '{column}'; the columns are {listed(table.columns)}{hint}"
            faults.add("no column", f"{header}: {fault}")
    splits: dict[str, str] = {}
    if not faults.count:
        file_column, split_column = table.columns.index("file"), table.columns.index("split")
        known = {pet.path.name for pet in pets.usable}
        known |= {file for file, _ in pets.left_out}
        for line, cells in table.rows:
            file, split = cells[file_column], cells[split_column]
            if split not in SPLITS:
                fault = f"split '{split}' is not one of {', '.join(SPLITS)}"
                hint = did_you_mean(split, SPLITS)
                faults.add("the split is wrong", f"{label} line {line}: {fault}{hint}")
            elif file not in known:
                fault = f"file '{shown_name(file)}' is not among the pictures"
                faults.add("the file is not there", f"{label} line {line}: {fault}")
            elif file in splits:
                fault = f"file '{shown_name(file)}' has been named before"
                faults.add("the file is named again", f"{label} line {line}: {fault}")
            else:
                splits[file] = SPLITS[split]
    if faults.count:
        count = "1 problem" if faults.count == 1 else f"{faults.count:,} problems"
        raise DataError(f"{label} cannot be used: {count}", faults.problems)
    by_name = {pet.name: splits[pet.path.name] for pet in pets.usable if pet.path.name in splits}
    return _picked(pets, by_name)


def _picked(pets: Pets, splits: Mapping[str, str]) -> Pets:
    picked = tuple(replace(p, split=splits[p.name]) for p in pets.usable if p.name in splits)
    return Pets(picked, pets.left_out, len(pets.usable) - len(picked))


def hold_out(pets: Iterable[Pet], seed: int) -> tuple[Pet, ...]:
    """Hold out a share HELD_OUT of each breed for the test, which depends on seed and names alone."""
    breeds: dict[str, list[Pet]] = defaultdict(list)
    for pet in pets:
        breeds[pet.breed].append(pet)
    split = []
    for of_breed in breeds.values():
        unsplit: list[Record] = [Record(p.path, None, (), p.name, "", 0, p.path) for p in of_breed]
        records = split_by_character(unsplit, HELD_OUT, seed)
        split += [replace(p, split=r.split) for p, r in zip(of_breed, records, strict=True)]
    return tuple(split)


INPUTS, OUTPUTS = "inputs", "outputs"
SUFFIXES = {name: row.suffixes for name, row in WRITE_FORMATS.items()} | {"GIF": (".gif",)}
THREADS = 8  # at most; Pillow releases the interpreter lock while it decodes and encodes
# Damaged in the published set (tensorflow/models issue 3134): libjpeg only warns of corrupt data, and
# Pillow does not pass warnings on.
DAMAGED = ("beagle_116", "chihuahua_121")


@dataclass(frozen=True)
class Copy:
    """A picture copied to the data set, or the reason why it is not used."""

    pet: Pet
    input: str = ""  # path in the data set, as `output`
    output: str = ""
    grey: bytes = b""  # SHA-256 of the grey copy
    misnamed: str = ""  # the format of its content, if its suffix is another's
    fault: str = ""  # why it is not used

    def remove(self, folder: Path) -> None:
        for path in (self.input, self.output):
            if path:
                (folder / path).unlink()


def copy_pictures(
    pets: Sequence[Pet], folder: Path, on_progress: Callable[[int, int], None]
) -> list[Copy]:
    """Copy each picture to outputs/ and its grey copy to inputs/, in several threads; keep the order.

    A picture that cannot be opened has a fault.

    Raises:
        OSError: the folder cannot be written.
    """
    for name in (INPUTS, OUTPUTS):
        (folder / name).mkdir()
    copies = []
    pool = ThreadPoolExecutor(min(THREADS, os.cpu_count() or 1))
    try:
        for copy in pool.map(partial(_copy, folder), pets):
            copies.append(copy)
            on_progress(len(copies), len(pets))
    finally:
        pool.shutdown(cancel_futures=True)  # an interruption does not wait for the rest
    return copies


def _copy(folder: Path, pet: Pet) -> Copy:
    """Copy a picture, bytes unchanged, under the suffix of its content, and make its grey copy.

    Grey is the ITU-R BT.601 luma of the upright sRGB picture (Pillow's "L"), rounded to 8 bits and lossless
    as PNG. A JPEG would be off by 8 of 255 levels at quality 95, by 1 at quality 100, and then be as large.
    """
    if pet.name in DAMAGED:
        return Copy(pet, fault="damaged JPEG (known to be so in the published set)")
    try:
        data = pet.path.read_bytes()
        rgb = open_picture(io.BytesIO(data), name=pet.path.name).rgb
    except PictureError as error:
        return Copy(pet, fault=str(error).removeprefix(f"{shown_name(pet.path.name)}: "))
    except OSError as error:
        return Copy(pet, fault=f"cannot be read ({error.strerror or error})")
    kind = picture_format(data[:HEAD_BYTES])
    assert kind is not None, "open_picture opens known formats only"
    fits = pet.path.suffix.lower() in SUFFIXES[kind]
    buffer = io.BytesIO()
    Image.fromarray(rgb).convert("L").save(buffer, "PNG")
    grey = buffer.getvalue()
    copy = Copy(
        pet,
        f"{INPUTS}/{pet.name}.png",
        f"{OUTPUTS}/{pet.name}{SUFFIXES[kind][0]}",
        hashlib.sha256(grey).digest(),
        "" if fits else kind,
    )
    (folder / copy.input).write_bytes(grey)
    (folder / copy.output).write_bytes(data)
    return copy
