"""`MeasuredDrawing`: a sketch, its targets, the colors it is asked for in, and where each attribute shows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from condcolor.conditions.schema import NOT_APPLICABLE, AttributeSchema
from condcolor.data.dataset import ImageDataset
from condcolor.evaluation import metrics

MOST_COLORINGS = 128  # of one input at a time: 100 MB of pictures at 256 px
LEAST_CHANGE = 0.1  # of the range; a region that changes less with its value is not visible


@dataclass(frozen=True)
class MeasuredDrawing:
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
    ) -> MeasuredDrawing:
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


def every_combination(schema: AttributeSchema) -> Tensor | None:
    """Return value indices `[N, A]` of all combinations; None for more than MOST_COLORINGS."""
    if math.prod(schema.sizes) > MOST_COLORINGS:
        return None
    return indices_of(schema, [tuple(c.values()) for c in schema.combinations()])


def indices_of(
    schema: AttributeSchema, combinations: Sequence[Sequence[str]] | None
) -> Tensor | None:
    """Return value indices `[N, A]` of combinations of value names."""
    if combinations is None:
        return None
    rows = [schema.row_indices(c) for c in combinations]
    return torch.tensor(rows, dtype=torch.long).reshape(len(rows), len(schema.names))


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
