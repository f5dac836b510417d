"""log.jsonl of a run folder: a line for each reading of the losses, each check, each epoch and each phase."""

from __future__ import annotations

import json
import os
from pathlib import Path

from condcolor.errors import UsageError

NAME = "log.jsonl"


def append(run: Path, entry: dict) -> None:
    with open(run / NAME, "a", encoding="utf-8") as file:
        file.write(json.dumps(entry, allow_nan=False) + "\n")


def read_log(run: Path) -> list[dict]:
    """The entries of a run; a torn last line, from a crash, is left out."""
    path = run / NAME
    if not path.is_file():
        raise UsageError(f"{run}: no {NAME} here, so this is not a training run")
    entries = []
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            entries.append(json.loads(line))
        except ValueError:
            break
    return entries


def truncate(run: Path, step: int, *, phases: int) -> None:
    """Drop what was logged after `step`, or of phases that `phases` do not count as done: it comes again."""
    path = run / NAME
    if path.is_file():
        known = (entry for entry in read_log(run) if entry["step"] <= step)
        kept = [json.dumps(entry) + "\n" for entry in known if entry.get("index", -1) < phases]
        new = path.with_suffix(".tmp")
        new.write_text("".join(kept), encoding="utf-8")
        os.replace(new, path)
