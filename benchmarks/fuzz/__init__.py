"""Damaged and forged files for every reader of condcolor: `python -m benchmarks.fuzz`."""
