"""Pictures encoded, and files saved whole or not at all."""

from __future__ import annotations

import errno
import io
import os
import secrets
import stat
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

from condcolor.errors import DataError, UsageError, did_you_mean
from condcolor.filetypes import shown_name


@dataclass(frozen=True)
class WriteFormat:
    """How a format is written: its suffixes, whether it keeps alpha, its encoder's options."""

    suffixes: tuple[str, ...]
    alpha: bool
    max_side: int  # pixels
    options: dict[str, object] = field(default_factory=dict)


# JPEG keeps full colour resolution, for flat fills bleed over lines without it.
WRITE_FORMATS = {
    "PNG": WriteFormat((".png",), True, 2**31 - 1),
    "JPEG": WriteFormat((".jpg", ".jpeg"), False, 65500, {"quality": 95, "subsampling": "4:4:4"}),
    "WEBP": WriteFormat((".webp",), True, 16383, {"lossless": True, "exact": True}),
    "BMP": WriteFormat((".bmp",), False, 2**31 - 1),
    "TIFF": WriteFormat((".tif", ".tiff"), True, 2**31 - 1, {"compression": "tiff_deflate"}),
}
WRITE_SUFFIXES = tuple(suffix for row in WRITE_FORMATS.values() for suffix in row.suffixes)


def encode_picture(rgb: np.ndarray, alpha: np.ndarray | None = None, format: str = "PNG") -> bytes:
    """`rgb [H,W,3] uint8`, `alpha [H,W] uint8` or None -> the bytes of a file, with no metadata.

    Alpha is composited on white where the format has none.

    Raises:
        UsageError: an unknown format, or a side longer than it can hold.
    """
    if format not in WRITE_FORMATS:
        hint = did_you_mean(format, WRITE_FORMATS)
        raise UsageError(f"format '{format}' is not one of {', '.join(WRITE_FORMATS)}{hint}")
    row = WRITE_FORMATS[format]
    image = _to_image(rgb, alpha, row.alpha)
    if max(image.size) > row.max_side:
        width, height = image.size
        raise UsageError(
            f"{width}x{height} pixels do not fit in a {format}, which ends at {row.max_side} "
            "a side: save it as .png"
        )
    buffer = io.BytesIO()
    image.save(buffer, format, **row.options)
    return buffer.getvalue()


def _to_image(rgb: np.ndarray, alpha: np.ndarray | None, keep_alpha: bool) -> Image.Image:
    if rgb.dtype != np.uint8 or rgb.ndim != 3 or rgb.shape[2] != 3 or 0 in rgb.shape:
        raise ValueError(f"rgb must be uint8 [H, W, 3], not {rgb.dtype} {list(rgb.shape)}")
    image = Image.fromarray(np.ascontiguousarray(rgb))
    if alpha is None:
        return image
    if alpha.dtype != np.uint8 or alpha.shape != rgb.shape[:2]:
        raise ValueError(
            f"alpha must be uint8 {list(rgb.shape[:2])}, not {alpha.dtype} {list(alpha.shape)}"
        )
    mask = Image.fromarray(np.ascontiguousarray(alpha))
    if keep_alpha:
        image.putalpha(mask)
        return image
    ground = Image.new("RGB", image.size, "white")
    ground.paste(image, mask=mask)
    return ground


def save_picture(
    path: str | os.PathLike,
    rgb: np.ndarray,
    alpha: np.ndarray | None = None,
    *,
    overwrite: bool = False,
) -> None:
    """Save a picture in the format that the suffix names; see encode_picture and write_whole."""
    refuse_taken(path, overwrite)
    write_whole(path, encode_for(path, rgb, alpha), overwrite=overwrite)


def encode_for(path: str | os.PathLike, rgb: np.ndarray, alpha: np.ndarray | None = None) -> bytes:
    """`encode_picture` in the format that the suffix of `path` names; what is wrong names `path`.

    Raises:
        UsageError: no such format, or it cannot hold the picture. DataError: its encoder fails.
    """
    format = format_for(path)
    try:
        return encode_picture(rgb, alpha, format)
    except UsageError as error:
        raise UsageError(f"{shown_name(path)}: {error}") from error
    except (MemoryError, OSError) as error:
        reason = f"cannot be encoded as {format} ({error or 'not enough memory'})"
        raise DataError(f"{shown_name(path)}: {reason}: save it smaller") from error


def save_image(path: str | os.PathLike, image: Image.Image, *, overwrite: bool = False) -> None:
    """`save_picture` for an RGB or RGBA image."""
    save_picture(path, *_channels(image), overwrite=overwrite)


def encode_image(path: str | os.PathLike, image: Image.Image) -> bytes:
    """`encode_for` for an RGB or RGBA image."""
    return encode_for(path, *_channels(image))


def _channels(image: Image.Image) -> tuple[np.ndarray, np.ndarray | None]:
    """RGB `[H, W, 3]` and alpha `[H, W]` or None, uint8, of an RGB or RGBA image."""
    alpha = np.asarray(image.getchannel("A")) if image.mode == "RGBA" else None
    return np.asarray(image.convert("RGB")), alpha


def format_for(path: str | os.PathLike) -> str:
    """The key of WRITE_FORMATS that a file's suffix names; UsageError when it names none."""
    suffix = Path(path).suffix.lower()
    for name, row in WRITE_FORMATS.items():
        if suffix in row.suffixes:
            return name
    came = f"suffix '{shown_name(suffix)}' is not" if suffix else "no suffix; it must be"
    choices = ", ".join(WRITE_SUFFIXES)
    hint = did_you_mean(suffix, WRITE_SUFFIXES) if suffix else ""
    raise UsageError(f"{shown_name(path)}: {came} one of {choices}{hint}")


def write_whole(path: str | os.PathLike, data: bytes, *, overwrite: bool = False) -> None:
    """Write a file so that it is there whole or not at all, whatever interrupts.

    The bytes go to a hidden file beside it, which takes the name when complete. A link in its
    place is replaced, never followed. Without `overwrite` a file that appears meanwhile stays.

    Raises:
        UsageError: the name is taken.
        DataError: the disk is full, the folder missing or read-only.
    """
    path = Path(path)
    refuse_taken(path, overwrite)
    temporary = path.parent / f".{secrets.token_hex(8)}.tmp"
    try:
        with open(temporary, "xb") as file:
            file.write(data)
        if overwrite:
            os.replace(temporary, path)
        else:
            _rename_to_new(temporary, path)
    except FileExistsError as error:
        raise UsageError(_taken(path)) from error
    except OSError as error:
        raise DataError(f"{shown_name(path)}: {_why_unwritten(error, path)}") from error
    finally:
        with suppress(OSError):
            temporary.unlink()


def refuse_taken(path: str | os.PathLike, overwrite: bool) -> None:
    """Raise UsageError when nothing may be saved under that name; worth asking before long work."""
    label = shown_name(path)
    try:
        mode = os.stat(path).st_mode
    except ValueError as error:  # a zero byte, a lone surrogate
        raise UsageError(f"{label}: no file can have this name: choose another") from error
    except OSError:  # nothing there, or a dangling link; other faults show when writing
        mode = None
    if mode is not None and stat.S_ISDIR(mode):
        raise UsageError(f"{label}: is a folder: name a file in it")
    if mode is not None and not stat.S_ISREG(mode):
        raise UsageError(f"{label}: is a device or pipe, not a file: choose another name")
    if not overwrite and os.path.lexists(path):
        raise UsageError(_taken(path))


def _taken(path: str | os.PathLike) -> str:
    return f"{shown_name(path)}: exists already: choose another name or allow overwriting"


def _rename_to_new(temporary: Path, path: Path) -> None:
    try:
        os.link(temporary, path)  # fails when the name is taken, which a rename does not
    except FileExistsError:
        raise
    except (OSError, NotImplementedError):  # a file system without hard links
        with open(path, "xb"):  # claims the name
            pass
        with ExitStack() as undo:
            undo.callback(path.unlink, missing_ok=True)  # the claim, if the rename fails
            os.replace(temporary, path)
            undo.pop_all()


def _why_unwritten(error: OSError, path: Path) -> str:
    folder = shown_name(path.parent)
    denied = (
        f"no permission to write in '{folder}': choose another folder or change its permissions"
    )
    known = {
        errno.ENOSPC: "the disk is full: free some space or choose another disk",
        errno.EDQUOT: "the disk quota is used up: free some space or choose another disk",
        errno.EROFS: f"'{folder}' is on a read-only disk: choose another folder",
        errno.EACCES: denied,
        errno.EPERM: denied,
        errno.ENOENT: f"the folder '{folder}' does not exist: make it first",
        errno.ENOTDIR: f"'{folder}' is no folder: choose another",
        errno.ENAMETOOLONG: "the name is too long: choose a shorter one",
    }
    fallback = f"cannot be written ({error.strerror or error}): check the disk"
    return known.get(error.errno, fallback)
