"""The sample sheets of a run as data URIs, within the size of a report."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from condcolor.errors import DataError
from condcolor.imaging.open import open_picture
from condcolor.runs.folder import Sheets
from condcolor.runtime.messages import shown_name

SPLITS = {"test": "pictures it has not seen", "train": "pictures it learns from"}
# (longest sides in pixels, quality) to try in turn, until a sheet is small enough
SIZES = ((560, 1400, 82), (420, 1050, 72), (300, 750, 60), (160, 400, 50), (80, 200, 30))


@dataclass(frozen=True)
class InlinePicture:
    """A sample sheet within a page."""

    split: str
    kind: str  # of pictures
    alt: str
    uri: str
    width: int
    height: int


@dataclass(frozen=True)
class Moment:
    """The sample sheets of a moment, the test pictures first."""

    label: str
    compares: bool  # a model of before beside the one of after
    pictures: tuple[InlinePicture, ...]


class Inliner:
    """Makes sample sheets so small that all together stay within `budget` bytes of a page."""

    def __init__(self, budget: int):
        self.budget = budget
        self.notes: list[str] = []  # on sheets that cannot be shown

    def moments(self, sheets: Sequence[Sheets]) -> Iterator[Moment]:
        """Yield each moment of which a sheet can be shown."""
        waiting = sum(len(one.paths) for one in sheets)
        for one in sheets:
            label = one.label + ("" if one.step is None else f", step {one.step:,}")
            columns = "source, before, after, truth" if one.compares else "source, output, truth"
            pictures = []
            for split in (split for split in SPLITS if split in one.paths):
                alt = f"{label}, {split} pictures: {columns} of each in a row"
                packed = self._packed(one.paths[split], waiting)
                waiting -= 1
                if packed is not None:
                    pictures.append(InlinePicture(split, SPLITS[split], alt, *packed))
            if pictures:
                yield Moment(label, one.compares, tuple(pictures))

    def _packed(self, path: Path, share: int) -> tuple[str, int, int] | None:
        """Return URI and size, of at most one of `share` parts of what is left of the budget."""
        try:
            image = Image.fromarray(open_picture(path).rgb)
        except DataError as error:
            self.notes.append(str(error))
            return None
        for width, height, quality in SIZES:
            small = image.copy()
            small.thumbnail((width, height), Image.Resampling.BOX, reducing_gap=None)
            content = io.BytesIO()
            small.save(content, "WEBP", quality=quality, method=2)
            uri = "data:image/webp;base64," + base64.b64encode(content.getvalue()).decode()
            if len(uri) <= self.budget // share:
                self.budget -= len(uri)
                return uri, *small.size
        self.notes.append(f"{shown_name(path)}: left out, the page would be too large")
        return None
