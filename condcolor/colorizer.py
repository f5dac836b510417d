"""A model folder, ready to colour pictures of any size: by torch."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from condcolor.checkpoint import Model, load_model
from condcolor.codecs import levels
from condcolor.coloring import Colorizer, learnt_flat_fills
from condcolor.devices import autocast, pick_device, pick_precision
from condcolor.inference import ready
from condcolor.memory import memory_told


class TorchColorizer(Colorizer):
    """Colours pictures with a model in memory, or from its folder. Safe to share between threads."""

    def __init__(
        self,
        model: Model,
        *,
        vivid: float | None = None,
        device: str | None = None,
        precision: str = "fp32",
    ):
        self.model, self.schema, self.image_size = model, model.schema, model.image_size
        self.vivid = model.vivid if vivid is None else vivid
        self.codec = model.codec
        if vivid is not None or model.vivid != 1:
            self.codec = self.codec.enlivened(self.vivid)
        self.device = pick_device(device)
        self.precision = pick_precision(precision, self.device)
        self.generator = ready(model.generator, self.device, self.precision)
        self.flat = learnt_flat_fills(model.training)

    @classmethod
    def from_folder(
        cls,
        folder: Path,
        *,
        vivid: float | None = None,
        device: str | None = None,
        precision: str = "fp32",
    ) -> TorchColorizer:
        """The model of a model folder.

        Raises:
            UsageError: no such device or precision, or a `vivid` that the model cannot be.
            CheckpointError: nothing there, or the model is damaged or of a newer format.
        """
        return cls(load_model(folder), vivid=vivid, device=device, precision=precision)

    def painted(self, squares: np.ndarray, cond: np.ndarray) -> np.ndarray:
        return self.outputs(torch.from_numpy(squares), torch.from_numpy(cond)).numpy()

    @torch.inference_mode()
    def bands(self, original: np.ndarray, output: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
        tensors = torch.from_numpy(original), torch.from_numpy(output)
        for rows, band in self.codec.bands_at(*tensors):
            yield rows, levels(band).numpy()

    @torch.inference_mode()
    def fills(self, original: np.ndarray, outputs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        tensors = torch.from_numpy(original), torch.from_numpy(outputs)
        fills, trust = self.codec.fills(*tensors)
        return fills.numpy(), trust.numpy()

    @torch.inference_mode()
    def spread(self, planes: np.ndarray, trust: np.ndarray, size: tuple[int, int]) -> np.ndarray:
        return self.codec.spread(torch.from_numpy(planes), torch.from_numpy(trust), size).numpy()

    @property
    def threads(self) -> int:
        return torch.get_num_threads()

    def set_threads(self, count: int) -> None:
        torch.set_num_threads(count)

    @torch.inference_mode()
    def outputs(self, squares: Tensor, cond: Tensor) -> Tensor:
        """The network's bare outputs.

        Args:
            squares: `[B, 3, S, S]` uint8, S the model's image size; or one, for all of `cond`.
            cond: `[B, P]` float.

        Returns:
            `[B, O, S, S]` float32 in [-1, 1], on the CPU.
        """
        with memory_told("close other programs, or use a smaller model"):
            source = self.codec.encode_source(squares.to(self.device))
            source = source.contiguous(memory_format=torch.channels_last)
            with autocast(self.precision, self.device):
                return self.generator(source, cond.to(self.device)).float().cpu()

    @torch.inference_mode()
    def colour(self, sketch: Tensor, asked: Tensor) -> Tensor:
        """A sketch of the model's size in several colourings, as `__call__` makes them.

        Args:
            sketch: `[3, S, S]` uint8.
            asked: `[N, A]` value indices.

        Returns:
            `[N, 3, S, S]` float in [0, 1].
        """
        outputs = torch.from_numpy(self.evened_of(sketch.numpy(), asked.tolist()))
        return torch.cat([self.codec.decode_at(sketch[None], output[None]) for output in outputs])

    @torch.inference_mode()
    def colour_bare(self, sketch: Tensor, asked: Tensor) -> Tensor:
        """Like `colour`, but what the network says: fills not evened, lines not the sketch's."""
        source = self.codec.encode_source(sketch[None])
        outputs = self.outputs_of(sketch.numpy(), asked.tolist())
        return self.codec.decode(source, torch.from_numpy(outputs))
