"""What a reload, a link and the clipboard bring back: colours in the address, pictures in the browser."""

from __future__ import annotations

import base64

import pytest
from boxes import four
from chromium import needs_chromium
from models import save_random_hinted
from pages import choose, on_screen, shown
from PIL import Image
from playwright import sync_api
from webserver import pixels, png

from condcolor.inference.colorizer import Colorizer

pytest.importorskip("uvicorn", reason="needs condcolor[web]")

pytestmark = needs_chromium
LEFT_SHIRT = (60, 140)
GREY = Image.linear_gradient("L").resize((40, 30))
CLIPBOARD = {"permissions": ["clipboard-read", "clipboard-write"]}
COPIED = """async () => {
    const [item] = await navigator.clipboard.read();
    const bytes = new Uint8Array(await (await item.getType("image/png")).arrayBuffer());
    return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}"""
PASTE = """(data) => {
    const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
    const transfer = new DataTransfer();
    transfer.items.add(new File([bytes], "image.png", { type: "image/png" }));
    document.body.dispatchEvent(new ClipboardEvent("paste", { bubbles: true, clipboardData: transfer }));
}"""


@pytest.fixture(scope="module")
def models(model, tmp_path_factory):
    hinted = save_random_hinted(tmp_path_factory.mktemp("hints") / "m")
    return {"parts": model, "photo": Colorizer.load(hinted, device="cpu")}


def click(page, point) -> None:
    page.evaluate("scrollTo(0, 0)")
    box = page.locator("#frame").bounding_box()
    page.mouse.click(
        box["x"] + point[0] / 200 * box["width"], box["y"] + point[1] / 200 * box["height"]
    )


def wait_for_address(page, part: str) -> None:
    page.wait_for_function("part => location.hash.includes(part)", arg=part)
    page.wait_for_timeout(600)  # and the storage


def test_a_reload_brings_picture_colors_and_corrections_back(opened, models):
    page = opened()
    choose(page, four())
    sync_api.expect(page.locator("#doubtful")).to_be_visible()
    click(page, LEFT_SHIRT)
    page.keyboard.press("k")
    page.locator("fieldset[data-name=hair] .well").fill("#2f8f7f")
    page.get_by_role("group", name="Paper").get_by_text("white").click()
    wait_for_address(page, "paper=white")
    page.reload()
    shown(page)
    parts = models["parts"].parts(four()).set(LEFT_SHIRT, "skin")
    values = {"hair": "#2f8f7f", "shirt": "blue"}
    regions, specs = parts.for_colors(values, paper="white")
    expected = pixels(regions.recolor(**specs))
    assert (on_screen(page) == expected).all()
    sync_api.expect(page.get_by_role("radio", name="white")).to_be_checked()
    page.locator("#close").click()
    page.wait_for_timeout(800)
    page.reload()
    sync_api.expect(page.locator("#empty")).to_be_visible()


def test_a_reload_brings_a_photograph_with_its_points_back(opened, models):
    page = opened()
    page.locator("#models label", has_text="photo").click()
    choose(page, GREY, "old.png")
    page.locator("#vivid").fill("2")
    page.locator("#add-hint").click()
    wait_for_address(page, "vivid=2")
    page.reload()
    shown(page)
    sync_api.expect(page.locator(".marker")).to_have_accessible_name("Point 1 at 20, 15: #c03020")
    expected = pixels(models["photo"].with_vivid(2.0)(GREY, hints=["20,15=#c03020"]))
    assert (on_screen(page) == expected).all()


def test_all_pictures_of_the_tray_are_back(opened):
    page = opened()
    file = {"mimeType": "image/png", "buffer": png(four())}
    files = [{"name": name, **file} for name in ("a.png", "b.png")]
    page.locator("#file").set_input_files(files)
    sync_api.expect(page.locator("#tray-list li")).to_have_count(2)
    shown(page)
    page.locator("#tray-list li button").nth(2).click()  # b.png
    shown(page)
    page.wait_for_timeout(800)
    page.reload()
    shown(page)
    current = page.locator("#tray-list [aria-current=true]")
    sync_api.expect(current).to_contain_text("b.png")
    sync_api.expect(page.locator("#tray-list li")).to_have_count(2)


def test_a_link_brings_its_colors(opened, url):
    page = opened()
    page.goto(f"{url}#model=parts&hair=%23112233&shirt=green&skin=brown")
    page.reload()
    sync_api.expect(page.locator("fieldset[data-name=hair] output")).to_have_text("#112233")
    sync_api.expect(page.locator("fieldset[data-name=shirt] output")).to_have_text("green")
    sync_api.expect(page.locator("fieldset[data-name=skin] output")).to_have_text("brown")
    choose(page, four())
    page.evaluate("location.hash = 'model=parts&hair=yellow'")  # another link, in the same tab
    sync_api.expect(page.locator("fieldset[data-name=hair] output")).to_have_text("yellow")
    page.keyboard.press("Control+z")  # one step
    sync_api.expect(page.locator("fieldset[data-name=hair] output")).to_have_text("#112233")


def test_a_link_to_another_model_is_told(opened, url):
    page = opened()
    page.goto(f"{url}#model=mine&hair=red")
    page.reload()
    sync_api.expect(page.locator("#problem")).to_contain_text(
        "a model 'mine' that is not here; there are parts, photo"
    )


@pytest.mark.parametrize("way", ["button", "key"])
def test_the_picture_is_copied(opened, models, way):
    page = opened(**CLIPBOARD)
    choose(page, four())
    page.locator("fieldset[data-name=hair] .swatch", has_text="green").click()
    if way == "button":
        page.locator("#copy").click()
    else:
        page.keyboard.press("Control+c")
    sync_api.expect(page.locator("#downloads-told")).to_contain_text("Copied")
    made = pixels(base64.b64decode(page.evaluate(COPIED)))
    expected = pixels(models["parts"](four(), hair="green", shirt="blue"))
    assert (made[..., :3] == expected).all()


def test_a_copy_of_what_cannot_be_colored_is_told(opened):
    page = opened(**CLIPBOARD)
    choose(page, four())
    page.locator("fieldset[data-name=hair] .any").fill("gren")
    page.locator("fieldset[data-name=hair] .any").press("Enter")
    sync_api.expect(page.locator("fieldset[data-name=hair] .told")).to_be_visible()
    page.locator("#copy").click()
    told = page.locator("#downloads-told")
    sync_api.expect(told).to_contain_text("It could not be copied: hair 'gren' is not one of")


def test_a_picture_is_pasted(opened, models):
    page = opened(**CLIPBOARD)
    expected = pixels(models["parts"](four(), hair="red", shirt="blue"))
    sync_api.expect(page.locator("#empty")).to_contain_text("Ctrl-V pastes a picture")
    page.evaluate(PASTE, base64.b64encode(png(four())).decode())
    shown(page)
    assert (on_screen(page) == expected).all()
    page.locator("#copy").click()
    sync_api.expect(page.locator("#downloads-told")).to_contain_text("Copied")
    page.locator("#close").click()
    page.locator("#paste").click()
    shown(page)
    colored = Image.fromarray(expected)
    assert on_screen(page).shape == expected.shape
    assert page.locator("#download").get_attribute("download").startswith("pasted-")
    assert colored.size == (200, 200)


def test_a_clipboard_without_a_picture_is_told(opened):
    page = opened(**CLIPBOARD)
    page.evaluate("navigator.clipboard.writeText('words')")
    page.locator("#paste").click()
    sync_api.expect(page.locator("#problem")).to_have_text("There is no picture in the clipboard.")


def test_a_download_waits_for_the_picture_that_is_asked_for(opened, models):
    page = opened()
    choose(page, four())
    page.route("**/colored.png*", lambda route: (page.wait_for_timeout(500), route.continue_()))
    page.locator("fieldset[data-name=hair] .swatch", has_text="green").click()
    with page.expect_download() as waiting:
        page.locator("#download").click()
    made = pixels(open(waiting.value.path(), "rb").read())  # noqa: SIM115
    assert (made == pixels(models["parts"](four(), hair="green", shirt="blue"))).all()
