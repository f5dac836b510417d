"""Which drawings of a data set a run trained on, known by their contents wherever they lie."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from condcolor.data.metadata import Metadata, split_by_character
from condcolor.errors import CheckpointError, CondcolorError
from condcolor.recipes import find_recipe
from condcolor.runs.config import RUN_CONFIG, RunConfig
from condcolor.runs.data_sums import DataSums
from condcolor.runtime.files import disk_faults
from condcolor.runtime.json_files import sha256

TRAIN, TEST = "train", "test"


def run_of(model: Path) -> Path | None:
    """Return the run folder that a model is of: the folder itself or one above it; None if there is none."""
    for folder in (model, model.parent, model.parent.parent):
        try:
            if (folder / RUN_CONFIG).is_file():
                RunConfig.load(folder)
                return folder
        except CheckpointError:
            continue  # the config.json of a model
    return None


def as_split_by(run: Path, metadata: Metadata) -> Metadata:
    """Return a data set, split as a run had it; drawings that the run never saw are "test".

    Raises:
        CheckpointError: the run's config.json cannot be read. DataError: a picture cannot be read.
    """
    plan, _ = RunConfig.load(run)
    with disk_faults():
        split_of = _own_splits(plan, run)
    found: dict[Path, str] = {}
    with disk_faults():
        for record in metadata.records:
            if record.source not in found:
                found[record.source] = split_of.get(sha256(record.source), TEST)
    return replace(
        metadata, records=tuple(replace(r, split=found[r.source]) for r in metadata.records)
    )


def _own_splits(plan: RunConfig, run: Path) -> dict[str, str]:
    """Return the sha256 of each sketch of a run's own data, and the split that it had in training.

    Where the data is no longer there, all pictures that the run knew of count as trained on.
    """
    try:
        own = find_recipe(plan.recipe).task.read(plan.data, plan.schema, plan.reading)
    except CondcolorError:
        return {each.sha256: TRAIN for each in DataSums.read(run).sums.values()}
    sums = DataSums.of(own, run).sums
    records = split_by_character(own.records, plan.config.test_fraction, plan.config.seed)
    return {sums[str(record.source)].sha256: record.split for record in records}
