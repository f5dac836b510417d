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
def goes_on(archive: Path, url: str) -> Iterator[None]:
    """Within it, a stop says what is kept of the archive, and a download that fails the way by hand."""
    from condcolor.sources.download import DownloadError

    try:
        yield
    except DownloadError as error:
        hint = f"or download {shown_name(url)} by hand and add --archive FILE"
        raise DownloadError(f"{error}; {hint}") from error
    except (KeyboardInterrupt, Terminated) as stopped:
        number = signal.SIGINT if isinstance(stopped, KeyboardInterrupt) else signal.SIGTERM
        raise Interrupted(number, _kept(archive)) from None


def _kept(archive: Path) -> str:
    for path in (archive.with_name(archive.name + ".part"), archive):
        if path.is_file():
            kept = f"{path.stat().st_size / 1e6:,.1f} MB are kept in {shown_name(path)}"
            return f"{kept}; the same command goes on from there"
    return "nothing was written"
