"""Many pictures in one go: one bad picture never stops the others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from condcolor.errors import CondcolorError, DataError
from condcolor.filetypes import shown_name
from condcolor.flow import made_in_order, named, painted_in_order
from condcolor.images import open_picture
from condcolor.jobs import Job, make_folder
from condcolor.manifest import Manifest
from condcolor.painting import NOTHING, Found, Paint
from condcolor.saving import encode_image, write_whole

if TYPE_CHECKING:
    from condcolor.coloring import Colorizer


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
    """Colour them, and write one by one, in order; a picture that fails is told and the next one comes.

    `paint` says how, where it is not just as `colorizer` does it.
    `manifest` gets a line before each is written and one after, before it is yielded; what it says an
    earlier run was cut off at is made again. After the last that is yielded nothing is written.
    """
    by_itself = paint is None or paint.is_plain
    made_ones = (
        made_in_order(colorizer, jobs) if by_itself else painted_in_order(colorizer, jobs, paint)
    )
    with closing(made_ones) as flow:
        for made in flow:
            again = manifest is not None and manifest.was_begun(made.job)
            if manifest is not None:
                manifest.begin(made.job)
            with made.working():
                if made.error is None:
                    _write(made.job, made.data, overwrite or again)
            error = None if made.error is None else _told(made.job, made.error)
            notes, found = ((), NOTHING) if error else (made.notes, made.found)
            if manifest is not None:
                manifest.add(
                    made.job, seconds=made.seconds, error=error, notes=notes, found=found.told
                )
            yield Done(made.job, error, notes, found)


def run_job(
    colorizer: Colorizer, job: Job, *, overwrite: bool = False, paint: Paint | None = None
) -> Done:
    """Colour one picture and save it whole.

    Raises:
        UsageError: the output exists. DataError: the picture cannot be read, coloured or saved.
    """
    picture = open_picture(job.source)
    with named(job):
        painted = (paint or Paint())(colorizer, picture, job.values)
    data = encode_image(job.out, painted.image)
    _write(job, data, overwrite)
    return Done(job, notes=picture.notes, found=painted.found(data))


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
