"""The table of a data set repaired: what can be put right without a guess, as a metadata.csv."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath, PureWindowsPath

from condcolor.conditions.schema import look_key, name_fault, name_key
from condcolor.data.columns import SPLITS, Sheet, meant_column
from condcolor.data.faults import COLUMNS, FORM, Fault, Faults
from condcolor.data.metadata import PICTURE_COLUMNS, write_metadata
from condcolor.data.paths import INPUT_FOLDERS, OUTPUT_FOLDERS, PictureFinder, path_fault
from condcolor.data.reading import Reading
from condcolor.data.table import PADDED
from condcolor.data.tables import read_sheets
from condcolor.data.vocabulary import looks_like_remarks
from condcolor.errors import DataError, UsageError
from condcolor.runtime.files import refuse_taken
from condcolor.runtime.messages import Problems, counted, listed, shown_name

NAMES = dict(zip(("input", "output"), PICTURE_COLUMNS, strict=True))  # of the columns written
FOLDERS = {"input": INPUT_FOLDERS, "output": OUTPUT_FOLDERS}


@dataclass(frozen=True)
class Repaired:
    """What was done to a table, and the faults that its repaired copy does not show."""

    rows: int
    repairs: tuple[str, ...]
    left: tuple[Fault, ...]


@dataclass
class _Columns:
    """Which columns of a sheet are written: roles and attributes by the names written."""

    roles: dict[str, int]
    attributes: dict[str, int] = field(default_factory=dict)


def repair(
    path: Path, out: Path, reading: Reading, require_target: bool, *, overwrite: bool = False
) -> Repaired:
    """Write a repaired metadata.csv of a data set beside its pictures.

    Repaired are names of columns and paths (spaces, case, suffix, Unicode form, backslashes, folders of
    another computer), values that look alike but for case, spaces and Unicode form (the most frequent
    spelling stays), splits, empty and repeated rows. Left out are columns without a name, of remarks, and
    those to ignore. A train and a test table become one with a column `split`.

    Raises:
        DataError: no table can be read.
        UsageError: `out` is no csv, lies elsewhere or exists.
    """
    if out.suffix.lower() != ".csv":
        raise UsageError(f"{shown_name(out)}: the repaired table is a csv: name it so")
    root = path if path.is_dir() else path.parent
    if out.parent.resolve() != root.resolve():
        beside = shown_name(root / out.name)
        raise UsageError(f"{shown_name(out)}: the csv lies where its pictures are: --fix {beside}")
    refuse_taken(out, overwrite)
    found = Faults()
    sheets, _ = read_sheets(path, require_target, reading, found, [])
    if not any(sheet.table.rows for sheet in sheets):
        raise DataError(f"{shown_name(path)}: nothing to repair", map(str, found.faults))

    repairs, left = Problems(), Faults()
    for sheet in sheets:
        left.extend(fault for fault in sheet.table.faults if fault.level == FORM)
    columns = [_columns(sheet, reading, repairs, left) for sheet in sheets]
    names = list(dict.fromkeys(name for each in columns for name in each.attributes))
    _leave_out_remarks(sheets, columns, names, repairs)
    spellings = _spellings(sheets, columns, names, repairs)
    known = {role for each in columns for role in each.roles}
    known |= {"split"} if any(sheet.split for sheet in sheets) else set()
    roles = [name for name in ("input", "output") if name in known]
    extra = [name for name in ("split", "character") if name in known]

    rows: dict[tuple[str, ...], str] = {}  # the cells written -> where they came from
    for sheet, own in zip(sheets, columns, strict=True):
        finder = PictureFinder(sheet.csv.parent)
        for line, cells in sheet.table.rows:
            where = f"{sheet.name} line {line}"
            if not any(cell.strip() for cell in cells):
                repairs.add("a row was empty", f"{where}: an empty row left out")
                continue
            row = [
                _picture(sheet, own, role, cells, finder, where, root, repairs) for role in roles
            ]
            for name in names:
                written = cells[own.attributes[name]] if name in own.attributes else ""
                row.append(spellings[name].get(written, written.strip()))
            row += [_extra(sheet, own, name, cells, where, repairs) for name in extra]
            first = rows.setdefault(tuple(row), where)
            if first != where:
                repairs.add("a row was there twice", f"{where}: the same row as {first}, left out")
    header = [*(NAMES[role] for role in roles), *names, *extra]
    write_metadata(out, rows, header)
    return Repaired(len(rows), repairs.problems, left.faults)


def _columns(sheet: Sheet, reading: Reading, repairs: Problems, left: Faults) -> _Columns:
    """Find which columns are written, under which names."""
    table, where = sheet.table, f"{sheet.name} line {sheet.header}"
    own = _Columns(dict(sheet.roles))
    used: dict[str, int] = dict(own.roles)
    for fault in table.faults:
        if fault.what.endswith(PADDED):
            repairs.add("a column", f"{where}: {fault.what}, which are taken away")
    cells_of = [tuple(row[i].strip() for _, row in table.rows) for i in range(len(table.columns))]
    for index, column in enumerate(table.columns):
        if reading.leaves_out(column):
            repairs.add("a column is left out", f"{where}: column '{column}' left out")
            continue
        if index in own.roles.values():
            known = meant_column(column, table.columns)
            if known is not None and known != column:
                repairs.add("a column", f"{where}: column '{column}' is '{known}'")
            continue
        if not column:
            repairs.add("a column", f"{where}: column {index + 1}, which has no name, left out")
            continue
        name = column
        if name_fault(name):
            name = re.sub(r"\W+", "_", name).strip("_")
            if name_fault(name):
                message = f"the attribute name '{column}' {name_fault(column)}"
                left.add("a name", message, COLUMNS, sheet.name, sheet.header, column)
                continue
            repairs.add("a column", f"{where}: column '{column}' is '{name}'")
        first = used.setdefault(name_key(name), index)
        if first == index:
            own.attributes[name] = index
        elif cells_of[first] == cells_of[index]:
            repairs.add("a column", f"{where}: column '{column}' is there twice, left out once")
        else:
            message = f"column '{column}' is there twice with other cells; keep one"
            left.add("a column", message, COLUMNS, sheet.name, sheet.header, column)
    return own


def _leave_out_remarks(
    sheets: Sequence[Sheet], columns: Sequence[_Columns], names: list[str], repairs: Problems
) -> None:
    """Remove the attributes that are remarks."""
    for name in [*names]:
        uses = _uses(sheets, columns, name)
        if uses and not looks_like_remarks(name, uses):
            continue
        kind = "remarks" if uses else "no values"
        repairs.add("a column", f"{sheets[0].name}: column '{name}' ({kind}) left out")
        names.remove(name)


def _spellings(
    sheets: Sequence[Sheet], columns: Sequence[_Columns], names: Sequence[str], repairs: Problems
) -> dict[str, dict[str, str]]:
    """Return attribute -> cell -> the spelling that is written."""
    spellings: dict[str, dict[str, str]] = {}
    for name in names:
        alike: dict[str, Counter[str]] = {}
        for value, count in _uses(sheets, columns, name).items():
            plain = " ".join(value.split())
            alike.setdefault(look_key(value).casefold(), Counter())[plain] += count
        chosen = {
            key: min(counts, key=lambda value: (-counts[value], value != value.lower(), value))
            for key, counts in alike.items()
        }
        lines: dict[tuple[str, str], list[str]] = {}
        spellings[name] = {}
        for sheet, own in zip(sheets, columns, strict=True):
            for line, cells in sheet.table.rows if name in own.attributes else ():
                cell = cells[own.attributes[name]]
                if cell.strip():
                    spelled = spellings[name][cell] = chosen[look_key(cell).casefold()]
                    if spelled != cell:
                        lines.setdefault((cell, spelled), []).append(str(line))
        for (cell, spelled), where in lines.items():
            shown = ascii(cell) if look_key(cell) == look_key(spelled) else f"'{cell}'"
            places = f"in {counted(len(where), 'row')} ({listed(where)})"
            repairs.add("a value", f"{name} {shown} is '{spelled}' {places}")
    return spellings


def _uses(sheets: Sequence[Sheet], columns: Sequence[_Columns], name: str) -> Mapping[str, int]:
    """Return the rows of each text of an attribute, without spaces around it; rows to train on count more."""
    uses: Counter[str] = Counter()
    for sheet, own in zip(sheets, columns, strict=True):
        for _, cells in sheet.table.rows if name in own.attributes else ():
            if text := cells[own.attributes[name]].strip():
                uses[text] += 1
    return uses


def _picture(
    sheet: Sheet,
    own: _Columns,
    role: str,
    cells: Sequence[str],
    finder: PictureFinder,
    where: str,
    root: Path,
    repairs: Problems,
) -> str:
    """Return the path of a picture relative to `root`; as it is written if no file fits."""
    if role not in own.roles:
        return ""
    written = cells[own.roles[role]]
    for candidate in _candidates(written):
        found = finder.nearest(candidate, FOLDERS[role])
        if found is not None:
            path = found.relative_to(root).as_posix()
            here = found.relative_to(sheet.csv.parent).as_posix()
            if not isinstance(finder.find(written, FOLDERS[role]), Path):
                repairs.add("a path", f"{where}: {role} '{written}' is '{here}'")
            return path
    below = sheet.csv.parent.relative_to(root).as_posix()
    return written.strip() if below == "." or not written.strip() else f"{below}/{written.strip()}"


def _candidates(written: str) -> list[str]:
    """Return the paths that a cell may mean: as written, or its last folders on another computer."""
    plain = written.strip().removeprefix("file://").replace("\\", "/")
    if not plain:
        return []
    if path_fault(plain) == "":
        return [plain]
    parts = PureWindowsPath(plain).parts if ":" in plain else PurePosixPath(plain).parts
    tails = ["/".join(parts[start:]) for start in range(1, len(parts))]
    return [tail for tail in tails if path_fault(tail) == ""]


def _extra(
    sheet: Sheet, own: _Columns, name: str, cells: Sequence[str], where: str, repairs: Problems
) -> str:
    """Return the cell of `split` or `character`."""
    cell = cells[own.roles[name]] if name in own.roles else ""
    text = cell.strip()
    if name == "split":
        known = SPLITS.get(text.lower())
        text = text.lower() if known else text or sheet.split
    if text != cell and cell:
        repairs.add(f"a {name}", f"{where}: {name} '{cell}' is '{text}'")
    return text
