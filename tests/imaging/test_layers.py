"""Layers: stacked they are the picture, each is recoloured alone, and their files come back the same."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from models import RGBS, drawn_layers, make_model
from pictures import sketch
from PIL import Image

from condcolor.conditions.schema import Attribute, AttributeSchema
from condcolor.errors import DataError, UsageError
from condcolor.imaging.layer_files import encode_ora, load_layers, recolor_layers, save_layers
from condcolor.imaging.layers import Layers
from condcolor.inference.torch_colorizer import TorchColorizer

MOST = 2  # levels of 255 between a stack and its picture
ASKED = [
    {"hair": "red", "shirt": "blue"},
    {"hair": "#ff8800", "shirt": "black"},
    {"hair": "none", "shirt": "#fefefe"},
]


@pytest.fixture(scope="module")
def uneven() -> TorchColorizer:
    return TorchColorizer(make_model(size=64), device="cpu")


@pytest.fixture(scope="module")
def colorizer() -> TorchColorizer:
    colorizer = TorchColorizer(make_model(size=64), device="cpu")
    colorizer.flat = True
    return colorizer


def ink() -> Image.Image:
    drawn = Image.new("RGBA", (64, 64), (0, 0, 0, 0))
    drawn.paste((0, 0, 0, 255), (14, 14, 50, 50))
    drawn.paste((0, 0, 0, 0), (17, 17, 47, 47))
    return drawn.resize((90, 90), Image.Resampling.BILINEAR)


def vignette() -> Image.Image:
    drawn = sketch(64, 64).convert("RGBA")
    drawn.putalpha(Image.linear_gradient("L").resize((64, 64)))
    return drawn


def blue_lines() -> Image.Image:
    grey = np.asarray(sketch(64, 64).convert("L"))
    return Image.fromarray(np.dstack((grey, grey // 2 + 127, grey // 4 + 191)))


def colored() -> Image.Image:
    drawn = np.array(sketch(64, 64))
    drawn[5:20, 5:30] = (230, 70, 60)
    return Image.fromarray(drawn)


KINDS = {
    "sketch": lambda: sketch(64, 64),
    "large": lambda: sketch(300, 200),
    "ink on nothing": ink,
    "paper that fades": vignette,
    "blue lines": blue_lines,
    "coloured": colored,
}


def premultiplied(image: Image.Image) -> np.ndarray:
    """`[H, W, 4]` float in 0..255, colours times alpha: what one sees."""
    whole = np.asarray(image.convert("RGBA")).astype(float)
    whole[..., :3] *= whole[..., 3:] / 255
    return whole


def over(layers: Layers) -> Image.Image:
    """The layers stacked as Pillow does it."""
    made = Image.new("RGBA", layers.size)
    for image in layers.images:
        made = Image.alpha_composite(made, Image.fromarray(image))
    return made


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("asked", ASKED, ids=lambda asked: "-".join(asked.values()))
@pytest.mark.parametrize("flat", [True, False])
def test_stacked_they_are_the_picture(colorizer, uneven, kind, asked, flat):
    colorizer = colorizer if flat else uneven
    drawn = KINDS[kind]()
    regions = colorizer.regions(drawn)
    layers = colorizer.layers(drawn, **asked)
    picture = premultiplied(regions.recolor(**asked))
    for stack in (layers.composed(), over(layers)):
        assert abs(premultiplied(stack) - picture).max() <= MOST
    opaque = drawn.mode == "RGB"
    assert layers.names == ("paper",) * opaque + ("rest", "shirt", "hair", "lines")
    assert layers.size == drawn.size
    assert layers.composed().mode == drawn.mode


def test_stacked_they_are_the_picture_of_a_network_that_mixes_everything_up(uneven):
    """Parts that overlap everywhere, from darker than their colour to lighter than white."""
    regions = uneven.regions(sketch(64, 64))
    regions.covers[:] = 0.4
    regions.found.shares[:] = 0.4 * np.linspace(0.5, 1.6, 64)
    regions.rest[:] = 0.1
    for asked in ASKED:
        stack = uneven.layers(regions, **asked).composed()
        apart = premultiplied(stack) - premultiplied(regions.recolor(**asked))
        assert abs(apart).max() <= MOST


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "blue lines"])
def test_recoloured_they_are_the_picture_in_those_colours(colorizer, kind):
    drawn = KINDS[kind]()
    regions = colorizer.regions(drawn)
    for asked in ASKED:
        layers = colorizer.layers(drawn, **asked).recolored(hair="#2a9d8f", shirt="yellow:1,tan:1")
        picture = premultiplied(regions.recolor(hair="#2a9d8f", shirt="yellow:1,tan:1"))
        assert abs(premultiplied(layers.composed()) - picture).max() <= MOST


def test_lines_that_are_coloured_follow_the_fill_below(colorizer):
    layers = colorizer.layers(blue_lines(), hair="white", shirt="blue").recolored(hair="#808080")
    wanted = colorizer.regions(blue_lines()).recolor(hair="#808080", shirt="blue")
    assert abs(premultiplied(layers.composed()) - premultiplied(wanted)).max() <= 3


def test_one_layer_alone_changes(colorizer):
    before = colorizer.layers(sketch(64, 64), hair="red", shirt="blue")
    after = before.recolored(hair="teal")
    for name, old, new in zip(before.names, before.images, after.images, strict=True):
        assert np.array_equal(old, new) == (name != "hair")
        assert np.array_equal(old[..., 3], new[..., 3])
    assert before.recolored(hair="keep").images[3] is before.images[3]
    assert np.array_equal(before.recolored().composed(), before.composed())


def test_relief_is_kept():
    image = np.zeros((2, 3, 4), np.uint8)
    image[..., 3] = 255
    image[..., :3] = (100, 50, 0)
    image[0, 0, :3] = (50, 25, 0)
    made = Layers(("hair",), (image,)).recolored(hair="rgb(0,200,100)").images[0]
    assert made[0, 0].tolist() == [0, 100, 50, 255]
    assert made[1, 1].tolist() == [0, 200, 100, 255]


def test_lines_and_paper_have_colours_too(colorizer):
    drawn = Image.new("RGB", (64, 64), "white")
    drawn.paste((0, 0, 0), (0, 60, 64, 64))
    layers = colorizer.layers(drawn, hair="red", shirt="blue")
    made = layers.recolored(lines="navy", paper="ivory").composed()
    assert made.getpixel((0, 62)) == (0, 0, 128)
    assert made.getpixel((4, 4)) == (255, 255, 240)
    assert max(abs(a - b) for a, b in zip(made.getpixel((24, 20)), RGBS["red"], strict=True)) <= 2


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"hat": "red"}, "the layer 'hat' is not there; .* are hair, shirt, lines, paper"),
        ({"hare": "red"}, "did you mean 'hair'"),
        ({"rest": "red"}, "'rest' holds several colours"),
        ({"hair": "rad"}, "did you mean 'red'"),
    ],
)
def test_what_cannot_be_recoloured_is_told(values, said):
    with pytest.raises(UsageError, match=said):
        drawn_layers().recolored(**values)


def test_attributes_named_as_other_layers_have_layers_of_their_own():
    values, palette = ("red", "blue"), (RGBS["red"], RGBS["blue"])
    schema = AttributeSchema(tuple(Attribute(n, values, palette) for n in ("lines", "rest")))
    layers = TorchColorizer(make_model(schema), device="cpu").layers(
        sketch(), lines="red", rest="tan"
    )
    assert layers.names == ("paper", "rest", "rest-part", "lines-part", "lines")


@pytest.mark.parametrize("out", ["made", "made.ora"])
def test_files_come_back_the_same(here, out):
    layers = drawn_layers()
    paths = save_layers(layers, out)
    assert all(path.is_file() for path in paths)
    again = load_layers(out)
    assert again.names == layers.names
    assert again.schema == layers.schema
    for one, other in zip(again.images, layers.images, strict=True):
        assert np.array_equal(one, other)
    made = recolor_layers(out, hair="yellow").composed()
    assert np.array_equal(made, layers.recolored(hair="yellow").composed())
    with pytest.raises(UsageError, match="exists already"):
        save_layers(layers, out)
    save_layers(layers.recolored(hair="tan"), out, overwrite=True)
    assert not np.array_equal(load_layers(out).composed(), layers.composed())


def test_the_ora_is_as_its_standard_says(here):
    layers = drawn_layers()
    data = encode_ora(layers)
    assert data == encode_ora(layers)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        first, *others = archive.infolist()
        assert (first.filename, first.compress_type) == ("mimetype", zipfile.ZIP_STORED)
        assert archive.read("mimetype") == b"image/openraster"
        assert data[30:54] == b"mimetypeimage/openraster"
        names = {info.filename for info in others}
        assert {"stack.xml", "mergedimage.png", "Thumbnails/thumbnail.png"} < names
        image = ElementTree.fromstring(archive.read("stack.xml"))
        assert (image.tag, image.get("w"), image.get("h")) == ("image", "32", "32")
        (stack,) = image
        assert [layer.get("name") for layer in stack] == list(layers.names[::-1])
        assert {layer.get("src") for layer in stack} < names
        merged = Image.open(io.BytesIO(archive.read("mergedimage.png")))
        assert np.array_equal(merged.convert("RGB"), layers.composed())
        assert max(Image.open(io.BytesIO(archive.read("Thumbnails/thumbnail.png"))).size) <= 256


def rewritten(path: Path, change) -> Path:
    """A copy of an .ora whose stack.xml was changed, as an editor does, and that has lost our index."""
    made = path.with_name("edited.ora")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(made, "w") as new:
        for name in old.namelist():
            if name == "stack.xml":
                new.writestr(name, change(old.read(name).decode()))
            elif name != "layers.json":
                new.writestr(name, old.read(name))
    return made


def test_an_ora_that_an_editor_saved_is_read(here):
    layers = drawn_layers()
    (path,) = save_layers(layers, "a.ora")
    plain = load_layers(rewritten(path, lambda xml: xml))
    assert plain.recolored(hair="red").composed().getpixel((12, 10)) == (255, 0, 0)  # that of CSS
    moved = load_layers(rewritten(path, lambda xml: xml.replace('x="0"', 'x="3"', 1)))
    assert np.array_equal(moved.images[-1][:, 3:], layers.images[-1][:, :-3])
    hidden = load_layers(rewritten(path, lambda xml: xml.replace('"visible"', '"hidden"', 1)))
    assert hidden.names == layers.names[:-1]
    half = load_layers(rewritten(path, lambda xml: xml.replace('"1.0"', '"0.5"', 1)))
    assert half.images[-1][..., 3].max() == 128


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda xml: "<image", "holds no layers"),
        (lambda xml: "<!DOCTYPE a [<!ENTITY b 'c'>]>" + xml.partition("?>")[2], "entities"),
        (lambda xml: xml.replace("data/1.png", "data/9.png"), "data/9.png"),
        (lambda xml: xml.replace("svg:src-over", "svg:multiply", 1), "composited as svg:multiply"),
        (lambda xml: xml.replace('w="32"', 'w="999999999"'), "a canvas of 999999999x"),
        (lambda xml: xml.replace('"hair"', '"shirt"'), "two visible layers are named"),
        (lambda xml: xml.replace("layer ", "lawyer "), "there is none"),
    ],
)
def test_damaged_files_are_told_of(here, change, said):
    (path,) = save_layers(drawn_layers(), "a.ora")
    with pytest.raises((DataError, UsageError), match=said):
        load_layers(rewritten(path, change))


def test_folders_that_are_none_are_told_of(here):
    save_layers(drawn_layers(), "a")
    index = Path("a/layers.json")
    told = json.loads(index.read_text())
    for change, said in (
        ({"format": 9}, "newer condcolor"),
        ({"layers": [["x", "../secret.png"]]}, "is not in it"),
        ({"layers": [["x", "none.png"]]}, "cannot be read"),
        ({"layers": 3}, "holds no layers"),
    ):
        index.write_text(json.dumps(told | change))
        with pytest.raises(DataError, match=said):
            load_layers("a")
    index.unlink()
    for name in ("a", "nowhere"):
        with pytest.raises(DataError, match=name):
            load_layers(name)


def test_commands_make_and_recolor_layers(condcolor, built_in, here):
    sketch().save("ada.png")
    done = condcolor("layers", "ada.png", "--hair", "#ff8800", "--keep", "shirt", "-o", "ada")
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-2:] == ["ada/layers.ora", "ada/layers.json"]
    for out, made in (("icon.png", "icon.png"), ("new.ora", "new.ora"), ("new", "new/layers.json")):
        done = condcolor("recolor", "ada", "--hair", "teal", "--paper=ivory", "-o", out)
        assert (done.exit_code, done.stderr) == (0, "")
        assert done.stdout.splitlines()[-1] == made
    wanted = load_layers("ada").recolored(hair="teal", paper="ivory").composed()
    assert np.array_equal(Image.open("icon.png"), wanted)
    assert np.array_equal(load_layers("new").composed(), load_layers("new.ora").composed())
    assert "--hair" in condcolor("recolor", "ada", "--help").stdout


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["recolor", "ada", "--hat", "red", "-o", "x.png"], 2, "no such option --hat"),
        (["recolor", "ada", "--hair", "rad", "-o", "x.png"], 2, "did you mean 'red'"),
        (["recolor", "nowhere", "--hair", "red", "-o", "x.png"], 3, "nowhere"),
        (["recolor", "ada", "--hair", "red"], 2, "-o is missing"),
        (["recolor", "ada", "--hair", "red", "-o", "ada"], 2, "exists already"),
        (["recolor", "ada", "-o", "x.xcf"], 2, ".xcf"),
        (
            ["layers", "ada.png", "--hair", "red", "--shirt", "blue", "-o", "x.png"],
            2,
            "no .png file",
        ),
        (["layers", "ada.png", "--hair", "red"], 2, "--shirt is missing"),
        (["layers", "ada.png", "--hair", "red", "--keep", "hair"], 2, "exclude each other"),
        (["layers", "ada.png", "--keep", "hare"], 2, "did you mean 'hair'"),
    ],
)
def test_commands_say_what_is_wrong_in_one_line(condcolor, built_in, here, words, code, said):
    sketch().save("ada.png")
    save_layers(drawn_layers(), "ada")
    done = condcolor(*words)
    (line,) = done.stderr.splitlines()
    assert (done.exit_code, done.stdout) == (code, "")
    assert said in line


def test_colours_in_commands_and_csv_files(condcolor, built_in, here):
    sketch().save("ada.png")
    done = condcolor("colorize", "ada.png", "--hair", "#Ff8800", "--shirt", "red:0.6,tan:0.4")
    assert (done.exit_code, done.stdout) == (0, "ada-Ff8800-red_0.6,tan_0.4.png\n")
    Path("wanted.csv").write_text(
        'input,hair,shirt\nada.png,#ff8800,none\nada.png,"red:2,blue",keep\n'
    )
    done = condcolor("colorize", "wanted.csv", "-o", "made")
    assert (done.exit_code, done.stdout) == (0, "2 of 2 pictures coloured in made\n")
    assert Path("made/ada-ff8800-none.png").exists()
    Path("wanted.csv").write_text("input,hair,shirt\nada.png,#ff88,orangge\n")
    done = condcolor("colorize", "wanted.csv", "-o", "made2")
    assert done.exit_code == 3
    assert "line 2: hair: '#ff88' is no colour" in done.stderr
    assert "did you mean 'orange'" in done.stderr


def test_a_layer_that_an_editor_named_stays_as_it_is():
    layers = drawn_layers()
    own = np.full_like(layers.images[0], 9)
    more = replace(layers, names=(*layers.names, "Paint Layer 1"), images=(*layers.images, own))
    made = more.recolored(hair="#00aa88")
    assert [choice.name for choice in more.choices] == [choice.name for choice in layers.choices]
    assert np.array_equal(made.images[-1], own)
