"""condcolor colours a picture the way you name it.

    from condcolor import Colorizer

    colorizer = Colorizer.load("icons")
    colorizer("sketch.png", hair="red", shirt="blue").save("icon.png")

`Colorizer`, `train`, `resume`, `evaluate` and `recolor_layers` are imported on first use, so that
`import condcolor` stays light. Where torch is not installed, `Colorizer` colours with exported .onnx files.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from condcolor.version import __version__

if TYPE_CHECKING:
    from condcolor.evaluation.evaluate import evaluate
    from condcolor.imaging.layer_files import recolor_layers
    from condcolor.inference.colorizer import Colorizer
    from condcolor.training.train import resume, train


__all__ = ["Colorizer", "__version__", "evaluate", "recolor_layers", "resume", "train"]
_HOMES = {
    "Colorizer": "condcolor.inference.colorizer",
    "evaluate": "condcolor.evaluation.evaluate",
    "recolor_layers": "condcolor.imaging.layer_files",
    "train": "condcolor.training.train",
    "resume": "condcolor.training.train",
}


def __getattr__(name: str):
    if name in _HOMES:
        import importlib

        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'condcolor' has no attribute {name!r}")
