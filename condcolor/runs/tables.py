"""The tables that a report shows, as data: settings, phases, history, confusion, baselines."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from condcolor.conditions.colors import RGB, format_hex
from condcolor.errors import CondcolorError
from condcolor.evaluation.evaluator import Scores
from condcolor.evaluation.measures import Measure, number, of_group
from condcolor.recipes import Phase, find_recipe
from condcolor.runs.folder import RunFolder, log_frame
from condcolor.runs.log import Entry
from condcolor.runtime.messages import evenly

if TYPE_CHECKING:
    from pandas import DataFrame

MOST_ROWS = 600  # of the table of tests; of more, an even selection is listed
MOST_ATTRIBUTES = 12  # with tables and columns
MOST_VALUES = 16  # of an attribute, in a table; of more, the most frequent mistakes are listed
WORST = 12  # mistakes that are listed
LONGEST = 40  # letters of a value that are shown
SHADES = 4  # of a cell, by its share of the row


class Cell(NamedTuple):
    """A cell: `kind` are classes of report.css, `color` is that of a dot before the text."""

    text: str
    kind: str = ""
    color: str = ""


DASH = Cell("–", "none")


@dataclass(frozen=True)
class Table:
    """A table; its first column names the rows."""

    caption: str
    heads: Sequence[str | Cell]
    rows: Sequence[Sequence[str | Cell]]
    kind: str = ""

    @classmethod
    def of_text(
        cls, caption: str, heads: Sequence[str], rows: Sequence[Sequence[str | Cell]]
    ) -> Table:
        """Return a table of words, which are aligned to the left."""
        cells = [
            [row[0], *(c if isinstance(c, Cell) else Cell(c, "text") for c in row[1:])]
            for row in rows
        ]
        return cls(caption, [Cell(head, "text") for head in heads], cells)


def shown_attributes(run: RunFolder, most: int = MOST_ATTRIBUTES) -> tuple[str, ...]:
    """Return the names of at most `most` attributes."""
    return run.plan.schema.names[:most]


def _figure(value: object, measure: Measure) -> str | Cell:
    known = number(value)
    return DASH if known is None else measure.text(known)


@dataclass(frozen=True)
class Setting:
    """A field of a run's settings beside the recipe's, `usual`, which is None where the recipe has none."""

    group: str
    name: str
    value: object
    usual: object

    @property
    def is_changed(self) -> bool:
        return self.value != self.usual


def settings(run: RunFolder) -> list[Setting]:
    """Return all settings of the training, the phases and the networks."""
    plan = run.plan
    recipe = find_recipe(plan.recipe)
    rows = list(_fields("training", plan.config, recipe.defaults))
    usual = {phase.name: phase for phase in recipe.phases}
    for phase in plan.phases:
        rows += _fields(f"phase {phase.name}", phase, usual.get(phase.name))
    try:
        network = recipe.model_config(plan.schema.planes)
    except CondcolorError:  # the recipe's own network cannot take the condition
        network = None
    return [*rows, *_fields("networks", plan.model, network)]


def _fields(group: str, config, usual) -> Iterator[Setting]:
    for field in dataclasses.fields(config):
        other = getattr(usual, field.name) if usual is not None else None
        if not isinstance(config, Phase) or field.name != "name":
            yield Setting(group, field.name, getattr(config, field.name), other)


def setting_text(value: object) -> str:
    """Return the text of a setting: yes or no, a list with commas, a short number."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple | list):
        return ", ".join(map(str, value)) or "none"
    return f"{value:g}" if isinstance(value, float) else str(value)


def settings_table(rows: Sequence[Setting], caption: str) -> Table:
    """Return a table of settings beside the recipe's; changed ones are marked."""
    lines = []
    for row in rows:
        value = Cell(setting_text(row.value), "text changed" if row.is_changed else "text")
        usual = setting_text(row.usual) if row.usual is not None else "-"
        lines.append((row.name, row.group, value, usual, "changed" if row.is_changed else ""))
    return Table.of_text(caption, ("setting", "of", "this run", "the recipe", ""), lines)


def phases_table(run: RunFolder) -> Table:
    """Return a table of the phases: when each ended, why, and which step it went back to."""
    rows = []
    for i, phase in enumerate(run.plan.phases):
        end = run.phase_ends.get(i)
        has_begun = any(entry.get("phase") == phase.name for entry in run.log)
        networks = {"G": phase.trains_generator, "D": phase.trains_discriminator}
        learns = " and ".join(name for name, is_trained in networks.items() if is_trained)
        step = f"{end['step']:,}" if end else "–"
        rows.append((phase.name, learns, f"{phase.epochs}", step, _why(run, phase, end, has_begun)))
    heads = ("phase", "learns", "epochs planned", "ended at step", "how")
    return Table.of_text("When each phase ended, and why", heads, rows)


def _why(run: RunFolder, phase: Phase, end: Entry | None, has_begun: bool) -> str:
    """Return why a phase ended, or that it did not."""
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


def history(frame: DataFrame) -> DataFrame:
    """Return the rows of epochs and tests in order, those of one step and phase joined."""
    rows = frame[frame.kind.isin(("epoch", "check"))]
    rows = rows.assign(epoch=rows.epoch.where(rows.kind == "epoch"))  # a check is within an epoch
    rows = rows.groupby(["step", "phase"], sort=False).last().reset_index()
    return rows.sort_values("step", kind="stable", ignore_index=True)


def history_table(run: RunFolder) -> tuple[Table, int]:
    """Return a table of all epochs and tests, and the number of rows that are left out."""
    every = history(run.frame)
    is_kept = every.tested.notna() & (every.step == run.kept_step)
    chosen = {*evenly(range(len(every)), MOST_ROWS), *every.index[is_kept]}
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
    """Return head, key in the log's table and measure of each column that has figures."""
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


def confusion_table(score: Mapping, palette: Sequence[RGB | None], caption: str) -> Table | None:
    """Return a table with a row for each value asked, a column for each value seen; None without counts."""
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
    """Return a table of the most frequent mistakes."""
    wrong = [
        (count, values[i], values[j], sum(row))
        for i, row in enumerate(counts)
        for j, count in enumerate(row)
        if count and i != j
    ]
    wrong.sort(key=lambda mistake: -mistake[0])
    rows = [(_named(a), _named(seen), f"{count} of {of}") for count, a, seen, of in wrong[:WORST]]
    return Table(f"{caption}: the most frequent mistakes", ("asked", "seen", "times"), rows)


def baselines_table(split: str, measured: Mapping[str, Scores]) -> Table:
    """Return a table of a split's measures, a row for the model and each baseline."""
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
