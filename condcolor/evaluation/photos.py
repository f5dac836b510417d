"""The protocol for photographs: against the truth and against grey."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from condcolor.data.dataset import ImageDataset
from condcolor.data.metadata import open_photograph
from condcolor.data.reading import Reading
from condcolor.errors import DataError
from condcolor.evaluation import metrics
from condcolor.evaluation.evaluator import MeasuredColorizer, OnProgress, OnSkip, Prepare
from condcolor.evaluation.measures import json_value
from condcolor.evaluation.metrics import SSIM_WINDOW, ColorFunction
from condcolor.evaluation.perceptual import Perceptual
from condcolor.imaging.color import srgb_to_lab
from condcolor.imaging.geometry import resize
from condcolor.imaging.open import open_picture
from condcolor.models.codecs import Codec
from condcolor.recipes import PHOTOGRAPHS, find_recipe
from condcolor.runtime.messages import evenly, shown_name

PHOTO_PROTOCOL = """\
The protocol. Each colour photograph is brought to grey, coloured at its own size, and compared with what it
was. Figures are means over photographs of each photograph's own.

- ab error: mean Euclidean distance in ab of CIE Lab (D65); ab RMSE: the root of its mean square.
- drift: how far the mean colour of all pictures is from the truths' in ab: a cast, or a fear of colour.
- PSNR (dB) and SSIM (Gaussian window) on RGB. Lightness is copied, so they reward grey, too. nMSE: mean
  squared error of RGB over ImageNet's variance of each channel, the loss of trainings with its encoders.
- cf hs: colourfulness by Hasler and Suesstrunk, 2003; cf abs: with absolute opponent axes, as most papers
  compute it. dCF: how far the mean of the colourings is from the mean of the truths.
- AuC: area under the share of pixels whose ab error is at most t, t = 0..150, in percent, over all pixels;
  rebalanced: every colour class of the truth (10 x 10 in ab) counts alike."""


@dataclass(frozen=True)
class PhotoEvaluation:
    """The measures of photographs colored in one way, as PHOTO_PROTOCOL defines them.

    `..._truth` and `..._grey` are those of the truth and the grey picture. The last three need networks
    (perceptual.py); NaN without.
    """

    pictures: int
    ab_error: float
    ab_rmse: float
    psnr: float
    ssim: float
    imagenet_mse: float
    cf_hs: float
    cf_abs: float
    cf_hs_truth: float
    cf_abs_truth: float
    ab_error_grey: float
    a_mean: float
    b_mean: float
    a_mean_truth: float
    b_mean_truth: float
    auc: float
    auc_rebalanced: float
    fid: float = math.nan
    kid: float = math.nan
    lpips: float = math.nan

    @property
    def dcf_hs(self) -> float:
        return abs(self.cf_hs - self.cf_hs_truth)

    @property
    def dcf_abs(self) -> float:
        return abs(self.cf_abs - self.cf_abs_truth)

    @property
    def drift(self) -> float:
        """Distance in ab of the mean color of all pictures to that of the truths, Lab units."""
        return math.hypot(self.a_mean - self.a_mean_truth, self.b_mean - self.b_mean_truth)

    @property
    def score(self) -> float:
        """The figure that chooses the best model, the lower the better: 0 is the truth, grey at least 2.

        The sum of ab error and drift, as shares of grey's ab error, and of dCF, as a share of the truth's
        colorfulness: the ab error alone prefers timid colors, dCF alone any colors, and neither sees a cast.
        """
        if not self.ab_error_grey or not self.cf_abs_truth:
            return self.ab_error
        error = (self.ab_error + self.drift) / self.ab_error_grey
        return error + self.dcf_abs / self.cf_abs_truth

    @property
    def error(self) -> float:
        """The distance to the truth alone: the squared error."""
        return self.imagenet_mse

    @property
    def summary(self) -> str:
        """The main measures as text."""
        error = f"ab error {self.ab_error:.2f} (grey {self.ab_error_grey:.2f})"
        colors = f"cf {self.cf_abs:.1f} of {self.cf_abs_truth:.1f}  drift {self.drift:.1f}"
        return f"{error}  {colors}  nMSE {self.imagenet_mse:.4f}"

    def to_row(self) -> dict[str, float]:
        """Return all fields, and the measures computed from them, by their names."""
        derived = ("dcf_hs", "dcf_abs", "drift", "score")
        return asdict(self) | {name: getattr(self, name) for name in derived}

    def to_json(self) -> dict[str, Any]:
        """Return JSON values; infinity becomes None, NaN is left out."""
        return json_value({k: v for k, v in self.to_row().items() if not math.isnan(v)})


class PhotoTally:
    """Sums of measures over photographs, which are added one by one and not kept."""

    def __init__(self) -> None:
        self.sums: dict[str, float] = {}
        self.pictures = 0
        self.counts = torch.zeros(())

    def add(self, output: Tensor, truth: Tensor) -> None:
        """Add a colored photograph and its truth, `[3, H, W]` float RGB in [0, 1] of the same size."""
        lab, lab_truth = srgb_to_lab(output), srgb_to_lab(truth)
        errors = metrics.ab_errors(lab, lab_truth)
        means = [part[axis].mean() for part in (lab, lab_truth) for axis in (1, 2)]
        figures = {
            "ab_error": float(errors.mean()),
            "ab_error_grey": float(torch.linalg.vector_norm(lab_truth[1:], dim=0).mean()),
            "ab_rmse": float(errors.square().mean().sqrt()),
            "psnr": metrics.psnr(output, truth),
            "ssim": metrics.ssim(output, truth),
            "imagenet_mse": metrics.imagenet_mse(output, truth),
            "cf_hs": metrics.colorfulness(output, signed=True),
            "cf_abs": metrics.colorfulness(output, signed=False),
            "cf_hs_truth": metrics.colorfulness(truth, signed=True),
            "cf_abs_truth": metrics.colorfulness(truth, signed=False),
        }
        named = ("a_mean", "b_mean", "a_mean_truth", "b_mean_truth")
        figures |= {name: float(mean) for name, mean in zip(named, means, strict=True)}
        self.sums = {name: self.sums.get(name, 0.0) + value for name, value in figures.items()}
        classes = metrics.color_classes(lab_truth)
        self.counts = self.counts + metrics.error_counts(errors, classes)
        self.pictures += 1

    def score(self) -> PhotoEvaluation:
        """Return the measures of all photographs so far, at least one."""
        means = {name: value / self.pictures for name, value in self.sums.items()}
        plain, rebalanced = (100 * metrics.auc(self.counts, rebalanced=r) for r in (False, True))
        return PhotoEvaluation(self.pictures, **means, auc=plain, auc_rebalanced=rebalanced)


def evaluate_photos(
    color: ColorFunction,
    pictures: ImageDataset,
    *,
    max_inputs: int | None = None,
    on_progress: OnProgress | None = None,
) -> PhotoEvaluation:
    """Measure `color` on the squares of `pictures`, at most `max_inputs` spread evenly over the set."""
    count = len(pictures) if max_inputs is None else min(max_inputs, len(pictures))
    rows = torch.linspace(0, len(pictures) - 1, count).long()
    tally, no_values = PhotoTally(), torch.zeros(1, 0, dtype=torch.long)
    for done, row in enumerate(rows, start=1):
        batch = pictures.rows(row[None])
        tally.add(color(batch.source[0], no_values)[0].float().cpu(), batch.target[0].float() / 255)
        if on_progress is not None:
            on_progress(done, count)
    return tally.score()


@dataclass(frozen=True)
class PhotoEvaluator:
    """The evaluation of photographs beside the grey picture and the truth.

    It measures the test split, or all photographs where the data has none, without those that are grey,
    broken or smaller than SSIM's window.
    """

    vivid: Sequence[float] = ()  # chroma factors, each measured in a row of its own
    short_side: int = 256  # pixels to which the short side of larger photographs is reduced
    keep_grey: bool = False  # measure grey photographs as well
    ignore: Sequence[str] = ()  # columns of a csv that are left out
    labels: str = ""  # of sketches alone: the form of file names
    fid_weights: Path | str | None = None  # a TorchScript network for FID and KID
    lpips_weights: Path | str | None = None  # a TorchScript network for LPIPS

    protocol: ClassVar[str] = PHOTO_PROTOCOL
    most_checked: ClassVar[int] = 256
    checked: ClassVar[str] = f"at most {most_checked} squares"

    @staticmethod
    def measure(color: ColorFunction, pictures: ImageDataset) -> PhotoEvaluation:
        """Measure at most `most_checked` pictures."""
        return evaluate_photos(color, pictures, max_inputs=PhotoEvaluator.most_checked)

    def compare(
        self,
        colorizer: MeasuredColorizer,
        data: Path,
        *,
        max_inputs: int | None = None,
        on_progress: OnProgress | None = None,
        on_skip: OnSkip | None = None,
        prepare: Prepare | None = None,
    ) -> dict[str, dict[str, PhotoEvaluation]]:
        """Measure a model as `Evaluator.compare` does."""
        colorizers = {"model": colorizer}
        colorizers |= {f"vivid {v:g}": colorizer.with_vivid(v) for v in self.vivid}
        device = getattr(colorizer, "device", "cpu")
        perceptual = Perceptual(self.fid_weights, self.lpips_weights, device)
        reading = Reading(tuple(self.ignore), self.labels)
        metadata = PHOTOGRAPHS.read(data, colorizer.schema, reading)
        records = (prepare(metadata) if prepare else metadata).records
        tested = tuple(record for record in records if record.split == "test")
        chosen = evenly(tested or records, max_inputs)
        tallies = {name: PhotoTally() for name in (*colorizers, "grey", "truth")}
        codec = find_recipe(colorizer.recipe).codec
        for done, record in enumerate(chosen, start=1):
            try:
                truth = _shrunk(_usable(record.source, self.keep_grey), self.short_side)
            except DataError as error:
                if on_skip is not None:
                    on_skip(str(error))
            else:
                outputs = {n: _tensor(out) for n, out in _outputs(colorizers, codec, truth)}
                for name, output in outputs.items():
                    tallies[name].add(output, outputs["truth"])
                perceptual.add(outputs, outputs["truth"])
            if on_progress is not None:
                on_progress(done, len(chosen))
        if not tallies["truth"].pictures:
            raise DataError(f"{data}: no colour photograph to measure on")
        split = "test" if tested else "all photographs"
        scores = {name: asdict(score) for name, score in perceptual.scores().items()}
        return {split: {n: replace(t.score(), **scores.get(n, {})) for n, t in tallies.items()}}


def _outputs(
    colorizers: Mapping[str, MeasuredColorizer], codec: Codec, truth: np.ndarray
) -> Iterator[tuple[str, np.ndarray]]:
    """Yield a photograph `[H, W, 3]` uint8 as each colorizer colors it, in grey, and the truth."""
    luma = codec.shown(_tensor(truth)[None].mul(255).round().byte())[0]
    grey = (luma * 255).round().byte().permute(1, 2, 0).numpy()
    for name, colorizer in colorizers.items():
        yield name, np.asarray(colorizer(Image.fromarray(grey)))
    yield "grey", grey
    yield "truth", truth


def _usable(path: Path, keep_grey: bool) -> np.ndarray:
    """Open a photograph `[H, W, 3]` uint8 that can be measured.

    Raises:
        DataError: it cannot be read, is smaller than SSIM's window, or is grey without `keep_grey`.
    """
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
    """Convert `[H, W, 3]` uint8 to `[3, H, W]` float in [0, 1]."""
    return torch.from_numpy(np.array(rgb)).permute(2, 0, 1).float() / 255
