"""Outlines: where an area ends, in few smooth curves, with its corners, whatever its size."""

from __future__ import annotations

import re
import time

import numpy as np
import pytest
from scipy import ndimage

from condcolor.imaging import outlines
from condcolor.imaging.outlines import trace


def disk(side: int, radius: float, hole: float = 0) -> np.ndarray:
    """A soft disk in the middle, `[side, side]` in 0..255, half at its edge."""
    y, x = np.mgrid[:side, :side] + 0.5 - side / 2
    away = np.hypot(x, y)
    return (np.clip(radius - away + 0.5, 0, 1) * np.clip(away - hole + 0.5, 0, 1) * 255).astype(
        "u1"
    )


def points(path: str) -> np.ndarray:
    """The ends of a path's curves, `[N, 2]`."""
    curves = re.findall(r"[MLC]([^MLCZ]+)", path)
    return np.array([[float(n) for n in curve.split()][-2:] for curve in curves])


def turned(line: np.ndarray) -> float:
    (x, y), (next_x, next_y) = line[:-1].T, line[1:].T
    return float(np.sum(x * next_y - next_x * y))


def test_a_disk_is_a_few_curves_at_its_radius():
    (path,) = trace(disk(64, 20), 127.5).paths
    away = np.hypot(*(points(path) - 32).T)
    assert abs(away - 20).max() < 0.4
    assert path.count("C") <= 24
    assert path.endswith("Z")


def test_the_width_is_that_of_a_line():
    assert trace(disk(64, 20, 16), 127.5).width == pytest.approx(4, abs=0.1)


def test_a_hole_turns_the_other_way():
    (path,) = trace(disk(64, 20, 10), 127.5).paths
    outer, inner = (points("M" + line) for line in path[1:].split("M"))
    turns = [turned(line - 32) for line in (outer, inner)]
    assert np.sign(turns[0]) == -np.sign(turns[1]) != 0


def test_a_square_keeps_its_corners_and_straight_sides():
    area = np.zeros((40, 40), np.uint8)
    area[10:30, 8:28] = 255
    (path,) = trace(area, 127.5, tolerance=0.2).paths
    ends = points(path)
    for corner in ((8, 10), (28, 10), (28, 30), (8, 30)):
        assert np.hypot(*(ends - corner).T).min() < 0.6
    assert path.count("L") >= 4


def test_at_the_border_of_the_picture_outlines_run_on_it():
    area = np.zeros((30, 50), np.uint8)
    area[:, 25:] = 255
    (path,) = trace(area, 127.5).paths
    ends = points(path)
    assert ends[:, 1].min() == 0
    assert ends[:, 1].max() == 30
    assert ends[:, 0].max() == 50


def test_nothing_has_no_outlines():
    assert trace(np.zeros((9, 9), np.uint8), 127.5).paths == ()
    assert len(trace(np.full((9, 9), 255, np.uint8), 127.5).paths) == 1
    assert trace(np.full((1, 1), 255, np.uint8), 127.5).paths


def test_noise_takes_seconds(monkeypatch):
    monkeypatch.setattr(outlines, "MOST_IN_ALL", 3000)
    monkeypatch.setattr(outlines, "MOST_PIECES", 200)
    noise = ndimage.gaussian_filter(np.random.default_rng(0).random((500, 500)), 2)
    started = time.perf_counter()
    paths = trace(noise, float(np.median(noise))).paths
    assert 0 < len(paths) <= 200
    assert sum(len(points(path)) for path in paths) <= 3000
    assert time.perf_counter() - started < 30
