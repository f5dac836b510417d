"""Models found by name or path, and their config.json, in a folder or an .onnx file; weights are not read.

A model is a folder, or an .onnx file that `condcolor export` made of one, with the same config inside.

A folder may have its network's graph beside the weights, which it refers to: GRAPH_FILE, for ONNX Runtime.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from condcolor.conditions.palette_file import with_palette
from condcolor.conditions.parts import Part, table_from_json
from condcolor.conditions.schema import AttributeSchema
from condcolor.errors import CheckpointError, UsageError, did_you_mean
from condcolor.models.onnx_file import CARD, CONFIG_KEY, is_onnx, read_onnx
from condcolor.runtime.json_files import parse_json, read_json
from condcolor.runtime.messages import shown_name

CONFIG_FORMAT = 1  # of config.json; a reader refuses a newer one
CONFIG = "config.json"
WEIGHTS = "model.safetensors"
GRAPH_FILE = "model.onnx"
CARD_FILE = "card.md"
FOLDER, ONNX = "folder", "onnx"  # kinds of models
BUILT_IN = Path(__file__).parents[1] / "pretrained"
MADE_FOR = {"icons": "drawing", "photo": "photograph"}  # built-in model: kind of its pictures
MAX_IMAGE_SIZE = 4096  # pixels a side that a network may see
MAX_NUMBER = 65536  # that can describe a network: a width, a depth
# that a config must have
FIELDS = {"recipe": str, "model": dict, "schema": list, "image_size": int}


@dataclass(frozen=True)
class ModelInfo:
    """The config.json of a model; its weights are not read.

    Args:
        name: the name or path that the user gave.
        path: the folder or .onnx file.
        kind: FOLDER or ONNX.
        config: config.json, its format and fields checked.
        schema: the attributes, with the names of a palette file if one was added.
        card: the place of the model's card, as text for users; empty without one.
        was_chosen: nobody named the model, it was chosen for the pictures.
    """

    name: str
    path: Path
    kind: str
    config: Mapping[str, Any]
    schema: AttributeSchema
    card: str = ""
    was_chosen: bool = False

    @property
    def recipe(self) -> str:
        """The name of the recipe of its training."""
        return self.config["recipe"]

    @property
    def image_size(self) -> int:
        """The side in pixels of the network's input."""
        return self.config["image_size"]

    @property
    def finds_parts(self) -> bool:
        """Whether the model finds parts, whatever their colors: its network is not told any."""
        return bool(self.schema.attributes) and self.config["model"].get("cond_planes") == 0

    @property
    def takes_hints(self) -> bool:
        """Whether the model is one of photographs whose network takes hints."""
        return self.config["model"].get("hints") is True

    @property
    def parts(self) -> tuple[Part, ...]:
        """The parts that the outputs of a model of parts stand for; CheckpointError if they are malformed."""
        return table_from_json(self.config.get("parts"))

    @property
    def vivid(self) -> float:
        """The default factor of the network's chroma."""
        return self.config.get("vivid", 1.0)

    @property
    def sha256(self) -> str:
        """The sha256 of the weights; empty if the config has none."""
        return str(self.config.get("sha256", ""))

    @property
    def weights(self) -> Path:
        """The file that holds the weights."""
        return self.path if self.kind == ONNX else self.path / WEIGHTS

    @property
    def graph(self) -> Path | None:
        """The graph beside the weights of a folder, where it has one."""
        path = self.path / GRAPH_FILE
        return path if self.kind == FOLDER and path.is_file() else None

    def with_palette(self, path: str | Path) -> ModelInfo:
        """Return a copy whose schema has the names of a palette file.

        Raises:
            UsageError: the model has no attributes, or the file is no JSON object.
            DataError: every entry that cannot be used.
        """
        if not self.schema.attributes:
            raise UsageError("--palette is for models with attributes, such as icons")
        return replace(self, schema=with_palette(self.schema, path))


def read_model_info(model: str | Path | ModelInfo) -> ModelInfo:
    """Read the config of a built-in model by its name, or of a model folder, run folder or .onnx file.

    A ModelInfo is returned as it is.

    Raises:
        UsageError: there is no model of that name or at that path.
        CheckpointError: the config is missing, damaged or of a newer format, or a run has no model yet.
    """
    if isinstance(model, ModelInfo):
        return model
    path = find_model(model)
    if is_onnx(path):
        kind, properties = ONNX, read_onnx(path).properties
        config = _onnx_config(path, properties)
        card = f"{CARD} in its metadata" if CARD in properties else ""
    else:
        kind, config = FOLDER, read_config(path)
        card = str(path / CARD_FILE) if (path / CARD_FILE).is_file() else ""
    return ModelInfo(str(model), path, kind, config, _schema(path, kind, config), card)


def built_in_models() -> list[str]:
    """Return the names of the models in the package."""
    return sorted(path.parent.name for path in BUILT_IN.glob(f"*/{CONFIG}"))


def made_for(name: str) -> str:
    """Return the kind of pictures that a built-in model is made for, as of `kind_of`; else an empty text."""
    return MADE_FOR.get(name, "") if name in built_in_models() else ""


def find_model(name: str | Path) -> Path:
    """Return the path of a model: a built-in one by its name, a folder, the best of a run, an .onnx file.

    Raises:
        UsageError: there is no model of that name or at that path.
        CheckpointError: a run folder has no model yet.
    """
    names = built_in_models()
    label = shown_name(name)
    if str(name) in names:
        return BUILT_IN / str(name)
    folder = Path(name)
    if not str(name):
        raise UsageError("the model's name is empty: give a built-in model or a folder")
    try:
        if (folder / "model" / CONFIG).is_file():  # a run folder
            return folder / "model"
        if (folder / "checkpoints").is_dir() and not (folder / WEIGHTS).exists():
            raise CheckpointError(f"{label}: a training run without a model yet: let it go on")
        if folder.is_dir():
            return folder
        if folder.is_file():
            if is_onnx(folder):
                return folder
            raise UsageError(f"model '{label}' is a file: name the folder that holds it")
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise UsageError(f"model '{label}' cannot be looked at ({why}): check the path") from None
    known = f"built in ({', '.join(names)})" if names else "built in (none is installed)"
    raise UsageError(
        f"model '{label}' is neither {known} nor a folder{did_you_mean(str(name), names)}"
    )


def find_folder(name: str | Path, command: str) -> ModelInfo:
    """Read the config of a model as `read_model_info` does, for a command that needs a model folder.

    Raises:
        UsageError: it is an .onnx file; and what `read_model_info` raises.
    """
    info = read_model_info(name)
    if info.kind == ONNX:
        raise UsageError(
            f"{shown_name(name)}: an exported model can only colour, {command} needs the model folder it "
            "was made from"
        )
    return info


def read_config(folder: Path) -> dict[str, Any]:
    """Read the config.json of a model folder or .onnx file, its format and fields checked.

    Raises:
        CheckpointError: it is missing, damaged or of a newer format.
    """
    folder = Path(folder)
    if is_onnx(folder):
        return _onnx_config(folder, read_onnx(folder).properties)
    path = folder / CONFIG
    label = shown_name(path)
    try:
        is_there = path.is_file()
    except OSError as error:
        raise CheckpointError(f"{label}: cannot be read ({error.strerror})") from None
    if not is_there:
        raise CheckpointError(f"{shown_name(folder)}: no model here ({CONFIG} is missing)")
    return _checked(read_json(path), label)


def _onnx_config(path: Path, properties: Mapping[str, str]) -> dict[str, Any]:
    label = shown_name(path)
    if CONFIG_KEY not in properties and (path.parent / CONFIG).is_file():
        raise CheckpointError(
            f"{label}: only the graph of a model: name the folder that it lies in"
        )
    return _checked(parse_json(properties.get(CONFIG_KEY, "").encode(), label), label)


def _checked(config: dict[str, Any], label: str) -> dict[str, Any]:
    """Return the config; CheckpointError if its format or a field is wrong."""
    version = config.get("format")
    if type(version) is not int or version < 1:
        raise CheckpointError(f"{label}: not the config of a condcolor model ('format' is missing)")
    if version > CONFIG_FORMAT:
        raise CheckpointError(
            f"{label}: format {version} is newer than this condcolor reads ({CONFIG_FORMAT}): upgrade it"
        )
    for name, kind in FIELDS.items():
        if type(config.get(name)) is not kind:
            fault = f"'{name}' is wrong" if name in config else f"'{name}' is missing"
            raise CheckpointError(f"{label}: not the config of a condcolor model ({fault})")
    if not 1 <= config["image_size"] <= MAX_IMAGE_SIZE:
        size = config["image_size"]
        raise CheckpointError(f"{label}: image_size is {size}, not 1 to {MAX_IMAGE_SIZE}")
    for name, value in config["model"].items():
        if isinstance(value, int | float) and not abs(value) <= MAX_NUMBER:
            raise CheckpointError(f"{label}: {shown_name(name)} {value} is of no network")
    return config


def _schema(path: Path, kind: str, config: Mapping[str, Any]) -> AttributeSchema:
    try:
        return AttributeSchema.from_json(config["schema"])
    except CheckpointError as error:
        label = shown_name(path if kind == ONNX else path / CONFIG)
        raise CheckpointError(f"{label}: {error}") from None


def damaged_weights(label: str, actual: str, expected: str) -> str:
    """Return the message for weights whose sha256 is not the one that config.json says."""
    return (
        f"{label}: damaged: its sha256 begins {actual[:8]}, {CONFIG} says {expected[:8]}; copy the model "
        "again"
    )
