"""Augmentation, and all that is random in training: order, seeds, draws, warps."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from functools import partial

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from condcolor.conditions.hints import HINT_PLANES
from condcolor.runtime.config_fields import at_least, setting, within

_option = partial(setting, group="augmentation")
BEND_KNOTS = 5  # points a side that a bent picture is pulled at


@dataclass(frozen=True)
class AugmentConfig:
    """The strength of each augmentation.

    Raises:
        UsageError: a value out of range.
    """

    flips: bool = _option(True, help="Mirror source and target together, half of the time.")
    flips_from: int = _option(0, help="Epochs before the first with flips.")
    jitter: float = _option(
        0.0, help="Decode pictures larger by this share, and cut them to size at random."
    )
    shift: float = _option(0.0, help="Largest shift, as a share of the side.")
    zoom: float = _option(0.0, help="Largest change of scale, as a share.")
    bend: float = _option(
        0.0, help="Typical displacement of an elastic distortion, as a share of the side."
    )
    fade: float = _option(
        0.0, help="Largest loss of line contrast, as a share; with --compose, or own parts."
    )
    grain: float = _option(0.0, help="Largest noise on the sketch, as a share of the range.")
    compose: bool = _option(
        False, help="Random colourings made from masks/, instead of the csv's own."
    )

    def __post_init__(self):
        at_least(self, 0, "flips_from")
        within(self, 0, 1, "jitter", "shift", "zoom", "bend", "fade", "grain")


@dataclass(frozen=True)
class Draws:
    """The random numbers of a batch of B pictures; None for augmentations that are off."""

    corners: Tensor | None = None  # [B, 2] long: y and x of the crop of a larger square
    moves: Tensor | None = None  # [B, 4] in [0, 1): mirrored, scale, x, y
    waves: Tensor | None = None  # [B, 2, K, K] ~ N(0, 1): pulls at the knots
    fades: Tensor | None = None  # [B] in [0, 1)
    grains: Tensor | None = None  # [B] in [0, 1)
    noise: Tensor | None = None  # [B, 1, S, S] ~ N(0, 1)

    def mapped(self, change: Callable[[Tensor], Tensor]) -> Draws:
        """Return the draws with each tensor changed."""
        drawn = {f.name: getattr(self, f.name) for f in fields(self)}
        return Draws(**{n: None if t is None else change(t) for n, t in drawn.items()})


def draw(
    count: int,
    side: int,
    room: int,
    config: AugmentConfig | None,
    generator: torch.Generator | None,
) -> Draws:
    """Draw the random numbers of `count` pictures of `side` pixels; without a `config` none.

    Args:
        room: pixels by which the squares are larger; the crop is central, or random with a `config`.
    """
    corners = torch.full((count, 2), room // 2) if room else None
    if config is None:
        return Draws(corners)
    if room:
        corners = torch.randint(room + 1, (count, 2), generator=generator)
    moves = torch.rand(count, 4, generator=generator)
    waves = fades = grains = noise = None
    if config.bend:
        waves = torch.randn(count, 2, BEND_KNOTS, BEND_KNOTS, generator=generator)
    if config.fade:
        fades = torch.rand(count, generator=generator)
    if config.grain:
        grains = torch.rand(count, generator=generator)
        noise = torch.randn(count, 1, side, side, generator=generator)
    return Draws(corners, moves, waves, fades, grains, noise)


def cut(squares: Tensor, draws: Draws, side: int) -> Tensor:
    """Crop `[B, C, S, S]` to `[B, C, side, side]` at the drawn corners (Isola et al. 2017, 6.2)."""
    if draws.corners is None:
        return squares
    steps = torch.arange(side, device=squares.device)
    rows, columns = (draws.corners[:, i, None] + steps for i in (0, 1))  # (B, side)
    picture = torch.arange(len(squares), device=squares.device)[:, None, None]
    return squares.permute(0, 2, 3, 1)[picture, rows[:, :, None], columns[:, None]].permute(
        0, 3, 1, 2
    )


def moves_in(config: AugmentConfig) -> bool:
    """Return whether a warp may show pixels from outside a picture."""
    return bool(config.shift or config.zoom or config.bend)


def mirrored(squares: Tensor, draws: Draws, config: AugmentConfig) -> Tensor:
    """Mirror half of `[B, C, H, W]` uint8."""
    if not config.flips:
        return squares
    assert draws.moves is not None
    chosen = draws.moves[:, 0] < 0.5
    if not squares.is_cpu:
        return torch.where(chosen.view(-1, 1, 1, 1), squares.flip(-1), squares)
    flipped = squares.clone()
    for i in chosen.nonzero()[:, 0].tolist():  # 50 times as fast as torch.where on a CPU
        flipped[i] = squares[i].flip(-1)
    return flipped


def warp(
    squares: Tensor, draws: Draws, config: AugmentConfig, *, exact_from: int | None = None
) -> Tensor:
    """Flip, shift, zoom and bend `[B, C, H, W]` uint8; outside of a picture is 0.

    exact_from: channels from here on keep the exact values of pixels, none between two.
    """
    assert draws.moves is not None
    flipped = (draws.moves[:, 0] < 0.5) & config.flips
    scale = 1 + config.zoom * (2 * draws.moves[:, 1] - 1)
    theta = squares.new_zeros(len(squares), 2, 3, dtype=torch.float32)
    theta[:, 0, 0] = torch.where(flipped, -1.0, 1.0) / scale
    theta[:, 1, 1] = 1 / scale
    theta[:, 0, 2] = 2 * config.shift * (2 * draws.moves[:, 2] - 1)
    theta[:, 1, 2] = 2 * config.shift * (2 * draws.moves[:, 3] - 1)
    grid = F.affine_grid(theta, list(squares.shape), align_corners=False)  # (B, S, S, 2), [-1, 1]
    if config.bend:
        assert draws.waves is not None
        size = squares.shape[-2:]
        field = F.interpolate(draws.waves, size=size, mode="bicubic", align_corners=True)
        grid = grid + 2 * config.bend * field.permute(0, 2, 3, 1)
    warped = F.grid_sample(squares[:, :exact_from].float(), grid, "bilinear", align_corners=False)
    if exact_from is not None:
        exact = F.grid_sample(squares[:, exact_from:].float(), grid, "nearest", align_corners=False)
        warped = torch.cat((warped, exact), dim=1)
    return warped.round().clamp(0, 255).to(torch.uint8)


def faded(source: Tensor, draws: Draws, fade: float) -> Tensor:
    """Fade the lines to a pencil's: each picture loses at most `fade` of its contrast to white."""
    assert draws.fades is not None
    kept = 1 - fade * draws.fades.view(-1, 1, 1, 1)
    return (255 - kept * (255 - source.float())).round().to(torch.uint8)


def grained(source: Tensor, draws: Draws, grain: float) -> Tensor:
    """Add paper grain: grey noise of a strength drawn for each picture, at most `grain` of the range."""
    assert draws.grains is not None
    assert draws.noise is not None
    strength = 255 * grain * draws.grains.view(-1, 1, 1, 1)
    return (source.float() + strength * draws.noise).round().clamp(0, 255).to(torch.uint8)


MOST_HINTS = 8  # of a picture in training
HINT_REACH = 3  # pixels around the middle of a hint that are given, at most


def random_hints(target: Tensor) -> Tensor:
    """Give some pixels of a target: hints for training (Zhang et al. 2017, section 3.1).

    Half of the pictures get none, the others up to MOST_HINTS small squares, each in its mean color. Drawn by
    the global generator of the CPU.

    Args:
        target: `[B, 2, H, W]` in [-1, 1].

    Returns:
        `[B, 3, H, W]`: a, b and a mask of the given pixels; 0 elsewhere.
    """
    batch, _, height, width = target.shape
    hints = target.new_zeros(batch, HINT_PLANES, height, width)
    counts = torch.randint(1, MOST_HINTS + 1, (batch,)) * (torch.rand(batch) < 0.5)
    for hint, own, count in zip(hints, target, counts.tolist(), strict=True):
        rows, columns = torch.randint(height, (count,)), torch.randint(width, (count,))
        reaches = torch.randint(HINT_REACH + 1, (count,))
        for row, column, reach in zip(
            rows.tolist(), columns.tolist(), reaches.tolist(), strict=True
        ):
            place = (
                slice(max(0, row - reach), row + reach + 1),
                slice(max(0, column - reach), column + reach + 1),
            )
            hint[:2, *place] = own[:, *place].mean(dim=(1, 2))[:, None, None]
            hint[2, *place] = 1
    return hints


def epoch_batches(count: int, batch_size: int, seed: int, epoch: int) -> list[Tensor]:
    """Return the row indices of each batch of an epoch: a shuffle that depends on (seed, epoch) alone.

    A last batch that is not full is left out, unless it is the only one.
    """
    order = torch.randperm(count, generator=seeded(seed, epoch, 0))
    full = order[: count - count % batch_size] if count > batch_size else order
    return list(full.split(batch_size))


def in_order(count: int, batch_size: int) -> Iterator[Tensor]:
    """Yield the row indices of each batch, in order."""
    yield from torch.arange(count).split(batch_size)


def seeded(seed: int, epoch: int, index: int) -> torch.Generator:
    """Return a generator that depends on (seed, epoch, index) alone."""
    state = np.random.SeedSequence((seed, epoch, index)).generate_state(1, np.uint64)
    return torch.Generator().manual_seed(int(state[0] >> np.uint64(1)))
