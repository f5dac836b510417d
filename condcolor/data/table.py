"""A csv file as text cells with line numbers, and every fault of its form found at once.

Every cell stays the text that was written: `None`, `NA` and `007` are no missing value and no
number. Only the csv module touches the text, so no row can shift, shrink or be renamed.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from condcolor.errors import UsageError
from condcolor.runtime.messages import Problems

MAX_BYTES = 256 * 2**20  # a million rows are about 50 MB
_NOT_CSV = (
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"RIFF", "a WEBP picture or a sound"),
    (b"II*\0", "a TIFF picture"),
    (b"MM\0*", "a TIFF picture"),
    (b"%PDF", "a PDF document"),
    (b"PK\x03\x04", "an Excel workbook or a zip file; save it as 'CSV UTF-8'"),
    (b"\x1f\x8b", "a gzip file; unpack it first"),
    (b"version https://git-lfs", "a Git LFS pointer; run 'git lfs pull' for the file itself"),
    (b"<", "HTML or XML"),
    (b"{", "JSON"),
)
_CONTROL = re.compile("[\0-\x1f\x7f-\x9f\ud800-\udfff]")  # and lone surrogates
_FORMULA = re.compile(r"'*[=+\-@]")  # what a spreadsheet would run, or such a cell made harmless


@dataclass(frozen=True)
class Table:
    """The cells of a csv. Rows with a fault are left out and named in `problems`.

    columns: the header, spaces around names taken off (and named as a problem).
    header_line, and the first of each row's pair: line in the file, the first line being 1.
    """

    columns: tuple[str, ...] = ()
    header_line: int = 1
    rows: tuple[tuple[int, tuple[str, ...]], ...] = ()
    problems: tuple[str, ...] = ()


def read_table(path: Path, name: str | None = None) -> Table:
    """Read a csv; `name` is what messages call it (default: the file's name). Never raises."""
    name = name or path.name
    faults = Problems()
    text = _read_text(path, name, faults)
    if text is None:
        return Table(problems=faults.problems)
    lines = _parse(text, name, faults)
    if not lines:
        if not faults.problems:
            faults.add("empty", f"{name} is empty; its first line names the columns: input,output")
        return Table(problems=faults.problems)

    header_line, header = lines[0]
    if len(header) == 1 and (found := next((sep for sep in ";\t|" if sep in header[0]), None)):
        called = {";": "';'", "\t": "tabs", "|": "'|'"}[found]
        message = f"{name} line {header_line}: separated by {called}; save it with commas"
        faults.add("separator", message)
        return Table(problems=faults.problems)
    columns = _check_header(header, f"{name} line {header_line}", faults)
    rows = _check_rows(lines[1:], len(header), name, faults)
    if len(lines) == 1 and not faults.problems:
        faults.add("no rows", f"{name} has a header but no rows")
    return Table(columns, header_line, rows, faults.problems)


def _read_text(path: Path, name: str, faults: Problems) -> str | None:
    """The file's text, or None with the fault that keeps it from being read."""
    try:
        if not path.is_file():  # also keeps a FIFO from blocking for ever
            what = "is not a file" if path.exists() else "does not exist"
            faults.add("file", f"{name} {what}")
            return None
        if (size := path.stat().st_size) > MAX_BYTES:
            faults.add("file", f"{name} has {size / 2**20:.0f} MB; at most {MAX_BYTES >> 20} MB")
            return None
        data = path.read_bytes()
    except OSError as error:
        faults.add("file", f"{name} cannot be read: {error.strerror or error}")
        return None
    body = data.removeprefix(b"\xef\xbb\xbf")
    for magic, what in _NOT_CSV:
        if body.startswith(magic):
            faults.add("file", f"{name} is not a csv but {what}")
            return None
    sample = data[:4000]
    if data.startswith((b"\xff\xfe", b"\xfe\xff")) or sample.count(0) * 3 > len(sample) > 0:
        faults.add("file", f"{name} is UTF-16; save it as UTF-8")
        return None
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        faults.add(
            "file",
            f"{name} line {line}: not UTF-8 (byte 0x{body[error.start]:02x}); it is probably "
            "Latin-1 or Windows-1252: save it as UTF-8",
        )
        return None


def _parse(text: str, name: str, faults: Problems) -> list[tuple[int, list[str]]]:
    """Cells of every line that is not empty, with the number of the line it starts on."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    lines = []
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return lines
        except csv.Error as error:
            said = str(error)
            if "end of data" in said or "field limit" in said:
                said = 'a quote (") is opened and never closed'
            elif "NUL" in said:
                said = "holds a NUL character"
            elif "expected after" in said:
                said = 'a quote (") inside a quoted cell; double it ("")'
            faults.add("the quotes are wrong", f"{name} line {line}: {said}")
            continue
        if any("\n" in cell or "\r" in cell for cell in cells):
            message = f'{name} line {line}: a quote (") opened here closes on line '
            faults.add("a cell holds a line break", f"{message}{reader.line_num}")
        elif any(_CONTROL.search(cell) for cell in cells):
            what = "NUL" if any("\0" in cell for cell in cells) else "control"
            message = f"{name} line {line}: holds a {what} character"
            if len(cells) == 1 and "\t" in cells[0]:
                lines.append((line, cells))  # a tab-separated header has a message of its own
            else:
                faults.add("a cell holds a control character", message)
        elif cells:
            lines.append((line, [plain_cell(cell) for cell in cells]))


def _check_header(header: Sequence[str], where: str, faults: Problems) -> tuple[str, ...]:
    columns = tuple(column.strip() for column in header)
    for number, (column, written) in enumerate(zip(columns, header, strict=True), start=1):
        if not column:
            hint = "name it, or take it out (pandas: to_csv(..., index=False))"
            faults.add("no name", f"{where}: column {number} has no name; {hint}")
        elif column != written:
            message = f"{where}: column '{written}' has spaces around it; write '{column}'"
            faults.add("padded", message)
    for column, count in Counter(columns).items():
        if column and count > 1:
            faults.add("duplicate", f"{where}: column '{column}' is there {count} times")
    return columns


def _check_rows(
    lines: Sequence[tuple[int, list[str]]], width: int, name: str, faults: Problems
) -> tuple[tuple[int, tuple[str, ...]], ...]:
    widths = {len(cells) for _, cells in lines}
    if len(lines) > 1 and len(widths) == 1 and widths != {width}:
        cells = widths.pop()
        hint = "the rows lack a value"
        if cells > width:
            hint = "the header lacks a name, or the rows end in a comma"
        message = f"{name}: every row has {cells} cells but the header has {width}; {hint}"
        faults.add("ragged", message)
        return ()
    rows = []
    for line, cells in lines:
        if len(cells) == width:
            rows.append((line, tuple(cells)))
        else:
            few = "few" if len(cells) < width else "many"
            hint = "" if few == "few" else "; a cell with a comma in it goes in quotes"
            message = f"{name} line {line}: too {few} cells, {len(cells)} for {width} columns{hint}"
            faults.add("the number of cells is wrong", message)
    return tuple(rows)


def safe_cell(text: str) -> str:
    """The cell as it is written: what a spreadsheet would run as a formula gets a `'` in front."""
    return f"'{text}" if _FORMULA.match(text) else text


def plain_cell(text: str) -> str:
    """The inverse of `safe_cell`: any text comes back as it was."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text


def format_table(
    rows: Iterable[Mapping[str, object] | Sequence[object]], columns: Sequence[str], name: str
) -> tuple[bytes, int]:
    """A csv as it is saved (UTF-8, `\\n`), and the number of its rows.

    rows: mappings with exactly `columns` as keys, or sequences in that order. `name` is what
    messages call the file. UsageError when a row does not fit or a cell holds a control character.
    """
    columns = tuple(columns)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_cells(columns, columns, name, "the header"))
    count = 0
    for count, row in enumerate(rows, start=1):
        if isinstance(row, Mapping):
            if set(row) != set(columns):
                odd = ", ".join(sorted(str(key) for key in set(row) ^ set(columns)))
                raise UsageError(f"{name}: row {count} does not match the columns in {odd}")
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
