"""The color that stands for each value, measured in the pictures of a data set."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np

from condcolor.conditions.colors import RGB
from condcolor.conditions.schema import AttributeSchema
from condcolor.data.metadata import Metadata
from condcolor.data.records import Record
from condcolor.imaging.open import open_picture

DIFFERENT = 24  # of 255, in any channel: more than JPEG noise, less than two named colors
ROWS_OF_AN_INPUT = 64  # compared with each other, to see where a value shows
SIGHTINGS = 16  # of a value, over all inputs: enough to outvote a wrong label
MASK_CHANNELS = 3
INSIDE = 255  # a mask is that where a part alone is seen, less on its antialiased edge


def measure_palette(metadata: Metadata, max_inputs: int = 64) -> AttributeSchema:
    """The schema with the color of each value, as it is seen in the targets of the training rows.

    Where an input has a mask, a part is the pixels where the mask is 255. Elsewhere it is the
    pixels that change between rows of one input that differ in that attribute alone. The color is
    the median over the part and over rows; None where no row shows it.

    max_inputs: how many inputs are looked at (more only if a value would be left out).
    DataError when a picture cannot be read.
    """
    schema = metadata.schema
    if not schema.names:
        return schema
    seen = SeenColors(schema)
    inputs = _choose_inputs(metadata, max_inputs)
    times = -(-SIGHTINGS // max(1, len(inputs)))
    for rows in inputs:
        mask = _open_mask(rows[0])
        rows = rows[:ROWS_OF_AN_INPUT] if mask is None else _some_of_each_value(rows, times)
        seen.add(rows, [_open_target(row) for row in rows], mask)
    return seen.palette()


def measure_fixed(metadata: Metadata, max_inputs: int = 64) -> RGB | None:
    """The color of the part behind the attributes in the masks (skin); None when there is none.

    Measured as in `measure_palette`, on one row an input. DataError when a picture cannot be read.
    """
    channel = len(metadata.schema.names)
    colors = []
    for rows in _choose_inputs(metadata, max_inputs):
        mask = _open_mask(rows[0])
        if mask is None or channel >= MASK_CHANNELS:
            continue
        target = _open_target(rows[0])
        inside = mask[..., channel] == INSIDE
        if target.shape == mask.shape and inside.any():
            colors.append(_median(target[inside]))
    return _rgb(_median(np.array(colors))) if colors else None


class SeenColors:
    """The color seen in each row for each attribute, gathered input by input.

    rows: `(record, colors)`, a color an attribute, None where the attribute cannot be seen.
    """

    def __init__(self, schema: AttributeSchema):
        self.schema = schema
        self.rows: list[tuple[Record, tuple[RGB | None, ...]]] = []

    def add(
        self, records: Sequence[Record], targets: Sequence[np.ndarray], mask: np.ndarray | None
    ) -> None:
        """Rows of one input with their targets `[H,W,3]` uint8; a mask is `[H,W,3]` uint8.

        A target of another size than the mask (without one: than most targets) shows nothing.
        """
        shapes = Counter(target.shape for target in targets)
        shape = mask.shape if mask is not None else shapes.most_common(1)[0][0] if shapes else ()
        usable = [index for index, target in enumerate(targets) if target.shape == shape]
        colors: list[list[RGB | None]] = [[] for _ in records]
        for attribute in range(len(self.schema.names)):
            part = find_part(
                attribute,
                [records[index].values for index in usable],
                [targets[index] for index in usable],
                mask,
            )
            for index, row_colors in enumerate(colors):
                visible = part is not None and index in usable
                row_colors.append(_rgb(_median(targets[index][part])) if visible else None)
        self.rows.extend(zip(records, map(tuple, colors), strict=True))

    def palette(self) -> AttributeSchema:
        """The schema with the median color of each value over the rows that have it."""
        gathered: dict[tuple[str, str], list[RGB]] = defaultdict(list)
        for record, colors in self.rows:
            for name, value, color in zip(self.schema.names, record.values, colors, strict=True):
                if color is not None:
                    gathered[name, value].append(color)
        palette: dict[str, dict[str, RGB | None]] = defaultdict(dict)
        for (name, value), seen in gathered.items():
            palette[name][value] = _rgb(_median(np.array(seen)))
        return self.schema.with_palette(palette)


def find_part(
    attribute: int,
    values: Sequence[tuple[str, ...]],
    targets: Sequence[np.ndarray],
    mask: np.ndarray | None,
) -> np.ndarray | None:
    """Where an attribute shows in the pictures of one input: `[H,W]` bool, or None.

    Without a mask, a pixel belongs to the part when it changes in most pairs of rows that differ
    in this attribute alone, so that one row with a wrong label moves nothing.
    """
    if mask is not None and attribute < MASK_CHANNELS:
        part = mask[..., attribute] == INSIDE
        return part if part.any() else None
    alike: dict[tuple[str, ...], dict[str, int]] = defaultdict(dict)
    for index, row in enumerate(values):
        others = row[:attribute] + row[attribute + 1 :]
        alike[others].setdefault(row[attribute], index)
    votes, pairs = 0, 0
    for rows in alike.values():
        for first, second in pairwise(rows[value] for value in sorted(rows)):
            high = np.maximum(targets[first], targets[second])
            difference = high - np.minimum(targets[first], targets[second])
            votes = votes + (difference >= DIFFERENT).any(axis=-1)
            pairs += 1
    if pairs == 0:
        return None
    for share in (2, 3):  # a third will do where two values look the same
        part = np.asarray(votes) * share > pairs
        if part.any():
            return part
    return None


def rows_by_input(records: Iterable[Record]) -> list[list[Record]]:
    """Records grouped by their source, in the order of its first row."""
    groups: dict[object, list[Record]] = defaultdict(list)
    for record in records:
        groups[record.source].append(record)
    return list(groups.values())


def _choose_inputs(metadata: Metadata, max_inputs: int) -> list[list[Record]]:
    """Rows of inputs spread over the data set; every value is among them."""
    colored = [record for record in metadata.records if record.target is not None]
    groups = rows_by_input([row for row in colored if row.split != "test"] or colored)
    step = max(1, -(-len(groups) // max(1, max_inputs)))
    chosen = groups[::step]
    seen = {pair for rows in chosen for row in rows for pair in enumerate(row.values)}
    for rows in groups if step > 1 else ():
        new = {pair for row in rows for pair in enumerate(row.values)} - seen
        if new:
            chosen.append(rows)
            seen |= new
    return chosen


def _some_of_each_value(rows: Sequence[Record], times: int) -> list[Record]:
    """Rows that show every value that often, if there are as many, and not many more."""
    seen: Counter[tuple[int, str]] = Counter()
    chosen = []
    for row in rows:
        if any(seen[pair] < times for pair in enumerate(row.values)):
            seen.update(enumerate(row.values))
            chosen.append(row)
    return chosen


def _open_target(record: Record) -> np.ndarray:
    assert record.target is not None, "_choose_inputs leaves out rows without a target"
    return open_picture(record.target).rgb


def _open_mask(record: Record) -> np.ndarray | None:
    return None if record.mask is None else open_picture(record.mask).rgb


def _median(pixels: np.ndarray) -> np.ndarray:
    """The lower median of each channel of `[N,3]`, a color that is there in flat fills."""
    middle = (len(pixels) - 1) // 2
    return np.partition(pixels, middle, axis=0)[middle]


def _rgb(color: np.ndarray) -> RGB:
    red, green, blue = (int(channel) for channel in color)
    return red, green, blue
