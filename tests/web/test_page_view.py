"""Zoom and pan on the page: by wheel, buttons, keys, space and middle button, one finger and two."""

from __future__ import annotations

import pytest
from boxes import four
from chromium import needs_chromium
from models import save_random_hinted
from pages import choose, ready, shown
from PIL import Image
from playwright import sync_api

from condcolor.inference.colorizer import Colorizer

pytest.importorskip("uvicorn", reason="needs condcolor[web]")

pytestmark = needs_chromium
PHONE = {"viewport": {"width": 390, "height": 740}, "has_touch": True, "is_mobile": True}
SIDE = 200  # of `four`
LEFT_SHIRT = (60, 140)  # in the middle of a box of `four`


@pytest.fixture(scope="module")
def models(model, tmp_path_factory):
    hinted = save_random_hinted(tmp_path_factory.mktemp("hints") / "m")
    return {"parts": model, "photo": Colorizer.load(hinted, device="cpu")}


@pytest.fixture
def page(opened):
    return ready(opened())


def expect_zoom(page, percent: int) -> None:
    sync_api.expect(page.locator("#zoom-at")).to_have_text(f"{percent} %")


def frame(page) -> list[float]:
    """Left, top and width of the picture, from the corner of what is seen of it, in its own size."""
    return page.evaluate(
        """() => {
            const box = (id) => document.getElementById(id).getBoundingClientRect();
            const [view, frame] = [box("view"), box("frame")], { width, height } = view;
            return [(frame.x - view.x) / width, (frame.y - view.y) / height, frame.width / width];
        }"""
    )


def place(page, point) -> tuple[float, float]:
    """The place in the window of a point of the picture."""
    box = page.locator("#frame").bounding_box()
    return box["x"] + point[0] / SIDE * box["width"], box["y"] + point[1] / SIDE * box["height"]


def chosen(page) -> str:
    return page.locator("#chosen").inner_text()


def test_the_wheel_zooms_about_the_pointer_and_clicks_still_fit(page):
    x, y = place(page, LEFT_SHIRT)
    page.mouse.move(x, y)
    page.mouse.wheel(0, -350)
    expect_zoom(page, 201)  # e to the power of 0.7
    assert place(page, LEFT_SHIRT) == pytest.approx((x, y), abs=1)
    page.mouse.click(x, y)
    assert "shirt" in chosen(page)
    page.keyboard.press("h")
    sync_api.expect(page.locator("#chosen")).to_contain_text("hair, set by you")
    page.mouse.wheel(0, 2000)
    expect_zoom(page, 100)
    assert frame(page) == pytest.approx([0, 0, 1], abs=0.01)


def test_the_wheel_scrolls_the_page_where_nothing_is_left_to_zoom(page):
    page.mouse.move(*place(page, LEFT_SHIRT))
    page.mouse.wheel(0, 100)
    page.wait_for_function("() => scrollY > 0")
    expect_zoom(page, 100)


def test_keys_and_buttons_zoom(page):
    page.keyboard.press("+")
    expect_zoom(page, 125)
    page.locator("#zoom-in").click()
    expect_zoom(page, 156)
    page.keyboard.press("-")
    expect_zoom(page, 125)
    page.keyboard.press("0")
    expect_zoom(page, 100)
    page.locator("#zoom-out").click()
    expect_zoom(page, 100)  # not below
    for _ in range(20):
        page.keyboard.press("+")
    expect_zoom(page, 1600)  # not above
    page.locator("#zoom-fit").click()
    expect_zoom(page, 100)
    page.locator("fieldset[data-name=hair] .any").press("+")
    expect_zoom(page, 100)  # a letter of a field


@pytest.mark.parametrize("way", ["space", "middle"])
def test_a_drag_with_space_or_the_middle_button_pans(page, way):
    page.locator("#zoom-in").click()
    page.locator("#zoom-in").click()
    before = frame(page)
    page.mouse.move(*place(page, (100, 100)))
    if way == "space":
        page.keyboard.down(" ")
    button = "left" if way == "space" else "middle"
    page.mouse.down(button=button)
    page.mouse.move(
        *place(page, (110, 90)), steps=4
    )  # a twentieth of the picture to the right, and up
    page.mouse.up(button=button)
    page.keyboard.up(" ")
    moved = [now - then for now, then in zip(frame(page), before, strict=True)]
    size = 1.25**2
    assert moved == pytest.approx([0.05 * size, -0.05 * size, 0], abs=0.01)
    expect_zoom(page, 156)  # the button in focus was not pressed by space
    assert chosen(page) == ""
    sync_api.expect(page.locator("#undo")).to_be_disabled()


def test_the_picture_is_not_dragged_out_of_sight(page):
    page.keyboard.press("+")
    page.mouse.move(*place(page, (100, 100)))
    page.mouse.down(button="middle")
    page.mouse.move(2000, 2000, steps=4)
    page.mouse.up(button="middle")
    assert frame(page) == pytest.approx([0, 0, 1.25], abs=0.01)


def test_arrow_keys_pan_from_the_zoom_buttons_and_pieces_are_brought_into_sight(page):
    page.locator("#zoom-in").focus()
    page.keyboard.press("Enter")
    before = frame(page)
    page.keyboard.press("ArrowRight")
    assert frame(page)[0] - before[0] == pytest.approx(-0.1, abs=0.01)
    for _ in range(12):
        page.keyboard.press("+")
    page.locator("#pieces").focus()
    for key in ("ArrowLeft", "ArrowDown", "ArrowRight"):
        page.keyboard.press(key)
        view, box = page.evaluate(
            """() => ["view", "frame"].map((id) => document.getElementById(id).getBoundingClientRect())
                .map(({ x, y, width, height }) => [x, y, width, height])"""
        )
        page.keyboard.press(" ")  # opens the palette beside the piece
        sync_api.expect(page.locator("#palette")).to_be_visible()
        page.keyboard.press("Escape")
        assert box[2] > 10 * view[2]


def test_a_finger_pans_what_is_zoomed_and_a_tap_still_chooses(opened):
    page = ready(opened(**PHONE))
    page.locator("#zoom-in").tap()
    page.locator("#zoom-in").tap()
    before = frame(page)
    x, y = place(page, (100, 100))
    _touch(page, [[(x, y)], [(x - 20, y - 10)], [(x - 40, y - 20)]])
    assert frame(page)[0] < before[0] - 0.05
    assert frame(page)[1] < before[1] - 0.02
    sync_api.expect(page.locator("#undo")).to_be_disabled()
    page.touchscreen.tap(*place(page, LEFT_SHIRT))
    sync_api.expect(page.locator("#palette")).to_be_visible()
    assert "shirt" in chosen(page)


def test_two_fingers_zoom_about_their_middle(opened):
    page = ready(opened(**PHONE))
    x, y = place(page, (100, 100))
    fingers = [[(x - far, y), (x + far, y)] for far in (20, 30, 40)]
    _touch(page, fingers)
    expect_zoom(page, 200)
    assert place(page, (100, 100)) == pytest.approx((x, y), abs=2)
    assert chosen(page) == ""


def _touch(page, positions) -> None:
    """Fingers at these places, one list a moment."""
    session = page.context.new_cdp_session(page)
    for i, places in enumerate(positions):
        points = [{"x": x, "y": y, "id": n} for n, (x, y) in enumerate(places)]
        kind = "touchMove" if i else "touchStart"
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def test_a_drag_on_a_zoomed_photograph_pans_and_sets_no_point(opened):
    page = opened()
    page.locator("#models label", has_text="photo").click()
    choose(page, Image.linear_gradient("L").resize((40, 30)), "old.png")
    page.locator("#zoom-in").click()
    page.locator("#zoom-in").click()
    before = frame(page)
    box = page.locator("#view").bounding_box()
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(*middle)
    page.mouse.down()
    page.mouse.move(middle[0] - 60, middle[1], steps=4)
    page.mouse.up()
    assert frame(page)[0] < before[0]
    sync_api.expect(page.locator(".marker")).to_have_count(0)
    page.mouse.click(*middle)
    sync_api.expect(page.locator(".marker")).to_have_count(1)
    shown(page)


def test_another_picture_is_shown_whole(page):
    page.keyboard.press("+")
    choose(page, four(), "again.png")
    expect_zoom(page, 100)
