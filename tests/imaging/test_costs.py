"""Pictures that are small and would take minutes to decode are refused; frames are counted within bounds."""

from __future__ import annotations

import io
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pictures import encoded, exif, noise, opened
from PIL import Image

from condcolor.errors import PictureError
from condcolor.imaging import costs


def scans(data: bytes) -> int:
    return costs.jpeg_scans(io.BytesIO(data))


def bomb(count: int, side: int = 64) -> bytes:
    """A progressive JPEG whose last scan stands there `count` times more."""
    data = encoded(Image.new("L", (side, side), 200), "JPEG", progressive=True)
    last, end = data.rindex(b"\xff\xda"), len(data) - 2
    return data[:end] + data[last:end] * count + data[end:]


@pytest.mark.parametrize("channels", [1, 3])
def test_scans_are_counted_as_encoders_write_them(channels):
    picture = noise(channels=channels)[..., 0] if channels == 1 else noise()
    assert scans(encoded(picture, "JPEG")) == 1
    progressive = encoded(picture, "JPEG", progressive=True)
    assert scans(progressive) == (10 if channels == 3 else 6)
    assert scans(encoded(picture, "JPEG", progressive=True, restart_marker_blocks=1)) == scans(
        progressive
    )


def test_pictures_inside_the_exif_and_behind_the_end_do_not_count():
    inner = encoded(noise(8, 8), "JPEG", progressive=True)
    outer = encoded(noise(), "JPEG", exif=exif(1) + inner)
    assert scans(outer) == 1
    assert scans(outer + inner) == 1


def test_markers_across_the_blocks_that_are_read_are_found(monkeypatch):
    data = bomb(5)
    for block in range(2, 40):
        monkeypatch.setattr(costs, "_BLOCK", block)
        assert scans(data) == scans(bomb(0)) + 5


def test_7_a_jpeg_of_thousands_of_scans_is_refused_at_once():
    started = time.perf_counter()
    with pytest.raises(PictureError, match="JPEG with more than 100 scans"):
        opened(bomb(20_000, side=4000))
    assert time.perf_counter() - started < 2
    assert opened(bomb(50)).size == (64, 64)


@given(st.binary(max_size=200))
def test_any_bytes_are_counted(data):
    assert 0 <= scans(b"\xff\xd8" + data) <= costs.MOST_SCANS + 1
    assert 0 <= costs.gif_frames(io.BytesIO(b"GIF89a" + data)) <= costs.MOST_FRAMES + 1


@pytest.mark.parametrize("count", [1, 2, 7, costs.MOST_FRAMES + 50])
def test_17_frames_of_a_gif_are_counted_as_pillow_does(count):
    frames = [Image.fromarray(np.full((3, 4), i % 251, np.uint8)) for i in range(count)]
    data = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=20, loop=0)
    number = costs.gif_frames(io.BytesIO(data))
    assert number == min(count, costs.MOST_FRAMES + 1)
    said = "more than 1,000" if count > costs.MOST_FRAMES else count
    notes = () if count == 1 else (f"animated: first frame of {said} used",)
    assert opened(data).notes == notes


def test_9_a_png_of_millions_of_chunks_is_refused():
    data = encoded(noise(), "PNG")
    at = data.index(b"IDAT") - 4
    empty = b"\0\0\0\0teXt\0\0\0\0"
    with pytest.raises(PictureError, match="more than 500,000 chunks"):
        opened(data[:at] + empty * 600_000 + data[at:])
