"""Hints on a photograph, in a real browser: clicked, coloured, dragged, moved by keys, removed, undone."""

from __future__ import annotations

import numpy as np
import pytest
from chromium import needs_chromium
from models import save_random_hinted
from pages import choose, shown, taken
from PIL import Image
from playwright import sync_api
from webserver import pixels, png, serving

from condcolor.inference.colorizer import Colorizer
from condcolor.web.app import make_app

pytest.importorskip("uvicorn", reason="needs condcolor[web]")

pytestmark = needs_chromium
GREY = Image.linear_gradient("L").resize((40, 30))

ROW = """(image, y) => {
    const context = new OffscreenCanvas(image.naturalWidth, 1).getContext("2d");
    context.drawImage(image, 0, -y);
    return [...context.getImageData(0, 0, image.naturalWidth, 1).data];
}"""


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return Colorizer.load(save_random_hinted(tmp_path_factory.mktemp("hints") / "m"), device="cpu")


@pytest.fixture(scope="module")
def url(model):
    with serving(make_app({"photo": model})) as port:
        yield f"http://127.0.0.1:{port}/"


def click_at(page, x: int, y: int) -> None:
    """Click a pixel of the picture."""
    box = page.locator("#frame").bounding_box()
    across, down = box["width"] / GREY.width, box["height"] / GREY.height
    page.mouse.click(box["x"] + (x + 0.5) * across, box["y"] + (y + 0.5) * down)


def test_a_click_gives_a_thing_its_color(opened, model):
    page = opened()
    choose(page, GREY, "old.png")
    shown(page)
    page.locator("#hint-color").fill("#2040c0")
    click_at(page, 10, 20)
    shown(page)
    expected = pixels(model(GREY, hints=["10,20=#2040c0"]))
    assert (taken(page)[0] == expected).all()
    assert (expected != pixels(model(GREY))).any()
    page.locator("#hint-color").fill("#c02020")  # of the point that was set
    shown(page)
    assert (taken(page)[0] == pixels(model(GREY, hints=["10,20=#c02020"]))).all()


def test_the_last_colors_are_there_for_points(opened, model):
    page = opened()
    choose(page, GREY, "old.png")
    for color in ("#2040c0", "#20a040"):
        page.locator("#hint-color").fill(color)
    click_at(page, 10, 20)
    page.get_by_role("button", name="#2040c0", exact=True).click()
    shown(page)
    assert (taken(page)[0] == pixels(model(GREY, hints=["10,20=#2040c0"]))).all()


def test_a_large_photograph_is_shown_reduced_until_the_whole_is_there(opened, model):
    page = opened()
    page.set_default_timeout(60_000)
    large = GREY.resize((1440, 1080))
    file = {"name": "old.png", "mimeType": "image/png", "buffer": png(large)}
    page.locator("#file").set_input_files(file)
    page.locator("#status", has_text=" ms").wait_for()
    held = []
    whole = lambda url: "colored.png" in url and "longer" not in url  # noqa: E731
    page.route(whole, lambda route: held.append(route))
    page.locator("#add-hint").click()
    page.wait_for_function("() => document.getElementById('after').naturalWidth === 1024")
    small = large.convert("L")
    small.thumbnail((1024, 1024), Image.Resampling.LANCZOS)
    assert small.size == (1024, 768)
    expected = pixels(model(small, hints=["512,384=#c03020"]))
    row = page.locator("#after").evaluate(ROW, 384)
    assert (np.reshape(row, (-1, 4))[:, :3] == expected[384]).all()
    page.wait_for_timeout(500)
    held[-1].continue_()
    page.wait_for_function("() => document.getElementById('after').naturalWidth === 1440")
    assert (taken(page)[0] == pixels(model(large, hints=["720,540=#c03020"]))).all()


def test_points_are_moved_removed_and_undone(opened, model):
    page = opened()
    choose(page, GREY, "old.png")
    marker = page.locator(".marker")
    page.get_by_role("button", name="Add a point").click()
    sync_api.expect(marker).to_be_focused()
    sync_api.expect(marker).to_have_accessible_name("Point 1 at 20, 15: #c03020")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowDown")
    sync_api.expect(marker).to_have_accessible_name("Point 1 at 19, 16: #c03020")
    box, frame = marker.bounding_box(), page.locator("#frame").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(
        frame["x"] + frame["width"] * 5.5 / 40, frame["y"] + frame["height"] * 4.5 / 30, steps=4
    )
    page.mouse.up()
    sync_api.expect(marker).to_have_accessible_name("Point 1 at 5, 4: #c03020")
    shown(page)
    assert (taken(page)[0] == pixels(model(GREY, hints=["5,4=#c03020"]))).all()
    sync_api.expect(marker).to_have_count(1)  # a drag sets no other
    marker.focus()
    page.keyboard.press("Delete")
    sync_api.expect(marker).to_have_count(0)
    page.keyboard.press("Control+z")
    sync_api.expect(marker).to_have_accessible_name("Point 1 at 5, 4: #c03020")
    choose(page, GREY, "other.png")
    sync_api.expect(marker).to_have_count(0)
