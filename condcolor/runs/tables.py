"""A run in tables: what it was told, its phases, every test, and what was taken for which colour."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from condcolor.conditions.colors import RGB, format_hex
from condcolor.errors import CondcolorError
from condcolor.evaluation.measures import Measure, number, of_attribute, of_group
from condcolor.evaluation.photos import PhotoEvaluation
from condcolor.evaluation.sketches import Evaluation
from condcolor.recipes import Phase, find_recipe
from condcolor.runs.folder import RunFolder
from condcolor.runs.html import Html, element, joined, table

DASH = Html('<span class="none">–</span>')
MOST_ROWS = 600  # tests that are listed; of more, some are left out, evenly
MOST_VALUES = (
    16  # values that an attribute's table has room for; of more, the worst pairs are listed
)
WORST = 12  # of those
LONGEST = 40  # letters of a value that are shown
SHADES = 4  # of a cell, by its share of what was asked


def figure(value: object, measure: Measure) -> Html | str:
    """Return a figure's text, a dash for none."""
    return measure.text(number(value), missing=DASH)


# -- what it was told ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Setting:
    """A field that a run was told, beside what its recipe says; `usual` is None where that says nothing."""

    group: str
    name: str
    value: object
    usual: object

    @property
    def changed(self) -> bool:
        return self.value != self.usual


def settings(run: RunFolder) -> list[Setting]:
    """Every number of the training, the phases and the networks."""
    plan = run.plan
    found = list(_fields("training", plan.config, find_recipe(plan.recipe).defaults))
    usual = {phase.name: phase for phase in find_recipe(plan.recipe).phases}
    for phase in plan.phases:
        found += _fields(f"phase {phase.name}", phase, usual.get(phase.name))
    try:
        network = find_recipe(plan.recipe).model_config(plan.schema.planes)
    except CondcolorError:  # a condition that the recipe's own network cannot take
        network = None
    return [*found, *_fields("networks", plan.model, network)]


def _fields(group: str, told, usual) -> Iterator[Setting]:
    for field in dataclasses.fields(told):
        other = getattr(usual, field.name) if usual is not None else None
        if not isinstance(told, Phase) or field.name != "name":
            yield Setting(group, field.name, getattr(told, field.name), other)


def said(value: object) -> str:
    """A setting as a person would write it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple | list):
        return ", ".join(map(str, value)) or "none"
    return f"{value:g}" if isinstance(value, float) else str(value)


def settings_table(rows: Sequence[Setting], caption: str) -> Html:
    """Those rows, with what the recipe says beside; a changed one carries a mark, and the word."""
    lines = []
    for row in rows:
        usual = said(row.usual) if row.usual is not None else "-"
        kind = "text changed" if row.changed else "text"
        lines.append(
            (
                row.name,
                element("td", row.group, class_="text"),
                element("td", said(row.value), class_=kind),
                element("td", usual, class_="text"),
                element("td", "changed" if row.changed else "", class_="text"),
            )
        )
    return table(_heads("setting", "of", "this run", "the recipe", ""), lines, caption=caption)


def _heads(*names: str) -> list[Html]:
    """Headings of columns of text."""
    return [element("th", name, scope="col", class_="text") for name in names]


# -- its phases ------------------------------------------------------------------------------------


def phases_table(run: RunFolder) -> Html:
    """When each phase ended, why, and which step it went back to."""
    rows = []
    for i, phase in enumerate(run.plan.phases):
        ended = run.phase_ends.get(i)
        begun = any(entry.get("phase") == phase.name for entry in run.log)
        learns = [
            name
            for name, does in (("G", phase.trains_generator), ("D", phase.trains_discriminator))
            if does
        ]
        step = f"{ended['step']:,}" if ended else DASH
        cells = (" and ".join(learns), f"{phase.epochs}", step, _why(run, phase, ended, begun))
        rows.append((phase.name, *(element("td", cell, class_="text") for cell in cells)))
    heads = _heads("phase", "learns", "epochs planned", "ended at step", "how")
    return table(heads, rows, caption="When each phase ended, and why")


def _why(run: RunFolder, phase: Phase, ended: Mapping | None, begun: bool) -> str:
    if not phase.epochs:
        return "left out"
    if ended is None:
        return f"not over: {run.state}" if begun else "not begun"
    why = "its epochs were over"
    if ended.get("stopped"):
        why = f"by itself: no better in {run.plan.config.patience} tests"
    kept = number(ended.get("kept_step"))
    if kept is None:
        return why
    if kept == ended["step"]:
        return f"{why}; its last step was its best"
    return f"{why}; went back to its best, step {kept:,.0f}"


# -- every test ------------------------------------------------------------------------------------


def history(run: RunFolder) -> list[dict]:
    """Every epoch and every test, merged where they are of one step, in order."""
    rows: dict[tuple, dict] = {}
    for entry in run.log:
        if entry["kind"] in ("epoch", "check"):
            row = rows.setdefault((entry["step"], entry.get("phase")), {})
            epoch = entry["epoch"] if entry["kind"] == "epoch" else row.get("epoch")
            row |= {**entry, "epoch": epoch}
    return sorted(rows.values(), key=lambda row: row["step"])


def history_table(run: RunFolder) -> tuple[Html, int]:
    """All epochs and tests, a row each, and how many there was no room for."""
    every = history(run)
    rows = every
    if len(rows) > MOST_ROWS:
        chosen = {round(i * (len(rows) - 1) / (MOST_ROWS - 1)) for i in range(MOST_ROWS)}
        rows = [row for i, row in enumerate(every) if i in chosen or _is_kept(run, row)]
    tests = [row["test"] for row in every if isinstance(row.get("test"), dict)]
    losses = [
        m for m in of_group("loss", "loss part", "discriminator") if any(m.key in r for r in every)
    ]
    measures = [m for m in of_group("test") if any(number(t.get(m.key)) is not None for t in tests)]
    scores = of_group("score") if tests else []
    asked = _by_attribute(shown_attributes(run)) if tests else []
    heads = ["step", "epoch", "phase", "minutes", *(measure.name for measure in losses)]
    heads += [*_names(asked), *(measure.name for measure in (*measures, *scores))]
    lines = []
    for row in rows:
        test = row["test"] if isinstance(row.get("test"), dict) else {}
        seconds = number(row.get("seconds"))
        line = [f"{row['step']:,}" + (" ★ kept" if _is_kept(run, row) else "")]
        line += [DASH if row["epoch"] is None else f"{row['epoch']}", str(row.get("phase", "–"))]
        line.append(DASH if seconds is None else f"{seconds / 60:,.1f}")
        line += [figure(row.get(measure.key), measure) for measure in losses]
        line += [figure(of_attribute(test, name, m.key), m) for name, m in asked]
        line += [figure(test.get(measure.key), measure) for measure in measures]
        lines.append([*line, *(figure(row.get(measure.key), measure) for measure in scores)])
    caption = "Every epoch and every test; losses are those of the last steps before"
    return table(heads, lines, caption=caption), len(every) - len(rows)


def _by_attribute(names: Sequence[str]) -> list[tuple[str, Measure]]:
    return [(name, measure) for name in names for measure in of_group("attribute")]


def _names(asked: Sequence[tuple[str, Measure]]) -> list[str]:
    return [f"{name} {measure.name}" for name, measure in asked]


def _is_kept(run: RunFolder, row: Mapping) -> bool:
    return isinstance(row.get("test"), dict) and row["step"] == run.kept_step


def shown_attributes(run: RunFolder, most: int = 12) -> tuple[str, ...]:
    """The names of the attributes that get tables: so many, at most."""
    return run.plan.schema.names[:most]


# -- what was taken for what -----------------------------------------------------------------------


def confusion_table(score: Mapping, palette: Sequence[RGB | None], caption: str) -> Html | None:
    """Rows: the value asked; columns: the value that was seen. None where nothing was counted."""
    values, counts = score.get("values"), score.get("confusion")
    if not values or not counts or not any(map(sum, counts)):
        return None
    colors = dict(zip(values, palette, strict=False)) if len(palette) == len(values) else {}
    if len(values) > MOST_VALUES:
        return _worst(values, counts, caption)
    lines = []
    for i, (value, row) in enumerate(zip(values, counts, strict=True)):
        cells = [_cell(count, sum(row), right=i == j) for j, count in enumerate(row)]
        lines.append([_named(value, colors.get(value)), *cells])
    heads = ["asked \\ seen", *(_named(value, colors.get(value)) for value in values)]
    return table(heads, lines, caption=caption, class_="asked")


def _named(value: str, color: RGB | None) -> Html:
    """A value, and a dot of its colour."""
    value = value if len(value) <= LONGEST else value[: LONGEST - 1] + "…"
    if color is None:
        return joined((value,))
    dot = element("circle", cx=6, cy=6, r=5.5, fill=format_hex(color))
    return joined((element("svg", dot, viewBox="0 0 12 12", aria_hidden="true"), value))


def _cell(count: int, asked: int, *, right: bool) -> Html:
    shade = min(SHADES, -(-count * SHADES // asked)) if count else 0
    kind = (f"{'r' if right else 'w'}{shade} " if shade else "none ") + ("right" if right else "")
    return element("td", str(count) if count else "·", class_=kind.strip())


def _worst(values: Sequence[str], counts: Sequence[Sequence[int]], caption: str) -> Html:
    wrong = [
        (count, values[i], values[j], sum(row))
        for i, row in enumerate(counts)
        for j, count in enumerate(row)
        if count and i != j
    ]
    wrong.sort(key=lambda one: -one[0])
    lines = [
        (_named(asked, None), _named(seen, None), f"{count} of {of}")
        for count, asked, seen, of in wrong[:WORST]
    ]
    return table(
        ("asked", "seen", "times"), lines, caption=f"{caption}: the most frequent mistakes"
    )


# -- beside the baselines --------------------------------------------------------------------------


def baselines_table(split: str, measured: Mapping[str, Evaluation | PhotoEvaluation]) -> Html:
    """A split's figures, a row a way of colouring."""
    told = {name: e.to_json() for name, e in measured.items()}
    first = next(iter(told.values()))
    measures = [measure for measure in of_group("test") if measure.key in first]
    asked = _by_attribute([score["name"] for score in first.get("attributes", ())][:12])
    heads = ["", *_names(asked), *(measure.name for measure in measures)]
    grey = number(told.get("grey", {}).get("ab_error"))
    if grey:
        heads.insert(1, "ab error to grey's")
    lines = []
    for name, test in told.items():
        line: list[object] = [name]
        if grey:
            line.append(f"{100 * (test['ab_error'] / grey - 1):+.1f} %")
        line += [figure(of_attribute(test, name, m.key), m) for name, m in asked]
        lines.append([*line, *(figure(test.get(measure.key), measure) for measure in measures)])
    count = first.get("inputs", first.get("pictures"))
    return table(heads, lines, caption=f"{split}: {count} pictures")
