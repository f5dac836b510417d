"""`RunConfig`: the config.json of a run: recipe, phases, numbers, networks, data and its fingerprint."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from condcolor.conditions.colors import RGB
from condcolor.conditions.schema import AttributeSchema
from condcolor.data.metadata import Metadata
from condcolor.errors import CheckpointError, UsageError
from condcolor.models.config import ModelConfig
from condcolor.recipes import Phase, TrainConfig
from condcolor.runtime.config_fields import from_fields
from condcolor.runtime.files import write_whole

RUN_CONFIG = "config.json"
RUN_FORMAT = 1  # of a run's config.json


@dataclass(frozen=True)
class RunConfig:
    """The settings of a run, as its config.json keeps them."""

    recipe: str
    phases: tuple[Phase, ...]
    config: TrainConfig
    model: ModelConfig
    schema: AttributeSchema
    data: Path
    fixed: RGB | None  # the color of the mask's channel after those of the attributes

    def save(self, run: Path, metadata: Metadata) -> None:
        """Write the config.json of the run, with the fingerprint of its data."""
        fields = {
            "format": RUN_FORMAT,
            "recipe": self.recipe,
            "phases": [asdict(phase) for phase in self.phases],
            "train": asdict(self.config),
            "model": asdict(self.model),
            "schema": self.schema.to_json(),
            "data": str(self.data),
            "data_sha256": fingerprint(metadata),
            "fixed": self.fixed,
        }
        content = (json.dumps(fields, indent=2) + "\n").encode()
        write_whole(run / RUN_CONFIG, content, overwrite=True)

    @classmethod
    def load(cls, run: Path) -> tuple[RunConfig, str]:
        """Read the config of a run folder, and the fingerprint of its data.

        Raises:
            CheckpointError: there is none, or it is damaged or of a newer format.
        """
        path = run / RUN_CONFIG
        try:
            config = json.loads(path.read_text(encoding="utf-8"))
            if config["format"] > RUN_FORMAT:
                raise CheckpointError(
                    f"{path}: format {config['format']} is newer: upgrade condcolor"
                )
            plan = cls(
                config["recipe"],
                tuple(from_fields(Phase, fields) for fields in config["phases"]),
                from_fields(TrainConfig, config["train"]),
                from_fields(ModelConfig, config["model"]),
                AttributeSchema.from_json(config["schema"]),
                Path(config["data"]),
                tuple(config["fixed"]) if config["fixed"] else None,
            )
            return plan, config["data_sha256"]
        except FileNotFoundError:
            raise CheckpointError(f"{run}: no {RUN_CONFIG}, so this is not a run folder") from None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise CheckpointError(f"{path}: cannot be read as a run's config ({error!r})") from None


def phases_with(
    phases: Sequence[Phase], epochs: Sequence[int] | None, fields: Mapping[str, object]
) -> tuple[Phase, ...]:
    """Return the phases with other epochs and fields; those without an adversarial loss train no D.

    Args:
        epochs: one number for each phase.
        fields: fields of `Phase`: one value for all phases that use the field, or one for each phase.

    Raises:
        UsageError: there are more or fewer values than phases, or one is out of range.
    """
    counts = epochs if epochs is not None else [phase.epochs for phase in phases]
    columns = {"epochs": _for_each("epochs", counts, phases)}
    columns |= {k: _for_each(k, value, phases) for k, value in fields.items() if value is not None}
    changed = []
    for i, phase in enumerate(phases):
        own: dict[str, Any] = {k: values[i] for k, values in columns.items()}
        phase = dataclasses.replace(phase, **{k: v for k, v in own.items() if v is not None})
        if phase.trains_generator and not phase.gan_weight:
            phase = dataclasses.replace(phase, trains_discriminator=False, switch_below=0.0)
        changed.append(phase)
    return tuple(changed)


def _for_each(name: str, value: object, phases: Sequence[Phase]) -> list[object]:
    """Return a value for each phase; None for a phase that does not use the field."""
    if isinstance(value, Sequence) and not isinstance(value, str):
        if len(value) != len(phases):
            names = ", ".join(phase.name for phase in phases)
            raise UsageError(f"{name}: {len(value)} numbers for {len(phases)} phases ({names})")
        return list(value)
    return [value if _uses(phase, name) else None for phase in phases]


def _uses(phase: Phase, name: str) -> bool:
    both = phase.trains_generator and phase.trains_discriminator
    needs = {"gan_weight": both, "switch_below": both}
    needs["lr_discriminator"] = phase.trains_discriminator
    return needs.get(name, phase.trains_generator)


def fingerprint(metadata: Metadata) -> str:
    """Return a hash of the rows' values and of the pictures' sizes on disk."""
    digest, folders = hashlib.sha256(), dict[Path, str]()
    for r in metadata.records:
        if r.csv not in folders:
            folders[r.csv] = str(r.csv.parent) + os.sep
        files = [str(path) for path in (r.source, r.target, r.mask) if path is not None]
        sizes = {path: os.stat(path).st_size for path in files}
        pictures = [f"{path.removeprefix(folders[r.csv])}:{sizes[path]}" for path in files]
        digest.update(json.dumps([*pictures, r.values, r.split, r.character]).encode())
    return digest.hexdigest()
