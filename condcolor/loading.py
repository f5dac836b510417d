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
    threads: int | None = None,
) -> BaseColorizer:
    """`Colorizer.load`, with torch imported for model folders only.

    threads: that compute; None leaves it as it is.
    """
    told = {"vivid": vivid, "device": device, "precision": precision}
    if is_onnx(find_model(model)):
        from condcolor.onnxcolorizer import OnnxColorizer

        return OnnxColorizer.load(model, **told, threads=threads)

    from condcolor.colorizer import Colorizer

    loaded = Colorizer.load(model, **told)
    if threads is not None:
        loaded.set_threads(threads)
    return loaded
