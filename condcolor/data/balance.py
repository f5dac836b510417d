"""What a data set holds how often: the table of values and combinations, and what it lacks."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from condcolor.data.metadata import Metadata
from condcolor.runtime.messages import listed

FEW_ROWS = 100  # fewer to train on are said to be few
FEWER = 4  # times rarer than the most frequent value, and a value is hard to learn


@dataclass(frozen=True)
class Balance:
    """How often each value and each combination of values stands in one split ("" = not said).

    values: attribute -> value -> rows. combinations: values in schema order -> rows, only those
    that there are. absent: how many combinations there are no rows for.
    """

    split: str
    rows: int
    characters: int
    values: Mapping[str, Mapping[str, int]]
    combinations: Mapping[tuple[str, ...], int]
    absent: int


def measure_balance(metadata: Metadata) -> tuple[Balance, ...]:
    """One table a split that has rows: "train", "test", "" (not said)."""
    tables = (_table(metadata, split) for split in ("train", "test", ""))
    return tuple(table for table in tables if table.rows)


def balance_notes(balance: tuple[Balance, ...]) -> list[str]:
    """What the training rows lack, a sentence each."""
    notes = []
    for table in balance:
        if table.split == "test":
            continue
        if table.rows < FEW_ROWS:
            rows = "1 row" if table.rows == 1 else f"{table.rows} rows"
            notes.append(f"{rows} to train on are few (below {FEW_ROWS})")
        for name, counts in table.values.items():
            most = max(counts.values())
            rare = [f"{value} ({count})" for value, count in counts.items() if count * FEWER < most]
            if rare:
                notes.append(f"{name}: few rows for {listed(rare)}; the most frequent has {most}")
        if table.absent:
            there = len(table.combinations)
            notes.append(
                f"{table.absent:,} of {there + table.absent:,} combinations of "
                f"{' and '.join(table.values)} have no row to train on"
            )
    return notes


def _table(metadata: Metadata, split: str) -> Balance:
    rows = metadata.split(split)
    values = {
        attribute.name: {
            value: sum(row.values[place] == value for row in rows) for value in attribute.values
        }
        for place, attribute in enumerate(metadata.schema.attributes)
    }
    combinations = Counter(row.values for row in rows)
    absent = math.prod(metadata.schema.sizes) - len(combinations)
    characters = len({row.character for row in rows})
    return Balance(split, len(rows), characters, values, dict(sorted(combinations.items())), absent)
