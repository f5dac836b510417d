"""colorize by a csv: corrections of the parts of each picture, and a row for each person of a picture."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from figures import HAIR_AT, SHIRT_AT, SIDE, couple
from models import RGBS, make_parts_model, save_random_parts
from PIL import Image

from condcolor.inference.colorizer import Colorizer
from condcolor.inference.torch_colorizer import TorchColorizer

SKIN, WHITE = (0xFB, 0xD3, 0xC0), (255, 255, 255)
OTHER_HAIR, OTHER_SHIRT = ((x + SIDE, y) for x, y in (HAIR_AT, SHIRT_AT))


@pytest.fixture
def two(built_in, monkeypatch, here) -> Path:
    """x.png has two persons, whose hair and shirts the built-in model finds."""
    shutil.rmtree(built_in)
    save_random_parts(built_in, size=SIDE)
    colorizer = TorchColorizer(make_parts_model(), device="cpu")
    monkeypatch.setattr(Colorizer, "load", lambda *words, **options: colorizer)
    couple().save("x.png")
    return here


@pytest.fixture
def colored(two, condcolor):
    """Colours by the lines of a csv; returns the result, and the colours at points of each picture."""

    def run(*lines: str, options: tuple[str, ...] = ()):
        Path("wanted.csv").write_text("\n".join(lines) + "\n")
        return condcolor("colorize", "wanted.csv", "-o", "made", *options)

    return run


def colors(name: str, *points: tuple[int, int]) -> list[tuple[int, ...]]:
    """The colours of grey fills, as asked: without their tone."""
    with Image.open(Path("made", name)) as made, Image.open("x.png") as drawn:
        found = []
        for point in points:
            pairs = zip(made.convert("RGB").getpixel(point), drawn.getpixel(point), strict=True)
            found.append(tuple(round(255 * level / tone) for level, tone in pairs))
    return found


def near(found, *expected) -> bool:
    return all(
        abs(a - b) <= 2
        for one, other in zip(found, expected, strict=True)
        for a, b in zip(one, other, strict=True)
    )


def test_a_row_has_corrections_of_its_drawing(colored):
    done = colored(
        "input,output,hair,shirt,parts",
        f'x.png,one.png,red,blue,"{HAIR_AT[0]},{HAIR_AT[1]}=skin; {OTHER_SHIRT[0]},{OTHER_SHIRT[1]}=none"',
        "x.png,other.png,red,blue,",
    )
    assert (done.exit_code, done.stderr) == (0, "")
    places = (HAIR_AT, SHIRT_AT, OTHER_HAIR, OTHER_SHIRT)
    red, blue = RGBS["red"], RGBS["blue"]
    assert near(colors("one.png", *places), SKIN, blue, red, WHITE)
    assert near(colors("other.png", *places), red, blue, red, blue)
    first = json.loads(Path("made/manifest.jsonl").read_text().splitlines()[1])
    assert first["parts"] == "20,18=skin 98,46=other"


def test_cuts_are_made_in_the_order_of_the_cell(colored):
    done = colored(
        "input,output,hair,shirt,parts", 'x.png,one.png,red,blue,"28,11:28,26; 20,18=skin"'
    )
    assert (done.exit_code, done.stderr) == (0, "")
    assert near(colors("one.png", (20, 18), (36, 18)), SKIN, RGBS["red"])


def test_other_corrections_are_coloured_again(colored):
    row = "x.png,one.png,red,blue,"
    header = "input,output,hair,shirt,parts"
    assert "1 of 1" in colored(header, row).stdout
    assert "1 were there already" in colored(header, row).stdout
    assert "1 of 1 pictures coloured in made" in colored(header, row + '"20,18=skin"').stdout
    assert near(colors("one.png", HAIR_AT), SKIN)


def test_corrections_of_a_row_come_after_those_beside_the_picture(colored, condcolor):
    assert condcolor("parts", "x.png", "--part", "20,18=hat", "--part", "34,46=none").exit_code == 0
    done = colored("input,output,hair,shirt,parts", 'x.png,one.png,red,blue,"20,18=skin"')
    assert done.exit_code == 0, done.stderr
    assert near(colors("one.png", HAIR_AT, SHIRT_AT), SKIN, WHITE)


@pytest.mark.parametrize("output", ["", "made.png"])
def test_the_rows_of_a_picture_are_its_persons(colored, output):
    header, own = ("input,output", f"x.png,{output}") if output else ("input", "x.png")
    done = colored(
        f"{header},hair,shirt,person,parts",
        f"{own},red,blue,,",
        f'{own},green,yellow,2,"98,46=none"',
    )
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout == "1 of 1 pictures coloured in made\n"
    red, blue, green = RGBS["red"], RGBS["blue"], RGBS["green"]
    places = (HAIR_AT, SHIRT_AT, OTHER_HAIR, OTHER_SHIRT)
    made = output or "x-red-blue-green-yellow.png"
    assert near(colors(made, *places), red, blue, green, WHITE)


def test_optional_parts_of_persons(colored):
    done = colored(
        "input,hair,shirt,skin,output,person,parts",
        'x.png,red,blue,default,y.png,2,"84,18=skin"',
        'x.png,red,blue,#d2b48c,y.png,1,"20,18=skin"',
    )
    assert done.exit_code == 0, done.stderr
    assert near(colors("y.png", HAIR_AT, OTHER_HAIR), (0xD2, 0xB4, 0x8C), SKIN)


def test_exact_colors_of_persons(colored):
    rows = ("input,output,hair,shirt,person", "x.png,y.png,red,blue,1", "x.png,y.png,green,tan,2")
    done = colored(*rows, options=("--lock", "--check"))
    assert done.exit_code == 0, done.stderr
    with Image.open("made/y.png") as made:
        found = [made.getpixel(point) for point in (HAIR_AT, SHIRT_AT, OTHER_HAIR, OTHER_SHIRT)]
    assert found == [RGBS["red"], RGBS["blue"], RGBS["green"], (0xD2, 0xB4, 0x8C)]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (
            ("x.png,red,blue,0,",),
            "wanted.csv line 2: person '0': persons are counted from the left, from 1",
        ),
        (("x.png,red,blue,two,",), "person 'two'"),
        (("x.png,red,blue,2,",), "wanted.csv line 2: x.png has no row of person 1"),
        (
            ("x.png,red,blue,1,", "x.png,red,tan,1,"),
            "line 3: person 1 of x.png is in line 2 already",
        ),
        (('x.png,red,blue,1,"20,18=hare"',), "wanted.csv line 2: 'hare' is no part"),
        (("x.png,red,blue,1,20",), "wanted.csv line 2: '20'"),
    ],
)
def test_a_wrong_row_is_named(colored, rows, said):
    done = colored("input,hair,shirt,person,parts", *rows)
    assert done.exit_code == 3
    assert said in done.stderr
    assert not Path("made").exists()


def test_a_person_who_is_not_there_fails_that_picture(colored):
    rows = ("x.png,red,blue,1", "x.png,red,blue,3")
    done = colored("input,hair,shirt,person", *rows)
    assert done.exit_code == 1
    assert "there is no person 3: 2 persons were found in this drawing" in done.stderr


def test_a_model_that_finds_no_parts_takes_none(condcolor, built_in, here):
    couple().save("x.png")
    for column, cell in (("parts", '"1,2=hair"'), ("person", "2")):
        first = "x.png,red,blue,1\n" if column == "person" else ""
        Path("wanted.csv").write_text(f"input,hair,shirt,{column}\n{first}x.png,red,blue,{cell}\n")
        done = condcolor("colorize", "wanted.csv", "-o", "made")
        assert done.exit_code == 2, done.stderr
        assert "are for models that find parts, such as icons" in done.stderr
