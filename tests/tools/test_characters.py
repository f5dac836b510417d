"""tools/characters/draw.py: files of characters that scenes take, and a set to measure on."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from condcolor.conditions.parts import part_index
from condcolor.data.builders.cast import read_extras
from condcolor.data.builders.cutouts import is_valid

pytest.importorskip("dicebear", reason="needs the icons extra: pip install 'condcolor[icons]'")


pytest.importorskip("dicebear_styles", reason="needs the icons extra")


pytest.importorskip("resvg_py", reason="needs the icons extra")


TOOL = Path(__file__).parents[2] / "tools/characters"


def draw(*words):
    command = [sys.executable, TOOL / "draw.py", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def emoji(skin, hair):
    return (
        f'<path fill="{hair}" d="M10 4h16v14H10z"/><circle cx="18" cy="14" r="7" fill="{skin}"/>'
        '<circle cx="15" cy="14" r="1" fill="#000"/><circle cx="21" cy="14" r="1" fill="#000"/>'
        '<path fill="#5c913b" d="M8 23h20v13H8z"/>'
    )


def test_persons_whose_parts_are_told_by_skin_tone_and_place(tmp_path):
    icons = {
        "person": {"body": emoji("#ffdc5d", "#ffac33")},
        "person-dark-skin-tone": {"body": emoji("#5c3a24", "#0b0200")},
        "ball": {"body": '<circle cx="18" cy="18" r="9"/>'},
    }
    package = tmp_path / "packages/iconify-json-emojione-1.2.3"
    package.mkdir(parents=True)
    (package / "icons.json").write_text(json.dumps({"icons": icons, "width": 36}))
    done = draw(tmp_path / "packages", tmp_path / "set", "--measure", "--side", "96")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "set/metadata.csv").read_text().split() == ["input", "inputs/person.png"]
    masks = np.asarray(Image.open(tmp_path / "set/masks/person.png"))
    assert masks.shape == (96, 96, 3)
    assert set(np.unique(masks)) == {0, 255}
    middle = 48
    assert [masks[y, middle].argmax() for y in (16, 45, 80)] == [0, 2, 1]  # hair, skin, shirt
    sketch = np.asarray(Image.open(tmp_path / "set/inputs/person.png").convert("L"))
    assert sketch.shape == (96, 96)
    assert (sketch < 100).mean() > 0.01
    assert (sketch[masks.any(-1)] > 150).mean() > 0.9


def test_parts_of_emoji_are_corrected_inside_their_boxes(tmp_path):
    icons = {
        "person-facepalming": {"body": emoji("#ffdc5d", "#ffac33")},
        "person-facepalming-dark": {"body": emoji("#5c3a24", "#0b0200")},
    }
    package = tmp_path / "packages/iconify-json-fluent-emoji-flat-1.2.6"
    package.mkdir(parents=True)
    (package / "icons.json").write_text(json.dumps({"icons": icons, "width": 36}))
    done = draw(tmp_path / "packages", tmp_path / "extra", "--only", "fluent", "--side", "96")
    assert done.returncode == 0, done.stderr
    with np.load(tmp_path / "extra/fluent.npz") as file:
        parts = file["drawings"][0, 1]
    hair = parts == part_index("hair")
    x0, y0, x1, y1 = (round(edge * 96) for edge in (0.38, 0.3, 0.71, 0.72))  # the hand
    assert not hair[y0:y1, x0:x1].any()
    assert hair[:y0].any()
    assert hair[y0:y1, :x0].any()


def test_hand_drawn_persons_are_a_file_for_scenes(tmp_path):
    sources = ("--only", "notionists", "--only", "open-peeps")
    done = draw(tmp_path, tmp_path / "extra", *sources, "--count", "3", "--side", "96")
    assert done.returncode == 0, done.stderr
    extras = read_extras(tmp_path / "extra")
    assert [extra.path.stem for extra in extras] == ["notionists", "open-peeps"]
    for extra in extras:
        assert extra.kinds == ("hand-drawn",) * 3
        assert "CC0" in extra.origin
        with np.load(extra.path) as file:
            drawings = file["drawings"]
        assert is_valid(drawings)
        for part in ("hair", "shirt", "skin"):
            assert (drawings[:, 1] == part_index(part)).mean() > 0.01


def test_a_missing_package_is_told(tmp_path):
    done = draw(tmp_path, tmp_path / "extra", "--only", "twemoji")
    assert done.returncode == 1
    assert "0 folders iconify-json-twemoji-VERSION; see README.md" in done.stderr


def test_the_page_names_every_source():
    page = (TOOL / "README.md").read_text("utf-8")
    listed = re.search(r"SOURCES = \{(.*?)\n\}", (TOOL / "draw.py").read_text("utf-8"), re.S)
    assert all(f"`{name}`" in page for name in re.findall(r'\n    "([\w-]+)":', listed[1]))
