"""Open a picture: files and streams read within bounds, decoded, brought to `Picture`."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import BinaryIO

import numpy as np
from PIL import (
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    ImageFile,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

from condcolor.conditions.colors import RGB
from condcolor.errors import PictureError
from condcolor.imaging import costs, formats, pixels
from condcolor.imaging.origin import NO_ORIGIN, Origin, is_deep, read_origin
from condcolor.imaging.svg import MAX_BYTES as MAX_SVG_BYTES
from condcolor.imaging.svg import BadDrawing, render_drawing
from condcolor.runtime.messages import shown_name, why_unread
from condcolor.runtime.regular_files import NotRegular, TooLarge, open_regular

MAX_PIXELS = 178_956_970  # 512 MiB of RGB; from here on Pillow raises DecompressionBombError


class Fault(Exception):
    """A fault of a picture file and its remedy, as a message without the file's name."""


def _heic_image(stream: BinaryIO) -> ImageFile.ImageFile:
    try:
        from pillow_heif.as_plugin import HeifImageFile
    except ImportError:
        hint = "pip install 'condcolor[heic]', or save it as JPEG"
        raise Fault(f"is a HEIC picture, for which a library is missing: {hint}") from None
    return HeifImageFile(stream)


_READERS: dict[str, Callable[[BinaryIO], ImageFile.ImageFile]] = {
    "PNG": PngImagePlugin.PngImageFile,
    "JPEG": JpegImagePlugin.JpegImageFile,
    "WEBP": WebPImagePlugin.WebPImageFile,
    "GIF": GifImagePlugin.GifImageFile,
    "BMP": BmpImagePlugin.BmpImageFile,
    "TIFF": TiffImagePlugin.TiffImageFile,
    "HEIC": _heic_image,
}
# Upper bounds of pixels per byte. Deflate compresses at most 1032 times, and a pixel has at least one
# bit. A JPEG block of 8x8 takes at least a bit; with the sparsest chroma subsampling 128 pixels share one.
_MOST_PIXELS_A_BYTE = {"PNG": 1032 * 8, "JPEG": 128 * 8}


@dataclass(frozen=True)
class Picture:
    """A decoded picture, upright and in sRGB."""

    rgb: np.ndarray  # [H, W, 3] uint8, transparent parts composited on the background
    alpha: np.ndarray | None  # [H, W] uint8; None if no pixel is transparent
    notes: tuple[str, ...] = ()  # such as "animated: first frame of 12 used"
    origin: Origin = NO_ORIGIN  # what of the file a colored copy keeps

    @property
    def size(self) -> tuple[int, int]:
        """(width, height)."""
        return self.rgb.shape[1], self.rgb.shape[0]


_Decoded = tuple[Image.Image, Image.Image | None, tuple[str, ...], Origin]  # RGB, alpha, notes


def open_picture(
    source: str | os.PathLike[str] | BinaryIO,
    *,
    background: RGB = (255, 255, 255),
    max_pixels: int = MAX_PIXELS,
    name: str | None = None,
    svg_side: int | None = None,
) -> Picture:
    """Decode a PNG, JPEG, WEBP, GIF, BMP, TIFF, HEIC or SVG file or stream; its content tells the format.

    The first frame or page is decoded and rotated by its EXIF orientation. 16-bit grey is scaled by 1/257,
    and a color profile is converted to sRGB. A stream is read to its end. Thread-safe.

    Args:
        background: RGB in 0..255, on which transparent pixels are composited.
        max_pixels: largest width x height; checked before the pixels are decoded.
        name: the picture's name in messages; default its path.
        svg_side: pixels of the longer side of an SVG drawing; default its own, 1024 to 4096.

    Raises:
        PictureError: the file cannot be read or decoded; `cat.png: what is wrong: what to do`.
    """
    path = source if isinstance(source, str | os.PathLike) else "the picture"
    label = shown_name(name or path)
    try:
        with open_stream(source) as stream:
            rgb, alpha, notes, origin = _read(stream, max_pixels, svg_side)
        return replace(_composited(rgb, alpha, notes, background), origin=origin)
    except Fault as fault:
        raise PictureError(f"{label}: {fault}") from fault.__cause__
    except MemoryError as error:
        reason = "not enough memory to open it: make it smaller or close other programs"
        raise PictureError(f"{label}: {reason}") from error
    except OSError as error:
        raise PictureError(f"{label}: {why_unread(error, source)}") from error


def picture_of(image: Image.Image, *, name: str = "the picture") -> Picture:
    """Convert an open Pillow image of any mode to a `Picture`, composited on white.

    Raises:
        PictureError: the image cannot be loaded, or its pixels cannot be converted to 8-bit RGB.
    """
    try:
        rgb, alpha, notes = pixels.standardize(image)
    except (OSError, ValueError, SyntaxError, pixels.UnsuitablePixels) as error:
        raise PictureError(f"{shown_name(name)}: {error}") from error
    return _composited(rgb, alpha, notes, (255, 255, 255))


def picture_of_array(array: np.ndarray, *, name: str = "the array") -> Picture:
    """Convert an array of pixels to a `Picture`, composited on white.

    Args:
        array: `[H, W]` or `[H, W, 1]` grey, `[H, W, 3]` RGB or `[H, W, 4]` RGB with straight alpha; uint8,
            bool, or float in [0, 1].

    Raises:
        ValueError: another shape, dtype or range.
    """
    shape = list(array.shape)
    if array.ndim not in (2, 3) or 0 in shape or (array.ndim == 3 and shape[2] not in (1, 3, 4)):
        hint = "; move the channels to the end" if array.ndim == 3 and shape[0] in (1, 3, 4) else ""
        raise ValueError(f"{name} must be [H, W], [H, W, 3] or [H, W, 4], not {shape}{hint}")
    if array.dtype.kind == "f":
        if not (array.min() >= 0 and array.max() <= 1):  # also where one is NaN
            reach = f"{array.min():g} to {array.max():g}"
            raise ValueError(f"{name} of {array.dtype} must be in 0 to 1, not {reach}: divide it")
        array = (array * 255).round().astype(np.uint8)
    elif array.dtype == bool:
        array = array.astype(np.uint8) * 255
    elif array.dtype != np.uint8:
        raise ValueError(f"{name} must be uint8, or float in 0 to 1, not {array.dtype}")
    if array.ndim == 3 and shape[2] == 1:
        array = array[..., 0]
    return picture_of(Image.fromarray(np.ascontiguousarray(array)))


def _composited(
    rgb: Image.Image, alpha: Image.Image | None, notes: tuple[str, ...], background: RGB
) -> Picture:
    if alpha is None:
        return Picture(np.array(rgb), None, notes)
    ground = Image.new("RGB", rgb.size, background)
    ground.paste(rgb, mask=alpha)
    return Picture(np.array(ground), np.array(alpha), notes)


def _read(stream: BinaryIO, max_pixels: int, svg_side: int | None) -> _Decoded:
    head = stream.read(formats.HEAD_BYTES)
    if not head:
        raise Fault("empty file (0 bytes): copy or download it again")
    kind = formats.picture_format(head)
    if kind is None and formats.is_svg(head):
        stream.seek(0)
        return _drawn(stream.read(MAX_SVG_BYTES + 1), max_pixels, svg_side)
    if kind is None:
        raise Fault(formats.describe(head))
    if kind == "PNG" and (fault := formats.png_fault(stream)):
        raise Fault(fault)
    if kind == "JPEG" and costs.jpeg_scans(stream) > costs.MOST_SCANS:
        raise Fault(f"JPEG with more than {costs.MOST_SCANS} scans: save it anew")
    if kind == "WEBP" and (size := formats.webp_size(head)):  # its reader allocates all pixels
        _check_size(size, max_pixels)
    try:
        return _decode(stream, kind, max_pixels)
    except (Fault, MemoryError):
        raise
    except pixels.UnsuitablePixels as error:
        raise Fault(str(error)) from error
    except Exception as error:  # Pillow raises a dozen types for damaged files
        if isinstance(error, OSError) and error.errno:
            raise
        raise Fault(_damage(error, stream, kind)) from error


def _drawn(data: bytes, max_pixels: int, side: int | None) -> _Decoded:
    """Return an SVG drawing, on paper where it draws none: most are line art on nothing."""
    try:
        image = render_drawing(data, side=side)
    except BadDrawing as error:
        raise Fault(str(error)) from error
    _check_size(image.size, max_pixels)
    ground = Image.new("RGB", image.size, "white")
    ground.paste(image, mask=image.getchannel("A"))
    return ground, None, (), NO_ORIGIN


def _decode(stream: BinaryIO, kind: str, max_pixels: int) -> _Decoded:
    size = stream.seek(0, os.SEEK_END)
    stream.seek(0)
    # called directly: Image.open limits the size of pictures by a setting of the whole process
    image = _READERS[kind](stream)
    _check_size(image.size, max_pixels)
    width, height = image.size
    if width * height > size * _MOST_PIXELS_A_BYTE.get(kind, max_pixels):
        # the JPEG reader would allocate all of it and fill it with grey
        reason = f"{width}x{height} pixels cannot be in {size:,} bytes"
        raise Fault(f"damaged {kind} ({reason}): copy or download it again")
    if kind == "PNG":
        pixels.scale_key(image)
    deep = is_deep(image)
    image.load()
    rgb, alpha, notes = pixels.standardize(image)
    return rgb, alpha, _frames_note(image, stream) + notes, read_origin(image, deep)


def _damage(error: Exception, stream: BinaryIO, kind: str) -> str:
    message = " ".join(shown_name(str(error)).split()) or type(error).__name__
    if isinstance(error, Image.DecompressionBombError):
        return f"{kind} with a frame or tile far too large: save it anew, smaller"
    if "Decompressed data too large" in message or "Too much memory" in message:
        return f"{kind} with a text that unpacks to far too much: save it anew without metadata"
    if "truncated" in message.lower() or formats.ends_early(stream, kind):
        return f"truncated {kind} (the file ends early): copy or download it again"
    return f"damaged {kind} ({message}): copy or download it again"


def _check_size(size: tuple[int, int], max_pixels: int) -> None:
    width, height = size
    if width * height > max_pixels:
        raise Fault(
            f"{width}x{height} pixels ({width * height / 1e6:,.0f} million) are over the limit of "
            f"{max_pixels / 1e6:,.0f} million: make it smaller"
        )


def _frames_note(image: Image.Image, stream: BinaryIO) -> tuple[str, ...]:
    try:
        if image.format == "GIF":  # Pillow would decode them all
            return _animated(costs.gif_frames(stream))
        if not getattr(image, "is_animated", False):
            return ()
        if image.format == "HEIF":
            return ("several pictures: the main one used",)
        if image.format == "TIFF":  # counting its pages can take long
            return ("several pages: the first used",)
        return _animated(getattr(image, "n_frames", 1))
    except Exception:  # a later frame is damaged; only the first is needed
        return ("animated and damaged: first frame used",)


def _animated(frames: int) -> tuple[str, ...]:
    number = f"more than {costs.MOST_FRAMES:,}" if frames > costs.MOST_FRAMES else frames
    return (f"animated: first frame of {number} used",) if frames > 1 else ()


MAX_STREAM_BYTES = 1 << 30  # a stream is read into memory
MAX_FILE_BYTES = 1 << 31  # more than MAX_PIXELS of 16-bit RGBA take


def open_stream(source: str | os.PathLike[str] | BinaryIO) -> AbstractContextManager[BinaryIO]:
    """Open a regular file, or read a whole stream into memory, as a seekable binary stream.

    Raises:
        Fault: a folder, pipe or device; a stream over MAX_STREAM_BYTES; an invalid file name.
        OSError: the system cannot open the file; see `why_unread`.
    """
    if isinstance(source, str | os.PathLike):
        return _opened_file(source)
    return _whole_stream(source)


@contextmanager
def _opened_file(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    with ExitStack() as stack:
        try:
            stream = stack.enter_context(open_regular(path, MAX_FILE_BYTES))
        except NotRegular as error:
            if error.kind == "folder":
                raise Fault("is a folder, not a picture: name a file in it") from error
            reason = f"is a {error.kind}, not a file: save the picture to a file first"
            raise Fault(reason) from error
        except TooLarge as error:
            raise Fault(f"{error.strerror}: make it smaller") from error
        except ValueError as error:  # a zero byte, a lone surrogate
            raise Fault("no file can have this name: check the path") from error
        yield stream


@contextmanager
def _whole_stream(stream: BinaryIO) -> Iterator[BinaryIO]:
    blocks, total = [], 0
    while block := stream.read(1 << 20):
        blocks.append(block)
        total += len(block)
        if total > MAX_STREAM_BYTES:
            raise Fault(f"more than {MAX_STREAM_BYTES >> 20} MiB: send a smaller picture")
    yield io.BytesIO(b"".join(blocks))
