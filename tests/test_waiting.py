"""Threads wait asleep, unless the environment says how."""

import pytest

from condcolor.waiting import POLICY, wait_asleep


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
