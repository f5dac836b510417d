"""`Graph`: an ONNX graph run as a function of arrays; what it takes and gives is checked.

A file from a stranger may hold any graph. Its inputs and outputs are compared with those that condcolor
exports, its first run has a time limit, and outputs that are not finite or of another shape are errors. It
names no file but those that are given with it as bytes.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any, NoReturn

import numpy as np

from condcolor.errors import CheckpointError
from condcolor.models.onnx_file import external_tensors
from condcolor.runtime.extras import missing
from condcolor.runtime.messages import shown_name

U8, F32 = "tensor(uint8)", "tensor(float)"
# of each graph: type and number of dimensions of its inputs, by their names, and of its outputs, in order
Signature = tuple[dict[str, tuple[str, int]], tuple[tuple[str, int], ...]]
NETWORK = "network"
_PAIR: dict[str, tuple[str, int]] = {"original": (U8, 4), "output": (F32, 4)}
_STRIP = {"rows": (U8, 4), "near": (F32, 4), "place": (F32, 1), "vivid": (F32, 0)}
SIGNATURES: dict[str, Signature] = {
    NETWORK: ({"source": (F32, 4), "cond": (F32, 2)}, ((F32, 4),)),
    "encode": ({"rgb": (U8, 4)}, ((F32, 4),)),
    "prepare": (_PAIR, ((F32, 4),)),
    "paint": (_STRIP, ((U8, 3),)),
    "fills": (_PAIR, ((F32, 4), (F32, 4))),
    "spread": ({"planes": (F32, 4), "trust": (F32, 4), "like": (U8, 4)}, ((F32, 4),)),
}
DTYPES = {np.dtype(np.uint8): U8, np.dtype(np.float32): F32}
SILENT = 4  # ONNX Runtime prints no errors, which hold names of the file; they are raised as well
FIRST_SECONDS = (
    120.0  # longest first run of a graph: a network of our own takes some seconds at most
)


class Graph:
    """An ONNX model as a function of NumPy arrays, called by the names of its inputs.

    Its inputs and outputs are those of SIGNATURES; a file from a stranger may say other things than it does.
    """

    def __init__(
        self,
        data: bytes,
        label: str,
        providers: list,
        threads: int,
        name: str,
        files: Mapping[str, bytes] | None = None,
    ):
        """Load a model of ONNX; `files` are the bytes of the other files that its tensors may lie in.

        Raises:
            CheckpointError: it is damaged, refers to another file, or takes or gives other things.
        """
        files = files or {}
        self.label, self.name = label, name
        self._check_files(data, files)
        ort = import_onnxruntime(label)
        self.ort, self.has_run = ort, False
        options = ort.SessionOptions()
        options.log_severity_level = SILENT
        options.intra_op_num_threads = threads
        if files:
            options.add_external_initializers_from_files_in_memory(
                list(files), list(files.values()), [len(file) for file in files.values()]
            )
        try:
            self.session = ort.InferenceSession(data, options, providers=providers)
        except Exception as error:  # of many classes, none of them public
            reason = str(error).partition("\n")[0]
            raise CheckpointError(f"{label}: ONNX Runtime cannot load it ({reason})") from None
        self.inputs = {node.name for node in self.session.get_inputs()}
        self._check_signature()

    def _check_files(self, data: bytes, files: Mapping[str, bytes]) -> None:
        try:
            tensors = external_tensors(data)
        except ValueError:
            raise CheckpointError(
                f"{self.label}: its graph '{self.name}' is damaged: export it again"
            ) from None
        for tensor in tensors:
            if tensor.location not in files:
                self.refuse(f"tensors in another file, {shown_name(tensor.location[:80])!r}")
            if tensor.offset + tensor.length > len(files[tensor.location]):
                self.refuse(f"tensors after the end of {tensor.location}")

    def _check_signature(self) -> None:
        inputs, outputs = SIGNATURES[self.name]
        for node in self.session.get_inputs():
            if (node.type, len(node.shape)) != inputs.get(node.name):
                self.refuse(f"an input {shown_name(node.name[:80])!r} of {node.type}")
        made = [(node.type, len(node.shape)) for node in self.session.get_outputs()]
        if tuple(made[: len(outputs)]) != outputs:
            self.refuse("other outputs")

    def refuse(self, what: str) -> NoReturn:
        """Raise CheckpointError, which says that the graph has `what`."""
        raise CheckpointError(f"{self.label}: its graph '{self.name}' has {what}: export it again")

    def __call__(self, **arrays: np.ndarray) -> np.ndarray:
        """Return the first output. Raises as `all` does."""
        return self.all(**arrays)[0]

    def all(self, **arrays: np.ndarray) -> list[np.ndarray]:
        """Return all outputs; MemoryError where the memory does not suffice.

        Raises:
            CheckpointError: the graph fails, its first run takes too long, or an output has another type
                or is not finite.
        """
        feed = {name: array for name, array in arrays.items() if name in self.inputs}
        options = self.ort.RunOptions()
        options.log_severity_level = SILENT
        timer = threading.Timer(FIRST_SECONDS, setattr, (options, "terminate", True))
        if not self.has_run:
            timer.start()
        try:
            outputs = self.session.run(None, feed, options)
        except Exception as error:
            if "allocate memory" in str(error) or "bad_alloc" in str(error):
                raise MemoryError(str(error)) from error
            if options.terminate:
                self.refuse(f"run for more than {FIRST_SECONDS:.0f} s")
            reason = shown_name(str(error).partition("\n")[0])
            raise CheckpointError(f"{self.label}: ONNX Runtime cannot run it ({reason})") from error
        finally:
            timer.cancel()
        self.has_run = True
        for array, kind in zip(outputs, SIGNATURES[self.name][1], strict=False):
            if (DTYPES.get(array.dtype), array.ndim) != kind:
                self.refuse("other outputs")
            if kind[0] == F32 and not np.isfinite(array).all():
                self.refuse("outputs that are not finite")
        return outputs

    def shaped(self, *shapes: tuple[int, ...], **arrays: np.ndarray) -> list[np.ndarray]:
        """Return the outputs, of which the first have these shapes; raises as `all` does."""
        outputs = self.all(**arrays)
        for output, shape in zip(outputs, shapes, strict=False):
            if output.shape != shape:
                self.refuse(f"an output of {list(output.shape)}, not {list(shape)}")
        return outputs


def import_onnxruntime(label: str) -> Any:
    """Import ONNX Runtime; UsageError, which names the file `label`, if it is not installed."""
    try:
        import onnxruntime
    except ImportError as error:
        if error.name != "onnxruntime":
            raise
        raise missing("onnxruntime", label) from None
    return onnxruntime
