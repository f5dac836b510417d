"""How far long work has come: a bar on a terminal, and elsewhere a line now and then."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import click

QUIET = 5.0  # seconds at least between two lines, so that short work says nothing
LONGEST = 60.0  # seconds after which a line comes, though no further tenth is done


class Progress:
    """A context manager, and the callback `(done, total)` that the library asks for. All goes to stderr.

    Where stderr is no terminal, a line comes with each tenth of the work and at least every minute.
    """

    def __init__(self, what: str, *, clock: Callable[[], float] = time.monotonic):
        self.what, self.clock = what, clock
        self.is_terminal = sys.stderr is not None and sys.stderr.isatty()
        self.bar = None
        self.total = self.first = self.last = self.tenth = 0
        self.started = self.told = clock()

    def __enter__(self) -> Progress:
        return self

    def __call__(self, done: int, total: int, detail: str = "") -> None:
        if total != self.total or done < self.last:  # the next of several passes begins
            self.total, self.first, self.tenth = total, done, 10 * done // total
            self.started = self.told = self.clock()
            self._close()
        if self.is_terminal:
            self._show(done, total, detail)
        else:
            self._tell(done, total)
        self.last = done

    def say(self, text: str, *, err: bool = False) -> None:
        """A line of its own, not into the bar."""
        if self.bar is not None:
            self.bar.clear()
        click.echo(text, err=err)
        if self.bar is not None:
            self.bar.refresh()

    def __exit__(self, *_) -> None:
        self._close()

    def _show(self, done: int, total: int, detail: str) -> None:
        if self.bar is None:
            from tqdm import tqdm

            self.bar = tqdm(total=total, initial=done, desc=self.what, leave=False, file=sys.stderr)
        if detail:
            self.bar.set_postfix_str(detail, refresh=False)
        self.bar.update(done - self.bar.n)

    def _tell(self, done: int, total: int) -> None:
        now = self.clock()
        tenth, waited = 10 * done // total, now - self.told
        if done < total and waited >= QUIET and (tenth > self.tenth or waited >= LONGEST):
            self.told, self.tenth = now, tenth
            rate = (done - self.first) / (now - self.started)
            left = f", about {span((total - done) / rate)} left" if rate else ""
            percent = 100 * done // total
            click.echo(f"{self.what}: {done:,} of {total:,} ({percent} %){left}", err=True)

    def _close(self) -> None:
        if self.bar is not None:
            self.bar.close()
            self.bar = None


def span(seconds: float) -> str:
    """`40 s`, `12 min`, `3.5 h`."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    if seconds < 100 * 60:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
