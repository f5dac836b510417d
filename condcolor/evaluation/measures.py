"""The registry of measures: key, label, digits, range."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Measure:
    """A figure of the tests: what it is called, how many digits are said, its chart's note."""

    name: str
    digits: int
    note: str = ""
    reference: tuple[str, str] | None = None  # (key, name) of what it is compared with
    low: float | None = 0.0
    high: float | None = None


MEASURES = {  # keys of what a test gave, in the order in which they are shown
    "mse": Measure("MSE", 5, "Squared error of pixels in [-1, 1]; the lower the better."),
    "haze": Measure("haze", 2, "Colour where the truth is white, CIEDE2000; 0 is clean."),
    "line_f1": Measure("line F1", 3, "Dark lines kept from the sketch; 1 is all.", high=1.0),
    "ab_error": Measure(
        "ab error",
        2,
        "Distance to the truth in ab of CIE Lab; the lower the better.",
        ("ab_error_grey", "left grey"),
    ),
    "cf_abs": Measure(
        "colourfulness",
        1,
        "Strength of colour, beside the truth's.",
        ("cf_abs_truth", "of the truth"),
    ),
    "psnr": Measure("PSNR", 2, "On RGB, in dB; rewards grey, too.", low=None),
    "ssim": Measure("SSIM", 4, "On RGB; rewards grey, too.", low=None),
    "drift": Measure("drift", 2, "How far the mean colour is off, in ab; 0 is no cast."),
    "imagenet_mse": Measure("nMSE", 4, "Squared error in ImageNet's units; the lower the better."),
    "auc": Measure("AuC", 2, "Area under the curve of ab errors, in percent.", low=None),
}
OF_ATTRIBUTES = {
    "obeyed": Measure(
        "obeyed", 3, "Share of colourings that are nearest to the colour asked.", high=1.0
    ),
    "delta_e": Measure("dE", 2, "CIEDE2000 to the colour asked, median; 0 is the very colour."),
    "leakage": Measure(
        "leakage", 4, "What changes elsewhere when one attribute changes; 0 is best."
    ),
}


def of_attribute(test: dict, name: str, key: str) -> float | None:
    """A figure of one attribute in what a test gave."""
    found = (a for a in test.get("attributes") or () if a.get("name") == name)
    return next((number(a.get(key)) for a in found), None)


def json_value(value):
    """The same in what JSON has: lists for tuples, None for numbers that are not finite."""
    if isinstance(value, dict):
        return {k: json_value(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [json_value(v) for v in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


LARGEST = 2**53  # what a number may not reach to be drawn, and what a float counts exactly


def number(value: object) -> float | None:
    """The value if it is a number that can be drawn; None for all else."""
    if type(value) not in (int, float) or not abs(value) < LARGEST:
        return None
    return value
