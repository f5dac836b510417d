"""The page in a real browser: colours by mouse, touch and keyboard, and what is taken home."""

from __future__ import annotations

import base64
import io
import re
from pathlib import Path

import pytest
from chromium import needs_chromium
from models import PartsInDoubt, make_parts_model, save_random_photo
from pages import DROP, choose, on_screen, shown, taken
from pictures import sketch
from PIL import Image
from playwright import sync_api
from webserver import pixels, png, renderers, serving

from condcolor.imaging.layer_files import load_layers
from condcolor.imaging.layers import Layers
from condcolor.inference.colorizer import Colorizer
from condcolor.inference.torch_colorizer import TorchColorizer
from condcolor.web.app import STATIC, make_app
from condcolor.web.store import PictureStore

pytest.importorskip("uvicorn", reason="needs condcolor[web]")


pytest.importorskip("starlette", reason="needs condcolor[web]")


pytest.importorskip("playwright", reason="needs playwright")


pytestmark = needs_chromium


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    photo = save_random_photo(tmp_path_factory.mktemp("photo") / "photo")
    parts = TorchColorizer(make_parts_model(PartsInDoubt), device="cpu")
    return {**renderers(), "photo": Colorizer.load(photo, device="cpu"), "parts": parts}


def colored(image=None, **values):
    return pixels(renderers()["icons"](image or sketch(32, 24), **values))


def test_a_dropped_sketch_is_colored_as_clicked(opened):
    page = opened()
    data = base64.b64encode(png(sketch(32, 24))).decode()
    page.evaluate(DROP, ["my sketch.png", data])
    shown(page)
    page.locator("fieldset[data-name=hair] .swatch", has_text="yellow").click()
    page.locator("fieldset[data-name=shirt] .swatch", has_text="green").click()
    shown(page)
    made, name = taken(page)
    assert name == "my sketch-yellow-green.png"
    assert (made == colored(hair="yellow", shirt="green")).all()
    assert (on_screen(page) == made).all()


def test_a_click_on_an_area_recolors_it_there(opened):
    page = opened()
    choose(page)
    box = page.locator("#frame").bounding_box()
    page.mouse.click(box["x"] + box["width"] * 12.5 / 32, box["y"] + box["height"] * 9.5 / 24)
    palette = page.locator("#palette")
    sync_api.expect(page.locator(".attribute.lit")).to_have_attribute("data-name", "hair")
    palette.get_by_role("button", name="green").click()
    shown(page)
    assert (on_screen(page) == colored(hair="green", shirt="blue")).all()
    page.keyboard.press("Control+z")
    sync_api.expect(page.locator("fieldset[data-name=hair] output")).to_have_text("red")
    page.mouse.click(box["x"] + box["width"] - 8, box["y"] + 8)  # the paper
    sync_api.expect(palette).to_be_hidden()
    sync_api.expect(page.locator(".attribute.lit")).to_have_count(0)


def test_any_color_none_and_keep(opened):
    page = opened()
    choose(page)
    page.locator("fieldset[data-name=hair] .well").fill("#2f8f7f")
    page.locator("fieldset[data-name=shirt] .chip", has_text="none").click()
    shown(page)
    assert (taken(page)[0] == colored(hair="#2f8f7f", shirt="none")).all()
    page.locator("fieldset[data-name=hair] .chip", has_text="keep").click()
    page.locator("fieldset[data-name=shirt] .any").fill("rebeccapurple:1,white:1")
    page.locator("fieldset[data-name=shirt] .any").press("Enter")
    shown(page)
    expected = colored(hair="keep", shirt="rebeccapurple:1,white:1")
    assert (taken(page)[0] == expected).all()
    assert (on_screen(page) == expected).all()


def test_the_last_of_many_colors_wins(opened):
    page = opened()
    choose(page)
    page.locator("fieldset[data-name=hair] .well").evaluate(
        """(well) => {
            for (let i = 0; i < 200; i++) {
                well.value = `#${(i + 50).toString(16).padStart(2, "0")}8800`;
                well.dispatchEvent(new Event("input", { bubbles: true }));
            }
        }"""
    )
    shown(page)
    assert (on_screen(page) == colored(hair="#f98800", shirt="blue")).all()


def test_a_wrong_color_is_told_and_the_picture_stays(opened):
    page = opened()
    choose(page)
    before = on_screen(page)
    field = page.locator("fieldset[data-name=hair] .any")
    field.fill("oragne")
    field.press("Enter")
    told = page.locator("fieldset[data-name=hair]").get_by_role("alert")
    sync_api.expect(told).to_contain_text("did you mean 'orange'?")
    sync_api.expect(field).to_have_attribute("aria-invalid", "true")
    assert (on_screen(page) == before).all()
    field.fill("orange")
    field.press("Enter")
    sync_api.expect(told).to_be_hidden()
    shown(page)
    assert (on_screen(page) == colored(hair="orange", shirt="blue")).all()


def test_the_keyboard_does_it_all(opened):
    page = opened()
    choosers = []
    page.on("filechooser", lambda chooser: choosers.append(chooser))
    page.keyboard.press("Tab")  # the model
    page.keyboard.press("Tab")
    sync_api.expect(page.locator("#choose")).to_be_focused()
    page.keyboard.press("Enter")
    for _ in range(100):
        page.wait_for_timeout(50)
        if choosers:
            break
    data = png(sketch(32, 24))
    choosers[0].set_files({"name": "a.png", "mimeType": "image/png", "buffer": data})
    shown(page)
    seen = []
    page.locator("#models input").first.focus()
    for _ in range(30):
        page.keyboard.press("Tab")
        seen.append(
            page.evaluate(
                "document.activeElement.name || document.activeElement.id || "
                "document.activeElement.className || document.activeElement.tagName"
            )
        )
        outlined = (
            "e => [e, e.parentElement].some((x) => getComputedStyle(x).outlineStyle !== 'none')"
        )
        focused = page.locator("*:focus")
        assert focused.count() == 0 or focused.evaluate(outlined), seen[-1]
        if seen[-1] == "attribute hair":
            page.keyboard.press("ArrowRight")  # from red to the next
        if seen[-1] == "slider":
            for _ in range(30):
                page.keyboard.press("ArrowRight")
        if seen[-1] == "download":
            break
    assert {
        "choose-other",
        "slider",
        "attribute hair",
        "attribute shirt",
        "well",
        "any",
        "shuffle",
    } <= {name.split(" chosen")[0] for name in seen}
    shown(page)
    assert page.locator("#frame").evaluate("f => f.style.getPropertyValue('--at')") == "30%"
    with page.expect_download() as waiting:
        page.keyboard.press("Enter")
    made = pixels(Path(waiting.value.path()).read_bytes())
    assert (made == colored(hair="yellow", shirt="blue")).all()


def test_the_slider_shows_before_and_after(opened):
    page = opened()
    choose(page, sketch(64, 64))
    frame = page.locator("#frame")
    box = frame.bounding_box()
    place = {"x": box["x"], "y": box["y"], "width": box["width"], "height": box["height"]}

    def inside(at: float):
        image = pixels(page.screenshot(clip=place))
        return image[int(image.shape[0] * 0.3), int(image.shape[1] * at)][:3].tolist()

    hair, shirt = inside(0.3), inside(0.65)
    page.locator("#slider").fill("50")
    assert (inside(0.3), inside(0.65)) == ([255, 255, 255], shirt)
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] * 0.8)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.9, box["y"] + box["height"] * 0.8, steps=4)
    page.mouse.up()
    assert 85 <= float(page.locator("#slider").input_value()) <= 95
    assert inside(0.65) == [255, 255, 255]
    page.locator("#slider").fill("0")
    assert inside(0.3) == hair


def test_a_variant_is_chosen_from_the_sheet(opened, models):
    page = opened()
    choose(page)
    page.locator("#variants summary").click()
    sync_api.expect(page.locator("#grid button")).to_have_count(25)
    page.get_by_role("button", name="hair green, shirt red").click()
    shown(page)
    assert (taken(page)[0] == colored(hair="green", shirt="red")).all()
    sync_api.expect(page.locator("#grid [aria-pressed=true]")).to_have_count(1)
    page.keyboard.press("Escape")
    page.locator("#grid button[tabindex='0']").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    shown(page)
    assert (taken(page)[0] == colored(hair="brown", shirt="brown")).all()
    with page.expect_download() as waiting:
        page.locator("#download-sheet").click()
    assert waiting.value.suggested_filename == "ada-sheet.png"
    assert Image.open(waiting.value.path()).size > (800, 800)


def test_layers_are_hidden_and_taken_home(opened, tmp_path):
    page = opened()
    choose(page)
    page.locator("#layers summary").click()
    sync_api.expect(page.locator("#layer-list img")).to_have_count(5)
    layers = renderers()["icons"].layers(sketch(32, 24), hair="red", shirt="blue")
    assert page.locator("#layer-list label").all_inner_texts() == list(layers.names[::-1])
    page.get_by_role("checkbox", name="hair").uncheck()
    page.get_by_role("checkbox", name="paper").uncheck()
    shown(page)
    made, _ = taken(page)
    left = [i for i, name in enumerate(layers.names) if name not in ("hair", "paper")]
    parts = (tuple(layers.names[i] for i in left), tuple(layers.images[i] for i in left))
    assert (made == pixels(Layers(*parts).composed())).all()
    assert made[9, 12, 3] == 0  # where the hair was
    page.get_by_role("checkbox", name="hair").check()
    page.get_by_role("checkbox", name="paper").check()
    shown(page)
    assert (taken(page)[0] == colored(hair="red", shirt="blue")).all()
    with page.expect_download() as waiting:
        page.locator("#download-ora").click()
    assert waiting.value.suggested_filename == "ada.ora"
    waiting.value.save_as(tmp_path / "ada.ora")
    loaded = load_layers(tmp_path / "ada.ora")
    assert loaded.names == layers.names
    assert all((a == b).all() for a, b in zip(loaded.images, layers.images, strict=True))


def test_doubts_are_hatched_where_they_are_wanted(opened, models):
    page = opened()
    choose(page, sketch(64, 64))
    sync_api.expect(page.locator("#doubtful")).to_be_hidden()  # this model has none
    page.locator("#models label", has_text="parts").click()
    box = page.get_by_role("checkbox", name="Show doubts")
    sync_api.expect(box).not_to_be_checked()
    doubts = models["parts"].regions(sketch(64, 64)).doubts
    share = f"{100 * doubts.mean():.0f} % of the picture"
    sync_api.expect(page.locator("#doubts-legend")).to_contain_text(share)
    shown(page)
    halves = [(0.2, 0.25), (0.2, 0.75)]  # sure, and in doubt
    before = [_seen(page, *place) for place in halves]
    box.check()
    after = [_seen(page, *place) for place in halves]
    assert [a == b for a, b in zip(before, after, strict=True)] == [True, False]
    expected = models["parts"](sketch(64, 64), hair="red", shirt="blue")
    assert (taken(page)[0] == pixels(expected)).all()  # without the hatching
    page.locator("#models label", has_text="icons").click()
    sync_api.expect(page.locator("#doubts")).to_be_hidden()


def _seen(page, across: float, down: float) -> bytes:
    """A small piece of the picture as it is on screen, at this place of it."""
    page.mouse.move(0, 0)
    page.evaluate("scrollTo(0, 0)")
    box = page.locator("#frame").bounding_box()
    place = {"x": box["x"] + across * box["width"], "y": box["y"] + down * box["height"]}
    return pixels(page.screenshot(clip={**place, "width": 24, "height": 24})).tobytes()


def test_grey_paper_is_made_white(opened):
    page = opened()
    image = Image.eval(sketch(32, 24), lambda light: light * 200 // 255)
    choose(page, image)
    assert (taken(page)[0] == colored(image, hair="red", shirt="blue")).all()
    page.get_by_role("group", name="Paper").get_by_text("white").click()
    shown(page)
    regions = renderers()["icons"].regions(image, paper="white")
    expected = pixels(regions.recolor(hair="red", shirt="blue"))
    assert (taken(page)[0] == expected).all()
    assert (expected != colored(image, hair="red", shirt="blue")).any()


def test_a_photograph_with_colours_is_left_and_can_be_coloured_anew(opened, models):
    page = opened()
    image = Image.new("RGB", (60, 40), (90, 90, 90))
    image.paste((200, 40, 30), (0, 0, 30, 20))
    image.paste((40, 160, 60), (30, 20, 60, 40))
    choose(page, image, "new.png")
    choices = page.get_by_role("group", name="It has colours already")
    sync_api.expect(choices).to_be_hidden()  # a drawing may have colours
    page.locator("#models label", has_text="photo").click()
    sync_api.expect(choices).to_be_visible()
    shown(page)
    assert (taken(page)[0] == pixels(image)).all()
    choices.get_by_text("colour it anew").click()
    shown(page)
    assert (taken(page)[0] == pixels(models["photo"](image))).all()
    choose(page, Image.linear_gradient("L").resize((40, 30)), "old.png")
    sync_api.expect(choices).to_be_hidden()
    choose(page, image, "new.png")
    shown(page)
    assert (taken(page)[0] == pixels(image)).all()


def test_photographs_have_a_slider_of_their_own(opened, models):
    page = opened()
    image = Image.linear_gradient("L").resize((40, 30))
    choose(page, image, "old.png")
    page.locator("#models label", has_text="photo").click()
    sync_api.expect(page.locator("#attributes")).to_be_hidden()
    sync_api.expect(page.locator("#variants")).to_be_hidden()
    shown(page)
    assert (taken(page)[0] == pixels(models["photo"](image))).all()
    page.locator("#vivid").fill("2.5")
    shown(page)
    expected = TorchColorizer(models["photo"].model, vivid=2.5, device="cpu")(image)
    made, name = taken(page)
    assert (made == pixels(expected)).all()
    assert name == "old-colored.png"
    page.locator("#models label", has_text="icons").click()
    sync_api.expect(page.locator("#attributes")).to_be_visible()


def test_a_photograph_is_saturated_until_the_server_answers(opened):
    page = opened()
    choose(page, Image.linear_gradient("L").resize((40, 30)), "old.png")
    page.locator("#models label", has_text="photo").click()
    shown(page)
    vivid = float(page.locator("#vivid").input_value())
    answers = []
    page.route("**/colored.png*", lambda route: answers.append(route))
    page.locator("#vivid").fill("2.8")
    saturated = page.locator("#after").evaluate("i => i.style.filter")
    assert float(saturated[len("saturate(") : -1]) == pytest.approx(2.8 / vivid)
    sync_api.expect(page.locator("body.busy")).to_have_count(1)
    answers[0].continue_()
    sync_api.expect(page.locator("body.busy")).to_have_count(0)
    assert page.locator("#after").evaluate("i => i.style.filter") == ""


def test_a_photograph_changes_the_model_with_a_way_back(opened):
    page = opened()
    model = page.locator("#models input:checked")
    with Image.open(STATIC / "samples/collins.jpg") as photograph:
        choose(page, photograph.convert("L"), "old.png")
    sync_api.expect(model).to_have_value("photo")
    sync_api.expect(page.locator("#kind")).to_contain_text("looks like a photograph")
    page.get_by_role("button", name="Back to icons").click()
    sync_api.expect(model).to_have_value("icons")
    sync_api.expect(page.locator("#kind")).to_be_hidden()
    page.locator("#models label", has_text="photo").click()
    with Image.open(STATIC / "samples/ada.png") as drawing:
        choose(page, drawing.convert("RGB"), "ada.png")
    sync_api.expect(model).to_have_value("icons")
    sync_api.expect(page.get_by_role("button", name="Back to photo")).to_be_visible()


def test_a_sketch_that_is_gone_is_sent_again(browser, opened):
    with serving(make_app(renderers(), sketches=PictureStore(most=1))) as port:
        here = f"http://127.0.0.1:{port}/"
        first, second = opened(here), opened(here)
        choose(first)
        choose(second, sketch(40, 40))
        first.locator("fieldset[data-name=hair] .swatch", has_text="green").click()
        shown(first)
        assert (on_screen(first) == colored(hair="green", shirt="blue")).all()


def test_what_is_no_picture_is_told(opened):
    page = opened()
    words = {"name": "a.png", "mimeType": "image/png", "buffer": b"just words"}
    page.locator("#file").set_input_files(words)
    sync_api.expect(page.locator("#problem")).to_contain_text("is a text file, not a picture")
    sync_api.expect(page.locator("#empty")).to_be_visible()
    choose(page)
    sync_api.expect(page.locator("#problem")).to_be_hidden()


def test_samples_start(opened):
    page = opened()
    page.get_by_role("button", name="Sketch of Ada").click()
    shown(page)
    assert on_screen(page).shape == (512, 512, 3)


@pytest.mark.parametrize("width", [360, 430])
def test_a_phone_shows_it_all(opened, width):
    page = opened(viewport={"width": width, "height": 740}, has_touch=True, is_mobile=True)
    choose(page, sketch(200, 160))
    page.locator("#layers summary").tap()
    sync_api.expect(page.locator("#layer-list img")).to_have_count(5)
    page.locator("#variants summary").tap()
    sync_api.expect(page.locator("#grid button")).to_have_count(25)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    sizes = page.evaluate(
        """() => [...document.querySelectorAll('button, .chip, .swatch, .button')]
            .filter((e) => e.checkVisibility()).map((e) => e.getBoundingClientRect())
            .map((box) => [box.width, box.height])"""
    )
    assert min(min(pair) for pair in sizes) >= 36
    page.locator("fieldset[data-name=hair] .swatch", has_text="green").tap()
    shown(page)
    assert (on_screen(page) == colored(sketch(200, 160), hair="green", shirt="blue")).all()


def test_it_is_dark_where_that_is_liked(opened):
    def lightness(scheme: str) -> float:
        page = opened(color_scheme=scheme)
        choose(page)
        image = Image.open(io.BytesIO(page.screenshot())).convert("L").resize((8, 8))
        return pixels(image)[-1].mean()

    assert lightness("dark") < 60 < 200 < lightness("light")


def test_texts_can_be_told_from_their_ground(opened):
    for scheme in ("light", "dark"):
        page = opened(color_scheme=scheme)
        choose(page)
        colors = page.evaluate(
            """() => ["body", "#status", ".attribute output", "#download", ".chip"].map((q) => {
                const text = document.querySelector(q);
                let ground = text;
                while (getComputedStyle(ground).backgroundColor === "rgba(0, 0, 0, 0)")
                    ground = ground.parentElement;
                return [q, getComputedStyle(text).color, getComputedStyle(ground).backgroundColor];
            })"""
        )
        for what, text, ground in colors:
            lights = [_luminance(re.findall(r"[\d.]+", color)[:3]) for color in (text, ground)]
            assert (max(lights) + 0.05) / (min(lights) + 0.05) >= 4.5, (scheme, what, text, ground)


def _luminance(channels) -> float:
    """Relative, as WCAG 2.2 has it."""
    levels = [float(channel) / 255 for channel in channels]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in levels]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_everything_has_a_name_for_those_who_do_not_see(opened):
    page = opened()
    choose(page)
    page.locator("#layers summary").click()
    nameless = """() => [...document.querySelectorAll('button, input, a, img, summary')].filter((e) =>
        e.checkVisibility() && !(e.getAttribute('aria-label') || e.labels?.[0]?.textContent.trim()
        || e.textContent.trim() || e.querySelector('img')?.alt || e.getAttribute('alt') !== null)
    ).map((e) => e.outerHTML)"""
    assert page.evaluate(nameless) == []
    sync_api.expect(page.get_by_role("group", name="hair")).to_be_visible()
    sync_api.expect(page.get_by_role("radio", name="red").first).to_be_checked()
    sync_api.expect(
        page.get_by_role("img", name="The picture, coloured: hair red, shirt blue")
    ).to_be_visible()
