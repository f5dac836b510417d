"""A loss that explodes ends the run with a sentence; its last good state goes on with a lower rate."""

from __future__ import annotations

import pytest
from drawn import draw_set
from training_runs import QUICK, SMALL

from condcolor.errors import CheckpointError
from condcolor.runs.state import state_folders
from condcolor.training.gan import Explosion, LossMeter
from condcolor.training.train import resume, train


def test_a_loss_far_above_where_it_was_and_began_is_an_explosion():
    watch = Explosion()
    for loss in (1.0, 0.5, 0.02, 1.2, 2.9):  # up to three times the first
        watch.check({"pixel": loss}, 10)
    with pytest.raises(CheckpointError, match=r"the pixel loss is 3.1 near step 60, after 0.02"):
        watch.check({"pixel": 3.1}, 60)
    low = Explosion()
    for loss in (0.1, 0.09, 4.0):  # forty times the lowest
        low.check({"pixel": loss}, 10)
    low.check({"discriminator": 900.0}, 10)


def test_the_last_good_state_goes_on_with_a_lower_rate(tmp_path, monkeypatch):
    draw_set(tmp_path / "data", (0, 1))
    options = {"device": "cpu", "model": SMALL, "checkpoint_epochs": 1, **QUICK}
    read = LossMeter.read

    def exploding(self, step):
        losses = read(self, step)
        return losses if step <= 4 or "pixel" not in losses else losses | {"pixel": 1e6}

    monkeypatch.setattr(LossMeter, "read", exploding)
    with pytest.raises(CheckpointError, match="resume from it with a lower --lr"):
        train(tmp_path / "data", tmp_path / "run", epochs=[4], **options)
    assert state_folders(tmp_path / "run")[0].name == "step-00000004"
    monkeypatch.undo()
    resume(tmp_path / "run", lr=1e-5, device="cpu")
    assert (tmp_path / "run/model/config.json").is_file()
