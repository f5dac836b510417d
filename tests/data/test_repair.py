"""A spreadsheet's table as people have it: repaired in one go, each repair said, and what is left named."""

from __future__ import annotations

import pytest
from drawn import draw_set, picture, save, write_csv

from condcolor.data.inspection import inspect
from condcolor.data.metadata import read_metadata, write_metadata
from condcolor.data.reading import AS_IT_IS, Reading
from condcolor.data.repair import repair
from condcolor.errors import DataError, UsageError

HEADER = "input,output,hair"


def repaired(folder, *, reading=AS_IT_IS, name="fixed.csv"):
    """The repairs as one text, and the rows written, without the header."""
    done = repair(folder, folder / name, reading, True)
    lines = (folder / name).read_text(encoding="utf-8").splitlines()
    assert len(lines) - 1 == done.rows
    return "\n".join(done.repairs), lines[1:], done


def spreadsheet(folder) -> int:
    """Write a semicolon csv in Windows-1252 with every fault of a spreadsheet; return its good rows."""
    rows = draw_set(folder, (0, 1, 2, 3))
    lines = ["Input;Output;Hair colour;shirt;Notes;"]
    for i, (source, target, hair, shirt) in enumerate(rows):
        hair = "" if i % 11 == 0 else hair.upper() if i % 5 == 0 else hair
        shirt = shirt + " " if i % 7 == 0 else shirt
        target = target.replace(".png", ".PNG") if i % 4 == 0 else target
        source = source.replace(".png", ".jpg") if i % 6 == 0 else source
        source = source.replace("/", "\\") if i % 9 == 0 else source
        note = f"sch\u00f6n gemacht, Nr. {i}" if i % 3 == 0 else ""
        lines.append(";".join((source, target, hair, shirt, note, "")))
    lines.insert(6, ";;;;;")
    lines.append(lines[1])
    (folder / "metadata.csv").write_bytes("\r\n".join(lines).encode("cp1252"))
    return len(rows)


def test_a_spreadsheet_passes_the_check_after_one_repair(tmp_path):
    count = spreadsheet(tmp_path)
    before = inspect(tmp_path)
    assert len(before.faults) > 20
    said, _, done = repaired(tmp_path)
    assert (done.rows, done.left) == (count, ())
    for repair_said in (
        "column 'Hair colour' is 'Hair_colour'",
        "column 6, which has no name, left out",
        "column 'Notes' (remarks) left out",
        "Hair_colour 'BROWN' is 'brown' in 2 rows (8, 33)",
        "shirt 'blue ' is 'blue' in 3 rows (2, 24, 39)",
        "line 2: input 'inputs\\0.jpg' is 'inputs/0.png'",
        "line 2: output 'outputs/0-blue-blue.PNG' is 'outputs/0-blue-blue.png'",
        "line 7: an empty row left out",
        "line 39: the same row as metadata.csv line 2, left out",
    ):
        assert repair_said in said
    after = inspect(tmp_path / "fixed.csv")
    assert after.faults == ()
    assert after.schema.names == ("Hair_colour", "shirt")
    assert after.balance[0].blank == {"Hair_colour": 4}


def test_the_command_repairs_and_passes(condcolor, here):
    spreadsheet(here / "set")
    assert condcolor("data", "check", "set").exit_code == 3
    done = condcolor("data", "check", "set", "--fix", "set/fixed.csv")
    assert (done.exit_code, done.stderr) == (0, "")
    assert "36 rows written to set/fixed.csv" in done.stdout
    assert done.stdout.endswith("no problems\n")
    assert condcolor("data", "check", "set/fixed.csv").exit_code == 0
    again = condcolor("data", "check", "set", "--fix", "set/fixed.csv")
    assert (again.exit_code, "set/fixed.csv: exists already" in again.stderr) == (2, True)


def test_what_cannot_be_repaired_stays_named(condcolor, here):
    draw_set(here / "set")
    lines = (here / "set/metadata.csv").read_text().splitlines()
    lines[1] = lines[1].replace("0-blue-blue", "none")
    lines[2] += ",more"
    (here / "set/metadata.csv").write_text("\n".join(lines) + "\n")
    save(here / "set/outputs/1-red-red.png", picture(1, "red", "red")[:8])
    done = condcolor("data", "check", "set", "--fix", "set/fixed.csv")
    assert done.exit_code == 3
    assert "17 rows written" in done.stdout
    for said in ("too many cells", "'outputs/none.png' does not exist", "output is 16x8"):
        assert said in done.stdout
    assert "set/fixed.csv: 3 problems" in done.stderr


def test_spellings_that_look_alike_become_the_most_frequent(tmp_path):
    values = ("gr\u00fcn", "gr\u00fcn", "gru\u0308n", "Gr\u00fcn", "dark  red", "dark red", "rot")
    write_csv(tmp_path, HEADER, *(f"a.png,b.png,{value}" for value in values))
    said, rows, _ = repaired(tmp_path)
    assert rows == [f"a.png,b.png,{value}" for value in ("gr\u00fcn", "dark red", "rot")]
    assert "hair 'gru\\u0308n' is 'gr\u00fcn' in 1 row (4)" in said
    assert "hair 'Gr\u00fcn' is 'gr\u00fcn' in 1 row (5)" in said


@pytest.mark.parametrize(
    "written", ["C:\\me\\set\\inputs\\a.png", "/home/me/inputs/a.png", "inputs/A.PNG"]
)
def test_a_path_of_another_computer_is_found_by_its_end(tmp_path, written):
    path = write_csv(tmp_path, HEADER, f"{written},b.png,red", "a.png,c.png,blue")
    save(path.parent / "inputs/a.png", picture(0))
    _, rows, _ = repaired(tmp_path)
    assert rows[0] == "inputs/a.png,b.png,red"


def test_spaces_in_the_header_are_taken_away(tmp_path):
    write_csv(tmp_path, "input, output ,hair", "a.png,b.png,red", "a.png,c.png,blue")
    said, rows, _ = repaired(tmp_path)
    assert (
        said == "metadata.csv line 1: column ' output ' has spaces around it, which are taken away"
    )
    assert rows == ["a.png,b.png,red", "a.png,c.png,blue"]


def test_train_and_test_become_one_table(tmp_path):
    draw_set(tmp_path / "train", (0, 1))
    draw_set(tmp_path / "test", (2,))
    _, rows, _ = repaired(tmp_path)
    assert len(rows) == 27
    assert rows[0] == "train/inputs/0.png,train/outputs/0-blue-blue.png,blue,blue,train"
    records = read_metadata(tmp_path / "fixed.csv").records
    assert [sum(r.split == split for r in records) for split in ("train", "test")] == [18, 9]


@pytest.mark.parametrize(
    ("out", "said"),
    [
        ("fixed.txt", "the repaired table is a csv"),
        ("elsewhere/fixed.csv", "the csv lies where its pictures are"),
        ("metadata.csv", "exists already"),
    ],
)
def test_where_a_repaired_table_may_be_written(tmp_path, out, said):
    draw_set(tmp_path)
    before = (tmp_path / "metadata.csv").read_bytes()
    with pytest.raises(UsageError, match=said):
        repair(tmp_path, tmp_path / out, AS_IT_IS, True)
    assert (tmp_path / "metadata.csv").read_bytes() == before


def test_nothing_to_repair(tmp_path):
    with pytest.raises(DataError, match=r"has no metadata\.csv"):
        repair(tmp_path, tmp_path / "fixed.csv", AS_IT_IS, True)


def test_a_column_to_ignore_is_not_written(tmp_path):
    rows = [(*row, "fine") for row in draw_set(tmp_path)]
    write_metadata(tmp_path / "metadata.csv", rows, ("input", "output", "hair", "shirt", "Notes"))
    said, lines, _ = repaired(tmp_path, reading=Reading(("notes",)))
    assert "column 'Notes' left out" in said
    assert lines[0] == "inputs/0.png,outputs/0-blue-blue.png,blue,blue"
