"""Uploaded pictures kept in memory; the queue of worker threads."""

from __future__ import annotations

import secrets
import threading
import weakref
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, TypeVar

import numpy as np

from condcolor.conditions.color_spec import ColorSpec
from condcolor.imaging.corrections import Correction
from condcolor.imaging.drawing_parts import Parts
from condcolor.imaging.has_colors import has_colors
from condcolor.imaging.layers import Layers
from condcolor.imaging.open import Picture
from condcolor.imaging.paper import Paper
from condcolor.imaging.picture_kind import kind_of
from condcolor.imaging.regions import Regions

ID_BYTES = 16  # random, so that ids cannot be guessed
MOST_SKETCHES = 64
MOST_BYTES = 512 * 2**20  # of pixels; the newest picture is kept even if it is larger


Corrections = tuple[Correction, ...]
Recolor = Literal["no", "grey", "all"]  # what of a photograph is colored that has colors already


@dataclass(frozen=True)
class Coloring:
    """How a picture is to be colored: a spec for each attribute, corrections of its parts, its paper."""

    values: Mapping[str, ColorSpec]
    corrections: Corrections = ()
    paper: Paper = "keep"


@dataclass
class StoredPicture:
    """An uploaded picture, with cached results by name of model."""

    picture: Picture
    regions: dict[str, Regions] = field(default_factory=dict)  # of `Colorizer.regions`, paper kept
    parts: dict[str, Parts] = field(default_factory=dict)  # as the model found them
    corrected: OrderedDict[tuple[str, Corrections], tuple[Parts, Regions]] = field(
        default_factory=OrderedDict
    )  # the last few
    # variants, reduced, in the order of `Colorizer.combinations`, and the corrections they have
    thumbnails: dict[str, tuple[Corrections, list[np.ndarray]]] = field(default_factory=dict)
    # and the coloring that they were made for
    layers: dict[str, tuple[Coloring, Layers]] = field(default_factory=dict)

    @cached_property
    def has_colors(self) -> bool:
        """Whether it has colors of its own, which a model of photographs does not replace unasked."""
        return has_colors(self.picture.rgb)

    @cached_property
    def kind(self) -> str:
        """Whether it is a drawing or a photograph; empty where that cannot be told."""
        return kind_of(self.picture)

    @property
    def nbytes(self) -> int:
        """The bytes of all arrays."""
        arrays = [self.picture.rgb, self.picture.alpha]
        corrected = list(self.corrected.values())
        for parts in (*self.parts.values(), *(parts for parts, _ in corrected)):
            arrays += parts.arrays
        for regions in (*self.regions.values(), *(regions for _, regions in corrected)):
            arrays += regions.arrays
        for _, small in list(self.thumbnails.values()):
            arrays += small
        for _, layers in list(self.layers.values()):
            arrays += layers.images
        several = {id(array): array.nbytes for array in arrays if array is not None}
        return sum(several.values())  # some are the same


class PictureStore:
    """Uploaded pictures by id, the least recently used removed first. Not thread-safe: for the event loop."""

    def __init__(self, *, most: int = MOST_SKETCHES, most_bytes: int = MOST_BYTES):
        self._most, self._most_bytes = most, most_bytes
        self._kept: OrderedDict[str, StoredPicture] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def add(self, sketch: StoredPicture) -> str:
        """Store a picture and return its new id."""
        name = secrets.token_hex(ID_BYTES)
        self._kept[name] = sketch
        self.trim()
        return name

    def get(self, name: str) -> StoredPicture | None:
        """Return the picture and mark it as used; None if there is none of this id, or no longer."""
        if name in self._kept:
            self._kept.move_to_end(name)
        return self._kept.get(name)

    def trim(self) -> None:
        """Remove least recently used pictures until the store is within its bounds; cached results count."""
        total = sum(sketch.nbytes for sketch in self._kept.values())
        while len(self._kept) > 1 and (len(self._kept) > self._most or total > self._most_bytes):
            _, removed = self._kept.popitem(last=False)
            total -= removed.nbytes


T = TypeVar("T")
WAITING = 32  # jobs, some seconds of work


class QueueFull(Exception):
    """The queue holds its largest number of jobs."""


class JobQueue:
    """A worker thread that runs jobs in order, or several; jobs for later run when no other waits.

    A cancelled future takes no place in the queue, and its job is never started.
    """

    def __init__(self, name: str, *, waiting: int = WAITING, threads: int = 1):
        self._most = waiting
        self._running = 0  # jobs
        self._jobs: deque[tuple[Future[Any], Callable[[], object]]] = deque()
        self._later: deque[tuple[Future[Any], Callable[[], object]]] = deque()
        self._changed = threading.Condition()
        self._closed = False
        _QUEUES.add(self)
        for _ in range(threads):  # daemon threads: a long job cannot keep the process alive
            threading.Thread(target=self._run, name=name, daemon=True).start()

    @property
    def waiting(self) -> int:
        """The number of waiting jobs, without those for later."""
        with self._changed:
            return sum(not future.cancelled() for future, _ in self._jobs)

    def submit(self, job: Callable[[], T], *, later: bool = False) -> Future[T]:
        """Queue a job and return the future of its result.

        Raises:
            QueueFull: too many jobs wait.
        """
        future: Future[T] = Future()
        with self._changed:
            queue = self._later if later else self._jobs
            if len(queue) >= self._most:
                alive = [entry for entry in queue if not entry[0].cancelled()]
                queue.clear()
                queue.extend(alive)
            if len(queue) >= self._most or self._closed:
                raise QueueFull
            queue.append((future, job))
            self._changed.notify()
        return future

    def close(self) -> None:
        """Start no more jobs and cancel those that wait."""
        with self._changed:
            self._closed = True
            left = [*self._jobs, *self._later]
            self._jobs.clear()
            self._later.clear()
            self._changed.notify_all()
        for future, _ in left:
            future.cancel()

    def join(self, seconds: float) -> bool:
        """Wait until no job runs, at most `seconds`; return whether none does."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._running, seconds)

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closed or self._jobs or self._later)
                if self._closed:
                    return
                future, job = (self._jobs or self._later).popleft()
                self._running += 1
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(job())
                except BaseException as error:  # raised where the result is awaited
                    future.set_exception(error)
            del future, job  # a waiting thread keeps no picture alive
            with self._changed:
                self._running -= 1
                self._changed.notify_all()


_QUEUES: weakref.WeakSet[JobQueue] = weakref.WeakSet()


def is_computing() -> bool:
    """Return whether a job of any queue runs."""
    return not all(queue.join(0) for queue in _QUEUES)
