"""Models: a folder of safetensors and JSON, no pickle, verified by sha256, saved and loaded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.overrides import TorchFunctionMode

from condcolor.conditions.schema import AttributeSchema
from condcolor.errors import CheckpointError, CondcolorError
from condcolor.models.codecs import CODECS, Codec, checked_recipe
from condcolor.models.config import ModelConfig
from condcolor.models.model_folder import CONFIG, CONFIG_FORMAT, WEIGHTS, read_config
from condcolor.models.networks import UNet, make_generator
from condcolor.runtime.files import checkpoint_folder, surviving
from condcolor.runtime.json_files import from_fields, sha256, sha256_of, write_json
from condcolor.runtime.messages import shown_name
from condcolor.version import __version__


@dataclass(frozen=True)
class Model:
    """A trained generator with all that it takes to use it."""

    generator: UNet
    recipe: str
    config: ModelConfig
    schema: AttributeSchema
    image_size: int
    training: dict
    metrics: dict
    licence: str
    vivid: float = 1.0  # chroma of its pictures, over what the network gives

    @property
    def codec(self) -> Codec:
        """The recipe's, without `vivid`."""
        return CODECS[self.recipe]


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
) -> None:
    """Write a model folder, replacing one that is there. `half` stores float16.

    Raises:
        CheckpointError: a weight is not finite, or the disk refuses; what was there before stands.
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
            "image_size": image_size,
            "training": dict(training),
            "metrics": dict(metrics),
            "licence": licence,
            "vivid": vivid,
            "sha256": sha256(new / WEIGHTS),
        }
        write_json(new / CONFIG, described)


def load_model(folder: Path) -> Model:
    """Rebuild a model from its folder alone, in eval mode, float32, on the CPU.

    Raises:
        CheckpointError: nothing there, a newer format, a damaged or wrong file.
    """
    described = read_config(surviving(folder))
    try:
        return _rebuilt(surviving(folder), described)
    except CheckpointError:
        if read_config(surviving(folder)) == described:
            raise
    return load_model(folder)  # a training replaced it by a better one while it was read


def _rebuilt(folder: Path, described: Mapping) -> Model:
    """The model of a folder whose config.json says `described`."""
    label, size = shown_name(folder / CONFIG), described["image_size"]
    try:
        recipe = checked_recipe(described["recipe"])
        config = from_fields(ModelConfig, described["model"])
        schema = AttributeSchema.from_json(described["schema"])
        vivid = described.get("vivid", 1.0)
        if vivid != 1:
            CODECS[recipe].with_vivid(vivid)  # says what is wrong with it
        _check_fit(recipe, config, schema, size)
        with NoInit():
            generator = make_generator(config)
        training, metrics = (dict(described.get(name) or {}) for name in ("training", "metrics"))
    except CondcolorError as error:
        raise CheckpointError(f"{label}: {error}") from None
    except (TypeError, ValueError, RuntimeError, MemoryError) as error:
        raise CheckpointError(f"{label}: no model can be made of it ({error})") from None
    load_weights(generator, _verified_weights(folder, described.get("sha256")), folder / WEIGHTS)
    licence = str(described.get("licence", "not stated"))
    return Model(generator.eval(), recipe, config, schema, size, training, metrics, licence, vivid)


def _check_fit(recipe: str, config: ModelConfig, schema: AttributeSchema, size: int) -> None:
    """CheckpointError when network, recipe, schema and image size cannot be of one model."""
    check_channels(config, recipe)
    if schema.planes != config.cond_planes:
        raise CheckpointError(
            f"the schema has {schema.planes} values, the network takes {config.cond_planes}"
        )
    if size % config.multiple:
        raise CheckpointError(
            f"image_size {size} is not a multiple of {config.multiple}, which the network needs"
        )


def check_channels(config: ModelConfig, recipe: str) -> None:
    """CheckpointError when the network is of another kind than the recipe's pictures."""
    has = (config.source_channels, config.output_channels)
    needs = (CODECS[recipe].source_channels, CODECS[recipe].output_channels)
    if has != needs:
        raise CheckpointError(
            f"a network from {has[0]} to {has[1]} channels; recipe {recipe} has "
            f"{needs[0]} and {needs[1]}"
        )


class NoInit(TorchFunctionMode):
    """Modules made within keep their weights unset, for those come from a file; the RNG rests."""

    def __torch_function__(self, function, types, args=(), kwargs=None):
        if getattr(function, "__module__", None) == "torch.nn.init":
            return args[0] if args else kwargs["tensor"]
        return function(*args, **(kwargs or {}))


def load_weights(module: torch.nn.Module, weights: Mapping[str, Tensor], path: Path) -> None:
    """Fill `module`; CheckpointError on missing, extra or misshapen tensors, or values not finite."""
    path = shown_name(path)
    refuse_not_finite(weights, path)
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


def write_tensors(path: Path, tensors: Mapping[str, Tensor]) -> None:
    try:
        save_file(tensors, path)
    except SafetensorError as error:  # a full disk, in its words
        raise OSError(str(error)) from None


def _verified_weights(folder: Path, expected: object) -> dict[str, Tensor]:
    digest = sha256_of(folder / WEIGHTS)
    if digest != expected:
        raise CheckpointError(
            f"{shown_name(folder / WEIGHTS)}: damaged: its sha256 begins {digest[:8]}, {CONFIG} says "
            f"{str(expected)[:8]}; copy the model again"
        )
    return read_tensors(folder / WEIGHTS)


def read_tensors(path: Path) -> dict[str, Tensor]:
    try:
        return load_file(path)
    except (SafetensorError, OSError, ValueError, KeyError, RuntimeError, MemoryError) as error:
        raise CheckpointError(
            f"{shown_name(path)}: not readable as safetensors ({error})"
        ) from None


def refuse_not_finite(tensors: Mapping[str, Tensor], label: str) -> None:
    bad = [k for k, v in tensors.items() if v.is_floating_point() and not v.isfinite().all()]
    if bad:
        raise CheckpointError(f"{label}: {bad[0]} holds NaN or infinity ({len(bad)} such tensors)")
