"""Seconds of whole commands, each from a cold process."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from condcolor.errors import DataError

# what it is called: its words; {icons} and {photographs} are folders of drawn pictures
COMMANDS = {
    "condcolor --help": "--help",
    "condcolor colorize, one 256 px sketch": (
        "colorize {icons}/inputs/0.png --hair red --shirt blue -o {out}/icon.png --overwrite"
    ),
    "condcolor colorize, one 640x480 photograph": (
        "colorize {photographs}/00.jpg --model photo -o {out}/photograph.jpg --overwrite"
    ),
}


@dataclass(frozen=True)
class CommandTime:
    """Of some runs."""

    command: str
    median_s: float
    min_s: float
    max_s: float
    runs: int

    def to_json(self) -> dict[str, object]:
        return asdict(self)


def time_commands(
    folders: dict[str, Path],
    runs: int,
    environment: dict[str, str],
    on_run: Callable[[], None] = lambda: None,
) -> list[CommandTime]:
    """Each of COMMANDS, `runs` times, by turns.

    Raises:
        DataError: a command failed.
    """
    taken: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(runs):
        for name, words in COMMANDS.items():
            arguments = [word.format(**folders) for word in words.split()]
            taken[name].append(_seconds_of(name, arguments, environment))
        on_run()
    return [
        CommandTime(name, statistics.median(seconds), min(seconds), max(seconds), runs)
        for name, seconds in taken.items()
    ]


def _seconds_of(name: str, arguments: list[str], environment: dict[str, str]) -> float:
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-P", "-m", "condcolor", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=environment,
        text=True,
        check=False,
        start_new_session=True,  # Ctrl-C ends it through us, without a line of its own
    )
    seconds = time.perf_counter() - started
    if done.returncode:
        said = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        raise DataError(f"{name} failed: {said.removeprefix('Error: ')}")
    return seconds
