"""Runs killed, with damaged files, with data that changes or moves: RELIABILITY 48, 50, faults 1, 7, 11."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
from pathlib import Path

import pytest
from drawn import draw_set
from killing import kill_at_random
from PIL import Image
from training_runs import QUICK, SMALL, StopAt, state_of

from condcolor.data.metadata import read_metadata
from condcolor.errors import CheckpointError, DataError
from condcolor.runs import data_sums
from condcolor.runs.config import RunConfig
from condcolor.runs.folder import RunFolder
from condcolor.runs.log import read_log
from condcolor.runs.state import state_folders
from condcolor.runtime.json_files import sha256
from condcolor.runtime.process import Interrupted
from condcolor.training.callbacks import Callbacks
from condcolor.training.train import resume, train

pytestmark = pytest.mark.usefixtures("undrawn")


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    """A folder with `data`, and `run`, which a signal stopped after its second step."""
    folder = tmp_path_factory.mktemp("first")
    draw_set(folder / "data/train", (0,), masked=True)
    draw_set(folder / "data/test", (2,), masked=True)
    with pytest.raises(Interrupted):
        quick(folder / "data", folder / "run", callbacks=StopAt(2))
    return folder


@pytest.fixture
def data(first, tmp_path):
    return Path(shutil.copytree(first / "data", tmp_path / "data"))


def quick(data, out, **options):
    return train(data, out, epochs=[1], device="cpu", **{**QUICK, "model": SMALL, **options})


@pytest.fixture
def begun(first, data, tmp_path):
    """A run of `data` that a signal stopped after its second step."""
    run = Path(shutil.copytree(first / "run", tmp_path / "run"))
    plan, _ = RunConfig.load(run)
    dataclasses.replace(plan, data=data).save(run, read_metadata(data))
    return run


class Notes(Callbacks):
    def __init__(self):
        self.notes = []

    def on_note(self, text):
        self.notes.append(text)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_twelve_kills_at_random_moments_lose_nothing(tmp_path):
    """Fault 1."""
    kill_at_random("killed_runs.py", 12, tmp_path)


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_two_hundred_kills_at_random_moments_lose_nothing(tmp_path):
    """Fault 1."""
    kill_at_random("killed_runs.py", 200, tmp_path)


@pytest.mark.parametrize(
    "left", [(), ("data.json",), ("data.json", "config.json"), ("config.json", "state")]
)
def test_a_run_killed_before_its_first_state_can_be_trained_anew(data, begun, tmp_path, left):
    """Fault 1: before the first state come the lock, the data's sums, the config, in this order."""
    run = tmp_path / "killed"
    run.mkdir()
    (run / ".lock").touch()
    (run / ".0123456789abcdef.tmp").write_bytes(b"half")
    for name in left:
        if name == "state":
            (run / "checkpoints/.step-00000000.tmp").mkdir(parents=True)
        else:
            shutil.copy(begun / name, run)
    if "config.json" not in left:
        with pytest.raises(CheckpointError, match="train it anew under the same name"):
            resume(run, device="cpu")
    quick(data, run)
    assert not list(run.glob(".*.tmp"))
    quick(data, tmp_path / "whole")
    assert all((state_of(run)[k] == v).all() for k, v in state_of(tmp_path / "whole").items())


def test_a_run_without_a_state_goes_on_only_if_its_first_weights_are_known(begun):
    """Fault 1."""
    shutil.rmtree(begun / "checkpoints")
    config = json.loads((begun / "config.json").read_text())
    config["began_with"] = "--init runs/mine/model"
    (begun / "config.json").write_text(json.dumps(config))
    with pytest.raises(
        CheckpointError, match="train it anew under the same name, from --init runs"
    ):
        resume(begun, device="cpu")
    config["began_with"] = ""
    (begun / "config.json").write_text(json.dumps(config))
    resume(begun, device="cpu")
    steps = [entry["step"] for entry in read_log(begun) if entry["kind"] == "epoch"]
    assert len(steps) == 1


def test_a_picture_of_the_same_size_in_bytes_is_noticed(begun, data):
    """Fault 7."""
    target = next((data / "train/outputs").glob("*.png"))
    image = Image.new("RGB", (16, 16), (9, 9, 9))
    image.save(target, "BMP")
    shutil.rmtree(begun)
    with pytest.raises(Interrupted):
        quick(data, begun, callbacks=StopAt(1))
    before = os.stat(target)
    Image.new("RGB", (16, 16), (200, 9, 9)).save(target, "BMP")
    os.utime(target, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert os.stat(target).st_size == before.st_size
    with pytest.raises(DataError, match=rf"the data changed since .*{target.name}"):
        resume(begun, device="cpu")
    image.save(target, "BMP")
    resume(begun, device="cpu")


def test_pictures_that_are_as_they_were_are_not_read_again(begun, data, monkeypatch):
    assert RunConfig.load(begun)[1].of == data_sums.CONTENTS
    assert data_sums.DataSums.read(begun).sums
    monkeypatch.setattr(data_sums, "COARSE", -(10**18))
    monkeypatch.setattr(data_sums, "sha256", lambda path: pytest.fail(f"{path} was read"))
    resume(begun, device="cpu")


def test_a_run_goes_on_where_its_data_has_moved(begun, data, tmp_path):
    moved = data.rename(tmp_path / "elsewhere")
    with pytest.raises(DataError, match=r"no longer there.*--data FOLDER"):
        resume(begun, device="cpu")
    resume(begun, data=moved, device="cpu")
    assert RunConfig.load(begun)[0].data == moved
    other = tmp_path / "other"
    shutil.copytree(moved, other)
    next((other / "train/outputs").glob("*.png")).write_bytes(b"another")
    with pytest.raises(DataError, match="the data changed"):
        resume(begun, data=other, device="cpu")


def test_a_run_of_before_contents_were_hashed_goes_on(begun):
    """The fingerprint was of sizes then."""
    config = json.loads((begun / "config.json").read_text())
    del config["data_contents_sha256"], config["began_with"]
    sizes = data_sums.fingerprint_of_sizes(read_metadata(config["data"]))
    assert config["data_sha256"] == sizes.sha256  # an older version goes on with a new run, too
    (begun / "config.json").write_text(json.dumps(config))
    (begun / "data.json").unlink()
    resume(begun, device="cpu")


def test_damaged_lines_of_the_log_are_kept_aside_and_what_follows_counts(begun):
    log = begun / "log.jsonl"
    entries = '{"kind": "step", "step": 1, "phase": "gan", "generator": 1.0}\n'
    log.write_bytes(
        entries.encode() + b"\xff\xfe\n" + b"[" * 100_000 + b"\n5\n" + entries.encode() + b'{"k'
    )
    notes = Notes()
    resume(begun, device="cpu", callbacks=notes)
    [note] = [text for text in notes.notes if "damaged" in text]
    assert note.endswith("log.jsonl: lines 2, 3, 4 damaged, kept aside in log-damaged.txt")
    assert (begun / "log-damaged.txt").read_bytes() == b"\xff\xfe\n" + b"[" * 100_000 + b"\n5\n"
    found = read_log(begun, pytest.fail)
    assert [entry["step"] for entry in found[:2]] == [1, 1]
    assert RunFolder.read(begun).notes == ()


WRONG = [
    ("seconds", None),
    ("step_in_epoch", None),
    ("step", "x"),
    ("step", -1),
    ("step", True),
    ("epoch", 1e400),
    ("phase", [0]),
    ("seconds", float("nan")),
    ("watch", {"a": 1}),
    ("watch", 3),
    ("losses", {"generator": float("nan")}),
    ("losses", [1]),
    ("best", [{"step": 1}]),
    ("went_back", 7),
    ("generators_turn", "no"),
]


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_a_state_of_wrong_types_is_named(begun, name, value):
    """48, fault 11."""
    [folder] = state_folders(begun)[:1]
    for other in state_folders(begun)[1:]:
        shutil.rmtree(other)
    counters = json.loads((folder / "state.json").read_text())
    counters[name] = value
    if value is None:
        del counters[name]
    (folder / "state.json").write_text(json.dumps(counters))
    sums = json.loads((folder / "manifest.json").read_text())
    sums["state.json"] = sha256(folder / "state.json")
    (folder / "manifest.json").write_text(json.dumps(sums))
    with pytest.raises(CheckpointError, match=rf"state\.json: {name} is "):
        resume(begun, device="cpu")


ODD = [None, "x", -1, 1e308, [], {}, [1], {"a": 1}, True, 10**400]


def leaves(value, path=()):
    """The paths of all values of a JSON object, itself left out."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in items:
        yield (*path, key)
        if isinstance(inner, dict | list):
            yield from leaves(inner, (*path, key))


def test_a_config_of_wrong_types_is_named_or_taken(begun):
    """48: every field of a run's config.json replaced by everything else."""
    text = (begun / "config.json").read_text()
    refused = []
    for path in leaves(json.loads(text)):
        for odd in ODD:
            config = json.loads(text)
            place = config
            for key in path[:-1]:
                place = place[key]
            place[path[-1]] = odd
            (begun / "config.json").write_text(json.dumps(config))
            try:
                RunConfig.load(begun)
            except CheckpointError as error:
                refused.append(str(error))
    assert all("config.json: " in text for text in refused)
    assert len(refused) > 100


@pytest.mark.drawn
def test_a_run_folder_may_have_any_name(data, tmp_path):
    """50: a name that is not UTF-8."""
    run = Path(os.fsdecode(os.fsencode(tmp_path) + b"/r\xff"))
    try:
        run.mkdir()
    except OSError:
        pytest.skip("this disk allows UTF-8 names only")
    quick(data, run)
    assert (run / "losses.png").is_file()
    assert (run / "report.html").is_file()
