"""`Evaluation`: how well sketches are colored in one way, tallied drawing by drawing."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from condcolor.conditions.schema import NOT_APPLICABLE, AttributeSchema
from condcolor.evaluation import metrics
from condcolor.evaluation.distinct_pixels import DistinctPixels
from condcolor.evaluation.measured_drawing import MeasuredDrawing
from condcolor.evaluation.measures import MEASURES, json_value


@dataclass(frozen=True)
class AttributeScore:
    """The measures of one attribute, by their names in saved files; NaN is not measured."""

    name: str
    values: tuple[str, ...]
    obeyed: float  # the attribute's accuracy: share of colorings nearest to the color asked, 0..1
    delta_e: float  # median CIEDE2000 of the region's mean color to the color asked
    leakage: float  # change outside the region over the change inside, 0 is perfect
    # [i][j]: how often value i is asked and j is seen
    confusion: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Evaluation:
    """The measures of the sketches of a split, colored in one way; NaN where the data does not suffice."""

    inputs: int
    rows: int
    mse: float
    haze: float
    line_f1: float
    attributes: tuple[AttributeScore, ...] = ()

    @property
    def accuracy(self) -> float:
        """The mean accuracy of the attributes that can be measured, 0..1; NaN where none can."""
        return metrics.mean(a.obeyed for a in self.attributes)

    @property
    def score(self) -> float:
        """The figure that chooses the best model, the lower the better: MSE * (2 - accuracy).

        The MSE alone does not see a small part in a wrong color.
        """
        return self.mse if math.isnan(self.accuracy) else self.mse * (2 - self.accuracy)

    @property
    def error(self) -> float:
        """The distance to the truth alone: the MSE."""
        return self.mse

    @property
    def summary(self) -> str:
        """The main measures as text."""
        measured = (a for a in self.attributes if not math.isnan(a.obeyed))
        name = MEASURES["obeyed"].name
        accuracies = (f"{a.name} {name} {a.obeyed:.2f}" for a in measured)
        return "  ".join((f"MSE {self.mse:.4f}", *accuracies))

    def to_row(self) -> dict[str, float]:
        """Return the measures and the score by their names, those of attributes as `hair accuracy`."""
        names = ("inputs", "rows", "mse", "haze", "line_f1", "accuracy", "score")
        row = {name: getattr(self, name) for name in names}
        for a in self.attributes:
            figures = {"accuracy": a.obeyed, "delta_e": a.delta_e, "leakage": a.leakage}
            row |= {f"{a.name} {name}": figure for name, figure in figures.items()}
        return row

    def to_json(self) -> dict[str, Any]:
        """Return JSON values; NaN becomes None."""
        return json_value(dataclasses.asdict(self))


class Tally:
    """The measures of one way to color, collected over the inputs."""

    def __init__(self, schema: AttributeSchema):
        self.attributes = [AttributeTally(schema, i) for i in range(len(schema.names))]
        self.errors: dict[int, float] = {}  # input -> its MSE
        self.squared, self.hazes, self.f1s = list[float](), list[float](), list[float]()

    def add(self, drawing: MeasuredDrawing, colored: Tensor) -> None:
        """Add an input, colored `[N, 3, H, W]` in [0, 1] as asked."""
        of_row = drawing.coloring_of
        squared = [metrics.mse(colored[of_row[i]], drawing.targets[i]) for i in drawing.counted]
        self.squared += squared
        self.errors[drawing.source] = metrics.mean(squared)
        pixels = DistinctPixels.of(colored)
        if drawing.ground.any():
            self.hazes.append(metrics.haze(pixels, drawing.ground, drawing.scored))
        self.f1s.append(metrics.line_f1(drawing.sketch.float() / 255, colored[drawing.scored]))
        for attribute, change in zip(self.attributes, drawing.changes, strict=True):
            if change is not None:
                attribute.add(pixels, drawing.asked, drawing.scored, change)

    def score(self) -> Evaluation:
        """Return the measures of all inputs so far."""
        mse, haze, line_f1 = map(metrics.mean, (self.squared, self.hazes, self.f1s))
        attributes = tuple(attribute.score() for attribute in self.attributes)
        return Evaluation(len(self.errors), len(self.squared), mse, haze, line_f1, attributes)


class AttributeTally:
    """The measures of one attribute, collected over the inputs."""

    def __init__(self, schema: AttributeSchema, index: int):
        self.attribute, self.index = schema.attributes[index], index
        colors = [color or (0, 0, 0) for color in self.attribute.palette]
        self.palette = torch.tensor(colors).float() / 255
        self.measurable = all(color is not None for color in self.attribute.palette)
        size = len(self.attribute.values)
        self.confusion = torch.zeros(size, size, dtype=torch.long)
        self.distances: list[float] = []
        self.leaks: list[float] = []

    def add(self, pixels: DistinctPixels, asked: Tensor, scored: Tensor, change: Tensor) -> None:
        """Add an input.

        Args:
            pixels: of the colorings.
            asked: `[N, A]` value indices of the colorings.
            scored: indices of the colorings that count.
            change: `[P]` in [0, 1], the range of each pixel over the values of the attribute.
        """
        inside = change >= metrics.PURE * change.max()
        outside = change <= metrics.TOUCHED
        scored = scored[asked[scored, self.index] != NOT_APPLICABLE]
        if self.measurable and len(scored):
            wanted = asked[scored, self.index]
            distances = metrics.color_distances(pixels.means(inside)[scored], self.palette)
            for i, nearest in zip(wanted, distances.argmin(1), strict=True):
                self.confusion[i, nearest] += 1
            self.distances += distances.gather(1, wanted[:, None]).flatten().tolist()
        if outside.any():
            pairs = metrics.neighbors(metrics.groups_by(asked, self.index))
            pairs = pairs[torch.isin(pairs[:, 0], scored)]
            if len(pairs):
                self.leaks.append(metrics.leakage(pixels, pairs, inside, outside))

    def score(self) -> AttributeScore:
        """Return the measures of all inputs so far."""
        total = int(self.confusion.sum())
        return AttributeScore(
            self.attribute.name,
            self.attribute.values,
            float(self.confusion.trace()) / total if total else float("nan"),
            float(np.median(self.distances)) if self.distances else float("nan"),
            metrics.mean(self.leaks),
            tuple(tuple(row) for row in self.confusion.tolist()),
        )
