"""`Parts`: the pieces of a drawing and the part of each, which a person can correct.

parts = Colorizer.load("icons").parts("ada.png")
parts.set((120, 80), "hair")
parts.colored(hair="red", shirt="#204080").save("ada-red.png")
"""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from PIL import Image

from condcolor.conditions.color_spec import ColorSpec, parse_color_specs, split_persons
from condcolor.conditions.parts import PARTS, Part, find_part
from condcolor.conditions.points import Point, point_text
from condcolor.conditions.schema import AttributeSchema
from condcolor.errors import UsageError
from condcolor.imaging.corrections import (
    FORMAT,
    Box,
    Correction,
    CorrectionSource,
    Cut,
    SavedCorrections,
    SetPart,
    SetPerson,
)
from condcolor.imaging.cuts import cut_pieces
from condcolor.imaging.drawing import Drawing
from condcolor.imaging.paper import Paper
from condcolor.imaging.part_regions import PartRegions
from condcolor.imaging.persons import find_persons
from condcolor.imaging.piece_parts import Decision
from condcolor.imaging.piece_places import PiecePlaces
from condcolor.imaging.regions import WHITE
from condcolor.imaging.save import encode_shown
from condcolor.runtime.files import write_whole
from condcolor.runtime.messages import counted

SLACK = 3  # pixels by which the box of a piece may be off, where it is known again
LIKE = 0.25  # or so much of its longer side


@dataclass(frozen=True)
class Piece:
    """A piece of a drawing.

    number: from 1; other numbers after a cut.
    point: the pixel `(x, y)` deepest inside.
    box: of its pixels.
    area: its pixels, those under lines that are nearest to it included.
    part: its name.
    probability: of that part, 0 to 1, as the model has it.
    in_doubt: another part is nearly as probable, and nobody has said which it is.
    set: a person has said which part it is.
    """

    number: int
    point: tuple[int, int]
    box: Box
    area: int
    part: str
    probability: float
    in_doubt: bool
    set: bool


class Parts:
    """The pieces of a drawing and the part of each. Corrections change it in place, and can be undone.

    drawing: the drawing.
    schema: the parts that can be asked for.
    table: all parts that the model knows.
    corrections: what was corrected, in order.
    """

    def __init__(
        self,
        drawing: Drawing,
        decision: Decision,
        schema: AttributeSchema,
        table: tuple[Part, ...] = PARTS,
    ):
        self.drawing, self.schema, self.table = drawing, schema, table
        self.corrections: tuple[Correction, ...] = ()
        self._decision = decision
        self._undone: list[Correction] = []
        self._reset()

    def _reset(self) -> None:
        decision = self._decision
        self._labels = decision.grown
        self._part = decision.part.astype(np.uint8)
        self._probabilities = decision.means
        self._in_doubt = np.zeros(len(self._part), bool)
        self._in_doubt[decision.doubts] = True
        self._set = np.zeros(len(self._part), bool)
        self._places = PiecePlaces(self._labels, len(self._part))
        self._person = np.zeros(len(self._part), np.int32)  # that a person has said; 0 where none
        self._persons: np.ndarray | None = None  # as far as they are known
        self._regions: dict[tuple[Paper, bool], PartRegions] = {}
        self._apart: tuple[PartRegions, PartRegions] | None = None  # the last ones, and of persons

    def _repr_png_(self) -> bytes:
        """Return the map of the parts, as a notebook shows it."""
        from condcolor.imaging.part_map import part_map

        return encode_shown(part_map(self))

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) of the drawing in pixels."""
        height, width = self._labels.shape
        return width, height

    @property
    def arrays(self) -> list[np.ndarray | None]:
        """All large arrays that are kept, for their size in memory."""
        drawing, decision = self.drawing, self._decision
        return [
            *(self._labels, decision.grown, decision.pieces.labels),
            *(drawing.picture.rgb, drawing.picture.alpha, drawing.sheet.sketch, drawing.fills),
        ]

    @property
    def labels(self) -> np.ndarray:
        """The number of the piece of each pixel, `[H, W]` int32; pixels of lines have the nearest one's."""
        return self._labels

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """All pieces."""
        areas = np.bincount(self._labels.ravel(), minlength=len(self._part))
        return tuple(self._piece(int(n), int(areas[n])) for n in np.flatnonzero(areas))

    @property
    def doubts(self) -> tuple[Piece, ...]:
        """The pieces whose part is in doubt, the largest first."""
        numbers = np.flatnonzero(self._in_doubt)
        return tuple(sorted((self._piece(int(n)) for n in numbers), key=lambda piece: -piece.area))

    def at(self, point: Point) -> Piece:
        """Return the piece at a point; on a line, the nearest one.

        Raises:
            UsageError: the point is not in the picture.
        """
        return self._piece(self._number(point))

    def copy(self) -> Self:
        """Return the same parts, to correct them apart from these."""
        other = copy.copy(self)
        other._part, other._set = self._part.copy(), self._set.copy()
        other._in_doubt, other._person = self._in_doubt.copy(), self._person.copy()
        other._undone = list(self._undone)
        return other

    def set(self, point: Point, part: str) -> Self:
        """Say which part the piece at a point is; returns itself.

        part: a name in the table, such as hair, or `none` for what is to be left white.

        Raises:
            UsageError: the point is not in the picture, or there is no such part.
        """
        number, index = self._number(point), find_part(part, self.table)
        self._part[number] = index
        self._set[number] = True
        self._in_doubt[number] = False
        self._add(
            SetPart(
                self._places.point(number), self.table[index].name, self._places.corners(number)
            )
        )
        return self

    def set_person(self, point: Point, person: int) -> Self:
        """Say whose the piece at a point is; returns itself.

        person: counted from the left, from 1; one more than there are makes a further person.

        Raises:
            UsageError: the point is not in the picture, or there can be no such person.
        """
        number = self._number(point)
        given = SetPerson(self._places.point(number), person, self._places.corners(number))
        self._person[number] = person
        self._add(given)
        return self

    def cut(self, line: Sequence[Point]) -> Self:
        """Divide the pieces that a line of at least two points crosses; returns itself.

        An end that lies shortly before the border of its piece is led on to it. The new pieces have the part
        of the old one.

        Raises:
            UsageError: a point is not in the picture, or the line divides no piece.
        """
        points = tuple(self._inside(point) for point in line)
        if len(points) < 2:
            raise UsageError("a cut needs two points or more")
        labels, halves = cut_pieces(self._labels, len(self._part), points)
        if not halves:
            raise UsageError(
                f"the line from {point_text(points[0])} to {point_text(points[-1])} divides no piece: "
                "draw it from one border of the piece to another"
            )
        self._labels = labels
        self._part = np.append(self._part, self._part[halves])
        self._probabilities = np.concatenate((self._probabilities, self._probabilities[halves]))
        self._in_doubt = np.append(self._in_doubt, self._in_doubt[halves])
        self._set = np.append(self._set, self._set[halves])
        self._person = np.append(self._person, self._person[halves])
        self._places = PiecePlaces(labels, len(self._part))
        self._add(Cut(points))
        return self

    def corrected(self, corrections: Sequence[Correction]) -> Self:
        """Make these corrections in order; returns itself. Raises as `set` and `cut` do."""
        for correction in corrections:
            if isinstance(correction, Cut):
                self.cut(correction.line)
            elif isinstance(correction, SetPerson):
                self.set_person(correction.point, correction.person)
            else:
                self.set(correction.point, correction.part)
        return self

    def apply(self, saved: SavedCorrections) -> tuple[str, ...]:
        """Make corrections again that were made for this drawing, as it was then, at any size.

        A correction of a piece is made where a piece of about the same place and extent is there.

        Returns:
            A text for people for each correction that does not fit any more.
        """
        misfits = []
        for correction in saved.scaled_to(self.size):
            try:
                if not isinstance(correction, Cut) and not self._is_known(correction):
                    raise UsageError("the piece there is another one now")
                self.corrected([correction])
            except UsageError as error:
                misfits.append(f"the correction {correction} does not fit: {error}")
        return tuple(misfits)

    def apply_source(self, source: CorrectionSource) -> tuple[str, ...]:
        """Make the corrections of a file, where there is one, and those that are given beside it.

        Returns:
            Texts for people: how many corrections a file has, and which do not fit any more.

        Raises:
            UsageError: a correction that is given is not possible. DataError: the file is damaged.
        """
        saved = source.read()
        misfits = self.apply(saved)
        made = len(self.corrections)
        self.corrected(source.more)
        if not saved.corrections:
            return ()
        count = counted(made, "correction")
        changed = saved.checksum != self.checksum
        since = ", of the picture as it was before it was changed" if changed else ""
        return (f"{count} of {saved.name}{since}", *misfits)

    def _is_known(self, correction: SetPart | SetPerson) -> bool:
        """Whether the piece at the point of a correction is about where it was."""
        if correction.box is None:
            return True
        left, top, right, bottom = correction.box
        slack = max(SLACK, LIKE * max(right - left, bottom - top))
        now = self._places.corners(self._number(correction.point))
        return all(abs(a - b) <= slack for a, b in zip(correction.box, now, strict=True))

    @property
    def checksum(self) -> str:
        """SHA-256 of the pixels of the picture, 64 hex digits."""
        picture = self.drawing.picture
        digest = hashlib.sha256(picture.rgb.tobytes())
        if picture.alpha is not None:
            digest.update(picture.alpha.tobytes())
        return digest.hexdigest()

    def save(self, path: str | Path, *, overwrite: bool = True) -> None:
        """Write pieces and corrections to a file, by `parts_path` x.parts.json beside x.png.

        Raises:
            UsageError: the file exists, without `overwrite`. DataError: it cannot be written.
        """
        write_whole(Path(path), self.encoded(), overwrite=overwrite)

    def encoded(self) -> bytes:
        """Return the content of the file that `save` writes."""
        saved = SavedCorrections(self.corrections, self.size, self.checksum)
        pieces = [
            {"point": each.point, "part": each.part, "probability": round(each.probability, 3)}
            | {"area": each.area, "in_doubt": each.in_doubt}
            for each in self.pieces
        ]
        content = {"format": FORMAT, **saved.to_json(), "pieces": pieces}
        return (json.dumps(content, indent=1, allow_nan=False) + "\n").encode()

    def undo(self) -> bool:
        """Take the last correction back; return whether there was one."""
        if not self.corrections:
            return False
        *kept, last = self.corrections
        undone = [*self._undone, last]
        self.corrections = ()
        self._reset()
        self.corrected(kept)
        self._undone = undone
        return True

    def redo(self) -> bool:
        """Make the correction again that was taken back last; return whether there was one."""
        if not self._undone:
            return False
        *undone, last = self._undone
        self.corrected([last])
        self._undone = undone
        return True

    def regions(self, *, paper: Paper = "keep", fill_black: bool = False) -> PartRegions:
        """Return the regions in which the drawing is colored.

        paper: "keep" the paper of a scan or photograph, "white", or RGB in 0..255 of new paper.
        fill_black: solid black areas of a part are colored, too, up to an outline.
        """
        if (paper, fill_black) in self._regions:
            return self._regions[paper, fill_black]
        drawing = self.drawing
        regions = PartRegions(
            schema=self.schema,
            levels=drawing.lines(paper),
            own=WHITE if drawing.fills is None else drawing.fills,
            colors={attribute.name: attribute.colors for attribute in self.schema.attributes},
            drawing=drawing,
            paper=paper,
            table=self.table,
            labels=self._labels,
            part_of=self._part.copy(),
            in_doubt=self._in_doubt.copy(),
        )
        if fill_black:
            pieces = self._decision.pieces
            regions = regions.without_black(pieces.dark[pieces.labels])
        self._regions = {(paper, fill_black): regions}  # until a correction changes it
        return regions

    @property
    def persons(self) -> np.ndarray:
        """The person of each piece, `[N]` int32: from 1, left to right; 0 for what is nobody's.

        As found from the corrected parts, then as `set_person` has it.
        """
        if self._persons is None:
            found = find_persons(self._labels, self._part, self.table)
            self._persons = np.where(self._person, self._person, found)
        return self._persons

    def for_colors(
        self, values: Mapping[str, str | ColorSpec], **options: Any
    ) -> tuple[PartRegions, dict[str, ColorSpec]]:
        """Return the regions for these colors, and the specs of all their attributes.

        Where a color is one person's (`hair-2`), the attributes of each person are apart.

        Args:
            values: a spec for each attribute. options: as of `regions`.

        Raises:
            UsageError: a spec is wrong, unknown or missing, or there are fewer persons.
        """
        specs = parse_color_specs(self.schema, values)
        regions = self.regions(**options)
        asked = split_persons(self.schema, specs)
        if not asked:
            return regions, specs
        persons = self.persons
        count = int(persons.max(initial=0))
        last = max(person for _, person in asked.values())
        if last > count:
            there = {0: "no person was", 1: "one person was"}.get(count, f"{count} persons were")
            raise UsageError(f"there is no person {last}: {there} found in this drawing")
        if self._apart is None or self._apart[0] is not regions:
            self._apart = regions, regions.of_persons(persons)
        apart = self._apart[1]
        own = self.schema.names
        alike = {n: specs[n if n in own else n.rpartition("-")[0]] for n in apart.schema.names}
        return apart, alike | specs

    def colored(self, /, **values: str | ColorSpec) -> Image.Image:
        """Return the drawing in these colors, as `Colorizer.__call__` does, with the corrections.

        A color of one person alone is `hair_2="red"`, counted from the left.
        """
        regions, specs = self.for_colors(values)
        return regions.as_image(regions.pixels(specs))

    def _add(self, correction: Correction) -> None:
        self.corrections += (correction,)
        self._undone, self._regions, self._persons = [], {}, None

    def _inside(self, point: Point) -> Point:
        """Return the point; UsageError where it is not in the picture."""
        (width, height), (x, y) = self.size, point
        if not (0 <= x < width and 0 <= y < height):
            raise UsageError(
                f"the point {point_text(point)} is not in the picture of {width}x{height} pixels"
            )
        return point

    def _number(self, point: Point) -> int:
        x, y = self._inside(point)
        return int(self._labels[int(y), int(x)])

    def _piece(self, number: int, area: int | None = None) -> Piece:
        if area is None:
            area = self._places.area(number)
        part = int(self._part[number])
        known = part < self._probabilities.shape[1]
        return Piece(
            int(number),
            self._places.point(number),
            self._places.corners(number),
            area,
            self.table[part].name,
            float(self._probabilities[number, part]) if known else 0.0,
            bool(self._in_doubt[number]),
            bool(self._set[number]),
        )
