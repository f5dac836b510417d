import pytest

from condcolor.recipes import Phase
from condcolor.schedule import lr_factor, phase_at

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
