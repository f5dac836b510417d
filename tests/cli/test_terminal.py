"""Whatever a file, a name or a library says, no control character of it reaches the terminal."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import unicodedata

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pictures import sketch

from condcolor.cli.terminal import EscapingText, escaped_output

BAD = "\x1b]0;owned\x07\x9b31m\u202egnp\u2066\u200f\x7f"


def written(text: str) -> str:
    stream = io.StringIO()
    EscapingText(stream).write(text)
    return stream.getvalue()


@given(st.text())
def test_only_line_ends_and_tabs_are_left_of_what_is_not_printable(text):
    shown = written(text).removeprefix("\r")
    assert all(char.isprintable() or char in "\n\t" for char in shown)
    assert not any(
        unicodedata.category(char) in ("Cc", "Cf", "Cs") for char in shown if char not in "\n\t"
    )


@pytest.mark.parametrize("text", ["plain\n", "\tünïcödé 日本 🎨█\n", "\r 30%|███   | 3/10"])
def test_other_text_is_written_as_it_is(text):
    assert written(text) == text


def test_a_carriage_return_inside_a_text_cannot_overwrite_its_line():
    assert written("failed: a\rok: b") == r"failed: a\rok: b"


def test_bytes_go_to_the_buffer_alone(capfdbinary):
    with escaped_output():
        sys.stdout.buffer.write(b"\x89PNG\r\n\x1a\n")
        sys.stdout.flush()
    assert capfdbinary.readouterr().out == b"\x89PNG\r\n\x1a\n"


def test_output_is_as_before_behind_the_block():
    before = sys.stdout, sys.stderr
    with escaped_output():
        assert isinstance(sys.stdout, EscapingText)
    assert (sys.stdout, sys.stderr) == before


def test_click_writes_through_it(capsys):
    with escaped_output():
        click.echo(BAD)
        click.echo(BAD, err=True)
    assert "\x07" not in "".join(capsys.readouterr())


def _palette():
    with open("p.json", "w", encoding="utf-8") as file:
        json.dump({f"a{BAD}": BAD}, file)
    return "colorize", "sketches/ada.png", "--palette", "p.json", "-o", "o.png"


def _csv():
    os.mkdir("set")
    with open("set/metadata.csv", "w", encoding="utf-8") as file:
        file.write(f"input,output,hair{BAD}\n{BAD}.png,{BAD}.png,red{BAD}\n")
    return "data", "check", "set"


def _layers():
    os.mkdir("layers")
    attributes = [{"name": BAD, "values": ["a"]}]
    index = {"format": 1, "layers": [["paper", "x.png"]], "attributes": attributes}
    with open("layers/layers.json", "w", encoding="utf-8") as file:
        json.dump(index, file)
    sketch().save("layers/x.png")
    return "recolor", "layers", "-o", "o.png"


def _config():
    os.mkdir("m")
    config = {"format": 1, "recipe": BAD, "model": {BAD: 1e9}, "schema": [], "image_size": 16}
    with open("m/config.json", "w", encoding="utf-8") as file:
        json.dump(config, file)
    return "info", "m"


def _option():
    return "colorize", f"{BAD}.png", f"--{BAD}", BAD


@pytest.mark.parametrize("case", [_palette, _csv, _layers, _config, _option])
def test_text_of_a_strangers_file_is_escaped(condcolor, built_in, sketches, case):
    done = condcolor(*case())
    assert done.exit_code in (2, 3, 4), done.output
    shown = done.stdout + done.stderr
    assert shown
    assert all(char.isprintable() or char == "\n" for char in shown), repr(shown)


def test_50_a_name_that_is_not_utf8_is_escaped_in_any_locale(here):
    name = os.fsdecode(b"r\xff.png")
    for locale in ("C.UTF-8", "C"):
        environment = {
            **os.environ,
            "LC_ALL": locale,
            "PYTHONCOERCECLOCALE": "0",
            "PYTHONUTF8": "0",
        }
        done = subprocess.run(
            [sys.executable, "-m", "condcolor", "info", name],
            capture_output=True,
            env=environment | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
        assert done.returncode == 2, done.stderr
        assert rb"r\udcff.png" in done.stderr
        done.stderr.decode("ascii")
