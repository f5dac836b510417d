"""Trains the built-in model `photo`: colors of photographs, with hints, on a CPU core or two.

    pip install 'condcolor[encoders]'
    python benchmarks/release/train_photo.py photographs --out runs/release-photo --minutes 95 --thawed 112

where `photographs` has a folder `train`. Batches are made by a process beside (photo_batches.py). First the
encoder rests, then its deeper half learns, too (photo_encoders.py). Killed, it goes on from its last state
when run again. The model is OUT/model; ship_model.py makes it the built-in one.
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
from photo_encoders import Resting, Thawed
from torch import Tensor, nn

from condcolor.conditions.hints import HINT_PLANES
from condcolor.conditions.schema import AttributeSchema
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
LR, LATE_LR, ENCODER_LR = (
    2e-3,
    5e-4,
    1e-4,
)  # peaks: at first, of the same when the encoder learns, of it
WARMUP, DECAY, LEAST_RATE = (
    300,
    0.01,
    1e-3,
)  # steps to the peak, weight decay, share of the peak at the end
CLIP = 1.0  # largest norm of the gradient
MIXED = 0.75  # of the last weights, with those of before the encoder learnt: Wortsman et al. 2022, section 4
EMA = 0.999
CLASS_WEIGHT = 0.05  # of the cross-entropy over color classes
CLASS_LEVEL, CLASS_STRIDE = 3, 4  # the up whose input is classified, and its stride
STEP_OF_GRID, HALF_GRID = (
    10 / 110,
    11,
)  # color classes: a grid of 10 in a and b, 11 to each side of 0
SAVED_EVERY, LOGGED_EVERY = 500, 100  # steps
QUEUED = 6  # batches made ahead
CPU = torch.device("cpu")
Queues = tuple[Any, Any, list[tuple[Tensor, ...]]]  # of full and of free buffers, and these


class ColorClasses(nn.Module):
    """Color classes from the input of an inner up, every other row and column: a second task for the body."""

    def __init__(self, up: nn.Module, channels: int):
        super().__init__()
        self.scores = nn.Conv2d(channels, (2 * HALF_GRID + 1) ** 2, 1)
        self.seen: list[Tensor] = []
        up.register_forward_pre_hook(self._keep)

    def _keep(self, up: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        self.seen[:] = inputs[:1]

    def loss(self, ab: Tensor, row: int, column: int) -> Tensor:
        """Return the cross-entropy to the four classes around each mean color, by their nearness."""
        (seen,) = self.seen
        self.seen.clear()  # what gradients pass through is not copied with the network
        scores = self.scores(F.relu(seen[:, :, row::2, column::2])).float().log_softmax(dim=1)
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
    parser.add_argument(
        "--thawed", type=float, default=112, help="minutes after these in which the encoder learns"
    )
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    options.out.mkdir(parents=True, exist_ok=True)
    store = options.out / "photographs.bin"
    Store.of_folder(options.photographs / "train", store)
    train(store, options.out, 60 * options.minutes, 60 * options.thawed)


def train(store: Path, out: Path, seconds: float, thawed_seconds: float) -> None:
    """Train until the seconds of both phases are used up; write states, a log and the model to `out`."""
    torch.manual_seed(1)
    network = to_channels_last(EncoderUNet(CONFIG), CPU)
    encoder = network.encoder
    encoder.load_published(find_weights(ENCODER, "imagenet"))
    with torch.no_grad():
        network.ups[-1].conv.weight.mul_(0.1)  # as drawn, the first colors saturate
    classes = ColorClasses(network.ups[CLASS_LEVEL], network.ups[CLASS_LEVEL].conv.in_channels)
    parts = {"ups": network.ups, "spread": network.spread, "scores": classes.scores}
    learning = nn.ModuleDict(parts)
    queues = _batches_beside(store)

    network.encoder = Resting(encoder, BATCH, SIDE)
    rested = Phase(out / "state.pt", seconds, [(learning, LR)])
    rested.run(network, classes, queues)
    learning.load_state_dict(rested.averaged["0"].state_dict())

    thawed = Thawed(encoder, BATCH, SIDE)
    network.encoder = thawed
    late = Phase(
        out / "thawed.pt", thawed_seconds, [(learning, LATE_LR), (thawed.levels, ENCODER_LR)]
    )
    before = copy.deepcopy(nn.ModuleDict({"0": learning, "1": thawed.levels}))
    late.run(network, classes, queues)
    average(before, late.averaged, 1 - MIXED, late.step)
    learning.load_state_dict(before["0"].state_dict())
    thawed.levels.load_state_dict(before["1"].state_dict())
    thawed.into(encoder)
    network.encoder = encoder
    minutes = round((rested.used + late.used) / 60, 1)
    training = {"steps": rested.step + late.step, "minutes": minutes, "device": "cpu"}
    training |= {"precision": "bf16", "pictures": len(Store(store)), "batch_size": BATCH}
    save_model(
        out / "model",
        network.state_dict(),
        recipe="photo",
        config=CONFIG,
        schema=AttributeSchema(),
        image_size=SIDE,
        training=training | {"image_size": SIDE},
        metrics={},
    )


class Phase:
    """A phase of the training: what learns at which rate, its moving average, its state on the disk.

    state: a file; where it is there, the phase goes on from it.
    seconds: of training, over all runs of it.
    learning: modules, each with the peak of its learning rate.
    """

    def __init__(self, state: Path, seconds: float, learning: list[tuple[nn.Module, float]]):
        self.state, self.seconds = state, seconds
        self.learning = nn.ModuleDict({str(i): module for i, (module, _) in enumerate(learning)})
        self.averaged = copy.deepcopy(self.learning)
        self.rates = [rate for _, rate in learning]
        groups = [{"params": [*module.parameters()], "lr": rate} for module, rate in learning]
        self.optimizer = torch.optim.AdamW(
            groups, betas=(0.9, 0.99), weight_decay=DECAY, fused=True
        )
        self.step, self.used = 0, 0.0
        if state.is_file():
            saved = torch.load(state, weights_only=True)
            self.learning.load_state_dict(saved["learning"])
            self.averaged.load_state_dict(saved["averaged"])
            self.optimizer.load_state_dict(saved["optimizer"])
            self.step, self.used = saved["step"], saved["used"]

    def run(self, network: EncoderUNet, classes: ColorClasses, queues: Queues) -> None:
        """Train until the seconds are used up."""
        queue, free, buffers = queues
        before, sums = time.monotonic(), torch.zeros(2)
        with self.state.with_suffix(".txt").open("a") as log:
            while self.used < self.seconds:
                now = time.monotonic()
                self.used, before = self.used + now - before, now
                self._set_rates()
                number = queue.get()
                lightness, ab, hints = (each.float() for each in buffers[number])
                free.put(number)
                losses = _step(network, classes, lightness, ab, hints)
                (losses[0] + CLASS_WEIGHT * losses[1]).backward()
                torch.nn.utils.clip_grad_norm_(self.learning.parameters(), CLIP)
                self.optimizer.step()
                self.optimizer.zero_grad(set_to_none=True)
                self.step += 1
                average(self.averaged, self.learning, EMA, self.step)
                sums += torch.stack(losses).detach()
                if self.step % LOGGED_EVERY == 0:
                    distance, entropy = (sums / LOGGED_EVERY).tolist()
                    figures = f"distance {110 * distance:.2f}  {entropy:.3f}"
                    print(f"{self.step} {self.used / 60:.1f} min  {figures}", file=log, flush=True)
                    sums.zero_()
                if self.step % SAVED_EVERY == 0:
                    self._save()
        self._save()

    def _set_rates(self) -> None:
        """Set learning rates: a warm-up, then half a cosine over the seconds."""
        warm = min(1, (self.step + 1) / WARMUP)
        cosine = (1 + math.cos(math.pi * self.used / self.seconds)) / 2
        for group, rate in zip(self.optimizer.param_groups, self.rates, strict=True):
            group["lr"] = rate * (warm * cosine + LEAST_RATE)

    def _save(self) -> None:
        state = {"learning": self.learning.state_dict(), "averaged": self.averaged.state_dict()}
        state |= {"optimizer": self.optimizer.state_dict(), "step": self.step, "used": self.used}
        temporary = self.state.with_suffix(".tmp")
        torch.save(state, temporary)
        temporary.replace(self.state)


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


def _batches_beside(store: Path) -> Queues:
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
