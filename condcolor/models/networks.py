"""The networks: UNet, EncoderUNet and PatchGAN.

A condition is a vector of planes `cond [B, P]` (one-hot, concatenated over attributes). It is tiled to
the picture's size and joined to it as channels. No attributes means P = 0, which needs no case of its own.

Two things that look innocent cost a fifth of a training step on a CPU: a join in which one part is tiled
comes out with its channels apart, which every reader then lays out anew; and the gradient of a part is a
slice of the joined one, which BatchNorm walks at a tenth of its speed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypedDict, TypeVar

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from condcolor.imaging.color import luma
from condcolor.models.config import DROPPED_UPS, ModelConfig
from condcolor.models.encoders import ENCODERS

LEAK = 0.2  # slope of LeakyReLU, pix2pix (Isola et al. 2017), section 6.1
INIT_STD = 0.02  # weights ~ N(0, 0.02), same section


class Kernel(TypedDict):
    """Arguments that all convolutions of the U-Net share."""

    kernel_size: int
    stride: int
    padding: int
    bias: bool


KERNEL: Kernel = {"kernel_size": 4, "stride": 2, "padding": 1, "bias": False}  # same section
MIX_GAIN = (
    16.0  # colors of the head move this much faster than weights, to reach +-2 in 1,000 steps
)
CHROMA_GAIN = 4.0  # what a photograph's colors add to its grey is a quarter as large as the grey


Module = TypeVar("Module", bound=nn.Module)


class Block(nn.Module):
    """Activation - 4x4 convolution of stride 2 - BatchNorm - Dropout, with the condition if `planes` > 0.

    A condition joined to the input as constant planes adds, away from the border, a constant to each output
    channel; so it is added as one, which costs nothing and keeps channel counts even.
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
    """Regions from the picture, colors from the condition: `base + sum_k mask_k * color_k(cond)`.

    A flat fill is just that, so the network below need not learn each region in each color, and all
    colorings of a picture share one pass of it.
    """

    def __init__(self, planes: int, masks: int, outputs: int):
        super().__init__()
        self.masks, self.outputs = masks, outputs
        self.colors = nn.Linear(planes, masks * outputs, bias=False)

    def forward(self, x: Tensor, cond: Tensor) -> Tensor:
        """`[B, outputs + masks, H, W]` and `[B, P]` -> `[B, outputs, H, W]`; of either B may be 1."""
        base, masks = x.split((self.outputs, self.masks), dim=1)
        colors = MIX_GAIN * self.colors(cond).view(-1, self.masks, self.outputs)
        return base + torch.einsum("bkhw,bko->bohw", masks.sigmoid(), colors)


class UNet(nn.Module):
    """The pix2pix U-Net (Isola et al. 2017, section 6.1.1) with conditions.

    No layer has a bias; the first and the innermost down have no norm (batch statistics of a 1x1 map
    are empty at batch 1); the three innermost ups have dropout; the output passes a tanh. With
    `keeps_luma` the body says what to add to a grey source in R, G and B, less the luma of that: lines and
    lightness need not be learnt, and no discriminator can tell by them.
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
                    else widths[i] + channels[i],  # joined from this level's down
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
        """Make what finds features; returns the channels of each level, outermost first.

        Args:
            joined: planes that the condition joins the source as.
            planes: those that it is added from at every level.
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
        """Downs of its own always learn."""

    def features(self, x: Tensor, cond: Tensor) -> list[Tensor]:
        """`[B, S, H, W]` -> a map a level, level i of size H / 2^(i+1), W / 2^(i+1)."""
        maps = []
        for down in self.downs:
            x = down(x, cond)
            maps.append(x)
        return maps

    def forward(self, source: Tensor, cond: Tensor) -> Tensor:
        """`source [B, S, H, W]` and `cond [B, P]` -> `[B, O, H, W]` in [-1, 1].

        One source `[1, S, H, W]` may come with several conditions: with a head, the body runs once for
        all of them. With `keeps_luma` it can leave the range a little; decoding cuts it.
        """
        step = self.config.multiple
        if source.shape[-1] % step or source.shape[-2] % step:
            raise ValueError(
                f"height and width must be multiples of {step}, got {list(source.shape[-2:])}"
            )
        if self.head is not None:
            output = self.head(self.body(source, cond), cond)
        else:
            if source.shape[0] != cond.shape[0]:  # `len` would fix the number in an exported graph
                source = source.expand(cond.shape[0], -1, -1, -1)
            output = self.body(join(source, tile(cond, source)), cond)
        if not self.config.keeps_luma:
            return torch.tanh(output)
        added = output.float()
        return source + added - luma(added)

    def body(self, x: Tensor, cond: Tensor) -> Tensor:
        """All but the head and the tanh."""
        skips = self.features(x, cond)
        x = skips.pop()
        for up in self.ups:
            x = up(x, cond)
            if skips:
                x = join(x, skips.pop())
        return x


class EncoderUNet(UNet):
    """A U-Net whose downs are an encoder that may come trained, one of ENCODERS; the ups as in `UNet`."""

    frozen = False

    def _make_downs(self, joined: int, planes: int) -> Sequence[int]:
        self.encoder = ENCODERS[self.config.encoder](self.config.source_channels, joined)
        return self.encoder.widths

    def freeze_encoder(self, frozen: bool) -> None:
        """Let the encoder rest, its norm statistics too, or learn with the ups."""
        self.frozen = frozen
        self.encoder.requires_grad_(not frozen)

    def train(self, mode: bool = True) -> EncoderUNet:
        super().train(mode)
        if self.frozen:
            self.encoder.eval()
        return self

    def features(self, x: Tensor, cond: Tensor) -> list[Tensor]:
        return self.encoder(x)


def make_generator(config: ModelConfig) -> UNet:
    """The generator that `config` describes, with random weights."""
    return (UNet if config.encoder == "none" else EncoderUNet)(config)


class PatchGAN(nn.Module):
    """The 70x70 patch discriminator (Isola et al. 2017, section 6.1.2): logits, one for each patch.

    Conv 4x4 - BatchNorm - LeakyReLU blocks, no norm in the first and the last; the last two have stride 1.
    256 px give 30x30 logits. With `disc_norm` "spectral" no BatchNorm, and every weight has spectral norm 1:
    a batch that is all real or all generated tells itself by its statistics, which in use are others. With
    `keeps_luma` it sees, besides the source, only what a picture adds to that.
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
    """Weights ~ N(0, 0.02), norm scales ~ N(1, 0.02), biases 0."""
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
    return sum(p.numel() for p in module.parameters())


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
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return x.view_as(x)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        return grad.contiguous(memory_format=torch.channels_last)
