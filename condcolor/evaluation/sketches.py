"""The protocol for sketches: every combination of values, attribute by attribute."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from condcolor.conditions.schema import AttributeSchema
from condcolor.data.dataset import ImageDataset
from condcolor.errors import DataError, UsageError
from condcolor.evaluation import metrics
from condcolor.evaluation.baselines import flat_fill, grey
from condcolor.evaluation.evaluator import MeasuredColorizer, OnProgress, OnSkip
from condcolor.evaluation.measures import MEASURES, json_value
from condcolor.evaluation.metrics import ColorFunction
from condcolor.recipes import SKETCHES
from condcolor.runtime.messages import evenly

SKETCH_PROTOCOL = """\
The protocol. Each input is coloured in every combination of values; where there are more than 128, in
those of its rows and in all that differ from its first row in one value. An attribute's *region* is
found without labels: where the input's targets change between two values of it, the others fixed;
pixels with at least 90 % of the largest change are the region proper, pixels with no change are
outside. Where the data does not hold such pairs, the input's mask is used.

- MSE: on pixels scaled to [-1, 1], over the rows of the csv.
- accuracy: share of colourings whose mean Lab colour over the region is nearest, by CIEDE2000, to the palette
  colour that was asked. dE: median CIEDE2000 of that mean to the colour asked.
- leakage: mean change outside the region when this attribute alone changes, over the change inside.
- haze: mean CIEDE2000 to white where the sketch and all targets are white.
- line F1: the dark pixels of the picture against those of the sketch."""
MOST_COLORINGS = 128  # of one input at a time: 100 MB of pictures at 256 px
LEAST_CHANGE = 0.1  # of the range: a part that changes less with its value is not there to be seen


@dataclass(frozen=True)
class AttributeScore:
    """One attribute's measures, in saved files by these names; NaN for what is not measured."""

    name: str
    values: tuple[str, ...]
    obeyed: float  # the attribute's accuracy: share of colourings nearest to the colour asked, 0..1
    delta_e: float  # median CIEDE2000 of the region's mean colour to the colour asked
    leakage: float  # change outside the region over the change inside, 0 is perfect
    # [i][j]: how often value i is asked and j is seen
    confusion: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Evaluation:
    """Measures of the sketches of a split, coloured in one way. NaN is what the data cannot give."""

    inputs: int
    rows: int
    mse: float
    haze: float
    line_f1: float
    attributes: tuple[AttributeScore, ...] = ()

    @property
    def accuracy(self) -> float:
        """The mean accuracy of the attributes that can be measured, 0..1; NaN where none can."""
        return _mean(a.obeyed for a in self.attributes)

    @property
    def score(self) -> float:
        """What the best model is chosen by: the lower, the better.

        The MSE, which does not see a small part in a wrong colour, times 2 - accuracy.
        """
        return self.mse if math.isnan(self.accuracy) else self.mse * (2 - self.accuracy)

    @property
    def error(self) -> float:
        """The distance to the truth alone: the MSE."""
        return self.mse

    @property
    def summary(self) -> str:
        """The main figures in a few words."""
        seen = (a for a in self.attributes if not math.isnan(a.obeyed))
        accuracy = MEASURES["obeyed"].name
        return "  ".join(
            (f"MSE {self.mse:.4f}", *(f"{a.name} {accuracy} {a.obeyed:.2f}" for a in seen))
        )

    def to_row(self) -> dict[str, float]:
        """All fields and the score by their names, and `hair accuracy` and so on of each attribute."""
        row = {name: getattr(self, name) for name in ("inputs", "rows", "mse", "haze", "line_f1")}
        row |= {"accuracy": self.accuracy, "score": self.score}
        for attribute in self.attributes:
            row[f"{attribute.name} accuracy"] = attribute.obeyed
            row[f"{attribute.name} delta_e"] = attribute.delta_e
            row[f"{attribute.name} leakage"] = attribute.leakage
        return row

    def to_json(self) -> dict:
        """As JSON values; NaN becomes None."""
        return json_value(dataclasses.asdict(self))


def evaluate_sketches(
    color: ColorFunction,
    pictures: ImageDataset,
    *,
    combinations: Sequence[Sequence[str]] | None = None,
    max_inputs: int | None = None,
    on_progress: OnProgress | None = None,
) -> Evaluation:
    """Measure `color` on the inputs of `pictures`; SKETCH_PROTOCOL says how.

    Args:
        combinations: score these only (values in the schema's order); regions are found as ever.
        max_inputs: at most this many inputs, spread evenly over the set.
    """
    schema = pictures.schema
    every, only = _every_combination(schema), _indices(schema, combinations)
    inputs = evenly(pictures.source_of.unique().tolist(), max_inputs)
    tallies = [_Tally(schema, i) for i in range(len(schema.names))]
    squared, hazes, f1s = [], [], []
    for done, source in enumerate(inputs, start=1):
        sketch = pictures.pictures[source]  # (3, H, W) uint8
        own = _rows_of(pictures, source)
        targets, values = pictures.rows(own).target.float() / 255, pictures.values[own]
        asked = _around(values, only, schema.sizes) if every is None else every
        scored, counted = _among(asked, only), _among(values, only)
        colored = color(sketch, asked).float().cpu()
        pixels = metrics.lab_pixels(colored)

        coloring_of = (values[:, None] == asked).all(-1).int().argmax(1)  # row -> its colouring
        squared += [metrics.mse(colored[coloring_of[row]], targets[row]) for row in counted]
        light = sketch.float() / 255
        ground = ((light >= metrics.WHITE) & (targets >= metrics.WHITE).all(0)).all(0).flatten()
        if ground.any():
            hazes.append(metrics.haze(pixels[scored], ground))
        f1s.append(metrics.line_f1(light, colored[scored]))
        for i, tally in enumerate(tallies):
            change = _region(pictures, own, targets, values, i)
            if change is not None:
                tally.add(pixels, asked, scored, change)
        if on_progress is not None:
            on_progress(done, len(inputs))
    scores = tuple(tally.score() for tally in tallies)
    return Evaluation(len(inputs), len(squared), _mean(squared), _mean(hazes), _mean(f1s), scores)


@dataclass(frozen=True)
class SketchEvaluator:
    """Measures sketches in every combination of values, beside a flat fill and the sketch as it is.

    Where test rows have combinations of values that no training row has, the test inputs are measured
    in just those once more, as the split "test, unseen combinations".
    """

    network_only: bool = False  # measure the network's bare output, not what `colorize` makes of it

    protocol: ClassVar[str] = SKETCH_PROTOCOL
    most_checked: ClassVar[int] = 8
    checked: ClassVar[str] = f"at most {most_checked} sketches in all colours"

    @staticmethod
    def measure(color: ColorFunction, pictures: ImageDataset) -> Evaluation:
        return evaluate_sketches(color, pictures, max_inputs=SketchEvaluator.most_checked)

    def compare(
        self,
        colorizer: MeasuredColorizer,
        data: Path,
        *,
        max_inputs: int | None = None,
        on_progress: OnProgress | None = None,
        on_skip: OnSkip | None = None,
    ) -> dict[str, dict[str, Evaluation]]:
        if not hasattr(colorizer, "color"):
            raise UsageError(
                "an exported model cannot be evaluated on sketches: evaluate the model folder it is from"
            )
        metadata = SKETCHES.read(data, colorizer.schema)
        train, test = metadata.split("train"), metadata.split("test")
        splits = {"train": train, "test": test, "all rows": metadata.split("")}
        colors: dict[str, ColorFunction] = {
            "model": colorizer.color_bare if self.network_only else colorizer.color,
            "flat fill": flat_fill(colorizer.schema),
            "grey": grey,
        }

        def measured(pictures: ImageDataset, only: Sequence[tuple[str, ...]] | None = None):
            return {
                name: evaluate_sketches(
                    color,
                    pictures,
                    combinations=only,
                    max_inputs=max_inputs,
                    on_progress=on_progress if name == "model" else None,
                )
                for name, color in colors.items()
            }

        tables = {}
        for name, records in splits.items():
            if records:
                pictures = ImageDataset(records, colorizer.schema, colorizer.image_size)
                tables[name] = measured(pictures)
                seen = {record.values for record in train}
                unseen = sorted({record.values for record in records} - seen)
                if name == "test" and seen and unseen:
                    tables["test, unseen combinations"] = measured(pictures, unseen)
        if not tables:
            raise DataError(f"{data}: no rows to measure on")
        return tables


class _Tally:
    """Collects one attribute's figures over the inputs."""

    def __init__(self, schema: AttributeSchema, index: int):
        self.attribute, self.index = schema.attributes[index], index
        known = [color or (0, 0, 0) for color in self.attribute.palette]
        self.palette = torch.tensor(known).float() / 255
        self.measurable = all(color is not None for color in self.attribute.palette)
        size = len(self.attribute.values)
        self.confusion = torch.zeros(size, size, dtype=torch.long)
        self.distances: list[float] = []
        self.leaks: list[float] = []

    def add(self, pixels: Tensor, asked: Tensor, scored: Tensor, change: Tensor) -> None:
        """Take in one input.

        Args:
            pixels: `[N, 3, P]` Lab, coloured as `asked [N, A]`.
            scored: indices of those that count.
            change: `[P]` in [0, 1], how strongly each pixel follows the attribute.
        """
        inside = change >= metrics.PURE * change.max()
        outside = change <= metrics.TOUCHED
        if self.measurable:
            wanted = asked[scored, self.index]
            means = pixels[:, :, inside].mean(dim=-1)[scored]
            distances = metrics.color_distances(means, self.palette)
            for want, seen in zip(wanted, distances.argmin(1), strict=True):
                self.confusion[want, seen] += 1
            self.distances += distances.gather(1, wanted[:, None]).flatten().tolist()
        if outside.any():
            pairs = metrics.neighbours(metrics.groups_by(asked, self.index))
            pairs = pairs[torch.isin(pairs[:, 0], scored)]
            if len(pairs):
                self.leaks.append(metrics.leakage(pixels, pairs, inside, outside))

    def score(self) -> AttributeScore:
        total = int(self.confusion.sum())
        return AttributeScore(
            self.attribute.name,
            self.attribute.values,
            float(self.confusion.trace()) / total if total else float("nan"),
            float(np.median(self.distances)) if self.distances else float("nan"),
            _mean(self.leaks),
            tuple(tuple(row) for row in self.confusion.tolist()),
        )


def _region(
    pictures: ImageDataset, own: Tensor, targets: Tensor, values: Tensor, index: int
) -> Tensor | None:
    """How strongly each pixel `[P]` follows the attribute, or None when nothing tells."""
    groups = metrics.groups_by(values, index)
    change = metrics.spread(targets, groups) if groups else pictures.mask_of(int(own[0]), index)
    return change.flatten() if change is not None and change.max() > LEAST_CHANGE else None


def _rows_of(pictures: ImageDataset, source: int) -> Tensor:
    """The rows of an input; of too many, the first and those that differ least from it."""
    own = torch.nonzero(pictures.source_of == source).flatten()
    if len(own) > MOST_COLORINGS:
        values = pictures.values[own]
        apart = (values != values[0]).sum(dim=1)
        own = own[apart.argsort(stable=True)[:MOST_COLORINGS]]
    return own


def _every_combination(schema: AttributeSchema) -> Tensor | None:
    """Value indices `[N, A]` of all combinations; None when they are too many."""
    if math.prod(schema.sizes) > MOST_COLORINGS:
        return None
    return _indices(schema, [tuple(c.values()) for c in schema.combinations()])


def _indices(
    schema: AttributeSchema, combinations: Sequence[Sequence[str]] | None
) -> Tensor | None:
    """Value indices `[N, A]` of combinations of value names."""
    if combinations is None:
        return None
    rows = [schema.indices(dict(zip(schema.names, c, strict=True))) for c in combinations]
    return torch.tensor(rows, dtype=torch.long).reshape(len(rows), len(schema.names))


def _around(values: Tensor, only: Tensor | None, sizes: Sequence[int]) -> Tensor:
    """The rows' own `values [R, A]`, those to score, and each change of one value of the first row."""
    rows = [values] if only is None else [values, only[:MOST_COLORINGS]]
    for i, size in enumerate(sizes):
        changed = values[:1].repeat(size, 1)
        changed[:, i] = torch.arange(size)
        rows.append(changed)
    return torch.unique(torch.cat(rows), dim=0)


def _among(values: Tensor, only: Tensor | None) -> Tensor:
    """Indices of the rows of `values [N, A]` that are rows of `only [M, A]`; all without it."""
    if only is None:
        return torch.arange(len(values))
    return torch.nonzero((values[:, None] == only).all(-1).any(-1)).flatten()


def _mean(numbers: Iterable[float]) -> float:
    """The mean of those that are numbers, NaN when none is."""
    numbers = [number for number in numbers if not math.isnan(number)]
    return float(np.mean(numbers)) if numbers else float("nan")
