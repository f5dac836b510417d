"""An exported model run by ONNX Runtime, without torch.

The file holds the network and, as graphs of their own, what its codec does with pictures: all of it is the
code that training and `TorchColorizer` run, exported.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from condcolor.conditions.colors import checked_vivid, refuse_vivid
from condcolor.errors import CheckpointError, UsageError, did_you_mean
from condcolor.imaging.geometry import decode_strips
from condcolor.inference.colorizer import Colorizer, learnt_flat_fills
from condcolor.models.model_folder import (
    ABOUT,
    ONNX_FORMAT,
    PART,
    PARTS,
    SKETCH_PARTS,
    ModelInfo,
    parse_onnx,
    read_model_info,
)
from condcolor.runtime.messages import shown_name
from condcolor.runtime.process import cores, memory_advice

PRECISIONS = ("fp32", "auto")
CPU, CUDA = "CPUExecutionProvider", "CUDAExecutionProvider"


class Graph:
    """An ONNX model that is called like a function of NumPy arrays, by the names of its inputs."""

    def __init__(self, data: bytes, label: str, providers: list, threads: int):
        ort = _onnxruntime(label)
        options = ort.SessionOptions()
        options.log_severity_level = 3  # errors alone
        options.intra_op_num_threads = threads
        try:
            self.session = ort.InferenceSession(data, options, providers=providers)
        except Exception as error:  # of many classes, none of them public
            reason = str(error).partition("\n")[0]
            raise CheckpointError(f"{label}: ONNX Runtime cannot load it ({reason})") from None
        self.inputs = {given.name for given in self.session.get_inputs()}

    def __call__(self, **arrays: np.ndarray) -> np.ndarray:
        """Return the first output; MemoryError where the memory does not suffice."""
        return self.all(**arrays)[0]

    def all(self, **arrays: np.ndarray) -> list[np.ndarray]:
        """Return all outputs."""
        given = {name: array for name, array in arrays.items() if name in self.inputs}
        try:
            return self.session.run(None, given)
        except Exception as error:
            if "allocate memory" in str(error) or "bad_alloc" in str(error):
                raise MemoryError(str(error)) from error
            raise


@dataclass(frozen=True)
class OnnxCodec:
    """A codec's graphs; `line_art`, `fill` and `takes_vivid` are those of `codecs.Codec`."""

    line_art: bool
    fill: int | None
    encode: Graph
    prepare: Graph
    paint: Graph
    fills: Graph | None = None
    spread: Graph | None = None
    vivid: float = 1.0

    def encode_source(self, rgb: np.ndarray) -> np.ndarray:
        """`[B, 3, H, W]` uint8 -> `[B, S, H, W]` float32 in [-1, 1]."""
        return self.encode(rgb=rgb)

    def prepare_strips(self, original: np.ndarray, output: np.ndarray) -> np.ndarray:
        return self.prepare(original=original, output=output)

    def decode_strip(self, rows: np.ndarray, near: np.ndarray, place: np.ndarray) -> np.ndarray:
        """Like a codec's, but of one picture and in whole levels, `[R, W, 3]` uint8."""
        return self.paint(rows=rows, near=near, place=place, vivid=np.array(self.vivid, np.float32))

    @property
    def takes_vivid(self) -> bool:
        return "vivid" in self.paint.inputs

    def with_vivid(self, vivid: float) -> OnnxCodec:
        if not self.takes_vivid:
            refuse_vivid()
        return replace(self, vivid=checked_vivid(vivid))


class OnnxColorizer(Colorizer):
    """Colors pictures with an exported model. Safe to share between threads."""

    def __init__(
        self,
        network: Graph,
        codec: OnnxCodec,
        info: ModelInfo,
        *,
        vivid: float | None = None,
        threads: int = 1,
    ):
        """threads: how many the graphs compute with."""
        self.network, self.schema, self._threads = network, info.schema, threads
        self.recipe, self.image_size = info.recipe, info.image_size
        self.vivid = info.vivid if vivid is None else vivid
        self.codec = codec
        if vivid is not None or info.vivid != 1:
            self.codec = codec.with_vivid(self.vivid)
        self.flat = learnt_flat_fills(info.config.get("training"))

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
        """Load an .onnx file that `condcolor export` wrote, or one whose config was read before.

        threads: that compute; None takes all cores there are for this process.

        Raises:
            UsageError: no ONNX Runtime, or a device, precision or `vivid` that cannot be.
            CheckpointError: the file is damaged or of a newer format.
        """
        label = shown_name(path.path if isinstance(path, ModelInfo) else path)
        if precision not in PRECISIONS:
            hint = did_you_mean(str(precision), PRECISIONS)
            raise UsageError(
                f"precision {precision!r} is not one that .onnx files have: fp32{hint}"
            )
        providers = pick_providers(device, label)
        info = read_model_info(path)
        try:
            data = info.path.read_bytes()
        except OSError as error:
            raise CheckpointError(f"{label}: cannot be read ({error.strerror})") from None
        network, codec = open_graphs(data, label, providers, threads or cores())
        return cls(network, codec, info, vivid=vivid, threads=threads or cores())

    def predict(self, squares: np.ndarray, cond: np.ndarray) -> np.ndarray:
        with memory_advice("close other programs, or use a smaller model"):
            source = self.codec.encode_source(squares)
            if len(source) < len(cond):
                source = np.repeat(source, len(cond), axis=0)
            return self.network(source=source, cond=cond)

    def strips(
        self, original: np.ndarray, output: np.ndarray
    ) -> Iterator[tuple[slice, np.ndarray]]:
        return decode_strips(self.codec, original, output)

    def fills(self, original: np.ndarray, outputs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        fills, trust = self.codec.fills.all(original=original, output=outputs)
        return fills, trust

    def spread(self, planes: np.ndarray, trust: np.ndarray, size: tuple[int, int]) -> np.ndarray:
        like = np.empty((1, 1, *size), np.uint8)  # of which the graph looks at the size
        return self.codec.spread(planes=planes, trust=trust, like=like)

    @property
    def threads(self) -> int:
        return self._threads

    def set_threads(self, count: int) -> None:
        """Do nothing: the threads of a session are fixed when it is made."""


def open_graphs(
    data: bytes, label: str, providers: list | None = None, threads: int = 0
) -> tuple[Graph, OnnxCodec]:
    """Load the network and the codec from the bytes of an exported file.

    threads: that compute; 0 leaves it to ONNX Runtime.

    Raises:
        CheckpointError: damaged, or of a newer format.
    """
    try:
        file = parse_onnx(io.BytesIO(data), len(data))
        properties = file.properties
        about = json.loads(properties[ABOUT])
        version, line_art, fill = about["format"], about["pairs"], about["fill"]
        names = PARTS + (SKETCH_PARTS if line_art else ())
        parts = {name: base64.b64decode(properties[PART.format(name)]) for name in names}
    except (ValueError, KeyError, TypeError) as error:
        raise CheckpointError(f"{label}: damaged ({error!r}): export it again") from None
    if version != ONNX_FORMAT:
        raise CheckpointError(
            f"{label}: layout {version} is not the one this condcolor reads ({ONNX_FORMAT}): upgrade it"
        )
    if _sha256(data, file.graph) != about.get("graph_sha256"):
        raise CheckpointError(
            f"{label}: damaged: its sha256 is not the one it tells: copy it again"
        )
    settings = (label, providers or [CPU], threads)
    graphs = {name: Graph(part, *settings) for name, part in parts.items()}
    return Graph(data, *settings), OnnxCodec(bool(line_art), fill, **graphs)


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
    there = CUDA in _onnxruntime(label).get_available_providers()
    kind, _, index = name.partition(":")
    if kind == "auto":
        return [CUDA, CPU] if there else [CPU]
    if name == "cpu":
        return [CPU]
    if kind != "cuda" or not (index or "0").isdecimal():
        raise UsageError(f"device '{name}' is not one of auto, cpu, cuda, cuda:N")
    if not there:
        raise UsageError(
            f"device '{name}': this ONNX Runtime has no CUDA: pip install onnxruntime-gpu, or use "
            "--device cpu"
        )
    return [(CUDA, {"device_id": int(index or 0)}), CPU]


def _onnxruntime(label: str):
    try:
        import onnxruntime
    except ImportError as error:
        if error.name != "onnxruntime":
            raise
        raise UsageError(
            f"{label}: an .onnx file needs ONNX Runtime: pip install onnxruntime"
        ) from None
    return onnxruntime
