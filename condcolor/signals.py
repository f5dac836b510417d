"""SIGINT and SIGTERM as a flag that long work looks at between two steps."""

from __future__ import annotations

import signal
import threading

from condcolor.errors import CondcolorError


class Interrupted(CondcolorError):
    """Stopped by a signal, with everything saved; exits like the shell says: 128 + the signal."""

    def __init__(self, number: int, message: str):
        super().__init__(message)
        self.exit_code = 128 + number


class StopFlag:
    """While entered, the first SIGINT or SIGTERM only sets `.signal`; a second one acts as ever.

    A signal that is being ignored, as SIGINT is in a shell's background job, stays ignored. Outside the
    main thread, where Python lets no one handle signals, nothing changes and `.signal` stays 0.
    """

    def __init__(self):
        self.signal = 0
        self._before: dict[int, object] = {}

    def __enter__(self) -> StopFlag:
        self.signal = 0
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                # None: a handler that is not Python's, which could not be put back
                if signal.getsignal(number) not in (signal.SIG_IGN, None):
                    self._before[number] = signal.signal(number, self._set)
        return self

    def _set(self, number: int, frame) -> None:
        self.signal = number
        self._restore()

    def _restore(self) -> None:
        while self._before:
            signal.signal(*self._before.popitem())

    def __exit__(self, *_) -> None:
        self._restore()
