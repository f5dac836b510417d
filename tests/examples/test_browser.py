"""The page of examples/browser in a real browser: it paints as Python does, and asks nobody.

What it computes with is not in git: `examples/browser/setup.sh` fetches it; without it these tests are
skipped.
"""

from __future__ import annotations

import base64
import http.server
import json
import shutil
import threading
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from chromium import needs_chromium
from models import save_random, save_random_parts, save_random_photo
from pictures import sketch
from PIL import Image, ImageDraw
from playwright import sync_api
from webserver import pixels, png

from condcolor.imaging.drawing import make_drawing
from condcolor.imaging.open import picture_of
from condcolor.imaging.piece_parts import decide
from condcolor.imaging.pieces import find_pieces
from condcolor.inference.onnx_colorizer import OnnxColorizer
from condcolor.inference.onnx_export import export_onnx
from condcolor.inference.parts import probabilities

pytest.importorskip("playwright", reason="needs playwright")


pytest.importorskip("uvicorn", reason="needs condcolor[web]")


pytest.importorskip("onnx", reason="needs condcolor[onnx]")


pytest.importorskip("onnxscript", reason="needs condcolor[onnx]")


pytest.importorskip("onnxruntime", reason="needs condcolor[onnx]")


FOLDER = Path(__file__).parents[2] / "examples" / "browser"
SKETCHES = Path(__file__).parents[2] / "data" / "icons" / "test" / "inputs"
DECIDED = """async ([sketch, width, height, scores, count, wide]) => {
    const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
    const { decideParts, probabilities } = await import("/parts.js");
    const planes = probabilities(new Float32Array(bytes(scores).buffer), count);
    return [...decideParts({ width, height, data: bytes(sketch) }, planes, wide)];
}"""
WHITENED = """async ([picture, width, height]) => {
    const { onWhite } = await import("/paper.js");
    const data = Uint8Array.from(atob(picture), (c) => c.charCodeAt(0));
    return [...onWhite({ width, height, data }).data];
}"""
pytestmark = [
    needs_chromium,
    pytest.mark.skipif(
        not (FOLDER / "vendor").is_dir(), reason="needs ONNX Runtime: run examples/browser/setup.sh"
    ),
]


@pytest.fixture(scope="module")
def flat(tmp_path_factory) -> Path:
    """Of a model whose fills are made even, which a random one's would not be."""
    model = save_random(tmp_path_factory.mktemp("m") / "m")
    described = json.loads((model / "config.json").read_text())
    described["training"]["config"] = {"compose": True}
    (model / "config.json").write_text(json.dumps(described))
    return site(tmp_path_factory.mktemp("flat"), model)


@pytest.fixture(scope="module")
def photo(tmp_path_factory) -> Path:
    model = save_random_photo(tmp_path_factory.mktemp("p") / "p", vivid=1.5)
    return site(tmp_path_factory.mktemp("photo"), model)


@pytest.fixture(scope="module")
def parts(tmp_path_factory) -> Path:
    """Of a model that scores parts at random, but is sure of them."""
    model = save_random_parts(tmp_path_factory.mktemp("q") / "q", seed=4, gain=60)
    return site(tmp_path_factory.mktemp("parts"), model)


def site(folder: Path, model: Path) -> Path:
    """The example's files with a model of their own."""
    shutil.copytree(FOLDER, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("model.onnx"))
    export_onnx(model, folder / "model.onnx")
    return folder


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_) -> None:
        pass


@pytest.fixture
def opened(browser):
    """Opens a folder's page; afterwards nothing was asked of another host."""
    servers, contexts, asked = [], [], []

    def open_page(folder: Path, **options):
        server = http.server.ThreadingHTTPServer(
            ("127.0.0.1", 0), partial(Quiet, directory=str(folder))
        )
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        url = f"http://127.0.0.1:{server.server_port}/"
        contexts.append(browser.new_context(**options))
        contexts[-1].on("request", lambda request: asked.append(request.url))
        page = contexts[-1].new_page()
        page.set_default_timeout(20_000)
        page.goto(url)
        return page

    yield open_page
    for context in contexts:
        context.close()
    for server in servers:
        server.shutdown()
        server.server_close()
    assert all(address.startswith(("http://127.0.0.1:", "blob:", "data:")) for address in asked)
    assert any(address.endswith("/model.onnx") for address in asked)  # the worker's are seen too


def choose(page, image: Image.Image) -> None:
    sync_api.expect(page.locator("#file")).to_be_enabled(timeout=20_000)
    given = {"name": "ada.png", "mimeType": "image/png", "buffer": png(image)}
    page.locator("#file").set_input_files(given)
    shown(page)


def shown(page) -> None:
    sync_api.expect(page.locator("#status")).to_contain_text(" s", timeout=20_000)
    sync_api.expect(page.locator("#picture")).to_be_visible(timeout=20_000)
    page.wait_for_timeout(50)
    sync_api.expect(page.locator("body.busy")).to_have_count(0, timeout=20_000)


def on_canvas(page) -> np.ndarray:
    address = page.locator("#picture").evaluate("canvas => canvas.toDataURL()")
    return pixels(base64.b64decode(address.partition(",")[2]))[..., :3]


def drawing(width: int, height: int) -> Image.Image:
    image = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(image)
    draw.ellipse((2, 3, width * 0.7, height * 0.8), "#9ab", "black", 2)
    draw.line((0, height, width, 0), "#804020", 3)
    return image


def assert_alike(made: np.ndarray, wanted: Image.Image) -> None:
    assert made.shape == pixels(wanted).shape
    apart = np.abs(made.astype(int) - pixels(wanted))
    assert (apart <= 2).mean() > 0.999
    assert apart.max() <= 8


# enlarged, whole and other factors, tall, and in several bands
@pytest.mark.parametrize("size", [(11, 9), (16, 16), (48, 32), (37, 61), (900, 700)])
def test_it_paints_as_python_does(opened, flat, size):
    page, colorizer = opened(flat), OnnxColorizer.from_file(flat / "model.onnx")
    choose(page, drawing(*size))
    assert_alike(on_canvas(page), colorizer(drawing(*size), hair="blue", shirt="blue"))
    page.get_by_role("group", name="shirt").get_by_label("yellow").check()
    shown(page)
    assert colorizer.flat
    assert_alike(on_canvas(page), colorizer(drawing(*size), hair="blue", shirt="yellow"))


def encoded(array: np.ndarray) -> str:
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()


def on_grey(name: str, darkest: int = 150) -> Image.Image:
    """A sketch on paper that is darker to the right and to the bottom."""
    rgb = pixels(Image.open(SKETCHES / name).convert("RGB")).astype(np.float32)
    fall = np.linspace(0, 0.5, rgb.shape[0])[:, None] + np.linspace(0, 0.5, rgb.shape[1])
    paper = 225 - (225 - darkest) * fall
    return Image.fromarray((rgb * paper[..., None] / 255).round().astype(np.uint8))


@pytest.mark.parametrize("name", ["0000.png", "0001.png", "0002.png"])
@pytest.mark.parametrize("side", [256, 1280])  # the larger one is reduced for its pieces
def test_pieces_get_their_parts_as_in_python(opened, parts, name, side):
    image = Image.open(SKETCHES / name).convert("RGB").resize((side, side))
    drawing = make_drawing(picture_of(image))
    coarse = np.random.default_rng(0).uniform(-1, 1, (8, 8, 8)).astype(np.float32)
    scores = coarse.repeat(8, axis=1).repeat(8, axis=2)  # sure enough to divide pieces
    wanted = decide(find_pieces(drawing.lightness), probabilities(scores)).parts
    sketch = encoded(drawing.sheet.sketch.transpose(2, 0, 1))
    made = opened(parts).evaluate(DECIDED, [sketch, side, side, encoded(scores), 8, 64])
    assert len(np.unique(wanted)) > 4
    assert (np.array(made).reshape(wanted.shape) == wanted).mean() >= 0.99


def test_paper_is_made_white_as_in_python(opened, parts):
    for image in (on_grey("0000.png"), Image.open(SKETCHES / "0000.png").convert("RGB")):
        sheet = make_drawing(picture_of(image)).sheet
        width, height = image.size
        given = [encoded(sheet.rgb.transpose(2, 0, 1)), width, height]
        made = np.array(opened(parts).evaluate(WHITENED, given)).reshape(3, height, width)
        assert (np.abs(made.transpose(1, 2, 0) - sheet.sketch) <= 2).mean() > 0.99
        if sheet.is_white:
            assert (made.transpose(1, 2, 0) == sheet.rgb).all()


@pytest.mark.parametrize("name", ["0001.png", "0002.png", "0003.png on grey"])
def test_parts_are_colored_as_in_python(opened, parts, name):
    file, _, grey = name.partition(" ")
    image = on_grey(file) if grey else Image.open(SKETCHES / file).convert("RGB")
    page, colorizer = opened(parts), OnnxColorizer.from_file(parts / "model.onnx")
    assert colorizer.codec.parts
    choose(page, image)
    page.get_by_role("group", name="shirt").get_by_label("yellow").check()
    shown(page)
    made, wanted = on_canvas(page), pixels(colorizer(image, hair="blue", shirt="yellow"))
    assert (made != pixels(image)).any(axis=-1).mean() > 0.1  # or there was nothing to color
    assert (np.abs(made.astype(int) - wanted) <= 1).all(axis=-1).mean() >= 0.99


def test_photographs_have_no_attributes(opened, photo):
    page, image = opened(photo), drawing(70, 45).convert("L").convert("RGB")
    choose(page, image)
    assert page.locator("fieldset").count() == 0
    assert_alike(on_canvas(page), OnnxColorizer.from_file(photo / "model.onnx")(image))


def test_the_keyboard_chooses_and_the_picture_is_taken_home(opened, flat):
    page = opened(flat)
    choose(page, sketch(32, 24))
    page.get_by_role("radio", name="blue").first.focus()
    page.keyboard.press("ArrowRight")
    shown(page)
    picture = page.get_by_role("img", name="The picture, coloured: hair brown, shirt blue")
    sync_api.expect(picture).to_be_visible()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download PNG").press("Enter")
    assert waiting.value.suggested_filename == "ada-brown-blue.png"
    taken = pixels(Path(waiting.value.path()).read_bytes())[..., :3]
    assert (taken == on_canvas(page)).all()


def test_a_phone_shows_it_all(opened, flat):
    page = opened(flat, viewport={"width": 360, "height": 740})
    choose(page, sketch(200, 160))
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_what_is_missing_or_wrong_is_told(opened, flat, tmp_path):
    page = opened(flat)
    sync_api.expect(page.locator("#file")).to_be_enabled(timeout=20_000)
    words = {"name": "a.png", "mimeType": "image/png", "buffer": b"just words"}
    page.locator("#file").set_input_files(words)
    sync_api.expect(page.locator("#problem")).to_contain_text("a.png is not a picture")

    for missing in ("model.onnx", "vendor"):
        ignored = shutil.ignore_patterns(missing)
        page = opened(shutil.copytree(flat, tmp_path / missing, ignore=ignored))
        sync_api.expect(page.locator("#problem")).to_contain_text("run ./setup.sh", timeout=20_000)


def test_a_model_of_another_kind_is_refused(opened, flat, tmp_path):
    folder = Path(shutil.copytree(flat, tmp_path / "cut"))
    data = (folder / "model.onnx").read_bytes()
    (folder / "model.onnx").write_bytes(data[: len(data) // 2])
    page = opened(folder)
    sync_api.expect(page.locator("#problem")).to_contain_text("damaged", timeout=20_000)
