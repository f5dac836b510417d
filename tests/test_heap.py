"""Memory kept: done on glibc, harmless elsewhere."""

import platform
import subprocess
import sys

import pytest

from condcolor import heap

IS_GLIBC = platform.libc_ver()[0] == "glibc"

FAULTS = """
import resource, sys
from condcolor.heap import keep_memory
if sys.argv[1] == "kept":
    assert keep_memory()
import ctypes
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
libc.free.argtypes, libc.memset.argtypes = [ctypes.c_void_p], [ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t]
def use():
    place = libc.malloc(64 * 2**20)
    libc.memset(place, 1, 64 * 2**20)
    libc.free(place)
use()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(5):
    use()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(not IS_GLIBC, reason="no glibc here")
def test_what_was_freed_is_not_faulted_in_again():
    def faults(how: str) -> int:
        command = [sys.executable, "-c", FAULTS, how]
        return int(subprocess.run(command, check=True, capture_output=True).stdout)

    assert faults("kept") < 100
    assert faults("not") > 1000


def test_elsewhere_nothing_is_done(monkeypatch):
    monkeypatch.setattr(heap.sys, "platform", "darwin")
    assert not heap.keep_memory()
    monkeypatch.setattr(heap.sys, "platform", "linux")
    monkeypatch.setattr(heap.ctypes, "CDLL", lambda _: object())  # a C library of another kind
    assert not heap.keep_memory()
