"""axe-core finds nothing on the page that keeps people out, in its main states.

axe-core is not in git: `tests/web/fetch_axe.sh` fetches it; without it these tests are skipped.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from chromium import needs_chromium
from figures import couple
from models import PartsInDoubt, make_parts_model, save_random_photo
from pages import choose, opening, shown
from pictures import sketch
from playwright import sync_api
from reviewed import Folder
from webserver import png, serving

from condcolor.inference.colorizer import Colorizer
from condcolor.inference.torch_colorizer import TorchColorizer
from condcolor.web.app import make_app

pytest.importorskip("uvicorn", reason="needs condcolor[web]")
pytest.importorskip("starlette", reason="needs condcolor[web]")
pytest.importorskip("playwright", reason="needs playwright")

AXE = Path(__file__).with_name("vendor") / "axe.min.js"
pytestmark = [
    needs_chromium,
    pytest.mark.skipif(not AXE.is_file(), reason="needs axe-core: run tests/web/fetch_axe.sh"),
]
PHONE = {"viewport": {"width": 390, "height": 800}, "has_touch": True, "is_mobile": True}
LOOKS = {"light": {}, "dark": {"color_scheme": "dark"}, "phone": PHONE}
FINDINGS = """async () => (await axe.run()).violations.map(
    ({ id, help, nodes }) => `${id}: ${help}: ${nodes.map((n) => n.target.join(" ")).join(", ")}`)"""


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    photo = save_random_photo(tmp_path_factory.mktemp("photo") / "photo")
    models = {
        "parts": TorchColorizer(make_parts_model(), device="cpu"),
        "doubtful": TorchColorizer(make_parts_model(PartsInDoubt), device="cpu"),
        "photo": Colorizer.load(photo, device="cpu"),
    }
    with serving(make_app(models)) as port:
        yield f"http://127.0.0.1:{port}/"


@pytest.fixture(params=LOOKS)
def page(request, browser, url):
    with opening(browser, url) as open_page:
        yield open_page(**LOOKS[request.param])


def findings(page) -> list[str]:
    """What axe-core finds wrong with the page as it is now."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    return page.evaluate(FINDINGS)


def test_what_is_wrong_is_found(page):
    page.evaluate("document.querySelector('#choose').textContent = ''")
    assert [each.partition(":")[0] for each in findings(page)] == ["button-name"]


def test_an_empty_page(page):
    assert findings(page) == []


def test_a_drawing_and_its_colors(page):
    choose(page, couple())
    sync_api.expect(page.locator("#persons")).to_be_visible()
    assert findings(page) == []
    for fold in (
        "#more-colors",
        "#own-colors",
        "#persons",
        ".person",
        "#layers",
        "#variants-details",
    ):
        page.locator(f"{fold} > summary").click()
    sync_api.expect(page.locator("#layer-list li")).to_have_count(
        5
    )  # paper, rest, shirt, hair, lines
    sync_api.expect(page.locator("#grid button")).to_have_count(25)
    page.locator("fieldset[data-name=hair-2] .any").fill("grene")
    sync_api.expect(page.locator("fieldset[data-name=hair-2] .told")).to_be_visible()
    assert findings(page) == []


def test_corrections(page):
    choose(page, couple())
    sync_api.expect(page.locator("#persons")).to_be_visible()
    page.locator("#pieces").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    sync_api.expect(page.locator("#palette .whose")).to_be_visible()
    assert findings(page) == []
    page.keyboard.press("h")
    page.locator("#tools input[value=brush]").check(force=True)
    sync_api.expect(page.locator("#brush")).to_be_visible()
    assert findings(page) == []
    page.keyboard.press("c")
    page.keyboard.press("Enter")
    assert findings(page) == []


def test_own_colors_and_messages(page):
    choose(page, couple())
    page.locator("#own-colors > summary").click()
    page.locator("fieldset[data-name=hair] .any").fill("#123456")
    page.locator("fieldset[data-name=hair] .any").press("Enter")
    page.locator("#own-name").fill("mine")
    page.locator("#own-name").press("Enter")
    sync_api.expect(page.locator("#own li")).to_have_count(1)
    sync_api.expect(page.locator("#own-told")).to_be_visible()
    page.locator("#zoom-in").click()
    assert findings(page) == []


def test_a_tray(page):
    file = {"mimeType": "image/png", "buffer": png(couple())}
    page.locator("#file").set_input_files([{"name": "a.png", **file}, {"name": "b.png", **file}])
    sync_api.expect(page.locator("#tray-list img")).to_have_count(2)
    page.locator("#download-all").click()
    sync_api.expect(page.locator("#tray-told")).to_contain_text("colored.zip")
    assert findings(page) == []


def test_doubts(page):
    page.locator("#models input[value=doubtful]").check(force=True)
    choose(page, sketch(64, 64))
    page.locator("#show-doubts").check()
    page.keyboard.press("d")
    sync_api.expect(page.locator("#palette")).to_be_visible()
    assert findings(page) == []


def test_a_photograph(page):
    page.locator("#models input[value=photo]").check(force=True)
    choose(page)
    sync_api.expect(page.locator("#vividness")).to_be_visible()
    assert findings(page) == []


@pytest.mark.parametrize("look", LOOKS)
def test_a_review(browser, tmp_path, look):
    model = TorchColorizer(make_parts_model(PartsInDoubt), device="cpu")
    review = Folder(tmp_path)
    app = make_app({"parts": model}, review=review)
    with serving(app) as port, opening(browser, f"http://127.0.0.1:{port}/") as open_page:
        page = open_page(**LOOKS[look])
        shown(page)
        sync_api.expect(page.locator("#palette")).to_be_visible()
        assert findings(page) == []
