"""Rows of figures as the benchmarks measure them."""

from __future__ import annotations

from pathlib import Path

from benchmarks.speed.report import Row
from benchmarks.speed.settings import OURS

FILE = Path(__file__).parents[2] / "benchmarks/speed/textbook.py"


def row(**changed) -> Row:
    known = {"whose": OURS, "what": "training", "recipe": "icons", "device": "cpu"}
    known |= {"precision": "fp32", "batch": 10, "width": 64, "size": 256}
    known |= {"pictures_per_s_p50": 2.0, "pictures_per_s_p95": 1.0, "samples": 3, "seconds": 9.0}
    known |= {"peak_memory_bytes": 2**30, "peak_device_memory_bytes": None, "vs_textbook": 2.5}
    return Row(**{**known, **changed})
