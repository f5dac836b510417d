"""Colorizer: any picture in, the same size and shape out, each attribute in its place."""

from __future__ import annotations

import io
import itertools
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch
from models import HEX, ICONS, RGBS, make_model, save_random
from pictures import EXIF_SECRET, encoded, exif, sketch
from PIL import Image

from condcolor.conditions.schema import Attribute, AttributeSchema
from condcolor.errors import CheckpointError, DataError, PictureError, UsageError
from condcolor.imaging.open import open_picture
from condcolor.inference.colorizer import MOST_VARIANTS, Colorizer
from condcolor.inference.runner import BATCH
from condcolor.inference.torch_colorizer import TorchColorizer
from condcolor.models.model_folder import built_in_models

RED_BLUE = {"hair": "red", "shirt": "blue"}
SIZES = [(1, 1), (2, 3), (4000, 1), (1, 4000), (37, 512), (32, 32), (33, 31), (700, 300)]


@pytest.fixture(scope="module")
def colorizer() -> Colorizer:
    return TorchColorizer(make_model(), device="cpu")


@pytest.fixture(scope="module", params=[False, True], ids=["as it is", "evened"])
def random(random_model, request) -> Colorizer:
    """A network that has learnt nothing, with its fills evened or not."""
    colorizer = Colorizer.load(random_model, device="cpu")
    colorizer.flat = request.param
    return colorizer


def blank(width: int, height: int, mode: str = "RGB") -> Image.Image:
    return Image.new(mode, (width, height), "white")


def schema_of(**attributes) -> AttributeSchema:
    """Attributes with these values, all of one colour."""
    return AttributeSchema(
        tuple(Attribute(n, tuple(v), ((9, 9, 9),) * len(v)) for n, v in attributes.items())
    )


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_any_size_is_kept(random, size, mode):
    ground = (255, 255, 255, 100)[: len(mode)]
    made = random(Image.new(mode, size, ground), **RED_BLUE)
    assert (made.size, made.mode) == (size, mode)


@pytest.mark.parametrize("size", [(32, 32), (64, 64), (160, 80), (80, 160), (600, 600), (512, 37)])
def test_colors_land_where_the_network_put_them(colorizer, size):
    """Hair in the left half of the square's middle, shirt in the right, whatever the picture's shape."""
    width, height = size
    pixels = np.asarray(colorizer(blank(*size), **RED_BLUE)).astype(int)
    side = max(size)
    for name, share in (("red", 3 / 8), ("blue", 5 / 8)):
        x = round((width - side) / 2 + share * side)
        assert abs(pixels[height // 2, x] - RGBS[name]).max() <= 2
    assert (pixels[height // 2, width // 16 : width // 8] >= 250).all() or width < height


@pytest.mark.parametrize("size", [(32, 32), (400, 400), (37, 512)])
def test_black_lines_stay_black_and_as_sharp(colorizer, size):
    drawn = sketch(*size)
    lines = np.asarray(drawn).max(axis=-1) == 0
    pixels = np.asarray(colorizer(drawn, **RED_BLUE))
    assert pixels[lines].max() == 0
    assert pixels[~lines].max(axis=-1).min() > 60  # no shadow of a line beside it


def test_every_attribute_changes_the_picture(colorizer):
    base = np.asarray(colorizer(sketch(), **RED_BLUE))
    for name in ICONS.names:
        other = np.asarray(colorizer(sketch(), **(RED_BLUE | {name: "yellow"})))
        assert not np.array_equal(base, other), name


def test_any_kind_of_picture_gives_the_same(colorizer, tmp_path):
    path = tmp_path / "ada.png"
    drawn = sketch()
    drawn.save(path)
    expected = np.asarray(colorizer(drawn, **RED_BLUE))
    as_modes = [drawn.convert(mode) for mode in ("1", "L", "P", "RGBA", "CMYK", "LA")]
    kinds = [str(path), path, io.BytesIO(path.read_bytes()), open_picture(path), *as_modes]
    for kind in kinds:
        assert np.array_equal(np.asarray(colorizer(kind, **RED_BLUE)), expected), kind


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"hair": "red"}, "shirt is missing; choose one of blue, brown"),
        ({"hair": "rad", "shirt": "blue"}, "'rad' is not one of .*; did you mean 'red'"),
        (RED_BLUE | {"shoes": "red"}, "there is no attribute 'shoes'"),
        (RED_BLUE | {"hair": 3}, "hair 3 is not one of"),
    ],
)
def test_wrong_values_are_told_at_once(colorizer, values, said):
    with pytest.raises(UsageError, match=said):
        colorizer(sketch(), **values)
    with pytest.raises(UsageError, match=said):
        colorizer.colorings(sketch(), [values])  # before the first result is asked for


def test_what_is_no_picture_is_told(colorizer, tmp_path):
    for nothing in (tmp_path / "none.png", io.BytesIO(b"no picture")):
        with pytest.raises(PictureError):
            colorizer.colorings(nothing, [RED_BLUE])
    for kind in ({}, None, 3):
        with pytest.raises(TypeError, match="a picture is a path"):
            colorizer(kind, **RED_BLUE)


def test_attributes_may_have_any_name():
    schema = schema_of(self=("a", "b"), picture=("x",), asked=("y",), device=("cpu",))
    values = {"self": "b", "picture": "x", "asked": "y", "device": "cpu"}
    made = TorchColorizer(make_model(schema), device="cpu")(sketch(), **values)
    assert made.size == sketch().size


def test_a_model_without_attributes_is_asked_for_none():
    colorizer = TorchColorizer(make_model(AttributeSchema()), device="cpu")
    made = colorizer(blank(32, 32))
    assert made.getpixel((16, 16)) == (128, 128, 128)
    assert list(colorizer.variants(blank(8, 8))) == [()]
    with pytest.raises(UsageError, match="no attribute 'hair'"):
        colorizer(blank(8, 8), hair="red")


def test_a_batch_is_what_its_pictures_are_one_by_one(random):
    sizes = [(20 + i, 16) for i in range(BATCH + 3)]
    asked = [
        {"hair": h, "shirt": s}
        for h, s in itertools.islice(itertools.cycle(itertools.product(HEX, HEX)), len(sizes))
    ]
    together = random.batch([sketch(*size) for size in sizes], asked)
    for size, values, made in zip(sizes, asked, together, strict=True):
        alone = np.asarray(random(sketch(*size), **values)).astype(int)
        assert made.size == size
        assert abs(np.asarray(made) - alone).max() <= 1
    assert random.batch([], []) == []
    assert list(random.colorings(sketch(), [])) == []
    with pytest.raises(UsageError, match="2 pictures, but colours for 1"):
        random.batch([sketch(), sketch()], [RED_BLUE])


def test_variants_are_all_combinations_in_order(colorizer):
    made = colorizer.variants(sketch())
    assert list(made) == list(itertools.product(HEX, HEX))
    alone = colorizer(sketch(), **RED_BLUE)
    assert np.array_equal(np.asarray(made["red", "blue"]), np.asarray(alone))


def test_too_many_variants_are_refused_without_counting_them_out():
    schema = schema_of(**{f"a{i}": [str(n) for n in range(10)] for i in range(20)})
    colorizer = TorchColorizer(make_model(schema), device="cpu")
    with pytest.raises(UsageError, match=f"too many for all variants .at most {MOST_VARIANTS:,}"):
        colorizer.variants(sketch())


def test_threads_may_share_one(random):
    asked = [{"hair": h, "shirt": s} for h, s in itertools.product(HEX, HEX)]
    alone = [np.asarray(random(sketch(), **values)) for values in asked]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda values: random(sketch(), **values), asked * 4))
    for i, made in enumerate(together):
        assert np.array_equal(np.asarray(made), alone[i % len(asked)])


def test_dropout_is_off_whatever_mode_the_network_came_in():
    model = make_model()
    model.generator.layer = torch.nn.Dropout(0.9)
    model.generator.train()
    assert not TorchColorizer(model, device="cpu").generator.layer.training


def test_nothing_of_the_file_but_its_pixels_is_in_the_output(colorizer):
    data = encoded(sketch(20, 16), "JPEG", exif=exif(6)) + EXIF_SECRET
    made = colorizer(io.BytesIO(data), **RED_BLUE)
    assert made.size == (16, 20)  # upright, as EXIF says
    assert made.info == {}
    assert EXIF_SECRET not in encoded(made, "PNG")
    assert not made.getexif()


def test_paper_with_transparency_keeps_its_alpha(colorizer):
    drawn = blank(64, 64).convert("RGBA")
    alpha = np.tile(np.linspace(0, 255, 64).astype(np.uint8), (64, 1))
    drawn.putalpha(Image.fromarray(alpha))
    made = np.asarray(colorizer(drawn, **RED_BLUE)).astype(int)
    assert np.array_equal(made[..., 3], alpha)
    assert abs(made[32, 40, :3] - RGBS["blue"]).max() <= 3


def test_ink_on_nothing_gets_opaque_colors_and_no_ground(colorizer):
    drawn = Image.new("RGBA", (64, 64), (0, 0, 0, 0))
    drawn.paste((0, 0, 0, 255), (14, 14, 50, 50))
    drawn.paste((0, 0, 0, 0), (17, 17, 47, 47))
    made = np.asarray(colorizer(drawn, **RED_BLUE)).astype(int)
    assert abs(made[32, 24] - (*RGBS["red"], 255)).max() <= 2
    assert (made[32, [14, 15, 48, 49]] == (0, 0, 0, 255)).all()
    assert made[:12, :, 3].max() == made[:, 52:, 3].max() == 0


@pytest.mark.parametrize("stage", ["generator", "prepare_strips"])
def test_out_of_memory_is_told_and_no_grey_picture_comes(monkeypatch, stage):
    colorizer = TorchColorizer(make_model(), device="cpu")

    def full(*_):
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9")

    at = colorizer if stage == "generator" else type(colorizer.model.codec)
    monkeypatch.setattr(at, stage, full)
    with pytest.raises(DataError, match=r"not enough memory: .*smaller"):
        colorizer(sketch(), **RED_BLUE)


def test_other_faults_of_torch_are_not_taken_for_it(monkeypatch):
    colorizer = TorchColorizer(make_model(), device="cpu")

    def bug(*_):
        raise RuntimeError("shapes do not match")

    monkeypatch.setattr(colorizer, "generator", bug)
    with pytest.raises(RuntimeError, match="shapes"):
        colorizer(sketch(), **RED_BLUE)


def test_device_and_precision_are_checked():
    with pytest.raises(UsageError, match=r"device .cuda:999."):
        TorchColorizer(make_model(), device="cuda:999")
    with pytest.raises(UsageError, match=r"precision 'fp31' is not one of .*did you mean 'fp32'"):
        TorchColorizer(make_model(), precision="fp31")


def test_a_loaded_model_is_the_saved_one(tmp_path, random):
    again = Colorizer.load(save_random(tmp_path / "again"), device="cpu")
    again.flat = random.flat
    assert again.schema == random.schema == ICONS
    assert np.array_equal(again(sketch(), **RED_BLUE), random(sketch(), **RED_BLUE))
    with pytest.raises(CheckpointError):
        Colorizer.load(tmp_path)


@pytest.mark.skipif("icons" not in built_in_models(), reason="no built-in model here")
def test_the_built_in_model_paints_other_colors_when_asked():
    colorizer = Colorizer.load(device="cpu")
    first, *_, last = colorizer.schema.combinations()
    ada = Path(__file__).parents[2] / "examples" / "sketches" / "ada.png"
    images = [np.asarray(colorizer(ada, **values)).astype(int) for values in (first, last)]
    changed = (images[0] != images[1]).any(axis=-1).mean()
    assert 0.2 < changed < 0.8  # hair and shirt, not the ground


def test_the_network_is_not_asked_where_regions_paint(colorizer, monkeypatch):
    asked = [{"hair": "red", "shirt": "blue"}, {"hair": "#123456", "shirt": "blue"}]
    prepared = [colorizer.prepare(sketch(16, 16), values) for values in asked]
    seen, honest = [], colorizer.predict
    predict = lambda squares, cond, hints=None: seen.append(len(cond)) or honest(squares, cond)  # noqa: E731
    monkeypatch.setattr(colorizer, "predict", predict)
    outputs = colorizer.predict_batch(prepared)
    assert seen == [1]
    assert [len(output) for output in outputs] == [3, 0]
    assert colorizer.predict_batch(prepared[1:])[0].size == 0
    assert seen == [1]
    for one, values, output in zip(prepared, asked, outputs, strict=True):
        made = colorizer.finish(one, output)
        assert made.tobytes() == colorizer(sketch(16, 16), **values).tobytes()
