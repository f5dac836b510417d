"""FID, KID and LPIPS of coloured photographs, by networks from files that the user has."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from condcolor.errors import CheckpointError, UsageError
from condcolor.runtime.messages import shown_name

PERCEPTUAL_PROTOCOL = """\
By the networks given: pictures go in at the size they are measured at, as 8-bit RGB, and are resized there.

- FID: Frechet distance of the features of all colourings to those of all truths (Heusel et al. 2017). It
  falls with the number of pictures: compare figures of equally many only.
- KID: squared maximum mean discrepancy of the same features, cubic kernel, unbiased (Binkowski et al. 2018),
  over all pictures at once.
- LPIPS: perceptual distance of each colouring to its truth (Zhang et al. 2018), the mean over pictures.

Nothing is downloaded. The networks are TorchScript files such as `inception-2015-12-05.pt` and `vgg16.pt` of
NVIDIA's StyleGAN metrics, whose pooled features and LPIPS-scaled features these measures are defined on."""
FEATURES = {"return_features": True}  # of the Inception file: pooled features, not class scores
DISTANCES = {"return_lpips": True, "resize_images": False}  # of the VGG file: scaled for LPIPS


@dataclass(frozen=True)
class PerceptualScore:
    """NaN where no network was given, or fewer than two pictures were."""

    fid: float
    kid: float
    lpips: float


class FeatureNetwork:
    """Pictures to one vector each, by a TorchScript network.

    Args:
        path: the file. What is in it runs, as TorchScript: take it from where you trust it.
        options: arguments for its `forward` besides the pictures; those that it has not are left out.

    Raises:
        UsageError: no such file.
        CheckpointError: it is no TorchScript network.
    """

    def __init__(
        self, path: Path | str, options: Mapping[str, bool], device: torch.device | str = "cpu"
    ):
        self.name, self.device = shown_name(path), device
        if not Path(path).is_file():
            raise UsageError(f"{self.name}: no such file: name a TorchScript file (.pt)")
        try:
            with warnings.catch_warnings():  # torch discourages new TorchScript; this file is old
                warnings.simplefilter("ignore")
                network = torch.jit.load(str(path), map_location=device).eval()
            known = {argument.name for argument in network.forward.schema.arguments}
        except (RuntimeError, ValueError, OSError, AttributeError) as error:
            raise CheckpointError(
                f"{self.name}: no TorchScript network: give the .pt file that torch.jit.load reads, not a "
                "file of weights alone (.pth, .safetensors)"
            ) from error
        self.network = network
        self.options = {name: value for name, value in options.items() if name in known}

    @torch.inference_mode()
    def __call__(self, picture: Tensor) -> np.ndarray:
        """`[3, H, W]` float RGB in [0, 1] -> `[D]` float64.

        Raises:
            CheckpointError: the network wants something else, or gives it.
        """
        levels = (picture[None] * 255).round().clamp(0, 255).to(self.device)
        try:
            features = self.network(levels, **self.options)
        except (RuntimeError, torch.jit.Error) as error:
            raise CheckpointError(f"{self.name}: does not take pictures [1, 3, H, W]") from error
        if not isinstance(features, Tensor) or features.shape[:1] != (1,):
            raise CheckpointError(f"{self.name}: does not give one tensor [1, D] of features")
        return features.flatten().double().cpu().numpy()


class Perceptual:
    """Takes in the colourings of photographs, one photograph after the other.

    Args:
        fid: file of the network for FID and KID, or None.
        lpips: file of the network for LPIPS, or None.
    """

    def __init__(
        self, fid: Path | None = None, lpips: Path | None = None, device: torch.device | str = "cpu"
    ):
        self.features = FeatureNetwork(fid, FEATURES, device) if fid else None
        self.distances = FeatureNetwork(lpips, DISTANCES, device) if lpips else None
        if self.distances is not None and "return_lpips" not in self.distances.options:
            raise CheckpointError(
                f"{self.distances.name}: its forward has no 'return_lpips': give the vgg16.pt of "
                "StyleGAN's metrics"
            )
        self.truths: list[np.ndarray] = []
        self.outputs: dict[str, list[np.ndarray]] = {}
        self.apart: dict[str, list[float]] = {}

    def add(self, outputs: Mapping[str, Tensor], truth: Tensor) -> None:
        """One photograph as each of `outputs` has it, and the truth, `[3, H, W]` float in [0, 1]."""
        if self.features is not None:
            self.truths.append(self.features(truth))
            for name, output in outputs.items():
                self.outputs.setdefault(name, []).append(self.features(output))
        if self.distances is not None:
            point = self.distances(truth)
            for name, output in outputs.items():
                apart = float(np.square(self.distances(output) - point).sum())
                self.apart.setdefault(name, []).append(apart)

    def scores(self) -> dict[str, PerceptualScore]:
        """Return the measures of each output by its name."""
        scores = {}
        for name in self.outputs | self.apart:
            fid = kid = float("nan")
            if len(self.truths) > 1:
                pair = np.stack(self.outputs[name]), np.stack(self.truths)
                fid, kid = frechet_distance(*pair), kernel_distance(*pair)
            apart = self.apart.get(name)
            lpips = float(np.mean(apart)) if apart else float("nan")
            scores[name] = PerceptualScore(fid, kid, lpips)
        return scores


def frechet_distance(first: np.ndarray, second: np.ndarray) -> float:
    """Frechet distance of the Gaussians with the moments of features `[N, D]` and `[M, D]`.

    Dowson and Landau 1982: |m1 - m2|^2 + tr(S1 + S2 - 2 (S1 S2)^(1/2)). With S = X^T X the last trace is
    the sum of the singular values of X1 X2^T, which needs no matrix root and holds for few pictures.
    """
    (mean1, root1), (mean2, root2) = (_moments(features) for features in (first, second))
    shared = np.linalg.svd(root1 @ root2.T, compute_uv=False).sum()
    spread = np.square(root1).sum() + np.square(root2).sum() - 2 * shared
    return float(max(0.0, np.square(mean1 - mean2).sum() + spread))


def kernel_distance(first: np.ndarray, second: np.ndarray) -> float:
    """Unbiased MMD^2 of features `[N, D]` and `[M, D]`, kernel (x.y / D + 1)^3; may be below 0."""

    def kernel(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return (a @ b.T / a.shape[1] + 1) ** 3

    def within(features: np.ndarray) -> float:
        every, count = kernel(features, features), len(features)
        return (every.sum() - every.trace()) / (count * (count - 1))

    return float(within(first) + within(second) - 2 * kernel(first, second).mean())


def _moments(features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean `[D]`, and an X with X^T X = covariance that is no longer than `features [N, D]` is wide."""
    mean = features.mean(axis=0)
    root = (features - mean) / np.sqrt(len(features) - 1)
    if len(root) > root.shape[1]:
        root = np.linalg.qr(root, mode="r")
    return mean, root
