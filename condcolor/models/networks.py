"""The networks: UNet, EncoderUNet (generators), PatchGAN (discriminator).

A condition is a vector `cond [B, P]`, one-hot and concatenated over attributes. It is tiled to the picture's
size and concatenated as channels. Without attributes P = 0, which needs no special case.

Memory layout costs a fifth of a training step on a CPU: concatenating a tiled tensor gives a result that is
not channels_last, which each consumer copies; and the gradient of a part is a slice of the whole gradient, on
which BatchNorm runs at a tenth of its speed. `join` avoids both.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypedDict, TypeVar

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from condcolor.conditions.hints import HINT_PLANES
from condcolor.imaging.color import luma
from condcolor.models.config import DROPPED_UPS, ModelConfig
from condcolor.models.encoders import ENCODERS
from condcolor.models.hints import JOINED, SPREAD_LEVEL, HintSpread

LEAK = 0.2  # slope of LeakyReLU, pix2pix (Isola et al. 2017), section 6.1
INIT_STD = 0.02  # standard deviation of initial weights, same section


class Kernel(TypedDict):
    """Arguments that all convolutions of the U-Net share."""

    kernel_size: int
    stride: int
    padding: int
    bias: bool


KERNEL: Kernel = {"kernel_size": 4, "stride": 2, "padding": 1, "bias": False}  # same section
# gain of the head's colors over its weights, so that they reach +-2 in 1,000 steps
MIX_GAIN = 16.0
CHROMA_GAIN = 4.0  # the chroma of photographs is a quarter as large as their grey


Module = TypeVar("Module", bound=nn.Module)


class Block(nn.Module):
    """Activation - 4x4 convolution of stride 2 - BatchNorm - Dropout, with the condition if `planes` > 0.

    Constant planes concatenated to the input would add a constant to each output channel, except at the
    border. So the condition is added as a bias, which is cheaper and keeps channel counts even.
    """

    def __init__(
        self,
        act: nn.Module,
        conv: nn.Conv2d | nn.ConvTranspose2d,
        *,
        norm: bool,
        dropout: float,
        planes: int,
    ):
        super().__init__()
        self.act = act
        self.conv: nn.Module = conv
        self.cond = nn.Linear(planes, conv.out_channels, bias=False) if planes else None
        self.norm = nn.BatchNorm2d(conv.out_channels) if norm else nn.Identity()
        self.drop = nn.Dropout(dropout) if dropout else nn.Identity()

    def forward(self, x: Tensor, cond: Tensor) -> Tensor:
        x = self.conv(self.act(x))
        if self.cond is not None:
            x = x + self.cond(cond)[:, :, None, None]
        return self.drop(self.norm(x))


class MixHead(nn.Module):
    """Region masks from the picture, colors from the condition: `base + sum_k mask_k * color_k(cond)`.

    This is the form of flat fills: the body need not learn each region in each color, and all colorings of a
    picture share one pass of the body.
    """

    def __init__(self, planes: int, masks: int, outputs: int):
        super().__init__()
        self.masks, self.outputs = masks, outputs
        self.colors = nn.Linear(planes, masks * outputs, bias=False)

    def forward(self, x: Tensor, cond: Tensor) -> Tensor:
        """`[B, outputs + masks, H, W]` and `[B, P]` -> `[B, outputs, H, W]`; either B may be 1."""
        base, masks = x.split((self.outputs, self.masks), dim=1)
        colors = MIX_GAIN * self.colors(cond).view(-1, self.masks, self.outputs)
        return base + torch.einsum("bkhw,bko->bohw", masks.sigmoid(), colors)


class UNet(nn.Module):
    """The pix2pix U-Net (Isola et al. 2017, section 6.1.1) with conditions.

    No layer has a bias. The first and the innermost down have no norm (batch statistics of a 1x1 map are
    undefined at batch 1). The three innermost ups have dropout. The output passes a tanh. With `keeps_luma`
    the body predicts an RGB offset, whose luma is subtracted, to the grey source: lines and lightness need
    not be learned, and the discriminator cannot judge by them.
    """

    def __init__(self, config: ModelConfig):
        super().__init__()
        self.config = config
        mixed = config.cond_levels == "head" and config.cond_planes > 0
        planes = config.cond_planes if config.cond_levels == "all" else 0
        joined = 0 if mixed else config.cond_planes
        self.head = (
            MixHead(config.cond_planes, config.mix_masks, config.output_channels) if mixed else None
        )
        last = config.output_channels + (config.mix_masks if mixed else 0)
        channels = self._make_downs(joined, planes)
        widths = config.widths()
        self.ups = nn.ModuleList()  # innermost first
        for i in reversed(range(config.depth)):
            innermost = i == config.depth - 1
            up = Block(
                nn.ReLU(),
                nn.ConvTranspose2d(
                    channels[i]
                    if innermost
                    else widths[i] + channels[i],  # with the skip connection of this level
                    widths[i - 1] if i > 0 else last,
                    **KERNEL,
                ),
                norm=i > 0,
                dropout=config.dropout if i > 0 and len(self.ups) < DROPPED_UPS else 0.0,
                planes=planes,
            )
            self.ups.append(up)
        self.ups.apply(init_weights)
        if self.head is not None:
            self.head.apply(init_weights)

    def _make_downs(self, joined: int, planes: int) -> Sequence[int]:
        """Make the encoder path and return the channels of each level, outermost first.

        Args:
            joined: condition planes concatenated to the source.
            planes: condition planes added at every level.
        """
        config, widths = self.config, self.config.widths()
        channels = [config.source_channels + joined, *widths]
        self.downs = nn.ModuleList(
            Block(
                nn.LeakyReLU(LEAK) if i > 0 else nn.Identity(),
                nn.Conv2d(channels[i], width, **KERNEL),
                norm=0 < i < config.depth - 1,
                dropout=0.0,
                planes=planes if i > 0 else 0,
            )
            for i, width in enumerate(widths)
        )
        self.downs.apply(init_weights)
        return widths

    def freeze_encoder(self, frozen: bool) -> None:
        """Do nothing: the U-Net's own downs are never frozen."""

    def features(self, x: Tensor, cond: Tensor) -> list[Tensor]:
        """`[B, S, H, W]` -> a feature map per level, level i of size H / 2^(i+1), W / 2^(i+1)."""
        maps = []
        for down in self.downs:
            x = down(x, cond)
            maps.append(x)
        return maps

    def forward(self, source: Tensor, cond: Tensor) -> Tensor:
        """`source [B, S, H, W]` and `cond [B, P]` -> `[B, O, H, W]` in [-1, 1].

        A single source `[1, S, H, W]` may have several conditions; with a head, the body runs once for all of
        them. With `keeps_luma` the output can slightly exceed the range; decoding clamps it.

        Raises:
            ValueError: height or width is not a multiple of `config.multiple`.
        """
        step = self.config.multiple
        if source.shape[-1] % step or source.shape[-2] % step:
            raise ValueError(
                f"height and width must be multiples of {step}, got {list(source.shape[-2:])}"
            )
        if self.head is not None:
            output = self.head(self.body(source, cond), cond)
        else:
            if source.shape[0] != cond.shape[0]:  # `len` would be a constant in an exported graph
                source = source.expand(cond.shape[0], -1, -1, -1)
            output = self.body(join(source, tile(cond, source)), cond)
        if not self.config.keeps_luma:
            return torch.tanh(output)
        added = output.float()
        return source + added - luma(added)

    def body(self, x: Tensor, cond: Tensor) -> Tensor:
        """Apply downs and ups: `[B, C, H, W]` -> `[B, O, H, W]`, without head and tanh."""
        skips = self.features(x, cond)
        x = skips.pop()
        for up in self.ups:
            x = up(x, cond)
            if skips:
                x = join(x, skips.pop())
        return x


class EncoderUNet(UNet):
    """A U-Net whose downs are one of ENCODERS, which may be pretrained; the ups are those of `UNet`."""

    frozen = False

    def _make_downs(self, joined: int, planes: int) -> Sequence[int]:
        self.encoder = ENCODERS[self.config.encoder](self.config.source_channels, joined)
        widths = self.encoder.widths
        if not self.config.hints:
            return widths
        self.spread = HintSpread(widths[SPREAD_LEVEL])
        return [width + JOINED for width in widths]

    def freeze_encoder(self, frozen: bool) -> None:
        """Freeze the encoder, with its BatchNorm statistics, or let it learn."""
        self.frozen = frozen
        self.encoder.requires_grad_(not frozen)

    def train(self, mode: bool = True) -> EncoderUNet:
        super().train(mode)
        if self.frozen:
            self.encoder.eval()
        return self

    def features(self, x: Tensor, cond: Tensor) -> list[Tensor]:
        """The encoder's maps; with `config.hints` each with the hints near by and those of alike places."""
        if not self.config.hints:
            return self.encoder(x)
        source = x[:, : self.config.source_channels]
        hints = x[:, self.config.source_channels :]
        if not hints.shape[1]:
            hints = torch.zeros_like(source).expand(-1, HINT_PLANES, -1, -1)
        maps = self.encoder(source)
        planes = self.spread.planes(maps, hints)
        return [join(*pair) for pair in zip(maps, planes, strict=True)]


def make_generator(config: ModelConfig) -> UNet:
    """Make the generator of `config` with random weights."""
    return (UNet if config.encoder == "none" else EncoderUNet)(config)


class PatchGAN(nn.Module):
    """The 70x70 patch discriminator (Isola et al. 2017, section 6.1.2), with a logit for each patch.

    Blocks of 4x4 convolution, BatchNorm and LeakyReLU; the first and the last have no norm, the last two
    stride 1. 256 px give 30x30 logits. With `disc_norm` "spectral" there is no BatchNorm and each weight has
    spectral norm 1: batches that are all real or all generated differ in their statistics, which BatchNorm
    exposes. With `keeps_luma` it sees the difference of picture and source instead of the picture.
    """

    def __init__(self, config: ModelConfig):
        super().__init__()
        self.keeps_luma = config.keeps_luma
        inputs = config.source_channels + config.output_channels + config.cond_planes
        widths = [config.disc_channels * min(2**i, 8) for i in range(config.disc_layers + 1)]
        layers: list[nn.Module] = []
        for i, width in enumerate(widths):
            stride = 2 if i < config.disc_layers else 1
            plain = i == 0 or config.disc_norm != "batch"
            layers.append(nn.Conv2d(inputs, width, 4, stride=stride, padding=1, bias=plain))
            if not plain:
                layers.append(nn.BatchNorm2d(width))
            layers.append(nn.LeakyReLU(LEAK))
            inputs = width
        layers.append(nn.Conv2d(inputs, 1, 4, stride=1, padding=1))
        self.layers = nn.Sequential(*layers)
        self.apply(init_weights)
        if config.disc_norm == "spectral":
            for layer in self.layers:
                if isinstance(layer, nn.Conv2d):
                    spectral_norm(layer)

    def forward(self, source: Tensor, picture: Tensor, cond: Tensor) -> Tensor:
        """`[B, S, H, W]`, `[B, O, H, W]` in [-1, 1], `[B, P]` -> logits `[B, 1, h, w]`."""
        if self.keeps_luma:
            picture = CHROMA_GAIN * (picture - source)
        return self.layers(join(source, picture, tile(cond, source)))


def init_weights(module: nn.Module) -> None:
    """Initialize weights ~ N(0, INIT_STD), norm scales ~ N(1, INIT_STD), biases 0."""
    if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)):
        nn.init.normal_(module.weight, 0.0, INIT_STD)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
    elif isinstance(module, nn.BatchNorm2d):
        nn.init.normal_(module.weight, 1.0, INIT_STD)
        nn.init.zeros_(module.bias)


def to_channels_last(module: Module, device: torch.device) -> Module:
    """The module on `device`, its weights in channels_last."""
    # torch's overloads of `to` lack memory_format
    return module.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]


def count_parameters(module: nn.Module) -> int:
    """Return the number of parameters."""
    return sum(p.numel() for p in module.parameters())


def tile(cond: Tensor, like: Tensor) -> Tensor:
    """Expand `cond [B, P]` to planes `[B, P, H, W]` of the size and dtype of `like [B, C, H, W]`."""
    return cond.to(like.dtype)[:, :, None, None].expand(-1, -1, *like.shape[-2:])


def join(*parts: Tensor) -> Tensor:
    """Concatenate channels, `[B, C_i, H, W]` -> `[B, sum C_i, H, W]`, in channels_last if the first part is.

    Under autocast the result has autocast's dtype, to which a convolution would cast it anyway.
    """
    first = parts[0]
    kind = first.device.type
    if torch.amp.is_autocast_available(kind) and torch.is_autocast_enabled(kind):
        parts = tuple(part.to(torch.get_autocast_dtype(kind)) for part in parts)
    # in an exported graph, a test of the layout would fix the size
    if torch.compiler.is_exporting() or not first.is_contiguous(memory_format=torch.channels_last):
        return torch.cat(parts, dim=1)
    own = (_DenseGradient.apply(part) if part.requires_grad else part for part in parts)
    rows = [part.permute(0, 2, 3, 1) for part in own]
    return torch.cat(rows, dim=3).permute(0, 3, 1, 2)


class _DenseGradient(torch.autograd.Function):
    """The identity, whose gradient is copied to channels_last."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return x.view_as(x)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        return grad.contiguous(memory_format=torch.channels_last)
