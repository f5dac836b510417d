"""An .onnx file read as Protocol Buffers: its metadata, and the files that its tensors lie in.

It is a `ModelProto`, whose fields follow each other as number, length, content. What is not asked for is
skipped, such as the network's graph, nearly all of the file.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from condcolor.errors import CheckpointError
from condcolor.runtime.messages import shown_name
from condcolor.runtime.regular_files import open_regular

SUFFIX = ".onnx"
# of the metadata below; a reader refuses a newer one. 2: the outputs are scores of parts
ONNX_FORMAT, PARTS_FORMAT = 1, 2
# names of metadata_props
ABOUT = "condcolor.onnx"  # JSON: format, pairs, fill, parts, weights, graph_sha256
CONFIG_KEY = "condcolor.config"  # the model's config.json
CARD = "condcolor.card"  # its card.md, where it has one
PARTS = ("encode", "prepare", "paint")  # parts of the codec, each an ONNX model
SKETCH_PARTS = ("fills", "spread")  # more parts for line art, with which any color is put in
PART = "condcolor.{}"  # a part, in base64
# fields of onnx.proto
GRAPH, METADATA_PROPS, KEY, VALUE = 7, 14, 1, 2
# of each message that can hold a tensor: the messages in it that can, by the numbers of their fields
HOLDERS: dict[str, dict[int, str]] = {
    "ModelProto": {7: "GraphProto", 20: "TrainingInfoProto", 25: "FunctionProto"},
    "TrainingInfoProto": {1: "GraphProto", 2: "GraphProto"},
    "FunctionProto": {7: "NodeProto", 11: "AttributeProto"},
    "GraphProto": {1: "NodeProto", 5: "TensorProto", 15: "SparseTensorProto"},
    "NodeProto": {5: "AttributeProto"},
    "AttributeProto": {
        5: "TensorProto",
        6: "GraphProto",
        10: "TensorProto",
        11: "GraphProto",
        22: "SparseTensorProto",
        23: "SparseTensorProto",
    },
    "SparseTensorProto": {1: "TensorProto", 2: "TensorProto"},
}
EXTERNAL_DATA = 13  # of a TensorProto
MAX_DEPTH = 100  # messages inside each other, as Protocol Buffers allow
MAX_TEXT = 64 * 2**20  # bytes of one property
MAX_ONNX_BYTES = 2**31  # of a file; Protocol Buffers end there


@dataclass(frozen=True)
class OnnxFile:
    """The metadata_props of an .onnx file, and the place of its graph."""

    properties: dict[str, str]
    graph: tuple[int, int]  # first byte and length


class _DamagedOnnx(ValueError):
    """The bytes are no ModelProto."""


def is_onnx(path: str | os.PathLike) -> bool:
    """Return whether the path is a file with the suffix .onnx."""
    return Path(path).suffix.lower() == SUFFIX and os.path.isfile(path)


def read_onnx(path: str | os.PathLike) -> OnnxFile:
    """Read the metadata of an exported file.

    Raises:
        CheckpointError: it cannot be read, is damaged, or was not exported by condcolor.
    """
    label = shown_name(path)
    try:
        with open_regular(path, MAX_ONNX_BYTES) as file:
            onnx_file = parse_onnx(file, os.fstat(file.fileno()).st_size)
    except OSError as error:
        raise CheckpointError(f"{label}: cannot be read ({error.strerror})") from None
    except (_DamagedOnnx, UnicodeDecodeError):
        raise CheckpointError(f"{label}: damaged, or no ONNX file: export it again") from None
    if ABOUT not in onnx_file.properties:
        raise CheckpointError(
            f"{label}: not a model that condcolor exported ('{ABOUT}' is missing): make one with "
            f"condcolor export MODEL --onnx FILE"
        )
    return onnx_file


def parse_onnx(file: BinaryIO, size: int) -> OnnxFile:
    """Read the metadata of an open file of `size` bytes; ValueError if it is no ONNX file."""
    properties: dict[str, str] = {}
    graph: tuple[int, int] | None = None
    for number, start, length in _fields(file, 0, size):
        if number == GRAPH:
            graph = start, length
        elif number == METADATA_PROPS:
            pair = {n: _text(file, s, c) for n, s, c in list(_fields(file, start, length))}
            properties[pair.get(KEY, "")] = pair.get(VALUE, "")
    if graph is None:
        raise _DamagedOnnx
    return OnnxFile(properties, graph)


@dataclass(frozen=True)
class ExternalTensor:
    """The place of a tensor's bytes outside of the .onnx file."""

    location: str  # path of the other file
    offset: int
    length: int


def external_tensors(data: bytes) -> list[ExternalTensor]:
    """Return the tensors of a model whose bytes lie in other files, also of graphs inside its graph.

    Raises:
        ValueError: the bytes are no ONNX file, or a place is not whole.
    """
    file = io.BytesIO(data)
    found: list[ExternalTensor] = []
    open_messages = [("ModelProto", 0, len(data), 0)]
    while open_messages:
        message, start, length, depth = open_messages.pop()
        if depth > MAX_DEPTH:
            raise _DamagedOnnx
        place: dict[str, str] = {}
        for number, first, count in list(_fields(file, start, length)):
            if message == "TensorProto":
                if number == EXTERNAL_DATA:
                    pair = {n: _text(file, s, c) for n, s, c in list(_fields(file, first, count))}
                    if pair.get(KEY, "") in place:
                        raise _DamagedOnnx
                    place[pair.get(KEY, "")] = pair.get(VALUE, "")
            elif inside := HOLDERS[message].get(number):
                open_messages.append((inside, first, count, depth + 1))
        if place:
            if not all(place.get(key, "").isdecimal() for key in ("offset", "length")):
                raise _DamagedOnnx
            location = place.get("location", "")
            found.append(ExternalTensor(location, int(place["offset"]), int(place["length"])))
    return found


def _fields(file: BinaryIO, start: int, length: int) -> Iterator[tuple[int, int, int]]:
    """Yield number, start and length of each field that has content, in `length` bytes from `start`."""
    end = start + length
    while start < end:
        file.seek(start)
        key = _varint(file)
        if key >> 32:  # which other readers cut off
            raise _DamagedOnnx
        number, wire = key >> 3, key & 7
        if wire == 0:
            _varint(file)
            start = file.tell()
            continue
        count = {1: 8, 5: 4}.get(wire) if wire != 2 else _varint(file)
        start = file.tell()
        if count is None or start + count > end:
            raise _DamagedOnnx
        if wire == 2:
            yield number, start, count
        start += count
    if start != end:
        raise _DamagedOnnx


def _varint(file: BinaryIO) -> int:
    value = 0
    for shift in range(0, 70, 7):
        byte = file.read(1)
        if not byte:
            break
        value |= (byte[0] & 127) << shift
        if byte[0] < 128:
            return value
    raise _DamagedOnnx


def _text(file: BinaryIO, start: int, length: int) -> str:
    if length > MAX_TEXT:
        raise _DamagedOnnx
    file.seek(start)
    return file.read(length).decode("utf-8")
