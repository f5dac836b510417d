"""A data set read and written: metadata.csv, a folder of photographs; the split by character."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from condcolor.conditions.schema import AttributeSchema
from condcolor.data.columns import COLORING_ROLES, SPLITS, check_attributes
from condcolor.data.faults import SET, Fault, Faults
from condcolor.data.paths import same_pictures
from condcolor.data.reading import AS_IT_IS, Reading
from condcolor.data.records import Record, read_records
from condcolor.data.table import format_table
from condcolor.data.tables import CSV_NAME, read_sheets, table_of
from condcolor.data.vocabulary import collect_schema
from condcolor.errors import DataError, UsageError
from condcolor.imaging.formats import find_pictures
from condcolor.imaging.open import open_picture
from condcolor.runtime.files import write_whole
from condcolor.runtime.messages import counted, shown_name

if TYPE_CHECKING:
    import pandas

PICTURE_COLUMNS = ("input_file_name", "output_file_name")  # as Hugging Face's datasets has them
_NUMBER = re.compile(r"[+-]?\d+([.,]\d+)?")


@dataclass(frozen=True)
class Metadata:
    """The records of a data set and its schema, whose palette is not measured."""

    root: Path
    schema: AttributeSchema
    records: tuple[Record, ...]
    notes: tuple[str, ...] = ()
    invalid: tuple[Record, ...] = ()  # rows that cannot be used, but whose pictures are there

    def split(self, name: str) -> tuple[Record, ...]:
        """Return the records of "train", of "test", or of "" (no split given)."""
        return tuple(record for record in self.records if record.split == name)

    def frame(self) -> pandas.DataFrame:
        """Return the records as a table: input, output, mask, split, character, and each attribute."""
        import pandas

        columns = ("input", "output", "mask", "split", "character", *self.schema.names)
        rows = [(r.source, r.target, r.mask, r.split, r.character, *r.values) for r in self.records]
        return pandas.DataFrame(rows, columns=[*columns], dtype=object)


def read_metadata(
    path: Path | str,
    *,
    require_target: bool = True,
    vocabulary: str | AttributeSchema = "own",
    any_color: bool = False,
    names_outputs: bool = False,
    reading: Reading = AS_IT_IS,
) -> Metadata:
    """Read a csv, a folder with metadata.csv, or one with train/metadata.csv (and test/).

    Args:
        path: the csv or folder.
        require_target: every row needs a target.
        vocabulary: "own" gives an attribute the values of its column, "shared" gives each attribute the
            values of all; a schema limits attributes and values to its own, and its optional attributes
            may have no column.
        any_color: values may be colors, too; the values of the records are ColorSpecs then.
        names_outputs: the csv says how to color pictures. A column `output` names files to write; the targets
            of the records are its paths, as written, and need not exist. Columns `parts` and `person`, where
            they are no attributes of the vocabulary, are corrections and whose the values are.
        reading: columns to leave out, and the form of file names.

    Raises:
        DataError: the data set cannot be used; lists all problems with csv and line.
        UsageError: an unknown vocabulary.
    """
    metadata, faults = scan_metadata(
        path,
        require_target=require_target,
        vocabulary=vocabulary,
        any_color=any_color,
        names_outputs=names_outputs,
        reading=reading,
    )
    if faults:
        count = counted(len(faults), "problem")
        raise DataError(f"{path} cannot be used: {count}", map(str, faults))
    return metadata


def scan_metadata(
    path: Path | str,
    *,
    require_target: bool = True,
    vocabulary: str | AttributeSchema = "own",
    any_color: bool = False,
    names_outputs: bool = False,
    reading: Reading = AS_IT_IS,
) -> tuple[Metadata, tuple[Fault, ...]]:
    """Read a data set as `read_metadata` does; return its usable rows and all faults."""
    if not isinstance(vocabulary, AttributeSchema) and vocabulary not in ("own", "shared"):
        raise UsageError(f"vocabulary is 'own', 'shared' or a schema, not {vocabulary!r}")
    path = Path(path)
    faults = Faults()
    notes: list[str] = []
    known = vocabulary.names if isinstance(vocabulary, AttributeSchema) else ()
    more = [role for role in COLORING_ROLES if names_outputs and role not in map(str.lower, known)]
    sheets, root = read_sheets(path, require_target, reading, faults, notes, more)
    fixed = None
    if isinstance(vocabulary, AttributeSchema):
        fixed = vocabulary.of({name for sheet in sheets for name in sheet.attributes})
    names = fixed.names if fixed else tuple(sheets[0].attributes) if sheets else ()
    for sheet in sheets:
        check_attributes(sheet, names, "the model" if fixed else sheets[0].name, faults)

    schema = fixed or collect_schema(sheets, names, vocabulary == "shared", faults)
    records: list[Record] = []
    invalid: list[Record] = []
    for sheet in sheets:
        valid, others = read_records(sheet, schema, faults, any_color, names_outputs)
        records += valid
        invalid += others
    records = _name_characters(records, root)
    _check_sides(records, root, faults)
    notes += _notes_on_values(schema, records)
    return Metadata(root, schema, tuple(records), tuple(notes), tuple(invalid)), faults.faults


def _notes_on_values(schema: AttributeSchema, records: Sequence[Record]) -> list[str]:
    """Return notes on attributes without a choice, with numbers for values, or that do not always apply."""
    notes = []
    for index, attribute in enumerate(schema.attributes):
        name, values = attribute.name, attribute.values
        if len(values) == 1 and records:
            notes.append(f"{name} has one value only, '{values[0]}': there is no choice in it")
        if len(values) > 1 and all(_NUMBER.fullmatch(value) for value in values):
            example = f"--{name} {values[0]}"
            notes.append(
                f"{name}: its values are numbers, to be asked for as {example}: names say more"
            )
        blank = sum(record.values[index] == "" for record in records)
        if blank:
            notes.append(f"{name} does not apply to {counted(blank, 'row')}: the cells are blank")
    return notes


def value_names(record: Record) -> tuple[str, ...]:
    """Return the values of a record as names, "" for one that does not apply.

    Those of a csv read with `any_color` can be colors.
    """
    names = tuple(value for value in record.values if isinstance(value, str))
    assert len(names) == len(record.values), (
        f"{record.csv} line {record.line} has colors for values"
    )
    return names


def split_by_character(
    records: Iterable[Record], test_fraction: float = 0.2, seed: int = 0
) -> tuple[Record, ...]:
    """Assign "train" or "test" to records without a split, character by character.

    A character keeps the split that any of its rows has. Of the others, a share of `test_fraction` (at least
    one, if there are two or more) becomes the test set; the choice depends on the seed, not on the order of
    rows. A single character is used for training.

    Raises:
        UsageError: `test_fraction` is not in [0, 1).
    """
    if not 0 <= test_fraction < 1:
        raise UsageError(f"test_fraction must be at least 0 and below 1, not {test_fraction}")
    records = tuple(records)
    known = {record.character: record.split for record in records if record.split}
    free = sorted({record.character for record in records} - set(known))
    free.sort(key=lambda name: hashlib.sha256(f"{seed}:{name}".encode()).digest())
    tested = 0
    if test_fraction > 0 and len(free) + len(known) > 1:
        tested = min(max(1, round(test_fraction * len(free))), max(1, len(free) - 1))
    for index, name in enumerate(free):
        known[name] = "test" if index < tested else "train"
    return tuple(
        record if record.split else replace(record, split=known[record.character])
        for record in records
    )


def write_metadata(
    path: Path | str,
    rows: Iterable[Mapping[str, object] | Sequence[object]],
    columns: Sequence[str],
) -> int:
    """Write a metadata.csv atomically: UTF-8, `\\n`, formulas of spreadsheets escaped.

    Args:
        path: the file.
        rows: mappings with `columns` as keys, or sequences in their order. A cell that starts with `=`, `+`,
            `-` or `@` gets a leading `'`, which `read_metadata` removes.
        columns: names of the columns.

    Returns:
        The number of rows.

    Raises:
        UsageError: a row does not fit the columns.
        DataError: the file cannot be written.
    """
    data, count = format_table(rows, columns, str(path))
    write_whole(path, data, overwrite=True)
    return count


def _name_characters(records: Sequence[Record], root: Path) -> list[Record]:
    """Name the character of records without one after their source; equal files are one character."""
    unnamed = [record.source for record in records if not record.character]
    first = same_pictures(unnamed)
    return [
        record
        if record.character
        else replace(record, character=first[record.source].relative_to(root).as_posix())
        for record in records
    ]


def _check_sides(records: Sequence[Record], root: Path, faults: Faults) -> None:
    """Add a fault for each character that is in both train and test, which makes the test invalid."""
    trained: dict[str, Record] = {}
    for record in records:
        if record.split == "train":
            trained.setdefault(record.character, record)
    reported: set[str] = set()
    for record in records:
        name = record.character
        if record.split == "test" and name in trained and name not in reported:
            reported.add(name)
            message = f"character '{name}' is in train too ({trained[name].line_in(root)})"
            hint = "keep it on one side (two characters need two names)"
            csv = record.csv.relative_to(root).as_posix()
            kind = "a character is on both sides"
            faults.add(kind, f"{message}; {hint}", SET, csv, record.line, "character")


GREY_CHROMA = 3.0  # mean chroma in Lab below which a photograph counts as grey
SAMPLED = 64  # pixels a side that are sampled for this mean


def read_photographs(path: Path | str, reading: Reading = AS_IT_IS) -> Metadata:
    """Read the records of a folder of photographs, with subfolders, or of its metadata.csv.

    Without a csv, the folders train and test (or val, validation) directly in `path` are the splits; other
    pictures have no split. Pictures are not opened; unusable ones are found when they are decoded.

    Raises:
        DataError: the folder has no pictures, or its csv has problems.
        PictureError: the folder does not exist or cannot be read.
    """
    path = Path(path)
    if not path.is_dir() or table_of(path) or table_of(path / "train"):
        return _own_targets(read_metadata(path, require_target=False, reading=reading))
    root = path.resolve()
    pictures, skipped = find_pictures(root)
    if not pictures:
        raise DataError(f"{shown_name(path)}: no pictures in it: name a folder of photographs")
    above, csv = len(root.parts), root / CSV_NAME
    records = tuple(_record(picture, picture.parts[above:], csv) for picture in pictures)
    return Metadata(root, AttributeSchema(), records, tuple(skipped))


def open_photograph(path: Path) -> np.ndarray:
    """Decode a photograph `[H, W, 3]` uint8.

    Raises:
        DataError: it is grey. PictureError: it cannot be read.
    """
    rgb = open_picture(path).rgb
    if is_grey(rgb):
        raise DataError(f"{shown_name(path)}: a grey picture, which has no colours to teach")
    return rgb


def is_grey(rgb: np.ndarray) -> bool:
    """Return whether a photograph `[H, W, 3]` uint8 is grey, by its mean chroma."""
    steps = [max(1, side // SAMPLED) for side in rgb.shape[:2]]
    import torch

    from condcolor.imaging.color import srgb_to_lab

    small = torch.from_numpy(np.ascontiguousarray(rgb[:: steps[0], :: steps[1]]))
    lab = srgb_to_lab(small.permute(2, 0, 1).float() / 255)
    return bool(torch.hypot(lab[1], lab[2]).mean() < GREY_CHROMA)


def _own_targets(metadata: Metadata) -> Metadata:
    """Reduce records to their colored files, each once and its own target, without attributes."""
    records: dict[Path, Record] = {
        picture: Record(picture, picture, (), r.character, r.split, r.line, r.csv)
        for r in metadata.records
        for picture in (r.target or r.source,)
    }
    notes = metadata.notes
    if metadata.schema.attributes:
        notes += (f"not used: {', '.join(metadata.schema.names)}",)
    return Metadata(metadata.root, AttributeSchema(), tuple(records.values()), notes)


def _record(picture: Path, parts: tuple[str, ...], csv: Path) -> Record:
    split = SPLITS.get(parts[0], "") if len(parts) > 1 else ""
    return Record(picture, picture, (), "/".join(parts), split, 0, csv)
