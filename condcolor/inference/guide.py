"""`Guide`: what a person says of a photograph's colors: hints, another photograph to take them from."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage

from condcolor.conditions.hints import HINT_PLANES, MOST_HINTS, Hint, parse_hint
from condcolor.conditions.points import point_text
from condcolor.errors import UsageError
from condcolor.imaging.geometry import Box, letterbox
from condcolor.imaging.lab import AB_SCALE, lab_of
from condcolor.imaging.open import Picture
from condcolor.inference.framing import FramedPicture

REACH = 1  # pixels of the square around the one of a hint, which are given, too
LEAST_VIVID = 0.1  # chroma factor from which a hint's own color can be reached

NO_HINTS = (
    "--hint and --like are for models of photographs that were trained with hints, such as photo"
)


@dataclass(frozen=True)
class Guide:
    """Hints of one picture, and a photograph whose colors it takes where things look alike."""

    hints: tuple[Hint, ...] = ()
    like: Picture | None = None

    def __bool__(self) -> bool:
        return bool(self.hints) or self.like is not None

    @property
    def key(self) -> str:
        """A text that tells guides apart; empty without any."""
        like = [] if self.like is None else [hashlib.sha256(self.like.rgb.tobytes()).hexdigest()]
        return " ".join([*map(str, self.hints), *like])


NO_GUIDE = Guide()


def make_guide(hints: Sequence[Hint | str] = (), like: Picture | None = None) -> Guide:
    """Return the guide of hints, also as texts such as `"120,80=#c03020"`.

    Raises:
        UsageError: a text is no hint, or there are more than MOST_HINTS.
    """
    if len(hints) > MOST_HINTS:
        raise UsageError(f"{len(hints)} hints are too many: at most {MOST_HINTS}")
    return Guide(tuple(h if isinstance(h, Hint) else parse_hint(h) for h in hints), like)


def guided(framed: FramedPicture, guide: Guide, vivid: float) -> FramedPicture:
    """Return a framed photograph with its hints as planes.

    A photograph to be like is set to the left of the picture, its colors given, so that the network sees both
    at once and brings colors from the one to the other as it does from a hint.

    Args:
        vivid: factor of the chroma with which the output will be decoded.

    Raises:
        UsageError: a hint lies outside the picture.
    """
    scale = AB_SCALE * max(vivid, LEAST_VIVID)
    planes = np.zeros((HINT_PLANES, *framed.square.shape[1:]), np.float32)
    for hint in guide.hints:
        rows, columns = _place(hint, framed.picture.size, framed.box)
        planes[:2, rows, columns] = _chroma(np.array(hint.color, np.uint8), scale)[:, None, None]
        planes[2, rows, columns] = 1
    if guide.like is None:
        return replace(framed, hints=planes)
    side = framed.square.shape[1]
    square, box = letterbox(guide.like.rgb, side, None)
    given = np.zeros((HINT_PLANES, side, side), np.float32)
    inside = slice(box.top, box.top + box.height), slice(box.left, box.left + box.width)
    given[:2, *inside] = _chroma(square[inside], scale)
    given[2, *inside] = 1
    return replace(
        framed,
        square=np.concatenate((square.transpose(2, 0, 1), framed.square), axis=2),
        box=replace(framed.box, left=framed.box.left + side),
        hints=np.concatenate((given, planes), axis=2),
    )


NEAR = 10.0  # pixels of the square; standard deviation of the distance at which a rest is put right
ALIKE = 8.0  # standard deviation of the difference in lightness there


def settled(framed: FramedPicture, output: np.ndarray) -> np.ndarray:
    """Return a network's output `[2, S, W]` with the colors at hints exactly as they were given.

    What is still missing there is added, and less of it to pixels that are further away or of another
    lightness (weights of a bilateral filter, Tomasi and Manduchi 1998).
    """
    if framed.hints is None:
        return output
    box = framed.box
    own = np.s_[box.top : box.top + box.height, box.left : box.left + box.width]
    given = framed.hints[:, *own]
    numbers, count = ndimage.label(given[2])
    if not count:
        return output
    light = lab_of(np.ascontiguousarray(framed.square.transpose(1, 2, 0)[own]))[..., 0]
    part = output[:, *own]
    rows, columns = np.indices(numbers.shape, dtype=np.float32)
    total, added = np.zeros_like(light), np.zeros_like(part)
    for number in range(1, count + 1):
        inside = numbers == number
        missing = (given[:2] - part)[:, inside].mean(axis=1)
        row, column = rows[inside].mean(), columns[inside].mean()
        far = ((rows - row) ** 2 + (columns - column) ** 2) / NEAR**2
        other = ((light - np.median(light[inside])) / ALIKE) ** 2
        weight = np.exp(-(far + other) / 2)
        total += weight
        added += weight * missing[:, None, None]
    result = output.copy()
    result[:, *own] += added / np.maximum(total, 1)
    return result.clip(-1, 1)


def _chroma(rgb: np.ndarray, scale: float) -> np.ndarray:
    """Return a and b of `rgb [..., 3]` uint8 over `scale`, `[2, ...]` in [-1, 1]."""
    return (np.moveaxis(lab_of(rgb), -1, 0)[1:] / scale).clip(-1, 1)


def _place(hint: Hint, size: tuple[int, int], box: Box) -> tuple[slice, slice]:
    """Return the rows and columns of the square that a hint gives, inside the picture's box."""
    slices = []
    for at, length, start, room in zip(
        hint.point, size, (box.left, box.top), (box.width, box.height), strict=True
    ):
        if not 0 <= at < length:
            width, height = size
            raise UsageError(
                f"hint {hint}: {point_text(hint.point)} is outside the picture, which has {width}x{height} "
                "pixels"
            )
        middle = start + int(at * room / length)
        slices.append(slice(max(start, middle - REACH), min(start + room, middle + REACH + 1)))
    columns, rows = slices
    return rows, columns
