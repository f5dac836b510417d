"""The network made ready (BatchNorm folded, bfloat16) and run by torch.

For inference, BatchNorm, a scale and offset of each channel, is folded into the weights; the weights are
converted to the precision of use once instead of in each call; and the last layer, which has few outputs, is
replaced by a faster form. Pretrained encoders stay in float32, since bfloat16 is too coarse for them.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from condcolor.conditions.schema import NOT_APPLICABLE, AttributeSchema
from condcolor.imaging.open import Picture
from condcolor.imaging.part_regions import PartRegions
from condcolor.imaging.regions import Regions
from condcolor.inference.colorizer import Colorizer
from condcolor.inference.parts import find_pixel_regions
from condcolor.inference.runner import learned_flat_fills
from condcolor.models.checkpoint import Model, load_model
from condcolor.models.codecs import Codec, levels
from condcolor.models.model_folder import ModelInfo
from condcolor.models.networks import Block, EncoderUNet, UNet, to_channels_last
from condcolor.runtime.devices import autocast, pick_device, pick_precision
from condcolor.runtime.process import memory_advice


class TorchColorizer(Colorizer):
    """A Colorizer that runs a model by torch. Thread-safe."""

    codec: Codec

    def __init__(
        self,
        model: Model,
        *,
        vivid: float | None = None,
        device: str | None = None,
        precision: str = "fp32",
    ):
        self.model, self.recipe = model, model.recipe
        self.schema, self.image_size = model.schema, model.image_size
        self.vivid = model.vivid if vivid is None else vivid
        self.codec, self.table = model.codec, model.parts or self.table
        if vivid is not None or model.vivid != 1:
            self.codec = self.codec.with_vivid(self.vivid)
        self.device = pick_device(device)
        self.precision = pick_precision(precision, self.device)
        self.takes_hints = model.config.hints
        self.generator = ready(model.generator, self.device, self.precision)
        self.flat = learned_flat_fills(model.training)

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
            UsageError: an unknown device or precision, or a `vivid` that the model does not support.
            CheckpointError: the model is missing, damaged or of a newer format.
        """
        return cls(load_model(folder), vivid=vivid, device=device, precision=precision)

    def predict(
        self, squares: np.ndarray, cond: np.ndarray, hints: np.ndarray | None = None
    ) -> np.ndarray:
        given = None if hints is None else torch.from_numpy(hints)
        return self.outputs(torch.from_numpy(squares), torch.from_numpy(cond), given).numpy()

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
    def outputs(self, squares: Tensor, cond: Tensor, hints: Tensor | None = None) -> Tensor:
        """Return the outputs of the network.

        Args:
            squares: `[B, 3, S, S]` uint8, S the image size of the model; or a single one for all of `cond`.
            cond: `[B, P]` float.
            hints: `[B, 3, S, S]` float, as in FramedPicture; None without hints.

        Returns:
            `[B, O, S, S]` float32 in [-1, 1], on the CPU.
        """
        with memory_advice("close other programs, or use a smaller model"):
            source = self.codec.encode_source(squares.to(self.device))
            if hints is not None:
                source = torch.cat((source, hints.to(self.device)), dim=1)
            source = source.contiguous(memory_format=torch.channels_last)
            with autocast(self.precision, self.device):
                return self.generator(source, cond.to(self.device)).float().cpu()

    @torch.inference_mode()
    def color(self, sketch: Tensor, values: Tensor) -> Tensor:
        """Color a sketch of the model's image size with several conditions, as `__call__` does.

        Args:
            sketch: `[3, S, S]` uint8.
            values: `[N, A]` value indices.

        Returns:
            `[N, 3, S, S]` float in [0, 1].
        """
        if self.codec.parts:
            return self._recolored(sketch, values, whole=True)
        outputs = torch.from_numpy(self.predict_even(sketch.numpy(), values.tolist()))
        return torch.cat([self.codec.decode_at(sketch[None], output[None]) for output in outputs])

    @torch.inference_mode()
    def color_bare(self, sketch: Tensor, values: Tensor) -> Tensor:
        """Color as `color` does, by the network alone: fills are not made even, lines are the network's."""
        source = self.codec.encode_source(sketch[None])
        if self.codec.parts:
            return self._recolored(sketch, values, whole=False)
        outputs = self.predict_values(sketch.numpy(), values.tolist())
        return self.codec.decode(source, torch.from_numpy(outputs))

    def _recolored(self, sketch: Tensor, values: Tensor, *, whole: bool) -> Tensor:
        """Return colorings as `color` does, by the parts of whole pieces or of each pixel."""
        picture = Picture(sketch.permute(1, 2, 0).contiguous().numpy(), None)
        framed = self._frame(picture)
        if whole:
            regions: PartRegions = self._parts(framed).regions()
        else:
            assert framed.drawing is not None
            scores = self.predict(framed.square[None], np.zeros((1, 0), np.float32))[0]
            regions = find_pixel_regions(
                framed.drawing, framed.crop(scores), self.schema, self.table
            )
        return colored(regions, self.schema.required, values)


def colored(regions: Regions, schema: AttributeSchema, values: Tensor) -> Tensor:
    """Return regions in several colors, `[N, 3, H, W]` float in [0, 1], by value indices `[N, A]`."""
    rows = [regions.recolor(**_asked(schema, row)) for row in values.tolist()]
    pixels = np.stack([np.asarray(image) for image in rows])
    return torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 255


def _asked(schema: AttributeSchema, indices: Sequence[int]) -> dict[str, str]:
    """Return the value of each attribute; none, which leaves the part white, where it does not apply."""
    pairs = zip(schema.attributes, indices, strict=True)
    return {a.name: "none" if i == NOT_APPLICABLE else a.values[i] for a, i in pairs}


WEIGHTED = (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)  # layers that autocast runs in bfloat16
NARROW = 4  # output channels up to which FineUp is faster: 4 x 4 fill a vector register


def ready(network: nn.Module, device: torch.device, precision: str) -> nn.Module:
    """Copy a trained network to `device`, optimized for `torch.inference_mode` and `autocast(precision)`.

    Args:
        network: the network, which is not changed.
        precision: "fp32" or "bf16".
    """
    prepared = copy.deepcopy(network).eval().requires_grad_(False)
    fold_norms(prepared)
    if isinstance(prepared, UNet) and device.type == "cpu":
        last = prepared.ups[-1]
        assert isinstance(last, Block)
        assert isinstance(last.conv, nn.ConvTranspose2d)
        if last.conv.out_channels <= NARROW and isinstance(last.norm, nn.Identity):
            last.conv = FineUp(last.conv)
    if precision == "bf16":
        exact: set[nn.Module] = set()
        if isinstance(prepared, EncoderUNet):
            exact = {*prepared.encoder.modules()}
            prepared.register_module("encoder", Exact(prepared.encoder))
        for layer in prepared.modules():
            if isinstance(layer, (*WEIGHTED, FineUp)) and layer not in exact:
                layer.to(torch.bfloat16)
    return to_channels_last(prepared, device)


@torch.no_grad()
def fold_norms(network: nn.Module) -> None:
    """Fold each BatchNorm after a convolution into its weights, in place; for inference only."""
    for module in list(network.modules()):
        for conv, norm in _normed(module):
            layer, batch_norm = getattr(module, conv), getattr(module, norm)
            transposed = isinstance(layer, nn.ConvTranspose2d)
            setattr(module, conv, fuse_conv_bn_eval(layer, batch_norm, transpose=transposed))
            setattr(module, norm, nn.Identity())
            if isinstance(module, Block) and module.cond is not None:  # added before the norm
                scale = batch_norm.weight * (batch_norm.running_var + batch_norm.eps).rsqrt()
                module.cond.weight *= scale[:, None]


def _normed(module: nn.Module) -> Iterator[tuple[str, str]]:
    """Yield the names of a module's convolutions and of the BatchNorm that follows each."""
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
    """An encoder that computes in float32 under autocast and returns features in bfloat16.

    Rounding errors add up in a deep encoder: with all of the built-in model in bfloat16, one pixel in fifteen
    of its photographs is off by more than 2 levels of 255; with an exact encoder, almost none.
    """

    def __init__(self, encoder: nn.Module):
        super().__init__()
        self.encoder = encoder

    def forward(self, x: Tensor) -> list[Tensor]:
        with torch.autocast(x.device.type, enabled=False):
            return [features.to(torch.bfloat16) for features in self.encoder(x.float())]


class FineUp(nn.Module):
    """A 4x4 transposed convolution of stride 2 as a 2x2 convolution with interleaved outputs.

    Along a row, an even output pixel depends on two input pixels by the weights 3 and 1, an odd one by the
    weights 2 and 0. So the four kinds of output pixels are four convolutions, computed as one with four times
    the output channels (sub-pixel convolution, Shi et al. 2016).
    """

    def __init__(self, conv: nn.ConvTranspose2d):
        super().__init__()
        shape = (conv.kernel_size, conv.stride, conv.padding, conv.bias)
        assert shape == ((4, 4), (2, 2), (1, 1), None), shape
        self.outputs = conv.out_channels
        taps = torch.tensor([[3, 1], [2, 0]])  # of even rows (and columns), and of odd ones
        weight = conv.weight.detach()[:, :, taps][..., taps]  # (I, O, row kind, y, column kind, x)
        self.weight = nn.Parameter(
            weight.permute(2, 4, 1, 0, 3, 5).flatten(0, 2).contiguous(), requires_grad=False
        )  # (4 O, I, 2, 2)

    def forward(self, x: Tensor) -> Tensor:
        """`[B, I, H, W]` -> `[B, O, 2 H, 2 W]`."""
        convolved = F.conv2d(x, self.weight, padding=1)  # (B, 4 O, H + 1, W + 1)
        batch, height, width = len(x), *x.shape[-2:]
        output = torch.empty(
            (batch, self.outputs, 2 * height, 2 * width),
            dtype=convolved.dtype,
            device=x.device,
            memory_format=torch.channels_last,
        )
        kinds = convolved.split(self.outputs, dim=1)
        for row in (0, 1):
            for column in (0, 1):
                near = kinds[2 * row + column][..., row : row + height, column : column + width]
                output[:, :, row::2, column::2] = near
        return output
