"""`TorchColorizer`: the network made ready (BatchNorm folded, bfloat16) and run by torch.

Training needs what use does not: BatchNorm apart from its convolution, weights in float32. Here the
norms, which in use are a scale and an offset of each channel, go into the weights; the weights are brought
to the precision they are used in once instead of at every call; and the last layer, which has hardly any
outputs, takes a form that wastes less. Where bfloat16 is too coarse, float32 stays.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from condcolor.inference.colorizer import Colorizer, learnt_flat_fills
from condcolor.models.checkpoint import Model, load_model
from condcolor.models.codecs import levels
from condcolor.models.model_folder import ModelInfo
from condcolor.models.networks import Block, EncoderUNet, UNet
from condcolor.runtime.devices import autocast, pick_device, pick_precision
from condcolor.runtime.process import memory_advice


class TorchColorizer(Colorizer):
    """Colours pictures with a model in memory, or from its folder. Safe to share between threads."""

    def __init__(
        self,
        model: Model,
        *,
        vivid: float | None = None,
        device: str | None = None,
        precision: str = "fp32",
    ):
        self.model, self.schema, self.image_size = model, model.schema, model.image_size
        self.vivid = model.vivid if vivid is None else vivid
        self.codec = model.codec
        if vivid is not None or model.vivid != 1:
            self.codec = self.codec.with_vivid(self.vivid)
        self.device = pick_device(device)
        self.precision = pick_precision(precision, self.device)
        self.generator = ready(model.generator, self.device, self.precision)
        self.flat = learnt_flat_fills(model.training)

    @classmethod
    def from_folder(
        cls,
        folder: Path | ModelInfo,
        *,
        vivid: float | None = None,
        device: str | None = None,
        precision: str = "fp32",
    ) -> TorchColorizer:
        """Load the model of a model folder, or of one whose config was read before.

        Raises:
            UsageError: no such device or precision, or a `vivid` that the model cannot be.
            CheckpointError: nothing there, or the model is damaged or of a newer format.
        """
        return cls(load_model(folder), vivid=vivid, device=device, precision=precision)

    def predict(self, squares: np.ndarray, cond: np.ndarray) -> np.ndarray:
        return self.outputs(torch.from_numpy(squares), torch.from_numpy(cond)).numpy()

    @torch.inference_mode()
    def strips(
        self, original: np.ndarray, output: np.ndarray
    ) -> Iterator[tuple[slice, np.ndarray]]:
        tensors = torch.from_numpy(original), torch.from_numpy(output)
        for rows, strip in self.codec.strips_at(*tensors):
            yield rows, levels(strip).numpy()

    @torch.inference_mode()
    def fills(self, original: np.ndarray, outputs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        tensors = torch.from_numpy(original), torch.from_numpy(outputs)
        fills, trust = self.codec.fills(*tensors)
        return fills.numpy(), trust.numpy()

    @torch.inference_mode()
    def spread(self, planes: np.ndarray, trust: np.ndarray, size: tuple[int, int]) -> np.ndarray:
        return self.codec.spread(torch.from_numpy(planes), torch.from_numpy(trust), size).numpy()

    @property
    def threads(self) -> int:
        return torch.get_num_threads()

    def set_threads(self, count: int) -> None:
        torch.set_num_threads(count)

    @torch.inference_mode()
    def outputs(self, squares: Tensor, cond: Tensor) -> Tensor:
        """Return the outputs of the network, neither evened nor decoded.

        Args:
            squares: `[B, 3, S, S]` uint8, S the model's image size; or one, for all of `cond`.
            cond: `[B, P]` float.

        Returns:
            `[B, O, S, S]` float32 in [-1, 1], on the CPU.
        """
        with memory_advice("close other programs, or use a smaller model"):
            source = self.codec.encode_source(squares.to(self.device))
            source = source.contiguous(memory_format=torch.channels_last)
            with autocast(self.precision, self.device):
                return self.generator(source, cond.to(self.device)).float().cpu()

    @torch.inference_mode()
    def color(self, sketch: Tensor, asked: Tensor) -> Tensor:
        """Return a sketch of the model's size in several colourings, as `__call__` does.

        Args:
            sketch: `[3, S, S]` uint8.
            asked: `[N, A]` value indices.

        Returns:
            `[N, 3, S, S]` float in [0, 1].
        """
        outputs = torch.from_numpy(self.predict_even(sketch.numpy(), asked.tolist()))
        return torch.cat([self.codec.decode_at(sketch[None], output[None]) for output in outputs])

    @torch.inference_mode()
    def color_bare(self, sketch: Tensor, asked: Tensor) -> Tensor:
        """Return what `color` does, decoded as the network says: fills not evened, lines not the sketch's."""
        source = self.codec.encode_source(sketch[None])
        outputs = self.predict_values(sketch.numpy(), asked.tolist())
        return self.codec.decode(source, torch.from_numpy(outputs))


WEIGHTED = (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)  # layers that autocast runs in bfloat16
NARROW = 4  # outputs of a transposed convolution up to which FineUp is faster: 4 x 4 fill a vector


def ready(network: nn.Module, device: torch.device, precision: str) -> nn.Module:
    """Return a copy of a trained network on `device`, for `torch.inference_mode` and `autocast(precision)`.

    Args:
        network: stays as it is.
        precision: "fp32" or "bf16".
    """
    copied = copy.deepcopy(network).eval().requires_grad_(False)
    fold_norms(copied)
    if isinstance(copied, UNet) and device.type == "cpu":
        last = copied.ups[-1]
        if last.conv.out_channels <= NARROW and isinstance(last.norm, nn.Identity):
            last.conv = FineUp(last.conv)
    if precision == "bf16":
        exact = set()
        if isinstance(copied, EncoderUNet):
            exact = {*copied.encoder.modules()}
            copied.encoder = Exact(copied.encoder)
        for layer in copied.modules():
            if isinstance(layer, (*WEIGHTED, FineUp)) and layer not in exact:
                layer.to(torch.bfloat16)
    return copied.to(device, memory_format=torch.channels_last)


@torch.no_grad()
def fold_norms(network: nn.Module) -> None:
    """Put every BatchNorm that follows a convolution into its weights, in place; for use only."""
    for module in list(network.modules()):
        for conv, norm in _normed(module):
            layer, batch_norm = getattr(module, conv), getattr(module, norm)
            transposed = isinstance(layer, nn.ConvTranspose2d)
            setattr(module, conv, fuse_conv_bn_eval(layer, batch_norm, transpose=transposed))
            setattr(module, norm, nn.Identity())
            if isinstance(module, Block) and module.cond is not None:  # is added before the norm
                scale = batch_norm.weight * (batch_norm.running_var + batch_norm.eps).rsqrt()
                module.cond.weight *= scale[:, None]


def _normed(module: nn.Module) -> Iterator[tuple[str, str]]:
    """The names of a module's convolutions and of the BatchNorm that each goes into."""
    names = dict(module.named_children())
    if isinstance(module, Block):
        pairs = [("conv", "norm")]
    elif isinstance(module, nn.Sequential):
        pairs = list(zip(names, list(names)[1:], strict=False))
    else:  # torchvision's blocks
        pairs = [(name, name.replace("conv", "bn")) for name in names if name.startswith("conv")]
    for conv, norm in pairs:
        is_conv = isinstance(names[conv], nn.Conv2d | nn.ConvTranspose2d)
        if is_conv and isinstance(names.get(norm), nn.BatchNorm2d):
            yield conv, norm


class Exact(nn.Module):
    """An encoder that computes in float32, whatever is around it; its features leave in bfloat16.

    It is so deep that rounding adds up: with all in bfloat16, one pixel in fifteen of the built-in model's
    photographs is more than 2 levels (of 255) off; with the encoder exact, hardly any is.
    """

    def __init__(self, encoder: nn.Module):
        super().__init__()
        self.encoder = encoder

    def forward(self, x: Tensor) -> list[Tensor]:
        with torch.autocast(x.device.type, enabled=False):
            return [features.to(torch.bfloat16) for features in self.encoder(x.float())]


class FineUp(nn.Module):
    """A 4x4 transposed convolution of stride 2 as a 2x2 convolution whose outputs interleave.

    Each pixel of a row of the output sees two neighbours of the input: an even one with the weights
    3 and 1, an odd one with 2 and 0. So the four kinds of pixels are four convolutions, which run as
    one with four times the outputs.
    """

    def __init__(self, conv: nn.ConvTranspose2d):
        super().__init__()
        shape = (conv.kernel_size, conv.stride, conv.padding, conv.bias)
        assert shape == ((4, 4), (2, 2), (1, 1), None), shape
        self.outputs = conv.out_channels
        taps = torch.tensor([[3, 1], [2, 0]])  # of the even rows (and columns) and of the odd ones
        weight = conv.weight.detach()[:, :, taps][..., taps]  # (I, O, row kind, y, column kind, x)
        self.weight = nn.Parameter(
            weight.permute(2, 4, 1, 0, 3, 5).flatten(0, 2).contiguous(), requires_grad=False
        )  # (4 O, I, 2, 2)

    def forward(self, x: Tensor) -> Tensor:
        """`[B, I, H, W]` -> `[B, O, 2 H, 2 W]`."""
        found = F.conv2d(x, self.weight, padding=1)  # (B, 4 O, H + 1, W + 1)
        batch, height, width = len(x), *x.shape[-2:]
        made = torch.empty(
            (batch, self.outputs, 2 * height, 2 * width),
            dtype=found.dtype,
            device=x.device,
            memory_format=torch.channels_last,
        )
        kinds = found.split(self.outputs, dim=1)
        for row in (0, 1):
            for column in (0, 1):
                near = kinds[2 * row + column][..., row : row + height, column : column + width]
                made[:, :, row::2, column::2] = near
        return made
