"""Model folders by name or path, and what their config.json says: light, so that help can ask it."""

from __future__ import annotations

import json
from pathlib import Path

from condcolor.attributes import AttributeSchema
from condcolor.errors import CheckpointError, UsageError, did_you_mean

FORMAT = 1  # of config.json; a reader refuses a newer one
CONFIG = "config.json"
WEIGHTS = "model.safetensors"
BUILT_IN = Path(__file__).parent / "models"


def built_in_models() -> list[str]:
    """The names of the models that came with the package."""
    return sorted(path.parent.name for path in BUILT_IN.glob(f"*/{CONFIG}"))


def find_model(name: str | Path) -> Path:
    """The folder of a built-in model, of a model folder, or of the best model of a run folder.

    Raises:
        UsageError: there is none of that name or at that path.
    """
    if str(name) in built_in_models():
        return BUILT_IN / str(name)
    folder = Path(name)
    if (folder / "model" / CONFIG).is_file():  # a run folder
        return folder / "model"
    if folder.is_dir():
        return folder
    names = built_in_models()
    raise UsageError(
        f"model {str(name)!r} is neither built in ({', '.join(names) or 'none'}) nor a folder"
        f"{did_you_mean(str(name), names)}"
    )


def read_config(folder: Path) -> dict:
    """The config.json of a model folder, its format checked; no weights are read."""
    path = Path(folder) / CONFIG
    if not path.is_file():
        raise CheckpointError(f"{folder}: no model here ({CONFIG} is missing)")
    described = read_json(path)
    version = described.get("format")
    if not isinstance(version, int) or version < 1 or "schema" not in described:
        raise CheckpointError(f"{path}: not the config of a condcolor model")
    if version > FORMAT:
        raise CheckpointError(
            f"{path}: format {version} is newer than this condcolor reads ({FORMAT}): upgrade it"
        )
    return described


def schema_of(folder: Path, described: dict) -> AttributeSchema:
    """The attributes that `read_config` found in `folder`."""
    try:
        return AttributeSchema.from_json(described["schema"])
    except CheckpointError as error:
        raise CheckpointError(f"{Path(folder) / CONFIG}: {error}") from None


def read_json(path: Path) -> dict:
    """A JSON object; CheckpointError when it is missing, unreadable or something else."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise CheckpointError(f"{path}: missing") from None
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{path}: not readable JSON ({error})") from None
    if not isinstance(content, dict):
        raise CheckpointError(f"{path}: holds a {type(content).__name__}, not an object")
    return content
