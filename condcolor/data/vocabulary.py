"""The values of each attribute, counted in the cells of the csv; values that look misspelt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from condcolor.conditions.schema import MAX_VALUES, Attribute, AttributeSchema, look_key
from condcolor.runtime.messages import Problems

if TYPE_CHECKING:
    import pandas

    from condcolor.data.records import Sheet

RARE_ROWS = 3  # a value in at most so many rows, or in 2 % of them, may be misspelt
TIMES_RARER = 4  # ratio of the rows of the value that is meant


def collect_schema(
    sheets: Sequence[Sheet], names: Sequence[str], shared: bool, faults: Problems
) -> AttributeSchema:
    """Collect the attributes and their sorted values, of the training rows if there are any.

    An attribute with more than MAX_VALUES values is added to `faults` and left out.
    """
    if not names:
        return AttributeSchema()

    import pandas

    rows = pandas.concat([sheet.frame() for sheet in sheets], ignore_index=True)
    counts: dict[str, pandas.Series[int]] = {}
    for name in names:
        trained = rows.loc[rows["split"] != "test", name].value_counts()
        uses = rows[name].value_counts() if trained.empty else trained
        if len(uses) > MAX_VALUES:
            count = f"{len(uses):,} different values (at most {MAX_VALUES})"
            hint = "it looks like an id: take it out, or call it 'character'"
            faults.add("id column", f"{sheets[0].name}: column '{name}' has {count}; {hint}")
        elif len(uses):
            counts[name] = uses
    for name, uses in counts.items():
        counts[name] = _one_of_a_look(f"{sheets[0].name}: column '{name}'", uses, faults)
    if shared and counts:
        counts = dict.fromkeys(counts, pandas.concat([*counts.values()]).groupby(level=0).sum())
    attributes = []
    for name, uses in counts.items():
        rows_of = {str(value): int(count) for value, count in uses.items()}
        attributes.append(Attribute(name, tuple(sorted(set(rows_of) - set(misspelt(rows_of))))))
    return AttributeSchema(tuple(attributes))


def _one_of_a_look(where: str, uses: pandas.Series[int], faults: Problems) -> pandas.Series[int]:
    """Return the uses of each value in its most frequent spelling; others that look the same are faults."""
    alike: dict[str, list[str]] = {}
    for value in uses.index:  # the most frequent first
        alike.setdefault(look_key(value), []).append(value)
    for first, *others in alike.values():
        for other in others:
            faults.add(
                "values look the same",
                f"{where} spells '{first}' in two ways that look the same: {uses[first]} times as "
                f"{first!a}, {uses[other]} times as {other!a}; keep one",
            )
    return uses[[first for first, *_ in alike.values()]]


def misspelt(counts: Mapping[str, int]) -> dict[str, str]:
    """Map probably misspelt values to those that are meant: `{"red": 40, "rad": 1}` -> `{"rad": "red"}`.

    A value is misspelt if it differs from another in case only; or if it is rare and at an edit distance of 1
    (of 2 in words of 8 letters or more) from one at least 4 times as frequent. Values that differ in digits
    only (`style-1`, `style-2`) are not misspelt.
    """
    rare = max(RARE_ROWS, sum(counts.values()) // 50)
    by_use = sorted(counts, key=lambda value: (-counts[value], value))
    doubtful: dict[str, str] = {}
    for rank, value in enumerate(by_use):
        for frequent in by_use[:rank]:
            if frequent in doubtful:
                continue
            same_but_case = value.lower() == frequent.lower()
            seldom = counts[value] <= rare and counts[value] * TIMES_RARER <= counts[frequent]
            if same_but_case or (seldom and close(value.lower(), frequent.lower())):
                doubtful[value] = frequent
                break
    return doubtful


def close(word: str, other: str) -> bool:
    """Return whether one word is probably a misspelling of the other (see `misspelt`)."""
    allowed = 2 if min(len(word), len(other)) >= 8 else 1
    if min(len(word), len(other)) < 3 or abs(len(word) - len(other)) > allowed:
        return False
    if _without_digits(word) == _without_digits(other):
        return False
    return _distance(word, other) <= allowed


def _without_digits(word: str) -> str:
    return "".join("0" if letter.isdigit() else letter for letter in word)


def _distance(word: str, other: str) -> int:
    """Return the edit distance of two words, swaps of neighboring letters included (Damerau 1964)."""
    before: list[int] = []
    last = list(range(len(other) + 1))
    for i, letter in enumerate(word, start=1):
        row = [i]
        for j, wanted in enumerate(other, start=1):
            cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (letter != wanted))
            swapped = i > 1 and j > 1 and letter == other[j - 2] and word[i - 2] == wanted
            row.append(min(cost, before[j - 2] + 1) if swapped else cost)
        before, last = last, row
    return last[-1]
