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
    """While entered, the first SIGINT or SIGTERM only sets `.signal`; a second one acts as ever."""

    def __init__(self):
        self.signal = 0
        self._before: dict[int, object] = {}

    def __enter__(self) -> StopFlag:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before[number] = signal.signal(number, self._set)
        return self

    def _set(self, number: int, frame) -> None:
        self.signal = number
        self._restore()

    def _restore(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def __exit__(self, *_) -> None:
        self._restore()
