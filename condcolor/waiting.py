"""How torch's threads wait for each other: asleep, where other threads have work for the cores.

OpenMP's threads wait for the slowest of them by asking again and again, which takes a core from whoever could
use it. Alone on the machine that saves some microseconds; beside helpers that decode and encode it costs a
fifth.
"""

from __future__ import annotations

import os

POLICY = "OMP_WAIT_POLICY"  # OpenMP 3.0; read when torch is imported


def wait_asleep() -> None:
    """Let the threads of a torch that is not imported yet wait asleep, unless the environment says how."""
    os.environ.setdefault(POLICY, "PASSIVE")
