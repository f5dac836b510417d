"""Python as in an environment where only `pip install condcolor` ran, its child processes too."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
# what the extras bring
LACKED = (
    *("torch", "torchvision", "safetensors", "pandas", "matplotlib", "filelock", "jinja2", "onnx"),
    *("onnxscript", "ray", "pyarrow", "tensorboard", "openpyxl", "dicebear", "dicebear_styles"),
    *("resvg_py", "pillow_heif", "skimage", "httpx", "playwright"),
)
HIDING = """
import importlib.machinery as machinery

class Finder(machinery.PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        if name.partition(".")[0] in {lacked!r}:
            return None
        return super().find_spec(name, path, target)

    @classmethod
    def find_distributions(cls, *of):
        if of and (of[0].name or "").replace("-", "_").lower() in {lacked!r}:
            return iter(())
        return super().find_distributions(*of)

import sys
sys.meta_path[sys.meta_path.index(machinery.PathFinder)] = Finder
"""
COMMAND = "import sys; from condcolor.cli import main; main(sys.argv[1:])"


def light_environment(folder: Path, *, lacked: tuple[str, ...] = ()) -> dict[str, str]:
    """The environment variables of a Python that cannot import LACKED, nor what else is `lacked`.

    folder: an empty one, for the module that hides them.
    """
    folder.mkdir(exist_ok=True)
    (folder / "sitecustomize.py").write_text(HIDING.format(lacked={*LACKED, *lacked}))
    path = os.pathsep.join((str(folder), str(REPOSITORY)))
    return os.environ | {"PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}


def run_light(
    folder: Path, code: str, *arguments: object, lacked: tuple[str, ...] = ()
) -> subprocess.CompletedProcess:
    """Run Python code there."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    environment = light_environment(folder, lacked=lacked)
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
