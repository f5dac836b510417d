"""Train and resume: from a data set to a run folder."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

import torch
from torch import Tensor

from condcolor.data.cache import default_cache
from condcolor.data.dataset import ImageDataset
from condcolor.data.metadata import Metadata, split_by_character
from condcolor.data.palette import measure_fixed, measure_palette
from condcolor.data.reading import Reading
from condcolor.data.records import Record
from condcolor.errors import CheckpointError, DataError, UsageError
from condcolor.models.checkpoint import Model, check_channels, load_model
from condcolor.models.config import ModelConfig
from condcolor.models.encoders import find_weights
from condcolor.models.losses import FeatureLoss
from condcolor.models.networks import EncoderUNet
from condcolor.recipes import Phase, TrainConfig, find_recipe
from condcolor.runs import plots
from condcolor.runs.config import RunConfig, phases_with
from condcolor.runs.data_sums import SIZES, DataSums, Fingerprint, fingerprint_of_sizes
from condcolor.runs.folder import is_unstarted, locked, remove_leftovers
from condcolor.runs.log import read_log
from condcolor.runs.report import write_report
from condcolor.runs.state import STATES, state_folders
from condcolor.runtime.devices import pick_device
from condcolor.runtime.distributed import ProcessGroup, own_gpu, process_group, was_restarted
from condcolor.runtime.files import disk_faults
from condcolor.runtime.messages import listed, shown_name
from condcolor.training.callbacks import Callbacks
from condcolor.training.memory import check_memory
from condcolor.training.run_writer import MODEL
from condcolor.training.trainer import Trainer

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
    ignore: Sequence[str] = (),
    labels: str = "",
    phase: Mapping[str, object] | None = None,
    model: Mapping[str, object] | None = None,
    cache: Path | str | None = None,
    callbacks: Callbacks | None = None,
    **config: object,
) -> Path:
    """Train a recipe on a data folder, and write a run folder.

    Args:
        data: a metadata.csv or a folder with one, for photographs any folder; see docs/format.md.
        out: the run folder; must not exist, or be empty.
        recipe: the name of a recipe.
        epochs: one number for each phase of the recipe.
        device: "cpu", "cuda", "mps"; None picks one.
        init: a model folder whose generator and schema training starts from.
        encoder_weights: weights to start the network's encoder from: "imagenet", a file, or "none".
        vocabulary: "own" or "shared", as for `read_metadata`.
        ignore: columns that are left out; the run remembers them.
        labels: the form of file names of data without a table, "{character}_{hair}_{shirt}"; remembered, too.
        phase: fields of `Phase` to set (`gan_weight`, `pixel_loss` ...): one value for all phases that use
            the field, or a sequence with one for each phase.
        model: fields of `ModelConfig` to set (`base_channels`, `depth` ...).
        cache: a folder for the decoded pictures of a large set; None is the user's own cache folder,
            "none" keeps them in memory.
        callbacks: called as training goes on.
        config: fields of `TrainConfig` to set (`batch_size`, `lr` ...); None keeps the recipe's.

    Returns:
        The folder of the best model, `out/model`.

    Raises:
        UsageError: an option is out of range, or `out` is not empty.
        DataError: the data cannot be used, or the run folder or a download fails.
        CheckpointError: `init` or the encoder's weights cannot be loaded, or a loss is not finite.
        Interrupted: a signal was received; the state is saved for `resume(out)`.
    """
    chosen = find_recipe(recipe)
    phases = phases_with(chosen.phases, epochs, phase or {})
    settings = chosen.train_config(**config)
    run, chosen_device = Path(out), pick_device(own_gpu(device))
    if was_restarted() and state_folders(run):
        return resume(run, device=device, cache=cache, callbacks=callbacks)
    started_from = load_model(Path(init)) if init else None
    known = None if started_from is None or chosen.schema else started_from.schema
    reading = Reading(tuple(ignore), labels)
    metadata = chosen.task.read(Path(data), known or vocabulary, reading)
    schema = known or measure_palette(metadata)
    network = chosen.model_config(schema.planes, **(model or {}))
    if started_from:
        network = started_from.config.with_discriminator_of(network)
        check_channels(network, chosen.name)
    _check_size(settings, network)
    if settings.wrong_colors and max(schema.sizes, default=0) < 2:
        raise UsageError("wrong_colors: the data has no attribute of two values or more")
    encoder = {} if started_from else find_weights(network.encoder, encoder_weights)
    features = _find_features(phases, settings)
    plan = RunConfig(
        chosen.name,
        phases,
        settings,
        network,
        schema,
        Path(data).resolve(),
        measure_fixed(metadata),
        began_with=_began_with(init, encoder, encoder_weights),
        reading=reading,
    )
    with process_group(chosen_device) as group, ExitStack() as held, ExitStack() as undo:
        group.part(settings.batch_size)
        if group.is_first:
            _make_run_folder(run)
            held.enter_context(locked(run))
            undo.callback(shutil.rmtree, run, ignore_errors=True)  # unusable data leaves no run
            shutil.rmtree(
                run / STATES, ignore_errors=True
            )  # of a run that a kill ended at its start
            remove_leftovers(run)
            plan.save(run, metadata)
        trainer = _make_trainer(
            plan, run, metadata, chosen_device, features, callbacks, cache, group
        )
        _load_initial(trainer, started_from, encoder)
        for note in metadata.notes:
            trainer.callbacks.on_note(f"note: {note}")
        trainer.save()
        undo.pop_all()
        _fit(trainer)
        del trainer  # frees DDP before the process group
    return run / MODEL


def resume(
    run: Path | str,
    *,
    data: Path | str | None = None,
    epochs: Sequence[int] | None = None,
    device: str | None = None,
    cache: Path | str | None = None,
    callbacks: Callbacks | None = None,
) -> Path:
    """Resume a run from its newest training state, bit-identical to an uninterrupted one on the same device.

    Args:
        run: the run folder.
        data: where the data of the run is now, if it has moved; its contents must be the same.
        epochs: other numbers for the phases, to train the last one longer, or those that were left out.
        device, cache, callbacks: as for `train`.

    Returns:
        The folder of the best model, `run/model`.

    Raises:
        CheckpointError: no run there, or none of its states can be loaded, or a loss is not finite.
        DataError: the data changed since the run began, or is no longer there.
        UsageError: the epochs contradict those trained so far, or another process trains there.
        Interrupted: as for `train`.
    """
    run = Path(run)
    plan, before = RunConfig.load(run)
    if data is not None:
        plan = dataclasses.replace(plan, data=Path(data).resolve())
    elif not plan.data.exists():
        raise DataError(
            f"{shown_name(plan.data)}: the data of {shown_name(run)} is no longer there: bring it back, "
            f"or say where it is now: condcolor resume {shown_name(run)} --data FOLDER"
        )
    if plan.began_with and not state_folders(run):
        raise CheckpointError(
            f"{shown_name(run)}: stopped before its first state was saved: train it anew under the same "
            f"name, from {plan.began_with}"
        )
    metadata = find_recipe(plan.recipe).task.read(plan.data, plan.schema, plan.reading)
    _check_data(plan, run, metadata, before)
    chosen_device = pick_device(own_gpu(device))
    with process_group(chosen_device) as group, ExitStack() as held:
        if group.is_first:
            held.enter_context(locked(run))
            remove_leftovers(run)
        features = _find_features(plan.phases, plan.config)
        trainer = _make_trainer(
            plan, run, metadata, chosen_device, features, callbacks, cache, group
        )
        trainer.restore()
        group.barrier()  # before the first state is written, and older ones removed
        if epochs is not None:
            phases = phases_with(plan.phases, epochs, {})
            trainer.extend(phases)
            plan = dataclasses.replace(plan, phases=phases)
        if group.is_first and (epochs is not None or data is not None):
            plan.save(run, metadata)
        _fit(trainer)
        del trainer  # as in train
    return run / MODEL


def _make_trainer(
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
    pictures = ImageDataset(
        [record for record in records if record.split == split],
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


def _find_features(phases: Sequence[Phase], config: TrainConfig) -> FeatureLoss | None:
    """Return the feature loss; None if no phase has a `feature_weight`."""
    if not any(phase.feature_weight for phase in phases):
        return None
    encoder = config.feature_encoder
    weights = find_weights(encoder, "imagenet", instead="leave the feature weight out")
    return FeatureLoss(encoder, weights)


def _load_initial(
    trainer: Trainer, model: Model | None, encoder_weights: Mapping[str, Tensor]
) -> None:
    """Load the weights of a model, or those of the encoder if there are any, into the generators."""
    for generator in {trainer.nets.generator, trainer.nets.averaged}:
        if model is not None:
            generator.load_state_dict(model.generator.state_dict())
        elif encoder_weights:
            assert isinstance(generator, EncoderUNet), "only an encoder has published weights"
            generator.encoder.load_published(encoder_weights)


def _fit(trainer: Trainer) -> None:
    """Train to the end, then plot the run and write its report."""
    trainer.fit()
    if trainer.group.is_first:
        plots.plot_run(
            read_log(trainer.run), trainer.run / "losses.png", title=shown_name(trainer.run.name)
        )
        write_report(trainer.run)


def _check_size(config: TrainConfig, model: ModelConfig) -> None:
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


def _began_with(init: Path | str | None, encoder: Mapping, encoder_weights: Path | str) -> str:
    """Return the weights that a run begins with, as an option; "" if all are drawn at random."""
    if init:
        return f"--init {shown_name(init)}"
    return f"--encoder-weights {shown_name(encoder_weights)}" if encoder else ""


def _check_data(plan: RunConfig, run: Path, metadata: Metadata, before: Fingerprint) -> None:
    """Check that the data is as it was when the run began.

    Raises:
        DataError: it is not, or a picture cannot be read.
    """
    changed: list[str] = []
    if before.of == SIZES:
        now = fingerprint_of_sizes(metadata)
    else:
        with disk_faults():
            sums = DataSums.of(metadata, run)
        now, changed = sums.fingerprint(metadata), sums.changed(run)
    if now != before:
        which = f" ({listed([shown_name(path) for path in changed])})" if changed else ""
        raise DataError(
            f"{shown_name(plan.data)}: the data changed since {shown_name(run)} began{which}; bring it "
            f"back, or start a new run from its model: condcolor train DATA --init {shown_name(run)}/model"
        )


def _make_run_folder(run: Path) -> None:
    if run.exists() and not (run.is_dir() and (not any(run.iterdir()) or is_unstarted(run))):
        label = shown_name(run)
        raise UsageError(
            f"{label} exists: choose another --out, or go on with: condcolor resume {label}"
        )
    try:
        run.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"{shown_name(run)}: cannot be made ({error.strerror})") from None
