"""The weights of an ONNX graph as int8, with a scale for each output channel: a quarter of the size."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from onnx import ModelProto

SMALL = 1024  # elements of a weight up to which it stays float32
LARGEST = 127  # of int8, on both sides of 0
OUTPUT_AXIS = {"Conv": 0, "ConvTranspose": 1}  # of output channels in a weight


def to_int8(network: ModelProto) -> None:
    """Convert the large weights of convolutions to int8, in place, each followed by a DequantizeLinear.

    A weight w of output channel c becomes round(w / scale[c]), scale[c] = max |w| / 127 over the channel. The
    computation stays in float32.
    """
    from onnx import TensorProto, helper, numpy_helper

    graph = network.graph
    axes = {
        node.input[1]: OUTPUT_AXIS[node.op_type]
        for node in graph.node
        if node.op_type in OUTPUT_AXIS
    }
    nodes = []
    for weight in list(graph.initializer):
        if weight.name not in axes or weight.data_type != TensorProto.FLOAT:
            continue
        values = numpy_helper.to_array(weight)
        if values.size <= SMALL:
            continue
        name, axis = weight.name, axes[weight.name]
        others = tuple(i for i in range(values.ndim) if i != axis)
        scale = np.abs(values).max(axis=others) / np.float32(LARGEST)
        scale[scale == 0] = 1  # a channel of zeros
        steps = np.rint(values / np.expand_dims(scale, others)).astype(np.int8)
        weight.CopyFrom(numpy_helper.from_array(steps, f"{name}.int8"))
        graph.initializer.append(numpy_helper.from_array(scale, f"{name}.scale"))
        inputs = [f"{name}.int8", f"{name}.scale"]
        nodes.append(helper.make_node("DequantizeLinear", inputs, [name], axis=axis))
    nodes += graph.node
    del graph.node[:]
    graph.node.extend(nodes)
