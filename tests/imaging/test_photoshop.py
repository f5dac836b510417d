"""Photoshop files: what psd-tools and painting programs find in them; those of others, within bounds."""

from __future__ import annotations

import io
import os
import shutil
import struct
import subprocess
from pathlib import Path

import numpy as np
import pytest
from models import drawn_layers
from PIL import Image
from psd_tools import PSDImage
from psd_tools.constants import BlendMode

from condcolor.errors import DataError
from condcolor.imaging import photoshop
from condcolor.imaging.layer_files import load_layers
from condcolor.imaging.layers import Layers
from condcolor.inference.colorizer import Colorizer

TEST_SET = Path(__file__).parents[2] / "data/icons/test"
RED, BLUE = (255, 0, 0, 255), (0, 0, 255, 255)


def over(file: PSDImage) -> np.ndarray:
    """The layers that psd-tools reads, stacked by Pillow: `[H, W, 4]` int."""
    made = Image.new("RGBA", file.size)
    for layer in file.descendants():
        if not layer.is_group():
            placed = Image.new("RGBA", file.size)
            placed.paste(layer.topil(), (layer.left, layer.top))
            made = Image.alpha_composite(made, placed)
    return np.asarray(made).astype(int)


def made(path: Path, change=None) -> Path:
    """A file as another program writes it: red ground, a group with a small blue layer."""
    file = PSDImage.new("RGBA", (8, 6))
    file.create_pixel_layer(Image.new("RGBA", (8, 6), RED), name="ground")
    group = file.create_group(name="g")
    layer = group.create_pixel_layer(Image.new("RGBA", (4, 4), BLUE), name="a", top=-1, left=6)
    if change:
        change(group, layer)
    file.save(path)
    return path


def composed(path: Path) -> np.ndarray:
    return np.asarray(load_layers(path).composed().convert("RGBA")).astype(int)


def test_psd_tools_reads_names_groups_and_the_picture(here):
    layers = drawn_layers()
    layers.save("a.psd")
    file = PSDImage.open("a.psd")
    assert [layer.name for layer in file] == ["paper", "parts", "lines"]
    assert [layer.name for layer in file[1]] == ["rest", "shirt", "hair"]
    picture = np.asarray(layers.composed().convert("RGBA")).astype(int)
    assert abs(over(file) - picture).max() <= 2
    assert abs(np.asarray(file.topil().convert("RGBA")).astype(int) - picture).max() == 0
    assert not any(layer.has_mask() for layer in file.descendants())


@pytest.mark.slow
@pytest.mark.parametrize("name", ["0000", "0001", "0002", "0003"])
def test_a_colored_icon_comes_back_within_two_levels(here, name):
    layers = Colorizer.load("icons").layers(
        TEST_SET / f"inputs/{name}.png", hair="red", shirt="blue"
    )
    layers.save("a.psd")
    picture = np.asarray(layers.composed().convert("RGBA")).astype(int)
    assert abs(over(PSDImage.open("a.psd")) - picture).max() <= 2


def test_layers_come_back_and_are_recolored(condcolor, here):
    layers = drawn_layers()
    layers.save("a.psd")
    again = load_layers("a.psd")
    assert again.names == layers.names
    for one, other in zip(again.images, layers.images, strict=True):
        assert np.array_equal(one[..., 3], other[..., 3])
        assert np.array_equal(one[one[..., 3] > 0], other[other[..., 3] > 0])
    done = condcolor("recolor", "a.psd", "--hair", "teal", "-o", "b.psd")
    assert (done.exit_code, done.stdout) == (0, "b.psd\n")
    wanted = np.asarray(layers.recolored(hair="teal").composed().convert("RGBA")).astype(int)
    assert abs(composed(Path("b.psd")) - wanted).max() <= 2


def test_names_in_any_script_and_empty_layers(here):
    empty = np.zeros((5, 7, 4), np.uint8)
    Layers(("髪 ü", "x" * 300), (empty, empty + 255)).save("a.psd")
    again = load_layers("a.psd")
    assert again.names == ("髪 ü", "x" * 255)
    assert again.size == (7, 5)
    assert not again.images[0][..., 3].any()


def test_moved_hidden_and_faded_layers_of_groups(tmp_path):
    assert load_layers(made(tmp_path / "a.psd")).names == ("ground", "a")
    picture = composed(tmp_path / "a.psd")
    assert (picture[:3, 6:] == BLUE).all()
    assert (picture[3:] == RED).all()

    def fade(group, layer):
        group.opacity, layer.opacity = 128, 128

    picture = composed(made(tmp_path / "b.psd", fade))
    assert abs(picture[0, 7] - (191, 0, 64, 255)).max() <= 1

    def hide(group, layer):
        group.visible = False

    assert load_layers(made(tmp_path / "c.psd", hide)).names == ("ground",)


def multiply(group, layer):
    layer.blend_mode = BlendMode.MULTIPLY


def mask(group, layer):
    layer.create_mask(Image.new("L", (4, 4), 100))


@pytest.mark.parametrize(
    ("change", "said"),
    [(multiply, "layer 'a' is composited as multiply"), (mask, "layer 'a' has a mask: apply it")],
)
def test_what_cannot_be_kept_is_refused_by_name(tmp_path, change, said):
    with pytest.raises(DataError, match=said):
        load_layers(made(tmp_path / "a.psd", change))


def test_other_modes_are_refused(tmp_path):
    PSDImage.new("CMYK", (4, 4)).save(tmp_path / "a.psd")
    with pytest.raises(DataError, match="CMYK with 8 bits: convert it to RGB"):
        load_layers(tmp_path / "a.psd")


def test_damaged_files_are_refused_in_one_sentence(tmp_path):
    data = bytearray(made(tmp_path / "a.psd").read_bytes())
    rng = np.random.default_rng(0)
    refused = 0
    for number in range(60):
        changed = data[: rng.integers(4, len(data))] if number % 2 else data.copy()
        for place in rng.integers(4, len(changed), 8 if number % 2 == 0 else 0):
            changed[place] = rng.integers(0, 256)
        (tmp_path / "b.psd").write_bytes(changed)
        try:
            load_layers(tmp_path / "b.psd")
        except DataError as error:
            refused += "\n" not in str(error)
    assert refused >= 20


def test_a_canvas_far_too_large_is_refused_at_once(tmp_path):
    data = bytearray(made(tmp_path / "a.psd").read_bytes())
    data[14:22] = struct.pack(">II", 30_000, 30_000)
    (tmp_path / "b.psd").write_bytes(data)
    with pytest.raises(DataError, match="30000x30000"):
        load_layers(tmp_path / "b.psd")


def test_too_many_layers_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(photoshop, "MAX_LAYERS", 1)
    with pytest.raises(DataError, match="more than 1 layers"):
        load_layers(made(tmp_path / "a.psd"))


def of_gimp(source: Path, out: Path) -> list[str]:
    script = (
        f'(let* ((image (car (gimp-file-load RUN-NONINTERACTIVE "{source}" "{source}")))'
        " (layer (car (gimp-image-merge-visible-layers image CLIP-TO-IMAGE))))"
        f' (file-png-save RUN-NONINTERACTIVE image layer "{out}" "{out}" 0 9 0 0 0 0 0))'
    )
    return ["gimp-console", "-idfn", "-b", script, "-b", "(gimp-quit 0)"]


def of_krita(source: Path, out: Path) -> list[str]:
    return ["xvfb-run", "-a", "krita", "--export", "--export-filename", str(out), str(source)]


PROGRAMS = {"gimp": (of_gimp, ("gimp-console",)), "krita": (of_krita, ("krita", "xvfb-run"))}


@pytest.mark.slow
@pytest.mark.parametrize(  # Debian's GIMP has no reader of .ora
    ("program", "suffix"), [("gimp", ".psd"), ("krita", ".psd"), ("krita", ".ora")]
)
@pytest.mark.parametrize("name", ["0000", "0001", "0002", "0003"])
def test_painting_programs_show_the_colored_icon(tmp_path, program, suffix, name):
    command, needed = PROGRAMS[program]
    for each in needed:
        if not shutil.which(each):
            pytest.skip(f"{each} is not there: apt-get install gimp krita xvfb")
    layers = Colorizer.load("icons").layers(
        TEST_SET / f"inputs/{name}.png", hair="red", shirt="blue"
    )
    (source,) = layers.save(tmp_path / f"a{suffix}")
    out = tmp_path / "a.png"
    subprocess.run(
        command(source, out),
        env={**os.environ, "HOME": str(tmp_path)},
        check=False,
        timeout=300,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    seen = np.asarray(Image.open(io.BytesIO(out.read_bytes())).convert("RGB")).astype(int)
    assert abs(seen - np.asarray(layers.composed().convert("RGB"))).max() <= 2
