"""Values that look misspelt: what is doubted, and what never is."""

from __future__ import annotations

import pytest

from condcolor.data.vocabulary import close, misspelt


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ({"red": 40, "rad": 1}, {"rad": "red"}),
        ({"red": 40, "rde": 3}, {"rde": "red"}),
        ({"red": 40, "Red": 39}, {"Red": "red"}),
        ({"red": 3, "rad": 1}, {}),  # not four times as frequent
        ({"red": 40, "rad": 10}, {}),  # not rare
        ({"style-1": 40, "style-2": 1}, {}),  # digits are never a slip
        ({"red": 40, "blue": 1}, {}),
        ({"turquoise": 40, "torqoise": 1}, {"torqoise": "turquoise"}),
        ({}, {}),
    ],
)
def test_only_a_rare_value_close_to_a_frequent_one_is_doubted(counts, expected):
    assert misspelt(counts) == expected


@pytest.mark.parametrize(
    ("word", "other", "expected"),
    [
        ("input", "inptu", True),
        ("input", "inputs", True),
        ("input", "imptu", False),
        ("ab", "ac", False),  # too short to tell
        ("character", "charactr", True),
        ("character", "carhacetr", False),
    ],
)
def test_close_allows_a_slip_and_two_in_a_long_word(word, other, expected):
    assert close(word, other) == close(other, word) == expected
