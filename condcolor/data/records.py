"""`Record`: the roles of a csv's columns, and its rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

from condcolor.conditions.color_spec import ColorSpec, parse_color_spec, refuse_no_choice
from condcolor.conditions.schema import (
    Attribute,
    AttributeSchema,
    name_fault,
    name_key,
    value_fault,
)
from condcolor.data.paths import INPUT_FOLDERS, OUTPUT_FOLDERS, PictureFinder, path_fault
from condcolor.data.table import Table, read_table
from condcolor.data.vocabulary import close
from condcolor.errors import UsageError, did_you_mean
from condcolor.imaging.corrections import MOST_PERSONS, Correction, parse_corrections
from condcolor.imaging.formats import format_for
from condcolor.runtime.messages import Problems, listed, shown_name

if TYPE_CHECKING:
    import pandas

V = TypeVar("V", bound=str | ColorSpec)
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


@dataclass(frozen=True)
class Record(Generic[V]):
    """A row of a metadata.csv: a picture, its coloring, and its values (ColorSpecs with `any_color`)."""

    source: Path
    target: Path | None
    values: tuple[V, ...]  # in the order of the schema's attributes
    character: str  # rows of one character belong on one side of a split
    split: str  # "train", "test", or "" if none is given
    line: int
    csv: Path
    mask: Path | None = (
        None  # channel i is 255 in the part of attribute i; the one after those is skin
    )
    corrections: tuple[Correction, ...] = ()  # of the parts of the picture, by its column
    person: int | None = None  # whose values they are, from 1; None without such a column

    def line_in(self, root: Path) -> str:
        """Return `train/metadata.csv line 37`, for messages on the data set in `root`."""
        return f"{self.csv.relative_to(root).as_posix()} line {self.line}"


@dataclass(frozen=True)
class Sheet:
    """A csv of a data set: its cells, and the roles of its columns."""

    csv: Path
    name: str  # in messages
    split: str  # of all rows, or ""
    table: Table
    roles: dict[str, int]  # "input", "output", "split", "character", "parts", "person" -> column
    attributes: dict[str, int]  # name -> column, for every other column in order

    @property
    def header(self) -> str:
        return f"{self.name} line {self.table.header_line}"

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
    faults: Problems,
    more: Sequence[str] = (),
) -> Sheet:
    """Read a csv and the roles of its columns; problems of its form and header are added to `faults`.

    more: those of COLORING_ROLES that columns may have, too.
    """
    table = read_table(csv, name)
    faults.extend(table.problems)
    sheet = Sheet(csv, name, split, table, {}, {})
    if not table.columns:
        return sheet
    keys: dict[str, str] = {}
    for index, column in enumerate(table.columns):
        known = meant_column(column, table.columns)
        if column.lower() in more:
            _add_role(sheet, column.lower(), column, index, faults)
        elif known:
            _add_role(sheet, known, column, index, faults)
        elif column and column not in sheet.attributes:  # a duplicate is reported by read_table
            other = keys.setdefault(name_key(column), column)
            if other != column:
                faults.add(
                    "alike", f"{sheet.header}: '{other}' and '{column}' name the same attribute"
                )
            elif fault := name_fault(column):
                faults.add("bad name", f"{sheet.header}: the attribute name '{column}' {fault}")
            else:
                sheet.attributes[column] = index
    for role in ("input", "output") if require_target else ("input",):
        if role not in sheet.roles:
            message = f"no column '{role}'; the columns are {listed(table.columns)}"
            hint = did_you_mean(role, sheet.attributes)
            faults.add("no column", f"{sheet.header}: {message}{hint}")
    return sheet


def meant_column(column: str, columns: Sequence[str]) -> str | None:
    """Return the known column that `column` is, or probably means (`inptu`: `input`); None for an attribute.

    A misspelling is assumed only if no column of `columns` has the role.
    """
    if column.lower() in ROLES:
        return column.lower()
    filled = {ROLES[other.lower()] for other in columns if other.lower() in ROLES}
    alike = (known for known, role in ROLES.items() if role not in filled and close(column, known))
    return next(alike, None)


def _add_role(sheet: Sheet, known: str, column: str, index: int, faults: Problems) -> None:
    if known != column:
        message = f"{sheet.header}: column '{column}' is not known; did you mean '{known}'?"
        faults.add("misspelt column", message)
    first = sheet.roles.setdefault(ROLES.get(known, known), index)
    if (other := sheet.table.columns[first]) != column:
        faults.add("role", f"{sheet.header}: '{other}' and '{column}' say the same; keep one")


def check_attributes(sheet: Sheet, names: Sequence[str], whose: str, faults: Problems) -> None:
    """Check that a csv has the attributes `names` of `whose`: the first csv, or the model."""
    if not sheet.table.columns:
        return
    extra = [name for name in sheet.attributes if name not in names]
    for name in names:
        if name not in sheet.attributes:
            hint = did_you_mean(name, extra)
            faults.add("lacks", f"{sheet.header}: no column '{name}', which {whose} has{hint}")
    for name in extra:
        hint = did_you_mean(name, names)
        faults.add("extra", f"{sheet.header}: column '{name}' is not known to {whose}{hint}")


def read_records(
    sheet: Sheet,
    schema: AttributeSchema,
    faults: Problems,
    any_color: bool = False,
    names_outputs: bool = False,
) -> list[Record]:
    """Return the records of a csv without invalid rows, whose problems are added to `faults`.

    Invalid are blank or padded cells, unknown values or splits, and missing pictures. With `any_color`,
    values are ColorSpecs, and any color is known. With `names_outputs`, the cells of a column `output` are
    files to write, and targets are these paths as written. `character` is as written, or "" without such a
    column. A blank cell of corrections has none, and one of persons means the first.
    """
    finder = PictureFinder(sheet.csv.parent)
    may_be_blank = ("split", *COLORING_ROLES)
    texts = {role: at for role, at in sheet.roles.items() if role not in may_be_blank}
    texts |= sheet.attributes
    attributes = [
        attribute for attribute in schema.attributes if attribute.name in sheet.attributes
    ]
    whole = "input" in sheet.roles and len(attributes) == len(schema.attributes)
    records: list[Record] = []
    for line, cells in sheet.table.rows:
        where = f"{sheet.name} line {line}"
        before = faults.count
        for column, index in texts.items():
            if fault := value_fault(cells[index]):
                faults.add(f"{column} is blank or padded", f"{where}: {column} {fault}")
        values: list[str | ColorSpec] = []
        for attribute in attributes:
            text = cells[sheet.attributes[attribute.name]]
            try:
                values.append(text if value_fault(text) else _value(attribute, text, any_color))
            except UsageError as error:
                faults.add(f"{attribute.name} has an unknown value", f"{where}: {error}")
        if fault := sheet.split_fault(cells):
            faults.add("the split is wrong", f"{where}: {fault}")
        source = _find(sheet, finder, "input", INPUT_FOLDERS, cells, where, faults)
        if names_outputs and "output" in sheet.roles:
            target = _named_output(cells[sheet.roles["output"]], where, faults)
        else:
            target = _find(sheet, finder, "output", OUTPUT_FOLDERS, cells, where, faults)
        corrections: tuple[Correction, ...] = ()
        person = None
        try:
            if PARTS in sheet.roles:
                corrections = parse_corrections(cells[sheet.roles[PARTS]])
            if PERSON in sheet.roles:
                person = _person(cells[sheet.roles[PERSON]])
        except UsageError as error:
            faults.add("parts or person are wrong", f"{where}: {error}")
        if not whole or source is None or faults.count > before:
            continue
        split = sheet.split_of(cells)
        character = cells[sheet.roles["character"]] if "character" in sheet.roles else ""
        mask = finder.mask(source)
        record = Record(source, target, tuple(values), character, split, line, sheet.csv, mask)
        records.append(replace(record, corrections=corrections, person=person))
    return records


def _person(text: str) -> int:
    """Return the number of a person, 1 where the cell is blank; UsageError where it is none."""
    if not text:
        return 1
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= MOST_PERSONS):
        raise UsageError(f"person '{text}': persons are counted from the left, from 1")
    return int(text)


def _value(attribute: Attribute, text: str, any_color: bool) -> str | ColorSpec:
    """Return the attribute's value that the text spells, or with `any_color` its ColorSpec.

    Raises:
        UsageError: it is no value of the attribute, and no color either.
    """
    if any_color:
        spec = parse_color_spec(attribute, text)
        refuse_no_choice(attribute, spec)
        return spec
    return attribute.values[attribute.index(text)]


def _named_output(written: str, where: str, faults: Problems) -> Path | None:
    """Return the path of a file to write; None, and a fault, if it is not allowed or of no format."""
    if value_fault(written):  # reported already
        return None
    fault = path_fault(written)
    try:
        format_for(written)
    except UsageError as error:
        fault = fault or str(error).removeprefix(f"{shown_name(written)}: ")
    if fault:
        faults.add("an output cannot be used", f"{where}: output '{written}' {fault}")
        return None
    return Path(written)


def _find(
    sheet: Sheet,
    finder: PictureFinder,
    role: str,
    folders: tuple[str, ...],
    cells: Sequence[str],
    where: str,
    faults: Problems,
) -> Path | None:
    written = cells[sheet.roles[role]] if role in sheet.roles else ""
    if value_fault(written):  # reported already
        return None
    path = finder.find(written, folders)
    if isinstance(path, Path):
        return path
    faults.add(f"an {role} cannot be used", f"{where}: {role} '{written}' {path}")
    return None
