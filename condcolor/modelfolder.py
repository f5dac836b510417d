"""Models by name or path, and what their config.json says: light, so that help can ask it.

A model is a folder, or an .onnx file that `condcolor export` made of one, with the same config inside.
"""

from __future__ import annotations

import json
from pathlib import Path

from condcolor.attributes import AttributeSchema
from condcolor.errors import CheckpointError, UsageError, did_you_mean
from condcolor.filetypes import shown_name
from condcolor.onnxfile import CONFIG_KEY, is_onnx, read_onnx

CONFIG_FORMAT = 1  # of config.json; a reader refuses a newer one
CONFIG = "config.json"
WEIGHTS = "model.safetensors"
BUILT_IN = Path(__file__).parent / "models"
MAX_JSON_BYTES = 64 * 2**20  # a config is some KB, a training state's counters little more
MAX_IMAGE_SIZE = 4096  # pixels a side that a network may see
MAX_NUMBER = 65536  # that can describe a network: a width, a depth
FIELDS = {
    "recipe": str,
    "model": dict,
    "schema": list,
    "image_size": int,
}  # that a config must have


def built_in_models() -> list[str]:
    """The names of the models that came with the package."""
    return sorted(path.parent.name for path in BUILT_IN.glob(f"*/{CONFIG}"))


def find_model(name: str | Path) -> Path:
    """The folder of a built-in model, of a model folder, or of the best model of a run; or an .onnx file.

    Raises:
        UsageError: there is none of that name or at that path.
        CheckpointError: it is a run folder whose training has not made a model yet.
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


def find_folder(name: str | Path, what: str) -> Path:
    """Like `find_model`, for `what` needs a model folder; UsageError for an .onnx file."""
    folder = find_model(name)
    if is_onnx(folder):
        raise UsageError(
            f"{shown_name(name)}: an exported model can only colour, {what} needs the model folder it "
            "was made from"
        )
    return folder


def read_config(folder: Path) -> dict:
    """The config.json of a model folder or .onnx file, its format and fields checked; no weights are read."""
    folder = Path(folder)
    if is_onnx(folder):
        label = shown_name(folder)
        described = _parsed(read_onnx(folder).properties.get(CONFIG_KEY, "").encode(), label)
        return _checked(described, label)
    path = folder / CONFIG
    label = shown_name(path)
    try:
        found = path.is_file()
    except OSError as error:
        raise CheckpointError(f"{label}: cannot be read ({error.strerror})") from None
    if not found:
        raise CheckpointError(f"{shown_name(folder)}: no model here ({CONFIG} is missing)")
    return _checked(read_json(path), label)


def _checked(described: dict, label: str) -> dict:
    version = described.get("format")
    if type(version) is not int or version < 1:
        raise CheckpointError(f"{label}: not the config of a condcolor model ('format' is missing)")
    if version > CONFIG_FORMAT:
        raise CheckpointError(
            f"{label}: format {version} is newer than this condcolor reads ({CONFIG_FORMAT}): upgrade it"
        )
    for name, kind in FIELDS.items():
        if type(described.get(name)) is not kind:
            wrong = f"'{name}' is wrong" if name in described else f"'{name}' is missing"
            raise CheckpointError(f"{label}: not the config of a condcolor model ({wrong})")
    if not 1 <= described["image_size"] <= MAX_IMAGE_SIZE:
        size = described["image_size"]
        raise CheckpointError(f"{label}: image_size is {size}, not 1 to {MAX_IMAGE_SIZE}")
    for name, value in described["model"].items():
        if isinstance(value, int | float) and not abs(value) <= MAX_NUMBER:
            raise CheckpointError(f"{label}: {shown_name(name)} {value} is of no network")
    return described


def schema_of(folder: Path, described: dict) -> AttributeSchema:
    """The attributes that `read_config` found in `folder`."""
    try:
        return AttributeSchema.from_json(described["schema"])
    except CheckpointError as error:
        path = Path(folder) if is_onnx(folder) else Path(folder) / CONFIG
        raise CheckpointError(f"{shown_name(path)}: {error}") from None


def read_json(path: Path) -> dict:
    """A JSON object; CheckpointError when it is missing, unreadable or something else."""
    label = shown_name(path)
    try:
        with open(path, "rb") as file:
            data = file.read(MAX_JSON_BYTES + 1)
    except FileNotFoundError:
        raise CheckpointError(f"{label}: missing") from None
    except OSError as error:
        raise CheckpointError(f"{label}: not readable JSON ({error})") from None
    return _parsed(data, label)


def _parsed(data: bytes, label: str) -> dict:
    if len(data) > MAX_JSON_BYTES:
        raise CheckpointError(f"{label}: over {MAX_JSON_BYTES >> 20} MB, which no config is")
    try:
        content = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        why = error if data else "an empty file"
        raise CheckpointError(f"{label}: not readable JSON ({why})") from None
    if not isinstance(content, dict):
        raise CheckpointError(f"{label}: holds a {type(content).__name__}, not an object")
    return content
