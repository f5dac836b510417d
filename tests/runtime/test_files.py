"""Checkpoints whose writing is killed, refused or overtaken: a whole one is always left. Saving pictures:
the pixels that went in, whole or not at all, and never over another file.
"""

from __future__ import annotations

import errno
import os
import resource
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from model_folders import network, refusal, write_model
from pictures import as_nobody, noise
from safetensors.torch import save_file

from condcolor.errors import DataError, UsageError
from condcolor.imaging.open import open_picture
from condcolor.imaging.save import save_picture
from condcolor.models import checkpoint
from condcolor.models.checkpoint import load_model
from condcolor.runs import state
from condcolor.runs.state import load_state, prune_states, save_state, state_folders
from condcolor.runtime import files
from condcolor.runtime.files import (
    allocate,
    atomic_file,
    atomic_folder,
    is_locked,
    lock,
    write_whole,
)


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
        checkpoint.save_file, files._fsync = torn_save, step
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
        monkeypatch.setattr(files, "_exchange", lambda first, second: False)


@pytest.fixture
def unsynced(monkeypatch):
    """A killed process loses nothing that was not synced, and syncing takes its time."""
    monkeypatch.setattr(files, "_fsync", lambda path: None)


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
    steps, sync, rename = [], files._fsync, os.rename
    monkeypatch.setattr(files, "_fsync", lambda path: (steps.append(path.name), sync(path)))
    monkeypatch.setattr(os, "rename", lambda *paths: (steps.append("rename"), rename(*paths)))
    save_state(tmp_path / "step-1", {"a": torch.ones(2)}, {})
    names = {"state.safetensors", "state.json", "manifest.json"}
    assert set(steps[:3]) == names
    assert steps[3:] == [".step-1.tmp", "rename", tmp_path.name]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES])
@pytest.mark.parametrize(
    ("modules", "step"),
    [((checkpoint,), "save_file"), ((checkpoint, state), "write_json"), ((files,), "_fsync")],
)
def test_a_disk_that_refuses_leaves_what_was_there(tmp_path, monkeypatch, number, modules, step):
    folder = write_model(tmp_path / "model")
    save_state(tmp_path / "step-1", {"a": torch.ones(2)}, {"step": 1})

    def refuse(*_):
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch:
        for module in modules:
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

    monkeypatch.setattr(files, "_put_in_place", interrupted)
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


def names(folder) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_an_existing_file_stays_unless_overwriting(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(b"precious")
    with pytest.raises(UsageError, match=r"a\.png: exists already: choose another name"):
        save_picture(path, noise())
    assert path.read_bytes() == b"precious"
    save_picture(path, noise(), overwrite=True)
    assert np.array_equal(open_picture(path).rgb, noise())
    assert names(tmp_path) == ["a.png"]


@pytest.mark.parametrize("links", ["supported", "not supported"])
def test_of_many_that_save_under_one_new_name_one_wins(tmp_path, monkeypatch, links):
    monkeypatch.setattr("condcolor.runtime.files.refuse_taken", lambda path, overwrite: None)
    if links == "not supported":

        def no_links(source, target):
            raise OSError(errno.ENOTSUP, "Operation not supported")

        monkeypatch.setattr(os, "link", no_links)

    def save(number: int) -> bool:
        try:
            write_whole(tmp_path / "a.bin", bytes([number]) * 1000)
        except UsageError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(save, range(40))) == 1
    assert len(set((tmp_path / "a.bin").read_bytes())) == 1
    assert names(tmp_path) == ["a.bin"]


@pytest.mark.parametrize("overwrite", [False, True])
def test_folders_pipes_and_devices_are_never_replaced(tmp_path, overwrite):
    (tmp_path / "folder.png").mkdir()
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "null.png").symlink_to("/dev/null")
    for name, said in (("folder", "is a folder"), ("pipe", "device or pipe"), ("null", "device")):
        with pytest.raises(UsageError, match=said):
            save_picture(tmp_path / f"{name}.png", noise(), overwrite=overwrite)
    assert names(tmp_path) == ["folder.png", "null.png", "pipe.png"]


def test_a_link_is_replaced_and_never_written_through(tmp_path):
    elsewhere = tmp_path / "elsewhere.png"
    elsewhere.write_bytes(b"precious")
    for name, target in (("link.png", elsewhere), ("dangling.png", tmp_path / "new.png")):
        link = tmp_path / name
        link.symlink_to(target)
        with pytest.raises(UsageError, match="exists already"):
            save_picture(link, noise())
        save_picture(link, noise(), overwrite=True)
        assert not link.is_symlink()
    assert elsewhere.read_bytes() == b"precious"
    assert not (tmp_path / "new.png").exists()


def test_the_file_gets_the_rights_of_any_new_file(tmp_path):
    (tmp_path / "plain").touch()
    save_picture(tmp_path / "a.png", noise())
    assert (tmp_path / "a.png").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_a_folder_that_cannot_take_it_is_said(tmp_path):
    with pytest.raises(DataError, match=r"the folder '.*none' does not exist: make it first"):
        save_picture(tmp_path / "none" / "a.png", noise())
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="is no folder"):
        save_picture(tmp_path / "file" / "a.png", noise())
    with pytest.raises(DataError, match="name is too long"):
        save_picture(tmp_path / f"{'x' * 300}.png", noise())
    (tmp_path / "shut").mkdir(mode=0o555)
    with as_nobody(tmp_path), pytest.raises(DataError, match="no permission to write in 'shut'"):
        save_picture("shut/a.png", noise())
    for name in ("a\0.png", "\ud800.png"):
        with pytest.raises(UsageError, match="no file can have this name"):
            save_picture(tmp_path / name, noise())


def test_a_write_that_stops_half_way_leaves_nothing(tmp_path):
    path = tmp_path / "a.bmp"
    path.write_bytes(b"precious")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))  # the kernel stops the write itself
    try:
        with pytest.raises(DataError, match=r"a\.bmp: cannot be written \(File too large\)"):
            save_picture(path, noise(), overwrite=True)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert path.read_bytes() == b"precious"
    assert names(tmp_path) == ["a.bmp"]


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "the disk is full"),
        (OSError(errno.EROFS, "Read-only file system"), "read-only disk"),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), "quota"),
        (KeyboardInterrupt(), None),
    ],
)
@pytest.mark.parametrize("links", ["supported", "not supported"])
@pytest.mark.parametrize("overwrite", [False, True])
def test_whatever_stops_it_leaves_nothing(tmp_path, monkeypatch, fault, said, links, overwrite):
    def stop(*paths):
        raise fault

    monkeypatch.setattr(os, "replace", stop)
    if links == "supported":
        monkeypatch.setattr(os, "link", stop)
    else:
        monkeypatch.setattr(os, "link", lambda *paths: exec("raise OSError(95, 'no links')"))
    with pytest.raises(DataError if said else KeyboardInterrupt, match=said):
        save_picture(tmp_path / "a.png", noise(), overwrite=overwrite)
    assert names(tmp_path) == []


def test_a_file_has_its_name_once_it_is_full(tmp_path):
    path = tmp_path / "a.bin"
    with atomic_file(path) as file:
        file.write(b"whole")
        assert not path.exists()
    assert path.read_bytes() == b"whole"
    with pytest.raises(FileExistsError), atomic_file(path) as file:
        file.write(b"other")

    def stopped():
        with atomic_file(path, overwrite=True) as file:
            file.write(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()
    assert path.read_bytes() == b"whole"
    assert names(tmp_path) == ["a.bin"]


@pytest.mark.parametrize("is_there", [False, True])
def test_a_folder_has_its_name_once_it_is_full(tmp_path, is_there):
    folder, left = tmp_path / "set", tmp_path / ".set.tmp"
    if is_there:
        folder.mkdir()
    left.mkdir()
    (left / "of a killed process").touch()
    with atomic_folder(folder) as new:
        (new / "inner").mkdir()
        (new / "inner/a.png").touch()
        assert names(tmp_path) == [".set.tmp", *["set"] * is_there]
    assert names(tmp_path) == ["set"]
    assert names(folder) == ["inner"]
    assert names(folder / "inner") == ["a.png"]


@pytest.mark.usefixtures("replacing")
def test_a_folder_that_others_filled_meanwhile_stays(tmp_path):
    folder = tmp_path / "set"

    def overtaken():
        with atomic_folder(folder) as new:
            (new / "a.png").touch()
            folder.mkdir()
            (folder / "precious").touch()

    with pytest.raises(OSError, match="not empty"):
        overtaken()
    assert names(tmp_path) == ["set"]
    assert names(folder) == ["precious"]
    with atomic_folder(folder, overwrite=True) as new:
        (new / "a.png").touch()
    assert names(tmp_path) == ["set"]
    assert names(folder) == ["a.png"]


@pytest.mark.parametrize("most", [0, 256])
def test_all_of_a_folder_is_synced(tmp_path, monkeypatch, most):
    monkeypatch.setattr(files, "SYNCED_ONE_BY_ONE", most)
    synced = []
    monkeypatch.setattr(files, "_fsync", lambda path: synced.append(path.name))
    monkeypatch.setattr(os, "sync", lambda: synced.append("all"))
    with atomic_folder(tmp_path / "set") as new:
        (new / "inner").mkdir()
        (new / "inner/a.png").touch()
    expected = ["a.png", "inner", ".set.tmp"] if most else ["all"]
    assert synced == [*expected, tmp_path.name]


@pytest.mark.parametrize("missing", ["nothing", "the function", "the file system's part"])
def test_room_is_made_on_the_disk(tmp_path, monkeypatch, missing):
    def unsupported(*_):
        raise OSError(errno.ENOTSUP, os.strerror(errno.ENOTSUP))

    if missing == "the function":
        monkeypatch.delattr(os, "posix_fallocate")
    elif missing != "nothing":
        monkeypatch.setattr(os, "posix_fallocate", unsupported)
    size = (1 << 20) + 7
    with open(tmp_path / "room", "xb") as file:
        allocate(file, size)
    assert (tmp_path / "room").read_bytes() == bytes(size)


HOLD = """
import sys
from condcolor.errors import UsageError
from condcolor.runtime.files import lock
with lock(sys.argv[1], UsageError("busy")):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_lock_ends_with_its_process_however_that_ends(tmp_path):
    path = tmp_path / ".lock"
    assert not is_locked(path)  # nor does it make one
    assert names(tmp_path) == []
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", HOLD, path], **pipes) as holder:
        assert holder.stdout.readline() == b"held\n"
        assert is_locked(path)
        with (
            pytest.raises(UsageError, match="another is here"),
            lock(path, UsageError("another is here")),
        ):
            pass
        holder.kill()
    assert not is_locked(path)
    with lock(path, UsageError("busy")) as file:
        file.write(b"kept")
    with lock(path, UsageError("busy")):
        assert path.read_bytes() == b"kept"
        assert is_locked(path)
    assert names(tmp_path) == [".lock"]


def test_a_disk_without_locks_holds_nobody_up(tmp_path, monkeypatch):
    import filelock

    def unsupported(*_, **__):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(filelock, "lock_descriptor", unsupported)
    with lock(tmp_path / ".lock", UsageError("busy")), lock(tmp_path / ".lock", UsageError("busy")):
        assert not is_locked(tmp_path / ".lock")
