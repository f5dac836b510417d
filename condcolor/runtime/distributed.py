"""One process or many that train together: the only module that knows of ranks.

`torchrun` starts the processes and says in the environment how many there are. Alone, everything here does
nothing. Each step's batch is shared out among them; gradients are averaged by DistributedDataParallel (DDP).
"""

from __future__ import annotations

import contextlib
import gc
import os
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

import torch
from torch import Tensor, nn
from torch import distributed as dist

from condcolor.errors import CondcolorError, UsageError

T = TypeVar("T")
PATIENCE = timedelta(hours=2)  # while the first rank decodes or measures, the others wait


class RankLost(CondcolorError):
    """Another process of the run is gone; the last good state stands."""

    exit_code = 1


@dataclass(frozen=True)
class ProcessGroup:
    """The processes of a run, and which of them this one is."""

    rank: int = 0
    count: int = 1

    @property
    def is_first(self) -> bool:
        """Whether this is the one that writes, measures and speaks."""
        return self.rank == 0

    def part(self, size: int) -> slice:
        """This rank's rows of a batch of `size`; UsageError where they cannot be shared out evenly."""
        if size % self.count:
            raise UsageError(
                f"a batch of {size} rows cannot be shared out among {self.count} processes: use "
                f"--batch-size {-(-size // self.count) * self.count}, or other numbers of processes"
            )
        own = size // self.count
        return slice(self.rank * own, (self.rank + 1) * own)

    def barrier(self) -> None:
        """Wait until all are here."""
        if self.count > 1:
            dist.barrier()

    @contextlib.contextmanager
    def first_goes_ahead(self) -> Iterator[None]:
        """Within it, the first rank works before the others do: what it leaves on disk, they find."""
        if not self.is_first:
            self.barrier()
        yield
        if self.is_first:
            self.barrier()

    def of_first(self, work: Callable[[], T]) -> T:
        """What `work` gives on the first rank, on all; the others do nothing."""
        if self.count == 1:
            return work()
        shared = [work() if self.is_first else None]
        dist.broadcast_object_list(shared)
        return shared[0]

    def highest(self, number: int) -> int:
        """The largest of all ranks' numbers. It travels beside the GPUs and waits for none."""
        if self.count == 1:
            return number
        shared = torch.tensor([number])
        dist.all_reduce(shared, dist.ReduceOp.MAX)
        return int(shared)

    def mean(self, values: Tensor) -> Tensor:
        """The mean over all ranks."""
        if self.count > 1:
            values = values.clone()
            dist.all_reduce(values)
            values /= self.count
        return values

    def synced(self, module: nn.Module, device: torch.device) -> nn.Module:
        """With BatchNorm over the whole batch, not each rank's share of it: as one process sees it."""
        if self.count == 1:
            return module
        if device.type == "cuda":
            return nn.SyncBatchNorm.convert_sync_batchnorm(module)
        for part in module.modules():
            if (
                type(part) is nn.BatchNorm2d
            ):  # the same parameters and names: only its forward differs
                part.__class__ = _SyncedBatchNorm2d
        return module

    def shared(self, module: nn.Module) -> nn.Module:
        """The module, whose gradients all ranks average in its backward: one for each forward."""
        if self.count == 1:
            return module
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore", FutureWarning
            )  # its new name is younger than our oldest torch
            # norm statistics are equal already; one sent anew could not be part of a graph
            return nn.parallel.DistributedDataParallel(module, broadcast_buffers=False)


ALONE = ProcessGroup()


class _Sum(torch.autograd.Function):
    """The sum over all ranks, and in backward that of their gradients."""

    @staticmethod
    def forward(ctx, x: Tensor) -> Tensor:
        total = x.clone()
        dist.all_reduce(total)
        return total

    backward = forward


class _SyncedBatchNorm2d(nn.BatchNorm2d):
    """BatchNorm over the batches of all ranks, on any device; nn.SyncBatchNorm knows GPUs only."""

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return super().forward(x)
        values = x.float()
        axes, group = (0, 2, 3), dist.get_world_size()
        mean = _Sum.apply(values.mean(axes)) / group
        centered = values - mean[:, None, None]
        variance = _Sum.apply(centered.square().mean(axes)) / group
        with torch.no_grad():
            count = values.numel() // values.shape[1] * group
            self.num_batches_tracked += 1
            self.running_mean.lerp_(mean, self.momentum)
            self.running_var.lerp_(variance * count / (count - 1), self.momentum)
        scale = self.weight * torch.rsqrt(variance + self.eps)
        return (centered * scale[:, None, None] + self.bias[:, None, None]).to(x.dtype)


@contextlib.contextmanager
def process_group(device: torch.device) -> Iterator[ProcessGroup]:
    """The processes that `torchrun` started, joined; one alone where it started none.

    Raises:
        RankLost: within it, when another process is gone.
    """
    count = int(os.environ.get("WORLD_SIZE", 1))
    if count == 1 or dist.is_initialized():
        yield ALONE
        return
    if device.type == "cuda":
        torch.cuda.set_device(device)
    backend = "cpu:gloo,cuda:nccl" if device.type == "cuda" else "gloo"
    with _peers():
        store, rank, _ = next(dist.rendezvous("env://", timeout=PATIENCE))
        # where it restarts processes, what those before them said of themselves is still in the store
        store = dist.PrefixStore(f"attempt-{_restarts()}", store)
        dist.init_process_group(backend, store=store, rank=rank, world_size=count, timeout=PATIENCE)
        yield ProcessGroup(dist.get_rank(), count)
        gc.collect()  # DDP's gradient hooks, before what they speak through
        dist.barrier()  # or a rank that is done before another would end that one with it
    dist.destroy_process_group()


def own_gpu(asked: str | None) -> str | None:
    """Return the device asked for; where that leaves a choice under `torchrun`, that of this process."""
    local = os.environ.get("LOCAL_RANK")
    if local is None or asked not in (None, "auto", "cuda"):
        return asked
    if not torch.cuda.is_available():
        return "cuda" if asked == "cuda" else "cpu"  # gloo knows no tensors on Apple's GPU
    return f"cuda:{int(local) % torch.cuda.device_count()}"


def was_restarted() -> bool:
    """Whether `torchrun` started the processes anew after one of them was lost."""
    return _restarts() > 0


def _restarts() -> int:
    return int(os.environ.get("TORCHELASTIC_RESTART_COUNT", 0))


@contextlib.contextmanager
def _peers() -> Iterator[None]:
    """Within it, a connection that breaks is a RankLost."""
    try:
        yield
    except RuntimeError as error:  # dist.DistBackendError and what gloo raises are among them
        text = str(error).lower()
        if isinstance(error, dist.DistError) or "connection" in text or "gloo" in text:
            raise RankLost("another process of the run is gone; its last state stands") from error
        raise
