"""Worker processes, each with one subject, and turns between them: what slows the machine slows all."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Protocol

from condcolor import version
from condcolor.benchmarking.subject import TEXTBOOK, Subject
from condcolor.benchmarking.timing import Samples
from condcolor.errors import CheckpointError, DataError, UsageError
from condcolor.filetypes import shown_name

SETTLED = 0.05  # seconds in which threads that wait for work fall asleep (libgomp spins a few ms)
KINDS = {kind.exit_code: kind for kind in (UsageError, DataError, CheckpointError)}


class Runs(Protocol):
    """What takes a turn."""

    def run(self, seconds: float) -> Samples: ...


class Participant:
    """A worker process that is ready to take its turns; a context manager, which ends it."""

    def __init__(self, subject: Subject):
        self.subject = subject
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "condcolor.benchmarking.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env=environment(),
            start_new_session=True,  # Ctrl-C is for us, and it ends with all that it started
        )
        try:
            self._ask(asdict(subject))
        except BaseException:
            self.close()
            raise

    def run(self, seconds: float) -> Samples:
        """The samples of about so many seconds, one at least."""
        return [(pictures, took) for pictures, took in self._ask({"seconds": seconds})["samples"]]

    def memory(self) -> dict[str, int | None]:
        """Peak bytes, `resident` and on the `device`; None where that is not known."""
        return self._ask({"memory": True})["memory"]

    def close(self) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            with suppress(BrokenPipeError):
                pipe.close()

    def __enter__(self) -> Participant:
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def _ask(self, question: dict) -> dict:
        line = ""
        with suppress(BrokenPipeError):
            self.process.stdin.write(json.dumps(question) + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        if not line:
            raise DataError(
                f"{self._said()} was killed, most likely for memory: take a smaller --batch or --width"
            )
        answer = json.loads(line)
        if "error" in answer:
            raise self._fault(answer)
        return answer

    def _fault(self, answer: dict) -> Exception:
        kind = KINDS.get(answer["code"])
        if kind is not None:
            return kind(answer["error"])
        if self.subject.whose == TEXTBOOK:
            return UsageError(f"textbook {shown_name(self.subject.textbook)}: {answer['error']}")
        return RuntimeError(f"{self._said()}: {answer['error']}")

    def _said(self) -> str:
        subject = self.subject
        return f"{subject.whose}, {subject.what} of {subject.recipe}, {subject.batch} at a time"


def by_turns(
    participants: Sequence[Runs],
    *,
    turns: int,
    seconds: float,
    on_turn: Callable[[], None] = lambda: None,
) -> list[list[Samples]]:
    """A B A B ...: for each participant, the samples of each of its turns of about `seconds`.

    A step that takes longer is done once.
    """
    taken: list[list[Samples]] = [[] for _ in participants]
    for _ in range(turns):
        for participant, samples in zip(participants, taken, strict=True):
            time.sleep(SETTLED)
            samples.append(participant.run(seconds))
        on_turn()
    return taken


def environment() -> dict[str, str]:
    """Ours, with this very package, and malloc as it comes: each subject decides on that by itself."""
    found = {k: v for k, v in os.environ.items() if not k.startswith("MALLOC_")}
    package = str(Path(version.__file__).parent.parent)
    found["PYTHONPATH"] = os.pathsep.join(filter(None, (package, found.get("PYTHONPATH"))))
    return found
