"""Records -> batches: pictures decoded once into uint8, batches that depend on (seed, epoch, index) alone."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from condcolor.attributes import RGB, AttributeSchema
from condcolor.color import compose
from condcolor.errors import DataError
from condcolor.geometry import cover, letterbox
from condcolor.images import open_picture
from condcolor.metadata import Record
from condcolor.photographs import open_photograph
from condcolor.recipes import TrainConfig

BEND_KNOTS = 5  # points a side that a bent picture is pulled at
DECODE_THREADS = 4  # zlib and libjpeg release the interpreter lock


class Batch(NamedTuple):
    """What a step sees. `wrong` is a condition that differs from `cond` in at least one attribute."""

    source: Tensor  # [B, 3, H, W] uint8
    target: Tensor  # [B, 3, H, W] uint8
    cond: Tensor  # [B, P] float, one-hot by attribute
    wrong: Tensor  # [B, P] float

    def to(self, device: torch.device) -> Batch:
        return Batch(*(tensor.to(device, non_blocking=True) for tensor in self))


class PictureSet:
    """The decoded pictures of some records, each file once, as squares.

    Args:
        records: rows of one split; all need a target, or with `compose` a mask.
        schema: their attributes; with `compose` every value needs a palette colour.
        image_size: side of the square, in pixels.
        compose: draw a new colouring each time, from the source and its mask, instead of the csv's.
        fixed: the colours of the mask's channels behind the attributes (skin).
        photographs: the records are photographs, each its own target: cut to squares, not framed, and
            those that are grey or cannot be read are left out and named in `.skipped`.
        jitter: keep the squares larger by this share, for `rows` to cut from at random.

    Raises:
        DataError: pictures that cannot be read, or masks or palette missing, all named at once.
    """

    def __init__(
        self,
        records: Sequence[Record],
        schema: AttributeSchema,
        image_size: int,
        *,
        compose: bool = False,
        fixed: Sequence[RGB] = (),
        photographs: bool = False,
        jitter: float = 0.0,
        on_progress: Callable[[int, int], None] | None = None,
    ):
        self.schema, self.image_size, self.compose = schema, image_size, compose
        if compose:
            _check_composable(records, schema)
            self.colors = [torch.tensor(a.palette).float() / 255 for a in schema.attributes]
            self.fixed = torch.tensor(fixed).float().reshape(-1, 3) / 255
            self.parts = len(schema.names) + len(self.fixed)
            if self.parts > 3:
                raise DataError(f"masks have 3 channels, but there are {self.parts} parts")
        partner = [(r.mask, 0) if compose else (r.target, 255) for r in records]
        files = _unique([(r.source, 255) for r in records] + partner)
        decode = _photograph if photographs else _framed
        side = round(image_size * (1 + jitter))
        decoded, faults = _decode(list(files), side, decode, on_progress)
        if photographs:
            records = [r for r in records if r.source not in faults]
            partner = [(r.target, 255) for r in records]
        elif faults:
            raise DataError(
                f"{len(faults)} pictures cannot be used:", [str(e) for e in faults.values()]
            )
        self.records = tuple(records)
        self.skipped = tuple(str(error) for error in faults.values())
        self.pictures = decoded  # [N, 3, side, side] uint8: sources, targets and masks
        self.partners = decoded  # where the targets or masks are
        self.source_of = torch.tensor([files[r.source, 255] for r in records])  # row -> picture
        self.partner_of = torch.tensor([files[file] for file in partner])
        self.values = torch.tensor(
            [schema.indices(dict(zip(schema.names, r.values, strict=True))) for r in records]
        ).reshape(len(records), len(schema.names))

    def __len__(self) -> int:
        return len(self.records)

    def rows(
        self,
        rows: Tensor,
        generator: torch.Generator | None = None,
        config: TrainConfig | None = None,
    ) -> Batch:
        """The batch of these rows, as they stand or as training sees them.

        Args:
            generator: draws the wrong conditions and, with `compose`, the colourings.
            config: the augmentation to draw; None leaves the pictures alone.
        """
        source = self.pictures[self.source_of[rows]]
        partner = self.partners[self.partner_of[rows]]
        values = self.values[rows]
        if source.shape[-1] != self.image_size:
            source, partner = self._cut(source, partner, generator if config else None)
        if config is not None:
            source, partner = self._warped(source, partner, config, generator)
        if self.compose:
            if generator is not None:
                values = _random_values(len(rows), self.schema.sizes, generator)
            if config is not None and config.fade:
                source = _faded(source, config.fade, generator)
            partner = self._fill(source, partner, values)
        if config is not None and config.grain:
            source = _grained(source, config.grain, generator)
        wrong = _other_values(values, self.schema.sizes, generator)
        planes = (one_hot(v, self.schema.sizes) for v in (values, wrong))
        return Batch(source, partner, *planes)

    def repainted(self, targets: Tensor) -> PictureSet:
        """The same rows with other targets, `[len(self), 3, side, side]` uint8, side as of `pictures`."""
        if self.compose:
            raise ValueError("targets that are composed anew each time cannot be others")
        other = copy.copy(self)
        other.partners, other.partner_of = targets, torch.arange(len(self))
        return other

    def mask_of(self, row: int, channel: int) -> Tensor | None:
        """Channel `[H, W]` in [0, 1] of the mask of a row's input, None when it has none."""
        path = self.records[row].mask
        if path is None or channel > 2:
            return None
        return _tensor(_framed(path, 0, self.image_size))[channel].float() / 255

    def _cut(self, source, partner, generator: torch.Generator | None) -> tuple[Tensor, Tensor]:
        """Both at `image_size`: a piece drawn for each row (Isola et al. 2017, 6.2), or the middle."""
        room, size = source.shape[-1] - self.image_size, self.image_size
        corners = torch.full((len(source), 2), room // 2)
        if generator is not None:
            corners = torch.randint(room + 1, corners.shape, generator=generator)
        both = torch.cat((source, partner), dim=1)
        places = zip(both, corners.tolist(), strict=True)
        cut = torch.stack([picture[:, y : y + size, x : x + size] for picture, (y, x) in places])
        return cut[:, :3], cut[:, 3:]

    def _warped(self, source, partner, config: TrainConfig, generator) -> tuple[Tensor, Tensor]:
        """Both under one flip, shift and zoom; what comes in from outside is white, and no part."""
        partner = partner if self.compose else 255 - partner
        both = _warp(torch.cat((255 - source, partner), dim=1), config, generator)
        source, partner = 255 - both[:, :3], both[:, 3:]
        return source, partner if self.compose else 255 - partner

    def _fill(self, blank: Tensor, masks: Tensor, values: Tensor) -> Tensor:
        asked = [colors[values[:, i]] for i, colors in enumerate(self.colors)]
        fixed = [color.expand(len(values), 3) for color in self.fixed]
        colors = torch.stack(asked + fixed, dim=1)  # (B, K, 3)
        filled = compose(blank.float() / 255, masks[:, : self.parts].float() / 255, colors)
        return (filled * 255).round().to(torch.uint8)


def one_hot(values: Tensor, sizes: Sequence[int]) -> Tensor:
    """Value indices `[B, A]` -> one-hot planes `[B, sum(sizes)]`, attributes side by side."""
    hot = [F.one_hot(values[:, i], size) for i, size in enumerate(sizes)]
    return torch.cat(hot, dim=1).float() if hot else torch.zeros(len(values), 0)


def epoch_batches(count: int, batch_size: int, seed: int, epoch: int) -> list[Tensor]:
    """Row indices of each batch of an epoch: a shuffle that (seed, epoch) decide.

    A last batch that is not full is left out, unless it is the only one.
    """
    order = torch.randperm(count, generator=seeded(seed, epoch, 0))
    full = order[: count - count % batch_size] if count > batch_size else order
    return list(full.split(batch_size))


def in_order(count: int, batch_size: int) -> Iterator[Tensor]:
    yield from torch.arange(count).split(batch_size)


def seeded(seed: int, epoch: int, index: int) -> torch.Generator:
    """A generator that (seed, epoch, index) decide, and nothing else."""
    state = np.random.SeedSequence((seed, epoch, index)).generate_state(1, np.uint64)
    return torch.Generator().manual_seed(int(state[0] >> np.uint64(1)))


def _warp(both: Tensor, config: TrainConfig, generator: torch.Generator) -> Tensor:
    """Flip, shift, zoom and bend `[B, C, H, W]` uint8; what comes in from outside is 0."""
    count = len(both)
    draws = torch.rand(4, count, generator=generator)
    mirrored = (draws[0] < 0.5) & config.flips
    if not (config.shift or config.zoom or config.bend):
        return torch.where(mirrored.view(-1, 1, 1, 1), both.flip(-1), both)
    scale = 1 + config.zoom * (2 * draws[1] - 1)
    theta = torch.zeros(count, 2, 3)
    theta[:, 0, 0] = torch.where(mirrored, -1.0, 1.0) / scale
    theta[:, 1, 1] = 1 / scale
    theta[:, 0, 2] = 2 * config.shift * (2 * draws[2] - 1)
    theta[:, 1, 2] = 2 * config.shift * (2 * draws[3] - 1)
    grid = F.affine_grid(theta, list(both.shape), align_corners=False)  # (B, S, S, 2), in [-1, 1]
    if config.bend:
        waves = torch.randn(count, 2, BEND_KNOTS, BEND_KNOTS, generator=generator)
        field = F.interpolate(waves, size=both.shape[-2:], mode="bicubic", align_corners=True)
        grid = grid + 2 * config.bend * field.permute(0, 2, 3, 1)
    warped = F.grid_sample(both.float(), grid, mode="bilinear", align_corners=False)
    return warped.round().clamp(0, 255).to(torch.uint8)


def _faded(source: Tensor, fade: float, generator: torch.Generator) -> Tensor:
    """Lines as light as a pencil's: each picture loses at most `fade` of its contrast to white."""
    kept = 1 - fade * torch.rand(len(source), 1, 1, 1, generator=generator)
    return (255 - kept * (255 - source.float())).round().to(torch.uint8)


def _grained(source: Tensor, grain: float, generator: torch.Generator) -> Tensor:
    """Paper grain: grey noise of a strength drawn for each picture, at most `grain` of the range."""
    strength = 255 * grain * torch.rand(len(source), 1, 1, 1, generator=generator)
    noise = torch.randn(source[:, :1].shape, generator=generator)
    return (source.float() + strength * noise).round().clamp(0, 255).to(torch.uint8)


def _random_values(count: int, sizes: Sequence[int], generator: torch.Generator) -> Tensor:
    columns = [torch.randint(size, (count,), generator=generator) for size in sizes]
    return torch.stack(columns, dim=1) if columns else torch.zeros(count, 0, dtype=torch.long)


def _other_values(values: Tensor, sizes: Sequence[int], generator) -> Tensor:
    """Values of which a random, non-empty choice of attributes is changed to another value."""
    changeable = [i for i, size in enumerate(sizes) if size > 1]
    if not changeable:
        return values
    others = values.clone()
    chosen = torch.randint(1, 2 ** len(changeable), (len(values),), generator=generator)
    for bit, i in enumerate(changeable):
        step = torch.randint(1, sizes[i], (len(values),), generator=generator)
        changed = (values[:, i] + step) % sizes[i]
        others[:, i] = torch.where((chosen >> bit) & 1 == 1, changed, values[:, i])
    return others


def _unique(paths) -> dict:
    index: dict = {}
    for path in paths:
        index.setdefault(path, len(index))
    return index


def _framed(path, fill: int, side: int) -> np.ndarray:
    """The whole picture `[side, side, 3]` uint8, on a ground of `fill`."""
    return letterbox(open_picture(path).rgb, side, fill=fill)[0]


def _photograph(path, fill: int, side: int) -> np.ndarray:
    """The middle of a photograph `[side, side, 3]` uint8; DataError when it has no colours."""
    return cover(open_photograph(path), side)


def _tensor(square: np.ndarray) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(square)).permute(2, 0, 1)


def _decode(files: list[tuple], side: int, decode, on_progress) -> tuple[Tensor, dict]:
    """Every file's picture as one `[N, 3, side, side]` uint8 tensor, and what is wrong with which path."""
    pictures = torch.zeros(len(files), 3, side, side, dtype=torch.uint8)
    faults: dict = {}

    def put(i: int) -> None:
        pictures[i] = _tensor(decode(*files[i], side))

    with ThreadPoolExecutor(DECODE_THREADS) as pool:
        for i, job in enumerate([pool.submit(put, i) for i in range(len(files))]):
            try:
                job.result()
            except DataError as error:
                faults[files[i][0]] = error
            if on_progress is not None:
                on_progress(i + 1, len(files))
    return pictures, faults


def _check_composable(records: Sequence[Record], schema: AttributeSchema) -> None:
    missing = sorted({str(r.source) for r in records if r.mask is None})
    if missing:
        raise DataError(
            f"compose needs a mask for every input, in masks/ under the input's name; "
            f"{len(missing)} have none:",
            missing[:10],
        )
    for attribute in schema.attributes:
        unknown = [v for v, c in zip(attribute.values, attribute.palette, strict=True) if c is None]
        if unknown:
            raise DataError(
                f"compose needs the colour of every value; {attribute.name} {', '.join(unknown)} "
                "was not found in the targets"
            )
