"""Folder runs of `colorize_files` that are killed at random moments, each done again and compared.

`python tests/helpers/killed_folders.py KILLS SEED FOLDER` prints a JSON object: `kills`, `colored` (pictures
that the killed runs left done) and `wrong`, a text for each fault. It forks what it kills, so that torch is
imported once.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from pathlib import Path

from killed_runs import exit_code, forked
from models import save_random_parts
from pictures import sketch

from condcolor import colorize_files
from condcolor.batch.manifest import NAME

PICTURES = 12
SIDE = 120  # pixels of a picture
MOST = 4  # kills of one folder
LINES = 2 * PICTURES  # of the manifest of a whole run
COLORS = {"hair": "red", "shirt": "#3060a0"}


def go_on(folder: Path, out: Path) -> None:
    """Color the folder, or what is left of it; raise where a picture failed."""
    result = colorize_files(
        folder / "sketches", out, COLORS, model=folder / "model", device="cpu", lock=True
    )
    assert (result.failed, result.left) == (0, 0), result


def outputs(out: Path) -> dict[str, bytes]:
    """The pictures of a folder by name; a hidden file that a kill left unfinished is none."""
    return {path.name: path.read_bytes() for path in out.glob("[!.]*.png")}


def done(out: Path) -> list[str]:
    """The names that the manifest calls done, once for each time that they were made."""
    lines = (out / NAME).read_bytes().split(b"\n")[:-1] if (out / NAME).is_file() else []
    entries = [json.loads(line) for line in lines if line.endswith(b"}")]
    return [entry["output"] for entry in entries if entry["status"] == "done"]


def wait_for(lines: int, seconds: float, out: Path, process: int) -> None:
    """Wait until a run has written so many more lines of the manifest, or has ended; then some seconds."""
    path = out / NAME
    before = path.read_bytes().count(b"\n") if path.is_file() else 0
    while os.waitid(os.P_PID, process, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
        if lines == 0 or (path.is_file() and path.read_bytes().count(b"\n") >= before + lines):
            break
        time.sleep(0.001)
    time.sleep(seconds)


def main(kills: int, seed: int, folder: Path) -> dict[str, object]:
    draws = random.Random(seed)
    (folder / "sketches").mkdir(parents=True)
    save_random_parts(folder / "model", gain=20)
    for number in range(PICTURES):
        sketch(SIDE + number, SIDE).save(folder / "sketches" / f"{number:02}.png")
    started = time.monotonic()
    assert exit_code(forked(lambda: go_on(folder, folder / "whole"))) == 0
    seconds = time.monotonic() - started
    expected, wrong, killed, colored, number = outputs(folder / "whole"), [], 0, 0, 0
    assert len(expected) == PICTURES
    while killed < kills and len(wrong) < 3:
        number += 1
        out, moments = folder / f"out-{number}", []
        for _ in range(MOST):
            before = set(done(out))
            process = forked(lambda out=out: go_on(folder, out))
            moments.append((draws.randrange(LINES), draws.uniform(0, seconds / LINES)))
            wait_for(*moments[-1], out, process)
            os.kill(process, signal.SIGKILL)
            if exit_code(process) != -signal.SIGKILL:
                break  # it ended before
            killed += 1
            now = set(done(out))
            colored += len(now - before)
            found = outputs(out)
            lost = sorted(name for name in now if found.get(name) != expected[name])
            half = sorted(name for name in found if found[name] != expected[name])
            if lost or half or not before <= now:
                wrong.append(f"{out.name}, killed after {moments}: lost {lost}, half {half}")
        code = exit_code(forked(lambda out=out: go_on(folder, out)))
        if code or outputs(out) != expected or set(done(out)) != set(expected):
            wrong.append(f"{out.name}, killed after {moments}: exit {code}, other pictures")
        if len(again := done(out)) > PICTURES + len(moments):
            wrong.append(f"{out.name}: {len(again)} pictures made for {len(moments)} kills")
    return {"kills": killed, "colored": colored, "wrong": wrong}


if __name__ == "__main__":
    print(json.dumps(main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))))
