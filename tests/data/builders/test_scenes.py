"""Scenes: the same bytes every time, labels of the parts, sketches on paper, characters from elsewhere."""

from __future__ import annotations

import csv

import numpy as np
import pytest
from PIL import Image

from condcolor.conditions.parts import PARTS, UNLABELLED, part_index
from condcolor.data.builders.cast import write_extra
from condcolor.data.builders.cutouts import NO_PART, Cutout, cut_kit_character, cut_svg
from condcolor.data.builders.scenes import draw_scenes
from condcolor.errors import UsageError

pytest.importorskip("dicebear", reason="needs the icons extra: pip install 'condcolor[icons]'")


pytest.importorskip("dicebear_styles", reason="needs the icons extra")


pytest.importorskip("resvg_py", reason="needs the icons extra")


SCENES, SIZE = 64, 96
LABELS = np.array([part.label for part in PARTS] + [UNLABELLED])


def read_rows(folder):
    with (folder / "metadata.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def files_of(folder):
    return {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def pixels(path):
    return np.asarray(Image.open(path))


def labels_of(folder):
    """The index in LABELS of each pixel of all outputs, and how far its color is from it."""
    pictures = np.stack([pixels(path) for path in sorted(folder.glob("outputs/*.png"))])
    away = np.abs(pictures[..., None, :].astype(int) - LABELS).sum(-1)
    return away.argmin(-1), away.min(-1)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    out = tmp_path_factory.mktemp("scenes") / "set"
    done = []
    count = draw_scenes(
        out,
        scenes=SCENES,
        characters=24,
        seed=3,
        size=SIZE,
        on_progress=lambda *now: done.append(now),
    )
    assert count == SCENES
    assert done == [(n, SCENES + 24) for n in range(1, SCENES + 25)]
    return out


def test_layout(drawn):
    rows = read_rows(drawn)
    assert list(rows[0]) == ["input_file_name", "output_file_name", "character", "split"]
    assert rows[7]["input_file_name"] == "inputs/00007.png"
    assert rows[7]["character"] == "scene-00007s3"
    assert len({row["character"] for row in rows}) == len(rows) == SCENES
    for row in rows:
        for side in ("input_file_name", "output_file_name"):
            assert pixels(drawn / row[side]).shape == (SIZE, SIZE, 3)
    names = {path.name for path in drawn.iterdir()}
    assert names == {"inputs", "outputs", "metadata.csv", "ORIGIN.md"}
    assert sum(1 for _ in drawn.rglob("*.png")) == 2 * SCENES


def test_one_scene_of_fifty_is_a_test_scene(drawn):
    splits = [row["split"] for row in read_rows(drawn)]
    assert [n for n, split in enumerate(splits) if split == "test"] == [1, 51]
    assert set(splits) == {"train", "test"}


def test_labels_are_those_of_parts_and_every_part_occurs(drawn):
    labels, away = labels_of(drawn)
    assert away.max() == 0
    assert set(np.unique(labels[:40])) == set(range(len(LABELS)))


def test_lines_have_no_label_and_paper_is_nearly_white(drawn):
    sketches = np.stack([pixels(path) for path in sorted(drawn.glob("inputs/*.png"))]).mean(-1)
    labels, _ = labels_of(drawn)
    lightest = np.percentile(sketches, 95, axis=(1, 2))
    assert np.median(lightest) > 245
    assert lightest.min() > 170  # the darkest paper
    assert sketches[labels == part_index("ground")].mean() > 240
    assert sketches[labels == len(PARTS)].mean() < 150


def test_same_arguments_same_bytes_in_any_number_of_processes(drawn, tmp_path, monkeypatch):
    monkeypatch.setattr("condcolor.data.builders.scenes.BUNDLE", 1000)  # too few for a pool
    draw_scenes(tmp_path / "few", scenes=6, characters=24, seed=3, size=SIZE)
    many, few = files_of(drawn), files_of(tmp_path / "few")
    pictures = [path for path in few if path.suffix == ".png"]
    assert len(pictures) == 12
    assert all(many[path] == few[path] for path in pictures)
    assert read_rows(drawn)[:6] == read_rows(tmp_path / "few")


def test_the_seed_changes_every_scene(tmp_path):
    for seed in (1, 2):
        draw_scenes(tmp_path / str(seed), scenes=4, characters=2, seed=seed, size=64)
    one, other = files_of(tmp_path / "1"), files_of(tmp_path / "2")
    assert [path for path in one if path.suffix == ".png" and one[path] == other.get(path)] == []


def test_origin_names_licences(drawn):
    origin = (drawn / "ORIGIN.md").read_text("utf-8")
    for word in ("Pablo Stanley", "CC BY 4.0", "12 figures", "scenes 64", "seed 3"):
        assert word in origin


def disc(part, side=64):
    y, x = np.mgrid[:side, :side] - side / 2 + 0.5
    inside = x**2 + y**2 < (side / 2.2) ** 2
    line = inside & (x**2 + y**2 > (side / 2.6) ** 2)
    parts = np.where(line, NO_PART, np.where(inside, part_index(part), 0)).astype(np.uint8)
    return Cutout(np.where(line, 0, 255).astype(np.uint8), parts, np.uint8(255) * inside)


def test_further_characters_are_in_the_scenes(tmp_path):
    (tmp_path / "more").mkdir()
    discs = [(f"disc {n}", "emoji", disc("shoes")) for n in range(3)]
    assert write_extra(tmp_path / "more/discs.npz", discs, "drawn by this test, CC0") == 3
    common = {"scenes": 30, "characters": 1, "size": 64}  # a bust, which has no shoes
    draw_scenes(tmp_path / "few", **common)
    draw_scenes(tmp_path / "many", **common, extra=tmp_path / "more")
    shoes = part_index("shoes")
    assert (labels_of(tmp_path / "few")[0] == shoes).sum() == 0
    assert (labels_of(tmp_path / "many")[0] == shoes).mean() > 0.02
    origin = (tmp_path / "many/ORIGIN.md").read_text("utf-8")
    assert "| discs | 3 | drawn by this test, CC0 |" in origin


def test_faulty_files_of_characters_are_told(tmp_path):
    more = tmp_path / "more"
    more.mkdir()

    def refused(match):
        with pytest.raises(UsageError, match=match):
            draw_scenes(tmp_path / "out", scenes=1, characters=1, size=64, extra=more)
        assert list(tmp_path.iterdir()) == [more]

    refused(r"no \.npz files of characters")
    (more / "a.npz").write_bytes(b"no archive")
    refused(r"a\.npz: not a file of characters")
    write_extra(more / "a.npz", [("disc", "emoji", disc("hat"))], "here")
    (more / "a.npz").write_bytes((more / "a.npz").read_bytes()[:300])
    refused(r"a\.npz: not a file of characters")
    good = np.zeros((1, 3, 64, 64), np.uint8)
    np.savez(more / "a.npz", drawings=good, kinds=["robot"], origin="here")
    refused(r"a\.npz: kind 'robot' is not one of bust, figure")
    np.savez(more / "a.npz", drawings=good + 77, kinds=["emoji"], origin="here")
    refused(r"a\.npz: not a file of characters; draw it again")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"scenes": 0}, "scenes must be from 1"),
        ({"characters": 0}, "characters must be from 1"),
        ({"size": 8}, "size must be from 64"),
        ({"seed": -1}, "seed must be"),
    ],
)
def test_wrong_arguments(tmp_path, wrong, message):
    with pytest.raises(UsageError, match=message):
        draw_scenes(tmp_path / "out", **{"scenes": 1, "size": 64, **wrong})
    assert not list(tmp_path.iterdir())


def test_an_interrupt_leaves_nothing(tmp_path):
    def stop(done, total):
        if done > 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        draw_scenes(tmp_path / "out", scenes=2, characters=2, size=64, on_progress=stop)
    assert not list(tmp_path.iterdir())


def test_a_cutout_of_an_svg_has_its_parts():
    svg = (
        '<rect width="4" height="4" fill="#ff0000"/><rect x="4" width="4" height="4" fill="#fe0000"/>'
        '<rect y="4" width="4" height="4" fill="#ff8000"/>'
        '<rect x="4" y="4" width="2" height="4" fill="#000000"/>'
    )
    grey, parts, alpha = cut_svg(svg, (0, 0, 8, 8), 8)
    hair = part_index("hair")
    np.testing.assert_array_equal(parts[0], [hair] * 8)
    np.testing.assert_array_equal(parts[7], [NO_PART] * 6 + [0, 0])
    np.testing.assert_array_equal(grey[0], [255] * 4 + [0] * 4)
    np.testing.assert_array_equal(alpha[7], [255] * 6 + [0, 0])
    np.testing.assert_array_equal(grey[7, :6], [255] * 4 + [0] * 2)


def test_a_cutout_of_a_kit_has_hair_shirt_skin_and_no_ground():
    from condcolor.data.builders.avatars import Options

    cutout = cut_kit_character("avataaars", 0, Options(size=64))
    shares = np.bincount(cutout.parts.ravel(), minlength=256) / 64**2
    assert (shares[[part_index(name) for name in ("ground", "hair", "shirt", "skin")]] > 0.02).all()
    assert (cutout.parts[cutout.alpha < 128] == 0).all()
