"""The verdict on a model in words: each attribute on drawings it never saw, beside chance and a flat fill."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from condcolor.evaluation.sketch_scores import Evaluation
from condcolor.runtime.messages import counted

GRADES = ((0.98, "very good"), (0.9, "good"), (0.75, "fair"), (0.0, "weak"))  # from which share on
MARGIN = 0.1  # by which a share must exceed chance and flat fill, else it is guessing


@dataclass(frozen=True)
class AttributeVerdict:
    """How well an attribute is obeyed.

    grade: one of GRADES, "no better than guessing" or "not measured".
    obeyed, flat_fill: shares of colorings nearest to the color asked, 0 to 1; of a flat fill, too.
    chance: that of a guess.
    """

    name: str
    grade: str
    obeyed: float
    flat_fill: float
    chance: float

    def text(self, inputs: int) -> str:
        """Return the verdict as a sentence."""
        if math.isnan(self.obeyed):
            return f"{self.name}: not measured: the held-out drawings do not show where it is"
        figures = f"{100 * self.obeyed:.0f} % obeyed on {counted(inputs, 'drawing')} never seen"
        beside = f"a flat fill: {100 * self.flat_fill:.0f} %, chance: {100 * self.chance:.0f} %"
        advice = "" if self.grade in ("very good", "good") else "; add drawings, or masks"
        return f"{self.name}: {self.grade}: {figures} ({beside}){advice}"


def judge(table: Mapping[str, Evaluation]) -> tuple[AttributeVerdict, ...]:
    """Return the verdict on each attribute by the measures of "model" and "flat fill" on a split."""
    verdicts = []
    pairs = zip(table["model"].attributes, table["flat fill"].attributes, strict=True)
    for own, flat in pairs:
        chance = 1 / len(own.values)
        floor = max(chance, 0.0 if math.isnan(flat.obeyed) else flat.obeyed)
        if math.isnan(own.obeyed):
            grade = "not measured"
        elif own.obeyed < min(1.0, floor + MARGIN):
            grade = "no better than guessing"
        else:
            grade = next(word for least, word in GRADES if own.obeyed >= least)
        verdicts.append(AttributeVerdict(own.name, grade, own.obeyed, flat.obeyed, chance))
    return tuple(verdicts)


def to_json(verdicts: tuple[AttributeVerdict, ...], inputs: int) -> dict[str, Any]:
    """Return JSON values; NaN becomes None."""

    def value(number: float) -> float | None:
        return None if math.isnan(number) else number

    rows = [
        {"name": v.name, "grade": v.grade, "obeyed": value(v.obeyed)}
        | {"flat_fill": value(v.flat_fill), "chance": v.chance, "text": v.text(inputs)}
        for v in verdicts
    ]
    return {"drawings": inputs, "attributes": rows}
