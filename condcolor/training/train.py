"""Train and resume: from a data set to a run folder."""

from __future__ import annotations

import contextlib
import dataclasses
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor

from condcolor.data.cache import default_cache
from condcolor.data.dataset import ImageDataset
from condcolor.data.metadata import Metadata, split_by_character
from condcolor.data.palette import measure_fixed, measure_palette
from condcolor.data.records import Record
from condcolor.errors import DataError, UsageError
from condcolor.models.checkpoint import Model, check_channels, load_model
from condcolor.models.config import ModelConfig
from condcolor.models.encoders import find_weights
from condcolor.models.losses import FeatureLoss
from condcolor.recipes import Phase, TrainConfig, find_recipe
from condcolor.runs import plots
from condcolor.runs.config import RUN_CONFIG, RunConfig, fingerprint, phases_with
from condcolor.runs.folder import locked, read_log
from condcolor.runs.report import write_report
from condcolor.runtime.devices import pick_device
from condcolor.runtime.distributed import ALONE, ProcessGroup, own_gpu, process_group, was_restarted
from condcolor.training.trainer import Callbacks, Trainer

NO_CACHE = "none"  # pictures stay in memory


def train(
    data: Path | str,
    out: Path | str,
    *,
    recipe: str = "icons",
    epochs: Sequence[int] | None = None,
    device: str | None = None,
    init: Path | str | None = None,
    encoder_weights: Path | str = "imagenet",
    vocabulary: str = "own",
    phase: Mapping[str, object] | None = None,
    model: Mapping[str, object] | None = None,
    cache: Path | str | None = None,
    callbacks: Callbacks | None = None,
    **config: object,
) -> Path:
    """Train a recipe on a data folder; everything ends up in the folder `out`.

    Args:
        data: a metadata.csv or a folder with one, for photographs any folder; see docs/format.md.
        out: the run folder; must not exist, or be empty.
        epochs: one number for each phase of the recipe.
        init: a model folder to start from; its generator and schema are taken over.
        encoder_weights: what a network with an encoder begins it with: "imagenet", a file, or "none".
        phase: fields of `Phase` to set (`gan_weight`, `pixel_loss` ...): one value for every phase that
            it means something to, or a sequence with one for each phase.
        model: fields of `ModelConfig` to set (`base_channels`, `depth` ...).
        cache: a folder for the decoded pictures of a large set; None is the user's own cache folder,
            "none" keeps them in memory.
        config: fields of `TrainConfig` to set (`batch_size`, `lr` ...); None keeps the recipe's.

    Returns:
        The folder of the best model, `out/model`.

    Raises:
        UsageError, DataError, CheckpointError: as their names say, before any training.
        Interrupted: stopped by a signal, saved; `resume(out)` goes on.
    """
    chosen = find_recipe(recipe)
    phases = phases_with(chosen.phases, epochs, phase or {})
    settings = chosen.train_config(**config)
    run, chosen_device = Path(out), pick_device(own_gpu(device))
    if was_restarted() and (run / RUN_CONFIG).is_file():
        return resume(run, device=device, cache=cache, callbacks=callbacks)
    started_from = load_model(Path(init)) if init else None
    metadata = chosen.task.read(Path(data), started_from.schema if started_from else vocabulary)
    schema = started_from.schema if started_from else measure_palette(metadata)
    network = chosen.model_config(schema.planes, **(model or {}))
    if started_from:
        network = started_from.config.with_discriminator_of(network)
        check_channels(network, chosen.name)
    _check_size(settings, network)
    if settings.wrong_colors and max(schema.sizes, default=0) < 2:
        raise UsageError("wrong_colors: the data has no attribute of two values or more")
    trained = {} if started_from else find_weights(network.encoder, encoder_weights)
    features = find_features(phases, settings)
    plan = RunConfig(
        chosen.name,
        phases,
        settings,
        network,
        schema,
        Path(data).resolve(),
        measure_fixed(metadata),
    )
    with (
        process_group(chosen_device) as group,
        contextlib.ExitStack() as held,
        contextlib.ExitStack() as undo,
    ):
        group.part(settings.batch_size)
        if group.is_first:
            _make_run_folder(run)
            held.enter_context(locked(run))
            undo.callback(shutil.rmtree, run, ignore_errors=True)  # data of no use leaves no run
        callbacks = callbacks if group.is_first else None
        trainer = make_trainer(
            plan, run, metadata, chosen_device, features, callbacks, _cache(cache), group
        )
        _begin_with(trainer, started_from, trained)
        for note in metadata.notes:
            trainer.callbacks.on_note(f"note: {note}")
        trainer.save()  # a run cut short before its first state must not go on from random weights
        if group.is_first:
            plan.save(run, metadata)
        undo.pop_all()
        model = _finish(trainer)
        del trainer  # what it shares with the other ranks must go before they part
    return model


def resume(
    run: Path | str,
    *,
    epochs: Sequence[int] | None = None,
    device: str | None = None,
    cache: Path | str | None = None,
    callbacks: Callbacks | None = None,
) -> Path:
    """Go on with a run from its newest training state, to the bits of an uninterrupted one.

    Args:
        epochs: other numbers for the phases, to train the last one longer, or those that were left out.
        cache: as for `train`.

    Raises:
        CheckpointError: no run there, or no state of it loads.
        DataError: the data is not what the run began with.
        UsageError: epochs that would change what has been trained already.
    """
    run = Path(run)
    plan, rows = RunConfig.load(run)
    metadata = find_recipe(plan.recipe).task.read(plan.data, plan.schema)
    if fingerprint(metadata) != rows:
        raise DataError(
            f"{plan.data}: the data changed since {run} began; bring it back, or start a new run "
            f"from its model: condcolor train DATA --init {run / 'model'}"
        )
    chosen_device = pick_device(own_gpu(device))
    with process_group(chosen_device) as group, contextlib.ExitStack() as held:
        if group.is_first:
            held.enter_context(locked(run))
        features = find_features(plan.phases, plan.config)
        callbacks = callbacks if group.is_first else None
        trainer = make_trainer(
            plan, run, metadata, chosen_device, features, callbacks, _cache(cache), group
        )
        trainer.restore()
        group.barrier()  # before the first state is written, and older ones removed
        if epochs is not None:
            phases = phases_with(plan.phases, epochs, {})
            trainer.extend(phases)
            if group.is_first:
                dataclasses.replace(plan, phases=phases).save(run, metadata)
        model = _finish(trainer)
        del trainer  # as in train
    return model


def make_trainer(
    plan: RunConfig,
    run: Path,
    metadata: Metadata,
    device: torch.device,
    features: FeatureLoss | None,
    callbacks: Callbacks | None,
    cache: Path | None = None,
    group: ProcessGroup = ALONE,
) -> Trainer:
    """The trainer of a plan, with the pictures decoded, into `cache` where they are many."""
    callbacks = callbacks or Callbacks()
    records = split_by_character(metadata.records, plan.config.test_fraction, plan.config.seed)
    with group.first_goes_ahead():  # what it decodes into the cache, the others find there
        train, test = (
            _pictures(plan, records, split, callbacks, cache) for split in ("train", "test")
        )
    group.part(min(plan.config.batch_size, len(train)))
    return Trainer(
        run,
        recipe=find_recipe(plan.recipe),
        phases=plan.phases,
        config=plan.config,
        model=plan.model,
        schema=plan.schema,
        train=train,
        test=test,
        device=device,
        features=features,
        callbacks=callbacks,
        group=group,
    )


def _pictures(
    plan: RunConfig, records: Sequence[Record], split: str, callbacks: Callbacks, cache: Path | None
) -> ImageDataset | None:
    """The decoded pictures of a split; None where a split to measure on has none."""
    chosen = [record for record in records if record.split == split]
    learnt = split == "train"
    pictures = ImageDataset(
        chosen,
        plan.schema,
        plan.config.image_size,
        compose=learnt and plan.config.compose,
        fixed=() if plan.fixed is None else (plan.fixed,),
        photographs=find_recipe(plan.recipe).task.photographs,
        jitter=plan.config.jitter if learnt else 0.0,
        cache=cache,
        on_progress=callbacks.on_decoded,
    )
    for reason in pictures.skipped:
        callbacks.on_note(f"skipped: {reason}")
    if learnt and not len(pictures):
        raise DataError(f"{plan.data}: no row belongs to the training split")
    return pictures if len(pictures) else None


def find_features(phases: Sequence[Phase], config: TrainConfig) -> FeatureLoss | None:
    """The loss that a phase's feature_weight weighs; None where no phase has one."""
    if not any(phase.feature_weight for phase in phases):
        return None
    encoder = config.feature_encoder
    weights = find_weights(encoder, "imagenet", instead="leave the feature weight out")
    return FeatureLoss(encoder, weights)


def _begin_with(
    trainer: Trainer, model: Model | None, encoder_weights: Mapping[str, Tensor]
) -> None:
    """The weights to start from: those of a model, or an encoder's own, or what there is already."""
    for module in {trainer.nets.generator, trainer.nets.averaged}:
        if model is not None:
            module.load_state_dict(model.generator.state_dict())
        elif encoder_weights:
            module.encoder.load_published(encoder_weights)


def _cache(asked: Path | str | None) -> Path | None:
    if asked is None:
        return default_cache()
    return None if str(asked) == NO_CACHE else Path(asked)


def _finish(trainer: Trainer) -> Path:
    trainer.fit()
    if trainer.group.is_first:
        plots.plot_run(read_log(trainer.run), trainer.run / "losses.png", title=trainer.run.name)
        write_report(trainer.run)
    return trainer.run / "model"


def _check_size(config: TrainConfig, model: ModelConfig) -> None:
    if config.image_size % model.multiple:
        raise UsageError(
            f"image size {config.image_size} cannot be halved {model.depth} times: use a multiple of "
            f"{model.multiple}, or another --depth"
        )
    if config.image_size // 2**model.disc_layers < 3:  # its last two layers take a pixel each
        raise UsageError(
            f"image size {config.image_size} is too small for a discriminator of {model.disc_layers} "
            "layers: use larger pictures, or fewer --disc-layers"
        )


def _make_run_folder(run: Path) -> None:
    if run.exists() and (not run.is_dir() or any(run.iterdir())):
        raise UsageError(
            f"{run} exists: choose another --out, or go on with: condcolor resume {run}"
        )
    try:
        run.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"{run}: cannot be made ({error.strerror})") from None
