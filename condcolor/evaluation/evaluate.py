"""A model evaluated on a data set, beside baselines, by the protocol that its pictures call for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from condcolor.conditions.schema import AttributeSchema
from condcolor.data.dataset import ImageDataset
from condcolor.data.metadata import open_photograph, read_metadata, read_photographs
from condcolor.errors import DataError
from condcolor.evaluation import metrics
from condcolor.evaluation.metrics import SSIM_WINDOW, ColorFunction
from condcolor.evaluation.perceptual import Perceptual
from condcolor.evaluation.photos import PhotoEvaluation, Tally, evaluate_photos
from condcolor.evaluation.sketches import Evaluation, evaluate
from condcolor.imaging.geometry import resize
from condcolor.imaging.open import open_picture
from condcolor.models.codecs import Codec
from condcolor.runtime.messages import shown_name


class MeasuredColorizer(Protocol):
    """What of a Colorizer is measured."""

    schema: AttributeSchema
    codec: Codec
    image_size: int  # pixels a side that the network sees

    def __call__(self, picture: Image.Image, /) -> Image.Image:
        """A photograph in colour, of its own size."""

    def color(self, sketch: Tensor, asked: Tensor) -> Tensor:
        """A sketch `[3, S, S]` uint8 in several colourings, by value indices `[N, A]`.

        Returns:
            `[N, 3, S, S]` float in [0, 1].
        """

    def color_bare(self, sketch: Tensor, asked: Tensor) -> Tensor:
        """Like `colour`, but what the network says."""


def assess(
    colorizer: MeasuredColorizer,
    data: Path,
    *,
    max_inputs: int | None = None,
    network_only: bool = False,
    on_progress: Callable[[int, int], None] | None = None,
) -> dict[str, dict[str, Evaluation]]:
    """Split name -> {"model": figures, "flat fill": figures, "grey": figures}.

    Where test rows have combinations of values that no training row has, the test inputs are measured
    in just those once more, as "test, unseen combinations".

    Args:
        network_only: measure the network's bare output, not what `colorize` makes of it.

    Raises:
        DataError: the data cannot be used, or its values are none of the model's.
    """
    metadata = read_metadata(data, vocabulary=colorizer.schema)
    train, test = metadata.split("train"), metadata.split("test")
    splits = {"train": train, "test": test, "all rows": metadata.split("")}
    colors: dict[str, ColorFunction] = {
        "model": colorizer.color_bare if network_only else colorizer.color,
        "flat fill": flat_fill(colorizer.schema),
        "grey": grey,
    }

    def measured(pictures: ImageDataset, only: Sequence[tuple[str, ...]] | None = None):
        return {
            name: evaluate(
                color,
                pictures,
                combinations=only,
                max_inputs=max_inputs,
                on_progress=on_progress if name == "model" else None,
            )
            for name, color in colors.items()
        }

    tables = {}
    for name, records in splits.items():
        if records:
            pictures = ImageDataset(records, colorizer.schema, colorizer.image_size)
            tables[name] = measured(pictures)
            seen = {record.values for record in train}
            unseen = sorted({record.values for record in records} - seen)
            if name == "test" and seen and unseen:
                tables["test, unseen combinations"] = measured(pictures, unseen)
    if not tables:
        raise DataError(f"{data}: no rows to measure on")
    return tables


def assess_photographs(
    colorizers: Mapping[str, MeasuredColorizer],
    data: Path,
    *,
    short_side: int = 256,
    max_inputs: int | None = None,
    keep_grey: bool = False,
    perceptual: Perceptual | None = None,
    on_progress: Callable[[int, int], None] | None = None,
    on_skip: Callable[[str], None] | None = None,
) -> dict[str, dict[str, PhotoEvaluation]]:
    """Split name -> {each name of `colorizers`: figures, "grey": figures, "truth": figures}.

    The test split is measured; where the data has none, all photographs. Grey, broken and tiny ones are
    left out, and `on_skip` hears of each.

    Args:
        short_side: photographs are first made smaller until this is their short side, in pixels.
        keep_grey: grey ones count, too, though leaving them grey is no merit.
        perceptual: measures FID, KID and LPIPS, too.

    Raises:
        DataError: the data cannot be used, or no photograph of it.
        CheckpointError: a network of `perceptual` is not what it should be.
    """
    records = read_photographs(data).records
    tested = tuple(record for record in records if record.split == "test")
    chosen = tested or records
    if max_inputs is not None and len(chosen) > max_inputs:
        spread = np.linspace(0, len(chosen) - 1, max_inputs).round().astype(int)
        chosen = [chosen[place] for place in spread]
    tallies = {name: Tally() for name in (*colorizers, "grey", "truth")}
    codec = next(iter(colorizers.values())).codec
    for done, record in enumerate(chosen, start=1):
        try:
            truth = _shrunk(_usable(record.source, keep_grey), short_side)
        except DataError as error:
            if on_skip is not None:
                on_skip(str(error))
        else:
            made = {n: _tensor(output) for n, output in _outputs(colorizers, codec, truth)}
            for name, output in made.items():
                tallies[name].add(output, made["truth"])
            if perceptual is not None:
                perceptual.add(made, made["truth"])
        if on_progress is not None:
            on_progress(done, len(chosen))
    if not tallies["truth"].pictures:
        raise DataError(f"{data}: no colour photograph to measure on")
    split = "test" if tested else "all photographs"
    more = (
        {name: asdict(score) for name, score in perceptual.scores().items()} if perceptual else {}
    )
    return {split: {n: replace(t.score(), **more.get(n, {})) for n, t in tallies.items()}}


def _outputs(
    colorizers: Mapping[str, MeasuredColorizer], codec: Codec, truth: np.ndarray
) -> Iterator[tuple[str, np.ndarray]]:
    """A photograph as each of them colours it, as it is in grey, and as it is."""
    shown = codec.shown(_tensor(truth)[None].mul(255).round().byte())[0]
    grey = (shown * 255).round().byte().permute(1, 2, 0).numpy()
    for name, colorizer in colorizers.items():
        yield name, np.asarray(colorizer(Image.fromarray(grey)))
    yield "grey", grey
    yield "truth", truth


def _usable(path: Path, keep_grey: bool) -> np.ndarray:
    """A photograph, with colours unless `keep_grey`, as large as the measures need it."""
    rgb = open_picture(path).rgb if keep_grey else open_photograph(path)
    if min(rgb.shape[:2]) < SSIM_WINDOW:
        height, width = rgb.shape[:2]
        raise DataError(
            f"{shown_name(path)}: {width}x{height} pixels are too few: SSIM needs {SSIM_WINDOW} a side"
        )
    return rgb


def _shrunk(rgb: np.ndarray, short_side: int) -> np.ndarray:
    height, width = rgb.shape[:2]
    scale = short_side / min(height, width)
    if scale >= 1:
        return rgb
    return resize(rgb, max(1, round(width * scale)), max(1, round(height * scale)))


def _tensor(rgb: np.ndarray) -> Tensor:
    """`[H, W, 3]` uint8 -> `[3, H, W]` float in [0, 1]."""
    return torch.from_numpy(np.array(rgb)).permute(2, 0, 1).float() / 255


SKETCHES, PHOTOGRAPHS = 8, 256  # inputs that training measures after an epoch, at most


def measure(
    codec: Codec, color: ColorFunction, pictures: ImageDataset
) -> Evaluation | PhotoEvaluation:
    """How well `colour` does on some of `pictures`: in all colours, or against the one truth there is."""
    if codec.pairs:
        return evaluate(color, pictures, max_inputs=SKETCHES)
    return evaluate_photos(color, pictures, max_inputs=PHOTOGRAPHS)


FLOODED = 195 / 255  # from here up a sketch's pixel is ground or fill, not line


def grey(sketch: Tensor, asked: Tensor) -> Tensor:
    """The baseline that leaves the sketch as it is."""
    return (sketch.float() / 255).expand(len(asked), *sketch.shape)


def flat_fill(schema: AttributeSchema) -> ColorFunction:
    """The baseline that fills all that the lines enclose with one colour: the mean of those asked."""
    palettes = [torch.tensor(a.palette).float() / 255 for a in schema.attributes if all(a.palette)]

    def color(sketch: Tensor, asked: Tensor) -> Tensor:
        light = sketch.float() / 255
        inside = _enclosed(light.mean(0))
        colored = light.expand(len(asked), *light.shape).clone()
        if palettes:
            mean = torch.stack([p[asked[:, i]] for i, p in enumerate(palettes)]).mean(0)
            colored[:, :, inside] *= mean[:, :, None]
        return colored

    return color


def _enclosed(light: Tensor) -> Tensor:
    """Return the pixels `[H, W]` that a flood of the ground, from outside the border, does not reach.

    The flood goes up, down and sideways, over pixels that are as light as `FLOODED`.
    """
    from scipy.ndimage import binary_fill_holes

    lines = (light < FLOODED).numpy()
    return torch.from_numpy(binary_fill_holes(lines)) & (light > metrics.DARK)
