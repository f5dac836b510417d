"""Sheets and curves: their sizes, their words, and that no log is too short for them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from itertools import pairwise
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from condcolor.errors import DataError, UsageError
from condcolor.imaging.sheets import GAP, sheet
from condcolor.runs import curves, plots
from condcolor.runs.folder import log_frame
from condcolor.runs.plots import plot_run

COLORS = np.array([[233, 71, 67], [63, 174, 225], [109, 181, 129], [251, 208, 75]], np.uint8)


def flat(height: int, width: int, color: int = 0) -> np.ndarray:
    return np.broadcast_to(COLORS[color], (height, width, 3)).copy()


def found(page: np.ndarray, color: int) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of what has a colour."""
    rows, columns = np.nonzero((page == COLORS[color]).all(-1))
    assert len(rows), "not on the sheet"
    return columns.min(), rows.min(), columns.max() + 1, rows.max() + 1


def inked(page: np.ndarray) -> np.ndarray:
    """`[H, W]` bool: words."""
    return page.max(-1) < 120


def test_a_sheet_is_its_pictures_with_gaps_between():
    page = sheet([[flat(8, 8, 0), flat(8, 8, 1)], [flat(8, 8, 2)]])
    assert page.dtype == np.uint8
    assert page.shape == (2 * 8 + 3 * GAP, 2 * 8 + 3 * GAP, 3)
    assert found(page, 0) == (GAP, GAP, GAP + 8, GAP + 8)
    assert found(page, 1) == (8 + 2 * GAP, GAP, 16 + 2 * GAP, GAP + 8)
    assert found(page, 2) == (GAP, 8 + 2 * GAP, GAP + 8, 16 + 2 * GAP)
    assert (page[-GAP:] == 255).all()


def test_pictures_of_other_sizes_and_shapes_are_fitted_and_centred():
    page = sheet([[flat(10, 20, 0), flat(40, 20, 1)], [flat(5, 5, 2), flat(1, 300, 3)]], cell=20)
    assert page.shape == (2 * 20 + 3 * GAP, 2 * 20 + 3 * GAP, 3)
    assert found(page, 0) == (GAP, GAP + 5, GAP + 20, GAP + 15)
    left, top, right, bottom = found(page, 1)
    assert (right - left, bottom - top) == (10, 20)
    assert found(page, 2) == (GAP, 20 + 2 * GAP, GAP + 20, 40 + 2 * GAP)
    left, top, right, bottom = found(page, 3)
    assert (right - left, bottom - top) == (20, 1)


def test_the_largest_side_is_the_cell_where_none_is_given():
    assert sheet([[flat(4, 9), flat(6, 2)]]).shape == (9 + 2 * GAP, 18 + 3 * GAP, 3)


def test_headings_and_labels_stand_beside_the_pictures_not_on_them():
    rows = [[flat(60, 60, 0), flat(60, 60, 1)], [flat(60, 60, 2), flat(60, 60, 3)]]
    plain = sheet(rows)
    page = sheet(rows, columns=("shirt blue", "shirt red"), labels=("hair blue", "hair red"))
    top, left = page.shape[0] - plain.shape[0], page.shape[1] - plain.shape[1]
    assert np.array_equal(page[top:, left:], plain)
    words = inked(page)
    assert words[:top, left:].any()
    assert words[top:, :left].any()
    assert not words[:top, :left].any()
    middles = np.nonzero(words[top:, :left].any(1))[0]
    assert abs(middles.mean() - (plain.shape[0] - 1) / 2) < 6  # level with the rows
    assert not words[:, 0].any()  # nothing is cut off
    assert not words[0].any()


@pytest.mark.parametrize("cell", [8, 16, 60, 200])
def test_headings_never_run_into_each_other(cell):
    columns = ("shirt yellow", "shirt brown", "shirt green")
    page = sheet([[flat(cell, cell, i) for i in range(3)]], columns=columns, cell=cell)
    places = [found(page, i) for i in range(3)]
    words = inked(page[: places[0][1] - GAP]).any(0)
    for (_, _, right, _), (left, _, _, _) in pairwise(places):
        assert not words[(right + left) // 2]
        assert words[right - cell : right].any()


def test_labels_of_small_pictures_do_not_overlap():
    page = sheet([[flat(4, 4, i % 4)] for i in range(5)], labels=["hair"] * 5)
    lines = inked(page).any(1)
    assert np.count_nonzero(np.diff(lines.astype(int)) == 1) == 5


def test_a_sheet_of_nothing_is_a_page():
    assert sheet([]).shape[2] == 3
    assert sheet([], columns=("a", "b"), labels=()).shape[2] == 3


def test_more_headings_than_pictures_are_all_there():
    page = sheet([[flat(30, 30)]], columns=("one", "two"))
    assert page.shape[1] == 2 * 30 + 3 * GAP
    assert inked(page[:, 30 + 2 * GAP :]).any()


def test_letters_of_other_scripts_do_no_harm():
    sheet([[flat(30, 30)]], columns=("\u8d64 \u0440\u0443\u0441 \U0001f600",))


# -- curves ----------------------------------------------------------------------------------------


def step(number: int, **losses) -> dict:
    entry = {"generator": 10 / number, "discriminator": 0.5, "pixel": 0.1 / number, "gan": 0.7}
    return {"kind": "step", "step": number} | entry | losses


def epoch(number: int, mse=0.1, obeyed=0.5, attributes=("hair", "shirt"), **more) -> dict:
    scores = [{"name": name, "obeyed": obeyed} for name in attributes]
    test = {"mse": mse and mse / number, "haze": None, "attributes": scores}
    return {"kind": "epoch", "epoch": number, "step": 10 * number, "test": test} | more


def check(number: int, score: float | None) -> dict:
    test = {"ab_error": 9.0, "ab_error_grey": 10.0, "cf_abs": 20.0, "cf_abs_truth": 40.0}
    return {"kind": "check", "step": number, "epoch": 0, "test": test, "score": score}


LOSSES = ("loss", "generator's parts")
LOGS = {  # what is logged, and the titles of its charts
    "empty": ([], ()),
    "one step": ([step(1)], LOSSES),
    "a phase without a generator": (
        [step(i, generator=0.0, pixel=0.0, gan=0.0) for i in (1, 2)],
        ("loss",),
    ),
    "a loss that is not there": ([step(i, gan=None) for i in (1, 2)], LOSSES),
    "no test": ([step(1), {"kind": "epoch", "epoch": 1, "step": 1}], LOSSES),
    "one epoch": ([step(1), epoch(1)], (*LOSSES, "attribute accuracy", "MSE")),
    "figures missing": (
        [epoch(1, mse=None, obeyed=None), epoch(2), epoch(3, obeyed=None)],
        ("attribute accuracy", "MSE"),
    ),
    "no figure at all": ([epoch(1, mse=None, obeyed=None)], ()),
    "no attributes": ([step(1), epoch(1, attributes=())], (*LOSSES, "MSE")),
    "checks, and a phase that went back": (
        [
            *(step(i, accuracy=0.5) for i in (1, 2, 3)),
            *(check(i, score) for i, score in ((0, 2.0), (1, 1.5), (2, 1.7), (3, None))),
            epoch(1, accuracy_test=0.9),
            {"kind": "phase", "phase": "gan", "step": 3, "epoch": 1, "kept_step": 1},
        ],
        (
            *(*LOSSES, "discriminator accuracy", "attribute accuracy"),
            *("MSE", "ab error", "colourfulness", "score"),
        ),
    ),
    "a phase that kept nothing": (
        [step(1, accuracy=0.5), {"kind": "phase", "phase": "critic", "step": 1, "epoch": 1}],
        (*LOSSES, "discriminator accuracy"),
    ),
    "names that matplotlib gives a meaning": (
        [epoch(1, attributes=("_hidden", "$a_$", "\\frac{", "<b>", "\u8d64"))],
        ("attribute accuracy", "MSE"),
    ),
    "many": (
        [step(i) for i in range(1, 5000)] + [epoch(i) for i in range(1, 200)],
        (*LOSSES, "attribute accuracy", "MSE"),
    ),
}


@pytest.fixture
def drawn(monkeypatch):
    """The axes of the figure that `plot_run` saves, once it has."""
    from matplotlib.figure import Figure

    axes, honest = [], Figure.savefig

    def savefig(self, *arguments, **options):
        axes[:] = self.axes
        return honest(self, *arguments, **options)

    monkeypatch.setattr(Figure, "savefig", savefig)
    return axes


@pytest.mark.parametrize("name", LOGS)
@pytest.mark.filterwarnings("error")
def test_every_log_can_be_plotted(tmp_path, drawn, name):
    path = tmp_path / "losses.png"
    log, titles = LOGS[name]
    plot_run(log, path, title="runs/$a_$ \\frac{")
    with Image.open(path) as image:
        image.load()
        assert image.size == (1320, 330 * max(-(-len(titles) // 3), 1))
    assert tuple(axis.get_title() for axis in drawn if axis.axison) == titles
    assert [p.name for p in tmp_path.iterdir()] == ["losses.png"]


def test_a_legend_names_every_line_as_it_is(tmp_path, drawn):
    log, _ = LOGS["names that matplotlib gives a meaning"]
    plot_run(log, tmp_path / "losses.png")
    labels = [text.get_text().strip() for text in drawn[0].get_legend().get_texts()]
    assert labels == ["_hidden 0.5", "$a_$ 0.5", "\\frac{ 0.5", "<b> 0.5", "\u8d64 0.5"]


def test_curves_break_between_phases_and_stars_mark_what_was_kept(tmp_path, drawn):
    log = [step(i, phase="generator") for i in (1, 2)] + [step(i, phase="gan") for i in (3, 4)]
    for name, number, score in (("generator", 2, 1.5), ("gan", 2, 1.9), ("gan", 4, 1.2)):
        log.append(check(number, score) | {"phase": name})
    ends = {"kind": "phase", "epoch": 1}
    log.append(ends | {"phase": "generator", "step": 2, "kept_step": 2})
    log.append(ends | {"phase": "gan", "step": 4, "kept_step": 4})
    plot_run(log, tmp_path / "plot.png")
    axes = {axis.get_title(): axis for axis in drawn}
    loss, scores = axes["loss"].get_lines(), axes["score"].get_lines()
    assert np.isnan(loss[0].get_ydata()).tolist() == [False, False, True, False, False]
    assert scores[0].get_ydata()[[0, 2, 3]].tolist() == [1.5, 1.9, 1.2]
    stars = [line for line in scores if line.get_marker() == "*"]
    places = [(line.get_xdata()[0], line.get_ydata()[0]) for line in stars]
    assert places == [(4, 1.2), (2, 1.5), (4, 1.2)]
    assert [line.get_xdata()[0] for line in loss[-2:]] == [2, 4]  # where the phases end


def test_tests_of_a_run_that_went_on_from_before_there_were_checks_are_shown(tmp_path, drawn):
    checks = [check(i, 1 / i) | {"test": epoch(1)["test"]} for i in (30, 40)]
    plot_run([epoch(1), epoch(2), *checks], tmp_path / "plot.png")
    axes = {axis.get_title(): axis for axis in drawn}
    assert axes["MSE"].get_lines()[0].get_xdata().tolist() == [10, 20, 30, 40]
    assert axes["score"].get_lines()[0].get_xdata().tolist() == [30, 40]


def test_a_single_point_is_seen(tmp_path):
    plot_run([], tmp_path / "none.png")
    plot_run([step(1)], tmp_path / "one.png")
    none, one = (
        np.asarray(Image.open(tmp_path / f"{n}.png").convert("RGB")) for n in ("none", "one")
    )
    first = np.array([int(plots.COLORS[0][i : i + 2], 16) for i in (1, 3, 5)])
    assert (one == first).all(-1).sum() > (none == first).all(-1).sum() + 8


def test_svg_for_a_page_is_the_same_each_time_and_has_no_ids_nor_styles():
    log, _ = LOGS["checks, and a phase that went back"]
    frame = log_frame(log)
    steps = curves.Steps.of(frame, kept=1)
    for chart in (*curves.loss_charts(frame), *curves.measure_charts(frame)):
        shapes = plots.svg_shapes(chart, steps)
        assert shapes == plots.svg_shapes(chart, steps)
        assert not re.search(r"\b(id|style|href|clip-path|url)\b|#[0-9a-f]{6}", shapes)
        assert "★" in shapes  # the kept model's step
        ElementTree.fromstring(f"<svg>{shapes}</svg>")


def test_a_thinned_line_keeps_its_mean_and_its_extremes():
    log = [step(i, generator=1 + i % 7, phase="a" if i <= 100 else "b") for i in range(1, 2001)]
    (generator, _) = curves.loss_charts(log_frame(log))[0].series
    line = curves.thinned(generator.points)
    short, long = (stretch for _, stretch in line.groupby("stretch"))
    assert abs(len(short) + len(long) - curves.MOST_POINTS) < 20
    assert abs(len(long) / len(short) - 19) < 2
    assert (line.low.min(), line.high.max()) == (1, 7)
    assert line["mean"].mean() == pytest.approx(4.0, abs=0.05)
    few = curves.thinned(generator.points[:50])
    assert few.step.tolist() == list(range(1, 51))
    assert few["mean"].tolist() == few.low.tolist() == few.high.tolist()


def test_ticks_of_a_logarithmic_axis_are_round(tmp_path, drawn):
    plot_run([step(i, pixel=10.0 ** (-i), gan=5.0) for i in (1, 2)], tmp_path / "plot.png")
    axis = next(axis for axis in drawn if axis.get_title() == "generator's parts")
    assert axis.get_yscale() == "log"
    assert {0.01, 0.1, 1} <= {round(tick, 9) for tick in axis.get_yticks()}


def test_a_log_as_a_table_has_a_row_an_entry_and_a_column_a_figure():
    log = [step(1, gan="no", phase="gan"), epoch(1, seconds=5.0), check(20, None)]
    frame = log_frame(log)
    assert frame.kind.tolist() == ["step", "epoch", "check"]
    assert frame.phase.tolist() == ["gan", "", ""]
    assert frame.generator[0] == 10
    assert frame[["gan", "haze", "score"]].isna().all().all()
    assert (frame.mse[1], frame["obeyed/hair"][1], frame.seconds[1]) == (0.1, 0.5, 5)
    assert len(log_frame([]).columns) > 20


def test_other_formats_by_their_suffix(tmp_path):
    plot_run([step(1)], tmp_path / "losses.SVG")
    assert "<svg" in (tmp_path / "losses.SVG").read_text()
    for name in ("losses", "losses.xyz"):
        with pytest.raises(UsageError, match=rf"{name}: a plot ends in \.png or one of"):
            plot_run([step(1)], tmp_path / name)


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    with pytest.raises(DataError, match="nowhere"):
        plot_run([step(1)], tmp_path / "nowhere/losses.png")


def test_no_display_and_no_home_are_needed(tmp_path):
    """A HOME that cannot be written to, no DISPLAY, and a backend that would want one."""
    code = (
        "from pathlib import Path; from condcolor.runs.plots import plot_run; "
        "plot_run([{'kind': 'step', 'step': 1, 'generator': 1.0}], Path('losses.png'))"
    )
    gone = {"DISPLAY", "WAYLAND_DISPLAY", "MPLCONFIGDIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"}
    environment = {k: v for k, v in os.environ.items() if k not in gone}
    environment |= {"HOME": "/proc/none", "LC_ALL": "C", "MPLBACKEND": "TkAgg"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "losses.png").stat().st_size > 1000
