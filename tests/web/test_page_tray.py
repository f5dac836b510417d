"""Several pictures on the page: the same colours for all, doubts flagged, corrections of each, one zip."""

from __future__ import annotations

import zipfile

import pytest
from boxes import four
from chromium import needs_chromium
from models import save_random_photo
from pages import choose, on_screen, opening, shown
from pictures import sketch
from PIL import Image
from playwright import sync_api
from webserver import pixels, png, serving

from condcolor.inference.colorizer import Colorizer
from condcolor.web.app import STATIC, make_app
from condcolor.web.store import PictureStore

pytest.importorskip("uvicorn", reason="needs condcolor[web]")

pytestmark = needs_chromium
SIDE = 200  # of `four`
LEFT_SHIRT = (60, 140)
OTHER = four().rotate(180)


@pytest.fixture(scope="module")
def url(model):
    # two pictures are kept: a third is gone when it is asked for, and is sent again
    with serving(make_app({"parts": model}, sketches=PictureStore(most=2))) as port:
        yield f"http://127.0.0.1:{port}/"


def file(name: str, data: bytes | Image.Image) -> dict[str, object]:
    content = data if isinstance(data, bytes) else png(data)
    return {"name": name, "mimeType": "image/png", "buffer": content}


def drop(page, *files) -> None:
    page.locator("#file").set_input_files(list(files))
    sync_api.expect(page.locator("#tray")).to_be_visible()
    shown(page)
    sync_api.expect(page.locator("#doubtful")).to_be_visible()


def items(page):
    return page.locator("#tray-list li")


def zipped(page) -> dict[str, bytes]:
    """Content by name of the zip of all, whose checksums are right."""
    with page.expect_download() as waiting:
        page.locator("#download-all").click()
    assert waiting.value.suggested_filename == "colored.zip"
    with zipfile.ZipFile(waiting.value.path()) as opened_zip:
        assert opened_zip.testzip() is None
        return {name: opened_zip.read(name) for name in opened_zip.namelist()}


def test_all_have_the_same_colors_and_come_as_one_zip(opened, model):
    page = opened()
    drop(page, file("ä.png", four()), file("b.png", OTHER), file("b.jpg", sketch(40, 30)))
    sync_api.expect(page.locator("#tray-title")).to_have_text(
        "3 pictures, the same colours for all"
    )
    sync_api.expect(items(page).nth(0).get_by_role("button").first).to_have_attribute(
        "aria-current", "true"
    )
    page.locator("fieldset[data-name=hair] .swatch", has_text="green").click()
    shown(page)
    made = zipped(page)
    assert list(made) == ["ä.png", "b.png", "b-2.png"]
    for content, image in zip(made.values(), (four(), OTHER, sketch(40, 30)), strict=True):
        assert (pixels(content) == pixels(model(image, hair="green", shirt="blue"))).all()
    sync_api.expect(page.locator("#tray-told")).to_have_text("3 pictures in colored.zip")


def test_corrections_and_undo_are_of_each_picture(opened, model):
    page = opened()
    drop(page, file("a.png", four()), file("b.png", OTHER))
    box = page.locator("#frame").bounding_box()
    page.mouse.click(
        box["x"] + LEFT_SHIRT[0] / SIDE * box["width"],
        box["y"] + LEFT_SHIRT[1] / SIDE * box["height"],
    )
    page.keyboard.press("h")
    shown(page)
    items(page).nth(1).get_by_role("button").first.click()
    sync_api.expect(page.locator("#undo")).to_be_disabled()
    shown(page)
    plain = pixels(model(OTHER, hair="red", shirt="blue"))
    assert (on_screen(page) == plain).all()
    items(page).nth(0).get_by_role("button").first.click()
    sync_api.expect(page.locator("#undo")).to_be_enabled()
    shown(page)
    parts = model.parts(four()).set(LEFT_SHIRT, "hair")
    corrected = pixels(parts.colored(hair="red", shirt="blue"))
    assert (on_screen(page) == corrected).all()
    made = zipped(page)
    assert (pixels(made["a.png"]) == corrected).all()
    assert (pixels(made["b.png"]) == plain).all()


def test_doubts_are_flagged_in_the_tray(opened, model):
    page = opened()
    doubts = [len(model.parts(image).doubts) for image in (four(), Image.new("L", (64, 64), 255))]
    assert doubts[0] == 3
    drop(page, file("a.png", four()), file("b.png", four()))
    flags = page.locator(".flag")
    sync_api.expect(flags).to_have_text(["3 in doubt", "3 in doubt"])
    page.keyboard.press("d")
    page.keyboard.press("s")
    sync_api.expect(flags).to_have_text(["2 in doubt", "3 in doubt"])


def test_the_small_pictures_follow_the_colors(opened):
    page = opened()
    drop(page, file("a.png", four()), file("b.png", OTHER))
    small = page.locator("#tray-list img")
    sync_api.expect(small).to_have_count(2)
    before = small.nth(1).get_attribute("src")
    page.locator("fieldset[data-name=hair] .swatch", has_text="green").click()
    sync_api.expect(small.nth(1)).not_to_have_attribute("src", before)
    size = small.nth(1).evaluate("i => [i.naturalWidth, i.naturalHeight]")
    assert size == [160, 160]


def test_an_unreadable_file_is_flagged_and_named(opened):
    page = opened()
    drop(page, file("a.png", four()), file("notes.png", b"just words"))
    sync_api.expect(items(page).nth(1).locator(".flag")).to_have_text("unreadable")
    assert list(zipped(page)) == ["a.png"]
    sync_api.expect(page.locator("#tray-told")).to_contain_text("notes.png:")
    sync_api.expect(page.locator("#tray-told")).to_contain_text("is a text file, not a picture")


def test_pictures_are_added_and_removed(opened, model):
    page = opened()
    choose(page, four(), "a.png")
    sync_api.expect(page.locator("#tray")).to_be_hidden()
    drop(page, file("b.png", OTHER), file("c.png", four()))
    page.locator("#file").set_input_files(file("d.png", sketch(40, 30)))
    sync_api.expect(items(page)).to_have_count(3)
    shown(page)
    assert on_screen(page).shape[:2] == (30, 40)
    page.get_by_role("button", name="Remove d.png").click()
    sync_api.expect(items(page)).to_have_count(2)
    shown(page)
    assert (on_screen(page) == pixels(model(four(), hair="red", shirt="blue"))).all()
    page.get_by_role("button", name="Remove b.png").click()
    sync_api.expect(page.locator("#tray")).to_be_hidden()
    page.get_by_role("button", name="Close: forget the pictures").click()
    sync_api.expect(page.locator("#empty")).to_be_visible()
    sync_api.expect(page.locator("#choose")).to_be_focused()


def test_each_picture_has_the_model_made_for_it(browser, tmp_path):
    photo = Colorizer.load(save_random_photo(tmp_path / "photo"), device="cpu")
    drawings = Colorizer.load("icons", device="cpu")
    with Image.open(STATIC / "samples/collins.jpg") as image:
        grey = image.convert("L").resize((160, 160))
    with Image.open(STATIC / "samples/ada.png") as image:
        ada = image.convert("L")
    app = make_app({"icons": drawings, "photo": photo})
    with serving(app) as port, opening(browser, f"http://127.0.0.1:{port}/") as open_page:
        page = open_page()
        page.locator("#file").set_input_files([file("ada.png", ada), file("old.png", grey)])
        shown(page)
        made = zipped(page)
        assert (pixels(made["old.png"]) == pixels(photo(grey))).all()
        expected = pixels(drawings(ada, hair="red", shirt="blue"))
        assert (pixels(made["ada.png"]) == expected).all()
