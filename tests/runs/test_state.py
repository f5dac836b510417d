"""Model folders and training states: what is written loads again, what is damaged is named."""

from __future__ import annotations

import torch

from condcolor.runs.state import load_state, prune_states, save_state, state_folders


def test_a_state_comes_back(tmp_path):
    tensors = {"a": torch.rand(3, 4), "step": torch.tensor(5), "none": torch.zeros(0)}
    save_state(tmp_path / "step-7", tensors, {"epoch": 2, "best": None})
    loaded, state = load_state(tmp_path / "step-7")
    assert state == {"epoch": 2, "best": None}
    assert all(torch.equal(loaded[k], v) for k, v in tensors.items())


# -- which states there are ------------------------------------------------------------------------


def test_states_are_listed_newest_first_and_leftovers_are_none(tmp_path):
    assert state_folders(tmp_path) == []
    for name in (
        "step-9",
        "step-00000010",
        "step-2",
        "step-11.tmp",
        "step-9.old",
        "step-x",
        "step-²",
    ):
        (tmp_path / "checkpoints" / name).mkdir(parents=True)
    assert [f.name for f in state_folders(tmp_path)] == ["step-00000010", "step-9", "step-2"]


def test_pruning_keeps_the_newest_that_are_whole(tmp_path):
    for step in range(1, 7):
        save_state(tmp_path / f"checkpoints/step-{step}", {}, {"step": step})
    for step in (6, 5, 3):  # newer ones that a resume fell back from, and one in between
        (tmp_path / f"checkpoints/step-{step}/state.json").write_text("{}")
    (tmp_path / "checkpoints/step-7.tmp").mkdir()
    prune_states(tmp_path)
    assert sorted(p.name for p in (tmp_path / "checkpoints").iterdir()) == ["step-2", "step-4"]


def test_nothing_is_pruned_while_no_state_is_whole(tmp_path):
    for step in (1, 2, 3):
        save_state(tmp_path / f"checkpoints/step-{step}", {}, {"step": step})
        (tmp_path / f"checkpoints/step-{step}/state.json").write_text("{}")
    prune_states(tmp_path)
    assert len(state_folders(tmp_path)) == 3
