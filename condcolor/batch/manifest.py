"""manifest.jsonl: what is done, so that a folder's next run skips it.

Each picture gets a line when it is finished; of several lines for one output the last counts. Paths are
relative to the folder, so that they hold wherever the command is started. Lines are appended in place, since
rewriting the file for each picture would take quadratic time.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from condcolor.batch.checks import Inconsistency
from condcolor.batch.jobs import Job
from condcolor.batch.rendering import PLAIN, RenderOptions
from condcolor.conditions.color_spec import asked_for
from condcolor.conditions.colors import format_hex, parse_hex
from condcolor.errors import CondcolorError, UsageError
from condcolor.models.model_folder import ModelInfo
from condcolor.runtime.messages import shown_name
from condcolor.runtime.regular_files import read_regular

NAME = "manifest.jsonl"
MAX_BYTES = 4 * 2**30  # some ten million pictures
BEGUN, DONE, FAILED = "begun", "done", "failed"


@dataclass(frozen=True)
class Settings:
    """The settings that decide an output, besides the picture and its values."""

    model: str  # name or path, as the user gave it
    sha256: str  # of its weights
    vivid: float
    lock: bool = False
    grid: str = ""
    paper: str = ""
    fill_black: bool = False
    recolor: bool = False
    keep_colors: bool = False
    guide: str = ""  # hints, and the sha256 of a photograph to be like
    needs: tuple[str, ...] = ()  # keys that an entry must have, such as `measured`


@dataclass
class Manifest:
    """The entries of a folder's manifest. `problem` says why the file, or a part of it, cannot be used.

    A bad file never stops the work, and no line of it is ever changed or removed.
    """

    folder: Path
    settings: Settings
    problem: str = ""
    _entries: dict[str, dict] = field(default_factory=dict, init=False)
    _usable: bool = field(default=True, init=False)
    _torn: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        try:
            if not os.path.lexists(self.path):
                return
            if not stat.S_ISREG(os.lstat(self.path).st_mode):
                raise OSError("not a plain file")
            self._parse(read_regular(self.path, MAX_BYTES))
        except OSError as error:
            self._give_up("cannot be read", error)

    @property
    def path(self) -> Path:
        return self.folder / NAME

    def has(self, job: Job) -> bool:
        """Whether the job was done with these settings, its picture is unchanged and its output exists."""
        entry = self._entries.get(self._relative(job.out), {})
        if entry.get("status") != DONE or not job.out.is_file():
            return False
        try:
            wanted = self._wanted(job)
        except OSError:  # the picture is gone: the job fails with the reason
            return False
        is_same = all(entry.get(name) == value for name, value in wanted.items())
        return is_same and all(name in entry for name in self.settings.needs)

    def entry(self, job: Job) -> Mapping[str, object]:
        """Return the last entry of a job's output; empty where there is none."""
        return self._entries.get(self._relative(job.out), {})

    @property
    def entries(self) -> Mapping[str, Mapping[str, Any]]:
        """The last entry of each output, by its path relative to the folder."""
        return self._entries

    def may_replace(self, job: Job) -> bool:
        """Whether its output may be replaced: a run was cut off at it, or parts were corrected since."""
        entry = self._entries.get(self._relative(job.out), {})
        if entry.get("status") != DONE:
            return entry.get("status") == BEGUN
        try:
            wanted = self._wanted(job)
        except OSError:
            return False
        return {name for name, value in wanted.items() if entry.get(name) != value} == {"parts"}

    def begin(self, job: Job) -> None:
        """Append that the job's output is being written. An OSError goes to `problem`, as in `add`."""
        self._write({"status": BEGUN, "output": self._relative(job.out)})

    def add(
        self,
        job: Job,
        *,
        seconds: float,
        error: CondcolorError | None = None,
        notes: tuple[str, ...] = (),
        findings: Mapping[str, object] | None = None,
    ) -> None:
        """Append the result of a job. An OSError goes to `problem`, and ends the appending.

        findings: further keys of the entry, JSON values.
        """
        entry: dict[str, object] = {"status": FAILED if error else DONE}
        if error:
            entry["reason"] = str(error)
        try:
            wanted = self._wanted(job).items()
            entry |= {name: value for name, value in wanted if value is not None}
        except OSError:  # no such picture, which is why it failed
            entry["source"] = self._relative(job.source)
        entry |= {"output": self._relative(job.out), "model": self.settings.model}
        entry |= {"seconds": round(seconds, 3), "notes": list(notes)}
        entry |= findings or {}
        self._write(entry)

    def _write(self, entry: dict[str, object]) -> None:
        self._entries[str(entry["output"])] = entry
        if not self._usable:
            return
        try:
            self._append(json.dumps(entry).encode() + b"\n")
        except OSError as fault:
            self._give_up("cannot be written", fault)

    def _wanted(self, job: Job) -> dict[str, object]:
        """Return the keys that the entry of this job has; None for keys that it must lack.

        Raises:
            OSError: the picture is gone.
        """
        status = os.stat(job.source)
        return {
            "source": self._relative(job.source),
            "size": status.st_size,
            "mtime_ns": status.st_mtime_ns,
            "values": {name: spec.text for name, spec in asked_for(job.values).items()},
            "vivid": self.settings.vivid,
            "sha256": self.settings.sha256,
            "lock": self.settings.lock or None,
            "grid": self.settings.grid or None,
            "paper": self.settings.paper or None,
            "fill_black": self.settings.fill_black or None,
            "parts": job.corrections.key,
            "recolor": self.settings.recolor or None,
            "keep_colors": self.settings.keep_colors or None,
            "guide": self.settings.guide or None,
        }

    def _parse(self, data: bytes) -> None:
        lines = data.split(b"\n")
        self._torn = bool(lines.pop())  # by a crash; its picture is colored again
        wrong = []
        for number, line in enumerate(lines, start=1):
            try:
                entry = json.loads(line)
                _check_findings(entry)
                self._entries[entry["output"]] = entry
            except (ValueError, TypeError, KeyError, AttributeError, RecursionError, UsageError):
                was_cut_off = line.startswith(b"{") and not line.endswith(b"}")  # by a crash
                if not was_cut_off:
                    wrong.append(number)
        if wrong:
            more = f" and {len(wrong) - 1} more" if len(wrong) > 1 else ""
            problem = f"line {wrong[0]}{more} cannot be read, its pictures count as not done"
            self.problem = f"{shown_name(self.path)}: {problem}"

    def _append(self, line: bytes) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
        file = os.open(self.path, flags, 0o666)
        try:
            line = b"\n" * self._torn + line
            if os.write(file, line) < len(line):
                raise OSError("the disk is full")
        finally:
            os.close(file)
        self._torn = False

    def _give_up(self, fault: str, error: OSError) -> None:
        self._usable = False
        reason = error.strerror or error
        self.problem = f"{shown_name(self.path)}: {fault} ({reason}): going on without it"

    def _relative(self, path: Path) -> str:
        return Path(os.path.relpath(path, self.folder)).as_posix()


def _check_findings(entry: Mapping[str, Any]) -> None:
    """Check that the doubts and measured colors of an entry are such.

    Raises:
        ValueError, TypeError, KeyError, AttributeError, UsageError: they are not.
    """
    for doubt in (entry.get("doubts") or {}).values():
        Inconsistency(float(doubt["score"]), str(doubt["when"]))
    for color in (entry.get("measured") or {}).values():
        if color:
            parse_hex(color)


def settings_of(info: ModelInfo, vivid: float | None, options: RenderOptions = PLAIN) -> Settings:
    """Return the settings of a model with options; `vivid` None is the model's own."""
    factor = info.vivid if vivid is None else vivid
    paper = options.paper if isinstance(options.paper, str) else format_hex(options.paper)
    return Settings(
        info.name,
        info.sha256,
        factor,
        options.lock,
        grid=str(options.grid or ""),
        paper="" if paper == "keep" else paper,
        fill_black=options.fill_black,
        recolor=options.recolor,
        keep_colors=options.keep_colors,
        guide=options.guide.key,
        needs=options.entry_keys,
    )
