"""`Evaluator`: how the models of a task are measured; what it needs of a `Colorizer`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import ClassVar, Protocol

from PIL import Image
from torch import Tensor

from condcolor.conditions.schema import AttributeSchema
from condcolor.data.dataset import ImageDataset
from condcolor.evaluation.metrics import ColorFunction

OnProgress = Callable[[int, int], None]  # pictures done, pictures in all
OnSkip = Callable[[str], None]  # why a picture is left out


class Scores(Protocol):
    """The measures of one way to colour the pictures of a split."""

    @property
    def score(self) -> float:
        """What the best model is chosen by: the lower, the better."""

    @property
    def error(self) -> float:
        """The distance to the truth alone."""

    @property
    def summary(self) -> str:
        """The main measures in a few words."""

    def to_row(self) -> dict[str, float]:
        """The measures by the names of their columns in a table; NaN for what is not measured."""

    def to_json(self) -> dict:
        """As JSON values, for files; a number that is not finite is None or left out."""


# split -> {"model" or a baseline -> its measures}
Tables = Mapping[str, Mapping[str, Scores]]


class MeasuredColorizer(Protocol):
    """What an evaluator needs of a Colorizer; `color` and `color_bare` for sketches only."""

    recipe: str
    schema: AttributeSchema
    image_size: int  # pixels a side that the network sees

    def __call__(self, picture: Image.Image, /) -> Image.Image:
        """A photograph in colour, of its own size."""

    def color(self, sketch: Tensor, asked: Tensor) -> Tensor:
        """A sketch `[3, S, S]` uint8 in several colourings, by value indices `[N, A]`.

        Returns:
            `[N, 3, S, S]` float in [0, 1].
        """

    def color_bare(self, sketch: Tensor, asked: Tensor) -> Tensor:
        """Like `color`, but the network's bare output."""

    def with_vivid(self, vivid: float) -> MeasuredColorizer:
        """This one with the chroma of photographs times `vivid`; UsageError where that cannot be."""


class Evaluator(Protocol):
    """How a task's models are measured. The fields of a class are its options."""

    protocol: ClassVar[str]  # what is measured and how, for people
    checked: ClassVar[str]  # what training measures after an epoch, for people

    @staticmethod
    def measure(color: ColorFunction, pictures: ImageDataset) -> Scores:
        """Measure `color` on some of `pictures`, as training does after an epoch."""

    def compare(
        self,
        colorizer: MeasuredColorizer,
        data: Path,
        *,
        max_inputs: int | None = None,
        on_progress: OnProgress | None = None,
        on_skip: OnSkip | None = None,
    ) -> Tables:
        """Measure a model and its baselines on each split of `data`.

        Args:
            max_inputs: at most this many inputs of a split, spread evenly over it.
            on_progress: is called after each input of the model.
            on_skip: is called with why a picture is left out.

        Raises:
            DataError: the data cannot be used, or nothing of it can be measured.
            UsageError, CheckpointError: an option that cannot be.
        """
