from __future__ import annotations

import numpy as np
import pytest
from drawn import draw_set, photograph, save, shoot

from condcolor.data.metadata import is_grey, read_photographs, split_by_character, write_metadata
from condcolor.errors import DataError


def test_every_picture_of_a_tree_is_its_own_target(tmp_path):
    shoot(tmp_path, 2)
    shoot(tmp_path / "1950" / "summer", 1)
    (tmp_path / "notes.txt").write_text("no picture")
    metadata = read_photographs(tmp_path)
    assert [r.source.name for r in metadata.records] == ["0.png", "1.png", "0.png"]
    assert all(r.source == r.target and r.values == () for r in metadata.records)
    assert len({r.character for r in metadata.records}) == 3
    assert metadata.schema.planes == 0


def test_folders_called_train_and_val_are_the_splits(tmp_path):
    shoot(tmp_path / "train", 3)
    shoot(tmp_path / "val", 2)
    metadata = read_photographs(tmp_path)
    assert (len(metadata.split("train")), len(metadata.split("test"))) == (3, 2)


def test_others_are_split_the_same_every_time(tmp_path):
    shoot(tmp_path, 10)
    records = read_photographs(tmp_path).records
    splits = [r.split for r in split_by_character(records, 0.2, 123)]
    assert splits == [r.split for r in split_by_character(records[::-1], 0.2, 123)][::-1]
    assert splits.count("test") == 2


def test_a_csv_of_photographs_needs_no_output_and_keeps_its_split(tmp_path):
    shoot(tmp_path, 2)
    rows = [("0.png", "train"), ("1.png", "test")]
    write_metadata(tmp_path / "metadata.csv", rows, ("input", "split"))
    metadata = read_photographs(tmp_path)
    assert [(r.target.name, r.split) for r in metadata.records] == [
        ("0.png", "train"),
        ("1.png", "test"),
    ]


def test_pairs_serve_as_photographs_by_their_coloured_side_each_once(tmp_path):
    draw_set(tmp_path, (0,))
    metadata = read_photographs(tmp_path)
    assert len(metadata.records) == 9
    assert all(r.source.parent.name == "outputs" for r in metadata.records)
    assert "hair, shirt" in metadata.notes[-1]


def test_an_empty_folder_says_so(tmp_path):
    with pytest.raises(DataError, match="no pictures in it"):
        read_photographs(tmp_path)


def test_grey_is_what_has_no_colour_to_teach(tmp_path):
    colored = photograph(0)
    grey = np.repeat(colored.mean(-1, keepdims=True), 3, -1).astype(np.uint8)
    tinted = (grey * (1.0, 0.99, 0.97)).astype(np.uint8)  # a scan's cast
    assert [is_grey(picture) for picture in (colored, grey, tinted)] == [False, True, True]
    save(tmp_path / "big.png", np.repeat(np.repeat(grey, 40, 0), 40, 1))
    assert is_grey(np.repeat(np.repeat(grey, 40, 0), 40, 1))
