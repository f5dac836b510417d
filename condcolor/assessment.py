"""A model on a data set, split by split, beside the baselines that need no model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from condcolor.colorizer import Colorizer
from condcolor.dataset import PictureSet
from condcolor.errors import DataError
from condcolor.evaluation import Colour, Evaluation, evaluate, flat_fill, grey
from condcolor.metadata import read_metadata


def assess(
    colorizer: Colorizer,
    data: Path,
    *,
    max_inputs: int | None = None,
    network_only: bool = False,
    on_progress: Callable[[int, int], None] | None = None,
) -> dict[str, dict[str, Evaluation]]:
    """Split name -> {"model": figures, "flat fill": figures, "grey": figures}.

    Where test rows have combinations of values that no training row has, the test inputs are measured
    in just those once more, as "test, unseen combinations".

    Args:
        network_only: measure the network's bare output, not what `colorize` makes of it.

    Raises:
        DataError: the data cannot be used, or its values are none of the model's.
    """
    metadata = read_metadata(data, vocabulary=colorizer.schema)
    train, test = metadata.split("train"), metadata.split("test")
    splits = {"train": train, "test": test, "all rows": metadata.split("")}
    colours: dict[str, Colour] = {
        "model": colorizer.colour_bare if network_only else colorizer.colour,
        "flat fill": flat_fill(colorizer.schema),
        "grey": grey,
    }

    def measured(pictures: PictureSet, only: Sequence[tuple[str, ...]] | None = None):
        return {
            name: evaluate(
                colour,
                pictures,
                combinations=only,
                max_inputs=max_inputs,
                on_progress=on_progress if name == "model" else None,
            )
            for name, colour in colours.items()
        }

    tables = {}
    for name, records in splits.items():
        if records:
            pictures = PictureSet(records, colorizer.schema, colorizer.image_size)
            tables[name] = measured(pictures)
            seen = {record.values for record in train}
            unseen = sorted({record.values for record in records} - seen)
            if name == "test" and seen and unseen:
                tables["test, unseen combinations"] = measured(pictures, unseen)
    if not tables:
        raise DataError(f"{data}: no rows to measure on")
    return tables
