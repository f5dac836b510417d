"""Any picture opened safely; the door, too, to saving and resizing."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import (
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

from condcolor import filetypes, pixels
from condcolor.errors import DataError
from condcolor.filetypes import shown_name
from condcolor.geometry import Box, letterbox, resize
from condcolor.saving import encode_picture, save_picture
from condcolor.streams import Fault, open_stream, why_unread

__all__ = [
    "MAX_PIXELS",
    "READ_SUFFIXES",
    "Box",
    "Picture",
    "PictureError",
    "encode_picture",
    "find_pictures",
    "letterbox",
    "open_picture",
    "picture_of",
    "resize",
    "save_picture",
]

MAX_PIXELS = 178_956_970  # 512 MiB of RGB, the size at which Pillow speaks of a bomb
READ_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff")

# Pillow's readers, called directly: Image.open warns of large pictures and refuses them by a
# setting of the whole process, where here the cap is an argument.
_READERS = {
    "PNG": PngImagePlugin.PngImageFile,
    "JPEG": JpegImagePlugin.JpegImageFile,
    "WEBP": WebPImagePlugin.WebPImageFile,
    "GIF": GifImagePlugin.GifImageFile,
    "BMP": BmpImagePlugin.BmpImageFile,
    "TIFF": TiffImagePlugin.TiffImageFile,
}
# No byte of a file can hold more: deflate shrinks 1032 times, to one bit a pixel at best; a JPEG
# block of 8x8 takes a bit, and at the sparsest sampling 128 pixels share one.
_MOST_PIXELS_A_BYTE = {"PNG": 1032 * 8, "JPEG": 128 * 8}


class PictureError(DataError):
    """A picture that cannot be read or written: one line, the file's name first."""


@dataclass(frozen=True)
class Picture:
    """A decoded picture, upright and in sRGB."""

    rgb: np.ndarray  # [H, W, 3] uint8, transparent parts composited on the background
    alpha: np.ndarray | None  # [H, W] uint8; None where nothing is transparent
    notes: tuple[str, ...] = ()  # what was passed over: "animated: first frame of 12 used"

    @property
    def size(self) -> tuple[int, int]:
        """(width, height)."""
        return self.rgb.shape[1], self.rgb.shape[0]


_Decoded = tuple[Image.Image, Image.Image | None, tuple[str, ...]]  # RGB, alpha, notes


def open_picture(
    source: str | os.PathLike | BinaryIO,
    *,
    background: tuple[int, int, int] = (255, 255, 255),
    max_pixels: int = MAX_PIXELS,
    name: str | None = None,
) -> Picture:
    """Decode a PNG, JPEG, WEBP, GIF, BMP or TIFF, known by its content, or say why not.

    The first frame or page; turned as EXIF says; 16-bit grey scaled by 1/257; a colour profile
    brought to sRGB. A stream is read to its end. Thread-safe.

    Args:
        background: RGB in 0..255, shown through transparent parts.
        max_pixels: width x height allowed, checked before decoding.
        name: how messages call the picture; default the path as given.
    Raises:
        PictureError: `cat.png: what is wrong: what to do`, for whatever the file does.
    """
    is_path = isinstance(source, str | os.PathLike)
    label = shown_name(name or (source if is_path else "the picture"))
    try:
        with open_stream(source) as stream:
            rgb, alpha, notes = _read(stream, max_pixels)
        return _composited(rgb, alpha, notes, background)
    except Fault as fault:
        raise PictureError(f"{label}: {fault}") from fault.__cause__
    except MemoryError as error:
        reason = "not enough memory to open it: make it smaller or close other programs"
        raise PictureError(f"{label}: {reason}") from error
    except OSError as error:
        raise PictureError(f"{label}: {why_unread(error, source)}") from error


def picture_of(image: Image.Image, *, name: str = "the picture") -> Picture:
    """An image that Pillow has open already, as `open_picture` would give it, on white.

    Raises:
        PictureError: its pixels cannot be brought to 8-bit RGB, or it cannot be loaded.
    """
    try:
        rgb, alpha, notes = pixels.standardize(image)
    except (OSError, ValueError, SyntaxError, pixels.UnsuitablePixels) as error:
        raise PictureError(f"{shown_name(name)}: {error}") from error
    return _composited(rgb, alpha, notes, (255, 255, 255))


def _composited(
    rgb: Image.Image, alpha: Image.Image | None, notes: tuple[str, ...], background: tuple
) -> Picture:
    if alpha is None:
        return Picture(np.array(rgb), None, notes)
    ground = Image.new("RGB", rgb.size, tuple(background))
    ground.paste(rgb, mask=alpha)
    return Picture(np.array(ground), np.array(alpha), notes)


def _read(stream: BinaryIO, max_pixels: int) -> _Decoded:
    head = stream.read(filetypes.HEAD_BYTES)
    if not head:
        raise Fault("empty file (0 bytes): copy or download it again")
    kind = filetypes.picture_format(head)
    if kind is None:
        raise Fault(filetypes.describe(head))
    if kind == "PNG" and (fault := filetypes.png_fault(stream)):
        raise Fault(fault)
    if kind == "WEBP" and (size := filetypes.webp_size(head)):  # its reader allocates at once
        _check_size(size, max_pixels)
    try:
        return _decode(stream, kind, max_pixels)
    except (Fault, MemoryError):
        raise
    except pixels.UnsuitablePixels as error:
        raise Fault(str(error)) from error
    except Exception as error:  # Pillow raises any of a dozen types on damage
        if isinstance(error, OSError) and error.errno:
            raise
        raise Fault(_damage(error, stream, kind)) from error


def _decode(stream: BinaryIO, kind: str, max_pixels: int) -> _Decoded:
    bytes_given = stream.seek(0, os.SEEK_END)
    stream.seek(0)
    image = _READERS[kind](stream)
    _check_size(image.size, max_pixels)
    width, height = image.size
    if width * height > bytes_given * _MOST_PIXELS_A_BYTE.get(kind, max_pixels):
        # A JPEG's reader would take the memory, and fill it with grey.
        reason = f"{width}x{height} pixels cannot be in {bytes_given:,} bytes"
        raise Fault(f"damaged {kind} ({reason}): copy or download it again")
    if kind == "PNG":
        pixels.scale_key(image)
    image.load()
    rgb, alpha, notes = pixels.standardize(image)
    return rgb, alpha, _frames_note(image) + notes


def _damage(error: Exception, stream: BinaryIO, kind: str) -> str:
    said = " ".join(shown_name(str(error)).split()) or type(error).__name__
    if isinstance(error, Image.DecompressionBombError):
        return f"{kind} with a frame or tile far too large: save it anew, smaller"
    if "Decompressed data too large" in said or "Too much memory" in said:
        return f"{kind} with a text that unpacks to far too much: save it anew without metadata"
    if "truncated" in said.lower() or filetypes.ends_early(stream, kind):
        return f"truncated {kind} (the file ends early): copy or download it again"
    return f"damaged {kind} ({said}): copy or download it again"


def _check_size(size: tuple[int, int], max_pixels: int) -> None:
    width, height = size
    if width * height > max_pixels:
        raise Fault(
            f"{width}x{height} pixels ({width * height / 1e6:,.0f} million) are over the limit of "
            f"{max_pixels / 1e6:,.0f} million: make it smaller"
        )


def _frames_note(image: Image.Image) -> tuple[str, ...]:
    try:
        if not getattr(image, "is_animated", False):
            return ()
        if image.format == "TIFF":  # to count its pages can take long
            return ("several pages: the first used",)
        return (f"animated: first frame of {image.n_frames} used",)
    except Exception:  # a later frame is damaged, which nobody asks for
        return ("animated and damaged: first frame used",)


def find_pictures(folder: str | os.PathLike) -> tuple[list[Path], list[str]]:
    """The pictures in a folder and its subfolders, by suffix, sorted; and what was passed over.

    Hidden files and folders are left out without a word. Passed over with a reason, a line each:
    links that leave the folder or lead nowhere, linked folders, folders and pipes with a
    picture's suffix, folders that cannot be read.

    Raises:
        PictureError: no such folder, or it cannot be read.
    """
    root = Path(folder)
    label = shown_name(root)
    try:
        if not root.is_dir():
            reason = "is a file, not a folder" if root.exists() else "no such folder"
            raise PictureError(f"{label}: {reason}: check the path")
        os.scandir(root).close()
    except OSError as error:
        raise PictureError(f"{label}: {why_unread(error, root)}") from error
    real = root.resolve()
    files: list[Path] = []
    skipped: list[str] = []

    def skip(path: Path, reason: str) -> None:
        skipped.append(f"{shown_name(path.relative_to(root))}: {reason}")

    def unreadable(error: OSError) -> None:
        skip(Path(error.filename), f"folder skipped ({error.strerror})")

    for place, subfolders, names in os.walk(root, onerror=unreadable):
        kept = []
        for name in subfolders:
            path = Path(place, name)
            if name.startswith("."):
                continue
            if path.is_symlink():
                skip(path, "link to a folder skipped")
            elif path.suffix.lower() in READ_SUFFIXES:
                skip(path, "folder with a picture's name skipped")
            else:
                kept.append(name)
        subfolders[:] = kept
        here = Path(place)
        for name in names:
            if name.startswith(".") or os.path.splitext(name)[1].lower() not in READ_SUFFIXES:
                continue
            path = here / name
            if reason := _why_skipped(path, real):
                skip(path, reason)
            else:
                files.append(path)
    return sorted(files, key=lambda path: path.parts), sorted(skipped)


def _why_skipped(path: Path, root: Path) -> str | None:
    try:
        kind = os.lstat(path).st_mode
        if stat.S_ISLNK(kind):
            if not path.resolve(strict=True).is_relative_to(root):
                return "link that leaves the folder skipped"
            kind = os.stat(path).st_mode
        return None if stat.S_ISREG(kind) else "not a file (a pipe or device) skipped"
    except (OSError, RuntimeError):
        return "dangling link skipped"
