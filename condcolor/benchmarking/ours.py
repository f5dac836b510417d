"""Training, inference and the data path of this package, and the machine's matmul, each as a step to time."""

from __future__ import annotations

import itertools
from pathlib import Path

import torch

from condcolor.adversaries import Adversaries
from condcolor.attributes import AttributeSchema
from condcolor.benchmarking.subject import DATA, ENCODED, INFERENCE, Subject, measured_phase
from condcolor.benchmarking.timing import Timed
from condcolor.checkpoint import Model
from condcolor.colorizer import TorchColorizer
from condcolor.dataset import PictureSet, seeded
from condcolor.devices import pick_device
from condcolor.metadata import read_metadata
from condcolor.networks import make_generator
from condcolor.photographs import read_photographs
from condcolor.recipes import Recipe, TrainConfig, find_recipe

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
        return number, pictures.made(raw.to(device))

    if subject.what == DATA:
        return Timed(draw, subject.batch, device)
    sizes = pictures.schema.sizes
    if subject.what == ENCODED:
        narrow = recipe.model_config(sum(sizes), base_channels=NARROW, disc_channels=NARROW)
        nets = Adversaries(recipe.codec, config, narrow, sizes, device)
        return Timed(lambda: nets.encoded(draw()[1]), subject.batch, device)
    nets = Adversaries(recipe.codec, config, subject.model(sum(sizes)), sizes, device)
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


def _picture_set(recipe: Recipe, subject: Subject, config: TrainConfig) -> PictureSet:
    folder = Path(subject.folder)
    if recipe.codec.pairs:
        metadata = read_metadata(folder)
        records, schema = metadata.records, metadata.schema
    else:
        records, schema = read_photographs(folder).records, AttributeSchema()
    return PictureSet(
        records,
        schema,
        subject.size,
        photographs=not recipe.codec.pairs,
        jitter=config.jitter,
    )
