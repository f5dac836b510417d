"""The log of a run, log.jsonl: appended to, read without its damaged lines, cut back to a step."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from condcolor.errors import DataError, UsageError
from condcolor.evaluation.measures import LARGEST
from condcolor.runtime.files import write_whole
from condcolor.runtime.messages import listed, shown_name

LOG = "log.jsonl"
ASIDE = "log-damaged.txt"  # damaged lines of it, as they were
Entry = dict[str, Any]  # a line of the log


class Lines(NamedTuple):
    """The lines of a log; a last one that a crash cut short is in neither."""

    entries: list[Entry]
    damaged: dict[int, bytes]  # by line number, from 1


def append(run: Path, entry: Entry) -> None:
    """Append a line to the run's log, in place: readers skip a last line that a crash cut short."""
    with open(run / LOG, "a", encoding="utf-8") as file:
        file.write(json.dumps(entry, allow_nan=False) + "\n")


def read_log(run: Path, say: Callable[[str], None] | None = None) -> list[Entry]:
    """Return the sound entries of a run's log.

    Args:
        say: called with a note that names the damaged lines, if there are any.

    Raises:
        UsageError: there is no log.
        DataError: it cannot be read.
    """
    lines = _read(run)
    if lines.damaged and say is not None:
        say(f"{_named(run, lines)} left out")
    return lines.entries


def truncate(run: Path, step: int, *, phases: int, say: Callable[[str], None]) -> None:
    """Remove entries after `step`, and the ends of phases from index `phases` on, which are logged anew.

    Damaged lines move to ASIDE, in the run's folder; `say` is called with a note of that.
    """
    path = run / LOG
    if not path.is_file():
        return
    lines = _read(run)
    if lines.damaged:
        with open(run / ASIDE, "ab") as file:
            file.writelines(line + b"\n" for line in lines.damaged.values())
        say(f"{_named(run, lines)} kept aside in {ASIDE}")
    kept = (entry for entry in lines.entries if entry["step"] <= step)
    text = "".join(json.dumps(e) + "\n" for e in kept if e.get("index", -1) < phases)
    write_whole(path, text.encode(), overwrite=True)


def _read(run: Path) -> Lines:
    path = run / LOG
    if not path.is_file():
        raise UsageError(f"{shown_name(run)}: no {LOG} here, so this is not a training run")
    try:
        *whole, last = path.read_bytes().split(b"\n")
    except OSError as error:
        raise DataError(f"{shown_name(path)}: cannot be read ({error.strerror or error})") from None
    lines = Lines([], {})
    for number, line in enumerate([*whole, last], start=1):
        entry = _parsed(line)
        if entry is not None:
            lines.entries.append(entry)
        elif number <= len(whole):
            lines.damaged[number] = line
    return lines


def _parsed(line: bytes) -> Entry | None:
    """Return the entry of a line; None if it is none."""
    try:
        entry = json.loads(line.decode("utf-8"))
        if b"\\u" in line:  # an escape may be half a character, which no table or page can hold
            json.dumps(entry, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError):
        return None
    return entry if is_entry(entry) else None


def _named(run: Path, lines: Lines) -> str:
    noun = "line" if len(lines.damaged) == 1 else "lines"
    return f"{shown_name(run / LOG)}: {noun} {listed([*map(str, lines.damaged)])} damaged,"


def is_entry(entry: object) -> bool:
    """Return whether an entry has the keys and types that readers of a log rely on."""
    if not isinstance(entry, dict):
        return False
    needed = ("step", "epoch") if entry.get("kind") in ("epoch", "phase", "check") else ("step",)
    counts = (entry.get(name) for name in needed)
    index = entry.get("index", 0)
    return (
        isinstance(entry.get("kind"), str)
        and isinstance(entry.get("phase", ""), str)
        and all(map(_is_count, counts))
        and _is_count(index)
        and (entry.get("test") is None or is_test(entry["test"]))
    )


def is_test(test: object) -> bool:
    """Return whether it has the form of an evaluation: figures, and the confusions of each attribute."""
    attributes = test.get("attributes") or () if isinstance(test, dict) else None
    return isinstance(attributes, list | tuple) and all(map(_is_score, attributes))


def _is_score(score: object) -> bool:
    if not isinstance(score, dict) or not isinstance(score.get("name"), str):
        return False
    values, counts = score.get("values"), score.get("confusion")
    if values is None and counts is None:  # not counted
        return True
    if not isinstance(values, list) or not isinstance(counts, list) or len(counts) != len(values):
        return False
    return all(isinstance(value, str) for value in values) and all(
        isinstance(row, list) and len(row) == len(values) and all(map(_is_count, row))
        for row in counts
    )


def _is_count(value: object) -> bool:
    return type(value) is int and 0 <= value < LARGEST
