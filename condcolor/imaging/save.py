"""Save a picture: arrays and images encoded in a format, written whole."""

from __future__ import annotations

import io
import os
from typing import Any

import numpy as np
from PIL import Image

from condcolor.errors import DataError, UsageError, did_you_mean
from condcolor.imaging.depth import encode_deep, encode_tiff
from condcolor.imaging.formats import WRITE_FORMATS, format_for
from condcolor.imaging.origin import DEEP, NO_ORIGIN, WITH_TEXTS, Origin
from condcolor.runtime.files import refuse_taken, write_whole
from condcolor.runtime.messages import shown_name


def encode_picture(
    rgb: np.ndarray,
    alpha: np.ndarray | None = None,
    format: str = "PNG",
    origin: Origin = NO_ORIGIN,
) -> bytes:
    """Encode `rgb [H, W, 3]` uint8 and `alpha [H, W]` uint8 as the bytes of a file.

    If the format has no alpha, the picture is composited on white.

    Args:
        origin: resolution, texts and depth of the picture that this one was made of; default none.

    Raises:
        UsageError: an unknown format, or a side longer than the format allows.
        ValueError: an array of another shape or dtype.
    """
    if format not in WRITE_FORMATS:
        hint = did_you_mean(format, WRITE_FORMATS)
        raise UsageError(f"format '{format}' is not one of {', '.join(WRITE_FORMATS)}{hint}")
    row = WRITE_FORMATS[format]
    image = _to_image(rgb, alpha, row.alpha)
    check_size(image.size, format)
    fits = origin.grey is not None and origin.grey.shape == rgb.shape[:2]
    if alpha is None and format in DEEP and fits:
        return encode_deep(rgb, origin, format)
    if format == "TIFF" and origin.has_dates:
        return encode_tiff([np.asarray(image)], image.size, origin)
    options: dict[str, Any] = dict(row.options)
    if origin.dpi and format != "WEBP":
        options["dpi"] = origin.dpi
    if format in WITH_TEXTS and len(exif := origin.exif(format)):
        options["exif"] = exif
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


def check_size(size: tuple[int, int], format: str) -> None:
    """Raise UsageError if a picture of (width, height) is larger than a key of WRITE_FORMATS allows."""
    most = WRITE_FORMATS[format].max_side
    if max(size) > most:
        raise UsageError(
            f"{size[0]}x{size[1]} pixels do not fit in a {format}, which ends at {most} a side: "
            "save it as .png"
        )


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
    path: str | os.PathLike[str],
    rgb: np.ndarray,
    alpha: np.ndarray | None = None,
    *,
    overwrite: bool = False,
) -> None:
    """Save a picture in the format of the suffix; raises as `encode_for` and `write_whole` do."""
    refuse_taken(path, overwrite)
    write_whole(path, encode_for(path, rgb, alpha), overwrite=overwrite)


def encode_for(
    path: str | os.PathLike[str],
    rgb: np.ndarray,
    alpha: np.ndarray | None = None,
    origin: Origin = NO_ORIGIN,
) -> bytes:
    """Encode a picture in the format of the suffix of `path`, which is named in messages.

    Raises:
        UsageError: an unknown suffix, or a picture too large for the format.
        DataError: the encoder fails.
    """
    format = format_for(path)
    try:
        return encode_picture(rgb, alpha, format, origin)
    except UsageError as error:
        raise UsageError(f"{shown_name(path)}: {error}") from error
    except (MemoryError, OSError) as error:
        reason = f"cannot be encoded as {format} ({error or 'not enough memory'})"
        raise DataError(f"{shown_name(path)}: {reason}: save it smaller") from error


def save_image(
    path: str | os.PathLike[str], image: Image.Image, *, overwrite: bool = False
) -> None:
    """Save an RGB or RGBA image; raises as `save_picture` does."""
    save_picture(path, *_channels(image), overwrite=overwrite)


def encode_image(
    path: str | os.PathLike[str], image: Image.Image, origin: Origin = NO_ORIGIN
) -> bytes:
    """Encode an RGB or RGBA image; raises as `encode_for` does."""
    return encode_for(path, *_channels(image), origin)


SHOWN = 512  # pixels of the longer side of a picture in a notebook


def encode_shown(image: Image.Image) -> bytes:
    """Encode an RGB or RGBA image as PNG for a notebook, reduced to SHOWN pixels if it is larger."""
    small = image.copy()
    small.thumbnail((SHOWN, SHOWN))
    return encode_picture(*_channels(small))


def _channels(image: Image.Image) -> tuple[np.ndarray, np.ndarray | None]:
    """Return RGB `[H, W, 3]` and alpha `[H, W]` or None, uint8, of an RGB or RGBA image."""
    alpha = np.asarray(image.getchannel("A")) if image.mode == "RGBA" else None
    return np.asarray(image.convert("RGB")), alpha
