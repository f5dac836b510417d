"""Many pictures: every good one is written whole, every bad one is told, in order. Pictures side by side: in
their order, all of them, and never too many at once.
"""

from __future__ import annotations

import threading
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from models import color_specs, make_model
from pictures import EXIF_SECRET, bad_files, odd_files, sketch, write_bad_pictures
from PIL import ExifTags, Image

from condcolor.batch import pipeline
from condcolor.batch.jobs import Job, plan_jobs
from condcolor.batch.pipeline import JobResult, PixelBudget, color_jobs, run_job, run_jobs
from condcolor.conditions.color_spec import ColorSpec
from condcolor.errors import DataError, UsageError
from condcolor.inference.torch_colorizer import TorchColorizer

RED_BLUE = {"hair": "red", "shirt": "blue"}


@pytest.fixture(scope="module")
def colorizer() -> TorchColorizer:
    return TorchColorizer(make_model(), device="cpu")


def job(here, name: str = "ada.png", out: str = "made/ada.png", **values) -> Job:
    specs = {name: ColorSpec(((1.0, value),)) for name, value in values.items()}
    return Job(here / name, here / out, color_specs() | specs)


def test_a_job_is_written_as_the_colorizer_says(here, colorizer):
    sketch().save(here / "ada.png")
    assert run_job(lambda: colorizer, job(here)) == JobResult(job(here))
    expected = np.asarray(colorizer(here / "ada.png", **RED_BLUE))
    assert np.array_equal(np.asarray(Image.open(here / "made/ada.png")), expected)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
def test_bad_pictures_stop_none_of_the_good_ones(here, colorizer):
    write_bad_pictures(here / "in")
    for name, data in odd_files().items():
        (here / "in" / name).write_bytes(data)
    jobs, passed_over = plan_jobs([str(here / "in")], str(here / "made"), color_specs())
    ended = {done.job.source.name: done for done in run_jobs(colorizer, jobs)}
    assert [done.job for done in ended.values()] == jobs
    bad = {name for name, done in ended.items() if done.error}
    assert bad == set(bad_files())
    assert len(passed_over) == 4
    for name in bad:
        message = str(ended[name].error)
        assert name in message
        assert "\n" not in message
    for name in odd_files():
        out = ended[name].job.out
        with Image.open(out) as made, Image.open(ended[name].job.source) as source:
            assert sorted(made.size) == sorted(source.size), name
            assert made.getexif().get(ExifTags.Base.Orientation, 1) == 1, name
        assert EXIF_SECRET not in out.read_bytes(), name
    assert ended["animated.gif"].notes == ("animated: first frame of 3 used",)


def test_each_kind_of_fault_is_told_and_the_next_one_comes(here, colorizer):
    sketch().save(here / "ada.png")
    (here / "file").touch()
    (here / "there.png").write_bytes(b"precious")
    jobs = [
        job(here, "none.png"),
        job(here, out="there.png"),
        job(here, out="file/ada.png"),
        job(here, out="ada.gif"),
        job(here, hair="purpel"),
        job(here, out="x" * 300 + ".png"),
        job(here, out="last.png"),
    ]
    errors = [done.error for done in run_jobs(colorizer, jobs)]
    kinds = [DataError, UsageError, DataError, UsageError, UsageError, DataError]
    assert [type(error).__mro__[0] for error in errors[1:6]] == kinds[1:]
    assert isinstance(errors[0], DataError)
    assert errors[6] is None
    assert (here / "there.png").read_bytes() == b"precious"
    assert (here / "last.png").exists()


def test_a_bug_of_ours_spoils_one_picture_only(here, colorizer, monkeypatch):
    for name in ("ada.png", "ben.png"):
        sketch().save(here / name)
    honest = TorchColorizer.prepare

    def buggy(self, picture, values, guide):
        if values["hair"].value == "green":
            raise KeyError("whoops")
        return honest(self, picture, values)

    monkeypatch.setattr(TorchColorizer, "prepare", buggy)
    jobs = [job(here, hair="green"), job(here, "ben.png", "ben-red.png")]
    first, second = run_jobs(colorizer, jobs)
    assert "ada.png: unexpected KeyError: 'whoops'" in str(first.error)
    assert isinstance(first.error.__cause__, KeyError)
    assert second.error is None


@pytest.mark.parametrize("step", ["prepare", "predict_batch", "finish"])
def test_what_is_no_error_goes_through(here, colorizer, monkeypatch, step):
    sketch().save(here / "ada.png")
    monkeypatch.setattr(TorchColorizer, step, lambda *_: exec("raise KeyboardInterrupt"))
    with pytest.raises(KeyboardInterrupt):
        list(run_jobs(colorizer, [job(here)]))
    assert not (here / "made").exists()


def test_too_little_memory_names_the_picture(here, colorizer, monkeypatch):
    sketch().save(here / "ada.png")

    def full(*_):
        raise MemoryError

    monkeypatch.setattr(type(colorizer.model.codec), "prepare_strips", full)
    with pytest.raises(DataError, match=r"ada\.png: not enough memory: 20x16 pixels are too many"):
        run_job(lambda: colorizer, job(here))


@pytest.fixture
def flow_colorizer() -> TorchColorizer:
    return TorchColorizer(make_model(), device="cpu")


def jobs_of(here: Path, count: int, size: tuple[int, int] = (20, 16)) -> list[Job]:
    for i in range(count):
        sketch(*size).save(here / f"{i:03}.png")
    return [
        Job(here / f"{i:03}.png", here / f"made/{i:03}.png", color_specs()) for i in range(count)
    ]


def test_all_come_in_their_order_as_many_go_through_together(here, flow_colorizer, monkeypatch):
    jobs, batches = jobs_of(here, 100), []
    honest = flow_colorizer.predict_batch

    def slow(prepared):  # so that others are opened meanwhile, on the busiest machine
        batches.append(len(prepared))
        time.sleep(0.05)
        return honest(prepared)

    monkeypatch.setattr(flow_colorizer, "predict_batch", slow)
    made = list(color_jobs(flow_colorizer, jobs))
    assert [one.job for one in made] == jobs
    assert all(one.data.startswith(b"\x89PNG") and one.error is None for one in made)
    assert sum(batches) == 100
    assert len(batches) < 50
    assert not (here / "made").exists()


@pytest.mark.parametrize("large", [pipeline.LARGE, 1000])
def test_pixels_under_way_are_bounded(here, flow_colorizer, monkeypatch, large):
    """Whatever is slow: those that are open and not yet taken have few pixels."""
    monkeypatch.setattr(pipeline, "LARGE", large)
    size, most = (50, 40), 5000  # 2,000 pixels each: the third is the last to be let in
    jobs, inside, peak = jobs_of(here, 30, size), set(), []
    honest = flow_colorizer.prepare

    def prepare(picture, values, guide):
        inside.add(id(prepared := honest(picture, values, guide)))
        kept.append(prepared)  # so that no other gets its id
        peak.append(len(inside) * prepared.pixels)
        return prepared

    kept = []
    monkeypatch.setattr(flow_colorizer, "prepare", prepare)
    for number, made in enumerate(color_jobs(flow_colorizer, jobs, most_pixels=most)):
        assert made.error is None
        time.sleep(0.002)  # a slow disk
        inside.discard(id(kept[number]))
    assert len(peak) == 30
    assert 2 * 2000 <= max(peak) < most + 2000


def test_one_picture_larger_than_all_that_is_allowed_passes(here, flow_colorizer):
    made = list(color_jobs(flow_colorizer, jobs_of(here, 5), most_pixels=1))
    assert [one.error for one in made] == [None] * 5


def test_a_batch_that_fails_is_tried_one_by_one(here, flow_colorizer, monkeypatch):
    jobs, honest = jobs_of(here, 20), flow_colorizer.predict_batch

    def predict_batch(prepared):
        if len(prepared) > 1:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory")
        if prepared[0].framed.square[0, 16, 16] == 7:
            raise DataError("not enough memory")
        return honest(prepared)

    marked = sketch()
    marked.paste((7, 7, 7), (0, 0, 20, 16))
    marked.save(jobs[5].source)
    monkeypatch.setattr(flow_colorizer, "predict_batch", predict_batch)
    errors = [one.error for one in color_jobs(flow_colorizer, jobs)]
    assert [i for i, error in enumerate(errors) if error] == [5]
    wrong = Job(here / "none.png", here / "x.png", color_specs())
    assert isinstance(next(color_jobs(flow_colorizer, [wrong])).error, DataError)


def test_closed_early_no_helper_is_left(here, flow_colorizer):
    jobs, threads = jobs_of(here, 60), torch.get_num_threads()
    for most in (pipeline.MOST_PIXELS, 1):
        running = color_jobs(flow_colorizer, jobs, most_pixels=most)
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
