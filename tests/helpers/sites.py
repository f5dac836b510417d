"""The exported page for its tests: served, given pictures, looked at; and what Python makes of them.

What it computes with is not in git: `tests/web/fetch_onnxruntime_web.sh` fetches it; without it these tests
are skipped.
"""

from __future__ import annotations

import base64
import gzip
import http.server
import json
import threading
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright import sync_api
from webserver import pixels, png

from condcolor.conditions.parts import PARTS_SCHEMA
from condcolor.imaging.drawing import make_drawing
from condcolor.imaging.drawing_parts import Parts
from condcolor.imaging.geometry import letterbox
from condcolor.imaging.open import picture_of
from condcolor.inference.parts import find_parts

TESTS = Path(__file__).parents[1]
VENDOR = TESTS / "web" / "vendor" / "onnxruntime-web"
SKETCHES = TESTS.parent / "data" / "icons" / "test" / "inputs"
ON_SCREEN = "canvas => canvas.toDataURL()"
needs_vendor = pytest.mark.skipif(
    not VENDOR.is_dir(),
    reason="needs ONNX Runtime for browsers: run tests/web/fetch_onnxruntime_web.sh",
)


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_) -> None:
        pass


@contextmanager
def opening_site(browser):
    """Opens a folder's page; afterwards nothing was asked of another host, and nothing was wrong with it."""
    servers, contexts, asked, faults = [], [], [], []

    def open_page(folder: Path, *, may_fail: bool = False, **options):
        handler = partial(Quiet, directory=str(folder))
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        servers.append(server)
        context = browser.new_context(**options)
        contexts.append(context)
        context.on("request", lambda request: asked.append(request.url))
        page = context.new_page()
        page.set_default_timeout(20_000)
        if not may_fail:
            page.on("pageerror", lambda error: faults.append(str(error)))
            page.on("console", lambda m: m.type == "error" and faults.append(m.text))
        page.goto(f"http://127.0.0.1:{server.server_port}/")
        page.server = server
        return page

    yield open_page
    for context in contexts:
        context.close()
    for server in servers:
        server.shutdown()
        server.server_close()
    assert all(address.startswith(("http://127.0.0.1:", "blob:", "data:")) for address in asked)
    assert any(
        address.endswith("/network.onnx.gz") for address in asked
    )  # the worker's are seen too
    assert faults == []


def choose(page, image: Image.Image, name: str = "ada.png") -> None:
    sync_api.expect(page.locator("#choose")).to_be_enabled(timeout=20_000)
    given = {"name": name, "mimeType": "image/png", "buffer": png(image)}
    page.locator("#file").set_input_files(given)
    sync_api.expect(page.locator("#status")).to_contain_text("parts found", timeout=20_000)


def on_screen(page) -> np.ndarray:
    """What is shown, once what was just asked for is painted; no outline is under the mouse."""
    page.mouse.move(0, 0)
    page.evaluate(
        "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
    )
    address = page.locator("#picture").evaluate(ON_SCREEN)
    return pixels(base64.b64decode(address.partition(",")[2]))[..., :3]


def taken(page, button: str) -> tuple[bytes, str]:
    with page.expect_download() as waiting:
        page.get_by_role("button", name=button).press("Enter")
    return Path(waiting.value.path()).read_bytes(), waiting.value.suggested_filename


def in_python(folder: Path, image: Image.Image) -> Parts:
    """The parts that Python finds by the scores of the exported network."""
    import onnxruntime

    session = onnxruntime.InferenceSession(
        gzip.decompress((folder / "network.onnx.gz").read_bytes())
    )
    side = json.loads((folder / "config.json").read_text())["image_size"]
    drawing = make_drawing(picture_of(image.convert("RGB")))
    square, box = letterbox(drawing.sheet.sketch, side, 255)
    rgb = np.ascontiguousarray(square.transpose(2, 0, 1))[None]
    [scores] = session.run(None, {"rgb": rgb, "cond": np.zeros((1, 0), np.float32)})[0]
    rows, columns = slice(box.top, box.top + box.height), slice(box.left, box.left + box.width)
    return find_parts(drawing, np.ascontiguousarray(scores[:, rows, columns]), PARTS_SCHEMA)


def character(name: str = "0001.png") -> Image.Image:
    return Image.open(SKETCHES / name).convert("RGB")
