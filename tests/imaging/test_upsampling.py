"""Enlarging: as good as plain where the guide says nothing, and along its edges where it does."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from condcolor.imaging import geometry
from condcolor.imaging.upsampling import _areas, cubic, linear, linear_model, rows_at

FLAT = 0.08
SIDES = st.integers(1, 70)
KERNELS = {"bicubic": (cubic, 4), "bilinear": (linear, 2)}


def enlarged(planes: Tensor, size: tuple[int, int], mode: str) -> list[tuple[slice, Tensor]]:
    """`planes` at `size`, in bands."""
    kernel, taps = KERNELS[mode]
    wide = F.interpolate(planes, (planes.shape[-2], size[1]), mode=mode)
    return [
        (strip.rows, rows_at(strip.place, wide[:, :, strip.near], kernel, taps))
        for strip in geometry.strips(size, planes.shape[-2])
    ]


def whole(planes: Tensor, size: tuple[int, int]) -> Tensor:
    return torch.cat([strip for _, strip in enlarged(planes, size, "bicubic")], dim=2)


def guided(small: Tensor, planes: Tensor, large: Tensor) -> Tensor:
    """`planes` at the size of the guide `large`, whose small version is `small`."""
    slope, offset = whole(linear_model(small, planes, FLAT), large.shape[-2:]).chunk(2, dim=1)
    return slope * large + offset


def step(size: int, at: float = 0.5) -> Tensor:
    """`[1, 1, size, size]`: -0.8 on the left, 0.8 on the right."""
    columns = torch.arange(size) >= at * size
    return (1.6 * columns - 0.8).expand(1, 1, size, size)


@pytest.mark.parametrize("mode", list(KERNELS))
@settings(max_examples=40)
@given(low=st.tuples(SIDES, SIDES), size=st.tuples(SIDES, SIDES), strip=st.integers(1, 900))
def test_bands_are_the_whole_and_the_whole_is_plain_interpolation(mode, low, size, strip):
    planes = torch.randn(2, 3, *low, generator=torch.Generator().manual_seed(0))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(geometry, "STRIP_PIXELS", strip)
        made = enlarged(planes, size, mode)
    assert [rows.start for rows, _ in made] == [0, *(rows.stop for rows, _ in made[:-1])]
    assert made[-1][0].stop == size[0]
    for rows, part in made:
        assert part.shape == (2, 3, rows.stop - rows.start, size[1])
        assert len(made) == 1 or part.shape[2] * size[1] <= max(strip, size[1])
    expected = F.interpolate(planes, size=size, mode=mode)
    assert torch.allclose(torch.cat([part for _, part in made], dim=2), expected, atol=1e-4)


@given(low=st.tuples(SIDES, SIDES), size=st.tuples(SIDES, SIDES))
def test_areas_are_those_of_torch(low, size):
    planes = torch.rand(1, 2, *size, generator=torch.Generator().manual_seed(0))
    made = _areas(size[0], low[0]) @ planes @ _areas(size[1], low[1]).T
    assert torch.allclose(made, F.interpolate(planes, size=low, mode="area"), atol=1e-5)


def test_a_flat_guide_leaves_plain_interpolation():
    planes = torch.rand(1, 2, 8, 8) - 0.5
    large = torch.full((1, 1, 64, 64), 0.3)
    made = guided(torch.full((1, 1, 8, 8), 0.3), planes, large)
    assert torch.allclose(made, F.interpolate(planes, size=(64, 64), mode="bicubic"), atol=1e-5)


def test_at_its_own_size_nothing_changes_but_nothing_is_blurred_either():
    guide, planes = torch.rand(1, 1, 16, 16), torch.rand(1, 2, 16, 16)
    assert torch.allclose(guided(guide, planes, guide), planes, atol=1e-5)


def test_colour_changes_where_the_guide_does():
    """A step of both, off the small pixels' grid: the plain enlargement bleeds over twice as far."""
    large = step(256, at=0.53)
    small = F.interpolate(large, size=(16, 16), mode="area")
    color = 0.25 * large.expand(-1, 2, -1, -1)
    seen = 0.25 * small.expand(-1, 2, -1, -1)
    plain = F.interpolate(seen, size=(256, 256), mode="bilinear")
    bled, kept = ((made - color).abs().mean() for made in (plain, guided(small, seen, large)))
    assert kept < 0.25 * bled


def test_a_colour_edge_without_one_of_lightness_is_not_blurred_further():
    small = torch.zeros(1, 1, 16, 16)
    seen = step(16)
    made = guided(small, seen, torch.zeros(1, 1, 128, 128))
    plain = F.interpolate(seen, size=(128, 128), mode="bicubic")
    assert torch.allclose(made, plain, atol=1e-5)


def test_grain_in_a_flat_part_makes_no_coloured_noise():
    draws = torch.Generator().manual_seed(0)
    large = 0.06 * torch.randn(1, 1, 256, 256, generator=draws)  # 3 of 100
    small = F.interpolate(large, size=(32, 32), mode="area")
    seen = 0.02 * torch.randn(1, 2, 32, 32, generator=draws)
    plain = F.interpolate(seen, size=(256, 256), mode="bicubic")
    assert (guided(small, seen, large) - plain).std() < 0.1 * seen.std()
