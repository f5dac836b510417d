"""condcolor colours a picture the way you name it.

    from condcolor import Colorizer

    colorizer = Colorizer.load("icons")
    colorizer("sketch.png", hair="red", shirt="blue").save("icon.png")

`Colorizer`, `train`, `resume` and `recolor_layers` are imported on first use, so that `import condcolor`
stays light. Where torch is not installed, `Colorizer` colours with exported .onnx files.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from condcolor.version import __version__

if TYPE_CHECKING:
    from condcolor.coloring import Colorizer
    from condcolor.layerfiles import recolor_layers
    from condcolor.training import resume, train

__all__ = ["Colorizer", "__version__", "recolor_layers", "resume", "train"]

_HOMES = {
    "Colorizer": "condcolor.coloring",
    "recolor_layers": "condcolor.layerfiles",
    "train": "condcolor.training",
    "resume": "condcolor.training",
}


def __getattr__(name: str):
    if name in _HOMES:
        import importlib

        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'condcolor' has no attribute {name!r}")
