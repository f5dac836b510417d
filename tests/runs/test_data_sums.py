"""The sums of a data set's pictures: read again only where a file has changed, also by the next run."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from condcolor.data.metadata import Metadata, read_photographs
from condcolor.runs import data_sums
from condcolor.runs.data_sums import DataSums, fingerprint_of_sizes


@pytest.fixture
def photographs(tmp_path, monkeypatch) -> Metadata:
    """Three files, old enough to be known by their times, in a data set that counts as large."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(data_sums, "MANY", 3)
    monkeypatch.setattr(data_sums, "COARSE", -(10**18))  # files just written can be known, too
    for number in range(3):
        path = tmp_path / f"photographs/{number}.jpg"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(bytes([number]) * 50)
    return read_photographs(tmp_path / "photographs")


@pytest.fixture
def hashed(monkeypatch) -> list[str]:
    names: list[str] = []
    own = data_sums.sha256

    def sha256(path: Path) -> str:
        names.append(path.name)
        return own(path)

    monkeypatch.setattr(data_sums, "sha256", sha256)
    return names


def test_the_next_run_reads_only_what_has_changed(photographs, hashed, tmp_path):
    first = DataSums.of(photographs, tmp_path / "first")
    assert hashed == ["0.jpg", "1.jpg", "2.jpg"]
    assert DataSums.of(photographs, tmp_path / "second").sums == first.sums
    assert len(hashed) == 3
    (photographs.root / "1.jpg").write_bytes(b"another 50" * 5)
    third = DataSums.of(photographs, tmp_path / "third")
    assert hashed[3:] == ["1.jpg"]
    assert third.fingerprint(photographs) != first.fingerprint(photographs)
    assert third.fingerprint_of_sizes(photographs) == first.fingerprint_of_sizes(photographs)


def test_the_sums_of_a_small_set_are_kept_in_its_run_alone(
    photographs, hashed, tmp_path, monkeypatch
):
    monkeypatch.setattr(data_sums, "MANY", 4)
    DataSums.of(photographs, tmp_path / "first")
    DataSums.of(photographs, tmp_path / "second")
    assert len(hashed) == 6
    assert not list((tmp_path).glob("cache/**/*.json"))


@pytest.mark.parametrize("damage", [b"", b"[]", b'{"looked": 1, "files": {"a": [1]}}', b"[" * 9999])
def test_a_damaged_file_of_sums_is_made_anew(photographs, hashed, tmp_path, damage):
    expected = DataSums.of(photographs, tmp_path / "first")
    (kept,) = tmp_path.glob("cache/**/sums-*.json")
    kept.write_bytes(damage)
    assert DataSums.of(photographs, tmp_path / "second").sums == expected.sums
    assert len(hashed) == 6
    DataSums.of(photographs, tmp_path / "third")
    assert len(hashed) == 6


def test_a_cache_that_cannot_be_written_stops_nothing(photographs, hashed, tmp_path, monkeypatch):
    monkeypatch.setattr(data_sums, "_shared_file", lambda root: tmp_path / "nowhere/sums.json")
    assert len(DataSums.of(photographs, tmp_path / "first").sums) == 3


def test_sizes_are_those_of_the_files(photographs, tmp_path):
    sums = DataSums.of(photographs, tmp_path / "first")
    assert sums.fingerprint_of_sizes(photographs) == fingerprint_of_sizes(photographs)
    os.truncate(photographs.root / "2.jpg", 7)
    assert sums.fingerprint_of_sizes(photographs) != fingerprint_of_sizes(photographs)
