"""A model of parts taught by a few drawings: it learns them, keeps its parts, refuses what it cannot know."""

from __future__ import annotations

import pytest
import torch
from drawn import draw_set
from models import save_random, save_random_parts

from condcolor.conditions.parts import PARTS_SCHEMA
from condcolor.data.metadata import write_metadata
from condcolor.errors import DataError, UsageError
from condcolor.models.checkpoint import load_model
from condcolor.training import adapt as training
from condcolor.training.adapt import adapt


@pytest.fixture
def data(tmp_path):
    draw_set(tmp_path / "data", (0, 1, 2))
    return tmp_path / "data"


@pytest.fixture
def model(tmp_path):
    return save_random_parts(tmp_path / "model", size=16, gain=20)


def test_it_learns_the_drawings_and_keeps_its_parts(tmp_path, data, model, monkeypatch):
    monkeypatch.setattr(training, "LR", 3e-3)
    adapted = adapt(model, data, tmp_path / "new", minutes=0.1, device="cpu")
    assert adapted.drawings == 3
    assert adapted.steps > 3
    assert adapted.agreed[1] > adapted.agreed[0]
    assert 0 < adapted.kept <= 1
    new, old = load_model(tmp_path / "new"), load_model(model)
    assert new.schema == old.schema == PARTS_SCHEMA
    assert new.parts is None
    assert new.training["adapted_from"] == {"epoch": 1, "steps": 2}
    norms = [name for name in new.generator.state_dict() if name.endswith("running_mean")]
    assert norms
    for name in norms:
        before, after = (each.generator.state_dict()[name] for each in (old, new))
        torch.testing.assert_close(after, before)


def test_attributes_that_it_does_not_know_are_refused(tmp_path, data, model):
    rows = [line.split(",") for line in (data / "metadata.csv").read_text().splitlines()[1:]]
    write_metadata(data / "metadata.csv", rows, ("input", "output", "roof", "shirt"))
    with pytest.raises(DataError, match="the model knows no roof; train a model of its own"):
        adapt(model, data, tmp_path / "new", minutes=0.1, device="cpu")
    assert not (tmp_path / "new").exists()


def test_a_model_of_colors_and_a_taken_folder_are_refused(tmp_path, data, model):
    save_random(tmp_path / "colors")
    with pytest.raises(UsageError, match="does not find parts"):
        adapt(tmp_path / "colors", data, tmp_path / "new", device="cpu")
    with pytest.raises(UsageError, match="exists"):
        adapt(model, data, model, device="cpu")


def test_the_rehearsal_is_of_forty_sketches():
    sketches = training._other_styles(128)
    assert sketches.shape == (40, 3, 128, 128)
    assert ((sketches < 128).flatten(1).float().mean(dim=1) > 0.005).all()
