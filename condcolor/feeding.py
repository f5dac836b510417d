"""Work done ahead, in a thread of its own: the next batch is read while the networks learn from this one."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

In, Out = TypeVar("In"), TypeVar("Out")

AHEAD = 2  # batches that are ready and wait


def ahead(make: Callable[[In], Out], inputs: Iterable[In], depth: int = AHEAD) -> Iterator[Out]:
    """`make(input)` of each, in order, up to `depth` of them before they are asked for.

    What `make` raises is raised where its result would have come. Closing the iterator ends the thread.
    """
    ready: queue.Queue = queue.Queue(depth)
    closed = threading.Event()

    def put(item: tuple[Out | None, BaseException | None] | None) -> None:
        while not closed.is_set():
            try:
                return ready.put(item, timeout=0.1)
            except queue.Full:
                continue

    def work() -> None:
        try:
            for one in inputs:
                if closed.is_set():
                    return
                put((make(one), None))
            put(None)
        except BaseException as error:
            put((None, error))

    thread = threading.Thread(target=work, name="feeding", daemon=True)
    thread.start()
    try:
        while (item := ready.get()) is not None:
            made, error = item
            if error is not None:
                raise error
            yield made
    finally:
        closed.set()
        thread.join()
