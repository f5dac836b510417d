"""condcolor report: where it writes, what it refuses, and its event files for TensorBoard."""

from __future__ import annotations

import sys

import pytest
from models import ICONS
from runs import icons_test, keep_model, log_of, plan_run, save_sheet, write_log

from condcolor.runs.folder import RunFolder
from condcolor.runs.tensorboard import write_events


@pytest.fixture
def run(here):
    plan = plan_run(here / "run")
    write_log(here / "run", log_of("gan", range(1, 4), steps=20))
    keep_model(here / "run", plan, 60, icons_test(0.06))
    save_sheet(here / "run", "test-epoch-0001.png")
    return here / "run"


def test_a_report_is_made_anew_in_the_run_and_never_over_another_file(condcolor, run, here):
    for _ in range(2):
        done = condcolor("report", "run")
        assert (done.exit_code, done.stdout) == (0, "run/report.html\n")
    assert condcolor("report", "run", "-o", "page.html").stdout == "page.html\n"
    (here / "there.html").write_text("precious")
    assert condcolor("report", "run", "-o", "there.html").exit_code == 2
    assert (here / "there.html").read_text() == "precious"
    assert condcolor("report", "run", "-o", "there.html", "--overwrite").exit_code == 0


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ([], 2, "RUN is missing"),
        ([""], 2, "the name of the run folder is empty"),
        (["none"], 4, "none: no config.json, so this is not a run folder"),
        (["run/model"], 4, "cannot be read as a run's config"),
        (["run/log.jsonl"], 4, "run/log.jsonl"),
        (["run", "-o", "x.png"], 2, "a report is a page: give it a name in .html"),
        (["run", "-o", "nowhere/x.html"], 3, "nowhere"),
        (["run", "--inputs", "3"], 2, "--inputs is for --evaluate"),
        (["run", "--evaluate"], 4, "run/model/config.json: ModelConfig"),
        (["run", "--tensorboard", ""], 2, "folder for the events is empty"),
        (["run", "--tensorboard", "run"], 2, "run: holds other things"),
        (["run", "--tensorboard", "run/log.jsonl"], 2, "no folder for events (Not a directory)"),
    ],
)
@pytest.mark.usefixtures("run")
def test_what_cannot_be_told_is_one_line(condcolor, words, code, said):
    done = condcolor("report", *words)
    assert (done.exit_code, done.stdout) == (code, "")
    (line,) = done.stderr.splitlines()
    assert said in line


@pytest.mark.usefixtures("run")
def test_without_tensorboard_its_package_is_named(condcolor, here, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    done = condcolor("report", "run", "--tensorboard", "events")
    assert done.exit_code == 2
    assert "pip install 'condcolor[tensorboard]'" in done.stderr
    assert not (here / "events").exists()


def test_events_hold_the_losses_the_measures_and_the_samples(condcolor, run, here):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    done = condcolor("report", "run", "--tensorboard", "events")
    assert (done.exit_code, done.stdout) == (0, "events\nrun/report.html\n")
    read = EventAccumulator(str(here / "events"), size_guidance={"images": 0, "scalars": 0})
    read.Reload()
    assert [event.step for event in read.Scalars("loss/generator")] == [10, 20, 30, 40, 50, 60]
    for name in ICONS.names:
        obeyed = read.Scalars(f"obeyed/{name}")
        assert [event.step for event in obeyed] == [20, 40, 60]
        assert [event.value for event in obeyed] == pytest.approx([1 / 50, 2 / 50, 3 / 50])
    assert "test/line_f1" not in read.Tags()["scalars"]  # null: not measured
    (image,) = read.Images("samples/test")
    assert (image.step, image.width, image.height) == (20, 60, 100)


def test_events_go_into_a_new_folder_or_over_events(condcolor, run, here, monkeypatch):
    pytest.importorskip("tensorboard")
    write_events(RunFolder.read(run), here / "events")
    done = condcolor("report", "run", "--tensorboard", "events")
    assert done.exit_code == 2
    assert "holds events already" in done.stderr
    assert condcolor("report", "run", "--tensorboard", "events", "--overwrite").exit_code == 0
    assert len(list((here / "events").iterdir())) == 1
    (here / "empty").mkdir()
    monkeypatch.chdir(here / "empty")
    assert condcolor("report", run, "--tensorboard", ".").exit_code == 0
    assert len(list((here / "empty").iterdir())) == 1
