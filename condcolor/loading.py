"""A model by its name: an exported one without torch, which takes seconds to import."""

from __future__ import annotations

from pathlib import Path

from condcolor.coloring import BaseColorizer
from condcolor.modelfolder import find_model
from condcolor.onnxfile import is_onnx


def load_colorizer(
    model: str | Path = "icons",
    *,
    vivid: float | None = None,
    device: str | None = None,
    precision: str = "fp32",
) -> BaseColorizer:
    """`Colorizer.load`, with torch imported for model folders only."""
    if is_onnx(find_model(model)):
        from condcolor.onnxcolorizer import OnnxColorizer as Loader
    else:
        from condcolor.colorizer import Colorizer as Loader
    return Loader.load(model, vivid=vivid, device=device, precision=precision)
