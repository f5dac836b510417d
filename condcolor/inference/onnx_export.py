"""Export a model to an .onnx file, or give its folder a graph beside the weights, verified against torch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw
from torch import Tensor

from condcolor.conditions.hints import HINT_PLANES
from condcolor.errors import CheckpointError, UsageError
from condcolor.imaging.geometry import decode_strips
from condcolor.inference.onnx_colorizer import OnnxCodec, open_graphs, verified_weights
from condcolor.inference.onnx_graphs import graph_beside, to_onnx
from condcolor.models.checkpoint import Model, load_model
from condcolor.models.codecs import levels
from condcolor.models.model_folder import CARD_FILE, GRAPH_FILE, WEIGHTS, ModelInfo, find_folder
from condcolor.models.onnx_file import SUFFIX
from condcolor.runtime.files import refuse_taken, write_whole
from condcolor.runtime.messages import shown_name

LIMIT, HALF_LIMIT = 1e-3, 2e-2  # largest allowed difference of decoded pictures from torch, of 1
LEVELS_LIMIT = 2  # largest allowed difference of full-size pictures, of 255
LARGE = (1.3, 1.9)  # height and width of full-size pictures, in image sizes of the model
DRAWN, RANDOM = 3, 3  # numbers of compared pictures


@dataclass(frozen=True)
class Exported:
    """An exported file, and how far it differs from torch on drawn and random pictures."""

    size: int  # bytes
    pictures: int  # compared
    difference: float  # largest of decoded pictures, of 1
    off_by: int  # largest of full-size pictures, in levels of 255


def export_onnx(
    model: str | Path, path: str | Path, *, half: bool = False, overwrite: bool = False
) -> Exported:
    """Write a model's generator and codec to an .onnx file, its config.json and card.md inside.

    Args:
        model: name of a built-in model, or a model or run folder.
        path: the file to write, which ends in .onnx.
        half: store the weights as float16, which halves the file; the computation stays in float32.
        overwrite: replace an existing file.

    Raises:
        UsageError: the file exists or has another suffix, or the onnx extra is not installed.
        CheckpointError: the model cannot be loaded, or the export differs from torch; no file is written.
        DataError: the file cannot be written.
    """
    path = Path(path)
    if path.suffix.lower() != SUFFIX:
        raise UsageError(f"{shown_name(path)}: an exported model ends in {SUFFIX}: rename it")
    refuse_taken(path, overwrite)
    info = find_folder(model, "export")
    card = info.path / CARD_FILE
    card_text = card.read_text(encoding="utf-8") if card.is_file() else None
    loaded = load_model(info)
    data = to_onnx(loaded, info.config, card=card_text, half=half)
    exported = compare(loaded, data, shown_name(path))
    _refuse_different(exported, HALF_LIMIT if half else LIMIT, path)
    write_whole(path, data, overwrite=overwrite)
    return exported


def write_graph(model: str | Path) -> Exported:
    """Write the graph of a model into its folder, beside the weights, which it refers to.

    Args:
        model: name of a built-in model, or a model or run folder; a graph that it has is replaced.

    Raises:
        UsageError: the packages for ONNX are not installed.
        CheckpointError: the model cannot be loaded, or the graph differs from torch; no file is written.
        DataError: the file cannot be written.
    """
    info = find_folder(model, "export")
    path = info.path / GRAPH_FILE
    loaded = load_model(info)
    data = graph_beside(loaded, info.weights, info.sha256)
    exported = compare(loaded, data, shown_name(path), weights=info)
    _refuse_different(exported, LIMIT, path)
    write_whole(path, data, overwrite=True)
    return exported


def _refuse_different(exported: Exported, limit: float, path: Path) -> None:
    if not exported.difference <= limit or exported.off_by > LEVELS_LIMIT:  # NaN, too
        raise CheckpointError(
            f"{shown_name(path)}: not written, for it differs from torch: by {exported.difference:.1e} "
            f"of 1 (at most {limit:g}), and by {exported.off_by} of 255 at full size (at most "
            f"{LEVELS_LIMIT})"
        )


def compare(model: Model, data: bytes, label: str, *, weights: ModelInfo | None = None) -> Exported:
    """Compare the bytes of an exported file with the model in torch, float32 on the CPU.

    weights: the model whose weights a graph refers to.
    """
    beside = {} if weights is None else {WEIGHTS: verified_weights(weights)}
    made_for = weights.sha256 if weights else None
    network, codec = open_graphs(data, label, files=beside, weights_sha256=made_for)
    squares = _pictures((model.image_size, model.image_size))
    cond = _conditions(model, len(squares))
    with torch.inference_mode():
        source = model.codec.encode_source(torch.from_numpy(squares))
        hints = (
            _hints(squares)
            if model.config.hints
            else np.zeros((len(squares), 0, *squares.shape[2:]))
        )
        hints = hints.astype(np.float32)
        seen = torch.cat((source, torch.from_numpy(hints)), dim=1)
        expected = model.generator(seen, torch.from_numpy(cond))
        seen_by_onnx = np.concatenate((codec.encode_source(squares), hints), axis=1)
        actual = torch.from_numpy(network(source=seen_by_onnx, cond=cond))
        decoded = [model.codec.decode(source, output) for output in (expected, actual)]
        difference = (decoded[0] - decoded[1]).abs().max().item()
        height, width = (round(model.image_size * times) for times in LARGE)
        large = _pictures((height, width))[:DRAWN]
        off_by = [0]
        if not codec.parts:  # which have no graphs for pictures of full size
            off_by = [
                _off_by(model, codec, original[None], output[None])
                for original, output in zip(large, expected, strict=False)
            ]
    return Exported(len(data), len(squares), difference, max(off_by))


def _off_by(model: Model, codec: OnnxCodec, original: np.ndarray, output: Tensor) -> int:
    """Return the largest difference, in levels of 255, of the codec's graphs from torch on a picture.

    Args:
        original: `[1, 3, H, W]` uint8.
        output: `[1, O, h, w]`, of the network.
    """
    largest = 0
    in_torch = model.codec.strips_at(torch.from_numpy(original), output)
    in_onnx = decode_strips(codec, original, output.numpy())
    for (_, expected), (_, actual) in zip(in_torch, in_onnx, strict=True):
        apart = np.abs(levels(expected).numpy().astype(int) - actual)
        largest = max(largest, int(apart.max()))
    return largest


def _hints(squares: np.ndarray) -> np.ndarray:
    """Return hints `[N, 3, S, S]`: a few points, in any colors."""
    count, _, height, width = squares.shape
    draws = np.random.default_rng(0)
    given = draws.random((count, 1, height, width)) < 3 / (height * width)
    colors = draws.uniform(-1, 1, (count, HINT_PLANES - 1, height, width))
    return np.concatenate((colors * given, given), axis=1)


def _conditions(model: Model, count: int) -> np.ndarray:
    """Return conditions `[count, P]` float32: the first values, the last ones, and random ones."""
    if model.config.cond_planes == 0:  # a network that finds parts is asked for no values
        return np.zeros((count, 0), np.float32)
    draws = np.random.default_rng(0)
    rows = [
        [
            0 if i == 0 else size - 1 if i == 1 else int(draws.integers(size))
            for size in model.schema.sizes
        ]
        for i in range(count)
    ]
    planes = [model.schema.one_hot(row) for row in rows]
    return np.array(planes, np.float32).reshape(count, model.schema.planes)


def _pictures(size: tuple[int, int]) -> np.ndarray:
    """Return pictures `[N, 3, H, W]` uint8: line drawings, colored shapes, and noise, fine to coarse."""
    height, width = size
    pictures = []
    for i in range(DRAWN):
        page = Image.new("RGB", (width, height), "white" if i < 2 else "#7fb0d0")
        draw = ImageDraw.Draw(page)
        for part, fill in ((2, "white"), (3, "#c05030"), (6, "#306040")):
            box = (
                width // (2 * part),
                height // (2 * part),
                width - width // part,
                height * 3 // 4,
            )
            draw.ellipse(box, fill if i == 2 else "white", "black", max(1, (i + 1) * width // 128))
        pictures.append(np.asarray(page))
    draws = np.random.default_rng(0)
    for i in range(RANDOM):
        coarse = draws.integers(0, 256, (-(-height >> i), -(-width >> i), 3), np.uint8)
        pictures.append(np.asarray(Image.fromarray(coarse).resize((width, height))))
    return np.ascontiguousarray(np.stack(pictures).transpose(0, 3, 1, 2))
