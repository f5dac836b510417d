"""A run as TensorBoard's event files: losses, measures and sample sheets, by step."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path

import numpy as np

from condcolor.errors import DataError, UsageError
from condcolor.evaluation.measures import number, of_group
from condcolor.imaging.open import open_picture
from condcolor.runs.folder import RunFolder
from condcolor.runtime.files import checkpoint_folder
from condcolor.runtime.messages import shown_name

EVENTS = "events.out.tfevents."  # how the names of such files begin
FOLDERS = {
    "loss": "loss",
    "loss part": "loss",
    "discriminator": "discriminator",
}  # of a group's tags


def write_events(run: RunFolder, folder: Path | str, *, overwrite: bool = False) -> Path:
    """Write what a run logged as event files into `folder`; `tensorboard --logdir FOLDER` shows them.

    Raises:
        UsageError: TensorBoard is not installed, or the folder holds something.
        CheckpointError: it cannot be written.
    """
    check_folder(folder, overwrite)
    place = Path(os.path.abspath(folder))  # with a name of its own, as "." has not
    writer_of = _writer()
    with checkpoint_folder(place) as new, writer_of(new) as writer:
        writer.add_text("run", _told(run), 0)
        for entry in run.log:
            _add_losses(writer, entry)
        for check in run.checks:
            _add_measures(writer, check)
        for moment in run.sheets:
            for split, path in moment.paths.items():
                name = f"before and after/{split}" if moment.compares else f"samples/{split}"
                _add_picture(writer, name, path, moment.step)
    return Path(folder)


def check_folder(folder: Path | str, overwrite: bool) -> None:
    """UsageError unless events may be written there: into a new folder, or over events alone."""
    label = shown_name(folder)
    if not os.fspath(folder):
        raise UsageError("the name of the folder for the events is empty")
    try:
        held = os.listdir(folder)
    except FileNotFoundError:
        held = []
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise UsageError(f"{label}: no folder for events ({why}): name a new one") from None
    if any(not name.startswith(EVENTS) for name in held):
        raise UsageError(f"{label}: holds other things: name a new folder for the events")
    if held and not overwrite:
        raise UsageError(f"{label}: holds events already: name a new folder, or use --overwrite")


def _writer():
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        raise UsageError(
            f"TensorBoard's files need a package more ({error}): pip install 'condcolor[tensorboard]'"
        ) from None
    return SummaryWriter


def _told(run: RunFolder) -> str:
    """What the run was told, as a block of Markdown."""
    told = {"recipe": run.plan.recipe, "data": str(run.plan.data), "train": asdict(run.plan.config)}
    told |= {
        "model": asdict(run.plan.model),
        "phases": [asdict(phase) for phase in run.plan.phases],
    }
    return "\n".join(f"    {line}" for line in json.dumps(told, indent=2).splitlines())


def _add_losses(writer, entry: dict) -> None:
    for measure in of_group(*FOLDERS):
        # an epoch's entry repeats the losses of its last steps
        if entry["kind"] == "step" or measure.key == "accuracy_test":
            tag = f"{FOLDERS[measure.group]}/{measure.key}"
            _add_scalar(writer, tag, entry.get(measure.key), entry["step"])


def _add_measures(writer, check: dict) -> None:
    for measure in of_group("test"):
        _add_scalar(writer, f"test/{measure.key}", check["test"].get(measure.key), check["step"])
    for score in check["test"].get("attributes") or ():
        for measure in of_group("attribute"):
            tag = f"{measure.key}/{score['name']}"
            _add_scalar(writer, tag, score.get(measure.key), check["step"])
    _add_scalar(writer, "test/score", check.get("score"), check["step"])


def _add_scalar(writer, tag: str, value: object, step: int) -> None:
    if number(value) is not None:
        writer.add_scalar(tag, value, step)


def _add_picture(writer, tag: str, path: Path, step: int | None) -> None:
    try:
        rgb = open_picture(path).rgb
    except DataError:  # a damaged sheet; the report says so
        return
    writer.add_image(tag, np.asarray(rgb), step, dataformats="HWC")
