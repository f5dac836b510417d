"""`export_page`: a folder of static files, a page that colors drawings in the browser."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from condcolor.conditions.colors import format_hex
from condcolor.errors import UsageError
from condcolor.inference.onnx_int8 import to_int8
from condcolor.models.model_folder import ModelInfo, find_folder
from condcolor.models.onnx_file import ABOUT, PART
from condcolor.runtime.extras import missing
from condcolor.runtime.files import atomic_folder, disk_faults
from condcolor.runtime.messages import shown_name
from condcolor.web.onnxruntime_web import LOADER, MODULE, WASM, runtime_files

SITE = Path(__file__).with_name("site")
STATIC = Path(__file__).with_name("static")
FROM_STATIC = ("icon.svg", "samples/ada.png", "samples/ben.png")  # what both pages have
WORKER = "sw.js"  # the service worker
PREFIX = "encode/"  # of the names of the graph that encodes pictures for the network
NETWORK, CONFIG = "network.onnx.gz", "config.json"


@dataclass(frozen=True)
class ExportedPage:
    """An exported page: its files and bytes."""

    files: int
    size: int


def export_page(
    model: str | Path, folder: Path, *, vendor: Path | None = None, overwrite: bool = False
) -> ExportedPage:
    """Write a folder of static files: a page, a model of parts, and ONNX Runtime for browsers.

    The weights are stored as int8. The files that are large are compressed, and unpacked by the page.

    Args:
        model: name of a built-in model, or a model or run folder.
        folder: to write; new, or empty.
        vendor: a folder that holds onnxruntime-web; None downloads it.
        overwrite: replace a folder that a page was exported to before.

    Raises:
        UsageError: the folder is taken, the model finds no parts, or ONNX is not installed.
        CheckpointError: the model cannot be loaded. DataError: a download or the disk fails.
    """
    _refuse_taken(folder, overwrite)
    info = find_folder(model, "export")
    if not info.finds_parts:
        raise UsageError(
            f"{shown_name(model)} finds no parts of drawings, which the page colours: export icons, or a "
            "model of your own that finds parts"
        )
    if find_spec("onnx") is None:  # before the download
        raise missing("onnx")
    runtime = runtime_files(vendor)
    content = {MODULE: runtime[MODULE], LOADER: runtime[LOADER]}
    content |= {path.name: path.read_bytes() for path in SITE.iterdir() if path.is_file()}
    content |= {Path(name).name: (STATIC / name).read_bytes() for name in FROM_STATIC}
    content |= _model_files(info)
    content[f"{WASM}.gz"] = _compressed(runtime[WASM])
    content[WORKER] = _service_worker(content)
    with disk_faults(), atomic_folder(folder, overwrite=overwrite) as draft:
        for name, data in content.items():
            (draft / name).write_bytes(data)
    return ExportedPage(len(content), sum(map(len, content.values())))


def _refuse_taken(folder: Path, overwrite: bool) -> None:
    """Check that a page may be written there; with `overwrite` only over one that was exported before."""
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    if not overwrite:
        raise UsageError(f"{shown_name(folder)} exists: name a new folder, or give --overwrite")
    if not (folder / WORKER).is_file() or not (folder / NETWORK).is_file():
        raise UsageError(f"{shown_name(folder)} is no exported page: name a new folder")


def _model_files(info: ModelInfo) -> dict[str, bytes]:
    """Return the network, `rgb [1, 3, S, S]` uint8 to `output [1, K, S, S]`, and what the page must know."""
    from condcolor.inference.onnx_export import export_onnx

    with TemporaryDirectory() as temporary:
        path = Path(temporary) / "model.onnx"
        export_onnx(info.path, path)  # which compares it with torch

        import onnx

        network = onnx.load(path)
    properties = {entry.key: entry.value for entry in network.metadata_props}
    to_int8(network)
    encode = onnx.load_from_string(base64.b64decode(properties[PART.format("encode")]))
    about = json.loads(properties[ABOUT])
    whole = onnx.compose.merge_models(encode, network, [("source", "source")], prefix1=PREFIX)
    del whole.metadata_props[:]
    for node in whole.graph.node:
        node.input[:] = [name if name != f"{PREFIX}rgb" else "rgb" for name in node.input]
    whole.graph.input[0].name = "rgb"
    parts = info.parts[: len(about["parts"])]
    config = {
        "image_size": info.image_size,
        "fill": about["fill"],
        "parts": [{"name": part.name, "fill": format_hex(part.fill)} for part in parts],
        "schema": info.config["schema"],
    }
    return {
        NETWORK: _compressed(whole.SerializeToString()),
        CONFIG: json.dumps(config, indent=1).encode(),
    }


def _compressed(data: bytes) -> bytes:
    return gzip.compress(data, mtime=0)  # the same file for the same data


def _service_worker(content: dict[str, bytes]) -> bytes:
    """Return the service worker, which knows all other files and a hash of their contents."""
    digest = hashlib.sha256()
    for name in sorted(content):
        digest.update(f"{name}\0{len(content[name])}\0".encode() + content[name])
    names = ["./", *sorted(set(content) - {WORKER})]
    head = f'const VERSION = "{digest.hexdigest()[:16]}", FILES = {json.dumps(names)};\n'
    return head.encode() + content[WORKER]
