"""OpenRaster files: the stack of layers read within bounds, its groups dissolved; written.

A group's opacity, offset and visibility go to the layers in it, so that they stay layers. The picture is the
same but for rounding.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import BinaryIO
from xml.etree import ElementTree

import numpy as np
from PIL import Image

from condcolor.errors import PictureError
from condcolor.imaging.layer_stack import (
    MAX_DEPTH,
    MAX_LAYER_PIXELS,
    MAX_LAYERS,
    BadStack,
    check_pixels,
    in_group,
    place,
)
from condcolor.imaging.open import MAX_PIXELS, open_picture
from condcolor.imaging.save import encode_picture
from condcolor.runtime.messages import escaped

MIMETYPE = b"image/openraster"
THUMBNAIL = 256  # pixels, longest side (OpenRaster 0.0.6, "Thumbnail")
STORED_AT = (1980, 1, 1, 0, 0, 0)  # the earliest date of a zip; fixed, so files are reproducible
PLAIN_OVER = ("svg:src-over", "")
MAX_TEXT = 2**20  # bytes of a stack.xml
MAX_MEMBER = 2**28  # bytes of an uncompressed member


@dataclass(frozen=True)
class PlacedLayer:
    """One layer of a stack: its name, its member of the zip, its place on the canvas, its opacity."""

    name: str
    file: str
    left: int
    top: int
    opacity: float


@dataclass(frozen=True)
class Stack:
    """The visible layers of a stack.xml, from the bottom up, in the order of their groups.

    groups: (first, last, opacity) of each group that is not opaque: its layers; inner groups first.
    """

    size: tuple[int, int]  # (width, height)
    layers: tuple[PlacedLayer, ...]
    groups: tuple[tuple[int, int, float], ...]


def read_ora(file: BinaryIO, label: str) -> tuple[list[str], list[np.ndarray], dict[str, bytes]]:
    """Read the visible layers of an OpenRaster file.

    Args:
        label: the file's name in messages.

    Returns:
        The names and the images `[H, W, 4]` uint8, from the bottom up; images may be one array. And the
        texts of the file's JSON members.

    Raises:
        BadStack: the file has no stack, a strange one, or one that is too large.
        PictureError: a layer's picture is damaged.
        zipfile.BadZipFile, KeyError, RuntimeError, NotImplementedError, zlib.error: it is no usable zip.
    """
    with zipfile.ZipFile(file) as archive:
        stack = parse_stack(_member(archive, "stack.xml", MAX_TEXT))
        left = MAX_LAYER_PIXELS - len(stack.layers) * stack.size[0] * stack.size[1]
        decoded: dict[str, np.ndarray] = {}
        placed: dict[PlacedLayer, np.ndarray] = {}  # by all but the name
        images = []
        for layer in stack.layers:
            if layer.file not in decoded:
                data = io.BytesIO(_member(archive, layer.file, MAX_MEMBER))
                name = f"{label}: layer '{escaped(layer.name)}'"
                decoded[layer.file] = decode_layer(data, name, most_pixels=left)
                left -= decoded[layer.file][..., 0].size
            key = replace(layer, name="")
            if key not in placed:
                placed[key] = place(
                    decoded[layer.file], (layer.left, layer.top), stack.size, layer.opacity
                )
            images.append(placed[key])
        json_names = [name for name in archive.namelist() if name.endswith(".json")][:8]
        texts = {name: _member(archive, name, MAX_TEXT) for name in json_names}
    for first, last, opacity in stack.groups:
        images[first:last] = in_group(images[first:last], opacity)
    return [layer.name for layer in stack.layers], images, texts


def parse_stack(xml: bytes) -> Stack:
    """Parse a stack.xml.

    Raises:
        BadStack: it is no stack, or its numbers make no sense or are too large.
    """
    if re.search(rb"<!\s*(DOCTYPE|ENTITY)", xml):
        raise BadStack("its stack.xml has entities")
    try:
        image = ElementTree.fromstring(xml)
    except (ElementTree.ParseError, LookupError, ValueError) as error:
        raise BadStack(f"its stack.xml is damaged: {error}") from None
    size = _whole(image, "w", 0), _whole(image, "h", 0)
    if min(size) < 1 or size[0] * size[1] > MAX_PIXELS:
        raise BadStack(f"a canvas of {size[0]}x{size[1]} pixels")
    layers: list[PlacedLayer] = []
    groups: list[tuple[int, int, float]] = []
    for element in reversed(image):
        _collect(element, (0, 0), layers, groups, depth=0)
    check_pixels(len(layers), size)
    return Stack(size, tuple(layers), tuple(groups))


def _collect(
    element: ElementTree.Element,
    offset: tuple[int, int],
    layers: list[PlacedLayer],
    groups: list[tuple[int, int, float]],
    *,
    depth: int,
) -> None:
    """Add the visible layers of an element, from the bottom up, and its groups that are not opaque."""
    is_group = element.tag == "stack"
    if not is_group and element.tag != "layer":
        return
    if element.get("visibility", "visible") != "visible":
        return
    name = element.get("name", "")
    kind = f"{'group' if is_group else 'layer'} '{escaped(name)}'"
    if (operation := element.get("composite-op", "")) not in PLAIN_OVER:
        raise BadStack(
            f"{kind} is composited as {escaped(operation[:40])}, which cannot be kept: set it to Normal, or "
            "merge it with what is below"
        )
    opacity = _opacity(element, kind)
    left, top = offset[0] + _whole(element, "x", 0), offset[1] + _whole(element, "y", 0)
    if not is_group:
        if len(layers) == MAX_LAYERS:
            raise BadStack(f"more than {MAX_LAYERS} layers: merge some")
        layers.append(PlacedLayer(name, element.get("src", ""), left, top, opacity))
        return
    if depth == MAX_DEPTH:
        raise BadStack(f"more than {MAX_DEPTH} groups in each other")
    first = len(layers)
    for child in reversed(element):
        _collect(child, (left, top), layers, groups, depth=depth + 1)
    if opacity < 1 and len(layers) > first:
        groups.append((first, len(layers), opacity))


def _whole(element: ElementTree.Element, key: str, default: int) -> int:
    text = element.get(key, str(default))
    if not re.fullmatch(r"\s*[+-]?[0-9]{1,18}\s*", text):
        raise BadStack(f"{key} is {escaped(text[:40])!r}, no whole number")
    return int(text)


def _opacity(element: ElementTree.Element, kind: str) -> float:
    text = element.get("opacity", "1")
    try:
        opacity = float(text)
    except ValueError:
        opacity = -1
    if not 0 <= opacity <= 1:
        raise BadStack(f"{kind} has an opacity of {escaped(text[:40])!r}, not 0 to 1")
    return opacity


def _member(archive: zipfile.ZipFile, name: str, most: int) -> bytes:
    if archive.getinfo(name).file_size > most:
        raise BadStack(f"{escaped(name)} is too large")
    with archive.open(name) as file:
        data = file.read(most + 1)  # whatever the directory of the zip says
    if len(data) > most:
        raise BadStack(f"{escaped(name)} is too large")
    return data


def decode_layer(data: io.BytesIO, name: str, *, most_pixels: int = MAX_PIXELS) -> np.ndarray:
    """Decode a layer's PNG as RGBA `[H, W, 4]` uint8, keeping the colors under alpha 0.

    Raises:
        PictureError: the file is damaged, or larger than `most_pixels`.
    """
    open_picture(data, name=name, max_pixels=max(most_pixels, 0))
    data.seek(0)
    try:
        with Image.open(data) as image:
            return np.array(image.convert("RGBA"))
    except (OSError, ValueError, SyntaxError) as error:
        raise PictureError(f"{name}: {error}") from error


def encode_stack(
    names: Sequence[str],
    pictures: Sequence[bytes],
    size: tuple[int, int],
    merged: Image.Image,
    texts: Mapping[str, bytes],
) -> bytes:
    """Encode an OpenRaster file from the names and PNG bytes of its layers, from the bottom up.

    Args:
        merged: the composed picture. texts: further members, by their names.
    """
    image = ElementTree.Element("image", version="0.0.3", w=str(size[0]), h=str(size[1]))
    stack = ElementTree.SubElement(image, "stack")
    files = [f"data/{i}.png" for i in range(len(names))]
    for name, file in reversed(list(zip(names, files, strict=True))):  # top layer first
        about = {"name": name, "src": file, "x": "0", "y": "0", "opacity": "1.0"}
        about |= {"visibility": "visible", "composite-op": "svg:src-over"}
        ElementTree.SubElement(stack, "layer", about)
    small = merged.copy()
    small.thumbnail((THUMBNAIL, THUMBNAIL))
    members = [
        ("mimetype", MIMETYPE),
        ("stack.xml", ElementTree.tostring(image, encoding="UTF-8", xml_declaration=True)),
        *zip(files, pictures, strict=True),
        ("mergedimage.png", encode_layer(np.asarray(merged.convert("RGBA")))),
        ("Thumbnails/thumbnail.png", encode_layer(np.asarray(small.convert("RGBA")))),
        *texts.items(),
    ]
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:  # PNGs do not shrink further
        for name, data in members:
            archive.writestr(zipfile.ZipInfo(name, STORED_AT), data)
    return buffer.getvalue()


def encode_layer(image: np.ndarray) -> bytes:
    """Encode a layer `[H, W, 4]` uint8 as PNG."""
    rgb, alpha = (np.ascontiguousarray(part) for part in (image[..., :3], image[..., 3]))
    return encode_picture(rgb, alpha)
