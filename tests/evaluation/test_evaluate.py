"""Splits are reported apart, and so are combinations that no training row has."""

from __future__ import annotations

import io
import math
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from drawn import PALETTE, draw_set, photograph, picture, save, shoot
from model_folders import network, write_model
from models import save_random_photo

from condcolor.conditions.colors import parse_hex
from condcolor.conditions.schema import Attribute, AttributeSchema
from condcolor.data.metadata import write_metadata
from condcolor.errors import DataError, UsageError
from condcolor.evaluation.evaluate import encode_csv, evaluate, make_evaluator
from condcolor.inference.colorizer import Colorizer
from condcolor.inference.torch_colorizer import TorchColorizer
from condcolor.models.checkpoint import load_model
from condcolor.models.config import ModelConfig
from condcolor.models.networks import UNet

NAMES = tuple(PALETTE)
COLORS = tuple(parse_hex(color) for color in PALETTE.values())
SCHEMA = AttributeSchema(tuple(Attribute(name, NAMES, COLORS) for name in ("hair", "shirt")))


class Painter:
    """Colours the drawings of `drawn.py` as they are drawn, but for some combinations; bare, greyer."""

    recipe, schema, image_size = "icons", SCHEMA, 16

    def __init__(self, wrong=()):
        self.wrong = wrong

    def color(self, sketch, asked):
        drawings = []
        for row in asked.tolist():
            hair, shirt = (NAMES[value] for value in row)
            hair = "brown" if (hair, shirt) in self.wrong else hair
            character = next(
                c for c in range(4) if (picture(c).transpose(2, 0, 1) == sketch.numpy()).all()
            )
            drawings.append(torch.from_numpy(picture(character, hair, shirt)).permute(2, 0, 1))
        return torch.stack(drawings).float() / 255

    def color_bare(self, sketch, asked):
        return 0.9 * self.color(sketch, asked)


def compare(colorizer, data, *, max_inputs=None, on_progress=None, on_skip=None, **options):
    evaluator = make_evaluator(colorizer.recipe, options)
    callbacks = {"on_progress": on_progress, "on_skip": on_skip}
    return evaluator.compare(colorizer, data, max_inputs=max_inputs, **callbacks)


def frame_of(text: bytes) -> pd.DataFrame:
    return pd.read_csv(io.BytesIO(text))


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
    tables = compare(Painter(), data)
    assert list(tables) == ["train", "test", "test, unseen combinations"]
    assert all(list(table) == ["model", "flat fill", "grey"] for table in tables.values())
    counts = {name: (t["model"].inputs, t["model"].rows) for name, t in tables.items()}
    assert counts == {"train": (2, 16), "test": (1, 3), "test, unseen combinations": (1, 1)}
    for table in tables.values():
        assert (table["model"].mse, table["model"].accuracy) == (0, 1)
        assert min(table["grey"].mse, table["flat fill"].mse) > 0
        assert table["grey"].accuracy < 1


def test_a_fault_in_unseen_combinations_alone_shows_there_alone(data):
    tables = compare(Painter(wrong={("red", "red")}), data)
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
    assert list(compare(Painter(), tmp_path / "both")) == ["train", "test"]
    draw_set(tmp_path / "one", (0, 1))
    assert list(compare(Painter(), tmp_path / "one")) == ["all rows"]


def test_the_bare_network_is_measured_when_asked(data):
    table = compare(Painter(), data, network_only=True)["test"]
    assert table["model"].haze > 1
    assert table["grey"].haze == 0


def test_progress_is_of_the_models_inputs_and_inputs_can_be_fewer(data):
    said = []
    tables = compare(Painter(), data, max_inputs=1, on_progress=lambda *counts: said.append(counts))
    assert tables["train"]["model"].inputs == 1
    assert said == [(1, 1)] * 3


def test_a_model_from_its_folder_is_measured(data, tmp_path):
    config = ModelConfig(3, 3, cond_planes=6, base_channels=2, max_channels=4, depth=3)
    torch.manual_seed(0)
    write_model(tmp_path / "model", UNet(config).state_dict(), config=config, schema=SCHEMA)
    tables = compare(TorchColorizer(load_model(tmp_path / "model"), device="cpu"), data)
    assert tables["test"]["model"].rows == 3
    assert 0 < tables["test"]["model"].mse < 4


def test_values_that_the_model_does_not_know_are_refused(data, tmp_path):
    write_model(tmp_path / "model", network().state_dict())  # of hair alone, in other colours
    with pytest.raises(DataError):
        compare(TorchColorizer(load_model(tmp_path / "model"), device="cpu"), data)


@pytest.fixture(scope="module")
def photo_model(tmp_path_factory):
    return load_model(save_random_photo(tmp_path_factory.mktemp("models") / "photo"))


def test_photographs_are_measured_beside_grey_and_the_truth(photo_model, tmp_path):
    shoot(tmp_path / "deep/down", 3)
    colorizer = TorchColorizer(photo_model, device="cpu")
    table = compare(colorizer, tmp_path, vivid=[0])["all photographs"]
    assert list(table) == ["model", "vivid 0", "grey", "truth"]
    assert {e.pictures for e in table.values()} == {3}
    truth, grey = table["truth"], table["grey"]
    assert truth.ab_error == truth.dcf_abs == 0
    assert (truth.psnr, truth.auc) == (math.inf, 100)
    assert table["vivid 0"].ab_error == pytest.approx(grey.ab_error, abs=0.05)
    assert table["vivid 0"].cf_abs == pytest.approx(grey.cf_abs, abs=0.2)
    assert grey.cf_abs < 1 < table["model"].cf_abs


def test_the_test_split_of_photographs_is_taken_where_there_is_one(photo_model, tmp_path):
    shoot(tmp_path / "train", 4)
    shoot(tmp_path / "val", 2, first=4)
    told = []
    tables = compare(
        TorchColorizer(photo_model, device="cpu"),
        tmp_path,
        on_progress=lambda *counts: told.append(counts),
    )
    assert {name: table["truth"].pictures for name, table in tables.items()} == {"test": 2}
    assert told == [(1, 2), (2, 2)]


def test_photographs_that_cannot_be_measured_are_named_and_left_out(photo_model, tmp_path):
    shoot(tmp_path, 2)
    save(tmp_path / "grey.png", np.full((20, 20, 3), 128, np.uint8))
    save(tmp_path / "tiny.png", photograph(3)[:8, :8])
    (tmp_path / "broken.jpg").write_text("<html>")
    skipped = []
    model = TorchColorizer(photo_model, device="cpu")
    table = compare(model, tmp_path, on_skip=skipped.append)["all photographs"]
    assert table["model"].pictures == 2
    assert [line.partition(".")[0].rpartition("/")[2] for line in skipped] == [
        "broken",
        "grey",
        "tiny",
    ]
    for number in range(2):
        (tmp_path / f"{number}.png").unlink()
    with pytest.raises(DataError, match="no colour photograph"):
        compare(model, tmp_path)


def test_large_photographs_are_made_smaller_first_and_small_ones_left(photo_model, tmp_path):
    save(tmp_path / "large.png", photograph(1, 120, 60))
    save(tmp_path / "small.png", photograph(1, 30, 20))
    sizes = []

    class Spy(TorchColorizer):
        def __call__(self, picture):
            sizes.append(picture.size)
            return super().__call__(picture)

    compare(Spy(photo_model, device="cpu"), tmp_path, short_side=24)
    assert sizes == [(48, 24), (30, 20)]
    sizes.clear()
    compare(Spy(photo_model, device="cpu"), tmp_path, max_inputs=1)
    assert len(sizes) == 1


def test_the_colours_of_a_photograph_are_kept_from_the_model(photo_model, tmp_path):
    save(tmp_path / "one.png", photograph(1))
    seen = []

    class Spy(TorchColorizer):
        def __call__(self, picture):
            seen.append(np.asarray(picture))
            return super().__call__(picture)

    compare(Spy(photo_model, device="cpu"), tmp_path)
    assert np.ptp(seen[0].astype(int), axis=-1).max() <= 1


def test_grey_ones_count_where_they_are_asked_for(photo_model, tmp_path):
    save(tmp_path / "one.png", photograph(1))
    save(tmp_path / "grey.png", np.full((20, 20, 3), 90, np.uint8))
    model = TorchColorizer(photo_model, device="cpu")
    counts = [
        compare(model, tmp_path, keep_grey=keep)["all photographs"]["model"].pictures
        for keep in (False, True)
    ]
    assert counts == [1, 2]


def test_the_table_has_a_row_for_each_split_and_method(data):
    table = evaluate(Painter(wrong={("red", "red")}), str(data))
    methods = ["model", "flat fill", "grey"]
    splits = ["train", "test", "test, unseen combinations"]
    assert list(zip(table.split, table.method, strict=True)) == [
        (split, method) for split in splits for method in methods
    ]
    assert list(table.columns[2:7]) == ["inputs", "rows", "mse", "haze", "line_f1"]
    rows = table.set_index(["split", "method"])
    assert rows.loc[("test, unseen combinations", "model"), "hair accuracy"] == 0
    assert rows.loc[("test", "model"), "hair accuracy"] == pytest.approx(8 / 9)
    assert rows.loc[("test", "model"), "shirt delta_e"] < 0.01
    assert rows.loc[("test", "model"), "accuracy"] == pytest.approx(17 / 18)


def test_the_table_of_photographs_has_what_is_derived_too(photo_model, tmp_path):
    shoot(tmp_path, 2)
    table = evaluate(TorchColorizer(photo_model, device="cpu"), tmp_path, vivid=[2])
    rows = table.set_index("method")
    assert list(rows.index) == ["model", "vivid 2", "grey", "truth"]
    assert set(rows.split) == {"all photographs"}
    assert rows.loc["truth", ["dcf_abs", "drift", "score"]].tolist() == [0, 0, 0]
    assert rows.loc["grey", "ab_error"] > 1
    assert rows.fid.isna().all()


def test_a_table_survives_its_csv_and_a_spreadsheet_runs_no_cell_of_it():
    cells = {"split": ["test"], "method": ["=1+1"], "-x accuracy": [-0.25], "fid": [math.nan]}
    text = encode_csv(pd.DataFrame(cells))
    assert text == b"split,method,'-x accuracy,fid\ntest,'=1+1,-0.25,\n"
    assert frame_of(text)["'-x accuracy"].tolist() == [-0.25]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"vivid": [2]}, "vivid is for models of photographs; this is one of sketches"),
        ({"keep_grey": True, "vivid": [2]}, "keep_grey and vivid are for models of photographs"),
        ({"network": True}, "no option network of sketches; did you mean 'network_only'?"),
    ],
)
def test_an_option_of_another_task_is_refused(data, options, message):
    with pytest.raises(UsageError, match=re.escape(message)):
        evaluate(Painter(), data, **options)


def test_a_models_name_is_no_colorizer():
    with pytest.raises(UsageError, match=re.escape("Colorizer.load('icons')")):
        evaluate("icons", "data")


def test_an_exported_model_of_sketches_is_refused(data):
    pytest.importorskip("onnxruntime", reason="needs ONNX Runtime")
    exported = Colorizer.load(Path(__file__).parents[1] / "pinned/exported/icons-head.onnx")
    with pytest.raises(UsageError, match="evaluate the model folder"):
        evaluate(exported, data)
