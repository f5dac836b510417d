"""Many pictures in one go: which file becomes which, and one bad picture never stops the others."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from condcolor.attributes import AttributeSchema
from condcolor.colorizer import Colorizer
from condcolor.errors import DataError, UsageError
from condcolor.filetypes import shown_name
from condcolor.images import READ_SUFFIXES, find_pictures, open_picture
from condcolor.metadata import read_metadata
from condcolor.saving import WRITE_SUFFIXES, refuse_taken, save_image

NAMED = 5  # paths that a message names before it says how many more


@dataclass(frozen=True)
class Job:
    """One picture to colour: where from, where to, in which colours."""

    source: Path
    out: Path
    values: Mapping[str, str]


@dataclass(frozen=True)
class Done:
    """What became of a job: `error` is "" when its picture was written, `notes` what was passed over."""

    job: Job
    error: str = ""
    notes: tuple[str, ...] = ()


def plan_jobs(
    inputs: Sequence[str], out: Path | None, values: Mapping[str, str]
) -> tuple[list[Job], list[str]]:
    """The jobs for files, folders (their tree is kept) and glob patterns; and what was passed over.

    `out` names a file for a single input file, else a folder. Without it, a single file gets its values
    behind its name, in the current folder.

    Raises:
        UsageError: nothing there, `out` missing or not fitting, two inputs with one output, an
            output that is an input.
    """
    pairs: list[tuple[Path, Path]] = []  # input, and its place below `out`
    skipped: list[str] = []
    for text in inputs:
        found, passed_over = _find(text)
        pairs += found
        skipped += passed_over
    if not pairs:
        raise UsageError(f"no pictures in {', '.join(inputs)}")
    single = len(inputs) == 1 and Path(inputs[0]).is_file()
    if out is None:
        if not single:
            raise UsageError("several pictures need a folder to go to: add -o FOLDER")
        jobs = [Job(pairs[0][0], Path(values_name(pairs[0][0], values)), values)]
    elif single and not _means_folder(out):
        jobs = [Job(pairs[0][0], out, values)]
    else:
        if out.is_file():
            raise UsageError(f"{shown_name(out)} is a file; several pictures need a folder")
        jobs = [Job(source, out / writable_name(place), values) for source, place in pairs]
    _check_outputs(jobs)
    return jobs, skipped


def plan_csv(csv: Path, out: Path | None, schema: AttributeSchema) -> list[Job]:
    """A job for each row of a csv of `input,hair,shirt`; the values go into the output's name.

    Raises:
        UsageError: no `out`, or two rows alike. DataError: every row that cannot be used.
    """
    if out is None:
        raise UsageError(f"{shown_name(csv)}: its pictures need a folder to go to: add -o FOLDER")
    records = read_metadata(csv, require_target=False, vocabulary=schema).records
    jobs = []
    for record in records:
        values = dict(zip(schema.names, record.values, strict=True))
        place = Path(os.path.relpath(record.source, csv.parent))
        jobs.append(Job(record.source, out / place.parent / values_name(place, values), values))
    _check_outputs(jobs)
    return jobs


def check_existing(jobs: Sequence[Job], *, overwrite: bool, skip: bool) -> list[Job]:
    """The jobs still to do; UsageError when an output exists and neither option is given."""
    if overwrite and skip:
        raise UsageError("--overwrite and --skip-existing exclude each other")
    taken = [job for job in jobs if os.path.lexists(job.out)]
    if taken and not (overwrite or skip):
        raise UsageError(
            f"{_named([job.out for job in taken])} exists already: use --overwrite or --skip-existing"
        )
    for job in jobs:
        if not skip:
            refuse_taken(job.out, overwrite)
    return [job for job in jobs if not (skip and job in taken)]


def run_jobs(
    colorizer: Colorizer, jobs: Sequence[Job], *, overwrite: bool = False
) -> Iterator[Done]:
    """Colour them one by one, in order; a picture that fails is told and the next one comes."""
    for job in jobs:
        try:
            picture = open_picture(job.source)
            image = next(colorizer.colorings(picture, [job.values]))
            job.out.parent.mkdir(parents=True, exist_ok=True)
            save_image(job.out, image, overwrite=overwrite)
            yield Done(job, notes=picture.notes)
        except (DataError, UsageError) as error:
            yield Done(job, str(error))
        except OSError as error:
            yield Done(job, f"{shown_name(job.out)}: cannot be written ({error.strerror})")
        except MemoryError:
            yield Done(job, f"{shown_name(job.source)}: not enough memory: make it smaller")


def values_name(source: Path, values: Mapping[str, str]) -> str:
    """`ada.png` in red and blue is `ada-red-blue.png`."""
    stem = "-".join([source.stem, *(value.replace(os.sep, "_") for value in values.values())])
    return writable_name(Path(stem + source.suffix)).name


def writable_name(place: Path) -> Path:
    """The same place, as .png where its own suffix is one that is read but not written."""
    return place if place.suffix.lower() in WRITE_SUFFIXES else Path(f"{place}.png")


def _find(text: str) -> tuple[list[tuple[Path, Path]], list[str]]:
    path = Path(text)
    if path.is_dir():
        pictures, skipped = find_pictures(path)
        return [(picture, picture.relative_to(path)) for picture in pictures], skipped
    if os.path.lexists(path):
        return [(path, Path(path.name))], []
    matches = [Path(match) for match in sorted(glob.glob(text, recursive=True))]
    pictures = [match for match in matches if match.suffix.lower() in READ_SUFFIXES]
    if not pictures:
        raise UsageError(f"{shown_name(text)}: no such file, folder or pattern with pictures")
    return [(picture, Path(picture.name)) for picture in pictures], []


def _means_folder(out: Path) -> bool:
    return out.is_dir() or out.suffix.lower() not in WRITE_SUFFIXES


def _check_outputs(jobs: Sequence[Job]) -> None:
    """Two inputs to one output, and an output that is an input, would lose pictures."""
    sources = {job.source.resolve() for job in jobs}
    seen: dict[Path, Path] = {}
    for job in jobs:
        out = job.out.resolve()
        if out in sources:
            raise UsageError(f"{shown_name(job.out)} is also an input: choose another output")
        if out in seen:
            raise UsageError(
                f"{shown_name(seen[out])} and {shown_name(job.source)} would both become "
                f"{shown_name(job.out)}: colour them in two calls, or rename one"
            )
        seen[out] = job.source


def _named(paths: Sequence[Path]) -> str:
    shown = ", ".join(shown_name(path) for path in paths[:NAMED])
    return shown + (f" and {len(paths) - NAMED} more" if len(paths) > NAMED else "")
