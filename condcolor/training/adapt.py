"""`adapt`: a model of parts taught the style of a few labelled drawings, without forgetting what it knew.

Half of each batch are the drawings, augmented; the other half are sketches of other styles, for which the
output of the model as it was is the target (learning without forgetting, Li and Hoiem 2016).
"""

from __future__ import annotations

import copy
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from condcolor.conditions.parts import PARTS
from condcolor.data.augmentation import AugmentConfig, draw, seeded, warp
from condcolor.data.dataset import ImageDataset
from condcolor.data.metadata import read_metadata
from condcolor.data.palette import measure_palette
from condcolor.errors import CheckpointError, DataError, UsageError
from condcolor.imaging.open import open_picture
from condcolor.models.checkpoint import Model, load_model, save_model
from condcolor.models.codecs import codec_of, probabilities
from condcolor.models.losses import pixel_loss
from condcolor.models.model_folder import BUILT_IN, find_folder
from condcolor.models.networks import to_channels_last
from condcolor.runtime.devices import autocast, pick_device, pick_precision
from condcolor.runtime.distributed import own_gpu
from condcolor.runtime.messages import shown_name
from condcolor.training.callbacks import Callbacks
from condcolor.training.gan import average
from condcolor.training.own_parts import find_own_parts, label_drawings, some_rows
from condcolor.training.schedule import lr_factor

MINUTES = 5.0
REHEARSAL = BUILT_IN / "icons" / "rehearsal.png"  # sketches in squares, see benchmarks/release
SQUARE = 256  # pixels a side of one
HALF = 8  # pictures of each kind in a step
LR = 2e-4
WARMUP, DECAY = 0.05, 1.0  # shares of the minutes
KEPT = 0.99  # decay of the moving average of the weights
REMEMBERED = 2.0  # weight of the rehearsal
RESERVED = 0.05  # of the minutes, for what comes after the last step
OWN_STYLE = AugmentConfig(flips=True, shift=0.08, zoom=0.25, bend=0.015)
OTHER_STYLES = AugmentConfig(flips=True, shift=0.05, zoom=0.2)


@dataclass(frozen=True)
class Adapted:
    """What an adaption came to.

    drawings: how many taught it. steps: of training.
    agreed: share of the pixels of the drawings whose part is right, before and after; they were trained on.
    kept: share of the pixels of other styles whose part is still what it was.
    """

    drawings: int
    steps: int
    agreed: tuple[float, float]
    kept: float


def adapt(
    model: Path | str,
    data: Path | str,
    out: Path | str,
    *,
    minutes: float = MINUTES,
    device: str | None = None,
    seed: int = 0,
    callbacks: Callbacks | None = None,
) -> Adapted:
    """Teach a model of parts the style of a few drawings, and write it to the folder `out`.

    Args:
        model: a built-in model by name, or a model or run folder; its parts and attributes stay.
        data: 3 to 10 drawings with flat colorings, as for `train`.
        minutes: how long all of it takes.

    Raises:
        UsageError: the model does not find parts, or `out` exists.
        DataError: the drawings do not show parts that the model knows.
        CheckpointError: the model cannot be loaded, or a loss is not finite.
    """
    began = time.monotonic()
    callbacks, out = callbacks or Callbacks(), Path(out)
    if not 0 < minutes <= 600:
        raise UsageError(f"minutes must be above 0 and at most 600, got {minutes!r}")
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UsageError(f"{shown_name(out)} exists: choose another -o")
    old = load_model(find_folder(model, "adapt"))
    if not old.codec.parts:
        raise UsageError(
            f"{shown_name(model)} does not find parts: adapt one that does, such as icons, or begin a "
            "training from it: condcolor train DATA --init MODEL"
        )
    callbacks.on_note(f"looking at {shown_name(Path(data))}")
    labelled = _labelled(old, Path(data))
    teacher = _Teacher(old, pick_device(own_gpu(device)))
    before = teacher.agreement(old.generator, labelled)
    limit = 60 * minutes * (1 - RESERVED) - (time.monotonic() - began)
    student, steps = teacher.train(labelled, limit, seed, callbacks)
    after = teacher.agreement(student, labelled)
    drawings = len(labelled)
    training = {"adapted_from": dict(old.training), "steps": steps, "drawings": drawings}
    save_model(
        out,
        student.state_dict(),
        recipe=old.recipe,
        config=old.config,
        schema=old.schema,
        image_size=old.image_size,
        training=training | {"minutes": round((time.monotonic() - began) / 60, 1)},
        metrics={},
        licence=old.licence,
        parts=old.parts,
    )
    return Adapted(drawings, steps, (before, after), teacher.kept(student))


def _labelled(model: Model, data: Path) -> ImageDataset:
    """Return the drawings with the parts that their pixels may be.

    Raises:
        DataError: they do not show parts that the model knows.
    """
    metadata = read_metadata(data, vocabulary="own")
    schema = measure_palette(metadata)
    pictures = ImageDataset(some_rows(metadata.records), schema, model.image_size)
    parts, why = find_own_parts(pictures, model, keep_table=True)
    if parts is None:
        raise DataError(
            f"{shown_name(data)}: {why}; train a model of its own: condcolor train DATA"
        )
    return label_drawings(pictures, parts.schema, parts.table, parts.fixed)


class _Teacher:
    """Trains a copy of a model on labelled drawings, and on what the model itself says of others."""

    def __init__(self, model: Model, device: torch.device):
        self.model, self.device = model, device
        self.codec = codec_of(model.recipe, model.parts or PARTS)  # with bits for targets
        self.precision = pick_precision("auto", device)
        self.old = to_channels_last(copy.deepcopy(model.generator), device).eval()
        self.old.requires_grad_(False)
        self.others = _other_styles(model.image_size).to(device)

    def train(
        self, labelled: ImageDataset, seconds: float, seed: int, callbacks: Callbacks
    ) -> tuple[nn.Module, int]:
        """Return the trained copy, averaged, and the number of steps in so many seconds."""
        student = copy.deepcopy(self.old).requires_grad_(True)
        averaged = copy.deepcopy(student)
        # statistics of BatchNorm stay those of all styles: of a few drawings they would be forgotten
        student.eval()
        optimizer = torch.optim.Adam(student.parameters(), LR, (0.9, 0.99))
        began, step, share = time.monotonic(), 0, 0.0
        while share < 1:
            for group in optimizer.param_groups:
                group["lr"] = LR * lr_factor(share, DECAY, WARMUP)
            losses = self._losses(student, labelled, seeded(seed, 0, step))
            loss = losses["own"] + REMEMBERED * losses["kept"]
            if not torch.isfinite(loss):
                raise CheckpointError(
                    f"the loss is not finite in step {step + 1}: nothing was written"
                )
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            average(averaged, student, KEPT, step)
            step += 1
            share = min(1.0, (time.monotonic() - began) / seconds)
            callbacks.on_step(round(1000 * share), 1000, {"generator": float(loss.detach())})
        return averaged.requires_grad_(False), step

    def _losses(
        self, student: nn.Module, labelled: ImageDataset, generator: torch.Generator
    ) -> Mapping[str, Tensor]:
        rows = torch.randint(len(labelled), (HALF,), generator=generator)
        batch = labelled.rows(rows, generator, OWN_STYLE, self.device)
        rows = torch.randint(len(self.others), (HALF,), generator=generator).to(self.device)
        draws = draw(HALF, self.others.shape[-1], 0, OTHER_STYLES, generator)
        draws = draws.mapped(lambda drawn: drawn.to(self.device))
        others = 255 - warp(255 - self.others[rows], draws, OTHER_STYLES)
        with torch.no_grad():
            remembered = probabilities(self._scores(self.old, others))
        scores = self._scores(student, torch.cat((batch.source, others)))
        own, kept = scores.split((HALF, HALF))
        target = self.codec.encode_target(batch.target)
        told = -(remembered * probabilities(kept).clamp_min(1e-8).log()).sum(dim=1).mean()
        return {"own": pixel_loss("cross-entropy", own, target), "kept": told}

    def _scores(self, network: nn.Module, rgb: Tensor) -> Tensor:
        source = self.codec.encode_source(rgb).contiguous(memory_format=torch.channels_last)
        with autocast(self.precision, self.device):
            return network(source, source.new_zeros(len(source), 0)).float()

    @torch.inference_mode()
    def agreement(self, network: nn.Module, labelled: ImageDataset) -> float:
        """Return the share of the labelled pixels whose most probable part is one that they may be."""
        network = to_channels_last(network, self.device)
        right = known = 0
        for row in range(len(labelled)):
            batch = labelled.rows(torch.tensor([row]), device=self.device)
            may_be = self.codec.encode_target(batch.target).bool()[0]
            found = self._scores(network, batch.source)[0].argmax(dim=0, keepdim=True)
            told = ~may_be.all(dim=0)
            right += int((may_be.gather(0, found)[0] & told).sum())
            known += int(told.sum())
        return right / max(1, known)

    @torch.inference_mode()
    def kept(self, network: nn.Module) -> float:
        """Return the share of the pixels of other styles whose most probable part is what it was."""
        pairs = (
            (self._scores(net, sketch[None]).argmax(dim=1) for net in (self.old, network))
            for sketch in self.others
        )
        return float(np.mean([float((a == b).float().mean()) for a, b in pairs]))


def _other_styles(side: int) -> Tensor:
    """Return the sketches of the rehearsal, `[N, 3, side, side]` uint8."""
    sheet = torch.from_numpy(np.ascontiguousarray(open_picture(REHEARSAL).rgb)).permute(2, 0, 1)
    rows, columns = (size // SQUARE for size in sheet.shape[1:])
    squares = sheet.view(3, rows, SQUARE, columns, SQUARE).permute(1, 3, 0, 2, 4)
    squares = squares.reshape(-1, 3, SQUARE, SQUARE)
    squares = squares[(squares < 255).flatten(1).any(dim=1)]  # the last row may not be full
    if side != SQUARE:
        small = F.interpolate(squares.float(), (side, side), mode="bilinear", antialias=True)
        squares = small.round().to(torch.uint8)
    return squares
