"""The registry of measures: key, label, digits and range of every loss and measure that is shown."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Measure:
    """A loss or a measure, and how it is shown.

    Args:
        key: its name in log.jsonl, config.json and the results of `evaluate`.
        group: "loss", "loss part", "discriminator", "attribute", "test" or "score"; "reference" for what
            another measure is compared with, "detail" is shown by `evaluate` only, "internal" nowhere.
        label: its name in charts and sentences.
        digits: decimal places.
        note: the text below the label of a chart.
        short: its name in columns and progress lines, if the label is too long.
        low, high: the least and the greatest possible value; None: unbounded.
        higher_is_better: None for neither.
        main: shown where there is room for few measures.
        reference: the key of the measure that it is compared with.
    """

    key: str
    group: str
    label: str
    digits: int
    low: float | None
    high: float | None
    higher_is_better: bool | None
    short: str = ""
    note: str = ""
    main: bool = False
    reference: str | None = None

    @property
    def name(self) -> str:
        """The name in columns and progress lines."""
        return self.short or self.label

    def text(self, value: float | None, missing: str = "not measured") -> str:
        """Return the value with this measure's digits, or `missing` for None."""
        return missing if value is None else f"{value:,.{self.digits}f}"


UP, DOWN, NEITHER = True, False, None  # is higher better?
# fmt: off
REGISTRY = (
    # key, group, label, digits, low, high, higher_is_better
    Measure("generator", "loss", "generator", 3, None, None, NEITHER, "G"),
    Measure("discriminator", "loss", "discriminator", 3, 0, None, NEITHER, "D"),
    Measure("pixel", "loss part", "pixel", 4, 0, None, DOWN),
    Measure("gan", "loss part", "gan", 3, None, None, NEITHER),
    Measure("feature", "loss part", "feature", 4, 0, None, DOWN),
    Measure("accuracy", "discriminator", "in training", 3, 0, 1, NEITHER, "D accuracy"),
    Measure("accuracy_test", "discriminator", "in test", 3, 0, 1, NEITHER, "D accuracy in test"),
    # of one attribute
    Measure("obeyed", "attribute", "attribute accuracy", 3, 0, 1, UP, "accuracy",
            "Share of colourings that are nearest to the colour asked."),
    Measure("delta_e", "attribute", "dE", 2, 0, None, DOWN, "",
            "CIEDE2000 to the colour asked, median; 0 is the very colour."),
    Measure("leakage", "attribute", "leakage", 4, 0, None, DOWN, "",
            "What changes elsewhere when one attribute changes; 0 is best."),
    # of sketches
    Measure("mse", "test", "MSE", 5, 0, None, DOWN, "",
            "Squared error of pixels in [-1, 1]; the lower the better.", main=True),
    Measure("haze", "test", "haze", 2, 0, None, DOWN, "",
            "Colour where the truth is white, CIEDE2000; 0 is clean.", main=True),
    Measure("line_f1", "test", "line F1", 3, 0, 1, UP, "",
            "Dark lines kept from the sketch; 1 is all.", main=True),
    # of photographs
    Measure("ab_error", "test", "ab error", 2, 0, None, DOWN, "",
            "Distance to the truth in ab of CIE Lab; the lower the better.",
            main=True, reference="ab_error_grey"),
    Measure("ab_error_grey", "reference", "left grey", 2, 0, None, NEITHER),
    Measure("ab_rmse", "detail", "ab RMSE", 2, 0, None, DOWN),
    Measure("psnr", "test", "PSNR", 2, None, None, UP, "", "On RGB, in dB; rewards grey, too.", main=True),
    Measure("ssim", "test", "SSIM", 4, None, 1, UP, "", "On RGB; rewards grey, too."),
    Measure("cf_hs", "detail", "colourfulness (Hasler)", 1, 0, None, NEITHER, "cf hs"),
    Measure("cf_abs", "test", "colourfulness", 1, 0, None, NEITHER, "cf abs",
            "Strength of colour, beside the truth's.", main=True, reference="cf_abs_truth"),
    Measure("cf_abs_truth", "reference", "of the truth", 1, 0, None, NEITHER),
    Measure("dcf_abs", "detail", "dCF", 1, 0, None, DOWN),
    Measure("drift", "test", "drift", 2, 0, None, DOWN, "",
            "How far the mean colour is off, in ab; 0 is no cast.", main=True),
    Measure("imagenet_mse", "test", "nMSE", 4, 0, None, DOWN, "",
            "Squared error in ImageNet's units; the lower the better."),
    Measure("auc", "test", "AuC", 2, None, 100, UP, "", "Area under the curve of ab errors, in percent."),
    Measure("auc_rebalanced", "detail", "rebalanced", 2, 0, 100, UP),
    Measure("fid", "detail", "FID", 4, 0, None, DOWN),
    Measure("kid", "detail", "KID", 4, None, None, DOWN),
    Measure("lpips", "detail", "LPIPS", 4, 0, None, DOWN),
    # from which those above are computed
    Measure("cf_hs_truth", "internal", "colourfulness (Hasler) of the truth", 1, 0, None, NEITHER),
    Measure("dcf_hs", "internal", "dCF (Hasler)", 1, 0, None, DOWN),
    Measure("a_mean", "internal", "mean a", 2, None, None, NEITHER),
    Measure("b_mean", "internal", "mean b", 2, None, None, NEITHER),
    Measure("a_mean_truth", "internal", "mean a of the truth", 2, None, None, NEITHER),
    Measure("b_mean_truth", "internal", "mean b of the truth", 2, None, None, NEITHER),
    Measure("score", "score", "score", 4, 0, None, DOWN, "",
            "What the best model is chosen by; the lower the better."),
)
# fmt: on
MEASURES: Mapping[str, Measure] = {measure.key: measure for measure in REGISTRY}


def of_group(*groups: str) -> list[Measure]:
    """Return the measures of these groups, in the order in which they are shown."""
    return [measure for measure in MEASURES.values() if measure.group in groups]


def of_attribute(test: Mapping[str, Any], name: str, key: str) -> float | None:
    """Return a measure of one attribute from the result of a test."""
    scores = (score for score in test.get("attributes") or () if score.get("name") == name)
    return next((number(score.get(key)) for score in scores), None)


def json_value(value: Any) -> Any:
    """Return the value as JSON has it: lists for tuples, None for numbers that are not finite."""
    if isinstance(value, dict):
        return {k: json_value(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [json_value(v) for v in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


LARGEST = 2**53  # up to here a float is exact for whole numbers; larger values are not drawn


def number(value: object) -> float | None:
    """Return the value if it is a number below LARGEST, which can be drawn; else None."""
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < LARGEST:
        return value
    return None
