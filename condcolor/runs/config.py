"""`RunConfig`: the config.json of a run: recipe, phases, numbers, networks, data and its fingerprint."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from condcolor.conditions.colors import RGB
from condcolor.conditions.parts import Part, table_from_json, table_to_json
from condcolor.conditions.schema import AttributeSchema
from condcolor.data.metadata import Metadata
from condcolor.data.reading import AS_IT_IS, Reading
from condcolor.errors import CheckpointError, UsageError
from condcolor.models.codecs import Codec, codec_of
from condcolor.models.config import ModelConfig
from condcolor.recipes import Phase, TrainConfig, find_recipe
from condcolor.runs.data_sums import CONTENTS, SIZES, DataSums, Fingerprint
from condcolor.runtime.config_fields import from_fields, is_number
from condcolor.runtime.files import disk_faults, write_whole
from condcolor.runtime.json_files import read_json
from condcolor.runtime.messages import shown_name

RUN_CONFIG = "config.json"
RUN_FORMAT = 1  # of a run's config.json
LOCK = ".lock"  # of a run folder, held by the process that trains there; the first file in it


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
    reading: Reading = AS_IT_IS
    began_with: str = ""  # a model or an encoder's weights; "": random weights, drawn by the seed
    parts: tuple[Part, ...] | None = None  # that the outputs stand for, found in colored targets
    fixed_parts: tuple[tuple[str, RGB], ...] = ()  # the part of each fixed color of the targets

    @property
    def codec(self) -> Codec:
        """The codec of the recipe, or of the run's own parts."""
        return codec_of(self.recipe, self.parts)

    @property
    def model_schema(self) -> AttributeSchema:
        """The attributes of the models that the run saves."""
        own = None if self.parts else find_recipe(self.recipe).schema
        return own or self.schema

    def save(self, run: Path, metadata: Metadata) -> None:
        """Write the config.json of the run, with the fingerprint of its data, and the sums of the latter.

        Raises:
            DataError: a picture cannot be read, or the disk refuses.
        """
        with disk_faults():
            sums = DataSums.of(metadata, run)
        sums.save(run)
        data = sums.fingerprint(metadata)
        fields = {
            "format": RUN_FORMAT,
            "recipe": self.recipe,
            "phases": [asdict(phase) for phase in self.phases],
            "train": asdict(self.config),
            "model": asdict(self.model),
            "schema": self.schema.to_json(),
            "data": str(self.data),
            "data_sha256": sums.fingerprint_of_sizes(
                metadata
            ).sha256,  # all that older versions read
            "data_contents_sha256": data.sha256,
            "fixed": self.fixed,
            "began_with": self.began_with,
            "reading": self.reading.to_json(),
        }
        if self.parts is not None:
            fields["parts"] = table_to_json(self.parts)
            fields["fixed_parts"] = [[name, list(color)] for name, color in self.fixed_parts]
        content = (json.dumps(fields, indent=2) + "\n").encode()
        write_whole(run / RUN_CONFIG, content, overwrite=True)

    @classmethod
    def load(cls, run: Path) -> tuple[RunConfig, Fingerprint]:
        """Read the config of a run folder, and the fingerprint of its data.

        Raises:
            CheckpointError: there is none, or it is damaged or of a newer format.
        """
        path = run / RUN_CONFIG
        label = shown_name(path)
        if not os.path.lexists(path):
            has_begun = (run / LOCK).is_file()
            why = "stopped before anything was saved: train it anew under the same name"
            why = why if has_begun else f"no {RUN_CONFIG}, so this is not a run folder"
            raise CheckpointError(f"{shown_name(run)}: {why}")
        config = read_json(path)
        try:
            if config["format"] > RUN_FORMAT:
                raise CheckpointError(
                    f"{label}: format {config['format']} is newer: upgrade condcolor"
                )
            plan = cls(
                find_recipe(config["recipe"]).name,
                tuple(from_fields(Phase, fields) for fields in config["phases"]),
                from_fields(TrainConfig, config["train"]),
                from_fields(ModelConfig, config["model"]),
                AttributeSchema.from_json(config["schema"]),
                Path(config["data"]),
                _fixed(config["fixed"]),
                Reading.from_json(config.get("reading")),
                str(config.get("began_with", "")),
                table_from_json(config["parts"]) if config.get("parts") else None,
                tuple((str(name), _rgb(c)) for name, c in config.get("fixed_parts", [])),
            )
            _check_phases(plan)
            sizes, contents = config["data_sha256"], config.get("data_contents_sha256")
            return plan, Fingerprint(CONTENTS, contents) if contents else Fingerprint(SIZES, sizes)
        except CheckpointError as error:
            raise CheckpointError(f"{label}: {str(error).removeprefix(f'{label}: ')}") from None
        except (
            ValueError,
            KeyError,
            TypeError,
            AttributeError,
            OverflowError,
            UsageError,
        ) as error:
            reason = error if isinstance(error, UsageError) else repr(error)
            raise CheckpointError(f"{label}: cannot be read as a run's config ({reason})") from None


def reading_of(model: Path) -> Reading:
    """Return how the data of a model's run is read; that of a plain table for a model of no run."""
    for run in (model.parent, model.parent.parent):
        with contextlib.suppress(CheckpointError):  # no run
            return RunConfig.load(run)[0].reading
    return AS_IT_IS


def _fixed(color: object) -> RGB | None:
    """Return the color of JSON as a tuple; ValueError if it is none."""
    return None if color is None else _rgb(color)


def _rgb(color: object) -> RGB:
    if not isinstance(color, list) or len(color) != 3 or not all(map(is_number, color)):
        raise ValueError(f"fixed is no color: {color!r}")
    return color[0], color[1], color[2]


def _check_phases(plan: RunConfig) -> None:
    """Check that the phases are those of the recipe; ValueError if not."""
    found, own = (
        [phase.name for phase in p] for p in (plan.phases, find_recipe(plan.recipe).phases)
    )
    if found != own:
        raise ValueError(f"phases {found}, where {plan.recipe} has {own}")


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
