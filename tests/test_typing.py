"""The types that mypy shows a user of the package."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import condcolor

pytest.importorskip("mypy")
ROOT = Path(__file__).parents[1]
SCRIPT = """
from pathlib import Path
from condcolor import Colorizer, colorize_files, evaluate, export_onnx, load_layers
from condcolor import read_metadata, recolor_layers, resume, save_layers, train

colorizer = Colorizer.load("icons", device="cpu", threads=1)
reveal_type(colorizer)
reveal_type(colorizer("sketch.png", hair="red", shirt="#ff8800"))
reveal_type(colorizer.variants("sketch.png"))
reveal_type(list(colorizer.colorings("sketch.png", [{"hair": "red"}])))
reveal_type(colorizer.schema.names)
reveal_type(colorizer.regions("sketch.png"))
layers = colorizer.layers("sketch.png", hair="red", shirt="tan")
reveal_type(layers)
reveal_type(layers.composed())
reveal_type(save_layers(layers, Path("out")))
reveal_type(load_layers("out.ora"))
reveal_type(recolor_layers("out", hair="#00aa88"))
reveal_type(read_metadata("data").records[0].target)
reveal_type(train("data", "run"))
reveal_type(resume("run"))
reveal_type(export_onnx("icons", "icons.onnx"))
reveal_type(colorize_files("sketches", "colored", {"hair": "red", "shirt": "blue"}).outputs)
reveal_type(evaluate(colorizer, "data"))
"""
REVEALED = [
    "condcolor.inference.colorizer.Colorizer",
    "PIL.Image.Image",
    "dict[tuple[str, ...], PIL.Image.Image]",
    "list[PIL.Image.Image]",
    "tuple[str, ...]",
    "condcolor.imaging.regions.Regions",
    "condcolor.imaging.layers.Layers",
    "PIL.Image.Image",
    "list[pathlib.Path]",
    "condcolor.imaging.layers.Layers",
    "condcolor.imaging.layers.Layers",
    "pathlib.Path | None",
    "pathlib.Path",
    "pathlib.Path",
    "condcolor.inference.onnx_export.Exported",
    "tuple[pathlib.Path, ...]",
    "pandas.core.frame.DataFrame",
]


@pytest.fixture(scope="module")
def mypy(tmp_path_factory):
    """Runs mypy --strict on a script as it sees an installed condcolor; its lines of output."""
    folder = tmp_path_factory.mktemp("mypy")
    (folder / "condcolor").symlink_to(ROOT / "condcolor", target_is_directory=True)

    def run(script: str) -> list[str]:
        (folder / "script.py").write_text(script, encoding="utf-8")
        command = [sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent"]
        command += ["--config-file=", f"--cache-dir={folder / 'cache'}", "script.py"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        assert not done.stderr, done.stderr
        return done.stdout.splitlines()

    return run


@pytest.mark.slow
def test_a_users_script_has_real_types(mypy):
    lines = mypy(SCRIPT)
    revealed = [line.split('Revealed type is "')[1][:-1] for line in lines if "Revealed" in line]
    short = [
        text.replace("builtins.", "").replace("pathlib._local.", "pathlib.") for text in revealed
    ]
    assert short == REVEALED
    assert lines[-1].startswith("Success"), lines


@pytest.mark.slow
def test_wrong_types_of_a_user_are_errors(mypy):
    wrong = 'from condcolor import Colorizer\ncolorizer = Colorizer.load("icons")\n'
    wrong += (
        'colorizer("sketch.png", hair=3)\ncolorizer.load(device=0)\ncolorizer.colour("a.png")\n'
    )
    errors = [line for line in mypy(wrong) if ": error:" in line]
    assert [line.split(":")[1] for line in errors] == ["3", "4", "5"]


def test_every_public_name_is_there_and_shown():
    assert set(condcolor.__all__) <= set(dir(condcolor))
    for name in condcolor.__all__:
        value = getattr(condcolor, name)
        assert name == "__version__" or value.__doc__, name
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        condcolor.nothing  # noqa: B018


def test_importing_the_package_imports_nothing_heavy():
    code = "import sys, condcolor; sys.exit(bool({'torch', 'numpy', 'PIL', 'pandas'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_package_says_that_it_has_types():
    assert (ROOT / "condcolor/py.typed").is_file()
    assert '"py.typed"' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")
