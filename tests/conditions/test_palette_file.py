"""palette.json: names for colours, before those of CSS and after the model's values; every fault at once."""

from __future__ import annotations

import pytest
from models import ICONS, RGBS

from condcolor.conditions.color_spec import (
    exact_specs,
    parse_color_spec,
    parse_color_specs,
)
from condcolor.conditions.palette_file import with_palette
from condcolor.conditions.schema import AttributeSchema
from condcolor.errors import CondcolorError, DataError, UsageError


@pytest.fixture
def named(tmp_path):
    """Makes a schema of hair and shirt with the names of a palette."""

    def make(text: str | bytes) -> AttributeSchema:
        path = tmp_path / "palette.json"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return with_palette(ICONS, path)

    return make


def color_of(schema: AttributeSchema, text: str, place: int = 0) -> tuple[float, ...]:
    return parse_color_spec(schema.attributes[place], text).color(RGBS)


def test_names_come_before_those_of_css_and_after_the_models_own(named):
    schema = named('{"crimson": "#b01030", "red": "#123456", "night": "rgb(1,2,3)"}')
    assert color_of(schema, "crimson") == (0xB0, 0x10, 0x30)
    assert color_of(ICONS, "crimson") == (220, 20, 60)
    assert color_of(schema, "red") == RGBS["red"]
    assert color_of(schema, "crimson:1,night:1") == (88.5, 9, 25.5)


def test_an_attribute_can_have_names_of_its_own(named):
    schema = named('{"ash": "#000", "Hair": {"ash": "#b2a58f"}}')
    assert color_of(schema, "ash", 0) == (0xB2, 0xA5, 0x8F)
    assert color_of(schema, "ash", 1) == (0, 0, 0)
    assert schema.to_json() == ICONS.to_json()


@pytest.mark.parametrize(("text", "meant"), [("Crimson", "crimson"), ("crimsn", "crimson")])
def test_a_slip_in_a_name_is_no_colour_of_css(named, text, meant):
    schema = named('{"crimson": "#b01030"}')
    with pytest.raises(
        UsageError, match=rf"nor of the palette \(crimson\).*did you mean '{meant}'"
    ):
        parse_color_spec(schema.attributes[0], text)


def test_every_bad_entry_is_named(named):
    with pytest.raises(DataError) as caught:
        named(
            '{"a": 1, "a": "#12", "none": "red", "Hiar": {"x": "red"}, "b:1": "red", "ok": "red", '
            '"hair": {"b": {}, " c": "redd"}}'
        )
    said = str(caught.value)
    assert said.splitlines()[0].endswith("palette.json: 9 entries cannot be used")
    assert len(caught.value.problems) == 9
    for part in (
        "'a' is there 2 times",
        "'a' has no colour but 1",
        "'#12' is no colour",
        "the name 'none' has a meaning already",
        "'Hiar' is no attribute of the model; there are hair, shirt; did you mean 'hair'?",
        "the name 'b:1' may not hold",
        "hair: 'b' has no colour but an object",
        "hair: the name ' c' has spaces around it",
        "did you mean 'red'?",
    ):
        assert part in said


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "line 1: no JSON"),
        (b'{\n"a": "#fff",\n}', "line 3: no JSON"),
        (b'["#fff"]', "no object of names"),
        (b'{"\xe9": "#fff"}', "not UTF-8"),
        (b"[" * 100_000, "no palette|no JSON"),
        (b" " * (2**20 + 1), "too large"),
    ],
)
def test_what_is_no_palette_is_told_in_one_line(named, data, said):
    with pytest.raises(CondcolorError, match=said) as caught:
        named(data)
    assert "palette.json" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_palette_that_is_not_there(tmp_path):
    with pytest.raises(UsageError, match=r"none\.json: no such file"):
        with_palette(ICONS, tmp_path / "none.json")
    with pytest.raises(UsageError, match="is a folder, not a file"):
        with_palette(ICONS, tmp_path)


def texts(schema: AttributeSchema, *, exact: bool = False, **values: str) -> dict[str, str]:
    """What a manifest keeps of the values."""
    specs = parse_color_specs(schema, values)
    assert {name: spec.asked for name, spec in specs.items()} == values
    specs = exact_specs(schema, specs) if exact else specs
    assert {name: spec.asked for name, spec in specs.items()} == values
    return {name: spec.text for name, spec in specs.items()}


def test_texts_need_no_palette(named):
    schema = named('{"crimson": "#b01030", "red": "#123456", "tan": "#d2b48c", "abc123": "#fff"}')
    assert texts(schema, hair="crimson", shirt="orange") == {"hair": "#b01030", "shirt": "orange"}
    assert texts(schema, hair="red", shirt="none") == {"hair": "red", "shirt": "none"}
    assert texts(schema, hair="None", shirt="#F80") == {"hair": "None", "shirt": "#F80"}
    assert texts(schema, hair="tan", shirt="abc123") == {"hair": "tan", "shirt": "#ffffff"}
    mixed = texts(schema, hair="crimson:1,red:3", shirt="tan:1,red:1")
    assert mixed == {"hair": "#b01030:0.25,red:0.75", "shirt": "tan:1,red:1"}
    assert parse_color_spec(ICONS.attributes[0], mixed["hair"]) == parse_color_spec(
        schema.attributes[0], "crimson:1,red:3"
    )


def test_exact_colors_are_the_palettes_first(named):
    schema = named('{"red": "#123456"}')
    exact = texts(schema, exact=True, hair="red", shirt="blue")
    assert exact == {"hair": "#123456", "shirt": "#3faee1"}
    exact = texts(schema, exact=True, hair="none", shirt="keep")
    assert exact == {"hair": "none", "shirt": "keep"}
    bare = AttributeSchema.from_json([{"name": "hair", "values": ["red", "blue"]}])
    with pytest.raises(UsageError, match=r"does not say the colour of 'red'.*palette"):
        texts(bare, exact=True, hair="red")
