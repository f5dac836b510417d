"""What an .onnx file tells, read without ONNX; and what is wrong with one."""

from __future__ import annotations

import io

import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper

from condcolor.errors import CheckpointError
from condcolor.onnxfile import is_onnx, parse_onnx, read_onnx

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)


def model_of(properties: dict[str, str]) -> onnx.ModelProto:
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in "xy"]
    node = helper.make_node("Abs", ["x"], ["y"])
    model = helper.make_model(helper.make_graph([node], "it", values[:1], values[1:]))
    helper.set_model_props(model, properties)
    return model


def parsed(data: bytes):
    return parse_onnx(io.BytesIO(data), len(data))


@given(st.dictionaries(TEXTS, TEXTS, max_size=4))
def test_properties_and_graph_are_what_onnx_wrote(properties):
    model = model_of(properties)
    data = model.SerializeToString()
    found = parsed(data)
    assert found.properties == properties
    start, length = found.graph
    assert data[start : start + length] == model.graph.SerializeToString()


@given(st.binary(max_size=200))
def test_no_bytes_do_more_than_be_refused(data):
    try:
        parsed(data)
    except ValueError:  # a decoding error is one, too
        return
    assert data


@pytest.mark.parametrize("lost", [1, 3, 150, 205, 240])
def test_a_file_cut_off_within_a_field_is_refused(lost):
    data = model_of({"condcolor.onnx": "x" * 200}).SerializeToString()
    with pytest.raises(ValueError, match=r"^$"):
        parsed(data[:-lost])


def test_what_is_wrong_is_told_with_the_name(tmp_path):
    path = tmp_path / "a.onnx"
    for data, said in (
        (b"", r"a\.onnx: damaged, or no ONNX file: export it again"),
        (b"\x89PNG\r\n\x1a\n" * 9, r"a\.onnx: damaged, or no ONNX file"),
        (model_of({}).SerializeToString(), r"a\.onnx: not a model that condcolor exported"),
    ):
        path.write_bytes(data)
        with pytest.raises(CheckpointError, match=said):
            read_onnx(path)
    with pytest.raises(CheckpointError, match=r"none\.onnx: cannot be read"):
        read_onnx(tmp_path / "none.onnx")


def test_a_folder_is_none_whatever_its_name(tmp_path):
    (tmp_path / "run.onnx").mkdir()
    (tmp_path / "b.ONNX").write_bytes(b"")
    assert not is_onnx(tmp_path / "run.onnx")
    assert is_onnx(tmp_path / "b.ONNX")
