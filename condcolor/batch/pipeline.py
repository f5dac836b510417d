"""Jobs done side by side: decoded, colored, encoded; one bad picture stops no other.

One helper opens pictures ahead of the network, others finish and encode behind it; the network runs in the
thread of the caller, on several pictures at a time. Each helper computes without further threads, for
torch's pools, one for each thread that calls it, would fight over the cores.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from condcolor.batch.jobs import Job
from condcolor.batch.manifest import Manifest
from condcolor.batch.rendering import NO_FINDINGS, Findings, RenderOptions
from condcolor.errors import CondcolorError, DataError
from condcolor.imaging.open import open_picture
from condcolor.imaging.save import encode_image
from condcolor.runtime.files import make_folder, write_whole
from condcolor.runtime.messages import shown_name

if TYPE_CHECKING:
    import numpy as np

    from condcolor.inference.colorizer import Colorizer, Prepared


AHEAD = 48  # pictures under way: about a batch before the network, in it, and behind it
MOST_PIXELS = 2**24  # of the pictures under way, at which no further one is opened
LARGE = 2**20  # pixels from which a picture is finished with all threads, before the next batch


@dataclass
class JobOutput:
    """What became of a job: the bytes of its file, or an error; `notes` on what was read."""

    job: Job
    data: bytes = b""
    error: Exception | None = None
    notes: tuple[str, ...] = ()
    seconds: float = 0.0  # of work on this picture; a batch's are shared
    pixels: int = 0
    findings: Findings = NO_FINDINGS

    @contextmanager
    def working(self) -> Iterator[None]:
        """Within it, an exception becomes `error`, and the time counts."""
        started = time.perf_counter()
        try:
            yield
        except Exception as error:  # the other pictures need not suffer from it
            self.error = error
        self.seconds += time.perf_counter() - started


def color_jobs(
    colorizer: Colorizer, jobs: Sequence[Job], *, most_pixels: int = MOST_PIXELS
) -> Iterator[JobOutput]:
    """Yield what becomes of each job, in their order; nothing is written.

    A picture leaves when the next one is asked for. Those under way have fewer than `most_pixels` pixels and
    one picture more. Closing the iterator ends the helpers as soon as each is done with its picture.
    """
    threads = colorizer.threads
    budget = PixelBudget(most_pixels)
    with ExitStack() as ending_with:
        ending_with.callback(colorizer.set_threads, threads)  # which helpers change for new threads
        # in order, so one picture over at most
        opener = ending_with.enter_context(_helpers(colorizer, 1))
        finishers = ending_with.enter_context(_helpers(colorizer, max(1, threads // 2)))
        ending_with.callback(budget.close)
        coming = iter(jobs)
        before: deque[Future] = deque()  # the network; (Made, Prepared or None) each
        behind: deque[Future] = deque()  # Made each
        # each round: open more, color a batch if one is there, hand out what is finished
        while True:
            for job in islice(coming, AHEAD - len(before) - len(behind)):
                before.append(opener.submit(_opened, colorizer, job, budget))
            if not before and not behind:
                return
            is_open = bool(before) and before[0].done()
            has_room = len(behind) < AHEAD // 2
            if has_room and (is_open or not behind):
                behind += _through(colorizer, _next_batch(before), finishers)
                continue
            job_output = behind.popleft().result()
            yield job_output
            budget.leave(job_output.pixels)


def render_jobs(
    colorizer: Colorizer, jobs: Sequence[Job], options: RenderOptions
) -> Iterator[JobOutput]:
    """Yield what `color_jobs` does for pictures that take more than a pass of the network, one by one."""
    for job in jobs:
        job_output = JobOutput(job)
        with job_output.working():
            picture = open_picture(job.source)
            job_output.notes = picture.notes
            with named(job):
                rendered = options.render(colorizer, picture, job.values)
            job_output.data = encode_image(job.out, rendered.image)
            job_output.findings = rendered.findings(job_output.data)
        yield job_output


class PixelBudget:
    """Lets pictures in as long as those inside have fewer than `most` pixels."""

    def __init__(self, most: int):
        self.most, self.inside, self.closed = most, 0, False
        self._changed = threading.Condition()

    def wait(self) -> bool:
        """Wait for room; return False when the budget is closed."""
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
        """Let nobody wait any more."""
        with self._changed:
            self.closed = True
            self._changed.notify_all()


@contextmanager
def _helpers(colorizer: Colorizer, count: int) -> Iterator[ThreadPoolExecutor]:
    """Threads that compute with one thread each; at the end, what they have not begun is dropped."""
    pool = ThreadPoolExecutor(count, "condcolor", colorizer.set_threads, (1,))
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def _opened(
    colorizer: Colorizer, job: Job, budget: PixelBudget
) -> tuple[JobOutput, Prepared | None]:
    job_output, prepared = JobOutput(job), None
    if not budget.wait():
        return job_output, None
    with job_output.working():
        picture = open_picture(job.source)
        job_output.notes = picture.notes
        with named(job):
            prepared = colorizer.prepare(picture, job.values)
        job_output.pixels = prepared.pixels
        budget.enter(job_output.pixels)
    return job_output, prepared


def _next_batch(before: deque[Future]) -> list[tuple[JobOutput, Prepared | None]]:
    """Those that are open already, at least one, at most a batch."""
    from condcolor.inference.colorizer import BATCH

    batch = [before.popleft().result()]
    while before and len(batch) < BATCH and before[0].done():
        batch.append(before.popleft().result())
    return batch


def _through(
    colorizer: Colorizer,
    batch: Sequence[tuple[JobOutput, Prepared | None]],
    finishers: ThreadPoolExecutor,
) -> Iterator[Future]:
    """Bring a batch through the network, and have each picture of it finished."""
    outputs = iter(_outputs(colorizer, [one for one in batch if one[1] is not None]))
    for job_output, prepared in batch:
        if prepared is None or (output := next(outputs)) is None:
            yield _done(job_output)
        elif job_output.pixels >= LARGE:
            yield _done(_finished(colorizer, job_output, prepared, output))
        else:
            yield finishers.submit(_finished, colorizer, job_output, prepared, output)


def _outputs(
    colorizer: Colorizer, batch: Sequence[tuple[JobOutput, Prepared]]
) -> Sequence[np.ndarray | None]:
    """The network's output for each; None where it fails. If all together do, each is tried alone."""
    if not batch:
        return []
    together = JobOutput(batch[0][0].job)
    outputs = [None] * len(batch)
    with together.working(), named(together.job):
        outputs = colorizer.predict_batch([prepared for _, prepared in batch])
    for job_output, _ in batch:
        job_output.seconds += together.seconds / len(batch)
    if together.error is not None and len(batch) > 1:
        return [_outputs(colorizer, [one])[0] for one in batch]
    batch[0][0].error = together.error
    return outputs


def _finished(
    colorizer: Colorizer, job_output: JobOutput, prepared: Prepared, output: np.ndarray
) -> JobOutput:
    with job_output.working():
        with named(job_output.job):
            image = colorizer.finish(prepared, output)
        job_output.data = encode_image(job_output.job.out, image)
    return job_output


def _done(job_output: JobOutput) -> Future:
    future: Future = Future()
    future.set_result(job_output)
    return future


@contextmanager
def named(job: Job) -> Iterator[None]:
    """Within it, a DataError says which picture it is about."""
    try:
        yield
    except DataError as error:
        raise DataError(f"{shown_name(job.source)}: {error}") from error


@dataclass(frozen=True)
class JobResult:
    """What became of a job: `error` is None when its picture was written; `notes` on what was read."""

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
    options: RenderOptions | None = None,
) -> Iterator[JobResult]:
    """Color the jobs and write them one by one, in order; one that fails stops no other.

    `options` says how, where it is not just as `colorizer` does it.
    `manifest` gets a line before each is written and one after, before it is yielded; what it says an
    earlier run was cut off at is made again. After the last that is yielded nothing is written.
    """
    by_itself = options is None or options.is_plain
    job_outputs = (
        color_jobs(colorizer, jobs) if by_itself else render_jobs(colorizer, jobs, options)
    )
    with closing(job_outputs) as flow:
        for job_output in flow:
            again = manifest is not None and manifest.was_begun(job_output.job)
            if manifest is not None:
                manifest.begin(job_output.job)
            with job_output.working():
                if job_output.error is None:
                    _write(job_output.job, job_output.data, overwrite or again)
            error = None if job_output.error is None else _told(job_output.job, job_output.error)
            notes, findings = (
                ((), NO_FINDINGS) if error else (job_output.notes, job_output.findings)
            )
            if manifest is not None:
                manifest.add(
                    job_output.job,
                    seconds=job_output.seconds,
                    error=error,
                    notes=notes,
                    findings=findings.manifest_entry,
                )
            yield JobResult(job_output.job, error, notes, findings)


def run_job(
    colorizer: Colorizer, job: Job, *, overwrite: bool = False, options: RenderOptions | None = None
) -> JobResult:
    """Color one picture and save it whole.

    Raises:
        UsageError: the output exists. DataError: the picture cannot be read, colored or saved.
    """
    picture = open_picture(job.source)
    with named(job):
        rendered = (options or RenderOptions()).render(colorizer, picture, job.values)
    data = encode_image(job.out, rendered.image)
    _write(job, data, overwrite)
    return JobResult(job, notes=picture.notes, findings=rendered.findings(data))


def _write(job: Job, data: bytes, overwrite: bool) -> None:
    make_folder(job.out.parent)
    write_whole(job.out, data, overwrite=overwrite)


def _told(job: Job, error: Exception) -> CondcolorError:
    if isinstance(error, CondcolorError):
        return error
    message = f"{shown_name(job.source)}: unexpected {type(error).__name__}: {error}"  # our own bug
    failure = DataError(message.splitlines()[0])
    failure.__cause__ = error
    return failure
