"""Many pictures decoded, colored and encoded side by side; one bad picture stops no other.

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
from condcolor.batch.rendering import NOTHING, Found, Paint
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
class Made:
    """What became of a job: the bytes of its file, or an error; `notes` on what was read."""

    job: Job
    data: bytes = b""
    error: Exception | None = None
    notes: tuple[str, ...] = ()
    seconds: float = 0.0  # of work on this picture; a batch's are shared
    pixels: int = 0
    found: Found = NOTHING

    @contextmanager
    def working(self) -> Iterator[None]:
        """Within it, an exception becomes `error`, and the time counts."""
        started = time.perf_counter()
        try:
            yield
        except Exception as error:  # the other pictures need not suffer from it
            self.error = error
        self.seconds += time.perf_counter() - started


def made_in_order(
    colorizer: Colorizer, jobs: Sequence[Job], *, most_pixels: int = MOST_PIXELS
) -> Iterator[Made]:
    """What becomes of each job, in their order; nothing is written.

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
        # each round: open more, colour a batch if one is there, hand out what is finished
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
            made = behind.popleft().result()
            yield made
            budget.leave(made.pixels)


def painted_in_order(colorizer: Colorizer, jobs: Sequence[Job], paint: Paint) -> Iterator[Made]:
    """The same for pictures that take more than a pass of the network: one after the other."""
    for job in jobs:
        made = Made(job)
        with made.working():
            picture = open_picture(job.source)
            made.notes = picture.notes
            with named(job):
                painted = paint(colorizer, picture, job.values)
            made.data = encode_image(job.out, painted.image)
            made.found = painted.found(made.data)
        yield made


class PixelBudget:
    """Lets pictures in as long as those inside have fewer than `most` pixels."""

    def __init__(self, most: int):
        self.most, self.inside, self.closed = most, 0, False
        self._changed = threading.Condition()

    def wait(self) -> bool:
        """Wait for room; False when there will be none, for all is at its end."""
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
        """Nobody waits any more."""
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


def _opened(colorizer: Colorizer, job: Job, budget: PixelBudget) -> tuple[Made, Prepared | None]:
    made, prepared = Made(job), None
    if not budget.wait():
        return made, None
    with made.working():
        picture = open_picture(job.source)
        made.notes = picture.notes
        with named(job):
            prepared = colorizer.prepare(picture, job.values)
        made.pixels = prepared.pixels
        budget.enter(made.pixels)
    return made, prepared


def _next_batch(before: deque[Future]) -> list[tuple[Made, Prepared | None]]:
    """Those that are open already, at least one, at most a batch."""
    from condcolor.inference.colorizer import BATCH

    batch = [before.popleft().result()]
    while before and len(batch) < BATCH and before[0].done():
        batch.append(before.popleft().result())
    return batch


def _through(
    colorizer: Colorizer,
    batch: Sequence[tuple[Made, Prepared | None]],
    finishers: ThreadPoolExecutor,
) -> Iterator[Future]:
    """Bring a batch through the network, and have each picture of it finished."""
    outputs = iter(_outputs(colorizer, [one for one in batch if one[1] is not None]))
    for made, prepared in batch:
        if prepared is None or (output := next(outputs)) is None:
            yield _done(made)
        elif made.pixels >= LARGE:
            yield _done(_finished(colorizer, made, prepared, output))
        else:
            yield finishers.submit(_finished, colorizer, made, prepared, output)


def _outputs(
    colorizer: Colorizer, batch: Sequence[tuple[Made, Prepared]]
) -> Sequence[np.ndarray | None]:
    """The network's output for each; None where it fails. If all together do, each is tried alone."""
    if not batch:
        return []
    together = Made(batch[0][0].job)
    outputs = [None] * len(batch)
    with together.working(), named(together.job):
        outputs = colorizer.through([prepared for _, prepared in batch])
    for made, _ in batch:
        made.seconds += together.seconds / len(batch)
    if together.error is not None and len(batch) > 1:
        return [_outputs(colorizer, [one])[0] for one in batch]
    batch[0][0].error = together.error
    return outputs


def _finished(colorizer: Colorizer, made: Made, prepared: Prepared, output: np.ndarray) -> Made:
    with made.working():
        with named(made.job):
            image = colorizer.finish(prepared, output)
        made.data = encode_image(made.job.out, image)
    return made


def _done(made: Made) -> Future:
    future: Future = Future()
    future.set_result(made)
    return future


@contextmanager
def named(job: Job) -> Iterator[None]:
    """Within it, a DataError says which picture it is about."""
    try:
        yield
    except DataError as error:
        raise DataError(f"{shown_name(job.source)}: {error}") from error


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
