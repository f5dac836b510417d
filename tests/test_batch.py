"""Many pictures: every good one is written whole, every bad one is told, in order."""

import numpy as np
import pytest
from conftest import sketch
from models import painter
from pictures import EXIF_SECRET, bad_files, odd_files, write_bad_pictures
from PIL import ExifTags, Image

from condcolor.batch import Done, run_job, run_jobs
from condcolor.colorizer import TorchColorizer
from condcolor.errors import DataError, UsageError
from condcolor.jobs import Job, plan_jobs

RED_BLUE = {"hair": "red", "shirt": "blue"}


@pytest.fixture(scope="module")
def colorizer() -> TorchColorizer:
    return TorchColorizer(painter(), device="cpu")


def job(here, name: str = "ada.png", out: str = "made/ada.png", **values) -> Job:
    return Job(here / name, here / out, RED_BLUE | values)


def test_a_job_is_written_as_the_colorizer_says(here, colorizer):
    sketch().save(here / "ada.png")
    assert run_job(colorizer, job(here)) == Done(job(here))
    expected = np.asarray(colorizer(here / "ada.png", **RED_BLUE))
    assert np.array_equal(np.asarray(Image.open(here / "made/ada.png")), expected)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
def test_bad_pictures_stop_none_of_the_good_ones(here, colorizer):
    write_bad_pictures(here / "in")
    for name, data in odd_files().items():
        (here / "in" / name).write_bytes(data)
    jobs, passed_over = plan_jobs([str(here / "in")], str(here / "made"), RED_BLUE)
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

    def buggy(self, picture, values):
        if values["hair"] == "green":
            raise KeyError("whoops")
        return honest(self, picture, values)

    monkeypatch.setattr(TorchColorizer, "prepare", buggy)
    jobs = [job(here, hair="green"), job(here, "ben.png", "ben-red.png")]
    first, second = run_jobs(colorizer, jobs)
    assert "ada.png: unexpected KeyError: 'whoops'" in str(first.error)
    assert isinstance(first.error.__cause__, KeyError)
    assert second.error is None


@pytest.mark.parametrize("step", ["prepare", "through", "finish"])
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

    monkeypatch.setattr(type(colorizer.model.codec), "prepared", full)
    with pytest.raises(DataError, match=r"ada\.png: not enough memory: 20x16 pixels are too many"):
        run_job(colorizer, job(here))
