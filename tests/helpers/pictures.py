"""Pictures that are wrong, odd or dangerous, drawn small: made here, shared by the tests."""

from __future__ import annotations

import contextlib
import io
import os
import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image

from condcolor.imaging.open import Picture, open_picture

EXIF_SECRET = b"taken at home"  # stands in the EXIF, and after the end, of some pictures below
LFS_POINTER = (
    b"version https://git-lfs.github.com/spec/v1\n"
    b"oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n"
)


def noise(width: int = 40, height: int = 30, channels: int = 3) -> np.ndarray:
    """`[height,width,channels] uint8`, hard to compress, so that cutting a file cuts pixels."""
    return np.random.default_rng(7).integers(0, 256, (height, width, channels), dtype=np.uint8)


def encoded(image: Image.Image | np.ndarray, format: str, **options) -> bytes:
    image = image if isinstance(image, Image.Image) else Image.fromarray(image)
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


def opened(data: bytes, **options) -> Picture:
    return open_picture(io.BytesIO(data), name="a.png", **options)


def chunk(tag: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + tag + data + struct.pack(">I", zlib.crc32(tag + data))


def png(
    width: int, height: int, raw: bytes, *, bits: int = 8, color: int = 2, extra: bytes = b""
) -> bytes:
    """A PNG by hand: `raw` are the filtered rows, `extra` the chunks before them."""
    header = struct.pack(">IIBBBBB", width, height, bits, color, 0, 0, 0)
    body = extra + chunk(b"IDAT", zlib.compress(raw))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + body + chunk(b"IEND", b"")


def jpeg_claiming(width: int, height: int) -> bytes:
    """A small whole JPEG whose header says another size."""
    data = bytearray(encoded(noise(), "JPEG"))
    at = data.index(b"\xff\xc0") + 5
    data[at : at + 4] = struct.pack(">HH", height, width)
    return bytes(data)


def webp_claiming(width: int, height: int) -> bytes:
    """A lossless WEBP whose header says another size, of at most 16384 a side."""
    data = bytearray(encoded(noise(), "WEBP", lossless=True))
    bits = int.from_bytes(data[21:25], "little") & ~0xFFFFFFF
    data[21:25] = (bits | (width - 1) | (height - 1) << 14).to_bytes(4, "little")
    return bytes(data)


def exif(orientation: int) -> bytes:
    """EXIF with an orientation and a camera's owner that nobody else should see."""
    made = Image.Exif()
    made[0x0112] = orientation
    made[0x010F] = EXIF_SECRET.decode()
    return made.tobytes()


def flipped(data: bytes, at: int) -> bytes:
    """The same bytes but for one bit."""
    return data[:at] + bytes([data[at] ^ 4]) + data[at + 1 :]


def bad_files() -> dict[str, bytes]:
    """File name -> content, of every kind of file that must be refused."""
    whole_png, whole_jpeg = encoded(noise(), "PNG"), encoded(noise(), "JPEG", quality=95)
    bomb = chunk(b"zTXt", b"note\0\0" + zlib.compress(bytes(20_000_000), 9))
    html = b"<!DOCTYPE html>\n<html><body>404 Not Found</body></html>"
    svg = b'<?xml version="1.0"?>\n<!-- drawn -->\n<svg xmlns="http://www.w3.org/2000/svg"/>'
    tiff = encoded(noise(), "TIFF", compression="tiff_lzw")
    return {
        "empty.png": b"",
        "page.jpg": html,
        "text.jpg": "just a note, née yesterday\n".encode(),
        "utf16.png": "just a note".encode("utf-16"),
        "pointer.png": LFS_POINTER,
        "truncated.png": whole_png[: len(whole_png) // 2],
        "header-only.png": whole_png[:20],
        "truncated.jpg": whole_jpeg[: len(whole_jpeg) // 2],
        "truncated.webp": encoded(noise(), "WEBP")[:200],
        "truncated.gif": encoded(noise(), "GIF")[:-100],
        "truncated.bmp": encoded(noise(), "BMP")[:-100],
        "truncated.tif": encoded(noise(), "TIFF")[:-100],
        "truncated-lzw.tif": tiff[: len(tiff) // 2],
        "pixels-flipped.png": flipped(whole_png, len(whole_png) // 2),
        "checksum-flipped.png": flipped(whole_png, len(whole_png) - 13),
        "header-flipped.png": flipped(whole_png, 20),
        "as-text.png": whole_png.replace(b"\r\n", b"\n"),
        "100-megapixel.png": png(10_000, 10_000, noise().tobytes()[:1000]),
        "100-megapixel.jpg": jpeg_claiming(10_000, 10_000),
        "900-megapixel.png": png(30_000, 30_000, noise().tobytes()[:1000]),
        "900-megapixel.jpg": jpeg_claiming(30_000, 30_000),
        "268-megapixel.webp": webp_claiming(16_384, 16_384),
        "text-bomb.png": png(1, 1, bytes(4), extra=bomb),
        "zero.png": png(0, 10, bytes(10)),
        "drawing.eps.png": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\nshowpage\n",
        "drawing.svg.png": svg,
        "paper.pdf.png": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\n",
        "photo.heic.jpg": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(40),
        "archive.png": b"PK\3\4" + bytes(60),
        "zeros.png": bytes(5000),
        "noise.png": noise().tobytes()[3:],
        "floats.tif": encoded(noise()[..., 0].astype(np.float32), "TIFF"),
    }


def write_bad_pictures(folder: Path) -> dict[str, Path]:
    """Write bad_files(), and what is no regular file, below `folder`: name -> path.

    The pipe has no writer: whoever opens it plainly waits for ever.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in bad_files().items():
        (folder / name).write_bytes(data)
    (folder / "folder.png").mkdir()
    (folder / "dangling.png").symlink_to("nothing.png")
    (folder / "loop.png").symlink_to("loop.png")
    os.mkfifo(folder / "pipe.png")
    return {path.name: path for path in sorted(folder.iterdir())}


def odd_files() -> dict[str, bytes]:
    """File name -> content, of pictures that are unusual and must open all the same."""
    small = Image.fromarray(noise())
    frames = [Image.fromarray(noise()[..., i]) for i in range(3)]
    more = {"save_all": True, "append_images": frames[1:]}
    whole_png = encoded(small, "PNG")
    return {
        "dot.png": encoded(noise(1, 1), "PNG"),
        "thread.png": encoded(noise(4000, 1), "PNG"),
        "gif.jpg": encoded(small, "GIF"),
        "animated.gif": encoded(frames[0], "GIF", **more),
        "animated.webp": encoded(frames[0], "WEBP", lossless=True, **more),
        "animated.png": encoded(frames[0], "PNG", **more),
        "pages.tif": encoded(frames[0], "TIFF", **more),
        "cmyk.jpg": encoded(small.convert("CMYK"), "JPEG", quality=95),
        "cmyk.tif": encoded(small.convert("CMYK"), "TIFF"),
        "grey.png": encoded(frames[0], "PNG"),
        "bilevel.png": encoded(frames[0].convert("1"), "PNG"),
        "bilevel.tif": encoded(frames[0].convert("1"), "TIFF", compression="group4"),
        "turned.jpg": encoded(small, "JPEG", exif=exif(6)),
        "turned.png": encoded(small, "PNG", exif=exif(6)),
        "bogus-turn.jpg": encoded(small, "JPEG", exif=exif(99)),
        "broken-exif.jpg": encoded(small, "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\xff"),
        "broken-profile.png": encoded(small, "PNG", icc_profile=b"no profile at all"),
        "payload.png": whole_png + EXIF_SECRET,
        "payload.jpg": encoded(small, "JPEG", exif=exif(1)) + EXIF_SECRET,
        "no-end.png": whole_png[:-12],
    }


@contextlib.contextmanager
def as_nobody(folder: Path):
    """In `folder`, without root's rights where the tests run as root: use relative paths."""
    before, is_root = os.getcwd(), os.geteuid() == 0
    folder.chmod(0o755)
    os.chdir(folder)
    try:
        if is_root:
            os.seteuid(65534)
        yield
    finally:
        if is_root:
            os.seteuid(0)
        os.chdir(before)


def sketch(width: int = 20, height: int = 16) -> Image.Image:
    """A white page with a black frame and a line across."""
    pixels = np.full((height, width, 3), 255, np.uint8)
    pixels[[0, -1]] = pixels[:, [0, -1]] = pixels[height // 2] = 0
    return Image.fromarray(pixels)
