"""Layers as SVG: the picture, rendered larger; a group a layer, whose fill is its color."""

from __future__ import annotations

import io
import re
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from models import drawn_layers
from PIL import Image

from condcolor.imaging.layer_svg import encode_svg
from condcolor.imaging.layers import Layers
from condcolor.inference.colorizer import Colorizer

SVG = "{http://www.w3.org/2000/svg}"
TEST_SET = Path(__file__).parents[2] / "data/icons/test"


def flat(color, box=(0, 0, 40, 40), alpha: int = 255) -> np.ndarray:
    image = Image.new("RGBA", (40, 40), (0, 0, 0, 0))
    image.paste((*color, alpha), box)
    return np.array(image)


def frame(alpha: int = 255) -> np.ndarray:
    """Lines, 4 pixels wide, around the middle."""
    image = flat((0, 0, 0), (8, 8, 32, 32), alpha)
    image[12:28, 12:28] = 0
    return image


def stack(**images: np.ndarray) -> Layers:
    return Layers(tuple(images), tuple(images.values()))


def icon() -> Layers:
    paper, hair = flat((255, 255, 255)), flat((233, 71, 67), (10, 10, 30, 30))
    return stack(paper=paper, hair=hair, lines=frame())


def rendered(svg: bytes, side: int) -> np.ndarray:
    resvg_py = pytest.importorskip("resvg_py", reason="needs the icons extra")
    png = resvg_py.svg_to_bytes(svg_string=svg.decode(), width=side, height=side)
    return np.asarray(Image.open(io.BytesIO(bytes(png))).convert("RGBA"))


def groups(svg: bytes) -> dict[str, ElementTree.Element]:
    return {group.get("id"): group for group in ElementTree.fromstring(svg).iterfind(f"{SVG}g")}


@pytest.mark.slow
@pytest.mark.parametrize("name", ["0000", "0001", "0002", "0003"])
def test_rendered_at_four_times_the_size_it_is_the_picture(name):
    pytest.importorskip("resvg_py", reason="needs the icons extra")
    from benchmarks.quality.svg_layers import COLORS, compare

    layers = Colorizer.load("icons").layers(TEST_SET / f"inputs/{name}.png", **COLORS)
    like = compare(layers, encode_svg(layers))
    assert like.color <= 1
    assert like.lines >= 0.97
    assert like.nodes <= 1500


def test_each_layer_is_a_named_group_with_one_fill_of_closed_paths():
    found = groups(encode_svg(icon()))
    assert list(found) == ["paper", "hair", "lines"]
    fills = {"paper": "#ffffff", "hair": "#e94743", "lines": "#000000"}
    for name, group in found.items():
        assert group.get("fill") == fills[name]
        assert group.findtext(f"{SVG}title") == name
        for path in group.iterfind(f"{SVG}path"):
            assert set(path.attrib) == {"d"}
            assert path.get("d").endswith("Z")
    assert found["hair"].find(f"{SVG}path") is not None
    root = ElementTree.fromstring(encode_svg(icon()))
    assert [root.get(key) for key in ("viewBox", "width", "height")] == ["0 0 40 40", "40", "40"]


def test_it_is_recolored_by_one_attribute():
    svg = encode_svg(icon()).replace(b'fill="#e94743"', b'fill="#00aa88"')
    assert rendered(svg, 160)[80, 80].tolist() == [0, 0xAA, 0x88, 255]


def test_no_gap_shows_between_fill_and_line():
    """The fill ends where the line is opaque, as the rest does."""
    magenta = flat((255, 0, 255))
    seen = rendered(
        encode_svg(
            stack(paper=magenta, rest=flat((255, 255, 255), (12, 12, 28, 28)), lines=frame())
        ),
        400,
    )
    inside = seen[90:310, 90:310].astype(int)
    assert (inside[..., 1] - inside[..., 0]).min() > -8  # nothing of the magenta


def test_no_gap_shows_between_two_fills():
    left, right = flat((0, 0, 255), (4, 4, 20, 36)), flat((0, 255, 0), (20, 4, 36, 36))
    seen = rendered(encode_svg(stack(paper=flat((255, 0, 0)), shirt=left, hair=right)), 400)
    assert seen[60:340, 60:340, 0].max() <= 8


def test_grey_lines_keep_their_darkness_and_are_traced_at_half_of_it():
    svg = encode_svg(stack(paper=flat((255, 255, 255)), lines=frame(100)))
    assert groups(svg)["lines"].get("fill-opacity") == "0.392"
    seen = rendered(svg, 160)
    assert abs(int(seen[40, 80, 0]) - 155) <= 1
    assert seen[80, 80, 0] == 255


def test_a_grey_fill_of_the_sketch_is_a_shade_below_the_lines():
    lines = frame()
    lines[12:28, 12:28] = (0, 0, 0, 25)
    svg = encode_svg(stack(paper=flat((255, 255, 255)), lines=lines))
    assert list(groups(svg)) == ["paper", "shade", "lines"]
    assert abs(int(rendered(svg, 160)[80, 80, 0]) - 230) <= 1


def test_uneven_paper_is_a_picture():
    paper = flat((255, 255, 255))
    paper[..., 2] = np.linspace(200, 255, 40)
    svg = encode_svg(stack(paper=paper, lines=frame()))
    assert groups(svg)["paper"].find(f"{SVG}image") is not None
    assert abs(rendered(svg, 40)[2].astype(int) - paper[2]).max() <= 2


def test_a_layer_in_several_colors_has_them_on_its_paths():
    rest = flat((255, 255, 255), (2, 2, 20, 38))
    rest |= flat((250, 210, 190), (20, 2, 38, 38))
    group = groups(encode_svg(stack(rest=rest)))["rest"]
    assert group.get("fill") is None
    assert {path.get("fill") for path in group.iterfind(f"{SVG}path")} == {"#ffffff", "#fad2be"}


def test_without_paper_the_ground_is_transparent():
    seen = rendered(encode_svg(stack(hair=icon().images[1], lines=frame())), 40)
    assert seen[2, 2, 3] == 0
    assert seen[20, 20, 3] == 255


def test_names_of_any_kind_become_ids_of_their_own():
    image = flat((1, 2, 3), (4, 4, 30, 30))
    names = ("my hair", "my-hair", "1", '<&">\x00', "髪")
    svg = encode_svg(Layers(names, (image,) * len(names)))
    found = groups(svg)
    assert list(found) == ["my-hair", "my-hair-2", "layer-1", "layer------", "髪"]
    assert found["layer------"].findtext(f"{SVG}title") == '<&">?'
    assert re.search(r'inkscape:label="my hair"', svg.decode())


def test_layers_that_show_nothing_are_left_out():
    empty = np.zeros((40, 40, 4), np.uint8)
    assert list(groups(encode_svg(stack(hair=empty, lines=empty)))) == []


def test_it_is_saved_by_its_suffix(here):
    layers = drawn_layers()
    assert [path.name for path in layers.save("a.svg")] == ["a.svg"]
    assert Path("a.svg").read_bytes() == encode_svg(layers)
