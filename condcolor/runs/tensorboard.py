"""A run as TensorBoard event files."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path

import numpy as np

from condcolor.errors import DataError, UsageError
from condcolor.evaluation.measures import of_group
from condcolor.imaging.open import open_picture
from condcolor.runs.folder import RunFolder, points_of
from condcolor.runtime.files import checkpoint_folder
from condcolor.runtime.messages import shown_name

EVENTS = "events.out.tfevents."  # how the names of such files begin
GROUPS = ("loss", "loss part", "discriminator", "test", "score")
FOLDERS = {"loss part": "loss", "score": "test"}  # of tags, where not named as the group


def write_events(run: RunFolder, folder: Path | str, *, overwrite: bool = False) -> Path:
    """Write what a run logged as event files into `folder`; `tensorboard --logdir FOLDER` shows them.

    Raises:
        UsageError: TensorBoard is not installed, or the folder holds something.
        CheckpointError: it cannot be written.
    """
    check_folder(folder, overwrite)
    target = Path(os.path.abspath(folder))  # with a name of its own, as "." has not
    writer_of = _writer()
    with checkpoint_folder(target) as new, writer_of(new) as writer:
        writer.add_text("run", _settings(run), 0)
        for tag, key in _tags(run).items():
            for point in points_of(run.frame, key).itertuples():
                writer.add_scalar(tag, point.value, point.step)
        for moment in run.sheets:
            for split, path in moment.paths.items():
                name = f"before and after/{split}" if moment.compares else f"samples/{split}"
                _add_picture(writer, name, path, moment.step)
    return Path(folder)


def check_folder(folder: Path | str, overwrite: bool) -> None:
    """Check that events may be written there: into a new folder, or with `overwrite` over events alone.

    Raises:
        UsageError: they may not.
    """
    label = shown_name(folder)
    if not os.fspath(folder):
        raise UsageError("the name of the folder for the events is empty")
    try:
        names = os.listdir(folder)
    except FileNotFoundError:
        names = []
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise UsageError(f"{label}: no folder for events ({why}): name a new one") from None
    if any(not name.startswith(EVENTS) for name in names):
        raise UsageError(f"{label}: holds other things: name a new folder for the events")
    if names and not overwrite:
        raise UsageError(f"{label}: holds events already: name a new folder, or use --overwrite")


def _writer():
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        raise UsageError(
            f"TensorBoard's files need a package more ({error}): pip install 'condcolor[tensorboard]'"
        ) from None
    return SummaryWriter


def _settings(run: RunFolder) -> str:
    """Return the settings of the run as a block of Markdown."""
    plan = run.plan
    settings = {
        "recipe": plan.recipe,
        "data": str(plan.data),
        "train": asdict(plan.config),
        "model": asdict(plan.model),
        "phases": [asdict(phase) for phase in plan.phases],
    }
    return "\n".join(f"    {line}" for line in json.dumps(settings, indent=2).splitlines())


def _tags(run: RunFolder) -> dict[str, str]:
    """Return tag -> column of the log's table, of each scalar that TensorBoard shows."""
    tags = {f"{FOLDERS.get(m.group, m.group)}/{m.key}": m.key for m in of_group(*GROUPS)}
    return tags | {key: key for key in run.frame.columns if "/" in key}  # obeyed/hair


def _add_picture(writer, tag: str, path: Path, step: int | None) -> None:
    try:
        rgb = open_picture(path).rgb
    except DataError:  # a damaged sheet, which the report notes
        return
    writer.add_image(tag, np.asarray(rgb), step, dataformats="HWC")
