"""Device, precision and autocast; torchvision beside a CPU build of torch.

The wheels of torchvision on PyPI are built against CUDA. With a CPU build of torch their compiled operators
do not load, and the import fails with "operator torchvision::nms does not exist", since Python code registers
fake versions of missing operators. Declaring the operators is enough: nothing here calls them. Datasets,
models, transforms.v2 and utils work; decoding with torchvision.io does not.
"""

from __future__ import annotations

import contextlib
import importlib
import re
import sys
from functools import cache
from types import ModuleType

import torch

from condcolor.errors import UsageError, did_you_mean

PRECISIONS = ("auto", "fp32", "bf16")


def pick_device(name: str | None = None) -> torch.device:
    """Return the device of a name: for None or "auto" a CUDA GPU, else Apple's GPU, else the CPU.

    Raises:
        UsageError: an unknown device, or one that this machine lacks.
    """
    if name is None or name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    if not re.fullmatch(r"cpu|mps|cuda(:\d{1,4})?", str(name)):
        raise UsageError(f"device '{name}' is not one of auto, cpu, cuda, cuda:N, mps")
    if name == "mps" and not torch.backends.mps.is_available():
        raise UsageError(f"device '{name}': no GPU of Apple's here; use --device cpu")
    if name in ("cpu", "mps"):
        return torch.device(name)
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if not count:
        raise UsageError(f"device '{name}': no CUDA device here; use --device cpu")
    index = int(str(name).partition(":")[2] or 0)
    if index >= count:
        present = "cuda:0" if count == 1 else f"cuda:0 to cuda:{count - 1}"
        raise UsageError(f"device '{name}' is not here; there is {present}")
    return torch.device(name if name == "cuda" else f"cuda:{index}")


def has_bf16(device: torch.device) -> bool:
    """Return whether bfloat16 is faster than float32 on a device (AVX512-BF16; Ampere or newer)."""
    if device.type == "cuda":
        with torch.cuda.device(device):
            return torch.cuda.is_bf16_supported(including_emulation=False)
    if device.type != "cpu":
        return False
    return torch.backends.mkldnn.is_available() and "avx512_bf16" in cpu_flags()


def free_memory(device: torch.device) -> int:
    """Return the bytes free on a CUDA GPU; 0 elsewhere, where the memory is that of the CPU."""
    return torch.cuda.mem_get_info(device)[0] if device.type == "cuda" else 0


def cpu_flags() -> frozenset[str]:
    """Return the processor's feature flags; none if the system does not list them."""
    with (
        contextlib.suppress(OSError),
        open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file,
    ):
        for line in file:
            if line.startswith("flags"):
                return frozenset(line.partition(":")[2].split())
    return frozenset()


def pick_precision(name: str, device: torch.device) -> str:
    """Return the precision to compute in: for "auto" bf16 where that is faster, else fp32.

    On Apple's GPU it is always fp32, since bf16 is untested there.

    Raises:
        UsageError: an unknown precision.
    """
    if name not in PRECISIONS:
        choices, hint = ", ".join(PRECISIONS), did_you_mean(str(name), PRECISIONS)
        raise UsageError(f"precision {name!r} is not one of {choices}{hint}")
    if device.type == "mps":
        return "fp32"
    if name != "auto":
        return name
    return "bf16" if has_bf16(device) else "fp32"


def autocast(precision: str, device: torch.device) -> torch.autocast:
    """Return a context in which networks compute in bfloat16, if that is the precision."""
    return torch.autocast(device.type, torch.bfloat16, enabled=precision == "bf16")


OPERATORS = (  # those whose fake versions torchvision registers at import
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)
_declared: list[torch.library.Library] = []  # a library that is collected takes its operators along


@cache
def import_torchvision() -> ModuleType:
    """Import torchvision, also beside a CPU build of torch. It takes seconds: for those who need it alone.

    Raises:
        UsageError: it is not installed.
    """
    try:
        return importlib.import_module("torchvision")
    except ModuleNotFoundError as error:
        if error.name != "torchvision":
            raise
        raise UsageError(
            "torchvision is not installed: install the release that goes with your torch"
        ) from None
    except RuntimeError as error:
        if "torchvision::" not in str(error):
            raise
    for name in [n for n in sys.modules if n.partition(".")[0] == "torchvision"]:
        del sys.modules[name]  # half imported
    library = torch.library.Library("torchvision", "FRAGMENT")
    for operator in OPERATORS:
        library.define(operator)
    _declared.append(library)
    return importlib.import_module("torchvision")
