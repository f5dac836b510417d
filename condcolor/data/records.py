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
from condcolor.data.faults import CELLS, COLUMNS, Faults
from condcolor.data.paths import (
    INPUT_FOLDERS,
    OUTPUT_FOLDERS,
    PictureFinder,
    names_picture,
    path_fault,
)
from condcolor.data.reading import AS_IT_IS, Reading
from condcolor.data.table import Table, read_table
from condcolor.data.vocabulary import close
from condcolor.errors import UsageError, did_you_mean
from condcolor.imaging.corrections import MOST_PERSONS, Correction, parse_corrections
from condcolor.imaging.formats import format_for
from condcolor.runtime.messages import listed, shown_name

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
class Record(Generic[V]):
    """A row of a metadata.csv: a picture, its coloring, and its values (ColorSpecs with `any_color`)."""

    source: Path
    target: Path | None
    values: tuple[V, ...]  # in the order of the schema's attributes; "" if one does not apply
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


def read_records(
    sheet: Sheet,
    schema: AttributeSchema,
    faults: Faults,
    any_color: bool = False,
    names_outputs: bool = False,
) -> tuple[list[Record], list[Record]]:
    """Return the records of a csv, and those of invalid rows whose pictures are there.

    The faults of invalid rows are added to `faults`: blank or padded cells, unknown values or splits, and
    missing pictures. A blank cell of an attribute says that it does not apply: its value is "". With
    `any_color`, values are ColorSpecs, any color is known, and no cell is blank. With `names_outputs`, the
    cells of a column `output` are files to write, and targets are these paths as written. `character` is as
    written, or "" without such a column. In records of invalid rows a value that cannot be used is "".
    A blank cell of corrections has none, and one of persons means the first.
    """
    finder = PictureFinder(sheet.csv.parent)
    may_be_blank = ("split", *COLORING_ROLES)
    texts = {role: at for role, at in sheet.roles.items() if role not in may_be_blank}
    texts |= sheet.attributes
    attributes = [each for each in schema.attributes if each.name in sheet.attributes]
    whole = "input" in sheet.roles and len(attributes) == len(schema.attributes)
    records: list[Record] = []
    others: list[Record] = []
    for line, cells in sheet.table.rows:
        where = (CELLS, sheet.name, line)
        before = faults.count
        for column, index in texts.items():
            applies = any_color or column not in sheet.attributes or cells[index].strip()
            if applies and (fault := value_fault(cells[index])):
                faults.add(f"{column} is blank or padded", f"{column} {fault}", *where, column)
        values: dict[str, str | ColorSpec] = {}
        for attribute in attributes:
            text = cells[sheet.attributes[attribute.name]]
            try:
                usable = not value_fault(text)
                values[attribute.name] = _value(attribute, text, any_color) if usable else ""
            except UsageError as error:
                kind = f"{attribute.name} has an unknown value"
                faults.add(kind, str(error), *where, attribute.name)
        if fault := sheet.split_fault(cells):
            faults.add("the split is wrong", fault, *where, "split")
        source = _find(sheet, finder, "input", INPUT_FOLDERS, cells, line, faults)
        if names_outputs and "output" in sheet.roles:
            target = _named_output(cells[sheet.roles["output"]], sheet, line, faults)
        else:
            target = _find(sheet, finder, "output", OUTPUT_FOLDERS, cells, line, faults)
        corrections: tuple[Correction, ...] = ()
        person = None
        try:
            if PARTS in sheet.roles:
                corrections = parse_corrections(cells[sheet.roles[PARTS]])
            if PERSON in sheet.roles:
                person = _person(cells[sheet.roles[PERSON]])
        except UsageError as error:
            faults.add("parts or person are wrong", str(error), *where)
        if source is None:
            continue
        split = sheet.split_of(cells)
        character = cells[sheet.roles["character"]] if "character" in sheet.roles else ""
        mask = finder.mask(source)
        known = tuple(values.get(name, "") for name in schema.names)
        record = Record(source, target, known, character, split, line, sheet.csv, mask)
        record = replace(record, corrections=corrections, person=person)
        valid = whole and faults.count == before
        (records if valid else others).append(record)
    return records, others


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


def _named_output(written: str, sheet: Sheet, line: int, faults: Faults) -> Path | None:
    """Return the path of a file to write; None, and a fault, if it is not allowed or of no format."""
    if value_fault(written):  # reported already
        return None
    fault = path_fault(written)
    try:
        format_for(written)
    except UsageError as error:
        fault = fault or str(error).removeprefix(f"{shown_name(written)}: ")
    if fault:
        message = f"output '{written}' {fault}"
        faults.add("an output cannot be used", message, CELLS, sheet.name, line, "output")
        return None
    return Path(written)


def _find(
    sheet: Sheet,
    finder: PictureFinder,
    role: str,
    folders: tuple[str, ...],
    cells: Sequence[str],
    line: int,
    faults: Faults,
) -> Path | None:
    written = cells[sheet.roles[role]] if role in sheet.roles else ""
    if value_fault(written):  # reported already
        return None
    path = finder.find(written, folders)
    if isinstance(path, Path):
        return path
    message = f"{role} '{written}' {path}"
    faults.add(f"an {role} cannot be used", message, CELLS, sheet.name, line, role)
    return None
