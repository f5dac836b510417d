"""Run folders for tests, written as a training would leave them, with no training."""

from __future__ import annotations

import json
import math
from pathlib import Path
from types import SimpleNamespace

import numpy as np
from models import ICONS
from PIL import Image

from condcolor.conditions.schema import AttributeSchema
from condcolor.models.model_folder import CONFIG_FORMAT
from condcolor.recipes import find_recipe
from condcolor.runs.config import RunConfig

SMALL = {"base_channels": 2, "max_channels": 4, "disc_channels": 2}


def plan_run(
    run: Path,
    recipe: str = "icons",
    schema: AttributeSchema = ICONS,
    *,
    data: str = "data",
    phases=None,
    **config,
) -> RunConfig:
    """A folder of a run that has only begun: its config.json."""
    run.mkdir(parents=True)
    chosen = find_recipe(recipe)
    schema = AttributeSchema() if chosen.task.photographs else schema
    model = chosen.model_config(schema.planes, **SMALL)
    plan = RunConfig(
        recipe,
        phases or chosen.phases,
        chosen.train_config(**config),
        model,
        schema,
        Path(data),
        None,
    )
    plan.save(run, SimpleNamespace(records=()))
    return plan


def icons_test(obeyed: float, schema: AttributeSchema = ICONS) -> dict:
    """What a test of icons gives, where this share of 20 colourings each obeys."""
    attributes = []
    for attribute in schema.attributes:
        count, right = len(attribute.values), round(20 * obeyed)
        counts = np.zeros((count, count), int)
        for i in range(count):
            counts[i, i] += right
            counts[i, (i + 1) % count] += 20 - right
        figures = {"obeyed": obeyed, "delta_e": 30 - 28 * obeyed, "leakage": 0.5 * (1 - obeyed)}
        named = {"name": attribute.name, "values": list(attribute.values)}
        attributes.append(named | figures | {"confusion": counts.tolist()})
    figures = {"mse": 0.4 - 0.38 * obeyed, "haze": 5 - 4.9 * obeyed, "line_f1": None}
    return {"inputs": 4, "rows": 100, **figures, "attributes": attributes}


def photo_test(share: float) -> dict:
    """What a test of photographs gives, from grey (0) to the truth (1)."""
    figures = {"ab_error": 18 - 6 * share, "ab_error_grey": 18.0, "psnr": 22 + share, "ssim": 0.9}
    more = {"cf_abs": 40 * share, "cf_abs_truth": 40.0, "drift": 9 - 8 * share, "auc": 88.0}
    return {"pictures": 12, **figures, **more, "imagenet_mse": 0.17 - 0.05 * share}


def log_of(phase: str, epochs: range, *, steps: int, test=icons_test, of: int = 50) -> list[dict]:
    """The entries of these epochs (counted from 1) of a phase: a reading every 10 steps, a test an epoch."""
    entries = []
    place = {"phase": phase}
    for epoch in epochs:
        for step in range((epoch - 1) * steps + 10, epoch * steps + 1, 10):
            drawn = 1 + 0.3 * math.sin(step * 12.9898)
            losses = {"generator": drawn * 3000 / (step + 100), "pixel": drawn * 30 / (step + 100)}
            losses |= {"gan": drawn, "discriminator": 0.3 * drawn, "accuracy": 0.8}
            entries.append({"kind": "step", "step": step} | place | losses)
        at = {"step": epoch * steps, "epoch": epoch}
        measured = {"test": test(epoch / of), "score": 1 / epoch}
        entries.append({"kind": "check"} | place | at | measured)
        epoch_entry = {"kind": "epoch"} | place | at | {"seconds": 30.0 * epoch, "generator": 2.0}
        entries.append(epoch_entry | measured)
    return entries


def write_log(run: Path, entries: list[dict]) -> None:
    text = "".join(json.dumps(entry) + "\n" for entry in entries)
    (run / "log.jsonl").write_text(text, encoding="utf-8")


def keep_model(run: Path, plan: RunConfig, step: int, test: dict, name: str = "model") -> None:
    """The config.json of a model, without its weights, which a report does not read."""
    (run / name).mkdir()
    training = {"epoch": 1, "steps": step, "pictures": 250, "device": "cuda", "precision": "bf16"}
    described = {
        "format": CONFIG_FORMAT,
        "recipe": plan.recipe,
        "model": {"depth": 8},
        "schema": plan.schema.to_json(),
        "image_size": plan.config.image_size,
        "training": training,
        "metrics": test,
    }
    (run / name / "config.json").write_text(json.dumps(described), encoding="utf-8")


def save_sheet(run: Path, name: str, size: tuple[int, int] = (60, 100), *, noise: bool = False):
    """A sample sheet of one colour, or of noise, which nothing makes small."""
    path = run / "samples" / name
    path.parent.mkdir(exist_ok=True)
    pixels = np.full((*size[::-1], 3), 200, np.uint8)
    if noise:
        pixels = np.random.default_rng(len(name)).integers(0, 256, pixels.shape, np.uint8)
    Image.fromarray(pixels).save(path, compress_level=1)
