"""condcolor colorize for sets alike: --palette, --lock, --grid, --check and --report, on all inputs."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import numpy as np
import pytest
from figures import figure
from models import ByTone, Painter, make_model, save_random_photo
from pictures import sketch
from PIL import Image

CRIMSON = (0xB0, 0x10, 0x30)
RED_BLUE = ("--hair", "red", "--shirt", "blue")
SIDE = 64


@pytest.fixture(params=[ByTone])
def painted(request, built_in, monkeypatch):
    """The model paints as it is told, by the tones of a figure."""
    model = make_model(size=SIDE, network=request.param)
    monkeypatch.setattr("condcolor.inference.torch_colorizer.load_model", lambda folder: model)


@pytest.fixture
def figures(here, painted) -> Path:
    """`set/a.png`, `set/b.png` and `set/more/c.png`, whose papers differ; and a palette."""
    drawn = figure().rgb
    Path("set/more").mkdir(parents=True)
    for name, scale in (("a.png", 1), ("b.png", 2), ("more/c.png", 3)):
        Image.fromarray(drawn.repeat(scale, 0).repeat(scale, 1)).save(Path("set", name))
    Path("palette.json").write_text('{"crimson": "#b01030", "red": "#cc2222"}')
    return here


def rows(folder: str = "made") -> list[dict[str, str]]:
    with open(Path(folder, "colors.csv"), newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def pixel(path: str, scale: int = 1) -> tuple[int, ...]:
    """One of the hair's."""
    return Image.open(path).convert("RGB").getpixel((26 * scale, 18 * scale))


def test_names_of_a_palette_are_values(condcolor, figures):
    words = ("--palette", "palette.json", "--hair", "crimson", "--shirt", "blue")
    done = condcolor("colorize", "set/a.png", *words)
    assert (done.exit_code, done.stdout) == (0, "a-crimson-blue.png\n")
    near = np.array(pixel("a-crimson-blue.png")) / (240 / 255)  # on paper that is not white
    assert abs(near - CRIMSON).max() <= 3
    done = condcolor("colorize", "set/a.png", *RED_BLUE, "--palette", "none.json")
    assert (done.exit_code, "none.json: no such file" in done.stderr) == (2, True)
    done = condcolor("colorize", "set/a.png", "--palette", "palette.json", "--hair", "crimsn")
    assert done.exit_code == 2
    assert "did you mean 'crimson'?" in done.stderr
    Path("palette.json").write_text('{"a": 1, "hair": {"b": "redd"}}')
    done = condcolor("colorize", "set/a.png", "--palette", "palette.json", *RED_BLUE)
    assert done.exit_code == 3
    assert len(done.stderr.splitlines()) == 3


def test_a_locked_folder_is_one_colour_and_says_so(condcolor, figures):
    words = ("--palette", "palette.json", "--hair", "crimson", "--shirt", "red", "--lock")
    done = condcolor("colorize", "set", *words, "-o", "made")
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "3 of 3 pictures coloured in made",
        "hair   crimson #b01030  3 pictures, dE2000 at most 0.00 from it, 0.00 between two",
        "shirt  red #cc2222      3 pictures, dE2000 at most 0.00 from it, 0.00 between two",
        "made/colors.csv",
    ]
    for name, scale in (("a.png", 1), ("b.png", 2), ("more/c.png", 3)):
        assert pixel(f"made/{name}", scale) == CRIMSON
    assert [row["output"] for row in rows()] == ["a.png", "b.png", "more/c.png"]
    assert {row["shirt_measured_hex"] for row in rows()} == {"#cc2222"}
    assert {row["flagged"] for row in rows()} == {""}


def test_the_same_command_goes_on_and_keeps_the_rows(condcolor, figures):
    words = ("colorize", "set", *RED_BLUE, "--lock", "-o", "made")
    assert condcolor(*words).exit_code == 0
    before = rows()
    Path("made/b.png").unlink()
    Path("set/broken.png").write_bytes(b"no picture")
    done = condcolor(*words)
    assert done.exit_code == 1
    assert "1 of 2 pictures coloured in made, 2 were there already" in done.stdout
    a, b, broken, c = rows()
    assert [a, b, c] == before
    assert (broken["input"], broken["output"]) == ("../set/broken.png", "")
    entry = json.loads(Path("made/manifest.jsonl").read_text().splitlines()[1])
    assert entry["measured"] == {"hair": "#e94743", "shirt": "#3faee1"}
    assert entry["values"] == entry["measured"]
    assert entry["lock"] is True


@pytest.mark.parametrize("more", [("--lock",), ("--report",), ("--check",), ("--grid", "1x1")])
def test_pictures_made_without_an_option_are_not_done_with_it(condcolor, figures, more):
    words = ("colorize", "set", *RED_BLUE, "-o", "made")
    assert condcolor(*words).exit_code == 0
    done = condcolor(*words, *more)
    assert (done.exit_code, "add --overwrite" in done.stderr) == (2, True)
    assert condcolor(*words, *more, "--overwrite").exit_code == 0
    assert "3 were there already" in condcolor(*words, *more).stdout


def test_a_csv_gets_its_colours_back_in_its_order(condcolor, figures):
    Path("set/wanted.csv").write_text(
        "input,hair,shirt\nmore/c.png,crimson,blue\na.png,red,none\na.png,#123456,crimson\n"
    )
    words = ("set/wanted.csv", "--palette", "palette.json", "-o", "made")
    assert condcolor("colorize", *words).exit_code == 0
    assert not Path("made/colors.csv").exists()  # it would cost time that nobody asked for
    done = condcolor("colorize", *words, "--report", "--overwrite")
    assert done.stdout == "3 of 3 pictures coloured in made\nmade/colors.csv\n"
    assert [row["hair_asked"] for row in rows()] == ["crimson", "red", "#123456"]
    assert [row["output"] for row in rows()][:2] == ["more/c-crimson-blue.png", "a-red-none.png"]
    assert [row["hair_asked_hex"] for row in rows()] == ["#b01030", "#e94743", "#123456"]
    assert rows()[1]["shirt_asked_hex"] == ""
    assert all(0 < float(row["hair_delta_e"]) < 6 for row in rows())  # paper that is not white
    Path("set/wanted.csv").write_text("input,hair,shirt\na.png,crimsn,blue\n")
    done = condcolor("colorize", *words)
    assert "line 2: hair 'crimsn' is not one of" in done.stderr


def test_doubts_are_told_kept_and_no_failure(condcolor, figures):
    Image.fromarray(figure(hair=False).rgb).save("set/bald.png")
    words = ("colorize", "set", *RED_BLUE, "--check", "-o", "made")
    done = condcolor(*words)
    assert done.exit_code == 0
    assert done.stderr == "check: set/bald.png: hair may be wrong (no region of it was found)\n"
    assert done.stdout.endswith("made/colors.csv: 1 of 4 pictures to look at\n")
    flags = {row["output"]: row["flagged"] for row in rows()}
    assert flags.pop("bald.png") == "hair: no region of it was found"
    assert set(flags.values()) == {""}
    entries = map(json.loads, Path("made/manifest.jsonl").read_text().splitlines())
    told = {entry["output"]: entry["doubts"] for entry in entries if "doubts" in entry}
    assert told["bald.png"]["hair"] == {"score": 1.0, "when": "missing"}
    again = condcolor(*words)
    assert again.stdout.endswith("1 of 4 pictures to look at\n")
    done = condcolor("colorize", "set/bald.png", *RED_BLUE, "--check", "-o", "one.png")
    assert (done.exit_code, done.stdout) == (0, "one.png\n")
    assert "check: set/bald.png: hair may be wrong" in done.stderr
    data = Path("set/bald.png").read_bytes()
    for out in ("-", "piped.png"):
        piped = condcolor("colorize", "-", *RED_BLUE, "--check", "-o", out, input=data)
        assert piped.exit_code == 0
        assert "check: standard input: hair may be wrong" in piped.stderr
    assert Path("piped.png").read_bytes() == Path("one.png").read_bytes()
    piped = condcolor("colorize", "-", *RED_BLUE, "--report", "-o", "x.png", input=data)
    assert (piped.exit_code, "not for one picture" in piped.stderr) == (2, True)


@pytest.mark.parametrize("painted", [Painter], indirect=True)
def test_a_model_that_disagrees_with_itself_is_told(condcolor, figures):
    done = condcolor("colorize", "set/a.png", *RED_BLUE, "--check", "-o", "one.png")
    assert done.exit_code == 0
    assert done.stderr.startswith("check: set/a.png: hair may be wrong (mirrored, ")
    assert done.stderr.count(" % of its region differs)\n") == 2


def test_checks_and_reports_change_no_picture(condcolor, figures):
    for words in ((), ("--check",), ("--report",)):
        for values in (RED_BLUE, ("--hair", "#ff8800", "--shirt", "tan")):
            target = f"made{''.join(words)}{values[1]}"
            assert condcolor("colorize", "set", *values, *words, "-o", target).exit_code == 0
            first = Path(f"made{values[1]}", "a.png").read_bytes()
            assert Path(target, "a.png").read_bytes() == first


def test_a_sheet_is_coloured_cell_by_cell(condcolor, figures):
    sheet = Image.new("RGB", (3 * SIDE, 2 * SIDE), "white")
    cell = Image.fromarray(figure().rgb)
    for place in ((0, 0), (2 * SIDE, SIDE)):
        sheet.paste(cell, place)
    sheet.save("sheet.png")
    words = (*RED_BLUE, "--grid", "3x2", "--lock")
    done = condcolor("colorize", "sheet.png", *words, "-o", "made.png")
    assert done.exit_code == 0
    assert "hair   red #e94743   1 picture, dE2000 at most 0.00" in done.stdout
    condcolor("colorize", "set/a.png", *RED_BLUE, "--lock", "-o", "cell.png")
    made, alone = np.asarray(Image.open("made.png")), np.asarray(Image.open("cell.png"))
    assert made.shape == (2 * SIDE, 3 * SIDE, 3)
    assert np.array_equal(made[:SIDE, :SIDE], alone)
    assert np.array_equal(made[SIDE:, 2 * SIDE :], alone)
    assert (made[:SIDE, SIDE:] == 255).all()
    piped = condcolor("colorize", "-", *words, input=Path("sheet.png").read_bytes())
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(piped.stdout_bytes))), made)
    done = condcolor("colorize", "sheet.png", *RED_BLUE, "--grid", "5x2", "-o", "x.png")
    assert done.exit_code == 3
    assert "sheet.png: 192x128 pixels do not divide into 5x2 cells" in done.stderr
    done = condcolor("colorize", "sheet.png", *RED_BLUE, "--grid", "5by2", "-o", "x.png")
    assert (done.exit_code, "grid '5by2'" in done.stderr) == (2, True)


def test_a_pipe_is_locked_too(condcolor, figures):
    words = ("--palette", "palette.json", "--hair", "crimson", "--shirt", "blue", "--lock")
    done = condcolor("colorize", "-", *words, input=Path("set/a.png").read_bytes())
    assert Image.open(io.BytesIO(done.stdout_bytes)).getpixel((26, 18)) == CRIMSON
    assert done.stderr.startswith("hair   crimson" if "crimson #" in done.stderr else "hair   #")


def test_what_does_not_go_together_is_refused_before_any_work(condcolor, figures, built_in):
    done = condcolor("colorize", "set/a.png", *RED_BLUE, "--report", "-o", "x.png")
    assert (done.exit_code, "not for one picture" in done.stderr) == (2, True)
    Path("made").mkdir()
    Path("made/colors.csv").write_text("mine\n")
    done = condcolor("colorize", "set", *RED_BLUE, "--lock", "-o", "made")
    assert (done.exit_code, "is no report of ours" in done.stderr) == (2, True)
    assert [path.name for path in Path("made").iterdir()] == ["colors.csv"]
    photo = save_random_photo(built_in.parent / "photo")
    sketch().save("scan.png")
    for flag in ("--lock", "--check"):
        done = condcolor("colorize", "scan.png", "-m", photo, flag, "-o", "x.png")
        assert (done.exit_code, f"{flag} is for models with attributes" in done.stderr) == (2, True)


def test_colors_are_told_where_no_manifest_can_be(condcolor, figures):
    Path("made/manifest.jsonl").mkdir(parents=True)
    done = condcolor("colorize", "set", *RED_BLUE, "--lock", "-o", "made")
    assert done.exit_code == 0
    assert "going on without it" in done.stderr
    assert "dE2000 at most 0.00" in done.stdout
    first = Path("made/colors.csv").read_text().splitlines()[1]
    assert ",a.png,red,#e94743,#e94743,0.00," in first


def test_a_part_that_cannot_be_locked_is_named_and_counts(condcolor, figures):
    """On a picture without hair there is nothing to lock; the second run says it again."""
    Image.fromarray(figure(hair=False).rgb).save("set/bald.png")
    for _ in range(2):
        done = condcolor("colorize", "set", *RED_BLUE, "--lock", "-o", "made")
        assert done.exit_code == 1, done.output
        assert "not locked: set/bald.png: hair (no region of it was found)" in done.stderr
        assert "1 not locked in every part" in done.stderr
        assert "not locked: set/a.png" not in done.stderr
    done = condcolor("colorize", "set/bald.png", *RED_BLUE, "--lock", "-o", "one.png")
    assert (done.exit_code, "bald.png: hair" in done.stderr) == (1, True)
    assert Path("one.png").is_file()
    data = Path("set/bald.png").read_bytes()
    done = condcolor("colorize", "-", *RED_BLUE, "--lock", "-o", "piped.png", input=data)
    assert (done.exit_code, "standard input: hair" in done.stderr) == (1, True)
    done = condcolor(
        "colorize", "set/bald.png", "--hair", "none", "--shirt", "blue", "--lock", "-o", "b.png"
    )
    assert done.exit_code == 0, done.output


@pytest.fixture
def photo(here) -> str:
    return str(save_random_photo(here.parent / "photo"))


def color_picture() -> Image.Image:
    rgb = np.zeros((40, 60, 3), np.uint8)
    for i, color in enumerate([(220, 40, 40), (40, 200, 40), (40, 40, 220)]):
        rgb[:, 20 * i : 20 * i + 20] = color
    return Image.fromarray(rgb)


def test_a_photograph_in_colour_is_left_and_named(condcolor, here, photo):
    Path("old").mkdir()
    color_picture().save("old/a.png")
    color_picture().convert("L").save("old/b.png")
    done = condcolor("colorize", "old", "-m", photo, "-o", "new")
    assert done.exit_code == 0, done.output
    assert "note: old/a.png: has colours already and is left as it is" in done.stderr
    assert "old/b.png" not in done.stderr
    assert (np.asarray(Image.open("new/a.png")) == np.asarray(color_picture())).all()
    entries = [json.loads(line) for line in Path("new/manifest.jsonl").read_text().splitlines()]
    noted = {e["output"]: e["notes"] for e in entries if e["status"] == "done"}
    assert "has colours already" in noted["a.png"][0]
    assert noted["b.png"] == []
    done = condcolor("colorize", "old", "-m", photo, "--recolor", "-o", "new", "--overwrite")
    assert done.exit_code == 0, done.output
    assert (np.asarray(Image.open("new/a.png")) != np.asarray(color_picture())).any()
    for source, more in (("old/a.png", {}), ("-", {"input": Path("old/a.png").read_bytes()})):
        done = condcolor("colorize", source, "-m", photo, "-o", f"{len(source)}.png", **more)
        assert (done.exit_code, "has colours already" in done.stderr) == (0, True)


def test_coloured_areas_are_kept_and_grey_ones_coloured(condcolor, here, photo):
    levels = 128 + 100 * np.sin(np.arange(160) / 11)[:, None] * np.cos(np.arange(200) / 9)
    page = np.repeat(levels[..., None], 3, axis=-1).astype(np.uint8)
    page[100:140, 20:70] = page[100:140, 20:70] // 3 + np.array([150, 20, 30], np.uint8)
    Path("old").mkdir()
    Image.fromarray(page).save("old/a.png")
    Image.fromarray(page).convert("L").save("old/b.png")
    done = condcolor("colorize", "old", "-m", photo, "--keep-colors", "-o", "new")
    assert done.exit_code == 0, done.output
    assert re.search(r"note: old/a.png: coloured areas are kept, \d+ % of the picture", done.stderr)
    assert "old/b.png" not in done.stderr
    condcolor("colorize", "old", "-m", photo, "--recolor", "-o", "anew")
    condcolor("colorize", "old/b.png", "-m", photo, "-o", "b.png")
    kept, anew = (np.asarray(Image.open(f"{name}/a.png")).astype(int) for name in ("new", "anew"))
    assert (kept[105:135, 25:65] == page[105:135, 25:65]).all()
    assert (kept[:80] == anew[:80]).all()
    assert (kept[:, 90:] == anew[:, 90:]).all()
    assert (anew[105:135, 25:65] != page[105:135, 25:65]).any()
    assert Path("new/b.png").read_bytes() == Path("b.png").read_bytes()
    done = condcolor("colorize", "old", "-m", photo, "--keep-colors", "-o", "new")
    assert "0 of 0 pictures coloured in new, 2 were there already" in done.stdout
    assert condcolor("colorize", "old", "-m", photo, "-o", "new").exit_code == 2  # done otherwise


def test_options_of_coloured_photographs_fit_together(condcolor, here, photo, random_model):
    color_picture().save("a.png")
    done = condcolor("colorize", "a.png", "-m", photo, "--keep-colors", "--recolor", "-o", "x.png")
    assert (done.exit_code, "exclude each other" in done.stderr) == (2, True)
    words = ("--hair", "red", "--shirt", "red", "-o", "x.png")
    done = condcolor("colorize", "a.png", "-m", random_model, "--keep-colors", *words)
    assert (done.exit_code, "is for models of photographs" in done.stderr) == (2, True)
    assert not Path("x.png").exists()


def test_a_scan_of_16_bits_keeps_them_its_resolution_and_its_description(condcolor, here, photo):
    levels = np.linspace(0, 65535, 64 * 48).reshape(48, 64).astype(np.uint16)
    Path("in").mkdir()
    Image.fromarray(levels).save("in/scan.tif", dpi=(600, 600), description="Gran 1931")
    done = condcolor("colorize", "in/scan.tif", "-m", photo, "-o", "one.tif")
    assert (done.exit_code, "note:" in done.stderr) == (0, False), done.output
    assert condcolor("colorize", "in", "-m", photo, "-o", "out").exit_code == 0
    for name in ("one.tif", "out/scan.tif"):
        tags = Image.open(name).tag_v2
        assert (tags[258], tags[282], tags[270]) == ((16, 16, 16), 600, "Gran 1931")
    done = condcolor("colorize", "in/scan.tif", "-m", photo, "-o", "one.jpg")
    assert (
        "note: in/scan.tif: its 16 bits a channel become 8: save it as .png or .tif" in done.stderr
    )


def test_recolor_is_for_photographs(condcolor, figures):
    done = condcolor("colorize", "set/a.png", *RED_BLUE, "--recolor", "-o", "x.png")
    assert (done.exit_code, "--recolor is for models of photographs" in done.stderr) == (2, True)
