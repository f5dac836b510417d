"""What a picture file will cost, found before it is decoded: scans of a JPEG, frames of a GIF."""

from __future__ import annotations

import os
import re
import struct
from typing import BinaryIO

MOST_SCANS = 100  # of a JPEG; encoders write 1 to 20, and each may go over all pixels
MOST_FRAMES = 1000  # of an animation that are counted
_BLOCK = 1 << 20  # bytes read at a time
# In the pixels of a JPEG, FF is followed by 00, by another FF, or is a restart marker (D0 to D7).
_MARKER = re.compile(rb"\xff([^\x00\xd0-\xd7\xff])")
_SOS, _EOI = 0xDA, 0xD9
_ALONE = {0x01, *range(0xD0, 0xD9)}  # markers without a length: TEM, RST, SOI


def jpeg_scans(stream: BinaryIO, most: int = MOST_SCANS) -> int:
    """Return the number of scans of a JPEG; past `most` they are not counted.

    What follows the end marker or is damaged does not count.
    """
    scans = 0
    stream.seek(2)
    while (marker := _next_marker(stream)) not in (None, _EOI):
        if marker in _ALONE:
            continue
        length = stream.read(2)
        if len(length) < 2:
            break
        stream.seek(max(0, struct.unpack(">H", length)[0] - 2), os.SEEK_CUR)
        if marker == _SOS:
            scans += 1
            if scans > most:
                break
    return scans


def _next_marker(stream: BinaryIO) -> int | None:
    """Move behind the next marker, and return its second byte; None at the end."""
    start = stream.tell()
    while block := stream.read(_BLOCK):
        if found := _MARKER.search(block):
            stream.seek(start + found.end())
            return found[1][0]
        if len(block) < 2:
            return None
        start += len(block) - 1  # the marker may begin with the last byte
        stream.seek(start)
    return None


def gif_frames(stream: BinaryIO, most: int = MOST_FRAMES) -> int:
    """Return the number of frames of a GIF; past `most` they are not counted."""
    stream.seek(10)
    flags = stream.read(3)
    if len(flags) < 3:
        return 0
    _skip_colors(stream, flags[0])
    frames = 0
    while frames <= most and (kind := stream.read(1)):
        if kind == b",":
            frames += 1
            descriptor = stream.read(9)
            if len(descriptor) < 9:
                break
            _skip_colors(stream, descriptor[8])
            stream.seek(1, os.SEEK_CUR)  # size of the first codes
        elif kind == b"!":
            stream.seek(1, os.SEEK_CUR)  # kind of the extension
        elif kind != b"\0":  # the end, or damage
            break
        if kind in b",!":
            _skip_blocks(stream)
    return frames


def _skip_colors(stream: BinaryIO, flags: int) -> None:
    if flags & 128:
        stream.seek(3 << (flags & 7) + 1, os.SEEK_CUR)


def _skip_blocks(stream: BinaryIO) -> None:
    while (length := stream.read(1)) not in (b"", b"\0"):
        stream.seek(length[0], os.SEEK_CUR)
