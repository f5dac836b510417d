"""The memory of a training is estimated as it is measured, said, and refused where there is less."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from drawn import draw_set
from training_runs import QUICK, SMALL

from condcolor.errors import UsageError
from condcolor.recipes import RECIPES
from condcolor.training import memory
from condcolor.training.callbacks import Callbacks
from condcolor.training.memory import MemoryNeed, estimate
from condcolor.training.train import train

CPU = torch.device("cpu")
HELPER = Path(__file__).parents[1] / "helpers/step_memory.py"
ERROR = 0.3  # most that an estimate is off, as docs/recipes.md says
NARROW = {"base_channels": 32, "max_channels": 128, "depth": 6, "disc_channels": 32}


def estimated(recipe: str, config: dict, model: dict, phase: int = 0) -> tuple[MemoryNeed, int]:
    own = RECIPES[recipe]
    settings = own.train_config(**config)
    shape = own.model_config(4 * (recipe == "icons"), **model)
    need = estimate(settings, shape, own.phases[phase:][:1], CPU)
    return need, need.total(settings.batch_size)


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").is_file(), reason="needs Linux's /proc")
@pytest.mark.parametrize("recipe", ["icons", "parts"])
def test_the_estimate_is_near_what_steps_take(recipe):
    config = {"image_size": 128, "batch_size": 12, "precision": "fp32"}
    fields = json.dumps({"config": config, "model": NARROW, "phase": 0})
    done = subprocess.run(
        [sys.executable, str(HELPER), recipe, fields], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    _, total = estimated(recipe, config, NARROW)
    assert total == pytest.approx(int(done.stdout), rel=ERROR)


def test_it_grows_with_pictures_channels_and_batch():
    config = {"image_size": 64, "batch_size": 4, "precision": "fp32"}
    small, total = estimated("icons", config, NARROW)
    assert total == small.networks + 4 * small.each
    larger, _ = estimated("icons", config | {"image_size": 128}, NARROW)
    assert larger.networks == small.networks
    assert larger.each == pytest.approx(4 * small.each, rel=0.1)
    wider, _ = estimated("icons", config, NARROW | {"max_channels": 256})
    assert wider.networks > 2 * small.networks
    half, _ = estimated("icons", config | {"precision": "bf16"}, NARROW)
    assert 0.4 < half.each / small.each < 1
    assert half.networks == small.networks


@pytest.mark.parametrize(
    ("recipe", "config", "model"),
    [
        ("icons", {}, NARROW | {"disc_norm": "spectral", "cond_levels": "all"}),
        ("icons", {}, NARROW | {"cond_levels": "head"}),
        ("photo", {"image_size": 32}, {"encoder": "efficientnet-lite0", "depth": 5}),
        ("photo", {}, {"encoder": "efficientnet-lite0", "depth": 5, "hints": True}),
        (
            "photo",
            {"precision": "bf16"},
            {"encoder": "efficientnet-lite2", "depth": 5, "hints": True},
        ),
        ("pets", {}, {}),
    ],
)
def test_networks_of_every_shape_are_estimated(recipe, config, model):
    need, _ = estimated(recipe, {"image_size": 64, "precision": "fp32", **config}, model, phase=-1)
    assert need.networks > 2**20
    assert need.each > 2**18


def test_the_batch_that_fits_is_the_largest():
    need = MemoryNeed(networks=1000, each=10)
    assert [need.fitting(room) for room in (999, 1009, 1010, 1995)] == [0, 0, 1, 99]


class Notes(Callbacks):
    def __init__(self):
        self.notes = []

    def on_note(self, text):
        self.notes.append(text)


@pytest.fixture
def data(tmp_path):
    draw_set(tmp_path / "data/train", (0, 1), masked=True)
    draw_set(tmp_path / "data/test", (2,), masked=True)
    return tmp_path / "data"


def quick(data, out, callbacks=None):
    return train(data, out, epochs=[1], device="cpu", model=SMALL, callbacks=callbacks, **QUICK)


def test_it_is_said_before_the_training_where_it_is_not_little(data, tmp_path, monkeypatch):
    notes = Notes()
    quick(data, tmp_path / "quiet", notes)
    assert not any("memory" in note for note in notes.notes)
    monkeypatch.setattr(memory, "LITTLE", 0)
    quick(data, tmp_path / "run", notes)
    [said] = [note for note in notes.notes if "memory" in note]
    assert said.startswith("memory: about 1 MiB, of it ")
    assert said.endswith(" for 4 pictures a step")


@pytest.mark.parametrize(
    ("pictures", "advice"), [(2, "take --batch-size 2"), (0, "take smaller networks")]
)
def test_what_cannot_fit_is_refused_and_leaves_no_run(
    data, tmp_path, monkeypatch, pictures, advice
):
    need = MemoryNeed(networks=2**30, each=2**30)
    monkeypatch.setattr(memory, "LITTLE", 0)
    monkeypatch.setattr(memory, "estimate", lambda *_: need)
    monkeypatch.setattr(memory, "room_of", lambda device: need.total(pictures))
    with pytest.raises(
        UsageError, match=rf"needs about 5.0 GiB of memory, and the machine has .*{advice}"
    ):
        quick(data, tmp_path / "run")
    assert not (tmp_path / "run").exists()
    monkeypatch.setattr(memory, "room_of", lambda device: need.total(4))
    quick(data, tmp_path / "run")


def test_the_room_is_that_of_the_machine_or_of_its_container(tmp_path, monkeypatch):
    monkeypatch.setattr(memory, "ROOMS", ())
    whole = memory.room_of(CPU)
    assert whole > 2**28
    (tmp_path / "max").write_text("max\n")
    (tmp_path / "some").write_text(f"{2**27}\n")
    monkeypatch.setattr(memory, "ROOMS", (tmp_path / "none", tmp_path / "max"))
    assert memory.room_of(CPU) == whole
    monkeypatch.setattr(memory, "ROOMS", (tmp_path / "max", tmp_path / "some"))
    assert memory.room_of(CPU) == 2**27
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "2")
    assert memory.room_of(CPU) == 2**26
