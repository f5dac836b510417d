"""The exported page in a real browser: corrections, layers, no network, a phone; what is wrong is told."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from chromium import needs_chromium
from PIL import Image
from playwright import sync_api
from sites import character, choose, in_python, needs_vendor, on_screen, taken
from webserver import pixels

from condcolor.data.builders.svg_render import render_svg
from condcolor.imaging.drawing_parts import Parts

pytest.importorskip("onnx", reason="needs condcolor[train]")
pytest.importorskip("onnxscript", reason="needs condcolor[train]")
pytest.importorskip("onnxruntime", reason="needs condcolor[train]")

AXE = Path(__file__).with_name("vendor") / "axe.min.js"
FINDINGS = "async () => (await axe.run()).violations.map(({ id, help }) => `${id}: ${help}`)"
RENEWED = """async () => {
    const isNew = async () => (await caches.keys()).every((name) => name.includes(" new"));
    while (!(await isNew())) await new Promise(requestAnimationFrame);
    const { active } = await navigator.serviceWorker.ready;
    while (active.state !== "activated") await new Promise(requestAnimationFrame);
}"""
pytestmark = [needs_chromium, needs_vendor]


def middle_of_hair(parts: Parts):
    """The largest piece of hair."""
    return max((each for each in parts.pieces if each.part == "hair"), key=lambda each: each.area)


def click(page, image: Image.Image, point: tuple[int, int]) -> None:
    box = page.locator("#picture").bounding_box()
    place = {"x": (point[0] + 0.5) / image.width * box["width"]}
    place["y"] = (point[1] + 0.5) / image.height * box["height"]
    page.locator("#picture").click(position=place)


def test_a_click_corrects_a_part_and_undo_takes_it_back(opened_site, site):
    image = character()
    page, parts = opened_site(site), in_python(site, image)
    piece = middle_of_hair(parts)
    choose(page, image)
    before = on_screen(page)
    click(page, image, piece.point)
    sync_api.expect(page.locator("#chosen")).to_contain_text("hair")
    page.locator("#palette").get_by_role("button", name="shirt").click()
    sync_api.expect(page.locator("#chosen")).to_have_text("shirt, set by you")
    page.keyboard.press("Escape")
    corrected = on_screen(page)
    parts.set(piece.point, "shirt")
    wanted = pixels(parts.colored(hair="red", shirt="blue"))
    assert (corrected != before).any(axis=-1).mean() > 0.002
    assert (np.abs(corrected.astype(int) - wanted) <= 1).all(axis=-1).mean() >= 0.99
    page.keyboard.press("Control+z")
    assert (on_screen(page) == before).all()
    page.keyboard.press("Control+Shift+z")
    assert (on_screen(page) == corrected).all()
    click(page, image, piece.point)
    page.keyboard.press("h")  # the key of hair
    page.keyboard.press("Escape")
    assert (on_screen(page) == before).all()


def test_the_keyboard_alone_corrects_a_part(opened_site, site):
    page = opened_site(site)
    sync_api.expect(page.locator("#choose")).to_be_enabled(timeout=20_000)
    page.get_by_role("button", name="Sketch of Ada").press("Enter")
    sync_api.expect(page.locator("#picture")).to_be_focused(timeout=20_000)
    page.keyboard.press("ArrowDown")
    first = page.locator("#chosen").inner_text()
    assert first
    page.keyboard.press("Enter")
    sync_api.expect(page.locator("#palette button:focus")).to_have_count(1)
    page.locator("#palette").get_by_role("button", name="hat").press("Enter")
    sync_api.expect(page.locator("#chosen")).to_have_text("hat, set by you")
    assert page.evaluate("document.activeElement.id") == "picture"
    page.get_by_role("button", name="Undo").press("Enter")
    sync_api.expect(page.locator("#chosen")).to_have_text(first)


def test_the_drawing_in_layers(opened_site, site):
    image, page = character(), opened_site(site)
    choose(page, image)
    data, name = taken(page, "Drawing with layers")
    text = data.decode()
    assert name == "ada-hair-red-shirt-blue.svg"
    ids = re.findall(r'<g id="([^"]+)"', text)
    wanted = in_python(site, image)
    found = {piece.part for piece in wanted.pieces} - {"ground", "other"}
    assert ids[0] == "paper"
    assert ids[-1] == "lines"
    assert found <= set(ids)
    assert '<g id="hair"><title>hair</title><path fill="#e94743"' in text
    rendered = render_svg(text, 256)[..., :3].astype(int)
    painted = pixels(wanted.colored(hair="red", shirt="blue")).astype(int)
    assert (np.abs(rendered - painted).max(axis=-1) <= 12).mean() > 0.9
    # the lines alone, at four times the size
    head, lines = text.partition("\n")[0], text[text.index('<g id="lines">') :]
    large = image.convert("L").resize((1024, 1024), Image.Resampling.BICUBIC)
    dark, drawn = render_svg(f"{head}{lines}", 1024)[..., 3] > 127, pixels(large) < 128
    assert (dark & drawn).sum() / (dark | drawn).sum() >= 0.97


def test_it_works_without_a_network_after_the_first_load(opened_site, site):
    page, image = opened_site(site), character()
    choose(page, image)
    wanted = on_screen(page)
    page.evaluate("() => navigator.serviceWorker.ready.then(() => 0)")
    page.server.shutdown()
    page.server.server_close()
    page.context.set_offline(True)
    page.reload()
    choose(page, image)
    assert (on_screen(page) == wanted).all()
    data, _ = taken(page, "Download PNG")
    assert (pixels(data)[..., :3] == wanted).all()


def test_a_new_export_takes_the_place_of_what_is_kept(opened_site, site, tmp_path):
    folder = Path(shutil.copytree(site, tmp_path / "site"))
    page = opened_site(folder)
    page.evaluate("() => navigator.serviceWorker.ready.then(() => 0)")
    text = (folder / "index.html").read_text()
    (folder / "index.html").write_text(text.replace("Drop a sketch here", "Drop one"))
    worker = (folder / "sw.js").read_text()
    (folder / "sw.js").write_text(worker.replace('VERSION = "', 'VERSION = "new', 1))
    page.reload()  # finds the new worker
    page.evaluate(RENEWED)
    page.reload()
    sync_api.expect(page.locator(".invite")).to_have_text("Drop one")


def test_a_phone_shows_it_all(opened_site, site):
    page = opened_site(site, viewport={"width": 360, "height": 740}, color_scheme="dark")
    choose(page, character())
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.locator("#picture").click()
    assert page.locator("#palette").bounding_box()["x"] >= 0


def test_what_is_missing_or_wrong_is_told(opened_site, site, tmp_path):
    page = opened_site(site)
    sync_api.expect(page.locator("#choose")).to_be_enabled(timeout=20_000)
    words = {"name": "a.png", "mimeType": "image/png", "buffer": b"just words"}
    page.locator("#file").set_input_files(words)
    sync_api.expect(page.locator("#problem")).to_contain_text("a.png is not a picture")
    for missing in ("network.onnx.gz", "ort.wasm.min.mjs"):
        ignored = shutil.ignore_patterns(missing)
        page = opened_site(shutil.copytree(site, tmp_path / missing, ignore=ignored), may_fail=True)
        problem = page.locator("#problem")
        sync_api.expect(problem).to_contain_text("put the whole exported folder", timeout=20_000)


@pytest.mark.skipif(not AXE.is_file(), reason="needs axe-core: run tests/web/fetch_axe.sh")
@pytest.mark.parametrize("look", ["light", "dark"])
def test_axe_finds_nothing(opened_site, site, look):
    page = opened_site(site, color_scheme=look)
    page.evaluate(AXE.read_text(encoding="utf-8"))
    sync_api.expect(page.locator("#choose")).to_be_enabled(timeout=20_000)
    assert page.evaluate(FINDINGS) == []
    choose(page, character())
    page.get_by_text("More colours").click()
    page.locator("#picture").click()
    sync_api.expect(page.locator("#palette")).to_be_visible()
    assert page.evaluate(FINDINGS) == []
