import torch

from condcolor.encoders import ENCODERS
from condcolor.features import FeatureLoss

NAME = "efficientnet-lite0"


def loss() -> FeatureLoss:
    weights = ENCODERS[NAME](3).state_dict()
    return FeatureLoss(NAME, {k: v.clone() for k, v in weights.items()})


def test_the_same_picture_is_no_loss_and_another_is():
    features, picture = loss(), torch.rand(2, 3, 32, 32)
    assert features(picture, picture) == 0
    near = features((picture + 0.01).clamp(0, 1), picture)
    assert 0 < near < features(torch.rand(2, 3, 32, 32), picture)


def test_it_moves_the_picture_and_never_itself():
    features = loss().train()
    before = {name: value.clone() for name, value in features.state_dict().items()}
    picture = torch.rand(1, 3, 32, 32, requires_grad=True)
    features(picture, torch.rand(1, 3, 32, 32)).backward()
    assert picture.grad.abs().sum() > 0
    assert not any(p.requires_grad for p in features.parameters())
    assert all(torch.equal(before[name], value) for name, value in features.state_dict().items())
