"""How this process gives memory back: on Linux, less eagerly than glibc does by itself.

glibc maps every large buffer anew and unmaps it when it is free, and the kernel fills each page with zeros
when it is touched first. A network's layers free and take the same buffers in every pass, so that is paid
again and again.
"""

from __future__ import annotations

import ctypes
import sys

# of malloc.h: what may be set, and to what
M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_MAX = -1, -2, -4
KEPT = {
    M_MMAP_MAX: 0,  # no buffer gets a mapping of its own
    M_TRIM_THRESHOLD: -1,  # free memory at the heap's end stays
    M_TOP_PAD: 256 * 2**20,  # bytes that the heap grows by, at least; untouched ones cost nothing
}


def keep_memory() -> bool:
    """Let this process keep the memory it frees, for its next use of it.

    For commands: it holds for the whole process, which no library should decide. What was taken once is given
    back only at the end.

    Returns:
        Whether it was done. Where there is no glibc nothing is, and nothing is wrong.
    """
    if sys.platform != "linux":
        return False
    try:
        libc = ctypes.CDLL(None)
        libc.gnu_get_libc_version  # noqa: B018  # musl has a mallopt, too, that does nothing
        mallopt = libc.mallopt
    except (OSError, AttributeError):
        return False
    mallopt.argtypes, mallopt.restype = (ctypes.c_int, ctypes.c_int), ctypes.c_int
    taken = [mallopt(setting, value) for setting, value in KEPT.items()]
    return all(taken)
