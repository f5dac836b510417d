"""A trained network for other attributes: shared values color as before, new ones have no effect yet."""

from __future__ import annotations

import pytest
import torch

from condcolor.conditions.schema import Attribute, AttributeSchema
from condcolor.models.networks import make_generator
from condcolor.models.transfer import differences, with_values
from condcolor.recipes import RECIPES

SMALL = {"base_channels": 2, "max_channels": 4, "depth": 4, "disc_channels": 2, "dropout": 0.0}
OLD = AttributeSchema(
    (Attribute("hair", ("blue", "red")), Attribute("shirt", ("blue", "red", "tan")))
)
NEW = AttributeSchema((Attribute("shirt", ("red", "pink")), Attribute("hat", ("blue", "red"))))


@pytest.mark.parametrize("levels", ["input", "all", "head"])
def test_what_is_shared_is_kept_and_a_new_attribute_has_no_effect(levels):
    recipe = RECIPES["icons"]
    config = recipe.model_config(OLD.planes, cond_levels=levels, **SMALL)
    torch.manual_seed(0)
    old = make_generator(config).eval()
    weights = with_values(old.state_dict(), config, OLD, NEW)
    new = make_generator(recipe.model_config(NEW.planes, cond_levels=levels, **SMALL)).eval()
    new.load_state_dict(weights)
    source = torch.randn(1, 3, 16, 16)
    red_shirt = torch.tensor([[0.0, 0, 0, 1, 0]])  # and no hair
    with torch.no_grad():
        expected = old(source, red_shirt)
        hats = [new(source, torch.tensor([[1.0, 0, *hat]])) for hat in ((1, 0), (0, 1))]
        pink = new(source, torch.tensor([[0.0, 1, 0, 0]]))
        mean = old(source, torch.tensor([[0.0, 0, 1 / 3, 1 / 3, 1 / 3]]))
    for output in hats:
        torch.testing.assert_close(output, expected)
    torch.testing.assert_close(pink, mean)


def test_a_value_at_another_place_keeps_its_weights():
    turned = AttributeSchema((Attribute("hair", ("red", "blue")), OLD.attributes[1]))
    config = RECIPES["icons"].model_config(OLD.planes, **SMALL)
    weights = make_generator(config).state_dict()
    fitted = with_values(weights, config, OLD, turned)["downs.0.conv.weight"]
    own = weights["downs.0.conv.weight"]
    torch.testing.assert_close(fitted, own[:, [0, 1, 2, 4, 3, 5, 6, 7]])


def test_what_is_new_is_said():
    assert differences(OLD, NEW) == [
        "new to the model: hat",
        "not in the data, so not in the new model: hair",
        "shirt: new to the model: pink",
        "shirt: not in the data: blue, tan",
    ]
    assert differences(OLD, OLD) == []
