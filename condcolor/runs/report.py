"""The report of a run: one HTML file, put together from curves, tables and sample sheets."""

from __future__ import annotations

import base64
import hashlib
import shlex
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from condcolor.errors import UsageError
from condcolor.evaluation.evaluate import EVALUATORS, make_evaluator
from condcolor.evaluation.evaluator import Tables
from condcolor.inference.colorizer import Colorizer
from condcolor.recipes import find_recipe
from condcolor.runs.curves import Chart, Steps, loss_charts, measure_charts
from condcolor.runs.folder import FINISHED, RunFolder
from condcolor.runs.plots import dashes, svg_shapes
from condcolor.runs.sample_sheets import Inliner
from condcolor.runs.summary import cards, facts, missing, state_text, subject
from condcolor.runs.tables import (
    Table,
    baselines_table,
    confusion_table,
    history_table,
    phases_table,
    settings,
    settings_table,
    shown_attributes,
)
from condcolor.runtime.files import refuse_taken, write_whole
from condcolor.runtime.messages import evenly, shown_name
from condcolor.version import __version__

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

NAME = "report.html"  # in the run folder, where it is overwritten
MOST_BYTES = 5_000_000  # of the whole file
MOST_MOMENTS = 10  # with sample sheets in the page, spread over the run
MOST_TEXT = 5000  # characters of one text from a file; a path has 4,096 at most
LONGER = 10  # more epochs, in the example of a command
TEMPLATES = Path(__file__).parent / "templates"


def write_report(
    run: RunFolder | Path | str,
    path: Path | str | None = None,
    *,
    tables: Tables | None = None,
    overwrite: bool = False,
) -> Path:
    """Write the report of a run, finished or not, and return its path.

    Args:
        path: default: `report.html` in the run folder, which is overwritten.
        tables: the measures of the kept model and baselines, from `measure_kept`.

    Raises:
        CheckpointError: no run there, or its config.json is damaged.
        DataError: its log.jsonl is damaged, or the report cannot be written.
        UsageError: `path` is no name of a page, or exists.
    """
    run = run if isinstance(run, RunFolder) else RunFolder.read(run)
    target = run.path / NAME if path is None else Path(path)
    if path is not None:
        check_place(path, overwrite)
    write_whole(target, render(run, tables).encode(), overwrite=overwrite or path is None)
    return target


def measure_kept(
    run: RunFolder,
    *,
    device: str | None = None,
    max_inputs: int | None = None,
    on_progress: Callable[[int, int], None] | None = None,
    on_skip: Callable[[str], None] | None = None,
) -> Tables:
    """Measure the run's kept model and baselines on the run's data, as `evaluate` does.

    Raises:
        CheckpointError: there is no model yet, or it is damaged.
        DataError: the data is missing, or cannot be used.
    """
    colorizer = Colorizer.load(run.path, device=device, engine="torch")
    return make_evaluator(colorizer.recipe).compare(
        colorizer, run.plan.data, max_inputs=max_inputs, on_progress=on_progress, on_skip=on_skip
    )


def check_place(path: Path | str, overwrite: bool) -> None:
    """Check, before long work, that a report may be written there.

    Raises:
        UsageError: it may not.
    """
    if Path(path).suffix.lower() not in (".html", ".htm"):
        raise UsageError(f"{shown_name(path)}: a report is a page: give it a name in .html")
    refuse_taken(path, overwrite)


def render(run: RunFolder, tables: Tables | None = None) -> str:
    """Return the whole page, under MOST_BYTES."""
    template, page = page_environment().get_template("report.html.j2"), _page(run, tables)
    notes = [*missing(run), *run.notes]
    bare = template.render(page, moments=(), moments_left_out="", notes=notes)
    inliner = Inliner(MOST_BYTES - len(bare.encode()) - 50_000)
    every = [sheets for sheets in run.sheets if not sheets.compares]
    selected = evenly(every, MOST_MOMENTS)
    compared = evenly([sheets for sheets in run.sheets if sheets.compares], 3)
    moments = list(inliner.moments([*selected, *compared]))
    left_out = f" {len(selected)} of {len(every)} moments, spread evenly."
    return template.render(
        page,
        moments=moments,
        moments_left_out=left_out if len(every) > len(selected) else "",
        notes=[*notes, *inliner.notes],
    )


@cache
def page_environment() -> Environment:
    """Return the templates' environment, which escapes every text."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        finalize=_printable,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals["dashes"] = dashes
    environment.filters["anchor"] = lambda title: title.lower().replace(" ", "-")
    return environment


def _printable(value: object) -> object:
    """Return text on one line, unprintable characters as escapes like `\\x1b`; markup as it is."""
    if hasattr(value, "__html__"):
        return value
    text = shown_name(str(value)[: MOST_TEXT + 1])
    return text[:MOST_TEXT] + "…" if len(text) > MOST_TEXT else text


def _page(run: RunFolder, tables: Tables | None) -> dict[str, object]:
    """Return the variables of the template, except samples and notes."""
    from markupsafe import Markup

    steps = Steps.of(run.frame, run.kept_step)
    style, script = (Markup((TEMPLATES / f"report.{s}").read_text("utf-8")) for s in ("css", "js"))
    history, history_left_out = history_table(run)
    rows = settings(run)
    changed = [row for row in rows if row.is_changed and row.usual is not None]
    confusion = ["Asked and seen"] if run.plan.schema.attributes else []
    return {
        "run": run,
        "version": __version__,
        "style": style,
        "script": script,
        "policy": Markup(_policy(style, script)),
        "sections": [
            *("Samples", "Measures", *confusion, "Losses", "Phases", "Baselines", "Settings"),
            *("Every test", "Go on"),
        ],
        "subject": subject(run),
        "state": state_text(run),
        "is_finished": run.state == FINISHED,
        "cards": list(cards(run)),
        "facts": facts(run),
        "measures": _drawn(measure_charts(run.frame), steps),
        "measured_on": EVALUATORS[find_recipe(run.plan.recipe).task.name].checked,
        "confusions": list(_confusions(run)),
        "losses": _drawn(loss_charts(run.frame), steps),
        "phases": phases_table(run),
        "baselines": tables and [baselines_table(split, table) for split, table in tables.items()],
        "has_no_split": any(split.startswith("all ") for split in tables or ()),
        "changed": changed
        and settings_table(changed, f"{len(changed)} settings that differ from the recipe's"),
        "settings": settings_table(rows, "Every setting"),
        "history": history,
        "history_left_out": history_left_out,
        "folder": _quoted(run.path),
        "commands": list(_commands(run)),
    }


def _policy(style: str, script: str) -> str:
    """Return a Content-Security-Policy that loads nothing and runs only `script`."""
    sums = (base64.b64encode(hashlib.sha256(t.encode()).digest()).decode() for t in (style, script))
    return (
        "default-src 'none'; img-src data:; base-uri 'none'; form-action 'none'; "
        "style-src 'sha256-{}'; script-src 'sha256-{}'".format(*sums)
    )


def _drawn(charts: Sequence[Chart], steps: Steps) -> list[tuple[Chart, Markup]]:
    from markupsafe import Markup

    return [(chart, Markup(svg_shapes(chart, steps))) for chart in charts]


def _confusions(run: RunFolder) -> Iterator[list[Table]]:
    """Yield the confusion tables of each attribute: of the kept model, and of the latest test."""
    latest = run.checks[-1] if run.checks else None
    tests = {}
    if run.kept_test:
        is_latest = latest is not None and latest["step"] == run.kept_step
        label = "the kept model" + (", also the latest" if is_latest else "")
        tests[f"{label} (step {run.kept_step:,})"] = run.kept_test
    if latest is not None and (not tests or latest["step"] != run.kept_step):
        tests[f"the latest (step {latest['step']:,})"] = latest["test"]
    for attribute in run.plan.schema.attributes[: len(shown_attributes(run))]:
        tables = [
            confusion_table(score, attribute.palette, f"{attribute.name}, {label}")
            for label, test in tests.items()
            for score in test.get("attributes") or ()
            if score.get("name") == attribute.name
        ]
        if any(tables):
            yield [table for table in tables if table]


def _commands(run: RunFolder) -> Iterator[str]:
    """Yield commands to run next."""
    folder, data = _quoted(run.path), _quoted(run.plan.data)
    if run.state != FINISHED:
        yield f"condcolor resume {folder}"
    *earlier, last = (phase.epochs for phase in run.plan.phases)
    longer = ",".join(map(str, (*earlier, last + LONGER)))
    yield f"condcolor resume {folder} --epochs {longer}     # train it longer"
    if run.kept:
        if run.plan.schema.attributes:
            yield f"condcolor variants SKETCH --model {folder} -o sheet.png"
            yield f"condcolor colorize --help --model {folder}     # its options"
        else:
            yield f"condcolor colorize PHOTOGRAPH --model {folder} -o colored.png"
        yield f"condcolor evaluate {folder} {data}"
        yield f"condcolor info {folder}"
    yield f"condcolor report {folder}     # this page, anew"


def _quoted(path: Path) -> str:
    return shlex.quote(shown_name(path))
