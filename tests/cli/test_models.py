"""condcolor export, and what the other commands do with its file. condcolor info, evaluate, doctor,
variants; and what every command says of a model that is damaged.
"""

from __future__ import annotations

import hashlib
import json
import pickle
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from drawn import draw_set, shoot
from models import HEX, HOUSES, save_random, save_random_photo
from pictures import sketch
from PIL import Image
from safetensors.torch import load_file, save_file

from condcolor.inference.colorizer import Colorizer
from condcolor.models.model_folder import CONFIG, WEIGHTS


@pytest.fixture
def file(icons_onnx, here):
    """The exported file, in the current folder."""
    (here / "mine.onnx").write_bytes(icons_onnx[1].read_bytes())
    sketch().save("ada.png")
    return here / "mine.onnx"


def test_it_says_the_size_and_the_difference(condcolor, random_model, here):
    done = condcolor("export", random_model, "--onnx", "mine.onnx", "--half")
    assert done.exit_code == 0, done.output
    size = (here / "mine.onnx").stat().st_size / 1e6
    assert done.stdout.startswith(f"mine.onnx: {size:.1f} MB; on 6 pictures at most ")
    assert done.stdout.endswith("of 255\n")
    assert done.stderr == ""
    again = condcolor("export", random_model, "--onnx", "mine.onnx")
    assert again.exit_code == 2
    assert again.stderr == (
        "Error: mine.onnx: exists already: choose another name or allow overwriting\n"
    )
    assert condcolor("export", random_model, "--onnx", "mine.onnx", "--overwrite").exit_code == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "--onnx is missing"),
        (["--onnx", ""], "the name of the file is empty"),
        (["--onnx", "mine.pt"], "mine.pt: an exported model ends in .onnx: rename it"),
    ],
)
def test_a_wrong_name_is_told(condcolor, random_model, here, words, said):
    done = condcolor("export", random_model, *words)
    assert done.exit_code == 2
    assert said in done.stderr


def test_its_file_is_a_model_to_colour_with(condcolor, file, icons_onnx):
    asked = ("--hair", "red", "--shirt", "blue")
    done = condcolor("colorize", "ada.png", "--model", "mine.onnx", *asked, "-o", "red.png")
    assert done.exit_code == 0, done.output
    wanted = Colorizer.load(icons_onnx[0], device="cpu")("ada.png", hair="red", shirt="blue")
    apart = np.asarray(Image.open("red.png")).astype(int) - np.asarray(wanted)
    assert np.abs(apart).max() <= 1
    wrong = condcolor("colorize", "ada.png", "--model", "mine.onnx", "--hair", "rad")
    assert "did you mean 'red'" in wrong.stderr
    assert "blue, brown" in condcolor("colorize", "--model", "mine.onnx", "--help").stdout
    assert condcolor("variants", "ada.png", "--model", "mine.onnx", "-o", "s.png").exit_code == 0


def test_info_tells_of_it_as_of_its_folder(condcolor, file, icons_onnx):
    told, folder = (condcolor("info", model).stdout for model in (file, icons_onnx[0]))
    heads = [[line.split()[0] for line in text.splitlines()] for text in (told, folder)]
    assert heads[0] == heads[1]
    assert "condcolor.card in its metadata" in told


def test_what_needs_the_weights_in_torch_says_so(condcolor, file):
    for command in (
        ("evaluate", "mine.onnx", "."),
        ("export", "mine.onnx", "--onnx", "other.onnx"),
        ("train", ".", "--init", "mine.onnx", "--out", "run"),
    ):
        done = condcolor(*command)
        assert done.exit_code == 2, done.output
        assert "mine.onnx: an exported model can only colour" in done.stderr


RED_BLUE = ("--hair", "red", "--shirt", "blue")


@pytest.fixture
def model(random_model, here):
    """A model folder that a test may spoil."""
    return shutil.copytree(random_model, here / "model")


class Bomb:
    """Unpickled, it would leave a file."""

    def __reduce__(self):
        return open, ("bombed", "w")


def describe(model: Path, /, **fields) -> None:
    config = json.loads((model / CONFIG).read_text())
    (model / CONFIG).write_text(json.dumps(config | fields))


def weights(model: Path, data: bytes) -> None:
    """Put `data` in the place of the weights, with a sum that fits, as one who means harm would."""
    (model / WEIGHTS).write_bytes(data)
    describe(model, sha256=hashlib.sha256(data).hexdigest())


def not_a_number(model: Path) -> None:
    tensors = {name: tensor.clone() for name, tensor in load_file(model / WEIGHTS).items()}
    tensors["downs.0.conv.weight"].fill_(float("nan"))
    save_file(tensors, model / WEIGHTS)
    weights(model, (model / WEIGHTS).read_bytes())


def flip_a_bit(model: Path) -> None:
    data = bytearray((model / WEIGHTS).read_bytes())
    data[-3] ^= 1
    (model / WEIGHTS).write_bytes(data)


def network(model: Path, /, **fields) -> None:
    described = json.loads((model / CONFIG).read_text())["model"]
    describe(model, model=described | fields)


SPOILT = {
    "no weights": lambda m: (m / WEIGHTS).unlink(),
    "empty weights": lambda m: weights(m, b""),
    "text": lambda m: weights(m, b"once upon a time"),
    "pickle": lambda m: weights(m, pickle.dumps(Bomb())),
    "truncated": lambda m: (m / WEIGHTS).write_bytes((m / WEIGHTS).read_bytes()[:1000]),
    "flipped bit": flip_a_bit,
    "lying header": lambda m: weights(m, (2**60).to_bytes(8, "little") + b"{}" * 99),
    "not a number": not_a_number,
    "wrong width": lambda m: network(m, base_channels=3),
    "huge width": lambda m: network(m, base_channels=10**15),
    "wrong depth": lambda m: network(m, depth=3),
    "endless depth": lambda m: network(m, depth=10**9),
    "width of text": lambda m: network(m, base_channels="2"),
    "unknown part": lambda m: network(m, attention=True),
    "wrong schema": lambda m: describe(m, schema=HOUSES.to_json()),
    "unknown recipe": lambda m: describe(m, recipe="soup"),
    "odd image size": lambda m: describe(m, image_size=17),
    "newer format": lambda m: describe(m, format=2),
    "no config": lambda m: (m / CONFIG).unlink(),
    "empty config": lambda m: (m / CONFIG).write_bytes(b""),
    "config of text": lambda m: (m / CONFIG).write_bytes(b"hello"),
    "config pickled": lambda m: (m / CONFIG).write_bytes(pickle.dumps(Bomb())),
    "malformed schema": lambda m: describe(m, schema=[{"name": "hair"}]),
}


@pytest.mark.parametrize("how", SPOILT)
def test_a_spoilt_model_gets_one_line_and_exit_code_4(condcolor, model, here, how):
    sketch().save(here / "ada.png")
    SPOILT[how](model)
    values = RED_BLUE if how != "wrong schema" else _houses()
    for words in (
        ["colorize", "ada.png", *values, "-m", "model"],
        ["variants", "ada.png", "-m", "model"],
    ):
        done = condcolor(*words)
        assert done.exit_code == 4, done.stderr
        assert done.stdout == ""
        (line,) = done.stderr.splitlines()
        assert line.startswith("Error: model")
    assert sorted(path.name for path in here.iterdir()) == ["ada.png", "model"]


def _houses() -> list[str]:
    flags = ("--roof", "--wall-colour", "--door-wood")
    return [w for f, a in zip(flags, HOUSES.attributes, strict=True) for w in (f, a.values[0])]


@pytest.mark.parametrize("how", SPOILT)
def test_info_never_fails_in_another_way(condcolor, model, how):
    SPOILT[how](model)
    done = condcolor("info", "model")
    assert done.exit_code in (0, 4)
    assert (done.exit_code == 4) == (done.stdout == "")


@pytest.mark.parametrize(
    "fields",
    [
        {"metrics": {"mse": "low"}},
        {"metrics": {"attributes": [{"name": "hair"}]}},
        {"metrics": {"attributes": 3}},
        {"metrics": []},
        {"training": "long"},
        {"training": [1]},
        {"training": {"config": "many"}},
    ],
)
def test_odd_measures_are_told_or_passed_over(condcolor, model, here, fields):
    sketch().save(here / "ada.png")
    describe(model, **fields)
    for words in (["info", "model"], ["colorize", "ada.png", *RED_BLUE, "-m", "model"]):
        done = condcolor(*words)
        assert done.exit_code in (0, 4)
        assert "unexpected" not in done.stderr


def test_info_says_what_a_model_is(condcolor, model):
    score = {"name": "hair", "obeyed": 0.875, "delta_e": 9.5, "leakage": None}
    describe(
        model,
        metrics={"mse": 0.0125, "haze": None, "attributes": [score]},
        licence="MIT\x1b[31m",
    )
    (model / "card.md").touch()
    shown = condcolor("info", "model").stdout
    for said in (
        "icons, 16 px, weights 0.0 MB",
        "MIT\\x1b[31m",
        "base_channels 2",
        "blue #3faee1, brown #b86b4b",
        "epoch 1, steps 2",
        "test MSE 0.01250, haze not measured",
        "hair: attribute accuracy 0.875, dE 9.50, leakage not measured",
        "model/card.md",
    ):
        assert said in shown, said
    assert "\x1b" not in shown


def test_info_alone_lists_the_built_in_models(condcolor, built_in):
    assert condcolor("info").stdout == "icons: recipe icons; hair, shirt; 16 px\n"
    assert condcolor("info", "icons").stdout.startswith("model")
    shutil.rmtree(built_in)
    assert "no built-in model is installed" in condcolor("info").stderr


def test_evaluate_measures_every_split_and_writes_figures(condcolor, model, here):
    draw_set(here / "data/train", (0,))
    draw_set(here / "data/test", (1,))
    done = condcolor("evaluate", "model", "data", "--json", "figures.json")
    assert (done.exit_code, done.stderr) == (0, "")
    for said in (
        "train: 1 inputs, 9 rows",
        "test: 1 inputs, 9 rows",
        "flat fill",
        "grey",
        "hair accuracy",
    ):
        assert said in done.stdout
    figures = json.loads(Path("figures.json").read_text())
    assert set(figures) >= {"train", "test"}
    assert set(figures["test"]) == {"model", "flat fill", "grey"}
    alone = condcolor("evaluate", "model", "data", "--json", "-", "--inputs", 1, "--network-only")
    assert set(json.loads(alone.stdout)) == set(figures)


def test_evaluate_writes_a_table(condcolor, model, here):
    draw_set(here / "data", (0,))
    words = ("evaluate", "model", "data", "--csv", "measures.csv", "--json", "measures.json")
    done = condcolor(*words)
    assert (done.exit_code, done.stderr) == (0, "")
    table = pd.read_csv("measures.csv").set_index(["split", "method"])
    assert list(table.index) == [("all rows", name) for name in ("model", "flat fill", "grey")]
    measures = json.loads(Path("measures.json").read_text())["all rows"]["model"]
    row = table.loc[("all rows", "model")]
    assert row["mse"] == pytest.approx(measures["mse"], rel=1e-12)
    assert row["hair accuracy"] == measures["attributes"][0]["obeyed"]
    written = Path("measures.csv").read_bytes()
    refused = condcolor(*words[:5])
    assert refused.exit_code == 2
    assert "measures.csv: exists already" in refused.stderr
    assert condcolor(*words[:5], "--overwrite").exit_code == 0
    assert Path("measures.csv").read_bytes() == written


def test_evaluate_measures_photographs_beside_grey_and_the_truth(condcolor, here):
    save_random_photo(here / "snaps")
    shoot(here / "photographs/deep", 3)
    (here / "photographs/z.jpg").write_text("<html>")
    words = ("evaluate", "snaps", "photographs", "--vivid", 1, "--vivid", 2.5, "--size", 16)
    done = condcolor(*words, "--json", "figures.json")
    assert done.exit_code == 0, done.stderr
    assert "left out: " in done.stderr
    assert "z.jpg" in done.stderr
    for said in ("The protocol.", "all photographs: 3 photographs", "ab error", "dCF", "truth"):
        assert said in done.stdout, said
    rows = ["model", "vivid 1", "vivid 2.5", "grey", "truth"]
    lines = done.stdout.splitlines()[-len(rows) :]
    assert [line.strip().split("  ")[0] for line in lines] == rows
    assert "100 %" in lines[rows.index("grey")]
    figures = json.loads(Path("figures.json").read_text())["all photographs"]
    assert list(figures) == rows
    assert figures["truth"]["psnr"] is None  # infinite
    assert figures["model"] == figures["vivid 1"] != figures["vivid 2.5"]
    fewer = condcolor(*words, "--inputs", 1, "--json", "-")
    assert json.loads(fewer.stdout)["all photographs"]["model"]["pictures"] == 1


def test_evaluate_measures_by_networks_from_files(condcolor, here):
    save_random_photo(here / "snaps")
    shoot(here / "photographs", 2)
    flat = torch.nn.Sequential(torch.nn.AvgPool2d(4), torch.nn.AdaptiveAvgPool2d(1))
    torch.jit.script(flat).save("flat.pt")
    words = ("evaluate", "snaps", "photographs", "--fid-weights", "flat.pt")
    done = condcolor(*words, "--json", "figures.json")
    assert done.exit_code == 0, done.stderr
    for said in ("FID", "KID", "Frechet distance"):
        assert said in done.stdout
    assert "LPIPS" not in done.stdout.splitlines()[-4]
    figures = json.loads(Path("figures.json").read_text())["all photographs"]
    assert figures["truth"]["fid"] < 1e-6 < figures["grey"]["fid"]
    assert "lpips" not in figures["grey"]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["snaps", "data", "--fid-weights", "none.pt"], 2, "none.pt: no such file"),
        (["snaps", "data", "--lpips-weights", "data/0.png"], 4, "0.png: no TorchScript network"),
        (["model", "data", "--fid-weights", "none.pt"], 2, "for models of photographs"),
        (["snaps", "data", "--network-only"], 2, "--network-only is for models of sketches"),
        (["snaps", "data", "--vivid", "9"], 2, "vivid 9"),
        (["snaps", "none"], 3, "none"),
        (["snaps", "empty"], 3, "no pictures in it"),
        (["model", "data", "--vivid", "2"], 2, "for models of photographs"),
    ],
)
def test_what_a_model_of_photographs_cannot_evaluate_is_told(
    condcolor, model, here, words, code, said
):
    save_random_photo(here / "snaps")
    shoot(here / "data", 1)
    (here / "empty").mkdir()
    done = condcolor("evaluate", *words)
    assert done.exit_code == code, done.stderr
    assert said in done.stderr
    assert "unexpected" not in done.stderr


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["model", "none"], 3, "none does not exist"),
        (["none", "data"], 2, "model 'none'"),
        (["model", "data", "--inputs", "0"], 2, "--inputs: 0 is not in the range"),
        (["model", "data", "--json", "there.json"], 2, "there.json: exists already"),
        (["model", "data", "--json", "none/figures.json"], 3, "none"),
        (["model", "houses"], 3, "no column 'hair'"),
    ],
)
def test_what_cannot_be_evaluated_is_told(condcolor, model, here, words, code, said):
    draw_set(here / "data", (0,))
    (here / "there.json").write_text("precious")
    (here / "houses").mkdir()
    (here / "houses/metadata.csv").write_text("input,output,roof\na.png,b.png,tile\n")
    done = condcolor("evaluate", *words)
    assert done.exit_code == code, done.stderr
    assert said in done.stderr
    assert "unexpected" not in done.stderr
    assert (here / "there.json").read_text() == "precious"


def test_doctor_checks_the_built_in_models(condcolor, built_in):
    done = condcolor("doctor")
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.endswith("all is well\n")
    assert "icons: loads in" in done.stdout
    flip_a_bit(built_in)
    done = condcolor("doctor")
    assert (done.exit_code, done.stderr) == (1, "Error: 1 check failed\n")
    assert "damaged" in done.stdout
    shutil.rmtree(built_in)
    assert "no built-in model is installed" in condcolor("doctor").stdout


def test_doctor_lives_without_the_packages_it_checks(condcolor, monkeypatch):
    monkeypatch.setattr("condcolor.cli.doctor.PACKAGES", ("torch", "no-such-package"))
    monkeypatch.setattr("condcolor.cli.doctor.EXTRAS", {"odd": ("none-such",)})
    done = condcolor("doctor")
    assert done.exit_code == 1
    assert "no-such-package" in done.stdout
    assert "MISSING: pip install condcolor" in done.stdout
    assert "pip install 'condcolor[odd]'" in done.stdout


@pytest.mark.usefixtures("built_in")
def test_variants_are_a_sheet_and_a_file_each(condcolor, here):
    sketch().save(here / "ada.png")
    done = condcolor("variants", "ada.png")
    assert (done.exit_code, done.stdout) == (0, "sheet.png\n25 pictures in sheet\n")
    assert len(list((here / "sheet").iterdir())) == len(HEX) ** 2
    done = condcolor("variants", "ada.png", "-o", "s.webp", "--sheet-only", "--cell", "40")
    assert done.stdout == "s.webp\n"
    assert Image.open("s.webp").width > 5 * 40
    done = condcolor("variants", "ada.png", "-o", "t.png", "--files", "all/of/them")
    assert len(list((here / "all/of/them").iterdir())) == 25


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["none.png"], 3, "none.png: no such file"),
        (["bad.png"], 3, "bad.png: is a text file"),
        (["ada.png", "-o", "ada.png"], 2, "ada.png: exists already"),
        (["ada.png", "-o", "ada.png", "--overwrite"], 2, "ada.png is the sketch itself"),
        (["ada.png", "-o", "s.gif"], 2, "suffix '.gif'"),
        (["ada.png", "-o", "-"], 2, "no suffix"),
        (["ada.png", "-o", ""], 2, "is empty"),
        (["", "-o", "s.png"], 2, "is empty"),
        (["ada.png", "--sheet-only", "--files", "x"], 2, "take --files away"),
        (["ada.png", "--files", "bad.png"], 3, "bad.png: is a file, not a folder"),
        (["ada.png", "-o", "/proc/none/s.png", "--sheet-only"], 3, "/proc/none: cannot be made"),
        (["ada.png", "--hair", "red"], 2, "no such option --hair"),
    ],
)
@pytest.mark.usefixtures("built_in")
def test_variants_that_cannot_be_leave_all_as_it_was(condcolor, here, words, code, said):
    sketch().save(here / "ada.png")
    (here / "bad.png").write_text("hello\n")
    done = condcolor("variants", *words)
    assert (done.exit_code, done.stdout) == (code, "")
    (line,) = done.stderr.splitlines()
    assert said in line
    assert sorted(path.name for path in here.iterdir()) == ["ada.png", "bad.png"]


def test_a_model_of_other_attributes_does_all_that_ours_does(condcolor, here):
    """Three attributes of other names and values, from help to sheet."""
    save_random(here / "houses", HOUSES)
    sketch().save(here / "hut.png")
    assert condcolor("info", "houses").stdout.count("--") == 3
    assert "cream, mint" in condcolor("colorize", "-m", "houses", "--help").stdout
    done = condcolor("colorize", "hut.png", "-m", "houses", *_houses())
    assert done.stdout == "hut-slate-cream-navy.png\n"
    done = condcolor("variants", "hut.png", "-m", "houses", "-o", "s.png")
    assert done.stdout.endswith("12 pictures in s\n")
    (here / "w.csv").write_text("input,roof,wall-colour,door_wood\nhut.png,tile,mint,oak\n")
    assert condcolor("colorize", "w.csv", "-m", "houses", "-o", "made").exit_code == 0
    assert (here / "made/hut-tile-mint-oak.png").exists()
