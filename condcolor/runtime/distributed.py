"""Several processes that train together: torchrun, DDP, ranks.

`torchrun` starts the processes and sets WORLD_SIZE and LOCAL_RANK. In a single process this does nothing.
Each batch is split among the ranks; DistributedDataParallel (DDP) averages gradients.
"""

from __future__ import annotations

import contextlib
import gc
import os
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

import torch
from torch import Tensor, nn
from torch import distributed as dist

from condcolor.errors import CondcolorError, UsageError

T = TypeVar("T")
Module = TypeVar("Module", bound=nn.Module)
PATIENCE = timedelta(hours=2)  # timeout; other ranks wait while the first one decodes or measures


class RankLost(CondcolorError):
    """Another process of the run was lost; the last training state is intact."""

    exit_code = 1


@dataclass(frozen=True)
class ProcessGroup:
    """The number of processes of a run, and the rank of this one."""

    rank: int = 0
    count: int = 1

    @property
    def is_first(self) -> bool:
        """Whether this is rank 0, which writes, measures and prints."""
        return self.rank == 0

    def part(self, size: int) -> slice:
        """Return this rank's slice of a batch of `size` rows.

        Raises:
            UsageError: the batch cannot be split evenly.
        """
        if size % self.count:
            raise UsageError(
                f"a batch of {size} rows cannot be shared out among {self.count} processes: use "
                f"--batch-size {-(-size // self.count) * self.count}, or other numbers of processes"
            )
        own = size // self.count
        return slice(self.rank * own, (self.rank + 1) * own)

    def barrier(self) -> None:
        """Wait for all ranks."""
        if self.count > 1:
            dist.barrier()

    @contextlib.contextmanager
    def first_goes_ahead(self) -> Iterator[None]:
        """Run the block on the first rank, then on the others, which find its files on disk."""
        if not self.is_first:
            self.barrier()
        yield
        if self.is_first:
            self.barrier()

    def of_first(self, work: Callable[[], T]) -> T:
        """Call `work` on the first rank and broadcast its result to all ranks."""
        if self.count == 1:
            return work()
        received: list[Any] = [work() if self.is_first else None]
        dist.broadcast_object_list(received)
        result: T = received[0]
        return result

    def highest(self, number: int) -> int:
        """Return the maximum over all ranks; reduced on the CPU, without synchronizing GPUs."""
        if self.count == 1:
            return number
        largest = torch.tensor([number])
        dist.all_reduce(largest, dist.ReduceOp.MAX)
        return int(largest)

    def mean(self, values: Tensor) -> Tensor:
        """Return the mean over all ranks, in the shape of `values`."""
        if self.count > 1:
            values = values.clone()
            dist.all_reduce(values)
            values /= self.count
        return values

    def synced(self, module: Module, device: torch.device) -> Module:
        """Synchronize BatchNorm, whose statistics are then of the whole batch, as in a single process."""
        if self.count == 1:
            return module
        if device.type == "cuda":
            return nn.SyncBatchNorm.convert_sync_batchnorm(module)
        for part in module.modules():
            if type(part) is nn.BatchNorm2d:  # the same parameters and names, another forward
                part.__class__ = _SyncedBatchNorm2d
        return module

    def shared(self, module: nn.Module) -> nn.Module:
        """Wrap a module in DDP: backward averages gradients over all ranks, once for each forward."""
        if self.count == 1:
            return module
        with warnings.catch_warnings():
            # the new name of DDP is missing in the oldest supported torch
            warnings.simplefilter("ignore", FutureWarning)
            # BatchNorm statistics are equal on all ranks; a broadcast would change them inside a graph
            return nn.parallel.DistributedDataParallel(module, broadcast_buffers=False)


ALONE = ProcessGroup()


class _Sum(torch.autograd.Function):
    """The sum over all ranks; backward sums the gradients."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        total = x.clone()
        dist.all_reduce(total)
        return total

    backward = forward


class _SyncedBatchNorm2d(nn.BatchNorm2d):
    """BatchNorm over the batches of all ranks, on any device; nn.SyncBatchNorm supports GPUs only."""

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return super().forward(x)
        # the defaults of nn.BatchNorm2d: affine, with running statistics
        assert self.running_mean is not None
        assert self.running_var is not None
        assert self.num_batches_tracked is not None
        assert self.momentum is not None
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
    """Join the processes that `torchrun` started; without torchrun, yield a group of one.

    Raises:
        RankLost: inside the block, when another process is lost.
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
        # after a restart by torchrun, the store still holds the entries of the previous attempt
        store = dist.PrefixStore(f"attempt-{_restarts()}", store)
        dist.init_process_group(backend, store=store, rank=rank, world_size=count, timeout=PATIENCE)
        yield ProcessGroup(dist.get_rank(), count)
        gc.collect()  # frees DDP's gradient hooks before the process group they use
        dist.barrier()  # a rank that leaves early would end the others
    dist.destroy_process_group()


def own_gpu(device: str | None) -> str | None:
    """Return the device; under `torchrun`, the GPU of this process for None, "auto" and "cuda"."""
    local = os.environ.get("LOCAL_RANK")
    if local is None or device not in (None, "auto", "cuda"):
        return device
    if not torch.cuda.is_available():
        return "cuda" if device == "cuda" else "cpu"  # gloo knows no tensors on Apple's GPU
    return f"cuda:{int(local) % torch.cuda.device_count()}"


def was_restarted() -> bool:
    """Return whether `torchrun` restarted the processes after one was lost."""
    return _restarts() > 0


def _restarts() -> int:
    return int(os.environ.get("TORCHELASTIC_RESTART_COUNT", 0))


@contextlib.contextmanager
def _peers() -> Iterator[None]:
    """Raise RankLost when a connection between ranks breaks inside the block."""
    try:
        yield
    except RuntimeError as error:  # dist.DistBackendError and what gloo raises are among them
        message = str(error).lower()
        if isinstance(error, dist.DistError) or "connection" in message or "gloo" in message:
            raise RankLost("another process of the run is gone; its last state stands") from error
        raise
