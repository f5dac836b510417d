"""A graph beside the weights of a model folder runs it without torch, and reaches no other file."""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from models import save_random_photo
from pictures import sketch

from condcolor.errors import CheckpointError, UsageError
from condcolor.inference.colorizer import Colorizer
from condcolor.inference.onnx_colorizer import OnnxColorizer, graph_sha256
from condcolor.models.model_folder import BUILT_IN, CONFIG, GRAPH_FILE, WEIGHTS
from condcolor.models.onnx_file import ABOUT, EXTERNAL_DATA, HOLDERS, PART, external_tensors

onnx = pytest.importorskip("onnx")
from onnx import TensorProto, helper  # noqa: E402

ICONS = BUILT_IN / "icons"
RED_BLUE = {"hair": "red", "shirt": "blue"}
MOVED = "elsewhere.bin"


@pytest.fixture
def icons(tmp_path) -> Path:
    """A copy of the built-in model, with its graph, at a path of a stranger's."""
    folder = tmp_path / "icons"
    shutil.copytree(ICONS, folder)
    return folder


def read(folder: Path) -> onnx.ModelProto:
    return onnx.load(folder / GRAPH_FILE, load_external_data=False)


def write(folder: Path, model: onnx.ModelProto, **about: object) -> None:
    """Write a graph as one that says the sha256 that it has."""
    known = {each.key: each.value for each in model.metadata_props}
    del model.metadata_props[:]
    told = json.loads(known[ABOUT]) | {"graph_sha256": graph_sha256(model.SerializeToString())}
    known[ABOUT] = json.dumps(told | about)
    for key, value in known.items():
        model.metadata_props.add(key=key, value=value)
    (folder / GRAPH_FILE).write_bytes(model.SerializeToString())


def external(location: str, *, offset: int = 0, length: int = 4) -> onnx.TensorProto:
    """A number that lies in another file."""
    tensor = TensorProto(name="secret", data_type=TensorProto.FLOAT, dims=[1])
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in {"location": location, "offset": offset, "length": length}.items():
        tensor.external_data.add(key=key, value=str(value))
    return tensor


def in_the_graph(model: onnx.ModelProto, tensor: onnx.TensorProto) -> None:
    model.graph.initializer.append(tensor)


def in_an_attribute(model: onnx.ModelProto, tensor: onnx.TensorProto) -> None:
    model.graph.node.append(helper.make_node("Constant", [], ["secret"], value=tensor))


def in_a_branch(model: onnx.ModelProto, tensor: onnx.TensorProto) -> None:
    branch = helper.make_graph(
        [helper.make_node("Identity", ["secret"], ["out"])],
        "branch",
        [],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, [1])],
        [tensor],
    )
    yes = helper.make_tensor("yes", TensorProto.BOOL, [], [True])
    model.graph.initializer.append(yes)
    model.graph.node.append(
        helper.make_node("If", ["yes"], ["told"], then_branch=branch, else_branch=branch)
    )


def in_a_function(model: onnx.ModelProto, tensor: onnx.TensorProto) -> None:
    node = helper.make_node("Constant", [], ["out"], value=tensor)
    opsets = [helper.make_opsetid("", 20)]
    model.functions.append(helper.make_function("own", "Tell", [], ["out"], [node], opsets))


PLACES: tuple[Callable, ...] = (in_the_graph, in_an_attribute, in_a_branch, in_a_function)


def test_the_built_in_models_have_small_graphs_and_their_weights_once():
    for folder in BUILT_IN.iterdir():
        graph = (folder / GRAPH_FILE).read_bytes()
        assert len(graph) < 0.05 * (folder / WEIGHTS).stat().st_size
        assert {tensor.location for tensor in external_tensors(graph)} == {WEIGHTS}
        told = {p.key: p.value for p in read(folder).metadata_props}
        described = json.loads((folder / CONFIG).read_text())
        assert json.loads(told[ABOUT])["weights_sha256"] == described["sha256"]
        for said in (b"site-packages", b"/condcolor/", b"stack_trace", str(Path.home()).encode()):
            assert said not in graph, said


def test_a_stranger_s_copy_colours_as_the_built_in_one(icons):
    made, wanted = (Colorizer.load(model, engine="onnx") for model in (icons, "icons"))
    assert isinstance(made, OnnxColorizer)
    assert made(sketch(), **RED_BLUE).tobytes() == wanted(sketch(), **RED_BLUE).tobytes()


@pytest.mark.parametrize("put", PLACES)
@pytest.mark.parametrize(
    "location", ["/etc/passwd", f"../{MOVED}", f"sub/../../{MOVED}", MOVED, ""]
)
def test_48_a_graph_that_names_another_file_is_refused(icons, put, location):
    for folder in (icons, icons.parent):
        (folder / MOVED).write_bytes(np.ones(1, np.float32).tobytes())
    model = read(icons)
    put(model, external(location))
    write(icons, model)
    with pytest.raises(
        CheckpointError, match=r"model\.onnx: its graph 'network' has tensors in another"
    ):
        OnnxColorizer.from_file(icons)


@pytest.mark.parametrize(
    ("offset", "length"), [(10**9, 4), (0, 10**12), (2**63, 4), (20_947_140, 5)]
)
def test_48_a_tensor_after_the_end_of_the_weights_is_refused(icons, offset, length):
    model = read(icons)
    in_the_graph(model, external(WEIGHTS, offset=offset, length=length))
    write(icons, model)
    with pytest.raises(CheckpointError, match=r"tensors after the end of model\.safetensors"):
        OnnxColorizer.from_file(icons)


@pytest.mark.parametrize("offset", ["-4", "x", "1e3", ""])
def test_48_a_place_that_is_no_number_is_refused(icons, offset):
    model = read(icons)
    in_the_graph(model, external(WEIGHTS, offset=offset))
    write(icons, model)
    with pytest.raises(CheckpointError, match=r"model\.onnx: its graph 'network' is damaged"):
        OnnxColorizer.from_file(icons)


def test_48_a_tensor_of_another_size_than_its_place_is_refused(icons):
    model = read(icons)
    weight = next(each for each in model.graph.initializer if each.external_data)
    weight.dims[0] += 1
    write(icons, model)
    with pytest.raises(CheckpointError, match=r"model\.onnx"):
        OnnxColorizer.from_file(icons)(sketch(), **RED_BLUE)


def test_48_a_graph_of_the_codec_names_no_file(icons):
    model = read(icons)
    key = PART.format("encode")
    pair = next(each for each in model.metadata_props if each.key == key)
    codec = onnx.load_from_string(base64.b64decode(pair.value))
    in_the_graph(codec, external(WEIGHTS))
    pair.value = base64.b64encode(codec.SerializeToString()).decode()
    write(icons, model)
    with pytest.raises(CheckpointError, match=r"its graph 'encode' has tensors in another file"):
        OnnxColorizer.from_file(icons)


def test_48_an_exported_file_names_no_file(icons, tmp_path):
    model = read(icons)
    model.metadata_props.add(key="condcolor.config", value=(icons / CONFIG).read_text())
    write(icons, model, weights_sha256=None)
    moved = shutil.copy(icons / GRAPH_FILE, icons / "alone.onnx")
    with pytest.raises(
        CheckpointError, match=r"alone\.onnx: its graph 'network' has tensors in another"
    ):
        OnnxColorizer.from_file(moved)


def test_48_weights_that_are_not_those_of_the_config_are_refused(icons):
    data = bytearray((icons / WEIGHTS).read_bytes())
    data[len(data) // 2] ^= 1
    (icons / WEIGHTS).write_bytes(data)
    with pytest.raises(CheckpointError, match=r"model\.safetensors: damaged: its sha256 begins"):
        OnnxColorizer.from_file(icons)


def test_weights_that_are_missing_are_told(icons):
    (icons / WEIGHTS).unlink()
    with pytest.raises(CheckpointError, match=r"model\.safetensors: cannot be read"):
        OnnxColorizer.from_file(icons)


def test_a_graph_of_other_weights_is_told(icons, tmp_path):
    other = save_random_photo(tmp_path / "other")
    shutil.copy(icons / GRAPH_FILE, other)
    with pytest.raises(CheckpointError, match=r"made for other weights .* export MODEL --beside"):
        Colorizer.load(other, engine="onnx")


def test_a_graph_alone_is_no_model(icons):
    with pytest.raises(
        CheckpointError, match=r"model\.onnx: only the graph of a model: name the folder"
    ):
        Colorizer.load(icons / GRAPH_FILE)
    (icons / GRAPH_FILE).unlink()
    with pytest.raises(
        UsageError, match="without a graph for ONNX Runtime: make one by condcolor export"
    ):
        Colorizer.load(icons, engine="onnx")


def test_every_message_that_can_hold_a_tensor_is_looked_into():
    """By the descriptors of onnx itself."""
    proto = onnx.onnx_ml_pb2.DESCRIPTOR.message_types_by_name
    holders = {"TensorProto"}
    while more := {
        name
        for name, message in proto.items()
        if name not in holders
        and any(f.message_type and f.message_type.name in holders for f in message.fields)
    }:
        holders |= more
    holders -= {"TensorProto"}
    known = {
        name: {
            f.number: f.message_type.name
            for f in proto[name].fields
            if f.message_type and f.message_type.name in {*holders, "TensorProto"}
        }
        for name in holders
    }
    assert known == HOLDERS
    assert proto["TensorProto"].fields_by_name["external_data"].number == EXTERNAL_DATA
