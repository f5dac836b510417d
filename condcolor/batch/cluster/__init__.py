"""Millions of pictures on many machines, with Ray."""

from condcolor.batch.cluster.colorize import colorize_everywhere

__all__ = ["colorize_everywhere"]
