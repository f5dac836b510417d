"""An .onnx file from a stranger that says one thing and holds another ends in a sentence and exit code 4."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from pictures import sketch

from condcolor.errors import CheckpointError
from condcolor.inference import onnx_graph
from condcolor.inference.onnx_colorizer import OnnxColorizer, graph_sha256
from condcolor.models.onnx_file import ABOUT, CONFIG_KEY, PART

onnx = pytest.importorskip("onnx")
from onnx import TensorProto, helper  # noqa: E402

HONEST = Path(__file__).parents[1] / "pinned/exported/icons-head.onnx"
FLOAT, BYTE = TensorProto.FLOAT, TensorProto.UINT8
SIZES = ["b", "c", "h", "w"]


def graph(nodes, inputs, outputs, *constants):
    made = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info(*each) for each in inputs],
        [helper.make_tensor_value_info(*each) for each in outputs],
        constants,
    )
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)


def network(*nodes, inputs=None, outputs=None, constants=()):
    inputs = inputs or [("source", FLOAT, SIZES), ("cond", FLOAT, ["b", "p"])]
    return graph(nodes, inputs, outputs or [("output", FLOAT, SIZES)], *constants)


def forged(path, out, made=None, **properties):
    """The file of `path` with another network, and other properties."""
    model = onnx.load(path)
    known = {each.key: each.value for each in model.metadata_props}
    if made is not None:
        about = json.loads(known[ABOUT])
        about["graph_sha256"] = graph_sha256(made.SerializeToString())
        known[ABOUT] = json.dumps(about)
        model = made
    known |= properties
    del model.metadata_props[:]
    for key, value in known.items():
        model.metadata_props.add(key=key, value=value)
    out.write_bytes(model.SerializeToString())
    return out


def color(path):
    colorizer = OnnxColorizer.from_file(path, device="cpu", threads=1)
    values = {a.name: a.values[0] for a in colorizer.schema.attributes}
    return colorizer(sketch(), **values)


NAN = helper.make_tensor("nan", FLOAT, [], [float("nan")])
STRANGE: dict[str, Callable] = {
    "an input it has not": lambda: network(
        helper.make_node("Identity", ["source"], ["output"]),
        inputs=[("source", FLOAT, SIZES), ("key", FLOAT, ["b", "p"])],
    ),
    "bytes for floats": lambda: network(
        helper.make_node("Cast", ["source"], ["output"], to=FLOAT),
        inputs=[("source", BYTE, SIZES)],
    ),
    "a text for a picture": lambda: network(
        helper.make_node("Cast", ["source"], ["output"], to=TensorProto.STRING),
        outputs=[("output", TensorProto.STRING, SIZES)],
    ),
    "a number for a picture": lambda: network(
        helper.make_node("ReduceSum", ["source"], ["output"], keepdims=0),
        outputs=[("output", FLOAT, [])],
    ),
    "a smaller picture": lambda: network(
        helper.make_node("AveragePool", ["source"], ["output"], kernel_shape=[2, 2], strides=[2, 2])
    ),
    "what is not finite": lambda: network(
        helper.make_node("Mul", ["source", "nan"], ["output"]), constants=[NAN]
    ),
    "an operator nobody knows": lambda: network(
        helper.make_node("Steal", ["source"], ["output"], domain="evil")
    ),
    "a node that fails": lambda: network(
        helper.make_node("Reshape", ["source", "to"], ["output"]),
        constants=[helper.make_tensor("to", TensorProto.INT64, [4], [7, 7, 7, 7])],
    ),
}


@pytest.mark.parametrize("what", STRANGE)
def test_48_a_network_that_is_none_is_refused(tmp_path, what):
    path = forged(HONEST, tmp_path / "x.onnx", STRANGE[what]())
    with pytest.raises(CheckpointError, match=r"x\.onnx"):
        color(path)


def test_48_a_network_that_never_ends_is_stopped(tmp_path, monkeypatch):
    monkeypatch.setattr(onnx_graph, "FIRST_SECONDS", 0.5)
    body = helper.make_graph(
        [
            helper.make_node("Sin", ["before"], ["after"]),
            helper.make_node("Identity", ["on"], ["still"]),
        ],
        "body",
        [
            helper.make_tensor_value_info("i", TensorProto.INT64, []),
            helper.make_tensor_value_info("on", TensorProto.BOOL, []),
            helper.make_tensor_value_info("before", FLOAT, SIZES),
        ],
        [
            helper.make_tensor_value_info("still", TensorProto.BOOL, []),
            helper.make_tensor_value_info("after", FLOAT, SIZES),
        ],
    )
    endless = network(
        helper.make_node("Loop", ["times", "yes", "source"], ["output"], body=body),
        constants=[
            helper.make_tensor("times", TensorProto.INT64, [], [2**62]),
            helper.make_tensor("yes", TensorProto.BOOL, [], [True]),
        ],
    )
    path = forged(HONEST, tmp_path / "x.onnx", endless)
    with pytest.raises(CheckpointError, match="run for more than"):
        color(path)


@pytest.mark.parametrize(
    "properties",
    [
        {ABOUT: "[" * 100_000},
        {ABOUT: "[]"},
        {ABOUT: '{"format": 1}'},
        {CONFIG_KEY: "[" * 100_000},
        {CONFIG_KEY: '{"format": 1e999}'},
        {PART.format("encode"): "no base64"},
        {PART.format("encode"): base64.b64encode(b"no graph").decode()},
    ],
)
def test_48_damaged_metadata_are_refused(tmp_path, properties):
    with pytest.raises(CheckpointError, match=r"x\.onnx"):
        color(forged(HONEST, tmp_path / "x.onnx", **properties))


@pytest.mark.parametrize("fill", [-1, 256, "white", 1e9, [255]])
def test_48_a_ground_that_is_no_level_is_refused(tmp_path, fill):
    known = {each.key: each.value for each in onnx.load(HONEST).metadata_props}
    about = json.dumps(json.loads(known[ABOUT]) | {"fill": fill})
    with pytest.raises(CheckpointError, match="'fill' is wrong"):
        color(forged(HONEST, tmp_path / "x.onnx", **{ABOUT: about}))


def test_48_a_codec_that_gives_other_sizes_is_refused(tmp_path):
    half = graph(
        [
            helper.make_node("Cast", ["rgb"], ["float"], to=FLOAT),
            helper.make_node(
                "AveragePool", ["float"], ["source"], kernel_shape=[2, 2], strides=[2, 2]
            ),
        ],
        [("rgb", BYTE, SIZES)],
        [("source", FLOAT, SIZES)],
    )
    part = base64.b64encode(half.SerializeToString()).decode()
    path = forged(HONEST, tmp_path / "x.onnx", **{PART.format("encode"): part})
    with pytest.raises(CheckpointError, match="its graph 'encode' has an output of"):
        color(path)


def test_an_honest_file_passes(tmp_path):
    made = np.asarray(color(forged(HONEST, tmp_path / "x.onnx")))
    assert (made == np.asarray(color(HONEST))).all()
