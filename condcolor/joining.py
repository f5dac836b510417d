"""Maps joined along their channels, laid out as the convolutions that read them like it.

Two things that look innocent cost a fifth of a training step on a CPU: a join in which one part is tiled
comes out with its channels apart, which every reader then lays out anew; and the gradient of a part is a
slice of the joined one, which BatchNorm walks at a tenth of its speed.
"""

from __future__ import annotations

import torch
from torch import Tensor


def tile(cond: Tensor, like: Tensor) -> Tensor:
    """`[B, P]` -> `[B, P, H, W]` planes of the size and dtype of `like [B, C, H, W]`."""
    return cond.to(like.dtype)[:, :, None, None].expand(-1, -1, *like.shape[-2:])


def join(*parts: Tensor) -> Tensor:
    """`[B, C_i, H, W]` -> `[B, sum C_i, H, W]`, in channels_last where the first part is.

    Under autocast in its dtype, to which a convolution would cast all of it anyway.
    """
    first = parts[0]
    kind = first.device.type
    if torch.amp.is_autocast_available(kind) and torch.is_autocast_enabled(kind):
        parts = tuple(part.to(torch.get_autocast_dtype(kind)) for part in parts)
    # an exported graph is of any size, which to look at the layout would settle
    if torch.compiler.is_exporting() or not first.is_contiguous(memory_format=torch.channels_last):
        return torch.cat(parts, dim=1)
    own = (_DenseGradient.apply(part) if part.requires_grad else part for part in parts)
    rows = [part.permute(0, 2, 3, 1) for part in own]
    return torch.cat(rows, dim=3).permute(0, 3, 1, 2)


class _DenseGradient(torch.autograd.Function):
    """The same map; its gradient is laid out in channels_last, by itself."""

    @staticmethod
    def forward(ctx, x: Tensor) -> Tensor:
        return x.view_as(x)

    @staticmethod
    def backward(ctx, grad: Tensor) -> Tensor:
        return grad.contiguous(memory_format=torch.channels_last)
