"""Layers as files: a folder of PNGs, an OpenRaster, Photoshop or SVG file.

The formats are described in docs/format.md.
"""

from __future__ import annotations

import io
import json
import os
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from condcolor.conditions.color_spec import ColorSpec
from condcolor.conditions.schema import AttributeSchema
from condcolor.errors import CondcolorError, DataError, UsageError
from condcolor.imaging.formats import OTHER_SUFFIXES, WRITE_SUFFIXES
from condcolor.imaging.layer_stack import MAX_LAYER_PIXELS, MAX_LAYERS
from condcolor.imaging.layer_svg import encode_svg
from condcolor.imaging.layers import LINES, PAPER, Layers
from condcolor.imaging.openraster import (
    MAX_MEMBER,
    MAX_TEXT,
    decode_layer,
    encode_layer,
    encode_stack,
    read_ora,
)
from condcolor.imaging.photoshop import SIGNATURE, encode_psd, read_psd
from condcolor.runtime.files import make_folder, refuse_taken, write_whole
from condcolor.runtime.messages import shown_name
from condcolor.runtime.regular_files import open_regular, read_regular

ORA_NAME, INDEX = "layers.ora", "layers.json"
FORMAT = 1
MAX_FILE_BYTES = 2**30  # of an .ora or .psd file


def recolor_layers(source: str | os.PathLike[str], /, **values: str | ColorSpec) -> Layers:
    """Load the layers of a folder, .ora or .psd file and recolor some: `recolor_layers("out", hair="#0a8")`.

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
    """Save layers as one file if `out` ends in .ora, .psd or .svg, otherwise in a folder.

    Returns:
        The files. In a folder: a PNG for each layer from the bottom up, layers.ora and layers.json.

    Raises:
        UsageError: a file exists already, or `out` has the suffix of another kind of picture.
        DataError: a file cannot be written.
    """
    out = Path(out)
    suffix = out.suffix.lower()
    if suffix in LAYER_FORMATS:
        refuse_taken(out, overwrite)
        write_whole(out, LAYER_FORMATS[suffix](layers), overwrite=overwrite)
        return [out]
    if suffix in (*WRITE_SUFFIXES, *OTHER_SUFFIXES) and not out.is_dir():
        choices = ", ".join(LAYER_FORMATS)
        raise UsageError(
            f"{shown_name(out)}: layers are no {suffix} file: give a folder, or a file that ends in "
            f"one of {choices}"
        )
    names = [f"{i}-{name}.png" for i, name in enumerate(layers.names)]
    paths = [out / name for name in (*names, ORA_NAME, INDEX)]
    for path in paths:
        refuse_taken(path, overwrite)
    make_folder(out)
    pictures = [encode_layer(image) for image in layers.images]
    index = {**_index(layers), "layers": list(map(list, zip(layers.names, names, strict=True)))}
    data = [*pictures, _ora(layers, pictures), json.dumps(index, indent=1).encode()]
    for path, content in zip(paths, data, strict=True):
        write_whole(path, content, overwrite=overwrite)
    return paths


def load_layers(source: str | os.PathLike[str]) -> Layers:
    """Load layers from a folder of `save_layers`, or from an .ora or .psd file of any program.

    Raises:
        DataError: the layers are missing or cannot be read.
        UsageError: two visible layers have the same name.
    """
    source = Path(source)
    label = shown_name(source)
    try:
        if source.is_dir():
            return _load_folder(source)
        return _load_file(source)
    except CondcolorError:
        raise
    except OSError as error:
        raise DataError(f"{label}: cannot be read: {error.strerror or error}") from error
    except MemoryError as error:
        raise DataError(f"{label}: not enough memory: close other programs") from error
    except (
        *(zipfile.BadZipFile, zlib.error, EOFError, KeyError, ValueError, TypeError, RuntimeError),
        *(NotImplementedError, struct.error),
    ) as error:
        hint = "give a folder of `condcolor layers`, or an .ora or .psd file"
        reason = shown_name(str(error))
        raise DataError(f"{label}: holds no layers that can be read ({reason}): {hint}") from error


def encode_ora(layers: Layers) -> bytes:
    """Encode layers as an OpenRaster file, which Krita, GIMP and MyPaint open."""
    return _ora(layers, [encode_layer(image) for image in layers.images])


def _psd(layers: Layers) -> bytes:
    """Encode layers as a PSD file, which Photoshop, Krita and GIMP open: the parts in a group."""
    names = layers.names
    first, last = int(names[0] == PAPER), len(names) - int(names[-1] == LINES)
    return encode_psd(names, layers.images, layers.composed(), (first, last))


# the files that hold layers, by their suffix
LAYER_FORMATS: dict[str, Callable[[Layers], bytes]] = {
    ".ora": encode_ora,
    ".psd": _psd,
    ".svg": encode_svg,
}
LAYER_MEDIA_TYPES = {
    ".ora": "image/openraster",
    ".psd": "image/vnd.adobe.photoshop",
    ".svg": "image/svg+xml",
}


def _ora(layers: Layers, pictures: Sequence[bytes]) -> bytes:
    """Encode an OpenRaster file from the PNG bytes of its layers."""
    texts = {INDEX: json.dumps(_index(layers)).encode()}
    return encode_stack(layers.names, pictures, layers.size, layers.composed(), texts)


def _index(layers: Layers) -> dict[str, object]:
    return {"format": FORMAT, "attributes": layers.schema.to_json()}


def _schema(text: bytes) -> AttributeSchema:
    index = json.loads(text)
    if index["format"] != FORMAT:
        raise ValueError(f"format {index['format']!r} is not {FORMAT}: a newer condcolor made it")
    return AttributeSchema.from_json(index["attributes"])


def _load_folder(folder: Path) -> Layers:
    try:
        text = read_regular(folder / INDEX, MAX_TEXT)
    except FileNotFoundError:
        raise ValueError(f"no {INDEX}") from None
    listed = [(str(name), str(file)) for name, file in json.loads(text)["layers"]]
    if len(listed) > MAX_LAYERS:
        raise ValueError(f"more than {MAX_LAYERS} layers")
    images, left = [], MAX_LAYER_PIXELS
    for _, file in listed:
        if Path(file).name != file:
            raise ValueError(f"{file!r} is not in it")
        data = io.BytesIO(read_regular(folder / file, MAX_MEMBER))
        images.append(decode_layer(data, shown_name(folder / file), most_pixels=left))
        left -= images[-1][..., 0].size
    return _checked(tuple(name for name, _ in listed), images, _schema(text), shown_name(folder))


def _load_file(path: Path) -> Layers:
    label = shown_name(path)
    texts: dict[str, bytes] = {}
    with open_regular(path, MAX_FILE_BYTES) as file:
        is_psd = file.read(len(SIGNATURE)) == SIGNATURE
        file.seek(0)
        if is_psd:
            names, images = read_psd(file)
        else:
            names, images, texts = read_ora(file, label)
    schema = _schema(texts[INDEX]) if INDEX in texts else AttributeSchema()
    return _checked(tuple(names), images, schema, label)


def _checked(
    names: tuple[str, ...], images: list[np.ndarray], schema: AttributeSchema, label: str
) -> Layers:
    if not images:
        raise ValueError("there is none")
    if twice := next((name for name, count in Counter(names).items() if count > 1), None):
        raise UsageError(
            f"{label}: two visible layers are named '{shown_name(twice)}': give each its own name"
        )
    if names.count("") > 1:
        raise UsageError(f"{label}: two visible layers have no name: give each its own")
    if len({image.shape for image in images}) > 1:
        raise ValueError("they are of different sizes")
    return Layers(names, tuple(images), schema)
