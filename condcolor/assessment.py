"""A model on a data set, split by split, beside the baselines that need no model."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from condcolor.colorizer import Colorizer
from condcolor.dataset import PictureSet
from condcolor.errors import DataError
from condcolor.evaluation import Evaluation, evaluate, flat_fill, grey
from condcolor.metadata import Record, read_metadata


def assess(
    colorizer: Colorizer,
    data: Path,
    *,
    max_inputs: int | None = None,
    network_only: bool = False,
    on_progress: Callable[[int, int], None] | None = None,
) -> dict[str, dict[str, Evaluation]]:
    """Split name -> {"model": figures, "flat fill": figures, "grey": figures}.

    Test rows whose combination of values no training row has are a split of their own,
    "test, unseen combinations", beside "test".

    Args:
        network_only: measure the network's bare output, not what `colorize` makes of it.

    Raises:
        DataError: the data cannot be used, or its values are none of the model's.
    """
    metadata = read_metadata(data, vocabulary=colorizer.schema)
    splits = {"train": metadata.split("train"), "test": metadata.split("test")}
    splits["all rows"] = metadata.split("")
    seen = {record.values for record in splits["train"]}
    unseen = tuple(r for r in splits["test"] if r.values not in seen)
    if seen and unseen:
        splits["test, unseen combinations"] = unseen
    tables = {}
    for name, records in splits.items():
        if records:
            tables[name] = _assess(colorizer, records, max_inputs, network_only, on_progress)
    if not tables:
        raise DataError(f"{data}: no rows to measure on")
    return tables


def _assess(
    colorizer: Colorizer, records: tuple[Record, ...], max_inputs, network_only, on_progress
) -> dict[str, Evaluation]:
    pictures = PictureSet(records, colorizer.schema, colorizer.image_size)
    colour = colorizer.colour_bare if network_only else colorizer.colour
    baselines = {"flat fill": flat_fill(colorizer.schema), "grey": grey}
    table = {"model": evaluate(colour, pictures, max_inputs=max_inputs, on_progress=on_progress)}
    for name, baseline in baselines.items():
        table[name] = evaluate(baseline, pictures, max_inputs=max_inputs)
    return table
