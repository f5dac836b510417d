"""Decoded pixels of any mode, depth, color profile and orientation as upright 8-bit sRGB, alpha apart."""

from __future__ import annotations

import io

import numpy as np
from PIL import ExifTags, Image, ImageCms, ImageFile

_T = Image.Transpose
_TURNS = {
    2: _T.FLIP_LEFT_RIGHT,
    3: _T.ROTATE_180,
    4: _T.FLIP_TOP_BOTTOM,
    5: _T.TRANSPOSE,
    6: _T.ROTATE_270,
    7: _T.TRANSVERSE,
    8: _T.ROTATE_90,
}
_PROFILE_SPACES = {"RGB": "RGB", "L": "GRAY", "CMYK": "CMYK"}
# Pillow scales a PNG's pixels to 8 bits, but not its transparent color (the tRNS chunk).
_SCALED_KEYS = {
    "L;2": lambda key: key * 85,
    "L;4": lambda key: key * 17,
    "RGB;16B": lambda key: tuple(channel >> 8 for channel in key),
}


class UnsuitablePixels(ValueError):
    """Pixel values that have no defined 8-bit color: floats, or integers beyond 16 bits."""


def scale_key(image: ImageFile.ImageFile) -> None:
    """Scale a PNG's transparent color (tRNS) as its pixels are scaled; call before `image.load()`."""
    raw_mode = image.tile[0][3] if image.tile else None
    if isinstance(raw_mode, str) and raw_mode in _SCALED_KEYS and "transparency" in image.info:
        image.info["transparency"] = _SCALED_KEYS[raw_mode](image.info["transparency"])


def standardize(image: Image.Image) -> tuple[Image.Image, Image.Image | None, tuple[str, ...]]:
    """Convert a loaded image of any mode to (RGB, alpha, notes).

    Alpha has mode L, or is None if no pixel is transparent; colors under alpha 0 are kept.

    Raises:
        UnsuitablePixels: floats, or integers that 16 bits cannot hold.
    """
    turn = _TURNS.get(_orientation(image))
    profile = image.info.get("icc_profile")
    image, alpha = _split_alpha(_to_8_bits(image))
    if alpha is not None and alpha.getextrema() == (255, 255):
        alpha = None
    rgb, notes = _to_srgb(image, profile)
    if turn is not None:
        rgb, alpha = rgb.transpose(turn), alpha and alpha.transpose(turn)
    return rgb, alpha, notes


def grey_levels(image: Image.Image) -> np.ndarray:
    """Return the levels of a loaded 16-bit grey image, `[H, W]` uint16, upright and in sRGB."""
    levels = np.asarray(image)
    if profile := image.info.get("icc_profile"):
        ramp = Image.fromarray(np.arange(256, dtype=np.uint8)[None])
        rgb, _ = _to_srgb(ramp, profile)
        converted = np.asarray(rgb)[0].mean(axis=-1)
        levels = np.interp(levels, np.arange(256) * 257, converted * 257).round()
    turn = _TURNS.get(_orientation(image))
    whole = Image.fromarray(levels.astype(np.uint16))
    return np.asarray(whole if turn is None else whole.transpose(turn))


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:  # damaged EXIF raises many types; the pixels are intact
        return 1


def _to_8_bits(image: Image.Image) -> Image.Image:
    if image.mode == "F":
        raise UnsuitablePixels("its pixels are floats: save it with 8 or 16 bits")
    if not image.mode.startswith("I"):
        return image
    levels = np.asarray(image)
    if levels.min() < 0 or levels.max() > 65535:
        raise UnsuitablePixels("its grey levels leave 0..65535: save it with 8 or 16 bits")
    grey = Image.fromarray(((levels.astype(np.uint32) * 255 + 32767) // 65535).astype(np.uint8))
    key = image.info.get("transparency")
    if not isinstance(key, int):
        return grey
    return Image.merge("LA", (grey, Image.fromarray(np.where(levels == key, 0, 255).astype("u1"))))


def _split_alpha(image: Image.Image) -> tuple[Image.Image, Image.Image | None]:
    """Split an image into (L, RGB or CMYK without alpha, alpha or None)."""
    if image.has_transparency_data:
        alpha = image.convert("RGBA").getchannel("A")
        if image.mode == "LA":
            return image.getchannel("L"), alpha
        return image.convert("RGBA").convert("RGB"), alpha
    if image.mode == "1":
        return image.convert("L"), None
    return (image if image.mode in _PROFILE_SPACES else image.convert("RGB")), None


def _to_srgb(image: Image.Image, profile: bytes | None) -> tuple[Image.Image, tuple[str, ...]]:
    if not profile:
        return image.convert("RGB"), ()
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        space = source.profile.xcolor_space.strip()
        if space != _PROFILE_SPACES[image.mode]:
            return image.convert("RGB"), (f"colour profile for {space} ignored",)
        if "sRGB" in ImageCms.getProfileDescription(source):
            return image.convert("RGB"), ()
        srgb = ImageCms.createProfile("sRGB")
        rgb = ImageCms.profileToProfile(image, source, srgb, outputMode="RGB")
        assert rgb is not None  # it is only when the image is converted in place
        return rgb, ("colour profile converted to sRGB",)
    except Exception:  # without its profile the colors are slightly off
        return image.convert("RGB"), ("broken colour profile ignored",)
