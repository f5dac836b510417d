"""The report of a training run: one HTML file that needs nothing else, made of what the run folder holds."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from pathlib import Path

from condcolor.errors import UsageError
from condcolor.evaluation.evaluate import EVALUATORS, make_evaluator
from condcolor.evaluation.evaluator import Tables
from condcolor.inference.colorizer import Colorizer
from condcolor.recipes import find_recipe
from condcolor.runs.charts import draw
from condcolor.runs.folder import FINISHED, RunFolder
from condcolor.runs.html import MOST_MOMENTS, Html, Inliner, element, flip_book, page, views
from condcolor.runs.plots import axis_of, loss_charts, measure_charts
from condcolor.runs.summary import head, summary
from condcolor.runs.tables import (
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

NAME = "report.html"  # in the run folder, where it is made anew as often as one likes
MOST_BYTES = 5_000_000  # of the whole file
LONGER = 10  # epochs, in the command that trains on
PAGES = Path(__file__).parent / "templates"


def write_report(
    run: RunFolder | Path | str,
    path: Path | str | None = None,
    *,
    tables: Tables | None = None,
    overwrite: bool = False,
) -> Path:
    """Write the report of a run, in whatever state that is; where it went.

    Args:
        path: another place than `report.html` in the run folder, which is always made anew.
        tables: the kept model's figures beside baselines, as `measure_kept` gives them.

    Raises:
        CheckpointError: no run there, or its config.json is damaged.
        DataError: its log.jsonl is damaged, or the report cannot be written.
        UsageError: `path` is no name for a page, or is taken.
    """
    run = run if isinstance(run, RunFolder) else RunFolder.read(run)
    made = run.path / NAME if path is None else Path(path)
    if path is not None:
        check_place(path, overwrite)
    write_whole(made, render(run, tables).encode(), overwrite=overwrite or path is None)
    return made


def measure_kept(
    run: RunFolder,
    *,
    device: str | None = None,
    max_inputs: int | None = None,
    on_progress: Callable[[int, int], None] | None = None,
    on_skip: Callable[[str], None] | None = None,
) -> Tables:
    """The figures of the run's kept model on the run's data, beside baselines, as `evaluate` gives them.

    Raises:
        CheckpointError: there is no model yet, or it is damaged.
        DataError: the data is not there any more, or cannot be used.
    """
    colorizer = Colorizer.load(run.path, device=device)
    return make_evaluator(colorizer.recipe).compare(
        colorizer,
        run.plan.data,
        max_inputs=max_inputs,
        on_progress=on_progress,
        on_skip=on_skip,
    )


def check_place(path: Path | str, overwrite: bool) -> None:
    """UsageError unless a report may be written there; worth asking before long work."""
    if Path(path).suffix.lower() not in (".html", ".htm"):
        raise UsageError(f"{shown_name(path)}: a report is a page: give it a name in .html")
    refuse_taken(path, overwrite)


def render(run: RunFolder, tables: Tables | None = None) -> str:
    """The whole page, under MOST_BYTES."""
    style, script = (
        (PAGES / name).read_text(encoding="utf-8") for name in ("report.css", "report.js")
    )
    sections = {
        "Measures": _measures(run),
        **({"Asked and seen": _confusions(run)} if run.plan.schema.attributes else {}),
        "Losses": _losses(run),
        "Phases": [phases_table(run)],
        "Baselines": _baselines(run, tables),
        "Settings": _settings(run),
        "Every test": _history(run),
        "Go on": _commands(run),
    }
    size = sum(len(part) for parts in sections.values() for part in parts)
    inliner = Inliner(MOST_BYTES - size - len(style) - len(script) - 100_000)
    sections = {"Samples": _samples(run, inliner), **sections}
    body = [head(run), _navigation(sections), summary(run, [*run.notes, *inliner.notes])]
    for title, parts in sections.items():
        heading = element("h2", title)
        body.append(element("section", heading, *parts, id=_anchor(title), aria_label=title))
    made = f"condcolor {__version__}. Everything in this page is in this file; it loads nothing."
    body.append(element("footer", made))
    return page(f"{run.name} - training report", body, style=style, script=script)


def _anchor(title: str) -> str:
    return title.lower().replace(" ", "-")


def _navigation(sections: Mapping[str, object]) -> Html:
    links = (element("a", title, href=f"#{_anchor(title)}") for title in sections)
    return element("nav", *links, aria_label="Sections")


# -- its sections ----------------------------------------------------------------------------------


def _samples(run: RunFolder, inliner: Inliner) -> list[Html]:
    moments = [one for one in run.sheets if not one.compares]
    chosen = evenly(moments, MOST_MOMENTS)
    compared = evenly([one for one in run.sheets if one.compares], 3)
    pages = views([*chosen, *compared], inliner)
    if not pages:
        return [element("p", "No sample sheet could be shown.", class_="soft")]
    told = "The same pictures at each moment."
    if len(moments) > len(chosen):
        told += f" {len(chosen)} of {len(moments)} moments, spread evenly."
    parts = [element("p", told, class_="soft")]
    if book := [shown for moment, shown in pages if not moment.compares]:
        parts.append(flip_book(book, "Sample sheets"))
    return [*parts, *(shown for moment, shown in pages if moment.compares)]


def _measures(run: RunFolder) -> list[Html]:
    charts = measure_charts(run)
    if not charts:
        return [element("p", "No test so far.", class_="soft")]
    checked = EVALUATORS[find_recipe(run.plan.recipe).task.name].checked
    caption = f"Of the test split, {checked}. ★ is the step whose model was kept."
    return [element("p", caption, class_="soft"), _drawn(run, charts)]


def _losses(run: RunFolder) -> list[Html]:
    charts = loss_charts(run)
    if not charts:
        return [element("p", "No loss was read so far.", class_="soft")]
    told = "Means of ten steps. Where they are many, the line is the mean of several, the band their range."
    return [element("p", told, class_="soft"), _drawn(run, charts)]


def _drawn(run: RunFolder, charts) -> Html:
    steps = axis_of(run)
    return element("div", *(draw(chart, steps) for chart in charts), class_="charts")


def _confusions(run: RunFolder) -> list[Html]:
    """What was taken for what, by the kept model and in the latest test."""
    latest = run.checks[-1] if run.checks else None
    models = {}
    if run.kept_test:
        same = latest is not None and latest["step"] == run.kept_step
        label = "the kept model" + (", also the latest" if same else "")
        models[f"{label} (step {run.kept_step:,})"] = run.kept_test
    if latest is not None and (not models or latest["step"] != run.kept_step):
        models[f"the latest (step {latest['step']:,})"] = latest["test"]
    parts = []
    for attribute in run.plan.schema.attributes[: len(shown_attributes(run))]:
        tables = []
        for label, test in models.items():
            for score in test.get("attributes") or ():
                if score.get("name") == attribute.name:
                    caption = f"{attribute.name}, {label}"
                    tables.append(confusion_table(score, attribute.palette, caption))
        if any(tables):
            parts.append(element("div", *tables, class_="tables"))
    if parts:
        told = "Rows: the colour asked. Columns: the palette's colour that is nearest to what came."
        return [element("p", told, class_="soft"), *parts]
    return [element("p", "No test has counted colours so far.", class_="soft")]


def _baselines(run: RunFolder, tables: Tables | None) -> list[Html]:
    if tables is None:
        told = element("p", "Not measured for this page. To add the kept model beside baselines:")
        return [told, _code(f"condcolor report {_quoted(run.path)} --evaluate")]
    told = (
        f"The kept model on {run.plan.data}, as `condcolor evaluate` measures it: whole pictures as "
        "`colorize` makes them, where tests in training see the network's own squares."
    )
    parts = [element("p", told, class_="soft")]
    if any(split.startswith("all ") for split in tables):
        told = "The data names no split: pictures that the model learnt from are among these."
        parts.append(element("p", told, class_="soft"))
    return [*parts, *(baselines_table(split, table) for split, table in tables.items())]


def _settings(run: RunFolder) -> list[Html]:
    rows = settings(run)
    changed = [row for row in rows if row.changed and row.usual is not None]
    if changed:
        told = settings_table(changed, f"{len(changed)} settings that differ from the recipe's")
    else:
        told = element("p", "All as the recipe says.")
    summary = element("summary", f"All {len(rows)} settings")
    return [told, element("details", summary, settings_table(rows, "Every setting"))]


def _history(run: RunFolder) -> list[Html]:
    if not any(entry["kind"] in ("epoch", "check") for entry in run.log):
        return [element("p", "No epoch is over yet.", class_="soft")]
    listed, left_out = history_table(run)
    parts = [element("div", listed, class_="long")]
    if left_out:
        told = f"{left_out:,} rows more are in log.jsonl; these are spread evenly."
        parts.insert(0, element("p", told, class_="soft"))
    return parts


def _commands(run: RunFolder) -> list[Html]:
    folder, data = _quoted(run.path), _quoted(run.plan.data)
    lines = [f"condcolor resume {folder}"] if run.state != FINISHED else []
    *earlier, last = (phase.epochs for phase in run.plan.phases)
    longer = ",".join(map(str, (*earlier, last + LONGER)))
    lines.append(f"condcolor resume {folder} --epochs {longer}     # train it longer")
    if run.kept:
        if run.plan.schema.attributes:
            lines.append(f"condcolor variants SKETCH --model {folder} -o sheet.png")
            lines.append(f"condcolor colorize --help --model {folder}     # its options")
        else:
            lines.append(f"condcolor colorize PHOTOGRAPH --model {folder} -o colored.png")
        lines.append(f"condcolor evaluate {folder} {data}")
        lines.append(f"condcolor info {folder}")
    lines.append(f"condcolor report {folder}     # this page, anew")
    return [_code(*lines)]


def _quoted(path: Path) -> str:
    return shlex.quote(shown_name(path))


def _code(*lines: str) -> Html:
    shown = Html("\n".join(element("span", line) for line in lines))
    return element("pre", element("code", shown), tabindex="0")
