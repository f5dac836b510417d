"""What a run writes, by its first rank: log, sample sheets, best models, training states."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypedDict

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from condcolor.conditions.schema import AttributeSchema
from condcolor.data.dataset import ImageDataset
from condcolor.evaluation.metrics import ColorFunction
from condcolor.imaging import sheets
from condcolor.models.checkpoint import save_model
from condcolor.models.codecs import Codec
from condcolor.models.config import ModelConfig
from condcolor.recipes import Recipe
from condcolor.runs import folder
from condcolor.runs.state import prune_states, save_state, state_folder
from condcolor.runtime.distributed import ProcessGroup

MODEL = "model"


class RankedModel(TypedDict):
    """A model that was kept, as it stands in a training state."""

    step: int
    epoch: int
    score: float


class BestModels:
    """Keeps the `count` best.

    `best` is all it knows: {"step", "epoch", "score"} of each, the best first.

    Args:
        save: writes the present model as a folder of the run, by name.
    """

    def __init__(self, run: Path, count: int, save: Callable[[str, dict[str, Any]], None]):
        self.run, self.count, self.save = run, count, save
        self.best: list[RankedModel] = []

    def offer(self, score: float, measures: dict[str, Any], *, step: int, epoch: int) -> None:
        """Keep the present model, if it is one of the best; drop one that is none any more."""
        if score != score:
            return
        mine: RankedModel = {"step": step, "epoch": epoch, "score": score}
        ranked = sorted([*self.best, mine], key=lambda one: one["score"])[: self.count]
        if mine not in ranked:
            return
        if ranked[0] is mine:
            self.save(MODEL, measures)
        if self.count > 1:
            self.save(_name(mine), measures)
        for one in self.best:
            if one not in ranked:
                shutil.rmtree(self.run / _name(one), ignore_errors=True)
        self.best = ranked


def _name(one: RankedModel) -> str:
    return f"best/step-{one['step']:08d}"


class RunWriter:
    """Writes in the folder of a run; on every rank but the first it does nothing.

    Args:
        pictures: split -> the pictures that sheets show, None where there are none.
    """

    def __init__(
        self,
        run: Path,
        *,
        recipe: Recipe,
        model: ModelConfig,
        schema: AttributeSchema,
        image_size: int,
        pictures: Mapping[str, ImageDataset | None],
        group: ProcessGroup,
    ):
        self.run, self.recipe, self.config, self.schema = run, recipe, model, schema
        self.image_size, self.pictures, self.group = image_size, pictures, group

    def log(self, entry: dict[str, Any]) -> None:
        if self.group.is_first:
            folder.append(self.run, entry)

    def cut_log(self, step: int, *, phases: int) -> None:
        """As `runlog.truncate`."""
        if self.group.is_first:
            folder.truncate(self.run, step, phases=phases)

    def samples(self, name: str, colors: Mapping[str, ColorFunction]) -> None:
        """A sheet of each split, `samples/test-NAME.png`; `colors` as for `write_samples`."""
        if self.group.is_first:
            for split, pictures in self.pictures.items():
                if pictures is not None:
                    path = self.run / "samples" / f"{split}-{name}.png"
                    write_samples(path, self.recipe.codec, colors, pictures)

    def model(
        self,
        name: str,
        weights: Mapping[str, Tensor],
        *,
        training: dict[str, Any],
        metrics: dict[str, Any],
    ) -> None:
        """A model folder of the run."""
        if self.group.is_first:
            save_model(
                self.run / name,
                weights,
                recipe=self.recipe.name,
                config=self.config,
                schema=self.schema,
                image_size=self.image_size,
                training=training,
                metrics=metrics,
            )

    def state(
        self,
        step: int,
        tensors: Mapping[str, Tensor],
        counters: dict[str, Any],
        *,
        spare: int | None,
    ) -> None:
        """A training state; then older ones go, once what was written verifies, but for that of `spare`."""
        if self.group.is_first:
            save_state(state_folder(self.run, step), tensors, counters)
            prune_states(self.run, spare=spare)


ROWS = 6


def write_samples(
    path: Path, codec: Codec, colors: Mapping[str, ColorFunction], pictures: ImageDataset
) -> None:
    """Color some rows, spread evenly over the split, as their csv asks; save the sheet.

    Args:
        colors: column heading -> what colors it.
    """
    rows = torch.linspace(0, len(pictures) - 1, ROWS).long().unique()
    batch = pictures.rows(rows)
    grid = []
    for source, target, values in zip(
        batch.source, batch.target, pictures.values[rows], strict=True
    ):
        outputs = [color(source, values[None])[0] for color in colors.values()]
        row = (codec.shown(source[None])[0], *outputs, target.float() / 255)
        grid.append([_pixels(picture) for picture in row])
    path.parent.mkdir(exist_ok=True)
    page = sheets.sheet(grid, columns=("source", *colors, "truth"))
    Image.fromarray(page).save(path)


def _pixels(picture: Tensor) -> np.ndarray:
    return (picture * 255).round().to(torch.uint8).permute(1, 2, 0).numpy()
