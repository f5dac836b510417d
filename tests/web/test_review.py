"""A review over HTTP and in a browser: by number, one after another, corrections written back."""

from __future__ import annotations

import numpy as np
import pytest
from boxes import four
from chromium import needs_chromium
from models import PartsInDoubt, make_parts_model
from pictures import sketch
from PIL import Image
from reviewed import RED_BLUE, Folder
from starlette.testclient import TestClient
from webserver import pixels, renderers, serving

from condcolor.inference.torch_colorizer import TorchColorizer
from condcolor.web.app import make_app

pytest.importorskip("starlette", reason="needs condcolor[web]")
pytest.importorskip("httpx", reason="starlette's TestClient needs httpx")

HERE = "http://127.0.0.1:8750"


@pytest.fixture(scope="module")
def model():
    return TorchColorizer(make_parts_model(PartsInDoubt), device="cpu")


@pytest.fixture
def folder(tmp_path):
    return Folder(tmp_path)


@pytest.fixture
def client(model, folder):
    with TestClient(make_app({"parts": model}, review=folder), base_url=HERE) as client:
        yield client


def test_pictures_are_opened_by_number(client):
    told = client.get("/api/review").json()["pictures"]
    assert [each["name"] for each in told] == ["a.png", "b.png"]
    assert told[0]["values"] == RED_BLUE
    opened = client.post("/api/review/0").json()
    assert (opened["width"], opened["height"], opened["corrections"]) == (64, 64, [])
    assert client.post("/api/review/0").json()["id"] == opened["id"]
    pieces = client.get(f"/api/sketches/{opened['id']}/pieces").json()["pieces"]
    assert {"hair", "shirt"} == {piece["part"] for piece in pieces}


def test_colors_of_single_persons_are_told(model, folder):
    folder.pictures[1].values = {**RED_BLUE, "hair-2": "green"}
    with TestClient(make_app({"parts": model}, review=folder), base_url=HERE) as client:
        told = client.get("/api/review").json()["pictures"]
    assert [each["values"].get("hair-2") for each in told] == [None, "green"]


def test_corrections_are_written_and_read_again(client, folder, model):
    parts = model.parts(sketch(64, 64))
    (doubt, *_) = parts.doubts
    fix = f"{doubt.point[0]},{doubt.point[1]}=hair"
    answer = client.put("/api/review/1/parts", params={"part": fix})
    assert answer.json() == {"doubts": ""}
    assert client.get("/api/review").json()["pictures"][1]["doubts"] == ""
    made = np.asarray(Image.open(folder.folder / "made-1.png"))
    assert (made == pixels(parts.set(doubt.point, "hair").colored(**RED_BLUE))).all()
    assert client.post("/api/review/1").json()["corrections"] == [fix]
    assert not folder.beside(0).exists()


@pytest.mark.parametrize(
    "number", ["2", "-1", "00", "x", "1e0", "..", "%2e%2e%2fa.png", "9" * 5000]
)
def test_there_are_no_other_pictures(client, number):
    for method, path in (("POST", ""), ("PUT", "/parts")):
        answer = client.request(method, f"/api/review/{number}{path}")
        assert answer.status_code in (404, 405)


def test_a_wrong_correction_writes_nothing(client, folder):
    answer = client.put("/api/review/0/parts", params={"part": "1,1=hiar"})
    assert answer.status_code == 400
    assert "did you mean 'hair'?" in answer.json()["error"]
    assert not folder.beside(0).exists()


def test_errors_name_no_folder(client, folder):
    folder.pictures[0].path.write_bytes(b"just words")
    answer = client.post("/api/review/0")
    assert answer.status_code == 400
    assert answer.json()["error"].startswith("a.png: ")
    assert str(folder.folder) not in answer.text


def test_other_pages_may_not_write(client, folder):
    headers = {"Origin": "https://evil.example"}
    assert client.put("/api/review/0/parts", headers=headers).status_code == 403
    assert not folder.beside(0).exists()


def test_without_a_review_there_is_nothing():
    with TestClient(make_app(renderers()), base_url=HERE) as client:
        assert client.get("/api/review").json() == {"pictures": []}
        assert client.post("/api/review/0").status_code == 404


@needs_chromium
def test_a_review_by_keys(browser, model, folder):
    pytest.importorskip("playwright", reason="needs playwright")
    from pages import opening
    from playwright.sync_api import expect

    with (
        serving(make_app({"parts": model}, review=folder)) as port,
        opening(browser, f"http://127.0.0.1:{port}/") as open_page,
    ):
        page = open_page()
        expect(page.locator("#review-at")).to_have_text("1 of 2")
        expect(page.locator("#review-name")).to_have_text("a.png")
        expect(page.locator("#palette")).to_be_visible()  # at the first doubt
        expect(page.locator("#attributes")).to_be_hidden()
        expect(page.locator("#palette .paint")).to_have_count(0)  # colours are the folder's
        page.keyboard.press("h")
        page.keyboard.press("Enter")
        expect(page.locator("#review-at")).to_have_text("2 of 2")
        expect(page.locator("#palette")).to_be_visible()
        expect(page.locator("#chosen")).to_contain_text("in doubt")
        page.keyboard.press("PageUp")
        expect(page.locator("#review-at")).to_have_text("1 of 2")
        expect(page.locator("#review-doubts")).to_have_text("nothing is flagged any more")
        expect(page.locator("#next-doubt")).to_be_hidden()  # it is corrected
        page.keyboard.press("PageDown")
        expect(page.locator("#palette")).to_be_visible()
        page.keyboard.press("s")
        page.keyboard.press("PageDown")
        expect(page.locator("#status")).to_contain_text("That was the last one; none is flagged")
    assert [each.part for each in folder.saved(0).corrections] == ["hair"]
    assert [each.part for each in folder.saved(1).corrections] == ["shirt"]
    assert (folder.folder / "made-1.png").exists()


@needs_chromium
def test_a_key_goes_on_to_the_next_doubt(browser, model, tmp_path):
    pytest.importorskip("playwright", reason="needs playwright")
    from pages import opening
    from playwright.sync_api import expect

    folder = Folder(tmp_path, four())
    doubts = [piece.point for piece in model.parts(four()).doubts]
    assert len(doubts) == 3
    with (
        serving(make_app({"parts": model}, review=folder)) as port,
        opening(browser, f"http://127.0.0.1:{port}/") as open_page,
    ):
        page = open_page()
        expect(page.locator("#palette")).to_be_visible()
        page.keyboard.press("h")
        expect(page.locator("#palette")).to_be_visible()
        page.keyboard.press("d")  # this one is right
        page.keyboard.press("k")
        expect(page.locator("#next-doubt")).to_have_text("Next doubt (1)")
        page.keyboard.press("Enter")
        expect(page.locator("#review-at")).to_have_text("2 of 2")
        page.keyboard.press("PageUp")  # so that it is written
        expect(page.locator("#review-at")).to_have_text("1 of 2")
    made = folder.saved(0).corrections
    assert [(each.point, each.part) for each in made] == [(doubts[0], "hair"), (doubts[2], "skin")]


@needs_chromium
def test_the_rest_is_right_by_one_key(browser, model, tmp_path):
    pytest.importorskip("playwright", reason="needs playwright")
    from pages import opening
    from playwright.sync_api import expect

    folder = Folder(tmp_path, four())
    doubts = [(piece.point, piece.part) for piece in model.parts(four()).doubts]
    assert len(doubts) == 3
    with (
        serving(make_app({"parts": model}, review=folder)) as port,
        opening(browser, f"http://127.0.0.1:{port}/") as open_page,
    ):
        page = open_page()
        expect(page.locator("#palette")).to_be_visible()
        page.keyboard.press("k")  # the first is skin
        expect(page.locator("#next-doubt")).to_have_text("Next doubt (2)")
        page.keyboard.press("r")
        expect(page.locator("#review-at")).to_have_text("2 of 2")
        page.keyboard.press("PageUp")  # so that it is written
        expect(page.locator("#review-doubts")).to_have_text("nothing is flagged any more")
    made = {each.point: each.part for each in folder.saved(0).corrections}
    assert made == {doubts[0][0]: "skin"} | dict(doubts[1:])
