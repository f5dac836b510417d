from __future__ import annotations

import numpy as np
import pytest
from drawn import PALETTE, SKIN, draw_set, masks, picture, save, write_csv

from condcolor.conditions.colors import parse_hex
from condcolor.conditions.schema import AttributeSchema
from condcolor.data.metadata import read_metadata
from condcolor.data.palette import find_part, measure_fixed, measure_palette
from condcolor.errors import DataError

COLORS = tuple(parse_hex(color) for color in PALETTE.values())


@pytest.mark.parametrize("masked", [True, False])
@pytest.mark.parametrize("max_inputs", [1, 64])
def test_flat_colours_are_measured_exactly(tmp_path, masked, max_inputs):
    draw_set(tmp_path, (0, 1, 2), masked=masked)
    schema = measure_palette(read_metadata(tmp_path), max_inputs)
    assert [attribute.palette for attribute in schema.attributes] == [COLORS, COLORS]


@pytest.mark.parametrize("masked", [True, False])
def test_a_wrong_label_moves_no_colour(tmp_path, masked):
    draw_set(tmp_path, masked=masked)
    save(tmp_path / "outputs/0-red-blue.png", picture(0, "brown", "red"))
    schema = measure_palette(read_metadata(tmp_path))
    assert [attribute.palette for attribute in schema.attributes] == [COLORS, COLORS]


def test_colours_come_from_training_rows(tmp_path):
    draw_set(tmp_path / "train", (0,), masked=True)
    draw_set(tmp_path / "test", (1, 2), masked=True)
    for target in (tmp_path / "test/outputs").iterdir():
        save(target, np.zeros((16, 16, 3), np.uint8))
    metadata = read_metadata(tmp_path)
    assert measure_palette(metadata).attributes[0].palette == COLORS


def test_skin_is_the_channel_behind_the_attributes(tmp_path):
    draw_set(tmp_path, masked=True)
    assert measure_fixed(read_metadata(tmp_path)) == parse_hex(SKIN)


def test_no_masks_no_fixed_colour(tmp_path):
    draw_set(tmp_path)
    assert measure_fixed(read_metadata(tmp_path)) is None


def test_what_cannot_be_seen_is_none(tmp_path):
    path = write_csv(tmp_path, "input,output,hair", "a.png,b.png,red", "c.png,d.png,blue")
    schema = measure_palette(read_metadata(path))
    assert schema.attributes[0].palette == (None, None)


def test_a_rare_value_is_looked_for_beyond_max_inputs(tmp_path):
    draw_set(tmp_path, (0, 1, 2))
    lines = (tmp_path / "metadata.csv").read_text().splitlines()
    kept = [line for line in lines if "red" not in line or line.startswith("inputs/2")]
    (tmp_path / "metadata.csv").write_text("\n".join(kept))
    metadata = read_metadata(tmp_path)
    assert measure_palette(metadata, max_inputs=1).attributes[0].palette == COLORS


def test_no_attributes_have_no_colours(tmp_path):
    path = write_csv(tmp_path, "input,output", "a.png,b.png")
    assert measure_palette(read_metadata(path)) == AttributeSchema()


def test_part_without_a_mask_is_what_changes():
    rows = [(hair, shirt) for hair in PALETTE for shirt in PALETTE]
    targets = [picture(0, *row) for row in rows]
    for attribute in (0, 1):
        part = find_part(attribute, rows, targets, None)
        # the face and the outlines are no part of either
        assert np.array_equal(part, find_part(attribute, rows, targets, masks(0)) & ~lines())
    assert find_part(0, rows[:3], targets[:3], None) is None


def lines():
    return (picture(0) == 0).all(axis=-1)


def test_a_picture_that_cannot_be_read_is_named(tmp_path):
    draw_set(tmp_path, (0,))
    (tmp_path / "outputs/0-red-red.png").write_bytes(b"no picture")
    with pytest.raises(DataError, match=r"0-red-red\.png"):
        measure_palette(read_metadata(tmp_path))
