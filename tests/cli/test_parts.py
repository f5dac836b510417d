"""condcolor parts, and corrections of parts in the commands that color: --part, --cut, files; --skin."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from boxes import SIDE, Boxes, drawn
from models import make_parts_model, save_random_parts
from PIL import Image

from condcolor.inference.colorizer import Colorizer
from condcolor.inference.torch_colorizer import TorchColorizer

RED, BLUE, WHITE = (0xE9, 0x47, 0x43), (0x3F, 0xAE, 0xE1), (255, 255, 255)
HAIR, SHIRT = (32, 20), (32, 46)  # x, y
WORDS = ("--hair", "red", "--shirt", "blue")
SET = ("--part", "32,20=shirt")


@pytest.fixture(autouse=True)
def parts_model(built_in, monkeypatch):
    """The built-in model finds hair in the upper box, a shirt in the lower."""
    shutil.rmtree(built_in)
    save_random_parts(built_in, size=SIDE)
    colorizer = TorchColorizer(make_parts_model(Boxes, size=SIDE), device="cpu")
    monkeypatch.setattr(Colorizer, "load", lambda *words, **options: colorizer)


@pytest.fixture
def sketch(here) -> str:
    Image.fromarray(drawn()).save("x.png")
    return "x.png"


def color(name: str, point: tuple[int, int]) -> tuple[int, ...]:
    return Image.open(name).convert("RGB").getpixel(point)


def test_the_pieces_are_listed(condcolor, sketch):
    done = condcolor("parts", sketch)
    assert (done.exit_code, done.stderr) == (0, "")
    rows = [line.split() for line in done.stdout.splitlines()]
    assert {row[1] for row in rows} == {"ground", "hair", "shirt"}
    assert sum(float(row[-2]) for row in rows) == pytest.approx(100, abs=0.3)
    assert not Path("x.parts.json").exists()


def test_corrections_are_saved_and_read_by_every_command(condcolor, sketch):
    done = condcolor("parts", sketch, *SET)
    assert done.exit_code == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "x.parts.json"
    assert json.loads(Path("x.parts.json").read_text())["corrections"][0]["part"] == "shirt"
    note = "note: x.png: 1 correction of x.parts.json\n"

    done = condcolor("colorize", sketch, *WORDS, "-o", "made.png")
    assert (done.exit_code, done.stderr) == (0, note)
    assert color("made.png", HAIR) == BLUE

    done = condcolor("colorize", sketch, *WORDS, "--check", "-o", "checked.png")
    assert (done.exit_code, color("checked.png", HAIR)) == (0, BLUE)

    done = condcolor("variants", sketch, "-o", "sheet.png")
    assert (done.exit_code, note in done.stderr) == (0, True)
    assert color("sheet/x-red-blue.png", HAIR) == BLUE

    done = condcolor("layers", sketch, *WORDS, "-o", "layers")
    assert (done.exit_code, done.stderr) == (0, note)
    (part,) = Path("layers").glob("*-shirt.png")
    assert Image.open(part).getpixel(HAIR) == (*BLUE, 255)

    done = condcolor(
        "colorize", "-", *WORDS, "--parts", "x.parts.json", input=Path(sketch).read_bytes()
    )
    assert done.exit_code == 0, done.stderr
    Path("piped.png").write_bytes(done.stdout_bytes)
    assert color("piped.png", HAIR) == BLUE


def test_more_corrections_are_added_to_the_saved_ones(condcolor, sketch):
    condcolor("parts", sketch, *SET)
    done = condcolor("parts", sketch, "--cut", "32,12:32,27", "--part", "20,20=none")
    assert done.exit_code == 0, done.stderr
    assert len(json.loads(Path("x.parts.json").read_text())["corrections"]) == 3
    condcolor("colorize", sketch, *WORDS, "-o", "made.png")
    assert color("made.png", (20, 20)) == WHITE
    assert color("made.png", (44, 20)) == BLUE


def test_a_correction_for_one_time_is_not_saved(condcolor, sketch):
    done = condcolor("colorize", sketch, *WORDS, *SET, "-o", "made.png")
    assert (done.exit_code, done.stderr) == (0, "")
    assert color("made.png", HAIR) == BLUE
    assert not Path("x.parts.json").exists()


def test_each_picture_of_a_folder_has_its_own_and_is_done_again_when_they_change(condcolor, here):
    Path("set").mkdir()
    for name in ("a", "b"):
        Image.fromarray(drawn()).save(f"set/{name}.png")
    condcolor("parts", "set/a.png", *SET)
    words = ("colorize", "set", *WORDS, "-o", "made")
    done = condcolor(*words)
    assert "2 of 2" in done.stdout, done.stderr
    assert [color(f"made/{name}.png", HAIR) for name in ("a", "b")] == [BLUE, RED]
    assert "2 were there already" in condcolor(*words).stdout
    condcolor("parts", "set/b.png", *SET)
    done = condcolor(*words)
    assert "1 of 1 pictures coloured in made, 1 were there already" in done.stdout, done.stderr
    assert color("made/b.png", HAIR) == BLUE


def test_what_does_not_fit_any_more_is_said(condcolor, sketch):
    condcolor("parts", sketch, *SET)
    changed = drawn().copy()
    changed[:32] = 255
    Image.fromarray(changed).save(sketch)
    done = condcolor("colorize", sketch, *WORDS, "-o", "made.png")
    assert done.exit_code == 0
    assert "=shirt does not fit: the piece there is another one now" in done.stderr
    assert color("made.png", HAIR) == WHITE


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("--part", "32=hair"), "no point"),
        (("--part", "999,2=hair"), "not in the picture"),
        (("--part", "2,2=hare"), "did you mean 'hair'"),
        (("--cut", "30,20:34,20"), "divides no piece"),
        (("--grid", "2x1", *SET), "exclude each other"),
    ],
)
def test_a_wrong_correction_is_one_line(condcolor, sketch, words, problem):
    done = condcolor("colorize", sketch, *WORDS, *words, "-o", "made.png")
    assert done.exit_code == 2
    assert problem in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not Path("made.png").exists()


def test_a_damaged_file_of_parts_is_named(condcolor, sketch):
    Path("x.parts.json").write_text('{"format": 1')
    done = condcolor("colorize", sketch, *WORDS, "-o", "made.png")
    assert done.exit_code == 3
    assert "x.parts.json" in done.stderr


def test_corrections_are_for_one_picture(condcolor, here):
    Path("set").mkdir()
    for name in ("a", "b"):
        Image.fromarray(drawn()).save(f"set/{name}.png")
    done = condcolor("colorize", "set", *WORDS, *SET, "-o", "made")
    assert done.exit_code == 2
    assert "for one picture, not for 2" in done.stderr


def test_a_map_is_drawn(condcolor, sketch):
    done = condcolor("parts", sketch, "--map", "map.png")
    assert done.exit_code == 0, done.stderr
    with Image.open("map.png") as made:
        assert max(made.size) >= 768


def test_a_part_with_a_default_is_colored_when_it_is_asked_for(condcolor, sketch):
    as_skin = ("--part", "32,20=skin")
    condcolor("colorize", sketch, *WORDS, *as_skin, "-o", "default.png")
    condcolor("colorize", sketch, *WORDS, *as_skin, "--skin", "#8d5524", "-o", "brown.png")
    assert color("default.png", HAIR) == (0xFB, 0xD3, 0xC0)
    assert color("brown.png", HAIR) == (0x8D, 0x55, 0x24)
    as_hat = ("--part", "32,20=hat")
    condcolor("colorize", sketch, *WORDS, *as_hat, "-o", "bare.png")
    condcolor("colorize", sketch, *WORDS, *as_hat, "--hat", "blue", "-o", "hat.png")
    assert [color(name, HAIR) for name in ("bare.png", "hat.png")] == [WHITE, BLUE]


def test_in_a_colored_picture_parts_nobody_asked_for_stay(condcolor, sketch):
    as_skin = ("--part", "32,20=skin")
    condcolor("colorize", sketch, *WORDS, *as_skin, "--skin", "#8d5524", "-o", "icon.png")
    done = condcolor(
        "colorize", "icon.png", "--hair", "red", "--shirt", "tan", *as_skin, "-o", "other.png"
    )
    assert done.exit_code == 0, done.stderr
    assert color("other.png", HAIR) == (0x8D, 0x55, 0x24)
    assert color("other.png", SHIRT) == (0xD2, 0xB4, 0x8C)


def test_a_csv_may_have_columns_for_them(condcolor, sketch):
    Path("wanted.csv").write_text("input,hair,shirt,skin\nx.png,red,blue,tan\n")
    done = condcolor("colorize", "wanted.csv", "-o", "made")
    assert done.exit_code == 0, done.stderr
    assert Path("made/x-red-blue-tan.png").is_file()
    Path("plain.csv").write_text("input,hair,shirt\nx.png,red,blue\n")
    assert condcolor("colorize", "plain.csv", "-o", "plain").exit_code == 0
    assert Path("plain/x-red-blue.png").is_file()
