"""colors.csv: what was asked and what came out, picture by picture.

It is rewritten from the manifest at the end of each run, so that pictures of earlier runs keep their rows.
"""

from __future__ import annotations

import csv
import io
import os
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from condcolor.batch.checks import Inconsistency, inconsistent
from condcolor.batch.jobs import Job
from condcolor.conditions.color_spec import ColorSpec, rounded
from condcolor.conditions.colors import RGB, format_hex, parse_hex
from condcolor.conditions.schema import Attribute, AttributeSchema
from condcolor.data.table import format_table, safe_cell
from condcolor.errors import UsageError
from condcolor.runtime.files import refuse_taken, write_whole
from condcolor.runtime.messages import shown_name

NAME = "colors.csv"
FIRST, LAST = ("input", "output"), "flagged"  # columns around those of the attributes


@dataclass(frozen=True)
class Color:
    """One attribute of one picture: its spec as written, the color of the spec, and the measured color.

    target: None where the spec has no color (`none`, `keep`). measured: None where the region is not in the
    picture or was not measured.
    """

    words: str
    target: RGB | None
    measured: RGB | None

    @property
    def delta_e(self) -> float | None:
        """CIEDE2000 between the color of the spec and the measured one."""
        if self.target is None or self.measured is None:
            return None
        return _distances([(self.target, self.measured)])[0]

    @property
    def cells(self) -> tuple[str, str, str, str]:
        """The cells of its columns in colors.csv."""
        distance = "" if self.delta_e is None else f"{self.delta_e:.2f}"
        return self.words, _hex(self.target), _hex(self.measured), distance


@dataclass(frozen=True)
class ColorRow:
    """One picture; `colored` is False where it failed or was not reached."""

    job: Job
    colored: bool
    colors: Mapping[str, Color]
    inconsistencies: Mapping[str, Inconsistency]


def make_row(
    job: Job, colored: bool, entry: Mapping[str, Any], schema: AttributeSchema
) -> ColorRow:
    """Return the row of a picture, with `measured` and `doubts` of its manifest entry."""
    findings = entry if colored else {}
    measured, inconsistencies = findings.get("measured") or {}, findings.get("doubts") or {}
    colors = {
        attribute.name: Color(
            job.values[attribute.name].asked,
            _color_of(attribute, job.values[attribute.name]),
            parse_hex(measured[attribute.name]) if measured.get(attribute.name) else None,
        )
        for attribute in schema.attributes
    }
    doubts = {name: Inconsistency(**fields) for name, fields in inconsistencies.items()}
    return ColorRow(job, colored, colors, doubts)


def write_colors(folder: Path, rows: Iterable[ColorRow], schema: AttributeSchema) -> None:
    """Write `folder/colors.csv` whole, with paths relative to the folder; DataError when it cannot."""
    lines = []
    for row in rows:
        output = _relative(row.job.out, folder) if row.colored else ""
        cells = [cell for color in row.colors.values() for cell in color.cells]
        lines.append([_relative(row.job.source, folder), output, *cells, _flags(row)])
    data, _ = format_table(lines, columns(schema), NAME)
    write_whole(folder / NAME, data, overwrite=True)


def update_row(folder: Path, row: ColorRow, schema: AttributeSchema) -> None:
    """Bring what was measured of one picture up to date in `folder/colors.csv`, where it has a row.

    Raises:
        DataError: it cannot be written.
    """
    path = folder / NAME
    try:
        lines = list(csv.reader(io.StringIO(path.read_bytes().decode("utf-8"))))
    except (OSError, UnicodeDecodeError, csv.Error):
        return  # the next run writes it anew
    cells: dict[str, str] = {LAST: _flags(row)}
    for name in schema.names:
        _, _, measured, distance = row.colors[name].cells
        cells |= {f"{name}_measured_hex": measured, f"{name}_delta_e": distance}
    output = safe_cell(_relative(row.job.out, folder))
    for line in lines[1:]:
        if len(line) == len(lines[0]) and line[1] == output:
            line[:] = [cells.get(column, cell) for column, cell in zip(lines[0], line, strict=True)]
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(lines)
    write_whole(path, text.getvalue().encode("utf-8"), overwrite=True)


def refuse_other(folder: Path) -> None:
    """Raise UsageError for a colors.csv that `write_colors` did not write."""
    path = folder / NAME
    refuse_taken(path, overwrite=True)
    try:
        with open(path, "rb") as file:
            head = file.readline(2**16).decode("utf-8", "replace").strip().split(",")
    except OSError:  # there is no such file; other errors recur when writing
        return
    if tuple(head[:2]) != FIRST or head[-1] != LAST:
        raise UsageError(f"{shown_name(path)}: is no report of ours: move it, or choose another -o")


def columns(schema: AttributeSchema) -> list[str]:
    own = ("asked", "asked_hex", "measured_hex", "delta_e")
    return [*FIRST, *(f"{name}_{suffix}" for name in schema.names for suffix in own), LAST]


def summary(rows: Sequence[ColorRow]) -> list[str]:
    """Return a line for each color of each attribute: the largest distances from it, and of two pictures.

    `hair crimson #b01030: 12 pictures, dE2000 at most 0.00 from it, 0.00 between two`.
    """
    groups: dict[tuple[str, str, RGB], list[RGB]] = defaultdict(list)
    for row in rows:
        for name, color in row.colors.items():
            if color.target is not None and color.measured is not None:
                groups[name, color.words, color.target].append(color.measured)
    table = []
    for (name, words, target), measured in groups.items():
        distinct = sorted(set(measured))
        off = max(_distances([(target, color) for color in distinct]))
        apart = max(_distances(list(combinations(distinct, 2))), default=0.0)
        color_text = _hex(target) if words == _hex(target) else f"{words} {_hex(target)}"
        count = "1 picture" if len(measured) == 1 else f"{len(measured)} pictures"
        table.append((name, color_text, count, f"{off:.2f}", f"{apart:.2f}"))
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return [
        f"{name:{widths[0]}}  {color_text:{widths[1]}}  {count:>{widths[2]}}, dE2000 at most {off} from it, "
        f"{apart} between two"
        for name, color_text, count, off, apart in table
    ]


def _flags(row: ColorRow) -> str:
    doubts = inconsistent(row.inconsistencies).items()
    return "; ".join(f"{name}: {doubt.summary}" for name, doubt in doubts)


def _color_of(attribute: Attribute, spec: ColorSpec) -> RGB | None:
    """Return the color of a spec; None where it has none, or the color of its value is not known."""
    try:
        return None if spec.left else rounded(spec.color(attribute.colors))
    except UsageError:
        return None


def _distances(pairs: Sequence[tuple[RGB, RGB]]) -> list[float]:
    """Return CIEDE2000 of each pair."""
    if all(first == second for first, second in pairs):
        return [0.0] * len(pairs)  # without the import of torch, which takes seconds

    import torch

    from condcolor.imaging.color import delta_e_2000, srgb8_to_lab

    levels = torch.from_numpy(np.array(pairs, np.uint8))  # (N, 2, 3)
    first, second = srgb8_to_lab(levels.permute(1, 2, 0)[:, :, None])  # (3, 1, N) each
    return [
        0.0 if a == b else d
        for (a, b), d in zip(pairs, delta_e_2000(first, second)[0].tolist(), strict=True)
    ]


def _hex(color: RGB | None) -> str:
    return "" if color is None else format_hex(color)


def _relative(path: Path, folder: Path) -> str:
    return shown_name(Path(os.path.relpath(path, folder)).as_posix())
