"""Which engine runs a model: chosen for the machine and the work, or as asked for."""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
from models import save_random_parts

from condcolor.errors import UsageError
from condcolor.inference import engine
from condcolor.inference.colorizer import Colorizer
from condcolor.inference.engine import MANY, ONNX_RUNTIME, TORCH, pick_engine
from condcolor.inference.onnx_colorizer import OnnxColorizer
from condcolor.inference.torch_colorizer import TorchColorizer
from condcolor.models.model_folder import read_model_info


@pytest.fixture
def on_a_cpu(monkeypatch):
    monkeypatch.setattr(engine, "sees_cuda", lambda: False)


@pytest.mark.usefixtures("on_a_cpu")
@pytest.mark.parametrize(
    ("given", "picked"),
    [
        ({}, ONNX_RUNTIME),
        ({"device": "cpu", "precision": "auto"}, ONNX_RUNTIME),
        ({"pictures": MANY - 1}, ONNX_RUNTIME),
        ({"pictures": MANY}, TORCH),
        ({"precision": "bf16"}, TORCH),
        ({"device": "cuda:1"}, TORCH),
        ({"device": "mps"}, TORCH),
        ({"asked": TORCH}, TORCH),
        ({"asked": ONNX_RUNTIME, "pictures": MANY}, ONNX_RUNTIME),
    ],
)
def test_the_work_chooses_on_a_cpu(given, picked):
    assert pick_engine(read_model_info("icons"), **given).name == picked


def test_a_gpu_is_torchs_unless_the_cpu_is_asked_for(monkeypatch):
    monkeypatch.setattr(engine, "sees_cuda", lambda: True)
    assert pick_engine(read_model_info("icons")).name == TORCH
    assert pick_engine(read_model_info("icons"), device="cpu").name == ONNX_RUNTIME


@pytest.mark.usefixtures("on_a_cpu")
@pytest.mark.parametrize(
    ("lacked", "picked", "why"),
    [
        ("torch", ONNX_RUNTIME, "torch is not installed"),
        ("onnxruntime", TORCH, "ONNX Runtime is not"),
    ],
)
def test_what_is_installed_runs_it(monkeypatch, lacked, picked, why):
    monkeypatch.setitem(sys.modules, lacked, None)
    chosen = pick_engine(read_model_info("icons"), pictures=MANY if lacked == "torch" else 1)
    assert chosen.name == picked
    assert why in str(chosen)


def test_a_model_without_a_graph_runs_in_torch_alone(random_model):
    info = read_model_info(random_model)
    assert str(pick_engine(info)) == "torch (no model.onnx beside the weights)"
    assert isinstance(Colorizer.load(info), TorchColorizer)
    with pytest.raises(UsageError, match="without a graph for ONNX Runtime"):
        pick_engine(info, ONNX_RUNTIME)


def test_an_exported_file_runs_in_onnx_runtime_alone(icons_onnx):
    info = read_model_info(icons_onnx[1])
    assert pick_engine(info, pictures=MANY).name == ONNX_RUNTIME
    with pytest.raises(UsageError, match="an exported model runs on ONNX Runtime: name its folder"):
        pick_engine(info, TORCH)


def test_an_unknown_engine_is_told():
    with pytest.raises(
        UsageError, match="engine 'tourch' is not one of auto, onnx, torch; did you mean"
    ):
        Colorizer.load("icons", engine="tourch")


@pytest.mark.usefixtures("on_a_cpu")
def test_the_colorizer_is_of_the_engine():
    colorizer = Colorizer.load("icons")
    assert isinstance(colorizer, OnnxColorizer)
    assert isinstance(colorizer.in_torch(), TorchColorizer)  # which measures sketches
    assert isinstance(Colorizer.load("icons", engine="torch"), TorchColorizer)
    assert isinstance(Colorizer.load("icons", precision="bf16"), TorchColorizer)


@pytest.mark.parametrize(("driver", "library", "sees"), [(1, 1, 1), (0, 1, 0), (1, 0, 0)])
def test_torch_is_asked_for_cuda_only_where_it_can_be(monkeypatch, tmp_path, driver, library, sees):
    (tmp_path / "lib").mkdir()
    if library:
        (tmp_path / "lib/libtorch_cuda.so").touch()
    there = SimpleNamespace(origin=str(tmp_path / "__init__.py"))
    monkeypatch.setattr(engine, "find_spec", lambda name: there)
    monkeypatch.setattr(engine, "_has_driver", lambda: bool(driver))
    torch = ModuleType("torch")
    torch.cuda = SimpleNamespace(is_available=lambda: True)
    monkeypatch.setitem(sys.modules, "torch", torch)
    assert engine.sees_cuda() is bool(sees)


def test_a_graph_of_ones_own_model_is_what_torch_gives(tmp_path):
    """Its file is small, and the folder runs on either engine."""
    from condcolor.inference.onnx_export import write_graph

    folder = save_random_parts(tmp_path / "m")
    made = write_graph(folder)
    assert made.difference < 1e-3
    assert made.size == (folder / "model.onnx").stat().st_size
    loaded = [Colorizer.load(folder, engine=name, device="cpu") for name in (ONNX_RUNTIME, TORCH)]
    side = loaded[0].image_size
    squares = np.random.default_rng(0).integers(0, 256, (1, 3, side, side), np.uint8)
    scores = [one.predict(squares, np.zeros((1, 0), np.float32)) for one in loaded]
    assert np.abs(scores[0] - scores[1]).max() < 1e-4
    assert scores[0].std() > 1e-4  # or all would be alike
