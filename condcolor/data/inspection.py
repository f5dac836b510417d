"""What is wrong with a data set: everything that `condcolor data check` finds."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from condcolor.conditions.colors import RGB, format_hex
from condcolor.conditions.schema import Attribute, AttributeSchema
from condcolor.data.alignment import find_offset
from condcolor.data.balance import Balance, balance_notes, measure_balance
from condcolor.data.columns import ROLES
from condcolor.data.faults import PICTURES, SET, Fault, Faults
from condcolor.data.metadata import Metadata, scan_metadata
from condcolor.data.palette import ROWS_OF_AN_INPUT, SeenColors, rows_by_input
from condcolor.data.pictures import is_svg, open_drawing
from condcolor.data.reading import AS_IT_IS, Reading
from condcolor.data.records import Record
from condcolor.errors import CondcolorError
from condcolor.imaging.color import delta_e_2000, srgb_to_lab
from condcolor.runtime.messages import Problems, listed

CLEARLY = 10.0  # CIEDE2000 from the color of its value, beyond which a row may be mislabeled
SCATTER = 5.0  # CIEDE2000; with a larger median, values have no single color
ALIKE = 3.0  # CIEDE2000 below which two values look the same
GREY = 8  # of 255, range of the channels of a pixel below which it is grey


@dataclass(frozen=True)
class Inspection:
    """The problems, notes and content of a data set."""

    faults: tuple[Fault, ...]
    notes: tuple[str, ...]
    balance: tuple[Balance, ...]
    counts: Mapping[str, int]  # "rows", "inputs", "outputs", "masks", "characters", "grey outputs"
    schema: AttributeSchema  # with measured colors; None for a color that could not be measured

    @property
    def problems(self) -> tuple[str, ...]:
        """The faults as texts."""
        return tuple(map(str, self.faults))


def inspect(
    path: Path | str,
    *,
    require_target: bool = True,
    vocabulary: str | AttributeSchema = "own",
    reading: Reading = AS_IT_IS,
    on_progress: Callable[[int, int], None] | None = None,
) -> Inspection:
    """Inspect a data set and its pictures; faults of the data are reported, never raised.

    Args:
        path, require_target, vocabulary, reading: as for `read_metadata`.
        on_progress: called with (rows inspected, rows in all).

    Raises:
        UsageError: an unknown vocabulary.
    """
    metadata, faults = scan_metadata(
        path, require_target=require_target, vocabulary=vocabulary, reading=reading
    )
    survey = _Survey(metadata)
    survey.faults.extend(faults)
    survey.look(on_progress)
    known = {*metadata.schema.names, *ROLES}
    is_whole = all(f.column in known or f.column.lower() in known for f in faults if f.column)
    _check_repeats(metadata, survey, is_whole)
    schema = survey.seen.palette()
    for index, attribute in enumerate(schema.attributes):
        _check_labels(attribute, index, metadata, survey)
    balance = measure_balance(metadata)
    frame = metadata.frame()
    files = {f"{name}s": frame[name].nunique() for name in ("input", "output", "mask", "character")}
    counts = {"rows": len(frame), **files, "grey outputs": len(survey.grey)}
    notes = [*metadata.notes, *survey.notes.problems, *balance_notes(balance)]
    if counts["grey outputs"]:
        notes.append(f"{counts['grey outputs']} outputs have no colour, and teach none")
    unmasked = frame.loc[frame["mask"].isna(), "input"].nunique()
    if unmasked and counts["masks"]:
        notes.append(f"{unmasked} of {counts['inputs']} inputs have no mask")
    return Inspection(survey.faults.faults, tuple(notes), balance, counts, schema)


class _Survey:
    """The digests, colors and faults of the pictures of a data set."""

    def __init__(self, metadata: Metadata):
        self.records, self.root = metadata.records, metadata.root
        self.invalid = metadata.invalid  # their pictures are looked at, too
        self.faults, self.notes = Faults(), Problems()
        self.seen = SeenColors(metadata.schema)
        self.digests: dict[Path | None, bytes | None] = {}  # of pixels; None: cannot be opened
        self.grey: set[Path] = set()

    def look(self, on_progress: Callable[[int, int], None] | None) -> None:
        count, usable = 0, set(map(id, self.records))
        every = (*self.records, *self.invalid)
        for rows in rows_by_input(every):
            source = self._open(rows[0], "input", rows[0].source)
            mask = None
            if rows[0].mask is not None:
                mask = self._open(rows[0], "mask", rows[0].mask)
                mask = mask if self._same_size(rows[0], "mask", mask, source) else None
            for start in range(0, len(rows), ROWS_OF_AN_INPUT):
                visible, targets = [], []
                for row in rows[start : start + ROWS_OF_AN_INPUT]:
                    target = self._look_at_target(row, source)
                    if target is not None and id(row) in usable:
                        visible.append(row)
                        targets.append(target)
                    count += 1
                    if on_progress:
                        on_progress(count, len(every))
                self.seen.add(visible, targets, mask)

    def _look_at_target(self, row: Record, source: np.ndarray | None) -> np.ndarray | None:
        """Return the target's pixels, or None if it cannot be compared with its source."""
        if row.target is None:
            return None
        same = row.target == row.source
        target = source if same else self._open(row, "output", row.target)
        if target is None or not self._same_size(row, "output", target, source):
            return None
        if _is_grey(target):
            self.grey.add(row.target)
        if self.digests[row.target] == self.digests[row.source] and (row.values or not same):
            message = f"output '{self._name(row.target)}' is the same picture as its input"
            hint = "name the coloured one"
            self.add("output and input are the same", f"{message}; {hint}", row, "output")
        elif source is not None and not same and (offset := find_offset(source, target)):
            message = f"output lies {offset} against its input; move it onto its sketch"
            self.add("an output lies elsewhere than its input", message, row, "output")
        return target

    def _open(self, row: Record, role: str, path: Path) -> np.ndarray | None:
        """Return the pixels `[H, W, 3]`, or None; a file that cannot be opened is reported once."""
        if self.digests.get(path, b"") is None:
            return None
        try:
            picture = open_drawing(path, name=f"{role} '{self._name(path)}'")
        except (CondcolorError, OSError) as error:
            self.digests[path] = None
            what, _, todo = str(error).rpartition(": ")
            kind = f"the {role} cannot be opened"
            self.add(kind, f"{what}; {todo}" if what else str(error), row, role)
            return None
        if path not in self.digests:
            for note in picture.notes:
                self.notes.add(f"the {role} is special", f"{self._name(path)}: {note}")
            digest = hashlib.blake2b(picture.rgb.tobytes(), digest_size=16)
            digest.update(str(picture.rgb.shape).encode())
            self.digests[path] = digest.digest()
        return picture.rgb

    def _same_size(
        self, row: Record, role: str, picture: np.ndarray | None, source: np.ndarray | None
    ) -> bool:
        if picture is None or source is None:
            return False
        if picture.shape == source.shape or self._scales(row, picture, source):
            return True
        sizes = [f"{shape[1]}x{shape[0]}" for shape in (picture.shape, source.shape)]
        message = f"{role} is {sizes[0]} but its input is {sizes[1]}; make them the same size"
        self.add(f"the {role} has another size", message, row, role)
        return False

    def _scales(self, row: Record, picture: np.ndarray, source: np.ndarray) -> bool:
        """Return whether one of both is an SVG drawing of the same proportions, which has any size."""
        if not is_svg(row.source) and not (row.target is not None and is_svg(row.target)):
            return False
        ratios = [shape[1] / shape[0] for shape in (picture.shape, source.shape)]
        return abs(ratios[0] / ratios[1] - 1) < 0.01

    def add(
        self, kind: str, message: str, row: Record, column: str = "", level: str = PICTURES
    ) -> None:
        """Add a fault of a row."""
        csv = row.csv.relative_to(self.root).as_posix()
        self.faults.add(kind, message, level, csv, row.line, column)

    def _name(self, path: Path) -> str:
        return path.relative_to(self.root).as_posix()


def _check_repeats(metadata: Metadata, survey: _Survey, is_whole: bool) -> None:
    """Find duplicate rows, contradictory rows, and pictures in both training and test.

    Rows contradict each other only if `is_whole`: no column of values has faults.
    """
    root = metadata.root
    by_request: dict[object, Record] = {}
    by_pictures: dict[object, Record] = {}
    by_source: dict[object, Record] = {}
    reported: set[object] = set()
    for record in metadata.records:
        line = record.line_in(root)
        source, target = (
            survey.digests.get(path) or path for path in (record.source, record.target)
        )
        first = by_request.setdefault((source, record.values), record)
        crossing = first.split != record.split and first.character == record.character
        if first is not record and not crossing:  # else reported as a character on both sides
            other = first.line_in(root)
            same = target == (survey.digests.get(first.target) or first.target)
            if same:
                message = f"the same row as {other}; take one of them out"
                survey.add("the row is there twice", message, record, level=SET)
            elif is_whole:
                message = f"the input and values of {other}, but another output"
                kind = "two outputs for the same input and values"
                survey.add(kind, f"{message}; correct one of the two", record, level=SET)
        first = by_pictures.setdefault((source, target), record)
        if first.values != record.values:
            other = f"the output of {first.line_in(root)}, which asks for other values"
            if first.target == record.target:
                hint = "correct the values or the output of one"
                survey.add("one output for different values", f"{other}; {hint}", record, level=SET)
            else:
                survey.notes.add("an output does not change", f"{line}: looks like {other}")
        first = by_source.setdefault(source, record)
        pair = (first.character, record.character)
        apart = first.split != record.split or not record.split
        if len(set(pair)) == 2 and apart and pair not in reported:
            reported.add(pair)
            message = (
                f"its input is the same picture as that of {first.line_in(root)}, but the characters are "
                f"'{pair[1]}' and '{pair[0]}'; give both the same"
            )
            survey.add("a picture could be trained on and tested", message, record, level=SET)


def _check_labels(attribute: Attribute, index: int, metadata: Metadata, survey: _Survey) -> None:
    """Find rows whose color is clearly that of another value, by the measured palette."""
    name = attribute.name
    known = [
        value for value, color in zip(attribute.values, attribute.palette, strict=True) if color
    ]
    unknown = [value for value in attribute.values if value not in known]
    if unknown and survey.seen.rows:
        reason = "no mask shows it, and no rows of one input differ in it alone"
        survey.notes.add(f"colours of {name}", f"{name}: no colour for {listed(unknown)}: {reason}")
    seen = [
        (row, color)
        for row, colors in survey.seen.rows
        if row.values[index] and (color := colors[index])
    ]
    if len(known) < 2 or not seen:
        return
    palette = _lab([color for color in attribute.palette if color])
    for first, second in combinations(range(len(known)), 2):
        if _difference(palette[first], palette[second]) < ALIKE:
            pair = f"{known[first]} and {known[second]}"
            survey.notes.add(f"{name} alike", f"{name}: {pair} look the same in the outputs")

    labels = torch.tensor([known.index(row.values[index]) for row, _ in seen])
    colors = _lab([color for _, color in seen])
    parts = colors[:, None].split(4096)
    distances = torch.cat([_difference(part, palette) for part in parts])  # (rows, values)
    own = distances.gather(1, labels[:, None])[:, 0]
    if own.median() > SCATTER:
        reason = "its values are not one colour each, so labels were not compared with colours"
        survey.notes.add(f"{name} scatters", f"{name}: {reason}")
        return
    best, nearest = distances.min(dim=1)
    for row in torch.nonzero((own > CLEARLY) & (best < own / 2))[:, 0].tolist():
        record, color = seen[row]
        message = f"{name} '{record.values[index]}' is asked, but the colour seen, "
        message += f"{format_hex(color)}, is that of '{known[nearest[row]]}'"
        survey.add(
            f"{name} is not the colour seen",
            f"{message}; correct the value or the output",
            record,
            name,
        )


def _is_grey(picture: np.ndarray) -> bool:
    """Return whether all pixels of `[H, W, 3]` uint8 are grey."""
    red, green, blue = np.moveaxis(picture, -1, 0)  # far faster than a reduction over 3
    high = np.maximum(np.maximum(red, green), blue)
    return int((high - np.minimum(np.minimum(red, green), blue)).max()) < GREY


def _lab(colors: Sequence[RGB]) -> Tensor:
    """Convert sRGB 0..255 to CIE Lab `[N, 3, 1, 1]`."""
    return srgb_to_lab(torch.tensor(colors).float().reshape(-1, 3, 1, 1) / 255)


def _difference(first: Tensor, second: Tensor) -> Tensor:
    """Return CIEDE2000 of `[..., 3, 1, 1]` Lab, broadcast to `[...]`."""
    return delta_e_2000(first, second)[..., 0, 0]
