"""`Record`: a row of a csv of a data set, read and checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

from condcolor.conditions.color_spec import ColorSpec, parse_color_spec, refuse_no_choice
from condcolor.conditions.schema import (
    Attribute,
    AttributeSchema,
    value_fault,
)
from condcolor.data.columns import COLORING_ROLES, PARTS, PERSON, Sheet
from condcolor.data.faults import CELLS, Faults
from condcolor.data.paths import (
    INPUT_FOLDERS,
    OUTPUT_FOLDERS,
    PictureFinder,
    path_fault,
)
from condcolor.errors import UsageError
from condcolor.imaging.corrections import MOST_PERSONS, Correction, parse_corrections
from condcolor.imaging.formats import format_for
from condcolor.runtime.messages import shown_name

if TYPE_CHECKING:
    pass

V = TypeVar("V", bound=str | ColorSpec)


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
