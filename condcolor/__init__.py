"""condcolor colors a picture the way you name it.

    from condcolor import Colorizer

    colorizer = Colorizer.load("icons")
    colorizer("sketch.png", hair="red", shirt="blue").save("icon.png")

Every name is imported on first use, so that `import condcolor` stays light. Other module paths may change.
Without torch, `Colorizer` runs the built-in models and exported ones by ONNX Runtime.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from condcolor.runtime.extras import not_installed
from condcolor.version import __version__

if TYPE_CHECKING:
    from condcolor.batch.colorize import colorize_files
    from condcolor.conditions.schema import Attribute, AttributeSchema
    from condcolor.data.metadata import read_metadata, write_metadata
    from condcolor.errors import CheckpointError, CondcolorError, DataError, UsageError
    from condcolor.evaluation.evaluate import evaluate
    from condcolor.imaging.layer_files import load_layers, recolor_layers, save_layers
    from condcolor.inference.colorizer import Colorizer
    from condcolor.inference.onnx_export import export_onnx
    from condcolor.training.train import resume, train

_MODULES = {  # public name: the module that holds it
    "Attribute": "condcolor.conditions.schema",
    "AttributeSchema": "condcolor.conditions.schema",
    "CheckpointError": "condcolor.errors",
    "Colorizer": "condcolor.inference.colorizer",
    "CondcolorError": "condcolor.errors",
    "DataError": "condcolor.errors",
    "UsageError": "condcolor.errors",
    "colorize_files": "condcolor.batch.colorize",
    "evaluate": "condcolor.evaluation.evaluate",
    "export_onnx": "condcolor.inference.onnx_export",
    "load_layers": "condcolor.imaging.layer_files",
    "read_metadata": "condcolor.data.metadata",
    "recolor_layers": "condcolor.imaging.layer_files",
    "resume": "condcolor.training.train",
    "save_layers": "condcolor.imaging.layer_files",
    "train": "condcolor.training.train",
    "write_metadata": "condcolor.data.metadata",
}
__all__ = [
    "Attribute",
    "AttributeSchema",
    "CheckpointError",
    "Colorizer",
    "CondcolorError",
    "DataError",
    "UsageError",
    "__version__",
    "colorize_files",
    "evaluate",
    "export_onnx",
    "load_layers",
    "read_metadata",
    "recolor_layers",
    "resume",
    "save_layers",
    "train",
    "write_metadata",
]


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module 'condcolor' has no attribute {name!r}")
    try:
        value = getattr(importlib.import_module(_MODULES[name]), name)
    except ModuleNotFoundError as error:
        if missing := not_installed(error):
            raise ModuleNotFoundError(f"condcolor.{name}: {missing}", name=error.name) from error
        raise
    globals()[name] = value  # later accesses do not call this function
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
