"""The values of each attribute, counted in the cells of the csv; values that look misspelt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from condcolor.conditions.schema import MAX_VALUES, Attribute, AttributeSchema, look_key
from condcolor.data.faults import COLUMNS, Faults

if TYPE_CHECKING:
    import pandas

    from condcolor.data.columns import Sheet

RARE_ROWS = 3  # a value in at most so many rows, or in 2 % of them, may be misspelt
TIMES_RARER = 4  # ratio of the rows of the value that is meant
REMARK_NAMES = frozenset(
    ("note", "notes", "remark", "remarks", "comment", "comments", "todo", "notizen", "bemerkung")
)
REMARK_ROWS = 8  # filled cells, from which a column of ever other texts is taken for remarks


def collect_schema(
    sheets: Sequence[Sheet], names: Sequence[str], shared: bool, faults: Faults
) -> AttributeSchema:
    """Collect the attributes and their sorted values, of the training rows if there are any.

    An attribute with more than MAX_VALUES values is added to `faults` and left out.
    """
    if not names:
        return AttributeSchema()

    import pandas

    name_of_csv, header = sheets[0].name, sheets[0].header
    rows = pandas.concat([sheet.frame() for sheet in sheets], ignore_index=True)
    counts: dict[str, pandas.Series[int]] = {}
    for name in names:
        trained = rows.loc[rows["split"] != "test", name].value_counts()
        uses = rows[name].value_counts() if trained.empty else trained
        if len(uses) > MAX_VALUES:
            message = (
                f"column '{name}' has {len(uses):,} different values (at most {MAX_VALUES}); it looks "
                f"like an id: leave it out (--ignore {name}), or call it 'character'"
            )
            faults.add("id column", message, COLUMNS, name_of_csv, header, name)
        elif looks_like_remarks(name, {str(text): int(count) for text, count in uses.items()}):
            message = (
                f"column '{name}' has {len(uses)} different texts in {uses.sum()} cells; if these are "
                f"remarks: --ignore {name}"
            )
            faults.add("remarks", message, COLUMNS, name_of_csv, header, name)
        elif len(uses):
            counts[name] = uses
        elif len(rows):
            message = f"column '{name}' has no value; fill it in, or leave it out: --ignore {name}"
            faults.add("no values", message, COLUMNS, name_of_csv, header, name)
    for name, uses in counts.items():
        counts[name] = _one_of_a_look(name, uses, name_of_csv, header, faults)
    if shared and counts:
        counts = dict.fromkeys(counts, pandas.concat([*counts.values()]).groupby(level=0).sum())
    attributes = []
    for name, uses in counts.items():
        rows_of = {str(value): int(count) for value, count in uses.items()}
        attributes.append(Attribute(name, tuple(sorted(set(rows_of) - set(misspelt(rows_of))))))
    return AttributeSchema(tuple(attributes))


def looks_like_remarks(name: str, uses: Mapping[str, int]) -> bool:
    """Return whether a column holds remarks, by its name or by texts of several words that rarely repeat."""
    filled = sum(uses.values())
    if len(uses) * 2 <= filled:
        return False
    wordy = any(len(text.split()) >= 3 for text in uses)
    return name.lower() in REMARK_NAMES or (
        filled >= REMARK_ROWS and len(uses) * 5 > filled * 4 and wordy
    )


def _one_of_a_look(
    column: str, uses: pandas.Series[int], csv: str, header: int, faults: Faults
) -> pandas.Series[int]:
    """Return the uses of each value in its most frequent spelling; others that look the same are faults."""
    alike: dict[str, list[str]] = {}
    for value in uses.index:  # the most frequent first
        alike.setdefault(look_key(value), []).append(value)
    for first, *others in alike.values():
        for other in others:
            message = (
                f"column '{column}' spells '{first}' in two ways that look the same: {uses[first]} times "
                f"as {first!a}, {uses[other]} times as {other!a}; keep one"
            )
            faults.add("values look the same", message, COLUMNS, csv, header, column)
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
