"""Corrected parts: a piece set, cut, undone, saved, found again in the same or another drawing."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from boxes import SIDE, Boxes, drawn
from figures import HAIR_AT, SHIRT_AT, couple
from figures import SIDE as WIDE
from models import RGBS, make_model, make_parts_model
from PIL import Image, ImageDraw

from condcolor.conditions.parts import PARTS, Part, part_index
from condcolor.errors import DataError, UsageError
from condcolor.imaging.corrections import (
    Cut,
    SavedCorrections,
    SetPart,
    SetPerson,
    check_parts,
    parse_corrections,
    parse_cut,
    parse_part,
    read_corrections,
)
from condcolor.imaging.open import Picture, picture_of
from condcolor.inference.torch_colorizer import TorchColorizer

RED, BLUE = (0xE9, 0x47, 0x43), (0x3F, 0xAE, 0xE1)
SKIN = (0xFB, 0xD3, 0xC0)
HAIR, SHIRT, GROUND = (32, 20), (32, 46), (4, 4)  # x, y
COLORS = {"hair": "red", "shirt": "blue"}


@pytest.fixture(scope="module")
def colorizer() -> TorchColorizer:
    return TorchColorizer(make_parts_model(Boxes, size=SIDE), device="cpu")


@pytest.fixture
def parts(colorizer):
    return colorizer.parts(Picture(drawn(), None))


def color_at(image: Image.Image, point: tuple[int, int]) -> tuple[int, ...]:
    return image.convert("RGB").getpixel(point)


def test_uncorrected_they_are_colored_as_a_call_does(colorizer, parts):
    called = colorizer(Picture(drawn(), None), **COLORS)
    assert np.array_equal(np.asarray(parts.colored(**COLORS)), np.asarray(called))
    assert parts.at(HAIR).part == "hair"
    assert parts.at(HAIR).probability > 0.99
    assert not parts.at(HAIR).set


def test_a_piece_that_was_set_is_colored_as_that_part(parts):
    made = parts.set(HAIR, "shirt").colored(**COLORS)
    assert color_at(made, HAIR) == BLUE
    assert color_at(made, SHIRT) == BLUE
    assert color_at(made, GROUND) == (255, 255, 255)
    assert parts.at(HAIR).part == "shirt"
    assert parts.at(HAIR).set


def test_a_line_belongs_to_the_nearest_piece(parts):
    on_line = (round(0.22 * SIDE), 20)
    assert parts.drawing.lightness[on_line[1], on_line[0]] < 0.5
    assert parts.at(on_line).number in {parts.at(HAIR).number, parts.at(GROUND).number}


def test_none_is_left_white(parts):
    assert color_at(parts.set(SHIRT, "none").colored(**COLORS), SHIRT) == (255, 255, 255)


def test_the_point_of_a_piece_lies_in_it(parts):
    for piece in parts.pieces:
        assert parts.at(piece.point).number == piece.number
        left, top, right, bottom = piece.box
        assert left <= piece.point[0] < right
        assert top <= piece.point[1] < bottom
    assert sum(piece.area for piece in parts.pieces) == SIDE * SIDE


def test_a_cut_divides_a_piece_from_border_to_border(parts):
    """The line ends a pixel or two before the border: it is led on."""
    count = len(parts.pieces)
    parts.cut([(32, 12), (32, 27)])
    assert len(parts.pieces) == count + 1
    made = parts.set((20, 20), "shirt").colored(**COLORS)
    assert color_at(made, (20, 20)) == BLUE
    assert color_at(made, (44, 20)) == RED
    assert color_at(made, SHIRT) == BLUE


class AllHair(Boxes):
    """Hair everywhere."""

    def forward(self, source: torch.Tensor, cond: torch.Tensor) -> torch.Tensor:
        scores = torch.full_like(super().forward(source, cond), -1)
        scores[:, part_index("hair")] = 1
        return scores


def test_a_line_that_is_missing_in_the_drawing_is_drawn_by_a_cut():
    """One box, which is to be two."""
    image = Image.new("L", (SIDE, SIDE), 255)
    ImageDraw.Draw(image).rectangle((10, 10, 54, 54), outline=0, width=2)
    colorizer = TorchColorizer(make_parts_model(AllHair, size=SIDE), device="cpu")
    parts = colorizer.parts(image)
    assert parts.at((32, 20)).number == parts.at((32, 44)).number
    made = parts.cut([(12, 32), (53, 32)]).set((32, 44), "shirt").colored(**COLORS)
    assert color_at(made, (32, 20)) == RED
    assert color_at(made, (32, 44)) == BLUE


def test_a_line_that_divides_nothing_is_refused(parts):
    with pytest.raises(UsageError, match="divides no piece"):
        parts.cut([(30, 20), (34, 20)])
    assert parts.corrections == ()


@pytest.mark.parametrize("point", [(-1, 5), (5, -1), (SIDE, 5), (5, SIDE)])
def test_a_point_outside_of_the_picture_is_refused(parts, point):
    with pytest.raises(UsageError, match="not in the picture"):
        parts.set(point, "hair")


def test_corrections_are_undone_and_made_again(parts):
    first = np.asarray(parts.colored(**COLORS))
    parts.cut([(32, 12), (32, 27)])
    parts.set((20, 20), "skin")
    last = np.asarray(parts.colored(**COLORS))
    assert parts.undo()
    assert parts.undo()
    assert not parts.undo()
    assert np.array_equal(np.asarray(parts.colored(**COLORS)), first)
    assert parts.redo()
    assert parts.redo()
    assert not parts.redo()
    assert np.array_equal(np.asarray(parts.colored(**COLORS)), last)
    parts.undo()
    parts.set(SHIRT, "hair")
    assert not parts.redo()


def test_saved_they_are_the_same_again(colorizer, parts, tmp_path):
    parts.cut([(32, 12), (32, 27)]).set((20, 20), "skin").set(SHIRT, "none")
    parts.save(tmp_path / "x.parts.json")
    saved = read_corrections(tmp_path / "x.parts.json")
    assert saved.corrections == parts.corrections
    again = colorizer.parts(Picture(drawn(), None))
    assert again.apply(saved) == ()
    assert again.checksum == saved.checksum
    made = [np.asarray(each.colored(**COLORS)) for each in (parts, again)]
    assert np.array_equal(*made)
    content = json.loads((tmp_path / "x.parts.json").read_text())
    assert {piece["part"] for piece in content["pieces"]} == {"ground", "hair", "skin", "other"}


@pytest.mark.parametrize("factor", [0.5, 2])
def test_at_another_size_they_are_kept(colorizer, factor):
    large = colorizer.parts(Picture(drawn(side=256), None))
    large.cut([(128, 50), (128, 104)]).set((80, 80), "skin").set((128, 184), "none")
    saved = SavedCorrections(large.corrections, large.size, large.checksum)
    side = round(256 * factor)
    other = colorizer.parts(Picture(drawn(side=side), None))
    assert other.apply(saved) == ()
    made = other.colored(**COLORS)
    expected = {(80, 80): SKIN, (160, 80): RED, (128, 184): (255, 255, 255)}
    for (x, y), color in expected.items():
        assert color_at(made, (round(x * factor), round(y * factor))) == color


def test_what_does_not_fit_any_more_is_said_and_the_rest_is_kept(colorizer, parts):
    """The upper box is gone from the drawing."""
    parts.set(HAIR, "skin").set(SHIRT, "hair")
    saved = SavedCorrections(parts.corrections, parts.size, parts.checksum)
    changed = drawn().copy()
    changed[:32] = 255
    other = colorizer.parts(Picture(changed, None))
    (misfit,) = other.apply(saved)
    assert "=skin does not fit" in misfit
    assert color_at(other.colored(**COLORS), SHIRT) == RED
    assert color_at(other.colored(**COLORS), HAIR) == (255, 255, 255)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{"format": 2}', "format"),
        ("[1]", "not an object"),
        ("", "empty"),
        ('{"format": 1}', "damaged"),
        (
            '{"format": 1, "picture": {"width": 0, "height": 5, "sha256": ""}, "corrections": []}',
            "damaged",
        ),
        (
            '{"format": 1, "picture": {"width": 5, "height": 5, "sha256": ""}, '
            '"corrections": [{"point": [1], "part": "hair"}]}',
            "damaged",
        ),
        (
            '{"format": 1, "picture": {"width": 5, "height": 5, "sha256": ""}, '
            '"corrections": [{"point": [1, 1e999], "part": "hair"}]}',
            "damaged",
        ),
        (
            '{"format": 1, "picture": {"width": 5, "height": 5, "sha256": ""}, '
            '"corrections": [{"point": [1, 2], "part": "ha re"}]}',
            "ha re",
        ),
        (
            '{"format": 1, "picture": {"width": 5, "height": 5, "sha256": ""}, '
            '"corrections": [{"cut": [[1, 2]]}]}',
            "two points",
        ),
    ],
)
def test_a_damaged_file_is_named(tmp_path, text, problem):
    path = tmp_path / "x.parts.json"
    path.write_text(text)
    with pytest.raises(DataError, match=problem) as caught:
        read_corrections(path)
    assert "x.parts.json" in str(caught.value)


def test_corrections_as_text():
    assert parse_part("120,80=hair") == SetPart((120, 80), "hair")
    assert parse_part(" 1.5 , 2 = none") == SetPart((1.5, 2), "other")
    assert parse_part("1,2=person-12") == SetPerson((1, 2), 12)
    assert parse_cut("1,2:3,4:5,6") == Cut(((1, 2), (3, 4), (5, 6)))
    mixed = parse_corrections("1,2:3,4; 5,6=skin; 7,8=person-3;")
    line, part, person = Cut(((1, 2), (3, 4))), SetPart((5, 6), "skin"), SetPerson((7, 8), 3)
    assert mixed == (line, part, person)
    assert parse_corrections("; ".join(map(str, mixed))) == mixed


@pytest.mark.parametrize(
    "text",
    [
        "120=hair",
        "1,2",
        "a,b=hair",
        "1,2=",
        "1..2,3=hair",
        "1,2=person-0",
        "1,2=person-100",
        "1,2=person-x",
    ],
)
def test_what_is_no_correction_is_refused(text):
    with pytest.raises(UsageError):
        parse_part(text)


def test_which_parts_there_are_the_model_says():
    roof = parse_part("5,6=roof")
    check_parts([roof, parse_cut("1,2:3,4")], (*PARTS, Part("roof", (1, 2, 3))))
    with pytest.raises(UsageError, match="'roof' is no part"):
        check_parts([roof], PARTS)


def test_a_model_that_finds_no_parts_has_none_to_correct():
    with pytest.raises(UsageError, match="models that find them"):
        TorchColorizer(make_model(), device="cpu").parts(Picture(drawn(), None))


@pytest.fixture(scope="module")
def two() -> TorchColorizer:
    """Finds hair and shirts of figures."""
    return TorchColorizer(make_parts_model(), device="cpu")


OTHER_HAIR, OTHER_SHIRT = ((x + WIDE, y) for x, y in (HAIR_AT, SHIRT_AT))
OWN = {**COLORS, "hair_2": "green", "shirt_2": "yellow"}


def of_persons(parts) -> list[int]:
    points = (HAIR_AT, SHIRT_AT, OTHER_HAIR, OTHER_SHIRT)
    return [int(parts.persons[parts.at(point).number]) for point in points]


def color_of(parts, point) -> str:
    """The name of the color of a grey fill."""
    levels = np.divide(
        color_at(parts.colored(**OWN), point), parts.drawing.picture.rgb[point[::-1]] / 255
    )
    return min(RGBS, key=lambda name: abs(np.subtract(RGBS[name], levels)).sum())


def test_a_piece_is_given_to_another_person(two):
    parts = two.parts(picture_of(couple()))
    assert of_persons(parts) == [1, 1, 2, 2]
    assert color_of(parts, OTHER_SHIRT) == "yellow"
    assert parts.set_person(OTHER_SHIRT, 1) is parts
    assert of_persons(parts) == [1, 1, 2, 1]
    assert [color_of(parts, each) for each in (OTHER_HAIR, OTHER_SHIRT)] == ["green", "blue"]
    assert not parts.at(OTHER_SHIRT).set  # of its part nothing was said
    parts.set(OTHER_SHIRT, "hair")
    assert color_of(parts, OTHER_SHIRT) == "red"
    parts.undo()
    parts.undo()
    assert of_persons(parts) == [1, 1, 2, 2]
    parts.redo()
    assert of_persons(parts) == [1, 1, 2, 1]


def test_a_person_may_be_a_further_one(two):
    parts = two.parts(picture_of(couple()))
    copied = parts.copy().set_person(OTHER_HAIR, 3)
    assert (of_persons(copied), of_persons(parts)) == ([1, 1, 3, 2], [1, 1, 2, 2])
    with pytest.raises(UsageError, match="from 1 to 99"):
        parts.set_person(OTHER_HAIR, 0)
    assert parts.corrections == ()


def test_both_sides_of_a_cut_are_the_same_persons(two):
    parts = two.parts(picture_of(couple())).set_person(OTHER_HAIR, 1)
    parts.cut([(OTHER_HAIR[0] + 8, 11), (OTHER_HAIR[0] + 8, 26)])
    sides = [parts.at((x, OTHER_HAIR[1])).number for x in (OTHER_HAIR[0], OTHER_HAIR[0] + 14)]
    assert sides[0] != sides[1]
    assert parts.persons[sides].tolist() == [1, 1]


def test_persons_are_saved_and_known_again_at_another_size(two, tmp_path):
    path = tmp_path / "x.parts.json"
    first = two.parts(picture_of(couple())).set_person(OTHER_SHIRT, 1)
    first.save(path)
    saved = read_corrections(path)
    assert saved.corrections == first.corrections
    large = two.parts(picture_of(couple().resize((4 * WIDE, 2 * WIDE), Image.Resampling.NEAREST)))
    assert large.apply(saved) == ()
    at = large.at((2 * OTHER_SHIRT[0], 2 * OTHER_SHIRT[1])).number
    assert large.persons[at] == 1
    text = path.read_text().replace('"person": 1', '"person": "1"')
    path.write_text(text)
    with pytest.raises(DataError, match="a person is a number"):
        read_corrections(path)
