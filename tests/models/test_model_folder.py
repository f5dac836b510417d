"""Model folders: found by name or path, and read no further than they can be trusted. What an .onnx file
tells, read without ONNX; and what is wrong with one.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys

import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from models import ICONS
from onnx import TensorProto, helper
from pictures import as_nobody

from condcolor.errors import CheckpointError, CondcolorError, UsageError
from condcolor.models import model_folder
from condcolor.models.model_folder import (
    CONFIG,
    built_in_models,
    find_model,
    read_config,
    read_model_info,
)
from condcolor.models.onnx_file import is_onnx, parse_onnx, read_onnx
from condcolor.runtime import json_files
from condcolor.runtime.json_files import read_json, sha256


@pytest.fixture
def model(random_model, tmp_path):
    """A model folder that a test may spoil."""
    return shutil.copytree(random_model, tmp_path / "model")


def test_a_name_means_the_built_in_model_and_a_path_a_folder(built_in, model, here):
    assert built_in_models() == ["icons"]
    assert find_model("icons") == built_in
    shutil.copytree(model, here / "icons")
    assert find_model("icons") == built_in  # as ever, whatever stands in the current folder
    assert find_model("./icons") == find_model(here / "icons").relative_to(here)


def test_of_a_run_folder_it_is_the_best_model(model, tmp_path):
    run = tmp_path / "run"
    shutil.copytree(model, run / "model")
    shutil.copytree(model, run / "model-last")
    (run / CONFIG).write_text("{}")
    assert find_model(run) == run / "model"
    assert find_model(run / "model-last") == run / "model-last"


def test_a_run_that_has_no_model_yet_says_so(tmp_path):
    (tmp_path / "run/checkpoints").mkdir(parents=True)
    with pytest.raises(CheckpointError, match="a training run without a model yet"):
        find_model(tmp_path / "run")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("", "the model's name is empty"),
        ("iconz", "model 'iconz' is neither built in .icons. nor a folder; did you mean 'icons'"),
        ("none/at/all", "nor a folder"),
        ("file.txt", "model 'file.txt' is a file: name the folder"),
        ("x" * 300, "nor a folder|cannot be looked at"),
        ("a\0b", "nor a folder|cannot be looked at"),
        ("esc\x1b[31m", r"model 'esc\\x1b\[31m' is neither"),
    ],
)
def test_what_is_no_model_is_told(built_in, here, name, said):
    (here / "file.txt").touch()
    with pytest.raises(UsageError, match=said):
        find_model(name)


def test_none_installed_is_told(monkeypatch, tmp_path):
    monkeypatch.setattr(model_folder, "BUILT_IN", tmp_path)
    assert built_in_models() == []
    with pytest.raises(UsageError, match="none is installed"):
        find_model("icons")


def test_a_folder_without_permission_is_told(model, tmp_path):
    model.parent.chmod(0o755)
    (tmp_path / "shut").mkdir(mode=0o700)
    shutil.move(model, tmp_path / "shut/model")
    denied = pytest.raises(CondcolorError, match="Permission denied")
    with as_nobody(tmp_path), denied:
        read_config(find_model("shut/model"))


def test_the_schema_comes_back(model):
    info = read_model_info(model)
    assert info.schema == ICONS
    assert (info.name, info.path, info.kind) == (str(model), model, "folder")
    assert (info.recipe, info.image_size, info.vivid) == ("icons", 16, 1.0)
    assert info.sha256 == sha256(info.weights)
    assert read_model_info(info) is info


def test_the_file_says_the_same_as_the_folder(icons_onnx):
    folder, file = map(read_model_info, icons_onnx)
    assert (folder.kind, file.kind) == ("folder", "onnx")
    assert folder.config == file.config
    assert folder.schema == file.schema
    assert file.weights == icons_onnx[1]
    assert file.card == "condcolor.card in its metadata"
    assert folder.card == str(icons_onnx[0] / "card.md")


def test_a_palette_adds_names_to_the_schema(model, tmp_path):
    (tmp_path / "palette.json").write_text('{"crimson": "#b01030"}')
    info = read_model_info(model)
    (hair, shirt) = info.with_palette(tmp_path / "palette.json").schema.attributes
    assert hair.named == shirt.named == (("crimson", (0xB0, 0x10, 0x30)),)
    assert info.schema == ICONS


def described(model) -> dict:
    return json.loads((model / CONFIG).read_text())


FAULTS = {
    "empty": (b"", "not readable JSON .an empty file"),
    "text": (b"hello", "not readable JSON"),
    "cut": (b'{"format": 1, ', "not readable JSON"),
    "binary": (b"\x80\x04\x95\xff\xfe\x00", "not readable JSON"),
    "a list": (b"[1, 2]", "holds a list, not an object"),
    "deep": (b"[" * 100_000, "not readable JSON"),
    "something else": (b'{"name": "package.json"}', "not the config of a condcolor model"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_config_that_is_none_is_told(model, name):
    content, said = FAULTS[name]
    (model / CONFIG).write_bytes(content)
    with pytest.raises(CheckpointError, match=said):
        read_config(model)


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("format", 2, "format 2 is newer than this condcolor reads .1.: upgrade"),
        ("format", "1", "not the config of a condcolor model"),
        ("format", True, "not the config"),
        ("format", 0, "not the config"),
        ("recipe", None, "'recipe' is wrong"),
        ("image_size", 0, "image_size is 0, not 1 to"),
        ("image_size", -16, "image_size is -16"),
        ("image_size", 2**40, "image_size is"),
        ("image_size", 16.0, "'image_size' is wrong"),
        ("model", [], "'model' is wrong"),
        ("model", {"depth": 10**9}, "depth 1000000000 is of no network"),
        ("model", {"dropout": float("nan")}, "dropout nan is of no network"),
        ("schema", {}, "'schema' is wrong"),
    ],
)
def test_a_field_that_cannot_be_is_told(model, field, value, said):
    (model / CONFIG).write_text(json.dumps(described(model) | {field: value}))
    with pytest.raises(CheckpointError, match=said):
        read_config(model)


def test_a_newer_format_is_told_even_if_its_fields_are_others(model):
    (model / CONFIG).write_text('{"format": 7}')
    with pytest.raises(CheckpointError, match="format 7 is newer"):
        read_config(model)


@pytest.mark.parametrize("field", ["recipe", "model", "schema", "image_size"])
def test_a_missing_field_is_named(model, field):
    config = described(model)
    del config[field]
    (model / CONFIG).write_text(json.dumps(config))
    with pytest.raises(CheckpointError, match=f"'{field}' is missing"):
        read_config(model)


def test_a_malformed_schema_names_the_file(model):
    config = described(model)
    config["schema"][0]["values"] = ["red", "red"]
    (model / CONFIG).write_text(json.dumps(config))
    with pytest.raises(CheckpointError, match=r"config\.json: the attribute schema is malformed"):
        read_model_info(model)


def test_no_config_is_read_without_end(model, monkeypatch):
    monkeypatch.setattr(json_files, "MAX_JSON_BYTES", 10)
    with pytest.raises(CheckpointError, match="has more than 10 bytes"):
        read_json(model / CONFIG)


def test_pipes_and_folders_in_the_config_s_place_are_refused_without_waiting(tmp_path):
    (tmp_path / "a" / CONFIG).mkdir(parents=True)
    (tmp_path / "b").mkdir()
    os.mkfifo(tmp_path / "b" / CONFIG)
    for folder in ("a", "b"):
        with pytest.raises(CheckpointError, match="no model here"):
            read_config(tmp_path / folder)


def test_modules_that_help_needs_stay_light():
    code = "import sys, condcolor.models.model_folder; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


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
