"""A trained model saved and loaded: weights as safetensors, verified (training states: runs/state.py).

A model is a folder of safetensors and JSON, without pickle; config.json has the sha256 of the weights. The
folder is replaced atomically (runtime/files.py).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.overrides import TorchFunctionMode

from condcolor.conditions.parts import Part, table_from_json, table_to_json
from condcolor.conditions.schema import AttributeSchema
from condcolor.errors import CheckpointError, CondcolorError
from condcolor.models.codecs import CODECS, Codec, checked_recipe, codec_of
from condcolor.models.config import ModelConfig
from condcolor.models.model_folder import (
    CONFIG,
    CONFIG_FORMAT,
    WEIGHTS,
    ModelInfo,
    damaged_weights,
    read_config,
)
from condcolor.models.networks import UNet, make_generator
from condcolor.runtime.config_fields import from_fields
from condcolor.runtime.files import checkpoint_folder, surviving
from condcolor.runtime.json_files import sha256, sha256_of, write_json
from condcolor.runtime.messages import shown_name
from condcolor.runtime.regular_files import check_regular, open_regular
from condcolor.version import __version__


@dataclass(frozen=True)
class Model:
    """A trained generator and what is needed to use it."""

    generator: UNet
    recipe: str
    config: ModelConfig
    schema: AttributeSchema
    image_size: int
    training: dict[str, Any]
    metrics: dict[str, Any]
    licence: str
    vivid: float = 1.0  # factor of the network's chroma
    parts: tuple[Part, ...] | None = None  # of a model of parts that has its own

    @property
    def codec(self) -> Codec:
        """The codec of the recipe, without `vivid`."""
        return codec_of(self.recipe, self.parts)


def save_model(
    folder: Path,
    weights: Mapping[str, Tensor],
    *,
    recipe: str,
    config: ModelConfig,
    schema: AttributeSchema,
    image_size: int,
    training: Mapping[str, object],
    metrics: Mapping[str, object],
    licence: str = "not stated",
    vivid: float = 1.0,
    half: bool = False,
    parts: Sequence[Part] | None = None,
) -> None:
    """Write a model folder atomically, replacing an existing one.

    Args:
        half: store the weights as float16.
        parts: what the outputs stand for, in a model of parts that has its own.

    Raises:
        CheckpointError: a weight is not finite, or the folder cannot be written; an existing one is kept.
    """
    weights = {k: v.detach().cpu().contiguous() for k, v in weights.items()}
    if half:
        weights = {k: v.half() if v.is_floating_point() else v for k, v in weights.items()}
    refuse_not_finite(weights, "the model" + (" in float16" if half else ""))
    with checkpoint_folder(Path(folder)) as new:
        write_tensors(new / WEIGHTS, weights)
        described = {
            "format": CONFIG_FORMAT,
            "condcolor": __version__,
            "recipe": recipe,
            "model": asdict(config),
            "schema": schema.to_json(),
            **({"parts": table_to_json(parts)} if parts is not None else {}),
            "image_size": image_size,
            "training": dict(training),
            "metrics": dict(metrics),
            "licence": licence,
            "vivid": vivid,
            "sha256": sha256(new / WEIGHTS),
        }
        write_json(new / CONFIG, described)


def load_model(model: Path | ModelInfo) -> Model:
    """Rebuild a model from its folder alone, in eval mode, float32, on the CPU.

    model: the folder, or what was read of it, whose config.json is not read again.

    Raises:
        CheckpointError: the folder is missing, damaged, of a newer format, or no model.
    """
    if isinstance(model, ModelInfo):
        folder, described = model.path, model.config
    else:
        folder, described = Path(model), read_config(surviving(model))
    try:
        return _rebuilt(surviving(folder), described)
    except CheckpointError:
        if read_config(surviving(folder)) == described:
            raise
    return load_model(folder)  # a training run replaced it during the read


def _rebuilt(folder: Path, described: Mapping[str, Any]) -> Model:
    """Build the model of a folder whose config.json is `described`."""
    label, size = shown_name(folder / CONFIG), described["image_size"]
    try:
        recipe = checked_recipe(described["recipe"])
        config = from_fields(ModelConfig, described["model"])
        schema = AttributeSchema.from_json(described["schema"])
        vivid = described.get("vivid", 1.0)
        if vivid != 1:
            CODECS[recipe].with_vivid(vivid)  # raises UsageError if it is out of range
        parts = table_from_json(described["parts"]) if described.get("parts") else None
        _check_fit(codec_of(recipe, parts), recipe, config, schema, size)
        with NoInit():
            generator = make_generator(config)
        training, metrics = (dict(described.get(name) or {}) for name in ("training", "metrics"))
    except CondcolorError as error:
        raise CheckpointError(f"{label}: {error}") from None
    except (TypeError, ValueError, RuntimeError, MemoryError) as error:
        raise CheckpointError(f"{label}: no model can be made of it ({error})") from None
    load_weights(generator, _verified_weights(folder, described.get("sha256")), folder / WEIGHTS)
    licence = str(described.get("licence", "not stated"))
    about = training, metrics, licence, vivid, parts
    return Model(generator.eval(), recipe, config, schema, size, *about)


def _check_fit(
    codec: Codec, recipe: str, config: ModelConfig, schema: AttributeSchema, size: int
) -> None:
    """Raise CheckpointError unless network, recipe, schema and image size fit each other."""
    check_channels(config, recipe, codec)
    if parts := codec.parts:  # which are found without being asked for
        if config.cond_planes or not {*schema.names} <= {*parts}:
            raise CheckpointError(f"the schema names other parts than {', '.join(parts)}")
    elif schema.planes != config.cond_planes:
        raise CheckpointError(
            f"the schema has {schema.planes} values, the network takes {config.cond_planes}"
        )
    if size % config.multiple:
        raise CheckpointError(
            f"image_size {size} is not a multiple of {config.multiple}, which the network needs"
        )


def check_channels(config: ModelConfig, recipe: str, codec: Codec | None = None) -> None:
    """Raise CheckpointError unless the network has the channels of the codec, by default the recipe's."""
    codec = codec or CODECS[recipe]
    has = (config.source_channels, config.output_channels)
    needs = (codec.source_channels, codec.output_channels)
    if has != needs:
        raise CheckpointError(
            f"a network from {has[0]} to {has[1]} channels; recipe {recipe} has "
            f"{needs[0]} and {needs[1]}"
        )


class NoInit(TorchFunctionMode):
    """A mode that skips torch.nn.init, for modules whose weights are loaded; no random numbers are drawn."""

    def __torch_function__(
        self,
        function: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        if getattr(function, "__module__", None) == "torch.nn.init":
            return args[0] if args else (kwargs or {})["tensor"]
        return function(*args, **(kwargs or {}))


def load_weights(module: torch.nn.Module, weights: Mapping[str, Tensor], path: Path) -> None:
    """Load weights into a module.

    Raises:
        CheckpointError: a tensor is missing, unexpected, of another shape or not finite; names `path`.
    """
    label = shown_name(path)
    refuse_not_finite(weights, label)
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
            f"{label}: not the weights of this network: {wrong[0]} ({len(wrong)} such)"
        )
    module.load_state_dict({k: v.to(expected[k].dtype) for k, v in weights.items()})


def write_tensors(path: Path, tensors: Mapping[str, Tensor]) -> None:
    """Write tensors as safetensors; OSError if the disk is full."""
    try:
        save_file(dict(tensors), path)
    except SafetensorError as error:  # such as a full disk
        raise OSError(str(error)) from None


def _verified_weights(folder: Path, expected: object) -> dict[str, Tensor]:
    actual = sha256_of(folder / WEIGHTS)
    if actual != expected:
        label = shown_name(folder / WEIGHTS)
        raise CheckpointError(damaged_weights(label, actual, str(expected)))
    return read_tensors(folder / WEIGHTS)


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Read a safetensors file; CheckpointError if it cannot be read."""
    try:
        check_regular(path)
        return load_file(path)
    except (SafetensorError, OSError, ValueError, KeyError, RuntimeError, MemoryError) as error:
        raise CheckpointError(
            f"{shown_name(path)}: not readable as safetensors ({error})"
        ) from None


def tensor_places(path: Path) -> tuple[dict[str, dict[str, Any]], int]:
    """Return the header of a safetensors file that was read before, and where its data begin, in bytes.

    The header has the `dtype`, `shape` and `data_offsets`, from the beginning of the data, of each tensor.
    """
    with open_regular(path) as file:
        length = int.from_bytes(file.read(8), "little")
        return json.loads(file.read(length)), 8 + length


def refuse_not_finite(tensors: Mapping[str, Tensor], label: str) -> None:
    """Raise CheckpointError, which names `label`, if a tensor holds NaN or infinity."""
    bad = [k for k, v in tensors.items() if v.is_floating_point() and not v.isfinite().all()]
    if bad:
        raise CheckpointError(f"{label}: {bad[0]} holds NaN or infinity ({len(bad)} such tensors)")
