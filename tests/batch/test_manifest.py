"""manifest.jsonl: the same command again does what is left, and no fault of the file stops or loses it."""

from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path

import pytest
from models import color_specs, make_model, save_random, save_random_photo
from pictures import as_nobody, sketch
from PIL import Image

from condcolor.batch.jobs import Job, plan_jobs
from condcolor.batch.manifest import NAME, Manifest, Settings, settings_of
from condcolor.batch.pipeline import run_jobs
from condcolor.conditions.schema import AttributeSchema
from condcolor.errors import DataError
from condcolor.inference.torch_colorizer import TorchColorizer
from condcolor.models.model_folder import FOLDER, ModelInfo

RED_BLUE = {"hair": "red", "shirt": "blue"}
SETTINGS = Settings("icons", "ab12", 1.0)


def opened(folder: Path = Path("made"), **other) -> Manifest:
    return Manifest(folder, dataclasses.replace(SETTINGS, **other))


def lines() -> list[dict]:
    """Those that say how a picture ended; before each is one that it was begun."""
    told = [json.loads(line) for line in Path("made", NAME).read_text().splitlines()]
    assert all(begun["status"] == "begun" for begun in told[::2])
    assert [line["output"] for line in told[::2]] == [line["output"] for line in told[1::2]]
    return told[1::2]


def left(manifest: Manifest, jobs: list[Job]) -> list[str]:
    return [job.source.name for job in jobs if not manifest.has(job)]


@pytest.fixture
def jobs(sketches) -> list[Job]:
    """Three, of which the second is a file that is no picture."""
    (sketches / "ben.jpg").write_bytes(b"no picture")
    return plan_jobs(["sketches"], "made", color_specs())[0]


@pytest.fixture
def ran(jobs) -> list[Job]:
    """The same jobs, after a run."""
    list(run_jobs(TorchColorizer(make_model(), device="cpu"), jobs, manifest=opened()))
    return jobs


def test_each_picture_has_a_line_that_says_how_it_came(ran):
    ada, ben, cleo = lines()
    about = os.stat("sketches/ada.png")
    assert 0 < ada.pop("seconds") < 60
    assert ada == {
        "status": "done",
        "source": "../sketches/ada.png",
        "size": about.st_size,
        "mtime_ns": about.st_mtime_ns,
        "values": RED_BLUE,
        "vivid": 1.0,
        "sha256": "ab12",
        "output": "ada.png",
        "model": "icons",
        "notes": [],
    }
    assert ben["status"] == "failed"
    assert "ben.jpg: is a text file" in ben["reason"]
    assert cleo["output"] == "more/cleo.png"


def test_only_what_failed_is_left(ran):
    assert left(opened(), ran) == ["ben.jpg"]


@pytest.mark.parametrize("other", [{"sha256": "cd34"}, {"vivid": 1.5}])
def test_other_settings_make_other_pictures(ran, other):
    assert len(left(opened(**other), ran)) == 3


def test_the_name_of_the_model_may_change(ran):
    assert left(opened(model="./icons"), ran) == ["ben.jpg"]


def test_other_values_make_other_pictures(ran):
    asked = [dataclasses.replace(job, values=color_specs(hair="green")) for job in ran]
    assert len(left(opened(), asked)) == 3


def test_a_picture_that_changed_vanished_or_lost_its_output_is_left(ran):
    os.utime("sketches/ada.png", ns=(1, 1))
    assert left(opened(), ran) == ["ada.png", "ben.jpg"]
    Path("made/more/cleo.png").unlink()
    assert len(left(opened(), ran)) == 3
    Path("sketches/ada.png").unlink()
    assert len(left(opened(), ran)) == 3


def test_it_holds_from_another_folder(ran, monkeypatch):
    monkeypatch.chdir("sketches")
    again = plan_jobs(["../sketches"], "../made", color_specs())[0]
    assert left(opened(Path("../made")), again) == ["ben.jpg"]


def test_the_last_line_of_an_output_counts(ran):
    manifest = opened()
    manifest.add(ran[0], seconds=1, error=DataError("the disk is full"))
    assert left(manifest, ran) == left(opened(), ran) == ["ada.png", "ben.jpg"]


@pytest.mark.parametrize("cut", range(1, 60, 7))
def test_a_torn_last_line_is_no_problem_and_spoils_no_other(ran, cut):
    path = Path("made", NAME)
    path.write_bytes(path.read_bytes()[:-cut])
    manifest = opened()
    assert (manifest.problem, left(manifest, ran)) == ("", ["ben.jpg", "cleo.png"])
    manifest.add(ran[2], seconds=1)
    again = opened()
    assert (again.problem, left(again, ran)) == ("", ["ben.jpg"])


@pytest.mark.parametrize(
    "wrong",
    [
        b"{}",
        b"\xff\xfe",
        b"[1]",
        b"3",
        b'{"output": {}}',
        b"[" * 5000,
        b'{"output": "ada.png", "doubts": [1]}',
        b'{"output": "ada.png", "doubts": {"hair": {"scores": 0.2}}}',
        b'{"output": "ada.png", "doubts": {"hair": {"score": "much", "when": "close"}}}',
        b'{"output": "ada.png", "measured": {"hair": "reddish"}}',
        b'{"output": "ada.png", "measured": {"hair": 3}}',
    ],
)
def test_a_broken_line_is_told_and_kept(ran, wrong):
    path = Path("made", NAME)
    begun, _, rest = path.read_bytes().split(b"\n", 2)
    path.write_bytes(begun + b"\n" + wrong + b"\n" + rest)
    manifest = opened()
    assert manifest.problem.startswith(f"made/{NAME}: line 2 cannot be read")
    assert left(manifest, ran) == ["ada.png", "ben.jpg"]
    manifest.add(ran[0], seconds=1)
    assert path.read_bytes().startswith(begun + b"\n" + wrong + b"\n" + rest)
    assert left(opened(), ran) == ["ben.jpg"]


@pytest.mark.parametrize("kind", ["folder", "link", "pipe"])
def test_what_is_no_plain_file_is_left_alone(jobs, kind):
    Path("made").mkdir()
    path, elsewhere = Path("made", NAME), Path("elsewhere")
    elsewhere.write_bytes(b"precious")
    {"folder": path.mkdir, "link": lambda: path.symlink_to("../elsewhere")}.get(
        kind, lambda: os.mkfifo(path)
    )()
    manifest = opened()
    assert (
        manifest.problem == f"made/{NAME}: cannot be read (not a plain file): going on without it"
    )
    ended = list(run_jobs(TorchColorizer(make_model(), device="cpu"), jobs, manifest=manifest))
    assert [bool(done.error) for done in ended] == [False, True, False]
    assert elsewhere.read_bytes() == b"precious"


def test_one_that_cannot_be_written_stops_nothing(ran, here):
    path = Path("made", NAME)
    path.chmod(0o444)
    Path("made").chmod(0o777)
    before = path.read_bytes()
    with as_nobody(here):
        manifest = opened()
        manifest.add(ran[1], seconds=1)
    assert "cannot be written (Permission denied): going on without it" in manifest.problem
    assert path.read_bytes() == before


def test_names_that_are_no_utf_8_are_found_again(here):
    name = os.fsdecode(b"n\xe9.png")
    sketch().save(name)
    jobs, _ = plan_jobs([name], "made/", color_specs())
    list(run_jobs(TorchColorizer(make_model(), device="cpu"), jobs, manifest=opened()))
    assert left(opened(), jobs) == []


def test_settings_are_what_the_config_says_or_the_user():
    info = ModelInfo("m", Path("m"), FOLDER, {"sha256": "ab12", "vivid": 1.3}, AttributeSchema())
    assert settings_of(info, None) == Settings("m", "ab12", 1.3)
    assert settings_of(info, 2.0).vivid == 2.0
    assert settings_of(dataclasses.replace(info, config={}), None) == Settings("m", "", 1.0)


def test_the_same_command_again_does_what_is_left(condcolor, sketches, tmp_path):
    model = save_random_photo(tmp_path / "photo")
    (sketches / "bad.png").write_bytes(b"")
    words = ("colorize", "sketches", "-m", model, "-o", "made")
    first = condcolor(*words)
    assert (first.exit_code, first.stdout) == (1, "3 of 4 pictures coloured in made\n")
    stamps = {path: path.stat().st_mtime_ns for path in Path("made").rglob("*.*g")}
    again = condcolor(*words)
    assert again.exit_code == 1
    assert again.stdout == "0 of 1 pictures coloured in made, 3 were there already\n"
    assert "failed: sketches/bad.png: empty file" in again.stderr
    assert stamps == {path: path.stat().st_mtime_ns for path in Path("made").rglob("*.*g")}

    sketch().save("sketches/bad.png")
    assert condcolor(*words).stdout == "1 of 1 pictures coloured in made, 3 were there already\n"
    last = condcolor(*words)
    assert (last.exit_code, last.stdout) == (
        0,
        "0 of 0 pictures coloured in made, 4 were there already\n",
    )
    refused = condcolor(*words, "--vivid", "1.5")
    assert (refused.exit_code, "exist: add --overwrite or" in refused.stderr) == (2, True)
    done = condcolor(*words, "--vivid", "1.5", "--overwrite")
    assert done.stdout == "4 of 4 pictures coloured in made\n"
    assert {line["vivid"] for line in lines()[-4:]} == {1.5}


@pytest.mark.parametrize("cut", [1, 40])  # the line's end only, or half of the line
def test_a_picture_that_a_kill_left_without_its_line_is_made_again(
    condcolor, sketches, tmp_path, cut
):
    words = ("colorize", "sketches", "-m", save_random_photo(tmp_path / "photo"), "-o", "made")
    assert condcolor(*words).exit_code == 0
    path = Path("made", NAME)
    path.write_bytes(path.read_bytes()[:-cut])
    again = condcolor(*words)
    assert again.exit_code == 0, again.stderr
    assert again.stdout.startswith("1 of 1 pictures coloured in made")
    assert condcolor(*words).stdout.startswith("0 of 0 pictures coloured in made")


def test_a_csv_goes_on_as_well(condcolor, sketches, random_model):
    (sketches / "wanted.csv").write_text("input,hair,shirt\nada.png,red,blue\nada.png,red,red\n")
    words = ("colorize", "sketches/wanted.csv", "-m", random_model, "-o", "made")
    assert condcolor(*words).exit_code == 0
    Path("made/ada-red-red.png").unlink()
    done = condcolor(*words)
    assert done.stdout == "1 of 1 pictures coloured in made, 1 were there already\n"


def test_a_broken_manifest_is_told_by_the_command(condcolor, sketches, random_model):
    Path("made").mkdir()
    Path("made", NAME).write_text("oh dear\n")
    done = condcolor(
        "colorize",
        "sketches",
        "-m",
        random_model,
        "-o",
        "made",
        *("--hair", "red", "--shirt", "red"),
    )
    assert done.exit_code == 0
    assert (
        f"note: made/{NAME}: line 1 cannot be read, its pictures count as not done" in done.stderr
    )
    assert Path("made", NAME).read_text().startswith("oh dear\n{")


def test_vivid_from_the_command(condcolor, here, tmp_path):
    model = save_random_photo(tmp_path / "photo")
    Image.linear_gradient("L").save("a.png")
    for vivid in ("0", "2"):
        assert (
            condcolor(
                "colorize", "a.png", "-m", model, "--vivid", vivid, "-o", f"{vivid}.png"
            ).exit_code
            == 0
        )
    grey, vivid = (Image.open(f"{name}.png").convert("HSV").getchannel("S") for name in "02")
    assert grey.getextrema()[1] < 10 < vivid.getextrema()[1]
    for wrong in ("5", "nan", "-1"):
        done = condcolor("colorize", "a.png", "-m", model, "--vivid", wrong, "-o", "x.png")
        assert (done.exit_code, "is not between 0 (grey) and 4" in done.stderr) == (2, True)
    icons = save_random(tmp_path / "icons")
    done = condcolor(
        "colorize",
        "a.png",
        "-m",
        icons,
        "--hair",
        "red",
        "--shirt",
        "red",
        "--vivid",
        "1",
        "-o",
        "x.png",
    )
    assert (done.exit_code, "vivid is for photographs" in done.stderr) == (2, True)
    assert not Path("x.png").exists()
