"""`Sheet`: a csv of a data set, and the roles of its columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from condcolor.conditions.schema import (
    name_fault,
    name_key,
    value_fault,
)
from condcolor.data.faults import COLUMNS, Faults
from condcolor.data.paths import (
    names_picture,
)
from condcolor.data.reading import AS_IT_IS, Reading
from condcolor.data.table import Table, read_table
from condcolor.data.vocabulary import close
from condcolor.errors import did_you_mean
from condcolor.runtime.messages import listed

if TYPE_CHECKING:
    import pandas

SPLITS = {"train": "train", "test": "test", "valid": "test", "validation": "test", "val": "test"}
ROLES = {
    "input": "input",
    "input_file_name": "input",
    "output": "output",
    "target": "output",
    "output_file_name": "output",
    "split": "split",
    "character": "character",
}
PARTS, PERSON = "parts", "person"
COLORING_ROLES = (PARTS, PERSON)  # of a csv that says how to color pictures
FILE_NAME = "file_name"  # Hugging Face's column of a picture; another one has the other picture
INPUT_WORDS = {
    "input",
    "source",
    "sketch",
    "conditioning",
    "condition",
    "lineart",
    "line",
    "drawing",
}


@dataclass(frozen=True)
class Sheet:
    """A csv of a data set: its cells, and the roles of its columns."""

    csv: Path
    name: str  # in messages
    split: str  # of all rows, or ""
    table: Table
    roles: dict[str, int]  # "input", "output", "split", "character", "parts", "person" -> column
    attributes: dict[str, int]  # name -> column, for every other column in order
    notes: tuple[str, ...] = ()

    @property
    def header(self) -> int:
        """The line of the header."""
        return self.table.header_line

    def split_of(self, cells: Sequence[str]) -> str:
        """Return the split of a row: that of its cell, else that of the csv."""
        written = cells[self.roles["split"]] if "split" in self.roles else ""
        return SPLITS.get(written, self.split)

    def split_fault(self, cells: Sequence[str]) -> str:
        """Return the fault of a row's split as a sentence, or an empty text."""
        written = cells[self.roles["split"]] if "split" in self.roles else ""
        if written and written not in SPLITS:
            hint = did_you_mean(written, SPLITS)
            return f"split '{written}' is not one of {', '.join(SPLITS)}{hint}"
        if self.split and self.split_of(cells) != self.split:
            return f"split '{written}', but this csv is the one of {self.split}"
        return ""

    def frame(self) -> pandas.DataFrame:
        """Return the split and the values of each row; a cell that cannot be a value is missing."""
        import pandas

        cells = self.table.frame()
        columns = {name: cells[column] for name, column in self.attributes.items()}
        values = {
            name: column.where(column.map(value_fault) == "") for name, column in columns.items()
        }
        return pandas.DataFrame(
            {"split": [self.split_of(row) for _, row in self.table.rows], **values}
        )


def read_sheet(
    csv: Path,
    name: str,
    split: str,
    require_target: bool,
    faults: Faults,
    reading: Reading = AS_IT_IS,
    more: Sequence[str] = (),
) -> Sheet:
    """Read a csv and the roles of its columns; faults of its form and header are added to `faults`.

    more: those of COLORING_ROLES that columns may have, too.
    """
    table = read_table(csv, name)
    return make_sheet(table, csv, name, split, require_target, faults, reading, more)


def make_sheet(
    table: Table,
    csv: Path,
    name: str,
    split: str,
    require_target: bool,
    faults: Faults,
    reading: Reading = AS_IT_IS,
    more: Sequence[str] = (),
) -> Sheet:
    """Find the roles of the columns of a table, as `read_sheet` does."""
    faults.extend(table.faults)
    named, note = _hugging_face(table)
    sheet = Sheet(csv, name, split, table, {}, {}, (note,) if note else ())
    if not table.columns:
        return sheet
    keys: dict[str, str] = {}
    for index, column in enumerate(table.columns):
        known = meant_column(column, table.columns)
        if reading.leaves_out(column):
            continue
        if column.lower() in more:
            _add_role(sheet, column.lower(), column, index, faults)
        elif index in named:
            sheet.roles.setdefault(named[index], index)
        elif known:
            _add_role(sheet, known, column, index, faults)
        elif column and column not in sheet.attributes:  # a duplicate is reported by read_table
            other = keys.setdefault(name_key(column), column)
            if other != column:
                message = f"'{other}' and '{column}' name the same attribute; keep one"
                faults.add("alike", message, COLUMNS, name, sheet.header, column)
            elif fault := name_fault(column):
                message = f"the attribute name '{column}' {fault}"
                faults.add("bad name", message, COLUMNS, name, sheet.header, column)
            else:
                sheet.attributes[column] = index
    for role in ("input", "output") if require_target else ("input",):
        if role not in sheet.roles:
            message = f"no column '{role}'; the columns are {listed(table.columns)}"
            hint = did_you_mean(role, sheet.attributes)
            faults.add("no column", f"{message}{hint}", COLUMNS, name, sheet.header, role)
    return sheet


def _hugging_face(table: Table) -> tuple[dict[int, str], str]:
    """Return the roles of the columns of Hugging Face's `file_name` and another picture, and a note.

    The other column is a known one or one whose cells all name pictures. The name of the other column says
    which of both is the input; otherwise that is `file_name`.
    """
    lowered = [column.lower() for column in table.columns]
    if FILE_NAME not in lowered:
        return {}, ""
    own = lowered.index(FILE_NAME)
    known = {ROLES[column]: index for index, column in enumerate(lowered) if column in ROLES}
    if "output" in known:
        return {own: "input"}, ""
    if "input" in known:
        return {own: "output"}, ""
    others = [
        index
        for index, column in enumerate(lowered)
        if index != own and column not in ROLES and _names_pictures(table, index)
    ]
    if len(others) != 1:
        return {own: "input"}, ""
    (other,) = others
    is_input = bool(INPUT_WORDS & set(lowered[other].replace("-", "_").split("_")))
    roles = ("output", "input") if is_input else ("input", "output")
    name = table.columns[other]
    note = f"'{table.columns[own]}' is read as the {roles[0]}, '{name}' as the {roles[1]}"
    return {own: roles[0], other: roles[1]}, note


def _names_pictures(table: Table, column: int) -> bool:
    cells = [row[column] for _, row in table.rows]
    return bool(cells) and all(names_picture(cell.strip()) for cell in cells)


def meant_column(column: str, columns: Sequence[str]) -> str | None:
    """Return the known column that `column` is, or probably means (`inptu`: `input`); None for an attribute.

    A misspelling is assumed only if no column of `columns` has the role.
    """
    if column.lower() in ROLES:
        return column.lower()
    filled = {ROLES[other.lower()] for other in columns if other.lower() in ROLES}
    alike = (known for known, role in ROLES.items() if role not in filled and close(column, known))
    return next(alike, None)


def _add_role(sheet: Sheet, known: str, column: str, index: int, faults: Faults) -> None:
    if known != column:
        message = f"column '{column}' is not known; did you mean '{known}'?"
        faults.add("misspelt column", message, COLUMNS, sheet.name, sheet.header, column)
    first = sheet.roles.setdefault(ROLES.get(known, known), index)
    if (other := sheet.table.columns[first]) != column:
        message = f"'{other}' and '{column}' say the same; keep one"
        faults.add("role", message, COLUMNS, sheet.name, sheet.header, column)


def check_attributes(sheet: Sheet, names: Sequence[str], whose: str, faults: Faults) -> None:
    """Check that a csv has the attributes `names` of `whose`: the first csv, or the model."""
    if not sheet.table.columns:
        return
    extra = [name for name in sheet.attributes if name not in names]
    for name in names:
        if name not in sheet.attributes:
            message = f"no column '{name}', which {whose} has{did_you_mean(name, extra)}"
            faults.add("lacks", message, COLUMNS, sheet.name, sheet.header, name)
    for name in extra:
        hint = did_you_mean(name, names) or f"; if it is to be left out: --ignore {name}"
        message = f"column '{name}' is not known to {whose}{hint}"
        faults.add("extra", message, COLUMNS, sheet.name, sheet.header, name)
