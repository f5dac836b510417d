"""`RunFolder`: what a run holds, read once; its log as a table."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from condcolor.errors import CheckpointError, UsageError
from condcolor.evaluation.measures import MEASURES, number, of_group
from condcolor.models.model_folder import CONFIG, read_config
from condcolor.recipes import start_of
from condcolor.runs.config import LOCK, RUN_CONFIG, RunConfig
from condcolor.runs.data_sums import FILE
from condcolor.runs.log import LOG, Entry, is_test, read_log
from condcolor.runs.state import STATES, state_folders
from condcolor.runtime.files import is_locked, lock, surviving
from condcolor.runtime.messages import shown_name

if TYPE_CHECKING:
    from pandas import DataFrame

FINISHED, TRAINING, STOPPED = "finished", "training now", "stopped before its end"
SHEET = re.compile(r"(train|test)-(epoch-(\d+)|(before-and-)?after-(.+))\.png")


@dataclass(frozen=True)
class Sheets:
    """The sample sheets of one moment, by split ("test", "train")."""

    label: str
    step: int | None  # None: the log does not say
    compares: bool  # the models before and after a phase, side by side
    paths: Mapping[str, Path]


@dataclass(frozen=True)
class RunFolder:
    """A run as it is on disk."""

    path: Path
    plan: RunConfig
    log: tuple[Entry, ...]
    kept: Mapping[str, Any]  # config.json of the best model; {} without one
    last: Mapping[str, Any]  # that of the last model
    notes: tuple[str, ...]  # on files that cannot be read

    @classmethod
    def read(cls, path: Path | str) -> RunFolder:
        """Read a run folder, finished or not.

        Raises:
            CheckpointError: it is no run folder, or its config.json is damaged.
            DataError: its log.jsonl cannot be read; damaged lines of it are noted.
        """
        path, notes = Path(path), list[str]()
        plan, _ = RunConfig.load(path)
        log = tuple(read_log(path, notes.append)) if (path / LOG).is_file() else ()
        kept, last = (
            _model_config(surviving(path / name), notes) for name in ("model", "model-last")
        )
        return cls(path, plan, log, kept, last, tuple(notes))

    @property
    def name(self) -> str:
        return shown_name(self.path.absolute().name)

    @cached_property
    def phase_ends(self) -> dict[int, Entry]:
        """The log entry of each finished phase's end, by the index of the phase."""
        ends: dict[int, Entry] = {}
        names = [phase.name for phase in self.plan.phases]
        for entry in self.log:
            if entry["kind"] == "phase" and number(entry.get("index")) is not None:
                ends[int(entry["index"])] = entry
            elif entry["kind"] == "step" and entry.get("phase") in names:
                ends.pop(names.index(entry["phase"]), None)  # resumed with more epochs
        phases = self.plan.phases
        return {
            i: end
            for i, end in ends.items()
            if i < len(phases)
            and (end.get("stopped") or end["epoch"] >= start_of(phases, i) + phases[i].epochs)
        }

    @cached_property
    def state(self) -> str:
        """FINISHED, TRAINING or STOPPED."""
        planned = [i for i, phase in enumerate(self.plan.phases) if phase.epochs]
        if all(i in self.phase_ends for i in planned):
            return FINISHED
        return TRAINING if is_locked(self.path / LOCK) else STOPPED

    @property
    def step(self) -> int:
        """The last step in the log."""
        return max((entry["step"] for entry in self.log), default=0)

    @property
    def epoch(self) -> int:
        """The last epoch in the log, over all phases."""
        return max((entry["epoch"] for entry in self.log if entry["kind"] == "epoch"), default=0)

    @property
    def minutes(self) -> float | None:
        """Minutes of training until the last epoch in the log."""
        seconds = [number(entry.get("seconds")) for entry in self.log if entry["kind"] == "epoch"]
        return max((value / 60 for value in seconds if value is not None), default=None)

    @property
    def kept_step(self) -> int | None:
        """The steps of training behind the best model."""
        step = number(self.kept.get("training", {}).get("steps"))
        return None if step is None else int(step)

    @property
    def kept_test(self) -> Mapping[str, Any]:
        """The measures of the best model, {} where it was not measured."""
        return self.kept.get("metrics", {})

    @cached_property
    def checks(self) -> list[Entry]:
        """The log entries with tests, in order: checks, or in older runs epochs."""
        return [self.log[i] for i in tests_of(self.frame).index]

    @cached_property
    def frame(self) -> DataFrame:
        """The log as a table."""
        return log_frame(self.log)

    @cached_property
    def sheets(self) -> list[Sheets]:
        """The sample sheets, in the order of their steps."""
        moments: dict[tuple[bool, int | None, str], dict[str, Path]] = {}
        folder = self.path / "samples"
        for path in sorted(folder.glob("*.png")) if folder.is_dir() else ():
            if match := SHEET.fullmatch(path.name):
                split, _, epoch, before, phase = match.groups()
                key = (bool(before), int(epoch) if epoch else None, phase)
                moments.setdefault(key, {})[split] = path
        ordered = [self._sheets(*key, paths) for key, paths in moments.items()]
        return [sheets for _, sheets in sorted(ordered, key=lambda pair: pair[0])]

    def _sheets(
        self, compares: bool, epoch: int | None, phase: str | None, paths: Mapping[str, Path]
    ) -> tuple[tuple[bool, int, bool, int], Sheets]:
        """Return the sheets of a moment, after a key to sort by."""
        kind, value = ("epoch", epoch) if phase is None else ("phase", phase)
        entries = (e for e in reversed(self.log) if e["kind"] == kind and e.get(kind) == value)
        entry: Entry = next(entries, {})
        step, kept = entry.get("step"), number(entry.get("kept_step"))
        label = f"after {phase}" if phase else f"epoch {epoch}"
        label = f"before and {label}" if compares else label
        if kept not in (None, step):
            label += f" (its best, step {kept:,.0f})"
        order = (step is None, step or 0, phase is not None, epoch or 0)
        return order, Sheets(label, step, compares, paths)


def _model_config(folder: Path, notes: list[str]) -> dict[str, Any]:
    """Return the config.json of a model, {} where there is none; what cannot be read goes to `notes`."""
    if not (folder / CONFIG).is_file():
        return {}
    try:
        config = read_config(folder)
    except CheckpointError as error:
        notes.append(str(error))
        return {}
    is_training = isinstance(config.get("training"), dict)
    for name, is_sound in (("training", is_training), ("metrics", is_test(config.get("metrics")))):
        if config.get(name) and not is_sound:
            notes.append(f"{shown_name(folder / CONFIG)}: its {name} cannot be read")
        config = config if is_sound else config | {name: {}}
    return config


def locked(run: Path) -> AbstractContextManager[BinaryIO]:
    """Lock a run folder against a second trainer, in a `with` block.

    Raises:
        UsageError: another process is training there.
    """
    return lock(run / LOCK, UsageError(f"{run}: another process is training here"))


def log_frame(log: Sequence[Mapping]) -> DataFrame:
    """Return the entries of a log as a table, a row each; figures that are no number are NaN.

    Columns: kind, step, epoch, phase ("" where the entry has none), seconds, kept_step, tested (True where it
    holds a test), each measure by its key, and `obeyed/hair` for a measure of an attribute.
    """
    import pandas as pd

    of_attributes = of_group("attribute")
    of_losses = {measure.key for measure in of_group("loss", "loss part")}
    keys = [measure.key for measure in MEASURES.values() if measure not in of_attributes]
    rows: list[Entry] = []
    for entry in log:
        test = entry.get("test") or {}
        row = {"kind": entry["kind"], "step": entry["step"], "phase": entry.get("phase") or ""}
        row |= {key: number(entry.get(key)) for key in ("epoch", "seconds", "kept_step")}
        row["tested"] = True if test else None
        # older runs logged 0 for a loss that was not computed
        figures = {**test, **{k: v for k, v in entry.items() if v or k not in of_losses}}
        row |= {key: number(figures.get(key)) for key in keys}
        for score in test.get("attributes") or ():
            row |= {f"{m.key}/{score['name']}": number(score.get(m.key)) for m in of_attributes}
        rows.append(row)
    columns = ["kind", "step", "phase", "epoch", "seconds", "kept_step", "tested", *keys]
    frame = pd.DataFrame(rows, columns=None if rows else columns)
    floats = frame.columns.difference(["kind", "step", "phase", "tested"])
    return frame.astype({**dict.fromkeys(floats, float), "step": int})


def tests_of(frame: DataFrame) -> DataFrame:
    """Return the rows with tests, in order: checks, or in older runs epochs."""
    tests = frame[frame.kind.isin(("check", "epoch")) & frame.tested.notna()]
    return tests.drop_duplicates(["step", "phase"]).sort_values("step", kind="stable")


def points_of(frame: DataFrame, key: str) -> DataFrame:
    """Return step, phase and value of a loss at each of its readings, or of a measure in each test."""
    group = MEASURES[key.partition("/")[0]].group
    if group in ("loss", "loss part", "discriminator"):
        # an epoch's entry repeats the losses of its last steps, and has the accuracy in test
        rows = frame if key == "accuracy_test" else frame[frame.kind == "step"]
    else:
        rows = tests_of(frame)
    return rows[["step", "phase", key]].dropna().set_axis(["step", "phase", "value"], axis=1)


def is_unstarted(run: Path) -> bool:
    """Return whether a kill ended the run before its first state, so that it may be trained anew."""
    own = {LOCK, RUN_CONFIG, FILE, STATES}
    names = [path.name for path in run.iterdir()]
    is_own = all(name in own or _is_leftover(name) for name in names)
    return LOCK in names and is_own and not state_folders(run)


def remove_leftovers(run: Path) -> None:
    """Remove what a kill left half-written in a run folder, but for states, which are pruned in time."""
    for path in run.iterdir():
        if _is_leftover(path.name):
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def _is_leftover(name: str) -> bool:
    return name.startswith(".") and name.endswith(".tmp")
