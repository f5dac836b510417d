from __future__ import annotations

import pytest

from condcolor.errors import UsageError
from condcolor.recipes import Phase, TrainConfig, phase_at, start_of
from condcolor.training.schedule import EarlyStopping, augmentation_at, check_extension, lr_factor

PHASES = (Phase("first", 2), Phase("skipped", 0), Phase("last", 3))


def test_every_epoch_has_its_phase():
    assert [phase_at(PHASES, epoch) for epoch in range(6)] == [0, 0, 2, 2, 2, 3]
    assert [start_of(PHASES, i) for i in range(4)] == [0, 2, 2, 5]


def phases(*epochs: int) -> list[Phase]:
    return [Phase(name, count) for name, count in zip("abc", epochs, strict=True)]


@pytest.mark.parametrize(
    ("now", "wanted", "epoch", "begun"),
    [
        ((2, 0, 0), (2, 6, 10), 2, None),  # the phases that were left out
        ((2, 0, 0), (5, 0, 0), 2, None),  # the last one longer
        ((2, 6, 10), (2, 6, 20), 18, None),
        ((2, 6, 10), (2, 6, 3), 11, 2),  # the one in progress shorter, down to what it has
        ((2, 6, 10), (9, 0, 0), 0, None),  # nothing was trained yet
    ],
)
def test_epochs_that_may_still_change(now, wanted, epoch, begun):
    check_extension(phases(*now), phases(*wanted), epoch, begun)


@pytest.mark.parametrize(
    ("now", "wanted", "epoch", "begun", "said"),
    [
        ((2, 6, 10), (3, 6, 10), 3, 1, "a has 2 and is over, since b began: 3 cannot be"),
        ((2, 0, 10), (2, 6, 10), 3, 2, "b has 0 and is over, since c began: 6 cannot be"),
        ((2, 6, 10), (2, 6, 3), 12, 2, "c has 4 already, more than 3"),
        ((2, 0, 0), (0, 6, 0), 2, None, "a has 2 already, more than 0"),
        ((2, 0, 4), (2, 6, 4), 2, 2, "b has 0 and is over, since c began"),  # only checked yet
        ((2, 1, 4), (2, 1, 0), 3, 2, "c has 1 already, more than 0"),
    ],
)
def test_epochs_that_were_trained_stay_as_they_were(now, wanted, epoch, begun, said):
    with pytest.raises(UsageError, match=said):
        check_extension(phases(*now), phases(*wanted), epoch, begun)


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


def test_the_lowest_score_is_the_best_and_patience_counts_from_it():
    watch = EarlyStopping()
    seen = [watch.update(v, step=i, epoch=i // 2) for i, v in enumerate((3.0, 2.0, 2.5, 2.0, 2.1))]
    assert seen == [True, True, False, False, False]
    assert (watch.step, watch.epoch, watch.figure, watch.worse) == (1, 0, 2.0, 3)
    assert [watch.should_stop(patience) for patience in (4, 3, 2)] == [False, True, True]
    assert watch.update(1.9, step=5, epoch=2)
    assert not watch.should_stop(1)


def test_no_patience_never_ends():
    watch = EarlyStopping()
    for step in range(100):
        watch.update(float(step), step=step, epoch=0)
    assert not watch.should_stop(0)


def test_what_is_no_number_is_never_the_best():
    watch = EarlyStopping()
    assert not watch.update(float("nan"), step=0, epoch=0)
    assert watch.step is None
    assert watch.update(5.0, step=1, epoch=0)
    assert not watch.update(float("nan"), step=2, epoch=0)
    assert watch.step == 1
