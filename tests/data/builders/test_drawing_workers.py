"""Drawings made side by side come in order; a worker that is killed ends them with a sentence."""

from __future__ import annotations

import os
import signal
import sys

import pytest

from condcolor.data.builders import drawing_workers
from condcolor.data.builders.drawing_workers import parallel_map
from condcolor.errors import DataError

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="processes are forked on Linux only"
)


@pytest.fixture(autouse=True)
def two_cores(monkeypatch):
    monkeypatch.setattr(drawing_workers, "cores", lambda: 2)


def where(number: int) -> tuple[int, int]:
    return number, os.getpid()


def killed_at_five(number: int) -> int:
    if number == 5:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def test_results_come_in_order_from_other_processes():
    with parallel_map(8, bundle=2) as map_:
        found = list(map_(where, range(8)))
    assert [number for number, _ in found] == list(range(8))
    assert os.getpid() not in {process for _, process in found}


def test_a_worker_that_is_killed_is_told():
    """Fault 6."""
    with (
        pytest.raises(DataError, match="was ended from outside"),
        parallel_map(8, bundle=2) as map_,
    ):
        list(map_(killed_at_five, range(8)))


def test_few_jobs_are_done_in_this_process():
    with parallel_map(3, bundle=2) as map_:
        assert list(map_(where, range(3))) == [(number, os.getpid()) for number in range(3)]
