"""A helper that kills its own work at random moments, run in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

HELPERS = Path(__file__).parent


def kill_at_random(script: str, kills: int, folder: Path) -> dict[str, Any]:
    """Return what a script of this folder found, after it lost nothing in at least so many kills."""
    command = [sys.executable, str(HELPERS / script), str(kills), "7", str(folder)]
    path = os.pathsep.join([str(HELPERS), str(HELPERS.parents[1])])
    done = subprocess.run(
        command, env=os.environ | {"PYTHONPATH": path}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["wrong"] == [], done.stderr
    assert found["kills"] >= kills
    return found
