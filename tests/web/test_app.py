"""The HTTP interface: the pictures are those of a Colorizer, and whoever may not ask gets nothing."""

from __future__ import annotations

import io
import json
import re
import struct
import zlib

import numpy as np
import pytest
from models import (
    HOUSES,
    PartsInDoubt,
    make_model,
    make_parts_model,
    save_random_hinted,
    save_random_photo,
)
from pictures import sketch
from PIL import Image
from starlette.testclient import TestClient
from webserver import pixels, png, renderers

from condcolor.conditions.schema import AttributeSchema
from condcolor.imaging.layer_files import (
    LAYER_FORMATS,
    LAYER_MEDIA_TYPES,
    encode_ora,
    load_layers,
)
from condcolor.imaging.layers import Layers
from condcolor.inference.colorizer import Colorizer
from condcolor.inference.torch_colorizer import TorchColorizer
from condcolor.web import app as web_app
from condcolor.web import requests
from condcolor.web.app import make_app
from condcolor.web.openapi import PATHS
from condcolor.web.security import HEADERS
from condcolor.web.store import PictureStore, StoredPicture

pytest.importorskip("starlette", reason="needs condcolor[web]")


pytest.importorskip("httpx", reason="starlette's TestClient needs httpx")


HERE = "http://127.0.0.1:8750"
RED_BLUE = {"hair": "red", "shirt": "blue"}


@pytest.fixture
def client():
    with TestClient(make_app(renderers()), base_url=HERE) as client:
        yield client


@pytest.fixture
def parts():
    """With a model that finds parts, and doubts some."""
    model = TorchColorizer(make_parts_model(PartsInDoubt), device="cpu")
    with TestClient(make_app({"parts": model}), base_url=HERE) as client:
        client.model = model
        yield client


@pytest.fixture
def photo(tmp_path):
    models = {"photo": Colorizer.load(save_random_photo(tmp_path / "photo"), device="cpu")}
    with TestClient(make_app(models), base_url=HERE) as client:
        client.model = models["photo"]
        yield client


def send(client, image=None, **headers) -> str:
    answer = client.post("/api/sketches", content=png(image or sketch(32, 24)), headers=headers)
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


@pytest.mark.parametrize(
    "values",
    [
        RED_BLUE,
        {"hair": "#ff8800", "shirt": "rgb(20,30,90)"},
        {"hair": "red:0.6,brown:0.4", "shirt": "none"},
        {"hair": "teal", "shirt": "keep"},
    ],
)
def test_a_colored_picture_is_the_colorizers(client, values):
    image = sketch(32, 24)
    answer = client.get(f"/api/sketches/{send(client, image)}/colored.png", params=values)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
    expected = renderers()["icons"](image, **values)
    assert (pixels(answer.content) == pixels(expected)).all()


@pytest.mark.parametrize("hidden", [{}, {"hide": "hair"}])
def test_a_reduced_picture_is_the_picture_reduced(client, hidden):
    place = f"/api/sketches/{send(client)}/colored.png"
    whole = Image.open(io.BytesIO(client.get(place, params=RED_BLUE | hidden).content))
    small = client.get(place, params=RED_BLUE | hidden | {"longer": 16}).content
    assert (pixels(small) == pixels(whole.resize((16, 12), Image.Resampling.LANCZOS))).all()
    assert client.get(place, params=RED_BLUE | {"longer": "big"}).status_code == 400


def test_a_reduced_photograph_is_colored_at_that_size(photo):
    image = Image.linear_gradient("L").resize((64, 48))
    place = f"/api/sketches/{send(photo, image)}/colored.png"
    small = image.copy()
    small.thumbnail((32, 32), Image.Resampling.LANCZOS)
    made = photo.get(place, params={"longer": 32, "vivid": 2})
    expected = photo.model.with_vivid(2.0)(small)
    assert (pixels(made.content) == pixels(expected)).all()


def test_areas_are_what_each_attribute_colors(client):
    image = sketch(32, 24)
    areas = pixels(client.get(f"/api/sketches/{send(client, image)}/areas.png").content)
    covers = renderers()["icons"].regions(image).covers
    assert set(np.unique(areas)) == {0, 1, 2}
    for number in (1, 2):
        assert (covers[number - 1][areas == number] >= 0.5).all()
        assert (covers[number - 1][areas != number] < 0.5).all()


def test_keep_leaves_a_part_be(client):
    one = f"/api/sketches/{send(client)}/colored.png"
    kept = client.get(one, params={"hair": "teal", "keep": "shirt"})
    assert kept.content == client.get(one, params={"hair": "teal", "shirt": "keep"}).content


def test_alpha_is_kept(client):
    image = sketch(32, 24).convert("RGBA")
    image.putalpha(Image.linear_gradient("L").resize(image.size))
    place = f"/api/sketches/{send(client, image)}"
    made = pixels(client.get(f"{place}/colored.png", params=RED_BLUE).content)
    assert (made == pixels(renderers()["icons"](image, **RED_BLUE))).all()
    before = pixels(client.get(f"{place}/sketch.png").content)
    assert (before[..., 3] == pixels(image)[..., 3]).all()


def test_the_sheet_is_every_variant(client):
    place = f"/api/sketches/{send(client)}/variants.png"
    bare, labelled = client.get(place, params={"labels": "no"}), client.get(place)
    across = 160 + 4
    assert pixels(bare.content).shape == (5 * across + 4, 5 * across + 4, 3)
    assert pixels(labelled.content).shape > pixels(bare.content).shape
    blue_red = pixels(renderers()["icons"](sketch(32, 24), hair="blue", shirt="red"))
    cell = pixels(bare.content)[4:164, 3 * across + 4 : 4 * across]
    assert tuple(cell[60, 60]) == tuple(blue_red[9, 12])  # hair, left of the middle
    assert tuple(cell[60, 100]) == tuple(blue_red[9, 20])


def test_layers_are_the_colorizers(client, tmp_path):
    place = f"/api/sketches/{send(client)}"
    expected = renderers()["icons"].layers(sketch(32, 24), **RED_BLUE)
    names = client.get(f"{place}/layers", params=RED_BLUE).json()["layers"]
    assert names == list(expected.names)
    for name, image in zip(expected.names, expected.images, strict=True):
        made = client.get(f"{place}/layers/{name}.png", params=RED_BLUE)
        assert (pixels(made.content) == image).all()
    ora = client.get(f"{place}/layers.ora", params=RED_BLUE).content
    assert ora == encode_ora(expected)
    (tmp_path / "a.ora").write_bytes(ora)
    assert load_layers(tmp_path / "a.ora").names == expected.names
    for suffix, media_type in LAYER_MEDIA_TYPES.items():
        answer = client.get(f"{place}/layers{suffix}", params=RED_BLUE)
        assert answer.content == LAYER_FORMATS[suffix](expected)
        assert answer.headers["content-type"] == media_type
    assert client.get(f"{place}/layers/hat.png", params=RED_BLUE).status_code == 404


def test_hidden_layers_are_left_out(client):
    place = f"/api/sketches/{send(client)}/colored.png"
    layers = renderers()["icons"].layers(sketch(32, 24), **RED_BLUE)
    shown = [i for i, name in enumerate(layers.names) if name not in ("paper", "hair")]
    left = Layers(
        tuple(layers.names[i] for i in shown), tuple(layers.images[i] for i in shown)
    ).composed()
    made = client.get(place, params={**RED_BLUE, "hide": ["paper", "hair"]})
    assert (pixels(made.content) == pixels(left)).all()
    nothing = client.get(place, params={**RED_BLUE, "hide": list(layers.names)})
    assert pixels(nothing.content).shape == (24, 32, 4)
    assert not pixels(nothing.content).any()
    wrong = client.get(place, params={**RED_BLUE, "hide": "papper"})
    assert wrong.status_code == 400
    assert "did you mean 'paper'?" in wrong.json()["error"]


def on_grey(image: Image.Image, level: int = 200) -> Image.Image:
    return Image.eval(image, lambda light: light * level // 255)


@pytest.mark.parametrize("kind", ["white", "grey", "transparent"])
def test_parts_are_found_once_for_all_colors(parts, kind, monkeypatch):
    image = sketch(64, 64)
    if kind == "grey":
        image = on_grey(image)
    if kind == "transparent":
        image = Image.new("RGBA", image.size)
        image.putalpha(Image.eval(sketch(64, 64).convert("L"), lambda light: 255 - light))
    expected = parts.model.regions(image)
    calls, predict = [], parts.model.predict
    monkeypatch.setattr(parts.model, "predict", lambda *given: calls.append(1) or predict(*given))
    place = f"/api/sketches/{send(parts, image)}"
    for values in (RED_BLUE, {"hair": "#ff8800", "shirt": "none"}):
        made = parts.get(f"{place}/colored.png", params=values)
        assert (pixels(made.content) == pixels(expected.recolor(**values))).all()
    sheet = pixels(parts.get(f"{place}/variants.png", params={"labels": "no"}).content)
    assert len(np.unique(sheet.reshape(-1, sheet.shape[-1]), axis=0)) > 5
    assert parts.get(f"{place}/layers", params=RED_BLUE).json()["layers"][-1] == "lines"
    assert len(calls) == 1


def test_doubts_are_a_mask(parts, client):
    place = f"/api/sketches/{send(parts, sketch(64, 64))}"
    mask = pixels(parts.get(f"{place}/doubts.png").content)
    doubts = parts.model.regions(sketch(64, 64)).doubts
    assert 0 < doubts.mean() < 1
    assert (mask[..., 1] == 255 * doubts).all()
    assert parts.get("/api/models").json()["models"][0]["parts"]
    refused = client.get(f"/api/sketches/{send(client)}/doubts.png")
    assert refused.status_code == 400
    assert "does not find parts" in refused.json()["error"]


@pytest.mark.parametrize("paper", ["keep", "white", "#ffeecc"])
def test_paper_is_kept_or_new(parts, client, paper):
    image, asked = on_grey(sketch(64, 64)), {**RED_BLUE, "paper": paper}
    given = (255, 238, 204) if paper.startswith("#") else paper
    for each, model in ((parts, parts.model), (client, renderers()["icons"])):
        place = f"/api/sketches/{send(each, image)}"
        made = pixels(each.get(f"{place}/colored.png", params=asked).content)
        if paper == "keep":
            expected = model(image, **RED_BLUE)
        else:
            expected = model.regions(image, paper=given).recolor(**RED_BLUE)
        assert (made == pixels(expected)).all()
        lines = [
            each.get(f"{place}/layers/lines.png", params={**RED_BLUE, "paper": each_paper}).content
            for each_paper in (paper, "keep")
        ]
        assert (lines[0] == lines[1]) == (paper == "keep")
    wrong = client.get(f"{place}/colored.png", params={**RED_BLUE, "paper": "whiet"})
    assert wrong.status_code == 400
    assert "paper: " in wrong.json()["error"]


def test_a_photograph_with_colours_is_left_as_it_is_unless_more_is_asked(photo, client):
    levels = 128 + 100 * np.sin(np.arange(60) / 9)[:, None] * np.cos(np.arange(80) / 7)
    page = np.repeat(levels[..., None], 3, axis=-1).astype(np.uint8)
    page[20:40, 30:60] = page[20:40, 30:60] // 3 + np.array([150, 20, 30], np.uint8)
    image = Image.fromarray(page)
    told = photo.post("/api/sketches", content=png(image)).json()
    assert told["has_colors"] is True
    place = f"/api/sketches/{told['id']}/colored.png"
    assert (pixels(photo.get(place).content) == page).all()
    assert (pixels(photo.get(place, params={"recolor": "no"}).content) == page).all()
    anew = pixels(photo.get(place, params={"recolor": "all"}).content)
    assert (anew == pixels(photo.model(image))).all()
    assert (anew[25:35, 35:55] != page[25:35, 35:55]).any()
    grey = pixels(photo.get(place, params={"recolor": "grey"}).content)
    assert (grey[25:35, 35:55] == page[25:35, 35:55]).all()
    assert (grey[:10] == anew[:10]).all()
    assert (grey[:10] != page[:10]).any()
    wrong = photo.get(place, params={"recolor": "yes"})
    assert (wrong.status_code, "not one of no, grey, all" in wrong.text) == (400, True)
    of_drawings = client.get(
        f"/api/sketches/{send(client, image)}/colored.png", params={**RED_BLUE, "recolor": "all"}
    )
    assert (of_drawings.status_code, "recolor is for photographs" in of_drawings.text) == (
        400,
        True,
    )
    assert (
        client.post("/api/sketches", content=png(image.convert("L"))).json()["has_colors"] is False
    )


def test_photographs_have_no_values_but_vividness(photo):
    image = Image.linear_gradient("L").resize((40, 30))
    place = f"/api/sketches/{send(photo, image)}/colored.png"
    told = photo.get("/api/models").json()["models"][0]
    assert (told["attributes"], told["variants"], told["vivid"]) == ([], 0, 1.0)
    assert (pixels(photo.get(place).content) == pixels(photo.model(image))).all()
    strong = photo.get(place, params={"vivid": "2.5"})
    expected = TorchColorizer(photo.model.model, vivid=2.5, device="cpu")(image)
    assert (pixels(strong.content) == pixels(expected)).all()
    assert strong.content != photo.get(place).content
    for wrong in ("5", "-1", "nan", "red"):
        assert photo.get(place, params={"vivid": wrong}).status_code == 400
    assert photo.get(place, params={"hair": "red"}).status_code == 400
    assert photo.get(place, params={"paper": "white"}).status_code == 400
    assert photo.get(place.replace("colored", "variants")).status_code == 400
    assert photo.get(place.replace("colored.png", "layers")).status_code == 400


@pytest.mark.parametrize(
    ("name", "kind"), [("samples/ada.png", "drawing"), ("samples/collins.jpg", "photograph")]
)
def test_the_kind_of_a_picture_is_told(client, name, kind):
    answer = client.post("/api/sketches", content=client.get(f"/{name}").content)
    assert answer.json()["kind"] == kind


def test_hints_of_a_photograph(photo, tmp_path):
    model = Colorizer.load(save_random_hinted(tmp_path / "hinted"), device="cpu")
    image = Image.linear_gradient("L").resize((40, 30))
    with TestClient(make_app({"hinted": model}), base_url=HERE) as client:
        place = f"/api/sketches/{send(client, image)}/colored.png"
        hints = ["10,20=#2040c0", "3,4=red"]
        made = client.get(place, params={"hint": hints})
        assert (pixels(made.content) == pixels(model(image, hints=hints))).all()
        for wrong in ("10,20", "40,0=red", "1,1=rde"):
            assert client.get(place, params={"hint": wrong}).status_code == 400
        assert client.get("/api/models").json()["models"][0]["takes_hints"]
    refused = photo.get(
        f"/api/sketches/{send(photo, image)}/colored.png", params={"hint": "1,1=red"}
    )
    assert (refused.status_code, "trained with hints" in refused.text) == (400, True)


def test_models_tell_what_they_are_made_for(client, photo, parts):
    pages = (client, photo, parts)
    told = [page.get("/api/models").json()["models"][0]["made_for"] for page in pages]
    assert told == ["drawing", "photograph", None]


def test_any_model_brings_its_attributes():
    models = {**renderers(), "houses": TorchColorizer(_houses(), device="cpu")}
    with TestClient(make_app(models), base_url=HERE) as client:
        told = client.get("/api/models").json()["models"]
        assert [model["name"] for model in told] == ["icons", "houses"]
        assert [a["name"] for a in told[1]["attributes"]] == list(HOUSES.names)
        place = f"/api/sketches/{send(client)}/colored.png"
        asked = {"model": "houses", "roof": "tile", "wall-colour": "mint", "door_wood": "#123456"}
        assert client.get(place, params=asked).status_code == 200
        assert client.get(place, params={**asked, "model": "house"}).status_code == 400


def _houses():
    shade = {"slate": (90, 90, 99), "straw": (220, 190, 90), "tile": (200, 90, 60)}
    shade |= {"cream": (250, 240, 210), "mint": (170, 230, 200)}
    shade |= {"navy": (20, 30, 90), "oak": (150, 110, 60)}
    palette = {a.name: {value: shade[value] for value in a.values} for a in HOUSES.attributes}
    return make_model(HOUSES.with_palette(palette))


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("hair=rad&shirt=blue", "did you mean 'red'?"),
        ("hair=red", "shirt is missing"),
        ("hair=red&shirt=blue&hat=red", "there is no attribute 'hat'"),
        ("hair=red&hair=blue&shirt=blue", "hair is given twice"),
        ("hair=red&shirt=blue&keep=hair", "hair is given twice"),
        ("hair=red&shirt=blue&vivid=2", "vivid is for photographs"),
        ("hair=red&shirt=blue&model=icon", "did you mean 'icons'?"),
    ],
)
def test_a_wrong_wish_is_told(client, query, said):
    answer = client.get(f"/api/sketches/{send(client)}/colored.png?{query}")
    assert answer.status_code == 400
    assert said in answer.json()["error"]


@pytest.mark.parametrize("name", ["0" * 32, "x", "..%2f..%2fpasswd", "%00"])
def test_an_unknown_sketch_is_not_there(client, name):
    for tail in ("sketch.png", "colored.png?hair=red&shirt=blue", "variants.png", "layers"):
        answer = client.get(f"/api/sketches/{name}/{tail}")
        assert answer.status_code == 404, tail
        assert "passwd" not in answer.text


def test_sketches_go_when_there_are_too_many():
    app = make_app(renderers(), sketches=PictureStore(most=2))
    with TestClient(app, base_url=HERE) as client:
        first, second = send(client), send(client)
        assert client.get(f"/api/sketches/{first}/sketch.png").status_code == 200
        third = send(client)
        codes = [
            client.get(f"/api/sketches/{n}/sketch.png").status_code for n in (first, second, third)
        ]
        assert codes == [200, 404, 200]
        assert len({first, second, third}) == 3
        assert all(len(name) == 32 for name in (first, second, third))


def test_sketches_go_when_they_are_too_large(client):
    kept = PictureStore(most_bytes=100_000)
    picture = renderers()["icons"].regions(sketch(64, 64)).picture  # 12 KB
    first = kept.add(StoredPicture(picture))
    second = kept.add(StoredPicture(picture))
    assert kept.get(first)
    kept.get(second).regions["icons"] = renderers()["icons"].regions(sketch(64, 64))  # 10 x 16 KB
    kept.trim()
    assert (kept.get(first), len(kept)) == (None, 1)
    assert kept.get(second)  # the last one stays, however large


def bomb() -> bytes:
    """A PNG of some bytes that says it is of 900 megapixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 30000, 30000, 8, 2, 0, 0, 0))
    return (
        b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(bytes(99))) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "no picture came"),
        (b"<!doctype html><title>x</title>", "is an HTML page"),
        (b"just words", "is a text file"),
        (png(sketch())[:60], "truncated PNG"),
        (bomb(), "900 million) are over the limit of 16 million"),
    ],
)
def test_what_is_no_picture_is_told_in_a_line(client, body, said):
    answer = client.post("/api/sketches", content=body)
    assert answer.status_code == 400
    assert said in answer.json()["error"]
    assert "/" not in answer.json()["error"].replace("HTML/", "")


@pytest.mark.parametrize(
    "kind", ["application/json", "text/plain", "multipart/form-data; boundary=x"]
)
def test_bodies_of_another_type_are_refused(client, kind):
    answer = client.post("/api/sketches", content=png(sketch()), headers={"Content-Type": kind})
    assert answer.status_code == 415


def test_a_body_over_the_cap_is_refused(client, monkeypatch):
    monkeypatch.setattr(requests, "MOST_BODY", 1000)
    assert client.post("/api/sketches", content=bytes(1001)).status_code == 413
    blocks = (bytes(100) for _ in range(11))
    assert client.post("/api/sketches", content=blocks).status_code == 413
    assert send(client)


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:8750", "127.0.0.1.evil.example", "192.168.0.7", "", "a@b", "["],
)
def test_a_foreign_host_is_refused(client, host):
    for path in ("/", "/api/models", "/openapi.json"):
        assert client.get(path, headers={"Host": host}).status_code == 421


@pytest.mark.parametrize(
    "host", ["localhost:1", "127.0.0.1", "[::1]:8750", "LOCALHOST", "studio.lan"]
)
def test_own_hosts_are_served(host):
    with TestClient(make_app(renderers(), hosts=["studio.lan"])) as client:
        assert client.get("/api/health", headers={"Host": host}).status_code == 200


def test_on_every_address_bare_addresses_are_served():
    with TestClient(make_app(renderers(), any_address=True)) as client:
        for host, code in (("192.168.0.7:80", 200), ("[fe80::1]", 200), ("evil.example", 421)):
            assert client.get("/api/health", headers={"Host": host}).status_code == code


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:9999"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"},
    ],
)
def test_other_pages_are_refused(client, headers):
    assert client.post("/api/sketches", content=png(sketch()), headers=headers).status_code == 403
    assert client.get("/api/models", headers=headers).status_code == 403


def test_own_pages_and_programs_are_served(client):
    assert send(client, **{"Origin": HERE, "Sec-Fetch-Site": "same-origin"})
    assert send(client)
    link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    assert client.get("/", headers=link).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [
        ("GET", "/", 200),
        ("GET", "/page.js", 200),
        ("GET", "/api/models", 200),
        ("GET", "/nowhere", 404),
        ("DELETE", "/api/sketches", 405),
        ("GET", "/api/sketches/x/sketch.png", 404),
        ("OPTIONS", "/api/sketches", 405),
    ],
)
def test_every_answer_says_what_browsers_must_not_do(client, method, path, code):
    answer = client.request(method, path)
    assert answer.status_code == code
    for name, value in HEADERS.items():
        assert answer.headers[name] == value
    assert not [name for name in answer.headers if name.startswith("access-control")]
    assert not {"set-cookie", "server"} & set(answer.headers)
    if code >= 400:
        assert list(answer.json()) == ["error"]


@pytest.mark.parametrize(
    "path",
    [
        "/../app.py",
        "/%2e%2e/app.py",
        "/..%2fapp.py",
        "//etc/passwd",
        "/static/index.html",
        "/samples/",
        "/index.html",
    ],
)
def test_paths_lead_nowhere_but_to_the_page(client, path):
    answer = client.request("GET", f"{HERE}{path}")
    assert answer.status_code == 404
    assert "import" not in answer.text


def test_the_page_names_no_other_host(client):
    files = [path for path in web_app.STATIC.iterdir() if path.suffix in (".html", ".css", ".js")]
    assert len(files) > 2
    for path in files:
        assert not re.search(r"https?:|url\(|@import", path.read_text(encoding="utf-8")), path
    assert client.get("/samples/ada.png").headers["content-type"] == "image/png"


def test_a_bug_is_told_without_its_place(client, monkeypatch, caplog):
    def break_down(body):
        raise RuntimeError("/home/somebody/secret")

    monkeypatch.setattr(web_app, "_opened", break_down)
    answer = client.post("/api/sketches", content=png(sketch()))
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text
    assert "/home/somebody/secret" in caplog.text


def test_the_description_is_of_the_routes_there_are(client):
    api = web_app._Api(renderers(), PictureStore(), 1)
    routes = {route.path: route.methods - {"HEAD"} for route in api.routes()}
    described = {path: {m.upper() for m in methods} for path, methods in PATHS.items()}
    assert described == routes
    told = client.get("/openapi.json").json()
    assert json.loads(json.dumps(PATHS)) == told["paths"]
    named = {
        p["name"] for p in told["paths"]["/api/sketches/{id}/colored.png"]["get"]["parameters"]
    }
    assert named == {
        "id",
        "model",
        "values",
        "keep",
        "hide",
        "vivid",
        "hint",
        "recolor",
        "paper",
        "part",
        "cut",
        "longer",
    }


def test_health(client):
    assert client.get("/api/health").json()["status"] == "ok"


def test_a_model_without_attributes_takes_sketches_all_the_same():
    models = {"plain": TorchColorizer(make_model(AttributeSchema()), device="cpu")}
    with TestClient(make_app(models), base_url=HERE) as client:
        assert client.get(f"/api/sketches/{send(client)}/colored.png").status_code == 200
