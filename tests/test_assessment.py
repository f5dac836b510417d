"""Splits are reported apart, and so are combinations that no training row has."""

import pytest
import torch
from drawn import PALETTE, draw_set, picture
from test_checkpoint import network, write_model

from condcolor.assessment import assess
from condcolor.attributes import Attribute, AttributeSchema, parse_hex
from condcolor.checkpoint import load_model
from condcolor.colorizer import Colorizer
from condcolor.errors import DataError
from condcolor.metadata import write_metadata
from condcolor.networks import ModelConfig, UNet

NAMES = tuple(PALETTE)
COLORS = tuple(parse_hex(color) for color in PALETTE.values())
SCHEMA = AttributeSchema(tuple(Attribute(name, NAMES, COLORS) for name in ("hair", "shirt")))


class Painter:
    """Colours the drawings of `drawn.py` as they are drawn, but for some combinations; bare, greyer."""

    schema, image_size = SCHEMA, 16

    def __init__(self, wrong=()):
        self.wrong = wrong

    def colour(self, sketch, asked):
        drawings = []
        for row in asked.tolist():
            hair, shirt = (NAMES[value] for value in row)
            hair = "brown" if (hair, shirt) in self.wrong else hair
            character = next(
                c for c in range(4) if (picture(c).transpose(2, 0, 1) == sketch.numpy()).all()
            )
            drawings.append(torch.from_numpy(picture(character, hair, shirt)).permute(2, 0, 1))
        return torch.stack(drawings).float() / 255

    def colour_bare(self, sketch, asked):
        return 0.9 * self.colour(sketch, asked)


def keep(folder, rows, wanted) -> None:
    """Leave only these combinations in the metadata.csv."""
    kept = [row for row in rows if tuple(row[2:]) in wanted]
    write_metadata(folder / "metadata.csv", kept, ("input", "output", "hair", "shirt"))


@pytest.fixture
def data(tmp_path):
    """Training lacks red hair over a red shirt; of the test rows two are in seen colours."""
    rows = draw_set(tmp_path / "train", (0, 1))
    keep(tmp_path / "train", rows, {(h, s) for h in NAMES for s in NAMES} - {("red", "red")})
    rows = draw_set(tmp_path / "test", (2,))
    keep(tmp_path / "test", rows, {("red", "red"), ("red", "blue"), ("blue", "red")})
    return tmp_path


def test_splits_are_apart_and_each_beside_the_baselines(data):
    tables = assess(Painter(), data)
    assert list(tables) == ["train", "test", "test, unseen combinations"]
    assert all(list(table) == ["model", "flat fill", "grey"] for table in tables.values())
    counts = {name: (t["model"].inputs, t["model"].rows) for name, t in tables.items()}
    assert counts == {"train": (2, 16), "test": (1, 3), "test, unseen combinations": (1, 1)}
    for table in tables.values():
        assert (table["model"].mse, table["model"].obeyed) == (0, 1)
        assert min(table["grey"].mse, table["flat fill"].mse) > 0
        assert table["grey"].obeyed < 1


def test_a_fault_in_unseen_combinations_alone_shows_there_alone(data):
    tables = assess(Painter(wrong={("red", "red")}), data)
    hair = {name: table["model"].attributes[0] for name, table in tables.items()}
    assert hair["test, unseen combinations"].obeyed == 0
    assert sum(map(sum, hair["test, unseen combinations"].confusion)) == 1
    assert hair["test"].obeyed == pytest.approx(8 / 9)  # of all combinations, not the csv's rows
    assert hair["train"].obeyed == pytest.approx(16 / 18)
    assert tables["train"]["model"].mse == 0  # no row has it
    assert tables["test, unseen combinations"]["model"].mse > tables["test"]["model"].mse > 0


def test_no_combination_is_unseen_where_training_has_all_or_there_is_none(tmp_path):
    draw_set(tmp_path / "both/train", (0,))
    draw_set(tmp_path / "both/test", (1,))
    assert list(assess(Painter(), tmp_path / "both")) == ["train", "test"]
    draw_set(tmp_path / "one", (0, 1))
    assert list(assess(Painter(), tmp_path / "one")) == ["all rows"]


def test_the_bare_network_is_measured_when_asked(data):
    table = assess(Painter(), data, network_only=True)["test"]
    assert table["model"].haze > 1
    assert table["grey"].haze == 0


def test_progress_is_of_the_models_inputs_and_inputs_can_be_fewer(data):
    said = []
    tables = assess(Painter(), data, max_inputs=1, on_progress=lambda *counts: said.append(counts))
    assert tables["train"]["model"].inputs == 1
    assert said == [(1, 1)] * 3


def test_a_model_from_its_folder_is_measured(data, tmp_path):
    config = ModelConfig(3, 3, cond_planes=6, base_channels=2, max_channels=4, depth=3)
    torch.manual_seed(0)
    write_model(tmp_path / "model", UNet(config).state_dict(), config=config, schema=SCHEMA)
    tables = assess(Colorizer(load_model(tmp_path / "model"), device="cpu"), data)
    assert tables["test"]["model"].rows == 3
    assert 0 < tables["test"]["model"].mse < 4


def test_values_that_the_model_does_not_know_are_refused(data, tmp_path):
    write_model(tmp_path / "model", network().state_dict())  # of hair alone, in other colours
    with pytest.raises(DataError):
        assess(Colorizer(load_model(tmp_path / "model"), device="cpu"), data)
