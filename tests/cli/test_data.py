"""condcolor data check, condcolor data icons: what they list, draw and refuse."""

from __future__ import annotations

import os
import signal

import pytest
from drawn import draw_set, picture, save

from condcolor.cli.data_sets import fault_table
from condcolor.data.builders.avatar_svg import FRAMINGS
from condcolor.data.faults import Fault

KIT = ("--characters", "2", "--size", "32", "--colorings", "2", "--kit", "pixel-art")


def test_a_good_data_set_is_counted_and_balanced(condcolor, here):
    draw_set(here / "data/train", (0, 1))
    draw_set(here / "data/test", (2,))
    done = condcolor("data", "check", "data")
    assert done.exit_code == 0
    for said in (
        "27 rows, 3 inputs, 27 outputs",
        "train: 18 rows, 2 characters",
        "test: 9 rows, 1 characters",
        "  hair: blue 6, brown 6, red 6",
        "  combinations: 9 present, 0 absent, 2 rows each",
        "no problems",
    ):
        assert said in done.stdout


def test_every_problem_is_listed_at_once(condcolor, here):
    draw_set(here / "data")
    csv = here / "data/metadata.csv"
    lines = csv.read_text().splitlines()
    lines[1] = lines[1].replace(",blue,blue", ",blu,blue")
    lines[2] = lines[2].replace("outputs/", "outputs/none-")
    csv.write_text("\n".join(lines) + "\n")
    (here / "data/outputs/0-red-red.png").write_bytes(b"")
    save(here / "data/outputs/1-red-red.png", picture(1, "red", "red")[:8])
    done = condcolor("data", "check", "data")
    assert done.exit_code == 3
    for said in (
        "hair 'blu' is not one of blue, brown, red",
        "did you mean 'blue'?",
        "output 'outputs/none-",
        "output 'outputs/0-red-red.png': empty file (0 bytes)",
        "output is 16x8 but its input is 16x16",
    ):
        assert said in done.stdout
    assert "data: 4 problems; to repair what can be: --fix data/fixed.csv" in done.stderr
    table = done.stdout[done.stdout.index("level ") :].splitlines()
    assert [row.split()[:3] for row in table[1:]] == [
        ["cells", "2", "hair"],
        ["cells", "3", "output"],
        ["pictures", "10", "output"],
        ["pictures", "19", "output"],
    ]
    assert "no problems" not in done.stdout


@pytest.mark.parametrize(
    ("path", "code", "said"),
    [
        ("none", 3, "none does not exist"),
        ("", 2, "is empty"),
        ("empty", 3, "has no metadata.csv"),
        ("empty.csv", 3, "empty.csv is empty"),
        ("picture.csv", 3, "is not a csv but a PNG picture"),
        ("/dev/null", 3, "is not a file"),
    ],
)
def test_what_is_no_data_set_is_told(condcolor, here, path, code, said):
    (here / "empty").mkdir()
    (here / "empty.csv").touch()
    (here / "picture.csv").write_bytes(b"\x89PNG\r\n\x1a\n")
    done = condcolor("data", "check", path)
    assert (done.exit_code, done.stdout) == (code, "")
    assert said in done.stderr


def test_a_data_set_without_attributes_or_targets_is_one(condcolor, here):
    save(here / "a.png", picture(0))
    (here / "photos.csv").write_text("input\na.png\n")
    done = condcolor("data", "check", "photos.csv", "--no-targets")
    assert (done.exit_code, done.stderr) == (0, "")
    assert "1 rows, 1 inputs" in done.stdout
    assert condcolor("data", "check", "photos.csv").exit_code == 3


def test_a_table_of_faults_is_by_level_and_as_wide_as_the_terminal():
    faults = [
        Fault(
            "hair is wrong in many ways that take a long sentence",
            "x " * 30,
            "cells",
            "a.csv",
            12,
            "hair",
        ),
        Fault("no column 'input'", "", "columns", "b.csv", 1, "input"),
    ]
    lines = fault_table(faults, width=72)
    assert max(map(len, lines)) <= 72
    assert lines[0].split() == ["level", "line", "column", "what", "what", "to", "do"]
    assert lines[1].startswith("columns  b.csv 1   input   no column 'input'")
    assert lines[2].startswith("cells    a.csv 12  hair    hair is wrong")
    assert len(lines) > 4
    assert len(fault_table(faults)) == 3  # no terminal, so that nothing is cut


def test_a_new_data_set_passes_the_check(condcolor, here):
    done = condcolor("data", "new", "mine")
    assert (done.exit_code, done.stderr) == (0, "")
    assert "check it: condcolor data check mine" in done.stdout
    assert "condcolor train mine --out" in (here / "mine/README.md").read_text()
    assert condcolor("data", "check", "mine").stdout.endswith("no problems\n")
    again = condcolor("data", "new", "mine")
    assert (again.exit_code, "mine exists: name a new folder" in again.stderr) == (2, True)


def test_values_in_file_names_are_read_by_option(condcolor, here):
    for hair in ("blue", "red"):
        save(here / f"set/ada_{hair}.png", picture(0, hair, "red"))
    save(here / "set/inputs/ada.png", picture(0))
    done = condcolor("data", "check", "set", "--labels", "{character}_{hair}")
    assert (done.exit_code, "hair: blue 1, red 1" in done.stdout) == (0, True)
    assert condcolor("data", "check", "set").exit_code == 3
    form = condcolor("data", "check", "set", "--labels", "{hair")
    assert (form.exit_code, "labels '{hair'" in form.stderr) == (2, True)


def test_shared_values_are_those_of_all_attributes(condcolor, here):
    draw_set(here / "data")
    done = condcolor("data", "check", "data", "--shared-values")
    assert done.exit_code == 0


def test_icons_are_drawn_and_pass_the_check(condcolor, here):
    pytest.importorskip("dicebear")
    done = condcolor("data", "icons", "drawn", *KIT)
    assert (done.exit_code, done.stdout) == (0, "4 pictures of 2 characters in drawn\n")
    assert "no problems" in condcolor("data", "check", "drawn").stdout
    assert "drawn is not empty" in condcolor("data", "icons", "drawn", *KIT).stderr


def test_scenes_are_drawn_and_pass_the_check(condcolor, here):
    pytest.importorskip("dicebear")
    few = ("--characters", "2", "--size", "64", "--seed", "5")
    done = condcolor("data", "icons", "drawn", "--scenes", "3", *few)
    assert (done.exit_code, done.stdout) == (0, "3 scenes of 2 characters in drawn\n")
    assert "no problems" in condcolor("data", "check", "drawn").stdout


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_icons_half_drawn_leave_nothing(condcolor, here, monkeypatch, number):
    pytest.importorskip("dicebear")
    monkeypatch.setattr(
        "condcolor.cli.progress.Progress.__call__",
        lambda self, done, total: os.kill(os.getpid(), number),
    )
    done = condcolor("data", "icons", "drawn", *KIT)
    assert done.exit_code == 128 + number
    assert list(here.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([""], "the name of the folder is empty"),
        (["x", "--characters", "0"], "characters must be from 1"),
        (["x", "--characters", "many"], "--characters: 'many' is not a valid integer"),
        (["x", "--kit", "pixelart"], "did you mean 'pixel-art'"),
        (["x", "--framing", "clsoe"], "did you mean 'close'"),
        (["x", "--skin", "pink"], "'pink' is not a colour; write it as #rrggbb"),
        (["x", "--size", "1"], "size must be from 16"),
        (["x", "--line-width", "nan"], "line_width must be"),
        (["x", "--colorings", "26"], "colorings must be from 1 to 25"),
        (["x", "--seed", "-1"], "seed must be from 0"),
        (["file"], "file is a file"),
        (["x", "--scenes", "0"], "scenes must be from 1"),
        (["x", "--scenes", "2", "--size", "16"], "size must be from 64"),
        (["x", "--scenes", "2", "--vary"], "--vary does not go with --scenes"),
        (["x", "--scenes", "2", "--kit", "micah"], "--kit does not go with --scenes"),
        (["x", "--scenes", "2", "--colorings", "5"], "--colorings does not go with --scenes"),
        (["x", "--extra", "more"], "--extra is for scenes: add --scenes NUMBER"),
        (["x", "--scenes", "2", "--extra", ""], "the name of the folder of characters is empty"),
        (["x", "--scenes", "2", "--extra", "more"], "more: no .npz files of characters"),
    ],
)
def test_what_cannot_be_drawn_is_told(condcolor, here, words, said):
    (here / "file").touch()
    done = condcolor("data", "icons", *words)
    assert (done.exit_code, done.stdout) == (2, "")
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_the_framings_named_are_those_of_the_library():
    from condcolor.cli.data import icons

    (framing,) = (param for param in icons.params if param.name == "framing")
    assert set(framing.type.names()) == set(FRAMINGS)
