import pytest
import torch
from torch import nn

from condcolor.joining import join, tile

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
