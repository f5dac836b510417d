"""A csv file as text cells with line numbers, all faults of its form found; written safely.

Every cell stays text: `None`, `NA` and `007` are no missing values or numbers. The form is checked line by
line, since `pandas.read_csv` skips bad lines silently. What spreadsheets write is read: commas, semicolons or
tabs between cells, Excel's first line `sep=;`, UTF-8, UTF-16, Windows-1252; .xlsx and .jsonl files, too.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from condcolor.data.faults import COLUMNS, FORM, Fault, Faults
from condcolor.data.other_tables import Row, read_jsonl, read_xlsx
from condcolor.errors import UsageError
from condcolor.runtime.regular_files import NotRegular, TooLarge, read_regular

if TYPE_CHECKING:
    import pandas

MAX_BYTES = 256 * 2**20  # a million rows are about 50 MB
_NOT_CSV = (
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"RIFF", "a WEBP picture or a sound"),
    (b"II*\0", "a TIFF picture"),
    (b"MM\0*", "a TIFF picture"),
    (b"%PDF", "a PDF document"),
    (b"PK\x03\x04", "an Excel workbook or a zip file; call it .xlsx, or save it as 'CSV UTF-8'"),
    (b"\x1f\x8b", "a gzip file; unpack it first"),
    (b"version https://git-lfs", "a Git LFS pointer; run 'git lfs pull' for the file itself"),
    (b"<", "HTML or XML"),
    (b"{", "JSON"),
)
_CONTROL = re.compile("[\0-\x1f\x7f-\x9f\ud800-\udfff]")  # and lone surrogates
_FORMULA = re.compile(r"'*[=+\-@]")  # a formula of a spreadsheet, escaped or not
PADDED = "has spaces around it"  # of a column's name
SEPARATORS = (",", ";", "\t", "|")
_SEP_LINE = re.compile(r"sep=([,;\t|])[,;\t|]*", re.IGNORECASE)  # as Excel writes and reads it


@dataclass(frozen=True)
class Table:
    """The cells of a csv, without invalid rows, and its problems."""

    columns: tuple[str, ...] = ()  # of the header, stripped
    header_line: int = 1  # counted from 1
    rows: tuple[tuple[int, tuple[str, ...]], ...] = ()  # (line, cells)
    faults: tuple[Fault, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def problems(self) -> tuple[str, ...]:
        """The faults as texts."""
        return tuple(map(str, self.faults))

    def frame(self) -> pandas.DataFrame:
        """Return the rows as text, indexed by line; columns by number, since names may repeat."""
        import pandas  # slow; coloring needs `rows` only

        if not self.columns:
            return pandas.DataFrame()
        index = pandas.Index([line for line, _ in self.rows], name="line")
        cells = [row for _, row in self.rows]
        return pandas.DataFrame(cells, index, range(len(self.columns)), dtype=str)


def read_table(path: Path, name: str | None = None) -> Table:
    """Read a csv, .xlsx or .jsonl file; `name` is its name in messages, default the file's. Never raises."""
    name = name or path.name
    faults, notes = Faults(), list[str]()
    data = _read_bytes(path, name, faults)
    rows: list[Row] = []
    if data is not None and path.suffix.lower() == ".xlsx" and data.startswith(b"PK\x03\x04"):
        rows = read_xlsx(data, name, faults)
    elif data is not None and path.suffix.lower() == ".jsonl":
        rows = read_jsonl(data, name, faults)
    elif data is not None and (text := _decode(data, name, faults, notes)) is not None:
        rows = _parse(text, name, faults)
    if not rows:
        if not faults.count:
            hint = "its first line names the columns: input,output"
            faults.add("empty", f"{name} is empty; {hint}", FORM)
        return Table(faults=faults.faults)

    header, *others = rows
    columns = _check_header(header, name, faults)
    kept = _check_rows(others, len(columns), name, faults)
    if not others and not faults.count:
        faults.add("no rows", f"{name} has a header but no rows", FORM)
    return Table(
        columns,
        header.line,
        tuple((row.line, row.cells) for row in kept),
        faults.faults,
        tuple(notes),
    )


def _read_bytes(path: Path, name: str, faults: Faults) -> bytes | None:
    """Return the file's bytes, or None after adding the fault that prevents it."""
    try:
        return read_regular(path, MAX_BYTES)
    except FileNotFoundError:
        fault = "does not exist"
    except NotRegular:
        fault = "is not a file"
    except TooLarge:
        size = path.stat().st_size / 2**20
        fault = f"has {size:.0f} MB; at most {MAX_BYTES >> 20} MB"
    except OSError as error:
        fault = f"cannot be read: {error.strerror or error}"
    faults.add("file", f"{name} {fault}", FORM)
    return None


def _decode(data: bytes, name: str, faults: Faults, notes: list[str]) -> str | None:
    """Return the text of a csv's bytes, or None after adding the fault that prevents it."""
    body = data.removeprefix(b"\xef\xbb\xbf")
    for magic, kind in _NOT_CSV:
        if body.startswith(magic):
            faults.add("file", f"{name} is not a csv but {kind}", FORM)
            return None
    sample = data[:4000]
    if data.startswith((b"\xff\xfe", b"\xfe\xff")) or sample.count(0) * 3 > len(sample) > 0:
        is_little = data.startswith(b"\xff\xfe") or (data[:1] != b"\0" and data[1:2] == b"\0")
        try:
            return data.decode("utf-16-le" if is_little else "utf-16-be").removeprefix("\ufeff")
        except UnicodeDecodeError:
            faults.add("file", f"{name} is damaged UTF-16; save it as UTF-8", FORM)
            return None
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        not_utf8 = f"not UTF-8 (byte 0x{body[error.start]:02x})"
        try:
            text = body.decode("cp1252")
        except UnicodeDecodeError:
            message = f"{not_utf8}, nor Windows-1252; save it as UTF-8"
            faults.add("file", message, FORM, name, line)
            return None
        notes.append(
            f"{name} line {line}: {not_utf8}: read as Windows-1252; save it as UTF-8 if letters come "
            "out wrong"
        )
        return text


def _dialect(written: Sequence[str]) -> tuple[str, int]:
    """Return the separator of the cells, and the lines to skip: Excel's first line `sep=;` is no row.

    Without it, the separator is the one in the header: a comma if there is any.
    """
    first = next(iter(written), "").rstrip("\r\n").replace('"', "")
    if match := _SEP_LINE.fullmatch(first):
        return match[1], 1
    header = next((line for line in written if line.strip()), "")
    return next((s for s in SEPARATORS if s in header), ","), 0


def _parse(text: str, name: str, faults: Faults) -> list[Row]:
    """Return the lines that are one row each; others that are not empty are added to `faults`."""
    written = list(io.StringIO(text, newline=""))
    separator, skipped = _dialect(written)
    reader = csv.reader(written[skipped:], strict=True, delimiter=separator)
    rows: list[Row] = []
    while True:
        line = reader.line_num + 1 + skipped
        try:
            cells = next(reader)
        except StopIteration:
            return rows
        except csv.Error as error:
            faults.add("the quotes are wrong", _quotes_problem(str(error)), FORM, name, line)
            continue
        if any("\n" in cell or "\r" in cell for cell in cells):
            end = reader.line_num + skipped
            message = f'a quote (") opened here closes on line {end}'
            faults.add("a cell holds a line break", message, FORM, name, line)
        elif any(_CONTROL.search(cell) for cell in cells):
            kind = "NUL" if any("\0" in cell for cell in cells) else "control"
            message = f"holds a {kind} character"
            faults.add("a cell holds a control character", message, FORM, name, line)
        elif cells:
            rows.append(Row(line, tuple(map(plain_cell, cells))))


def _quotes_problem(error: str) -> str:
    """Reword an error of the csv module."""
    if "end of data" in error or "field limit" in error:
        return 'a quote (") is opened and never closed'
    if "NUL" in error:
        return "holds a NUL character"
    if "expected after" in error:
        return 'a quote (") inside a quoted cell; double it ("")'
    return error


def _check_header(header: Row, name: str, faults: Faults) -> tuple[str, ...]:
    columns = tuple(column.strip() for column in header.cells)
    for number, (column, written) in enumerate(zip(columns, header.cells, strict=True), start=1):
        if not column:
            hint = "name it, or take it out (pandas: to_csv(..., index=False))"
            message = f"column {number} has no name; {hint}"
            faults.add("no name", message, COLUMNS, name, header.line)
        elif column != written:
            message = f"column '{written}' {PADDED}; write '{column}'"
            faults.add("padded", message, COLUMNS, name, header.line, column)
    for column, count in Counter(columns).items():
        if column and count > 1:
            message = f"column '{column}' is there {count} times"
            faults.add("duplicate", message, COLUMNS, name, header.line, column)
    return columns


def _check_rows(rows: Sequence[Row], width: int, name: str, faults: Faults) -> list[Row]:
    """Return the rows with `width` cells; the others are added to `faults`."""
    widths = {len(row.cells) for row in rows}
    if len(rows) > 1 and len(widths) == 1 and widths != {width}:
        count = widths.pop()
        hint = "the rows lack a value"
        if count > width:
            hint = "the header lacks a name, or the rows end in a comma"
        message = f"every row has {count} cells but the header has {width}; {hint}"
        faults.add("ragged", message, FORM, name)
        return []
    for row in rows:
        if (count := len(row.cells)) != width:
            few = "few" if count < width else "many"
            hint = "" if count < width else "; a cell with a comma in it goes in quotes"
            message = f"too {few} cells, {count} for {width} columns{hint}"
            faults.add("the number of cells is wrong", message, FORM, name, row.line)
    return [row for row in rows if len(row.cells) == width]


def safe_cell(text: str) -> str:
    """Return a cell to write; a formula of a spreadsheet is escaped by a leading `'`."""
    return f"'{text}" if _FORMULA.match(text) else text


def plain_cell(text: str) -> str:
    """Return the text of a cell that `safe_cell` may have escaped."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text


def format_table(
    rows: Iterable[Mapping[str, object] | Sequence[object]], columns: Sequence[str], name: str
) -> tuple[bytes, int]:
    """Return the bytes of a csv (UTF-8, `\\n`) and the number of its rows.

    Args:
        rows: mappings with exactly `columns` as keys, or sequences in that order.
        name: the file's name in messages.

    Raises:
        UsageError: a row does not fit, or a cell holds a control character.
    """
    columns = tuple(columns)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_cells(columns, columns, name, "the header"))
    count = 0
    for count, row in enumerate(rows, start=1):
        if isinstance(row, Mapping):
            if set(row) != set(columns):
                unmatched = ", ".join(sorted(str(key) for key in set(row) ^ set(columns)))
                raise UsageError(f"{name}: row {count} does not match the columns in {unmatched}")
            row = [row[column] for column in columns]
        writer.writerow(_cells(row, columns, name, f"row {count}"))
    return text.getvalue().encode("utf-8"), count


def _cells(row: Sequence[object], columns: Sequence[str], name: str, which: str) -> list[str]:
    if len(row) != len(columns):
        raise UsageError(f"{name}: {which} has {len(row)} cells for {len(columns)} columns")
    cells = [str(cell) for cell in row]
    for cell in cells:
        if _CONTROL.search(cell):
            raise UsageError(f"{name}: {which} holds a control character in {cell!r}")
    return [safe_cell(cell) for cell in cells]
