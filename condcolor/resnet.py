"""torchvision's ResNets (He et al. 2016) as encoders, under torchvision's own names of layers and weights."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of RGB in [0, 1]
COUNTER = "num_batches_tracked"  # of a BatchNorm; files from before 2018 have none


class ResNet(nn.Module):
    """A ResNet without its classifier.

    Source in [-1, 1]; features at 1/2, 1/4, 1/8, 1/16 and 1/32 of its size.
    """

    name = ""  # of the function in torchvision.models
    widths: tuple[int, ...] = ()

    def __init__(self, source_channels: int, planes: int = 0):
        super().__init__()
        from condcolor.vision import torchvision  # seconds, which models without it need not wait

        whole = getattr(torchvision.models, self.name)(weights=None)
        self.conv1, self.bn1, self.relu, self.maxpool = (
            whole.conv1,
            whole.bn1,
            whole.relu,
            whole.maxpool,
        )
        if planes:
            self.conv1 = nn.Conv2d(3 + planes, 64, 7, 2, 3, bias=False)
        self.layer1, self.layer2 = whole.layer1, whole.layer2
        self.layer3, self.layer4 = whole.layer3, whole.layer4
        self.source_channels = source_channels
        mean, std = (torch.tensor(v).view(1, 3, 1, 1) for v in (IMAGENET_MEAN, IMAGENET_STD))
        self.register_buffer("mean", 2 * mean - 1, persistent=False)  # in [-1, 1]
        self.register_buffer("std", 2 * std, persistent=False)

    def forward(self, x: Tensor) -> list[Tensor]:
        """`[B, C, H, W]` -> five feature maps, the finest first. A grey source counts as R = G = B."""
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
        """Whether these are weights of this network as torchvision has them, for RGB."""
        expected = {k: v.shape for k, v in type(self)(3).state_dict().items() if COUNTER not in k}
        return all(k in weights and weights[k].shape == shape for k, shape in expected.items())

    def load_published(self, weights: Mapping[str, Tensor]) -> None:
        """Take over torchvision's weights; channels behind the source's own (conditions) begin at 0."""
        own = self.state_dict()
        first = torch.zeros_like(own["conv1.weight"])  # (64, 3 + P, 7, 7)
        first[:, :3] = weights["conv1.weight"]
        theirs = {k: weights.get(k, own[k]) for k in own}
        self.load_state_dict(theirs | {"conv1.weight": first})


class ResNet18(ResNet):
    name, widths = "resnet18", (64, 64, 128, 256, 512)


class ResNet34(ResNet):
    name, widths = "resnet34", (64, 64, 128, 256, 512)


class ResNet50(ResNet):
    name, widths = "resnet50", (64, 256, 512, 1024, 2048)
