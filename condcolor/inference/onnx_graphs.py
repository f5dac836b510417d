"""The ONNX graphs of a network and of its codec.

They are traced from the torch code, so that nothing is implemented twice, and take pictures of any size.
"""

from __future__ import annotations

import base64
import functools
import json
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.export import Dim

from condcolor.conditions.hints import HINT_PLANES
from condcolor.imaging.geometry import strips
from condcolor.inference.onnx_colorizer import graph_sha256
from condcolor.models.checkpoint import Model, tensor_places
from condcolor.models.codecs import Codec, levels
from condcolor.models.onnx_file import ABOUT, CARD, CONFIG_KEY, ONNX_FORMAT, PART, PARTS_FORMAT
from condcolor.runtime.extras import missing
from condcolor.version import __version__

if TYPE_CHECKING:
    from onnx import GraphProto, ModelProto

OPSET = 20  # supported by ONNX Runtime from 1.17 on
MOST_STEPS = 64  # largest height and width of a source, in multiples of ModelConfig.multiple
SMALL = 1024  # elements of a weight up to which it stays float32
HALF = "{}.half"  # name of a weight in float16, by the name that the nodes have for it in float32
ANY = Dim.DYNAMIC


def to_onnx(
    model: Model, described: Mapping[str, Any], *, card: str | None = None, half: bool = False
) -> bytes:
    """Encode a model as an .onnx file.

    Args:
        model: the model.
        described: its config.json.
        card: text of its card.md.
        half: store weights as float16; the computation stays in float32.

    Raises:
        UsageError: the packages for ONNX are not installed.
    """
    _need_onnx()
    network = _network(model, folded=not half)
    if half:
        _halve(network.graph)
    properties = {CONFIG_KEY: json.dumps(dict(described))}
    if card is not None:
        properties[CARD] = card
    return _encoded(network, model, {"weights": "float16" if half else "float32"}, properties)


def graph_beside(model: Model, weights: Path, sha256: str) -> bytes:
    """Encode a model as an .onnx file whose weights stay in the safetensors file in the same folder.

    Args:
        model: the model.
        weights: that file, verified.
        sha256: of it.

    Raises:
        UsageError: the packages for ONNX are not installed.
    """
    _need_onnx()
    network = _network(model, folded=False)
    _refer(network.graph, weights)
    return _encoded(network, model, {"weights": weights.name, "weights_sha256": sha256}, {})


def _encoded(
    network: ModelProto, model: Model, weights: Mapping[str, str], properties: Mapping[str, str]
) -> bytes:
    """Return the bytes of a network, with what there is to know of it and the codec's graphs inside."""
    codec = model.codec
    network.producer_name, network.producer_version = "condcolor", __version__
    about: dict[str, object] = {
        "format": PARTS_FORMAT if codec.parts else ONNX_FORMAT,
        "pairs": codec.line_art,
        "fill": codec.fill,
        **weights,
        "graph_sha256": graph_sha256(network.SerializeToString()),
    }
    if codec.parts:
        about["parts"] = list(codec.parts)
    parts = {PART.format(name): text for name, text in _codec_parts(codec).items()}
    for key, value in {ABOUT: json.dumps(about), **properties, **parts}.items():
        network.metadata_props.add(key=key, value=value)
    return network.SerializeToString()


def _network(model: Model, *, folded: bool) -> ModelProto:
    """Trace the network: `source [B, S, H, W]` and `cond [B, P]` -> `output [B, O, H, W]`.

    Args:
        model: the model.
        folded: fold BatchNorm into the weights before it; float16 weights need norms that are not folded.
    """
    config, step = model.config, model.config.multiple
    side = step * max(2, model.image_size // step)  # a size of 1 step would be traced as a constant
    channels = config.source_channels + (HINT_PLANES if config.hints else 0)
    source = torch.zeros(2, channels, side, side)
    cond = torch.zeros(2, config.cond_planes)
    batch, high, wide = (Dim(name, min=1, max=MOST_STEPS) for name in ("batch", "high", "wide"))
    sizes = {"source": {0: batch, 2: step * high, 3: step * wide}, "cond": {0: batch}}
    inputs = {"source": source, "cond": cond}
    return _traced(model.generator.cpu().eval(), inputs, "output", sizes, folded=folded)


@functools.cache  # equal for all models of a recipe
def _codec_parts(codec: Codec) -> dict[str, str]:
    """Return the graphs of a codec by name, encoded in base64."""
    graphs = {name: graph.SerializeToString() for name, graph in _codec_graphs(codec)}
    return {name: base64.b64encode(data).decode() for name, data in graphs.items()}


def _codec_graphs(codec: Codec) -> Iterator[tuple[str, ModelProto]]:
    """Trace the graphs of a codec that `onnx_colorizer.OnnxCodec` runs, by name."""
    size, low = (30, 20), 12
    original = torch.zeros(1, 3, *size, dtype=torch.uint8)
    plane = {2: ANY, 3: ANY}
    yield "encode", _traced(_Encode(codec), {"rgb": original}, "source", ({0: ANY, **plane},))
    if codec.parts:  # which pieces get, not pixels
        return

    output = torch.zeros(1, codec.output_channels, low, 8)
    near = codec.prepare_strips(original, output)
    positions = torch.from_numpy(next(strips(size, low)).place)
    inputs = {"original": original, "output": output}
    yield "prepare", _traced(_Prepare(codec), inputs, "near", (plane, plane))
    inputs = {"rows": original, "near": near, "place": positions}
    if hasattr(codec, "vivid"):
        inputs |= {"vivid": torch.tensor(1.0)}
    sizes = (plane, plane, {0: ANY}, None)[: len(inputs)]
    yield "paint", _traced(_Paint(codec), inputs, "picture", sizes)
    if not codec.line_art:
        return

    outputs = torch.zeros(2, codec.output_channels, low, 8)
    several = {0: ANY, **plane}
    inputs = {"original": original, "output": outputs}
    yield "fills", _traced(_Fills(codec), inputs, ["fills", "trust"], (plane, several))
    planes = torch.zeros(1, 7, low, 8)
    inputs = {"planes": planes, "trust": planes[:, :1], "like": original[:, :1]}
    sizes = ({1: ANY, **plane}, plane, plane)
    yield "spread", _traced(_Spread(codec), inputs, "large", sizes)


class _OfCodec(nn.Module):
    """A method of a codec as a module, which can be traced."""

    def __init__(self, codec: Codec):
        super().__init__()
        self.codec = codec


class _Encode(_OfCodec):
    def forward(self, rgb: Tensor) -> Tensor:
        return self.codec.encode_source(rgb)


class _Prepare(_OfCodec):
    def forward(self, original: Tensor, output: Tensor) -> Tensor:
        return self.codec.prepare_strips(original, output)


class _Fills(_OfCodec):
    def forward(self, original: Tensor, output: Tensor) -> tuple[Tensor, Tensor]:
        return self.codec.fills(original, output)


class _Spread(_OfCodec):
    def forward(self, planes: Tensor, trust: Tensor, like: Tensor) -> Tensor:
        height, width = like.shape[-2:]
        return self.codec.spread(planes, trust, (height, width))


class _Paint(_OfCodec):
    def forward(
        self, rows: Tensor, near: Tensor, place: Tensor, vivid: Tensor | None = None
    ) -> Tensor:
        codec = self.codec if vivid is None else self.codec.scaled(vivid)
        return levels(codec.decode_strip(rows, near, place))


def _traced(
    module: nn.Module,
    inputs: Mapping[str, Tensor],
    output_names: str | list[str],
    sizes: Any,
    *,
    folded: bool = True,
) -> ModelProto:
    """Trace a module as a `ModelProto`, without metadata of this machine.

    Args:
        module: the module.
        inputs: name -> example of each input.
        output_names: name of the output, or of several.
        sizes: the dynamic shapes, as for torch.onnx.export.
        folded: fold constants and BatchNorm.
    """
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # torch warns of its own internals
        program = torch.onnx.export(
            module.eval(),
            tuple(inputs.values()),
            input_names=list(inputs),
            output_names=[output_names] if isinstance(output_names, str) else output_names,
            dynamic_shapes=sizes,
            opset_version=OPSET,
            optimize=folded,
            dynamo=True,
            verbose=False,
        )
    assert program is not None  # as it is with dynamo
    if not folded:  # fold constants, but not the norms
        from onnxscript import optimizer

        optimizer.fold_constants(program.model)
        optimizer.remove_unused_nodes(program.model)
    proto = program.model_proto
    del proto.metadata_props[:]
    del proto.graph.metadata_props[:]
    del proto.graph.value_info[:]
    for part in (
        *proto.graph.node,
        *proto.graph.input,
        *proto.graph.output,
        *proto.graph.initializer,
    ):
        part.doc_string = ""
        del part.metadata_props[:]
    return proto


def _halve(graph: GraphProto) -> None:
    """Convert large weights to float16, in place, each followed by a Cast to float32."""
    from onnx import TensorProto, numpy_helper

    names = []
    for weight in graph.initializer:
        if weight.data_type != TensorProto.FLOAT or numpy_helper.to_array(weight).size <= SMALL:
            continue
        names.append(weight.name)
        half = numpy_helper.to_array(weight).astype("float16")
        weight.CopyFrom(numpy_helper.from_array(half, HALF.format(weight.name)))
    _cast(graph, names)


def _refer(graph: GraphProto, weights: Path) -> None:
    """Let the initializers that a safetensors file holds refer to their place in it, in place."""
    from onnx import TensorProto

    tensors, start = tensor_places(weights)
    halves = []
    for weight in graph.initializer:
        if weight.name not in tensors:  # a constant of the code
            continue
        place = tensors[weight.name]
        first, end = place["data_offsets"]
        if place["dtype"] == "F16":
            halves.append(weight.name)
            weight.name, weight.data_type = HALF.format(weight.name), TensorProto.FLOAT16
        for field in ("raw_data", "float_data", "int64_data"):
            weight.ClearField(field)
        weight.data_location = TensorProto.EXTERNAL
        where = {"location": weights.name, "offset": start + first, "length": end - first}
        for key, value in where.items():
            weight.external_data.add(key=key, value=str(value))
    _cast(graph, halves)


def _cast(graph: GraphProto, names: Sequence[str]) -> None:
    """Cast float16 initializers of these names, as HALF has them, to the float32 that nodes take."""
    from onnx import TensorProto, helper

    halves = [(HALF.format(name), name) for name in names]
    casts = [
        helper.make_node("Cast", [half], [name], to=TensorProto.FLOAT) for half, name in halves
    ]
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)


def _need_onnx() -> None:
    for name in ("onnx", "onnxscript", "onnxruntime"):
        try:
            __import__(name)
        except ImportError as error:
            if error.name != name:
                raise
            raise missing(name) from None
