"""A run on its way: its folder begun, its pictures decoded, its trainer made, trained to the end."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

import torch

from condcolor.data.cache import default_cache
from condcolor.data.dataset import ImageDataset
from condcolor.data.metadata import Metadata, split_by_character
from condcolor.data.records import Record
from condcolor.errors import DataError, UsageError
from condcolor.models.config import ModelConfig
from condcolor.models.encoders import find_weights
from condcolor.models.losses import FeatureLoss
from condcolor.recipes import Phase, TrainConfig, find_recipe
from condcolor.runs import plots
from condcolor.runs.config import RunConfig
from condcolor.runs.folder import is_unstarted, locked, remove_leftovers
from condcolor.runs.log import read_log
from condcolor.runs.report import write_report
from condcolor.runs.state import STATES
from condcolor.runtime.distributed import ProcessGroup, process_group
from condcolor.runtime.messages import shown_name
from condcolor.training.callbacks import Callbacks
from condcolor.training.memory import check_memory
from condcolor.training.own_parts import label_pictures, some_rows
from condcolor.training.trainer import Trainer
from condcolor.training.verdict import give_verdict

NO_CACHE = "none"  # pictures stay in memory


def begin(
    plan: RunConfig,
    run: Path,
    metadata: Metadata,
    device: torch.device,
    *,
    features: FeatureLoss | None = None,
    callbacks: Callbacks | None = None,
    cache: Path | str | None = None,
    load: Callable[[Trainer], None] = lambda trainer: None,
) -> None:
    """Begin a run and train it to its end; data that cannot be used leaves no run.

    Args:
        load: loads weights into the networks, before the first state is saved.

    Raises: as `training.train.train`.
    """
    with process_group(device) as group, ExitStack() as held, ExitStack() as undo:
        group.part(plan.config.batch_size)
        if group.count > 1 and plan.config.minutes:
            raise UsageError("minutes are for a training in one process: give epochs instead")
        if group.is_first:
            _make_run_folder(run)
            held.enter_context(locked(run))
            undo.callback(shutil.rmtree, run, ignore_errors=True)  # unusable data leaves no run
            shutil.rmtree(
                run / STATES, ignore_errors=True
            )  # of a run that a kill ended at its start
            remove_leftovers(run)
            plan.save(run, metadata)
        trainer = make_trainer(plan, run, metadata, device, features, callbacks, cache, group)
        load(trainer)
        for note in metadata.notes:
            trainer.callbacks.on_note(f"note: {note}")
        trainer.save()
        undo.pop_all()
        finish(trainer)
        del trainer  # frees DDP before the process group


def make_trainer(
    plan: RunConfig,
    run: Path,
    metadata: Metadata,
    device: torch.device,
    features: FeatureLoss | None,
    callbacks: Callbacks | None,
    cache: Path | str | None,
    group: ProcessGroup,
) -> Trainer:
    """Decode the pictures, those of a large set into `cache`, and return the trainer of a plan.

    Raises:
        DataError: pictures cannot be used, or none is to train on.
        UsageError: a batch cannot be shared out among the processes, or the memory cannot hold it.
    """
    callbacks = callbacks if callbacks and group.is_first else Callbacks()
    records = split_by_character(metadata.records, plan.config.test_fraction, plan.config.seed)
    rows = sum(record.split == "train" for record in records)
    batch = -(-min(plan.config.batch_size, max(rows, 1)) // group.count)
    memory = check_memory(plan, batch, device, processes=group.count)
    with group.first_goes_ahead():  # the others find the cache filled
        train = _decode(plan, records, "train", callbacks, cache)
        if not len(train):
            raise DataError(f"{plan.data}: no row belongs to the training split")
        test = _decode(plan, records, "test", callbacks, cache)
    if memory:
        callbacks.on_note(memory)
    if plan.parts is not None:
        train = label_pictures(train, plan)
    group.part(min(plan.config.batch_size, len(train)))
    return Trainer(
        run,
        plan,
        train=train,
        test=test if len(test) else None,
        device=device,
        features=features,
        callbacks=callbacks,
        group=group,
    )


def _decode(
    plan: RunConfig,
    records: Sequence[Record],
    split: str,
    callbacks: Callbacks,
    cache: Path | str | None,
) -> ImageDataset:
    """Decode the pictures of a split, and note those that are left out."""
    is_train = split == "train"
    if cache is None:
        folder = default_cache()
    else:
        folder = None if str(cache) == NO_CACHE else Path(cache)
    chosen = [record for record in records if record.split == split]
    pictures = ImageDataset(
        some_rows(chosen) if is_train and plan.parts is not None else chosen,
        plan.schema,
        plan.config.image_size,
        compose=is_train and plan.config.compose,
        fixed=() if plan.fixed is None else (plan.fixed,),
        photographs=find_recipe(plan.recipe).task.photographs,
        jitter=plan.config.jitter if is_train else 0.0,
        cache=folder,
        on_progress=callbacks.on_decoded,
    )
    for reason in pictures.skipped:
        callbacks.on_note(f"skipped: {reason}")
    return pictures


def find_features(phases: Sequence[Phase], config: TrainConfig) -> FeatureLoss | None:
    """Return the feature loss; None if no phase has a `feature_weight`."""
    if not any(phase.feature_weight for phase in phases):
        return None
    encoder = config.feature_encoder
    weights = find_weights(encoder, "imagenet", instead="leave the feature weight out")
    return FeatureLoss(encoder, weights)


def finish(trainer: Trainer) -> None:
    """Train to the end, plot the run and write its report; after so many minutes, give the verdict."""
    trainer.fit()
    if trainer.group.is_first:
        plots.plot_run(
            read_log(trainer.run), trainer.run / "losses.png", title=shown_name(trainer.run.name)
        )
        write_report(trainer.run)
        if trainer.config.minutes and trainer.plan.schema.attributes:
            for line in give_verdict(trainer.run, trainer.test, trainer.device):
                trainer.callbacks.on_note(line)


def check_size(config: TrainConfig, model: ModelConfig) -> None:
    if config.image_size % model.multiple:
        raise UsageError(
            f"image size {config.image_size} cannot be halved {model.depth} times: use a multiple of "
            f"{model.multiple}, or another --depth"
        )
    if config.image_size // 2**model.disc_layers < 3:  # its last two layers take off a pixel each
        raise UsageError(
            f"image size {config.image_size} is too small for a discriminator of {model.disc_layers} "
            "layers: use larger pictures, or fewer --disc-layers"
        )


def refuse_existing(run: Path) -> None:
    """Raise UsageError where there is something that is no run that a kill ended at its start."""
    if run.exists() and not (run.is_dir() and (not any(run.iterdir()) or is_unstarted(run))):
        label = shown_name(run)
        raise UsageError(
            f"{label} exists: choose another --out, or go on with: condcolor resume {label}"
        )


def check_run_folder(run: Path) -> None:
    """Check that a run folder can be begun; raises as `begin` does."""
    was_there = run.exists()
    _make_run_folder(run)
    if not was_there:
        run.rmdir()


def _make_run_folder(run: Path) -> None:
    refuse_existing(run)
    try:
        run.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"{shown_name(run)}: cannot be made ({error.strerror})") from None
