"""What is to be measured, checked where it is stated, and the cases that it comes to."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from condcolor.errors import UsageError, did_you_mean
from condcolor.models.config import DROPPED_UPS, ModelConfig
from condcolor.recipes import Phase, Recipe, find_recipe
from condcolor.runtime.devices import pick_device, pick_precision

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


COMMANDS = "commands"
WHAT = (TRAINING, INFERENCE, DATA, COMMANDS)
RECIPES = {  # measured where none is named; photographs train in larger batches, which takes minutes
    TRAINING: ("icons",),
    INFERENCE: ("icons", "photo"),
    DATA: ("icons", "photo"),
}
STEP = 32  # pixels that a side must be a multiple of: the downs of the encoders
MOST_SECONDS = 3600.0
INFERENCE_BATCHES = (16, 1)  # a folder's, and a single picture's


@dataclass(frozen=True)
class Case:
    """What is measured by turns with one another: one kind of work, in all precisions, and the textbook's."""

    what: str
    recipe: str
    batch: int
    width: int
    size: int

    def __str__(self) -> str:
        return f"{self.what} of {self.recipe}, {self.batch} at a time"


@dataclass(frozen=True)
class Settings:
    """What to measure and for how long; UsageError where that cannot be.

    what: some of WHAT. recipes: None for RECIPES. batches: None for the recipe's own in training and
    loading, and INFERENCE_BATCHES. precisions: fp32, bf16 or auto, the device's best. widths: base
    channels, None for the recipe's. size: side in pixels, None for the recipe's. seconds: of each
    measurement, over all its turns. turns: of training. runs: of each command. textbook: a file to be held
    against. data: photographs, for drawn ones.
    """

    what: tuple[str, ...] = WHAT
    recipes: tuple[str, ...] | None = None
    device: str | None = None
    batches: tuple[int, ...] | None = None
    precisions: tuple[str, ...] = ("auto",)
    widths: tuple[int, ...] | None = None
    size: int | None = None
    seconds: float = 2.0
    turns: int = 3
    runs: int = 3
    textbook: Path | None = None
    data: Path | None = None

    def __post_init__(self):
        for name in self.what:
            if name not in WHAT:
                hint = did_you_mean(name, WHAT)
                raise UsageError(f"what {name!r} is not one of {', '.join((*WHAT, 'all'))}{hint}")
        if self.size is not None and (self.size < STEP or self.size % STEP):
            raise UsageError(f"size must be a multiple of {STEP} pixels, got {self.size}")
        _from_one("batch", self.batches or ())
        _from_one("width", self.widths or ())
        _from_one("turns", (self.turns, self.runs))
        if not (math.isfinite(self.seconds) and 0 < self.seconds <= MOST_SECONDS):
            most = f"{MOST_SECONDS:.0f}"
            raise UsageError(f"seconds must be above 0, and {most} at most, got {self.seconds}")
        device = pick_device(self.device)
        precisions = [pick_precision(precision, device) for precision in self.precisions]
        for case in self.cases():
            model_at(find_recipe(case.recipe), 0, case.width, case.size)
        object.__setattr__(self, "device", str(device))
        object.__setattr__(self, "precisions", tuple(dict.fromkeys(precisions)))

    def cases(self) -> list[Case]:
        """In the order they are measured in."""
        return list(dict.fromkeys(self._cases()))

    def turns_of(self, case: Case) -> int:
        """More turns, and as much shorter ones, where a step is no matter of seconds: steadier medians."""
        return self.turns if case.what == TRAINING else 2 * self.turns

    def _cases(self) -> Iterator[Case]:
        for what in (TRAINING, INFERENCE, DATA):
            for name in (self.recipes or RECIPES[what]) if what in self.what else ():
                recipe = find_recipe(name)
                size = self.size or recipe.defaults.image_size
                own = INFERENCE_BATCHES if what == INFERENCE else (recipe.defaults.batch_size,)
                widths = (self.widths if what != DATA else None) or (full_width(recipe),)
                for width in widths:
                    for batch in self.batches or own:
                        yield Case(what, name, batch, width, size)


def _from_one(name: str, numbers: Iterable[int]) -> None:
    for number in numbers:
        if number < 1:
            raise UsageError(f"{name} must be 1 or more, got {number}")
