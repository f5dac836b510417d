"""Files from others: what is no regular file never blocks, and none is read past its limit."""

from __future__ import annotations

import os
import shutil

import pytest

from condcolor.data.table import read_table
from condcolor.runtime.regular_files import NotRegular, TooLarge, open_regular, read_regular

unix = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFOs on this system")


def test_a_regular_file_is_read_whole_and_through_a_link(tmp_path):
    (tmp_path / "a").write_bytes(b"content")
    (tmp_path / "link").symlink_to("a")
    assert read_regular(tmp_path / "a", 7) == read_regular(tmp_path / "link", 7) == b"content"


def test_a_larger_file_is_refused_before_it_is_read(tmp_path):
    with open(tmp_path / "sparse", "wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(TooLarge, match="more than 1 MiB"):
        read_regular(tmp_path / "sparse", 1 << 20)


@unix
@pytest.mark.parametrize("linked", [False, True])
def test_a_fifo_is_refused_at_once(tmp_path, linked):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("pipe")
    with (
        pytest.raises(NotRegular, match=r"pipe \(FIFO\)"),
        open_regular(tmp_path / ("link" if linked else "pipe")),
    ):
        pass


@unix
def test_devices_and_folders_are_refused(tmp_path):
    with pytest.raises(NotRegular, match="device"):
        read_regular("/dev/zero", 10)
    with pytest.raises(NotRegular, match="folder"):
        read_regular(tmp_path, 10)


@unix
@pytest.mark.parametrize("name", ["model.safetensors", "config.json"])
@pytest.mark.parametrize("target", ["a FIFO", "/dev/zero"])
def test_28_a_model_with_a_fifo_or_device_for_a_file_ends_in_4(
    condcolor, here, random_model, sketches, name, target
):
    shutil.copytree(random_model, "m")
    os.unlink(f"m/{name}")
    if target == "/dev/zero":
        os.symlink(target, f"m/{name}")
    else:
        os.mkfifo(f"m/{name}")
    colors = ("--hair", "red", "--shirt", "blue")
    done = condcolor("colorize", "sketches/ada.png", "-m", "m", *colors, "-o", "o.png")
    assert done.exit_code == 4, done.output
    assert not os.path.exists("o.png")


@unix
@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("colorize", "sketches/ada.png", "--palette", "pipe", "-o", "o.png"), 2),
        (("colorize", "pipe.csv", "-o", "out"), 3),
        (("recolor", "pipe.ora", "-o", "o.png"), 3),
        (("info", "pipe.onnx"), 2),
        (("train", "pipe.csv", "--out", "run"), 3),
        (("train", "sketches", "--recipe", "photo", "--encoder", "resnet18", "--depth", "5",
          "--image-size", "32", "--encoder-weights", "pipe.pth", "--out", "run"), 2),
    ],
)  # fmt: skip
def test_28_a_fifo_for_any_other_file_is_refused_in_a_sentence(
    condcolor, built_in, sketches, words, code
):
    for word in words:
        if word.startswith("pipe"):
            os.mkfifo(word)
    done = condcolor(*words)
    assert done.exit_code == code, done.output
    assert done.stderr.startswith("Error: ")


def test_a_csv_over_the_limit_says_its_size(tmp_path):
    with open(tmp_path / "metadata.csv", "wb") as file:
        file.truncate(300 << 20)
    (problem,) = read_table(tmp_path / "metadata.csv").problems
    assert problem == "metadata.csv has 300 MB; at most 256 MB"
