"""Many pictures in one go: one bad picture never stops the others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from condcolor.errors import CondcolorError, DataError
from condcolor.filetypes import shown_name
from condcolor.flow import made_in_order, named
from condcolor.images import open_picture
from condcolor.jobs import Job, make_folder
from condcolor.manifest import Manifest
from condcolor.saving import encode_image, write_whole

if TYPE_CHECKING:
    from condcolor.coloring import BaseColorizer


@dataclass(frozen=True)
class Done:
    """What became of a job: `error` is None when its picture was written; `notes` on what was read."""

    job: Job
    error: CondcolorError | None = None
    notes: tuple[str, ...] = ()


def run_jobs(
    colorizer: BaseColorizer,
    jobs: Sequence[Job],
    *,
    overwrite: bool = False,
    manifest: Manifest | None = None,
) -> Iterator[Done]:
    """Colour them, and write one by one, in order; a picture that fails is told and the next one comes.

    `manifest` gets a line before each is written and one after, before it is yielded; what it says an
    earlier run was cut off at is made again. After the last that is yielded nothing is written.
    """
    with closing(made_in_order(colorizer, jobs)) as flow:
        for made in flow:
            again = manifest is not None and manifest.was_begun(made.job)
            if manifest is not None:
                manifest.begin(made.job)
            with made.working():
                if made.error is None:
                    _write(made.job, made.data, overwrite or again)
            error = None if made.error is None else _told(made.job, made.error)
            notes = () if error else made.notes
            if manifest is not None:
                manifest.add(made.job, seconds=made.seconds, error=error, notes=notes)
            yield Done(made.job, error, notes)


def run_job(colorizer: BaseColorizer, job: Job, *, overwrite: bool = False) -> tuple[str, ...]:
    """Colour one picture and save it whole; returns the notes of `open_picture`.

    Raises:
        UsageError: the output exists. DataError: the picture cannot be read, coloured or saved.
    """
    picture = open_picture(job.source)
    with named(job):
        image = next(colorizer.colorings(picture, [job.values]))
    _write(job, encode_image(job.out, image), overwrite)
    return picture.notes


def _write(job: Job, data: bytes, overwrite: bool) -> None:
    make_folder(job.out.parent)
    write_whole(job.out, data, overwrite=overwrite)


def _told(job: Job, error: Exception) -> CondcolorError:
    if isinstance(error, CondcolorError):
        return error
    what = f"{shown_name(job.source)}: unexpected {type(error).__name__}: {error}"  # our own bug
    told = DataError(what.splitlines()[0])
    told.__cause__ = error
    return told
