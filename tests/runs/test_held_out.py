"""The drawings that a run trained on are known by their contents, wherever they lie."""

from __future__ import annotations

import shutil

import pytest
from drawn import draw_set
from training_runs import QUICK, SMALL

from condcolor.data.metadata import read_metadata
from condcolor.runs.held_out import as_split_by, run_of
from condcolor.training.train import train


@pytest.fixture
def run(tmp_path):
    draw_set(tmp_path / "data", (0, 1, 2))  # no split: one of three is held out
    train(tmp_path / "data", tmp_path / "run", epochs=[1], device="cpu", model=SMALL, **QUICK)
    return tmp_path / "run"


def held_out(run, data) -> set[str]:
    records = as_split_by(run, read_metadata(data)).records
    return {record.source.name for record in records if record.split == "test"}


def test_moved_renamed_and_new_drawings_are_told_apart(tmp_path, run):
    [own] = held_out(run, tmp_path / "data")
    shutil.copytree(tmp_path / "data", tmp_path / "copy")
    assert held_out(run, tmp_path / "copy") == {own}
    shutil.rmtree(tmp_path / "data")  # what it knew of may have trained it
    assert held_out(run, tmp_path / "copy") == set()
    draw_set(tmp_path / "others", (1, 4))
    assert held_out(run, tmp_path / "others") == {"4.png"}


def test_the_run_of_a_model_is_found(tmp_path, run):
    assert run_of(run) == run
    assert run_of(run / "model") == run
    assert run_of(tmp_path) is None
    shutil.copytree(run / "model", tmp_path / "alone")
    assert run_of(tmp_path / "alone") is None
