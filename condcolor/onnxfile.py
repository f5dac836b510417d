"""What is in an exported .onnx file beside the network, read without ONNX: light, so that help can ask it.

The file is a `ModelProto` of Protocol Buffers, whose fields follow each other as number, length, content. The
network's graph, nearly all of the file, is passed over.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from condcolor.errors import CheckpointError
from condcolor.filetypes import shown_name

SUFFIX = ".onnx"
ONNX_FORMAT = 1  # of what is told below; a reader refuses a newer one

# names of metadata_props
ABOUT = "condcolor.onnx"  # JSON: format, pairs, fill, weights, graph_sha256
CONFIG_KEY = "condcolor.config"  # the model's config.json
CARD = "condcolor.card"  # its card.md, where it has one
PARTS = ("encode", "prepare", "paint")  # what the codec does, each an ONNX model
SKETCH_PARTS = ("fills", "spread")  # and that of line art, with which any colour is put in
PART = "condcolor.{}"  # of one of those, in base64

# fields of onnx.proto
GRAPH, METADATA_PROPS, KEY, VALUE = 7, 14, 1, 2
MAX_TEXT = 64 * 2**20  # bytes of one property


@dataclass(frozen=True)
class OnnxFile:
    """The metadata_props, and where the graph's bytes begin and how many they are."""

    properties: dict[str, str]
    graph: tuple[int, int]


class _Damaged(ValueError):
    """These bytes are no ModelProto."""


def is_onnx(path: str | os.PathLike) -> bool:
    """Whether it is a file whose name says that it is one."""
    return Path(path).suffix.lower() == SUFFIX and os.path.isfile(path)


def read_onnx(path: str | os.PathLike) -> OnnxFile:
    """The metadata of an exported file; CheckpointError when it is damaged or not one of ours."""
    label = shown_name(path)
    try:
        with open(path, "rb") as file:
            found = parse_onnx(file, os.fstat(file.fileno()).st_size)
    except OSError as error:
        raise CheckpointError(f"{label}: cannot be read ({error.strerror})") from None
    except (_Damaged, UnicodeDecodeError):
        raise CheckpointError(f"{label}: damaged, or no ONNX file: export it again") from None
    if ABOUT not in found.properties:
        raise CheckpointError(
            f"{label}: not a model that condcolor exported ('{ABOUT}' is missing): make one with "
            f"condcolor export MODEL --onnx FILE"
        )
    return found


def parse_onnx(file: BinaryIO, size: int) -> OnnxFile:
    """The same of an open file of `size` bytes, whatever it is; ValueError when it is damaged."""
    properties, graph = {}, None
    for number, start, length in _fields(file, 0, size):
        if number == GRAPH:
            graph = start, length
        elif number == METADATA_PROPS:
            pair = {n: _text(file, s, c) for n, s, c in list(_fields(file, start, length))}
            properties[pair.get(KEY, "")] = pair.get(VALUE, "")
    if graph is None:
        raise _Damaged
    return OnnxFile(properties, graph)


def _fields(file: BinaryIO, start: int, length: int) -> Iterator[tuple[int, int, int]]:
    """Number, start and length of each field with a content among `length` bytes from `start`."""
    end = start + length
    while start < end:
        file.seek(start)
        key = _varint(file)
        number, wire = key >> 3, key & 7
        if wire == 0:
            _varint(file)
            start = file.tell()
            continue
        count = {1: 8, 5: 4}.get(wire) if wire != 2 else _varint(file)
        start = file.tell()
        if count is None or start + count > end:
            raise _Damaged
        if wire == 2:
            yield number, start, count
        start += count
    if start != end:
        raise _Damaged


def _varint(file: BinaryIO) -> int:
    value = 0
    for shift in range(0, 70, 7):
        byte = file.read(1)
        if not byte:
            break
        value |= (byte[0] & 127) << shift
        if byte[0] < 128:
            return value
    raise _Damaged


def _text(file: BinaryIO, start: int, length: int) -> str:
    if length > MAX_TEXT:
        raise _Damaged
    file.seek(start)
    return file.read(length).decode("utf-8")
