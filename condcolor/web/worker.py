"""One thread that does jobs in turn, of which only so many may wait."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")

WAITING = 32  # jobs: some seconds of work, after which nobody looks at the answer any more


class Busy(Exception):
    """As many jobs wait as may."""


class Worker:
    """Does jobs one by one, in the order they came; those for later, when no other waits.

    A future that is cancelled while it waits takes no place in the queue, and its job is never begun.
    """

    def __init__(self, name: str, *, waiting: int = WAITING):
        self._most = waiting
        self._jobs: deque[tuple[Future, Callable[[], object]]] = deque()
        self._later: deque[tuple[Future, Callable[[], object]]] = deque()
        self._changed = threading.Condition()
        self._closed = False
        # a daemon: a job that is long cannot keep the process from ending
        threading.Thread(target=self._run, name=name, daemon=True).start()

    @property
    def waiting(self) -> int:
        with self._changed:
            return sum(not future.cancelled() for future, _ in self._jobs)

    def submit(self, job: Callable[[], T], *, later: bool = False) -> Future[T]:
        """The future of `job()`; Busy when it cannot wait."""
        future: Future[T] = Future()
        with self._changed:
            queue = self._later if later else self._jobs
            if len(queue) >= self._most:
                alive = [entry for entry in queue if not entry[0].cancelled()]
                queue.clear()
                queue.extend(alive)
            if len(queue) >= self._most or self._closed:
                raise Busy
            queue.append((future, job))
            self._changed.notify()
        return future

    def close(self) -> None:
        """Begin no job any more; those that wait are cancelled."""
        with self._changed:
            self._closed = True
            left = [*self._jobs, *self._later]
            self._jobs.clear()
            self._later.clear()
            self._changed.notify()
        for future, _ in left:
            future.cancel()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closed or self._jobs or self._later)
                if self._closed:
                    return
                future, job = (self._jobs or self._later).popleft()
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(job())
                except BaseException as error:  # whoever waits for it hears of it
                    future.set_exception(error)
            del future, job  # a thread that waits keeps no picture alive
