"""`Runner`: what runs a network and decodes its outputs, by torch or by ONNX Runtime."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from condcolor.conditions.parts import PARTS, Part
from condcolor.conditions.schema import AttributeSchema
from condcolor.imaging.line_art import even_fills, find_pieces

BATCH = 16  # pictures in one pass of the network


class Runner(ABC):
    """A trained model as functions of arrays. Safe to share between threads.

    All arrays are NumPy's, `[B, C, H, W]`.
    """

    recipe: str  # name of the recipe that trained the model
    schema: AttributeSchema
    image_size: int  # pixels a side that the network sees
    codec: Any  # with the `line_art`, `fill`, `parts` and `takes_vivid` of a Codec
    flat: bool  # its outputs should be flat fills
    table: tuple[Part, ...] = PARTS  # what the outputs of a model of parts stand for
    takes_hints: bool = False  # a model of photographs whose network takes hints
    vivid: float  # factor of the chroma of photographs, 0 to 4; the model's own is mostly 1

    @abstractmethod
    def predict(
        self, squares: np.ndarray, cond: np.ndarray, hints: np.ndarray | None = None
    ) -> np.ndarray:
        """Return the raw outputs of the network.

        Args:
            squares: `[B, 3, S, S]` uint8, S the model's image size; or `[1, 3, S, S]` for all of `cond`.
            cond: `[B, P]` float32.
            hints: `[B, 3, S, S]` float32, as in FramedPicture; for models with `takes_hints`.

        Returns:
            `[B, O, S, S]` float32 in [-1, 1].
        """

    @abstractmethod
    def strips(
        self, original: np.ndarray, output: np.ndarray
    ) -> Iterator[tuple[slice, np.ndarray]]:
        """Decode `output [1, O, h, w]` over `original [1, 3, H, W]` uint8, strip by strip from the top.

        Yields:
            Rows, and those rows of the picture, `[R, W, 3]` uint8.
        """

    @abstractmethod
    def fills(self, original: np.ndarray, outputs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the fills and the trust in them, as `SketchToRgb.fills` does."""

    @abstractmethod
    def spread(self, planes: np.ndarray, trust: np.ndarray, size: tuple[int, int]) -> np.ndarray:
        """Return planes at full size, as `SketchToRgb.spread` does."""

    @property
    @abstractmethod
    def threads(self) -> int:
        """The number of threads that compute for the calling thread."""

    @abstractmethod
    def set_threads(self, count: int) -> None:
        """Set how many threads compute for the calling thread, where the backend allows it."""

    def predict_values(self, sketch: np.ndarray, indices: Sequence[Sequence[int]]) -> np.ndarray:
        """Return the outputs `[N, O, S, S]` for a sketch `[3, S, S]` uint8 and value indices `[N, A]`."""
        cond = self.one_hot(indices)
        starts = range(0, len(cond), BATCH)
        return np.concatenate([self.predict(sketch[None], cond[i : i + BATCH]) for i in starts])

    def predict_even(self, sketch: np.ndarray, indices: Sequence[Sequence[int]]) -> np.ndarray:
        """Return the outputs of `predict_values`, their fills evened where the model learned flat fills."""
        return np.stack(list(self.even(sketch, self.predict_values(sketch, indices))))

    def even(self, square: np.ndarray, outputs: np.ndarray) -> Iterator[np.ndarray]:
        """Yield the outputs `[B, O, S, S]` of one sketch `[3, S, S]` uint8 one by one, their fills evened."""
        if not self.flat:
            yield from outputs
            return
        pieces = find_pieces(square.mean(axis=0, dtype=np.float32) / 255)
        for output in outputs:
            even = even_fills(pieces, (output.transpose(1, 2, 0) + 1) / 2)
            yield (even * 2 - 1).transpose(2, 0, 1)

    def one_hot(self, indices: Sequence[Sequence[int]]) -> np.ndarray:
        """Return the one-hot planes `[N, P]` float32 of value indices `[N, A]`."""
        cond = np.array([self.schema.one_hot(row) for row in indices], np.float32)
        return cond.reshape(len(indices), self.schema.planes)  # P is 0 without attributes


def learned_flat_fills(training: object) -> bool:
    """Whether a model learned flat fills, by its config's "training": targets composed of masks are flat."""
    config = training.get("config") if isinstance(training, Mapping) else None
    return isinstance(config, Mapping) and bool(config.get("compose"))
