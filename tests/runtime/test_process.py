"""Memory kept: done on glibc, harmless elsewhere. Threads wait asleep, unless the environment says how."""

from __future__ import annotations

import platform
import subprocess
import sys
import threading
import time

import pytest

from condcolor.runtime import process
from condcolor.runtime.process import POLICY, ahead, wait_asleep


def test_results_come_in_order():
    assert list(ahead(lambda n: n * n, range(50))) == [n * n for n in range(50)]
    assert list(ahead(str, [])) == []


def test_work_is_done_before_it_is_asked_for_but_not_much():
    made = []
    feed = ahead(lambda n: made.append(n) or n, range(50), depth=2)
    assert next(feed) == 0
    time.sleep(0.3)
    assert 2 <= len(made) <= 5
    feed.close()


def test_a_fault_is_raised_where_its_result_would_have_come():
    def fail(n):
        if n == 2:
            raise ValueError("two")
        return n

    feed = ahead(fail, range(5))
    assert [next(feed), next(feed)] == [0, 1]
    with pytest.raises(ValueError, match="two"):
        next(feed)


def test_a_feed_that_is_left_ends_its_thread():
    before = threading.active_count()
    feed = ahead(lambda n: n, range(1000))
    next(feed)
    assert threading.active_count() == before + 1
    feed.close()
    assert threading.active_count() == before


IS_GLIBC = platform.libc_ver()[0] == "glibc"
FAULTS = """
import resource, sys
from condcolor.runtime.process import keep_memory
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
    monkeypatch.setattr(process.sys, "platform", "darwin")
    assert not process.keep_memory()
    monkeypatch.setattr(process.sys, "platform", "linux")
    monkeypatch.setattr("ctypes.CDLL", lambda _: object())  # a C library of another kind
    assert not process.keep_memory()


@pytest.mark.parametrize(("before", "after"), [(None, "PASSIVE"), ("ACTIVE", "ACTIVE")])
def test_what_the_environment_says_stands(monkeypatch, before, after):
    from os import environ

    monkeypatch.setenv(POLICY, "to be put back")
    if before is None:
        del environ[POLICY]
    else:
        environ[POLICY] = before
    wait_asleep()
    assert environ[POLICY] == after
