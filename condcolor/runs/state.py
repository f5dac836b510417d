"""Training states (checkpoints of a run): saved, verified, loaded, pruned."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from condcolor.errors import CheckpointError
from condcolor.models.checkpoint import load_weights, read_tensors, refuse_not_finite, write_tensors
from condcolor.runtime.files import OLD, checkpoint_folder, surviving, temporary_of
from condcolor.runtime.json_files import read_json, sha256, sha256_of, write_json
from condcolor.runtime.messages import shown_name


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
            i, slot = name.split(".")
            # the fused step reads memory in order: moments need the memory format of their parameter
            parameter = parameters[int(i)]
            if value.shape == parameter.shape:
                value = torch.empty_like(parameter).copy_(value)
            slots.setdefault(int(i), {})[slot] = value.detach()
        optimizer.load_state_dict(optimizer.state_dict() | {"state": slots})


def upgraded(counters: Mapping[str, Any]) -> dict[str, Any]:
    """Return the counters of a state, with defaults for those that states lacked before early stopping.

    Scores were others then, so the best model of such a state is dropped.
    """
    defaults: dict[str, Any] = {"phase": 0, "watch": None, "went_back": None}
    defaults |= {"generators_turn": False, "generator_steps": 0, "losses": {}}
    best = counters.get("best")
    return {**defaults, **counters, "best": best if isinstance(best, list) else []}


def _under(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {k[len(prefix) + 1 :]: v for k, v in tensors.items() if k.startswith(prefix + ".")}


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
    """Return tensors, JSON and folder of the run's newest intact state; None where there is no state.

    Args:
        say: called with a note on each newer one, which is damaged.

    Raises:
        CheckpointError: there are states, but none can be loaded.
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
    """Return the folders of the run's training states, newest first."""
    folder = run / "checkpoints"
    names = {path.name.removesuffix(OLD) for path in folder.glob("step-*")}
    numbered = (name for name in names if name[5:].isdecimal())
    return [surviving(folder / name) for name in sorted(numbered, key=lambda n: -int(n[5:]))]


def state_folder(run: Path, step: int) -> Path:
    """Return the folder of the state after `step` steps, whether it exists or not."""
    return run / "checkpoints" / f"step-{step:08d}"


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
        unfinished = temporary_of(run / "checkpoints/step-*")
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
