"""What can be asked for an attribute, and which meaning comes first."""

from __future__ import annotations

import pytest
from models import HAIR, ICONS, RGBS

from condcolor.conditions.color_spec import (
    KEEP,
    NONE,
    ColorSpec,
    parse_color_spec,
    parse_color_specs,
    plain_values,
)
from condcolor.conditions.schema import Attribute, AttributeSchema
from condcolor.errors import UsageError

RED_BLUE = {"hair": "red", "shirt": "blue"}


def color_of(text: str, attribute: Attribute = HAIR) -> tuple[int, ...]:
    return tuple(round(level) for level in parse_color_spec(attribute, text).color(RGBS))


def test_a_value_of_the_model_comes_before_the_colour_of_that_name():
    assert parse_color_spec(HAIR, "red").value == "red"
    assert color_of("red") == RGBS["red"]
    assert color_of("#f00") == color_of("#ff0000") == (255, 0, 0)
    odd = Attribute("mood", ("none", "keep", "a:1,b", "#fff"))
    assert all(parse_color_spec(odd, value).value == value for value in odd.values)


def test_mixes_are_means_by_weight():
    assert color_of("black:1,white:3") == (191, 191, 191)
    assert color_of("black, white") == color_of("rgb(0,0,0),#fff") == (128, 128, 128)
    assert color_of("rgb(200,0,0):0.5,rgb(0,100,0):0.5") == (100, 50, 0)
    assert color_of("red:7") == RGBS["red"]
    assert parse_color_spec(HAIR, "red:7,blue:0").value is None
    mean = tuple(round(0.6 * r + 0.4 * b) for r, b in zip(RGBS["red"], RGBS["brown"], strict=True))
    assert color_of("red:0.6,brown:0.4") == mean


def test_none_and_keep_are_no_colours():
    assert parse_color_spec(HAIR, "None") == ColorSpec(left=NONE)
    assert parse_color_spec(HAIR, "keep") == ColorSpec(left=KEEP)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("rad", "hair 'rad' is not one of blue, .*, nor a colour .*; did you mean 'red'"),
        ("Red", "did you mean 'red'"),  # not the red of CSS, which nobody meant
        ("tomatoe", "did you mean 'tomato'"),
        ("non", "did you mean 'none'"),
        ("red ", "is not one of"),
        ("red:x,blue", "'x' is no weight of 'red'"),
        ("red:-1,blue", "'-1' is no weight"),
        ("red:inf", "'inf' is no weight"),
        ("red:0,blue:0", "all weights are 0"),
        ("red:1,bleu:1", "did you mean 'blue'"),
        ("#12", "not 2"),
        (3, "hair 3 is not one of"),
    ],
)
def test_what_cannot_be_asked_is_told_in_one_line(text, said):
    with pytest.raises(UsageError, match=said) as caught:
        parse_color_spec(HAIR, text)
    assert "\n" not in str(caught.value)


def test_wishes_name_all_that_is_wrong():
    assert plain_values(parse_color_specs(ICONS, RED_BLUE)) == RED_BLUE
    assert plain_values(parse_color_specs(ICONS, RED_BLUE | {"hair": "#fff"})) is None
    assert list(parse_color_specs(ICONS, {"shirt": "tan", "hair": "none"})) == ["hair", "shirt"]
    with pytest.raises(UsageError) as caught:
        parse_color_specs(ICONS, {"hair": "rad", "shoes": "red"})
    for said in ("hair 'rad' is not", "no attribute 'shoes'", "shirt is missing"):
        assert said in str(caught.value)


def test_where_there_is_no_choice_no_colour_can_be_asked():
    schema = AttributeSchema((Attribute("hat", ("tall",)),))
    assert plain_values(parse_color_specs(schema, {"hat": "tall"})) == {"hat": "tall"}
    for text in ("#fff", "none", "keep", "tall:1,tan:1"):
        with pytest.raises(UsageError, match="hat has one value only, 'tall'"):
            parse_color_specs(schema, {"hat": text})


def test_a_spec_keeps_how_it_was_asked_and_means_the_same_without():
    specs = [parse_color_spec(HAIR, text) for text in ("#f80", "#FF8800", "rgb(255,136,0)")]
    assert [spec.asked for spec in specs] == ["#f80", "#FF8800", "rgb(255,136,0)"]
    assert [str(spec) for spec in specs] == [spec.text for spec in specs]
    assert len(set(specs)) == 1
    assert ColorSpec(((1.0, (255, 136, 0)),)).asked == "#ff8800"
    assert ColorSpec(((0.25, (0, 0, 0)), (0.75, "red"))).text == "#000000:0.25,red:0.75"


def test_a_spec_is_taken_as_it_is_where_its_values_are_known():
    specs = parse_color_specs(ICONS, {"hair": "red", "shirt": "#F80"})
    again = parse_color_specs(ICONS, specs)
    assert all(again[name] is spec for name, spec in specs.items())
    assert plain_values(parse_color_specs(ICONS, {"hair": specs["hair"], "shirt": "blue"}))
    alien = parse_color_spec(Attribute("hair", ("pink", "lilac")), "lilac")
    with pytest.raises(UsageError, match="hair 'lilac' is not one of blue"):
        parse_color_specs(ICONS, {"hair": alien, "shirt": "blue"})


def test_a_colour_that_is_not_known_is_told():
    with pytest.raises(UsageError, match="colour of 'red' is not known"):
        parse_color_spec(HAIR, "red:1").color({})
