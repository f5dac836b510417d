"""Icons from avatar kits: exact colours, exact masks, the same bytes every time."""

from __future__ import annotations

import csv
import re
import sys

import numpy as np
import pytest
from PIL import Image

from condcolor.conditions.colors import format_hex
from condcolor.conditions.parts import PALETTE
from condcolor.data.builders import avatars
from condcolor.data.builders.avatar_kits import KITS
from condcolor.data.builders.avatars import Options, draw_icon, hair_shapes
from condcolor.data.builders.icons import draw_icons
from condcolor.errors import UsageError

pytest.importorskip("dicebear", reason="needs the icons extra: pip install 'condcolor[icons]'")


pytest.importorskip("dicebear_styles", reason="needs the icons extra")


pytest.importorskip("resvg_py", reason="needs the icons extra")


SKIN = (0xFB, 0xD3, 0xC0)
SMALL = Options(size=48)


def read_rows(folder):
    with (folder / "metadata.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def files_of(folder):
    return {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def pixels(path):
    return np.asarray(Image.open(path))


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    out = tmp_path_factory.mktemp("icons") / "set"
    count = draw_icons(out, characters=len(KITS), seed=3, size=48, colorings=5, vary=True)
    assert count == 5 * len(KITS)
    return out


def test_layout(drawn):
    rows = read_rows(drawn)
    assert list(rows[0]) == ["input_file_name", "output_file_name", "hair", "shirt", "character"]
    assert len({row["output_file_name"] for row in rows}) == len(rows) == 5 * len(KITS)
    assert len({row["character"] for row in rows}) == len(KITS)
    for row in rows:
        kit, _, number = row["character"].rpartition("-")
        assert kit in KITS
        assert re.fullmatch(r"\d{4}s3", number)
        mask = drawn / row["input_file_name"].replace("inputs", "masks")
        assert pixels(drawn / row["input_file_name"]).shape == (48, 48)
        assert pixels(drawn / row["output_file_name"]).shape == pixels(mask).shape == (48, 48, 3)
    listed = {row[side] for row in rows for side in ("input_file_name", "output_file_name")}
    found = {p.relative_to(drawn).as_posix() for p in drawn.rglob("*puts/*.png")}
    assert listed == found


def test_five_colorings_hold_every_color_once(drawn):
    by_character = {}
    for row in read_rows(drawn):
        by_character.setdefault(row["character"], []).append(row)
    for rows in by_character.values():
        for attribute in ("hair", "shirt"):
            assert sorted(row[attribute] for row in rows) == sorted(PALETTE)


def test_outputs_are_the_composition_of_sketch_and_masks(drawn):
    for row in read_rows(drawn):
        blank = pixels(drawn / row["input_file_name"]).astype(float)[..., None]
        masks = pixels(drawn / row["input_file_name"].replace("inputs", "masks")).astype(float)
        colors = np.array([PALETTE[row["hair"]], PALETTE[row["shirt"]], SKIN])
        composed = blank - masks @ (255 - colors) / 255
        assert composed.min() >= 0
        np.testing.assert_array_equal(pixels(drawn / row["output_file_name"]), composed.round())


def test_masks_never_add_up_to_more_than_white(drawn):
    for path in drawn.glob("masks/*.png"):
        assert pixels(path).sum(-1).max() <= 255


def test_pure_masks_have_exactly_the_color():
    icon = draw_icon("avataaars", 0, Options(size=128))
    rgb = icon.colored("red", "blue", SKIN)
    for channel, color in enumerate((PALETTE["red"], PALETTE["blue"], SKIN)):
        pure = rgb[icon.masks[..., channel] == 255]
        assert len(pure) > 100
        assert (pure == color).all()


@pytest.mark.parametrize("kit", KITS)
def test_every_kit_shows_hair_shirt_skin_and_lines(kit):
    icon = draw_icon(kit, 0, SMALL)
    assert ((icon.masks > 127).mean((0, 1)) > (0.005, 0.02, 0.02)).all()
    assert (icon.blank < 100).mean() > 0.01


@pytest.mark.parametrize("shading", [False, True])
def test_a_render_is_linear_in_a_part_color(shading):
    options = Options(size=64, shading=shading)
    for kit in ("avataaars", "personas", "toon-head"):
        hair = avatars._hair_shape(kit, 1, options)
        svg = avatars._character_svg(kit, 1, 0, hair, options)
        blank, masks = avatars._blank_and_masks(svg, 64)
        colors = map(format_hex, (PALETTE["green"], PALETTE["yellow"], SKIN))
        direct = avatars._render(avatars.fill_marks(svg, *colors), 64)
        composed = avatars.Icon("", blank, masks).colored("green", "yellow", SKIN)
        # Two roundings to 8 bits, one a layer of paint at an edge.
        assert np.abs(direct.astype(int) - composed).max() <= 4


def test_same_arguments_same_bytes_in_any_number_of_processes(tmp_path, monkeypatch):
    def draw(name, **more):
        draw_icons(tmp_path / name, characters=40, size=32, colorings=1, vary=True, **more)
        return files_of(tmp_path / name)

    first = draw("first")
    monkeypatch.setattr("condcolor.data.builders.icons._BUNDLE", 1000)  # too few for a pool
    assert draw("again") == first
    assert draw("other", seed=1) != first


def test_more_characters_begin_with_the_same(tmp_path):
    for count in (6, 13):
        draw_icons(tmp_path / str(count), characters=count, size=32, colorings=2)
    few, many = files_of(tmp_path / "6"), files_of(tmp_path / "13")
    pictures = [path for path in few if path.suffix == ".png"]
    assert len(pictures) == 6 * 4
    assert all(many[path] == few[path] for path in pictures)
    assert read_rows(tmp_path / "13")[:12] == read_rows(tmp_path / "6")


def test_different_characters_have_different_names():
    names = {
        draw_icon("micah", index, Options(size=16, seed=seed, held_out=held_out)).name
        for index in (0, 1)
        for seed in (0, 1)
        for held_out in (False, True)
    }
    assert len(names) == 8


def test_a_character_does_not_depend_on_the_kits_beside_it(tmp_path):
    draw_icons(tmp_path / "a", characters=1, kits=["micah"], size=32, colorings=1)
    icon = draw_icon("micah", 0, Options(size=32))
    np.testing.assert_array_equal(pixels(tmp_path / "a/inputs/0000.png"), icon.blank)


@pytest.mark.parametrize("kit", KITS)
def test_held_out_hair_is_never_drawn_in_the_ordinary_set(kit):
    row, known = KITS[kit], avatars._definition(kit)["components"]
    held = set(hair_shapes(kit, held_out=True))
    ordinary = {avatars._hair_shape(kit, index, SMALL) for index in range(300)}
    unseen = {avatars._hair_shape(kit, i, Options(held_out=True)) for i in range(30)}
    assert held
    assert unseen == held
    assert not ordinary & (held | set(row.excluded))
    assert set(hair_shapes(kit)) <= ordinary  # and every other shape is
    named = {*row.held_out, *row.bald, *row.excluded, *row.bearded}
    assert named <= set(known[row.hair]["variants"])
    for component, variants in {**row.only, **row.held_out_parts}.items():
        assert set(variants) <= set(known[component]["variants"])


def test_parts_held_out_with_the_hair_are_not_drawn_either():
    for kit, row in KITS.items():
        for index in range(60) if row.held_out_parts else ():
            hair = avatars._hair_shape(kit, index, SMALL)
            svg = avatars._character_svg(kit, index, 0, hair, SMALL)
            for component, variants in row.held_out_parts.items():
                assert not any(f"{component}-{variant}-" in svg for variant in variants)


def test_few_characters_are_without_hair():
    for kit, row in KITS.items():
        drawn = [avatars._hair_shape(kit, index, SMALL) for index in range(400)]
        assert sum(hair in row.bald for hair in drawn) / 400 <= 0.05


def test_all_25_colorings_and_origin(tmp_path):
    done = []
    kits = ["personas", "lorelei"]
    rows = draw_icons(
        tmp_path / "new" / "icons",
        characters=2,
        size=32,
        kits=kits,
        on_progress=lambda *now: done.append(now),
    )
    assert rows == 50
    assert done == [(1, 2), (2, 2)]
    pairs = {(row["hair"], row["shirt"]) for row in read_rows(tmp_path / "new" / "icons")}
    assert len(pairs) == 25
    origin = (tmp_path / "new" / "icons" / "ORIGIN.md").read_text("utf-8")
    for word in ("Draftbit", "CC BY 4.0", "Lisa Wischofsky", "CC0 1.0", "seed 0"):
        assert word in origin


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"kits": ["avatars"]}, "did you mean 'avataaars'"),
        ({"kits": []}, "at least one"),
        ({"kits": ["micah", "micah"]}, "once each"),
        ({"framing": "closer"}, "did you mean 'close'"),
        ({"characters": 0}, "characters must be from 1"),
        ({"colorings": 26}, "colorings must be from 1 to 25"),
        ({"line_width": float("nan")}, "line_width"),
        ({"size": 8}, "size must be"),
        ({"seed": -1}, "seed must be"),
        ({"skin": "pale"}, "not a colour"),
    ],
)
def test_wrong_arguments(tmp_path, wrong, message):
    with pytest.raises(UsageError, match=message):
        draw_icons(tmp_path / "out", **{"characters": 1, "size": 32, **wrong})
    assert not list(tmp_path.iterdir())


def test_never_mixed_with_what_is_there(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("keep")
    with pytest.raises(UsageError, match="not empty"):
        draw_icons(tmp_path / "out", characters=1, size=32)
    with pytest.raises(UsageError, match="is a file"):
        draw_icons(tmp_path / "out" / "mine.txt", characters=1, size=32)
    assert [p.name for p in tmp_path.rglob("*")] == ["out", "mine.txt"]


def test_an_interrupt_leaves_nothing(tmp_path):
    def stop(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        draw_icons(tmp_path / "out", characters=40, size=32, colorings=1, on_progress=stop)
    assert not list(tmp_path.iterdir())


def test_a_missing_extra_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    with pytest.raises(UsageError, match=r"pip install 'condcolor\[icons\]'"):
        draw_icons(tmp_path / "out", characters=1, size=32)
    assert not list(tmp_path.iterdir())
