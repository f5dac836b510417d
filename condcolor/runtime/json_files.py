"""JSON files read within bounds and written; sha256 of files."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import cast

from condcolor.errors import CheckpointError
from condcolor.runtime.messages import shown_name
from condcolor.runtime.regular_files import open_regular, read_regular

MAX_JSON_BYTES = 64 * 2**20  # a config is some KB, a training state's counters little more
MAX_WEIGHTS_BYTES = 64 * 2**30  # networks and optimizers of the largest `ModelConfig` take less


def read_json(path: Path) -> dict:
    """Return the object of a JSON file.

    Raises:
        CheckpointError: the file is missing, unreadable or holds something else.
    """
    label = shown_name(path)
    try:
        data = read_regular(path, MAX_JSON_BYTES)
    except FileNotFoundError:
        raise CheckpointError(f"{label}: missing") from None
    except OSError as error:
        raise CheckpointError(f"{label}: not readable JSON ({error.strerror or error})") from None
    return parse_json(data, label)


def parse_json(data: bytes, label: str) -> dict:
    """Return the object of a JSON text; `label` names it in messages.

    Raises:
        CheckpointError: the text is too long, or no JSON object.
    """
    if len(data) > MAX_JSON_BYTES:  # of an .onnx file
        raise CheckpointError(f"{label}: over {MAX_JSON_BYTES >> 20} MB, which no config is")
    try:
        content = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        reason = error if data else "an empty file"
        raise CheckpointError(f"{label}: not readable JSON ({reason})") from None
    if not isinstance(content, dict):
        raise CheckpointError(f"{label}: holds a {type(content).__name__}, not an object")
    return content


def sha256(path: Path) -> str:
    """Return the SHA-256 of a regular file as 64 hex digits; OSError where it is none."""
    with open_regular(path, MAX_WEIGHTS_BYTES) as file:
        return hashlib.file_digest(cast(io.FileIO, file), "sha256").hexdigest()


def write_json(path: Path, content: Mapping[str, object]) -> None:
    """Write a JSON file into a folder that is being filled."""
    path.write_text(json.dumps(content, indent=2, allow_nan=False) + "\n", encoding="utf-8")


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file of a checkpoint.

    Raises:
        CheckpointError: the file is missing or cannot be read.
    """
    try:
        return sha256(path)
    except FileNotFoundError:
        raise CheckpointError(f"{shown_name(path)}: missing") from None
    except OSError as error:
        raise CheckpointError(f"{shown_name(path)}: cannot be read ({error.strerror})") from None
