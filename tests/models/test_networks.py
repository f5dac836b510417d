from __future__ import annotations

import pytest
import torch
from torch import nn

from condcolor.imaging.color import luma
from condcolor.models.config import COND_LEVELS, ModelConfig
from condcolor.models.hints import HintSpread, pooled_hints
from condcolor.models.networks import (
    EncoderUNet,
    PatchGAN,
    UNet,
    count_parameters,
    join,
    tile,
)

LAST = torch.channels_last


def parts():
    generator = torch.Generator().manual_seed(0)
    pictures = [torch.rand(2, n, 4, 6, generator=generator) for n in (3, 2)]
    return [p.contiguous(memory_format=LAST).requires_grad_() for p in pictures]


def test_planes_are_constant():
    planes = tile(torch.tensor([[1.0, 0.5]]), torch.zeros(1, 3, 4, 6, dtype=torch.bfloat16))
    assert planes.shape == (1, 2, 4, 6)
    assert planes.dtype == torch.bfloat16
    assert planes[0].flatten(1).unique(dim=1).flatten().tolist() == [1.0, 0.5]


@pytest.mark.parametrize("lay", [torch.contiguous_format, LAST])
def test_a_join_is_what_cat_gives_and_so_are_its_gradients(lay):
    a, b = (p.detach().contiguous(memory_format=lay).requires_grad_() for p in parts())
    cond = torch.rand(2, 5)
    weight = torch.rand(2, 10, 4, 6)
    joined = join(a, b, tile(cond, a))
    assert torch.equal(joined, torch.cat((a, b, tile(cond, a)), dim=1))
    (joined * weight).sum().backward()
    assert torch.equal(a.grad, weight[:, :3])
    assert torch.equal(b.grad, weight[:, 3:5])


def test_nothing_tiled_is_nothing_joined():
    a, _ = parts()
    assert torch.equal(join(a, tile(torch.zeros(2, 0), a)), a)


def test_it_comes_laid_out_for_convolutions_and_its_gradients_do_too():
    a, b = parts()
    seen = []
    a.register_hook(lambda grad: seen.append(grad.is_contiguous(memory_format=LAST)))
    joined = join(a, b, tile(torch.rand(2, 5), a))
    assert joined.is_contiguous(memory_format=LAST)
    joined.square().sum().backward()
    assert seen == [True]


def test_under_autocast_it_is_what_a_convolution_would_make_of_it():
    a, b = parts()
    conv = nn.Conv2d(5, 2, 3)
    with torch.autocast("cpu", torch.bfloat16):
        joined = join(a, b)
        assert joined.dtype == torch.bfloat16
        assert torch.equal(conv(joined), conv(torch.cat((a, b), dim=1)))


SMALL = {"base_channels": 4, "max_channels": 8, "depth": 4, "disc_channels": 4}


@pytest.mark.parametrize(
    ("channels", "unet", "patchgan"),
    [((1, 2, 0), 54_409_856, 2_765_633), ((3, 3, 10), 54_424_192, 2_778_945)],
)
def test_parameter_counts_are_the_published_ones(channels, unet, patchgan):
    with torch.device("meta"):
        config = ModelConfig(*channels)
        assert count_parameters(UNet(config)) == unet
        assert count_parameters(PatchGAN(config)) == patchgan


def test_layers_are_those_of_pix2pix():
    with torch.device("meta"):
        unet, patchgan = UNet(ModelConfig(3, 3, 10)), PatchGAN(ModelConfig(3, 3, 10))
    assert [d.conv.out_channels for d in unet.downs] == [64, 128, 256, 512, 512, 512, 512, 512]
    assert unet.downs[0].conv.in_channels == 13
    assert patchgan.layers[0].in_channels == 16
    assert unet.ups[-1].conv.in_channels == 128
    named = dict(unet.named_parameters())
    assert not [n for n in named if n.endswith("conv.bias")]
    dropped = [isinstance(up.drop, torch.nn.Dropout) for up in unet.ups]
    assert dropped == [True] * 3 + [False] * 5
    normed = [isinstance(d.norm, torch.nn.BatchNorm2d) for d in unet.downs]
    assert normed == [False, *[True] * 6, False]
    biased = [m.bias is not None for m in patchgan.layers if isinstance(m, torch.nn.Conv2d)]
    assert biased == [True, False, False, False, True]


def test_patches_are_30_by_30_and_see_70_by_70():
    config = ModelConfig(1, 2, disc_channels=4)
    patchgan = PatchGAN(config).eval()
    source = torch.zeros(1, 1, 256, 256, requires_grad=True)
    logits = patchgan(source, torch.zeros(1, 2, 256, 256), torch.zeros(1, 0))
    assert logits.shape == (1, 1, 30, 30)
    logits[0, 0, 15, 15].backward()
    seen = source.grad[0, 0].nonzero()
    assert (seen.amax(0) - seen.amin(0) + 1).tolist() == [70, 70]


def test_weights_begin_as_pix2pix_says():
    weights = UNet(ModelConfig(3, 3, depth=4)).downs[2].conv.weight.detach()
    assert abs(float(weights.std()) - 0.02) < 1e-3
    assert abs(float(weights.mean())) < 1e-3


@pytest.mark.parametrize("levels", COND_LEVELS)
def test_every_attribute_value_changes_the_output(levels):
    torch.manual_seed(0)
    unet = UNet(ModelConfig(3, 3, 4, cond_levels=levels, **SMALL)).eval()
    source = torch.rand(1, 3, 32, 32).expand(4, -1, -1, -1)
    outputs = unet(source, torch.eye(4))
    assert outputs.shape == (4, 3, 32, 32)
    assert outputs.abs().max() <= 1
    for i in range(4):
        for j in range(i):
            assert (outputs[i] - outputs[j]).abs().max() > 1e-4


@pytest.mark.parametrize("levels", COND_LEVELS)
def test_no_attributes_need_no_case_of_their_own(levels):
    config = ModelConfig(1, 2, 0, cond_levels=levels, **SMALL)
    output = UNet(config)(torch.zeros(2, 1, 32, 48), torch.zeros(2, 0))
    assert output.shape == (2, 2, 32, 48)


def test_one_picture_trains_at_a_1x1_bottleneck():
    unet = UNet(ModelConfig(3, 3, **SMALL)).train()
    unet(torch.rand(1, 3, 16, 16), torch.zeros(1, 0)).mean().backward()


def test_sizes_that_cannot_be_halved_are_named():
    unet = UNet(ModelConfig(3, 3, **SMALL))
    with pytest.raises(ValueError, match="multiples of 16, got \\[32, 40\\]"):
        unet(torch.zeros(1, 3, 32, 40), torch.zeros(1, 0))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"base_channels": 0}, "base_channels must be a whole number from 1 to 4096, got 0"),
        ({"depth": 2}, "depth must be a whole number from 3 to 12, got 2"),
        ({"dropout": 1.0}, "dropout must be in"),
        ({"cond_levels": "most"}, "one of input, all, head, got 'most'"),
        ({"cond_planes": -1}, "cond_planes must be a whole number from 0 to 65536, got -1"),
        ({"max_channels": 0}, "max_channels must be a whole number from 1 to 4096, got 0"),
        ({"base_channels": 2.5}, "got 2.5"),
    ],
)
def test_a_wrong_config_says_what_came(wrong, said):
    with pytest.raises(ValueError, match=said):
        ModelConfig(3, 3, **wrong)


def test_what_is_added_to_the_grey_keeps_its_luma():
    config = ModelConfig(1, 3, **SMALL, keeps_luma=True)
    network, source = UNet(config).eval(), torch.rand(1, 1, 16, 16) * 2 - 1
    with torch.no_grad():
        network.ups[-1].conv.weight.mul_(30)  # as drawn, it adds next to nothing
        output = network(source, torch.zeros(1, 0))
        assert (output - source).abs().max() > 0.1
        assert torch.allclose(luma(output), source, atol=1e-5)
        network.ups[-1].conv.weight.zero_()
        assert torch.equal(network(source, torch.zeros(1, 0)), source.expand(-1, 3, -1, -1))
    with pytest.raises(ValueError, match="keeps_luma is for 1 channel to 3, not 2 channels to 3"):
        ModelConfig(2, 3, keeps_luma=True)


def test_a_spectral_discriminator_keeps_batches_apart_and_has_norm_1():
    patchgan = PatchGAN(ModelConfig(1, 3, disc_channels=4, disc_norm="spectral"))
    pictures = torch.rand(4, 3, 64, 64)
    source, cond = pictures[:, :1], torch.zeros(4, 0)
    for _ in range(30):  # the norm is found by power iteration, a step a pass
        patchgan(source, pictures, cond)
    for layer in patchgan.layers:
        assert not isinstance(layer, torch.nn.BatchNorm2d)
        if isinstance(layer, torch.nn.Conv2d):
            norm = float(torch.linalg.matrix_norm(layer.weight.detach().flatten(1), 2))
            assert norm == pytest.approx(1, abs=0.1)
    patchgan.eval()
    together = patchgan(source, pictures, cond)
    alone = torch.cat(
        [patchgan(source[i : i + 1], pictures[i : i + 1], cond[:1]) for i in range(4)]
    )
    assert torch.allclose(together, alone, atol=1e-5)
    with pytest.raises(ValueError, match="disc_norm must be one of batch, spectral, got 'layer'"):
        ModelConfig(1, 3, disc_norm="layer")


def test_a_generator_against_another_discriminator():
    own, other = ModelConfig(1, 3, base_channels=8), ModelConfig(1, 3, disc_channels=4)
    mixed = own.with_discriminator_of(other)
    assert (mixed.base_channels, mixed.disc_channels) == (8, 4)


def hinted_network() -> EncoderUNet:
    sizes = {"base_channels": 4, "max_channels": 8, "depth": 5, "dropout": 0.0}
    return EncoderUNet(ModelConfig(1, 2, encoder="efficientnet-lite2", hints=True, **sizes)).eval()


def test_no_hints_are_as_hints_of_which_none_is_given():
    network, source = hinted_network(), torch.rand(2, 1, 64, 96) * 2 - 1
    cond = torch.zeros(2, 0)
    none = torch.cat((source, torch.zeros(2, 3, 64, 96)), dim=1)
    assert torch.allclose(network(source, cond), network(none, cond), atol=1e-5)


def test_hints_are_pooled_by_what_is_given_alone():
    hints = torch.zeros(1, 3, 8, 8)
    hints[0, :, 1, 2] = torch.tensor([0.5, -0.25, 1])
    hints[0, :2, 5, 5] = 9  # not given
    first, _, third = pooled_hints(hints, 3)
    assert first[0, :, 0, 1].tolist() == [0.5, -0.25, 1]
    assert first.abs().sum() == first[0, :, 0, 1].abs().sum()
    assert third[0, :, 0, 0].tolist() == pytest.approx([0.5, -0.25, 1])


def test_a_hint_reaches_places_that_look_alike_and_leaves_others():
    spread = HintSpread(2, 2)
    with torch.no_grad():
        for layer in (spread.query, spread.key):
            layer.weight.copy_(torch.eye(2)[:, :, None, None])
            layer.bias.zero_()
        spread.near.zero_()
        spread.scale.fill_(16)
        spread.none.fill_(8)
    features = torch.zeros(1, 2, 4, 4)
    features[:, 0, :, :2] = 1
    features[:, 1, :, 2:] = 1
    hints = torch.zeros(1, 3, 4, 4)
    hints[0, :, 0, 0] = torch.tensor([0.5, 0.25, 1])
    brought = spread(features, hints)
    color = torch.tensor([0.5, 0.25, 1])[:, None, None].expand(3, 4, 2)
    assert torch.allclose(brought[0, :, :, :2], color, atol=0.01)
    assert brought[0, :, :, 2:].abs().max() < 0.01
