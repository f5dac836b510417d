"""SVG drawings and arrays are pictures wherever a picture is read: at their own size, within bounds."""

from __future__ import annotations

import io
import sys

import numpy as np
import pytest

from condcolor.errors import PictureError
from condcolor.imaging.formats import find_pictures
from condcolor.imaging.open import Picture, open_picture
from condcolor.imaging.svg import BadDrawing, render_drawing

pytest.importorskip("resvg_py", reason="needs the icons extra")
DRAWN = '<rect x="1" y="1" width="2" height="2"/>'


def svg(about: str = 'viewBox="0 0 8 4"', body: str = DRAWN) -> bytes:
    return f'<svg xmlns="http://www.w3.org/2000/svg" {about}>{body}</svg>'.encode()


def read(data: bytes, **options) -> Picture:
    return open_picture(io.BytesIO(data), name="a.svg", **options)


@pytest.mark.parametrize(
    ("about", "size"),
    [
        ('viewBox="0 0 8 4"', (1024, 512)),
        ('viewBox="0 0 8 4" width="3000" height="1500"', (3000, 1500)),
        ('viewBox="0 0 8 4" width="100%" height="100%"', (1024, 512)),
        ('width="20px" height="40px"', (512, 1024)),
        ('viewBox="0 0 90000 90000"', (4096, 4096)),
    ],
)
def test_a_drawing_has_its_own_size_where_that_is_neither_small_nor_huge(about, size):
    assert read(svg(about)).size == size


def test_it_is_on_paper_and_its_lines_are_where_they_are_drawn():
    picture = read(b"\xef\xbb\xbf<?xml version='1.0'?>\n" + svg(), svg_side=80)
    assert picture.alpha is None
    assert picture.rgb[20, 20].tolist() == [0, 0, 0]
    assert picture.rgb[5, 70].tolist() == [255, 255, 255]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (svg(body='<image href="/etc/x.png"/>'), "uses other files"),
        (svg(""), "without a usable size"),
        (svg('viewBox="0 0 8 0"'), "without a usable size"),
        (svg('viewBox="0 0 1 9999"'), "without a usable size"),
        (svg()[:-9], "damaged SVG"),
        (svg(body="<g>\xe4</g>").decode().encode("latin-1"), "not UTF-8"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(data, said):
    with pytest.raises(PictureError, match=said) as refused:
        read(data)
    assert str(refused.value).startswith("a.svg: is a")


def test_the_limit_of_pixels_holds():
    with pytest.raises(PictureError, match="over the limit"):
        read(svg(), max_pixels=1000)


def test_without_resvg_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    with pytest.raises(BadDrawing, match=r"pip install 'condcolor\[icons\]'"):
        render_drawing(svg())


def test_drawings_of_a_folder_are_pictures(tmp_path):
    (tmp_path / "a.svg").write_bytes(svg())
    assert [path.name for path in find_pictures(tmp_path)[0]] == ["a.svg"]


def test_the_command_colors_one(condcolor, here):
    (here / "a.svg").write_bytes(svg())
    done = condcolor("colorize", "a.svg", "--hair", "red", "--shirt", "blue")
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.split()[-1] == "a-red-blue.svg.png"
    assert open_picture("a-red-blue.svg.png").size == (1024, 512)


def test_arrays_are_pictures():
    from condcolor.inference.framing import to_picture

    grey = np.array([[0, 128], [255, 64]], np.uint8)
    rgb = np.repeat(grey[..., None], 3, axis=-1)
    for array in (grey, grey[..., None], rgb, grey / 255, (rgb / 255).astype(np.float32)):
        assert np.array_equal(to_picture(array).rgb, rgb)
    clear = to_picture(np.dstack((rgb, grey)))
    assert clear.alpha is not None
    assert np.array_equal(clear.alpha, grey)
    assert to_picture(svg()).size == (1024, 512)
    assert to_picture(grey > 100).rgb[..., 0].tolist() == [[0, 255], [255, 0]]


@pytest.mark.parametrize(
    ("array", "said"),
    [
        (np.zeros((3, 8, 8), np.uint8), r"not \[3, 8, 8\]; move the channels to the end"),
        (np.zeros((8, 8, 2), np.uint8), r"not \[8, 8, 2\]"),
        (np.zeros((0, 8), np.uint8), r"not \[0, 8\]"),
        (np.zeros(8, np.uint8), r"not \[8\]"),
        (np.full((8, 8), 255.0), "in 0 to 1, not 255 to 255"),
        (np.full((8, 8), np.nan), "in 0 to 1, not nan to nan"),
        (np.zeros((8, 8), np.int64), "not int64"),
    ],
)
def test_other_arrays_are_refused(array, said):
    from condcolor.inference.framing import to_picture

    with pytest.raises(ValueError, match=said):
        to_picture(array)
