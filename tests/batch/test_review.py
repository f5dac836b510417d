"""Pictures in doubt of a colored folder: found in its manifest, corrected, colored again."""

from __future__ import annotations

import csv
import json
import os

import numpy as np
import pytest
from models import save_random, save_random_parts
from pictures import sketch
from PIL import Image

from condcolor.batch.colorize import colorize_files
from condcolor.batch.review import ReviewFolder, model_of
from condcolor.errors import UsageError
from condcolor.imaging.corrections import read_corrections
from condcolor.inference.colorizer import Colorizer
from condcolor.models.model_folder import read_model_info

RED_BLUE = {"hair": "red", "shirt": "blue"}


@pytest.fixture
def model(tmp_path):
    """One that has learnt nothing, so that it doubts everything."""
    return save_random_parts(tmp_path / "model")


@pytest.fixture
def colored(model, tmp_path):
    (tmp_path / "sketches").mkdir()
    for name in ("a", "b"):
        sketch(64, 64).save(tmp_path / f"sketches/{name}.png")
    colorize_files(tmp_path / "sketches", tmp_path / "colored", RED_BLUE, model=model, check=True)
    return tmp_path / "colored"


def review_of(colored, model) -> ReviewFolder:
    return ReviewFolder(colored, read_model_info(model))


def corrected(colorizer, review, number):
    """All pieces are hair."""
    parts = colorizer.parts(review.read(number))
    for piece in parts.pieces:
        parts.set(piece.point, "hair")
    return parts


def edit(colored, **changes) -> None:
    """Change the entries of the manifest."""
    lines = [json.loads(line) for line in (colored / "manifest.jsonl").read_text().splitlines()]
    lines = [line | changes if line["status"] == "done" else line for line in lines]
    (colored / "manifest.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


def test_pictures_in_doubt_are_found(colored, model):
    review = review_of(colored, model)
    assert model_of(colored) == str(model)
    assert [picture.name for picture in review.pictures] == ["a.png", "b.png"]
    assert review.pictures[0].values == RED_BLUE
    assert review.pictures[0].doubts
    assert review.left_out == []
    assert review.saved(0).corrections == ()


def test_corrections_are_written_back_and_the_picture_is_made_again(colored, model):
    review, colorizer = review_of(colored, model), Colorizer.load(model, device="cpu")
    other = (colored / "b.png").read_bytes()
    parts = corrected(colorizer, review, 0)
    doubts = review.write(0, parts)
    assert "shirt" in doubts  # there is none
    assert "hair" not in doubts
    beside = colored.parent / "sketches" / "a.parts.json"
    assert read_corrections(beside).corrections == parts.corrections == review.saved(0).corrections
    made = np.asarray(Image.open(colored / "a.png"))
    assert (made == np.asarray(parts.colored(**RED_BLUE))).all()
    assert (colored / "b.png").read_bytes() == other
    names = {path.name for path in colored.parent.rglob("*") if path.is_file()}
    assert names - {path.name for path in model.rglob("*")} == {
        *("a.png", "b.png", "a.parts.json", "manifest.jsonl", "colors.csv")
    }
    with open(colored / "colors.csv") as file:
        first, second = csv.DictReader(file)
    assert (first["hair_asked"], first["hair_measured_hex"]) == ("red", "#e94743")
    assert "hair" not in first["flagged"]
    assert "may be another part" in second["flagged"]
    # the next run of the command finds all done
    again = colorize_files(colored.parent / "sketches", colored, RED_BLUE, model=model, check=True)
    assert (again.colored, again.skipped) == (0, 2)
    assert review_of(colored, model).pictures[0].doubts == doubts


def test_a_source_that_is_gone_is_left_out(colored, model):
    (colored.parent / "sketches" / "a.png").unlink()
    review = review_of(colored, model)
    assert [picture.name for picture in review.pictures] == ["b.png"]
    assert review.left_out == ["a.png: its sketch is not there any more"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"output": "../elsewhere.png"}, "is not in the folder"),
        ({"source": "../sketches/notes.txt"}, "its sketch is not there"),
        ({"sha256": "0" * 64}, "with another model"),
        ({"grid": "4x3"}, "is a sheet of cells"),
    ],
)
def test_what_cannot_be_corrected_is_left_out(colored, model, changes, said):
    for name in ("elsewhere.png", "sketches/notes.txt"):
        (colored.parent / name).write_bytes(b"mine")
    edit(colored, **changes)
    review = review_of(colored, model)
    assert review.pictures == ()
    assert all(said in line for line in review.left_out)
    assert review.left_out


def test_links_are_not_followed(colored, model):
    (colored / "a.png").unlink()
    (colored.parent / "mine.png").write_bytes(b"mine")
    os.symlink(colored.parent / "mine.png", colored / "a.png")
    assert [picture.name for picture in review_of(colored, model).pictures] == ["b.png"]


@pytest.mark.parametrize("values", [{"hair": "rad", "shirt": "blue"}, {}, "red"])
def test_a_damaged_manifest_is_told(colored, model, values):
    edit(colored, values=values)
    with pytest.raises(UsageError, match=r"manifest.jsonl: damaged"):
        review_of(colored, model)


def test_what_is_no_review_is_told(colored, model, tmp_path):
    with pytest.raises(UsageError, match="names no coloured picture"):
        review_of(tmp_path, model)
    with pytest.raises(UsageError, match="does not find parts"):
        review_of(colored, save_random(tmp_path / "other"))
    colorize_files(colored.parent / "sketches", tmp_path / "plain", RED_BLUE, model=model)
    with pytest.raises(UsageError, match="was not made with --check"):
        review_of(tmp_path / "plain", model)
