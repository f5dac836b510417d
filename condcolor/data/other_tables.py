"""Tables that are no csv: the rows of an .xlsx workbook and of a .jsonl file, as text cells."""

from __future__ import annotations

import datetime
import io
import json
import re
import zipfile
from collections.abc import Mapping
from typing import Any, NamedTuple

from condcolor.data.faults import FORM, Faults

MAX_UNPACKED = 1 << 28  # bytes of a workbook's parts; a million cells are about 50 MB
_CONTROL = re.compile("[\0-\x1f\x7f-\x9f\ud800-\udfff]")  # and lone surrogates


class Row(NamedTuple):
    """A row of a table, as text; the first one holds the names of the columns."""

    line: int  # counted from 1
    cells: tuple[str, ...]


def read_xlsx(data: bytes, name: str, faults: Faults) -> list[Row]:
    """Return the rows of a workbook's sheet that was open last; empty cells at the right are left out."""
    try:
        from openpyxl import load_workbook
    except ImportError:
        hint = "pip install 'condcolor[xlsx]', or save it as 'CSV UTF-8'"
        faults.add(
            "file", f"{name} is an Excel workbook, for which openpyxl is missing; {hint}", FORM
        )
        return []
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as parts:
            size = sum(part.file_size for part in parts.infolist())
        if size > MAX_UNPACKED:
            faults.add("file", f"{name} unpacks to {size >> 20} MB; save it as 'CSV UTF-8'", FORM)
            return []
        workbook = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        sheet = workbook.active
        written = [] if sheet is None else list(sheet.iter_rows(values_only=True))
    except Exception as error:  # openpyxl raises what its parsers do
        message = f"{name} is a damaged Excel workbook ({error}); save it as 'CSV UTF-8'"
        faults.add("file", message, FORM)
        return []
    texts = [(line, [_text(cell) for cell in cells]) for line, cells in enumerate(written, start=1)]
    filled = [(line, cells) for line, cells in texts if any(cell.strip() for cell in cells)]
    width = max((_width(cells) for _, cells in filled), default=0)
    rows = []
    for line, cells in filled:
        if any(_CONTROL.search(cell) for cell in cells):
            message = "a cell holds a line break or a control character; take it out"
            faults.add("a cell holds a control character", message, FORM, name, line)
        else:
            rows.append(Row(line, tuple([*cells, *[""] * width][:width])))
    return rows


def read_jsonl(data: bytes, name: str, faults: Faults) -> list[Row]:
    """Return the rows of JSON objects, one a line, below the names of all their keys (line 1)."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        faults.add("file", f"{name} is not UTF-8; save it as UTF-8", FORM)
        return []
    objects: list[tuple[int, Mapping[str, Any]]] = []
    for line, written in enumerate(text.split("\n"), start=1):
        if not written.strip():
            continue
        try:
            value = json.loads(written)
        except (ValueError, RecursionError):
            faults.add("a line is no JSON", "is no JSON", FORM, name, line)
            continue
        if not isinstance(value, dict):
            message = 'is no JSON object such as {"file_name": "0001.png", "hair": "red"}'
            faults.add("a line is no object", message, FORM, name, line)
        elif nested := [key for key, cell in value.items() if isinstance(cell, dict | list)]:
            message = f"'{nested[0]}' holds a list or an object; a value is a text or a number"
            faults.add("a value is nested", message, FORM, name, line, nested[0])
        elif any(
            _CONTROL.search(part) for key, cell in value.items() for part in (key, _text(cell))
        ):
            message = "a value holds a line break or a control character; take it out"
            faults.add("a cell holds a control character", message, FORM, name, line)
        else:
            objects.append((line, value))
    columns = tuple(dict.fromkeys(key for _, value in objects for key in value))
    if not columns:
        return []
    rows = [Row(line, tuple(_text(value.get(key)) for key in columns)) for line, value in objects]
    return [Row(1, columns), *rows]


def _text(cell: Any) -> str:
    """Return a cell as it is seen: 7 for 7.0, 2026-01-31 for a day, nothing for an empty cell."""
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime.datetime) and cell.time() == datetime.time():
        return cell.date().isoformat()
    return str(cell)


def _width(cells: list[str]) -> int:
    """Return the number of cells up to the last that is filled."""
    return max((index for index, cell in enumerate(cells, start=1) if cell.strip()), default=0)
