"""The table of presets: how `condcolor train` trains when nothing but the data is said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from condcolor.errors import UsageError, did_you_mean


@dataclass(frozen=True)
class Preset:
    """A way to train: for how long, and with which settings of `TrainConfig`.

    minutes, gpu_minutes: on a CPU and on a GPU; None: as many as the epochs of the recipe take.
    settings: of a training of parts, where targets are flat colorings.
    """

    name: str
    about: str
    minutes: float | None
    gpu_minutes: float | None
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The row as text: `10 minutes (5 on a GPU), 256 px, batch 16, lr 0.0004; begins from ...`."""
        if self.minutes is None:
            return self.about
        numbers = f"{self.settings['image_size']} px, batch {self.settings['batch_size']}"
        numbers += f", lr {self.settings['lr']:g}"
        time = f"{self.minutes:g} minutes ({self.gpu_minutes:g} on a GPU)"
        return f"{time}, {numbers}; {self.about}"


PARTS = {"image_size": 256, "batch_size": 16, "beta1": 0.9, "beta2": 0.99, "sample_epochs": ()}
PARTS |= {"lr_decay": 1.0, "warmup": 0.03}
MILD = {"shift": 0.05, "zoom": 0.15, "bend": 0.008}
STRONG = {"shift": 0.08, "zoom": 0.3, "bend": 0.012, "grain": 0.02}
FAST = PARTS | MILD | {"lr": 4e-4, "ema": 0.99, "patience": 4}
BEST = PARTS | STRONG | {"lr": 4e-4, "ema": 0.998, "patience": 6}
ICONS = "the recipe icons (pix2pix) with its own numbers: 256 px, batch 10, 50 epochs"
PRESETS = {
    preset.name: preset
    for preset in (
        #      name         about                                  CPU   GPU   settings
        Preset("fast", "begins from the built-in model icons", 10.0, 5.0, FAST),
        Preset("best", "the same with stronger augmentation", 60.0, 15.0, BEST),
        Preset("published", ICONS, None, None),
    )
}


def find_preset(name: str) -> Preset:
    """Return the preset of that name; UsageError with the closest name if there is none."""
    if name not in PRESETS:
        raise UsageError(
            f"preset {name!r} is not one of {', '.join(PRESETS)}{did_you_mean(name, PRESETS)}"
        )
    return PRESETS[name]
