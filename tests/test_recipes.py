"""Recipes as data: numbers are checked where they are made, and messages say what came."""

from __future__ import annotations

import dataclasses

import pytest

from condcolor.data.augmentation import AugmentConfig
from condcolor.errors import CheckpointError, UsageError
from condcolor.models.codecs import SketchToRgb
from condcolor.models.config import ModelConfig
from condcolor.recipes import RECIPES, SKETCHES, Phase, Recipe, TrainConfig, find_recipe
from condcolor.runtime.config_fields import from_fields

NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"epochs": -1}, "phase gan: epochs must be a whole number from 0 to 1000000000, got -1"),
        ({"epochs": 2.5}, "got 2.5"),
        ({"epochs": NAN}, "got nan"),
        (
            {"pixel_loss": "mses"},
            "'mses' is not one of l1, mse, distance, cross-entropy; did you mean 'mse'?",
        ),
        ({"pixel_loss": "huber"}, "phase gan: pixel loss 'huber' is not one of l1, mse"),
        ({"pixel_weight": -0.1}, "phase gan: pixel_weight must be 0 or more, got -0.1"),
        ({"pixel_weight": NAN}, "pixel_weight must be 0 or more, got nan"),
        ({"gan_weight": INF}, "gan_weight must be 0 or more, got inf"),
    ],
)
def test_a_phase_that_cannot_be_is_refused(fields, said):
    with pytest.raises(UsageError) as caught:
        Phase(**{"name": "gan", "epochs": 1, **fields})
    assert said in str(caught.value)


@pytest.mark.parametrize(
    "name", ["image_size", "batch_size", "checkpoint_epochs", "measure_epochs", "seed"]
)
@pytest.mark.parametrize("value", [-1, 2.5, NAN, INF, "8"])
def test_counts_are_whole_numbers(name, value):
    with pytest.raises(UsageError, match=f"{name} must be a whole number from . up, got {value!r}"):
        TrainConfig(**{name: value})


@pytest.mark.parametrize(
    "name", ["beta1", "beta2", "ema", "lr_decay", "shift", "zoom", "fade", "grain", "test_fraction"]
)
@pytest.mark.parametrize("value", [-0.1, 1.1, NAN, INF])
def test_shares_are_from_0_to_1(name, value):
    with pytest.raises(UsageError, match=rf"{name} must be in \[0, 1.*got {value}"):
        TrainConfig(**{name: value})


@pytest.mark.parametrize("config", [AugmentConfig, TrainConfig])
@pytest.mark.parametrize("name", ["jitter", "shift", "zoom", "bend", "fade", "grain"])
def test_an_augmentation_is_checked_by_itself_too(name, config):
    with pytest.raises(UsageError, match=rf"{name} must be in \[0, 1\], got 1.1"):
        config(**{name: 1.1})
    with pytest.raises(UsageError, match="flips_from must be a whole number from 0 up, got -1"):
        config(flips_from=-1)


@pytest.mark.parametrize("name", ["beta1", "beta2", "ema"])
def test_a_decay_of_1_never_learns(name):
    with pytest.raises(UsageError, match=rf"{name} must be in \[0, 1\), got 1.0"):
        TrainConfig(**{name: 1.0})


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"batch_size": 0}, "batch_size must be a whole number from 1 up, got 0"),
        ({"lr": 0.0}, "lr must be above 0, got 0.0"),
        ({"lr": -1e-4}, "lr must be above 0, got -0.0001"),
        ({"lr": INF}, "lr must be above 0, got inf"),
        ({"precision": "fp16"}, "precision must be auto, fp32 or bf16, got 'fp16'"),
    ],
)
def test_a_training_that_cannot_be_is_refused(fields, said):
    with pytest.raises(UsageError) as caught:
        TrainConfig(**fields)
    assert said in str(caught.value)


def test_nothing_can_be_changed_after_it_was_checked():
    for made in (Phase("gan", 1), TrainConfig(), find_recipe("icons")):
        with pytest.raises(dataclasses.FrozenInstanceError):
            made.name = "other"


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_is_found_by_its_name_and_builds(name):
    recipe = find_recipe(name)
    assert recipe.name == name
    assert recipe.phases
    config = recipe.model_config(7)
    assert config.cond_planes == (0 if recipe.codec.parts else 7)
    assert config.source_channels == recipe.codec.source_channels
    assert config.output_channels == recipe.codec.output_channels
    assert recipe.defaults.image_size % config.multiple == 0


def test_overrides_that_are_none_keep_the_recipes_own():
    recipe = Recipe(
        "r", SKETCHES, SketchToRgb(), {"depth": 4}, (Phase("p", 1),), TrainConfig(lr=0.5)
    )
    assert recipe.train_config(lr=None, batch_size=3) == TrainConfig(lr=0.5, batch_size=3)
    config = recipe.model_config(2, depth=None, dropout=0.0)
    assert (config.depth, config.dropout) == (4, 0.0)
    with pytest.raises(UsageError, match="depth must be a whole number from 3 to 12, got 1"):
        recipe.model_config(2, depth=1)


@pytest.mark.parametrize("word", ["icon", "Icons", "iconz"])
def test_a_misspelt_recipe_gets_the_closest(word):
    with pytest.raises(UsageError, match=f"recipe '{word}' is not one of .*did you mean 'icons'"):
        find_recipe(word)


def test_a_recipe_like_no_other_gets_no_guess():
    with pytest.raises(UsageError) as caught:
        find_recipe("zzz")
    assert "did you mean" not in str(caught.value)


def test_fields_survive_json():
    config = TrainConfig(sample_epochs=(1, 2), lr=1e-3)
    fields = dataclasses.asdict(config) | {"sample_epochs": [1, 2]}  # JSON has no tuples
    assert from_fields(TrainConfig, fields) == config
    assert from_fields(TrainConfig, {}) == TrainConfig()  # an older file lacks newer fields


@pytest.mark.parametrize(
    ("cls", "fields", "said"),
    [
        (
            TrainConfig,
            {"lr": 1e-3, "heat": 5},
            "TrainConfig has no field heat: a newer format?",
        ),
        (TrainConfig, {"lr": -1}, "TrainConfig cannot be rebuilt: lr must be above 0"),
        (TrainConfig, {"lr": "fast"}, "TrainConfig cannot be rebuilt"),
        (Phase, {"epochs": 3}, "Phase cannot be rebuilt: .*name"),
        (Phase, {"name": "p", "epochs": "3"}, "Phase cannot be rebuilt"),
        (ModelConfig, {"source_channels": 3}, "ModelConfig cannot be rebuilt: .*output_channels"),
        (
            ModelConfig,
            {"source_channels": 3, "output_channels": 0},
            "must be a whole number from 1 to 64, got 0",
        ),
    ],
)
def test_fields_that_do_not_fit_are_refused(cls, fields, said):
    with pytest.raises(CheckpointError, match=said):
        from_fields(cls, fields)
