"""Corrections of the parts of a drawing, as a person makes them, and as x.parts.json keeps them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from condcolor.conditions.parts import NOTHING, PARTS, Part, find_part
from condcolor.conditions.points import Point, parse_point, point_text
from condcolor.conditions.schema import name_fault
from condcolor.errors import CheckpointError, DataError, UsageError
from condcolor.runtime.json_files import parse_json, read_json, sha256
from condcolor.runtime.messages import shown_name

Box = tuple[int, int, int, int]  # left, top, right, bottom in pixels; right and bottom outside

FORMAT = 1
NO_PARTS = "corrections of parts are for models that find parts, such as icons"
SUFFIX = ".parts.json"
MOST = 10_000  # corrections of a file
MOST_PERSONS = 99
PERSON = "person-"  # before the number of a person


@dataclass(frozen=True)
class SetPart:
    """The piece at a point is of a part. box: of that piece, by which it is known again; or None."""

    point: Point
    part: str
    box: Box | None = None

    def __str__(self) -> str:
        return f"{point_text(self.point)}={self.part}"


@dataclass(frozen=True)
class SetPerson:
    """The piece at a point belongs to a person, counted from the left, from 1. box: as of SetPart."""

    point: Point
    person: int
    box: Box | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.person <= MOST_PERSONS:
            raise UsageError(
                f"person {self.person}: persons are counted from the left, from 1 to {MOST_PERSONS}"
            )

    def __str__(self) -> str:
        return f"{point_text(self.point)}={PERSON}{self.person}"


@dataclass(frozen=True)
class Cut:
    """The pieces that a line of points crosses are divided along it."""

    line: tuple[Point, ...]

    def __str__(self) -> str:
        return ":".join(map(point_text, self.line))


Correction = SetPart | SetPerson | Cut


def parse_part(text: str) -> SetPart | SetPerson:
    """Return the correction of `120,80=hair` or `120,80=person-2`.

    Raises:
        UsageError: it is not written so; which parts there are, the model knows: see `check_parts`.
    """
    at, equals, name = text.partition("=")
    if not equals:
        raise UsageError(f"{text!r} is no correction: write x,y=part, such as 120,80=hair")
    point, name = parse_point(at, text), name.strip()
    number = name.removeprefix(PERSON)
    if number != name:
        if not (number.isascii() and number.isdigit()):
            raise UsageError(f"{text!r}: persons are counted from 1, such as {PERSON}2")
        return SetPerson(point, int(number[:9]))
    return SetPart(point, _part_name(name))


def parse_cut(text: str) -> Cut:
    """Return the correction of `10,20:30,40`, a line of two points or more.

    Raises:
        UsageError: it is not written so.
    """
    points = tuple(parse_point(at, text) for at in text.split(":"))
    if len(points) < 2:
        raise UsageError(f"{text!r} is no line: write x,y:x,y, such as 10,20:30,40")
    return Cut(points)


def parse_corrections(text: str) -> tuple[Correction, ...]:
    """Return the corrections of `120,80=hair; 10,20:30,40`, as a csv has them.

    Raises:
        UsageError: one of them is none.
    """
    each = filter(None, map(str.strip, text.split(";")))
    return tuple(parse_part(one) if "=" in one else parse_cut(one) for one in each)


def check_parts(corrections: Iterable[Correction], table: Sequence[Part]) -> None:
    """Raise UsageError for a correction to a part that a model does not know.

    table: its parts.
    """
    for each in corrections:
        if isinstance(each, SetPart):
            find_part(each.part, table)


def _part_name(name: str) -> str:
    """Return the name of a part as a person writes it; UsageError where it can be none."""
    if fault := name_fault(name):
        raise UsageError(f"the part {name!r} {fault}")
    return PARTS[find_part(NOTHING)].name if name == NOTHING else name


@dataclass(frozen=True)
class SavedCorrections:
    """Corrections, and the picture they were made for.

    size: its (width, height). checksum: of its pixels. Both are empty where they are not known.
    name: of the file, for people.
    """

    corrections: tuple[Correction, ...]
    size: tuple[int, int] | None = None
    checksum: str = ""
    name: str = ""

    def scaled_to(self, size: tuple[int, int]) -> tuple[Correction, ...]:
        """Return the corrections for the picture at another size."""
        if self.size in (None, size):
            return self.corrections
        assert self.size is not None
        across, down = size[0] / self.size[0], size[1] / self.size[1]

        def moved(point: Point) -> Point:
            return (
                min(point[0] * across, size[0] - 1),
                min(point[1] * down, size[1] - 1),
            )

        scaled: list[Correction] = []
        for each in self.corrections:
            if isinstance(each, Cut):
                scaled.append(Cut(tuple(map(moved, each.line))))
                continue
            box = each.box
            if box is not None:
                factors = (across, down, across, down)
                left, top, right, bottom = (
                    round(side * factor) for side, factor in zip(box, factors, strict=True)
                )
                box = left, top, right, bottom
            scaled.append(replace(each, point=moved(each.point), box=box))
        return tuple(scaled)

    def to_json(self) -> dict[str, object]:
        """Return the keys "picture" and "corrections" of x.parts.json."""
        width, height = self.size or (0, 0)
        picture = {"width": width, "height": height, "sha256": self.checksum}
        return {"picture": picture, "corrections": list(map(_as_json, self.corrections))}


@dataclass(frozen=True)
class CorrectionSource:
    """Where the corrections of a picture come from.

    file: a file of parts, or None. more: corrections that are made after those of the file.
    """

    file: Path | None = None
    more: tuple[Correction, ...] = ()

    def __bool__(self) -> bool:
        return self.file is not None or bool(self.more)

    def read(self) -> SavedCorrections:
        """Return the corrections of the file, none where there is no file. Raises as `read_corrections`."""
        return SavedCorrections(()) if self.file is None else read_corrections(self.file)

    @property
    def key(self) -> str | None:
        """A text that changes with the corrections; None where there are none.

        Raises:
            OSError: the file cannot be read.
        """
        if not self:
            return None
        words = [] if self.file is None else [sha256(self.file)]
        return " ".join([*words, *map(str, self.more)])


NO_CORRECTIONS = CorrectionSource()


def parts_path(picture: str | Path) -> Path:
    """Return the path of x.parts.json beside x.png."""
    return Path(picture).with_suffix(SUFFIX)


def read_corrections(path: str | Path) -> SavedCorrections:
    """Read the corrections of x.parts.json.

    Raises:
        DataError: there is no such file, or it is damaged or of a newer format.
    """
    try:
        content = read_json(Path(path))
    except CheckpointError as error:
        raise DataError(str(error)) from None
    return _saved(content, shown_name(path))


def decode_corrections(data: bytes, label: str) -> SavedCorrections:
    """Return the corrections of the content of x.parts.json; `label` names it in messages.

    Raises:
        DataError: it is damaged or of a newer format.
    """
    try:
        return _saved(parse_json(data, label), label)
    except CheckpointError as error:
        raise DataError(str(error)) from None


def _saved(content: Mapping[str, Any], label: str) -> SavedCorrections:
    """Return the corrections of the object of x.parts.json; DataError where it is damaged."""
    if content.get("format") != FORMAT:
        raise DataError(
            f"{label}: is no file of parts of format {FORMAT} (its format is "
            f"{content.get('format')!r:.20}): save the parts again"
        )
    try:
        picture = content["picture"]
        width, height = picture["width"], picture["height"]
        entries = content["corrections"]
        if not (_is_count(width) and _is_count(height) and isinstance(entries, list)):
            raise ValueError("sizes are numbers, corrections a list")
        if len(entries) > MOST:
            raise ValueError(f"more than {MOST:,} corrections")
        corrections = tuple(map(_from_json, entries))
        return SavedCorrections(corrections, (width, height), str(picture["sha256"]), label)
    except (KeyError, TypeError, ValueError, UsageError) as error:
        raise DataError(f"{label}: damaged ({error})") from None


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**31


def _as_json(correction: Correction) -> dict[str, object]:
    if isinstance(correction, Cut):
        return {"cut": [list(point) for point in correction.line]}
    entry: dict[str, object] = {"point": list(correction.point)}
    if isinstance(correction, SetPerson):
        entry["person"] = correction.person
    else:
        entry["part"] = correction.part
    return entry | ({"box": list(correction.box)} if correction.box else {})


def _from_json(entry: Mapping[str, Any]) -> Correction:
    """Return the correction of an entry; an exception says what is wrong with it."""
    if "cut" in entry:
        if len(entry["cut"]) < 2:
            raise ValueError("a cut needs two points")
        return Cut(tuple((x, y) for x, y in (_numbers(point, 2) for point in entry["cut"])))
    x, y = _numbers(entry["point"], 2)
    box = None
    if "box" in entry:
        left, top, right, bottom = (round(side) for side in _numbers(entry["box"], 4))
        box = left, top, right, bottom
    if "person" in entry:
        if not _is_count(entry["person"]):
            raise ValueError("a person is a number from 1")
        return SetPerson((x, y), entry["person"], box)
    return SetPart((x, y), _part_name(str(entry["part"])), box)


def _numbers(values: Sequence[Any], count: int) -> list[float]:
    """Return so many finite numbers of a list; an exception where they are none."""
    numbers = [float(value) for value in values if not isinstance(value, str | bool)]
    if len(values) != count or len(numbers) != count or not all(map(math.isfinite, numbers)):
        raise ValueError(f"not {count} numbers: {values!r:.40}")
    return numbers
