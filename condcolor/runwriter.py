"""What a run leaves in its folder: log, sheets, models and states, written by the first rank alone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

from condcolor import runlog
from condcolor.attributes import AttributeSchema
from condcolor.checkpoint import prune_states, save_model, save_state, state_folder
from condcolor.dataset import PictureSet
from condcolor.distributed import Ranks
from condcolor.evaluation import Colour
from condcolor.networks import ModelConfig
from condcolor.recipes import Recipe
from condcolor.samples import write_samples


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
        pictures: Mapping[str, PictureSet | None],
        ranks: Ranks,
    ):
        self.run, self.recipe, self.config, self.schema = run, recipe, model, schema
        self.image_size, self.pictures, self.ranks = image_size, pictures, ranks

    def log(self, entry: dict) -> None:
        if self.ranks.is_first:
            runlog.append(self.run, entry)

    def cut_log(self, step: int, *, phases: int) -> None:
        """As `runlog.truncate`."""
        if self.ranks.is_first:
            runlog.truncate(self.run, step, phases=phases)

    def samples(self, name: str, colours: Mapping[str, Colour]) -> None:
        """A sheet of each split, `samples/test-NAME.png`; `colours` as for `write_samples`."""
        if self.ranks.is_first:
            for split, pictures in self.pictures.items():
                if pictures is not None:
                    path = self.run / "samples" / f"{split}-{name}.png"
                    write_samples(path, self.recipe.codec, colours, pictures)

    def model(
        self, name: str, weights: Mapping[str, Tensor], *, training: dict, metrics: dict
    ) -> None:
        """A model folder of the run."""
        if self.ranks.is_first:
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
        self, step: int, tensors: Mapping[str, Tensor], counters: dict, *, spare: int | None
    ) -> None:
        """A training state; then older ones go, once what was written verifies, but for that of `spare`."""
        if self.ranks.is_first:
            save_state(state_folder(self.run, step), tensors, counters)
            prune_states(self.run, spare=spare)
