"""Parts corrected on the page: by click, key, drag, cut; undone, saved, loaded."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path

import pytest
from boxes import four
from chromium import needs_chromium
from pages import choose, on_screen, ready, shown, taken
from PIL import Image
from playwright import sync_api
from webserver import pixels

pytest.importorskip("uvicorn", reason="needs condcolor[web]")
pytest.importorskip("starlette", reason="needs condcolor[web]")
pytest.importorskip("playwright", reason="needs playwright")

pytestmark = needs_chromium
SIDE = 200  # of `four`
RED_BLUE = {"hair": "red", "shirt": "blue"}
# the middles of four boxes: hair above; below a shirt, that may as well be hair
LEFT_HAIR, RIGHT_HAIR, LEFT_SHIRT, RIGHT_SHIRT = (60, 60), (140, 60), (60, 140), (140, 140)


@pytest.fixture
def page(opened):
    return ready(opened())


def place(page, point) -> tuple[float, float]:
    """The place in the window of a point of the picture."""
    box = page.locator("#frame").bounding_box()
    return tuple(
        start + at / SIDE * size
        for start, at, size in zip(
            (box["x"], box["y"]), point, (box["width"], box["height"]), strict=True
        )
    )


def click(page, point) -> None:
    page.evaluate("scrollTo(0, 0)")
    page.mouse.click(*place(page, point))


def drag(page, *points) -> None:
    page.mouse.move(*place(page, points[0]))
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*place(page, point), steps=5)
    page.mouse.up()


def expect_colored(page, parts) -> None:
    shown(page)
    sync_api.expect(page.locator("body.busy")).to_have_count(0)
    expected = pixels(parts.colored(**RED_BLUE))
    for _ in range(50):
        if (on_screen(page) == expected).all():
            break
        page.wait_for_timeout(100)
    assert (on_screen(page) == expected).all()


@pytest.fixture
def parts(model):
    return model.parts(four())


def test_the_boxes_are_pieces(parts):
    found = [parts.at(p).part for p in (LEFT_HAIR, RIGHT_HAIR, LEFT_SHIRT, RIGHT_SHIRT)]
    assert found == ["hair", "hair", "shirt", "shirt"]
    points = (LEFT_HAIR, RIGHT_HAIR, LEFT_SHIRT, RIGHT_SHIRT)
    assert len({parts.at(point).number for point in points}) == 4
    assert len(parts.pieces) == 6  # two of the ground around them
    assert len(parts.doubts) == 3


def test_a_click_opens_the_parts_and_one_is_chosen(page, parts):
    click(page, RIGHT_SHIRT)
    palette = page.locator("#palette")
    parts_now = palette.get_by_role("group", name="Which part is it?")
    sync_api.expect(parts_now.get_by_role("button", pressed=True)).to_have_text(re.compile("shirt"))
    sync_api.expect(page.locator("#chosen")).to_contain_text("% sure, in doubt")
    palette.get_by_role("button", name="hair").click()
    sync_api.expect(palette).to_be_hidden()
    sync_api.expect(page.locator("#chosen")).to_contain_text("hair, set by you")
    expect_colored(page, parts.set(RIGHT_SHIRT, "hair"))
    made, _ = taken(page)
    assert (made == pixels(parts.colored(**RED_BLUE))).all()


def test_hovering_outlines_the_piece(page):
    def outlined() -> int:
        return page.locator("#pieces").evaluate(
            """async (canvas) => {
                await new Promise(requestAnimationFrame);
                const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height / 3);
                return data.filter((level, i) => i % 4 === 3 && level).length;
            }"""
        )

    page.mouse.move(0, 0)
    assert outlined() == 0
    page.mouse.move(*place(page, LEFT_HAIR))
    assert outlined() > 100
    page.mouse.move(*place(page, LEFT_SHIRT))
    assert outlined() == 0  # it is below


def test_the_picture_changes_before_the_server_answers(page):
    page.route("**/colored.png*", lambda route: None)  # never
    click(page, LEFT_SHIRT)
    page.keyboard.press("h")
    page.wait_for_timeout(100)
    x, y = place(page, LEFT_SHIRT)
    seen = pixels(page.screenshot(clip={"x": x - 5, "y": y - 5, "width": 10, "height": 10}))
    assert seen[5, 5, :3].tolist() == [233, 71, 67]


@pytest.mark.parametrize(
    ("key", "part"),
    [
        ("h", "hair"),
        ("k", "skin"),
        ("t", "trousers"),
        ("a", "hat"),
        ("o", "shoes"),
        ("n", "none"),
        ("g", "ground"),
    ],
)
def test_keys_are_parts(page, parts, key, part):
    click(page, LEFT_SHIRT)
    page.keyboard.press(key)
    sync_api.expect(page.locator("#chosen")).to_contain_text(f"{part}, set by you")
    expect_colored(page, parts.set(LEFT_SHIRT, part))


def test_a_key_in_a_field_is_a_letter(page, parts):
    click(page, LEFT_SHIRT)
    page.locator("fieldset[data-name=hair] .any").click()
    page.keyboard.type("hsk")
    sync_api.expect(page.locator("fieldset[data-name=hair] .any")).to_have_value("hsk")
    sync_api.expect(page.locator("#undo")).to_be_disabled()


def test_undo_and_redo_go_over_corrections_and_colors(page, parts):
    for button in ("#undo", "#redo"):
        sync_api.expect(page.locator(button)).to_be_disabled()
    click(page, LEFT_SHIRT)
    page.keyboard.press("h")
    page.locator("fieldset[data-name=shirt] .swatch", has_text="green").click()
    click(page, RIGHT_SHIRT)
    page.keyboard.press("k")
    shown(page)
    corrected = parts.copy().set(LEFT_SHIRT, "hair")
    page.keyboard.press("Control+z")
    shown(page)
    assert (taken(page)[0] == pixels(corrected.colored(hair="red", shirt="green"))).all()
    page.locator("#undo").click()
    sync_api.expect(page.locator("fieldset[data-name=shirt] output")).to_have_text("blue")
    expect_colored(page, corrected)
    page.locator("#undo").click()
    expect_colored(page, parts)
    sync_api.expect(page.locator("#undo")).to_be_disabled()
    page.keyboard.press("Control+Shift+z")
    expect_colored(page, corrected)
    page.keyboard.press("Control+y")
    page.keyboard.press("Control+y")
    sync_api.expect(page.locator("#redo")).to_be_disabled()
    shown(page)
    corrected.set(RIGHT_SHIRT, "skin")
    assert (taken(page)[0] == pixels(corrected.colored(hair="red", shirt="green"))).all()


def test_fifty_steps_are_kept(page):
    for i in range(60):
        name = "shirt" if i % 2 else "hair"
        color = ["red", "green", "yellow"][i // 2 % 3]
        page.locator(f"fieldset[data-name={name}] input[value={color}]").evaluate("e => e.click()")
    count = 0
    while page.locator("#undo").is_enabled():
        page.keyboard.press("Control+z")
        count += 1
    assert count == 50


def test_a_drag_gives_all_pieces_the_last_part(page, parts):
    click(page, LEFT_SHIRT)
    page.keyboard.press("k")
    drag(page, LEFT_HAIR, RIGHT_HAIR, RIGHT_SHIRT)
    sync_api.expect(page.locator("#chosen")).to_have_text("3 pieces")
    for point in (LEFT_SHIRT, LEFT_HAIR, RIGHT_HAIR, RIGHT_SHIRT):
        parts.set(point, "skin")
    expect_colored(page, parts)
    page.keyboard.press("Control+z")  # one step
    sync_api.expect(page.locator("#redo")).to_be_enabled()
    sync_api.expect(page.locator("#doubt-count")).to_have_text("2")


def test_a_drag_before_any_part_asks_which(page, parts):
    drag(page, LEFT_HAIR, LEFT_SHIRT)
    sync_api.expect(page.locator("#chosen")).to_have_text("2 pieces")
    page.get_by_role("button", name="hat").click()
    expect_colored(page, parts.set(LEFT_HAIR, "hat").set(LEFT_SHIRT, "hat"))


def test_a_brush_gives_its_part_at_once(page, parts):
    page.get_by_text("Brush", exact=True).click()
    page.locator("#brush .chip", has_text="skin").click()
    click(page, LEFT_HAIR)
    sync_api.expect(page.locator("#palette")).to_be_hidden()
    drag(page, RIGHT_HAIR, RIGHT_SHIRT)
    for point in (LEFT_HAIR, RIGHT_HAIR, RIGHT_SHIRT):
        parts.set(point, "skin")
    expect_colored(page, parts)
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    sync_api.expect(page.get_by_role("radio", name="Choose")).to_be_checked()


def test_a_cut_divides_a_piece(page, parts):
    page.get_by_text("Cut", exact=True).click()
    drag(page, (100, 60), (140, 61), (178, 60))
    sync_api.expect(page.locator("#undo")).to_be_enabled()
    page.get_by_text("Choose", exact=True).click()
    sync_api.expect(page.locator("#status")).to_contain_text(" ms")
    click(page, (140, 85))
    sync_api.expect(page.locator("#chosen")).to_contain_text("of 7")
    page.keyboard.press("s")
    page.keyboard.press("Escape")
    shown(page)
    made, _ = taken(page)
    blue, red = [63, 174, 225], [233, 71, 67]
    assert [made[y, x].tolist() for x, y in ((140, 85), (140, 40), LEFT_HAIR)] == [blue, red, red]
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    expect_colored(page, parts)


def test_a_cut_of_nothing_is_told_and_is_no_step(page, parts):
    page.get_by_text("Cut", exact=True).click()
    drag(page, (130, 130), (140, 140))
    sync_api.expect(page.locator("#problem")).to_contain_text("divides no piece")
    sync_api.expect(page.locator("#undo")).to_be_disabled()
    page.get_by_text("Choose", exact=True).click()
    click(page, LEFT_SHIRT)
    page.keyboard.press("h")
    expect_colored(page, parts.set(LEFT_SHIRT, "hair"))


def test_d_goes_from_doubt_to_doubt(page, parts):
    sync_api.expect(page.locator("#doubts-legend")).to_contain_text("Hatched")
    sync_api.expect(page.locator("#next-doubt")).to_have_text("Next doubt (3)")
    seen = []
    for _ in range(4):
        page.keyboard.press("d")
        sync_api.expect(page.locator("#palette")).to_be_visible()
        seen.append(page.locator("#chosen").inner_text())
    assert seen[0] == seen[3]
    assert len(set(seen)) == 3
    for _ in range(3):
        page.keyboard.press("s")
        page.keyboard.press("d")
    sync_api.expect(page.locator("#doubts-legend")).to_have_text("No piece is in doubt")
    sync_api.expect(page.locator("#next-doubt")).to_be_hidden()
    sync_api.expect(page.locator("#chosen")).to_have_text("No piece is in doubt")
    expect_colored(page, parts)


def test_the_keyboard_goes_from_piece_to_piece(page, parts):
    page.locator("#pieces").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowUp")
    words = page.locator("#chosen").inner_text()
    assert re.search(r"Piece \d of 6: hair", words)
    page.keyboard.press("Enter")
    sync_api.expect(page.locator("#palette button", has_text="hair")).to_be_focused()
    page.keyboard.press("Tab")
    sync_api.expect(page.locator("#palette button", has_text="shirt")).to_be_focused()
    page.keyboard.press("Enter")
    sync_api.expect(page.locator("#pieces")).to_be_focused()
    sync_api.expect(page.locator("#chosen")).to_contain_text("shirt, set by you")
    page.keyboard.press(" ")
    page.keyboard.press("Escape")
    sync_api.expect(page.locator("#palette")).to_be_hidden()
    sync_api.expect(page.locator("#pieces")).to_be_focused()
    expect_colored(page, parts.set(RIGHT_HAIR, "shirt"))


def test_parts_are_saved_and_loaded(page, parts, opened, tmp_path):
    click(page, LEFT_SHIRT)
    page.keyboard.press("h")
    with page.expect_download() as waiting:
        page.locator("#save-parts").click()
    assert waiting.value.suggested_filename == "ada.parts.json"
    data = Path(waiting.value.path()).read_bytes()
    parts.set(parts.at(LEFT_SHIRT).point, "hair")
    assert data == parts.encoded()
    other = ready(opened())
    file = {"name": "ada.parts.json", "mimeType": "application/json", "buffer": data}
    other.locator("#parts-file").set_input_files(file)
    sync_api.expect(other.locator("#undo")).to_be_enabled()
    expect_colored(other, parts)
    content = json.loads(data)
    content["corrections"].append({"point": [5, 5], "part": "hair", "box": [90, 90, 95, 95]})
    other.evaluate(DROP_PARTS, base64.b64encode(json.dumps(content).encode()).decode())
    sync_api.expect(other.locator("#corrections-told")).to_contain_text("does not fit")
    expect_colored(other, parts)


DROP_PARTS = """(data) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([atob(data)], "x.parts.json", { type: "application/json" }));
    document.getElementById("frame").dispatchEvent(
        new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer: transfer }));
}"""


def test_what_is_no_file_of_parts_is_told(page):
    file = {"name": "x.parts.json", "mimeType": "application/json", "buffer": b"{}"}
    page.locator("#parts-file").set_input_files(file)
    sync_api.expect(page.locator("#corrections-told")).to_contain_text(
        "is no file of parts of format 1"
    )


def test_more_colors_are_folded_and_optional(page, parts):
    sync_api.expect(page.locator("fieldset[data-name=skin]")).to_be_hidden()
    click(page, LEFT_SHIRT)
    page.keyboard.press("k")
    expect_colored(page, parts.set(LEFT_SHIRT, "skin"))
    page.locator("#more-colors summary").click()
    skin = page.locator("fieldset[data-name=skin]")
    sync_api.expect(skin.locator("output")).to_have_text("light")
    skin.locator(".swatch", has_text="brown").click()
    shown(page)
    made, name = taken(page)
    assert (made == pixels(parts.colored(**RED_BLUE, skin="brown"))).all()
    assert name == "ada-red-blue-brown.png"
    skin.locator(".chip", has_text="default").click()
    expect_colored(page, parts)
    swatch = skin.locator(".dot").nth(0).evaluate("e => getComputedStyle(e).backgroundColor")
    assert swatch == "rgb(141, 85, 36)"


def test_variants_have_the_corrections(page):
    page.locator("#variants summary").click()
    sync_api.expect(page.locator("#grid button")).to_have_count(25)
    first = page.locator("#grid canvas").first
    before = first.evaluate("c => c.toDataURL()")
    click(page, LEFT_SHIRT)
    page.keyboard.press("g")
    sync_api.expect(page.locator("#grid button")).to_have_count(25)
    for _ in range(50):
        page.wait_for_timeout(100)
        if page.locator("#grid canvas").count() and first.evaluate("c => c.toDataURL()") != before:
            break
    assert first.evaluate("c => c.toDataURL()") != before


def test_another_picture_has_no_corrections(page, parts):
    click(page, LEFT_SHIRT)
    page.keyboard.press("h")
    shown(page)
    choose(page, four(), "again.png")
    sync_api.expect(page.locator("#undo")).to_be_disabled()
    expect_colored(page, parts)


def test_a_note_on_light_lines_is_shown(opened):
    page = opened()
    choose(page, Image.eval(four(), lambda light: 255 - light))
    sync_api.expect(page.locator("#status")).to_contain_text("light lines on a dark ground")


def test_a_finger_chooses_and_brushes(opened, parts):
    page = ready(opened(viewport={"width": 390, "height": 740}, has_touch=True, is_mobile=True))
    page.touchscreen.tap(*place(page, LEFT_SHIRT))
    palette = page.locator("#palette")
    sync_api.expect(palette).to_be_visible()
    box = palette.bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
    assert box["y"] + box["height"] <= 740
    palette.get_by_role("button", name="hair").tap()
    expect_colored(page, parts.set(LEFT_SHIRT, "hair"))
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_text("Brush", exact=True).tap()
    page.touchscreen.tap(*place(page, RIGHT_SHIRT))
    expect_colored(page, parts.set(RIGHT_SHIRT, "hair"))
