"""A model exported to an .onnx file, which counts only when it does as torch does."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw
from torch import Tensor

from condcolor.errors import CheckpointError, UsageError
from condcolor.imaging.geometry import decode_strips
from condcolor.inference.onnx_colorizer import OnnxCodec, open_graphs
from condcolor.inference.onnx_graphs import to_onnx
from condcolor.models.checkpoint import Model, load_model
from condcolor.models.codecs import levels
from condcolor.models.model_folder import CARD_FILE, SUFFIX, find_folder
from condcolor.runtime.files import refuse_taken, write_whole
from condcolor.runtime.messages import shown_name

LIMIT, HALF_LIMIT = 1e-3, 2e-2  # largest difference from torch of a decoded picture, of 1
LEVELS_LIMIT = 2  # the same of a picture at its own size, of 255
LARGE = (1.3, 1.9)  # height and width of those, over the model's image size
DRAWN, RANDOM = 3, 3  # pictures that are compared


@dataclass(frozen=True)
class Exported:
    """What was written.

    size: bytes.
    difference: largest from torch, over `pictures` that are drawn or random, decoded, in [0, 1].
    off_by: the same of pictures at their own size, in levels of 255.
    """

    size: int
    pictures: int
    difference: float
    off_by: int


def export_onnx(
    model: str | Path, path: str | Path, *, half: bool = False, overwrite: bool = False
) -> Exported:
    """Write a model's generator and codec to an .onnx file, its config.json and card.md inside.

    Args:
        model: a built-in model, or a model or run folder.
        half: store the weights as float16, which halves the file; it computes in float32 all the same.

    Raises:
        UsageError: the file exists, is called otherwise, or the onnx extra is not installed.
        CheckpointError: the model does not load, or does not do as in torch; no file is written.
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
    limit = HALF_LIMIT if half else LIMIT
    if not exported.difference <= limit or exported.off_by > LEVELS_LIMIT:  # NaN, too
        raise CheckpointError(
            f"{shown_name(path)}: not written, for it differs from torch: by {exported.difference:.1e} "
            f"of 1 (at most {limit:g}), and by {exported.off_by} of 255 at full size (at most "
            f"{LEVELS_LIMIT})"
        )
    write_whole(path, data, overwrite=overwrite)
    return exported


def compare(model: Model, data: bytes, label: str) -> Exported:
    """How far an exported file's bytes are from the model in torch, as float32 on the CPU."""
    network, codec = open_graphs(data, label)
    squares = _pictures((model.image_size, model.image_size))
    cond = _conditions(model, len(squares))
    with torch.inference_mode():
        source = model.codec.encode_source(torch.from_numpy(squares))
        wanted = model.generator(source, torch.from_numpy(cond))
        outputs = torch.from_numpy(network(source=codec.encode_source(squares), cond=cond))
        decoded = [model.codec.decode(source, output) for output in (wanted, outputs)]
        difference = (decoded[0] - decoded[1]).abs().max().item()
        large = _pictures(tuple(round(model.image_size * times) for times in LARGE))[:DRAWN]
        off_by = [
            _off_by(model, codec, original[None], output[None])
            for original, output in zip(large, wanted, strict=False)
        ]
    return Exported(len(data), len(squares), difference, max(off_by))


def _off_by(model: Model, codec: OnnxCodec, original: np.ndarray, output: Tensor) -> int:
    """How many levels the codec's graphs and torch's codec are apart on one picture."""
    largest = 0
    in_torch = model.codec.strips_at(torch.from_numpy(original), output)
    in_onnx = decode_strips(codec, original, output.numpy())
    for (_, wanted), (_, rendered) in zip(in_torch, in_onnx, strict=True):
        apart = np.abs(levels(wanted).numpy().astype(int) - rendered)
        largest = max(largest, int(apart.max()))
    return largest


def _conditions(model: Model, count: int) -> np.ndarray:
    """`[count, P]` float32: the first values, the last ones, and others."""
    draws = np.random.default_rng(0)
    rows = [
        [
            0 if i == 0 else size - 1 if i == 1 else draws.integers(size)
            for size in model.schema.sizes
        ]
        for i in range(count)
    ]
    planes = [model.schema.one_hot(row) for row in rows]
    return np.array(planes, np.float32).reshape(count, model.schema.planes)


def _pictures(size: tuple[int, int]) -> np.ndarray:
    """`[N, 3, H, W]` uint8: line drawings and shapes in colour, and then noise, finer and coarser."""
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
