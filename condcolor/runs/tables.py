"""The tables that a report shows, as data: settings, phases, history, confusion, baselines."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from condcolor.conditions.colors import RGB, format_hex
from condcolor.errors import CondcolorError
from condcolor.evaluation.measures import Measure, number, of_group
from condcolor.evaluation.photos import PhotoEvaluation
from condcolor.evaluation.sketches import Evaluation
from condcolor.recipes import Phase, find_recipe
from condcolor.runs.folder import RunFolder, log_frame
from condcolor.runtime.messages import evenly

if TYPE_CHECKING:
    from pandas import DataFrame

MOST_ROWS = 600  # tests that are listed; of more, some are left out, evenly
MOST_ATTRIBUTES = 12  # that get tables and columns
MOST_VALUES = 16  # of an attribute, in a table; of more, the worst pairs are listed
WORST = 12  # of those
LONGEST = 40  # letters of a value that are shown
SHADES = 4  # of a cell, by its share of what was asked


class Cell(NamedTuple):
    """A cell: `kind` is a class of report.css, `color` that of a dot before the text."""

    text: str
    kind: str = ""
    color: str = ""


DASH = Cell("–", "none")


@dataclass(frozen=True)
class Table:
    """A table, whose first column names its rows."""

    caption: str
    heads: Sequence[str | Cell]
    rows: Sequence[Sequence[str | Cell]]
    kind: str = ""

    @classmethod
    def of_text(
        cls, caption: str, heads: Sequence[str], rows: Sequence[Sequence[str | Cell]]
    ) -> Table:
        """Return a table whose cells are words, not figures."""
        rows = [
            [row[0], *(c if isinstance(c, Cell) else Cell(c, "text") for c in row[1:])]
            for row in rows
        ]
        return cls(caption, [Cell(head, "text") for head in heads], rows)


def shown_attributes(run: RunFolder, most: int = MOST_ATTRIBUTES) -> tuple[str, ...]:
    """Return the names of the attributes that get tables: so many, at most."""
    return run.plan.schema.names[:most]


def _figure(value: object, measure: Measure) -> str | Cell:
    known = number(value)
    return DASH if known is None else measure.text(known)


# -- settings --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Setting:
    """A field of a run's settings, beside the recipe's; `usual` is None where the recipe has none."""

    group: str
    name: str
    value: object
    usual: object

    @property
    def is_changed(self) -> bool:
        return self.value != self.usual


def settings(run: RunFolder) -> list[Setting]:
    """Return every number of the training, the phases and the networks."""
    plan = run.plan
    recipe = find_recipe(plan.recipe)
    rows = list(_fields("training", plan.config, recipe.defaults))
    usual = {phase.name: phase for phase in recipe.phases}
    for phase in plan.phases:
        rows += _fields(f"phase {phase.name}", phase, usual.get(phase.name))
    try:
        network = recipe.model_config(plan.schema.planes)
    except CondcolorError:  # a condition that the recipe's own network cannot take
        network = None
    return [*rows, *_fields("networks", plan.model, network)]


def _fields(group: str, config, usual) -> Iterator[Setting]:
    for field in dataclasses.fields(config):
        other = getattr(usual, field.name) if usual is not None else None
        if not isinstance(config, Phase) or field.name != "name":
            yield Setting(group, field.name, getattr(config, field.name), other)


def setting_text(value: object) -> str:
    """Return a setting as a person would write it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple | list):
        return ", ".join(map(str, value)) or "none"
    return f"{value:g}" if isinstance(value, float) else str(value)


def settings_table(rows: Sequence[Setting], caption: str) -> Table:
    """Return settings beside the recipe's; a changed one carries a mark, and the word."""
    lines = []
    for row in rows:
        value = Cell(setting_text(row.value), "text changed" if row.is_changed else "text")
        usual = setting_text(row.usual) if row.usual is not None else "-"
        lines.append((row.name, row.group, value, usual, "changed" if row.is_changed else ""))
    return Table.of_text(caption, ("setting", "of", "this run", "the recipe", ""), lines)


# -- phases ----------------------------------------------------------------------------------------


def phases_table(run: RunFolder) -> Table:
    """Return when each phase ended, why, and which step it went back to."""
    rows = []
    for i, phase in enumerate(run.plan.phases):
        end = run.phase_ends.get(i)
        has_begun = any(entry.get("phase") == phase.name for entry in run.log)
        networks = {"G": phase.trains_generator, "D": phase.trains_discriminator}
        learns = " and ".join(name for name, does in networks.items() if does)
        step = f"{end['step']:,}" if end else "–"
        rows.append((phase.name, learns, f"{phase.epochs}", step, _why(run, phase, end, has_begun)))
    heads = ("phase", "learns", "epochs planned", "ended at step", "how")
    return Table.of_text("When each phase ended, and why", heads, rows)


def _why(run: RunFolder, phase: Phase, end: Mapping | None, has_begun: bool) -> str:
    if not phase.epochs:
        return "left out"
    if end is None:
        return f"not over: {run.state}" if has_begun else "not begun"
    why = "its epochs were over"
    if end.get("stopped"):
        why = f"by itself: no better in {run.plan.config.patience} tests"
    kept = number(end.get("kept_step"))
    if kept is None:
        return why
    if kept == end["step"]:
        return f"{why}; its last step was its best"
    return f"{why}; went back to its best, step {kept:,.0f}"


# -- every test ------------------------------------------------------------------------------------


def history(frame: DataFrame) -> DataFrame:
    """Return every epoch and every test, one row where they are of one step, in order."""
    rows = frame[frame.kind.isin(("epoch", "check"))]
    rows = rows.assign(epoch=rows.epoch.where(rows.kind == "epoch"))  # a check is within one
    rows = rows.groupby(["step", "phase"], sort=False).last().reset_index()
    return rows.sort_values("step", kind="stable", ignore_index=True)


def history_table(run: RunFolder) -> tuple[Table, int]:
    """Return all epochs and tests, a row each, and how many there is no room for."""
    every = history(run.frame)
    is_kept = every.tested.notna() & (every.step == run.kept_step)
    chosen = {*evenly(every.index, MOST_ROWS), *every.index[is_kept]}
    rows = every.loc[sorted(chosen)]
    columns = _columns(run, every)
    heads = ["step", "epoch", "phase", "minutes", *(head for head, _, _ in columns)]
    lines = []
    for i, row in zip(rows.index, rows.to_dict("records"), strict=True):
        step = f"{row['step']:,}" + (" ★ kept" if is_kept[i] else "")
        epoch = DASH if row["epoch"] != row["epoch"] else f"{row['epoch']:.0f}"
        minutes = DASH if row["seconds"] != row["seconds"] else f"{row['seconds'] / 60:,.1f}"
        figures = (_figure(row.get(key), measure) for _, key, measure in columns)
        lines.append((step, epoch, row["phase"] or DASH, minutes, *figures))
    caption = "Every epoch and every test; losses are those of the last steps before"
    return Table(caption, heads, lines), len(every) - len(rows)


def _columns(run: RunFolder, every: DataFrame) -> list[tuple[str, str, Measure]]:
    """Return head, key in the log's table and measure of the figures that the run has."""
    columns = _if_any(every, of_group("loss", "loss part", "discriminator"))
    if every.tested.notna().any():
        columns += _of_attributes(shown_attributes(run))
        columns += _if_any(every, of_group("test"))
        columns += [(m.name, m.key, m) for m in of_group("score")]
    return columns


def _if_any(every: DataFrame, measures: Sequence[Measure]) -> list[tuple[str, str, Measure]]:
    return [(m.name, m.key, m) for m in measures if every[m.key].notna().any()]


def _of_attributes(names: Sequence[str]) -> list[tuple[str, str, Measure]]:
    measures = of_group("attribute")
    return [(f"{name} {m.name}", f"{m.key}/{name}", m) for name in names for m in measures]


# -- asked and seen --------------------------------------------------------------------------------


def confusion_table(score: Mapping, palette: Sequence[RGB | None], caption: str) -> Table | None:
    """Return a row a value asked, a column a value seen; None where nothing was counted."""
    values, counts = score.get("values"), score.get("confusion")
    if not values or not counts or not any(map(sum, counts)):
        return None
    colors = dict(zip(values, palette, strict=False)) if len(palette) == len(values) else {}
    if len(values) > MOST_VALUES:
        return _worst(values, counts, caption)
    heads = [_named(value, colors.get(value)) for value in values]
    lines = [
        [head, *(_count(count, sum(row), is_right=i == j) for j, count in enumerate(row))]
        for i, (head, row) in enumerate(zip(heads, counts, strict=True))
    ]
    return Table(caption, ["asked \\ seen", *heads], lines, kind="asked")


def _named(value: str, color: RGB | None = None) -> Cell:
    text = value if len(value) <= LONGEST else value[: LONGEST - 1] + "…"
    return Cell(text, color=format_hex(color) if color is not None else "")


def _count(count: int, asked: int, *, is_right: bool) -> Cell:
    shade = min(SHADES, -(-count * SHADES // asked)) if count else 0
    kind = f"{'r' if is_right else 'w'}{shade}" if shade else "none"
    return Cell(str(count) if count else "·", f"{kind} right" if is_right else kind)


def _worst(values: Sequence[str], counts: Sequence[Sequence[int]], caption: str) -> Table:
    """Return the most frequent mistakes."""
    wrong = [
        (count, values[i], values[j], sum(row))
        for i, row in enumerate(counts)
        for j, count in enumerate(row)
        if count and i != j
    ]
    wrong.sort(key=lambda mistake: -mistake[0])
    rows = [(_named(a), _named(seen), f"{count} of {of}") for count, a, seen, of in wrong[:WORST]]
    return Table(f"{caption}: the most frequent mistakes", ("asked", "seen", "times"), rows)


# -- beside the baselines --------------------------------------------------------------------------


def baselines_table(split: str, measured: Mapping[str, Evaluation | PhotoEvaluation]) -> Table:
    """Return a split's figures, a row a way of colouring."""
    names, tests = list(measured), [evaluation.to_json() for evaluation in measured.values()]
    rows = log_frame([{"kind": "check", "step": 0, "test": test} for test in tests])
    columns = _of_attributes([s["name"] for s in tests[0].get("attributes", ())][:MOST_ATTRIBUTES])
    columns += [(m.name, m.key, m) for m in of_group("test") if m.key in tests[0]]
    lines = [
        [name, *(_figure(row.get(key), measure) for _, key, measure in columns)]
        for name, row in zip(names, rows.to_dict("records"), strict=True)
    ]
    heads = ["", *(head for head, _, _ in columns)]
    grey = tests[names.index("grey")].get("ab_error") if "grey" in names else None
    if grey:
        heads.insert(1, "ab error to grey's")
        for line, test in zip(lines, tests, strict=True):
            line.insert(1, f"{100 * (test['ab_error'] / grey - 1):+.1f} %")
    count = tests[0].get("inputs", tests[0].get("pictures"))
    return Table(f"{split}: {count} pictures", heads, lines)
