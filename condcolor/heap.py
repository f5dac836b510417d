"""How glibc's malloc gives memory back: not at all, where each step asks for the same large buffers."""

from __future__ import annotations

import ctypes

# mallopt(3): parameter, value
SETTINGS = (
    (-4, 0),  # M_MMAP_MAX: no buffer is mapped by itself and unmapped when it is freed
    (-1, -1),  # M_TRIM_THRESHOLD: the heap's end is never given back
    (-2, 256 << 20),  # M_TOP_PAD: it grows by at least so many bytes
)


def keep_memory() -> bool:
    """Tell malloc to keep what it has; whether it did, which no other C library does."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError, TypeError):
        return False
    return min(mallopt(name, value) for name, value in SETTINGS) == 1
