"""The parts that flat colorings show: found from several targets, from one, from a mask; shading is told."""

from __future__ import annotations

import numpy as np
import pytest
from drawn import PALETTE, SKIN, draw_set, masks, picture, save

from condcolor.conditions.colors import parse_hex
from condcolor.data.dataset import ImageDataset
from condcolor.data.metadata import read_metadata, write_metadata
from condcolor.data.part_labels import PartClasses, drawings_of, find_classes

NAMES = tuple(PALETTE)


def drawings(folder, *, measured=True):
    """The drawings of a set, its palette measured or not, and the schema."""
    from condcolor.data.palette import measure_palette

    metadata = read_metadata(folder)
    schema = measure_palette(metadata) if measured else metadata.schema
    pictures = ImageDataset(metadata.records, schema, 16)
    return drawings_of(pictures, pictures.source_of.unique().tolist()), schema


def classified(classes: PartClasses, drawing) -> np.ndarray:
    return classes.of_drawing(drawing.sketch, drawing.targets, drawing.values, drawing.mask)


def draw_single(folder, count=12):
    """A coloring of each of so many characters, hair and shirt by turns in all pairs of colors."""
    rows = []
    for number in range(count):
        hair, shirt = NAMES[number % 3], NAMES[number // 3 % 3]
        character = number % 3
        save(folder / f"inputs/{number}.png", picture(character))
        save(folder / f"outputs/{number}.png", picture(character, hair, shirt))
        rows.append([f"inputs/{number}.png", f"outputs/{number}.png", hair, shirt])
    write_metadata(folder / "metadata.csv", rows, ("input", "output", "hair", "shirt"))


@pytest.mark.parametrize("masked", [True, False])
def test_parts_are_where_the_drawing_has_them(tmp_path, masked):
    draw_set(tmp_path, (0, 1, 2), masked=masked)
    found, schema = drawings(tmp_path)
    classes, why = find_classes(found, schema)
    assert why == ""
    assert classes.fixed == (parse_hex(SKIN),)
    for character, drawing in enumerate(found):
        may_be = classified(classes, drawing)
        light = drawing.sketch.mean(axis=-1) == 255
        true = masks(character) == 255
        for channel in range(3):
            assert (may_be[1 + channel] == (true[..., channel] & light)).all()
        assert (may_be[0] == (light & ~true.any(axis=-1))).all()
        assert not may_be[:, ~light].any()


def test_one_target_a_drawing_tells_colors_by_the_values_that_they_occur_with(tmp_path):
    draw_single(tmp_path)
    found, schema = drawings(tmp_path, measured=False)
    classes, why = find_classes(found, schema)
    assert why == ""
    for attribute in classes.schema.attributes:
        assert attribute.palette == tuple(parse_hex(PALETTE[v]) for v in attribute.values)
    same = next(d for d in found if d.values[0, 0] == d.values[0, 1])
    may_be = classified(classes, same)
    assert (may_be[1] == may_be[2]).all()  # of one color, so a pixel may be of either
    assert may_be[1].any()
    other = next(d for d in found if d.values[0, 0] != d.values[0, 1])
    assert (classified(classes, other).sum(axis=0) <= 1).all()


def test_shaded_targets_are_not_flat(tmp_path):
    draw_set(tmp_path, (0, 1))
    shade = np.linspace(1, 0.3, 16)[:, None, None]
    for path in (tmp_path / "outputs").iterdir():
        from PIL import Image

        save(path, (np.asarray(Image.open(path)) * shade).round().astype(np.uint8))
    found, schema = drawings(tmp_path)
    classes, why = find_classes(found, schema)
    assert classes is None
    assert "shades" in why or "colour" in why
