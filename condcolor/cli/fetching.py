"""How a command tells of a download: its steps, what is kept when it stops, and the way by hand."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from condcolor.cli.exits import Terminated
from condcolor.cli.progress import Progress
from condcolor.filetypes import shown_name
from condcolor.signals import Interrupted


class Steps:
    """A context manager, and the callback `(what, done, total)`: a Progress for each `what`."""

    def __init__(self):
        self.progress = Progress("")

    def __enter__(self) -> Steps:
        return self

    def __call__(self, what: str, done: int, total: int) -> None:
        if what != self.progress.what:
            self.__exit__()
            self.progress = Progress(what)
        self.progress(done, total)

    def say(self, text: str) -> None:
        self.progress.say(f"note: {text}", err=True)

    def __exit__(self, *_) -> None:
        self.progress.__exit__()


@contextmanager
def goes_on(place: Path | None, by_hand: str) -> Iterator[None]:
    """Within it, a stop says what is kept, and a download that fails the way by hand.

    place: the archive, or the folder of several, that the download goes to; None: there is none.
    """
    from condcolor.sources.download import DownloadError

    try:
        yield
    except DownloadError as error:
        raise DownloadError(f"{error}; {by_hand}") from error
    except (KeyboardInterrupt, Terminated) as stopped:
        number = signal.SIGINT if isinstance(stopped, KeyboardInterrupt) else signal.SIGTERM
        raise Interrupted(number, _kept(place)) from None


def _kept(place: Path | None) -> str:
    from condcolor.sources.making import size_of

    for path in (place.with_name(place.name + ".part"), place) if place else ():
        if path.exists():
            kept = f"{size_of(path) / 1e6:,.1f} MB are kept in {shown_name(path)}"
            return f"{kept}; the same command goes on from there"
    return "nothing was written"
