"""Where only `pip install condcolor` ran: the built-in models colour, and what is missing is said."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from light import COMMAND, light_environment, run_light
from PIL import Image
from webserver import fetch, png

EXAMPLES = Path(__file__).parents[2] / "examples"
ADA, COLLINS = EXAMPLES / "sketches/ada.png", EXAMPLES / "photographs/collins.jpg"
ADA_COLORS = ("--hair", "red", "--shirt", "blue")


@pytest.fixture
def light(here, tmp_path):
    """Runs the command there, which has to succeed; returns what it prints."""

    def run(*words: object) -> str:
        done = run_light(tmp_path / "light", COMMAND, *words)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def colors(name: str | Path) -> int:
    """How far a picture's channels are apart at most."""
    return int(np.ptp(np.asarray(Image.open(name).convert("RGB")).astype(int), axis=-1).max())


def test_pictures_are_coloured_by_the_names_of_the_models(light, here):
    light("colorize", ADA, *ADA_COLORS, "-o", "ada.png")
    assert colors("ada.png") > 100
    light("colorize", COLLINS, "--model", "photo", "-o", "collins.png")
    assert colors("collins.png") > 30
    light("colorize", EXAMPLES / "sketches", *ADA_COLORS, "--lock", "--check", "-o", "all")
    assert len([*(here / "all").glob("*.png")]) == 4
    assert Image.open("all/ada.png").tobytes() == Image.open("ada.png").tobytes()


def test_variants_layers_and_parts_need_no_more(light, here):
    light("variants", ADA, "-o", "sheet.png", "--sheet-only")
    assert colors("sheet.png") > 100
    light("layers", ADA, *ADA_COLORS, "-o", "ada")
    light("recolor", "ada", "--hair", "green", "-o", "ada-green.png")
    assert colors("ada-green.png") > 30
    assert " hair " in light("parts", ADA)


def test_the_installation_is_described(light):
    assert "ONNX Runtime (torch is not installed)" in light("info", "icons")
    said = light("doctor")
    assert "pip install 'condcolor[train]'" in said
    assert re.search(r"icons: loads in .*, by ONNX Runtime \(torch is not installed\)", said)
    assert said.endswith("all is well\n")


def test_the_page_is_served(here, tmp_path):
    command = [sys.executable, "-c", COMMAND, "serve", "--port", "0"]
    environment = light_environment(tmp_path / "light")
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as server:
        try:
            line = server.stdout.readline()
            port = int(re.search(r":(\d+)", line)[1])
            sent = png(Image.open(ADA))
            status, _, body = fetch(port, "/api/sketches", "POST", sent, Content_Type="image/png")
            assert status == 201, body
            name = json.loads(body)["id"]
            status, _, body = fetch(
                port, f"/api/sketches/{name}/colored.png?model=icons&hair=red&shirt=blue"
            )
            assert status == 200, body
        finally:
            server.terminate()
            server.wait(20)


@pytest.mark.parametrize(
    ("words", "package"),
    [
        (("train", "data", "--out", "run"), "torch"),
        (("resume", "run"), "torch"),
        (("adapt", "icons", "data", "--out", "mine"), "torch"),
        (("evaluate", "icons", "data"), "torch"),
        (("export", "icons", "--onnx", "icons.onnx"), "torch"),
        (("export", "icons", "--beside"), "torch"),
        (("plot", "run"), "(pandas|matplotlib|torch|filelock)"),
        (("report", "run"), "(pandas|matplotlib|torch|filelock|jinja2)"),
        (("data", "check", "data"), "(pandas|torch)"),
        (("colorize", str(ADA), *ADA_COLORS, "--engine", "torch", "-o", "x.png"), "torch"),
        (("colorize", str(ADA), *ADA_COLORS, "--model", "mine", "-o", "x.png"), "torch"),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_what_needs_more_says_what_to_install(random_model, here, tmp_path, words, package):
    (here / "mine").symlink_to(random_model)
    (here / "run").mkdir()
    (here / "run/config.json").write_text("{}")
    (here / "data").mkdir()
    (here / "data/metadata.csv").write_text("input,target,hair,shirt\na.png,b.png,red,blue\n")
    done = run_light(tmp_path / "light", COMMAND, *words)
    assert done.returncode == 2
    said = rf"Error: .*{package}.* is not installed: pip install 'condcolor\[train\]'\n"
    assert re.fullmatch(said, done.stderr), done.stderr


@pytest.mark.parametrize(
    ("lacked", "words"),
    [
        ("uvicorn", ("serve", "--port", "0")),
        ("onnxruntime", ("colorize", str(ADA), *ADA_COLORS, "-o", "x.png")),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_condcolor_itself_needs_is_told_too(here, tmp_path, lacked, words):
    done = run_light(tmp_path / "light", COMMAND, *words, lacked=(lacked,))
    assert done.returncode == 2
    assert lacked in done.stderr
    assert done.stderr.endswith(" is not installed: pip install condcolor\n")


def test_the_library_says_what_to_install(tmp_path):
    code = "import condcolor; print(len(condcolor.Colorizer.load('icons').schema.names)); condcolor.train"
    done = run_light(tmp_path / "light", code)
    assert done.stdout == "6\n"
    last = done.stderr.splitlines()[-1]
    assert last == (
        "ModuleNotFoundError: condcolor.train: torch is not installed: pip install 'condcolor[train]'"
    )
