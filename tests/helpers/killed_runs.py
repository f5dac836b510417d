"""Trainings that are killed at random moments, each resumed and compared with one that never was.

`python tests/helpers/killed_runs.py KILLS SEED FOLDER` prints a JSON object: `kills`, and `wrong`, a text for
each run that ended otherwise. It forks what it kills, so that torch is imported once.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path

import pandas  # noqa: F401  # what a training imports late is there before the first fork
import torch
from drawn import draw_set
from matplotlib import figure  # noqa: F401
from training_runs import QUICK, SMALL

from condcolor.runs.config import RUN_CONFIG
from condcolor.runs.log import read_log
from condcolor.runs.state import state_folders
from condcolor.training.train import resume, train

MOST = 4  # kills of one run
WEIGHTS = ("model/model.safetensors", "model-last/model.safetensors")


def go_on(data: Path, run: Path) -> None:
    """Train, or resume a run that has begun."""
    torch.set_num_threads(1)
    if (run / RUN_CONFIG).is_file():
        resume(run, device="cpu")
    else:
        train(data, run, epochs=[2], device="cpu", checkpoint_epochs=1, model=SMALL, **QUICK)


def forked(work: Callable[[], None]) -> int:
    """Start `work` in a process of its own and return its id; it exits with 1 after an error."""
    process = os.fork()
    if process:
        return process
    code = 1
    try:
        work()
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def exit_code(process: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def content(run: Path) -> dict[str, object]:
    """What two runs must share: state and models byte by byte, and the log without its times."""
    states = state_folders(run)
    found: dict[str, object] = {name: (run / name).read_bytes() for name in WEIGHTS}
    found["state"] = (states[0].name, (states[0] / "state.safetensors").read_bytes())
    entries = read_log(run, lambda note: found.update(note=note))
    found["log"] = [{k: v for k, v in entry.items() if k != "seconds"} for entry in entries]
    return found


def main(kills: int, seed: int, folder: Path) -> dict[str, object]:
    draws = random.Random(seed)
    for name, characters in (("train", (0, 1)), ("test", (2,))):
        draw_set(folder / "data" / name, characters, masked=True)
    data = folder / "data"
    started = time.monotonic()
    assert exit_code(forked(lambda: go_on(data, folder / "whole"))) == 0
    seconds = time.monotonic() - started
    expected, wrong, done, number = content(folder / "whole"), [], 0, 0
    while done < kills and len(wrong) < 3:
        number += 1
        run, moments = folder / f"run-{number}", []
        for _ in range(MOST):
            process = forked(lambda run=run: go_on(data, run))
            moments.append(draws.uniform(0, seconds))
            time.sleep(moments[-1])
            os.kill(process, signal.SIGKILL)
            if (code := exit_code(process)) != -signal.SIGKILL:
                break  # it ended before
            done += 1
        else:
            code = exit_code(forked(lambda run=run: go_on(data, run)))
        if code:
            wrong.append(f"{run.name}, killed after {moments} s: exit {code}")
        else:
            found = content(run)
            names = [name for name in expected if expected[name] != found[name]]
            wrong += [f"{run.name}, killed after {moments} s: other {names}"] if names else []
    return {"kills": done, "wrong": wrong}


if __name__ == "__main__":
    print(json.dumps(main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))))
