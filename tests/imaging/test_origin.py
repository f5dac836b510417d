"""What of a scan its coloured copy keeps: resolution, description, copyright, dates, 16 bits, no more."""

from __future__ import annotations

import dataclasses
import io

import numpy as np
import pytest
from pictures import EXIF_SECRET, encoded, noise, opened
from PIL import ExifTags, Image, ImageCms

from condcolor.errors import PictureError
from condcolor.imaging.depth import deepened
from condcolor.imaging.formats import WRITE_FORMATS
from condcolor.imaging.origin import NO_ORIGIN, Origin
from condcolor.imaging.save import encode_picture

RAMP = np.linspace(0, 65535, 300 * 40).reshape(40, 300).astype(np.uint16)
TEXTS = {
    270: "Großmutter, 1931".encode(),
    315: b"A. Maker",
    33432: b"(c) x",
    306: b"2020:01:02 03:04:05",
}
DATE = {36867: b"1931:05:06 07:08:09"}


def exif(**more) -> Image.Exif:
    made = Image.Exif()
    for tag, text in TEXTS.items():
        made[tag] = text
    made.get_ifd(ExifTags.IFD.Exif).update(DATE)
    made[ExifTags.IFD.Exif] = DATE  # for TIFF
    made[ExifTags.Base.Make] = EXIF_SECRET
    made[ExifTags.Base.XPComment] = EXIF_SECRET
    made.get_ifd(ExifTags.IFD.GPSInfo)[1] = "N"
    return made


def test_a_transparent_tiff_keeps_its_dates_and_its_transparency():
    rgba = noise(channels=4)
    picture = opened(encoded(noise(), "JPEG", exif=exif()))
    data = encode_picture(rgba[..., :3].copy(), rgba[..., 3].copy(), "TIFF", picture.origin)
    assert (np.asarray(Image.open(io.BytesIO(data))) == rgba).all()
    assert opened(data).origin.texts[36867] == DATE[36867]


@pytest.mark.parametrize("source", ["JPEG", "PNG", "TIFF"])
@pytest.mark.parametrize("target", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_resolution_and_texts_come_through(source, target):
    picture = opened(encoded(noise(), source, dpi=(600, 300), exif=exif()))
    assert dict(picture.origin.texts) == TEXTS | DATE
    data = encode_picture(picture.rgb, None, target, picture.origin)
    again = opened(data).origin
    assert dict(again.texts) == TEXTS | DATE
    assert again.dpi == pytest.approx((600, 300), abs=0.01)
    assert picture.origin.losses(target) == ()
    assert EXIF_SECRET not in data
    assert not Image.open(io.BytesIO(data)).getexif().get_ifd(ExifTags.IFD.GPSInfo)


def test_25_bytes_that_are_not_understood_are_not_copied():
    made = exif()
    made[270] = b"seen\0" + EXIF_SECRET
    picture = opened(encoded(noise(), "JPEG", exif=made) + EXIF_SECRET)
    assert picture.origin.texts[270] == b"seen"
    for format in WRITE_FORMATS:
        assert EXIF_SECRET not in encode_picture(picture.rgb, None, format, picture.origin)


def test_a_bmp_says_what_it_loses():
    picture = opened(encoded(noise(), "JPEG", dpi=(72, 72), exif=exif()))
    assert opened(
        encode_picture(picture.rgb, None, "BMP", picture.origin)
    ).origin.dpi == pytest.approx((72, 72), abs=0.1)
    (note,) = picture.origin.losses("BMP")
    assert note == "its description, copyright and dates are lost: a BMP holds none"


def test_the_texts_of_a_png_count_as_well():
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    info.add_text("Description", "Gran")
    info.add_itxt("Copyright", "©日本")
    info.add_text("Comment", EXIF_SECRET.decode())
    texts = opened(encoded(noise(), "PNG", pnginfo=info)).origin.texts
    assert texts == {270: b"Gran", 33432: "©日本".encode()}


@pytest.mark.parametrize("dpi", [(0, 0), (1e9, 1e9), (-5, 5)])
def test_a_resolution_that_cannot_be_is_none(dpi):
    image = Image.fromarray(noise())
    image.info["dpi"] = dpi
    from condcolor.imaging.origin import read_origin

    assert read_origin(image, False).dpi is None


def test_damaged_exif_is_no_exif():
    whole = encoded(noise(), "JPEG", exif=exif(), dpi=(300, 300))
    at = whole.index(b"Exif")
    for i in range(at, at + 300):
        data = whole[:i] + bytes([whole[i] ^ 0xFF]) + whole[i + 1 :]
        try:
            picture = opened(data)
        except PictureError:
            continue
        for format in WRITE_FORMATS:
            encode_picture(picture.rgb, None, format, picture.origin)


@pytest.mark.parametrize("source", ["PNG", "TIFF"])
@pytest.mark.parametrize("target", ["PNG", "TIFF"])
def test_20_the_levels_of_a_grey_scan_come_back_in_16_bits(source, target):
    picture = opened(encoded(Image.fromarray(RAMP), source, dpi=(600, 600)))
    assert (picture.origin.grey == RAMP).all()
    data = encode_picture(picture.rgb, None, target, picture.origin)
    assert opened(data).origin.is_deep
    assert opened(data).origin.dpi == pytest.approx((600, 600), abs=0.01)
    levels = read_deep(data)
    assert levels.shape == (40, 300, 3)
    assert abs(levels.astype(int) - RAMP[..., None]).max() <= 1
    assert abs(np.asarray(Image.open(io.BytesIO(data))).astype(int) - picture.rgb).max() <= 1


def read_deep(data: bytes) -> np.ndarray:
    """The `[H, W, 3]` uint16 of a file that `encode_deep` wrote, by other readers than Pillow's."""
    if data.startswith(b"\x89PNG"):
        import zlib

        at = data.index(b"IDAT")
        size = int.from_bytes(data[at - 4 : at], "big")
        width, height = (int.from_bytes(data[i : i + 4], "big") for i in (16, 20))
        rows = np.frombuffer(zlib.decompress(data[at + 4 : at + 4 + size]), np.uint8)
        rows = rows.reshape(height, 1 + 6 * width)
        assert (rows[:, 0] == 1).all()
        pixels = rows[:, 1:].reshape(height, width, 6).cumsum(axis=1, dtype=np.uint8)
        return pixels.view(">u2")
    tifffile = pytest.importorskip("tifffile")
    return tifffile.imread(io.BytesIO(data))


def luminance(levels: np.ndarray) -> np.ndarray:
    level = levels / 65535
    light = np.where(level <= 0.04045, level / 12.92, ((level + 0.055) / 1.055) ** 2.4)
    return light @ np.array([0.2126, 0.7152, 0.0722])


def test_20_a_coloring_has_the_luminance_of_its_16_bit_original():
    grey = np.linspace(15000, 50000, 4000).astype(np.uint16)[None]
    tinted = grey[..., None] / 257 + np.array([20.0, -8.0, 6.0])
    rgb = tinted.round().astype(np.uint8)
    rgb16 = np.concatenate(list(deepened(rgb, grey)))
    # of the same tint in every level the luminance rises from pixel to pixel: 4,000 tones, not 137
    tones = luminance(rgb16)[0]
    assert len(np.unique(np.round(tones, 6))) > 3000
    ideal = luminance(np.repeat(grey[..., None], 3, axis=2))[0]
    assert abs(tones - ideal).max() < 6e-4
    assert abs(rgb16 / 257 - rgb).max() <= 1.01


def test_a_profile_changes_the_levels_of_16_bits_as_those_of_8():
    linear = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    picture = opened(encoded(Image.fromarray(RAMP), "TIFF", icc_profile=linear))
    assert abs(picture.origin.grey / 257 - picture.rgb[..., 0]).max() <= 1


def test_17_16_bits_of_colour_or_transparency_are_said_to_be_lost():
    tifffile = pytest.importorskip("tifffile")
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, noise().astype(np.uint16) * 257, photometric="rgb")
    picture = opened(buffer.getvalue())
    assert picture.origin.is_deep
    assert picture.origin.grey is None
    assert picture.origin.losses("TIFF") == ("its 16 bits a channel become 8",)
    kept = Origin(is_deep=True, grey=RAMP)
    assert kept.losses("PNG") == ()
    assert kept.losses("JPEG") == ("its 16 bits a channel become 8: save it as .png or .tif",)
    assert dataclasses.replace(kept, grey=None) == kept.without_depth()


def test_a_picture_without_any_of_it_is_encoded_as_ever():
    assert opened(encoded(noise(), "PNG")).origin == NO_ORIGIN
    assert encode_picture(noise()) == encode_picture(noise(), origin=NO_ORIGIN)
