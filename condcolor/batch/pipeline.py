"""Jobs done side by side: decoded, colored, encoded; one bad picture stops no other.

One helper thread opens pictures ahead of the network, others finish and encode behind it; the network runs in
the thread of the caller, on several pictures at a time. Helpers compute single-threaded, since torch has a
thread pool for each calling thread, and the pools would compete for the cores.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, TypeAlias

from condcolor.batch.jobs import Job
from condcolor.batch.manifest import Manifest
from condcolor.batch.rendering import HAS_COLORS, NO_FINDINGS, PLAIN, Findings, RenderOptions
from condcolor.errors import CondcolorError, DataError
from condcolor.imaging.formats import format_for
from condcolor.imaging.open import Picture, open_picture
from condcolor.imaging.origin import Origin
from condcolor.imaging.save import encode_image
from condcolor.imaging.sheets import as_image
from condcolor.runtime.files import make_folder, write_whole
from condcolor.runtime.messages import shown_name

if TYPE_CHECKING:
    import numpy as np
    from PIL import Image

    from condcolor.inference.colorizer import Colorizer, Prepared


AHEAD = 48  # pictures in progress: about a batch before the network, in it, and behind it
MOST_PIXELS = 2**24  # of the pictures in progress; from there on no further one is opened
LARGE = 2**20  # pixels from which a picture is finished with all threads, before the next batch


@dataclass
class JobOutput:
    """The output of a job: the bytes of its file, or an error; `notes` on the reading of its picture."""

    job: Job
    data: bytes = b""
    error: Exception | None = None
    notes: tuple[str, ...] = ()
    seconds: float = 0.0  # of work on this picture, with its share of its batch's
    pixels: int = 0
    findings: Findings = NO_FINDINGS

    @contextmanager
    def working(self) -> Iterator[None]:
        """Time the `with` block, and keep its exception as `error`."""
        started = time.perf_counter()
        try:
            yield
        except Exception as error:  # so that the other pictures go on
            self.error = error
        self.seconds += time.perf_counter() - started

    def encode(self, image: Image.Image, colorizer: Colorizer, picture: Picture) -> None:
        """Encode the output, with what it keeps of its picture; what is lost becomes a note."""
        origin = kept_origin(colorizer, picture)
        self.data = encode_image(self.job.out, image, origin)
        self.notes += origin.losses(format_for(self.job.out))


def kept_origin(colorizer: Colorizer, picture: Picture) -> Origin:
    """Return what the output of a picture keeps: the depth of photographs alone, whose tones stay."""
    return picture.origin.without_depth() if colorizer.codec.line_art else picture.origin


OpenedJob: TypeAlias = "tuple[JobOutput, Prepared | None]"  # None where it failed to open


def color_jobs(
    colorizer: Colorizer,
    jobs: Sequence[Job],
    options: RenderOptions = PLAIN,
    *,
    most_pixels: int = MOST_PIXELS,
) -> Generator[JobOutput, None, None]:
    """Yield the output of each job, in order; nothing is written. `options` has the plain ones alone.

    An output counts as in progress until the next one is requested. The pictures in progress have fewer than
    `most_pixels` pixels, except for the last one opened. Closing the generator ends each helper after its
    picture.
    """
    threads = colorizer.threads
    budget = PixelBudget(most_pixels)
    with ExitStack() as stack:
        stack.callback(colorizer.set_threads, threads)  # helpers change the number for new threads
        opener = stack.enter_context(_helpers(colorizer, 1))  # a single one keeps within the budget
        finishers = stack.enter_context(_helpers(colorizer, threads))
        stack.callback(budget.close)
        remaining = iter(jobs)
        opened: deque[Future[OpenedJob]] = deque()  # before the network
        finished: deque[Future[JobOutput]] = deque()  # behind it
        # each round: open more, color a batch where one is open, yield the first that is finished
        while True:
            for job in islice(remaining, AHEAD - len(opened) - len(finished)):
                opened.append(opener.submit(_open, colorizer, job, budget, options))
            if not opened and not finished:
                return
            is_open = bool(opened) and opened[0].done()
            has_room = len(finished) < AHEAD // 2
            if has_room and (is_open or not finished):
                finished += _color_batch(colorizer, _next_batch(opened), finishers)
                continue
            job_output = finished.popleft().result()
            yield job_output
            budget.leave(job_output.pixels)


def render_jobs(
    colorizer: Colorizer, jobs: Sequence[Job], options: RenderOptions
) -> Generator[JobOutput, None, None]:
    """Yield the output of each job, rendered one by one: several passes of the network for each."""
    for job in jobs:
        job_output = JobOutput(job)
        with job_output.working():
            picture = open_picture(job.source)
            job_output.notes = picture.notes
            with named(job):
                rendered = options.render(colorizer, picture, job.values, job.corrections)
            job_output.notes += rendered.notes
            job_output.encode(rendered.image, colorizer, picture)
            job_output.findings = rendered.findings(job_output.data)
        yield job_output


class PixelBudget:
    """A limit on the pixels of the pictures in progress: one may start below `most` pixels."""

    def __init__(self, most: int):
        self.most, self.inside, self.closed = most, 0, False
        self._changed = threading.Condition()

    def wait(self) -> bool:
        """Wait until a picture may start; return False when the budget is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self.inside < self.most or self.closed)
            return not self.closed

    def enter(self, pixels: int) -> None:
        with self._changed:
            self.inside += pixels

    def leave(self, pixels: int) -> None:
        with self._changed:
            self.inside -= pixels
            self._changed.notify_all()

    def close(self) -> None:
        """End all waiting."""
        with self._changed:
            self.closed = True
            self._changed.notify_all()


@contextmanager
def _helpers(colorizer: Colorizer, count: int) -> Iterator[ThreadPoolExecutor]:
    """Open a pool of threads that compute single-threaded; at the end, tasks not begun are canceled."""
    pool = ThreadPoolExecutor(count, "condcolor", colorizer.set_threads, (1,))
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def _open(colorizer: Colorizer, job: Job, budget: PixelBudget, options: RenderOptions) -> OpenedJob:
    job_output, prepared = JobOutput(job), None
    if not budget.wait():
        return job_output, None
    with job_output.working():
        picture = open_picture(job.source)
        job_output.notes = picture.notes
        with named(job):
            job_output.notes += options.kind_notes(picture)
        if options.leaves(colorizer, picture):
            job_output.notes += (HAS_COLORS,)
            job_output.encode(as_image(picture), colorizer, picture)
            return job_output, None
        with named(job):
            prepared = colorizer.prepare(picture, job.values, options.guide)
        job_output.notes += prepared.notes
        job_output.pixels = prepared.pixels
        budget.enter(job_output.pixels)
    return job_output, prepared


def _next_batch(opened: deque[Future[OpenedJob]]) -> list[OpenedJob]:
    """Take the first job, and those behind it that are open already, at most a batch."""
    from condcolor.inference.runner import BATCH

    batch = [opened.popleft().result()]
    while opened and len(batch) < BATCH and opened[0].done():
        batch.append(opened.popleft().result())
    return batch


def _color_batch(
    colorizer: Colorizer, batch: Sequence[OpenedJob], finishers: ThreadPoolExecutor
) -> Iterator[Future[JobOutput]]:
    """Predict a batch, and have each picture of it finished, in order."""
    ready = [(job_output, prepared) for job_output, prepared in batch if prepared is not None]
    outputs = iter(_predict(colorizer, ready))
    for job_output, prepared in batch:
        if prepared is None or (output := next(outputs)) is None:
            yield _completed(job_output)
        elif job_output.pixels >= LARGE:
            yield _completed(_finish(colorizer, job_output, prepared, output))
        else:
            yield finishers.submit(_finish, colorizer, job_output, prepared, output)


def _predict(
    colorizer: Colorizer, batch: Sequence[tuple[JobOutput, Prepared]]
) -> Sequence[np.ndarray | None]:
    """Return the network's output for each; None where it fails. If all together do, each is tried alone."""
    if not batch:
        return []
    together = JobOutput(batch[0][0].job)
    outputs: Sequence[np.ndarray | None] = [None] * len(batch)
    with together.working(), named(together.job):
        outputs = colorizer.predict_batch([prepared for _, prepared in batch])
    for job_output, _ in batch:
        job_output.seconds += together.seconds / len(batch)
    if together.error is not None and len(batch) > 1:
        return [_predict(colorizer, [pair])[0] for pair in batch]
    batch[0][0].error = together.error
    return outputs


def _finish(
    colorizer: Colorizer, job_output: JobOutput, prepared: Prepared, output: np.ndarray
) -> JobOutput:
    with job_output.working():
        with named(job_output.job):
            if job_output.job.corrections:
                parts = colorizer.parts_of(prepared, output)
                job_output.notes += parts.apply_source(job_output.job.corrections)
                image = parts.colored(**prepared.specs)
            else:
                image = colorizer.finish(prepared, output)
        job_output.encode(image, colorizer, prepared.framed.picture)
    return job_output


def _completed(job_output: JobOutput) -> Future[JobOutput]:
    future: Future[JobOutput] = Future()
    future.set_result(job_output)
    return future


@contextmanager
def named(job: Job) -> Iterator[None]:
    """Put the name of the picture before the message of a DataError in the `with` block."""
    try:
        yield
    except DataError as error:
        raise DataError(f"{shown_name(job.source)}: {error}") from error


@dataclass(frozen=True)
class JobResult:
    """The result of a job: `error` is None when its picture was written; `notes` on the reading of it."""

    job: Job
    error: CondcolorError | None = None
    notes: tuple[str, ...] = ()
    findings: Findings = NO_FINDINGS


def run_jobs(
    colorizer: Colorizer,
    jobs: Sequence[Job],
    *,
    overwrite: bool = False,
    manifest: Manifest | None = None,
    options: RenderOptions = PLAIN,
) -> Generator[JobResult, None, None]:
    """Color the jobs and write them one by one, in order; one that fails stops no other.

    manifest: gets a line before each output is written, and one before its result is yielded; outputs at
        which an earlier run was cut off are written again.
    """
    if options.is_plain:
        outputs = color_jobs(colorizer, jobs, options)
    else:
        outputs = render_jobs(colorizer, jobs, options)
    with closing(outputs):
        for output in outputs:
            job = output.job
            again = manifest is not None and manifest.may_replace(job)
            if manifest is not None:
                manifest.begin(job)
            with output.working():
                if output.error is None:
                    _write(job, output.data, overwrite or again)
            if output.error is None:
                result = JobResult(job, notes=output.notes, findings=output.findings)
            else:
                result = JobResult(job, _as_condcolor_error(job, output.error))
            if manifest is not None:
                manifest.add(
                    job,
                    seconds=output.seconds,
                    error=result.error,
                    notes=result.notes,
                    findings=result.findings.manifest_entry,
                )
            yield result


def run_job(
    load: Callable[[], Colorizer],
    job: Job,
    *,
    overwrite: bool = False,
    options: RenderOptions = PLAIN,
) -> JobResult:
    """Color one picture and save it whole. The model is loaded once the picture is open.

    Raises:
        UsageError: the output exists.
        DataError: the picture cannot be read, colored or saved.
    """
    picture = open_picture(job.source)
    colorizer = load()
    with named(job):
        rendered = options.render(colorizer, picture, job.values, job.corrections)
    job_output = JobOutput(job, notes=picture.notes + rendered.notes)
    job_output.encode(rendered.image, colorizer, picture)
    _write(job, job_output.data, overwrite)
    return JobResult(job, None, job_output.notes, rendered.findings(job_output.data))


def _write(job: Job, data: bytes, overwrite: bool) -> None:
    make_folder(job.out.parent)
    write_whole(job.out, data, overwrite=overwrite)


def _as_condcolor_error(job: Job, error: Exception) -> CondcolorError:
    if isinstance(error, CondcolorError):
        return error
    message = f"{shown_name(job.source)}: unexpected {type(error).__name__}: {error}"  # a bug of condcolor
    failure = DataError(message.splitlines()[0])
    failure.__cause__ = error
    return failure
