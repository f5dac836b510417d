"""`ImageDataset`: records to batches on a device.

Pictures are decoded once to uint8. A batch is a function of (seed, epoch, index) alone.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from condcolor.conditions.colors import RGB
from condcolor.conditions.schema import NOT_APPLICABLE, AttributeSchema
from condcolor.data.augmentation import (
    AugmentConfig,
    Draws,
    cut,
    draw,
    faded,
    grained,
    mirrored,
    moves_in,
    warp,
)
from condcolor.data.cache import Decoder, File, ImageCache, OnProgress, decode
from condcolor.data.metadata import open_photograph, value_names
from condcolor.data.pictures import open_drawing
from condcolor.data.records import Record
from condcolor.errors import DataError
from condcolor.imaging.color import compose
from condcolor.imaging.geometry import cover, letterbox
from condcolor.runtime.devices import free_memory


class Batch(NamedTuple):
    """A training batch; `wrong` differs from `cond` in at least one attribute, if any has several values."""

    source: Tensor  # [B, 3, H, W] uint8
    target: Tensor  # [B, 3, H, W] uint8; the same tensor as the source for photographs
    cond: Tensor  # [B, P] float, one-hot by attribute; all 0 for one that does not apply
    wrong: Tensor  # [B, P] float


class RawBatch(NamedTuple):
    """A batch before augmentation, with its random draws; `ImageDataset.to_batch` makes a Batch of it."""

    source: Tensor  # [B, 3, side, side] uint8
    partner: Tensor  # [B, 3, side, side] uint8, targets or masks; the source itself for photographs
    values: Tensor  # [B, A] value indices, NOT_APPLICABLE where a drawing lacks the attribute
    wrong: Tensor  # [B, A]
    draws: Draws
    config: AugmentConfig | None

    def to(self, device: torch.device) -> RawBatch:
        """Copy the batch to a device, asynchronously to a GPU."""

        def sent(part: Tensor) -> Tensor:
            to_gpu = device.type == "cuda" and part.is_cpu
            return (part.pin_memory() if to_gpu else part).to(device, non_blocking=True)

        source = sent(self.source)
        partner = source if self.partner is self.source else sent(self.partner)
        values, wrong, draws = sent(self.values), sent(self.wrong), self.draws.mapped(sent)
        return RawBatch(source, partner, values, wrong, draws, self.config)


class ImageDataset:
    """The pictures of records, each file decoded once to a square.

    Args:
        records: rows of one split; all need a target, or with `compose` a mask.
        schema: their attributes; with `compose` every value needs a palette color.
        image_size: side of a square in pixels.
        compose: draw a random coloring of the source and its mask for each batch, instead of the csv's.
        fixed: colors of the mask's channels after those of the attributes (skin).
        photographs: the records are photographs, each its own target; they are cropped to squares, and grey
            or unreadable ones are left out and listed in `.skipped`.
        jitter: share by which squares are decoded larger, for random crops.
        cache: folder for decoded pictures of a large set; None keeps them in memory.

    Raises:
        DataError: pictures cannot be read, or masks or palette colors are missing (all listed); or the cache
            cannot be written.
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
        cache: Path | None = None,
        on_progress: OnProgress | None = None,
    ):
        self.schema, self.image_size, self.compose = schema, image_size, compose
        if compose:
            _check_composable(records, schema)
            # the last color is that of NOT_APPLICABLE: white, which leaves a part as it is
            white = (255, 255, 255)
            self.colors = [torch.tensor([*a.palette, white]) / 255 for a in schema.attributes]
            self.fixed = torch.tensor(fixed).float().reshape(-1, 3) / 255
            self.parts = len(schema.names) + len(self.fixed)
            if self.parts > 3:
                raise DataError(f"masks have 3 channels, but there are {self.parts} parts")
        partner = [_partner(r, compose) for r in records]
        unique = dict.fromkeys([*((r.source, 255) for r in records), *partner])
        files = {file: index for index, file in enumerate(unique)}
        decoder = PHOTOGRAPH if photographs else FRAMED
        side = round(image_size * (1 + jitter))
        decoded, faults = decode(list(files), side, decoder, cache=cache, on_progress=on_progress)
        if photographs:
            records = [r for r in records if r.source not in faults]
            partner = [_partner(r, compose) for r in records]
        elif faults:
            raise DataError(
                f"{len(faults)} pictures cannot be used:", [str(e) for e in faults.values()]
            )
        self.records = tuple(records)
        self.skipped = tuple(str(error) for error in faults.values())
        self.pictures = decoded  # sources, targets and masks
        self.partners = decoded  # targets or masks
        self.source_of = torch.tensor([files[r.source, 255] for r in records])  # row -> picture
        self.partner_of = torch.tensor([files[file] for file in partner])
        self.is_labelled = False  # whether the partners are bits of parts, see `with_labels`
        self.colored = self  # the dataset with its own targets
        self.values = torch.tensor([schema.row_indices(value_names(r)) for r in records]).reshape(
            len(records), len(schema.names)
        )

    def __len__(self) -> int:
        return len(self.records)

    def rows(
        self,
        rows: Tensor,
        generator: torch.Generator | None = None,
        config: AugmentConfig | None = None,
        device: torch.device | None = None,
    ) -> Batch:
        """Return the batch of `rows`, with augmentation if `config` is given.

        Args:
            rows: `[B]` row indices.
            generator: draws the wrong conditions and, with `compose`, the colorings.
            config: augmentation; None for none.
            device: where the batch is made; None: where the pictures are.
        """
        raw = self.read(rows, generator, config)
        return self.to_batch(raw.to(device) if device is not None else raw)

    def read(
        self,
        rows: Tensor,
        generator: torch.Generator | None = None,
        config: AugmentConfig | None = None,
        part: slice = slice(None),
    ) -> RawBatch:
        """Read the pictures of `rows` and draw their augmentation; cheap, and free of torch's thread pool.

        Args:
            rows: `[B]` row indices.
            generator: as for `rows`.
            config: as for `rows`.
            part: slice of the rows that is read; the draws are those of the whole batch.
        """
        values = self.values[rows]
        if self.compose and generator is not None:
            drawn = _random_values(len(rows), self.schema.sizes, generator)
            values = torch.where(values == NOT_APPLICABLE, values, drawn)
        wrong = _other_values(values, self.schema.sizes, generator)
        room = self.pictures.side - self.image_size
        draws = draw(len(rows), self.image_size, room, config, generator)
        sources, partners = self.source_of[rows[part]], self.partner_of[rows[part]]
        source = self.pictures.take(sources)
        both = self.partners is self.pictures and torch.equal(sources, partners)
        partner = source if both else self.partners.take(partners)
        own = draws.mapped(lambda drawn: drawn[part])
        return RawBatch(source, partner, values[part], wrong[part], own, config)

    def to_batch(self, raw: RawBatch) -> Batch:
        """Apply crop, augmentation and composition to a raw batch, on its device."""
        source, partner, draws, config = raw.source, raw.partner, raw.draws, raw.config
        apart = partner is not source
        both = torch.cat((source, partner), dim=1) if apart else source
        both = cut(both, draws, self.image_size)
        if config is not None:
            both = self._warped(both, draws, config)
        source, partner = (both[:, :3], both[:, 3:]) if apart else (both, both)
        if (self.compose or self.is_labelled) and config is not None and config.fade:
            source = faded(source, draws, config.fade)
        if self.compose:
            partner = self._fill(source, partner, raw.values)
        if config is not None and config.grain:
            source = grained(source, draws, config.grain)
        planes = (one_hot(v, self.schema.sizes) for v in (raw.values, raw.wrong))
        return Batch(source, partner, *planes)

    def with_targets(self, targets: ImageCache) -> ImageDataset:
        """Return the dataset with other targets, one for each row, of the pictures' side.

        Raises:
            ValueError: the targets are composed.
        """
        if self.compose:
            raise ValueError("targets that are composed anew each time cannot be others")
        other = copy.copy(self)
        other.partners, other.partner_of = targets, torch.arange(len(self))
        return other

    def with_labels(self, labels: ImageCache, rows: Tensor) -> ImageDataset:
        """Return the dataset of some of its rows, with bits of parts for targets, one for each row.

        Args:
            labels: as `SketchToOwnParts.encode_target` reads them, of the pictures' side.
            rows: `[N]` row indices.
        """
        other = copy.copy(self)
        other.records = tuple(self.records[row] for row in rows.tolist())
        other.source_of, other.values = self.source_of[rows], self.values[rows]
        other.partners, other.partner_of = labels, torch.arange(len(rows))
        other.is_labelled, other.colored = True, self
        return other

    def repeated(self, times: int) -> ImageDataset:
        """Return the dataset with its rows so often, one after the other."""
        if times == 1:
            return self
        other = copy.copy(self)
        other.records = self.records * times
        other.source_of, other.partner_of = (
            self.source_of.repeat(times),
            self.partner_of.repeat(times),
        )
        other.values = self.values.repeat(times, 1)
        return other

    def near(self, device: torch.device) -> ImageDataset:
        """Return the dataset with its pictures on the device, if they fit half of its free memory."""
        if 2 * self.pictures.bytes > free_memory(device):
            return self
        other = copy.copy(self)
        both = self.partners is self.pictures
        other.pictures = self.pictures.to(device)
        other.partners = other.pictures if both else self.partners.to(device)
        return other

    def mask_of(self, row: int, channel: int) -> Tensor | None:
        """Return channel `[H, W]` in [0, 1] of the mask of a row's source, or None."""
        mask = self.whole_mask_of(row) if channel <= 2 else None
        if mask is None:
            return None
        return torch.from_numpy(np.ascontiguousarray(mask[..., channel])).float() / 255

    def whole_mask_of(self, row: int) -> np.ndarray | None:
        """Return the mask `[H, W, 3]` uint8 of a row's source, or None."""
        path = self.records[row].mask
        return None if path is None else _framed(path, 0, self.pictures.side)

    def _warped(self, both: Tensor, draws: Draws, config: AugmentConfig) -> Tensor:
        """Warp sources and partners alike; outside the picture is white, and 0 in masks."""
        if not moves_in(config):
            return mirrored(both, draws, config)
        white = 3 if self.compose else both.shape[1]  # channels with a white background
        inverted = torch.cat((255 - both[:, :white], both[:, white:]), dim=1)
        moved = warp(inverted, draws, config, exact_from=3 if self.is_labelled else None)
        return torch.cat((255 - moved[:, :white], moved[:, white:]), dim=1)

    def _fill(self, blank: Tensor, masks: Tensor, values: Tensor) -> Tensor:
        chosen = [colors.to(values.device)[values[:, i]] for i, colors in enumerate(self.colors)]
        fixed = [color.to(values.device).expand(len(values), 3) for color in self.fixed]
        colors = torch.stack(chosen + fixed, dim=1)  # (B, K, 3)
        filled = compose(blank.float() / 255, masks[:, : self.parts].float() / 255, colors)
        return (filled * 255).round().to(torch.uint8)


def one_hot(values: Tensor, sizes: Sequence[int]) -> Tensor:
    """Return one-hot planes `[B, sum(sizes)]` of value indices `[B, A]`, attributes concatenated.

    The planes of NOT_APPLICABLE are all 0.
    """
    hot = [F.one_hot(values[:, i] + 1, size + 1)[:, 1:] for i, size in enumerate(sizes)]
    return (
        torch.cat(hot, dim=1).float() if hot else torch.zeros(len(values), 0, device=values.device)
    )


def _random_values(count: int, sizes: Sequence[int], generator: torch.Generator) -> Tensor:
    columns = [torch.randint(size, (count,), generator=generator) for size in sizes]
    return torch.stack(columns, dim=1) if columns else torch.zeros(count, 0, dtype=torch.long)


def _other_values(
    values: Tensor, sizes: Sequence[int], generator: torch.Generator | None
) -> Tensor:
    """Change a random, non-empty subset of the attributes of each row to other values: `[B, A]`.

    An attribute that does not apply may get a value.
    """
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


def _partner(record: Record, compose: bool) -> File:
    """Return the file of a row's target, or with `compose` of its mask, and the grey level around it."""
    path, ground = (record.mask, 0) if compose else (record.target, 255)
    assert path is not None, (
        f"{record.csv} line {record.line} has no {'mask' if compose else 'target'}"
    )
    return path, ground


def _framed(path: Path, fill: int, side: int) -> np.ndarray:
    """Decode a picture and letterbox it on `fill`: `[side, side, 3]` uint8."""
    return letterbox(open_drawing(path).rgb, side, fill=fill)[0]


def _photograph(path: Path, fill: int, side: int) -> np.ndarray:
    """Decode a photograph and crop its center: `[side, side, 3]` uint8; DataError if it is grey."""
    return cover(open_photograph(path), side)


FRAMED, PHOTOGRAPH = Decoder("_framed", _framed), Decoder("_photograph", _photograph)


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
