from __future__ import annotations

import math

import torch
import torch.nn.functional as F

from condcolor.models.encoders import ENCODERS
from condcolor.models.losses import (
    FeatureLoss,
    accuracy,
    adversarial_loss,
    discriminator_loss,
    pixel_loss,
)

NAME = "efficientnet-lite0"


def loss() -> FeatureLoss:
    weights = ENCODERS[NAME](3).state_dict()
    return FeatureLoss(NAME, {k: v.clone() for k, v in weights.items()})


def test_the_same_picture_is_no_loss_and_another_is():
    features, picture = loss(), torch.rand(2, 3, 32, 32)
    assert features(picture, picture) == 0
    near = features((picture + 0.01).clamp(0, 1), picture)
    assert 0 < near < features(torch.rand(2, 3, 32, 32), picture)


def test_it_moves_the_picture_and_never_itself():
    features = loss().train()
    before = {name: value.clone() for name, value in features.state_dict().items()}
    picture = torch.rand(1, 3, 32, 32, requires_grad=True)
    features(picture, torch.rand(1, 3, 32, 32)).backward()
    assert picture.grad.abs().sum() > 0
    assert not any(p.requires_grad for p in features.parameters())
    assert all(torch.equal(before[name], value) for name, value in features.state_dict().items())


def test_adversarial_loss_is_binary_cross_entropy():
    logits = torch.randn(2, 1, 5, 5)
    for real, target in ((True, torch.ones_like(logits)), (False, torch.zeros_like(logits))):
        expected = F.binary_cross_entropy_with_logits(logits, target)
        assert torch.allclose(adversarial_loss(logits, real=real), expected)


def test_it_stays_finite_where_a_sigmoid_would_not():
    loss = adversarial_loss(torch.tensor([[[[-1e4]]]], dtype=torch.bfloat16), real=True)
    assert loss.isfinite()
    assert loss > 9e3


def test_an_undecided_discriminator_pays_log_two():
    zeros = torch.zeros(1, 1, 3, 3)
    assert math.isclose(float(discriminator_loss(zeros, [zeros])), math.log(2), rel_tol=1e-6)
    assert math.isclose(float(discriminator_loss(zeros, [zeros, zeros])), math.log(2), rel_tol=1e-6)


def test_every_kind_of_fake_counts():
    zeros, sure = torch.zeros(1, 1, 3, 3), torch.full((1, 1, 3, 3), -9.0)
    both = discriminator_loss(zeros, [sure, zeros])
    assert discriminator_loss(zeros, [sure]) < both < discriminator_loss(zeros, [zeros])


def test_pixel_losses_are_what_they_are_called():
    first, second = torch.randn(2, 3, 4, 4), torch.randn(2, 3, 4, 4)
    assert torch.allclose(pixel_loss("l1", first, second), (first - second).abs().mean())
    assert torch.allclose(pixel_loss("mse", first, second), (first - second).square().mean())
    apart = (first - second).square().sum(dim=1).sqrt().mean()
    assert torch.allclose(pixel_loss("distance", first, second), apart, atol=1e-3)


def test_distance_has_a_slope_where_pictures_agree():
    same = torch.zeros(1, 2, 3, 3, requires_grad=True)
    pixel_loss("distance", same, torch.zeros(1, 2, 3, 3)).backward()
    assert torch.equal(same.grad, torch.zeros_like(same))


def test_chroma_weight_makes_coloured_pixels_count_more():
    target = torch.zeros(1, 2, 1, 2)
    target[..., 1] = 0.6  # one grey pixel, one of chroma 0.6 * sqrt(2)
    grey_wrong, colour_wrong = target.clone(), target.clone()
    grey_wrong[..., 0] += 0.2
    colour_wrong[..., 1] += 0.2
    even = [float(pixel_loss("l1", x, target)) for x in (grey_wrong, colour_wrong)]
    assert math.isclose(even[0], even[1], rel_tol=1e-5)
    grey, color = (float(pixel_loss("l1", x, target, 2.0)) for x in (grey_wrong, colour_wrong))
    assert math.isclose(color / grey, 1 + 2 * 0.6 * math.sqrt(2), rel_tol=1e-5)


def test_accuracy_counts_pictures_not_patches():
    real = torch.tensor([[3.0, -1.0], [-3.0, 1.0]]).view(2, 1, 1, 2)
    fake = torch.tensor([[-3.0, 1.0], [-1.0, -1.0]]).view(2, 1, 1, 2)
    assert accuracy(real, fake) == 0.75
    assert accuracy(fake, real) == 0.25
