"""What a run writes as it trains: log, sample sheets, models, states."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from condcolor.data.dataset import ImageDataset
from condcolor.evaluation.metrics import ColorFunction
from condcolor.imaging import sheets
from condcolor.imaging.save import encode_picture
from condcolor.models.checkpoint import save_model
from condcolor.models.codecs import Codec
from condcolor.recipes import Recipe
from condcolor.runs import log
from condcolor.runs.config import RunConfig
from condcolor.runs.state import prune_states, save_state, state_folder
from condcolor.runtime.distributed import ProcessGroup
from condcolor.runtime.files import write_whole

MODEL = "model"


class RunWriter:
    """The files of a run, written by the first rank; on other ranks every method does nothing.

    Args:
        run: folder of the run.
        plan: its settings.
        pictures: split -> the pictures of sample sheets, or None.
        group: the processes that train together.
    """

    def __init__(
        self,
        run: Path,
        recipe: Recipe,
        plan: RunConfig,
        pictures: Mapping[str, ImageDataset | None],
        group: ProcessGroup,
    ):
        self.run, self.recipe, self.plan = run, recipe, plan
        self.pictures, self.group = pictures, group

    def log(self, entry: dict[str, Any]) -> None:
        """Append a line to log.jsonl."""
        if self.group.is_first:
            log.append(self.run, entry)

    def cut_log(self, step: int, *, phases: int, say: Callable[[str], None]) -> None:
        """Truncate log.jsonl, see `runs.log.truncate`."""
        if self.group.is_first:
            log.truncate(self.run, step, phases=phases, say=say)

    def samples(self, name: str, colors: Mapping[str, ColorFunction]) -> None:
        """Write a sample sheet of each split, `samples/SPLIT-NAME.png`; `colors` as for `write_samples`."""
        if self.group.is_first:
            for split, pictures in self.pictures.items():
                if pictures is not None:
                    path = self.run / "samples" / f"{split}-{name}.png"
                    write_samples(path, self.plan.codec, colors, pictures)

    def model(
        self, name: str, generator: nn.Module, *, training: dict[str, Any], metrics: dict[str, Any]
    ) -> None:
        """Save a generator as the model folder `name` of the run."""
        if self.group.is_first:
            save_model(
                self.run / name,
                generator.state_dict(),
                recipe=self.recipe.name,
                config=self.plan.model,
                schema=self.plan.model_schema,
                parts=self.plan.parts,
                image_size=self.plan.config.image_size,
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
        """Save a training state, then prune older ones, except that of the step `spare`."""
        if self.group.is_first:
            save_state(state_folder(self.run, step), tensors, counters)
            prune_states(self.run, spare=spare)


ROWS = 6  # of a sample sheet


def write_samples(
    path: Path,
    codec: Codec,
    colors: Mapping[str, ColorFunction],
    pictures: ImageDataset,
    *,
    rows: Tensor | None = None,
) -> None:
    """Save a sample sheet: `rows`, by default ROWS evenly spread over the split, in the colors of their csv.

    Args:
        path: the PNG file.
        colors: column heading -> function that colors a picture.
    """
    if rows is None:
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
    write_whole(path, encode_picture(page), overwrite=True)


def _pixels(picture: Tensor) -> np.ndarray:
    """`[3, H, W]` float in [0, 1] -> `[H, W, 3]` uint8."""
    return (picture * 255).round().to(torch.uint8).permute(1, 2, 0).numpy()
