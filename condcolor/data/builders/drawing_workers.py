"""Drawings made side by side in several processes, in order."""

from __future__ import annotations

import contextlib
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context

from condcolor.errors import DataError
from condcolor.runtime.process import cores

BUNDLE = 16  # jobs that a worker does before it reports
_IGNORE_INTERRUPT = (signal.SIGINT, signal.SIG_IGN)  # the parent receives it and ends the workers


@contextlib.contextmanager
def parallel_map(jobs: int, bundle: int = BUNDLE) -> Iterator[Callable[..., Iterable]]:
    """Yield `map`, or a parallel one if there are enough jobs and processes can be forked.

    Raises:
        DataError: a process was killed.
    """
    # a spawned process imports the main module, which may lack a main guard
    workers = min(cores() if sys.platform == "linux" else 1, 8, jobs // bundle)
    if workers < 2:
        yield map
        return
    pool = ProcessPoolExecutor(workers, get_context("fork"), signal.signal, _IGNORE_INTERRUPT)
    try:
        yield lambda function, items: pool.map(function, items, chunksize=bundle)
    except BrokenProcessPool:
        raise DataError(
            "a process that draws was ended from outside, perhaps since memory ran out: start the same "
            "command again, with less beside it"
        ) from None
    finally:
        pool.shutdown(cancel_futures=True)
