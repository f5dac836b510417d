"""A process that times one subject, asked over a pipe: `python -m condcolor.benchmarking.worker`.

Each line of stdin is a JSON object and gets one on stdout: first a Subject, then `{"seconds": s}` for the
samples of so long, or `{"memory": true}`. It ends with its stdin. Between two questions it computes nothing.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from contextlib import suppress

from condcolor.benchmarking.subject import MATMUL, OURS, Subject
from condcolor.errors import CondcolorError
from condcolor.heap import keep_memory
from condcolor.memory import memory_told


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who asks ends us
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what others print is no answer
    timed = None
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            with memory_told("take a smaller --batch or --width"):
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

    from condcolor.benchmarking.ours import matmul, prepare_ours
    from condcolor.benchmarking.textbook import prepare_textbook

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
