import pytest

from condcolor.recipes import Phase, TrainConfig
from condcolor.schedule import augmentation_at, lr_factor, phase_at

PHASES = (Phase("first", 2), Phase("skipped", 0), Phase("last", 3))


def test_every_epoch_has_its_phase():
    found = [phase_at(PHASES, epoch) for epoch in range(5)]
    assert [phase.name for phase, _ in found] == ["first"] * 2 + ["last"] * 3
    assert [start for _, start in found] == [0, 0, 2, 2, 2]
    with pytest.raises(ValueError, match="ends at 5"):
        phase_at(PHASES, 5)


def test_the_rate_is_full_then_falls_to_nothing():
    assert [lr_factor(p, 0.5) for p in (0, 0.25, 0.5, 0.75, 1)] == [1, 1, 1, 0.5, 0]
    assert [lr_factor(p, 0.0) for p in (0, 0.5, 1)] == [1, 1, 1]


def test_flips_begin_at_their_epoch_and_nothing_else_changes():
    config = TrainConfig(flips_from=2, shift=0.1)
    assert [augmentation_at(config, epoch).flips for epoch in range(4)] == [
        False,
        False,
        True,
        True,
    ]
    assert augmentation_at(config, 2) == config
    assert not augmentation_at(TrainConfig(flips=False), 5).flips
