import ctypes
import subprocess
import sys

import pytest

from condcolor.heap import keep_memory

CODE = """
import resource, sys, torch
from condcolor.heap import keep_memory
if sys.argv[1] == "kept": keep_memory()
def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    torch.ones(8 << 20)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
faults()
print(faults())
"""


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallopt"), reason="the C library is no glibc")
def test_memory_that_is_freed_is_not_faulted_in_again():
    def run(word):
        made = subprocess.run([sys.executable, "-c", CODE, word], capture_output=True, check=True)
        return int(made.stdout)

    assert run("kept") < 100 < run("given back")


def test_another_c_library_is_left_alone(monkeypatch):
    monkeypatch.setattr(ctypes, "CDLL", lambda _: object())
    keep_memory()  # which raises nothing
