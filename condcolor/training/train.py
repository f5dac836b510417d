"""Train and resume: from a data set to a run folder."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from torch import Tensor

from condcolor.conditions.schema import AttributeSchema
from condcolor.data.metadata import Metadata
from condcolor.data.palette import measure_fixed, measure_palette
from condcolor.data.reading import Reading
from condcolor.errors import CheckpointError, DataError, UsageError
from condcolor.models.checkpoint import Model, check_channels, load_model
from condcolor.models.encoders import find_weights
from condcolor.models.networks import EncoderUNet, make_generator
from condcolor.models.transfer import differences, with_values
from condcolor.recipes import Recipe, find_recipe
from condcolor.runs.config import RunConfig, phases_with
from condcolor.runs.data_sums import SIZES, DataSums, Fingerprint, fingerprint_of_sizes
from condcolor.runs.folder import locked, remove_leftovers
from condcolor.runs.state import state_folders
from condcolor.runtime.devices import pick_device
from condcolor.runtime.distributed import own_gpu, process_group, was_restarted
from condcolor.runtime.files import disk_faults
from condcolor.runtime.messages import listed, shown_name
from condcolor.training.callbacks import Callbacks
from condcolor.training.run_writer import MODEL
from condcolor.training.session import begin, check_size, find_features, finish, make_trainer
from condcolor.training.trainer import Trainer


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
    reading = Reading(tuple(ignore), labels)
    metadata, schema = _read(chosen, Path(data), vocabulary, reading, started_from)
    network = chosen.model_config(schema.planes, **(model or {}))
    if started_from:
        check_channels(started_from.config, chosen.name)
        network = started_from.config.with_discriminator_of(network)
        started_from = _fitted(started_from, schema, callbacks)
        network = dataclasses.replace(network, cond_planes=started_from.config.cond_planes)
    check_size(settings, network)
    if settings.wrong_colors and max(schema.sizes, default=0) < 2:
        raise UsageError("wrong_colors: the data has no attribute of two values or more")
    encoder = {} if started_from else find_weights(network.encoder, encoder_weights)
    features = find_features(phases, settings)
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
    begin(
        plan,
        run,
        metadata,
        chosen_device,
        features=features,
        callbacks=callbacks,
        cache=cache,
        load=lambda trainer: load_initial(trainer, started_from, encoder),
    )
    return run / MODEL


def resume(
    run: Path | str,
    *,
    data: Path | str | None = None,
    epochs: Sequence[int] | None = None,
    lr: float | None = None,
    precision: str | None = None,
    device: str | None = None,
    cache: Path | str | None = None,
    callbacks: Callbacks | None = None,
) -> Path:
    """Resume a run from its newest training state, bit-identical to an uninterrupted one on the same device.

    Args:
        run: the run folder.
        data: where the data of the run is now, if it has moved; its contents must be the same.
        epochs: other numbers for the phases, to train the last one longer, or those that were left out.
        lr, precision: other ones from here on; None keeps the run's.
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
    changed: dict[str, Any] = {
        k: v for k, v in {"lr": lr, "precision": precision}.items() if v is not None
    }
    plan = dataclasses.replace(plan, config=dataclasses.replace(plan.config, **changed))
    metadata = find_recipe(plan.recipe).task.read(plan.data, plan.schema, plan.reading)
    _check_data(plan, run, metadata, before)
    chosen_device = pick_device(own_gpu(device))
    with process_group(chosen_device) as group, ExitStack() as held:
        if group.is_first:
            held.enter_context(locked(run))
            remove_leftovers(run)
        features = find_features(plan.phases, plan.config)
        trainer = make_trainer(
            plan, run, metadata, chosen_device, features, callbacks, cache, group
        )
        trainer.restore()
        group.barrier()  # before the first state is written, and older ones removed
        if epochs is not None:
            phases = phases_with(plan.phases, epochs, {})
            trainer.extend(phases)
            plan = dataclasses.replace(plan, phases=phases)
        if group.is_first and (epochs is not None or data is not None or changed):
            plan.save(run, metadata)
        finish(trainer)
        del trainer  # as in train
    return run / MODEL


def _read(
    recipe: Recipe, data: Path, vocabulary: str, reading: Reading, model: Model | None
) -> tuple[Metadata, AttributeSchema]:
    """Return the records and their schema: that of the model where it has all that the data asks for."""
    if model is None or recipe.schema or not model.schema.attributes:
        metadata = recipe.task.read(data, vocabulary, reading)
        return metadata, measure_palette(metadata)
    metadata = recipe.task.read(data, vocabulary, reading)
    known = {attribute.name: attribute.values for attribute in model.schema.attributes}
    asked = metadata.schema.attributes
    if {a.name for a in asked} == {*known} and all({*a.values} <= {*known[a.name]} for a in asked):
        return recipe.task.read(data, model.schema, reading), model.schema
    return metadata, measure_palette(metadata)


def _fitted(model: Model, schema: AttributeSchema, callbacks: Callbacks | None) -> Model:
    """Return the model with its network for another schema; what is new and what falls away is noted."""
    if not model.config.cond_planes or schema == model.schema:
        return model
    if not schema.planes:
        raise UsageError("--init: the model has attributes, the data has none")
    weights = with_values(model.generator.state_dict(), model.config, model.schema, schema)
    config = dataclasses.replace(model.config, cond_planes=schema.planes)
    generator = make_generator(config)
    generator.load_state_dict(weights)
    for text in differences(model.schema, schema):
        (callbacks or Callbacks()).on_note(f"--init: {text}")
    return dataclasses.replace(model, generator=generator, config=config, schema=schema)


def load_initial(
    trainer: Trainer, model: Model | None, encoder_weights: Mapping[str, Tensor]
) -> None:
    """Load the weights of a model, or those of the encoder if there are any, into the generators."""
    for generator in {trainer.nets.generator, trainer.nets.averaged}:
        if model is not None:
            generator.load_state_dict(model.generator.state_dict())
        elif encoder_weights:
            assert isinstance(generator, EncoderUNet), "only an encoder has published weights"
            generator.encoder.load_published(encoder_weights)


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
