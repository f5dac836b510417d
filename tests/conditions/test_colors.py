"""Colours as they are written, and what is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from condcolor.conditions.colors import css_names, format_hex, parse_color
from condcolor.errors import UsageError

levels = st.integers(0, 255)


@given(levels, levels, levels)
def test_every_colour_can_be_written_in_each_way(red, green, blue):
    rgb = red, green, blue
    for written in (format_hex(rgb), format_hex(rgb)[1:].upper(), f"rgb({red},{green},{blue})"):
        assert parse_color(written) == rgb
    assert parse_color(f"RGB( {red}  {green} , {blue} )") == rgb


def test_all_148_names_are_known_in_any_case():
    assert len(css_names()) == 148
    assert parse_color("RebeccaPurple") == (0x66, 0x33, 0x99)
    assert parse_color("grey") == parse_color("gray") == (128, 128, 128)
    assert parse_color("#f80") == parse_color("rgb(100%,53.3%,0%)") == (255, 136, 0)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("orangge", "did you mean 'orange'"),
        ("#ff88", "3 or 6 digits behind it, not 4; transparency"),
        ("#12345", "not 5"),
        ("#ggg", "is no colour"),
        ("rgb(300,0,0)", "'300' is not a number of 0..255"),
        ("rgb(101%,0%,0%)", "'101%' is not"),
        ("rgb(-1,0,0)", "'-1' is not"),
        ("rgb(1,2)", "is no colour"),
        ("rgba(1,2,3,0.5)", "is no colour"),
        ("hsl(0,100%,50%)", "is no colour"),
        ("bad", "is no colour"),  # three hexadecimal digits
        ("", "is no colour"),
        (" red", "is no colour"),
    ],
)
def test_what_is_no_colour_is_told_in_one_line(text, said):
    with pytest.raises(UsageError) as caught:
        parse_color(text)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
