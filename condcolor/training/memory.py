"""The memory that a training will need, estimated before it starts, and refused where the machine has less.

The networks are built and run on torch's device "meta", whose tensors have shapes and types and no memory;
what autograd keeps for the backward pass is counted, tensor by tensor. tests/training/test_memory.py compares
the estimate with what steps really take.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from condcolor.conditions.hints import HINT_PLANES
from condcolor.errors import UsageError
from condcolor.models.config import ModelConfig
from condcolor.models.encoders import ENCODERS
from condcolor.models.networks import PatchGAN, make_generator
from condcolor.recipes import Phase, TrainConfig
from condcolor.runs.config import RunConfig
from condcolor.runtime.devices import pick_precision

# of a network that is trained: weights, gradients, Adam's moments, and what convolutions reorder; measured
COPIES = 4.6
PASSING = 3  # tensors as large as the largest one that the backward pass holds besides what is kept
# float32 tensors as large as the output, or an RGB picture, that encoding, losses and their gradients hold;
# measured
LOSSES = 20
PROBE = 2  # pictures of the step that is counted; of one alone BatchNorm has no statistics at 1x1
GIB = 2**30
# what needs less is not estimated, since the first use of the device "meta" takes seconds
LITTLE = GIB // 2
# at most so many planes of a picture's size are kept for each channel of a first layer
KEPT_PLANES = 64
ROOMS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))


@dataclass(frozen=True)
class MemoryNeed:
    """An estimate of the memory of a training, in bytes, besides that of the process and the pictures.

    networks: weights, gradients, optimizer and moving average.
    each: what a step holds for each picture of a batch.
    """

    networks: int
    each: int

    def total(self, batch_size: int) -> int:
        """Return the bytes with batches of this size."""
        return self.networks + batch_size * self.each

    def fitting(self, room: int) -> int:
        """Return the largest batch that fits into so many bytes, 0 where none does."""
        return max(0, (room - self.networks) // self.each)


def estimate(
    config: TrainConfig, model: ModelConfig, phases: Sequence[Phase], device: torch.device
) -> MemoryNeed:
    """Estimate the memory of the phase that needs most."""
    # counted in float32, also where parts of a step are in bfloat16, of half the size
    shrunk = 2 if pick_precision(config.precision, device) == "bf16" else 1
    side = config.image_size
    with torch.device("meta"):
        generator, discriminator = make_generator(model), PatchGAN(model)
        sizes = [_bytes(network) for network in (generator, discriminator)]
        source = torch.zeros(PROBE, model.source_channels, side, side)
        fake = torch.zeros(PROBE, model.output_channels, side, side, requires_grad=True)
        cond = torch.zeros(PROBE, model.cond_planes)
        hints = torch.zeros(PROBE, HINT_PLANES * model.hints, side, side)
        made = _kept(generator, torch.cat((source, hints), dim=1), cond)
        judged = _kept(discriminator, source, fake, cond)
        seen = _Kept(0, 0)
        if any(phase.feature_weight and phase.trains_generator for phase in phases):
            encoder = ENCODERS[config.feature_encoder](3).requires_grad_(False)
            sizes.append(round(_bytes(encoder) / COPIES))  # frozen
            decoded = torch.zeros(PROBE, 3, side, side, requires_grad=True)
            seen = _kept(encoder, decoded)
    each = 0
    pictures = LOSSES * 4 * max(3, model.output_channels) * side**2
    for phase in phases:
        trains = phase.trains_generator
        pairs = (2 + config.wrong_colors) * phase.trains_discriminator
        beside = bool(phase.gan_weight) * judged.total + bool(phase.feature_weight) * seen.total
        kept = trains * made.total + max(pairs * judged.total, trains * beside)
        kept += PASSING * max(made.largest, judged.largest, seen.largest)
        each = max(each, kept // shrunk + pictures)
    average = sizes[0] * bool(config.ema)
    return MemoryNeed(round(COPIES * sum(sizes)) + average, each)


def check_memory(
    plan: RunConfig,
    batch: int,
    device: torch.device,
    *,
    processes: int = 1,
) -> str:
    """Return how much memory a training will need, as text for users; "" if it is little.

    Args:
        batch: pictures of a step in this process.
        processes: number of processes that train together.

    Raises:
        UsageError: the machine, or the GPU, has less, with the batch size that fits.
    """
    if _is_little(plan, batch):
        return ""
    need = estimate(plan.config, plan.model, plan.phases, device)
    total, room = need.total(batch), room_of(device)
    text = (
        f"memory: about {_shown(total)}, of it {_shown(need.networks)} for weights and optimizers"
    )
    if room is None or total <= room:
        return f"{text} and {_shown(batch * need.each)} for {batch} pictures a step"
    fitting = need.fitting(room) * processes
    what = "GPU" if device.type == "cuda" else "machine"
    advice = f"take --batch-size {fitting}" if fitting else "take smaller networks or pictures"
    raise UsageError(
        f"this training needs about {_shown(total)} of memory, and the {what} has {_shown(room)}: {advice}"
    )


def room_of(device: torch.device) -> int | None:
    """Return the memory of a GPU, or this process's part of the machine's, in bytes; None if unknown."""
    if device.type == "cuda":
        return int(torch.cuda.get_device_properties(device).total_memory)
    try:
        rooms = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    except (AttributeError, ValueError, OSError):  # such as on Windows
        return None
    for path in ROOMS:  # of a container
        try:
            rooms.append(int(path.read_text()))
        except (OSError, ValueError):  # none, or "max"
            continue
    return min(rooms) // int(os.environ.get("LOCAL_WORLD_SIZE", "1"))


def _is_little(plan: RunConfig, batch: int) -> bool:
    """Return whether a training surely needs less than LITTLE, by a rough upper bound."""
    model, side = plan.model, plan.config.image_size
    if model.encoder != "none" or any(phase.feature_weight for phase in plan.phases):
        return False
    channels = model.base_channels + model.disc_channels + model.cond_planes
    widest = max(model.max_channels, 8 * model.disc_channels)
    weights = 2 * 16 * widest**2 * (2 * model.depth + model.disc_layers)  # of 4x4 kernels
    kept = batch * side**2 * (KEPT_PLANES * channels + LOSSES * max(3, model.output_channels))
    return 4 * ((COPIES + 1) * weights + kept) < LITTLE


@dataclass(frozen=True)
class _Kept:
    """Bytes that autograd keeps of a forward pass for each picture, all and of the largest tensor."""

    total: int
    largest: int


def _kept(network: nn.Module, *inputs: Tensor) -> _Kept:
    """Run a forward pass and count what it keeps, weights left out; each storage counts once."""
    own = {each.untyped_storage()._cdata for each in network.state_dict(keep_vars=True).values()}
    found: dict[int, Tensor] = {}  # which also keeps them, so that no two have one address

    def pack(tensor: Tensor) -> Tensor:
        found[tensor.untyped_storage()._cdata] = tensor
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        network(*inputs)
    sizes = [each.untyped_storage().nbytes() for at, each in found.items() if at not in own]
    return _Kept(sum(sizes) // PROBE, max(sizes, default=0) // PROBE)


def _bytes(network: nn.Module) -> int:
    return sum(each.numel() * each.element_size() for each in network.state_dict().values())


def _shown(size: int) -> str:
    return f"{size / GIB:.1f} GiB" if size >= GIB else f"{max(1, round(size / 2**20))} MiB"
