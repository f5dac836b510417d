"""This process: out of memory as an error, malloc and OpenMP settings, cores, signals, prefetching.

glibc allocates large buffers by mmap and unmaps them when they are freed, and the kernel zeroes each page at
its first use. A network frees and allocates the same buffers in every pass, and pays this cost each time.

OpenMP threads poll while they wait for the slowest of them, which keeps a core busy. Without other threads
that saves microseconds; beside threads that decode and encode it costs a fifth of the speed.
"""

from __future__ import annotations

import os
import queue
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, TypeVar

from condcolor.errors import CondcolorError, DataError


def is_memory_error(error: BaseException) -> bool:
    """Return whether Python, torch on the CPU or on a GPU says that memory is used up."""
    text = str(error)
    is_used_up = "out of memory" in text or "can't allocate memory" in text
    return isinstance(error, MemoryError) or (isinstance(error, RuntimeError) and is_used_up)


@contextmanager
def memory_advice(what_to_do: str) -> Iterator[None]:
    """Turn out of memory inside the block into a DataError: `not enough memory: what_to_do`."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if not is_memory_error(error):
            raise
        raise DataError(f"not enough memory: {what_to_do}") from error


# parameters of mallopt, from malloc.h
M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_MAX = -1, -2, -4
KEPT = {
    M_MMAP_MAX: 0,  # no buffer is allocated by mmap
    M_TRIM_THRESHOLD: -1,  # free memory at the end of the heap is kept
    M_TOP_PAD: 256 * 2**20,  # bytes, smallest growth of the heap; untouched pages cost nothing
}


def keep_memory() -> bool:
    """Configure malloc to keep freed memory for reuse, until the process ends.

    For commands only: the setting affects the whole process, which a library should not decide.

    Returns:
        Whether it was set; False without glibc, which is no error.
    """
    if sys.platform != "linux":
        return False
    try:
        import ctypes

        libc = ctypes.CDLL(None)
        libc.gnu_get_libc_version  # noqa: B018  # musl has a mallopt without effect
        mallopt = libc.mallopt
    except (ImportError, OSError, AttributeError):
        return False
    mallopt.argtypes, mallopt.restype = (ctypes.c_int, ctypes.c_int), ctypes.c_int
    accepted = [mallopt(setting, value) for setting, value in KEPT.items()]
    return all(accepted)


POLICY = "OMP_WAIT_POLICY"  # OpenMP 3.0; read when torch is imported


def wait_asleep() -> None:
    """Set OMP_WAIT_POLICY to PASSIVE unless it is set; effective only before torch is imported."""
    os.environ.setdefault(POLICY, "PASSIVE")


MPS_FALLBACK = "PYTORCH_ENABLE_MPS_FALLBACK"  # of PyTorch; read when torch is imported


def let_mps_fall_back() -> None:
    """Let the CPU do what Apple's GPU cannot, in a torch that is not imported yet."""
    if sys.platform == "darwin":
        os.environ.setdefault(MPS_FALLBACK, "1")


class Interrupted(CondcolorError):
    """A run stopped by a signal after saving its state; the exit code is 128 + the signal's number."""

    def __init__(self, number: int, message: str):
        super().__init__(message)
        self.exit_code = 128 + number


SignalHandler = Callable[[int, FrameType | None], Any] | int | signal.Handlers | None


class StopFlag:
    """A context manager in which the first SIGINT or SIGTERM sets `.signal`; a second one acts as usual.

    An ignored signal stays ignored, such as SIGINT in a background job of a shell. Outside the main thread,
    where Python allows no signal handlers, nothing changes and `.signal` stays 0.
    """

    def __init__(self) -> None:
        self.signal = 0
        self._before: dict[int, SignalHandler] = {}

    def __enter__(self) -> StopFlag:
        self.signal = 0
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                # None: a handler not set by Python, which could not be restored
                if signal.getsignal(number) not in (signal.SIG_IGN, None):
                    self._before[number] = signal.signal(number, self._set)
        return self

    def _set(self, number: int, frame: FrameType | None) -> None:
        self.signal = number
        self._restore()

    def _restore(self) -> None:
        while self._before:
            number, handler = self._before.popitem()
            signal.signal(number, handler)

    def __exit__(self, *_: object) -> None:
        self._restore()


In = TypeVar("In")
Out = TypeVar("Out")
AHEAD = 2  # batches that are prefetched


def ahead(make: Callable[[In], Out], inputs: Iterable[In], depth: int = AHEAD) -> Iterator[Out]:
    """Yield `make(input)` for each input in order, prefetching up to `depth` results in a thread.

    An exception of `make` is raised in place of its result. Closing the iterator ends the thread.
    """
    # a result in a tuple of one, an error, or None after the last result
    ready: queue.Queue[tuple[Out] | BaseException | None] = queue.Queue(depth)
    closed = threading.Event()

    def put(item: tuple[Out] | BaseException | None) -> None:
        while not closed.is_set():
            try:
                return ready.put(item, timeout=0.1)
            except queue.Full:
                continue

    def work() -> None:
        try:
            for item in inputs:
                if closed.is_set():
                    return
                put((make(item),))
            put(None)
        except BaseException as error:
            put(error)

    thread = threading.Thread(target=work, name="prefetch", daemon=True)
    thread.start()
    try:
        while (item := ready.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item[0]
    finally:
        closed.set()
        thread.join()


def cores() -> int:
    """Return the number of CPU cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
