"""All that a run was told: recipe, phases, numbers, networks and data, as its config.json keeps it."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch

from condcolor.attributes import RGB, AttributeSchema
from condcolor.dataset import PictureSet
from condcolor.distributed import ALONE, Ranks
from condcolor.encoders import find_weights
from condcolor.errors import CheckpointError, DataError, UsageError
from condcolor.features import FeatureLoss
from condcolor.folders import from_fields
from condcolor.metadata import Metadata, Record, split_by_character
from condcolor.networks import ModelConfig
from condcolor.recipes import Phase, TrainConfig, find_recipe
from condcolor.saving import write_whole
from condcolor.trainer import Progress, Trainer

CONFIG = "config.json"
FORMAT = 1  # of a run's config.json


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
        self,
        run: Path,
        metadata: Metadata,
        device: torch.device,
        features: FeatureLoss | None,
        progress: Progress | None,
        cache: Path | None = None,
        ranks: Ranks = ALONE,
    ) -> Trainer:
        """The trainer of this plan, with the pictures decoded, into `cache` where they are many."""
        progress = progress or Progress()
        records = split_by_character(metadata.records, self.config.test_fraction, self.config.seed)
        with ranks.first_goes_ahead():  # what it decodes into the cache, the others find there
            train, test = (
                self._pictures(records, split, progress, cache) for split in ("train", "test")
            )
        ranks.part(min(self.config.batch_size, len(train)))
        return Trainer(
            run,
            recipe=find_recipe(self.recipe),
            phases=self.phases,
            config=self.config,
            model=self.model,
            schema=self.schema,
            train=train,
            test=test,
            device=device,
            features=features,
            progress=progress,
            ranks=ranks,
        )

    def _pictures(
        self, records: Sequence[Record], split: str, progress: Progress, cache: Path | None
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
            cache=cache,
            on_progress=progress.decoding,
        )
        for said in pictures.skipped:
            progress.note(f"skipped: {said}")
        if learnt and not len(pictures):
            raise DataError(f"{self.data}: no row belongs to the training split")
        return pictures if len(pictures) else None

    def save(self, run: Path, metadata: Metadata) -> None:
        """Write the config.json of a run on this data."""
        told = {
            "format": FORMAT,
            "recipe": self.recipe,
            "phases": [asdict(phase) for phase in self.phases],
            "train": asdict(self.config),
            "model": asdict(self.model),
            "schema": self.schema.to_json(),
            "data": str(self.data),
            "data_sha256": fingerprint(metadata),
            "fixed": self.fixed,
        }
        content = (json.dumps(told, indent=2) + "\n").encode()
        write_whole(run / CONFIG, content, overwrite=True)

    @classmethod
    def load(cls, run: Path) -> tuple[Plan, str]:
        """The plan of a run folder, and the fingerprint of the data it began with."""
        path = run / CONFIG
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
            raise CheckpointError(f"{run}: no {CONFIG}, so this is not a run folder") from None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise CheckpointError(f"{path}: cannot be read as a run's config ({error!r})") from None


def phases_with(
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
        dataclasses.replace(phase, trains_discriminator=False, switch_below=0.0)
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


def find_features(phases: Sequence[Phase], config: TrainConfig) -> FeatureLoss | None:
    """The loss that a phase's feature_weight weighs; None where no phase has one."""
    if not any(phase.feature_weight for phase in phases):
        return None
    encoder = config.feature_encoder
    weights = find_weights(encoder, "imagenet", instead="leave the feature weight out")
    return FeatureLoss(encoder, weights)


def fingerprint(metadata: Metadata) -> str:
    """A sum of what the rows say, and of the pictures' sizes on disk."""
    digest, folders = hashlib.sha256(), {}
    for r in metadata.records:
        if r.csv not in folders:
            folders[r.csv] = str(r.csv.parent) + os.sep
        files = [str(path) for path in (r.source, r.target, r.mask) if path is not None]
        sizes = {path: os.stat(path).st_size for path in files}
        said = [f"{path.removeprefix(folders[r.csv])}:{sizes[path]}" for path in files]
        digest.update(json.dumps([*said, r.values, r.split, r.character]).encode())
    return digest.hexdigest()
