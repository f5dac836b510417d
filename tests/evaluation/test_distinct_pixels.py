"""`DistinctPixels`: the same figures as pixel by pixel, of far fewer pixels."""

from __future__ import annotations

import pytest
import torch

from condcolor.evaluation.distinct_pixels import DistinctPixels
from condcolor.imaging.color import delta_e_2000, srgb_to_lab


@pytest.fixture(params=[2, 256])  # levels a channel: pixels that are alike, and none
def pictures(request) -> torch.Tensor:
    draws = torch.Generator().manual_seed(0)
    levels = torch.randint(request.param, (3, 3, 30, 40), generator=draws)
    return levels.float() / (request.param - 1)


def lab_of(pictures: torch.Tensor) -> torch.Tensor:
    return srgb_to_lab(pictures).flatten(2)  # (N, 3, P)


def test_each_pixel_has_the_lab_of_its_colours(pictures):
    pixels = DistinctPixels.of(pictures)
    assert torch.allclose(pixels.lab[:, :, pixels.kind], lab_of(pictures), atol=2e-3)
    columns = pictures.permute(2, 3, 0, 1).reshape(1200, -1)
    assert len(pixels.kind.unique()) == len(torch.unique(columns, dim=0))


def test_colours_between_levels_are_as_they_are_saved(pictures):
    apart = (pictures + 0.4 / 255).clamp(0, 1)
    assert torch.equal(DistinctPixels.of(apart).lab, DistinctPixels.of(pictures).lab)


def test_means_distances_and_changes_are_those_of_the_pixels(pictures):
    pixels, lab = DistinctPixels.of(pictures), lab_of(pictures)
    inside = torch.arange(1200) % 3 == 0
    assert torch.allclose(pixels.means(inside), lab[:, :, inside].mean(-1), atol=2e-3)
    color = torch.tensor([60.0, 20.0, -30.0])
    each = delta_e_2000(lab[..., None], color[None, :, None, None])[..., 0]
    assert torch.allclose(pixels.distances(color, inside), each[:, inside].mean(-1), atol=2e-3)
    pairs = torch.tensor([[0, 2], [2, 1]])
    apart = [delta_e_2000(lab[i][..., None], lab[j][..., None])[..., 0] for i, j in pairs]
    change = pixels.change(pairs)
    assert torch.allclose(change[pixels.kind], torch.stack(apart).mean(0), atol=2e-3)
    assert change @ pixels.shares(inside) == pytest.approx(
        float(torch.stack(apart)[:, inside].mean()), abs=2e-3
    )
    assert pixels.change(torch.tensor([[1, 1]])).sum() == 0
