"""Several processes on this machine, joined by gloo, as torchrun joins them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from drawn import draw_set
from torch import nn

from condcolor.errors import UsageError
from condcolor.runtime.distributed import ALONE, ProcessGroup, process_group, was_restarted

SMALL = ["--image-size", "32", "--depth", "5", "--base-channels", "8", "--disc-channels", "8"]


SMALL += ["--disc-layers", "2", "--dropout", "0", "--precision", "fp32", "--batch-size", "6"]


EACH_STEP = """
import sys
from condcolor.training import trainer
trainer.LOG_STEPS = 1
from condcolor.cli import main
main(sys.argv[1:])
"""
TORCHRUN = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]


@pytest.fixture
def data(tmp_path):
    draw_set(tmp_path / "data")
    return tmp_path / "data"


# the same kernels on every machine: twenty steps of a GAN amplify how each of them rounds
KERNELS = {
    "DNNL_MAX_CPU_ISA": "AVX2",
    "ATEN_CPU_CAPABILITY": "avx2",
    "MKL_ENABLE_INSTRUCTIONS": "AVX2",
}


def run(*command, **options):
    environment = {**os.environ, "OMP_NUM_THREADS": "1", **KERNELS}
    return subprocess.run(
        list(map(str, command)), capture_output=True, text=True, env=environment, **options
    )


def start(*words):
    return subprocess.Popen(
        [sys.executable, "-m", "condcolor", *map(str, words)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )


def losses(folder):
    entries = map(json.loads, (folder / "log.jsonl").read_text().splitlines())
    return [e for e in entries if e["kind"] == "step"]


def test_alone_it_is_as_if_it_were_not_there():
    module, values = nn.BatchNorm2d(2), torch.ones(3)
    with process_group(torch.device("cpu")) as group:
        assert group == ALONE
        assert group.is_first
        assert group.part(7) == slice(0, 7)
        assert group.mean(values) is values
        assert group.of_first(lambda: 5) == group.highest(5) == 5
        assert group.shared(module) is group.synced(module, torch.device("cpu")) is module
        assert type(module) is nn.BatchNorm2d


def test_the_parts_of_a_batch_are_the_batch():
    rows = torch.arange(12)
    assert torch.equal(torch.cat([rows[ProcessGroup(i, 3).part(12)] for i in range(3)]), rows)
    with pytest.raises(
        UsageError, match=r"10 rows cannot be shared out among 3 .* --batch-size 12"
    ):
        ProcessGroup(0, 3).part(10)


def test_processes_started_anew_are_told_by_the_launcher(monkeypatch):
    assert not was_restarted()
    monkeypatch.setenv("TORCHELASTIC_RESTART_COUNT", "1")
    assert was_restarted()


@pytest.mark.slow
@pytest.mark.parametrize("more", [[], ["--disc-norm", "spectral", "--wrong-colors"]])
def test_two_ranks_learn_what_one_does(data, tmp_path, more):
    script = tmp_path / "each_step.py"
    script.write_text(EACH_STEP)
    options = ["train", data, *SMALL, *more, "--epochs", "20"]  # of a batch each
    alone = run(sys.executable, script, *options, "--out", tmp_path / "one")
    both = run(*TORCHRUN, script, *options, "--out", tmp_path / "two")
    assert (alone.returncode, both.returncode) == (0, 0), alone.stderr + both.stderr
    assert both.stdout.count("model:") == 1  # one of them speaks
    one, two = losses(tmp_path / "one"), losses(tmp_path / "two")
    assert len(one) == len(two) == 20
    for a, b in zip(one, two, strict=True):
        for name in ("pixel", "gan", "discriminator"):
            assert abs(a[name] - b[name]) < 1e-4, (a, b)
        assert abs(a["generator"] - b["generator"]) < 1e-4 * a["generator"]
    assert one[0]["generator"] != one[-1]["generator"]


@pytest.mark.slow
def test_a_rank_that_dies_ends_the_run_which_another_number_of_ranks_goes_on_with(data, tmp_path):
    out = tmp_path / "run"
    more = ("--epochs", "2000", "--checkpoint-epochs", "1", "--nproc", "2")
    started = start("train", data, "--out", out, *SMALL, *more)
    try:
        until(lambda: (out / "checkpoints" / "step-00000002").exists())
        os.kill(second_of(started.pid), signal.SIGKILL)
        said = started.communicate(timeout=60)[1]
    finally:
        started.kill()
    assert started.returncode == 128 + signal.SIGKILL
    assert f"to go on: condcolor resume {out}" in said
    assert "Traceback" not in said
    newest = max(int(place.name[5:]) for place in (out / "checkpoints").iterdir())
    epochs = newest + 1
    again = run(sys.executable, "-m", "condcolor", "resume", out, "--epochs", epochs)
    assert again.returncode == 0, again.stderr
    assert f"from step {newest}, epoch {newest} of {epochs}" in again.stdout
    assert losses(out)[-1]["step"] == epochs


@pytest.mark.slow
def test_a_signal_saves_once_for_all(data, tmp_path):
    out = tmp_path / "run"
    more = ("--epochs", "2000", "--checkpoint-epochs", "1000", "--nproc", "2")
    started = start("train", data, "--out", out, *SMALL, *more)
    try:
        until(lambda: (out / "model").exists())  # after the first epoch
        os.killpg(started.pid, signal.SIGINT)  # as a terminal does
        said = started.communicate(timeout=60)[1]
    finally:
        started.kill()
    assert started.returncode == 128 + signal.SIGINT
    assert said.count("Interrupted: saved at step") == 1
    assert "Traceback" not in said


@pytest.mark.slow
def test_restarted_processes_go_on_from_the_newest_state(data, tmp_path):
    script = tmp_path / "dies.py"
    script.write_text(
        "import os, sys\n"
        "from condcolor.training import trainer\n"
        "from condcolor.cli import main\n"
        "class Dying(trainer.Trainer):\n"
        "    def _end_epoch(self, phase, *, last):\n"
        "        super()._end_epoch(phase, last=last)\n"
        "        if self.epoch == 2 and os.environ['RANK'] == '1':\n"
        "            if os.environ['TORCHELASTIC_RESTART_COUNT'] == '0': os._exit(9)\n"
        "from condcolor.training import session as training\n"
        "training.Trainer = Dying\n"
        "main(sys.argv[1:])\n"
    )
    options = ["train", data, *SMALL, "--epochs", "4", "--checkpoint-epochs", "1"]
    made = run(*TORCHRUN, "--max-restarts", "1", script, *options, "--out", tmp_path / "run")
    assert made.returncode == 0, made.stderr
    assert "from step 0, epoch 0 of 4" in made.stdout
    assert "from step 2, epoch 2 of 4" in made.stdout or "from step 1, epoch 1" in made.stdout
    assert [e["step"] for e in losses(tmp_path / "run")] == [1, 2, 3, 4]


@pytest.mark.slow
def test_three_stages_with_a_resting_encoder_and_turns_train_on_two_ranks(photographs, tmp_path):
    out = tmp_path / "run"
    made = run(
        *(sys.executable, "-m", "condcolor", "train", photographs, "--out", out),
        *("--recipe", "pets", "--encoder", "resnet18", "--encoder-weights", "none"),
        *("--image-size", "64", "--base-channels", "8", "--disc-channels", "8"),
        *("--batch-size", "4", "--epochs", "2,1,2", "--freeze-epochs", "1", "--nproc", "2"),
    )
    assert made.returncode == 0, made.stderr
    assert {e["phase"] for e in losses(out)} == {"generator", "critic", "gan"}


@pytest.mark.slow
def test_a_fault_of_all_is_told_once(data, tmp_path):
    made = run(
        *(sys.executable, "-m", "condcolor", "train", data, "--out", tmp_path / "run"),
        *("--batch-size", "5", "--nproc", "2"),
    )
    assert made.returncode == 2
    assert made.stderr.count("cannot be shared out among 2 processes") == 1
    assert "Traceback" not in made.stderr


def until(holds, seconds=60):
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)


def second_of(parent: int) -> int:
    """The process that is rank 1."""
    for place in Path("/proc").glob("[0-9]*"):
        try:
            status = (place / "stat").read_text().rpartition(")")[2].split()
            environment = (place / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        if int(status[1]) == parent and b"RANK=1" in environment:
            return int(place.name)
    raise AssertionError("no second process")
