"""What a worker process measures: all that it must be told, as plain values."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from condcolor.networks import DROPPED_UPS, ModelConfig
from condcolor.recipes import Phase, Recipe, find_recipe

OURS, TEXTBOOK, MATMUL = "condcolor", "textbook", "matmul"
TRAINING, INFERENCE, DATA, ENCODED = "training", "inference", "data", "data_encoded"


@dataclass(frozen=True)
class Kind:
    """What is timed.

    whose: OURS, TEXTBOOK or MATMUL. what: TRAINING, INFERENCE, DATA (batches as they are handed to the
    device) or ENCODED (as the networks take them). width: base channels of the generator.
    """

    whose: str
    what: str
    recipe: str
    device: str
    precision: str
    batch: int
    width: int
    size: int


@dataclass(frozen=True)
class Subject(Kind):
    """One thing to be timed.

    folder: of the pictures, with a metadata.csv where the recipe has attributes. textbook: its file.
    """

    folder: str
    textbook: str = ""

    def model(self, planes: int) -> ModelConfig:
        """The recipe's networks at this width and size; UsageError where there are none."""
        return model_at(find_recipe(self.recipe), planes, self.width, self.size)


def full_width(recipe: Recipe) -> int:
    return recipe.model_config(0).base_channels


def model_at(recipe: Recipe, planes: int, width: int, size: int) -> ModelConfig:
    """The recipe's networks with `width` base channels, D's in proportion, and downs that fit `size` px.

    An encoder keeps its own width and depth.
    """
    own = recipe.model_config(planes)
    shape = {"base_channels": width}
    shape["disc_channels"] = max(1, own.disc_channels * width // own.base_channels)
    if own.encoder == "none":
        fitting = [d for d in range(DROPPED_UPS, own.depth + 1) if size % 2**d == 0]
        shape["depth"] = max(fitting, default=own.depth)
    return recipe.model_config(planes, **shape)


def measured_phase(recipe: Recipe) -> Phase:
    """The recipe's last phase, but with a step of both networks on every batch."""
    return dataclasses.replace(recipe.phases[-1], switch_below=0.0)
