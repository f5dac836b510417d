"""Weights as int8: near the ones they stand for, channel by channel, and what does not need it untouched."""

from __future__ import annotations

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason="needs condcolor[train]")
onnxruntime = pytest.importorskip("onnxruntime", reason="needs condcolor[train]")
from onnx import TensorProto, helper, numpy_helper  # noqa: E402

from condcolor.inference.onnx_int8 import to_int8  # noqa: E402


def network(*weights: tuple[str, np.ndarray]):
    """A chain of convolutions, `[1, C, 6, 6] -> [1, K, 6, 6]`."""
    nodes, before = [], "in"
    for i, (kind, _) in enumerate(weights):
        nodes.append(helper.make_node(kind, [before, f"w{i}"], [f"y{i}"], pads=[1, 1, 1, 1]))
        before = f"y{i}"
    channels = weights[0][1].shape[int(weights[0][0] == "Conv")]
    inputs = [helper.make_tensor_value_info("in", TensorProto.FLOAT, [1, channels, 6, 6])]
    outputs = [helper.make_tensor_value_info(before, TensorProto.FLOAT, None)]
    stored = [numpy_helper.from_array(w, f"w{i}") for i, (_, w) in enumerate(weights)]
    graph = helper.make_graph(nodes, "chain", inputs, outputs, stored)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)


def run(model, picture):
    session = onnxruntime.InferenceSession(model.SerializeToString())
    return session.run(None, {"in": picture})[0]


def draws(*shape: int) -> np.ndarray:
    return np.random.default_rng(sum(shape)).normal(size=shape).astype(np.float32)


@pytest.mark.parametrize("kind", ["Conv", "ConvTranspose"])
def test_each_output_channel_has_its_own_scale(kind):
    weight = draws(16, 16, 3, 3)
    axis = 0 if kind == "Conv" else 1
    sizes = np.logspace(-3, 2, 16, dtype=np.float32)  # one scale for all would lose the small ones
    weight *= sizes.reshape([16 if i == axis else 1 for i in range(4)])
    model, picture = network((kind, weight)), draws(1, 16, 6, 6)
    before = run(model, picture)
    to_int8(model)
    after = run(model, picture)
    for channel in range(16):
        off = np.abs(after[0, channel] - before[0, channel]).max()
        assert 0 < off < 0.02 * np.abs(before[0, channel]).max()
    stored = {each.name: each.data_type for each in model.graph.initializer}
    assert stored == {"w0.int8": TensorProto.INT8, "w0.scale": TensorProto.FLOAT}


def test_small_weights_and_channels_of_zeros():
    large, small = draws(32, 16, 3, 3), draws(2, 32, 3, 3)
    large[3] = 0
    model = network(("Conv", large), ("Conv", small))
    to_int8(model)
    stored = {each.name: numpy_helper.to_array(each) for each in model.graph.initializer}
    assert (stored["w1"] == small).all()
    assert (stored["w0.int8"][3] == 0).all()
    assert np.abs(stored["w0.int8"]).max() == 127
    assert np.isfinite(run(model, draws(1, 16, 6, 6))).all()
