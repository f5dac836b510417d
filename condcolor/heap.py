"""How the C library keeps memory that is freed."""

from __future__ import annotations

import contextlib
import ctypes

# parameters of glibc's mallopt, from malloc.h
M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_MAX = -1, -2, -4
GROWTH = 256 << 20  # bytes that the heap grows by at least


def keep_memory() -> None:
    """Keep freed memory for the next large tensor, instead of giving it back to the system.

    The maps of a network are mapped, touched page by page and unmapped again in each step: a fifth of a
    step's time and more. Does nothing where the C library is another than glibc.
    """
    with contextlib.suppress(OSError, AttributeError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(M_MMAP_MAX, 0)
        mallopt(M_TRIM_THRESHOLD, -1)  # as an unsigned number the largest: never
        mallopt(M_TOP_PAD, GROWTH)
