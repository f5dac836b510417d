"""A network with other outputs: each is the old one that it began as."""

from __future__ import annotations

import torch

from condcolor.conditions.parts import PARTS, Part, table_from_json, table_to_json
from condcolor.models.codecs import SketchToOwnParts
from condcolor.models.losses import pixel_loss
from condcolor.models.networks import UNet
from condcolor.models.part_heads import with_outputs
from condcolor.recipes import RECIPES

SMALL = {"base_channels": 2, "max_channels": 4, "depth": 4, "disc_channels": 2}
OWN = (*PARTS[:2], Part("roof", (255, 0, 0)), Part("fixed-1", (0, 0, 255), (10, 20, 30)))


def test_each_output_is_the_old_one_that_it_began_as():
    config = RECIPES["parts"].model_config(0, **SMALL)
    old = UNet(config).eval()
    rows = [0, 1, 5, 2, 5]
    weights, wider = with_outputs(old.state_dict(), config, rows)
    new = UNet(wider).eval()
    new.load_state_dict(weights)
    source = torch.randn(1, 3, 16, 16)
    with torch.no_grad():
        outputs = [net(source, torch.zeros(1, 0)) for net in (old, new)]
    torch.testing.assert_close(outputs[1], outputs[0][:, rows])


def test_bits_are_the_parts_that_a_pixel_may_be():
    codec = SketchToOwnParts([Part(f"p{i}", (0, 0, 0)) for i in range(10)])
    rgb = torch.zeros(1, 3, 1, 3, dtype=torch.uint8)
    rgb[0, 0, 0, 0] = 0b101  # parts 0 and 2
    rgb[0, 1, 0, 1] = 0b10  # part 9
    planes = codec.encode_target(rgb)
    assert planes[0, :, 0].T.nonzero().tolist() == [[0, 0], [0, 2], [1, 9]]


def test_the_loss_of_several_parts_is_that_of_all_of_them_together():
    scores = torch.tensor([0.1, -0.05, 0.02, 0.07]).view(1, 4, 1, 1)
    target = torch.tensor([1.0, 0, 1, 0]).view(1, 4, 1, 1)
    probability = (8 * scores).softmax(dim=1)[0, [0, 2]].sum()
    assert torch.isclose(pixel_loss("cross-entropy", scores, target), -probability.log())
    assert pixel_loss("cross-entropy", scores, torch.ones_like(target)).abs() < 1e-6


def test_a_table_is_the_same_after_json():
    assert table_from_json(table_to_json(OWN)) == OWN
    assert table_from_json(None) == PARTS
