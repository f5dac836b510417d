"""The protocol for sketches: every combination of values, attribute by attribute."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from condcolor.conditions.schema import NOT_APPLICABLE, AttributeSchema
from condcolor.data.dataset import ImageDataset
from condcolor.data.reading import Reading
from condcolor.errors import DataError
from condcolor.evaluation import metrics
from condcolor.evaluation.baselines import flat_fill, grey
from condcolor.evaluation.distinct_pixels import DistinctPixels
from condcolor.evaluation.evaluator import MeasuredColorizer, OnProgress, OnSkip, Prepare
from condcolor.evaluation.measures import MEASURES, json_value
from condcolor.evaluation.metrics import ColorFunction
from condcolor.recipes import SKETCHES
from condcolor.runtime.messages import evenly
from condcolor.runtime.process import ahead

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
ONE = 1  # input colored ahead
LEAST_CHANGE = 0.1  # of the range; a region that changes less with its value is not visible


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


def evaluate_sketches(
    color: ColorFunction,
    pictures: ImageDataset,
    *,
    combinations: Sequence[Sequence[str]] | None = None,
    max_inputs: int | None = None,
    on_progress: OnProgress | None = None,
    on_input: Callable[[int, float], None] | None = None,
) -> Evaluation:
    """Measure `color` on the inputs of `pictures`, as SKETCH_PROTOCOL defines it.

    Args:
        combinations: the only ones to score (values in the schema's order); regions do not depend on them.
        max_inputs: at most this many inputs, spread evenly over the set.
        on_input: called with the number of each input in `pictures` and its MSE.
    """
    tallies = _measured([color], pictures, combinations, max_inputs, on_progress)
    if on_input is not None:
        for source, error in tallies[0].errors.items():
            on_input(source, error)
    return tallies[0].score()


def _measured(
    colors: Sequence[ColorFunction],
    pictures: ImageDataset,
    combinations: Sequence[Sequence[str]] | None,
    max_inputs: int | None,
    on_progress: OnProgress | None,
    *,
    beside: bool = False,
) -> list[_Tally]:
    """Measure several ways to color the same inputs: what the targets say is found once for all.

    beside: an input is colored in a thread while the one before is measured.
    """
    every, only = _every_combination(pictures.schema), _indices(pictures.schema, combinations)
    inputs = evenly(pictures.source_of.unique().tolist(), max_inputs)
    tallies = [_Tally(pictures.schema) for _ in colors]

    def colored(source: int) -> tuple[_Drawing, list[Tensor]]:
        drawing = _Drawing.of(pictures, source, every, only)
        return drawing, [color(drawing.sketch, drawing.asked).float().cpu() for color in colors]

    drawings = ahead(colored, inputs, ONE) if beside else map(colored, inputs)
    for done, (drawing, colorings) in enumerate(drawings, start=1):
        for tally, pixels in zip(tallies, colorings, strict=True):
            tally.add(drawing, pixels)
        if on_progress is not None:
            on_progress(done, len(inputs))
    return tallies


@dataclass(frozen=True)
class _Drawing:
    """An input with its targets: what is measured of every way to color it."""

    source: int
    sketch: Tensor  # [3, H, W] uint8
    targets: Tensor  # [R, 3, H, W] in [0, 1]
    asked: Tensor  # [N, A] value indices of the colorings
    scored: Tensor  # indices of the colorings that count
    counted: Tensor  # indices of the targets that count
    coloring_of: Tensor  # [R] target -> its coloring
    ground: Tensor  # [P] bool, where the sketch and all targets are white
    changes: tuple[Tensor | None, ...]  # [P] of each attribute: see `_region`

    @classmethod
    def of(
        cls, pictures: ImageDataset, source: int, every: Tensor | None, only: Tensor | None
    ) -> _Drawing:
        schema, sketch, own = pictures.schema, pictures.pictures[source], _rows_of(pictures, source)
        targets, values = pictures.rows(own).target.float() / 255, pictures.values[own]
        asked = _around(values, only, schema.sizes) if every is None else _that_apply(every, values)
        light = sketch.float() / 255
        ground = ((light >= metrics.WHITE) & (targets >= metrics.WHITE).all(0)).all(0).flatten()
        attributes = range(len(schema.names))
        changes = tuple(_region(pictures, own, targets, values, i) for i in attributes)
        coloring_of = (values[:, None] == asked).all(-1).int().argmax(1)
        scored, counted = _among(asked, only), _among(values, only)
        return cls(source, sketch, targets, asked, scored, counted, coloring_of, ground, changes)


@dataclass(frozen=True)
class SketchEvaluator:
    """The evaluation of sketches in every combination of values, beside a flat fill and the sketch as it is.

    Test inputs are measured once more in the combinations that no training row has, if there are any, as
    the split "test, unseen combinations".
    """

    network_only: bool = (
        False  # the network's bare output, without the post-processing of `colorize`
    )

    ignore: Sequence[str] = ()  # columns of the data that are left out
    labels: str = ""  # the form of file names, for data without a table

    protocol: ClassVar[str] = SKETCH_PROTOCOL
    most_checked: ClassVar[int] = 8
    checked: ClassVar[str] = f"at most {most_checked} sketches in all colours"

    @staticmethod
    def measure(color: ColorFunction, pictures: ImageDataset) -> Evaluation:
        """Measure at most `most_checked` sketches."""
        return evaluate_sketches(color, pictures, max_inputs=SketchEvaluator.most_checked)

    def compare(
        self,
        colorizer: MeasuredColorizer,
        data: Path,
        *,
        max_inputs: int | None = None,
        on_progress: OnProgress | None = None,
        on_skip: OnSkip | None = None,
        prepare: Prepare | None = None,
    ) -> dict[str, dict[str, Evaluation]]:
        """Measure a model as `Evaluator.compare` does, by torch; UsageError for an exported one."""
        in_torch: Any = getattr(colorizer, "in_torch", lambda: colorizer)()
        model_color = in_torch.color_bare if self.network_only else in_torch.color
        reading = Reading(tuple(self.ignore), self.labels)
        metadata = SKETCHES.read(data, colorizer.schema.required, reading)
        metadata = prepare(metadata) if prepare else metadata
        train, test = metadata.split("train"), metadata.split("test")
        splits = {"train": train, "test": test, "all rows": metadata.split("")}
        colors: dict[str, ColorFunction] = {
            "model": model_color,
            "flat fill": flat_fill(colorizer.schema.required),
            "grey": grey,
        }

        def measure(
            pictures: ImageDataset, only: Sequence[Sequence[str]] | None = None
        ) -> dict[str, Evaluation]:
            found = _measured(
                [*colors.values()], pictures, only, max_inputs, on_progress, beside=True
            )
            return {name: tally.score() for name, tally in zip(colors, found, strict=True)}

        tables = {}
        for name, records in splits.items():
            if records:
                pictures = ImageDataset(records, colorizer.schema.required, colorizer.image_size)
                tables[name] = measure(pictures)
                own, seen = ({tuple(map(str, r.values)) for r in rows} for rows in (records, train))
                unseen = sorted(own - seen)
                if name == "test" and train and unseen:
                    tables["test, unseen combinations"] = measure(pictures, unseen)
        if not tables:
            raise DataError(f"{data}: no rows to measure on")
        return tables


class _Tally:
    """The measures of one way to color, collected over the inputs."""

    def __init__(self, schema: AttributeSchema):
        self.attributes = [_AttributeTally(schema, i) for i in range(len(schema.names))]
        self.errors: dict[int, float] = {}  # input -> its MSE
        self.squared, self.hazes, self.f1s = list[float](), list[float](), list[float]()

    def add(self, drawing: _Drawing, colored: Tensor) -> None:
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


class _AttributeTally:
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


def _region(
    pictures: ImageDataset, own: Tensor, targets: Tensor, values: Tensor, index: int
) -> Tensor | None:
    """Return the range of each pixel `[P]` over the attribute's values; None if it is not visible."""
    groups = metrics.groups_by(values, index)
    change = metrics.spread(targets, groups) if groups else pictures.mask_of(int(own[0]), index)
    return change.flatten() if change is not None and change.max() > LEAST_CHANGE else None


def _rows_of(pictures: ImageDataset, source: int) -> Tensor:
    """Return the rows of an input: at most MOST_COLORINGS, the first and those nearest to its values."""
    own = torch.nonzero(pictures.source_of == source).flatten()
    if len(own) > MOST_COLORINGS:
        values = pictures.values[own]
        differences = (values != values[0]).sum(dim=1)
        own = own[differences.argsort(stable=True)[:MOST_COLORINGS]]
    return own


def _every_combination(schema: AttributeSchema) -> Tensor | None:
    """Return value indices `[N, A]` of all combinations; None for more than MOST_COLORINGS."""
    if math.prod(schema.sizes) > MOST_COLORINGS:
        return None
    return _indices(schema, [tuple(c.values()) for c in schema.combinations()])


def _indices(
    schema: AttributeSchema, combinations: Sequence[Sequence[str]] | None
) -> Tensor | None:
    """Return value indices `[N, A]` of combinations of value names."""
    if combinations is None:
        return None
    rows = [schema.row_indices(c) for c in combinations]
    return torch.tensor(rows, dtype=torch.long).reshape(len(rows), len(schema.names))


def _that_apply(every: Tensor, values: Tensor) -> Tensor:
    """Return the combinations `every [N, A]` for an input, and those of its rows `values [R, A]`.

    Attributes that apply to none of its rows do not apply in them.
    """
    blank = values == NOT_APPLICABLE
    if not blank.any():
        return every
    asked = torch.where(blank.all(dim=0), NOT_APPLICABLE, every)
    return torch.unique(torch.cat([asked, values]), dim=0)


def _around(values: Tensor, only: Tensor | None, sizes: Sequence[int]) -> Tensor:
    """Return the rows' own `values [R, A]`, those of `only`, and each change of one value of the first."""
    rows = [values] if only is None else [values, only[:MOST_COLORINGS]]
    for i, size in enumerate(sizes):
        if (values[:, i] == NOT_APPLICABLE).all():
            continue
        changed = values[:1].repeat(size, 1)
        changed[:, i] = torch.arange(size)
        rows.append(changed)
    return torch.unique(torch.cat(rows), dim=0)


def _among(values: Tensor, only: Tensor | None) -> Tensor:
    """Return indices of the rows of `values [N, A]` that are rows of `only [M, A]`; all without it."""
    if only is None:
        return torch.arange(len(values))
    return torch.nonzero((values[:, None] == only).all(-1).any(-1)).flatten()
