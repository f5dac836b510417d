"""The pieces of a stored drawing over HTTP: corrected by the query, as a map, as a file."""

from __future__ import annotations

import json

import numpy as np
import pytest
from figures import HAIR_AT, SHIRT_AT, couple
from figures import SIDE as WIDE
from models import PartsInDoubt, make_parts_model
from pictures import sketch
from PIL import Image
from starlette.testclient import TestClient
from webserver import pixels, png, renderers

from condcolor.imaging.corrections import read_corrections
from condcolor.inference.torch_colorizer import TorchColorizer
from condcolor.web.app import make_app
from condcolor.web.store import StoredPicture

pytest.importorskip("starlette", reason="needs condcolor[web]")
pytest.importorskip("httpx", reason="starlette's TestClient needs httpx")

HERE = "http://127.0.0.1:8750"
RED_BLUE = {"hair": "red", "shirt": "blue"}
SIZE = (64, 64)


@pytest.fixture(scope="module")
def model():
    return TorchColorizer(make_parts_model(PartsInDoubt), device="cpu")


@pytest.fixture
def client(model):
    with TestClient(make_app({"parts": model, **renderers()}), base_url=HERE) as client:
        yield client


@pytest.fixture
def place(client):
    return send(client, sketch(*SIZE))


def send(client, image) -> str:
    return f"/api/sketches/{client.post('/api/sketches', content=png(image)).json()['id']}"


def shirt(client, place, **params) -> dict:
    """The piece below, which is in doubt."""
    pieces = client.get(f"{place}/pieces", params=params).json()["pieces"]
    (piece,) = [each for each in pieces if each["in_doubt"]]
    return piece


def at(piece: dict) -> str:
    return "{},{}".format(*piece["point"])


def test_pieces_are_those_of_the_parts(client, place, model):
    told = client.get(f"{place}/pieces").json()
    parts = model.parts(sketch(*SIZE))
    assert told["size"] == list(SIZE)
    assert told["notes"] == []
    assert [each["number"] for each in told["pieces"]] == [p.number for p in parts.pieces]
    for each, piece in zip(told["pieces"], parts.pieces, strict=True):
        assert (tuple(each["point"]), tuple(each["box"])) == (piece.point, piece.box)
        assert (each["part"], each["area"]) == (piece.part, piece.area)
        assert (each["in_doubt"], each["set"]) == (piece.in_doubt, False)
        assert each["probability"] == pytest.approx(piece.probability, abs=6e-4)
    numbers = pixels(client.get(f"{place}/pieces.png").content).astype(int) @ (1, 256, 65536)
    assert (numbers == parts.labels).all()


def test_numbers_come_at_every_nth_row_and_column(client, place, model):
    labels = model.parts(sketch(*SIZE)).labels
    answer = client.get(f"{place}/pieces.png", params={"longer": 16})
    assert (pixels(answer.content).astype(int) @ (1, 256, 65536) == labels[2::4, 2::4]).all()
    answer = client.get(f"{place}/pieces.png", params={"longer": 1000})
    assert (pixels(answer.content).astype(int) @ (1, 256, 65536) == labels).all()


@pytest.mark.parametrize("longer", ["0", "-1", "many", "1.5", ""])
def test_a_wrong_size_is_told(client, place, longer):
    answer = client.get(f"{place}/pieces.png", params={"longer": longer})
    assert answer.status_code == 400
    assert "is no number of pixels, from 1" in answer.json()["error"]


def test_a_note_on_the_drawing_is_told(client):
    dark = send(client, Image.eval(sketch(*SIZE), lambda light: 255 - light))
    (note,) = client.get(f"{dark}/pieces").json()["notes"]
    assert note.startswith("light lines on a dark ground")


def test_a_correction_is_in_every_answer(client, place, model):
    point = shirt(client, place)["point"]
    fix = {"part": f"{point[0]},{point[1]}=hair"}
    parts = model.parts(sketch(*SIZE)).set(point, "hair")
    plain = client.get(f"{place}/colored.png", params=RED_BLUE).content
    made = client.get(f"{place}/colored.png", params=RED_BLUE | fix).content
    assert (pixels(made) == pixels(parts.colored(**RED_BLUE))).all()
    assert (pixels(made) != pixels(plain)).any()
    (piece,) = [p for p in client.get(f"{place}/pieces", params=fix).json()["pieces"] if p["set"]]
    assert (piece["part"], piece["in_doubt"]) == ("hair", False)
    assert pixels(client.get(f"{place}/doubts.png", params=fix).content)[..., 1].max() == 0
    for tail in ("layers/hair.png", "layers.ora", "variants.png"):
        asked = {} if tail == "variants.png" else RED_BLUE
        with_it, without = (
            client.get(f"{place}/{tail}", params=asked | more).content for more in (fix, {})
        )
        assert with_it != without, tail
        assert client.get(f"{place}/{tail}", params=asked | fix).content == with_it
    # and it is not in those that do not ask for it
    assert client.get(f"{place}/colored.png", params=RED_BLUE).content == plain


def test_a_cut_divides_a_piece_and_order_counts(client, place, model):
    piece = shirt(client, place)
    left, top, right, bottom = piece["box"]
    down = (left + right) // 2
    cut = f"{down},{top}:{down},{bottom - 1}"
    halves = model.parts(sketch(*SIZE)).cut([(down, top), (down, bottom - 1)])
    told = client.get(f"{place}/pieces?cut={cut}").json()["pieces"]
    assert len(told) == len(halves.pieces) > len(client.get(f"{place}/pieces").json()["pieces"])
    numbers = pixels(client.get(f"{place}/pieces.png?cut={cut}").content).astype(int)
    assert (numbers @ (1, 256, 65536) == halves.labels).all()
    first = pixels(
        client.get(
            f"{place}/colored.png?hair=red&shirt=blue&cut={cut}&part={at(piece)}=hair"
        ).content
    )
    last = pixels(
        client.get(
            f"{place}/colored.png?hair=red&shirt=blue&part={at(piece)}=hair&cut={cut}"
        ).content
    )
    red = [int((image == (233, 71, 67)).all(axis=-1).sum()) for image in (first, last)]
    assert 0 < red[0] < red[1]  # half of the piece, and all of it


def test_a_file_of_parts_goes_out_and_comes_back(client, place, model, tmp_path):
    piece = shirt(client, place)
    fix = {"part": f"{at(piece)}=skin"}
    file = client.get(f"{place}/parts.json", params=fix)
    assert file.headers["content-type"] == "application/json"
    (tmp_path / "a.parts.json").write_bytes(file.content)
    assert len(read_corrections(tmp_path / "a.parts.json").corrections) == 1
    model.parts(sketch(*SIZE)).set(piece["point"], "skin").save(tmp_path / "b.parts.json")
    assert file.content == (tmp_path / "b.parts.json").read_bytes()
    assert client.post(f"{place}/parts.json", content=file.content).json() == {
        "corrections": [f"{at(piece)}=skin"],
        "misfits": [],
    }
    twice = send(client, sketch(128, 128))
    (moved,) = client.post(f"{twice}/parts.json", content=file.content).json()["corrections"]
    x, y = (2 * value for value in piece["point"])
    pieces = client.get(f"{twice}/pieces", params={"part": moved}).json()["pieces"]
    (known,) = [each for each in pieces if each["set"]]
    left, top, right, bottom = known["box"]
    assert left <= x < right
    assert top <= y < bottom


def test_what_does_not_fit_any_more_is_told(client, place):
    piece = shirt(client, place)
    content = client.get(f"{place}/parts.json", params={"part": f"{at(piece)}=skin"}).json()
    content["corrections"][0]["box"] = [0, 0, 3, 3]
    told = client.post(f"{place}/parts.json", content=json.dumps(content)).json()
    assert told["corrections"] == []
    assert "does not fit: the piece there is another one now" in told["misfits"][0]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("part=1,1", "write x,y=part"),
        ("part=1,1=hiar", "did you mean 'hair'?"),
        ("part=a,1=hair", "'a,1' is no point"),
        ("part=64,1=hair", "the point 64,1 is not in the picture of 64x64 pixels"),
        ("part=-1,1=hair", "is not in the picture"),
        ("cut=1,1", "is no line"),
        ("cut=1,1:1,1", "divides no piece"),
        ("cut=1,1:99,1", "is not in the picture"),
        ("&".join(["part=1,1=hair"] * 501), "501 corrections are too many"),
        ("model=icons&part=1,1=hair", "are for models that find parts"),
    ],
)
def test_a_wrong_correction_is_told_in_a_sentence(client, place, query, said):
    for tail in ("colored.png?hair=red&shirt=blue&", "pieces?", "parts.json?", "variants.png?"):
        answer = client.get(f"{place}/{tail}{query}")
        assert answer.status_code == 400
        assert said in answer.json()["error"]
        assert "\n" not in answer.json()["error"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "no file of parts came"),
        (b"{", "not readable JSON"),
        (b"[]", "holds a list, not an object"),
        (b'{"format": 2}', "is no file of parts of format 1"),
        (b'{"format": 1}', "damaged"),
        (png(sketch()), "not readable JSON"),
    ],
)
def test_what_is_no_file_of_parts_is_told(client, place, body, said):
    answer = client.post(f"{place}/parts.json", content=body)
    assert answer.status_code == 400
    assert said in answer.json()["error"]


def test_a_file_of_too_many_corrections_or_bytes_is_refused(client, place, monkeypatch):
    content = client.get(f"{place}/parts.json").json()
    content["corrections"] = [{"point": [1, 1], "part": "hair"}] * 501
    answer = client.post(f"{place}/parts.json", content=json.dumps(content))
    assert (answer.status_code, "501 corrections" in answer.text) == (400, True)
    monkeypatch.setattr("condcolor.web.piece_routes.MOST_FILE", 1000)
    assert client.post(f"{place}/parts.json", content=bytes(1001)).status_code == 413


def test_a_model_without_parts_has_no_pieces(client, place):
    for tail in ("pieces", "pieces.png", "parts.json"):
        answer = client.get(f"{place}/{tail}", params={"model": "icons"})
        assert answer.status_code == 400
        assert "icons does not find parts" in answer.json()["error"]
    told = {each["name"]: each["parts"] for each in client.get("/api/models").json()["models"]}
    assert told["icons"] == []
    assert {"hair", "shirt", "skin", "ground"} < set(told["parts"])


def test_few_corrected_states_are_kept_and_counted(model):
    from condcolor.imaging.corrections import SetPart
    from condcolor.web.rendering import KEPT, Renderer

    kept, renderer = StoredPicture(model.parts(sketch(*SIZE)).drawing.picture), Renderer("x", model)
    renderer.find_regions(kept)
    before = kept.nbytes
    states = [tuple(SetPart((5.0, 5.0), "hair") for _ in range(n)) for n in range(1, KEPT + 3)]
    for state in states:
        renderer.regions(kept, state)
    assert len(kept.corrected) == KEPT
    assert kept.nbytes > before
    assert [key[1] for key in kept.corrected] == states[-KEPT:]
    assert not np.shares_memory(kept.parts["x"]._part, kept.corrected["x", states[-1]][0]._part)
    assert kept.parts["x"].corrections == ()


@pytest.fixture(scope="module")
def two() -> TorchColorizer:
    """Finds hair and shirts of figures."""
    return TorchColorizer(make_parts_model(), device="cpu")


def test_persons_have_colors_of_their_own(two):
    with TestClient(make_app({"two": two, **renderers()}), base_url=HERE) as client:
        place = send(client, couple())
        parts = two.parts(couple())
        told = client.get(f"{place}/persons").json()
        assert told == {"count": 2, "persons": parts.persons.tolist()}
        own = {**RED_BLUE, "hair-2": "green"}
        expected = parts.colored(**RED_BLUE, hair_2="green")
        assert expected.getpixel(HAIR_AT) != expected.getpixel((HAIR_AT[0] + WIDE, HAIR_AT[1]))
        colored = client.get(f"{place}/colored.png", params=own).content
        assert (pixels(colored) == pixels(expected)).all()
        alike = client.get(f"{place}/colored.png", params=RED_BLUE).content
        assert (pixels(alike) != pixels(expected)).any()
        assert "hair-2" in client.get(f"{place}/layers", params=own).json()["layers"]
        given = f"{SHIRT_AT[0] + WIDE},{SHIRT_AT[1]}=person-1"
        persons = client.get(f"{place}/persons", params={"part": given}).json()["persons"]
        assert persons == parts.set_person((SHIRT_AT[0] + WIDE, SHIRT_AT[1]), 1).persons.tolist()
        for params, said in (
            ({**RED_BLUE, "hair-3": "green"}, "there is no person 3: 2 persons were found"),
            ({**own, "model": "icons"}, "are for models that find parts"),
        ):
            answer = client.get(f"{place}/colored.png", params=params)
            assert (answer.status_code, said in answer.json()["error"]) == (400, True)
