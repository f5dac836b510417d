"""Training states (checkpoints of a run): saved, verified, loaded, pruned."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from condcolor.errors import CheckpointError
from condcolor.models.checkpoint import (
    load_weights,
    read_tensors,
    refuse_not_finite,
    write_tensors,
)
from condcolor.runtime.files import OLD, checkpoint_folder, surviving, temporary_of
from condcolor.runtime.json_files import read_json, sha256, sha256_of, write_json
from condcolor.runtime.messages import shown_name


def pack(
    modules: Mapping[str, nn.Module], optimizers: Mapping[str, Optimizer]
) -> dict[str, Tensor]:
    """`generator.downs.0.conv.weight`, `optimizer_g.0.exp_avg` ... -> tensor."""
    tensors = {}
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
    """Fill networks and optimizers with what `pack` gave; CheckpointError when it does not fit."""
    for prefix, module in modules.items():
        load_weights(module, _under(prefix, tensors), folder)
    for prefix, optimizer in optimizers.items():
        parameters = [p for group in optimizer.param_groups for p in group["params"]]
        slots: dict[int, dict[str, Tensor]] = {}
        for name, value in _under(prefix, tensors).items():
            i, slot = name.split(".")
            # the fused step reads memory in order: moments must lie as their parameter does
            like = parameters[int(i)]
            laid = torch.empty_like(like).copy_(value) if value.shape == like.shape else value
            slots.setdefault(int(i), {})[slot] = laid.detach()
        optimizer.load_state_dict(optimizer.state_dict() | {"state": slots})


def upgraded(counters: Mapping[str, object]) -> dict[str, object]:
    """The counters of a state, with those that runs did not keep before they could stop by themselves.

    Scores were others then, so that what was best is not known any more.
    """
    old = {"phase": 0, "watch": None, "went_back": None}
    old |= {"generators_turn": False, "generator_steps": 0, "losses": {}}
    best = counters.get("best")
    return old | counters | {"best": best if isinstance(best, list) else []}


def _under(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {k[len(prefix) + 1 :]: v for k, v in tensors.items() if k.startswith(prefix + ".")}


TENSORS, COUNTERS, MANIFEST = "state.safetensors", "state.json", "manifest.json"


def save_state(folder: Path, tensors: Mapping[str, Tensor], state: Mapping[str, object]) -> None:
    """Write a training state: `tensors` and JSON `state`, with a manifest of sha256 sums.

    Raises:
        CheckpointError: a value is not finite, or the disk refuses; what was there before stands.
    """
    tensors = {k: v.detach().cpu().contiguous() for k, v in tensors.items()}
    refuse_not_finite(tensors, "the training state")
    with checkpoint_folder(Path(folder)) as new:
        write_tensors(new / TENSORS, tensors)
        write_json(new / COUNTERS, state)
        write_json(new / MANIFEST, {name: sha256(new / name) for name in (TENSORS, COUNTERS)})


def load_state(folder: Path) -> tuple[dict[str, Tensor], dict]:
    """Read a training state, every file checked against the manifest; CheckpointError names it."""
    folder = surviving(folder)
    _check_sums(folder)
    return read_tensors(folder / TENSORS), read_json(folder / COUNTERS)


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
    return [surviving(folder / name) for name in sorted(whole, key=lambda n: -int(n[5:]))]


def state_folder(run: Path, step: int) -> Path:
    """Where the state after `step` steps is, or is to be."""
    return run / "checkpoints" / f"step-{step:08d}"


def prune_states(run: Path, keep: int = 2, *, spare: int | None = None) -> None:
    """Remove all but the newest `keep` states that are whole, and what interrupted writes left.

    The state after `spare` steps stays, too.

    Damaged states do not count, however new they are, and nothing goes while none is whole.
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
        left = {folder for name in names for folder in unfinished.parent.glob(name)}
        for folder in left.union(states).difference(kept, spared):
            shutil.rmtree(folder, ignore_errors=True)


def _check_sums(folder: Path) -> None:
    sums = read_json(folder / MANIFEST)
    for name in (TENSORS, COUNTERS):
        if sha256_of(folder / name) != sums.get(name):
            raise CheckpointError(
                f"{shown_name(folder / name)}: damaged (its sha256 is not the manifest's)"
            )
