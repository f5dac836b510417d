"""A data set of one's own trained with nothing else said: parts, colors, the verdict, resuming."""

from __future__ import annotations

import json
import os
import signal

import numpy as np
import pytest
from drawn import draw_set, save
from models import save_random_parts
from PIL import Image

from condcolor import Colorizer
from condcolor.errors import UsageError
from condcolor.runs.config import RunConfig
from condcolor.runtime.process import Interrupted
from condcolor.training.callbacks import Callbacks
from condcolor.training.own import train_own
from condcolor.training.own_parts import some_rows
from condcolor.training.train import resume

SHORT = 0.02  # minutes: the least number of steps
SMALL = {"device": "cpu", "image_size": 16, "precision": "fp32"}


class Notes(Callbacks):
    def __init__(self):
        self.notes = []

    def on_note(self, text):
        self.notes.append(text)


class StopSoon(Callbacks):
    """Sends the process a signal after the third step; by the clock, progress leaps."""

    steps = 0

    def on_step(self, done, total, losses):
        self.steps += 1
        if self.steps == 3:
            os.kill(os.getpid(), signal.SIGINT)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A short run on three characters, the third held out, and what it said."""
    folder = tmp_path_factory.mktemp("own")
    draw_set(folder / "data/train", (0, 1))
    draw_set(folder / "data/test", (2,))
    notes = Notes()
    base = save_random_parts(folder / "base")
    train_own(folder / "data", folder / "run", minutes=SHORT, init=base, callbacks=notes, **SMALL)
    return folder / "run", notes.notes


def test_a_run_of_flat_colorings_learns_their_parts(run):
    folder, said = run
    plan, _ = RunConfig.load(folder)
    names = [part.name for part in plan.parts]
    assert names[:4] == ["ground", "other", "hair", "shirt"]
    assert [color for _, color in plan.fixed_parts] == [(0xFB, 0xD3, 0xC0)]
    assert said[1].startswith("flat colourings: learns to find hair, shirt")
    assert "2 drawings to train on (18 colourings), 1 drawing held out" in said[2]


def test_its_model_colors_by_its_own_parts(run):
    colorizer = Colorizer.load(run[0])
    assert colorizer.schema.names == ("hair", "shirt")
    assert colorizer.table == RunConfig.load(run[0])[0].parts
    sketch = Image.fromarray(np.full((32, 32, 3), 255, np.uint8))
    assert colorizer(sketch, hair="red", shirt="blue").size == (32, 32)


def test_the_verdict_is_on_drawings_never_seen(run):
    folder, said = run
    verdict = json.loads((folder / "verdict.json").read_text())
    assert verdict["drawings"] == 1
    assert [row["name"] for row in verdict["attributes"]] == ["hair", "shirt"]
    for row in verdict["attributes"]:
        assert row["text"] in said
    assert (folder / "worst.png").is_file()


def test_a_run_of_parts_is_resumed(tmp_path):
    draw_set(tmp_path / "data", (0, 1, 2))
    with pytest.raises(Interrupted):
        train_own(
            tmp_path / "data",
            tmp_path / "run",
            minutes=0.2,
            init=save_random_parts(tmp_path / "base"),
            callbacks=StopSoon(),
            **SMALL,
        )
    assert not (tmp_path / "run/verdict.json").exists()
    resume(tmp_path / "run", device="cpu")
    assert (tmp_path / "run/model/config.json").is_file()
    assert (tmp_path / "run/verdict.json").is_file()


def test_shaded_targets_train_colors(tmp_path):
    draw_set(tmp_path / "data", (0, 1, 2))
    shade = np.linspace(1, 0.3, 16)[:, None, None]
    for path in (tmp_path / "data/outputs").iterdir():
        save(path, (np.asarray(Image.open(path)) * shade).round().astype(np.uint8))
    notes = Notes()
    train_own(
        tmp_path / "data",
        tmp_path / "run",
        minutes=SHORT,
        callbacks=notes,
        **SMALL | {"image_size": 128},
    )
    plan, _ = RunConfig.load(tmp_path / "run")
    assert (plan.recipe, plan.parts) == ("icons", None)
    assert notes.notes[1].startswith("no flat colourings (")


def test_the_published_preset_is_a_recipe(tmp_path):
    with pytest.raises(UsageError, match="recipe icons"):
        train_own(tmp_path, tmp_path / "run", preset="published")
    with pytest.raises(UsageError, match="did you mean 'fast'"):
        train_own(tmp_path, tmp_path / "run", preset="fsat")


def test_of_many_colorings_of_a_drawing_a_few_are_looked_at(tmp_path):
    from condcolor.data.metadata import read_metadata

    draw_set(tmp_path, (0, 1))
    records = read_metadata(tmp_path).records
    kept = some_rows(records, most=4)
    assert len(kept) == 8
    assert len({record.source for record in kept}) == 2
