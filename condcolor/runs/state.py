"""Training states (checkpoints of a run): saved, verified, loaded, pruned."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from condcolor.errors import CheckpointError
from condcolor.evaluation.measures import LARGEST
from condcolor.models.checkpoint import load_weights, read_tensors, refuse_not_finite, write_tensors
from condcolor.runtime.config_fields import is_number, is_whole
from condcolor.runtime.files import OLD, checkpoint_folder, surviving, temporary_of
from condcolor.runtime.json_files import read_json, sha256, sha256_of, write_json
from condcolor.runtime.messages import shown_name

SLOTS = {"step", "exp_avg", "exp_avg_sq"}  # what Adam keeps for each parameter


def pack(
    modules: Mapping[str, nn.Module], optimizers: Mapping[str, Optimizer]
) -> dict[str, Tensor]:
    """Return tensors by names such as `generator.downs.0.conv.weight` and `optimizer_g.0.exp_avg`."""
    tensors: dict[str, Tensor] = {}
    for prefix, module in modules.items():
        tensors |= {f"{prefix}.{k}": v for k, v in module.state_dict().items()}
    for prefix, optimizer in optimizers.items():
        for i, slots in optimizer.state_dict()["state"].items():
            tensors |= {f"{prefix}.{i}.{k}": torch.as_tensor(v) for k, v in slots.items()}
    return tensors


def unpack(
    tensors: Mapping[str, Tensor],
    modules: Mapping[str, nn.Module],
    optimizers: Mapping[str, Optimizer],
    folder: Path,
) -> None:
    """Load the tensors of `pack` into networks and optimizers.

    Raises:
        CheckpointError: they do not fit; `folder` is named.
    """
    for prefix, module in modules.items():
        load_weights(module, _under(prefix, tensors), folder)
    for prefix, optimizer in optimizers.items():
        parameters = [p for group in optimizer.param_groups for p in group["params"]]
        slots: dict[int, dict[str, Tensor]] = {}
        for name, value in _under(prefix, tensors).items():
            i, _, slot = name.partition(".")
            if not i.isdecimal() or int(i) >= len(parameters) or slot not in SLOTS:
                raise CheckpointError(f"{shown_name(folder)}: {prefix} has no {shown_name(name)}")
            # the fused step reads memory in order: moments need the memory format of their parameter
            parameter = parameters[int(i)]
            if value.shape == parameter.shape:
                value = torch.empty_like(parameter).copy_(value)
            elif value.dim():
                raise CheckpointError(
                    f"{shown_name(folder)}: {prefix} {name} is {[*value.shape]}, not {[*parameter.shape]}"
                )
            slots.setdefault(int(i), {})[slot] = value.detach()
        if any(set(found) != SLOTS for found in slots.values()):
            raise CheckpointError(f"{shown_name(folder)}: {prefix} lacks some of its moments")
        optimizer.load_state_dict(optimizer.state_dict() | {"state": slots})


def checked_counters(stored: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Return the counters of a state, those that older states lack by default, all of the right types.

    Raises:
        CheckpointError: one is missing or of another type; the file is named.
    """
    counters = _upgraded(stored)
    for name, is_sound in COUNTER_CHECKS.items():
        if name not in counters or not is_sound(counters[name]):
            found = "is missing" if name not in counters else "is not what a state has there"
            raise CheckpointError(f"{shown_name(folder / COUNTERS)}: {name} {found}")
    return counters


def _is_count(value: object) -> bool:
    return is_whole(value) and 0 <= cast(int, value) < LARGEST


def _is_progress(value: object) -> bool:
    return isinstance(value, dict) and all(_is_count(value.get(key)) for key in ("step", "epoch"))


def _is_ranking(value: object) -> bool:
    """Return whether it is a list of `RankedModel`."""
    return isinstance(value, list) and all(
        _is_progress(model) and is_number(model.get("score")) for model in value
    )


def _is_stopping(value: object) -> bool:
    """Return whether it is None or the fields of an `EarlyStopping`."""
    if value is None:
        return True
    if not isinstance(value, dict) or set(value) != {"step", "epoch", "figure", "worse", "learnt"}:
        return False
    counts = (value[key] for key in ("step", "epoch", "learnt"))
    figure = value["figure"]
    return (
        all(count is None or _is_count(count) for count in counts)
        and _is_count(value["worse"])
        and (figure is None or is_number(figure))
    )


def _are_losses(value: object) -> bool:
    return isinstance(value, dict) and all(map(is_number, value.values()))


COUNTER_CHECKS: dict[str, Callable[[Any], bool]] = {
    **dict.fromkeys(("phase", "epoch", "step_in_epoch", "step", "generator_steps"), _is_count),
    "seconds": lambda value: is_number(value) and value >= 0,
    "went_back": lambda value: value is None or _is_progress(value),
    "losses": _are_losses,
    "best": _is_ranking,
    "watch": _is_stopping,
    "generators_turn": lambda value: isinstance(value, bool),
}


def _upgraded(counters: Mapping[str, Any]) -> dict[str, Any]:
    """Return the counters of a state, with defaults for those that states lacked before early stopping.

    Scores were others then, so the best model of such a state is dropped.
    """
    defaults: dict[str, Any] = {"phase": 0, "watch": None, "went_back": None}
    defaults |= {"generators_turn": False, "generator_steps": 0, "losses": {}}
    best = counters.get("best")
    return {**defaults, **counters, "best": best if isinstance(best, list) else []}


def _under(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {k[len(prefix) + 1 :]: v for k, v in tensors.items() if k.startswith(prefix + ".")}


STATES = "checkpoints"  # folder of a run
TENSORS, COUNTERS, MANIFEST = "state.safetensors", "state.json", "manifest.json"


def save_state(folder: Path, tensors: Mapping[str, Tensor], state: Mapping[str, object]) -> None:
    """Write a training state: `tensors` and JSON `state`, with a manifest of sha256 sums.

    Raises:
        CheckpointError: a value is not finite, or the folder cannot be written; the one before stands.
    """
    tensors = {k: v.detach().cpu().contiguous() for k, v in tensors.items()}
    refuse_not_finite(tensors, "the training state")
    with checkpoint_folder(Path(folder)) as new:
        write_tensors(new / TENSORS, tensors)
        write_json(new / COUNTERS, state)
        write_json(new / MANIFEST, {name: sha256(new / name) for name in (TENSORS, COUNTERS)})


def load_state(folder: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Read the tensors and JSON of a training state, its files verified by the manifest.

    Raises:
        CheckpointError: a file is missing or damaged.
    """
    folder = surviving(folder)
    _check_sums(folder)
    return read_tensors(folder / TENSORS), read_json(folder / COUNTERS)


def newest_state(
    run: Path, say: Callable[[str], None]
) -> tuple[dict[str, Tensor], dict[str, Any], Path] | None:
    """Return tensors, counters and folder of the run's newest intact state; None where there is none.

    Args:
        say: called with a note on each newer one, which is damaged.

    Raises:
        CheckpointError: there are states, but none can be loaded.
    """
    failures = []
    for folder in state_folders(run):
        try:
            tensors, counters = load_state(folder)
            return tensors, checked_counters(counters, folder), folder
        except CheckpointError as error:
            failures.append(str(error))
            say(f"{error}: falling back to the one before")
    if failures:
        raise CheckpointError("no training state loads: " + "; ".join(failures))
    return None


def state_folders(run: Path) -> list[Path]:
    """Return the folders of the run's training states, newest first."""
    folder = run / STATES
    names = {path.name.removesuffix(OLD) for path in folder.glob("step-*")}
    numbered = (name for name in names if name[5:].isdecimal())
    return [surviving(folder / name) for name in sorted(numbered, key=lambda n: -int(n[5:]))]


def state_folder(run: Path, step: int) -> Path:
    """Return the folder of the state after `step` steps, whether it exists or not."""
    return run / STATES / f"step-{step:08d}"


def prune_states(run: Path, keep: int = 2, *, spare: int | None = None) -> None:
    """Remove all states but the newest `keep` intact ones and that of step `spare`, and unfinished writes.

    Damaged states do not count, however new they are. Without an intact state nothing is removed.
    """
    states = state_folders(run)
    spared = [] if spare is None else [surviving(state_folder(run, spare))]
    states = [folder for folder in states if folder not in spared]
    kept: list[Path] = []
    for folder in states:
        with contextlib.suppress(CheckpointError):
            if len(kept) < keep:
                _check_sums(folder)
                kept.append(folder)
    if kept:
        unfinished = temporary_of(run / STATES / "step-*")
        names = ("step-*.tmp", unfinished.name, f"step-*{OLD}")  # the first: of former versions
        leftovers = {folder for name in names for folder in unfinished.parent.glob(name)}
        for folder in leftovers.union(states).difference(kept, spared):
            shutil.rmtree(folder, ignore_errors=True)


def _check_sums(folder: Path) -> None:
    sums = read_json(folder / MANIFEST)
    for name in (TENSORS, COUNTERS):
        if sha256_of(folder / name) != sums.get(name):
            raise CheckpointError(
                f"{shown_name(folder / name)}: damaged (its sha256 is not the manifest's)"
            )
