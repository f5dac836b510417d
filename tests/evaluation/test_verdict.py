"""The verdict in words: good, weak, no better than guessing, not measured."""

from __future__ import annotations

import math

import pytest

from condcolor.evaluation.sketch_scores import AttributeScore, Evaluation
from condcolor.evaluation.verdict import judge, to_json


def scored(*obeyed: float) -> Evaluation:
    """An evaluation of 8 drawings, whose attributes have five values each."""
    attributes = tuple(
        AttributeScore(f"a{i}", tuple("vwxyz"), share, 1.0, 0.0, ())
        for i, share in enumerate(obeyed)
    )
    return Evaluation(8, 8, 0.1, 0.0, 1.0, attributes)


@pytest.mark.parametrize(
    ("obeyed", "flat", "grade"),
    [
        (1.0, 0.2, "very good"),
        (0.93, 0.2, "good"),
        (0.8, 0.2, "fair"),
        (0.5, 0.2, "weak"),
        (0.5, 0.45, "no better than guessing"),
        (0.23, 0.0, "no better than guessing"),
        (0.23, math.nan, "no better than guessing"),
        (math.nan, 0.2, "not measured"),
    ],
)
def test_a_share_is_judged_beside_chance_and_a_flat_fill(obeyed, flat, grade):
    [verdict] = judge({"model": scored(obeyed), "flat fill": scored(flat)})
    assert verdict.grade == grade
    assert verdict.chance == 0.2
    assert ("add drawings" in verdict.text(8)) == (
        grade in ("fair", "weak", "no better than guessing")
    )


def test_the_verdict_as_json_has_no_nan():
    verdicts = judge({"model": scored(math.nan, 1.0), "flat fill": scored(0.2, math.nan)})
    written = to_json(verdicts, 8)
    assert [row["obeyed"] for row in written["attributes"]] == [None, 1.0]
    assert written["drawings"] == 8
