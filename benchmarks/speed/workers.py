"""Worker processes, each with one subject, and turns between them: what slows the machine slows all.

`python -m benchmarks.speed.workers` is one: each line of stdin is a JSON object and gets one on stdout, first
a Subject, then `{"seconds": s}` for the samples of so long, or `{"memory": true}`. It ends with its stdin.
"""

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

from benchmarks.speed.settings import MATMUL, OURS, TEXTBOOK, Subject
from benchmarks.speed.timing import Samples
from condcolor.errors import CheckpointError, CondcolorError, DataError, UsageError
from condcolor.runtime.messages import shown_name
from condcolor.runtime.process import StopFlag, keep_memory, memory_advice

SETTLED = 0.05  # seconds in which threads that wait for work fall asleep (libgomp spins a few ms)
KINDS = {kind.exit_code: kind for kind in (UsageError, DataError, CheckpointError)}


class Runs(Protocol):
    """What takes a turn."""

    def run(self, seconds: float) -> Samples: ...


class Participant:
    """A worker process that is ready to take its turns; a context manager, which ends it."""

    def __init__(self, subject: Subject):
        self.subject = subject
        self.process: subprocess.Popen | None = None
        try:
            with StopFlag() as stop:  # else Ctrl-C in Popen would leave a process that nobody knows
                self.process = subprocess.Popen(
                    [sys.executable, "-P", "-m", "benchmarks.speed.workers"],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                    encoding="utf-8",
                    env=environment(),
                    start_new_session=True,  # Ctrl-C is for us, and it ends with all that it started
                )
            if stop.signal:
                signal.raise_signal(stop.signal)
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
        if self.process is None:
            return
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
    checkout = str(Path(__file__).parents[2])
    found["PYTHONPATH"] = os.pathsep.join(filter(None, (checkout, found.get("PYTHONPATH"))))
    return found


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who asks ends us
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what others print is no answer
    timed = None
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            with memory_advice("take a smaller --batch or --width"):
                if timed is None:
                    subject = Subject(**asked)
                    timed = _prepare(subject)
                    answer: dict = {"ready": True}
                elif "seconds" in asked:
                    answer = {"samples": timed.run(asked["seconds"])}
                else:
                    answer = {"memory": _peak_memory(subject.device)}
        except CondcolorError as error:
            answer = {"error": str(error), "code": error.exit_code}
        except Exception as error:
            # a loader's ends with its process's own
            said = (str(error).strip().splitlines() or [""])[-1]
            answer = {"error": f"{type(error).__name__}: {said}", "code": 0}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def _prepare(subject: Subject):
    if subject.whose == OURS:  # as users get it; the others get what Python gives
        keep_memory()
    import torch

    from benchmarks.speed.subjects import matmul, prepare_ours, prepare_textbook

    torch.manual_seed(0)
    if subject.whose == MATMUL:
        return matmul(subject)
    return (prepare_ours if subject.whose == OURS else prepare_textbook)(subject)


def _peak_memory(device: str) -> dict[str, int | None]:
    """Bytes: the most that was resident, and the most that torch had of a GPU's memory."""
    import torch

    on_device = None
    if torch.device(device).type == "cuda":
        on_device = torch.cuda.max_memory_allocated(device)
    return {"resident": _peak_resident(), "device": on_device}


def _peak_resident() -> int | None:
    """Bytes. getrusage would count what the parent had when it started us, too."""
    with suppress(OSError), open("/proc/self/status", encoding="ascii", errors="replace") as file:
        for line in file:
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return None


if __name__ == "__main__":
    main()
