from __future__ import annotations

import subprocess
import sys
from urllib.error import URLError

import pytest
import torch

from condcolor.errors import CheckpointError, DataError, UsageError
from condcolor.models import encoders
from condcolor.models.config import ModelConfig
from condcolor.models.encoders import (
    ENCODERS,
    EfficientNetLite0,
    EfficientNetLite2,
    find_weights,
)
from condcolor.models.networks import EncoderUNet, make_generator

NAME = "efficientnet-lite0"
SMALL = {"base_channels": 4, "max_channels": 8, "depth": 5, "dropout": 0.0, "encoder": NAME}


def published() -> dict:
    """Weights as the package names and shapes them, with a classifier behind; random."""
    own = EfficientNetLite0(3).state_dict()
    drawn = {f"p{i}": torch.rand(t.shape).to(t.dtype) for i, t in enumerate(own.values())}
    return drawn | {"_fc.weight": torch.rand(10, 320)}


def test_levels_halve_and_are_as_wide_as_said():
    maps = EfficientNetLite0(1).eval()(torch.zeros(1, 1, 64, 96))
    assert [m.shape[1] for m in maps] == list(EfficientNetLite0.widths)
    assert [tuple(m.shape[2:]) for m in maps] == [(32, 48), (16, 24), (8, 12), (4, 6), (2, 3)]


def test_it_has_the_published_number_of_parameters():
    own = sum(p.numel() for p in EfficientNetLite0(3).parameters())
    head, classifier = 320 * 1280 + 2 * 1280, 1280 * 1000 + 1000
    assert own + head + classifier == 4_652_008


def test_a_grey_source_gives_what_three_equal_channels_give():
    weights = published()
    grey, rgb = EfficientNetLite0(1).eval(), EfficientNetLite0(3).eval()
    grey.load_published(weights)
    rgb.load_published(weights)
    source = torch.rand(2, 1, 32, 32) * 2 - 1
    for one, three in zip(grey(source), rgb(source.expand(-1, 3, -1, -1)), strict=True):
        assert torch.allclose(one, three, rtol=1e-3, atol=1e-3)


def test_conditions_behind_the_source_begin_at_nothing():
    encoder = EfficientNetLite0(3, 2)
    encoder.load_published(published())
    assert encoder.stem[1].weight[:, :3].any()
    assert not encoder.stem[1].weight[:, 3:].any()


@pytest.mark.parametrize("levels", ["input", "all", "head"])
def test_a_u_net_on_it_gives_the_sources_size_and_heeds_the_condition(levels):
    config = ModelConfig(1, 2, cond_planes=3, cond_levels=levels, **SMALL)
    generator = make_generator(config)
    assert isinstance(generator, EncoderUNet)
    source, conds = torch.rand(1, 1, 64, 32), torch.eye(3)
    with torch.no_grad():
        outputs = [generator.eval()(source, cond[None]) for cond in conds]
    assert outputs[0].shape == (1, 2, 64, 32)
    assert not torch.allclose(outputs[0], outputs[1])


def test_a_frozen_encoder_rests_and_the_rest_learns():
    generator = make_generator(ModelConfig(1, 2, **SMALL))
    before = {name: value.clone() for name, value in generator.state_dict().items()}

    def step():
        generator.train()
        optimizer = torch.optim.Adam(generator.parameters(), lr=1e-2)
        generator(torch.rand(2, 1, 64, 64), torch.zeros(2, 0)).square().mean().backward()
        optimizer.step()
        return {
            name
            for name, value in generator.state_dict().items()
            if value.is_floating_point() and not torch.equal(value, before[name])
        }

    generator.freeze_encoder(True)
    moved = step()
    assert moved
    assert not any(name.startswith("encoder.") for name in moved)
    generator.freeze_encoder(False)
    assert any(name.startswith("encoder.") for name in step())


def test_depth_must_be_the_encoders():
    with pytest.raises(ValueError, match="depth must be 5 with efficientnet-lite0, got 8"):
        ModelConfig(1, 2, encoder=NAME)
    with pytest.raises(ValueError, match=r"encoder must be one of none, resnet18, .*got 'vgg'"):
        ModelConfig(1, 2, encoder="vgg")


def test_weights_from_a_file(tmp_path):
    torch.save(published(), tmp_path / "w.pth")
    weights = find_weights(NAME, tmp_path / "w.pth")
    make_generator(ModelConfig(1, 2, **SMALL)).encoder.load_published(weights)
    assert find_weights(NAME, "none") == find_weights("none", "imagenet") == {}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "no weights can be loaded"),
        (b"not weights", "no weights can be loaded"),
        ({"a": torch.zeros(3)}, "other tensors"),
        ([1, 2], "other tensors"),
        ({"epoch": 3, "state_dict": {"a": torch.zeros(3)}}, "other tensors"),
    ],
)
def test_a_file_that_is_no_encoder_is_named(tmp_path, content, said):
    path = tmp_path / "w.pth"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        torch.save(content, path)
    with pytest.raises(CheckpointError, match=said):
        find_weights(NAME, path)


def test_weights_that_are_not_there_say_what_to_do(tmp_path, monkeypatch):
    with pytest.raises(UsageError, match="no such file"):
        find_weights(NAME, tmp_path / "none.pth")
    monkeypatch.setattr(encoders, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"condcolor\[encoders\]"):
        find_weights(NAME, "imagenet")


@pytest.mark.parametrize("name", encoders.PACKAGES)
def test_the_published_weights_load_where_they_are_installed(name):
    package, _ = encoders.PACKAGES[name]
    pytest.importorskip(package)
    ENCODERS[name](1).load_published(find_weights(name, "imagenet"))


RESNETS = pytest.mark.parametrize("name", ["resnet18", "resnet34", "resnet50"])


@RESNETS
def test_a_resnet_finds_what_torchvisions_does(name):
    from condcolor.runtime.devices import import_torchvision

    torchvision = import_torchvision()
    whole = getattr(torchvision.models, name)(weights=None).eval()
    weights = whole.state_dict()
    encoder = ENCODERS[name](3).eval()
    assert encoder.fits(weights)
    encoder.load_published(weights)
    rgb = torch.rand(1, 3, 64, 64)
    normalize = torchvision.transforms.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
    with torch.no_grad():
        maps = encoder(rgb * 2 - 1)
        logits = whole(normalize(rgb))
        ours = whole.fc(maps[-1].mean(dim=(2, 3)))
    assert [m.shape[1] for m in maps] == list(encoder.widths)
    assert [m.shape[-1] for m in maps] == [32, 16, 8, 4, 2]
    assert torch.allclose(ours, logits, rtol=1e-3, atol=1e-4)


def test_grey_is_three_equal_channels_to_a_resnet():
    grey, rgb = ENCODERS["resnet18"](1).eval(), ENCODERS["resnet18"](3).eval()
    rgb.load_state_dict(grey.state_dict())
    source = torch.rand(2, 1, 32, 32) * 2 - 1
    for one, three in zip(grey(source), rgb(source.expand(-1, 3, -1, -1)), strict=True):
        assert torch.allclose(one, three)


def test_conditions_begin_at_nothing_in_a_resnet_and_can_be_learnt():
    encoder = ENCODERS["resnet18"](1, 2).eval()
    encoder.load_published(ENCODERS["resnet18"](3).state_dict())
    source = torch.rand(1, 1, 32, 32)
    first, second = (
        encoder(torch.cat((source, torch.full((1, 2, 32, 32), v)), dim=1))[0] for v in (0.0, 1.0)
    )
    assert torch.equal(first, second)
    assert encoder.conv1.weight.requires_grad
    assert encoder.conv1.weight.shape[1] == 5


@RESNETS
def test_a_u_net_on_a_resnet_gives_the_sources_size(name):
    config = ModelConfig(1, 3, encoder=name, depth=5, base_channels=4, keeps_luma=True)
    generator = make_generator(config).eval()
    with torch.no_grad():
        assert generator(torch.zeros(1, 1, 64, 96), torch.zeros(1, 0)).shape == (1, 3, 64, 96)


def test_files_from_before_batches_were_counted_fit(tmp_path):
    weights = ENCODERS["resnet18"](3).state_dict()
    old = {k: v for k, v in weights.items() if "num_batches" not in k} | {"fc.bias": torch.ones(9)}
    torch.save(old, tmp_path / "w.pth")
    encoder = ENCODERS["resnet18"](1)
    encoder.load_published(find_weights("resnet18", tmp_path / "w.pth"))
    assert torch.equal(encoder.layer4[1].conv2.weight, weights["layer4.1.conv2.weight"])


def test_weights_of_another_encoder_are_named(tmp_path):
    torch.save(ENCODERS["resnet18"](3).state_dict(), tmp_path / "w.pth")
    with pytest.raises(CheckpointError, match="other tensors than those of resnet34"):
        find_weights("resnet34", tmp_path / "w.pth")


def test_weights_that_cannot_be_downloaded_say_what_to_do(monkeypatch):
    def offline(*_, **__):
        raise URLError("Name or service not known")

    monkeypatch.setattr(torch.hub, "load_state_dict_from_url", offline)
    from condcolor.runtime.devices import import_torchvision

    torchvision = import_torchvision()
    monkeypatch.setattr(torchvision.models._api, "load_state_dict_from_url", offline)
    with pytest.raises(
        DataError, match=r"resnet34 cannot be downloaded .*resnet34-.*\.pth by hand"
    ):
        find_weights("resnet34", "imagenet")


def test_torchvision_is_imported_beside_any_build_of_torch():
    code = (
        "from condcolor.runtime.devices import import_torchvision; t = import_torchvision(); "
        "t.models.resnet18, t.datasets.OxfordIIITPet"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_the_larger_eye_has_the_published_shapes():
    own = sum(p.numel() for p in EfficientNetLite2(3).parameters())
    head, classifier = 352 * 1280 + 2 * 1280, 1280 * 1000 + 1000
    assert own + head + classifier == 6_092_072  # of the package
    maps = EfficientNetLite2(1).eval()(torch.zeros(1, 1, 64, 64))
    assert [m.shape[1] for m in maps] == list(EfficientNetLite2.widths)
