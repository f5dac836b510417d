"""Exporting: the file does as torch does, tells all about its model, and is not there where it does not."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from models import ICONS, save_random_parts
from onnx import TensorProto

from condcolor.conditions.schema import AttributeSchema
from condcolor.errors import CheckpointError, UsageError
from condcolor.inference import onnx_export
from condcolor.inference.onnx_colorizer import CPU, OnnxColorizer
from condcolor.inference.onnx_export import LIMIT, export_onnx
from condcolor.inference.onnx_graph import NETWORK, Graph
from condcolor.models.checkpoint import load_model, save_model
from condcolor.models.model_folder import CONFIG, find_model, read_config
from condcolor.models.networks import make_generator
from condcolor.models.onnx_file import ABOUT, CARD, CONFIG_KEY, read_onnx
from condcolor.recipes import RECIPES


@pytest.fixture(params=["icons", "parts", "photo"])
def exported(request) -> tuple[Path, Path]:
    return request.getfixturevalue(f"{request.param}_onnx")


@pytest.mark.parametrize(("batch", "times"), [(1, (1, 1)), (3, (1, 1)), (2, (3, 2))])
def test_the_network_is_torchs_at_any_batch_and_size(exported, batch, times):
    model, path = exported
    loaded = load_model(model)
    high, wide = (loaded.config.multiple * n for n in times)
    draws = torch.Generator().manual_seed(0)
    source = torch.rand(batch, loaded.config.source_channels, high, wide, generator=draws) * 2 - 1
    cond = torch.rand(batch, loaded.config.cond_planes, generator=draws).round()
    with torch.inference_mode():
        wanted = loaded.generator(source, cond)
    made = Graph(path.read_bytes(), "it", [CPU], 1, NETWORK)(
        source=source.numpy(), cond=cond.numpy()
    )
    assert np.abs(made - wanted.numpy()).max() < LIMIT
    assert wanted.std() > 1e-4  # or all would be alike


def test_it_is_named_and_checked_onnx_with_its_config_and_card_inside(exported):
    model, path = exported
    proto = onnx.load(path)
    onnx.checker.check_model(proto)
    assert [i.name for i in proto.graph.input] == ["source", "cond"]
    assert [o.name for o in proto.graph.output] == ["output"]
    told = {p.key: p.value for p in proto.metadata_props}
    assert json.loads(told[CONFIG_KEY]) == json.loads((model / CONFIG).read_text())
    assert read_config(path) == read_config(model)
    card = model / "card.md"
    assert told.get(CARD) == (card.read_text(encoding="utf-8") if card.exists() else None)


def test_nothing_in_it_tells_of_the_machine_it_was_made_on(exported):
    data = exported[1].read_bytes()
    for said in (b"site-packages", b"/condcolor/", b"stack_trace", str(Path.home()).encode()):
        assert said not in data, said


def test_half_the_size_and_as_exact_where_the_model_is_stored_so(tmp_path):
    """As the built-in models are."""
    recipe = RECIPES["icons"]
    config = recipe.model_config(0, base_channels=8, max_channels=32, depth=4, disc_channels=2)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        weights = make_generator(config).state_dict()
    more = {"schema": AttributeSchema(), "image_size": 16, "training": {}, "metrics": {}}
    save_model(tmp_path / "m", weights, recipe=recipe.name, config=config, half=True, **more)
    whole = export_onnx(tmp_path / "m", tmp_path / "whole.onnx")
    half = export_onnx(tmp_path / "m", tmp_path / "half.onnx", half=True)
    assert half.difference < 1e-5
    sizes = [_weights(tmp_path / f"{name}.onnx") for name in ("whole", "half")]
    assert sizes[1] < 0.6 * sizes[0]
    assert whole.size == (tmp_path / "whole.onnx").stat().st_size
    assert json.loads(read_onnx(tmp_path / "half.onnx").properties[ABOUT])["weights"] == "float16"


def _weights(path: Path) -> int:
    """Bytes of the network's weights."""
    weights = onnx.load(path).graph.initializer
    return sum(len(w.raw_data) for w in weights if w.data_type != TensorProto.INT64)


@pytest.mark.parametrize(("limit", "least"), [("LIMIT", -1.0), ("LEVELS_LIMIT", -1)])
def test_what_differs_from_torch_is_not_written(random_model, tmp_path, monkeypatch, limit, least):
    monkeypatch.setattr(onnx_export, limit, least)
    with pytest.raises(CheckpointError, match=r"a\.onnx: not written, for it differs from torch"):
        export_onnx(random_model, tmp_path / "a.onnx")
    assert list(tmp_path.iterdir()) == []


def test_another_networks_outputs_are_told_apart(icons_onnx, tmp_path):
    model, path = icons_onnx
    loaded = load_model(model)
    same = onnx_export.compare(loaded, path.read_bytes(), "it")
    assert same.difference < LIMIT
    with torch.no_grad():
        next(loaded.generator.parameters()).mul_(3)
    assert onnx_export.compare(loaded, path.read_bytes(), "it").difference > LIMIT


def test_names_that_cannot_be_are_refused_before_any_work(random_model, icons_onnx, tmp_path):
    (tmp_path / "there.onnx").write_text("mine")
    for model, name, said in (
        (random_model, "there.onnx", "exists already"),
        (random_model, "it.pt", r"ends in \.onnx"),
        (icons_onnx[1], "new.onnx", "can only colour, export needs the model folder"),
    ):
        with pytest.raises(UsageError, match=said):
            export_onnx(model, tmp_path / name)
    assert (tmp_path / "there.onnx").read_text() == "mine"
    assert len(list(tmp_path.iterdir())) == 1


def test_without_the_packages_it_says_what_to_install(random_model, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    with pytest.raises(UsageError, match=r"onnxscript is not installed: pip install 'condcolor"):
        export_onnx(random_model, tmp_path / "a.onnx")


@pytest.mark.parametrize("levels", ["input", "all", "head"])
def test_wherever_the_condition_enters(levels, tmp_path):
    folder = _save("icons", tmp_path / "m", ICONS.planes, cond_levels=levels, depth=3)
    assert export_onnx(folder, tmp_path / "m.onnx").difference < LIMIT


def test_a_model_of_parts_is_asked_for_no_values(tmp_path):
    made = export_onnx(save_random_parts(tmp_path / "m"), tmp_path / "m.onnx")
    assert made.difference < LIMIT
    exported = OnnxColorizer.from_file(tmp_path / "m.onnx")
    assert exported.codec.parts[:3] == ("ground", "other", "hair")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("recipe", "encoder"), [("pets", "resnet18"), ("photo", "efficientnet-lite0")]
)
def test_a_generator_on_an_encoder(recipe, encoder, tmp_path):
    folder = _save(recipe, tmp_path / "m", 0, encoder=encoder, depth=5)
    made = export_onnx(folder, tmp_path / "m.onnx")
    assert made.difference < LIMIT
    assert made.off_by <= 1


@pytest.mark.slow
@pytest.mark.parametrize("name", ["icons", "photo"])
def test_the_built_in_models(name, tmp_path):
    made = export_onnx(name, tmp_path / "m.onnx", half=True)
    assert made.difference < LIMIT
    folder = find_model(name)
    assert made.size < 1.1 * (folder / "model.safetensors").stat().st_size


def _save(recipe: str, folder: Path, planes: int, **overrides) -> Path:
    """A model folder of a narrow network that has learnt nothing."""
    chosen = RECIPES[recipe]
    narrow = {"base_channels": 4, "max_channels": 8, "disc_channels": 2}
    config = chosen.model_config(planes, **(narrow | overrides))
    schema = ICONS if planes else AttributeSchema()
    with torch.random.fork_rng():
        torch.manual_seed(0)
        weights = make_generator(config).state_dict()
    more = {"schema": schema, "image_size": 2 * config.multiple, "training": {}, "metrics": {}}
    save_model(folder, weights, recipe=recipe, config=config, **more)
    return folder
