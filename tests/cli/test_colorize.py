"""condcolor colorize: every kind of input and output, and nothing lost or half-written."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from models import make_model
from pictures import EXIF_SECRET, as_nobody, bad_files, encoded, exif, sketch, write_bad_pictures
from PIL import Image

from condcolor.conditions.color_spec import parse_color_spec

RED_BLUE = ("--hair", "red", "--shirt", "blue")


@pytest.fixture(autouse=True)
def use_built_in(built_in):
    return built_in


@pytest.fixture
def colorize(condcolor):
    return lambda *words, **options: condcolor("colorize", *words, *RED_BLUE, **options)


def files(folder: Path) -> list[str]:
    """Everything in a folder, hidden ones too, but its folders and a manifest."""
    found = (p for p in folder.rglob("*") if not p.is_dir() and p.name != "manifest.jsonl")
    return sorted(str(p.relative_to(folder)) for p in found)


def one_line(done, code: int) -> str:
    """The only line that a failed command says."""
    assert done.exit_code == code, done.stderr
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    return line


def test_one_file_is_colored_and_named(colorize, sketches, here):
    done = colorize("sketches/ada.png")
    assert (done.exit_code, done.stdout, done.stderr) == (0, "ada-red-blue.png\n", "")
    with Image.open("ada-red-blue.png") as made:
        assert (made.size, made.format) == ((20, 16), "PNG")
    assert colorize("sketches/ada.png", "-o", "new/x.webp").stdout == "new/x.webp\n"
    assert Image.open("new/x.webp").format == "WEBP"


@pytest.mark.parametrize(
    "words", [("ada.png",), ("ada.png", "--lock"), ("set", "-o", "made", "--lock")]
)
def test_each_color_is_parsed_once(condcolor, here, words):
    Path("set").mkdir()
    for path in ("ada.png", "set/a.png", "set/b.png", "set/c.png", "set/d.png"):
        sketch().save(path)
    calls = []

    def count(frame, event, argument):
        if event == "call" and frame.f_code is parse_color_spec.__code__:
            calls.append(frame.f_locals["text"])

    threading.setprofile(count)
    sys.setprofile(count)
    try:
        done = condcolor("colorize", *words, "--hair", "#ff8800", "--shirt", "blue")
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
    assert done.exit_code == ("--lock" in words), done.stderr  # the model finds nothing to lock
    assert sorted(calls) == ["#ff8800", "blue"]


OPENED = """
import sys
opened = []
sys.addaudithook(lambda event, given: opened.append(str(given[0])) if event == "open" else None)
from condcolor.cli import main
try:
    main(sys.argv[1:])
finally:
    print(opened.count(sys.argv[3] + "/config.json"))
"""


def test_the_model_s_config_is_read_once(random_model, sketches):
    words = ("colorize", "--model", str(random_model), "sketches", *RED_BLUE, "-o", "made")
    done = subprocess.run(
        [sys.executable, "-c", OPENED, *words], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == ["3 of 3 pictures coloured in made", "1"]


def test_other_colors_give_another_picture(condcolor, sketches):
    for shirt in ("blue", "red"):
        done = condcolor("colorize", "sketches/ada.png", "--hair", "red", "--shirt", shirt)
        assert done.exit_code == 0
    made = [np.asarray(Image.open(f"ada-red-{shirt}.png")) for shirt in ("blue", "red")]
    assert not np.array_equal(*made)


COLORED = """
import sys
from condcolor.cli import main
for line in sys.argv[1:]:
    try:
        main(line.split(" "))
    except SystemExit as end:
        assert not end.code, line
    assert not {"matplotlib", "pandas", "torchvision"} & set(sys.modules), line
"""


@pytest.mark.parametrize("kind", ["folder", "onnx"])
def test_no_coloring_waits_for_what_it_does_not_need(icons_onnx, sketches, here, kind):
    """pandas takes a second to import, torchvision three."""
    (here / "some.csv").write_text("input,hair,shirt\nsketches/ada.png,red,blue\n")
    model = icons_onnx[["folder", "onnx"].index(kind)]
    colors = " ".join(RED_BLUE)
    words = ("--help", f"sketches/ada.png {colors}", f"sketches -o a/ {colors}", "some.csv -o b/")
    lines = [f"colorize -m {model} {rest}" for rest in words]
    done = subprocess.run(
        [sys.executable, "-c", COLORED, *lines], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_files_folders_and_patterns_go_to_a_folder(colorize, sketches, here):
    done = colorize("sketches", "sketches/ada.png", "-o", "made")
    assert (done.exit_code, done.stdout) == (0, "3 of 3 pictures coloured in made\n")
    assert files(here / "made") == ["ada.png", "ben.jpg", "more/cleo.png"]
    assert colorize("sketches/**/*.png", "-o", "made2").exit_code == 0
    assert files(here / "made2") == ["ada.png", "more/cleo.png"]
    assert colorize("sketches/ada.png", "sketches/ben.jpg", "-o", "made3").exit_code == 0
    assert files(here / "made3") == ["ada.png", "ben.jpg"]


def test_a_csv_names_its_own_colors(condcolor, colorize, sketches, here):
    (sketches / "wanted.csv").write_text(
        "input,hair,shirt\nada.png,red,blue\nmore/cleo.png,green,red\n"
    )
    done = condcolor("colorize", "sketches/wanted.csv", "-o", "made")
    assert (done.exit_code, done.stdout) == (0, "2 of 2 pictures coloured in made\n")
    assert files(here / "made") == ["ada-red-blue.png", "more/cleo-green-red.png"]
    assert "give no others" in one_line(colorize("sketches/wanted.csv", "-o", "x"), 2)
    done = condcolor("colorize", "sketches/wanted.csv", "sketches/ada.png", "-o", "x")
    assert "without other sketches" in one_line(done, 2)
    done = condcolor("colorize", "none.csv", "-o", "x")
    assert (done.exit_code, "none.csv does not exist" in done.stderr) == (3, True)


def test_every_bad_row_of_a_csv_is_listed_and_nothing_done(condcolor, sketches, here):
    (sketches / "wanted.csv").write_text("input,hair,shirt\nada.png,rad,blue\nnone.png,red,blue\n")
    done = condcolor("colorize", "sketches/wanted.csv", "-o", "made")
    assert done.exit_code == 3
    assert "line 2: hair 'rad' is not one of" in done.stderr
    assert "line 3: input 'none.png' does not exist" in done.stderr
    assert not (here / "made").exists()


def test_streams_in_and_out(colorize, sketches, here):
    data = Path("sketches/ada.png").read_bytes()
    done = colorize("-", input=data)
    assert done.exit_code == 0
    made = Image.open(io.BytesIO(done.stdout_bytes))
    assert (made.format, made.size) == ("PNG", (20, 16))
    assert colorize("sketches/ada.png", "-o", "-").stdout_bytes == done.stdout_bytes
    assert colorize("-", "-o", "new/ada.png", input=data).stdout == "new/ada.png\n"
    assert Image.open("new/ada.png").size == (20, 16)


@pytest.mark.parametrize(
    ("words", "data", "code", "said"),
    [
        (["-"], b"", 3, "standard input: empty file"),
        (["-"], b"hello", 3, "standard input: is a text file, not a picture"),
        (["-", "sketches/ada.png"], b"", 2, "- stands for one picture"),
        (["-", "-o", "sketches/ada.png"], b"", 2, "sketches/ada.png: exists already"),
        (["-", "-o", "a.gif"], b"", 2, "suffix '.gif'"),
        (["-", "-o", "sketches"], b"", 2, "no suffix; it must be"),
        (["-", "--skip-existing"], b"", 2, "--skip-existing is for several pictures"),
        (["sketches", "-o", "-"], b"", 2, "several pictures do not go to standard output"),
        (["none.png", "-o", "-"], b"", 2, "none.png: no such file"),
    ],
)
def test_what_streams_cannot_do(colorize, sketches, words, data, code, said):
    assert said in one_line(colorize(*words, input=data), code)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["none.png"], 2, "none.png: no such file or folder"),
        ([""], 2, "names no input"),
        (["sketches"], 2, "add -o FOLDER"),
        (["sketches", "-o", "x.png"], 2, "several pictures need a folder: -o x.png/"),
        (["sketches/ada.png", "-o", "x.gif"], 2, "suffix '.gif' is not one of"),
        (["sketches/ada.png", "-o", ""], 2, "the name of the output is empty"),
        (["sketches/ada.png", "-o", "sketches/ada.png", "--overwrite"], 2, "is an input too"),
        (["sketches", "other", "-o", "x"], 2, "would both become x/ada.png"),
        (["sketches", "--overwrite", "--skip-existing", "-o", "x"], 2, "exclude each other"),
        (["sketches/ada.png", "-o", "/proc/none/x.png"], 3, "/proc/none: cannot be made"),
        (["sketches", "-o", "/proc/none"], 3, "/proc/none: cannot be made"),
        (["sketches/bad.gif"], 3, "sketches/bad.gif: is a text file"),
        (["sketches/ada.png", "--device", "cuda:99"], 2, "device 'cuda:99'"),
        (["sketches/ada.png", "--device", "gpu"], 2, "device 'gpu' is not one of"),
        (["sketches/ada.png", "-m", "nope"], 2, "model 'nope' is neither built in (icons)"),
        (["sketches/ada.png", "-m", "sketches"], 4, "sketches: no model here"),
    ],
)
def test_what_cannot_be_done_gets_one_line_and_leaves_all_as_it_was(
    colorize, sketches, here, words, code, said
):
    Path("other").mkdir()
    sketch().save("other/ada.png")
    Path("sketches/bad.gif").write_text("hello\n")
    before = files(here)
    assert said in one_line(colorize(*words), code)
    assert files(here) == before


def test_existing_outputs_stop_or_are_skipped_or_replaced(colorize, sketches, here):
    Path("made").mkdir()
    Path("made/ada.png").write_bytes(b"precious")
    line = one_line(colorize("sketches", "-o", "made"), 2)
    assert line == "Error: made/ada.png exists: add --overwrite or --skip-existing"
    assert files(here / "made") == ["ada.png"]

    done = colorize("sketches", "-o", "made", "--skip-existing")
    assert done.stdout == "2 of 2 pictures coloured in made, 1 were there already\n"
    assert Path("made/ada.png").read_bytes() == b"precious"

    done = colorize("sketches", "-o", "made", "--skip-existing")
    assert done.stdout == "0 of 0 pictures coloured in made, 3 were there already\n"

    assert colorize("sketches", "-o", "made", "--overwrite").exit_code == 0
    assert Image.open("made/ada.png").size == (20, 16)
    assert colorize("sketches/ada.png", "-o", "made/ada.png").exit_code == 2
    assert colorize("sketches/ada.png", "-o", "made/ada.png", "--skip-existing").exit_code == 0


def test_bad_pictures_in_a_folder_are_named_a_line_each(colorize, here):
    write_bad_pictures(here / "in")
    for name in ("good.png", "last.webp"):
        sketch().save(here / "in" / name)
    done = colorize("in", "-o", "made")
    assert done.exit_code == 1
    bad = bad_files()
    assert done.stdout == f"2 of {len(bad) + 2} pictures coloured in made\n"
    assert files(here / "made") == ["good.png", "last.webp"]
    *lines, last = done.stderr.splitlines()
    failed = [line for line in lines if line.startswith("failed: ")]
    assert {line.split(":")[1].strip() for line in failed} == {f"in/{name}" for name in bad}
    over = [line for line in lines if line.startswith("passed over: ")]
    assert [line.split()[2] for line in over] == [
        f"in/{name}.png:" for name in ("dangling", "folder", "loop", "pipe")
    ]
    assert len(failed) == len(bad)
    assert last == f"Error: {len(bad)} failed and 4 passed over, as named above"


def test_pictures_passed_over_are_told_by_the_exit_code_too(colorize, sketches):
    (sketches / "dangling.png").symlink_to("nothing")
    done = colorize("sketches", "-o", "made")
    assert done.exit_code == 1
    assert done.stdout == "3 of 3 pictures coloured in made\n"
    assert done.stderr.endswith("Error: 1 passed over, as named above\n")


def test_notes_are_told(colorize, here):
    frames = [sketch(), Image.new("RGB", (20, 16))]
    frames[0].save("a.gif", save_all=True, append_images=frames[1:], duration=100)
    frames[0].save("b.png")
    for words in (["a.gif"], ["a.gif", "b.png", "-o", "made"]):
        assert "note: a.gif: animated: first frame of" in colorize(*words).stderr


def test_names_that_are_no_utf_8_work(colorize, here):
    for name in (b"n\xe9.png", b"new\nline.png"):
        sketch().save(here / os.fsdecode(name))
    done = colorize(os.fsdecode(b"n\xe9.png"))
    assert (done.exit_code, done.stdout) == (0, "n\\udce9-red-blue.png\n")
    assert b"n\xe9-red-blue.png" in os.listdir(b".")
    done = colorize("*.png", "-o", "made")
    assert done.exit_code == 0
    made = [b"manifest.jsonl", b"new\nline.png", b"n\xe9-red-blue.png", b"n\xe9.png"]
    assert sorted(os.listdir(b"made")) == made
    assert "\\n" in colorize("new\nline.png", "-o", "made").stderr


def test_a_read_only_folder_is_told_once(colorize, sketches, here, built_in, monkeypatch):
    Path("shut").mkdir(mode=0o555)
    shutil.copytree(built_in.parent, "models")
    Path("models/icons/model.safetensors").chmod(0o644)
    monkeypatch.setattr("condcolor.models.model_folder.BUILT_IN", Path("models"))
    with as_nobody(here):
        line = one_line(colorize("sketches", "-o", "shut"), 3)
        assert line == "Error: shut: no permission to write there: choose another output"
        assert "no permission" in one_line(colorize("sketches/ada.png", "-o", "shut/a.png"), 3)


@pytest.mark.parametrize("size", [(1, 1), (4000, 1), (37, 512)])
def test_size_and_aspect_are_kept(colorize, here, size):
    sketch(*size).save("a.png")
    assert colorize("a.png", "-o", "b.png").exit_code == 0
    assert Image.open("b.png").size == size


def test_alpha_is_kept_and_exif_is_not(colorize, here):
    drawn = sketch(32, 32).convert("RGBA")
    drawn.putalpha(Image.linear_gradient("L").resize((32, 32)))
    drawn.save("a.png", exif=exif(1))
    Path("b.jpg").write_bytes(encoded(sketch(20, 16), "JPEG", exif=exif(6)) + EXIF_SECRET)
    assert colorize("a.png", "b.jpg", "-o", "made").exit_code == 0
    made = Image.open("made/a.png")
    assert made.getchannel("A").tobytes() == drawn.getchannel("A").tobytes()
    assert Image.open("made/b.jpg").size == (16, 20)  # upright
    for name in files(here / "made"):
        assert EXIF_SECRET not in Path("made", name).read_bytes()


def test_ink_alone_gets_opaque_fills(condcolor, here, monkeypatch):
    monkeypatch.setattr(
        "condcolor.inference.torch_colorizer.load_model", lambda folder: make_model()
    )
    drawn = Image.new("RGBA", (64, 64), (0, 0, 0, 0))
    drawn.paste((0, 0, 0, 255), (14, 14, 50, 50))
    drawn.paste((0, 0, 0, 0), (17, 17, 47, 47))
    drawn.save("ink.png")
    done = condcolor("colorize", "ink.png", *RED_BLUE, "-o", "made.png")
    assert done.exit_code == 0
    made = Image.open("made.png")
    assert made.getpixel((24, 32))[3] == 255
    assert made.getpixel((2, 2))[3] == 0


@pytest.mark.parametrize("command", ["colorize", "variants"])
def test_the_precision_is_what_was_asked(condcolor, built_in, sketches, monkeypatch, command):
    from condcolor.inference.colorizer import Colorizer

    asked, honest = [], Colorizer.load.__func__

    def load(cls, *arguments, **options):
        asked.append(options["precision"])
        return honest(cls, *arguments, **options)

    monkeypatch.setattr(Colorizer, "load", classmethod(load))
    words = {"colorize": RED_BLUE, "variants": ("--sheet-only",)}[command]
    for precision in ("auto", "fp32", "bf16"):
        out = f"{precision}.png"
        done = condcolor(command, "sketches/ada.png", *words, "-o", out, "--precision", precision)
        assert done.exit_code == 0, done.stderr
    assert condcolor(command, "sketches/ada.png", *words, "-o", "auto2.png").exit_code == 0
    assert asked == ["auto", "fp32", "bf16", "auto"]
    wrong = condcolor(command, "sketches/ada.png", *words, "-o", "x.png", "--precision", "fp31")
    assert wrong.exit_code == 2
    assert "precision 'fp31' is not one of" in wrong.stderr
