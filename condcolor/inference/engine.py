"""The engine that runs a model: ONNX Runtime, which starts at once, or torch where that pays."""

from __future__ import annotations

import ctypes
import os
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from condcolor.errors import UsageError, did_you_mean
from condcolor.models.model_folder import ONNX, ModelInfo
from condcolor.runtime.messages import shown_name

ONNX_RUNTIME, TORCH = "onnx", "torch"
ENGINES = ("auto", ONNX_RUNTIME, TORCH)
MANY = 50  # pictures from which torch pays on a CPU, its start included: docs/benchmarks.md


@dataclass(frozen=True)
class Engine:
    """An engine, and why a model runs on it."""

    name: str  # ONNX_RUNTIME or TORCH
    why: str  # a clause for people

    def __str__(self) -> str:
        return f"{'ONNX Runtime' if self.name == ONNX_RUNTIME else 'torch'} ({self.why})"


def pick_engine(
    info: ModelInfo,
    asked: str = "auto",
    *,
    device: str | None = None,
    precision: str = "fp32",
    pictures: int = 1,
) -> Engine:
    """Return the engine for a model.

    Args:
        info: the model.
        asked: of ENGINES.
        device: as for `Colorizer.load`; a GPU that is named is torch's for a folder.
        precision: as for `Colorizer.load`; bf16 is torch's.
        pictures: number of pictures to color.

    Raises:
        UsageError: no such engine, or one that cannot run the model or is not installed.
    """
    label = f"model '{shown_name(info.name)}'"
    if asked not in ENGINES:
        hint = did_you_mean(str(asked), ENGINES)
        raise UsageError(f"engine {asked!r} is not one of {', '.join(ENGINES)}{hint}")
    if info.kind == ONNX:
        if asked == TORCH:
            raise UsageError(f"{label}: an exported model runs on ONNX Runtime: name its folder")
        return Engine(ONNX_RUNTIME, "an exported model")
    if info.graph is None:
        if asked == ONNX_RUNTIME:
            raise UsageError(
                f"{label}: without a graph for ONNX Runtime: make one by condcolor export "
                f"{shown_name(info.name)} --beside, or use --engine torch"
            )
        return Engine(TORCH, "no model.onnx beside the weights")
    if asked != "auto":
        return Engine(asked, "as asked for")
    if not is_installed(TORCH):
        return Engine(ONNX_RUNTIME, "torch is not installed")
    if not is_installed("onnxruntime"):
        return Engine(TORCH, "ONNX Runtime is not installed")
    if device not in (None, "auto", "cpu"):
        return Engine(TORCH, f"device {device}")
    if precision == "bf16":
        return Engine(TORCH, "precision bf16")
    if device != "cpu" and sees_cuda():
        return Engine(TORCH, "a CUDA device is here")
    if pictures >= MANY:
        return Engine(TORCH, f"{pictures} pictures")
    return Engine(ONNX_RUNTIME, f"fewer than {MANY} pictures on a CPU")


def is_installed(package: str) -> bool:
    """Return whether a package is there, without importing it."""
    if package in sys.modules:
        return sys.modules[package] is not None
    return find_spec(package) is not None


def sees_cuda() -> bool:
    """Return whether torch has a CUDA device; torch is imported only where a driver and a CUDA build are."""
    spec = find_spec(TORCH)
    if spec is None or spec.origin is None or not _has_driver():
        return False
    built = Path(spec.origin).parent / "lib"
    if not any(True for name in ("*torch_cuda*", "*torch_hip*") for _ in built.glob(name)):
        return False
    import torch

    return torch.cuda.is_available()


def _has_driver() -> bool:
    """Return whether the driver of a GPU of NVIDIA or AMD is installed."""
    try:
        ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:
        return os.path.exists("/dev/kfd")  # AMD's
    return True
