import math

import torch
import torch.nn.functional as F

from condcolor.losses import PIXEL_LOSSES, adversarial_loss, discriminator_loss


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
    assert torch.allclose(PIXEL_LOSSES["l1"](first, second), (first - second).abs().mean())
    assert torch.allclose(PIXEL_LOSSES["mse"](first, second), (first - second).square().mean())
