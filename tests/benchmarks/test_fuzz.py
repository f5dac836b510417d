"""Random edits of small files: every reader reads them, or refuses them in a sentence.

`python -m benchmarks.fuzz --seconds 600` does the same for longer.
"""

from __future__ import annotations

import subprocess
import sys
import warnings

import pytest

from benchmarks.fuzz import __main__ as fuzzing
from benchmarks.fuzz.readers import READERS, Reader

SECONDS = 2.0  # for each reader, beside its own preparation


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", READERS)
def test_a_reader_refuses_edited_files_in_a_sentence(name):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        counts, failures = fuzzing.fuzz([name], SECONDS, seed=1)
    assert failures[name] == []
    assert counts[name] > 0


def test_what_fails_is_kept_smallest_first_and_tried_again(tmp_path, monkeypatch):
    seen = []

    def read(data: bytes) -> None:
        seen.append(data)
        if b"\0" in data:
            raise IndexError("no such thing")

    monkeypatch.setitem(READERS, "fragile", lambda folder: Reader([b"abc"], read))
    counts, failures = fuzzing.fuzz(["fragile"], 1.0, seed=0, keep=tmp_path)
    (fault,) = failures["fragile"]
    assert fault.startswith("IndexError at test_fuzz.py:")
    assert counts["fragile"] == len(seen) - 1  # and the seed itself
    (kept,) = tmp_path.iterdir()
    assert kept.read_bytes() == min((data for data in seen if b"\0" in data), key=len)
    seen.clear()
    fuzzing.fuzz(["fragile"], 0.0, seed=0, keep=tmp_path)
    assert seen == [b"abc", kept.read_bytes()]


def test_the_same_seed_tries_the_same_inputs(monkeypatch):
    runs = []
    monkeypatch.setitem(
        READERS, "plain", lambda folder: Reader([b"abc"], lambda d: runs[-1].append(d))
    )
    for seed in (3, 3, 4):
        runs.append([])
        fuzzing.fuzz(["plain"], 2.0, seed=seed)
    fewest = min(20, *map(len, runs))  # a busy machine does fewer in the time
    assert fewest >= 3
    first, again, other = (run[:fewest] for run in runs)
    assert first == again != other


def test_the_command_says_what_it_tried(tmp_path):
    command = [sys.executable, "-m", "benchmarks.fuzz", "--seconds", "1", "--reader", "texts"]
    done = subprocess.run([*command, "--keep", str(tmp_path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "0 kinds of failure" in done.stdout
