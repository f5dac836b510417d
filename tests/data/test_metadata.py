from __future__ import annotations

import random
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from drawn import draw_set, problems, save, write_csv

from condcolor.conditions.schema import Attribute, AttributeSchema
from condcolor.data.metadata import read_metadata, scan_metadata, split_by_character
from condcolor.data.reading import Reading
from condcolor.errors import UsageError

HEADER = "input,output,hair"


def test_a_folder_with_every_colouring(tmp_path):
    rows = draw_set(tmp_path, masked=True)
    metadata = read_metadata(tmp_path)
    assert metadata.schema.names == ("hair", "shirt")
    assert metadata.schema.sizes == (3, 3)
    assert metadata == read_metadata(tmp_path / "metadata.csv")
    for number, (row, record) in enumerate(zip(rows, metadata.records, strict=True)):
        assert (record.source, record.target) == (tmp_path / row[0], tmp_path / row[1])
        assert (list(record.values), record.line) == (row[2:], number + 2)
        assert (record.character, record.split) == (row[0], "")
        assert record.mask == tmp_path / row[0].replace("inputs", "masks")


def test_no_attributes_and_no_target(tmp_path):
    path = write_csv(tmp_path, "input", "a.png", "b.png")
    metadata = read_metadata(path, require_target=False)
    assert metadata.schema == AttributeSchema()
    assert [(record.values, record.target) for record in metadata.records] == [((), None)] * 2
    assert "no column 'output'" in problems(path)


def test_two_folders(tmp_path):
    draw_set(tmp_path / "train", (0, 1))
    draw_set(tmp_path / "val", (2,))
    metadata = read_metadata(tmp_path)
    assert (len(metadata.split("train")), len(metadata.split("test"))) == (18, 9)
    assert metadata.split("test")[0].character == "val/inputs/2.png"
    assert split_by_character(metadata.records) == metadata.records


def test_a_missing_test_folder_leaves_the_split_open(tmp_path):
    draw_set(tmp_path / "train", (0, 1))
    metadata = read_metadata(tmp_path)
    assert len(metadata.split("")) == 18
    assert "no test/metadata.csv" in metadata.notes[0]


def test_test_values_are_among_those_of_train(tmp_path):
    write_csv(tmp_path / "train", HEADER, "a.png,b.png,red", "a.png,c.png,blue")
    write_csv(tmp_path / "test", HEADER, "b.png,c.png,rad")
    expected = "test/metadata.csv line 2: hair 'rad' is not one of blue, red; did you mean 'red'?"
    assert expected in problems(tmp_path)


def test_test_has_the_columns_of_train(tmp_path):
    write_csv(tmp_path / "train", HEADER, "a.png,b.png,red")
    write_csv(tmp_path / "test", "input,output,hari", "b.png,c.png,red")
    found = problems(tmp_path)
    assert "no column 'hair', which train/metadata.csv has; did you mean 'hari'?" in found
    assert "column 'hari' is not known to train/metadata.csv; did you mean 'hair'?" in found


@pytest.mark.parametrize("copied", [False, True])
def test_a_character_on_both_sides(tmp_path, copied):
    second = "a-copy.png" if copied else "a.png"
    path = write_csv(
        tmp_path, HEADER + ",split", "a.png,b.png,red,train", f"{second},c.png,red,test"
    )
    (tmp_path / "a-copy.png").write_bytes((tmp_path / "a.png").read_bytes())
    expected = "line 3: character 'a.png' is in train too (metadata.csv line 2)"
    assert expected in problems(path)


def test_a_named_character_on_both_sides(tmp_path):
    path = write_csv(
        tmp_path,
        "input,output,split,character",
        *("a.png,b.png,train,ann", "b.png,c.png,test,ann", "c.png,d.png,test,bob"),
    )
    assert problems(path).count("character 'ann'") == 1
    assert "bob" not in problems(path)


def test_shared_vocabulary(tmp_path):
    path = write_csv(tmp_path, HEADER + ",shirt", "a.png,b.png,red,blue", "a.png,c.png,green,red")
    own = read_metadata(path).schema
    assert [attribute.values for attribute in own.attributes] == [("green", "red"), ("blue", "red")]
    shared = read_metadata(path, vocabulary="shared").schema
    assert {attribute.values for attribute in shared.attributes} == {("blue", "green", "red")}
    with pytest.raises(UsageError, match="'own', 'shared' or a schema"):
        read_metadata(path, vocabulary="other")


def test_vocabulary_of_a_schema(tmp_path):
    schema = AttributeSchema((Attribute("hair", ("blue", "red"), ((1, 2, 3), None)),))
    path = write_csv(tmp_path, HEADER, "a.png,b.png,red")
    assert read_metadata(path, vocabulary=schema).schema == schema
    write_csv(tmp_path, "input,output,shirt,hair", "a.png,b.png,x,green")
    found = problems(path, vocabulary=schema)
    assert "column 'shirt' is not known to the model" in found
    assert "line 2: hair 'green' is not one of blue, red" in found
    write_csv(tmp_path, "input,output,hat", "a.png,b.png,red")
    assert "no column 'hair', which the model has" in problems(path, vocabulary=schema)


def test_a_column_that_the_model_does_not_know_can_be_left_out(tmp_path):
    schema = AttributeSchema((Attribute("hair", ("red",)),))
    path = write_csv(tmp_path, "input,output,hair,Notes", "a.png,b.png,red,x")
    said = "column 'Notes' is not known to the model; if it is to be left out: --ignore Notes"
    assert said in problems(path, vocabulary=schema)
    assert len(read_metadata(path, vocabulary=schema, reading=Reading(("Notes",))).records) == 1


def test_a_misspelt_value_is_named_and_the_right_one(tmp_path):
    rows = [f"a.png,b.png,{value}" for value in ["red"] * 8 + ["blue"] * 8]
    path = write_csv(tmp_path, HEADER, *rows, "a.png,b.png,rad", "a.png,b.png,Blue")
    found = problems(path)
    assert "line 18: hair 'rad' is not one of blue, red; did you mean 'red'?" in found
    assert "line 19: hair 'Blue' is not one of blue, red; did you mean 'blue'?" in found


def test_values_that_only_look_misspelt(tmp_path):
    words = ["style-1"] * 8 + ["style-2", "brown"] + ["light brown"] * 8 + ["S", "M"] + ["L"] * 8
    path = write_csv(tmp_path, HEADER, *(f"a.png,b.png,{word}" for word in words))
    assert set(read_metadata(path).schema.attributes[0].values) == set(words)


def test_ten_thousand_values_look_like_an_id(tmp_path):
    path = write_csv(tmp_path, HEADER, *(f"a.png,b.png,id {n}" for n in range(10_000)))
    assert "column 'hair' has 10,000 different values (at most 256)" in problems(path)


def test_one_value_is_noted(tmp_path):
    path = write_csv(tmp_path, HEADER, "a.png,b.png,red", "b.png,c.png,red")
    assert read_metadata(path).notes == (
        "hair has one value only, 'red': there is no choice in it",
    )


def test_every_problem_at_once_and_the_good_rows_kept(tmp_path):
    path = write_csv(
        tmp_path,
        "input,ouput,hair",
        *("../a.png,b.png,red", "a.png,b.png", "a.png,nope.png,", "a.png,b.png,red"),
    )
    metadata, found = scan_metadata(path)
    assert [record.line for record in metadata.records] == [5]
    lines = sorted(int(number) for number in re.findall(r"line (\d+):", "\n".join(map(str, found))))
    assert lines == [1, 2, 3, 4]  # a blank value is none


@pytest.mark.parametrize("name", ["nowhere", "nowhere/metadata.csv"])
def test_nothing_there(tmp_path, name):
    assert "does not exist" in problems(tmp_path / name)
    assert "File name too long" in problems(tmp_path / (300 * "x"))


def test_a_folder_without_metadata(tmp_path):
    write_csv(tmp_path, HEADER, "a.png,b.png,red", name="labels.csv")
    assert "no metadata.csv and no train/metadata.csv; it has labels.csv" in problems(tmp_path)
    assert len(read_metadata(tmp_path / "labels.csv").records) == 1


def test_a_folder_with_both_layouts(tmp_path):
    draw_set(tmp_path, (0,))
    draw_set(tmp_path / "train", (1,))
    assert "name the one to read" in problems(tmp_path)


def test_split_keeps_characters_together(tmp_path):
    draw_set(tmp_path, (0, 1, 2, 3, 4))
    records = read_metadata(tmp_path).records
    split = split_by_character(records, 0.4, seed=1)
    sides = {(record.character, record.split) for record in split}
    assert len(sides) == 5
    assert sum(side == "test" for _, side in sides) == 2
    shuffled = random.Random(0).sample(records, len(records))
    assert set(split_by_character(shuffled, 0.4, seed=1)) == set(split)
    others = {frozenset(split_by_character(records, 0.4, seed=seed)) for seed in range(9)}
    assert len(others) > 1


def test_split_at_the_edges(tmp_path):
    draw_set(tmp_path, (0, 1))
    two = read_metadata(tmp_path).records
    assert {record.split for record in split_by_character(two[:9])} == {"train"}
    assert {record.split for record in split_by_character(two, 0)} == {"train"}
    for fraction in (0.01, 0.99):
        assert {record.split for record in split_by_character(two, fraction)} == {"train", "test"}
    assert split_by_character(()) == ()
    for fraction in (-0.1, 1, float("nan")):
        with pytest.raises(UsageError, match="test_fraction"):
            split_by_character(two, fraction)


def test_a_split_that_is_said_holds_for_the_character(tmp_path):
    draw_set(tmp_path, (0, 1, 2))
    first, *rest = read_metadata(tmp_path).records
    split = split_by_character([replace(first, split="test"), *rest])
    assert {record.split for record in split if record.character == first.character} == {"test"}


def test_the_example_in_the_docs_can_be_copied(tmp_path):
    page = Path(__file__).parents[2] / "docs/format.md"
    example = re.search(r"```csv\n(.+?)```", page.read_text(encoding="utf-8"), re.DOTALL)[1]
    for name in re.findall(r"(?:inputs|outputs)/[\w-]+\.png", example):
        save(tmp_path / name, np.zeros((8, 8, 3), np.uint8))
    (tmp_path / "metadata.csv").write_text(example, encoding="utf-8")
    metadata = read_metadata(tmp_path)
    assert metadata.schema.names == ("hair", "shirt")
    assert len(metadata.records) == example.count("\n") - 1


@pytest.mark.parametrize("lines", [(), ("input,output,hair",), ("input,output", "a.png,b.png")])
def test_a_test_set_of_no_use_leaves_the_values_of_the_other(tmp_path, lines):
    write_csv(tmp_path / "train", "input,output,hair", "a.png,b.png,red", "a.png,c.png,")
    write_csv(tmp_path / "test", *lines)
    metadata, found = scan_metadata(tmp_path)
    assert [(a.name, a.values) for a in metadata.schema.attributes] == [("hair", ("red",))]
    assert any("test/metadata.csv" in str(fault) for fault in found)


def test_values_of_test_alone_count_where_nothing_trains(tmp_path):
    lines = ("a.png,b.png,red,test", "c.png,b.png,blue,test", "d.png,b.png, ,test")
    metadata, _ = scan_metadata(write_csv(tmp_path, "input,output,hair,split", *lines))
    assert metadata.schema.attributes[0].values == ("blue", "red")


def test_the_frame_has_a_row_for_each_record(tmp_path):
    lines = ("a.png,b.png,ann,None", "c.png,d.png,ann,NA")
    frame = read_metadata(write_csv(tmp_path, "input,output,character,hair", *lines)).frame()
    assert [*frame] == ["input", "output", "mask", "split", "character", "hair"]
    assert [*frame["hair"]] == ["None", "NA"]
    assert frame["output"].map(lambda path: path.name).tolist() == ["b.png", "d.png"]
    assert frame["mask"].isna().all()
    assert len(read_metadata(tmp_path / "metadata.csv", vocabulary="shared").frame()) == 2
