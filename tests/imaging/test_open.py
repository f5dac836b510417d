"""Opening pictures: everything that may lie under a picture's name, and what each gets. Every mode of pixels
comes to upright sRGB of 8 bits, its transparency apart.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from pictures import (
    EXIF_SECRET,
    as_nobody,
    bad_files,
    chunk,
    encoded,
    exif,
    flipped,
    noise,
    odd_files,
    opened,
    png,
    webp_claiming,
    write_bad_pictures,
)
from PIL import Image, ImageCms

from condcolor.errors import PictureError
from condcolor.imaging.formats import find_pictures
from condcolor.imaging.open import open_picture
from condcolor.imaging.save import encode_picture
from condcolor.runtime import regular_files

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL")
SAID = {  # what the line on each bad file must speak of
    "empty.png": "empty file",
    "page.jpg": "HTML page",
    "text.jpg": "text file",
    "utf16.png": "text file",
    "pointer.png": "is a Git LFS pointer, not the picture: run git lfs pull",
    "truncated.png": "truncated PNG",
    "header-only.png": "truncated PNG",
    "truncated.jpg": "truncated JPEG",
    "truncated.webp": "truncated WEBP",
    "truncated.gif": "truncated GIF",
    "truncated.bmp": "truncated BMP",
    "truncated.tif": "truncated TIFF",
    "truncated-lzw.tif": "truncated TIFF",
    "pixels-flipped.png": "wrong checksum in IDAT",
    "checksum-flipped.png": "wrong checksum in IDAT",
    "header-flipped.png": "wrong checksum in IHDR",
    "as-text.png": "copied as text",
    "100-megapixel.png": "10000x10000 pixels cannot be in",
    "100-megapixel.jpg": "10000x10000 pixels cannot be in",
    "900-megapixel.png": "over the limit",
    "900-megapixel.jpg": "over the limit",
    "268-megapixel.webp": "over the limit",
    "text-bomb.png": "unpacks to far too much",
    "zero.png": "zero width or height",
    "drawing.eps.png": "EPS",
    "drawing.svg.png": "SVG",
    "paper.pdf.png": "PDF",
    "photo.heic.jpg": "HEIC",
    "archive.png": "archive",
    "zeros.png": "zero bytes",
    "noise.png": "no picture that can be read",
    "floats.tif": "floats",
    "folder.png": "is a folder",
    "dangling.png": "dangling link",
    "loop.png": "leads to itself",
    "pipe.png": "is a pipe",
}


def promptly(work, seconds: float = 20):
    """The result of `work()`, or a failure where it waits for something."""
    result = []
    thread = threading.Thread(target=lambda: result.append(work()), daemon=True)
    thread.start()
    thread.join(seconds)
    assert not thread.is_alive(), "still waiting"
    return result[0]


@pytest.fixture(scope="module")
def bad(tmp_path_factory):
    return write_bad_pictures(tmp_path_factory.mktemp("bad"))


def fault_of(path) -> str:
    try:
        open_picture(path)
    except PictureError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("name", SAID)
def test_a_bad_file_gets_one_line_with_name_cause_and_remedy(bad, name, monkeypatch):
    monkeypatch.chdir(bad[name].parent)
    said = promptly(lambda: fault_of(name))
    assert said.startswith(f"{name}: ")
    assert SAID[name] in said
    assert said.isprintable()
    assert ": " in said.removeprefix(f"{name}: "), "no word of what to do"


def test_every_bad_file_is_expected(bad):
    assert set(bad) == set(SAID)


def test_a_file_that_turns_into_a_pipe_is_not_waited_for(bad, monkeypatch):
    check, seen = regular_files._check, []

    def from_the_second_time(status, *more):
        seen.append(status)
        if len(seen) > 1:
            check(status, *more)

    monkeypatch.setattr(regular_files, "_check", from_the_second_time)
    assert "is a pipe" in promptly(lambda: fault_of(bad["pipe.png"]), 5)


def test_a_stream_gets_the_same_line_as_a_file(tmp_path):
    for name, data in bad_files().items():
        (tmp_path / name).write_bytes(data)
        with pytest.raises(PictureError) as from_stream:
            open_picture(io.BytesIO(data), name=name)
        with pytest.raises(PictureError) as from_file:
            open_picture(tmp_path / name, name=name)
        assert str(from_stream.value) == str(from_file.value)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF"])
@pytest.mark.parametrize("how", ["cut", "flip"])
def test_damage_anywhere_gives_a_picture_or_a_picture_error(kind, how):
    whole = encoded(noise(12, 9), kind)
    places = np.random.default_rng(0).integers(0, len(whole), 150)
    for at in (*range(min(40, len(whole))), *places):
        data = whole[:at] if how == "cut" else whole[:at] + b"\xff" + whole[at + 1 :]
        with contextlib.suppress(PictureError), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            assert opened(data, max_pixels=10**6).rgb.dtype == np.uint8


def test_any_picture_cut_by_a_fifth_is_refused():
    for kind in ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF"):
        whole = encoded(noise(), kind)
        with pytest.raises(PictureError, match=f"truncated {kind}"):
            opened(whole[: len(whole) * 4 // 5])


def test_the_size_is_refused_before_decoding(monkeypatch):
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", lambda self: pytest.fail("decoded"))
    monkeypatch.setattr("PIL._webp.WebPAnimDecoder", lambda data: pytest.fail("decoded"))
    for kind in ("PNG", "JPEG", "BMP", "GIF", "TIFF"):
        with pytest.raises(PictureError, match="40x30 pixels"):
            opened(encoded(noise(), kind), max_pixels=1199)
    for options in ({"lossless": True}, {}, {"exif": exif(1)}):
        with pytest.raises(PictureError, match="40x30 pixels"):
            opened(encoded(noise(), "WEBP", **options), max_pixels=1199)


def test_size_of_each_webp_kind_is_read_right():
    for options in ({"lossless": True}, {}, {"exif": exif(1)}):
        assert opened(encoded(noise(), "WEBP", **options), max_pixels=1200).size == (40, 30)
    with pytest.raises(PictureError, match="16384x16383"):
        opened(webp_claiming(16384, 16383))


def test_no_warning_comes_from_a_large_picture():
    rows = bytes((12_000 // 8 + 1) * 9_000)  # 108 million pixels of one bit
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(PictureError, match="12000x9000"):
            opened(png(12_000, 9_000, rows, bits=1, color=0), max_pixels=10**8)


def test_running_out_of_memory_is_said(monkeypatch):
    def load(self):
        raise MemoryError

    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", load)
    with pytest.raises(PictureError, match=r"a\.png: not enough memory"):
        opened(encoded(noise(), "PNG"))


def test_a_read_error_is_said():
    class FailingDisk(io.BytesIO):
        def read(self, size=-1):
            raise OSError(5, "Input/output error")

    with pytest.raises(PictureError, match=r"a\.png: cannot be read \(Input/output error\)"):
        open_picture(FailingDisk(b"x"), name="a.png")


def test_a_file_without_permission_is_said(tmp_path):
    path = tmp_path / "shut.png"
    path.write_bytes(encoded(noise(), "PNG"))
    path.chmod(0)
    with (
        as_nobody(tmp_path),
        pytest.raises(PictureError, match=r"^shut\.png: no permission to read"),
    ):
        open_picture("shut.png")


@pytest.mark.parametrize(
    "name", ["missing.png", "a\0b.png", "x" * 300, "\ud800.png", "a.png/b.png"]
)
def test_a_name_without_a_file_is_said(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.png").write_bytes(encoded(noise(), "PNG"))
    assert "check the path" in fault_of(name)


def test_names_are_shown_in_printable_characters(tmp_path):
    for name in (b"new\nline.png", b"\x1b[31mred.png", b"latin-\xe9.png"):
        path = tmp_path / os.fsdecode(name)
        path.write_bytes(b"")
        assert fault_of(path).isprintable()
        path.write_bytes(encoded(noise(), "PNG"))
        assert open_picture(path).size == (40, 30)


@pytest.mark.parametrize("name", odd_files())
def test_an_odd_picture_opens(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(odd_files()[name])
    picture = open_picture(path)
    width, height = picture.size
    assert picture.rgb.shape == (height, width, 3)
    assert picture.rgb.dtype == np.uint8
    assert picture.rgb.flags.writeable
    assert picture.alpha is None


def test_tiny_and_thin_pictures_keep_their_pixels():
    for width, height in ((1, 1), (4000, 1), (1, 4000)):
        drawn = noise(width, height)
        assert np.array_equal(opened(encoded(drawn, "PNG")).rgb, drawn)


@pytest.mark.parametrize(("kind", "options"), [
    ("PNG", {}), ("WEBP", {"lossless": True}), ("BMP", {}), ("TIFF", {}),
    ("TIFF", {"compression": "tiff_lzw"}),
])  # fmt: skip
def test_lossless_formats_give_the_exact_pixels(kind, options):
    assert np.array_equal(opened(encoded(noise(), kind, **options)).rgb, noise())


@pytest.mark.parametrize("kind", ["gif", "webp", "png"])
def test_of_an_animation_the_first_frame_is_used_and_said(kind):
    picture = opened(odd_files()[f"animated.{kind}"])
    assert np.array_equal(picture.rgb, noise()[..., :1].repeat(3, axis=2))
    assert picture.notes == ("animated: first frame of 3 used",)


def test_of_many_pages_the_first_is_used_and_said():
    picture = opened(odd_files()["pages.tif"])
    assert np.array_equal(picture.rgb, noise()[..., :1].repeat(3, axis=2))
    assert picture.notes == ("several pages: the first used",)


def test_a_still_picture_has_no_notes():
    assert opened(encoded(noise(), "PNG")).notes == ()


def test_an_animation_damaged_after_its_first_frame_opens():
    data = odd_files()["animated.gif"]
    picture = opened(data[: len(data) * 2 // 5])
    assert np.array_equal(picture.rgb, noise()[..., :1].repeat(3, axis=2))


@pytest.mark.parametrize("name", ["payload.png", "payload.jpg", "turned.png", "turned.jpg"])
@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP", "BMP", "TIFF"])
def test_nothing_but_pixels_goes_from_file_to_file(name, format):
    assert EXIF_SECRET in odd_files()[name]
    picture = opened(odd_files()[name])
    written = encode_picture(picture.rgb, picture.alpha, format)
    assert EXIF_SECRET not in written
    assert b"Exif" not in written


def test_grey_stays_grey_and_equal_files_give_equal_pictures():
    first, second = (opened(odd_files()["grey.png"]) for _ in range(2))
    assert np.ptp(first.rgb, axis=2).max() == 0
    assert np.array_equal(first.rgb, second.rgb)


def test_many_threads_see_what_one_sees(bad):
    def outcome(path):
        try:
            return open_picture(path).rgb.tobytes()
        except PictureError as error:
            return str(error)

    paths = [path for path in bad.values() if "megapixel" not in path.name]
    for name, data in odd_files().items():
        path = paths[0].parent / f"odd-{name}"
        path.write_bytes(data)
        paths.append(path)
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(outcome, paths * 3)) == [outcome(path) for path in paths] * 3
    for path in paths[0].parent.glob("odd-*"):
        path.unlink()


def test_descriptors_are_closed(bad):
    before = len(os.listdir("/proc/self/fd")) if os.path.exists("/proc/self/fd") else 0
    for path in bad.values():
        fault_of(path)
    after = len(os.listdir("/proc/self/fd")) if before else 0
    assert after == before


def test_find_pictures_goes_by_suffix_and_stays_in_the_folder(tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    root = tmp_path / "root"
    for name in ("b/2.PNG", "b/1.jpeg", "a.webp", "z.gif", "b/c/3.tiff", "note.txt", "b/noext"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"x")
    for hidden in (".hidden.png", ".thumbs/4.png"):
        (root / hidden).parent.mkdir(exist_ok=True)
        (root / hidden).write_bytes(b"x")
    (outside / "secret.png").write_bytes(b"x")
    (root / "out.png").symlink_to(outside / "secret.png")
    (root / "out").symlink_to(outside)
    (root / "up").symlink_to(root)
    (root / "inside.png").symlink_to(root / "a.webp")
    (root / "dangling.png").symlink_to("nothing.png")
    (root / "loop.png").symlink_to("loop.png")
    (root / "folder.png").mkdir()
    os.mkfifo(root / "pipe.png")

    files, skipped = promptly(lambda: find_pictures(root))
    found = [path.relative_to(root).as_posix() for path in files]
    assert found == ["a.webp", "b/1.jpeg", "b/2.PNG", "b/c/3.tiff", "inside.png", "z.gif"]
    assert skipped == [
        "dangling.png: dangling link skipped",
        "folder.png: folder with a picture's name skipped",
        "loop.png: dangling link skipped",
        "out.png: link that leaves the folder skipped",
        "out: link to a folder skipped",
        "pipe.png: not a file (a pipe or device) skipped",
        "up: link to a folder skipped",
    ]


def test_find_pictures_finds_below_a_relative_folder_and_a_link(tmp_path, monkeypatch):
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "a.png").write_bytes(b"x")
    (tmp_path / "link").symlink_to("real")
    monkeypatch.chdir(tmp_path)
    for folder in ("real", "link"):
        files, skipped = find_pictures(folder)
        assert [path.as_posix() for path in files] == [f"{folder}/a.png"]
        assert skipped == []
    assert [path.as_posix() for path in find_pictures(".")[0]] == ["real/a.png"]


def test_find_pictures_reports_a_folder_it_cannot_read(tmp_path):
    (tmp_path / "a.png").write_bytes(b"x")
    (tmp_path / "shut").mkdir(mode=0)
    with as_nobody(tmp_path):
        files, skipped = find_pictures(".")
    assert [path.name for path in files] == ["a.png"]
    assert skipped == ["shut: folder skipped (Permission denied)"]


def test_find_pictures_needs_a_folder(tmp_path):
    (tmp_path / "a.png").write_bytes(b"x")
    with pytest.raises(PictureError, match="is a file, not a folder"):
        find_pictures(tmp_path / "a.png")
    with pytest.raises(PictureError, match="no such folder"):
        find_pictures(tmp_path / "none")
    (tmp_path / "shut").mkdir(mode=0)
    with as_nobody(tmp_path), pytest.raises(PictureError, match=r"^shut: no permission"):
        find_pictures("shut")


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


def test_pictures_of_a_folder_that_cannot_be_read_are_named(tmp_path, monkeypatch):
    from condcolor.imaging import formats

    monkeypatch.setattr(
        formats, "READ_SUFFIXES", tuple(s for s in formats.READ_SUFFIXES if s != ".svg")
    )
    monkeypatch.setattr(formats, "OTHER_SUFFIXES", (".svg", *formats.OTHER_SUFFIXES))
    for name in (
        "a.png",
        "b.HEIC",
        "c.psd",
        "d.svg",
        "e.AVIF",
        "notes.txt",
        ".hidden.psd",
        "metadata.csv",
    ):
        (tmp_path / name).write_bytes(b"x")
    files, skipped = find_pictures(tmp_path)
    assert [path.name for path in files] == ["a.png", "b.HEIC"]
    assert skipped == [
        "c.psd: a .psd file, which cannot be read: save it as PNG",
        "d.svg: a .svg file, which cannot be read: pip install 'condcolor[icons]', or save it as PNG",
        "e.AVIF: a .avif file, which cannot be read: save it as PNG",
    ]


def test_a_heic_picture_is_read_upright_where_its_library_is():
    heif = pytest.importorskip("pillow_heif")
    rgb = np.zeros((32, 48, 3), np.uint8)
    rgb[:16] = (200, 40, 40)
    buffer = io.BytesIO()
    heif.from_pillow(Image.fromarray(rgb)).save(buffer, quality=95)
    picture = opened(buffer.getvalue())
    assert picture.size == (48, 32)
    assert abs(picture.rgb.astype(int) - rgb)[[4, 28]].max() < 12
    for at in range(20, 300, 7):  # damage anywhere
        data = flipped(buffer.getvalue(), at)
        with contextlib.suppress(PictureError):
            opened(data)


def test_a_heic_picture_without_the_library_says_what_to_install(monkeypatch):
    for name in ("pillow_heif", "pillow_heif.as_plugin"):  # another test may have imported both
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(PictureError, match=r"condcolor\[heic\]"):
        opened(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(40))
