"""The command as a whole: help, unknown words, and how every kind of end is told."""

from __future__ import annotations

import os
import re
import resource
import shlex
import signal
import subprocess
import sys
import warnings

import click
import pytest
from models import drawn_layers, save_random, save_random_photo

from condcolor.cli import COMMANDS, main
from condcolor.cli.errors import Terminated, run
from condcolor.conditions.schema import Attribute, AttributeSchema
from condcolor.errors import CheckpointError, DataError, SomeFailed, UsageError
from condcolor.imaging.layer_files import save_layers
from condcolor.runtime.process import Interrupted

CONDCOLOR = [sys.executable, "-m", "condcolor"]


def every_command(group: click.Group = main, path: tuple[str, ...] = ()):
    """(path, command) of the group itself and of all below it."""
    yield path, group
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from every_command(command, (*path, name))
        else:
            yield (*path, name), command


ALL = dict(every_command())
PATHS = pytest.mark.parametrize("path", ALL, ids=lambda path: " ".join(path) or "condcolor")


def examples(path) -> list[list[str]]:
    """The words of each `condcolor ...` line in a command's help."""
    lines = [line.strip() for line in (ALL[path].help or "").splitlines()]
    return [
        shlex.split(re.split(r" [<>|] ", line)[0])
        for line in lines
        if line.startswith("condcolor ")
    ]


@PATHS
@pytest.mark.usefixtures("built_in")
def test_every_help_has_an_example_of_its_own_command(condcolor, path):
    shown = " ".join(condcolor(*path, "--help").stdout.split())
    for words in examples(path):
        assert words[: len(path) + 1] == ["condcolor", *path]
        assert " ".join(words) in shown.replace("'", "")
    assert examples(path)


@PATHS
def test_every_example_parses(built_in, here, path):
    save_random_photo(built_in.parent / "photo")
    save_layers(drawn_layers(), here / "ada")
    for words in examples(path):
        context, rest = click.Context(main), words[1:]
        command = main
        while isinstance(command, click.Group):
            command, rest = command.get_command(context, rest[0]), rest[1:]
        command.make_context(command.name, list(rest), parent=context)  # raises what does not parse


@PATHS
def test_every_option_and_command_has_a_help(path):
    command = ALL[path]
    assert command.help
    for param in command.params:
        if isinstance(param, click.Option):
            assert param.help, param.opts


def test_the_commands_fit_a_line_each_in_the_help(condcolor):
    shown = condcolor("--help").stdout
    assert "..." not in shown.partition("Commands:")[2]
    assert all(re.search(rf"^  {name} +[A-Z]", shown, re.M) for name in COMMANDS)
    assert max(map(len, shown.splitlines())) <= 80


IMPORTED = """
import sys, condcolor.cli
try:
    condcolor.cli.main(["--help"])
except SystemExit:
    print(*{name.partition(".")[0] for name in sys.modules}, file=sys.stderr)
"""


def test_help_imports_nothing_heavy():
    done = subprocess.run(
        [sys.executable, "-c", IMPORTED], capture_output=True, check=True, text=True
    )
    assert "colorize" in done.stdout
    assert not {"torch", "numpy", "PIL", "matplotlib", "pandas", "tqdm"} & set(done.stderr.split())


def test_help_is_quick():
    """0.1 s of processor time; the least of three, since other work slows it down."""

    def seconds() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([*CONDCOLOR, "--help"], stdout=subprocess.DEVNULL, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    assert min(seconds() for _ in range(3)) < 0.2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ["colorise"],
            "no such command 'colorise'; did you mean 'colorize'? (see condcolor --help)",
        ),
        (["xyz"], "no such command 'xyz'; there are colorize, parts, variants"),
        (["data", "icon"], "did you mean 'icons'? (see condcolor data --help)"),
        (["data", "xyz"], "there are new, check"),
        (["ada.png"], "ada.png is a file, not a command; to colour it: condcolor colorize ada.png"),
        (["--verison"], "no such option --verison; did you mean '--version'?"),
        (["colorize"], "SKETCHES is missing (see condcolor colorize --help)"),
        (["colorize", "a.png", "--hiar", "red"], "no such option --hiar; did you mean '--hair'?"),
        (["colorize", "a.png", "--hair"], "'--hair' requires an argument"),
        (["colorize", "a.png", "--hair", "red", "-o"], "'-o' requires an argument"),
        (["colorize", "a.png", "--overwrite=x"], "'--overwrite' does not take a value"),
        (["variants", "a.png", "--cell", "abc"], "--cell: 'abc' is not a valid integer"),
        (["variants", "a.png", "--cell", "5"], "--cell: 5 is not in the range"),
        (["variants", "a.png", "b.png"], "unexpected extra argument"),
        (["adapt", "icons", "x"], "-o is missing"),
        (["train", "x", "--out", "y", "--epochs", "two"], "--epochs: whole numbers with commas"),
        (["info", "iconz"], "did you mean 'icons'?"),
        (["evaluate", "iconz", "x"], "did you mean 'icons'?"),
    ],
)
@pytest.mark.usefixtures("built_in")
def test_wrong_words_get_one_line_and_exit_code_2(condcolor, here, words, said):
    (here / "ada.png").touch()
    done = condcolor(*words)
    assert done.exit_code == 2
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("Error: ")
    assert said.lower() in line.lower()


@pytest.mark.parametrize("words", [[], ["data"]])
def test_a_group_alone_shows_its_help(condcolor, words):
    done = condcolor(*words)
    assert done.exit_code == 2
    assert "Commands:" in done.stderr
    assert "Error" not in done.stderr


@pytest.mark.parametrize("words", [["--help"], ["-h"], ["--version"], ["data", "-h"]])
def test_what_only_informs_exits_with_0(condcolor, words):
    done = condcolor(*words)
    assert (done.exit_code, done.stderr) == (0, "")


ENDS = [
    (UsageError("a"), 2, "Error: a\n"),
    (DataError("b", ["line 1", "line 2"]), 3, "Error: b\n  line 1\n  line 2\n"),
    (CheckpointError("c"), 4, "Error: c\n"),
    (SomeFailed("d"), 1, "Error: d\n"),
    (Interrupted(signal.SIGINT, "saved"), 130, "Interrupted: saved\n"),
    (Interrupted(signal.SIGTERM, "saved"), 143, "Interrupted: saved\n"),
    (KeyboardInterrupt(), 130, "Interrupted.\n"),
    (Terminated(), 143, "Terminated.\n"),
    (MemoryError(), 3, "Error: not enough memory: close other programs\n"),
    (
        RuntimeError("CUDA out of memory. Tried"),
        3,
        "Error: not enough memory: close other programs\n",
    ),
    (OSError(28, "No space left", "a/b.txt"), 3, "Error: a/b.txt: No space left\n"),
    (OSError("odd"), 3, "Error: odd\n"),
    (ValueError("x\ny"), 70, "Error: unexpected ValueError: x (--debug shows where)\n"),
    (RuntimeError(), 70, "Error: unexpected RuntimeError:  (--debug shows where)\n"),
]


@pytest.mark.parametrize(("error", "code", "said"), ENDS, ids=lambda v: type(v).__name__)
def test_every_end_is_a_line_and_a_code(capsys, error, code, said):
    def end():
        raise error

    assert run(end) == code
    assert capsys.readouterr().err == said


@pytest.mark.parametrize(("error", "code", "said"), ENDS[::4], ids=lambda v: type(v).__name__)
def test_debug_shows_where_and_ends_alike(capsys, error, code, said):
    def end():
        raise error

    assert run(end, debug=True) == code
    told = capsys.readouterr().err
    assert "Traceback" in told
    assert told.endswith(said)


@pytest.mark.usefixtures("built_in")
def test_debug_may_stand_anywhere_but_behind_two_dashes(condcolor):
    for words in (
        ["--debug", "info", "none"],
        ["info", "--debug", "none"],
        ["info", "none", "--debug"],
    ):
        done = condcolor(*words)
        assert "Traceback" in done.stderr
        assert done.exit_code == 2
    assert "Traceback" not in condcolor("info", "none").stderr
    assert "'--debug'" in condcolor("info", "--", "--debug").stderr


def test_sigterm_unwinds_and_its_handler_is_put_back(capsys):
    cleaned = []

    def end():
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            signal.pause()
        finally:
            cleaned.append(True)

    before = signal.getsignal(signal.SIGTERM)
    assert run(end) == 143
    assert cleaned
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.parametrize(("kind", "code"), [(KeyboardInterrupt, 130), (Terminated, 143)])
def test_a_signal_in_the_midst_of_an_import_is_one_all_the_same(capsys, kind, code):
    def end():
        raise RuntimeError("Error calling __set_name__ on 'cached_property'") from kind()

    assert run(end) == code
    assert "unexpected" not in capsys.readouterr().err


def test_a_warning_is_a_line(capsys):
    assert run(lambda: warnings.warn("watch\nout", UserWarning, stacklevel=1)) == 0
    assert capsys.readouterr().err == "note: watch out\n"


def shell(line: str, **variables: str) -> subprocess.CompletedProcess:
    """A shell line in which $C is the command."""
    environment = os.environ | {"C": shlex.join(CONDCOLOR)} | variables
    return subprocess.run(
        ["bash", "-c", line],
        env=environment,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )


def test_a_reader_that_leaves_gets_no_complaint():
    done = shell("$C --help | true; exit ${PIPESTATUS[0]}")
    assert (done.returncode, done.stderr) in ((141, ""), (0, ""))  # 0: all was written before
    done = shell("($C --help; echo $? >&2) | (exec <&-; sleep 1)")
    assert done.stderr == "141\n"


def test_no_stdout_and_no_stderr_are_no_fault():
    assert shell("$C --version >&-").returncode == 0
    assert shell("$C colorise 2>&-").returncode == 2
    assert shell("$C colorise >&- 2>&-").returncode == 2


def test_a_full_disk_behind_stdout_is_told():
    done = shell("$C --help >/dev/full")
    assert (done.returncode, done.stderr) == (3, "Error: No space left on device\n")


def test_names_that_the_locale_lacks_are_no_fault(tmp_path):
    model = save_random(tmp_path / "model", AttributeSchema((Attribute("髪", ("é", "b")),)))
    done = shell(f"$C info {model}", LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")
    assert (done.returncode, done.stderr) == (0, "")
    done = shell(f"$C info {model}", PYTHONIOENCODING="latin-1")
    assert (done.returncode, done.stderr) == (0, "")
    assert r"--\u9aea" in done.stdout
