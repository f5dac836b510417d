"""An exported model, or the graph beside the weights of a model folder, run by ONNX Runtime, without torch.

The file holds the network, and each function of its codec as a graph of its own, exported from the code that
training and `TorchColorizer` run.
"""

from __future__ import annotations

import base64
import hashlib
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from condcolor.conditions.colors import checked_vivid, refuse_vivid
from condcolor.conditions.hints import HINT_PLANES
from condcolor.errors import CheckpointError, UsageError, did_you_mean
from condcolor.imaging.geometry import decode_strips
from condcolor.inference.colorizer import Colorizer
from condcolor.inference.onnx_graph import NETWORK, Graph, import_onnxruntime
from condcolor.inference.runner import learned_flat_fills
from condcolor.models.model_folder import ONNX, WEIGHTS, ModelInfo, damaged_weights, read_model_info
from condcolor.models.onnx_file import (
    ABOUT,
    MAX_ONNX_BYTES,
    ONNX_FORMAT,
    PART,
    PARTS,
    PARTS_FORMAT,
    SKETCH_PARTS,
    parse_onnx,
)
from condcolor.runtime.json_files import parse_json
from condcolor.runtime.messages import shown_name
from condcolor.runtime.process import cores, memory_advice
from condcolor.runtime.regular_files import read_regular

PRECISIONS = ("fp32", "auto")
CPU, CUDA = "CPUExecutionProvider", "CUDAExecutionProvider"


@dataclass(frozen=True)
class OnnxCodec:
    """The graphs of a codec, by PARTS and SKETCH_PARTS; otherwise as `models.codecs.Codec`."""

    line_art: bool
    fill: int | None
    graphs: Mapping[str, Graph]
    vivid: float = 1.0
    parts: tuple[str, ...] = ()

    def encode_source(self, rgb: np.ndarray) -> np.ndarray:
        """Encode `[B, 3, H, W]` uint8 -> `[B, S, H, W]` float32 in [-1, 1]."""
        return self.graphs["encode"](rgb=rgb)

    def prepare_strips(self, original: np.ndarray, output: np.ndarray) -> np.ndarray:
        return self.graphs["prepare"](original=original, output=output)

    def decode_strip(self, rows: np.ndarray, near: np.ndarray, place: np.ndarray) -> np.ndarray:
        """Decode a strip of one picture, as a Codec does, to levels `[R, W, 3]` uint8."""
        vivid = np.array(self.vivid, np.float32)
        shape = (*rows.shape[2:], 3)
        arrays = {"rows": rows, "near": near, "place": place, "vivid": vivid}
        return self.graphs["paint"].shaped(shape, **arrays)[0]

    @property
    def takes_vivid(self) -> bool:
        return "paint" in self.graphs and "vivid" in self.graphs["paint"].inputs

    def with_vivid(self, vivid: float) -> OnnxCodec:
        if not self.takes_vivid:
            refuse_vivid()
        return replace(self, vivid=checked_vivid(vivid))


class OnnxColorizer(Colorizer):
    """A Colorizer that runs an exported model by ONNX Runtime. Safe to share between threads."""

    def __init__(
        self,
        network: Graph,
        codec: OnnxCodec,
        info: ModelInfo,
        *,
        vivid: float | None = None,
        threads: int = 1,
    ):
        """Take graphs that compute with `threads` threads."""
        self.network, self.schema, self._threads = network, info.schema, threads
        self.info = info
        self.recipe, self.image_size = info.recipe, info.image_size
        self.vivid = info.vivid if vivid is None else vivid
        self.codec, self.table = codec, info.parts
        channels = info.config["model"].get("output_channels")
        if type(channels) is not int or channels < max(1, len(codec.parts)):
            label = shown_name(info.path)
            raise CheckpointError(f"{label}: 'output_channels' is wrong: export it again")
        self.channels = channels
        self.takes_hints = info.config["model"].get("hints") is True
        if vivid is not None or info.vivid != 1:
            self.codec = codec.with_vivid(self.vivid)
        self.flat = learned_flat_fills(info.config.get("training"))

    @classmethod
    def from_file(
        cls,
        path: str | Path | ModelInfo,
        *,
        vivid: float | None = None,
        device: str | None = None,
        precision: str = "fp32",
        threads: int | None = None,
    ) -> OnnxColorizer:
        """Load an .onnx file, or a folder with a graph, that `condcolor export` wrote.

        A ModelInfo's config is not read again.

        threads: number of computing threads; None is all cores of this process.

        Raises:
            UsageError: ONNX Runtime is missing, or an unknown device or precision, or a `vivid` that the
                model does not support.
            CheckpointError: the file is damaged or of a newer format.
        """
        label = shown_name(path.path if isinstance(path, ModelInfo) else path)
        if precision not in PRECISIONS:
            hint = did_you_mean(str(precision), PRECISIONS)
            raise UsageError(
                f"precision {precision!r} is not one of ONNX Runtime's here: fp32{hint}"
            )
        providers = pick_providers(device, label)
        info = read_model_info(path)
        threads = threads or cores()
        if info.graph is None:
            data, files, weights = _read(info.path, MAX_ONNX_BYTES), {}, None
        else:
            label, weights = shown_name(info.graph), info.sha256
            data, files = _read(info.graph, MAX_ONNX_BYTES), {WEIGHTS: verified_weights(info)}
        network, codec = open_graphs(
            data, label, providers, threads, files=files, weights_sha256=weights
        )
        return cls(network, codec, info, vivid=vivid, threads=threads)

    def predict(
        self, squares: np.ndarray, cond: np.ndarray, hints: np.ndarray | None = None
    ) -> np.ndarray:
        with memory_advice("close other programs, or use a smaller model"):
            source = self.codec.encode_source(squares)
            if len(source) < len(cond):
                source = np.repeat(source, len(cond), axis=0)
            if source.shape[2:] != squares.shape[2:] or len(source) not in (1, len(cond)):
                self.codec.graphs["encode"].refuse(f"an output of {list(source.shape)}")
            if self.takes_hints:
                if hints is None:
                    hints = np.zeros((len(source), HINT_PLANES, *source.shape[2:]), np.float32)
                source = np.concatenate((source, hints), axis=1)
            shape = (len(cond), self.channels, *squares.shape[2:])
            return self.network.shaped(shape, source=source, cond=cond)[0]

    def in_torch(self) -> Colorizer:
        """Return the colorizer of the same model that runs it by torch, which measures sketches.

        Raises:
            UsageError: the model is an exported file.
        """
        if self.info.kind == ONNX:
            raise UsageError(
                "an exported model cannot be evaluated on sketches: evaluate the model folder it is from"
            )
        return Colorizer.load(self.info, device="cpu", engine="torch")

    def strips(
        self, original: np.ndarray, output: np.ndarray
    ) -> Iterator[tuple[slice, np.ndarray]]:
        return decode_strips(self.codec, original, output)

    def fills(self, original: np.ndarray, outputs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        count, _, height, width = outputs.shape
        fills, trust = self.codec.graphs["fills"].shaped(
            (count, 3, height, width), (1, 1, height, width), original=original, output=outputs
        )[:2]
        return fills, trust

    def spread(self, planes: np.ndarray, trust: np.ndarray, size: tuple[int, int]) -> np.ndarray:
        like = np.empty((1, 1, *size), np.uint8)  # the graph uses its size alone
        shape = (*planes.shape[:2], *size)
        return self.codec.graphs["spread"].shaped(shape, planes=planes, trust=trust, like=like)[0]

    @property
    def threads(self) -> int:
        return self._threads

    def set_threads(self, count: int) -> None:
        """Do nothing: the threads of a session are fixed when it is made."""


def verified_weights(info: ModelInfo) -> bytes:
    """Return the bytes of a folder's weights; CheckpointError unless their sha256 is that of its config."""
    label, data = shown_name(info.weights), _read(info.weights, MAX_ONNX_BYTES)
    actual = hashlib.sha256(data).hexdigest()
    if actual != info.sha256:
        raise CheckpointError(damaged_weights(label, actual, info.sha256))
    return data


def _read(path: Path, most: int) -> bytes:
    try:
        return read_regular(path, most)
    except OSError as error:
        raise CheckpointError(
            f"{shown_name(path)}: cannot be read ({error.strerror or error})"
        ) from None


def open_graphs(
    data: bytes,
    label: str,
    providers: list | None = None,
    threads: int = 0,
    *,
    files: Mapping[str, bytes] | None = None,
    weights_sha256: str | None = None,
) -> tuple[Graph, OnnxCodec]:
    """Load the network and the codec from the bytes of an exported file.

    Args:
        data: the bytes.
        label: the file's name, for messages.
        providers: of ONNX Runtime; None is the CPU.
        threads: number of computing threads; 0 leaves it to ONNX Runtime.
        files: bytes of the files beside it that its network may refer to.
        weights_sha256: of the weights that a graph beside them has to be made for.

    Raises:
        CheckpointError: the file is damaged or of a newer format.
    """
    try:
        file = parse_onnx(io.BytesIO(data), len(data))
        properties = file.properties
        about = parse_json(properties[ABOUT].encode(), label)
        version, line_art, fill = about["format"], about["pairs"], about["fill"]
        made_for = about.get("weights_sha256")
        scored = tuple(about.get("parts", ()))
        names = PARTS[:1] if scored else PARTS + (SKETCH_PARTS if line_art else ())
        parts = {name: base64.b64decode(properties[PART.format(name)]) for name in names}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CheckpointError(f"{label}: damaged ({error!r}): export it again") from None
    if version != (PARTS_FORMAT if scored else ONNX_FORMAT):
        raise CheckpointError(
            f"{label}: layout {version} is not one that this condcolor reads (1 to {PARTS_FORMAT}): "
            "upgrade it"
        )
    if _sha256(data, file.graph) != about.get("graph_sha256"):
        raise CheckpointError(
            f"{label}: damaged: its sha256 is not the one it tells: copy it again"
        )
    if made_for != weights_sha256:
        raise CheckpointError(
            f"{label}: made for other weights than {WEIGHTS} beside it: make it again by condcolor "
            "export MODEL --beside"
        )
    settings = (label, providers or [CPU], threads)
    if not (fill is None or (type(fill) is int and 0 <= fill <= 255)):
        raise CheckpointError(f"{label}: 'fill' is wrong: export it again")
    graphs = {name: Graph(part, *settings, name) for name, part in parts.items()}
    network = Graph(data, *settings, NETWORK, files)
    return network, OnnxCodec(bool(line_art), fill, graphs, parts=scored)


def graph_sha256(data: bytes) -> str:
    """Return the sha256 of the network's graph in an .onnx file's bytes."""
    return _sha256(data, parse_onnx(io.BytesIO(data), len(data)).graph)


def _sha256(data: bytes, graph: tuple[int, int]) -> str:
    start, length = graph
    return hashlib.sha256(memoryview(data)[start : start + length]).hexdigest()


def pick_providers(device: str | None, label: str) -> list:
    """Return the providers of ONNX Runtime for a `--device`.

    Raises:
        UsageError: there is no such device, or this ONNX Runtime cannot use it.
    """
    name = str(device or "auto")
    has_cuda = CUDA in import_onnxruntime(label).get_available_providers()
    kind, _, index = name.partition(":")
    if kind == "auto":
        return [CUDA, CPU] if has_cuda else [CPU]
    if name == "cpu":
        return [CPU]
    if kind != "cuda" or not (index or "0").isdecimal():
        raise UsageError(f"device '{name}' is not one of auto, cpu, cuda, cuda:N")
    if not has_cuda:
        raise UsageError(
            f"device '{name}': this ONNX Runtime has no CUDA: pip install onnxruntime-gpu, or use "
            "--device cpu"
        )
    return [(CUDA, {"device_id": int(index or 0)}), CPU]
