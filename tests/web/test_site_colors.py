"""The exported page in a real browser finds and colors what Python does."""

from __future__ import annotations

import base64
from pathlib import Path

import numpy as np
import pytest
from chromium import needs_chromium
from PIL import Image
from sites import VENDOR, character, choose, in_python, needs_vendor, on_screen, taken
from webserver import pixels

from condcolor.imaging.drawing import make_drawing
from condcolor.imaging.open import picture_of
from condcolor.imaging.piece_parts import decide
from condcolor.imaging.pieces import find_pieces
from condcolor.inference.colorizer import Colorizer
from condcolor.inference.parts import probabilities
from condcolor.web.page_export import export_page

pytest.importorskip("onnx", reason="needs condcolor[train]")
pytest.importorskip("onnxscript", reason="needs condcolor[train]")
pytest.importorskip("onnxruntime", reason="needs condcolor[train]")

EXAMPLES = Path(__file__).parents[2] / "examples" / "sketches"
LARGEST = 20e6  # bytes of the page of the built-in icons
DECIDED = """async ([sketch, width, height, scores, count, wide]) => {
    const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
    const { decideParts, probabilities } = await import("/parts.js");
    const planes = probabilities(new Float32Array(bytes(scores).buffer), count);
    const { labels, part } = decideParts({ width, height, data: bytes(sketch) }, planes, wide);
    let made = "";
    for (const label of labels) made += String.fromCharCode(part[label]);
    return btoa(made);
}"""
WHITENED = """async ([picture, width, height]) => {
    const { onWhite } = await import("/paper.js");
    const data = Uint8Array.from(atob(picture), (c) => c.charCodeAt(0));
    return [...onWhite({ width, height, data }).data];
}"""
pytestmark = [needs_chromium, needs_vendor]


def encoded(array: np.ndarray) -> str:
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()


def on_grey(name: str, darkest: int = 150) -> Image.Image:
    """A sketch on paper that is darker to the right and to the bottom."""
    rgb = pixels(character(name)).astype(np.float32)
    fall = np.linspace(0, 0.5, rgb.shape[0])[:, None] + np.linspace(0, 0.5, rgb.shape[1])
    paper = 225 - (225 - darkest) * fall
    return Image.fromarray((rgb * paper[..., None] / 255).round().astype(np.uint8))


@pytest.mark.parametrize("name", ["0000.png", "0001.png", "0002.png"])
@pytest.mark.parametrize("side", [256, 1280])  # the larger one is reduced for its pieces
def test_pieces_get_their_parts_as_in_python(opened_site, site, name, side):
    drawing = make_drawing(picture_of(character(name).resize((side, side))))
    coarse = np.random.default_rng(0).uniform(-1, 1, (8, 8, 8)).astype(np.float32)
    scores = coarse.repeat(8, axis=1).repeat(8, axis=2)  # sure enough to divide pieces
    wanted = decide(find_pieces(drawing.lightness), probabilities(scores)).parts
    sketch = encoded(drawing.sheet.sketch.transpose(2, 0, 1))
    made = opened_site(site).evaluate(DECIDED, [sketch, side, side, encoded(scores), 8, 64])
    assert len(np.unique(wanted)) > 4
    found = np.frombuffer(base64.b64decode(made), np.uint8).reshape(wanted.shape)
    assert (found == wanted).mean() >= 0.99


def test_paper_is_made_white_as_in_python(opened_site, site):
    page = opened_site(site)
    for image in (on_grey("0000.png"), character("0000.png")):
        sheet = make_drawing(picture_of(image)).sheet
        width, height = image.size
        given = [encoded(sheet.rgb.transpose(2, 0, 1)), width, height]
        made = np.array(page.evaluate(WHITENED, given)).reshape(3, height, width)
        assert (np.abs(made.transpose(1, 2, 0) - sheet.sketch) <= 2).mean() > 0.99
        if sheet.is_white:
            assert (made.transpose(1, 2, 0) == sheet.rgb).all()


@pytest.mark.parametrize("name", ["0001.png", "0002.png", "0003.png on grey"])
def test_parts_are_colored_as_in_python(opened_site, site, name):
    file, _, grey = name.partition(" ")
    image = on_grey(file) if grey else character(file)
    page, parts = opened_site(site), in_python(site, image)
    choose(page, image)
    page.get_by_role("group", name="shirt").get_by_label("yellow").check()
    page.get_by_label("hair: a colour's code or name").fill("#204080")
    made, wanted = on_screen(page), pixels(parts.colored(hair="#204080", shirt="yellow"))
    assert (made != pixels(image)).any(axis=-1).mean() > 0.1  # or there was nothing to color
    assert (np.abs(made.astype(int) - wanted) <= 1).all(axis=-1).mean() >= 0.99
    assert page.get_by_role("group", name="Paper").is_visible() == bool(grey)
    if grey:
        page.get_by_role("group", name="Paper").get_by_label("white").check()
        regions, specs = parts.for_colors({"hair": "#204080", "shirt": "yellow"}, paper="white")
        whitened = on_screen(page).astype(int)
        assert (np.abs(whitened - regions.pixels(specs)) <= 3).all(axis=-1).mean() >= 0.97


def test_the_whole_picture_is_taken_home(opened_site, site):
    image = character().resize((1500, 1500))  # larger than what is shown
    page = opened_site(site)
    choose(page, image)
    data, name = taken(page, "Download PNG")
    assert name == "ada-hair-red-shirt-blue.png"
    made, wanted = (
        pixels(data)[..., :3],
        pixels(in_python(site, image).colored(hair="red", shirt="blue")),
    )
    assert made.shape == wanted.shape
    assert (np.abs(made.astype(int) - wanted) <= 1).all(axis=-1).mean() >= 0.99
    assert on_screen(page).shape == (1280, 1280, 3)


@pytest.mark.slow
def test_the_built_in_icons(opened_site, tmp_path):
    folder = tmp_path / "site"
    assert export_page("icons", folder, vendor=VENDOR).size < LARGEST
    blocks = sum(path.stat().st_blocks * 512 for path in folder.iterdir())
    assert blocks < LARGEST  # as du has it
    page, colorizer = opened_site(folder), Colorizer.load("icons", device="cpu")
    for name in ("ada.png", "ben.png"):
        image = Image.open(EXAMPLES / name).convert("RGB")
        choose(page, image, name)
        wanted = pixels(colorizer(image, hair="red", shirt="blue"))  # with weights in float32
        made = on_screen(page).astype(int)
        assert (np.abs(made - wanted) <= 1).all(axis=-1).mean() >= 0.995
