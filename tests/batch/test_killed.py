"""Folder runs killed at random moments lose nothing but the picture under way: RELIABILITY fault 1."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from killing import kill_at_random

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")


def kill_folder_runs(kills: int, folder: Path) -> None:
    found = kill_at_random("killed_folders.py", kills, folder)
    assert found["colored"] > 0  # not all were killed before their first picture


@pytest.mark.slow
def test_a_folder_run_killed_at_random_moments_goes_on(tmp_path):
    kill_folder_runs(8, tmp_path)


@pytest.mark.long
def test_a_folder_run_killed_fifty_times_goes_on(tmp_path):
    kill_folder_runs(50, tmp_path)
