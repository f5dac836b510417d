"""Folder runs killed at random moments lose nothing but the picture under way: RELIABILITY fault 1."""

from __future__ import annotations

import os

import pytest
from killing import kill_at_random

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")


@pytest.mark.slow
def test_a_folder_run_killed_at_random_moments_goes_on(tmp_path):
    found = kill_at_random("killed_folders.py", 8, tmp_path)
    assert found["colored"] > 0  # not all were killed before their first picture


@pytest.mark.long
def test_a_folder_run_killed_fifty_times_goes_on(tmp_path):
    found = kill_at_random("killed_folders.py", 50, tmp_path)
    assert found["colored"] > 0  # not all were killed before their first picture
