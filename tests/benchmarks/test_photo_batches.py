"""The batches that the built-in model of photographs learns from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks.release.photo_batches import Store, batches

SIZE, SIDE = 24, 128


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photographs")
    draws = np.random.default_rng(0)
    for number, size in enumerate(((300, 240), (200, 640), (90, 100))):
        coarse = draws.integers(0, 256, (6, 8, 3), np.uint8)
        Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC).save(
            folder / f"{number}.png"
        )
    return Store.of_folder(folder, folder / "store.bin")


def test_pictures_are_kept_small_and_not_too_long(store):
    shapes = [store[number].shape for number in range(len(store))]
    assert shapes == [(208, 260, 3), (400, 200, 3), (100, 90, 3)]


def test_a_folder_is_decoded_once(store):
    path = Path(store.pixels.filename)
    before = path.stat().st_mtime_ns
    assert len(Store.of_folder(path.parent, path)) == 3
    assert path.stat().st_mtime_ns == before


def test_hints_are_of_the_target_and_half_of_the_pictures_have_none(store):
    made = batches(store, SIZE, SIDE, 0)
    hinted, away = 0, []
    for _ in range(4):
        batch = next(made)
        assert [part.shape[1] for part in batch] == [1, 2, 3]
        assert all(part.shape[2:] == (SIDE, SIDE) and abs(part).max() <= 1 for part in batch)
        for ab, hint in zip(batch.ab.astype(float), batch.hints.astype(float), strict=True):
            given = hint[2] > 0
            hinted += given.any()
            assert not hint[:2, ~given].any()
            if given.any():
                away.append(np.median(abs(hint[:2, given] - ab[:, given])))
    assert np.median(away) < 0.05  # a hint is the mean of a small square of the target
    assert 0.35 < hinted / (4 * SIZE) < 0.7


def test_the_same_seed_gives_the_same_batches(store):
    one, other = (next(batches(store, 4, SIDE, 7)) for _ in range(2))
    assert all((a == b).all() for a, b in zip(one, other, strict=True))
