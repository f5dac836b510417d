"""An exported model colours as its folder does; and without torch."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from drawn import draw_set, photograph
from light import COMMAND, run_light
from pictures import sketch
from PIL import Image

import condcolor
from condcolor.errors import CheckpointError, UsageError
from condcolor.inference.colorizer import Colorizer
from condcolor.inference.onnx_colorizer import OnnxColorizer
from condcolor.inference.torch_colorizer import TorchColorizer
from condcolor.models.onnx_file import ABOUT, parse_onnx, read_onnx

RED_BLUE = {"hair": "red", "shirt": "blue"}
ANY = {"hair": "#ff8800", "shirt": "none"}
SIZES = [(1, 1), (2, 3), (900, 1), (1, 900), (16, 16), (37, 212), (300, 170)]


@pytest.fixture(scope="module")
def icons(icons_onnx) -> tuple[TorchColorizer, OnnxColorizer]:
    return Colorizer.load(icons_onnx[0], device="cpu"), OnnxColorizer.from_file(icons_onnx[1])


@pytest.fixture(scope="module")
def photo(photo_onnx) -> tuple[TorchColorizer, OnnxColorizer]:
    return Colorizer.load(photo_onnx[0], device="cpu"), OnnxColorizer.from_file(photo_onnx[1])


def apart(first: Image.Image, second: Image.Image) -> int:
    """The largest difference in levels; the two are of one size and mode."""
    assert (first.size, first.mode) == (second.size, second.mode)
    return int(np.abs(np.asarray(first).astype(int) - np.asarray(second)).max())


def colored(image: Image.Image) -> bool:
    return int(np.ptp(np.asarray(image.convert("RGB")).astype(int), axis=-1).max()) > 3


def drawn(size: tuple[int, int], mode: str = "RGB") -> Image.Image:
    noise = np.random.default_rng(0).integers(150, 256, (size[1], size[0], 4), np.uint8)
    noise[::5, :, :3] //= 9
    return Image.fromarray(noise[..., : len(mode)])


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
@pytest.mark.parametrize("size", SIZES)
def test_line_art_of_any_size_as_in_torch(icons, size, mode):
    in_torch, in_onnx = (one(drawn(size, mode), **RED_BLUE) for one in icons)
    assert apart(in_torch, in_onnx) <= 1


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
@pytest.mark.parametrize("size", SIZES)
def test_photographs_of_any_size_as_in_torch(photo, size, mode):
    picture = Image.fromarray(photograph(0, *size)) if min(size) > 9 else drawn(size)
    if mode == "RGBA":
        picture.putalpha(100)
    in_torch, in_onnx = (one(picture) for one in photo)
    assert apart(in_torch, in_onnx) <= 1
    assert colored(in_onnx)


def test_bands_are_the_whole(photo, monkeypatch):
    picture = Image.fromarray(photograph(0, 200, 150))
    whole = photo[1](picture)
    monkeypatch.setattr("condcolor.imaging.geometry.STRIP_PIXELS", 900)
    assert apart(whole, photo[1](picture)) <= 1


def test_variants_and_batches_as_in_torch(icons):
    made = [one.variants(sketch()) for one in icons]
    assert list(made[0]) == list(made[1])
    assert len(made[0]) == 25
    assert max(apart(made[0][values], made[1][values]) for values in made[0]) <= 1
    pictures, asked = [drawn((20, 30)), sketch()], [RED_BLUE, ANY]
    made = [one.batch(pictures, asked) for one in icons]
    assert max(map(apart, *made)) <= 1


def test_any_colour_and_layers_as_in_torch(icons):
    picture = drawn((90, 60), "RGBA")
    assert apart(*(one(picture, **ANY) for one in icons)) <= 1
    in_torch, in_onnx = (one.layers(picture, **ANY) for one in icons)
    assert in_torch.names == in_onnx.names
    for first, second in zip(in_torch.images, in_onnx.images, strict=True):
        assert np.abs(first.astype(int) - second).max() <= 1


def test_vivid_is_a_number_of_the_call_and_not_of_the_file(photo_onnx, photo):
    picture = Image.fromarray(photograph(0, 60, 40))
    assert photo[1].vivid == 1.3
    for vivid in (0, 2.5):
        in_torch, in_onnx = (Colorizer.load(m, vivid=vivid, device="cpu") for m in photo_onnx)
        assert isinstance(in_onnx, OnnxColorizer)
        assert apart(in_torch(picture), in_onnx(picture)) <= 1
    with pytest.raises(UsageError, match="vivid 5 is not between"):
        OnnxColorizer.from_file(photo_onnx[1], vivid=5)


def test_the_public_face_is_the_same(icons_onnx, icons):
    assert condcolor.Colorizer is Colorizer
    assert isinstance(Colorizer.load(icons_onnx[1]), OnnxColorizer)
    assert isinstance(Colorizer.load(icons_onnx[0]), TorchColorizer)
    in_torch, in_onnx = icons
    assert in_torch.schema == in_onnx.schema
    assert in_torch.image_size == in_onnx.image_size
    assert in_torch.combinations() == in_onnx.combinations()
    assert in_torch.flat
    assert in_onnx.flat


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"vivid": 1.0}, "vivid is for photographs"),
        ({"device": "tpu"}, "device 'tpu' is not one of"),
        ({"device": "cuda:x"}, "device 'cuda:x' is not one of"),
        ({"precision": "bf16"}, "precision 'bf16' is not one of ONNX Runtime's here: fp32"),
    ],
)
def test_options_that_cannot_be_are_refused(icons_onnx, options, said):
    with pytest.raises(UsageError, match=said):
        Colorizer.load(icons_onnx[1], **options)


def test_wrong_values_are_told_at_once(icons):
    with pytest.raises(UsageError, match="shirt is missing"):
        icons[1].colorings(sketch(), [{"hair": "red"}])


@pytest.fixture
def spoilt(icons_onnx, tmp_path):
    """Writes the exported file with some bytes or properties changed."""

    def write(name: str = "a.onnx", *, at: int | None = None, cut: int = 0, **properties) -> Path:
        data = bytearray(icons_onnx[1].read_bytes())
        if at is not None:
            data[at] ^= 1
        if properties:
            model = onnx.load_from_string(bytes(data))
            for pair in model.metadata_props:
                pair.value = properties.get(pair.key.replace(".", "_"), pair.value)
            data = model.SerializeToString()
        (tmp_path / name).write_bytes(data[: len(data) - cut])
        return tmp_path / name

    return write


def test_damage_is_told(spoilt, icons_onnx):
    with open(icons_onnx[1], "rb") as file:
        start, length = parse_onnx(file, icons_onnx[1].stat().st_size).graph
    about = json.dumps({"format": 1, "pairs": True, "fill": 255})
    for how, said in (
        ({"at": start + length // 2}, r"a\.onnx: damaged: its sha256 is not the one it tells"),
        ({"cut": 1}, r"a\.onnx: damaged, or no ONNX file"),
        ({"condcolor_onnx": about}, "damaged: its sha256"),
        ({"condcolor_onnx": "[]"}, r"a\.onnx: holds a list, not an object"),
        ({"condcolor_paint": "bm90aGluZw=="}, r"a\.onnx: its graph 'paint' is damaged"),
        ({"condcolor_config": "{}"}, r"a\.onnx: not the config of a condcolor model"),
        ({"condcolor_onnx": about.replace("1", "2", 1)}, "layout 2 is not one"),
    ):
        path = spoilt(**how)
        with pytest.raises(CheckpointError, match=said):
            OnnxColorizer.from_file(path)


def test_without_onnx_runtime_it_says_what_to_install(icons_onnx, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(
        UsageError, match=r"needs onnxruntime, which is not installed: pip install condcolor$"
    ):
        OnnxColorizer.from_file(icons_onnx[1])


@pytest.fixture
def without_torch(tmp_path):
    """Runs Python code where only condcolor itself is installed; returns what it prints."""

    def run(code: str, *arguments: object) -> str:
        ran = run_light(tmp_path / "light", code, *arguments)
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    return run


def test_the_commands_need_no_torch(without_torch, icons_onnx, photo_onnx, icons, photo, here):
    drawn((90, 60), "RGBA").save("ada.png")
    Image.fromarray(photograph(0, 80, 60)).save("old.png")
    (here / "both").mkdir()
    for name in ("a", "b"):
        drawn((40, 30)).save(f"both/{name}.png")
    line_art, photographs = ("--model", icons_onnx[1]), ("--model", photo_onnx[1])
    for words, made, wanted in (
        ("ada.png --hair red --shirt blue -o red.png", "red.png", RED_BLUE),
        ("ada.png --hair #ff8800 --shirt none -o any.png", "any.png", ANY),
        ("both --hair red --shirt blue -o out", "out/b.png", RED_BLUE),
    ):
        without_torch(COMMAND, "colorize", *words.split(), *line_art)
        source = "both/b.png" if made.startswith("out") else "ada.png"
        assert apart(Image.open(made), icons[0](source, **wanted)) <= 1, words
    without_torch(COMMAND, "colorize", "old.png", "--recolor", "-o", "new.png", *photographs)
    assert apart(Image.open("new.png"), photo[0]("old.png")) <= 1
    said = without_torch(COMMAND, "info", icons_onnx[1])
    assert "--hair" in said
    assert "condcolor.card in its metadata" in said


def test_the_library_needs_no_torch(without_torch, icons_onnx, icons, here):
    sketch().save("ada.png")
    code = """
import sys
from condcolor import Colorizer
colorizer = Colorizer.load(sys.argv[1])
colorizer("ada.png", hair="red", shirt="blue").save("made.png")
print(len(colorizer.variants("ada.png")), "torch" in sys.modules)
"""
    assert without_torch(code, icons_onnx[1]) == "25 False\n"
    assert apart(Image.open("made.png"), icons[0]("ada.png", **RED_BLUE)) <= 1


def test_a_folder_without_a_graph_needs_torch(without_torch, random_model):
    code = """
import sys
from condcolor import Colorizer
from condcolor.errors import CondcolorError
try:
    Colorizer.load(sys.argv[1])
except CondcolorError as error:
    print(type(error).__name__, error)
"""
    assert without_torch(code, random_model) == (
        f"UsageError model '{random_model}', which runs on torch (no model.onnx beside the weights), needs "
        "torch, which is not installed: pip install 'condcolor[train]'\n"
    )


def test_the_layout_is_told_in_the_file(icons_onnx):
    told = {p.key: p.value for p in onnx.load(icons_onnx[1]).metadata_props}
    about = json.loads(told[ABOUT])
    assert about["pairs"] is True
    assert about["fill"] == 255
    assert about["weights"] == "float32"


def test_other_strengths_share_the_network(photo):
    grey = Image.fromarray(photograph(0))
    for one in photo:
        bright = one.with_vivid(2.0)
        assert bright.vivid == 2.0
        assert one.vivid != 2.0
        assert bright(grey).tobytes() != one(grey).tobytes()
    in_torch, in_onnx = photo
    assert in_torch.with_vivid(2.0).generator is in_torch.generator
    assert in_onnx.with_vivid(2.0).network is in_onnx.network


def test_so_many_threads_compute_as_were_asked_for(icons_onnx):
    assert Colorizer.load(icons_onnx[1], threads=1).threads == 1


def test_an_exported_model_of_sketches_is_not_evaluated(icons_onnx, tmp_path):
    draw_set(tmp_path, (0,))
    with pytest.raises(
        UsageError, match="cannot be evaluated on sketches: evaluate the model folder"
    ):
        condcolor.evaluate(Colorizer.load(icons_onnx[1]), tmp_path)


def test_parts_are_the_same_as_torch_finds_them(parts_onnx):
    """Other colors, layers and transparency, too, for they follow from the parts."""
    folder, path = parts_onnx
    in_torch, in_onnx = Colorizer.load(folder, device="cpu"), Colorizer.load(path)
    assert in_onnx.codec.parts == in_torch.codec.parts
    drawn = sketch(64, 64)
    for values in ({"hair": "red", "shirt": "blue"}, {"hair": "#123456", "shirt": "none"}):
        one, other = (np.asarray(c(drawn, **values)).astype(int) for c in (in_torch, in_onnx))
        assert (abs(one - other).max(axis=-1) > 2).mean() < 0.01
    assert in_onnx.layers(drawn, hair="red", shirt="tan").names[-1] == "lines"


def test_an_export_of_parts_has_a_layout_that_older_versions_refuse(parts_onnx):
    assert json.loads(read_onnx(parts_onnx[1]).properties[ABOUT])["format"] == 2
