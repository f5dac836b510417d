"""Colours on the page: of a clicked part, the last ones, a palette of one's own, from the screen; undone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from boxes import four
from chromium import needs_chromium
from pages import on_screen, ready, shown, taken
from playwright import sync_api
from webserver import pixels

from condcolor.conditions.palette_file import with_palette

pytest.importorskip("uvicorn", reason="needs condcolor[web]")

pytestmark = needs_chromium
SIDE = 200  # of `four`
LEFT_HAIR, LEFT_SHIRT = (60, 60), (60, 140)
PALETTE = {"crimson": "#b01030", "hair": {"ash": "rgb(178, 165, 143)"}}


@pytest.fixture
def page(opened):
    return ready(opened())


@pytest.fixture
def parts(model):
    return model.parts(four())


def click(page, point) -> None:
    page.evaluate("scrollTo(0, 0)")
    box = page.locator("#frame").bounding_box()
    page.mouse.click(
        box["x"] + point[0] / SIDE * box["width"], box["y"] + point[1] / SIDE * box["height"]
    )


def palette_file(content) -> dict[str, object]:
    data = content if isinstance(content, bytes) else json.dumps(content).encode()
    return {"name": "mine.json", "mimeType": "application/json", "buffer": data}


def lit(page) -> list[str]:
    return page.locator(".attribute.lit").evaluate_all("all => all.map((f) => f.dataset.name)")


def test_a_clicked_part_lights_its_swatches_and_is_recolored_there(page, parts):
    assert lit(page) == []
    click(page, LEFT_SHIRT)
    assert lit(page) == ["shirt"]
    row = page.locator("#palette").get_by_role("group", name="Colour of shirt")
    sync_api.expect(row.get_by_role("button", pressed=True)).to_have_accessible_name("blue")
    row.get_by_role("button", name="green").click()
    sync_api.expect(row.get_by_role("button", name="green")).to_be_focused()
    dot = page.locator("#palette [data-part=shirt] .dot")
    green = dot.evaluate("e => getComputedStyle(e).backgroundColor")
    assert green == "rgb(109, 181, 129)"
    sync_api.expect(page.locator("#palette .well")).to_have_value("#6db581")
    sync_api.expect(row.get_by_role("button", pressed=True)).to_have_accessible_name("green")
    shown(page)
    assert (on_screen(page) == pixels(parts.colored(hair="red", shirt="green"))).all()
    page.keyboard.press("h")  # keys of parts go on
    sync_api.expect(page.locator("#chosen")).to_contain_text("hair, set by you")
    assert lit(page) == ["hair"]
    page.keyboard.press("g")
    sync_api.expect(page.locator("#chosen")).to_contain_text("ground, set by you")
    assert lit(page) == []
    click(page, LEFT_SHIRT)
    sync_api.expect(page.locator("#palette .paint")).to_have_count(0)
    sync_api.expect(page.locator("#palette .parts")).to_be_visible()


def test_any_color_of_a_clicked_part(page, parts):
    click(page, LEFT_HAIR)
    page.locator("#palette .well").fill("#2f8f7f")
    shown(page)
    expected = pixels(parts.colored(hair="#2f8f7f", shirt="blue"))
    assert (taken(page)[0] == expected).all()
    sync_api.expect(page.locator("fieldset[data-name=hair] .any")).to_have_value("#2f8f7f")


def test_colors_and_corrections_are_one_history(page, parts):
    click(page, LEFT_SHIRT)
    page.locator("#palette").get_by_role("button", name="yellow").click()
    page.keyboard.press("h")
    page.get_by_role("group", name="Paper").get_by_text("white").click()
    shown(page)
    expected = pixels(parts.copy().set(LEFT_SHIRT, "hair").colored(hair="red", shirt="yellow"))
    page.keyboard.press("Control+z")
    sync_api.expect(page.get_by_role("radio", name="as it is")).to_be_checked()
    shown(page)
    assert (on_screen(page) == expected).all()
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    shown(page)
    assert (on_screen(page) == pixels(parts.colored(hair="red", shirt="blue"))).all()
    sync_api.expect(page.locator("#undo")).to_be_disabled()
    for _ in range(2):
        page.keyboard.press("Control+y")
    shown(page)
    assert (on_screen(page) == expected).all()


def test_a_color_is_on_screen_before_the_server_answers(page):
    page.route("**/colored.png*", lambda route: None)  # never
    page.locator("fieldset[data-name=shirt] .swatch", has_text="green").click()
    page.locator("fieldset[data-name=hair] .well").fill("#102030")
    page.wait_for_timeout(100)
    assert seen(page, LEFT_SHIRT) == [109, 181, 129]
    assert seen(page, LEFT_HAIR) == [16, 32, 48]
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    page.wait_for_timeout(100)
    sync_api.expect(page.locator("#undo")).to_be_disabled()
    assert seen(page, LEFT_HAIR) == [233, 71, 67]


def seen(page, point) -> list[int]:
    box = page.locator("#frame").bounding_box()
    x, y = box["x"] + point[0] / SIDE * box["width"], box["y"] + point[1] / SIDE * box["height"]
    page.mouse.move(0, 0)
    clip = {"x": x - 3, "y": y - 3, "width": 6, "height": 6}
    return pixels(page.screenshot(clip=clip))[3, 3, :3].tolist()


def test_the_last_colors_stay_in_this_browser(page, parts):
    page.locator("#own-colors summary").click()
    sync_api.expect(page.locator("#recent button")).to_have_count(0)
    hair = page.locator("fieldset[data-name=hair] .any")
    for color in ("#112233", "tan", "#445566", "#112233"):
        hair.fill(color)
        hair.press("Enter")
    page.reload()
    ready(page)
    page.locator("#own-colors summary").click()
    names = page.locator("#recent button").evaluate_all("all => all.map((b) => b.title)")
    assert names == ["#112233", "#445566", "#d2b48c"]
    click(page, LEFT_SHIRT)
    sync_api.expect(page.locator("#own-for")).to_have_text("for shirt")
    page.locator("#recent").get_by_role("button", name="#d2b48c").click()
    shown(page)
    asked = page.locator("fieldset[data-name=shirt] output")
    sync_api.expect(asked).to_have_text("#d2b48c")


def test_a_palette_is_loaded_used_by_name_and_saved(page, parts, tmp_path, model):
    page.locator("#palette-file").set_input_files(palette_file(PALETTE))
    sync_api.expect(page.locator("#own-told")).to_have_text("2 colours of mine.json")
    sync_api.expect(page.locator("#own li")).to_have_text(["ash×", "crimson×"])
    page.locator("#own").get_by_role("button", name="ash", exact=True).click()
    page.locator("fieldset[data-name=shirt] .any").fill("Crimson")
    page.locator("fieldset[data-name=shirt] .any").press("Enter")
    shown(page)
    expected = pixels(parts.colored(hair="#b2a58f", shirt="#b01030"))
    assert (taken(page)[0] == expected).all()
    sync_api.expect(page.locator("#own li")).to_have_text(["crimson×"])  # the shirt has no ash
    page.locator("#own-name").fill("dark")
    page.locator("fieldset[data-name=hair] .any").focus()
    page.get_by_role("button", name="Keep", exact=True).click()
    sync_api.expect(page.locator("#own-told")).to_have_text("dark is #b2a58f")
    with page.expect_download() as waiting:
        page.locator("#palette-save").click()
    assert waiting.value.suggested_filename == "palette.json"
    saved = Path(waiting.value.path()).read_bytes()
    assert json.loads(saved) == {
        "crimson": "#b01030",
        "hair": {"ash": "#b2a58f"},
        "dark": "#b2a58f",
    }
    (tmp_path / "palette.json").write_bytes(saved)
    named = dict(with_palette(model.schema, tmp_path / "palette.json").attribute("hair").named)
    assert named["ash"] == named["dark"] == (178, 165, 143)
    page.get_by_role("button", name="Forget crimson").click()
    sync_api.expect(page.locator("#own li")).to_have_text(["ash×", "dark×"])


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"[1]", "mine.json: no object of names and colours"),
        (b"{", "mine.json: no JSON"),
        ({"sea": "blu"}, "'sea' has no colour but \"blu\": write one as #rrggbb"),
        ({"keep": "#fff"}, "the name 'keep' has a meaning already"),
        ({"hair": {"a:b": "#fff"}}, "hair: the name 'a:b' may not hold"),
    ],
)
def test_a_wrong_palette_is_told_beside_it(page, content, told):
    page.locator("#palette-file").set_input_files(palette_file(content))
    sync_api.expect(page.locator("#own-told")).to_contain_text(told)
    sync_api.expect(page.locator("#own li")).to_have_count(0)


DROPPER = """window.EyeDropper = class { async open() { return { sRGBHex: "#336699" }; } };"""


def test_an_eyedropper_where_the_browser_has_one(browser, url, parts):
    context = browser.new_context()
    context.add_init_script(DROPPER)
    page = context.new_page()
    page.goto(url)
    ready(page)
    click(page, LEFT_SHIRT)
    page.locator("#palette").get_by_role("button", name="Take a colour from the screen").click()
    shown(page)
    made, _ = taken(page)
    assert (made == pixels(parts.colored(hair="red", shirt="#336699"))).all()
    context.close()
    context = browser.new_context()
    context.add_init_script("delete window.EyeDropper")
    page = context.new_page()
    page.goto(url)
    ready(page)
    click(page, LEFT_SHIRT)
    sync_api.expect(page.locator("#palette .well")).to_be_visible()
    sync_api.expect(page.locator(".eyedropper")).to_have_count(0)
    context.close()


def test_a_wrong_color_is_told_beside_its_field(page):
    field = page.locator("fieldset[data-name=shirt]")
    field.locator(".any").fill("gren")
    field.locator(".any").press("Enter")
    told = field.get_by_role("alert")
    sync_api.expect(told).to_contain_text("did you mean 'green'?")
    sync_api.expect(field.locator(".any")).to_have_accessible_description(told.inner_text())
    sync_api.expect(page.locator("#problem")).to_be_hidden()
    field.locator(".swatch", has_text="red").click()
    sync_api.expect(told).to_be_hidden()
