"""The table of recipes: codec, networks, phases and all default numbers of what can be trained.

No code asks which recipe runs; what differs between them is a row here.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from condcolor.conditions.parts import PARTS_SCHEMA
from condcolor.conditions.schema import AttributeSchema
from condcolor.data.augmentation import AugmentConfig
from condcolor.data.metadata import Metadata, read_metadata, read_photographs
from condcolor.data.reading import Reading
from condcolor.errors import UsageError, did_you_mean
from condcolor.models.codecs import CODECS, Codec, checked_recipe
from condcolor.models.config import ModelConfig
from condcolor.models.encoders import ENCODERS
from condcolor.models.losses import PIXEL_LOSSES
from condcolor.models.model_folder import MAX_IMAGE_SIZE
from condcolor.runtime.config_fields import (
    MOST,
    at_least,
    is_number,
    is_whole,
    setting,
    shown_number,
    within,
)
from condcolor.runtime.devices import PRECISIONS

MAX_BATCH_SIZE = 65536
MAX_SEED = 2**63 - 1  # as torch takes it
MOST_MINUTES = 100_000


def _without_none(overrides: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in overrides.items() if value is not None}


WEIGHTS = (  # fields of Phase that are 0 or more
    *("pixel_weight", "gan_weight", "chroma_weight", "feature_weight"),
    *("lr_generator", "lr_discriminator", "switch_below"),
)


@dataclass(frozen=True)
class Phase:
    """A stretch of training: which networks learn, how fast, and the weights of the generator's losses."""

    name: str
    epochs: int
    trains_generator: bool = True
    trains_discriminator: bool = True
    pixel_loss: str = setting("l1", "losses", "How output and target are compared", PIXEL_LOSSES)
    pixel_weight: float = setting(100.0, "losses", "Weight of the pixel loss.")
    gan_weight: float = setting(
        1.0, "losses", "Weight of the adversarial loss; 0 trains without a discriminator."
    )
    chroma_weight: float = setting(
        0.0, "losses", "How much more a coloured pixel counts in the pixel loss than a grey one."
    )
    feature_weight: float = setting(
        0.0, "losses", "Weight of the feature loss: the distance in what --feature-encoder sees."
    )
    lr_generator: float = setting(1.0, "schedule", "The generator's learning rate, times --lr.")
    lr_discriminator: float = setting(
        1.0, "schedule", "The discriminator's learning rate, times --lr."
    )
    switch_below: float = setting(
        0.0,
        "schedule",
        "Discriminator loss below which the generator has a step; 0: both learn in every step.",
    )

    def __post_init__(self):
        if not is_whole(self.epochs) or not 0 <= self.epochs <= MOST:
            came = shown_number(self.epochs) if is_whole(self.epochs) else repr(self.epochs)
            raise UsageError(
                f"phase {self.name}: epochs must be a whole number from 0 to {MOST}, got {came}"
            )
        if self.pixel_loss not in PIXEL_LOSSES:
            raise UsageError(
                f"phase {self.name}: pixel loss {self.pixel_loss!r} is not one of "
                f"{', '.join(PIXEL_LOSSES)}{did_you_mean(self.pixel_loss, PIXEL_LOSSES)}"
            )
        for name in WEIGHTS:
            value = getattr(self, name)
            if not is_number(value) or value < 0:
                raise UsageError(f"phase {self.name}: {name} must be 0 or more, got {value!r}")
        if self.switch_below and not (self.trains_generator and self.trains_discriminator):
            raise UsageError(
                f"phase {self.name}: switch_below is for phases that train both networks"
            )

    @property
    def generates_once(self) -> bool:
        """Whether D is trained alone, on pictures that G generates once for all epochs."""
        return self.trains_discriminator and not self.trains_generator


@dataclass(frozen=True)
class TrainConfig(AugmentConfig):
    """The settings of a training run, without phases and networks."""

    image_size: int = setting(256, "data", "Pixels a side.")
    batch_size: int = setting(10, "schedule", "Pictures in a step.")
    lr: float = setting(2e-4, "schedule", "Adam's learning rate.")
    beta1: float = 0.5
    beta2: float = 0.999
    lr_decay: float = setting(
        0.0, "schedule", "Share of each phase, at its end, over which lr falls linearly to 0."
    )
    seed: int = setting(0, "run", "Seed of all that is random: the same seed trains the same.")
    wrong_colors: bool = setting(
        False, "losses", "Show the discriminator real pictures with wrong colours as fakes, too."
    )
    freeze_epochs: int = setting(
        0, "schedule", "First epochs, over all phases, in which a pretrained encoder is frozen."
    )
    ema: float = setting(
        0.0, "schedule", "Decay of the exponential moving average of the weights; 0: none."
    )
    warmup: float = setting(
        0.0, "schedule", "Share of each phase, at its start, over which lr rises linearly."
    )
    minutes: float = setting(
        0.0,
        "schedule",
        "Minutes of a --preset in all; with a --recipe, of each phase, 0: by its epochs.",
    )
    feature_encoder: str = setting(
        "efficientnet-lite0", "losses", "Encoder of the feature loss, on ImageNet weights", ENCODERS
    )
    precision: str = setting("auto", "run", "How the networks compute", PRECISIONS)
    test_fraction: float = setting(
        0.2, "data", "Share of the characters to test on, where the data names no split."
    )
    sample_epochs: tuple[int, ...] = setting(
        (1, 5, 10, 20, 35, 50), "checks", "Epochs after which sample sheets are written."
    )
    checkpoint_epochs: int = setting(5, "checks", "Epochs between two training states.")
    measure_epochs: int = setting(1, "checks", "Epochs between two tests.")
    check_steps: int = setting(0, "checks", "Steps between two tests; 0: they follow epochs.")
    keep_best: int = setting(1, "checks", "How many of the best models to keep.")
    patience: int = setting(
        0,
        "checks",
        "Tests in a row without a better one, after which a phase returns to its best model and ends; "
        "0: no early stopping.",
    )

    def __post_init__(self):
        super().__post_init__()
        at_least(self, 1, "image_size", most=MAX_IMAGE_SIZE)
        at_least(self, 1, "batch_size", most=MAX_BATCH_SIZE)
        at_least(self, 1, "checkpoint_epochs", "measure_epochs", "keep_best")
        at_least(self, 0, "freeze_epochs", "check_steps", "patience")
        at_least(self, 0, "seed", most=MAX_SEED)
        within(self, 0, 1, "beta1", "beta2", "ema", open_end=True)
        within(self, 0, 1, "lr_decay", "warmup", "test_fraction")
        within(self, 0, MOST_MINUTES, "minutes")
        if any(not is_whole(epoch) or epoch < 1 for epoch in self.sample_epochs):
            raise UsageError(f"sample_epochs must be numbers from 1 up, got {self.sample_epochs}")
        if not is_number(self.lr) or self.lr <= 0:
            raise UsageError(f"lr must be above 0, got {self.lr!r}")
        if self.feature_encoder not in ENCODERS:
            hint = did_you_mean(str(self.feature_encoder), ENCODERS)
            raise UsageError(
                f"feature_encoder {self.feature_encoder!r} is not one of {', '.join(ENCODERS)}{hint}"
            )
        if self.precision not in PRECISIONS:
            raise UsageError(f"precision must be auto, fp32 or bf16, got {self.precision!r}")


@dataclass(frozen=True)
class Task:
    """The kind of data of a recipe. Its name finds its evaluator in `evaluation.evaluate.EVALUATORS`."""

    name: str
    description: str  # as text for users
    read: Callable[[Path, str | AttributeSchema, Reading], Metadata]  # (data, vocabulary, reading)
    photographs: bool  # how `ImageDataset` decodes them: a picture is its own target


def _read_photographs(data: Path, vocabulary: str | AttributeSchema, reading: Reading) -> Metadata:
    return read_photographs(data, reading)  # no attributes, so no vocabulary


def _read_sketches(data: Path, vocabulary: str | AttributeSchema, reading: Reading) -> Metadata:
    return read_metadata(data, vocabulary=vocabulary, reading=reading)


#                  name           description                  read               photographs
SKETCHES = Task("sketches", "sketches in chosen colours", _read_sketches, False)
PHOTOGRAPHS = Task("photographs", "grey photographs in colour", _read_photographs, True)


@dataclass(frozen=True)
class Recipe:
    """A task, a codec, the shape of the networks, the phases and the settings of training."""

    name: str
    task: Task
    codec: Codec
    model: Mapping[str, Any]  # ModelConfig fields; the channels come from codec and data
    phases: tuple[Phase, ...]
    defaults: TrainConfig = field(default_factory=TrainConfig)
    schema: AttributeSchema | None = None  # of its models; None: that of the data

    def model_config(self, cond_planes: int, **overrides: Any) -> ModelConfig:
        """Return the config of the networks for `cond_planes` planes; None keeps the recipe's field.

        Raises:
            UsageError: a field does not exist or is out of range.
        """
        channels = {
            "source_channels": self.codec.source_channels,
            "output_channels": self.codec.output_channels,
            "cond_planes": 0 if self.codec.parts else cond_planes,
        }
        try:
            return ModelConfig(**{**self.model, **channels, **_without_none(overrides)})
        except ValueError as error:
            raise UsageError(str(error)) from None

    def train_config(self, **overrides: Any) -> TrainConfig:
        """Return the recipe's settings with `overrides`; None keeps the recipe's field.

        Raises:
            UsageError: a field is out of range.
        """
        return dataclasses.replace(self.defaults, **_without_none(overrides))


GAN = Phase("gan", epochs=50)
LABELLING = Phase(
    "labels",
    epochs=20,
    trains_discriminator=False,
    pixel_loss="cross-entropy",
    pixel_weight=1.0,
    gan_weight=0.0,
)
SMALL_UNET = {"depth": 7, "base_channels": 32, "max_channels": 256, "dropout": 0.0}
PARTS = TrainConfig(batch_size=16, lr=6e-4, beta1=0.9, beta2=0.99, lr_decay=1.0, ema=0.998)
PRETRAIN = Phase("pretrain", epochs=20, trains_discriminator=False, gan_weight=0.0)
PHOTO_GAN = Phase("gan", epochs=140)  # 70,000 steps of 8,000 pictures
PHOTO = TrainConfig(batch_size=16, seed=123, test_fraction=0.2, sample_epochs=(1, 20, 80, 140))
# NoGAN (Antic 2019, DeOldify): each network alone, then as a GAN: D learns several times as fast as G, and
# G has a step only when D's loss is low
GENERATOR = Phase(
    "generator", epochs=2, trains_discriminator=False, pixel_loss="mse", gan_weight=0.0
)
CRITIC = Phase("critic", epochs=6, trains_generator=False, gan_weight=0.0, lr_discriminator=0.2)
PETS_GAN = Phase(
    "gan",
    epochs=10,
    pixel_loss="mse",
    pixel_weight=75.0,
    lr_generator=0.03,
    lr_discriminator=0.2,
    switch_below=0.65,
)
ON_RESNET = {"encoder": "resnet34", "depth": 5, "base_channels": 32}
ON_RESNET |= {"keeps_luma": True, "disc_norm": "spectral"}
PETS = TrainConfig(
    image_size=224,
    batch_size=32,
    lr=1e-3,
    freeze_epochs=1,
    check_steps=50,
    keep_best=3,
    patience=10,
    sample_epochs=(1, 2, 8, 18),
)
RECIPES: dict[str, Recipe] = {
    recipe.name: recipe
    for recipe in (
        #      name     task         codec            network       phases                         settings
        Recipe("icons", SKETCHES, CODECS["icons"], {"depth": 8}, (GAN,), TrainConfig()),
        Recipe("parts", SKETCHES, CODECS["parts"], SMALL_UNET, (LABELLING,), PARTS, PARTS_SCHEMA),
        Recipe("photo", PHOTOGRAPHS, CODECS["photo"], {"depth": 8}, (PRETRAIN, PHOTO_GAN), PHOTO),
        Recipe("pets", PHOTOGRAPHS, CODECS["pets"], ON_RESNET, (GENERATOR, CRITIC, PETS_GAN), PETS),
    )
}


def find_recipe(name: str) -> Recipe:
    """Return the recipe of that name; UsageError with the closest name if there is none."""
    return RECIPES[checked_recipe(name)]


def start_of(phases: Sequence[Phase], index: int) -> int:
    """Return the first epoch of a phase, counted from 0 over all phases."""
    return sum(phase.epochs for phase in phases[:index])


def phase_at(phases: Sequence[Phase], epoch: int) -> int:
    """Return the index of the phase of `epoch`, counted from 0; after the last, the number of phases."""
    ends = (start_of(phases, i + 1) for i in range(len(phases)))
    return next((i for i, end in enumerate(ends) if epoch < end), len(phases))
