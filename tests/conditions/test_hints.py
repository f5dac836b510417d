from __future__ import annotations

import pytest

from condcolor.conditions.hints import Hint, parse_hint
from condcolor.errors import UsageError


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("120,80=#c03020", Hint((120, 80), (192, 48, 32))),
        (" 3.5 , 0 = skyblue ", Hint((3.5, 0), (135, 206, 235))),
    ],
)
def test_a_point_and_a_color(text, hint):
    assert parse_hint(text) == hint


def test_a_hint_is_shown_as_it_is_written():
    assert str(Hint((120.0, 80.0), (192, 48, 32))) == "120,80=#c03020"


@pytest.mark.parametrize("text", ["120,80", "120=red", "a,b=red", "1,2=rde", "1.2.3,4=red", "=red"])
def test_what_is_no_hint(text):
    with pytest.raises(UsageError):
        parse_hint(text)
