"""Layers as files: a folder of PNGs, an OpenRaster file.

The formats are described in docs/format.md.
"""

from __future__ import annotations

import io
import json
import os
import re
import zipfile
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
from PIL import Image

from condcolor.conditions.color_spec import ColorSpec
from condcolor.conditions.schema import AttributeSchema
from condcolor.errors import CondcolorError, DataError, UsageError
from condcolor.imaging.layers import Layers
from condcolor.imaging.open import MAX_PIXELS, open_picture
from condcolor.imaging.save import encode_picture
from condcolor.runtime.files import make_folder, refuse_taken, write_whole
from condcolor.runtime.messages import shown_name

ORA = ".ora"
ORA_NAME, INDEX = "layers.ora", "layers.json"
FORMAT = 1
MIMETYPE = b"image/openraster"
THUMBNAIL = 256  # pixels, longest side (OpenRaster 0.0.6, "Thumbnail")
LONGEST_TEXT = 2**20  # bytes of a stack.xml or layers.json
LARGEST_MEMBER = 2**30  # bytes of an uncompressed picture
STORED_AT = (1980, 1, 1, 0, 0, 0)  # the earliest date of a zip; fixed, so files are reproducible
PLAIN_OVER = ("svg:src-over", "")


def recolor_layers(source: str | os.PathLike[str], /, **values: str | ColorSpec) -> Layers:
    """Load the layers of a folder or .ora file and recolor some: `recolor_layers("out", hair="#0a8")`.

    `Layers.composed` makes the picture, `save_layers` saves the layers. No network or model is needed.

    Args:
        values: layer -> value of its attribute or any color.

    Raises:
        UsageError: an unknown layer or color.
        DataError: the layers are missing or cannot be read.
    """
    return load_layers(source).recolored(**values)


def save_layers(
    layers: Layers, out: str | os.PathLike[str], *, overwrite: bool = False
) -> list[Path]:
    """Save layers as an OpenRaster file if `out` ends in .ora, otherwise in a folder.

    Returns:
        The files. In a folder: a PNG for each layer from the bottom up, layers.ora and layers.json.

    Raises:
        UsageError: a file exists already.
        DataError: a file cannot be written.
    """
    out = Path(out)
    if out.suffix.lower() == ORA:
        write_whole(out, encode_ora(layers), overwrite=overwrite)
        return [out]
    names = [f"{i}-{name}.png" for i, name in enumerate(layers.names)]
    paths = [out / name for name in (*names, ORA_NAME, INDEX)]
    for path in paths:
        refuse_taken(path, overwrite)
    make_folder(out)
    pictures = [_encoded(image) for image in layers.images]
    index = {**_index(layers), "layers": list(map(list, zip(layers.names, names, strict=True)))}
    data = [*pictures, _ora(layers, pictures), json.dumps(index, indent=1).encode()]
    for path, content in zip(paths, data, strict=True):
        write_whole(path, content, overwrite=overwrite)
    return paths


def load_layers(source: str | os.PathLike[str]) -> Layers:
    """Load layers from a folder of `save_layers`, or from an .ora file of any program.

    Raises:
        DataError: the layers are missing or cannot be read.
        UsageError: two layers have the same name.
    """
    source = Path(source)
    label = shown_name(source)
    try:
        if source.is_dir():
            return _load_folder(source)
        return _load_ora(source)
    except CondcolorError:
        raise
    except OSError as error:
        raise DataError(f"{label}: cannot be read: {error.strerror or error}") from error
    except (
        *(zipfile.BadZipFile, KeyError, ValueError, TypeError, RuntimeError),
        *(NotImplementedError, ElementTree.ParseError),
    ) as error:
        hint = "give a folder of `condcolor layers`, or an .ora file"
        raise DataError(f"{label}: holds no layers that can be read ({error}): {hint}") from error


def encode_ora(layers: Layers) -> bytes:
    """Encode layers as an OpenRaster file, which Krita, GIMP and MyPaint open."""
    return _ora(layers, [_encoded(image) for image in layers.images])


def _ora(layers: Layers, pictures: Sequence[bytes]) -> bytes:
    """Encode an OpenRaster file from the PNG bytes of its layers."""
    width, height = layers.size
    image = ElementTree.Element("image", version="0.0.3", w=str(width), h=str(height))
    stack = ElementTree.SubElement(image, "stack")
    files = [f"data/{i}.png" for i in range(len(layers.names))]
    for name, file in reversed(list(zip(layers.names, files, strict=True))):  # top layer first
        about = {"name": name, "src": file, "x": "0", "y": "0", "opacity": "1.0"}
        about |= {"visibility": "visible", "composite-op": "svg:src-over"}
        ElementTree.SubElement(stack, "layer", about)
    merged = layers.composed()
    small = merged.copy()
    small.thumbnail((THUMBNAIL, THUMBNAIL))
    members = [
        ("mimetype", MIMETYPE),
        ("stack.xml", ElementTree.tostring(image, encoding="UTF-8", xml_declaration=True)),
        *zip(files, pictures, strict=True),
        ("mergedimage.png", _encoded(np.asarray(merged.convert("RGBA")))),
        ("Thumbnails/thumbnail.png", _encoded(np.asarray(small.convert("RGBA")))),
        (INDEX, json.dumps(_index(layers)).encode()),
    ]
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:  # PNGs do not shrink further
        for name, data in members:
            archive.writestr(zipfile.ZipInfo(name, STORED_AT), data)
    return buffer.getvalue()


def _encoded(image: np.ndarray) -> bytes:
    return encode_picture(np.ascontiguousarray(image[..., :3]), np.ascontiguousarray(image[..., 3]))


def _index(layers: Layers) -> dict[str, object]:
    return {"format": FORMAT, "attributes": layers.schema.to_json()}


def _schema(text: bytes) -> AttributeSchema:
    index = json.loads(text)
    if index["format"] != FORMAT:
        raise ValueError(f"format {index['format']!r} is not {FORMAT}: a newer condcolor made it")
    return AttributeSchema.from_json(index["attributes"])


def _load_folder(folder: Path) -> Layers:
    index = folder / INDEX
    if not index.is_file() or index.stat().st_size > LONGEST_TEXT:
        raise ValueError(f"no {INDEX}")
    text = index.read_bytes()
    listed = [(str(name), str(file)) for name, file in json.loads(text)["layers"]]
    for _, file in listed:
        if Path(file).name != file:
            raise ValueError(f"{file!r} is not in it")
    images = [_opened(folder / file, shown_name(folder / file)) for _, file in listed]
    return _checked(tuple(name for name, _ in listed), images, _schema(text))


def _load_ora(path: Path) -> Layers:
    with zipfile.ZipFile(path) as archive:
        xml = _member(archive, "stack.xml", LONGEST_TEXT)
        if re.search(rb"<!\s*(DOCTYPE|ENTITY)", xml):
            raise ValueError("its stack.xml has entities")
        image = ElementTree.fromstring(xml)
        size = int(image.get("w", 0)), int(image.get("h", 0))
        names, images = [], []
        for layer in reversed(list(image.iter("layer"))):
            if layer.get("visibility", "visible") != "visible":
                continue
            name, file = layer.get("name", ""), layer.get("src", "")
            if layer.get("composite-op", "") not in PLAIN_OVER:
                raise ValueError(
                    f"layer {name!r} is not composited normally but as {layer.get('composite-op')}"
                )
            data = io.BytesIO(_member(archive, file, LARGEST_MEMBER))
            own = _opened(data, f"{shown_name(path)}: {name}")
            images.append(_placed(own, layer, size))
            names.append(name)
        known = INDEX in archive.namelist()
        schema = _schema(_member(archive, INDEX, LONGEST_TEXT)) if known else AttributeSchema()
    return _checked(tuple(names), images, schema)


def _member(archive: zipfile.ZipFile, name: str, most: int) -> bytes:
    if archive.getinfo(name).file_size > most:
        raise ValueError(f"{name} is too large")
    return archive.read(name)


def _opened(source: Path | io.BytesIO, name: str) -> np.ndarray:
    """Read a PNG as RGBA `[H, W, 4]` uint8, keeping the colors under alpha 0."""
    if isinstance(source, Path):
        source = io.BytesIO(source.read_bytes())
    open_picture(source, name=name)  # raises PictureError for a damaged or too large file
    source.seek(0)
    with Image.open(source) as image:
        return np.array(image.convert("RGBA"))


def _placed(own: np.ndarray, layer: ElementTree.Element, size: tuple[int, int]) -> np.ndarray:
    """Place a layer, which editors crop and offset, on the canvas: `[H, W, 4]` uint8, its opacity applied."""
    opacity = float(layer.get("opacity", 1))
    left, top = (int(layer.get(axis, 0)) for axis in ("x", "y"))
    most_pixels = Image.MAX_IMAGE_PIXELS or MAX_PIXELS
    if not 0 <= opacity <= 1 or min(size) < 1 or size[0] * size[1] > most_pixels:
        raise ValueError("its stack.xml makes no sense")
    ground = Image.new("RGBA", size)
    ground.paste(Image.fromarray(own), (left, top))
    whole = np.array(ground)
    if opacity < 1:
        whole[..., 3] = (whole[..., 3] * opacity).round()
    return whole


def _checked(names: tuple[str, ...], images: list[np.ndarray], schema: AttributeSchema) -> Layers:
    if not images:
        raise ValueError("there is none")
    if len(set(names)) < len(names):
        raise UsageError("two layers have the same name: give each its own")
    if len({image.shape for image in images}) > 1:
        raise ValueError("they are of different sizes")
    return Layers(names, tuple(images), schema)
