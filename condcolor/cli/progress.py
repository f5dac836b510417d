"""Progress bars and lines."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from condcolor.cli.errors import Terminated
from condcolor.evaluation.measures import of_group
from condcolor.runtime.messages import shown_name
from condcolor.runtime.process import Interrupted
from condcolor.training.callbacks import Callbacks

if TYPE_CHECKING:
    from tqdm import tqdm

    from condcolor.training.trainer import Trainer

QUIET = 5.0  # seconds, shortest time between two lines; short work prints none
LONGEST = 60.0  # seconds after which a line is printed though no further tenth is done


class Progress:
    """A progress bar on stderr: a context manager, and the callback `(done, total)` of the library.

    If stderr is no terminal, a line is printed for each tenth of the work, and at least every minute.
    """

    def __init__(self, label: str, *, clock: Callable[[], float] = time.monotonic):
        self.label, self.clock = label, clock
        self.is_terminal = sys.stderr is not None and sys.stderr.isatty()
        self.bar: tqdm | None = None
        self.total = self.first = self.last = self.tenth = 0
        self.started = self.reported = clock()

    def __enter__(self) -> Progress:
        return self

    def __call__(self, done: int, total: int, detail: str = "") -> None:
        if total != self.total or done < self.last:  # the next of several passes
            self.total, self.first, self.tenth = total, done, 10 * done // total
            self.started = self.reported = self.clock()
            self._close()
        if self.is_terminal:
            self._show(done, total, detail)
        else:
            self._print_line(done, total)
        self.last = done

    def say(self, text: str, *, err: bool = False) -> None:
        """Print a line beside the bar."""
        if self.bar is not None:
            self.bar.clear()
        click.echo(text, err=err)
        if self.bar is not None:
            self.bar.refresh()

    def __exit__(self, *_: object) -> None:
        self._close()

    def _show(self, done: int, total: int, detail: str) -> None:
        if self.bar is None:
            from tqdm import tqdm as make_bar

            self.bar = make_bar(
                total=total, initial=done, desc=self.label, leave=False, file=sys.stderr
            )
        if detail:
            self.bar.set_postfix_str(detail, refresh=False)
        self.bar.update(done - self.bar.n)

    def _print_line(self, done: int, total: int) -> None:
        now = self.clock()
        tenth, waited = 10 * done // total, now - self.reported
        if done < total and waited >= QUIET and (tenth > self.tenth or waited >= LONGEST):
            self.reported, self.tenth = now, tenth
            rate = (done - self.first) / (now - self.started)
            left = f", about {span((total - done) / rate)} left" if rate else ""
            percent = 100 * done // total
            click.echo(f"{self.label}: {done:,} of {total:,} ({percent} %){left}", err=True)

    def _close(self) -> None:
        if self.bar is not None:
            self.bar.close()
            self.bar = None


def span(seconds: float) -> str:
    """Format a duration: `40 s`, `12 min`, `3.5 h`."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    if seconds < 100 * 60:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"


class ProgressSteps:
    """Progress of several steps: a context manager, and the callback `(label, done, total)`."""

    def __init__(self) -> None:
        self.progress = Progress("")

    def __enter__(self) -> ProgressSteps:
        return self

    def __call__(self, label: str, done: int, total: int) -> None:
        if label != self.progress.label:
            self.__exit__()
            self.progress = Progress(label)
        self.progress(done, total)

    def say(self, text: str) -> None:
        self.progress.say(f"note: {text}", err=True)

    def __exit__(self, *_: object) -> None:
        self.progress.__exit__()


@contextmanager
def resumable_download(target: Path | None, by_hand: str) -> Iterator[None]:
    """Make interrupts inside the block say what is kept, and failed downloads how to download by hand.

    Args:
        target: the archive, or the folder of several, that is downloaded; None without a download.
        by_hand: the manual way, for the message of a failed download.

    Raises:
        Interrupted: the download was interrupted.
        DownloadError: it failed.
    """
    from condcolor.data.builders.download import DownloadError

    try:
        yield
    except DownloadError as error:
        raise DownloadError(f"{error}; {by_hand}") from error
    except (KeyboardInterrupt, Terminated) as stopped:
        number = signal.SIGINT if isinstance(stopped, KeyboardInterrupt) else signal.SIGTERM
        raise Interrupted(number, _kept(target)) from None


def _kept(target: Path | None) -> str:
    from condcolor.data.builders.archive import size_of

    for path in (target.with_name(target.name + ".part"), target) if target else ():
        if path.exists():
            kept = f"{size_of(path) / 1e6:,.1f} MB are kept in {shown_name(path)}"
            return f"{kept}; the same command goes on from there"
    return "nothing was written"


class TrainingProgress(Callbacks):
    """The progress of a training: a bar or lines for steps, and a line for each epoch."""

    def __init__(self, progress: Progress):
        self.progress = progress
        self.says_epochs = True

    def on_decoded(self, done: int, total: int) -> None:
        self.progress(done, total, "pictures decoded")

    def on_generated(self, done: int, total: int) -> None:
        self.progress(done, total, "pictures coloured")

    def on_begin(self, trainer: Trainer) -> None:
        self.says_epochs = not trainer.config.minutes  # which of few drawings are short
        rows = f"{len(trainer.train)} rows to train on"
        rows += f", {len(trainer.test)} to test on" if trainer.test else ", none to test on"
        start = f"step {trainer.step}, epoch {trainer.epoch} of {trainer.epochs}"
        self.on_note(f"{rows}; {trainer.device.type}, {trainer.nets.precision}; from {start}")

    def on_check(self, step: int, summary: str) -> None:
        self.on_note(f"step {step:>4}  {summary}")

    def on_step(self, done: int, total: int, losses: Mapping[str, float]) -> None:
        self.progress(done, total, _losses(losses))

    def on_epoch(self, entry: dict[str, Any], summary: str) -> None:
        if not (self.says_epochs or summary):
            return
        minutes = f"{entry['seconds'] / 60:.1f} min"
        parts = (f"epoch {entry['epoch']:>3}", entry["phase"], _losses(entry), minutes, summary)
        self.on_note("  ".join(part for part in parts if part))

    def on_note(self, text: str) -> None:
        self.progress.say(text)


def _losses(entry: Mapping[str, float]) -> str:
    """Return the losses of the networks that learn, and the accuracy of the discriminator."""
    known = (m for m in of_group("loss", "discriminator") if m.key in entry)
    return " ".join(f"{m.name} {m.text(entry[m.key])}" for m in known)
