"""`Cast`: the cutouts that scenes are composed of, drawn once or read, in memory-mapped files."""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple
from zipfile import BadZipFile

import numpy as np

from condcolor.data.builders.avatar_kits import KITS
from condcolor.data.builders.avatars import Options
from condcolor.data.builders.cutouts import (
    Cutout,
    cut_figure,
    cut_kit_character,
    is_valid,
    resize_cutout,
)
from condcolor.data.builders.figures import draw_figure
from condcolor.data.builders.icons import schedule
from condcolor.errors import UsageError

# kind of cutout -> its share of the persons in scenes, beside the kinds that there are
KINDS = {
    "bust": 0.30,  # of an avatar kit; ends at the lower edge of its square
    "figure": 0.28,
    "cut": 0.14,  # a figure that ends at the lower edge of its square
    "emoji": 0.28,
    "hand-drawn": 0.20,
    "object": 0.0,
}
_CODES = tuple(KINDS)
_DRAWINGS, _KINDS = "drawings.npy", "kinds.npy"
_WIDTH, _FIGURE = range(2)  # random streams


@dataclass(frozen=True)
class Cast:
    """Cutouts and their kinds."""

    drawings: np.ndarray  # [N, 3, side, side] uint8: the planes of a Cutout
    kinds: np.ndarray  # [N] uint8: indices of KINDS

    @classmethod
    def load(cls, folder: Path) -> Cast:
        """Open the cast that `draw_cast` wrote; the drawings stay in their file."""
        return cls(np.load(folder / _DRAWINGS, mmap_mode="r"), np.load(folder / _KINDS))

    def __getitem__(self, index: int) -> Cutout:
        return Cutout(*np.asarray(self.drawings[index]))

    @property
    def side(self) -> int:
        """Return the side of the cutouts in pixels."""
        return self.drawings.shape[-1]

    @cached_property
    def by_kind(self) -> dict[str, np.ndarray]:
        """Return the indices of the cutouts of each kind that there is."""
        found = {kind: np.flatnonzero(self.kinds == code) for code, kind in enumerate(KINDS)}
        return {kind: indices for kind, indices in found.items() if len(indices)}

    def is_cut(self, index: int) -> bool:
        """Return whether a cutout is a figure that ends at the lower edge of its square."""
        return self.kinds[index] == _CODES.index("cut")

    def ends_below(self, index: int) -> bool:
        """Return whether a cutout ends at the lower edge of its square."""
        return self.is_cut(index) or self.kinds[index] == _CODES.index("bust")

    def pick(self, rng: np.random.Generator, kind: str) -> int:
        """Return a random cutout of a kind."""
        return int(rng.choice(self.by_kind[kind]))

    def pick_person(self, rng: np.random.Generator) -> int:
        """Return a random person, the kinds by their shares."""
        shares = np.array([KINDS[kind] for kind in self.by_kind])
        return self.pick(rng, str(rng.choice(list(self.by_kind), p=shares / shares.sum())))


class ExtraCast(NamedTuple):
    """A file of further cutouts: an .npz with drawings, kinds, names and origin."""

    path: Path
    kinds: tuple[str, ...]
    origin: str  # for ORIGIN.md: where they come from, licence, attribution


def write_extra(path: Path, cutouts: Iterable[tuple[str, str, Cutout]], origin: str) -> int:
    """Write cutouts, each with its name and kind, as a file for `--extra`; return how many.

    origin: a line of Markdown for ORIGIN.md: where the drawings come from, licence, attribution.
    """
    found = list(cutouts)
    if not found:
        raise ValueError(f"{path}: no cutouts to write")
    names, kinds, drawings = zip(*found, strict=True)
    stacked = np.stack([np.stack(drawing) for drawing in drawings])
    if not is_valid(stacked) or not set(kinds) <= set(KINDS):
        raise ValueError(f"{path}: not cutouts of the kinds {', '.join(KINDS)}")
    np.savez_compressed(path, drawings=stacked, kinds=kinds, names=names, origin=origin)
    return len(names)


def read_extras(folder: Path) -> list[ExtraCast]:
    """Return the files of further cutouts in a folder, in the order of their names.

    Raises:
        UsageError: there are none, or a file is none of them.
    """
    paths = sorted(folder.glob("*.npz"))
    if not paths:
        raise UsageError(f"{folder}: no .npz files of characters; see tools/characters/README.md")
    extras = []
    for path in paths:
        kinds = tuple(str(kind) for kind in np.atleast_1d(_array(path, "kinds")))
        if unknown := set(kinds) - set(KINDS):
            raise UsageError(f"{path}: kind {min(unknown)!r} is not one of {', '.join(KINDS)}")
        extras.append(ExtraCast(path, kinds, str(_array(path, "origin"))))
    return extras


def _array(path: Path, name: str) -> np.ndarray:
    """Read an array of a file of cutouts; UsageError if it is none."""
    try:
        with np.load(path) as file:
            return file[name]
    except (OSError, ValueError, KeyError, TypeError, EOFError, BadZipFile, zlib.error) as error:
        raise UsageError(f"{path}: not a file of characters ({error})") from None


def draw_cast(
    folder: Path,
    *,
    characters: int,
    seed: int,
    side: int,
    extras: Iterable[ExtraCast],
    run: Callable[..., Iterable[int]],
    on_drawn: Callable[[int], None],
) -> None:
    """Draw characters, by turns of an avatar kit and a figure, into the new folder of a `Cast`.

    Args:
        extras: files of further cutouts, which are added.
        run: a `map`, which may be parallel.
        on_drawn: called with the number of characters drawn so far.

    Raises:
        UsageError: a file of further cutouts is faulty.
    """
    folder.mkdir()
    extras = list(extras)
    total = characters + sum(len(extra.kinds) for extra in extras)
    shape = (total, 3, side, side)
    path = folder / _DRAWINGS
    np.lib.format.open_memmap(path, "w+", np.uint8, shape)  # empty, the size is what counts
    kinds = [""] * characters
    for extra in extras:
        added = _array(extra.path, "drawings")
        if not is_valid(added) or len(added) != len(extra.kinds):
            raise UsageError(f"{extra.path}: not a file of characters; draw it again")
        for kind, planes in zip(extra.kinds, added, strict=True):
            _write_into(path, len(kinds), resize_cutout(Cutout(*planes), side))
            kinds.append(kind)
    kit_characters = schedule(tuple(KITS), (characters + 1) // 2)
    jobs = [
        _Job(path, side, number, *next(kit_characters), seed)
        if number % 2 == 0
        else _Job(path, side, number, "", number // 2, seed)
        for number in range(characters)
    ]
    for number, code in enumerate(run(_draw_into, jobs)):
        kinds[number] = _CODES[code]
        on_drawn(number + 1)
    np.save(folder / _KINDS, np.array([_CODES.index(kind) for kind in kinds], np.uint8))


class _Job(NamedTuple):
    """A character to draw into a file of drawings; one without a kit is a figure."""

    path: Path
    side: int
    number: int
    kit: str
    kit_index: int
    seed: int


def _draw_into(job: _Job) -> int:
    """Draw a character into its place of the file, and return the index of its kind."""
    if job.kit:
        rng = np.random.default_rng([job.seed, _WIDTH, job.number])
        width = math.exp(rng.uniform(math.log(0.6), math.log(1.9)))
        options = Options(seed=job.seed, size=job.side, line_width=width)
        kind, cutout = "bust", cut_kit_character(job.kit, job.kit_index, options)
    else:
        figure = draw_figure(np.random.default_rng([job.seed, _FIGURE, job.number]))
        kind, cutout = "cut" if figure.is_cut else "figure", cut_figure(figure, job.side)
    _write_into(job.path, job.number, cutout)
    return _CODES.index(kind)


def _write_into(path: Path, number: int, cutout: Cutout) -> None:
    """Write a cutout into its place of a file of drawings; not by a memory map, which dies of a full disk."""
    planes = np.stack(cutout)
    start = np.lib.format.open_memmap(path, "r").offset
    with path.open("r+b") as file:
        file.seek(start + number * planes.nbytes)
        file.write(planes.tobytes())
