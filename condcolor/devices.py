"""Where to compute and how precisely: picked by what the machine can do."""

from __future__ import annotations

import contextlib

import torch

from condcolor.errors import UsageError


def pick_device(name: str | None = None) -> torch.device:
    """`None` or "auto": CUDA when there is one, else the CPU; UsageError for one that is not there."""
    if name in (None, "auto"):
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError:
        raise UsageError(f"device {name!r} is not one of auto, cpu, cuda, cuda:N") from None
    if device.type not in ("cpu", "cuda"):
        raise UsageError(f"device {name!r} is not one of auto, cpu, cuda, cuda:N")
    if device.type == "cuda":
        count = torch.cuda.device_count()
        if not count:
            raise UsageError(f"device {name!r}: no CUDA device here; use --device cpu")
        if (device.index or 0) >= count:
            raise UsageError(f"device {name!r}: there are {count} (cuda:0 to cuda:{count - 1})")
    return device


def has_bf16(device: torch.device) -> bool:
    """Whether bfloat16 is faster than float32 there (AVX512-BF16 or AMX; Ampere or newer)."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return torch.backends.mkldnn.is_available() and "avx512_bf16" in cpu_flags()


def cpu_flags() -> frozenset[str]:
    """The processor's feature flags, empty where the system does not tell."""
    with contextlib.suppress(OSError), open("/proc/cpuinfo", encoding="ascii") as info:
        for line in info:
            if line.startswith("flags"):
                return frozenset(line.split(":", 1)[1].split())
    return frozenset()


def pick_precision(asked: str, device: torch.device) -> str:
    """`"auto"` -> `"bf16"` where that is faster, else `"fp32"`; other values as they are."""
    if asked != "auto":
        return asked
    return "bf16" if has_bf16(device) else "fp32"


def autocast(precision: str, device: torch.device) -> torch.autocast:
    return torch.autocast(device.type, torch.bfloat16, enabled=precision == "bf16")
