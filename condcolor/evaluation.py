"""How well pictures are coloured as asked: every combination of every sketch, against the targets.

The protocol. Each input is coloured in every combination of values. An attribute's *region* is found
without labels: where the input's targets change between two values of it, the others fixed; pixels
with at least 90 % of the largest change are the region proper, pixels with no change are outside. Where
the data does not hold such pairs, the input's mask is used.

- MSE: on pixels scaled to [-1, 1], over the rows of the csv.
- obeyed: share of colourings whose mean Lab colour over the region is nearest, by CIEDE2000, to the palette
  colour that was asked. dE: median CIEDE2000 of that mean to the colour asked.
- leakage: mean change outside the region when this attribute alone changes, over the change inside.
- haze: mean CIEDE2000 to white where the sketch and all targets are white.
- line F1: the dark pixels of the picture against those of the sketch.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from PIL import Image, ImageDraw
from torch import Tensor

from condcolor import metrics
from condcolor.attributes import AttributeSchema
from condcolor.dataset import PictureSet

# sketch uint8 [3, H, W], value indices [N, A] -> coloured pictures float [N, 3, H, W] in [0, 1]
Colour = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class AttributeScore:
    """One attribute's figures. `confusion[i][j]`: how often value i was asked and j was seen."""

    name: str
    values: tuple[str, ...]
    obeyed: float
    delta_e: float
    leakage: float
    confusion: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Evaluation:
    """Figures of one split. Those that the data cannot give are NaN."""

    inputs: int
    rows: int
    mse: float
    haze: float
    line_f1: float
    attributes: tuple[AttributeScore, ...] = field(default_factory=tuple)

    @property
    def obeyed(self) -> float:
        """The mean over attributes, NaN when there are none."""
        return float(np.mean([a.obeyed for a in self.attributes])) if self.attributes else np.nan

    def to_json(self) -> dict:
        """As JSON values; NaN becomes None."""
        return _without_nan(dataclasses.asdict(self))


def evaluate(
    colour: Colour,
    pictures: PictureSet,
    *,
    max_inputs: int | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> Evaluation:
    """Measure `colour` on the inputs of `pictures`; the module's text says how.

    Args:
        max_inputs: at most this many inputs, spread evenly over the set.
    """
    schema = pictures.schema
    asked = torch.tensor([schema.indices(c) for c in schema.combinations()])
    asked = asked.reshape(-1, len(schema.names))
    inputs = _some(pictures.source_of.unique().tolist(), max_inputs)
    tallies = [_Tally(schema, i) for i in range(len(schema.names))]
    squared, hazes, f1s, rows = [], [], [], 0
    for done, source in enumerate(inputs, start=1):
        sketch = pictures.sources[source]  # (3, H, W) uint8
        colored = colour(sketch, asked).float().cpu()
        own = torch.nonzero(pictures.source_of == source).flatten()
        batch = pictures.rows(own)
        targets, values = batch.target.float() / 255, pictures.values[own]
        rows += len(own)
        squared += [
            metrics.mse(colored[(asked == v).all(1)][0], t)
            for v, t in zip(values, targets, strict=True)
        ]
        light = sketch.float() / 255
        ground = ((light >= metrics.WHITE) & (targets >= metrics.WHITE).all(0)).all(0)
        if ground.any():
            hazes.append(float(metrics.haze(colored, ground).mean()))
        f1s.append(metrics.line_f1(light, colored))
        for i, tally in enumerate(tallies):
            change = _region(pictures, source, own, targets, values, i)
            if change is not None:
                tally.add(colored, asked, change)
        if on_progress is not None:
            on_progress(done, len(inputs))
    scores = tuple(tally.score() for tally in tallies)
    return Evaluation(len(inputs), rows, _mean(squared), _mean(hazes), _mean(f1s), scores)


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

    def add(self, colored: Tensor, asked: Tensor, change: Tensor) -> None:
        """Take in one input: `colored [N, 3, H, W]` as `asked [N, A]`, `change [H, W]` in [0, 1]."""
        inside = change >= metrics.PURE * change.max()
        outside = change <= metrics.TOUCHED
        wanted = asked[:, self.index]
        if self.measurable:
            distances = metrics.color_distances(metrics.mean_lab(colored, inside), self.palette)
            for want, seen in zip(wanted, distances.argmin(1), strict=True):
                self.confusion[want, seen] += 1
            self.distances += distances.gather(1, wanted[:, None]).flatten().tolist()
        groups = metrics.groups_by(asked, self.index)
        if groups and outside.any():
            self.leaks.append(metrics.leakage(colored, groups, inside, outside))

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


def _region(pictures: PictureSet, source: int, own: Tensor, targets, values, index: int):
    """How strongly each pixel `[H, W]` follows the attribute, or None when nothing tells."""
    groups = metrics.groups_by(values, index)
    if groups:
        change = metrics.spread(targets, groups)
    else:
        change = pictures.mask_of(own[0], index)
    return change if change is not None and change.max() > 0.1 else None


def grey(sketch: Tensor, asked: Tensor) -> Tensor:
    """The baseline that leaves the sketch as it is."""
    return (sketch.float() / 255).expand(len(asked), *sketch.shape)


def flat_fill(schema: AttributeSchema) -> Colour:
    """The baseline that fills all that the lines enclose with one colour: the mean of those asked."""
    palettes = [torch.tensor(a.palette).float() / 255 for a in schema.attributes if all(a.palette)]

    def colour(sketch: Tensor, asked: Tensor) -> Tensor:
        light = sketch.float() / 255
        inside = _enclosed(light.mean(0))
        colored = light.expand(len(asked), *light.shape).clone()
        if palettes:
            mean = torch.stack([p[asked[:, i]] for i, p in enumerate(palettes)]).mean(0)
            colored[:, :, inside] *= mean[:, :, None]
        return colored

    return colour


def _enclosed(light: Tensor) -> Tensor:
    """The pixels `[H, W]` that a flood of the ground, from outside the border, does not reach."""
    height, width = light.shape
    grown = Image.new("L", (width + 2, height + 2), 255)
    grown.paste(Image.fromarray((light * 255).byte().numpy()), (1, 1))
    ImageDraw.floodfill(grown, (0, 0), 0, thresh=60)
    reached = torch.from_numpy(np.array(grown)[1:-1, 1:-1] == 0)
    return ~reached & (light > metrics.DARK)


def _some(items: Sequence[int], most: int | None) -> list[int]:
    if most is None or len(items) <= most:
        return list(items)
    return [items[round(i * (len(items) - 1) / max(most - 1, 1))] for i in range(most)]


def _mean(numbers: Iterable[float]) -> float:
    numbers = list(numbers)
    return float(np.mean(numbers)) if numbers else float("nan")


def _without_nan(value):
    if isinstance(value, dict):
        return {k: _without_nan(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without_nan(v) for v in value]
    return None if isinstance(value, float) and np.isnan(value) else value
