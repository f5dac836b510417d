"""Data sets without a table: values in the names of pictures, and A|B pictures side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from condcolor.data.faults import CELLS, Faults
from condcolor.data.paths import INPUT_FOLDERS, OUTPUT_FOLDERS
from condcolor.data.pictures import LEFT, RIGHT, SUFFIXES, half_of, open_drawing
from condcolor.data.reading import CHARACTER, Reading
from condcolor.data.table import Table
from condcolor.errors import PictureError

NAME = "file names"  # of the table, in messages
LOOKED_AT = 8  # A|B pictures that are decoded to find the halves with the sketches
COLORFUL = 16  # of 255, range of the channels of a pixel that has a color


def pairs_of_names(folder: Path, reading: Reading) -> tuple[Table, list[str]] | None:
    """Return the pictures of a folder as a table, and notes; None if there are no values in their names.

    With labels, each picture whose name has their form is an output. Its input is the picture of the same
    name in inputs/; or that named as the character, in inputs/ or beside it; or else the other half of the
    picture. Without labels, all pictures must be twice as wide as high: A|B pictures, sketch and coloring
    side by side. The sketches are the halves with less color.

    Args:
        folder: the data set, or one of its splits.
    """
    pictures = sorted(_pictures(folder))
    if not pictures:
        return None
    if not reading.labels:
        return _side_by_side(folder, pictures)
    return _labelled(folder, pictures, reading)


def _labelled(folder: Path, pictures: Sequence[Path], reading: Reading) -> tuple[Table, list[str]]:
    pattern = reading.pattern()
    fields = tuple(pattern.groupindex)
    by_name = {(path.parent, path.stem.casefold()): path for path in pictures}
    faults, rows, used = Faults(), list[tuple[int, tuple[str, ...]]](), set[Path]()
    odd: list[Path] = []
    wide: list[tuple[Path, tuple[str, ...]]] = []
    for path in pictures:
        if path.relative_to(folder).parts[0] in INPUT_FOLDERS:
            continue
        match = pattern.fullmatch(path.stem)
        if match is None:
            odd.append(path)
            continue
        values = tuple(match[field] for field in fields)
        names = [path.stem, *([match[CHARACTER]] if CHARACTER in fields else [])]
        folders = [folder / name for name in INPUT_FOLDERS] + [path.parent, folder]
        places = [(place, name.casefold()) for name in names for place in folders]
        source = next((by_name[p] for p in places if p in by_name and by_name[p] != path), None)
        if source is None:
            wide.append((path, values))
        else:
            used.add(source)
            rows.append((0, (_cell(folder, source), _cell(folder, path), *values)))
    notes = []
    if wide:
        sketches, note = _sketch_side([path for path, _ in wide])
        if sketches:
            notes.append(note)
        for path, values in wide:
            if sketches:
                halves = (half_of(path, side) for side in (sketches, _other(sketches)))
                rows.append((0, (*(_cell(folder, half) for half in halves), *values)))
            else:
                message = (
                    f"no sketch is there for '{_cell(folder, path)}'; put it into {INPUT_FOLDERS[0]}/, "
                    "under the same name or that of the character"
                )
                faults.add("there is no sketch", message, CELLS, NAME)
    for path in odd:
        if path not in used:
            message = f"'{_cell(folder, path)}' is not named as {reading.labels}; rename it"
            faults.add("the name is another", message, CELLS, NAME)
    rows = [(line, cells) for line, (_, cells) in enumerate(sorted(rows), start=1)]
    return Table(("input", "output", *fields), 0, tuple(rows), faults.faults), notes


def _side_by_side(folder: Path, pictures: Sequence[Path]) -> tuple[Table, list[str]] | None:
    sketches, note = _sketch_side(pictures)
    if not sketches:
        return None
    sides = (sketches, _other(sketches))
    cells = [tuple(_cell(folder, half_of(path, side)) for side in sides) for path in pictures]
    return Table(("input", "output"), 0, tuple(enumerate(cells, start=1))), [note]


def _sketch_side(pictures: Sequence[Path]) -> tuple[str, str]:
    """Return the side of A|B pictures that the sketches are on, and a note; "" if they are none."""
    chosen = pictures[:: max(1, len(pictures) // LOOKED_AT)]
    colors = {LEFT: 0.0, RIGHT: 0.0}
    for path in chosen:
        try:
            rgb = open_drawing(path).rgb
        except PictureError:
            continue
        height, width = rgb.shape[:2]
        if width != 2 * height:
            return "", ""
        range_of = rgb.max(axis=-1).astype(int) - rgb.min(axis=-1)
        colors[LEFT] += float((range_of[:, :height] > COLORFUL).mean())
        colors[RIGHT] += float((range_of[:, height:] > COLORFUL).mean())
    if not any(colors.values()):
        return "", ""
    side = min(colors, key=lambda name: colors[name])
    note = f"pictures side by side: the {side} halves are the sketches, since they have less colour"
    return side, note


def _other(side: str) -> str:
    return RIGHT if side == LEFT else LEFT


def _pictures(folder: Path) -> Iterator[Path]:
    """Yield the pictures directly in a folder and in its folders of inputs and outputs."""
    for place in (folder, *(folder / name for name in (*INPUT_FOLDERS, *OUTPUT_FOLDERS))):
        if place.is_dir():
            for path in place.iterdir():
                if (
                    path.suffix.lower() in SUFFIXES
                    and not path.name.startswith(".")
                    and path.is_file()
                ):
                    yield path


def _cell(folder: Path, path: Path) -> str:
    return path.relative_to(folder).as_posix()
