"""The parts that a data set of flat colorings teaches, beside those that a model knows already."""

from __future__ import annotations

import colorsys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from condcolor.conditions.colors import RGB
from condcolor.conditions.parts import MOST_PARTS, PARTS, WHITE, Part
from condcolor.conditions.schema import AttributeSchema
from condcolor.data.cache import ImageCache
from condcolor.data.dataset import ImageDataset
from condcolor.data.part_labels import NOTHING, Drawing, PartClasses, drawings_of, find_classes
from condcolor.data.records import Record
from condcolor.models.checkpoint import Model
from condcolor.models.codecs import probabilities
from condcolor.runs.config import RunConfig
from condcolor.runtime.messages import evenly, listed

LOOKED_AT = 32  # drawings from which the parts are found
ALIKE = 0.4  # mean probability from which an unasked part of the model is that of a fixed color
UNKNOWN = 255  # all bits: a pixel that may be of any part
EPOCH = 8  # steps, at least, between which an epoch is logged
ROWS_OF_A_DRAWING = 6  # colorings of one drawing that are looked at: enough to tell its parts apart
PLAIN = ("ground", "other")  # the parts that stay white


@dataclass(frozen=True)
class OwnParts:
    """The parts of a data set.

    schema: its attributes, each value with its color.
    table: what the outputs of a network for it stand for.
    begun_as: the output of the model that each begins as.
    fixed: the part of each fixed color.
    new: the names of the attributes that the model did not know.
    """

    schema: AttributeSchema
    table: tuple[Part, ...]
    begun_as: tuple[int, ...]
    fixed: tuple[tuple[str, RGB], ...]
    new: tuple[str, ...]


def find_own_parts(
    pictures: ImageDataset, model: Model, *, keep_table: bool = False
) -> tuple[OwnParts | None, str]:
    """Find what the colorings of a training split teach; None and why not, where they are not flat.

    Args:
        pictures: the training split, decoded.
        model: a model of parts, in whose outputs the new ones are looked for.
        keep_table: no part is added: attributes that the model does not know are a reason.
    """
    schema = pictures.schema
    taken = [name for name in schema.names if name in PLAIN]
    if not schema.names or taken:
        return None, f"no part can be called {taken[0]}" if taken else "it has no attributes"
    sources = evenly(pictures.source_of.unique().tolist(), LOOKED_AT)
    drawings = drawings_of(pictures, sources)
    classes, why = find_classes(drawings, schema)
    if classes is None:
        return None, why
    if 2 + classes.count > MOST_PARTS:
        return None, f"it has more than {MOST_PARTS - 3} parts"
    old = model.parts or PARTS
    if keep_table and (unknown := [n for n in schema.names if n not in {p.name for p in old}]):
        return None, f"the model knows no {listed(unknown)}"
    seen = _seen_as(drawings, classes, model)
    return _own_parts(classes, old, seen, keep_table=keep_table), ""


def _seen_as(drawings: Sequence[Drawing], classes: PartClasses, model: Model) -> np.ndarray:
    """Return the mean probability `[count, K]` of each old part in the pixels of each class."""
    sums = torch.zeros(classes.count, model.config.output_channels)
    counts = torch.zeros(classes.count, 1)
    generator = model.generator.eval()
    for drawing in drawings:
        rgb = torch.from_numpy(drawing.sketch).permute(2, 0, 1)[None]
        with torch.inference_mode():
            scores = generator(model.codec.encode_source(rgb), torch.zeros(1, 0))
            shares = probabilities(scores)[0].flatten(1)  # (K, P)
        may_be = classes.of_drawing(drawing.sketch, drawing.targets, drawing.values, drawing.mask)
        alone = torch.from_numpy(may_be & (may_be.sum(axis=0) == 1)).flatten(1).float()  # (C, P)
        sums += alone @ shares.T
        counts += alone.sum(dim=1, keepdim=True)
    return (sums / counts.clamp_min(1)).numpy()


def _own_parts(
    classes: PartClasses, old: Sequence[Part], seen: np.ndarray, *, keep_table: bool
) -> OwnParts:
    """Make the table: the model's parts where it shares attributes, then new attributes and fixed colors."""
    schema, names = classes.schema, [part.name for part in old]
    shared = [name for name in schema.names if name in names]
    table = [
        part if part.name in schema.names else replace(part, fill=WHITE)
        for part in old
        if keep_table or shared or part.name in PLAIN
    ]
    begun = [names.index(part.name) for part in table]
    new = tuple(name for name in schema.names if name not in names)
    for name in new:
        begun.append(int(seen[1 + schema.names.index(name)].argmax()))
        table.append(Part(name, WHITE))
    fixed: list[tuple[str, RGB]] = []
    for number, color in enumerate(classes.fixed):
        shares = seen[1 + len(schema.names) + number]
        best = int(shares.argmax())
        own = {name for name, _ in fixed} | {*schema.names, *PLAIN}
        place = next((i for i, p in enumerate(table) if p.name == names[best]), None)
        if place is not None and names[best] not in own and shares[best] >= ALIKE:
            table[place] = replace(table[place], fill=color)
        elif keep_table:
            continue  # a color of nobody's: it is left as it is
        else:
            place = len(table)
            table.append(Part(f"fixed-{number + 1}", WHITE, color))
            begun.append(best)
        fixed.append((table[place].name, color))
    return OwnParts(schema, _labelled(table), tuple(begun), tuple(fixed), new)


def _labelled(table: Sequence[Part]) -> tuple[Part, ...]:
    """Return the table, each part with a label color of its own; those of PARTS keep theirs."""
    own = {part.name: part.label for part in PARTS}
    others = [index for index, part in enumerate(table) if part.name not in own]
    made = list(table)
    for number, index in enumerate(others):
        hue = (number / max(1, len(others)) + 1 / 12) % 1
        red, green, blue = (round(255 * c) for c in colorsys.hsv_to_rgb(hue, 0.9, 0.9))
        made[index] = replace(made[index], label=(red, green, blue))
    return tuple(replace(part, label=own[part.name]) if part.name in own else part for part in made)


def label_pictures(pictures: ImageDataset, plan: RunConfig) -> ImageDataset:
    """Return the drawings of a split with the parts that their pixels may be as targets.

    Each is there once; of few drawings, so often that an epoch has EPOCH steps.
    """
    assert plan.parts is not None
    labelled = label_drawings(pictures, plan.schema, plan.parts, plan.fixed_parts)
    times = max(1, -(-EPOCH * plan.config.batch_size // len(labelled)))
    return labelled.repeated(times)


def label_drawings(
    pictures: ImageDataset,
    schema: AttributeSchema,
    table: Sequence[Part],
    fixed: Sequence[tuple[str, RGB]],
) -> ImageDataset:
    """Return the drawings of a split, each once, with the parts that their pixels may be as targets.

    Args: as of `OwnParts`.
    """
    sources = pictures.source_of.unique().tolist()
    classes = PartClasses(schema, tuple(color for _, color in fixed))
    names = [part.name for part in table]
    claimed = [names.index(name) for name in (*schema.names, *(name for name, _ in fixed))]
    rows_of = [[k for k in range(len(table)) if k not in claimed], *([k] for k in claimed)]
    side = pictures.pictures.side
    labels = torch.empty(len(sources), 3, side, side, dtype=torch.uint8)
    first = [int((pictures.source_of == source).nonzero()[0]) for source in sources]
    for index, source in enumerate(sources):
        [drawing] = drawings_of(pictures, [source])
        may_be = classes.of_drawing(drawing.sketch, drawing.targets, drawing.values, drawing.mask)
        labels[index] = _bits(may_be, rows_of)
    return pictures.with_labels(ImageCache([labels]), torch.tensor(first))


def _bits(may_be: np.ndarray, rows_of: Sequence[Sequence[int]]) -> Tensor:
    """Return the bits `[3, H, W]` uint8 of the outputs that each pixel may be; all where nothing is known.

    Args:
        may_be: `[C, H, W]` bool, the classes that each pixel may be.
        rows_of: the outputs of each class.
    """
    assert rows_of[NOTHING], "the parts that stay white are always there"
    bits = np.zeros((3, *may_be.shape[1:]), np.uint8)
    for own, rows in zip(may_be, rows_of, strict=True):
        for row in rows:
            bits[row // 8] |= own.astype(np.uint8) << (row % 8)
    bits[:, ~may_be.any(axis=0)] = UNKNOWN
    return torch.from_numpy(bits)


def some_rows(records: Sequence[Record], most: int = ROWS_OF_A_DRAWING) -> list[Record]:
    """Return at most so many rows of each drawing, spread over its own."""
    counts = Counter(record.source for record in records)
    seen: Counter[Path] = Counter()
    kept = []
    for record in records:
        step = max(1, counts[record.source] // most)
        number = seen[record.source]
        seen[record.source] += 1
        if number % step == 0 and number // step < most:
            kept.append(record)
    return kept
