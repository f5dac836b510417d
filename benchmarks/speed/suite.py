"""The whole of it: every case by turns, then the commands."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict
from itertools import chain
from pathlib import Path

import torch

from benchmarks.speed import machine
from benchmarks.speed.commands import CommandTime, time_commands
from benchmarks.speed.pictures import draw_icons, draw_photographs, link_photographs
from benchmarks.speed.report import DATA_PRECISION, Report, Row, rate, ratio, spread
from benchmarks.speed.settings import (
    COMMANDS,
    DATA,
    ENCODED,
    INFERENCE,
    MATMUL,
    OURS,
    TEXTBOOK,
    TRAINING,
    Case,
    Settings,
    Subject,
    measured_phase,
)
from benchmarks.speed.subjects import load_textbook
from benchmarks.speed.timing import Samples, forward_flops, training_flops
from benchmarks.speed.workers import Participant, by_turns, environment
from condcolor.recipes import find_recipe

WEIGHTS = {TRAINING: 6, COMMANDS: 2}  # of a turn, about, where that of another kind of work is 1
OnProgress = Callable[[int, int, str], None]


def measure(settings: Settings, on_progress: OnProgress = lambda done, total, what: None) -> Report:
    """Measure all that `settings` ask for. Takes minutes; another process computes, ours or the textbook's.

    Raises:
        UsageError: the textbook's file is none. DataError: no pictures, too little memory, a failed command.
    """
    known = load_textbook(settings.textbook).RECIPES if settings.textbook else ()
    found = machine.describe(torch.device(settings.device))
    with tempfile.TemporaryDirectory(prefix="condcolor-bench-") as folder:
        with Bench(settings, Path(folder), known, on_progress) as bench:
            rows = [row for case in settings.cases() for row in bench.rows(case)]
            commands = bench.commands() if COMMANDS in settings.what else []
        told = {name: _plain(value) for name, value in asdict(settings).items()}
        return Report(
            found,
            settings.device,
            str(settings.textbook) if settings.textbook else None,
            {precision: rate(taken) / 1e9 for precision, taken in bench.matmul_samples.items()},
            tuple(rows),
            tuple(commands),
            told,
        )


class Bench:
    """What the cases share: drawn pictures, matmul's processes and how far the work has come."""

    def __init__(self, settings: Settings, folder: Path, known, on_progress: OnProgress):
        self.settings, self.known, self.on_progress = settings, tuple(known), on_progress
        self.folders = {"icons": folder / "icons", "photographs": folder / "photographs"}
        self.folders["out"] = folder / "out"
        draw_icons(self.folders["icons"])
        if settings.data is None:
            draw_photographs(self.folders["photographs"])
        else:
            link_photographs(settings.data, self.folders["photographs"])
        self.matmuls: dict[str, Participant] = {}
        self.matmul_samples: dict[str, Samples] = {}
        self.stack = contextlib.ExitStack()
        self.done = 0
        self.total = sum(
            WEIGHTS.get(case.what, 1) * (1 + settings.turns_of(case)) for case in settings.cases()
        )
        self.total += settings.runs * WEIGHTS[COMMANDS] * (COMMANDS in settings.what)

    def __enter__(self) -> Bench:
        return self

    def __exit__(self, *_) -> None:
        self.stack.close()

    def rows(self, case: Case) -> Iterator[Row]:
        """Ours in every precision, and the textbook's if it knows the recipe."""
        settings = self.settings
        self._tell(str(case))
        with contextlib.ExitStack() as stack:
            runs = [stack.enter_context(Participant(subject)) for subject in self._subjects(case)]
            matmuls = [] if case.what == DATA else settings.precisions
            self._advance(case)
            turns = by_turns(
                [*runs, *(self._matmul(precision) for precision in matmuls)],
                turns=settings.turns_of(case),
                seconds=settings.seconds / settings.turns_of(case),
                on_turn=lambda: self._advance(case),
            )
            taken = dict(zip((run.subject for run in runs), turns, strict=False))
            rates = dict(zip(matmuls, turns[len(runs) :], strict=True))
            for precision, found in rates.items():
                self.matmul_samples.setdefault(precision, []).extend(chain(*found))
            textbook = next((t for s, t in taken.items() if s.whose == TEXTBOOK), None)
            for run in runs:
                yield _row(run, taken[run.subject], textbook, rates.get(run.subject.precision))

    def commands(self) -> list[CommandTime]:
        self._tell(COMMANDS)
        self.folders["out"].mkdir()
        runs = self.settings.runs
        return time_commands(self.folders, runs, environment(), lambda: self._advance(COMMANDS))

    def _subjects(self, case: Case) -> list[Subject]:
        task = find_recipe(case.recipe).task
        folder = self.folders["photographs" if task.photographs else "icons"]

        def subject(whose: str, what: str, precision: str) -> Subject:
            sizes = {"batch": case.batch, "width": case.width, "size": case.size}
            where = {"device": self.settings.device, "folder": str(folder)}
            textbook = str(Path(self.settings.textbook).resolve()) if whose == TEXTBOOK else ""
            return Subject(
                whose, what, case.recipe, precision=precision, textbook=textbook, **sizes, **where
            )

        if case.what == DATA:
            subjects = [subject(OURS, what, DATA_PRECISION[what]) for what in (DATA, ENCODED)]
        else:
            subjects = [subject(OURS, case.what, p) for p in self.settings.precisions]
        if case.recipe in self.known:
            subjects.append(subject(TEXTBOOK, case.what, "fp32"))
        return subjects

    def _matmul(self, precision: str) -> Participant:
        if precision not in self.matmuls:
            nothing = {"recipe": "", "batch": 1, "width": 1, "size": 1, "folder": ""}
            subject = Subject(
                MATMUL, MATMUL, device=self.settings.device, precision=precision, **nothing
            )
            self.matmuls[precision] = self.stack.enter_context(Participant(subject))
        return self.matmuls[precision]

    def _advance(self, what: Case | str) -> None:
        kind = what if isinstance(what, str) else what.what
        self.done += WEIGHTS.get(kind, 1)
        self._tell(str(what))

    def _tell(self, what: str) -> None:
        self.on_progress(self.done, self.total, what)


def _row(
    run: Participant,
    turns: list[Samples],
    textbook: list[Samples] | None,
    matmul: list[Samples] | None,
) -> Row:
    subject, memory = run.subject, run.memory()
    samples = list(chain(*turns))
    p50, p95 = spread(samples)
    compared: dict[str, float] = {}
    if subject.whose == OURS:
        flops = _flops(subject)
        if flops is not None:
            compared["gflop_per_picture"] = flops / 1e9
            compared["share_of_matmul"] = flops * ratio(turns, matmul)
        if textbook is not None:
            compared["vs_textbook"] = ratio(turns, textbook)
    kept = {name: getattr(subject, name) for name in ("whose", "what", "recipe", "device")}
    kept |= {name: getattr(subject, name) for name in ("precision", "batch", "width", "size")}
    return Row(
        **kept,
        pictures_per_s_p50=p50,
        pictures_per_s_p95=p95,
        samples=len(samples),
        seconds=sum(seconds for _, seconds in samples),
        peak_memory_bytes=memory["resident"],
        peak_device_memory_bytes=memory["device"],
        **compared,
    )


def _flops(subject: Subject) -> int | None:
    """Of one picture; None where nothing is computed in networks."""
    recipe = find_recipe(subject.recipe)
    model = subject.model(0)
    if subject.what == TRAINING:
        return training_flops(model, subject.size, measured_phase(recipe))
    if subject.what == INFERENCE:
        return forward_flops(model, subject.size)[0]
    return None


def _plain(value: object) -> object:
    return str(value) if isinstance(value, Path) else value
