"""Saving pictures: the pixels that went in, whole or not at all, and never over another file."""

import errno
import io
import os
import resource
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from pictures import as_nobody, noise, opened
from PIL import Image

from condcolor.errors import DataError, UsageError
from condcolor.images import encode_picture, open_picture, save_picture
from condcolor.saving import WRITE_FORMATS, WRITE_SUFFIXES, write_whole

LOSSLESS = [suffix for suffix in WRITE_SUFFIXES if suffix not in (".jpg", ".jpeg")]


def names(folder) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("suffix", LOSSLESS)
def test_pixels_come_back_exactly(tmp_path, suffix):
    save_picture(tmp_path / f"a{suffix}", noise())
    assert np.array_equal(open_picture(tmp_path / f"a{suffix}").rgb, noise())
    assert names(tmp_path) == [f"a{suffix}"]


@pytest.mark.parametrize("suffix", [".jpg", ".jpeg"])
def test_jpeg_keeps_flat_fills_beside_lines(tmp_path, suffix):
    drawn = np.full((32, 32, 3), (233, 71, 67), np.uint8)
    drawn[:, 15:17] = 0
    save_picture(tmp_path / f"a{suffix}", drawn)
    assert np.abs(open_picture(tmp_path / f"a{suffix}").rgb.astype(int) - drawn).max() <= 12


@pytest.mark.parametrize("suffix", WRITE_SUFFIXES)
def test_the_suffix_decides_the_format(tmp_path, suffix):
    path = tmp_path / f"a{suffix.upper()}"
    save_picture(path, noise())
    with Image.open(path) as image:
        assert suffix in WRITE_FORMATS[image.format].suffixes


@pytest.mark.parametrize("format", WRITE_FORMATS)
def test_alpha_is_kept_or_composited_on_white(format):
    alpha = np.zeros((30, 40), np.uint8)
    alpha[:, 20:] = 255
    black = np.zeros((30, 40, 3), np.uint8)
    picture = opened(encode_picture(black, alpha, format))
    assert picture.rgb[:, :16].min() >= 250
    assert picture.rgb[:, 24:].max() <= 5
    if WRITE_FORMATS[format].alpha:
        assert np.array_equal(picture.alpha, alpha)
    else:
        assert picture.alpha is None


@pytest.mark.parametrize("format", ["PNG", "WEBP", "TIFF"])
def test_colors_under_transparency_are_kept(format):
    data = encode_picture(noise(), np.zeros((30, 40), np.uint8), format)
    with Image.open(io.BytesIO(data)) as image:
        assert np.array_equal(np.asarray(image)[..., :3], noise())


def test_any_layout_of_the_array_saves(tmp_path):
    channels_first = np.ascontiguousarray(noise().transpose(2, 0, 1))
    save_picture(tmp_path / "a.png", channels_first.transpose(1, 2, 0)[::-1])
    assert np.array_equal(open_picture(tmp_path / "a.png").rgb, noise()[::-1])


@pytest.mark.parametrize(
    "rgb",
    [noise().astype(float), noise()[..., 0], noise(channels=4), np.zeros((0, 4, 3), np.uint8)],
)
def test_what_is_no_rgb_array_is_a_mistake_of_the_caller(rgb):
    with pytest.raises(ValueError, match=r"rgb must be uint8 \[H, W, 3\]"):
        encode_picture(rgb)
    with pytest.raises(ValueError, match="alpha must be uint8"):
        encode_picture(noise(), noise())


def test_an_existing_file_stays_unless_overwriting(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(b"precious")
    with pytest.raises(UsageError, match=r"a\.png: exists already: choose another name"):
        save_picture(path, noise())
    assert path.read_bytes() == b"precious"
    save_picture(path, noise(), overwrite=True)
    assert np.array_equal(open_picture(path).rgb, noise())
    assert names(tmp_path) == ["a.png"]


@pytest.mark.parametrize("links", ["supported", "not supported"])
def test_of_many_that_save_under_one_new_name_one_wins(tmp_path, monkeypatch, links):
    monkeypatch.setattr("condcolor.saving.refuse_taken", lambda path, overwrite: None)
    if links == "not supported":

        def no_links(source, target):
            raise OSError(errno.ENOTSUP, "Operation not supported")

        monkeypatch.setattr(os, "link", no_links)

    def save(number: int) -> bool:
        try:
            write_whole(tmp_path / "a.bin", bytes([number]) * 1000)
        except UsageError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(save, range(40))) == 1
    assert len(set((tmp_path / "a.bin").read_bytes())) == 1
    assert names(tmp_path) == ["a.bin"]


def test_an_unknown_suffix_lists_the_choices(tmp_path):
    for name in ("a.gif", "a.pgn", "a", ".png"):
        with pytest.raises(UsageError, match=r"one of \.png, \.jpg, \.jpeg, \.webp, \.bmp, \.tif"):
            save_picture(tmp_path / name, noise())
    with pytest.raises(UsageError, match=r"did you mean '\.png'"):
        save_picture(tmp_path / "a.pgn", noise())
    with pytest.raises(UsageError, match="format 'GIF' is not one of PNG, JPEG"):
        encode_picture(noise(), format="GIF")
    assert names(tmp_path) == []


def test_a_side_longer_than_the_format_holds_is_said(tmp_path):
    with pytest.raises(UsageError, match=r"a\.webp: 16384x1 pixels do not fit in a WEBP"):
        save_picture(tmp_path / "a.webp", noise(16384, 1))
    with pytest.raises(UsageError, match="65501x1 pixels do not fit in a JPEG"):
        save_picture(tmp_path / "a.jpg", noise(65501, 1))


@pytest.mark.parametrize("overwrite", [False, True])
def test_folders_pipes_and_devices_are_never_replaced(tmp_path, overwrite):
    (tmp_path / "folder.png").mkdir()
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "null.png").symlink_to("/dev/null")
    for name, said in (("folder", "is a folder"), ("pipe", "device or pipe"), ("null", "device")):
        with pytest.raises(UsageError, match=said):
            save_picture(tmp_path / f"{name}.png", noise(), overwrite=overwrite)
    assert names(tmp_path) == ["folder.png", "null.png", "pipe.png"]


def test_a_link_is_replaced_and_never_written_through(tmp_path):
    elsewhere = tmp_path / "elsewhere.png"
    elsewhere.write_bytes(b"precious")
    for name, target in (("link.png", elsewhere), ("dangling.png", tmp_path / "new.png")):
        link = tmp_path / name
        link.symlink_to(target)
        with pytest.raises(UsageError, match="exists already"):
            save_picture(link, noise())
        save_picture(link, noise(), overwrite=True)
        assert not link.is_symlink()
    assert elsewhere.read_bytes() == b"precious"
    assert not (tmp_path / "new.png").exists()


def test_the_file_gets_the_rights_of_any_new_file(tmp_path):
    (tmp_path / "plain").touch()
    save_picture(tmp_path / "a.png", noise())
    assert (tmp_path / "a.png").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_a_folder_that_cannot_take_it_is_said(tmp_path):
    with pytest.raises(DataError, match=r"the folder '.*none' does not exist: make it first"):
        save_picture(tmp_path / "none" / "a.png", noise())
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="is no folder"):
        save_picture(tmp_path / "file" / "a.png", noise())
    with pytest.raises(DataError, match="name is too long"):
        save_picture(tmp_path / f"{'x' * 300}.png", noise())
    (tmp_path / "shut").mkdir(mode=0o555)
    with as_nobody(tmp_path), pytest.raises(DataError, match="no permission to write in 'shut'"):
        save_picture("shut/a.png", noise())
    for name in ("a\0.png", "\ud800.png"):
        with pytest.raises(UsageError, match="no file can have this name"):
            save_picture(tmp_path / name, noise())


def test_a_write_that_stops_half_way_leaves_nothing(tmp_path):
    path = tmp_path / "a.bmp"
    path.write_bytes(b"precious")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))  # the kernel stops the write itself
    try:
        with pytest.raises(DataError, match=r"a\.bmp: cannot be written \(File too large\)"):
            save_picture(path, noise(), overwrite=True)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert path.read_bytes() == b"precious"
    assert names(tmp_path) == ["a.bmp"]


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "the disk is full"),
        (OSError(errno.EROFS, "Read-only file system"), "read-only disk"),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), "quota"),
        (KeyboardInterrupt(), None),
    ],
)
@pytest.mark.parametrize("links", ["supported", "not supported"])
@pytest.mark.parametrize("overwrite", [False, True])
def test_whatever_stops_it_leaves_nothing(tmp_path, monkeypatch, fault, said, links, overwrite):
    def stop(*paths):
        raise fault

    monkeypatch.setattr(os, "replace", stop)
    if links == "supported":
        monkeypatch.setattr(os, "link", stop)
    else:
        monkeypatch.setattr(os, "link", lambda *paths: exec("raise OSError(95, 'no links')"))
    with pytest.raises(DataError if said else KeyboardInterrupt, match=said):
        save_picture(tmp_path / "a.png", noise(), overwrite=overwrite)
    assert names(tmp_path) == []
