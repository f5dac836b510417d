"""`Evaluator`: how the models of a task are measured; what it needs of a `Colorizer`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar, Protocol

from PIL import Image

from condcolor.conditions.schema import AttributeSchema
from condcolor.data.dataset import ImageDataset
from condcolor.data.metadata import Metadata
from condcolor.evaluation.metrics import ColorFunction

OnProgress = Callable[[int, int], None]  # pictures done, pictures in all
OnSkip = Callable[[str], None]  # why a picture is left out
Prepare = Callable[[Metadata], Metadata]


class Scores(Protocol):
    """The measures of one way to color the pictures of a split."""

    @property
    def score(self) -> float:
        """The figure that chooses the best model: the lower, the better."""

    @property
    def error(self) -> float:
        """The distance to the truth alone."""

    @property
    def summary(self) -> str:
        """The main measures as text."""

    def to_row(self) -> dict[str, float]:
        """Return the measures by the names of their columns in a table; NaN is not measured."""

    def to_json(self) -> dict[str, Any]:
        """Return the measures as JSON values; a number that is not finite is None or left out."""


# split -> {"model" or a baseline -> its measures}
Tables = Mapping[str, Mapping[str, Scores]]


class MeasuredColorizer(Protocol):
    """What an evaluator needs of a `Colorizer`.

    That of sketches needs `color` and `color_bare` besides, of type `ColorFunction`, or a method `in_torch`
    that returns a colorizer with both; `color_bare` returns the network's bare output.
    """

    recipe: str
    schema: AttributeSchema
    image_size: int  # pixels a side that the network sees

    def __call__(self, picture: Image.Image, /) -> Image.Image:
        """Color a photograph; the output has its size."""

    def with_vivid(self, vivid: float) -> MeasuredColorizer:
        """Return the colorizer with the chroma of photographs times `vivid`.

        Raises:
            UsageError: the model is not one of photographs.
        """


class Evaluator(Protocol):
    """How the models of a task are measured. The fields of a class are its options."""

    protocol: ClassVar[str]  # what is measured and how, as text for users
    checked: ClassVar[str]  # what training measures after an epoch, as text for users

    @staticmethod
    def measure(color: ColorFunction, pictures: ImageDataset) -> Scores:
        """Measure `color` on an even selection of `pictures`, as training does after an epoch."""

    def compare(
        self,
        colorizer: MeasuredColorizer,
        data: Path,
        *,
        max_inputs: int | None = None,
        on_progress: OnProgress | None = None,
        on_skip: OnSkip | None = None,
        prepare: Prepare | None = None,
    ) -> Tables:
        """Measure a model and its baselines on each split of `data`.

        Args:
            max_inputs: at most this many inputs of a split, spread evenly over it.
            on_progress: called after each input of the model.
            on_skip: called with the reason why a picture is left out.
            prepare: given the data set, returns what of it is measured, with its splits.

        Raises:
            DataError: the data cannot be used, or nothing of it can be measured.
            UsageError: an option does not fit the model, or a file is missing.
            CheckpointError: a file of an option is no suitable network.
        """
