"""Many pictures in one go: one bad picture never stops the others."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from condcolor.errors import CondcolorError, DataError
from condcolor.filetypes import shown_name
from condcolor.images import open_picture
from condcolor.jobs import Job, make_folder
from condcolor.manifest import Manifest
from condcolor.saving import save_image

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
    """Colour them one by one, in order; a picture that fails is told and the next one comes.

    `manifest` gets a line before each and one after, before it is yielded; what it says an earlier run
    was cut off at is made again.
    """
    for job in jobs:
        started = time.perf_counter()
        again = manifest is not None and manifest.was_begun(job)
        if manifest is not None:
            manifest.begin(job)
        done = _attempt(colorizer, job, overwrite or again)
        if manifest is not None:
            seconds = time.perf_counter() - started
            manifest.add(job, seconds=seconds, error=done.error, notes=done.notes)
        yield done


def _attempt(colorizer: BaseColorizer, job: Job, overwrite: bool) -> Done:
    try:
        return Done(job, notes=run_job(colorizer, job, overwrite=overwrite))
    except CondcolorError as error:
        return Done(job, error)
    except Exception as error:  # our own bug, which the other pictures need not suffer from
        what = f"{shown_name(job.source)}: unexpected {type(error).__name__}: {error}"
        told = DataError(what.splitlines()[0])
        told.__cause__ = error
        return Done(job, told)


def run_job(colorizer: BaseColorizer, job: Job, *, overwrite: bool = False) -> tuple[str, ...]:
    """Colour one picture and save it whole; returns the notes of `open_picture`.

    Raises:
        UsageError: the output exists. DataError: the picture cannot be read, coloured or saved.
    """
    picture = open_picture(job.source)
    try:
        image = next(colorizer.colorings(picture, [job.values]))
    except DataError as error:
        raise DataError(f"{shown_name(job.source)}: {error}") from error
    make_folder(job.out.parent)
    save_image(job.out, image, overwrite=overwrite)
    return picture.notes
