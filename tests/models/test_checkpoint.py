"""Model folders and training states: what is written loads again, what is damaged is named."""

from __future__ import annotations

import json
import pickle
import struct

import pytest
import torch
from model_folders import CONFIG, SCHEMA, network, refusal, write_model
from safetensors.torch import load_file, save_file

from condcolor.conditions.schema import AttributeSchema
from condcolor.errors import CheckpointError
from condcolor.models.checkpoint import load_model, load_weights
from condcolor.models.config import ModelConfig
from condcolor.models.networks import UNet
from condcolor.runs.state import load_state, save_state
from condcolor.runtime.json_files import sha256


def rewrite(folder, weights=None, **fields):
    """Change a model folder's weights and config fields, and make the sums right again."""
    path = folder / "config.json"
    config = json.loads(path.read_text())
    if weights is not None:
        save_file(weights, folder / "model.safetensors")
    config |= {"sha256": sha256(folder / "model.safetensors")} | fields
    path.write_text(json.dumps({k: v for k, v in config.items() if v is not ...}))


# -- round trips -----------------------------------------------------------------------------------


def test_a_model_comes_back_with_its_bits_and_all_that_was_said_of_it(tmp_path):
    saved = network().state_dict()
    write_model(tmp_path / "model", saved)
    before = torch.get_rng_state()
    model = load_model(tmp_path / "model")
    assert torch.equal(torch.get_rng_state(), before)  # loading draws no random numbers
    loaded = model.generator.state_dict()
    assert loaded.keys() == saved.keys()
    assert all(torch.equal(loaded[k], saved[k]) for k in saved)
    assert not model.generator.training
    assert all(p.requires_grad for p in model.generator.parameters())
    assert (model.config, model.schema, model.image_size) == (CONFIG, SCHEMA, 16)
    assert (model.recipe, model.licence) == ("icons", "MIT")
    assert (model.training, model.metrics) == ({"epoch": 3}, {"mse": 0.5, "haze": None})


def test_half_precision_is_half_the_size_and_colours_the_same(tmp_path):
    whole = load_model(write_model(tmp_path / "whole")).generator
    half = load_model(write_model(tmp_path / "half", half=True)).generator
    assert all(p.dtype == torch.float32 for p in half.parameters())
    on_disk = load_file(tmp_path / "half/model.safetensors")
    assert {t.dtype for t in on_disk.values()} == {torch.float16, torch.int64}
    with torch.no_grad():
        source, cond = torch.rand(1, 3, 16, 16), torch.eye(3)[:1]
        assert (whole(source, cond) - half(source, cond)).abs().max() < 1e-3


def test_no_attributes_need_no_case_of_their_own(tmp_path):
    config = ModelConfig(3, 3, base_channels=2, max_channels=4, depth=3)
    folder = write_model(
        tmp_path / "m", UNet(config).state_dict(), config=config, schema=AttributeSchema()
    )
    assert load_model(folder).schema.planes == 0


def test_a_folder_says_nothing_of_json_that_is_not_json(tmp_path):
    text = (write_model(tmp_path / "model") / "config.json").read_text()
    json.loads(text, parse_constant=lambda name: pytest.fail(name))
    with pytest.raises(ValueError, match="JSON"):
        write_model(tmp_path / "other", metrics={"mse": float("nan")})
    assert [p.name for p in tmp_path.iterdir()] == ["model"]


# -- what is damaged is named ----------------------------------------------------------------------

RAN = []


class Payload:
    """Runs when it is unpickled."""

    def __reduce__(self):
        return (RAN.append, ("ran",))


def lying_header(count: int) -> bytes:
    header = json.dumps({"w": {"dtype": "F32", "shape": [count], "data_offsets": [0, 4 * count]}})
    return struct.pack("<Q", len(header)) + header.encode() + b"\0" * 8


JUNK = {
    "empty": b"",
    "text": b"<html>not found</html>",
    "pickle": pickle.dumps(Payload()),
    "long header": struct.pack("<Q", 2**60) + b"{}",
    "more data promised than there": lying_header(2**40),
    "a shape that overflows": lying_header(2**62),
}


@pytest.mark.parametrize("name", JUNK)
@pytest.mark.parametrize("sums_fit", [True, False])
def test_junk_for_weights_is_refused_and_never_run(tmp_path, name, sums_fit):
    folder = write_model(tmp_path / "model")
    (folder / "model.safetensors").write_bytes(JUNK[name])
    if sums_fit:
        rewrite(folder)
    said = "not readable as safetensors" if sums_fit else "damaged"
    assert said in refusal(load_model, folder)
    save_state(tmp_path / "step-1", {"a": torch.zeros(2)}, {})
    for file in ("state.safetensors", "state.json", "manifest.json"):
        before = (tmp_path / "step-1" / file).read_bytes()
        (tmp_path / "step-1" / file).write_bytes(JUNK[name])
        assert file in refusal(load_state, tmp_path / "step-1")
        (tmp_path / "step-1" / file).write_bytes(before)
    assert RAN == []


@pytest.mark.parametrize("place", [0, 9, 0.3, 0.7, -1])
@pytest.mark.parametrize("file", ["model.safetensors", "state.safetensors", "state.json"])
def test_one_flipped_bit_is_seen(tmp_path, file, place):
    folder = write_model(tmp_path / "model")
    save_state(folder, {"a": torch.zeros(9)}, {"epoch": 1}) if "state" in file else None
    content = bytearray((folder / file).read_bytes())
    content[int(place * len(content)) if isinstance(place, float) else place] ^= 4
    (folder / file).write_bytes(content)
    load = load_state if "state" in file else load_model
    assert f"{file}: damaged" in refusal(load, folder)


@pytest.mark.parametrize("kept", [0.0, 0.5, 0.99])
def test_truncated_files_are_seen(tmp_path, kept):
    folder = write_model(tmp_path / "model")
    for file in ("model.safetensors", "config.json"):
        before = (folder / file).read_bytes()
        (folder / file).write_bytes(before[: int(kept * len(before))])
        assert file in refusal(load_model, folder)
        (folder / file).write_bytes(before)
    load_model(folder)


def test_files_that_are_missing_are_named(tmp_path):
    assert "no model here" in refusal(load_model, tmp_path / "nothing")
    folder = write_model(tmp_path / "model")
    (folder / "model.safetensors").unlink()
    assert "model.safetensors: missing" in refusal(load_model, folder)
    (folder / "model.safetensors").mkdir()
    assert "model.safetensors: cannot be read" in refusal(load_model, folder)
    assert "manifest.json: missing" in refusal(load_state, tmp_path / "nothing")


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"format": 2}, "newer than this condcolor reads"),
        ({"format": "1"}, "not the config of a condcolor model"),
        ({"recipe": "icon"}, "did you mean 'icons'"),
        ({"recipe": ...}, "'recipe' is missing"),
        ({"model": ...}, "'model' is missing"),
        ({"model": [1]}, "'model' is wrong"),
        ({"model": {"depth": 3}}, "cannot be rebuilt"),
        ({"model": {**vars(CONFIG), "attention": 4}}, "no field attention"),
        ({"model": {**vars(CONFIG), "depth": "3"}}, "cannot be rebuilt"),
        ({"model": {**vars(CONFIG), "depth": 3.0}}, "must be a whole number from 3 to 12"),
        ({"model": {**vars(CONFIG), "base_channels": 2.5}}, "must be a whole number from 1 to"),
        (
            {"model": {**vars(CONFIG), "base_channels": 10**12, "max_channels": 10**12}},
            "is of no network",
        ),
        ({"model": {**vars(CONFIG), "base_channels": 4}}, "not the weights of this network"),
        ({"model": {**vars(CONFIG), "cond_levels": "all"}}, "is missing"),
        ({"model": {**vars(CONFIG), "depth": 4}}, "is missing"),
        ({"model": {**vars(CONFIG), "output_channels": 2}}, "from 3 to 2 channels"),
        ({"model": {**vars(CONFIG), "cond_planes": 4}}, "the schema has 3 values"),
        ({"schema": []}, "the schema has 0 values, the network takes 3"),
        ({"schema": "hair"}, "'schema' is wrong"),
        ({"schema": [{"name": "hair", "values": ["a", "a"]}]}, "twice"),
        ({"image_size": 20}, "image_size 20 is not a multiple of 8"),
        ({"image_size": -8}, "image_size is -8"),
        ({"image_size": "16"}, "'image_size' is wrong"),
        ({"image_size": ...}, "'image_size' is missing"),
        ({"sha256": ...}, "damaged"),
        ({"training": 4}, "no model can be made of it"),
    ],
)
def test_a_config_that_does_not_fit_is_refused(tmp_path, fields, said):
    folder = write_model(tmp_path / "model")
    rewrite(folder, **fields)
    message = refusal(load_model, folder)
    assert said in message
    assert message.count(str(folder)) == 1


def test_weights_that_do_not_fit_are_refused(tmp_path):
    good = network().state_dict()
    name = "downs.0.conv.weight"
    for weights, said in (
        ({k: v for k, v in good.items() if k != name}, f"{name} is missing"),
        (good | {"extra": torch.zeros(1)}, "extra is not expected"),
        (good | {name: good[name][:1].clone()}, f"{name} is [1, 6, 4, 4], expected [2, 6, 4, 4]"),
    ):
        with pytest.raises(CheckpointError) as caught:
            load_weights(network(), weights, tmp_path)
        assert said in str(caught.value)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_is_not_finite_is_neither_saved_nor_loaded(tmp_path, value):
    good = network().state_dict()
    bad = good | {"downs.0.conv.weight": good["downs.0.conv.weight"].clone()}
    bad["downs.0.conv.weight"][0, 0, 0, 0] = value
    folder = write_model(tmp_path / "model")
    assert "holds NaN or infinity" in refusal(write_model, folder, bad)
    load_model(folder)  # the one before stands
    rewrite(folder, weights=bad)
    assert "holds NaN or infinity" in refusal(load_model, folder)
    large = {k: v * 1e6 if v.is_floating_point() else v for k, v in good.items()}
    with pytest.raises(CheckpointError, match="the model in float16"):
        write_model(tmp_path / "half", large, half=True)
    with pytest.raises(CheckpointError, match="the training state: w holds NaN"):
        save_state(tmp_path / "step-1", {"w": torch.tensor([value])}, {})
    assert sorted(p.name for p in tmp_path.iterdir()) == ["model"]
