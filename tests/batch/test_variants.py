"""All variants of a sketch: a file each and one sheet, or nothing at all."""

from __future__ import annotations

import numpy as np
import pytest
from models import HEX, HOUSES, RGBS, make_model, save_random
from pictures import sketch
from PIL import Image

from condcolor.batch.variants import write_variants
from condcolor.conditions.schema import Attribute, AttributeSchema
from condcolor.errors import DataError, UsageError
from condcolor.inference.colorizer import Colorizer
from condcolor.inference.torch_colorizer import TorchColorizer


@pytest.fixture(scope="module")
def colorizer() -> Colorizer:
    return TorchColorizer(make_model(), device="cpu")


@pytest.fixture
def ada(here):
    sketch(32, 32).save(here / "ada.png")
    return here / "ada.png"


def names(folder) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_every_combination_is_a_file_and_a_cell(colorizer, ada, here):
    told = []
    count = write_variants(
        colorizer,
        ada,
        here / "s.png",
        folder=here / "all",
        cell=32,
        on_progress=lambda *done: told.append(done),
    )
    assert count == 25
    assert names(here / "all") == sorted(f"ada-{h}-{s}.png" for h in HEX for s in HEX)
    assert told[-1] == (25, 25)
    for hair, shirt in (("red", "blue"), ("blue", "red")):
        made = np.asarray(Image.open(here / f"all/ada-{hair}-{shirt}.png")).astype(int)
        assert abs(made[12, 12] - RGBS[hair]).max() <= 2
        assert abs(made[12, 20] - RGBS[shirt]).max() <= 2


def test_rows_are_the_first_attribute_and_columns_the_last(ada, here):
    hair = Attribute("hair", ("red", "blue"), (RGBS["red"], RGBS["blue"]))
    shirt = Attribute(
        "shirt", ("g", "b", "y"), tuple(RGBS[n] for n in ("green", "brown", "yellow"))
    )
    colorizer = TorchColorizer(make_model(AttributeSchema((hair, shirt))), device="cpu")
    write_variants(colorizer, ada, here / "s.png", cell=32)
    page = np.asarray(Image.open(here / "s.png"))

    def middle(color, axis: int) -> float:
        return np.argwhere((page == color).all(axis=-1))[:, axis].mean()

    rows, columns = ([middle(c, i) for c in a.palette] for i, a in enumerate((hair, shirt)))
    assert np.diff(rows).min() > 30  # a cell is 32 pixels
    assert np.diff(columns).min() > 30
    for color in shirt.palette:  # in every row, as it is a column
        assert abs(middle(color, 0) - np.mean(rows)) < 2
    assert names(here) == ["ada.png", "s.png"]


def test_any_attributes_make_a_sheet(ada, here, tmp_path):
    for schema, count in (
        (HOUSES, 12),
        (AttributeSchema((Attribute("only", ("one", "two", "three")),)), 3),
        (AttributeSchema(), 1),
    ):
        model = save_random(tmp_path / f"model-{count}", schema)
        out = here / f"{count}.png"
        made = write_variants(
            Colorizer.load(model, device="cpu"), ada, out, folder=here / str(count)
        )
        assert made == count == len(names(here / str(count)))
        assert Image.open(out).size[0] > 160


def test_transparent_pictures_are_shown_on_white(colorizer, here):
    Image.new("RGBA", (32, 32), (0, 0, 0, 0)).save(here / "ada.png")
    write_variants(colorizer, here / "ada.png", here / "s.png", cell=32)
    assert np.asarray(Image.open(here / "s.png")).max(axis=-1).mean() > 200


@pytest.mark.parametrize(
    ("out", "folder", "said"),
    [
        ("there.png", "all", r"there\.png: exists already"),
        ("s.gif", "all", "suffix '.gif' is not one of"),
        ("s", "all", "no suffix"),
        ("s.png", "taken", r"ada-red-red\.png: exists already"),
        ("ada.png", "all", "is the sketch itself"),
        ("all/ada-red-red.png", "all", "is one of the variants"),
        ("folder.png", "all", "is a folder"),
    ],
)
def test_what_cannot_be_written_is_told_before_anything_is(colorizer, ada, here, out, folder, said):
    (here / "there.png").write_bytes(b"precious")
    (here / "folder.png").mkdir()
    (here / "taken").mkdir()
    (here / "taken/ada-red-red.png").write_bytes(b"precious")
    before = sorted(here.rglob("*"))
    with pytest.raises(UsageError, match=said):
        write_variants(colorizer, ada, here / out, folder=here / folder)
    assert sorted(here.rglob("*")) == before
    assert (here / "there.png").read_bytes() == b"precious"


def test_overwriting_replaces_but_never_the_sketch(colorizer, ada, here):
    before = ada.read_bytes()
    (here / "s.png").write_bytes(b"old")
    write_variants(colorizer, ada, here / "s.png", overwrite=True)
    assert Image.open(here / "s.png").size[0] > 0
    with pytest.raises(UsageError, match="is the sketch itself"):
        write_variants(colorizer, ada, ada, overwrite=True)
    assert ada.read_bytes() == before


def test_a_sketch_that_cannot_be_read_leaves_nothing(colorizer, here):
    (here / "bad.png").write_bytes(b"nothing")
    with pytest.raises(DataError, match=r"bad\.png"):
        write_variants(colorizer, here / "bad.png", here / "new/s.png", folder=here / "all")
    assert names(here) == ["bad.png"]


def test_too_many_are_refused_at_once(ada, here):
    schema = AttributeSchema(
        tuple(Attribute(f"a{i}", tuple("0123456789"), ((1, 2, 3),) * 10) for i in range(12))
    )
    with pytest.raises(UsageError, match="too many for all variants"):
        write_variants(TorchColorizer(make_model(schema), device="cpu"), ada, here / "s.png")


@pytest.mark.parametrize(
    ("out", "cell", "said"),
    [
        ("s.webp", 4000, "do not fit in a WEBP"),
        ("s.pgn", 32, "did you mean '.png'"),
        (f"{'x' * 300}.png", 32, "too long"),
    ],
)
def test_a_sheet_that_cannot_be_written_is_refused_before_any_variant(
    colorizer, ada, here, out, cell, said
):
    with pytest.raises((UsageError, DataError), match=said):
        write_variants(colorizer, ada, here / out, folder=here / "all", cell=cell)
    assert names(here) == ["ada.png"]


def test_variants_whose_names_are_too_long_are_refused_before_any(colorizer, here):
    long = here / f"{'a' * 246}.png"
    sketch(32, 32).save(long)
    with pytest.raises(DataError, match="too long"):
        write_variants(colorizer, long, here / "s.png", folder=here / "all", cell=32)
    assert names(here) == [long.name]
