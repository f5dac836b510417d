"""torchvision, imported so that it works beside a CPU build of torch, too. All who need it take it from here.

The wheels on PyPI are built against CUDA. Beside a CPU build their compiled operators do not load, and the
import ends with "operator torchvision::nms does not exist", since Python code registers fake
versions of operators that then are not there. Declaring them is enough: nothing here calls them. Datasets,
models, transforms.v2 and utils work; decoding with torchvision.io does not.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType

import torch

from condcolor.errors import UsageError

OPERATORS = (  # those whose fake versions torchvision registers at import
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)
_declared: list[
    torch.library.Library
] = []  # operators are gone with the library that declared them


def _imported() -> ModuleType:
    try:
        return importlib.import_module("torchvision")
    except ModuleNotFoundError as error:
        if error.name != "torchvision":
            raise
        raise UsageError(
            "torchvision is not installed: install the release that goes with your torch"
        ) from None
    except RuntimeError as error:
        if "torchvision::" not in str(error):
            raise
    for name in [n for n in sys.modules if n.partition(".")[0] == "torchvision"]:
        del sys.modules[name]  # half imported
    library = torch.library.Library("torchvision", "FRAGMENT")
    for operator in OPERATORS:
        library.define(operator)
    _declared.append(library)
    return importlib.import_module("torchvision")


torchvision = _imported()
