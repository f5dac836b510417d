"""FID, KID and LPIPS by networks that the user has."""

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
    """FID, KID and LPIPS; NaN without a network, and FID and KID with fewer than two pictures."""

    fid: float
    kid: float
    lpips: float


class FeatureNetwork:
    """A TorchScript network that maps a picture to a feature vector.

    Args:
        path: the file. Its code is executed: use only files that you trust.
        options: arguments of its `forward` besides the pictures; unknown ones are left out.
        device: where the network runs.

    Raises:
        UsageError: the file does not exist.
        CheckpointError: the file is no TorchScript network.
    """

    def __init__(
        self, path: Path | str, options: Mapping[str, bool], device: torch.device | str = "cpu"
    ):
        self.name, self.device = shown_name(path), device
        if not Path(path).is_file():
            raise UsageError(f"{self.name}: no such file: name a TorchScript file (.pt)")
        try:
            with warnings.catch_warnings():  # torch deprecates TorchScript; these files are old
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
        """Return the features `[D]` float64 of a picture `[3, H, W]` float RGB in [0, 1].

        Raises:
            CheckpointError: the network does not take a picture, or does not return one vector.
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
    """Accumulates FID, KID and LPIPS over photographs.

    Args:
        fid: file of the network for FID and KID, or None.
        lpips: file of the network for LPIPS, or None.
        device: where the networks run.

    Raises:
        UsageError: a file does not exist.
        CheckpointError: a file is no suitable network.
    """

    def __init__(
        self,
        fid: Path | str | None = None,
        lpips: Path | str | None = None,
        device: torch.device | str = "cpu",
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
        self.distances_of: dict[str, list[float]] = {}

    def add(self, outputs: Mapping[str, Tensor], truth: Tensor) -> None:
        """Add the colorings of a photograph by name, and its truth; all `[3, H, W]` float in [0, 1]."""
        if self.features is not None:
            self.truths.append(self.features(truth))
            for name, output in outputs.items():
                self.outputs.setdefault(name, []).append(self.features(output))
        if self.distances is not None:
            reference = self.distances(truth)
            for name, output in outputs.items():
                distance = float(np.square(self.distances(output) - reference).sum())
                self.distances_of.setdefault(name, []).append(distance)

    def scores(self) -> dict[str, PerceptualScore]:
        """Return the scores of each name."""
        scores = {}
        for name in self.outputs | self.distances_of:
            fid = kid = float("nan")
            if len(self.truths) > 1:
                pair = np.stack(self.outputs[name]), np.stack(self.truths)
                fid, kid = frechet_distance(*pair), kernel_distance(*pair)
            distances = self.distances_of.get(name)
            lpips = float(np.mean(distances)) if distances else float("nan")
            scores[name] = PerceptualScore(fid, kid, lpips)
        return scores


def frechet_distance(first: np.ndarray, second: np.ndarray) -> float:
    """Return the Frechet distance of the Gaussians fitted to features `[N, D]` and `[M, D]`.

    Dowson and Landau 1982: |m1 - m2|^2 + tr(S1 + S2 - 2 (S1 S2)^(1/2)). With S = X^T X the last trace is
    the sum of the singular values of X1 X2^T, which needs no matrix root and is exact for few pictures.
    """
    (mean1, root1), (mean2, root2) = (_moments(features) for features in (first, second))
    shared = np.linalg.svd(root1 @ root2.T, compute_uv=False).sum()
    spread = np.square(root1).sum() + np.square(root2).sum() - 2 * shared
    return float(max(0.0, np.square(mean1 - mean2).sum() + spread))


def kernel_distance(first: np.ndarray, second: np.ndarray) -> float:
    """Return the unbiased MMD^2 of features `[N, D]` and `[M, D]`, kernel (x.y / D + 1)^3; may be below 0."""

    def kernel(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return (a @ b.T / a.shape[1] + 1) ** 3

    def within(features: np.ndarray) -> float:
        every, count = kernel(features, features), len(features)
        return (every.sum() - every.trace()) / (count * (count - 1))

    return float(within(first) + within(second) - 2 * kernel(first, second).mean())


def _moments(features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean `[D]` and an X `[min(N, D), D]` with X^T X = covariance of `features [N, D]`."""
    mean = features.mean(axis=0)
    root = (features - mean) / np.sqrt(len(features) - 1)
    if len(root) > root.shape[1]:
        root = np.linalg.qr(root, mode="r")
    return mean, root
