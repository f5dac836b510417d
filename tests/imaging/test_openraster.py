"""OpenRaster files of any program, also of a stranger: groups, offsets, opacity; bounded cost."""

from __future__ import annotations

import contextlib
import io
import time
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pictures import encoded
from PIL import Image

from condcolor.errors import DataError, UsageError
from condcolor.imaging.layer_files import load_layers
from condcolor.imaging.openraster import MAX_LAYERS, BadStack, parse_stack

WHITE, RED, BLUE = (255, 255, 255, 255), (255, 0, 0, 255), (0, 0, 255, 255)
FILES = {"white": WHITE, "red": RED, "blue": BLUE}


def write_ora(path, stack: str, size=(4, 4), files=FILES):
    xml = f'<?xml version="1.0"?><image w="{size[0]}" h="{size[1]}"><stack>{stack}</stack></image>'
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("stack.xml", xml)
        for name, color in files.items():
            archive.writestr(f"{name}.png", encoded(Image.new("RGBA", (4, 4), color), "PNG"))
    return path


def composed(path) -> np.ndarray:
    return np.asarray(load_layers(path).composed().convert("RGBA"))


GROUND = '<layer name="ground" src="white.png"/>'


def test_layers_of_a_hidden_group_do_not_show(tmp_path):
    group = '<stack visibility="hidden"><stack><layer name="a" src="red.png"/></stack></stack>'
    path = write_ora(tmp_path / "a.ora", group + GROUND)
    assert load_layers(path).names == ("ground",)
    assert (composed(path) == WHITE).all()


def test_the_offset_of_a_group_adds_to_that_of_its_layers(tmp_path):
    group = '<stack x="1" y="2"><layer name="a" src="red.png" x="1" y="-1"/></stack>'
    picture = composed(write_ora(tmp_path / "a.ora", group + GROUND))
    assert (picture[1:, 2:] == RED).all()
    assert (picture[:1] == WHITE).all()
    assert (picture[:, :2] == WHITE).all()


@given(
    inner=st.integers(0, 255),
    group=st.integers(0, 255),
    outer=st.integers(0, 255),
    over=st.integers(0, 255),
)
def test_a_group_is_composited_first_and_faded_as_one(tmp_path_factory, inner, group, outer, over):
    """Of two layers in a half transparent group the upper one hides the lower one, not half of it."""
    a, b, g, o = (n / 255 for n in (inner, over, group, outer))
    stack = (
        f'<stack opacity="{o}"><stack opacity="{g}"><layer name="b" src="blue.png" opacity="{b}"/>'
        f'<layer name="a" src="red.png" opacity="{a}"/></stack></stack>{GROUND}'
    )
    picture = composed(write_ora(tmp_path_factory.mktemp("ora") / "a.ora", stack))
    red, blue = o * g * a * (1 - b), o * g * b
    white = 1 - red - blue
    expected = 255 * np.array([red + white, white, blue + white, 1])
    assert abs(picture[0, 0] - expected).max() <= 3, "apart from rounding to 8 bits"


def test_layers_in_groups_stay_layers_in_their_order(tmp_path):
    stack = (
        '<layer name="top" src="red.png"/><stack><layer name="c" src="red.png"/>'
        '<layer name="b" src="blue.png"/>'
        f"</stack>{GROUND}"
    )
    assert load_layers(write_ora(tmp_path / "a.ora", stack)).names == ("ground", "b", "c", "top")


@pytest.mark.parametrize("x", ["1000000000000", "-1000000000000", "4", "-4", "0000000"])
def test_a_layer_outside_the_canvas_does_not_show(tmp_path, x):
    stack = f'<layer name="far" src="red.png" x="{x}"/>' + GROUND
    picture = composed(write_ora(tmp_path / "a.ora", stack))
    assert (picture == (RED if int(x) == 0 else WHITE)).all()


@pytest.mark.parametrize(
    ("stack", "said"),
    [
        ('<layer name="a" src="red.png" x="1e3"/>', "x is '1e3', no whole number"),
        (f'<layer name="a" src="red.png" y="{"9" * 5000}"/>', "no whole number"),
        ('<layer name="a" src="red.png" opacity="nan"/>', "layer 'a' has an opacity of 'nan'"),
        ('<stack name="g" opacity="2"><layer name="a" src="red.png"/></stack>', "group 'g' has an opacity"),
        (
            '<layer name="shade" src="red.png" composite-op="svg:multiply"/>',
            "layer 'shade' is composited as svg:multiply",
        ),
        (
            '<stack name="g" composite-op="svg:screen"><layer name="a" src="red.png"/></stack>',
            "group 'g' is composited as svg:screen",
        ),
        ("<stack>" * 60 + "</stack>" * 60, "groups in each other"),
        ('<layer name="a" src="none.png"/>', "none.png"),
        ("", "there is none"),
    ],
)  # fmt: skip
def test_a_stack_that_cannot_be_kept_is_refused_by_name(tmp_path, stack, said):
    with pytest.raises(DataError, match=r"a\.ora: holds no layers that can be read") as refused:
        load_layers(write_ora(tmp_path / "a.ora", stack))
    assert said in str(refused.value)


def test_two_layers_of_one_name_are_refused_by_file_and_name(tmp_path):
    stack = (
        '<layer name="hair" src="red.png"/><stack><layer name="hair" src="blue.png"/></stack>'
        + GROUND
    )
    with pytest.raises(UsageError, match=r"a\.ora: two visible layers are named 'hair'"):
        load_layers(write_ora(tmp_path / "a.ora", stack))


@pytest.mark.parametrize(("count", "side"), [(60, 9000), (1, 100_000), (MAX_LAYERS + 1, 1)])
def test_7_a_file_of_some_bytes_and_gigabytes_of_layers_is_refused_at_once(tmp_path, count, side):
    stack = "".join(f'<layer name="a{i}" src="red.png"/>' for i in range(count))
    started = time.perf_counter()
    with pytest.raises(DataError, match=r"layers|a canvas of"):
        load_layers(write_ora(tmp_path / "a.ora", stack, size=(side, side)))
    assert time.perf_counter() - started < 2


def test_7_a_picture_far_larger_than_the_canvas_counts_as_well(tmp_path, monkeypatch):
    from condcolor.imaging import openraster

    monkeypatch.setattr(openraster, "MAX_LAYER_PIXELS", 40_000)
    stack = "".join(f'<layer name="a{i}" src="{i}.png"/>' for i in range(5))
    path = write_ora(tmp_path / "a.ora", stack)
    with zipfile.ZipFile(path, "a") as archive:
        for i in range(5):
            archive.writestr(f"{i}.png", encoded(Image.new("1", (100, 100)), "PNG"))
    with pytest.raises(DataError, match="over the limit"):
        load_layers(path)


def test_one_picture_in_many_layers_is_decoded_once(tmp_path, monkeypatch):
    from condcolor.imaging import openraster

    calls = []
    honest = openraster.decode_layer
    monkeypatch.setattr(
        openraster, "decode_layer", lambda *a, **k: calls.append(a) or honest(*a, **k)
    )
    stack = "".join(f'<layer name="a{i}" src="red.png"/>' for i in range(40))
    assert len(load_layers(write_ora(tmp_path / "a.ora", stack)).names) == 40
    assert len(calls) == 1


def test_9_a_member_that_unpacks_to_far_more_than_the_zip_says_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.ora", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("stack.xml", b" " * (3 << 20))
    with pytest.raises(DataError, match=r"stack\.xml is too large"):
        load_layers(tmp_path / "a.ora")


@given(st.binary(max_size=300))
def test_a_stack_of_any_bytes_is_parsed_or_refused(data):
    with contextlib.suppress(BadStack):
        parse_stack(data)


@given(st.integers(0, 10**6), st.integers(0, 255))
def test_a_damaged_file_ends_in_a_data_error(tmp_path_factory, at, byte):
    path = write_ora(tmp_path_factory.mktemp("ora") / "a.ora", GROUND)
    data = bytearray(path.read_bytes())
    data[at % len(data)] = byte
    path.write_bytes(data)
    with contextlib.suppress(DataError):
        load_layers(path)


def test_entities_are_refused():
    with pytest.raises(BadStack, match="entities"):
        parse_stack(b'<!DOCTYPE a [<!ENTITY b "c">]><image w="1" h="1"/>')


def test_a_json_member_with_deep_nesting_is_refused(tmp_path):
    path = write_ora(tmp_path / "a.ora", GROUND)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("layers.json", "[" * 100_000)
    with pytest.raises(DataError, match=r"a\.ora"):
        load_layers(path)


def test_a_stream_is_read_without_a_file():
    from condcolor.imaging.openraster import read_ora

    buffer = io.BytesIO()
    write_ora(buffer, GROUND)
    names, images, texts = read_ora(buffer, "a.ora")
    assert names == ["ground"]
    assert images[0].shape == (4, 4, 4)
    assert texts == {}
