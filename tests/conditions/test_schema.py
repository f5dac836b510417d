from __future__ import annotations

import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from condcolor.conditions.colors import format_hex, parse_hex
from condcolor.conditions.schema import Attribute, AttributeSchema
from condcolor.errors import CheckpointError, UsageError

HAIR = Attribute("hair", ("blue", "brown", "red"))
SHIRT = Attribute("shirt", ("blue", "red"), ((1, 2, 3), None))
SCHEMA = AttributeSchema((HAIR, SHIRT))
words = st.text(st.characters(categories=("L", "N"), include_characters=" _#"), min_size=1)
values = words.map(str.strip).filter(bool)
colors = st.none() | st.tuples(*3 * [st.integers(0, 255)])


@st.composite
def attributes(draw, name):
    palette = draw(st.dictionaries(values, colors, min_size=1, max_size=5))
    return Attribute(name, tuple(palette), tuple(palette.values()))


@st.composite
def schemas(draw):
    names = draw(st.lists(st.sampled_from(("hair", "top-hat", "x_1", "été")), unique=True))
    return AttributeSchema(tuple(draw(attributes(name)) for name in names))


@given(schemas())
def test_json_round_trip(schema):
    assert AttributeSchema.from_json(json.loads(json.dumps(schema.to_json()))) == schema


@given(schemas())
def test_one_hot_has_one_plane_on_for_each_attribute(schema):
    for choice in itertools.islice(schema.combinations(), 20):
        planes = schema.encode(choice)
        assert len(planes) == schema.planes
        assert set(planes) <= {0.0, 1.0}
        starts = [0, *itertools.accumulate(schema.sizes)]
        for start, end in itertools.pairwise(starts):
            assert sum(planes[start:end]) == 1


def test_encode_is_concatenated_in_schema_order():
    assert SCHEMA.encode({"shirt": "blue", "hair": "red"}) == (0, 0, 1, 1, 0)
    assert SCHEMA.indices({"shirt": "red", "hair": "blue"}) == (0, 1)


def test_combinations_vary_the_last_attribute_first():
    found = list(SCHEMA.combinations())
    assert len(found) == 6
    assert found[:2] == [{"hair": "blue", "shirt": "blue"}, {"hair": "blue", "shirt": "red"}]
    assert len({SCHEMA.encode(choice) for choice in found}) == 6


def test_no_attributes_is_a_schema():
    empty = AttributeSchema()
    assert (empty.planes, empty.encode({}), list(empty.combinations())) == (0, (), [{}])


def test_keyword_form_of_a_name():
    schema = AttributeSchema((Attribute("hair-style", ("long", "short")),))
    assert schema.encode({"hair_style": "short"}) == schema.encode({"hair-style": "short"})


def test_every_fault_of_a_choice_is_named():
    with pytest.raises(UsageError) as caught:
        SCHEMA.encode({"hair": "rad", "shrit": "blue"})
    message = str(caught.value)
    assert "hair 'rad' is not one of blue, brown, red; did you mean 'red'?" in message
    assert "no attribute 'shrit'; the attributes are hair, shirt; did you mean 'shirt'?" in message
    assert "shirt is missing; choose one of blue, red" in message


@pytest.mark.parametrize("value", [None, 7, ""])
def test_a_value_of_another_type(value):
    with pytest.raises(UsageError, match="is not one of"):
        SCHEMA.encode({"hair": value, "shirt": "red"})


@pytest.mark.parametrize("name", ["", "hair colour", "1st", "input", "Output", "a.b", "--x y", 3])
def test_names_that_cannot_be_used(name):
    with pytest.raises(UsageError, match="attribute name"):
        Attribute(name, ("a",))


def test_the_same_name_in_two_forms():
    with pytest.raises(UsageError, match="'hair-style' and 'Hair_Style' have the same name"):
        AttributeSchema((Attribute("hair-style", ("a",)), Attribute("Hair_Style", ("a",))))


@pytest.mark.parametrize(
    ("given_values", "palette"),
    [
        ((), ()),
        (("a", "a"), ()),
        (("a", " b"), ()),
        (("a", ""), ()),
        (("a", "b\0"), ()),
        (("a", "b"), ((1, 2, 3),)),
        (("a",), ((1, 2, 256),)),
        (("a",), ((1, 2),)),
        (tuple(map(str, range(257))), ()),
    ],
)
def test_attributes_that_cannot_be(given_values, palette):
    with pytest.raises(UsageError):
        Attribute("hair", given_values, palette)


@pytest.mark.parametrize(
    "data",
    [
        None,
        {},
        [1],
        [{"name": "hair"}],
        [{"name": "hair", "values": "red"}],
        [{"name": "hair", "values": [1]}],
        [{"name": ["hair"], "values": ["red"]}],
        [{"name": "hair", "values": ["red"], "palette": ["crimson"]}],
        [{"name": "hair", "values": ["red"], "palette": [[1, 2, 3]]}],
        [{"name": "hair", "values": ["red"], "sizes": 3}],
        2 * [{"name": "hair", "values": ["red"]}],
    ],
)
def test_malformed_json(data):
    with pytest.raises(CheckpointError, match="schema"):
        AttributeSchema.from_json(data)


def test_with_palette_changes_only_what_is_named():
    colored = SCHEMA.with_palette({"shirt": {"red": (9, 9, 9)}})
    assert colored.attributes == (HAIR, Attribute("shirt", ("blue", "red"), ((1, 2, 3), (9, 9, 9))))
    with pytest.raises(UsageError, match="did you mean 'shirt'"):
        SCHEMA.with_palette({"shrt": {}})
    with pytest.raises(UsageError, match="did you mean 'red'"):
        SCHEMA.with_palette({"hair": {"rad": (1, 1, 1)}})


@given(st.tuples(*3 * [st.integers(0, 255)]))
def test_hex_round_trip(rgb):
    assert parse_hex(format_hex(rgb)) == rgb


def test_hex_forms():
    assert parse_hex("#3FAEE1") == parse_hex("3faee1") == (63, 174, 225)
    assert parse_hex("#fa0") == (255, 170, 0)
    for text in ("red", "bad", "#12345", "", "#gggggg", "#3faee1 ", "#3faee1\n"):
        with pytest.raises(UsageError, match="#rrggbb"):
            parse_hex(text)
