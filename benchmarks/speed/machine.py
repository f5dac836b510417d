"""What a figure is measured on; asked before, so that the load is that of others."""

from __future__ import annotations

import os
import platform
from contextlib import suppress

import torch

from condcolor.runtime.devices import cpu_flags, has_bf16
from condcolor.runtime.process import cores
from condcolor.version import __version__

TOLD_FLAGS = ("avx", "amx", "sve", "asimd", "fma")  # what the flags that matter to torch begin with


def describe(device: torch.device) -> dict[str, object]:
    """CPU, cores, threads, instruction sets, memory, GPU and versions, as JSON has them."""
    on_gpu = device.type == "cuda"
    return {
        "cpu": _cpu_name(),
        "cores": cores(),
        "threads": torch.get_num_threads(),
        "flags": sorted(flag for flag in cpu_flags() if flag.startswith(TOLD_FLAGS)),
        "memory_gib": _memory_gib(),
        "load": load(),
        "gpu": torch.cuda.get_device_name(device) if on_gpu else None,
        "bf16": has_bf16(device),
        "torch": torch.__version__,
        "python": platform.python_version(),
        "system": platform.platform(),
        "condcolor": __version__,
    }


def load() -> float | None:
    """Processes that wanted a core, on average over the last minute."""
    with suppress(OSError, AttributeError):
        return round(os.getloadavg()[0], 2)
    return None


def _cpu_name() -> str:
    with (
        suppress(OSError),
        open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file,
    ):
        for line in file:
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _memory_gib() -> float | None:
    with suppress(OSError, ValueError, AttributeError):
        return round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30, 1)
    return None
