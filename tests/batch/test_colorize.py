"""`colorize_files`: what `condcolor colorize` does, as one call that says what it did."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import numpy as np
import pytest
from models import save_random_photo
from pictures import sketch
from PIL import Image

import condcolor
from condcolor.batch.colorize import ColorizeResult, colorize_files
from condcolor.errors import DataError, UsageError
from condcolor.inference.colorizer import Colorizer
from condcolor.models.model_folder import read_model_info
from condcolor.runtime.process import StopFlag

RED_BLUE = {"hair": "red", "shirt": "blue"}


@pytest.fixture
def colorize(random_model):
    """Colours with a small model; `model` is read before."""
    info = read_model_info(random_model)
    return lambda *words, **options: colorize_files(*words, model=info, **options)


def test_it_is_of_the_public_face():
    assert condcolor.colorize_files is colorize_files
    assert "colorize_files" in condcolor.__all__


def test_one_picture_becomes_what_the_colorizer_says(colorize, sketches, random_model):
    result = colorize("sketches/ada.png", "made.png", {"hair": "#ff8800", "shirt": "blue"})
    assert result == ColorizeResult((Path("made.png"),))
    colorizer = Colorizer.load(random_model, precision="auto")
    wanted = colorizer("sketches/ada.png", hair="#ff8800", shirt="blue")
    assert np.array_equal(np.asarray(Image.open("made.png")), np.asarray(wanted))
    assert colorize(Path("sketches/ada.png"), values=RED_BLUE).outputs == (
        Path("ada-red-blue.png"),
    )
    again = colorize("sketches/ada.png", "made.png", RED_BLUE, skip_existing=True)
    assert (again.outputs, again.skipped) == ((), 1)
    with pytest.raises(UsageError, match=r"made\.png exists"):
        colorize("sketches/ada.png", "made.png", RED_BLUE)


def test_a_folder_goes_on_where_it_stopped_and_tells_of_each_picture(colorize, sketches):
    (sketches / "bad.png").write_bytes(b"no picture")
    (sketches / "notes.txt").touch()
    progress, notes, results = [], [], []
    call = {
        "on_progress": lambda *counts: progress.append(counts),
        "on_note": notes.append,
        "on_result": results.append,
    }
    result = colorize("sketches", "made", RED_BLUE, **call)
    assert progress == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert [r.job.source.name for r in results if r.error] == ["bad.png"]
    assert [line.partition(":")[0] for line in notes] == ["failed"]
    assert (result.colored, result.failed, result.skipped, result.left) == (3, 1, 0, 0)
    assert result.folder == Path("made")
    assert result.report == ()
    assert all(path.is_file() for path in result.outputs)
    again = colorize("sketches", "made", RED_BLUE, **call)
    assert (again.colored, again.failed, again.skipped) == (0, 1, 3)


def test_what_a_killed_run_left_long_ago_is_removed(colorize, sketches):
    out = Path("made")
    out.mkdir()
    old, fresh, other = (
        out / name for name in (f".{'0a' * 8}.tmp", f".{'0b' * 8}.tmp", ".own.tmp")
    )
    for path in (old, fresh, other):
        path.write_bytes(b"half")
    for path in (old, other):
        os.utime(path, (1, 1))
    colorize("sketches", "made", RED_BLUE)
    assert [path.exists() for path in (old, fresh, other)] == [False, True, True]


def test_what_is_passed_over_is_told_before_any_picture(colorize, sketches):
    os.symlink("none.png", sketches / "lost.png")
    notes = []
    result = colorize("sketches", "made", RED_BLUE, on_note=notes.append)
    assert len(result.passed_over) == 1
    assert notes == [f"passed over: {result.passed_over[0]}"]


def test_a_set_is_locked_checked_and_reported(colorize, sketches):
    Path("palette.json").write_text('{"crimson": "#b01030"}')
    asked = {"hair": "crimson", "shirt": "none"}
    result = colorize("sketches", "made", asked, palette="palette.json", lock=True, check=True)
    assert result.colored == 3
    assert result.report[-1] == f"made/colors.csv: {result.flagged} of 3 pictures to look at"
    assert Path("made/colors.csv").read_text().startswith("input,output,hair_asked,")
    assert colorize("sketches/ada.png", "x.png", RED_BLUE, check=True).flagged in (0, 1)


def test_a_csv_names_pictures_and_values(colorize, sketches):
    (sketches / "wanted.csv").write_text("input,hair,shirt\nada.png,red,#ff8800\n")
    result = colorize("sketches/wanted.csv", "made")
    assert result.outputs == (Path("made/ada-red-ff8800.png"),)
    with pytest.raises(UsageError, match="give no others"):
        colorize("sketches/wanted.csv", "made", RED_BLUE)
    with pytest.raises(UsageError, match="give it without other sketches"):
        colorize(["sketches/wanted.csv", "sketches/ada.png"], "made")


def test_a_stopped_call_ends_after_the_picture_under_way(colorize, sketches):
    stop = StopFlag()
    result = colorize(
        "sketches",
        "made",
        RED_BLUE,
        report=True,
        stop=stop,
        on_result=lambda _: os.kill(os.getpid(), signal.SIGINT),
    )
    assert (result.colored, result.left, stop.signal) == (1, 2, signal.SIGINT)
    assert len(Path("made/colors.csv").read_text().splitlines()) == 4
    assert colorize("sketches", "made", RED_BLUE, report=True).colored == 2
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_callback_that_raises_ends_the_call_and_leaves_signals_alone(colorize, sketches):
    def fail(_):
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        colorize("sketches", "made", RED_BLUE, on_result=fail, stop=StopFlag())
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert colorize("sketches", "made", RED_BLUE).skipped == 1


@pytest.mark.parametrize(
    ("arguments", "options", "said"),
    [
        (("sketches", "made", {"hair": "rad", "shirt": "blue"}), {}, "did you mean 'red'"),
        (("sketches", "made", {"hair": "red"}), {}, "shirt is missing"),
        (("sketches", None, RED_BLUE), {}, "add -o FOLDER"),
        (("none.png", "made", RED_BLUE), {}, "no such file"),
        (("sketches/ada.png", "x.png", RED_BLUE), {"report": True}, "not for one picture"),
        (("sketches", "made", RED_BLUE), {"grid": "5by2"}, "grid '5by2'"),
    ],
)
def test_what_cannot_be_is_refused_before_any_work(colorize, sketches, arguments, options, said):
    with pytest.raises(UsageError, match=said):
        colorize(*arguments, **options)
    assert [path.name for path in Path().iterdir()] == ["sketches"]


def test_a_model_of_photographs_takes_no_palette_and_no_lock(here, tmp_path):
    sketch().save("ada.png")
    photo = save_random_photo(tmp_path / "photo")
    for option in ({"palette": "palette.json"}, {"lock": True}, {"check": True}):
        with pytest.raises(
            UsageError, match=f"--{next(iter(option))} is for models with attributes"
        ):
            colorize_files("ada.png", "x.png", model=photo, **option)


def test_the_only_picture_raises_what_is_wrong_with_it(colorize, here):
    Path("bad.png").write_bytes(b"no picture")
    with pytest.raises(DataError, match=r"bad\.png"):
        colorize("bad.png", "x.png", RED_BLUE)
