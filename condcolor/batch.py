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
from condcolor.painting import NOTHING, Found, Paint
from condcolor.saving import encode_image, write_whole

if TYPE_CHECKING:
    from condcolor.colorizer import Colorizer


@dataclass(frozen=True)
class Done:
    """What became of a job: `error` is None when its picture was written; `notes` on what was read."""

    job: Job
    error: CondcolorError | None = None
    notes: tuple[str, ...] = ()
    found: Found = NOTHING


def run_jobs(
    colorizer: Colorizer,
    jobs: Sequence[Job],
    *,
    overwrite: bool = False,
    manifest: Manifest | None = None,
    paint: Paint | None = None,
) -> Iterator[Done]:
    """Colour them one by one, in order; a picture that fails is told and the next one comes.

    `paint` says how, where it is not just as `colorizer` does it.
    `manifest` gets a line before each and one after, before it is yielded; what it says an earlier run
    was cut off at is made again.
    """
    for job in jobs:
        started = time.perf_counter()
        again = manifest is not None and manifest.was_begun(job)
        if manifest is not None:
            manifest.begin(job)
        done = _attempt(colorizer, job, overwrite or again, paint)
        if manifest is not None:
            seconds = time.perf_counter() - started
            told = done.found.told
            manifest.add(job, seconds=seconds, error=done.error, notes=done.notes, found=told)
        yield done


def _attempt(colorizer: Colorizer, job: Job, overwrite: bool, paint: Paint | None) -> Done:
    try:
        return run_job(colorizer, job, overwrite=overwrite, paint=paint)
    except CondcolorError as error:
        return Done(job, error)
    except Exception as error:  # our own bug, which the other pictures need not suffer from
        what = f"{shown_name(job.source)}: unexpected {type(error).__name__}: {error}"
        told = DataError(what.splitlines()[0])
        told.__cause__ = error
        return Done(job, told)


def run_job(
    colorizer: Colorizer, job: Job, *, overwrite: bool = False, paint: Paint | None = None
) -> Done:
    """Colour one picture and save it whole.

    Raises:
        UsageError: the output exists. DataError: the picture cannot be read, coloured or saved.
    """
    picture = open_picture(job.source)
    try:
        painted = (paint or Paint())(colorizer, picture, job.values)
    except DataError as error:
        raise DataError(f"{shown_name(job.source)}: {error}") from error
    data = encode_image(job.out, painted.image)
    make_folder(job.out.parent)
    write_whole(job.out, data, overwrite=overwrite)
    return Done(job, notes=picture.notes, found=painted.found(data))
