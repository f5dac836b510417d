"""How strong a photograph's colours may be made."""

from __future__ import annotations

from typing import NoReturn

from condcolor.errors import UsageError

MOST_VIVID = 4  # times the chroma that the network gave; almost every colour is at its limit then


def checked_vivid(vivid: float) -> float:
    """The factor of the chroma; UsageError when it is out of range."""
    if not 0 <= vivid <= MOST_VIVID:  # NaN, too
        raise UsageError(f"vivid {vivid} is not between 0 (grey) and {MOST_VIVID}; 1 is as learnt")
    return float(vivid)


def refuse_vivid() -> NoReturn:
    """UsageError: the model has no chroma to change."""
    raise UsageError("vivid is for photographs: this model paints the colours asked for")
