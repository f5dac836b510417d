"""Which picture becomes which file: jobs planned and checked."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import TypeVar

from condcolor.conditions.color_spec import ColorSpec, asked_for, parse_color_specs
from condcolor.conditions.parts import PARTS, Part
from condcolor.conditions.schema import AttributeSchema
from condcolor.data.metadata import read_metadata
from condcolor.data.records import Record
from condcolor.errors import DataError, UsageError
from condcolor.imaging.corrections import (
    NO_CORRECTIONS,
    Correction,
    CorrectionSource,
    check_parts,
    parts_path,
)
from condcolor.imaging.formats import READ_SUFFIXES, WRITE_SUFFIXES, find_pictures, format_for
from condcolor.runtime.files import refuse_taken
from condcolor.runtime.messages import counted, shown_name

NAMED = 5  # paths that a message names; the others are counted
AnyPurePath = TypeVar("AnyPurePath", bound=PurePath)


@dataclass(frozen=True)
class Job:
    """One picture to color: its file, its output file, its colors, corrections of its parts."""

    source: Path
    out: Path
    values: Mapping[str, ColorSpec]
    corrections: CorrectionSource = NO_CORRECTIONS


def plan_jobs(
    inputs: Sequence[str], out: str | None, values: Mapping[str, ColorSpec]
) -> tuple[list[Job], list[str]]:
    """Return the jobs for files, folders and patterns, trees kept; and what was skipped, a line each.

    `out` is a file for a single input file, else a folder (as is any name that ends in `/`). Without it, a
    single output is named after its input and values, in the current folder.

    Raises:
        UsageError: there are no pictures, `out` is missing or does not fit, two inputs have one output,
            or an output is an input.
        PictureError: a folder cannot be read.
    """
    if out == "":
        raise UsageError("the name of the output is empty: give a file or folder")
    pairs: list[tuple[Path, Path]] = []  # input, and its path below `out`
    passed_over: list[str] = []
    for text in inputs:
        pictures, skipped = _find(text, out)
        pairs += pictures
        passed_over += skipped
    if not pairs:
        raise UsageError(f"no pictures in {', '.join(map(shown_name, inputs))}")
    single = len(inputs) == 1 and names_one(inputs[0])
    if single and (out is None or not _means_folder(out)):
        source = pairs[0][0]
        target = Path(out) if out is not None else Path(values_name(source, values))
        jobs = [Job(source, target, values)]
    else:
        folder = Path(out) if single and out is not None else folder_for_several(out)
        jobs = [Job(source, folder / writable_name(relative), values) for source, relative in pairs]
    return _checked(jobs), passed_over


def plan_csv(
    csv: Path, out: str | None, schema: AttributeSchema, parts: Sequence[Part] = PARTS
) -> list[Job]:
    """Return a job for each row of a csv of `input,hair,shirt`, in the order of its rows.

    A cell is a value of the model, any color, or a mix. A column `output` names the files in `out`; without
    it, they are named after input and values. A column `parts` has corrections. With a column `person`, the
    rows of one input, and of one output where that is named, are of the persons of one picture.

    parts: of the model, which corrections may name.

    Raises:
        UsageError: `out` is missing or no folder, or two rows have one output.
        DataError: the csv has rows that cannot be used; with all of them.
    """
    folder = folder_for_several(out)
    jobs = []
    metadata = read_metadata(
        csv, require_target=False, vocabulary=schema, any_color=True, names_outputs=True
    )
    pictures: dict[object, list[Record]] = {}
    for record in metadata.records:
        own = record.line if record.person is None else (record.source, record.target)
        pictures.setdefault(own, []).append(record)
    faults = [fault for rows in pictures.values() for fault in _person_faults(rows, csv)]
    for record in metadata.records:
        try:
            check_parts(record.corrections, parts)
        except UsageError as error:
            faults.append(f"{csv.name} line {record.line}: {error}")
    if faults:
        raise DataError(f"{csv} cannot be used: {counted(len(faults), 'problem')}", faults)
    for rows in pictures.values():
        source, target = rows[0].source, rows[0].target
        asked: dict[str, str | ColorSpec] = {}
        for row in rows:
            of_person = f"-{row.person}" if (row.person or 1) > 1 else ""
            for name, cell in zip(metadata.schema.names, row.values, strict=True):
                asked[f"{name}{of_person}"] = cell
        values = parse_color_specs(schema, asked)
        relative = Path(os.path.relpath(source, csv.parent))
        made = target or relative.parent / values_name(relative, values)
        corrections = tuple(dict.fromkeys(each for row in rows for each in row.corrections))
        jobs.append(Job(source, folder / made, values, CorrectionSource(None, corrections)))
    return _checked(jobs)


def _person_faults(rows: Sequence[Record], csv: Path) -> list[str]:
    """Return what is wrong with the persons of the rows of one picture, a line each."""
    first: dict[int, int] = {}  # person -> line
    faults = []
    for row in rows:
        line = first.setdefault(row.person or 1, row.line)
        if line != row.line:
            faults.append(
                f"{csv.name} line {row.line}: person {row.person} of {shown_name(row.source.name)} is in "
                f"line {line} already; a column 'output' tells several pictures of one sketch apart"
            )
    if 1 not in first:
        faults.append(
            f"{csv.name} line {rows[0].line}: {shown_name(rows[0].source.name)} has no row of person 1, in "
            "whose colours all are that have no row"
        )
    return faults


def with_corrections(
    jobs: Sequence[Job], file: Path | None = None, more: tuple[Correction, ...] = ()
) -> list[Job]:
    """Return the jobs with corrections: of `file`, by default x.parts.json beside x.png, their own, `more`.

    Raises:
        UsageError: `file` or `more` are given for several pictures.
    """
    if (file is not None or more) and len(jobs) > 1:
        raise UsageError(
            f"--part, --cut and --parts are for one picture, not for {len(jobs)}: save its corrections "
            "beside each, as x.parts.json"
        )
    corrected = []
    for job in jobs:
        beside = parts_path(job.source)
        own = beside if file is None and beside.is_file() else file
        given = job.corrections.more + more
        corrected.append(replace(job, corrections=CorrectionSource(own, given)))
    return corrected


def pictures_of(inputs: Sequence[str], out: str | None) -> Iterator[Path]:
    """Yield the pictures of files, folders and patterns, as `plan_jobs` takes them; none of a .csv.

    Raises:
        UsageError: an input does not exist. PictureError: a folder cannot be read.
    """
    for text in inputs:
        if not names_csv(text):
            yield from (source for source, _ in _find(text, out)[0])


def still_to_do(jobs: Sequence[Job], *, overwrite: bool, skip: bool) -> list[Job]:
    """Return the jobs to do: with `skip`, those whose output does not exist, else all.

    Raises:
        UsageError: an output exists and neither option is given; both options are given; or an output
            is a folder or device.
    """
    if overwrite and skip:
        raise UsageError("--overwrite and --skip-existing exclude each other")
    if skip:
        return [job for job in jobs if not os.path.lexists(job.out)]
    for job in jobs:
        refuse_taken(job.out, overwrite=True)  # folders and devices are never replaced
    taken = [job.out for job in jobs if os.path.lexists(job.out)]
    if taken and not overwrite:
        exist = "exists" if len(taken) == 1 else "exist"
        raise UsageError(f"{_named(taken)} {exist}: add --overwrite or --skip-existing")
    return list(jobs)


def names_one(text: str) -> bool:
    """Whether an input is one file, not a folder or pattern."""
    return os.path.lexists(text) and not os.path.isdir(text)


def names_csv(text: str) -> bool:
    """Whether an input is a .csv, with a picture and its values in each row."""
    return text.lower().endswith(".csv") and not os.path.isdir(text)


def values_name(source: Path, values: Mapping[str, str | ColorSpec]) -> str:
    """Return `ada-red-blue.png` for `ada.png` in red and blue; without values, `ada-colored.png`."""
    asked = asked_for(values).values()
    words = [re.sub(r"[/\\:]", "_", str(value).removeprefix("#")) for value in asked]
    stem = "-".join([source.stem, *(words or ["colored"])])
    return writable_name(Path(stem + source.suffix)).name


def values_names(source: Path, colorings: Iterable[Mapping[str, str]]) -> list[str]:
    """Return `values_name` for each coloring; names that are equal but for case are numbered."""
    names: list[str] = []
    taken: set[str] = set()
    for values in colorings:
        first = Path(values_name(source, values))
        name, number = first.name, 1
        while name.casefold() in taken:
            number += 1
            name = f"{first.stem}-{number}{first.suffix}"
        names.append(name)
        taken.add(name.casefold())
    return names


def writable_name(path: AnyPurePath) -> AnyPurePath:
    """Return the path, with .png appended where its suffix is of no format that is written."""
    return path if path.suffix.lower() in WRITE_SUFFIXES else type(path)(f"{path}.png")


def _find(text: str, out: str | None) -> tuple[list[tuple[Path, Path]], list[str]]:
    """Return each picture of an input with its path below the output; and what was skipped."""
    if not text or "\0" in text:
        raise UsageError(f"{text!r} names no input: give a file, folder or pattern")
    path = Path(text)
    if os.path.isdir(path):
        return _find_in_folder(path, out)
    if os.path.lexists(path):
        return [(path, Path(path.name))], []
    base = _fixed_part(text)
    matches = [Path(match) for match in sorted(glob.glob(text, recursive=True))]
    pictures = [m for m in matches if m.suffix.lower() in READ_SUFFIXES and not m.is_dir()]
    if pictures:
        return [(picture, picture.relative_to(base)) for picture in pictures], []
    problem = "no picture matches" if glob.has_magic(text) else "no such file or folder"
    raise UsageError(f"{shown_name(text)}: {problem}: check the path")


def _find_in_folder(folder: Path, out: str | None) -> tuple[list[tuple[Path, Path]], list[str]]:
    """Return the pictures of a folder as `_find` does, without those in an output folder inside it."""
    pictures, passed_over = find_pictures(folder)
    passed_over = [f"{shown_name(folder)}/{line}" for line in passed_over]
    inside = None if out is None else Path(os.path.realpath(out))
    real = Path(os.path.realpath(folder))
    if inside is not None and inside != real and inside.is_relative_to(real):
        own = folder / inside.relative_to(real)
        pictures = [picture for picture in pictures if not picture.is_relative_to(own)]
    return [(picture, picture.relative_to(folder)) for picture in pictures], passed_over


def _fixed_part(pattern: str) -> Path:
    """Return the folders of a pattern before the first with `*`, `?` or `[`: the root of its tree."""
    parts = Path(pattern).parts
    magic = next((i for i, part in enumerate(parts) if glob.has_magic(part)), len(parts) - 1)
    return Path(*parts[: min(magic, len(parts) - 1)])


def _means_folder(out: str) -> bool:
    """Whether the output of a single picture is a folder; UsageError for a suffix no picture has."""
    if os.path.isdir(out) or out.endswith(os.sep) or not Path(out).suffix:
        return True
    try:
        format_for(out)
    except UsageError as error:
        raise UsageError(f"{error}; for a folder write {shown_name(out)}/") from None
    return False


def folder_for_several(out: str | None) -> Path:
    """Return the output folder of several pictures; UsageError when `out` is missing or names a file."""
    if not out:
        raise UsageError("several pictures need a folder to go to: add -o FOLDER")
    label = shown_name(out)
    if os.path.lexists(out) and not os.path.isdir(out):
        raise UsageError(f"{label} is a file, but several pictures need a folder")
    is_picture = Path(out).suffix.lower() in (*WRITE_SUFFIXES, *READ_SUFFIXES)
    if is_picture and not os.path.isdir(out) and not out.endswith(os.sep):
        raise UsageError(
            f"{label} names a picture, but several pictures need a folder: -o {label}/"
        )
    return Path(out)


def _checked(jobs: Sequence[Job]) -> list[Job]:
    """Return the jobs without duplicates.

    Raises:
        UsageError: two inputs have one output, or an output is an input.
    """
    sources = {os.path.realpath(job.source) for job in jobs}
    owners: dict[str, Job] = {}
    for job in jobs:
        out = os.path.realpath(job.out)
        if out in sources:
            raise UsageError(f"{shown_name(job.out)} is an input too: choose another output")
        first = owners.setdefault(out, job)
        wanted = (job.source, job.values, job.corrections)
        if (first.source, first.values, first.corrections) != wanted:
            raise UsageError(
                f"{_label(first)} and {_label(job)} would both become {shown_name(job.out)}: "
                "colour them in two calls, or rename one"
            )
    return list(owners.values())


def _label(job: Job) -> str:
    return " ".join([shown_name(job.source), *map(str, job.values.values())])


def _named(paths: Sequence[Path]) -> str:
    names = ", ".join(shown_name(path) for path in paths[:NAMED])
    return names + (f" and {len(paths) - NAMED} more" if len(paths) > NAMED else "")
