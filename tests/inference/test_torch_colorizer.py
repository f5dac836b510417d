"""A network made ready says what the trained one says."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from condcolor.inference.torch_colorizer import FineUp, ready
from condcolor.models.config import COND_LEVELS, ModelConfig
from condcolor.models.networks import make_generator
from condcolor.runtime.devices import autocast

CPU = torch.device("cpu")
SMALL = {"base_channels": 8, "max_channels": 16}


def trained(levels: str = "input", encoder: str = "none", outputs: int = 3) -> nn.Module:
    """A network whose norms have statistics and weights of their own."""
    torch.manual_seed(0)
    config = ModelConfig(3, outputs, 4, depth=5, encoder=encoder, cond_levels=levels, **SMALL)
    network = make_generator(config).eval()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            for values in (module.weight, module.running_var):
                nn.init.uniform_(values, 0.5, 1.5)
            for values in (module.bias, module.running_mean):
                nn.init.normal_(values, std=0.1)
    return network


def said(network: nn.Module, precision: str = "fp32", count: int = 4) -> torch.Tensor:
    """`[4, O, 64, 64]`: one source in four colours, given `count` times."""
    source = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(1)) * 2 - 1
    with torch.inference_mode(), autocast(precision, CPU):
        return network(source.expand(count, -1, -1, -1), torch.eye(4)).float()


@pytest.mark.parametrize("levels", COND_LEVELS)
@pytest.mark.parametrize("encoder", ["none", "resnet18", "efficientnet-lite0"])
def test_all_norms_go_into_the_weights_and_the_outputs_stay(levels, encoder):
    network = trained(levels, encoder)
    made = ready(network, CPU, "fp32")
    assert not [m for m in made.modules() if isinstance(m, nn.BatchNorm2d)]
    assert said(network).std() > 0.01
    assert torch.allclose(said(network), said(made), atol=2e-5)


@pytest.mark.parametrize("levels", COND_LEVELS)
def test_in_bf16_the_weights_are_so_once_and_the_outputs_near(levels):
    network = trained(levels)
    made = ready(network, CPU, "bf16")
    convs = [m for m in made.modules() if isinstance(m, nn.Conv2d | nn.ConvTranspose2d)]
    assert {m.weight.dtype for m in convs} == {torch.bfloat16}
    assert (said(network) - said(made, "bf16")).abs().mean() < 0.01


def test_a_deep_encoder_keeps_its_precision():
    network = trained(encoder="efficientnet-lite0")
    made = ready(network, CPU, "bf16")
    dtypes = {name: p.dtype for name, p in made.named_parameters()}
    assert {d for name, d in dtypes.items() if name.startswith("encoder")} == {torch.float32}
    source = torch.rand(2, 7, 64, 64)
    with torch.inference_mode():
        expected = network.encoder(source)
        with autocast("bf16", CPU):
            features = made.encoder(source)
    for one, other in zip(features, expected, strict=True):
        assert one.dtype == torch.bfloat16
        assert torch.allclose(one.float(), other, rtol=0.01, atol=1e-4)
    assert (said(network) - said(made, "bf16")).abs().mean() < 0.01


def test_the_trained_network_stays_as_it_was():
    network = trained()
    before = copy.deepcopy(network.state_dict())
    ready(network, CPU, "bf16")
    after = network.state_dict()
    assert list(before) == list(after)
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert all(p.requires_grad for p in network.parameters())


def test_the_last_layer_interleaved_is_the_transposed_convolution():
    conv = nn.ConvTranspose2d(5, 3, 4, 2, 1, bias=False)
    picture = torch.rand(2, 5, 6, 7)
    with torch.no_grad():
        assert torch.allclose(conv(picture), FineUp(conv)(picture), atol=1e-6)
    narrow, wide = ready(trained(), CPU, "fp32"), ready(trained(outputs=5), CPU, "fp32")
    assert isinstance(narrow.ups[-1].conv, FineUp)
    assert isinstance(wide.ups[-1].conv, nn.ConvTranspose2d)


@pytest.mark.parametrize("levels", COND_LEVELS)
def test_one_source_in_several_colours_is_as_if_it_were_given_several_times(levels):
    network = trained(levels)
    assert torch.allclose(said(network), said(network, count=1), atol=1e-6)


def test_with_a_head_the_body_runs_once_for_all_colours(monkeypatch):
    network, batches = trained("head"), []
    honest = network.body
    monkeypatch.setattr(network, "body", lambda x, c: batches.append(len(x)) or honest(x, c))
    assert len(said(network, count=1)) == 4
    assert batches == [1]
