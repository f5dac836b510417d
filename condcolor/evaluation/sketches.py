"""The protocol for sketches: every combination of values, attribute by attribute."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from torch import Tensor

from condcolor.data.dataset import ImageDataset
from condcolor.data.reading import Reading
from condcolor.errors import DataError
from condcolor.evaluation.baselines import flat_fill, grey
from condcolor.evaluation.evaluator import MeasuredColorizer, OnProgress, OnSkip, Prepare
from condcolor.evaluation.measured_drawing import MeasuredDrawing, every_combination, indices_of
from condcolor.evaluation.metrics import ColorFunction
from condcolor.evaluation.sketch_scores import Evaluation, Tally
from condcolor.recipes import SKETCHES
from condcolor.runtime.messages import evenly
from condcolor.runtime.process import ahead

SKETCH_PROTOCOL = """\
The protocol. Each input is coloured in every combination of values; where there are more than 128, in
those of its rows and in all that differ from its first row in one value. An attribute's *region* is
found without labels: where the input's targets change between two values of it, the others fixed;
pixels with at least 90 % of the largest change are the region proper, pixels with no change are
outside. Where the data does not hold such pairs, the input's mask is used.

- MSE: on pixels scaled to [-1, 1], over the rows of the csv.
- accuracy: share of colourings whose mean Lab colour over the region is nearest, by CIEDE2000, to the palette
  colour that was asked. dE: median CIEDE2000 of that mean to the colour asked.
- leakage: mean change outside the region when this attribute alone changes, over the change inside.
- haze: mean CIEDE2000 to white where the sketch and all targets are white.
- line F1: the dark pixels of the picture against those of the sketch."""
ONE = 1  # input colored ahead


def evaluate_sketches(
    color: ColorFunction,
    pictures: ImageDataset,
    *,
    combinations: Sequence[Sequence[str]] | None = None,
    max_inputs: int | None = None,
    on_progress: OnProgress | None = None,
    on_input: Callable[[int, float], None] | None = None,
) -> Evaluation:
    """Measure `color` on the inputs of `pictures`, as SKETCH_PROTOCOL defines it.

    Args:
        combinations: the only ones to score (values in the schema's order); regions do not depend on them.
        max_inputs: at most this many inputs, spread evenly over the set.
        on_input: called with the number of each input in `pictures` and its MSE.
    """
    tallies = _measured([color], pictures, combinations, max_inputs, on_progress)
    if on_input is not None:
        for source, error in tallies[0].errors.items():
            on_input(source, error)
    return tallies[0].score()


def _measured(
    colors: Sequence[ColorFunction],
    pictures: ImageDataset,
    combinations: Sequence[Sequence[str]] | None,
    max_inputs: int | None,
    on_progress: OnProgress | None,
    *,
    beside: bool = False,
) -> list[Tally]:
    """Measure several ways to color the same inputs: what the targets say is found once for all.

    beside: an input is colored in a thread while the one before is measured.
    """
    every, only = every_combination(pictures.schema), indices_of(pictures.schema, combinations)
    inputs = evenly(pictures.source_of.unique().tolist(), max_inputs)
    tallies = [Tally(pictures.schema) for _ in colors]

    def colored(source: int) -> tuple[MeasuredDrawing, list[Tensor]]:
        drawing = MeasuredDrawing.of(pictures, source, every, only)
        return drawing, [color(drawing.sketch, drawing.asked).float().cpu() for color in colors]

    drawings = ahead(colored, inputs, ONE) if beside else map(colored, inputs)
    for done, (drawing, colorings) in enumerate(drawings, start=1):
        for tally, pixels in zip(tallies, colorings, strict=True):
            tally.add(drawing, pixels)
        if on_progress is not None:
            on_progress(done, len(inputs))
    return tallies


@dataclass(frozen=True)
class SketchEvaluator:
    """The evaluation of sketches in every combination of values, beside a flat fill and the sketch as it is.

    Test inputs are measured once more in the combinations that no training row has, if there are any, as
    the split "test, unseen combinations".
    """

    network_only: bool = (
        False  # the network's bare output, without the post-processing of `colorize`
    )

    ignore: Sequence[str] = ()  # columns of the data that are left out
    labels: str = ""  # the form of file names, for data without a table

    protocol: ClassVar[str] = SKETCH_PROTOCOL
    most_checked: ClassVar[int] = 8
    checked: ClassVar[str] = f"at most {most_checked} sketches in all colours"

    @staticmethod
    def measure(color: ColorFunction, pictures: ImageDataset) -> Evaluation:
        """Measure at most `most_checked` sketches."""
        return evaluate_sketches(color, pictures, max_inputs=SketchEvaluator.most_checked)

    def compare(
        self,
        colorizer: MeasuredColorizer,
        data: Path,
        *,
        max_inputs: int | None = None,
        on_progress: OnProgress | None = None,
        on_skip: OnSkip | None = None,
        prepare: Prepare | None = None,
    ) -> dict[str, dict[str, Evaluation]]:
        """Measure a model as `Evaluator.compare` does, by torch; UsageError for an exported one."""
        in_torch: Any = getattr(colorizer, "in_torch", lambda: colorizer)()
        model_color = in_torch.color_bare if self.network_only else in_torch.color
        reading = Reading(tuple(self.ignore), self.labels)
        metadata = SKETCHES.read(data, colorizer.schema.required, reading)
        metadata = prepare(metadata) if prepare else metadata
        train, test = metadata.split("train"), metadata.split("test")
        splits = {"train": train, "test": test, "all rows": metadata.split("")}
        colors: dict[str, ColorFunction] = {
            "model": model_color,
            "flat fill": flat_fill(colorizer.schema.required),
            "grey": grey,
        }

        def measure(
            pictures: ImageDataset, only: Sequence[Sequence[str]] | None = None
        ) -> dict[str, Evaluation]:
            found = _measured(
                [*colors.values()], pictures, only, max_inputs, on_progress, beside=True
            )
            return {name: tally.score() for name, tally in zip(colors, found, strict=True)}

        tables = {}
        for name, records in splits.items():
            if records:
                pictures = ImageDataset(records, colorizer.schema.required, colorizer.image_size)
                tables[name] = measure(pictures)
                own, seen = ({tuple(map(str, r.values)) for r in rows} for rows in (records, train))
                unseen = sorted(own - seen)
                if name == "test" and train and unseen:
                    tables["test, unseen combinations"] = measure(pictures, unseen)
        if not tables:
            raise DataError(f"{data}: no rows to measure on")
        return tables
