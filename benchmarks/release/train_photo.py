"""Trains the built-in model `photo`: colors of photographs, with hints, on a CPU core or two.

    pip install 'condcolor[encoders]'
    python benchmarks/release/train_photo.py photographs --out runs/release-photo --minutes 95

where `photographs` has a folder `train`. Batches are made by a process beside (photo_batches.py). Killed, it
goes on from its last state when run again. The model is OUT/model; ship_model.py makes it the built-in one.

The encoder rests, so its BatchNorm is folded, it computes in bfloat16, and torch compiles it: 0.11 seconds of
a batch of 32 at 160 px in place of 0.26.
"""

from __future__ import annotations

import argparse
import copy
import math
import multiprocessing
import time
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from photo_batches import Store, batches
from torch import Tensor, nn

from condcolor.conditions.hints import HINT_PLANES
from condcolor.conditions.schema import AttributeSchema
from condcolor.inference.torch_colorizer import fold_norms
from condcolor.models.checkpoint import save_model
from condcolor.models.config import ModelConfig
from condcolor.models.encoders import find_weights
from condcolor.models.networks import EncoderUNet, to_channels_last
from condcolor.training.gan import average

ENCODER = "efficientnet-lite2"
CONFIG = ModelConfig(
    1, 2, encoder=ENCODER, depth=5, base_channels=32, max_channels=512, dropout=0.4, hints=True
)
BATCH, SIDE = 32, 160
LR, WARMUP, DECAY = 2e-3, 300, 0.01  # peak, steps to it, weight decay
CLIP = 1.0  # largest norm of the gradient
EMA = 0.999
CLASS_WEIGHT = 0.05  # of the cross-entropy over color classes
CLASS_LEVEL, CLASS_STRIDE = 3, 4  # the up whose input is classified, and its stride
STEP_OF_GRID, HALF_GRID = (
    10 / 110,
    11,
)  # color classes: a grid of 10 in a and b, 11 to each side of 0
SAVED_EVERY = 1500  # steps
QUEUED = 6  # batches made ahead
CPU = torch.device("cpu")


class Resting(nn.Module):
    """A trained encoder that learns nothing: norms folded, bfloat16, compiled."""

    def __init__(self, encoder: nn.Module):
        super().__init__()
        own = copy.deepcopy(encoder).eval().requires_grad_(False)
        fold_norms(own)
        self.encoder = own.to(torch.bfloat16)
        import torch._inductor.config as inductor

        inductor.freezing = True
        self.compiled = torch.compile(lambda x: self.encoder(x))
        with torch.no_grad():
            self.compiled(self._input(torch.zeros(BATCH, 1, SIDE, SIDE)))
        inductor.freezing = False

    def forward(self, x: Tensor) -> list[Tensor]:
        with torch.no_grad(), torch.autocast("cpu", enabled=False):
            return [each.clone() for each in self.compiled(self._input(x))]

    @staticmethod
    def _input(x: Tensor) -> Tensor:
        return x.to(torch.bfloat16, memory_format=torch.channels_last)


class ColorClasses(nn.Module):
    """Color classes from the input of an inner up, every other row and column: a second task for the body."""

    def __init__(self, up: nn.Module, channels: int):
        super().__init__()
        self.scores = nn.Conv2d(channels, (2 * HALF_GRID + 1) ** 2, 1)
        up.register_forward_pre_hook(self._keep)

    def _keep(self, up: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        self.seen = inputs[0]

    def loss(self, ab: Tensor, row: int, column: int) -> Tensor:
        """Return the cross-entropy to the four classes around each mean color, by their nearness."""
        scores = self.scores(F.relu(self.seen[:, :, row::2, column::2])).float().log_softmax(dim=1)
        mean = F.avg_pool2d(ab, CLASS_STRIDE)[:, :, row::2, column::2]
        place = (mean / STEP_OF_GRID + HALF_GRID).clamp(0, 2 * HALF_GRID - 1e-3)
        low = place.floor().long()
        rest = place - low
        loss = torch.zeros((), device=ab.device)
        for a in (0, 1):
            for b in (0, 1):
                weight = (rest[:, 0] if a else 1 - rest[:, 0]) * (
                    rest[:, 1] if b else 1 - rest[:, 1]
                )
                number = (low[:, 0] + a) * (2 * HALF_GRID + 1) + low[:, 1] + b
                loss = loss - (weight * scores.gather(1, number[:, None])[:, 0]).mean()
        return loss


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("photographs", type=Path, help="a folder with a folder `train`")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument(
        "--minutes", type=float, default=95, help="of training, over all runs of it"
    )
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    options.out.mkdir(parents=True, exist_ok=True)
    store = options.out / "photographs.bin"
    Store.of_folder(options.photographs / "train", store)
    train(store, options.out, 60 * options.minutes)


def train(store: Path, out: Path, seconds: float) -> None:
    """Train until `seconds` are used up over all runs; write states, a log and the model to `out`."""
    torch.manual_seed(1)
    network = to_channels_last(EncoderUNet(CONFIG), CPU)
    network.encoder.load_published(find_weights(ENCODER, "imagenet"))
    with torch.no_grad():
        network.ups[-1].conv.weight.mul_(0.1)  # as drawn, the first colors saturate
    own_encoder, network.encoder = network.encoder, Resting(network.encoder)
    channels = network.ups[CLASS_LEVEL].conv.in_channels
    classes = ColorClasses(network.ups[CLASS_LEVEL], channels)
    learning = nn.ModuleDict(
        {"ups": network.ups, "spread": network.spread, "scores": classes.scores}
    )
    averaged = copy.deepcopy(learning)
    optimizer = torch.optim.AdamW(
        learning.parameters(), LR, betas=(0.9, 0.99), weight_decay=DECAY, fused=True
    )
    step, used = 0, 0.0
    state = out / "state.pt"
    if state.is_file():
        saved = torch.load(state, weights_only=True)
        learning.load_state_dict(saved["learning"])
        averaged.load_state_dict(saved["averaged"])
        optimizer.load_state_dict(saved["optimizer"])
        step, used = saved["step"], saved["used"]
    queue, free, buffers = _batches_beside(store)
    log = (out / "log.txt").open("a")
    before, sums = time.monotonic(), torch.zeros(2)
    while used < seconds:
        now = time.monotonic()
        used, before = used + now - before, now
        warm = min(1, (step + 1) / WARMUP)
        for group in optimizer.param_groups:
            group["lr"] = LR * warm * (1 + math.cos(math.pi * used / seconds)) / 2 + 1e-6
        number = queue.get()
        lightness, ab, hints = (each.float() for each in buffers[number])
        free.put(number)
        losses = _step(network, classes, lightness, ab, hints)
        (losses[0] + CLASS_WEIGHT * losses[1]).backward()
        torch.nn.utils.clip_grad_norm_(learning.parameters(), CLIP)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        step += 1
        average(averaged, learning, EMA, step)
        sums += torch.stack(losses).detach()
        if step % 100 == 0:
            distance, entropy = (sums / 100).tolist()
            log.write(f"{step} {used / 60:.1f} min  distance {110 * distance:.2f}  {entropy:.3f}\n")
            log.flush()
            sums.zero_()
        if step % SAVED_EVERY == 0:
            _save_state(state, learning, averaged, optimizer, step, used)
    _save_state(state, learning, averaged, optimizer, step, used)
    network.encoder = own_encoder
    network.ups.load_state_dict(averaged["ups"].state_dict())
    network.spread.load_state_dict(averaged["spread"].state_dict())
    training = {"steps": step, "minutes": round(used / 60, 1), "device": "cpu", "precision": "bf16"}
    training |= {"pictures": len(Store(store)), "batch_size": BATCH, "image_size": SIDE}
    save_model(
        out / "model",
        network.state_dict(),
        recipe="photo",
        config=CONFIG,
        schema=AttributeSchema(),
        image_size=SIDE,
        training=training,
        metrics={},
    )


def _step(
    network: EncoderUNet, classes: ColorClasses, lightness: Tensor, ab: Tensor, hints: Tensor
) -> list[Tensor]:
    """Return the mean distance in ab, and the cross-entropy over color classes."""
    network.train()
    source = torch.cat((lightness, hints), dim=1).contiguous(memory_format=torch.channels_last)
    row, column = torch.randint(2, (2,)).tolist()
    with torch.autocast("cpu", torch.bfloat16):
        output = network(source, source.new_zeros(len(source), 0))
        entropy = classes.loss(ab, row, column)
    distance = torch.sqrt((output.float() - ab).square().sum(dim=1) + 1e-6).mean()
    return [distance, entropy]


def _save_state(
    path: Path,
    learning: nn.Module,
    averaged: nn.Module,
    optimizer: torch.optim.Optimizer,
    step: int,
    used: float,
) -> None:
    state = {"learning": learning.state_dict(), "averaged": averaged.state_dict()}
    state |= {"optimizer": optimizer.state_dict(), "step": step, "used": used}
    torch.save(state, path.with_suffix(".tmp"))
    path.with_suffix(".tmp").replace(path)


def _batches_beside(store: Path) -> tuple[Any, Any, list[tuple[Tensor, ...]]]:
    """Start the process that makes batches; return the queues of full and of free buffers, and these."""
    buffers = [
        tuple(
            torch.zeros(BATCH, planes, SIDE, SIDE, dtype=torch.float16).share_memory_()
            for planes in (1, 2, HINT_PLANES)
        )
        for _ in range(QUEUED)
    ]
    queue, free = multiprocessing.Queue(), multiprocessing.Queue()
    for number in range(QUEUED):
        free.put(number)
    arguments = (store, queue, free, buffers, time.time_ns() % 2**32)
    multiprocessing.Process(target=_make_batches, args=arguments, daemon=True).start()
    return queue, free, buffers


def _make_batches(store: Path, queue: Any, free: Any, buffers: Any, seed: int) -> None:
    torch.set_num_threads(1)
    for batch in batches(Store(store), BATCH, SIDE, seed):
        number = free.get()
        for buffer, planes in zip(buffers[number], batch, strict=True):
            buffer.copy_(torch.from_numpy(planes))
        queue.put(number)


if __name__ == "__main__":
    main()
