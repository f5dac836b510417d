"""`Origin`: what of a file a colored copy keeps besides 8-bit pixels: resolution, texts, 16-bit grey.

Texts are the description, author, copyright and dates. Nothing else of the metadata is kept: no place, no
camera, no thumbnail, and no bytes that are not understood.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from PIL import ExifTags, Image, ImageFile

from condcolor.imaging import pixels

Base = ExifTags.Base
TEXTS = (Base.ImageDescription, Base.Artist, Base.Copyright, Base.DateTime)
DATES = (  # in the Exif part of the metadata
    *(Base.DateTimeOriginal, Base.DateTimeDigitized),
    *(Base.OffsetTime, Base.OffsetTimeOriginal, Base.OffsetTimeDigitized),
)
# the same in the text chunks of a PNG
PNG_TEXTS = {
    "Description": Base.ImageDescription,
    "Author": Base.Artist,
    "Copyright": Base.Copyright,
    "Creation Time": Base.DateTime,
}
LONGEST_TEXT = 4096  # bytes of a text that is kept
WITH_TEXTS = ("JPEG", "PNG", "TIFF", "WEBP")  # formats that hold texts
DEEP = ("PNG", "TIFF")  # formats that hold 16 bits a channel
MOST_DPI = 100_000


@dataclass(frozen=True)
class Origin:
    """What is kept of a picture file.

    dpi: horizontal and vertical, in pixels an inch; None where the file has none.
    texts: EXIF tag -> bytes of its text, of TEXTS and DATES.
    is_deep: whether a channel has more than 8 bits.
    grey: `[H, W]` uint16, the levels of an opaque grey picture of 16 bits, upright and in sRGB; else None.
    """

    dpi: tuple[float, float] | None = None
    texts: Mapping[int, bytes] = field(default_factory=dict)
    is_deep: bool = False
    grey: np.ndarray | None = None

    @property
    def has_dates(self) -> bool:
        """Whether there are texts for the Exif part of the metadata."""
        return any(tag in self.texts for tag in DATES)

    def without_depth(self) -> Origin:
        """Return a copy for a picture of which 8 bits are made."""
        return replace(self, grey=None)

    def losses(self, format: str) -> tuple[str, ...]:
        """Return what a file of a format (a key of WRITE_FORMATS) does not keep, as notes for users."""
        notes = []
        if self.is_deep and (self.grey is None or format not in DEEP):
            instead = ": save it as .png or .tif" if self.grey is not None else ""
            notes.append(f"its 16 bits a channel become 8{instead}")
        if self.texts and format not in WITH_TEXTS:
            notes.append(f"its description, copyright and dates are lost: a {format} holds none")
        return tuple(notes)

    def exif(self, format: str) -> Image.Exif:
        """Return the texts as EXIF, with the resolution for formats that have no other place for it."""
        exif = Image.Exif()
        for tag in TEXTS:
            if tag in self.texts:
                exif[tag] = self.texts[tag]
        if self.dpi and format == "WEBP":
            exif[Base.XResolution], exif[Base.YResolution] = self.dpi
            exif[Base.ResolutionUnit] = 2  # inches
        dates = {int(tag): self.texts[tag] for tag in DATES if tag in self.texts}
        if dates:
            exif.get_ifd(ExifTags.IFD.Exif).update(dates)
        return exif


NO_ORIGIN = Origin()


def is_deep(image: ImageFile.ImageFile) -> bool:
    """Return whether a picture has more than 8 bits a channel; call before `image.load()`."""
    if image.format == "TIFF":
        bits = getattr(image, "tag_v2", {}).get(258, (8,))  # BitsPerSample
        return max(bits if isinstance(bits, tuple) else (bits,)) > 8
    if image.format == "HEIF":
        return int(image.info.get("bit_depth", 8)) > 8
    raw_mode = image.tile[0][3] if image.tile else None
    return image.mode.startswith("I") or (isinstance(raw_mode, str) and raw_mode.endswith("16B"))


def read_origin(image: ImageFile.ImageFile, deep: bool) -> Origin:
    """Return the origin of a loaded picture; damaged metadata count as missing.

    deep: the result of `is_deep`.
    """
    grey = None
    if deep and image.mode.startswith("I") and not image.has_transparency_data:
        grey = pixels.grey_levels(image)
    return Origin(_dpi(image), _texts(image), deep, grey)


def _dpi(image: Image.Image) -> tuple[float, float] | None:
    try:
        dpi = image.info.get("dpi")
        if dpi is None and image.format == "WEBP":
            exif = image.getexif()
            if exif.get(Base.ResolutionUnit) == 2:
                dpi = exif[Base.XResolution], exif[Base.YResolution]
        x, y = (float(value) for value in dpi or ())
    except Exception:  # missing, damaged, or no two numbers
        return None
    good = all(math.isfinite(value) and 1 < value <= MOST_DPI for value in (x, y))
    return (x, y) if good else None


def _texts(image: Image.Image) -> dict[int, bytes]:
    texts: dict[int, bytes] = {}
    if image.format == "PNG":
        for name, tag in PNG_TEXTS.items():
            _keep(texts, tag, image.info.get(name))
    try:
        exif = image.getexif()
        for tag in TEXTS:
            _keep(texts, tag, exif.get(tag))
        dates = exif.get_ifd(ExifTags.IFD.Exif)
        for tag in DATES:
            _keep(texts, tag, dates.get(tag))
    except Exception:  # damaged EXIF raises many types; the pixels are intact
        pass
    return texts


def _keep(texts: dict[int, bytes], tag: int, value: object) -> None:
    """Add a text, as the bytes that the file has, up to its first zero byte."""
    if isinstance(value, str):
        # Pillow decodes EXIF as Latin-1, which gives the bytes back; a PNG's texts may hold more
        value = value.encode("latin-1") if max(value, default="") <= "\xff" else value.encode()
    if isinstance(value, bytes) and (text := value.split(b"\0")[0].strip()):
        texts[int(tag)] = text[:LONGEST_TEXT]
