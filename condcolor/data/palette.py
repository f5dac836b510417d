"""The color of each value, measured in a data set's pictures."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np

from condcolor.conditions.colors import RGB
from condcolor.conditions.schema import AttributeSchema
from condcolor.data.metadata import Metadata, value_names
from condcolor.data.pictures import open_drawing
from condcolor.data.records import Record

DIFFERENT = 24  # of 255 in a channel: above JPEG noise, below the distance of named colors
ROWS_OF_AN_INPUT = 64  # rows of one source that are compared to locate a part
SIGHTINGS = 16  # measurements of a value over all sources, enough to outvote a wrong label
MASK_CHANNELS = 3
INSIDE = 255  # mask value inside a part; lower on its antialiased edge


def measure_palette(metadata: Metadata, max_inputs: int = 64) -> AttributeSchema:
    """Measure the color of each value in the targets of the training rows.

    If a source has a mask, a part is where its channel is 255; otherwise it is where rows of the source that
    differ in that attribute alone have different pixels. The color is the median over the part and over rows.

    Args:
        metadata: the data set.
        max_inputs: sources that are measured; more only if a value would be missing.

    Returns:
        The schema with its palette; None for a value that no row shows.

    Raises:
        DataError: a picture cannot be read.
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
    """Measure the color of the mask channel after those of the attributes (skin); None if there is none.

    Measured as in `measure_palette`, on one row of each source.

    Raises:
        DataError: a picture cannot be read.
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
    """The measured colors of each row, collected source by source.

    `rows` holds `(record, colors)`, a color for each attribute, None if it is not visible.
    """

    def __init__(self, schema: AttributeSchema):
        self.schema = schema
        self.rows: list[tuple[Record, tuple[RGB | None, ...]]] = []

    def add(
        self, records: Sequence[Record], targets: Sequence[np.ndarray], mask: np.ndarray | None
    ) -> None:
        """Add the rows of one source.

        Args:
            records: the rows.
            targets: `[H, W, 3]` uint8 of each row; ignored if the size differs from the mask's, or without a
                mask from that of most targets.
            mask: `[H, W, 3]` uint8 of the source, or None.
        """
        shapes = Counter(target.shape for target in targets)
        shape = mask.shape if mask is not None else shapes.most_common(1)[0][0] if shapes else ()
        usable = [index for index, target in enumerate(targets) if target.shape == shape]
        colors: list[list[RGB | None]] = [[] for _ in records]
        for attribute in range(len(self.schema.names)):
            part = find_part(
                attribute,
                [value_names(records[index]) for index in usable],
                [targets[index] for index in usable],
                mask,
            )
            for index, row_colors in enumerate(colors):
                visible = part is not None and index in usable
                row_colors.append(_rgb(_median(targets[index][part])) if visible else None)
        self.rows.extend(zip(records, map(tuple, colors), strict=True))

    def palette(self) -> AttributeSchema:
        """Return the schema with the median color of each value over its rows."""
        gathered: dict[tuple[str, str], list[RGB]] = defaultdict(list)
        for record, colors in self.rows:
            for name, value, color in zip(
                self.schema.names, value_names(record), colors, strict=True
            ):
                if color is not None and value:
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
    """Locate the part of an attribute in the pictures of one source: `[H, W]` bool, or None.

    Without a mask, a pixel belongs to the part if it changes in most pairs of rows that differ in this
    attribute alone, so that a single row with a wrong label has no effect.
    """
    if mask is not None and attribute < MASK_CHANNELS:
        part = mask[..., attribute] == INSIDE
        return part if part.any() else None
    alike: dict[tuple[str, ...], dict[str, int]] = defaultdict(dict)
    for index, row in enumerate(values):
        if not row[attribute]:  # it does not apply
            continue
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
    for share in (2, 3):  # a third suffices if two values look the same
        part = np.asarray(votes) * share > pairs
        if part.any():
            return part
    return None


def rows_by_input(records: Iterable[Record]) -> list[list[Record]]:
    """Group records by source, in the order of first rows."""
    groups: dict[object, list[Record]] = defaultdict(list)
    for record in records:
        groups[record.source].append(record)
    return list(groups.values())


def _choose_inputs(metadata: Metadata, max_inputs: int) -> list[list[Record]]:
    """Choose the rows of sources spread over the data set, so that every value occurs."""
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
    """Choose rows greedily so that every value occurs `times` times, if it can."""
    seen: Counter[tuple[int, str]] = Counter()
    chosen = []
    for row in rows:
        if any(seen[pair] < times for pair in enumerate(value_names(row))):
            seen.update(enumerate(value_names(row)))
            chosen.append(row)
    return chosen


def _open_target(record: Record) -> np.ndarray:
    assert record.target is not None, "_choose_inputs leaves out rows without a target"
    return open_drawing(record.target).rgb


def _open_mask(record: Record) -> np.ndarray | None:
    return None if record.mask is None else open_drawing(record.mask).rgb


def _median(pixels: np.ndarray) -> np.ndarray:
    """Return the lower median of each channel of `[N, 3]`, which in flat fills is an existing color."""
    middle = (len(pixels) - 1) // 2
    return np.partition(pixels, middle, axis=0)[middle]


def _rgb(color: np.ndarray) -> RGB:
    red, green, blue = (int(channel) for channel in color)
    return red, green, blue
