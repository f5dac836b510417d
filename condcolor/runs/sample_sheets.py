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
    """A sample sheet as a data URI."""

    split: str
    kind: str  # of pictures, as text
    alt: str
    uri: str
    width: int
    height: int


@dataclass(frozen=True)
class Moment:
    """The sample sheets of a moment, the test pictures first."""

    label: str
    compares: bool  # the models before and after a phase, side by side
    pictures: tuple[InlinePicture, ...]


class Inliner:
    """Encodes sample sheets, smaller and smaller until all fit into `budget` bytes of a page."""

    def __init__(self, budget: int):
        self.budget = budget
        self.notes: list[str] = []  # on sheets that are left out

    def moments(self, sheets: Sequence[Sheets]) -> Iterator[Moment]:
        """Yield each moment with a sheet that fits."""
        remaining = sum(len(moment.paths) for moment in sheets)
        for moment in sheets:
            label = moment.label + ("" if moment.step is None else f", step {moment.step:,}")
            columns = "source, before, after, truth" if moment.compares else "source, output, truth"
            pictures = []
            for split in (split for split in SPLITS if split in moment.paths):
                alt = f"{label}, {split} pictures: {columns} of each in a row"
                encoded = self._encode(moment.paths[split], remaining)
                remaining -= 1
                if encoded is not None:
                    pictures.append(InlinePicture(split, SPLITS[split], alt, *encoded))
            if pictures:
                yield Moment(label, moment.compares, tuple(pictures))

    def _encode(self, path: Path, remaining: int) -> tuple[str, int, int] | None:
        """Return data URI, width and height of a sheet, within 1 / `remaining` of the rest of the budget."""
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
            if len(uri) <= self.budget // remaining:
                self.budget -= len(uri)
                return uri, *small.size
        self.notes.append(f"{shown_name(path)}: left out, the page would be too large")
        return None
