"""Every mode of pixels comes to upright sRGB of 8 bits, its transparency apart."""

import numpy as np
import pytest
from pictures import chunk, encoded, exif, noise, odd_files, opened, png
from PIL import Image, ImageCms

from condcolor.images import PictureError


def test_cmyk_gives_its_colors():
    cyan = Image.new("CMYK", (16, 16), (255, 0, 0, 0))
    for kind in ("JPEG", "TIFF"):
        assert opened(encoded(cyan, kind)).rgb[8, 8] == pytest.approx([0, 255, 255], abs=4)


def rgba_ramp() -> np.ndarray:
    drawn = noise(channels=4)
    drawn[..., 3] = np.linspace(0, 255, 40).astype(np.uint8)
    return drawn


@pytest.mark.parametrize("ground", [(255, 255, 255), (10, 200, 30)])
@pytest.mark.parametrize("mode", ["RGBA", "LA"])
@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF"])
def test_alpha_is_kept_apart_and_the_rest_composited(mode, kind, ground):
    image = Image.fromarray(rgba_ramp()).convert(mode)
    options = {"lossless": True, "exact": True} if kind == "WEBP" else {}
    picture = opened(encoded(image, kind, **options), background=ground)
    straight = np.asarray(image.convert("RGBA")).astype(float)
    alpha = straight[..., 3:] / 255
    assert np.array_equal(picture.alpha, straight[..., 3])
    expected = straight[..., :3] * alpha + np.array(ground) * (1 - alpha)
    assert np.abs(picture.rgb - expected).max() <= 1


def test_an_opaque_alpha_is_no_alpha():
    drawn = rgba_ramp()
    drawn[..., 3] = 255
    picture = opened(encoded(drawn, "PNG"))
    assert picture.alpha is None
    assert np.array_equal(picture.rgb, drawn[..., :3])


def test_palette_transparency_is_kept():
    image = Image.new("P", (2, 1))
    image.putpalette([255, 0, 0, 0, 0, 255])
    image.putdata([0, 1])
    for kind in ("PNG", "GIF"):
        picture = opened(encoded(image, kind, transparency=1))
        assert picture.alpha.tolist() == [[255, 0]]
        assert picture.rgb.tolist() == [[[255, 0, 0], [255, 255, 255]]]


@pytest.mark.parametrize(("bits", "color", "row", "key"), [
    (1, 0, b"\x40", b"\0\1"), (2, 0, b"\x10", b"\0\1"), (4, 0, b"\x01", b"\0\1"),
    (8, 0, b"\0\1", b"\0\1"), (16, 0, b"\0\0\1\2", b"\1\2"),
    (8, 2, b"\0\0\0\1\2\3", b"\0\1\0\2\0\3"), (16, 2, bytes(6) + b"\1\0\2\0\3\0", b"\1\0\2\0\3\0"),
])  # fmt: skip
def test_a_transparent_color_is_kept_at_every_depth(bits, color, row, key):
    data = png(2, 1, b"\0" + row, bits=bits, color=color, extra=chunk(b"tRNS", key))
    picture = opened(data)
    assert picture.alpha.tolist() == [[255, 0]]
    assert picture.rgb.tolist() == [[[0] * 3, [255] * 3]]


@pytest.mark.parametrize("dtype", ["<u2", ">u2", "<i4"])
@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_16_bit_grey_is_scaled_not_clipped(dtype, kind):
    levels = np.arange(0, 65536, 257 * 5, dtype=dtype)[None]
    if kind == "PNG":
        levels = levels.astype("<u2")
    grey = opened(encoded(levels, kind)).rgb
    assert np.array_equal(grey, (levels // 257).astype(np.uint8)[..., None].repeat(3, axis=2))


def test_16_bit_grey_is_rounded():
    levels = np.arange(65536, dtype=np.uint16).reshape(256, 256)
    assert np.abs(opened(encoded(levels, "PNG")).rgb[..., 0] - levels / 257).max() <= 0.5


def test_16_bit_color_and_alpha_are_scaled():
    row = bytes([0]) + np.array([[65535, 32896, 0, 65535]], ">u2").tobytes()
    picture = opened(png(1, 1, row, bits=16, color=6))
    assert picture.rgb.tolist() == [[[255, 128, 0]]]
    assert picture.alpha is None
    row = bytes([0]) + np.array([[0, 65535, 0, 32896]], ">u2").tobytes()
    assert opened(png(1, 1, row, bits=16, color=6)).alpha.tolist() == [[128]]


def test_levels_beyond_16_bits_are_refused():
    with pytest.raises(PictureError, match="save it with 8 or 16 bits"):
        opened(encoded(np.array([[0, 70000]], np.int32), "TIFF"))


@pytest.mark.parametrize("name", ["bilevel.png", "bilevel.tif"])
def test_one_bit_is_black_and_white(name):
    expected = np.asarray(Image.fromarray(noise()[..., 0]).convert("1"))
    rgb = opened(odd_files()[name]).rgb
    assert np.array_equal(rgb, np.where(expected, 255, 0)[..., None].repeat(3, axis=2))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_orientation_turns_the_picture_upright(orientation, kind):
    upright = noise()
    swapped = upright.transpose(1, 0, 2)
    stored = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: swapped,
        6: np.rot90(upright),
        7: swapped[::-1, ::-1],
        8: np.rot90(upright, -1),
    }[orientation]
    data = encoded(np.ascontiguousarray(stored), kind, exif=exif(orientation))
    assert np.array_equal(opened(data).rgb, upright)


def test_orientation_turns_alpha_too():
    drawn = rgba_ramp()
    data = encoded(np.ascontiguousarray(np.rot90(drawn)), "PNG", exif=exif(6))
    assert np.array_equal(opened(data).alpha, drawn[..., 3])


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
def test_bogus_orientation_and_broken_exif_are_ignored():
    for name in ("bogus-turn.jpg", "broken-exif.jpg"):
        assert opened(odd_files()[name]).size == (40, 30)


def test_a_broken_profile_is_ignored_and_said():
    picture = opened(odd_files()["broken-profile.png"])
    assert np.array_equal(picture.rgb, noise())
    assert picture.notes == ("broken colour profile ignored",)


def test_an_srgb_profile_changes_nothing():
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    picture = opened(encoded(noise(), "PNG", icc_profile=profile))
    assert np.array_equal(picture.rgb, noise())
    assert picture.notes == ()


def test_another_profile_is_converted():
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    # The same primaries under other names: red and blue change places.
    swapped = bytearray(profile.replace(b"s\0R\0G\0B", b"o\0t\0h\0e"))
    red, blue = swapped.index(b"rXYZ"), swapped.index(b"bXYZ")
    swapped[red], swapped[blue] = swapped[blue], swapped[red]
    picture = opened(encoded(noise(), "PNG", icc_profile=bytes(swapped)))
    assert np.abs(picture.rgb[..., ::-1].astype(int) - noise()).max() <= 2
    assert picture.notes == ("colour profile converted to sRGB",)


def test_a_profile_for_other_pixels_is_ignored():
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    picture = opened(encoded(noise()[..., 0], "PNG", icc_profile=profile))
    assert picture.notes == ("colour profile for RGB ignored",)
    assert np.array_equal(picture.rgb[..., 1], noise()[..., 0])
