from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import torch

from condcolor.data import cache
from condcolor.data.cache import ImageCache, blank, decode, default_cache
from condcolor.data.dataset import FRAMED, PHOTOGRAPH
from condcolor.errors import DataError


@pytest.fixture(autouse=True)
def _small_shards(monkeypatch):
    monkeypatch.setattr(cache, "SHARD", 4)
    monkeypatch.setattr(cache, "IN_MEMORY", 100)


class Decoder:
    """Reads a file of one number as a square of that grey, and counts."""

    name = "counting"

    def __init__(self):
        self.read = []

    def __call__(self, path, ground, side):
        self.read.append(path.name)
        said = path.read_text()
        if said == "bad":
            raise DataError(f"{path.name}: bad")
        return np.full((side, side, 3), int(said), np.uint8)


def numbers(folder, count=10):
    for i in range(count):
        (folder / f"{i}.txt").write_text(str(i))
    return [(folder / f"{i}.txt", 255) for i in range(count)]


def greys(found):
    return found.take(torch.arange(len(found)))[:, 0, 0, 0].tolist()


def test_a_large_set_is_decoded_once_into_shards(tmp_path):
    files, decoder, cache = numbers(tmp_path), Decoder(), tmp_path / "cache"
    first, _ = decode(files, 8, decoder, cache=cache)
    again, _ = decode(files, 8, decoder, cache=cache)
    assert len(decoder.read) == 10
    assert len(again.shards) == len(list(cache.glob("*.u8"))) == 3
    assert greys(first) == greys(again) == list(range(10))
    assert [int(square[2, 7, 7]) for square in again] == list(range(10))
    assert (len(again), again.side, again.bytes) == (10, 8, 10 * 3 * 64)


def test_only_the_shard_of_a_changed_file_is_decoded_again(tmp_path):
    files, decoder, cache = numbers(tmp_path), Decoder(), tmp_path / "cache"
    decode(files, 8, decoder, cache=cache)
    decoder.read.clear()
    files[5][0].write_text("77")
    changed, _ = decode(files, 8, decoder, cache=cache)
    assert sorted(decoder.read) == ["4.txt", "5.txt", "6.txt", "7.txt"]
    assert greys(changed)[5] == 77


@pytest.mark.parametrize(
    ("decoder", "digest"),
    [
        (FRAMED, "d650f0558e3175d1048dc514841fdaf6"),
        (PHOTOGRAPH, "98c4352002e3731f9b9d46198eedffe4"),
    ],
)
def test_shards_that_users_have_are_found_again(decoder, digest, monkeypatch):
    monkeypatch.setattr(cache.PIL, "__version__", "12.0")
    assert cache._digest([(Path("/gone/ada.png"), 255)], 256, decoder) == digest


@pytest.mark.parametrize("other", [{"side": 9}, {"ground": 0}])
def test_another_side_or_ground_is_another_shard(tmp_path, other):
    files, decoder, cache = numbers(tmp_path, 4), Decoder(), tmp_path / "cache"
    decode(files, 8, decoder, cache=cache)
    files = [(path, other.get("ground", ground)) for path, ground in files]
    decode(files, other.get("side", 8), decoder, cache=cache)
    assert len(decoder.read) == 8


def test_a_small_set_stays_in_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(cache, "IN_MEMORY", 1 << 20)
    decode(numbers(tmp_path), 8, Decoder(), cache=tmp_path / "cache")
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize("kept", [True, False])
def test_what_is_wrong_is_known_again(tmp_path, kept):
    files = numbers(tmp_path)
    files[6][0].write_text("bad")
    cache = tmp_path / "cache" if kept else None
    for _ in range(2):
        _, faults = decode(files, 8, Decoder(), cache=cache)
        assert {path.name: str(error) for path, error in faults.items()} == {"6.txt": "6.txt: bad"}


def test_decoding_that_is_cut_short_goes_on_where_it_was(tmp_path):
    files, cache = numbers(tmp_path), tmp_path / "cache"

    def stop(done, total):
        if done == 6:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        decode(files, 8, Decoder(), cache=cache, on_progress=stop)
    assert not list(cache.glob("*.tmp"))
    decoder = Decoder()
    decode(files, 8, decoder, cache=cache)
    assert sorted(decoder.read) == [f"{i}.txt" for i in range(4, 10)]


@pytest.mark.parametrize("suffix", [".u8", ".json"])
def test_a_shard_that_is_cut_off_is_made_again(tmp_path, suffix):
    files, cache = numbers(tmp_path, 4), tmp_path / "cache"
    decode(files, 8, Decoder(), cache=cache)
    (shard,) = cache.glob(f"*{suffix}")
    os.truncate(shard, 5)
    found, _ = decode(files, 8, Decoder(), cache=cache)
    assert greys(found) == [0, 1, 2, 3]


def test_shards_unused_for_long_are_dropped(tmp_path):
    files, cache = numbers(tmp_path, 8), tmp_path / "cache"
    decode(files[:4], 8, Decoder(), cache=cache)
    (old,) = cache.glob("*.json")
    os.utime(old, (0, 0))
    decode(files[4:], 8, Decoder(), cache=cache)
    assert len(list(cache.iterdir())) == 2
    assert old not in cache.iterdir()


def test_a_cache_that_cannot_be_made_says_what_to_do(tmp_path):
    (tmp_path / "cache").write_text("a file")
    with pytest.raises(DataError, match="--cache FOLDER"):
        decode(numbers(tmp_path), 8, Decoder(), cache=tmp_path / "cache")


def test_a_full_disk_says_what_to_do(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(DataError, match="No space left on device"):
        decode(numbers(tmp_path), 8, Decoder(), cache=tmp_path / "cache")
    assert not list((tmp_path / "cache").iterdir())


def test_the_users_cache_is_where_their_system_says(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert default_cache() == tmp_path / "condcolor" / "pictures"
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert default_cache() is None


def test_room_for_many_pictures_is_a_file_without_a_name(tmp_path, monkeypatch):
    large = blank(5, 8, tmp_path)
    large.shards[0][2] = 7
    assert large[2].unique().tolist() == [7]
    assert not list(tmp_path.iterdir())
    assert isinstance(large, ImageCache)


def test_what_a_killed_run_left_is_in_nobodys_way_and_goes_in_time(tmp_path):
    files, cache = numbers(tmp_path, 4), tmp_path / "cache"
    cache.mkdir()
    old, young = (cache / f"{name}.{os.getpid()}.tmp" for name in ("old", "young"))
    for left in (old, young):
        left.write_text("")
    os.utime(old, (0, 0))
    found, _ = decode(files, 8, Decoder(), cache=cache)
    assert greys(found) == [0, 1, 2, 3]
    assert not old.exists()
    assert young.exists()


def test_another_run_may_drop_what_is_unused_first(tmp_path, monkeypatch):
    cache = tmp_path / "cache"
    cache.mkdir()
    (cache / "gone.json").symlink_to(cache / "nowhere")
    decode(numbers(tmp_path, 4), 8, Decoder(), cache=cache)
