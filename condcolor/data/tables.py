"""The tables of a data set: found in its folder and read, or made of the names of its pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from condcolor.data.columns import SPLITS, Sheet, make_sheet, read_sheet
from condcolor.data.faults import FORM, Faults
from condcolor.data.file_names import NAME, pairs_of_names
from condcolor.data.reading import Reading, left_out
from condcolor.data.table import Table
from condcolor.errors import did_you_mean
from condcolor.runtime.messages import listed, shown_name

CSV_NAME = "metadata.csv"
TABLE_NAMES = (CSV_NAME, "metadata.jsonl", "metadata.xlsx")  # the first one that is there is read


def read_sheets(
    path: Path,
    require_target: bool,
    reading: Reading,
    faults: Faults,
    notes: list[str],
    more: Sequence[str] = (),
) -> tuple[list[Sheet], Path]:
    """Read the tables of a data set and find the folder that all its pictures are in.

    more: as for `read_sheet`.
    """
    folders: list[tuple[Path, str]] = []
    csvs: list[tuple[Path, str]] = []
    root = path
    try:
        folders = _folders_of_names(path, reading)
        csvs = [] if folders else _find_csvs(path, faults, notes)
        root = path if path.is_dir() else path.parent
    except OSError as error:
        faults.add("missing", f"{path} cannot be read: {error.strerror or error}", FORM)
    sheets = [
        read_sheet(
            csv, csv.relative_to(root).as_posix(), split, require_target, faults, reading, more
        )
        for csv, split in csvs
    ]
    sheets += [
        _sheet_of_names(folder, root, split, require_target, faults, reading, notes)
        for folder, split in folders
    ]
    notes += [note for sheet in sheets for note in (*sheet.table.notes, *sheet.notes)]
    if reading.labels and csvs:
        notes.append("labels in file names are not used: a table has the values")
    columns = [column for sheet in sheets for column in sheet.table.columns]
    for name in left_out(columns, reading) if columns else ():
        notes.append(f"no column '{name}' to leave out{did_you_mean(name, columns)}")
    return sheets, root


def _folders_of_names(path: Path, reading: Reading) -> list[tuple[Path, str]]:
    """Return the folders of a data set without a table, each with its split; none if it has one."""
    if not path.is_dir() or table_of(path) or table_of(path / "train"):
        return []
    train = path / "train"
    tests = [path / name for name in list(SPLITS)[1:] if (path / name).is_dir()]
    folders = [(path, "")]
    if train.is_dir():
        folders = [(train, "train"), *((test, "test") for test in tests[:1])]
    if not reading.labels and pairs_of_names(folders[0][0], reading) is None:
        return []
    return folders


def _sheet_of_names(
    folder: Path,
    root: Path,
    split: str,
    require_target: bool,
    faults: Faults,
    reading: Reading,
    notes: list[str],
) -> Sheet:
    """Read the names of the pictures of a folder as those of a table beside them."""
    csv = folder / NAME
    name = csv.relative_to(root).as_posix()
    found = pairs_of_names(folder, reading)
    if found is None:
        faults.add("missing", f"{shown_name(folder)} has no pictures", FORM)
        return Sheet(csv, name, split, Table(), {}, {})
    table, told = found
    notes += told
    return make_sheet(table, csv, name, split, require_target, faults, reading)


def table_of(folder: Path) -> Path | None:
    """Return the table of a folder: metadata.csv, .jsonl or .xlsx; None without one."""
    return next((table for name in TABLE_NAMES if (table := folder / name).exists()), None)


def _find_csvs(path: Path, faults: Faults, notes: list[str]) -> list[tuple[Path, str]]:
    """Find the tables of a data set, each with its split."""
    if not path.exists():
        faults.add("missing", f"{path} does not exist", FORM)
        return []
    if not path.is_dir():
        return [(path, "")]
    own, train = table_of(path), table_of(path / "train")
    if own and train:
        message = f"{path} has {own.name} and train/{train.name}; name the one to read"
        faults.add("two", message, FORM)
    elif own:
        return [(own, "")]
    elif train:
        tests = [test for name in list(SPLITS)[1:] if (test := table_of(path / name))]
        if not tests:
            notes.append(f"{path} has no test/{train.name}: characters of train can be held out")
            return [(train, "")]
        if len(tests) > 1:
            others = ", ".join(test.parent.name for test in tests[1:])
            notes.append(f"{tests[0].parent.name} is the test set; not read: {others}")
        return [(train, "train"), (tests[0], "test")]
    else:
        names = sorted(
            table.name for suffix in ("csv", "xlsx") for table in path.glob(f"*.{suffix}")
        )
        hint = f"; it has {listed(names)}: rename or name one" if names else ""
        faults.add("missing", f"{path} has no {CSV_NAME} and no train/{CSV_NAME}{hint}", FORM)
    return []
