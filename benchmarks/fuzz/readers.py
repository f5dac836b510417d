"""The readers that are fuzzed: small valid files, and the call that reads one."""

from __future__ import annotations

import io
import json
import shutil
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from PIL import Image

DRAWN = 8  # one of so many logs is drawn into a whole report, which takes long


@dataclass(frozen=True)
class Reader:
    """Valid files, and a function that reads the bytes of an edited one."""

    seeds: Sequence[bytes]
    read: Callable[[bytes], object]


def _image(mode: str = "RGB", side: int = 12) -> Image.Image:
    levels = np.arange(side * side * 4, dtype=np.uint8).reshape(side, side, 4)
    return Image.fromarray(levels).convert(mode)


def _encoded(image: Image.Image, format: str, **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


def _pictures(folder: Path) -> Reader:
    from condcolor.imaging.open import open_picture
    from condcolor.imaging.save import WRITE_FORMATS, encode_picture

    exif = Image.Exif()
    exif[274], exif[270], exif[306] = 6, "words", "2020:01:01 00:00:00"
    seeds = [
        _encoded(_image(mode), "PNG", exif=exif, dpi=(72, 72))
        for mode in ("RGB", "RGBA", "LA", "P", "1")
    ]
    seeds += [_encoded(_image(mode), "TIFF", exif=exif) for mode in ("RGB", "CMYK", "L")]
    deep = Image.fromarray(np.arange(144, dtype=np.uint16).reshape(12, 12) * 450)
    seeds += [_encoded(deep, "PNG"), _encoded(deep, "TIFF", compression="tiff_deflate")]
    seeds += [
        _encoded(_image(), "JPEG", exif=exif),
        _encoded(_image("CMYK"), "JPEG", progressive=True),
    ]
    seeds += [_encoded(_image("RGBA"), "WEBP", lossless=True), _encoded(_image(), "BMP")]
    frames = [_image("P"), _image("L")]
    seeds += [_encoded(frames[0], "GIF", save_all=True, append_images=frames[1:], loop=0)]

    def read(data: bytes) -> None:
        picture = open_picture(io.BytesIO(data), max_pixels=2**22)
        for format in WRITE_FORMATS:
            encode_picture(picture.rgb, picture.alpha, format, picture.origin)

    return Reader(seeds, read)


def _ora(folder: Path) -> Reader:
    import zipfile

    from condcolor.imaging.layer_files import load_layers

    folder.mkdir()
    path = folder / "a.ora"

    def seed(compression: int, stack: str) -> bytes:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", compression) as archive:
            archive.writestr("stack.xml", f'<image w="12" h="12"><stack>{stack}</stack></image>')
            archive.writestr("data/0.png", _encoded(_image("RGBA"), "PNG"))
            index = {"format": 1, "attributes": [{"name": "hair", "values": ["red", "blue"]}]}
            archive.writestr("layers.json", json.dumps(index))
        return buffer.getvalue()

    layer = '<layer name="hair" src="data/0.png" x="2" y="-3" opacity="0.5"/>'
    group = f'<stack name="g" x="1" opacity="0.7" visibility="visible">{layer}</stack>'

    def read(data: bytes) -> None:
        path.write_bytes(data)
        load_layers(path).composed()

    return Reader(
        [seed(c, s) for c in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for s in (layer, group)],
        read,
    )


def _psd(folder: Path) -> Reader:
    from psd_tools import PSDImage

    from condcolor.imaging.layer_files import load_layers

    folder.mkdir()
    path = folder / "a.psd"

    def seed(opacity: int) -> bytes:
        file = PSDImage.new("RGBA", (12, 12))
        group = file.create_group(name="parts")
        group.create_pixel_layer(_image("RGBA"), name="hair", top=2, left=-3)
        group.opacity = opacity
        buffer = io.BytesIO()
        file.save(buffer)
        return buffer.getvalue()

    def read(data: bytes) -> None:
        path.write_bytes(data)
        load_layers(path).composed()

    return Reader([seed(255), seed(100)], read)


def _layers_json(folder: Path) -> Reader:
    from condcolor.imaging.layer_files import load_layers

    folder.mkdir()
    (folder / "0-hair.png").write_bytes(_encoded(_image("RGBA"), "PNG"))
    hair = {
        "name": "hair",
        "values": ["red", "blue"],
        "colors": {"red": "#ff0000", "blue": "#0000ff"},
    }
    index = {"format": 1, "attributes": [hair], "layers": [["hair", "0-hair.png"]]}

    def read(data: bytes) -> None:
        (folder / "layers.json").write_bytes(data)
        layers = load_layers(folder)
        for choice in layers.choices:
            layers.recolored(**{choice.name: "teal"}).composed()

    return Reader([json.dumps(index).encode()], read)


def _palette(folder: Path) -> Reader:
    from condcolor.conditions.palette_file import with_palette
    from condcolor.conditions.schema import Attribute, AttributeSchema

    folder.mkdir()
    schema = AttributeSchema((Attribute("hair", ("red", "blue")),))
    seed = {"crimson": "#b01030", "navy": "rgb(16, 32, 80)", "hair": {"ash": "#b2a58f"}}

    def read(data: bytes) -> None:
        (folder / "p.json").write_bytes(data)
        with_palette(schema, folder / "p.json")

    return Reader([json.dumps(seed).encode()], read)


def _csv(folder: Path) -> Reader:
    from condcolor.data.metadata import read_metadata

    for side in ("inputs", "outputs"):
        (folder / side).mkdir(parents=True)
        for i in range(3):
            _image().save(folder / side / f"{i}.png")
    plain = b"input,output,hair,split\n" + b"".join(
        f"inputs/{i}.png,outputs/{i}.png,{v},train\n".encode()
        for i, v in enumerate(("red", "blue", "007"))
    )
    quoted = plain.replace(b"red", b'"re""d"').replace(b"\n", b"\r\n")

    def read(data: bytes) -> None:
        (folder / "metadata.csv").write_bytes(data)
        read_metadata(folder)

    return Reader([plain, quoted, b"\xef\xbb\xbf" + plain], read)


def _jsonl(folder: Path) -> Reader:
    from condcolor.data.metadata import read_metadata

    folder.mkdir(parents=True)
    for name in "abc":
        _image().save(folder / f"{name}.png")
    rows = [
        {"file_name": "a.png", "edited": f"{name}.png", "hair": name, "size": 1} for name in "bc"
    ]
    seed = "\n".join(map(json.dumps, rows)).encode()

    def read(data: bytes) -> None:
        (folder / "metadata.jsonl").write_bytes(data)
        read_metadata(folder)

    read(seed)  # so that pandas is imported
    return Reader([seed], read)


def _xlsx(folder: Path) -> Reader:
    from condcolor.data.metadata import read_metadata

    folder.mkdir(parents=True)
    for name in "abc":
        _image().save(folder / f"{name}.png")
    seeds = []
    if find_spec("openpyxl") is not None:
        from openpyxl import Workbook

        book, stream = Workbook(), io.BytesIO()
        for row in (["input", "output", "hair"], ["a.png", "b.png", 1], ["a.png", "c.png", "red"]):
            book.active.append(row)
        book.save(stream)
        seeds.append(stream.getvalue())

    def read(data: bytes) -> None:
        (folder / "metadata.xlsx").write_bytes(data)
        read_metadata(folder)

    return Reader(seeds or [b"PK\3\4"], read)


def _svg(folder: Path) -> Reader:
    from condcolor.data.pictures import open_drawing

    folder.mkdir(parents=True)
    seed = b"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><defs><g id="a">
    <path d="M1 1 L7 1 L4 7 Z" fill="#fff" stroke="#000"/></g></defs><use href="#a"/></svg>"""

    def read(data: bytes) -> None:
        (folder / "a.svg").write_bytes(data)
        open_drawing(folder / "a.svg")

    return Reader([seed], read)


def _tiny_model(folder: Path) -> Path:
    """Save an untrained model with attributes; return its folder."""
    from condcolor.conditions.schema import Attribute, AttributeSchema
    from condcolor.models.checkpoint import save_model
    from condcolor.models.networks import make_generator
    from condcolor.recipes import RECIPES

    colors = ((200, 30, 30), (30, 30, 200))
    schema = AttributeSchema(
        tuple(Attribute(n, ("red", "blue"), colors) for n in ("hair", "shirt"))
    )
    shape = {"depth": 3, "base_channels": 2, "max_channels": 4}
    config = RECIPES["icons"].model_config(schema.planes, **shape)
    save_model(
        folder,
        make_generator(config).state_dict(),
        recipe="icons",
        config=config,
        schema=schema,
        image_size=16,
        training={"seconds": 1.5},
        metrics={"obeyed": [0.5]},
    )
    return folder


def _model_config(folder: Path) -> Reader:
    """A model folder whose config.json is edited: described, loaded and used."""
    from condcolor.imaging.open import picture_of
    from condcolor.inference.colorizer import Colorizer
    from condcolor.models.model_folder import read_model_info

    model = _tiny_model(folder)
    seed = (model / "config.json").read_bytes()

    def read(data: bytes) -> None:
        (model / "config.json").write_bytes(data)
        info = read_model_info(model)
        colorizer = Colorizer.load(info, device="cpu")
        values = {a.name: a.values[0] for a in colorizer.schema.attributes}
        if colorizer.image_size <= 64:
            colorizer(picture_of(_image()), **values)

    return Reader([seed], read)


def _weights(folder: Path) -> Reader:
    """A model folder whose weights are edited, with the sha256 that they then have."""
    import hashlib

    from condcolor.models.checkpoint import load_model

    model = _tiny_model(folder)
    config = json.loads((model / "config.json").read_bytes())
    seed = (model / "model.safetensors").read_bytes()

    def read(data: bytes) -> None:
        (model / "model.safetensors").write_bytes(data)
        digest = hashlib.sha256(data).hexdigest()
        (model / "config.json").write_text(json.dumps(config | {"sha256": digest}))
        load_model(model)

    return Reader([seed], read)


def _pth(folder: Path) -> Reader:
    import torch

    from condcolor.models.encoders import find_weights

    folder.mkdir()
    seeds = []
    for zipped in (True, False):
        buffer = io.BytesIO()
        tensors = {"conv1.weight": torch.zeros(2, 3), "bn1.bias": torch.ones(4)}
        torch.save(tensors, buffer, _use_new_zipfile_serialization=zipped)
        seeds.append(buffer.getvalue())

    def read(data: bytes) -> None:
        (folder / "w.pth").write_bytes(data)
        find_weights("efficientnet-lite0", folder / "w.pth")

    return Reader(seeds, read)


def _onnx(folder: Path) -> Reader:
    """The .onnx file of a former version that the tests keep: described, loaded and used."""
    from condcolor.imaging.open import picture_of
    from condcolor.inference.onnx_colorizer import OnnxColorizer
    from condcolor.models.model_folder import read_model_info

    folder.mkdir()
    pinned = Path(__file__).parents[2] / "tests/pinned/exported"
    seeds = [path.read_bytes() for path in sorted(pinned.glob("*.onnx"))]

    def read(data: bytes) -> None:
        (folder / "m.onnx").write_bytes(data)
        info = read_model_info(folder / "m.onnx")
        colorizer = OnnxColorizer.from_file(info, device="cpu", threads=1)
        values = {a.name: a.values[0] for a in colorizer.schema.attributes}
        if colorizer.image_size <= 64:
            colorizer(picture_of(_image()), **values)

    return Reader(seeds, read)


def _log(folder: Path) -> Reader:
    """The log.jsonl of a run that the tests keep: shown in a report, and cut back as for `resume`."""
    from condcolor.runs.curves import loss_charts, measure_charts
    from condcolor.runs.folder import RunFolder
    from condcolor.runs.log import truncate
    from condcolor.runs.report import render
    from condcolor.runs.tables import history_table, phases_table

    pinned = Path(__file__).parents[2] / "tests/pinned/runs"
    shutil.copytree(pinned / "icons", folder)
    logs = [path.read_bytes() for path in sorted(pinned.glob("*/log.jsonl"))]

    def read(data: bytes) -> None:
        (folder / "log.jsonl").write_bytes(data)
        run = RunFolder.read(folder)
        _ = run.state, run.step, run.minutes, run.sheets
        for charts in (loss_charts, measure_charts):
            charts(run.frame)
        phases_table(run), history_table(run)
        if zlib.crc32(data) % DRAWN == 0:
            render(run)
        truncate(folder, 4, phases=1, say=lambda note: None)
        (folder / "log-damaged.txt").unlink(missing_ok=True)

    return Reader(logs, read)


def _texts(folder: Path) -> Reader:
    """Colors, mixes, grids and papers, as options and cells of a csv hold them."""
    from condcolor.conditions.color_spec import parse_color_spec
    from condcolor.conditions.schema import Attribute
    from condcolor.imaging.paper import parse_paper
    from condcolor.imaging.sheets import parse_grid

    hair = Attribute("hair", ("red", "blue"), ((200, 0, 0), (0, 0, 200)))
    seeds = [
        b"red",
        b"#ff8800",
        b"rgb(255,136,0)",
        b"red:0.6,rgb(0,0,0):0.4",
        b"none",
        b"4x3",
        b"keep",
        b"ivory",
    ]

    def read(data: bytes) -> None:
        text = data.decode("utf-8", "surrogateescape")
        refused = None
        for parse in (lambda text: parse_color_spec(hair, text), parse_paper, parse_grid):
            try:
                parse(text)
            except Exception as error:  # each gets its turn; the last other than ours counts
                refused = error if refused is None or not _is_ours(error) else refused
        if refused is not None:
            raise refused

    return Reader(seeds, read)


def _is_ours(error: Exception) -> bool:
    from condcolor.errors import CondcolorError

    return isinstance(error, CondcolorError)


READERS: dict[str, Callable[[Path], Reader]] = {
    "pictures": _pictures,
    "ora": _ora,
    "psd": _psd,
    "layers": _layers_json,
    "palette": _palette,
    "csv": _csv,
    "jsonl": _jsonl,
    "xlsx": _xlsx,
    "svg": _svg,
    "config": _model_config,
    "weights": _weights,
    "pth": _pth,
    "onnx": _onnx,
    "log": _log,
    "texts": _texts,
}
