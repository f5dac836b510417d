"""Uploads are decoded in processes of their own, each with a time limit: RELIABILITY 51."""

from __future__ import annotations

import io
import os
import signal
import struct
import threading
import time

import numpy as np
import pytest
from PIL import Image
from webserver import png

from condcolor.errors import PictureError
from condcolor.web.decoding import Decoders

pytest.importorskip("starlette", reason="needs condcolor[web]")

MANY = 16_000_000


def scan_bomb(side: int, scans: int) -> bytes:
    """A progressive JPEG that is small and takes long: a scan, then thousands that say nothing."""
    buffer = io.BytesIO()
    Image.new("L", (side, side), 255).save(buffer, "JPEG", progressive=True)
    plain = buffer.getvalue()
    first = plain.index(b"\xff\xda")
    end = plain.find(b"\xff\xda", first + 2)
    scan = plain[first : end if end > 0 else -2]
    table = scan.rfind(b"\xff\xc4")
    scan = scan[:table] if table > 0 else scan
    code = b"\xff\xc4" + struct.pack(">H", 20) + b"\x10" + bytes([1] + [0] * 15) + b"\xe0"
    blocks, bits = (side // 8) ** 2, ""
    while blocks > 0:
        run = max(16384, min(blocks, 32767))
        bits += "0" + format(run - 16384, "014b")
        blocks -= run
    bits += "1" * (-len(bits) % 8)
    empty = bytes(int(bits[k : k + 8], 2) for k in range(0, len(bits), 8)).replace(
        b"\xff", b"\xff\0"
    )
    header = b"\xff\xda\0\x08\x01\x01\0\x01\x3f\0"
    return plain[:first] + scan + code + (header + empty) * scans + b"\xff\xd9"


@pytest.fixture(scope="module")
def decoders():
    pool = Decoders(2, seconds=60)
    yield pool
    pool.close()


def test_a_picture_comes_as_it_was_sent(decoders):
    pixels = np.random.default_rng(0).integers(0, 256, (40, 30, 4), np.uint8)
    picture = decoders.open(png(Image.fromarray(pixels)), MANY)
    assert picture.size == (30, 40)
    assert (picture.alpha == pixels[..., 3]).all()
    for data, said in ((b"<html>", "HTML"), (png(Image.new("L", (30, 30))), "pixels")):
        with pytest.raises(PictureError, match=said):
            decoders.open(data, 100)


def test_a_process_that_was_killed_is_replaced(decoders):
    data = png(Image.new("L", (8, 8)))
    decoders.open(data, MANY)
    decoder = decoders._free.get()
    os.kill(decoder._process.pid, signal.SIGKILL)
    decoder._process.join(10)
    decoders._free.put(decoder)
    assert decoders.open(data, MANY).size == (8, 8)


def test_a_bomb_blocks_no_other_upload():
    """It is refused for its scans, or its process killed in time; meanwhile others are opened."""
    pool, bomb, said = Decoders(2, seconds=10), scan_bomb(3992, 20_000), []
    small = png(Image.new("L", (8, 8)))
    pool.open(small, MANY)

    def upload():
        try:
            pool.open(bomb, MANY)
        except PictureError as error:
            said.append(str(error))

    thread = threading.Thread(target=upload)
    thread.start()
    for _ in range(3):
        assert pool.open(small, MANY).size == (8, 8)
    thread.join(90)
    assert len(said) == 1
    assert pool.open(small, MANY).size == (8, 8)
    pool.close()


def test_the_time_limit_holds():
    pool = Decoders(1, seconds=60)
    small = png(Image.new("L", (8, 8)))
    pool.open(small, MANY)
    pool._seconds = 0.0
    started = time.monotonic()
    with pytest.raises(PictureError, match="takes over 0 seconds to open"):
        pool.open(png(Image.fromarray(np.zeros((3000, 3000, 3), np.uint8))), MANY)
    assert time.monotonic() - started < 10
    pool._seconds = 60
    assert pool.open(small, MANY).size == (8, 8)
    pool.close()
