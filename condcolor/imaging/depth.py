"""Pictures of 16 bits a channel: a coloring with the tones of its 16-bit original, as PNG and TIFF.

Pillow writes no 16-bit RGB.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterable, Iterator

import numpy as np
from PIL import TiffImagePlugin, TiffTags

from condcolor.imaging.lab import to_code, to_linear
from condcolor.imaging.origin import TEXTS, Origin

STRIP_PIXELS = 2**20
STEPS = 2**14  # of the table from linear light to sRGB, interpolated
LUMINANCE = np.array((0.2126, 0.7152, 0.0722), np.float32)  # of linear sRGB (IEC 61966-2-1)
LEVEL = 5  # of zlib
INCHES_A_METER = 1 / 0.0254


def deepened(rgb: np.ndarray, grey: np.ndarray) -> Iterator[np.ndarray]:
    """Yield strips `[R, W, 3]` uint16, from the top, of a coloring whose luminance is that of the original.

    A coloring keeps the lightness of its grey original. So what rounding to 8 bits moved is put right, by at
    most one step of 8 bits; where a color is outside sRGB, the rest of its lightness stays as it is.

    Args:
        rgb: `[H, W, 3]` uint8, the coloring. grey: `[H, W]` uint16, the original.
    """
    linear = to_linear(np.arange(256) / 255).astype(np.float32)
    steps = np.linspace(0, 1, STEPS)
    encoded = to_code(steps)
    rows = max(1, STRIP_PIXELS // rgb.shape[1])
    for top in range(0, len(rgb), rows):
        own = rgb[top : top + rows]
        tone = np.interp(linear[own] @ LUMINANCE, steps, encoded) * 255
        shift = (grey[top : top + rows] / 257.0 - tone).clip(-1, 1)
        yield ((own + shift[..., None]) * 257).round().clip(0, 65535).astype(np.uint16)


def encode_deep(rgb: np.ndarray, origin: Origin, format: str) -> bytes:
    """Encode a coloring `[H, W, 3]` uint8 with the 16 bits, resolution and texts of `origin`.

    format: "PNG" or "TIFF".
    """
    assert origin.grey is not None
    strips = deepened(rgb, origin.grey)
    size = rgb.shape[1], rgb.shape[0]
    return {"PNG": _png, "TIFF": encode_tiff}[format](strips, size, origin)


def _png(strips: Iterator[np.ndarray], size: tuple[int, int], origin: Origin) -> bytes:
    pack = zlib.compressobj(LEVEL)
    packed = []
    for strip in strips:
        rows = strip.astype(">u2").view(np.uint8).reshape(len(strip), -1)
        filtered = np.zeros((len(rows), rows.shape[1] + 1), np.uint8)
        filtered[:, 0] = (
            1  # filter "Sub": the difference from the pixel to the left, 6 bytes a pixel
        )
        filtered[:, 1:] = rows
        filtered[:, 7:] -= rows[:, :-6]
        packed.append(pack.compress(filtered.tobytes()))
    packed.append(pack.flush())
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", *size, 16, 2, 0, 0, 0)), (b"sRGB", b"\0")]
    if origin.dpi:
        chunks.append((b"pHYs", struct.pack(">IIB", *(_per_meter(d) for d in origin.dpi), 1)))
    if origin.texts:
        chunks.append((b"eXIf", origin.exif("PNG").tobytes().removeprefix(b"Exif\0\0")))
    chunks += [(b"IDAT", b"".join(packed)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(tag, data) for tag, data in chunks)


def _per_meter(dpi: float) -> int:
    return round(dpi * INCHES_A_METER)


def _chunk(tag: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + tag + data + struct.pack(">I", zlib.crc32(tag + data))


def encode_tiff(strips: Iterable[np.ndarray], size: tuple[int, int], origin: Origin) -> bytes:
    """Encode strips `[R, W, C]` uint8 or uint16, C 3 or 4 with straight alpha, as a TIFF with `origin`.

    Also for 8 bits: Pillow's compressing writer has no place for the dates of a photograph.
    """
    pack = zlib.compressobj(LEVEL)
    packed, bits, channels = [], 8, 3
    for strip in strips:
        bits, channels = 8 * strip.itemsize, strip.shape[-1]
        packed.append(pack.compress(_predicted(strip)))
    data = b"".join([*packed, pack.flush()])
    tags = TiffImagePlugin.ImageFileDirectory_v2()  # little-endian
    tags[TiffImagePlugin.IMAGEWIDTH], tags[TiffImagePlugin.IMAGELENGTH] = size
    tags[TiffImagePlugin.BITSPERSAMPLE] = (bits,) * channels
    tags[TiffImagePlugin.COMPRESSION] = 8  # Adobe's deflate
    tags[TiffImagePlugin.PHOTOMETRIC_INTERPRETATION] = 2  # RGB
    tags[TiffImagePlugin.SAMPLESPERPIXEL] = channels
    if channels == 4:
        tags[TiffImagePlugin.EXTRASAMPLES] = 2  # straight alpha
    tags[TiffImagePlugin.PLANAR_CONFIGURATION] = 1
    tags[TiffImagePlugin.PREDICTOR] = 2  # differences of pixels side by side
    tags[TiffImagePlugin.ROWSPERSTRIP] = size[1]
    tags[TiffImagePlugin.STRIPBYTECOUNTS] = len(data)
    tags[TiffImagePlugin.STRIPOFFSETS] = 0  # from the end of the tags; `save` adds their length
    if origin.dpi:
        tags[TiffImagePlugin.X_RESOLUTION], tags[TiffImagePlugin.Y_RESOLUTION] = origin.dpi
        tags[TiffImagePlugin.RESOLUTION_UNIT] = 2  # inches
    for tag in TEXTS:
        if tag in origin.texts:
            tags[tag] = origin.texts[tag]
    if origin.has_dates:
        tags[TiffImagePlugin.EXIFIFD] = dict(origin.exif("TIFF").get_ifd(TiffImagePlugin.EXIFIFD))
    tags.tagtype[TiffImagePlugin.STRIPOFFSETS] = TiffTags.LONG
    file = io.BytesIO()
    tags.save(file)
    file.write(data)
    return file.getvalue()


def _predicted(strip: np.ndarray) -> bytes:
    rows = strip.astype(strip.dtype.newbyteorder("<"))
    rows[:, 1:] -= strip[:, :-1]
    return rows.tobytes()
