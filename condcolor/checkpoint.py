"""What is written to disk and must load again: model folders and training states.

Both are a folder of safetensors and JSON, no pickle, with the sha256 of every file beside it, that is
there whole or not at all (folders.py).
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.overrides import TorchFunctionMode

from condcolor.attributes import AttributeSchema
from condcolor.codecs import CODECS, Codec, checked_recipe
from condcolor.errors import CheckpointError, CondcolorError
from condcolor.filetypes import shown_name
from condcolor.folders import OLD, TEMPORARY, from_fields, new_folder, standing
from condcolor.modelfolder import CONFIG, CONFIG_FORMAT, WEIGHTS, read_config, read_json
from condcolor.networks import ModelConfig, UNet, make_generator
from condcolor.version import __version__

TENSORS, COUNTERS, MANIFEST = "state.safetensors", "state.json", "manifest.json"


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
    _refuse_not_finite(weights, "the model" + (" in float16" if half else ""))
    with new_folder(Path(folder)) as new:
        _write_tensors(new / WEIGHTS, weights)
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
        _write_json(new / CONFIG, described)


def load_model(folder: Path) -> Model:
    """Rebuild a model from its folder alone, in eval mode, float32, on the CPU.

    Raises:
        CheckpointError: nothing there, a newer format, a damaged or wrong file.
    """
    described = read_config(standing(folder))
    try:
        return _rebuilt(standing(folder), described)
    except CheckpointError:
        if read_config(standing(folder)) == described:
            raise
    return load_model(folder)  # a training replaced it by a better one while it was read


def _rebuilt(folder: Path, described: Mapping) -> Model:
    """The model of a folder whose config.json says `described`."""
    told, size = shown_name(folder / CONFIG), described["image_size"]
    try:
        recipe = checked_recipe(described["recipe"])
        config = from_fields(ModelConfig, described["model"])
        schema = AttributeSchema.from_json(described["schema"])
        vivid = described.get("vivid", 1.0)
        if vivid != 1:
            CODECS[recipe].enlivened(vivid)  # says what is wrong with it
        _check_fit(recipe, config, schema, size)
        with NoInit():
            generator = make_generator(config)
        training, metrics = (dict(described.get(name) or {}) for name in ("training", "metrics"))
    except CondcolorError as error:
        raise CheckpointError(f"{told}: {error}") from None
    except (TypeError, ValueError, RuntimeError, MemoryError) as error:
        raise CheckpointError(f"{told}: no model can be made of it ({error})") from None
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
    _refuse_not_finite(weights, path)
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
    """Write a training state: `tensors` and JSON `state`, with a manifest of sha256 sums.

    Raises:
        CheckpointError: a value is not finite, or the disk refuses; what was there before stands.
    """
    tensors = {k: v.detach().cpu().contiguous() for k, v in tensors.items()}
    _refuse_not_finite(tensors, "the training state")
    with new_folder(Path(folder)) as new:
        _write_tensors(new / TENSORS, tensors)
        _write_json(new / COUNTERS, state)
        _write_json(new / MANIFEST, {name: sha256(new / name) for name in (TENSORS, COUNTERS)})


def load_state(folder: Path) -> tuple[dict[str, Tensor], dict]:
    """Read a training state, every file checked against the manifest; CheckpointError names it."""
    folder = standing(folder)
    _check_sums(folder)
    return _read_tensors(folder / TENSORS), read_json(folder / COUNTERS)


def newest_state(
    run: Path, say: Callable[[str], None]
) -> tuple[dict[str, Tensor], dict, Path] | None:
    """Tensors, JSON state and folder of the run's newest state that loads; None where there is none.

    Args:
        say: told of each newer one that is damaged.

    Raises:
        CheckpointError: there are states, and none loads.
    """
    failures = []
    for folder in state_folders(run):
        try:
            return *load_state(folder), folder
        except CheckpointError as error:
            failures.append(str(error))
            say(f"{error}: falling back to the one before")
    if failures:
        raise CheckpointError("no training state loads: " + "; ".join(failures))
    return None


def state_folders(run: Path) -> list[Path]:
    """The run's training states, newest first."""
    folder = run / "checkpoints"
    names = {path.name.removesuffix(OLD) for path in folder.glob("step-*")}
    whole = (name for name in names if name[5:].isdecimal())
    return [standing(folder / name) for name in sorted(whole, key=lambda n: -int(n[5:]))]


def state_folder(run: Path, step: int) -> Path:
    """Where the state after `step` steps is, or is to be."""
    return run / "checkpoints" / f"step-{step:08d}"


def prune_states(run: Path, keep: int = 2, *, spare: int | None = None) -> None:
    """Remove all but the newest `keep` states that are whole, and what interrupted writes left.

    The state after `spare` steps stays, too.

    Damaged states do not count, however new they are, and nothing goes while none is whole.
    """
    states = state_folders(run)
    spared = [] if spare is None else [standing(state_folder(run, spare))]
    states = [folder for folder in states if folder not in spared]
    kept: list[Path] = []
    for folder in states:
        with contextlib.suppress(CheckpointError):
            if len(kept) < keep:
                _check_sums(folder)
                kept.append(folder)
    if kept:
        left = {f for end in (TEMPORARY, OLD) for f in (run / "checkpoints").glob(f"step-*{end}")}
        for folder in left.union(states).difference(kept, spared):
            shutil.rmtree(folder, ignore_errors=True)


def sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write_tensors(path: Path, tensors: Mapping[str, Tensor]) -> None:
    try:
        save_file(tensors, path)
    except SafetensorError as error:  # a full disk, in its words
        raise OSError(str(error)) from None


def _write_json(path: Path, content: Mapping[str, object]) -> None:
    path.write_text(json.dumps(content, indent=2, allow_nan=False) + "\n", encoding="utf-8")


def _check_sums(folder: Path) -> None:
    sums = read_json(folder / MANIFEST)
    for name in (TENSORS, COUNTERS):
        if _sum_of(folder / name) != sums.get(name):
            raise CheckpointError(
                f"{shown_name(folder / name)}: damaged (its sha256 is not the manifest's)"
            )


def _verified_weights(folder: Path, expected: object) -> dict[str, Tensor]:
    found = _sum_of(folder / WEIGHTS)
    if found != expected:
        raise CheckpointError(
            f"{shown_name(folder / WEIGHTS)}: damaged: its sha256 begins {found[:8]}, {CONFIG} says "
            f"{str(expected)[:8]}; copy the model again"
        )
    return _read_tensors(folder / WEIGHTS)


def _sum_of(path: Path) -> str:
    try:
        return sha256(path)
    except FileNotFoundError:
        raise CheckpointError(f"{shown_name(path)}: missing") from None
    except OSError as error:
        raise CheckpointError(f"{shown_name(path)}: cannot be read ({error.strerror})") from None


def _read_tensors(path: Path) -> dict[str, Tensor]:
    try:
        return load_file(path)
    except (SafetensorError, OSError, ValueError, KeyError, RuntimeError, MemoryError) as error:
        raise CheckpointError(
            f"{shown_name(path)}: not readable as safetensors ({error})"
        ) from None


def _refuse_not_finite(tensors: Mapping[str, Tensor], what: str) -> None:
    bad = [k for k, v in tensors.items() if v.is_floating_point() and not v.isfinite().all()]
    if bad:
        raise CheckpointError(f"{what}: {bad[0]} holds NaN or infinity ({len(bad)} such tensors)")
