"""Small model folders, and what their refusals say."""

from __future__ import annotations

import pytest
import torch

from condcolor.conditions.schema import Attribute, AttributeSchema
from condcolor.errors import CheckpointError
from condcolor.models.checkpoint import save_model
from condcolor.models.config import ModelConfig
from condcolor.models.networks import UNet

CONFIG = ModelConfig(3, 3, cond_planes=3, base_channels=2, max_channels=4, depth=3)
SCHEMA = AttributeSchema(
    (Attribute("hair", ("blue", "red", "sea green"), ((1, 2, 3), None, None)),)
)


def network(seed: int = 0) -> UNet:
    torch.manual_seed(seed)
    return UNet(CONFIG).eval()


def write_model(folder, weights=None, **options):
    given = {"recipe": "icons", "config": CONFIG, "schema": SCHEMA, "image_size": 16}
    given |= {"training": {"epoch": 3}, "metrics": {"mse": 0.5, "haze": None}, "licence": "MIT"}
    save_model(folder, weights or network().state_dict(), **given | options)
    return folder


def refusal(call, *arguments) -> str:
    with pytest.raises(CheckpointError) as caught:
        call(*arguments)
    assert caught.value.exit_code == 4
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) < 400
    return message
