"""Pictures side by side: in their order, all of them, and never too many at once."""

import threading
import time
from pathlib import Path

import pytest
import torch
from conftest import sketch
from models import painter

from condcolor import flow
from condcolor.colorizer import TorchColorizer
from condcolor.errors import DataError
from condcolor.flow import PixelBudget, made_in_order
from condcolor.jobs import Job

RED_BLUE = {"hair": "red", "shirt": "blue"}


@pytest.fixture
def colorizer() -> TorchColorizer:
    return TorchColorizer(painter(), device="cpu")


def jobs_of(here: Path, count: int, size: tuple[int, int] = (20, 16)) -> list[Job]:
    for i in range(count):
        sketch(*size).save(here / f"{i:03}.png")
    return [Job(here / f"{i:03}.png", here / f"made/{i:03}.png", RED_BLUE) for i in range(count)]


def test_all_come_in_their_order_as_many_go_through_together(here, colorizer, monkeypatch):
    jobs, batches = jobs_of(here, 100), []
    honest = colorizer.through

    def slow(prepared):  # so that others are opened meanwhile, on the busiest machine
        batches.append(len(prepared))
        time.sleep(0.05)
        return honest(prepared)

    monkeypatch.setattr(colorizer, "through", slow)
    made = list(made_in_order(colorizer, jobs))
    assert [one.job for one in made] == jobs
    assert all(one.data.startswith(b"\x89PNG") and one.error is None for one in made)
    assert sum(batches) == 100
    assert len(batches) < 50
    assert not (here / "made").exists()


@pytest.mark.parametrize("large", [flow.LARGE, 1000])
def test_pixels_under_way_are_bounded(here, colorizer, monkeypatch, large):
    """Whatever is slow: those that are open and not yet taken have few pixels."""
    monkeypatch.setattr(flow, "LARGE", large)
    size, most = (50, 40), 5000  # 2,000 pixels each: the third is the last to be let in
    jobs, inside, peak = jobs_of(here, 30, size), set(), []
    honest = colorizer.prepare

    def prepare(picture, values):
        inside.add(id(prepared := honest(picture, values)))
        kept.append(prepared)  # so that no other gets its id
        peak.append(len(inside) * prepared.pixels)
        return prepared

    kept = []
    monkeypatch.setattr(colorizer, "prepare", prepare)
    for number, made in enumerate(made_in_order(colorizer, jobs, most_pixels=most)):
        assert made.error is None
        time.sleep(0.002)  # a slow disk
        inside.discard(id(kept[number]))
    assert len(peak) == 30
    assert 2 * 2000 <= max(peak) < most + 2000


def test_one_picture_larger_than_all_that_is_allowed_passes(here, colorizer):
    made = list(made_in_order(colorizer, jobs_of(here, 5), most_pixels=1))
    assert [one.error for one in made] == [None] * 5


def test_a_batch_that_fails_is_tried_one_by_one(here, colorizer, monkeypatch):
    jobs, honest = jobs_of(here, 20), colorizer.through

    def through(prepared):
        if len(prepared) > 1:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory")
        if prepared[0].framed.square[0, 16, 16] == 7:
            raise DataError("not enough memory")
        return honest(prepared)

    marked = sketch()
    marked.paste((7, 7, 7), (0, 0, 20, 16))
    marked.save(jobs[5].source)
    monkeypatch.setattr(colorizer, "through", through)
    errors = [one.error for one in made_in_order(colorizer, jobs)]
    assert [i for i, error in enumerate(errors) if error] == [5]
    wrong = Job(here / "none.png", here / "x.png", RED_BLUE)
    assert isinstance(next(made_in_order(colorizer, [wrong])).error, DataError)


def test_closed_early_no_helper_is_left(here, colorizer):
    jobs, threads = jobs_of(here, 60), torch.get_num_threads()
    for most in (flow.MOST_PIXELS, 1):
        running = made_in_order(colorizer, jobs, most_pixels=most)
        next(running)
        running.close()
        assert not [t for t in threading.enumerate() if t.name.startswith("condcolor")]
    assert torch.get_num_threads() == threads


def test_the_budget_lets_in_until_it_is_full():
    budget = PixelBudget(10)
    budget.enter(9)
    assert budget.wait()
    budget.enter(9)
    waiting = threading.Thread(target=budget.wait)
    waiting.start()
    waiting.join(0.05)
    assert waiting.is_alive()
    budget.leave(9)
    waiting.join(5)
    assert not waiting.is_alive()
    budget.enter(9)
    budget.close()
    assert not budget.wait()
