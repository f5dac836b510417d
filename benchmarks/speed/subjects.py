"""What is timed: training, inference and the data path, ours and a textbook's, and the machine's matmul."""

from __future__ import annotations

import importlib.util
import itertools
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType

import torch

from benchmarks.speed.settings import DATA, ENCODED, INFERENCE, TRAINING, Subject, measured_phase
from benchmarks.speed.timing import Samples, Timed
from condcolor.data.augmentation import seeded
from condcolor.data.dataset import ImageDataset
from condcolor.data.reading import AS_IT_IS
from condcolor.errors import UsageError
from condcolor.inference.torch_colorizer import TorchColorizer
from condcolor.models.checkpoint import Model
from condcolor.models.networks import make_generator
from condcolor.recipes import Recipe, TrainConfig, find_recipe
from condcolor.runtime.devices import pick_device
from condcolor.runtime.messages import shown_name
from condcolor.runtime.process import cores
from condcolor.training.gan import Gan

SIDES = {"cpu": 2048, "cuda": 8192}  # of the matrices: large enough for the best rate
NARROW = 8  # channels of networks that are only asked to encode


def prepare_ours(subject: Subject) -> Timed:
    """What the subject says, warmed up."""
    device = pick_device(subject.device)
    if subject.what == INFERENCE:
        return _inference(subject, device)
    return _batches(subject, device)


def matmul(subject: Subject) -> Timed:
    """Square matrices; what counts as pictures are its FLOPs."""
    device = pick_device(subject.device)
    if device.type == "cuda":  # as the convolutions do, which by default compute float32 in TF32
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32
    dtype = torch.bfloat16 if subject.precision == "bf16" else torch.float32
    side = SIDES.get(device.type, SIDES["cpu"])
    a, b = (torch.randn(side, side, device=device).to(dtype) for _ in range(2))
    out = torch.empty_like(a)
    return Timed(lambda: torch.matmul(a, b, out=out), 2 * side**3, device)


def _batches(subject: Subject, device: torch.device) -> Timed:
    """Batches drawn as training draws them; taken as they are, encoded, or learnt from."""
    recipe = find_recipe(subject.recipe)
    networks = {} if subject.what in (DATA, ENCODED) else {"precision": subject.precision}
    sizes = {"batch_size": subject.batch, "image_size": subject.size}
    config = recipe.train_config(**sizes, **networks)
    pictures = _picture_set(recipe, subject, config)
    numbers = itertools.count()

    def draw():
        number = next(numbers)
        rows = (torch.arange(subject.batch) + number * subject.batch) % len(pictures)
        raw = pictures.read(rows, seeded(config.seed, 0, number), config)
        return number, pictures.to_batch(raw.to(device))

    if subject.what == DATA:
        return Timed(draw, subject.batch, device)
    sizes = pictures.schema.sizes
    if subject.what == ENCODED:
        narrow = recipe.model_config(sum(sizes), base_channels=NARROW, disc_channels=NARROW)
        nets = Gan(recipe.codec, config, narrow, sizes, device)
        return Timed(lambda: nets.encoded(draw()[1]), subject.batch, device)
    nets = Gan(recipe.codec, config, subject.model(sum(sizes)), sizes, device)
    phase = measured_phase(recipe)

    def learn():
        number, batch = draw()
        nets.step(phase, batch, number)

    return Timed(learn, subject.batch, device)


def _inference(subject: Subject, device: torch.device) -> Timed:
    """From squares in 8 bits to the network's outputs, both on the CPU."""
    recipe = find_recipe(subject.recipe)
    pictures = _picture_set(recipe, subject, recipe.defaults)
    config = subject.model(pictures.schema.planes)
    generator = make_generator(config)
    model = Model(
        generator, recipe.name, config, pictures.schema, subject.size, {}, {}, "not stated"
    )
    colorizer = TorchColorizer(model, device=subject.device, precision=subject.precision)
    batch = pictures.rows(torch.arange(subject.batch) % len(pictures))
    return Timed(lambda: colorizer.outputs(batch.source, batch.cond), subject.batch, device)


def _picture_set(recipe: Recipe, subject: Subject, config: TrainConfig) -> ImageDataset:
    metadata = recipe.task.read(Path(subject.folder), "own", AS_IT_IS)
    return ImageDataset(
        metadata.records,
        metadata.schema,
        subject.size,
        photographs=recipe.task.photographs,
        jitter=config.jitter,
    )


NAMES = ("RECIPES", "loader", "Pix2Pix")
MOST_WORKERS = 4  # processes of a loader, as tutorials have it
SHAPE = ("source_channels", "output_channels", "cond_planes", "base_channels", "max_channels")


SHAPE += ("depth", "dropout", "disc_channels", "disc_layers")


def load_textbook(path: str | Path) -> ModuleType:
    """The module of a textbook file; UsageError when it cannot be imported or lacks something."""
    path = Path(path)
    if not path.is_file():
        raise UsageError(f"textbook {shown_name(path)}: no such file: name one, or leave it out")
    spec = importlib.util.spec_from_file_location("textbook", path)
    if spec is None:
        raise UsageError(f"textbook {shown_name(path)}: not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules["textbook"] = module  # the loader's processes look it up
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # whatever it is, it is that file's
        raise UsageError(f"textbook {shown_name(path)}: {type(error).__name__}: {error}") from error
    missing = [name for name in NAMES if not hasattr(module, name)]
    if missing:
        raise UsageError(f"textbook {shown_name(path)}: has no {', '.join(missing)}")
    return module


def prepare_textbook(subject: Subject) -> Timed | Loading:
    """What the subject says, warmed up."""
    module, device = load_textbook(subject.textbook), pick_device(subject.device)
    if subject.what in (DATA, ENCODED):
        return Loading(module, subject)
    (batch,) = _loaded(module, subject, workers=0, batches=1)
    source, _, planes = batch
    model = subject.model(planes.shape[1])
    pair = module.Pix2Pix(device=subject.device, **{name: getattr(model, name) for name in SHAPE})
    step = pair.training_step if subject.what == TRAINING else pair.infer
    return Timed(lambda: step(batch), len(source), device)


class Loading:
    """The textbook's loader, its processes as many as there are cores, up to MOST_WORKERS."""

    def __init__(self, module: ModuleType, subject: Subject):
        self.module, self.subject = module, subject
        self.workers = min(MOST_WORKERS, cores())
        self.seconds = 1.0
        for _ in range(2):  # how long batches take, in its own processes
            _, self.seconds = self._samples(3 * self.workers)[-1]

    def run(self, seconds: float) -> Samples:
        """Rounds of one batch a process, for about so long."""
        return self._samples(self.workers * (1 + max(2, round(seconds / self.seconds))))

    def _samples(self, batches: int) -> Samples:
        batches = _loaded(self.module, self.subject, workers=self.workers, batches=batches)
        return rounds(batches, self.workers)


def rounds(batches: Iterable, workers: int) -> Samples:
    """Samples of `workers` batches each, the first of which only starts the clock.

    Processes that load side by side take a while to start, and hand over their batches at about one time.
    """
    samples: Samples = []
    started, pictures = 0.0, 0
    for number, (source, *_) in enumerate(batches, start=1):
        pictures += len(source)
        if number % workers == 0:
            now = time.perf_counter()
            if number > workers:
                samples.append((pictures, now - started))
            started, pictures = now, 0
    return samples


def _loaded(module: ModuleType, subject: Subject, *, workers: int, batches: int) -> Iterable:
    torch.manual_seed(0)
    return module.loader(
        find_recipe(subject.recipe).name,
        Path(subject.folder),
        size=subject.size,
        batch_size=subject.batch,
        workers=workers,
        batches=batches,
    )
