from __future__ import annotations

import numpy as np
import pytest
from drawn import PALETTE, draw_set, masks, picture, save, write_csv

from condcolor.conditions.colors import parse_hex
from condcolor.data.inspection import inspect
from condcolor.data.metadata import write_metadata

COLUMNS = ("input", "output", "hair", "shirt")


def text(folder, **options) -> str:
    return "\n".join(inspect(folder, **options).problems)


@pytest.mark.parametrize("masked", [True, False])
def test_a_good_set_has_no_problem(tmp_path, masked):
    draw_set(tmp_path, masked=masked)
    steps = []
    found = inspect(tmp_path, on_progress=lambda *step: steps.append(step))
    assert found.problems == ()
    assert found.notes == ("18 rows to train on are few (below 100)",)
    assert steps == [(done, 18) for done in range(1, 19)]
    assert found.schema.attributes[0].palette == tuple(map(parse_hex, PALETTE.values()))
    assert found.counts == {
        "rows": 18,
        "inputs": 2,
        "outputs": 18,
        "masks": 2 if masked else 0,
        "characters": 2,
        "grey outputs": 0,
    }


def test_balance(tmp_path):
    draw_set(tmp_path / "train", (0, 1))
    rows = draw_set(tmp_path / "test", (2,))
    write_metadata(tmp_path / "test/metadata.csv", rows[:4], COLUMNS)
    train, test = inspect(tmp_path).balance
    assert (train.split, train.rows, train.characters, train.absent) == ("train", 18, 2, 0)
    assert train.values == {name: dict.fromkeys(PALETTE, 6) for name in ("hair", "shirt")}
    assert set(train.combinations.values()) == {2}
    assert (test.split, test.rows, test.absent) == ("test", 4, 5)
    assert test.values["hair"] == {"blue": 3, "brown": 1, "red": 0}
    assert test.combinations[("brown", "blue")] == 1


def test_what_is_rare_or_absent_is_noted(tmp_path):
    rows = draw_set(tmp_path, (0, 1, 2))
    rows = [row for row in rows if row[2] != "red" or row[1] == "outputs/0-red-red.png"]
    write_metadata(tmp_path / "metadata.csv", rows, COLUMNS)
    notes = "\n".join(inspect(tmp_path).notes)
    assert "hair: few rows for red (1); the most frequent has 9" in notes
    assert "2 of 9 combinations of hair and shirt have no row to train on" in notes


@pytest.mark.parametrize("masked", [True, False])
def test_a_label_that_disagrees_with_the_colour(tmp_path, masked):
    draw_set(tmp_path, masked=masked)
    save(tmp_path / "outputs/1-red-blue.png", picture(1, "brown", "blue"))
    (found,) = inspect(tmp_path).problems
    what = "hair 'red' is asked, but the colour seen, #b86b4b, is that of 'brown'"
    assert found == f"metadata.csv line 17: {what}; correct the value or the output"


def test_values_that_are_no_colours_are_not_compared(tmp_path):
    draw_set(tmp_path, (0, 1, 2), masked=True)
    rng = np.random.default_rng(0)
    for target in (tmp_path / "outputs").iterdir():
        pixels = np.array(picture(int(target.name[0]), "red", "red"))
        pixels[masks(0)[..., 0] == 255] = rng.integers(0, 256, 3)
        save(target, pixels)
    found = inspect(tmp_path)
    assert "hair" not in "\n".join(found.problems)
    assert any("hair: its values are not one colour each" in note for note in found.notes)


def test_values_that_look_the_same_are_noted(tmp_path):
    draw_set(tmp_path)
    for character in (0, 1):
        for shirt in PALETTE:
            save(
                tmp_path / f"outputs/{character}-red-{shirt}.png",
                picture(character, "brown", shirt),
            )
    found = inspect(tmp_path)
    assert any("hair: brown and red look the same in the outputs" in note for note in found.notes)
    assert any("looks like the output of metadata.csv line 5" in note for note in found.notes)


def test_every_problem_of_the_pictures_at_once(tmp_path):
    draw_set(tmp_path, (0, 1, 2), masked=True)
    outputs = tmp_path / "outputs"
    (outputs / "0-blue-blue.png").unlink()
    (outputs / "0-blue-brown.png").write_bytes(b"")
    save(outputs / "0-blue-red.png", np.zeros((20, 10, 3), np.uint8))
    save(outputs / "1-blue-blue.png", picture(1))
    save(tmp_path / "masks/2.png", np.zeros((8, 8, 3), np.uint8))
    found = text(tmp_path)
    assert "line 2: output 'outputs/0-blue-blue.png' does not exist" in found
    assert "line 3: output 'outputs/0-blue-brown.png'" in found
    assert "line 4: output is 10x20 but its input is 16x16; make them the same size" in found
    assert "line 11: output 'outputs/1-blue-blue.png' is the same picture as its input" in found
    assert "line 20: mask is 8x8 but its input is 16x16" in found
    assert len(found.splitlines()) == 5


def test_an_input_that_cannot_be_opened_is_named_once(tmp_path):
    draw_set(tmp_path)
    (tmp_path / "inputs/0.png").write_text("<html>")
    found = text(tmp_path)
    assert found.count("inputs/0.png") == 1
    assert "metadata.csv line 2: input 'inputs/0.png'" in found
    assert str(tmp_path) not in found


def test_rows_twice_and_rows_that_contradict(tmp_path):
    rows = draw_set(tmp_path)
    (tmp_path / "outputs/copy.png").write_bytes((tmp_path / rows[0][1]).read_bytes())
    copied = [rows[0][0], "outputs/copy.png", *rows[0][2:]]
    other = [rows[0][0], rows[1][1], *rows[0][2:]]
    relabelled = [*rows[1][:2], "red", "red"]
    rows += [rows[0], copied, other]
    write_metadata(tmp_path / "metadata.csv", rows, COLUMNS)
    found = text(tmp_path)
    for expected in (
        "line 20: the same row as metadata.csv line 2",
        "line 21: the same row as metadata.csv line 2",
        "line 22: the input and values of metadata.csv line 2, but another output",
        "line 22: the output of metadata.csv line 3, which asks for other values",
    ):
        assert expected in found
    write_metadata(tmp_path / "metadata.csv", [*rows[:18], relabelled], COLUMNS)
    assert "line 20: hair 'red' is asked, but the colour seen, #3faee1" in text(tmp_path)


def test_one_picture_as_two_characters(tmp_path):
    rows = [[*row, "ann"] for row in draw_set(tmp_path, (0,))]
    save(tmp_path / "inputs/again.png", picture(0))
    rows[1][0], rows[1][4] = "inputs/again.png", "bob"
    write_metadata(tmp_path / "metadata.csv", rows, (*COLUMNS, "character"))
    expected = "line 3: its input is the same picture as that of metadata.csv line 2, but the "
    assert expected + "characters are 'bob' and 'ann'" in text(tmp_path)


def test_a_character_on_both_sides(tmp_path):
    draw_set(tmp_path / "train", (0, 1))
    draw_set(tmp_path / "test", (1,))
    found = text(tmp_path)
    assert "test/metadata.csv line 2: character 'train/inputs/1.png' is in train too" in found
    assert len(found.splitlines()) == 1


def test_photographs_are_their_own_targets(tmp_path):
    path = write_csv(tmp_path, "input,output", "a.png,a.png", "b.png,b.png")
    save(tmp_path / "a.png", picture(0, "red", "blue"))
    found = inspect(path)
    assert found.problems == ()
    assert "1 outputs have no colour, and teach none" in found.notes
    (balance,) = found.balance
    assert (balance.values, balance.combinations, balance.absent) == ({}, {(): 2}, 0)


def test_grey_and_colour_that_are_the_same_picture(tmp_path):
    path = write_csv(tmp_path, "input,output", "a.png,copy.png")
    save(tmp_path / "copy.png", np.zeros((8, 8, 3), np.uint8))
    assert "line 2: output 'copy.png' is the same picture as its input" in text(path)


def test_nothing_makes_it_raise(tmp_path):
    assert "does not exist" in text(tmp_path / "nowhere")
    assert "no metadata.csv" in text(tmp_path)
    (tmp_path / "metadata.csv").write_bytes(b"\x89PNG")
    found = inspect(tmp_path)
    assert "a PNG picture" in found.problems[0]
    assert (found.balance, found.counts["rows"]) == ((), 0)


def test_sketches_without_outputs(tmp_path):
    path = write_csv(tmp_path, "input,hair", "a.png,red", "b.png,blue")
    assert text(path, require_target=False) == ""
