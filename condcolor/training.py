"""`train` and `resume`: from a metadata.csv, or a folder of photographs, to a run folder with a model."""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch

from condcolor import plots
from condcolor.attributes import RGB, AttributeSchema
from condcolor.checkpoint import load_model
from condcolor.dataset import PictureSet
from condcolor.devices import pick_device
from condcolor.encoders import find_weights
from condcolor.errors import CheckpointError, DataError, UsageError
from condcolor.features import FeatureLoss
from condcolor.metadata import Metadata, Record, read_metadata, split_by_character
from condcolor.networks import ModelConfig
from condcolor.palette import measure_fixed, measure_palette
from condcolor.photographs import read_photographs
from condcolor.recipes import Phase, Recipe, TrainConfig, find_recipe, from_fields
from condcolor.runlog import read_log
from condcolor.trainer import Progress, Trainer

FORMAT = 1  # of a run's config.json


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
    progress: Progress | None = None,
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
        config: fields of `TrainConfig` to set (`batch_size`, `lr` ...); None keeps the recipe's.

    Returns:
        The folder of the best model, `out/model`.

    Raises:
        UsageError, DataError, CheckpointError: as their names say, before any training.
        Interrupted: stopped by a signal, saved; `resume(out)` goes on.
    """
    chosen = find_recipe(recipe)
    phases = _phases(chosen.phases, epochs, phase or {})
    settings = chosen.train_config(**config)
    where = pick_device(device)
    started_from = load_model(Path(init)) if init else None
    metadata = _read(chosen, Path(data), started_from.schema if started_from else vocabulary)
    schema = started_from.schema if started_from else measure_palette(metadata)
    network = chosen.model_config(schema.planes, **(model or {}))
    if started_from:
        network = started_from.config.with_discriminator_of(network)
    _check_size(settings, network)
    if started_from:
        _check_channels(network, chosen, Path(init))
    trained = {} if started_from else find_weights(network.encoder, encoder_weights)
    _features(phases, settings)  # says what is missing
    run = Path(out)
    _make_run_folder(run)
    plan = Plan(
        chosen.name,
        phases,
        settings,
        network,
        schema,
        Path(data).resolve(),
        measure_fixed(metadata),
    )
    with _locked(run), contextlib.ExitStack() as undo:
        undo.callback(shutil.rmtree, run, ignore_errors=True)  # data of no use leaves no run behind
        trainer = plan.trainer(run, metadata, where, progress)
        for module in {trainer.nets.generator, trainer.nets.averaged}:
            if started_from:
                module.load_state_dict(started_from.generator.state_dict())
            elif trained:
                module.encoder.load_published(trained)
        for note in metadata.notes:
            trainer.progress.note(f"note: {note}")
        trainer.save()  # a run cut short before its first state must not go on from random weights
        _write_json(run / "config.json", plan.to_json(metadata))
        undo.pop_all()
        return _finish(trainer)


def resume(
    run: Path | str,
    *,
    epochs: Sequence[int] | None = None,
    device: str | None = None,
    progress: Progress | None = None,
) -> Path:
    """Go on with a run from its newest training state, to the bits of an uninterrupted one.

    Args:
        epochs: other numbers for the phases, to train the last one longer, or those that were left out.

    Raises:
        CheckpointError: no run there, or no state of it loads.
        DataError: the data is not what the run began with.
        UsageError: epochs that would change what has been trained already.
    """
    run = Path(run)
    plan, rows = Plan.load(run)
    metadata = _read(find_recipe(plan.recipe), plan.data, plan.schema)
    if _fingerprint(metadata) != rows:
        raise DataError(
            f"{plan.data}: the data changed since {run} began; bring it back, or start a new run "
            f"from its model: condcolor train DATA --init {run / 'model'}"
        )
    with _locked(run):
        trainer = plan.trainer(run, metadata, pick_device(device), progress)
        trainer.restore()
        if epochs is not None:
            phases = _phases(plan.phases, epochs, {})
            trainer.extend(phases)
            longer = dataclasses.replace(plan, phases=phases)
            _write_json(run / "config.json", longer.to_json(metadata))
        return _finish(trainer)


@dataclass(frozen=True)
class Plan:
    """All that a run was told, as its config.json keeps it."""

    recipe: str
    phases: tuple[Phase, ...]
    config: TrainConfig
    model: ModelConfig
    schema: AttributeSchema
    data: Path
    fixed: RGB | None  # the colour of the mask's channel behind the attributes

    def trainer(
        self, run: Path, metadata: Metadata, device: torch.device, progress: Progress | None
    ) -> Trainer:
        """The trainer of this plan, with the pictures decoded."""
        progress = progress or Progress()
        records = split_by_character(metadata.records, self.config.test_fraction, self.config.seed)
        return Trainer(
            run,
            recipe=find_recipe(self.recipe),
            phases=self.phases,
            config=self.config,
            model=self.model,
            schema=self.schema,
            train=self._pictures(records, "train", progress),
            test=self._pictures(records, "test", progress),
            device=device,
            features=_features(self.phases, self.config),
            progress=progress,
        )

    def _pictures(
        self, records: Sequence[Record], split: str, progress: Progress
    ) -> PictureSet | None:
        chosen = [record for record in records if record.split == split]
        learnt = split == "train"
        pictures = PictureSet(
            chosen,
            self.schema,
            self.config.image_size,
            compose=learnt and self.config.compose,
            fixed=() if self.fixed is None else (self.fixed,),
            photographs=not find_recipe(self.recipe).codec.pairs,
            jitter=self.config.jitter if learnt else 0.0,
            on_progress=progress.decoding,
        )
        for said in pictures.skipped:
            progress.note(f"skipped: {said}")
        if learnt and not len(pictures):
            raise DataError(f"{self.data}: no row belongs to the training split")
        return pictures if len(pictures) else None

    def to_json(self, metadata: Metadata) -> dict:
        return {
            "format": FORMAT,
            "recipe": self.recipe,
            "phases": [asdict(phase) for phase in self.phases],
            "train": asdict(self.config),
            "model": asdict(self.model),
            "schema": self.schema.to_json(),
            "data": str(self.data),
            "data_sha256": _fingerprint(metadata),
            "fixed": self.fixed,
        }

    @classmethod
    def load(cls, run: Path) -> tuple[Plan, str]:
        """The plan of a run folder, and the fingerprint of the data it began with."""
        path = run / "config.json"
        try:
            told = json.loads(path.read_text(encoding="utf-8"))
            if told["format"] > FORMAT:
                raise CheckpointError(
                    f"{path}: format {told['format']} is newer: upgrade condcolor"
                )
            plan = cls(
                told["recipe"],
                tuple(from_fields(Phase, fields) for fields in told["phases"]),
                from_fields(TrainConfig, told["train"]),
                from_fields(ModelConfig, told["model"]),
                AttributeSchema.from_json(told["schema"]),
                Path(told["data"]),
                tuple(told["fixed"]) if told["fixed"] else None,
            )
            return plan, told["data_sha256"]
        except FileNotFoundError:
            raise CheckpointError(f"{run}: no config.json, so this is not a run folder") from None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise CheckpointError(f"{path}: cannot be read as a run's config ({error!r})") from None


def _read(recipe: Recipe, data: Path, vocabulary: str | AttributeSchema) -> Metadata:
    """Pairs from a metadata.csv, or photographs from any folder, as the recipe's codec needs them."""
    if recipe.codec.pairs:
        return read_metadata(data, vocabulary=vocabulary)
    return read_photographs(data)


def _finish(trainer: Trainer) -> Path:
    trainer.fit()
    plots.plot_run(read_log(trainer.run), trainer.run / "losses.png", title=trainer.run.name)
    return trainer.run / "model"


def _phases(
    phases: Sequence[Phase], epochs: Sequence[int] | None, fields: Mapping[str, object]
) -> tuple[Phase, ...]:
    """The phases with other numbers, each field one for all phases or one for each."""
    counts = epochs if epochs is not None else [phase.epochs for phase in phases]
    spread = {"epochs": _spread("epochs", counts, phases)}
    for name, value in fields.items():
        if value is not None:
            spread[name] = _spread(name, value, phases)
    changed = (
        dataclasses.replace(
            phase, **{name: values[i] for name, values in spread.items() if values[i] is not None}
        )
        for i, phase in enumerate(phases)
    )
    return tuple(
        dataclasses.replace(phase, trains_discriminator=False)
        if phase.trains_generator and not phase.gan_weight
        else phase
        for phase in changed
    )


def _spread(name: str, value: object, phases: Sequence[Phase]) -> list[object]:
    """A value for each phase; None where a single one means nothing to it."""
    if isinstance(value, Sequence) and not isinstance(value, str):
        if len(value) != len(phases):
            names = ", ".join(phase.name for phase in phases)
            raise UsageError(f"{name}: {len(value)} numbers for {len(phases)} phases ({names})")
        return list(value)
    return [value if _concerns(name, phase) else None for phase in phases]


def _concerns(name: str, phase: Phase) -> bool:
    both = phase.trains_generator and phase.trains_discriminator
    needs = {"gan_weight": both, "switch_below": both}
    needs["lr_discriminator"] = phase.trains_discriminator
    return needs.get(name, phase.trains_generator)


def _features(phases: Sequence[Phase], config: TrainConfig) -> FeatureLoss | None:
    """The loss that a phase's feature_weight weighs; None where no phase has one."""
    if not any(phase.feature_weight for phase in phases):
        return None
    return FeatureLoss(config.feature_encoder, find_weights(config.feature_encoder, "imagenet"))


def _check_channels(model: ModelConfig, recipe: Recipe, init: Path) -> None:
    has = (model.source_channels, model.output_channels)
    needs = (recipe.codec.source_channels, recipe.codec.output_channels)
    if has != needs:
        raise UsageError(
            f"{init}: its network goes from {has[0]} to {has[1]} channels, those of recipe {recipe.name} "
            f"from {needs[0]} to {needs[1]}: begin with a model of this recipe"
        )


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


@contextlib.contextmanager
def _locked(run: Path) -> Iterator[None]:
    """Hold the run folder against a second trainer; the lock goes when the process does."""
    with open(run / ".lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise UsageError(f"{run}: another process is training here") from None
        yield


def _fingerprint(metadata: Metadata) -> str:
    """A sum of what the rows say, and of the pictures' sizes on disk."""
    digest = hashlib.sha256()
    for r in metadata.records:
        files = [p for p in (r.source, r.target, r.mask) if p is not None]
        said = [str(p.relative_to(r.csv.parent)) + f":{p.stat().st_size}" for p in files]
        digest.update(json.dumps([*said, r.values, r.split, r.character]).encode())
    return digest.hexdigest()


def _write_json(path: Path, content: Mapping[str, object]) -> None:
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
