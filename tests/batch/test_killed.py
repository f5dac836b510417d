"""Folder runs killed at random moments lose nothing but the picture under way: RELIABILITY fault 1."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HELPERS = Path(__file__).parents[1] / "helpers"
pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")


def kill_at_random(kills: int, folder: Path) -> None:
    command = [sys.executable, str(HELPERS / "killed_folders.py"), str(kills), "7", str(folder)]
    path = os.pathsep.join([str(HELPERS), str(HELPERS.parents[1])])
    done = subprocess.run(
        command, env=os.environ | {"PYTHONPATH": path}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["wrong"] == [], done.stderr
    assert found["kills"] >= kills
    assert found["colored"] > 0  # not all were killed before their first picture


@pytest.mark.slow
def test_a_folder_run_killed_at_random_moments_goes_on(tmp_path):
    kill_at_random(8, tmp_path)


@pytest.mark.long
def test_a_folder_run_killed_fifty_times_goes_on(tmp_path):
    kill_at_random(50, tmp_path)
