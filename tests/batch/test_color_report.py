"""colors.csv: what was asked and what came out, a row a picture, and never another's file replaced."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest
from models import ICONS, color_specs

from condcolor.batch.color_report import (
    NAME,
    columns,
    make_row,
    refuse_other,
    summary,
    write_colors,
)
from condcolor.batch.jobs import Job
from condcolor.conditions.color_spec import ColorSpec
from condcolor.conditions.colors import parse_hex
from condcolor.errors import UsageError

MEASURED = {"hair": "#b01030", "shirt": "#102051"}


def job(name: str = "ada.png", **asked: str) -> Job:
    colors = {"hair": "#b01030", "shirt": "#102050"}
    values = {
        attribute: ColorSpec(((1.0, parse_hex(color)),), asked=asked.get(attribute, color))
        for attribute, color in colors.items()
    }
    return Job(Path("in", name), Path("made", name), values)


def rows_of(folder: Path) -> list[dict[str, str]]:
    with open(folder / NAME, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_a_row_says_what_was_asked_and_what_came_out(here):
    Path("made").mkdir()
    inconsistencies = {
        "hair": {"score": 0.123, "when": "mirrored"},
        "shirt": {"score": 0.05, "when": "shifted"},
    }
    entry = {"measured": MEASURED, "doubts": inconsistencies}
    rows = [
        make_row(job(hair="crimson"), True, entry, ICONS),
        make_row(job("ben.png"), False, entry, ICONS),
        make_row(job("cleo.png"), True, {}, ICONS),
    ]
    write_colors(Path("made"), rows, ICONS)
    ada, ben, cleo = rows_of(here / "made")
    assert list(ada) == columns(ICONS)
    assert ada == {
        "input": "../in/ada.png",
        "output": "ada.png",
        "hair_asked": "crimson",
        "hair_asked_hex": "#b01030",
        "hair_measured_hex": "#b01030",
        "hair_delta_e": "0.00",
        "shirt_asked": "#102050",
        "shirt_asked_hex": "#102050",
        "shirt_measured_hex": "#102051",
        "shirt_delta_e": ada["shirt_delta_e"],
        "flagged": "hair: mirrored, 12 % of its region differs",
    }
    assert 0 < float(ada["shirt_delta_e"]) < 1
    assert (ben["output"], ben["hair_measured_hex"], ben["flagged"]) == ("", "", "")
    assert ben["hair_asked_hex"] == "#b01030"
    assert (cleo["output"], cleo["hair_measured_hex"], cleo["hair_delta_e"]) == ("cleo.png", "", "")


def test_values_of_the_model_have_the_colour_that_its_schema_says():
    plain = Job(Path("a.png"), Path("b.png"), color_specs(hair="red", shirt="none"))
    row = make_row(plain, True, {"measured": {"hair": "#e94743", "shirt": None}}, ICONS)
    assert row.colors["hair"].cells == ("red", "#e94743", "#e94743", "0.00")
    assert row.colors["shirt"].cells == ("none", "", "", "")


def test_cells_that_a_spreadsheet_would_run_are_made_harmless(here):
    asked = {"hair": "=1+1", "shirt": "-2"}
    values = {name: ColorSpec(((1.0, "red"),), asked=text) for name, text in asked.items()}
    odd = Job(Path("=cmd|x.png"), Path("@b.png"), values)
    write_colors(here, [make_row(odd, True, {}, ICONS)], ICONS)
    (row,) = rows_of(here)
    cells = (row["input"], row["output"], row["hair_asked"], row["shirt_asked"])
    assert cells == ("'=cmd|x.png", "'@b.png", "'=1+1", "'-2")


def test_the_summary_says_how_far_a_set_is_off_and_apart():
    measured = ("#b01030", "#b01030", "#b41030")
    rows = [
        make_row(job(hair="crimson"), True, {"measured": {"hair": color, "shirt": None}}, ICONS)
        for color in measured
    ]
    (line,) = summary(rows)
    assert line.startswith("hair  crimson #b01030  3 pictures, dE2000 at most ")
    off, apart = map(float, re.findall(r"\d\.\d\d", line))
    assert 0 < off == apart < 2
    assert summary([]) == []


def test_a_file_of_that_name_that_is_not_ours_stays(here):
    refuse_other(here)
    Path(NAME).write_text("name,colour\nada,red\n")
    with pytest.raises(UsageError, match=r"colors\.csv: is no report of ours"):
        refuse_other(here)
    Path(NAME).unlink()
    write_colors(here, [], ICONS)
    refuse_other(here)
