"""This process: memory errors, malloc and OpenMP settings, cores, signals as a flag, a prefetch thread.

glibc maps every large buffer anew and unmaps it when it is free, and the kernel fills each page with zeros
when it is touched first. A network's layers free and take the same buffers in every pass, so that is paid
again and again.

OpenMP's threads wait for the slowest of them by polling, which takes a core from whoever could use it. Alone
on the machine that saves some microseconds; beside threads that decode and encode it costs a fifth.
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
    """Turn running out of memory within it into a DataError: `not enough memory: what_to_do`."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if not is_memory_error(error):
            raise
        raise DataError(f"not enough memory: {what_to_do}") from error


# of malloc.h: what may be set, and to what
M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_MAX = -1, -2, -4
KEPT = {
    M_MMAP_MAX: 0,  # no buffer gets a mapping of its own
    M_TRIM_THRESHOLD: -1,  # free memory at the heap's end stays
    M_TOP_PAD: 256 * 2**20,  # bytes that the heap grows by, at least; untouched ones cost nothing
}


def keep_memory() -> bool:
    """Let this process keep the memory it frees, for its next use of it; return whether it does.

    For commands: it holds for the whole process, which no library should decide. What was taken once is given
    back only at the end. Where there is no glibc nothing is done, and nothing is wrong.
    """
    if sys.platform != "linux":
        return False
    try:
        import ctypes

        libc = ctypes.CDLL(None)
        libc.gnu_get_libc_version  # noqa: B018  # musl has a mallopt, too, that does nothing
        mallopt = libc.mallopt
    except (ImportError, OSError, AttributeError):
        return False
    mallopt.argtypes, mallopt.restype = (ctypes.c_int, ctypes.c_int), ctypes.c_int
    accepted = [mallopt(setting, value) for setting, value in KEPT.items()]
    return all(accepted)


POLICY = "OMP_WAIT_POLICY"  # OpenMP 3.0; read when torch is imported


def wait_asleep() -> None:
    """Let the threads of a torch that is not imported yet wait asleep, unless the environment says how."""
    os.environ.setdefault(POLICY, "PASSIVE")


MPS_FALLBACK = "PYTORCH_ENABLE_MPS_FALLBACK"  # of PyTorch; read when torch is imported


def let_mps_fall_back() -> None:
    """Let the CPU do what Apple's GPU cannot, in a torch that is not imported yet."""
    if sys.platform == "darwin":
        os.environ.setdefault(MPS_FALLBACK, "1")


class Interrupted(CondcolorError):
    """Stopped by a signal, with everything saved; exits like the shell says: 128 + the signal."""

    def __init__(self, number: int, message: str):
        super().__init__(message)
        self.exit_code = 128 + number


SignalHandler = Callable[[int, FrameType | None], Any] | int | signal.Handlers | None


class StopFlag:
    """While entered, the first SIGINT or SIGTERM only sets `.signal`; a second one acts as ever.

    A signal that is being ignored, as SIGINT is in a shell's background job, stays ignored. Outside the
    main thread, where Python lets no one handle signals, nothing changes and `.signal` stays 0.
    """

    def __init__(self) -> None:
        self.signal = 0
        self._before: dict[int, SignalHandler] = {}

    def __enter__(self) -> StopFlag:
        self.signal = 0
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                # None: a handler that is not Python's, which could not be put back
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
AHEAD = 2  # batches that are ready and wait


def ahead(make: Callable[[In], Out], inputs: Iterable[In], depth: int = AHEAD) -> Iterator[Out]:
    """Yield `make(input)` of each, in order; a thread makes up to `depth` of them before they are asked for.

    What `make` raises is raised where its result would have come. Closing the iterator ends the thread.
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
            for one in inputs:
                if closed.is_set():
                    return
                put((make(one),))
            put(None)
        except BaseException as error:
            put(error)

    thread = threading.Thread(target=work, name="feeding", daemon=True)
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
    """Return how many cores the system lets this process run on, one at least."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
