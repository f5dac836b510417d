"""A folder of photographs as data: each is its own target, for the codec takes the grey from it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from condcolor.attributes import AttributeSchema
from condcolor.color import srgb_to_lab
from condcolor.errors import DataError
from condcolor.filetypes import shown_name
from condcolor.images import find_pictures, open_picture
from condcolor.metadata import CSV_NAME, Metadata, read_metadata
from condcolor.records import SPLITS, Record

GREY_CHROMA = 3.0  # mean chroma in Lab below which a photograph is grey, and would teach grey
LOOKED_AT = 64  # pixels a side that this mean is taken over


def read_photographs(path: Path | str) -> Metadata:
    """The records of a folder of photographs, nested as it may be, or of its metadata.csv.

    Without a csv, folders called train and test (or val, validation) right below `path` are the
    splits; other pictures have none yet. No picture is opened: those that cannot be used are found
    where they are decoded.

    Raises:
        DataError: no pictures there, or the csv's own problems.
    """
    path = Path(path)
    csvs = (path / CSV_NAME, path / "train" / CSV_NAME)
    if not path.is_dir() or any(csv.exists() for csv in csvs):
        return _own_targets(read_metadata(path, require_target=False))
    root = path.resolve()
    found, passed_over = find_pictures(root)
    if not found:
        raise DataError(f"{shown_name(path)}: no pictures in it: name a folder of photographs")
    above, csv = len(root.parts), root / CSV_NAME
    records = tuple(_record(picture, picture.parts[above:], csv) for picture in found)
    return Metadata(root, AttributeSchema(), records, tuple(passed_over))


def open_photograph(path: Path) -> np.ndarray:
    """A photograph `[H, W, 3]` uint8; DataError when it cannot be read or has no colours."""
    rgb = open_picture(path).rgb
    if is_grey(rgb):
        raise DataError(f"{shown_name(path)}: a grey picture, which has no colours to teach")
    return rgb


def is_grey(rgb: np.ndarray) -> bool:
    """Whether a photograph `[H, W, 3]` uint8 is grey or all but: it has no colours to teach."""
    steps = [max(1, side // LOOKED_AT) for side in rgb.shape[:2]]
    small = torch.from_numpy(np.ascontiguousarray(rgb[:: steps[0], :: steps[1]]))
    lab = srgb_to_lab(small.permute(2, 0, 1).float() / 255)
    return bool(torch.hypot(lab[1], lab[2]).mean() < GREY_CHROMA)


def _own_targets(metadata: Metadata) -> Metadata:
    """The same photographs under no attributes, each once, the coloured file source and target."""
    records = {
        picture: Record(picture, picture, (), r.character, r.split, r.line, r.csv)
        for r in metadata.records
        for picture in (r.target or r.source,)
    }
    notes = metadata.notes
    if metadata.schema.attributes:
        notes += (f"not used: {', '.join(metadata.schema.names)}",)
    return Metadata(metadata.root, AttributeSchema(), tuple(records.values()), notes)


def _record(picture: Path, place: tuple[str, ...], csv: Path) -> Record:
    split = SPLITS.get(place[0], "") if len(place) > 1 else ""
    return Record(picture, picture, (), "/".join(place), split, 0, csv)
