"""Networks and optimizers <-> one flat dict of tensors, which a training state is made of."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from condcolor.checkpoint import load_weights


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
