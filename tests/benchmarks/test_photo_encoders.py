"""The encoders of the training of the built-in model of photographs: quick, and the same network."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from benchmarks.release import photo_encoders
from benchmarks.release.photo_encoders import RESTING, Depthwise, Thawed
from condcolor.models.encoders import EfficientNetLite


class Front(nn.Module):
    """In place of the compiled first levels, which take a minute to compile."""

    def __init__(self, encoder: EfficientNetLite, batch: int, side: int, levels: int):
        super().__init__()
        self.own, self.levels = [encoder], levels

    def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
        with torch.no_grad():
            return self.own[0](x)[: self.levels]


@pytest.fixture
def encoder(monkeypatch) -> EfficientNetLite:
    monkeypatch.setattr(photo_encoders, "Resting", Front)
    torch.manual_seed(0)
    own = EfficientNetLite(1).eval()
    for module in own.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_()
            module.running_var.uniform_(0.5, 2)
            nn.init.uniform_(module.weight, 0.5, 2)
            nn.init.normal_(module.bias)
    return own


def apart(one: list[torch.Tensor], other: list[torch.Tensor]) -> float:
    pairs = zip(one, other, strict=True)
    return max(float(((a - b).abs().max() / a.abs().max()).detach()) for a, b in pairs)


def test_a_thawed_encoder_is_the_same_and_can_be_put_back(encoder):
    thawed, x = Thawed(encoder, 2, 64), torch.randn(2, 1, 64, 64)
    assert apart(encoder(x), thawed(x)) < 1e-5
    with torch.no_grad():
        for weight in thawed.levels.parameters():
            weight.mul_(1.01)
    taught = copy.deepcopy(encoder)
    thawed.into(taught)
    assert apart(encoder(x)[:RESTING], taught(x)[:RESTING]) == 0
    assert apart(encoder(x)[RESTING:], taught(x)[RESTING:]) > 1e-3
    assert apart(thawed(x), taught(x)) < 1e-5


def test_all_but_depthwise_kernels_learns(encoder):
    thawed = Thawed(encoder, 2, 64)
    sum(each.square().mean() for each in thawed(torch.randn(2, 1, 64, 64))).backward()
    learning = dict(thawed.levels.named_parameters())
    assert all(weight.grad is not None for weight in learning.values())
    kernels = [m for m in thawed.levels.modules() if isinstance(m, Depthwise)]
    assert kernels
    assert not any(m.weight.requires_grad for m in kernels)


@pytest.mark.parametrize(
    ("side", "stride", "size"), [(3, 1, 21), (5, 1, 22), (5, 2, 43), (3, 2, 22)]
)
def test_the_gradient_of_a_depthwise_convolution_is_torchs(side, stride, size):
    padding = 0 if stride > 1 else side // 2
    conv = nn.Conv2d(6, 6, side, stride, padding, groups=6).double()
    x = torch.randn(2, 6, size, size, dtype=torch.double, requires_grad=True)
    (expected,) = torch.autograd.grad(conv(x).square().sum(), x)
    (found,) = torch.autograd.grad(Depthwise(conv)(x).square().sum(), x)
    assert torch.allclose(found, expected, atol=1e-12)
