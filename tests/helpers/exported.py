"""Exported models for tests: made once, for tracing takes seconds."""

from __future__ import annotations

import json
from pathlib import Path

from models import save_random, save_random_parts, save_random_photo

from condcolor.inference.onnx_export import export_onnx
from condcolor.models.model_folder import CONFIG


def export_icons(folder: Path) -> tuple[Path, Path]:
    """A model folder of line art that has learnt nothing, whose fills are evened; and its .onnx file."""
    model = save_random(folder / "icons")
    described = json.loads((model / CONFIG).read_text())
    described["training"]["config"] = {"compose": True}
    (model / CONFIG).write_text(json.dumps(described))
    (model / "card.md").write_text("# A card: Größe\n", encoding="utf-8")
    export_onnx(model, folder / "icons.onnx")
    return model, folder / "icons.onnx"


def export_photo(folder: Path) -> tuple[Path, Path]:
    """The same of photographs, 1.3 times as vivid."""
    model = save_random_photo(folder / "photo", vivid=1.3)
    export_onnx(model, folder / "photo.onnx")
    return model, folder / "photo.onnx"


def export_parts(folder: Path) -> tuple[Path, Path]:
    """The same of line art by parts."""
    model = save_random_parts(folder / "parts")
    export_onnx(model, folder / "parts.onnx")
    return model, folder / "parts.onnx"
