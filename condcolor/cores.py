"""How many of the machine's cores this process may use."""

from __future__ import annotations

import os


def cores() -> int:
    """Those that the system lets it run on, where it says so; one at least."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
