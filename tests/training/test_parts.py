"""Scenes drawn by `data icons --scenes` train the recipe parts, and its model colors a sketch."""

from __future__ import annotations

import pytest

from condcolor import Colorizer
from condcolor.conditions.parts import PARTS, PARTS_SCHEMA
from condcolor.data.builders.scenes import draw_scenes
from condcolor.models.checkpoint import load_model
from condcolor.runs.log import read_log
from condcolor.training.train import train

pytest.importorskip("dicebear", reason="needs the icons extra: pip install 'condcolor[icons]'")


pytest.importorskip("dicebear_styles", reason="needs the icons extra")


pytest.importorskip("resvg_py", reason="needs the icons extra")


NETWORK = {"base_channels": 8, "max_channels": 16, "depth": 4, "disc_channels": 4, "disc_layers": 1}


def test_scenes_train_a_model_of_parts(tmp_path):
    scenes = tmp_path / "scenes"
    draw_scenes(scenes, scenes=16, characters=4, seed=1, size=64)
    model = train(
        scenes,
        tmp_path / "run",
        recipe="parts",
        epochs=[4],
        device="cpu",
        model=NETWORK,
        image_size=64,
        batch_size=3,
        ema=0.0,
        lr=3e-3,
        precision="fp32",
    )
    epochs = [entry for entry in read_log(tmp_path / "run") if entry["kind"] == "epoch"]
    losses = [entry["generator"] for entry in epochs]
    assert losses[-1] < 0.8 * losses[0]
    written = load_model(model)
    assert written.config.output_channels == len(PARTS)
    assert written.schema == PARTS_SCHEMA
    sketch = scenes / "inputs/00003.png"
    colored = Colorizer.load(tmp_path / "run")(sketch, hair="red", shirt="blue")
    assert colored.size == (64, 64)
