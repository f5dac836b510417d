"""How often values and combinations occur in a data set."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from condcolor.conditions.schema import AttributeSchema
from condcolor.data.metadata import Metadata
from condcolor.runtime.messages import counted, listed

if TYPE_CHECKING:
    import pandas

FEW_ROWS = 100  # fewer training rows are noted
FEWER = 4  # a value so many times rarer than the most frequent one is hard to learn


@dataclass(frozen=True)
class Balance:
    """The frequency of each value and each combination of values in one split.

    Rows with blank cells count for the values that they have, not for combinations.
    """

    split: str  # "train", "test" or ""
    rows: int
    characters: int
    values: Mapping[str, Mapping[str, int]]  # attribute -> value -> rows
    combinations: Mapping[tuple[str, ...], int]  # values in schema order -> rows, at least 1
    absent: int  # number of combinations without rows
    blank: Mapping[str, int]  # attribute -> rows that it does not apply to, at least 1


def measure_balance(metadata: Metadata) -> tuple[Balance, ...]:
    """Count the values of each split that has rows: "train", "test", ""."""
    frame = metadata.frame()
    splits = ((split, frame[frame["split"] == split]) for split in ("train", "test", ""))
    return tuple(_table(metadata.schema, split, rows) for split, rows in splits if len(rows))


def balance_notes(balance: tuple[Balance, ...]) -> list[str]:
    """Describe the deficits of the training rows, a sentence each."""
    notes = []
    for table in balance:
        if table.split == "test":
            continue
        if table.rows < FEW_ROWS:
            notes.append(f"{counted(table.rows, 'row')} to train on are few (below {FEW_ROWS})")
        for name, counts in table.values.items():
            most = max(counts.values())
            rare = [f"{value} ({count})" for value, count in counts.items() if count * FEWER < most]
            if rare:
                notes.append(f"{name}: few rows for {listed(rare)}; the most frequent has {most}")
        if table.absent:
            possible = len(table.combinations) + table.absent
            notes.append(
                f"{table.absent:,} of {possible:,} combinations of "
                f"{' and '.join(table.values)} have no row to train on"
            )
    return notes


def _table(schema: AttributeSchema, split: str, rows: pandas.DataFrame) -> Balance:
    values = {}
    for attribute in schema.attributes:
        uses = rows[attribute.name].value_counts()
        values[attribute.name] = {value: int(uses.get(value, 0)) for value in attribute.values}
    every = map(tuple, rows[[*schema.names]].to_numpy())
    combinations = Counter(values for values in every if all(values))
    blank = {name: int((rows[name] == "").sum()) for name in schema.names}
    absent = math.prod(schema.sizes) - len(combinations)
    characters = rows["character"].nunique()
    return Balance(
        split,
        len(rows),
        characters,
        values,
        dict(sorted(combinations.items())),
        absent,
        {name: count for name, count in blank.items() if count},
    )
