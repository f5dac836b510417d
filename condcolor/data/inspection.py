"""Everything about a data set that would make training wrong, found in one pass over it."""

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
from condcolor.data.balance import Balance, balance_notes, measure_balance
from condcolor.data.metadata import Metadata, line_of, scan_metadata
from condcolor.data.palette import ROWS_OF_AN_INPUT, SeenColors, rows_by_input
from condcolor.data.records import Record
from condcolor.errors import CondcolorError
from condcolor.imaging.color import delta_e_2000, srgb_to_lab
from condcolor.imaging.open import open_picture
from condcolor.runtime.messages import Problems, listed

CLEARLY = 10.0  # CIEDE2000: a row's colour this far from its value's may be another's
SCATTER = 5.0  # CIEDE2000: with more in half of the rows, a value does not mean one colour
ALIKE = 3.0  # CIEDE2000: two values this near look the same
GREY = 8  # of 255 between the channels of a pixel: no colour to learn from


@dataclass(frozen=True)
class Inspection:
    """What is wrong with a data set (`problems`), what is worth knowing (`notes`), what is in it.

    counts: "rows", "inputs", "outputs", "masks", "characters", "grey outputs".
    schema: its attributes with the colours measured; None where a colour could not be.
    """

    problems: tuple[str, ...]
    notes: tuple[str, ...]
    balance: tuple[Balance, ...]
    counts: Mapping[str, int]
    schema: AttributeSchema


def inspect(
    path: Path | str,
    *,
    require_target: bool = True,
    vocabulary: str | AttributeSchema = "own",
    on_progress: Callable[[int, int], None] | None = None,
) -> Inspection:
    """Look at a data set and its pictures in one pass; nothing in the data makes it raise.

    path, require_target and vocabulary are those of `read_metadata`.
    on_progress: called with (rows done, rows in all).
    """
    metadata, problems = scan_metadata(path, require_target=require_target, vocabulary=vocabulary)
    survey = _Survey(metadata)
    survey.faults.extend(problems)
    survey.look(on_progress)
    _check_repeats(metadata, survey)
    schema = survey.seen.palette()
    for place, attribute in enumerate(schema.attributes):
        _check_labels(attribute, place, metadata, survey)
    balance = measure_balance(metadata)
    records = metadata.records
    counts = {
        "rows": len(records),
        "inputs": len({record.source for record in records}),
        "outputs": len({record.target for record in records} - {None}),
        "masks": len({record.mask for record in records} - {None}),
        "characters": len({record.character for record in records}),
        "grey outputs": len(survey.grey),
    }
    notes = [*metadata.notes, *survey.notes.problems, *balance_notes(balance)]
    if counts["grey outputs"]:
        notes.append(f"{counts['grey outputs']} outputs have no colour, and teach none")
    unmasked = len({record.source for record in records if record.mask is None})
    if unmasked and counts["masks"]:
        notes.append(f"{unmasked} of {counts['inputs']} inputs have no mask")
    return Inspection(survey.faults.problems, tuple(notes), balance, counts, schema)


class _Survey:
    """Opens the pictures of a data set and keeps what is small: digests, colours, faults."""

    def __init__(self, metadata: Metadata):
        self.metadata = metadata
        self.faults, self.notes = Problems(), Problems()
        self.seen = SeenColors(metadata.schema)
        self.digests: dict[Path, bytes | None] = {}  # of the pixels; None: cannot be opened
        self.grey: set[Path] = set()

    def look(self, on_progress: Callable[[int, int], None] | None) -> None:
        done = 0
        for rows in rows_by_input(self.metadata.records):
            source = self._open(rows[0], "input", rows[0].source)
            mask = None
            if rows[0].mask is not None:
                mask = self._open(rows[0], "mask", rows[0].mask)
                mask = mask if self._same_size(rows[0], "mask", mask, source) else None
            for start in range(0, len(rows), ROWS_OF_AN_INPUT):
                shown, targets = [], []
                for row in rows[start : start + ROWS_OF_AN_INPUT]:
                    target = self._look_at_target(row, source)
                    if target is not None:
                        shown.append(row)
                        targets.append(target)
                    done += 1
                    if on_progress:
                        on_progress(done, len(self.metadata.records))
                self.seen.add(shown, targets, mask)

    def _look_at_target(self, row: Record, source: np.ndarray | None) -> np.ndarray | None:
        """The target's pixels, where it can be compared with its source."""
        if row.target is None:
            return None
        itself = row.target == row.source
        target = source if itself else self._open(row, "output", row.target)
        if target is None or not self._same_size(row, "output", target, source):
            return None
        if _is_grey(target):
            self.grey.add(row.target)
        if self.digests[row.target] == self.digests[row.source] and (row.values or not itself):
            message = f"{self._where(row)}: output '{self._name(row.target)}' is the same picture"
            self.faults.add("output and input are the same", f"{message} as its input")
        return target

    def _open(self, row: Record, role: str, path: Path) -> np.ndarray | None:
        """The pixels `[H,W,3]`, or None; a file that cannot be opened is named once."""
        if self.digests.get(path, b"") is None:
            return None
        try:
            picture = open_picture(path, name=f"{role} '{self._name(path)}'")
        except (CondcolorError, OSError) as error:
            self.digests[path] = None
            self.faults.add(f"the {role} cannot be opened", f"{self._where(row)}: {error}")
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
        if picture.shape == source.shape:
            return True
        sizes = [f"{shape[1]}x{shape[0]}" for shape in (picture.shape, source.shape)]
        message = f"{role} is {sizes[0]} but its input is {sizes[1]}; make them the same size"
        self.faults.add(f"the {role} has another size", f"{self._where(row)}: {message}")
        return False

    def _where(self, row: Record) -> str:
        return line_of(row, self.metadata.root)

    def _name(self, path: Path) -> str:
        return path.relative_to(self.metadata.root).as_posix()


def _check_repeats(metadata: Metadata, survey: _Survey) -> None:
    """Rows that are there twice, contradict each other, or put one picture on both sides."""
    faults, root = survey.faults, metadata.root
    asked: dict[object, Record] = {}
    drawn: dict[object, Record] = {}
    owner: dict[object, Record] = {}
    told: set[object] = set()
    for record in metadata.records:
        where = line_of(record, root)
        source, target = (
            survey.digests.get(path) or path for path in (record.source, record.target)
        )
        first = asked.setdefault((source, record.values), record)
        crossing = first.split != record.split and first.character == record.character
        if first is not record and not crossing:  # that has been named: the character is on both
            other = line_of(first, root)
            same = target == (survey.digests.get(first.target) or first.target)
            if same:
                faults.add("the row is there twice", f"{where}: the same row as {other}")
            else:
                message = f"{where}: the input and values of {other}, but another output"
                faults.add("two outputs for the same input and values", message)
        first = drawn.setdefault((source, target), record)
        if first.values != record.values:
            other = f"the output of {line_of(first, root)}, which asks for other values"
            if first.target == record.target:
                faults.add("one output for different values", f"{where}: {other}")
            else:
                survey.notes.add("an output does not change", f"{where}: looks like {other}")
        first = owner.setdefault(source, record)
        pair = (first.character, record.character)
        apart = first.split != record.split or not record.split
        if len(set(pair)) == 2 and apart and pair not in told:
            told.add(pair)
            message = f"{where}: its input is the same picture as that of {line_of(first, root)}"
            hint = f"but the characters are '{pair[1]}' and '{pair[0]}'"
            faults.add("a picture could be trained on and tested", f"{message}, {hint}")


def _check_labels(attribute: Attribute, place: int, metadata: Metadata, survey: _Survey) -> None:
    """Rows whose colour is clearly that of another value, by the palette measured."""
    name = attribute.name
    known = [
        value for value, color in zip(attribute.values, attribute.palette, strict=True) if color
    ]
    unknown = [value for value in attribute.values if value not in known]
    if unknown and survey.seen.rows:
        why = "no mask shows it, and no rows of one input differ in it alone"
        survey.notes.add(f"colours of {name}", f"{name}: no colour for {listed(unknown)}: {why}")
    seen = [(row, colors[place]) for row, colors in survey.seen.rows if colors[place]]
    if len(known) < 2 or not seen:
        return
    palette = _lab([color for color in attribute.palette if color])
    for first, second in combinations(range(len(known)), 2):
        if _difference(palette[first], palette[second]) < ALIKE:
            pair = f"{known[first]} and {known[second]}"
            survey.notes.add(f"{name} alike", f"{name}: {pair} look the same in the outputs")

    asked = torch.tensor([known.index(row.values[place]) for row, _ in seen])
    distances = torch.cat(
        [
            _difference(_lab(part)[:, None], palette)
            for part in _chunks([color for _, color in seen], 4096)
        ]
    )  # (rows, values)
    own = distances.gather(1, asked[:, None])[:, 0]
    if own.median() > SCATTER:
        what = "its values are not one colour each, so labels were not compared with colours"
        survey.notes.add(f"{name} scatters", f"{name}: {what}")
        return
    best, nearest = distances.min(dim=1)
    for row in torch.nonzero((own > CLEARLY) & (best < own / 2))[:, 0].tolist():
        record, color = seen[row]
        message = f"{name} '{record.values[place]}' is asked, but the colour seen, "
        message += f"{format_hex(color)}, is that of '{known[nearest[row]]}'"
        where = line_of(record, metadata.root)
        survey.faults.add(f"{name} is not the colour seen", f"{where}: {message}")


def _is_grey(picture: np.ndarray) -> bool:
    """Whether no pixel of `[H,W,3]` uint8 has a colour."""
    red, green, blue = np.moveaxis(picture, -1, 0)  # far quicker than a reduction over 3
    high = np.maximum(np.maximum(red, green), blue)
    return int((high - np.minimum(np.minimum(red, green), blue)).max()) < GREY


def _lab(colors: Sequence[RGB]) -> Tensor:
    """sRGB 0..255 -> CIE Lab `[N,3,1,1]`."""
    return srgb_to_lab(torch.tensor(colors).float().reshape(-1, 3, 1, 1) / 255)


def _difference(first: Tensor, second: Tensor) -> Tensor:
    """CIEDE2000 of `[...,3,1,1]` Lab, broadcast -> `[...]`."""
    return delta_e_2000(first, second)[..., 0, 0]


def _chunks(items: Sequence[RGB], size: int) -> list[Sequence[RGB]]:
    return [items[start : start + size] for start in range(0, len(items), size)]
