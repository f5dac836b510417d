"""Which values an attribute has, read from how often each is used, and which are misspelt."""

from __future__ import annotations

from collections.abc import Mapping

RARE_ROWS = 3  # as rarely as this, or in 2 % of the rows, a value may be a slip of the pen
TIMES_RARER = 4  # than the value it is meant to be


def misspelt(counts: Mapping[str, int]) -> dict[str, str]:
    """`{"red": 40, "rad": 1}` -> `{"rad": "red"}`: values to doubt, and what is probably meant.

    Doubtful is a value that differs from another in case only, or that is rare and one letter (in
    words of eight letters or more: two) away from one at least four times as frequent. Values that
    differ in digits only (`style-1`, `style-2`) are never doubted.
    """
    rare = max(RARE_ROWS, sum(counts.values()) // 50)
    by_use = sorted(counts, key=lambda value: (-counts[value], value))
    doubtful: dict[str, str] = {}
    for place, value in enumerate(by_use):
        for frequent in by_use[:place]:
            if frequent in doubtful:
                continue
            same_but_case = value.lower() == frequent.lower()
            seldom = counts[value] <= rare and counts[value] * TIMES_RARER <= counts[frequent]
            if same_but_case or (seldom and close(value.lower(), frequent.lower())):
                doubtful[value] = frequent
                break
    return doubtful


def close(word: str, other: str) -> bool:
    """Whether one is probably a slip in writing the other (as in `misspelt`)."""
    allowed = 2 if min(len(word), len(other)) >= 8 else 1
    if min(len(word), len(other)) < 3 or abs(len(word) - len(other)) > allowed:
        return False
    if _without_digits(word) == _without_digits(other):
        return False
    return _distance(word, other) <= allowed


def _without_digits(word: str) -> str:
    return "".join("0" if letter.isdigit() else letter for letter in word)


def _distance(word: str, other: str) -> int:
    """Letters to put in, take out, change, or swap with the next, to turn one into the other."""
    before, last = [], list(range(len(other) + 1))
    for i, letter in enumerate(word, start=1):
        row = [i]
        for j, wanted in enumerate(other, start=1):
            cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (letter != wanted))
            swapped = i > 1 and j > 1 and letter == other[j - 2] and word[i - 2] == wanted
            row.append(min(cost, before[j - 2] + 1) if swapped else cost)
        before, last = last, row
    return last[-1]
