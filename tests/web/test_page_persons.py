"""Several persons on the page: swatches of their own, a piece given to another one; cuts by keyboard."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from chromium import needs_chromium
from figures import HAIR_AT, SHIRT_AT, SIDE, couple, figure
from models import make_parts_model
from pages import choose, on_screen, opening, shown, taken
from PIL import Image
from playwright import sync_api
from webserver import pixels

from condcolor.inference.torch_colorizer import TorchColorizer

pytest.importorskip("uvicorn", reason="needs condcolor[web]")
pytest.importorskip("starlette", reason="needs condcolor[web]")
pytest.importorskip("playwright", reason="needs playwright")

pytestmark = needs_chromium
RED_BLUE = {"hair": "red", "shirt": "blue"}
OTHER_HAIR, OTHER_SHIRT = ((x + SIDE, y) for x, y in (HAIR_AT, SHIRT_AT))


@pytest.fixture(scope="module")
def model():
    return TorchColorizer(make_parts_model(), device="cpu")


@pytest.fixture
def page(browser, url):
    with opening(browser, url) as open_page:
        page = open_page()
        choose(page, couple())
        sync_api.expect(page.locator("#persons")).to_be_visible()
        yield page


@pytest.fixture
def parts(model):
    return model.parts(couple())


def click(page, point) -> None:
    page.evaluate("scrollTo(0, 0)")
    box = page.locator("#frame").bounding_box()
    x, y = point
    page.mouse.click(
        box["x"] + (x + 0.5) / (2 * SIDE) * box["width"],
        box["y"] + (y + 0.5) / SIDE * box["height"],
    )


def expect_colored(page, parts, **values) -> None:
    shown(page)
    expected = pixels(parts.colored(**(RED_BLUE | values)))
    for _ in range(50):
        if (on_screen(page) == expected).all():
            break
        page.wait_for_timeout(100)
    assert (on_screen(page) == expected).all()


def green_hair(page):
    """Give the second person green hair; returns the field of it."""
    page.locator("#persons > summary").click()
    page.locator(".person[data-person='2'] > summary").click()
    field = page.locator("fieldset[data-name=hair-2]")
    field.locator(".swatch", has_text="green").click()
    return field


def test_persons_are_alike_until_one_has_colors_of_their_own(page, parts):
    hint = page.locator("#persons-hint")
    sync_api.expect(hint).to_have_text("2 found, all alike")
    sync_api.expect(page.locator("fieldset[data-name=hair-2]")).to_be_hidden()
    expect_colored(page, parts)
    field = green_hair(page)
    expect_colored(page, parts, hair_2="green")
    sync_api.expect(hint).to_have_text("2 found, some in their own")
    sync_api.expect(page.locator("fieldset[data-name=shirt-2] output")).to_have_text("as all: blue")
    made, name = taken(page)
    assert (made == pixels(parts.colored(**RED_BLUE, hair_2="green"))).all()
    assert name == "ada-red-blue-green.png"
    page.locator("fieldset[data-name=shirt] .swatch", has_text="brown").click()
    sync_api.expect(page.locator("fieldset[data-name=shirt-2] output")).to_have_text(
        "as all: brown"
    )
    expect_colored(page, parts, shirt="brown", hair_2="green")
    field.locator(".chip", has_text="as all").click()
    expect_colored(page, parts, shirt="brown")
    page.keyboard.press("Control+z")
    expect_colored(page, parts, shirt="brown", hair_2="green")


def test_optional_parts_of_a_person(page, parts):
    click(page, OTHER_HAIR)
    page.keyboard.press("k")
    parts.set(OTHER_HAIR, "skin")
    expect_colored(page, parts)
    page.locator("#persons > summary").click()
    page.locator(".person[data-person='2'] > summary").click()
    page.locator("fieldset[data-name=skin-2] .any").fill("#8d5524")
    expect_colored(page, parts, skin_2="#8d5524")


def test_a_wrong_color_of_a_person_marks_its_field(page):
    page.locator("#persons > summary").click()
    page.locator(".person[data-person='2'] > summary").click()
    field = page.locator("fieldset[data-name=hair-2] .any")
    field.fill("grene")
    sync_api.expect(page.locator("fieldset[data-name=hair-2] .told")).to_contain_text(
        "person 2: hair 'grene'"
    )
    sync_api.expect(field).to_have_attribute("aria-invalid", "true")
    sync_api.expect(page.locator("fieldset[data-name=hair] .any")).to_have_attribute(
        "aria-invalid", "false"
    )


def test_a_piece_is_given_to_another_person(page, parts):
    green_hair(page)
    click(page, HAIR_AT)
    sync_api.expect(page.locator("#chosen")).to_contain_text("of person 1")
    whose = page.locator("#palette .whose")
    sync_api.expect(whose.get_by_role("button", pressed=True)).to_have_text("1")
    whose.get_by_role("button", name="person 2").click()
    sync_api.expect(page.locator("#chosen")).to_contain_text("of person 2")
    expect_colored(page, parts.set_person(HAIR_AT, 2), hair_2="green")
    page.keyboard.press("1")
    expect_colored(page, parts.set_person(HAIR_AT, 1), hair_2="green")
    page.keyboard.press("Control+z")
    with page.expect_download() as waiting:
        page.locator("#save-parts").click()
    saved = json.loads(Path(waiting.value.path()).read_text())["corrections"]
    assert [(each["person"], each["box"]) for each in saved] == [(2, list(parts.at(HAIR_AT).box))]


def test_a_given_piece_changes_before_the_server_answers(page):
    green_hair(page)
    shown(page)
    page.route("**/colored.png*", lambda route: None)  # never
    click(page, HAIR_AT)
    page.keyboard.press("2")
    page.wait_for_timeout(100)
    levels = page.locator("#preview").evaluate(
        "(c, [x, y]) => [...c.getContext('2d').getImageData(x, y, 1, 1).data]", list(HAIR_AT)
    )
    assert levels == [round(level * 240 / 255) for level in (0x6D, 0xB5, 0x81)] + [255]


def test_a_further_person_is_made_and_taken_back(page, parts):
    click(page, OTHER_HAIR)
    page.locator("#palette .whose").get_by_role("button", name="person 3, new").click()
    sync_api.expect(page.locator("#persons-hint")).to_contain_text("3 found")
    page.locator("#persons > summary").click()
    page.locator(".person[data-person='3'] > summary").click()
    page.locator("fieldset[data-name=hair-3] .swatch", has_text="yellow").click()
    expect_colored(page, parts.copy().set_person(OTHER_HAIR, 3), hair_3="yellow")
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    sync_api.expect(page.locator("#persons-hint")).to_contain_text("2 found")
    expect_colored(page, parts)
    sync_api.expect(page.locator("#problem")).to_be_hidden()


def test_another_picture_has_no_colors_of_persons(page, model):
    green_hair(page)
    shown(page)
    one = Image.fromarray(figure().rgb)
    choose(page, one, "one.png")
    sync_api.expect(page.locator("#persons")).to_be_hidden()
    expect_colored(page, model.parts(one))
    choose(page, couple(), "again.png")
    sync_api.expect(page.locator("#persons-hint")).to_have_text("2 found, all alike")
    expect_colored(page, model.parts(couple()))


def test_a_person_that_is_pointed_at_is_outlined(page):
    def outlined(side: int) -> bool:
        return page.locator("#pieces").evaluate(
            """async (canvas, side) => {
                await new Promise(requestAnimationFrame);
                const half = canvas.width / 2;
                const { data } = canvas.getContext("2d").getImageData(side * half, 0, half, canvas.height);
                return data.some((level, i) => i % 4 === 3 && level);
            }""",
            side,
        )

    page.locator("#persons > summary").click()
    page.mouse.move(0, 0)
    assert [outlined(0), outlined(1)] == [False, False]
    page.locator(".person[data-person='2'] > summary").hover()
    assert [outlined(0), outlined(1)] == [False, True]


def test_a_cut_by_keyboard(page, parts):
    click(page, HAIR_AT)
    page.keyboard.press("Escape")  # the palette
    page.keyboard.press("c")
    sync_api.expect(page.locator("#pieces")).to_be_focused()
    x, y = parts.at(HAIR_AT).point
    status = page.locator("#chosen")
    sync_api.expect(status).to_have_text(f"Pen at {x}, {y}: Enter begins a line here")
    for _ in range(y):
        page.keyboard.press("ArrowUp" if _ < 4 else "Shift+ArrowUp")
    sync_api.expect(status).to_contain_text(f"Pen at {x}, 0")
    page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("Enter")
    sync_api.expect(status).to_contain_text("Enter cuts")
    page.keyboard.press("Escape")
    sync_api.expect(status).to_contain_text("Enter begins")
    page.keyboard.press("Enter")
    for _ in range(15):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    parts.cut([(x, 1), (x, 31)])
    page.locator("#status", has_text=" ms").wait_for()
    page.keyboard.press("Escape")
    sync_api.expect(page.get_by_role("radio", name="Choose")).to_be_checked()
    sync_api.expect(status).to_have_text("")
    right = (x + 8, y)
    assert parts.at(right).number != parts.at((x - 6, y)).number
    click(page, right)
    page.keyboard.press("s")
    expect_colored(page, parts.set(right, "shirt"))


def test_a_cut_with_a_corner_by_keyboard(page):
    page.keyboard.press("c")
    for key in ("Enter", "ArrowDown", " ", "ArrowRight", "Enter"):
        page.keyboard.press(key)
    sync_api.expect(page.locator("#problem")).to_contain_text(
        "from 64,32 to 66,34 divides no piece"
    )
    sync_api.expect(page.locator("#undo")).to_be_disabled()
