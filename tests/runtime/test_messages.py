from __future__ import annotations

import pytest

from condcolor.runtime.messages import evenly


@pytest.mark.parametrize(
    ("most", "chosen"), [(None, "abcdefg"), (9, "abcdefg"), (3, "adg"), (1, "a")]
)
def test_a_few_are_spread_evenly(most, chosen):
    assert "".join(evenly("abcdefg", most)) == chosen
