"""Checkpoints whose writing is killed, refused or overtaken: a whole one is always left."""

import errno
import os
import signal
import sys

import pytest
import torch
from safetensors.torch import save_file
from test_checkpoint import network, refusal, write_model

from condcolor import checkpoint, folders
from condcolor.checkpoint import load_model, load_state, prune_states, save_state, state_folders


def first_weight(folder) -> torch.Tensor:
    return load_model(folder).generator.downs[0].conv.weight


def killed_at(stage: int, write, *arguments) -> bool:
    """Call `write` in a process that is killed at its `stage`-th step on files; False: it ended first.

    A step is whatever Python's audit hooks are told that changes files (open to write, mkdir, rename,
    remove ...), an fsync, or the middle of a file of tensors.
    """
    process = os.fork()
    if process:
        _, status = os.waitpid(process, 0)
        assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
        return os.WIFSIGNALED(status)
    left = stage

    def step(*_):
        nonlocal left
        left -= 1
        if left < 0:
            left = sys.maxsize
            os.kill(os.getpid(), signal.SIGKILL)

    def audit(event, values):
        written = event == "open" and values[2] & (os.O_WRONLY | os.O_RDWR)
        if written or event in ("os.mkdir", "os.rename", "os.remove", "os.rmdir"):
            step()

    def torn_save(tensors, path):
        save_file(tensors, path)
        whole = path.read_bytes()
        path.write_bytes(whole[: len(whole) // 2])
        step()
        path.write_bytes(whole)

    try:
        checkpoint.save_file, folders._fsync = torn_save, step
        sys.addaudithook(audit)
        write(*arguments)
        left = sys.maxsize
        os._exit(0)
    except BaseException as error:
        left = sys.maxsize
        os.write(2, repr(error).encode())
        os._exit(1)


@pytest.fixture(params=["exchange", "two renames"])
def replacing(request, monkeypatch):
    if request.param == "two renames":
        monkeypatch.setattr(folders, "_exchange", lambda first, second: False)


@pytest.fixture
def unsynced(monkeypatch):
    """A killed process loses nothing that was not synced, and syncing takes its time."""
    monkeypatch.setattr(folders, "_fsync", lambda path: None)


@pytest.mark.usefixtures("replacing", "unsynced")
def test_a_model_killed_at_any_stage_of_its_replacement_is_the_old_or_the_new(tmp_path):
    old, new = network(0), network(1)
    seen, killed = [], True
    while killed:
        folder = tmp_path / f"{len(seen)}" / "model"
        write_model(folder, old.state_dict())
        killed = killed_at(len(seen), write_model, folder, new.state_dict())
        weight = first_weight(folder)
        seen.append(torch.equal(weight, new.downs[0].conv.weight))
        assert seen[-1] or torch.equal(weight, old.downs[0].conv.weight)
        write_model(folder, new.state_dict())  # and the next save clears up
        assert torch.equal(first_weight(folder), new.downs[0].conv.weight)
        assert [p.name for p in folder.parent.iterdir()] == ["model"]
    assert seen == sorted(seen)
    assert seen.count(False) > 6  # killed while writing
    assert seen.count(True) > 1  # killed while clearing up


def save_and_prune(run, step: int) -> None:
    """What a training does."""
    save_state(
        run / f"checkpoints/step-{step}", {"a": torch.full((4,), float(step))}, {"step": step}
    )
    prune_states(run)


@pytest.mark.usefixtures("replacing", "unsynced")
@pytest.mark.parametrize("step", [3, 2])  # a new state, and the newest once more
def test_a_state_killed_at_any_stage_leaves_one_that_loads(tmp_path, step):
    stage, killed = 0, True
    while killed:
        run = tmp_path / f"{stage}"
        for earlier in (1, 2):
            save_and_prune(run, earlier)
        killed = killed_at(stage, save_and_prune, run, step)
        states = state_folders(run)
        assert load_state(states[0])[1]["step"] in (2, step)
        assert load_state(states[1])[1]["step"] in (1, 2)
        save_and_prune(run, 4)
        assert len(list((run / "checkpoints").iterdir())) == 2
        assert all(load_state(folder) for folder in state_folders(run))
        stage += 1
    assert stage > 10


@pytest.mark.usefixtures("unsynced")
def test_a_first_state_killed_at_any_stage_is_none_or_whole(tmp_path):
    stage, killed = 0, True
    while killed:
        run = tmp_path / f"{stage}"
        killed = killed_at(stage, save_and_prune, run, 1)
        assert all(load_state(folder)[1] == {"step": 1} for folder in state_folders(run))
        stage += 1
    assert len(state_folders(run)) == 1


def test_everything_is_synced_before_it_gets_its_name(tmp_path, monkeypatch):
    steps, sync, rename = [], folders._fsync, os.rename
    monkeypatch.setattr(folders, "_fsync", lambda path: (steps.append(path.name), sync(path)))
    monkeypatch.setattr(os, "rename", lambda *paths: (steps.append("rename"), rename(*paths)))
    save_state(tmp_path / "step-1", {"a": torch.ones(2)}, {})
    files = {"state.safetensors", "state.json", "manifest.json"}
    assert set(steps[:3]) == files
    assert steps[3:] == ["step-1.tmp", "rename", tmp_path.name]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES])
@pytest.mark.parametrize(
    ("module", "step"),
    [(checkpoint, "save_file"), (checkpoint, "_write_json"), (folders, "_fsync")],
)
def test_a_disk_that_refuses_leaves_what_was_there(tmp_path, monkeypatch, number, module, step):
    folder = write_model(tmp_path / "model")
    save_state(tmp_path / "step-1", {"a": torch.ones(2)}, {"step": 1})

    def refuse(*_):
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch:
        patch.setattr(module, step, refuse)
        message = refusal(write_model, folder, network(1).state_dict())
        assert os.strerror(number) in message
        assert "what it held before stands" in message
        refusal(save_state, tmp_path / "step-1", {"a": torch.zeros(2)}, {})
    assert torch.equal(first_weight(folder), network(0).downs[0].conv.weight)
    assert load_state(tmp_path / "step-1")[1] == {"step": 1}
    assert sorted(p.name for p in tmp_path.iterdir()) == ["model", "step-1"]


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    assert "cannot be written (Not a directory)" in refusal(write_model, tmp_path / "file/model")


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_read_only_folder_is_named(tmp_path):
    tmp_path.chmod(0o500)
    assert "Permission denied" in refusal(write_model, tmp_path / "model")
    tmp_path.chmod(0o700)


def test_ctrl_c_while_writing_leaves_what_was_there(tmp_path, monkeypatch):
    folder = write_model(tmp_path / "model")

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(folders, "_put_in_place", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_model(folder, network(1).state_dict())
    assert [p.name for p in tmp_path.iterdir()] == ["model"]
    load_model(folder)


def test_a_model_replaced_while_it_is_read_is_read_again(tmp_path, monkeypatch):
    folder, read = write_model(tmp_path / "model"), checkpoint.read_config

    def replaced_after(path):
        described = read(path)
        monkeypatch.setattr(checkpoint, "read_config", read)
        write_model(folder, network(1).state_dict())
        return described

    monkeypatch.setattr(checkpoint, "read_config", replaced_after)
    assert torch.equal(first_weight(folder), network(1).downs[0].conv.weight)
