"""`train_own`: a data set of one's own trained within minutes, nothing but the data said."""

from __future__ import annotations

import contextlib
import dataclasses
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from condcolor.conditions.schema import AttributeSchema
from condcolor.data.augmentation import seeded
from condcolor.data.dataset import ImageDataset
from condcolor.data.metadata import Metadata, read_metadata, split_by_character
from condcolor.data.palette import measure_fixed, measure_palette
from condcolor.data.reading import Reading
from condcolor.data.records import Record
from condcolor.errors import PictureError, UsageError
from condcolor.imaging.open import open_picture
from condcolor.models.checkpoint import load_model
from condcolor.models.model_folder import find_folder
from condcolor.models.part_heads import with_outputs
from condcolor.recipes import TrainConfig, find_recipe
from condcolor.runs.config import RunConfig
from condcolor.runtime.devices import pick_device
from condcolor.runtime.distributed import own_gpu
from condcolor.runtime.messages import counted, listed, shown_name
from condcolor.runtime.process import cores
from condcolor.training.callbacks import Callbacks
from condcolor.training.gan import Gan
from condcolor.training.own_parts import find_own_parts, label_pictures, some_rows
from condcolor.training.presets import Preset, find_preset
from condcolor.training.run_writer import MODEL
from condcolor.training.session import begin, check_run_folder, check_size

BASE = "icons"  # the built-in model that a training of parts begins from
SMALL = 160  # pixels; of pictures no larger the network sees 128 a side
TRIED = 3  # steps that are timed
CHECKS = 8  # of the model as it trains, and at least so many seconds apart:
APART = 45.0
# of the minutes, for what comes after the last step, beside as long as looking at the data took
RESERVED = 0.06
LEAST_STEPS = 20
# where targets are not flat: the network is asked for colors, as in the recipe icons, without an adversary
COLORS = {"batch_size": 8, "lr": 2e-3, "lr_decay": 0.7, "warmup": 0.02, "sample_epochs": ()}
COLORS_MODEL = {"base_channels": 32, "max_channels": 256, "dropout": 0.0, "cond_levels": "head"}


@dataclass(frozen=True)
class Training:
    """What a training will be.

    plan: its settings. about: three lines for the user.
    weights: what the generator begins with; None: random weights.
    """

    plan: RunConfig
    about: tuple[str, str, str]
    weights: Mapping[str, torch.Tensor] | None


def train_own(
    data: Path | str,
    out: Path | str,
    *,
    preset: str = "fast",
    minutes: float | None = None,
    device: str | None = None,
    init: Path | str | None = None,
    vocabulary: str = "own",
    ignore: Sequence[str] = (),
    labels: str = "",
    cache: Path | str | None = None,
    callbacks: Callbacks | None = None,
    **config: object,
) -> Path:
    """Train a model on colorings of one's own within minutes, and write a run folder.

    Where the targets are flat colorings, the model learns which part of a drawing is which, beginning from
    the built-in model of line art; else it learns the colors of each pixel.

    Args:
        data, out, vocabulary, ignore, labels, cache, callbacks: as for `training.train.train`.
        preset: "fast" or "best", of `presets.PRESETS`.
        minutes: how long all of it takes; None: as the preset has it.
        init: another model of parts to begin from, such as that of an earlier run.
        device: "cpu", "cuda", "mps"; None picks one.
        config: fields of `TrainConfig` to set (`lr`, `seed` ...); None keeps the preset's.

    Returns:
        The folder of the best model, `out/model`.

    Raises: as `training.train.train`.
    """
    started = time.monotonic()
    callbacks = callbacks or Callbacks()
    chosen = find_preset(preset)
    if chosen.minutes is None:
        raise UsageError(f"preset {preset} is the recipe icons: train it by its recipe")
    check_run_folder(Path(out))
    chosen_device = pick_device(own_gpu(device))
    limit = minutes or (chosen.minutes if chosen_device.type == "cpu" else chosen.gpu_minutes)
    assert limit is not None
    if not 0 < limit <= 60 * 24 * 7:
        raise UsageError(f"minutes must be above 0 and at most a week, got {minutes!r}")
    reading = Reading(tuple(ignore), labels)
    metadata = read_metadata(data, vocabulary=vocabulary, reading=reading)
    callbacks.on_note(f"looking at {shown_name(Path(data))}")
    own = {name: value for name, value in config.items() if value is not None}
    base = str(init) if init else BASE
    look = Look(chosen, limit, chosen_device, own, started, base)
    if own.pop("compose", False):
        raise UsageError(
            "compose is for a recipe: a preset finds the parts and needs no colourings"
        )
    training = plan_training(metadata, look, callbacks)
    plan = dataclasses.replace(training.plan, data=Path(data).resolve(), reading=reading)
    for line in training.about:
        callbacks.on_note(line)

    def load(trainer: Any) -> None:
        for generator in {trainer.nets.generator, trainer.nets.averaged}:
            if training.weights is not None:
                generator.load_state_dict(dict(training.weights))

    given: dict[str, Any] = {"callbacks": callbacks, "cache": cache, "load": load}
    begin(plan, Path(out), metadata, chosen_device, **given)
    return Path(out) / MODEL


@dataclass(frozen=True)
class Look:
    """What is asked of a training.

    minutes: of all, since `started`, which is as `time.monotonic` has it.
    config: fields of `TrainConfig` that the user set.
    base: the model of parts to begin from, by name or path.
    """

    preset: Preset
    minutes: float
    device: torch.device
    config: Mapping[str, Any]
    started: float
    base: str


def plan_training(metadata: Metadata, look: Look, callbacks: Callbacks) -> Training:
    """Look at the data and the machine, and return what will be trained."""
    config = dict(look.config)
    schema = measure_palette(metadata, max_inputs=24)
    settings = dict(look.preset.settings) | config
    settings.setdefault("test_fraction", TrainConfig.test_fraction)
    fraction, seed = settings["test_fraction"], settings.get("seed", 0)
    records = split_by_character(metadata.records, fraction, seed)
    split = [r for r in records if r.split == "train"]
    model = load_model(find_folder(look.base, "--init"))
    if not model.codec.parts:
        raise UsageError(f"--init {shown_name(look.base)} is no model of parts: name a --recipe")
    side = settings["image_size"]
    if "image_size" not in config and _largest(split) <= SMALL:
        side = settings["image_size"] = 128
    if side % model.config.multiple:
        raise UsageError(
            f"image size {side}: {shown_name(look.base)} sees multiples of {model.config.multiple}"
        )
    few = some_rows(split)
    pictures = ImageDataset(few, schema, side, on_progress=callbacks.on_decoded)
    parts, why = find_own_parts(pictures, model)
    tested = len({r.source for r in records if r.split == "test"})
    sizes = Sizes(len(pictures.source_of.unique()), tested, len(split))
    if parts is None:
        return _of_colors(metadata, schema, why, look, sizes)
    weights, network = with_outputs(model.generator.state_dict(), model.config, parts.begun_as)
    draft = RunConfig(
        "parts",
        (dataclasses.replace(find_recipe("parts").phases[0], epochs=1),),
        TrainConfig(**settings),
        network,
        parts.schema,
        metadata.root,
        None,
        began_with=f"--init {shown_name(look.base)}",
        parts=parts.table,
        fixed_parts=parts.fixed,
    )
    labelled = label_pictures(pictures, draft)
    plan, steps = timed(draft, labelled, look)
    what = f"flat colourings: learns to find {listed(parts.schema.names)}"
    what += f", beginning from {'the built-in model ' * (look.base == BASE)}{shown_name(look.base)}"
    what += f" ({listed(parts.new)} new to it)" if parts.new else ""
    return Training(plan, _about(what, plan, steps, sizes, look), weights)


@dataclass(frozen=True)
class Sizes:
    """The numbers of drawings to train and to test on, and of colorings to train on."""

    train: int
    test: int
    rows: int


def _of_colors(
    metadata: Metadata, schema: AttributeSchema, why: str, look: Look, sizes: Sizes
) -> Training:
    """Plan a training of colors, for targets that are not flat."""
    recipe = find_recipe("icons")
    config: dict[str, Any] = COLORS | {"image_size": 128} | dict(look.config)
    depth = int(math.log2(config["image_size"]))
    network = recipe.model_config(schema.planes, depth=min(depth, 7), **COLORS_MODEL)
    phase = dataclasses.replace(
        recipe.phases[0], epochs=1, gan_weight=0.0, trains_discriminator=False
    )
    settings = recipe.train_config(**config)
    check_size(settings, network)
    draft = RunConfig(
        recipe.name, (phase,), settings, network, schema, metadata.root, measure_fixed(metadata)
    )
    records = split_by_character(metadata.records, settings.test_fraction, settings.seed)
    few = [r for r in records if r.split == "train"][: settings.batch_size]
    pictures = ImageDataset(few, schema, settings.image_size)
    plan, steps = timed(draft, pictures, look, rows=sizes.rows)
    what = f"no flat colourings ({why}): learns the colours of each pixel, from random weights"
    return Training(plan, _about(what, plan, steps, sizes, look), None)


def timed(
    draft: RunConfig, pictures: ImageDataset, look: Look, rows: int | None = None
) -> tuple[RunConfig, int]:
    """Return the plan with as many epochs as fit into the minutes, by the time of a few steps; and its steps.

    Args:
        pictures: some to try on.
        rows: of an epoch; None: as many as there are pictures.
    """
    config, count = draft.config, rows or len(pictures)
    looked = time.monotonic() - look.started
    seconds = _seconds_of_step(draft, pictures, look.device)
    left = 60 * look.minutes * (1 - RESERVED) - (time.monotonic() - look.started) - looked
    steps = max(LEAST_STEPS, int(left / seconds))
    batch = min(config.batch_size, count)
    epochs = max(1, math.ceil(steps / max(1, count // batch)))
    every = max(LEAST_STEPS, steps // CHECKS, math.ceil(APART / seconds))
    config = dataclasses.replace(
        config,
        minutes=max(left, 1.0) / 60,
        check_steps=config.check_steps or every,
        checkpoint_epochs=max(1, epochs // CHECKS),
    )
    phases = tuple(dataclasses.replace(phase, epochs=epochs) for phase in draft.phases)
    return dataclasses.replace(draft, config=config, phases=phases), epochs * max(1, count // batch)


def _seconds_of_step(plan: RunConfig, pictures: ImageDataset, device: torch.device) -> float:
    """Return the time of a training step here, from a few."""
    nets = Gan(plan.codec, plan.config, plan.model, plan.schema.sizes, device)
    batch_size = plan.config.batch_size
    rows = torch.arange(batch_size) % len(pictures)
    seconds = []
    with torch.random.fork_rng():
        for step in range(1 + TRIED):
            began = time.monotonic()
            raw = pictures.read(rows, seeded(0, 0, step), plan.config).to(device)
            losses = nets.step(plan.phases[0], pictures.to_batch(raw), step)
            float(losses["generator"])  # waits for a GPU
            seconds.append(time.monotonic() - began)
    return min(seconds[1:])  # the first one allocates


def _largest(records: Sequence[Record]) -> int:
    """Return the longer side of the largest of a few pictures, pixels."""
    sides = []
    for record in records[:: max(1, len(records) // 8)]:
        with contextlib.suppress(PictureError):  # decoding says why
            sides.append(max(open_picture(record.source).size))
    return max(sides, default=0)


def _about(
    what: str, plan: RunConfig, steps: int, sizes: Sizes, look: Look
) -> tuple[str, str, str]:
    """Return three lines: what is learned, from what, and how long it takes here."""
    config, device, minutes = plan.config, look.device, look.minutes
    drawings = f"{counted(sizes.train, 'drawing')} to train on ({counted(sizes.rows, 'colouring')})"
    held = f"{counted(sizes.test, 'drawing')} held out to test on"
    machine = device.type if device.type != "cpu" else f"cpu, {counted(cores(), 'core')}"
    how = f"{config.image_size} px, batch {config.batch_size}, about {steps:,} steps"
    return (
        what,
        f"{drawings}, {held}",
        f"{machine}: {how}, done in {minutes:g} minutes or earlier, when it no longer gets better",
    )
