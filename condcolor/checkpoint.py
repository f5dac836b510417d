"""What is written to disk and must load again: model folders and training states.

Both are a folder of safetensors and JSON, no pickle, with the sha256 of every file beside it. A folder
is written under a temporary name, fsynced, and renamed: it is there whole or not at all.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

import condcolor
from condcolor.attributes import AttributeSchema
from condcolor.errors import CheckpointError
from condcolor.modelfolder import CONFIG, FORMAT, WEIGHTS, read_config, read_json, schema_of
from condcolor.networks import ModelConfig, UNet
from condcolor.recipes import Recipe, find_recipe, from_fields

MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Model:
    """A trained generator with all that it takes to use it."""

    generator: UNet
    recipe: Recipe
    config: ModelConfig
    schema: AttributeSchema
    image_size: int
    training: dict
    metrics: dict
    licence: str


def save_model(
    folder: Path,
    weights: Mapping[str, Tensor],
    *,
    recipe: Recipe,
    config: ModelConfig,
    schema: AttributeSchema,
    image_size: int,
    training: Mapping[str, object],
    metrics: Mapping[str, object],
    licence: str = "not stated",
    half: bool = False,
) -> None:
    """Write a model folder, replacing one that is there. `half` stores float16.

    Raises:
        CheckpointError: a weight is not finite; nothing is written then.
    """
    weights = {k: v.detach().cpu().contiguous() for k, v in weights.items()}
    if half:
        weights = {k: v.half() if v.is_floating_point() else v for k, v in weights.items()}
    _refuse_not_finite(weights, "the model")
    with _new_folder(folder) as new:
        save_file(weights, new / WEIGHTS)
        described = {
            "format": FORMAT,
            "condcolor": condcolor.__version__,
            "recipe": recipe.name,
            "model": asdict(config),
            "schema": schema.to_json(),
            "image_size": image_size,
            "training": dict(training),
            "metrics": dict(metrics),
            "licence": licence,
            "sha256": sha256(new / WEIGHTS),
        }
        (new / CONFIG).write_text(json.dumps(described, indent=2) + "\n", encoding="utf-8")


def load_model(folder: Path) -> Model:
    """Rebuild a model from its folder alone, in eval mode, float32, on the CPU.

    Raises:
        CheckpointError: nothing there, a newer format, a damaged or wrong file.
    """
    described = read_config(folder)
    weights = _verified_weights(folder / WEIGHTS, described.get("sha256"))
    try:
        recipe = find_recipe(str(described["recipe"]))
        config = from_fields(ModelConfig, described["model"])
        schema = schema_of(folder, described)
        image_size = int(described["image_size"])
    except CheckpointError as error:
        raise CheckpointError(f"{folder / CONFIG}: {error}") from None
    except (KeyError, TypeError, ValueError) as error:
        raise CheckpointError(f"{folder / CONFIG}: {error!r} is missing or wrong") from None
    except Exception as error:
        raise CheckpointError(f"{folder / CONFIG}: {error}") from None
    if schema.planes != config.cond_planes:
        raise CheckpointError(
            f"{folder / CONFIG}: the schema has {schema.planes} values, the network takes "
            f"{config.cond_planes}"
        )
    generator = UNet(config)
    load_weights(generator, weights, folder / WEIGHTS)
    generator.eval()
    return Model(
        generator,
        recipe,
        config,
        schema,
        image_size,
        described.get("training", {}),
        described.get("metrics", {}),
        str(described.get("licence", "not stated")),
    )


def load_weights(module: torch.nn.Module, weights: Mapping[str, Tensor], path: Path) -> None:
    """Fill `module`; CheckpointError on missing, extra or misshapen tensors, or values not finite."""
    _refuse_not_finite(weights, str(path))
    expected = module.state_dict()
    missing, extra = sorted(set(expected) - set(weights)), sorted(set(weights) - set(expected))
    shapes = [
        f"{k} is {list(weights[k].shape)}, expected {list(v.shape)}"
        for k, v in expected.items()
        if k in weights and weights[k].shape != v.shape
    ]
    wrong = [f"{k} is missing" for k in missing] + [f"{k} is not expected" for k in extra] + shapes
    if wrong:
        raise CheckpointError(
            f"{path}: not the weights of this network: {wrong[0]} ({len(wrong)} such)"
        )
    module.load_state_dict({k: v.to(expected[k].dtype) for k, v in weights.items()})


def save_state(folder: Path, tensors: Mapping[str, Tensor], state: Mapping[str, object]) -> None:
    """Write a training state: `tensors` and JSON `state`, with a manifest of sha256 sums."""
    tensors = {k: v.detach().cpu().contiguous() for k, v in tensors.items()}
    _refuse_not_finite(tensors, "the training state")
    with _new_folder(folder) as new:
        save_file(tensors, new / "state.safetensors")
        (new / "state.json").write_text(json.dumps(state, indent=2) + "\n", encoding="utf-8")
        sums = {name: sha256(new / name) for name in ("state.safetensors", "state.json")}
        (new / MANIFEST).write_text(json.dumps(sums, indent=2) + "\n", encoding="utf-8")


def load_state(folder: Path) -> tuple[dict[str, Tensor], dict]:
    """Read a training state, every file checked against the manifest."""
    sums = read_json(folder / MANIFEST)
    for name in ("state.safetensors", "state.json"):
        if not (folder / name).is_file() or sha256(folder / name) != sums.get(name):
            raise CheckpointError(f"{folder / name}: damaged (its sha256 is not the manifest's)")
    return _read_tensors(folder / "state.safetensors"), read_json(folder / "state.json")


def state_folders(run: Path) -> list[Path]:
    """The run's training states, newest first."""
    found = (run / "checkpoints").glob("step-*")
    whole = [f for f in found if f.name[5:].isdigit()]
    return sorted(whole, key=lambda f: int(f.name[5:]), reverse=True)


def prune_states(run: Path, keep: int = 2) -> None:
    """Remove all but the newest states, and what an interrupted write left."""
    for folder in state_folders(run)[keep:]:
        shutil.rmtree(folder, ignore_errors=True)
    for left in (run / "checkpoints").glob("*.tmp"):
        shutil.rmtree(left, ignore_errors=True)


def sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class _new_folder:
    """A folder under construction: fsynced and renamed to its place on success, removed on failure."""

    def __init__(self, folder: Path):
        self.folder = Path(folder)
        self.new = self.folder.with_name(self.folder.name + ".tmp")

    def __enter__(self) -> Path:
        try:
            shutil.rmtree(self.new, ignore_errors=True)
            self.new.mkdir(parents=True)
        except OSError as error:
            raise CheckpointError(f"{self.folder}: cannot be written ({error.strerror})") from None
        return self.new

    def __exit__(self, kind, error, trace) -> None:
        if kind is None:
            try:
                self._put_in_place()
                return
            except OSError as problem:
                error = problem
        shutil.rmtree(self.new, ignore_errors=True)
        if isinstance(error, (OSError, SafetensorError)):
            raise CheckpointError(f"{self.folder}: cannot be written ({error})") from None

    def _put_in_place(self) -> None:
        for path in self.new.iterdir():
            _fsync(path)
        _fsync(self.new)
        old = self.folder.with_name(self.folder.name + ".old")
        shutil.rmtree(old, ignore_errors=True)
        if self.folder.exists():
            os.rename(self.folder, old)  # a folder cannot be renamed over one that holds files
        os.rename(self.new, self.folder)
        _fsync(self.folder.parent)
        shutil.rmtree(old, ignore_errors=True)


def _fsync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _read_tensors(path: Path) -> dict[str, Tensor]:
    try:
        return load_file(path)
    except FileNotFoundError:
        raise CheckpointError(f"{path}: missing") from None
    except (OSError, ValueError, SafetensorError, MemoryError) as error:
        raise CheckpointError(f"{path}: not readable as safetensors ({error})") from None


def _verified_weights(path: Path, expected: str | None) -> dict[str, Tensor]:
    if not path.is_file():
        raise CheckpointError(f"{path}: missing")
    found = sha256(path)
    if found != expected:
        raise CheckpointError(
            f"{path}: damaged: its sha256 begins {found[:8]}, {CONFIG} says {str(expected)[:8]}; "
            "copy the model again"
        )
    return _read_tensors(path)


def _refuse_not_finite(tensors: Mapping[str, Tensor], what: str) -> None:
    bad = [k for k, v in tensors.items() if v.is_floating_point() and not v.isfinite().all()]
    if bad:
        raise CheckpointError(f"{what}: {bad[0]} holds NaN or infinity ({len(bad)} such tensors)")
