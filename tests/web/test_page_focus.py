"""No action on the page loses the keyboard's focus."""

from __future__ import annotations

import pytest
from boxes import four
from chromium import needs_chromium
from models import save_random_hinted
from pages import choose, opening, shown
from PIL import Image
from playwright import sync_api
from webserver import png

from condcolor.inference.colorizer import Colorizer

pytest.importorskip("uvicorn", reason="needs condcolor[web]")

pytestmark = needs_chromium
GREY = Image.linear_gradient("L").resize((40, 30))


@pytest.fixture(scope="module")
def models(model, tmp_path_factory):
    hinted = save_random_hinted(tmp_path_factory.mktemp("hints") / "m")
    return {"parts": model, "photo": Colorizer.load(hinted, device="cpu")}


@pytest.fixture
def page(browser, url):
    with opening(browser, url) as open_page:
        yield open_page()


def focused(page) -> str:
    """What has the focus, once everything has settled: an id, label or text; "" for nothing."""
    page.wait_for_timeout(100)
    return page.evaluate(
        """() => {
            const now = document.activeElement;
            if (now === document.body) return "";
            return now.id || now.ariaLabel || now.textContent.trim() || now.tagName;
        }"""
    )


def press(page, target: str, *keys: str) -> str:
    """Press keys on an element in focus; returns what has the focus then."""
    page.locator(target).first.focus()
    for key in keys or ("Enter",):
        page.keyboard.press(key)
    return focused(page)


def test_a_drawing(page):
    assert press(page, ".sample") != ""
    choose(page, four())
    sync_api.expect(page.locator("#doubtful")).to_be_visible()
    hair = "fieldset[data-name=hair]"
    assert press(page, f"{hair} input[type=radio]", "ArrowRight") != ""
    assert press(page, "#undo") == "redo"  # it can be pressed no more
    assert press(page, "#redo") == "next-doubt"  # the nearest
    assert press(page, "#pieces", "ArrowDown", "Enter") == "hairh"  # with its key
    assert press(page, "#palette .paint .swatch") == "blue"
    assert press(page, "#palette .parts button") == "pieces"
    assert press(page, "#pieces", " ", "Escape") == "pieces"
    for left in (2, 1):
        assert press(page, "#next-doubt", "Enter", "s") == "next-doubt"
        sync_api.expect(page.locator("#doubt-count")).to_have_text(str(left))
    page.locator("#next-doubt").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("s")
    assert focused(page) != ""
    assert press(page, "#zoom-in") == "zoom-in"
    for summary in ("#own-colors", "#layers", "#variants-details"):
        assert press(page, f"{summary} > summary") != ""
    page.locator("#own-name").fill("mine")
    assert press(page, "#own-name") == "own-name"
    assert press(page, "#own .remove") != ""
    sync_api.expect(page.locator("#layer-list li").first).to_be_visible()
    assert press(page, "#layer-list input", " ") != ""
    page.locator("#grid button").first.wait_for()
    assert press(page, "#grid button") != ""
    for name in ("shuffle", "save-parts", "download", "download-ora", "download-sheet"):
        assert press(page, f"#{name}") == name
    shown(page)
    assert press(page, "#models input", "ArrowRight") != ""
    assert press(page, "#close") == "choose"


def test_a_tray(page):
    file = {"mimeType": "image/png", "buffer": png(four())}
    files = [{"name": f"{name}.png", **file} for name in "abc"]
    page.locator("#file").set_input_files(files)
    sync_api.expect(page.locator("#tray-list li")).to_have_count(3)
    shown(page)
    assert press(page, "#tray-list li:nth-child(2) button") != ""
    assert press(page, "#download-all") == "download-all"
    sync_api.expect(page.locator("#tray-told")).to_contain_text("colored.zip")
    assert press(page, "#tray-list li:nth-child(2) .remove") != ""
    sync_api.expect(page.locator("#tray-list li")).to_have_count(2)
    assert press(page, "#tray-list li:nth-child(1) .remove") != ""
    sync_api.expect(page.locator("#tray")).to_be_hidden()


def test_a_photograph(page):
    page.locator("#models label", has_text="photo").click()
    choose(page, GREY, "old.png")
    assert press(page, "#add-hint") == "Point 1 at 20, 15: #c03020"
    assert press(page, ".marker", "Delete") == "add-hint"
    assert press(page, "#add-hint") != ""
    assert press(page, "#remove-hint") == "add-hint"
    assert press(page, "#undo", "Enter", "Enter") != ""
