"""python -m benchmarks.speed: what it prints and writes, a small run of the real thing, and Ctrl-C."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
from click.testing import CliRunner
from measured import FILE, row

from benchmarks.speed import suite
from benchmarks.speed.cli import bench
from benchmarks.speed.commands import CommandTime
from benchmarks.speed.report import Report
from benchmarks.speed.workers import environment

COMMAND = [sys.executable, "-m", "benchmarks.speed"]
TINY = ["--size", "32", "--width", "4", "--batch", "2", "--seconds", "0.1", "--recipe", "photo"]
SUMS = (
    *("training_vs_textbook", "inference_vs_textbook", "data_vs_textbook"),
    *("data_encoded_vs_textbook", "training_share_of_matmul", "inference_share_of_matmul"),
)


@pytest.fixture
def speed():
    """Runs the command in this process: `speed("--quick").stdout`."""

    def run(*arguments: object):
        return CliRunner().invoke(bench, [str(a) for a in arguments])

    return run


@pytest.fixture
def measured(monkeypatch):
    """Stands in for the measurement; the settings it was asked for."""
    asked = []
    machine = {"cpu": "A CPU", "cores": 2, "threads": 2, "memory_gib": 8, "torch": "2", "gpu": None}
    machine["load"] = 0.1
    rows = (
        row(gflop_per_picture=87.4, share_of_matmul=0.5),
        row(whose="textbook", vs_textbook=None),
    )
    told = (CommandTime("condcolor --help", 0.1, 0.1, 0.2, 3),)

    def measure(settings, on_progress):
        asked.append(settings)
        on_progress(1, 1, "all")
        return Report(machine, "cpu", None, {"fp32": 350.0}, rows, told)

    monkeypatch.setattr(suite, "measure", measure)
    return asked


def test_tables_are_printed(speed, here, measured):
    done = speed("--textbook", FILE)
    assert (done.exit_code, done.stderr) == (0, "")
    assert "p95 what 95 % of the samples reached (the slow end)" in done.stdout
    (ours,) = [line for line in done.stdout.splitlines() if line.startswith("condcolor  ")]
    assert ours.split()[-7:] == ["1.00", "GiB", "175", "50", "%", "2.50", "x"]
    assert "; load before 0.1" in done.stdout
    assert "| condcolor | icons |" not in done.stdout
    done = speed("--textbook", FILE, "--markdown")
    assert "| condcolor | icons | 256 | 10 | 64 | fp32 | 2 | 1 | 1.00 GiB | 175 |" in done.stdout


def test_json_holds_all_of_it(speed, here, measured):
    figures = json.loads(speed("--json", "-").stdout)
    assert set(SUMS) <= set(figures)
    assert speed("--json", "a.json").exit_code == 0
    assert json.loads(Path("a.json").read_text()) == figures
    assert speed("--json", "a.json").exit_code == 2
    assert speed("--json", "a.json", "--overwrite").exit_code == 0


def test_a_missing_textbook_is_said(speed, here, measured):
    done = speed()
    assert done.stderr.splitlines() == [
        "note: no benchmarks/speed/textbook.py here (or --textbook FILE): nothing to compare with"
    ]
    assert measured[-1].textbook is None
    (here / "benchmarks/speed").mkdir(parents=True)
    (here / "benchmarks/speed/textbook.py").write_text(FILE.read_text())
    assert speed().stderr == ""
    assert measured[-1].textbook == Path("benchmarks/speed/textbook.py")


def test_quick_is_less_and_what_is_named_counts(speed, here, measured):
    speed()
    speed("--quick")
    speed("--quick", "--recipe", "photo,pets", "--seconds", "2")
    whole, quick, named = measured
    assert len(quick.cases()) < len(whole.cases())
    assert quick.turns < whole.turns
    assert (named.recipes, named.seconds, named.turns) == (("photo", "pets"), 2.0, quick.turns)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--what", "trainig"], "did you mean 'training'"),
        (["--recipe", "icons,fotos"], "did you mean 'photo'"),
        (["--batch", "0"], "batch must be 1 or more, got 0"),
        (["--batch", "1,x"], "--batch: 'x' is not a valid integer"),
        (["--width", "-3"], "width must be 1 or more"),
        (["--size", "40"], "size must be a multiple of 32"),
        (["--precision", "fp16"], "not one of auto, fp32, bf16"),
        (["--device", "cuda:99"], "device 'cuda:99'"),
        (["--seconds", "nan"], "seconds must be above 0"),
        (["--seconds", "-1"], "seconds must be above 0"),
        (["--textbook", "none.py"], "textbook none.py: no such file"),
    ],
)
def test_wrong_values_get_one_line(speed, here, words, said):
    done = speed("--what", "inference", *words)
    assert (done.exit_code, done.stdout) == (2, "")
    (line,) = [line for line in done.stderr.splitlines() if not line.startswith("note: ")]
    assert line.startswith("Error: ")
    assert said in line


def test_a_folder_without_photographs_is_told(speed, here):
    done = speed("--what", "inference", "--data", "nowhere")
    assert done.exit_code == 3
    assert "Error: nowhere: no such folder" in done.stderr


@pytest.mark.slow
def test_a_small_run_measures_ours_and_the_textbook(speed, here):
    words = ["--what", "training,data", "--precision", "fp32", "--textbook", FILE]
    done = speed(*TINY, *words, "--json", "-")
    assert done.exit_code == 0, done.stderr
    figures = json.loads(done.stdout)
    kinds = [(r["whose"], r["what"], r["precision"]) for r in figures["rows"]]
    assert kinds == [
        ("condcolor", "training", "fp32"),
        ("textbook", "training", "fp32"),
        ("condcolor", "data", "uint8"),
        ("condcolor", "data_encoded", "fp32"),
        ("textbook", "data", "fp32"),
    ]
    for r in figures["rows"]:
        assert r["pictures_per_s_p50"] >= r["pictures_per_s_p95"] > 0
        assert r["samples"] >= 3
        assert r["seconds"] > 0
        assert r["peak_memory_bytes"] > 2**20
        assert (r["vs_textbook"] is None) == (r["whose"] == "textbook")
    assert figures["rows"][0]["share_of_matmul"] > 0
    assert figures["matmul_gflops"]["fp32"] > 0
    assert figures["machine"]["cores"] >= 1
    assert figures["commands"] == []
    assert all(figures[name] is None for name in SUMS)  # these are of the recipe as it is


def children(pid: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            if int(stat.read_text().rpartition(")")[2].split()[1]) == pid:
                found.append(int(stat.parent.name))
    return found


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")
def test_ctrl_c_ends_all_of_it(here):
    words = [*TINY, "--what", "inference", "--seconds", "60"]
    process = subprocess.Popen(
        [*COMMAND, *words], stderr=subprocess.PIPE, text=True, env=environment()
    )
    ends = time.monotonic() + 60
    while not (workers := children(process.pid)) and time.monotonic() < ends:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=60)[1]
    assert process.returncode == 130
    assert said.splitlines()[-1] == "Interrupted."
    assert "Traceback" not in said
    assert workers
    assert not any(Path(f"/proc/{pid}").exists() for pid in workers)
