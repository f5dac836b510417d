"""`ModelConfig`: the shape of the networks, kept in a model's config.json."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace

from condcolor.conditions.hints import HINT_PLANES
from condcolor.models.encoders import ENCODERS
from condcolor.runtime.config_fields import is_whole, setting, shown_number

DROPPED_UPS = 3  # innermost decoder blocks with dropout (Isola et al. 2017, section 6.1.1)
COND_LEVELS = {
    "input": "planes joined to the source (pix2pix; Mirza and Osindero 2014)",
    "all": "the same, and added at every level (Tag2Pix, Kim et al. 2019, section 4.1)",
    "head": "only where colours are mixed: the network finds regions, the condition their colours",
}
DISC_NORMS = {
    "batch": "BatchNorm, over real and generated batches apart (pix2pix)",
    "spectral": "weights of spectral norm 1 (Miyato et al. 2018), the same in training and in use",
}


# of the whole numbers below: what any network that fits a machine of today has
BOUNDS = {
    "source_channels": (1, 64),
    "output_channels": (1, 64),
    "cond_planes": (0, 65536),
    "base_channels": (1, 4096),
    "max_channels": (1, 4096),
    "depth": (DROPPED_UPS, 12),  # which takes 4096 px to 1x1
    "mix_masks": (1, 1024),
    "disc_channels": (1, 4096),
    "disc_layers": (1, 12),
}


@dataclass(frozen=True)
class ModelConfig:
    """The hyperparameters of generator and discriminator; raises ValueError for invalid ones."""

    source_channels: int
    output_channels: int
    cond_planes: int = 0
    base_channels: int = setting(
        64,
        "network",
        "Channels of the first layer; a deeper one has twice as many, up to --max-channels.",
    )
    max_channels: int = setting(512, "network", "Channels of the widest layer.")
    # 8 take 256 px to 1x1
    depth: int = setting(8, "network", "How often the U-Net halves the picture.")
    encoder: str = setting(
        "none",
        "network",
        "Pretrained encoder in place of the U-Net's own, with --depth 5",
        ("none", *ENCODERS),
    )
    hints: bool = setting(
        False,
        "network",
        "Recipe photo with an encoder: learn to take hints, colours at given points.",
    )
    dropout: float = setting(0.5, "network", "Share dropped in the innermost decoder blocks.")
    cond_levels: str = setting(
        "input", "network", "Where the colours enter the generator", COND_LEVELS
    )
    mix_masks: int = setting(
        8, "network", "Masks that the output's colours are mixed by, with --cond-levels head."
    )
    keeps_luma: bool = False  # the output is RGB with the luma of the grey source, without tanh
    disc_channels: int = setting(64, "network", "Channels of the discriminator's first layer.")
    # stride-2 layers; 3 see 70x70
    disc_layers: int = setting(3, "network", "How often the discriminator halves the picture.")
    disc_norm: str = setting("batch", "network", "Normalization in the discriminator", DISC_NORMS)

    def __post_init__(self) -> None:
        for name, (least, most) in BOUNDS.items():
            _check_count(name, getattr(self, name), least, most)
        if not 0 <= self.dropout < 1:
            raise ValueError(f"dropout must be in [0, 1), got {self.dropout}")
        if self.encoder not in ("none", *ENCODERS):
            known = ", ".join(("none", *ENCODERS))
            raise ValueError(f"encoder must be one of {known}, got {self.encoder!r}")
        if self.encoder != "none" and self.depth != len(ENCODERS[self.encoder].widths):
            levels = len(ENCODERS[self.encoder].widths)
            raise ValueError(f"depth must be {levels} with {self.encoder}, got {self.depth}")
        if self.hints and (self.encoder == "none" or self.output_channels != HINT_PLANES - 1):
            raise ValueError(f"hints need an encoder and {HINT_PLANES - 1} output channels")
        if self.disc_norm not in DISC_NORMS:
            known = ", ".join(DISC_NORMS)
            raise ValueError(f"disc_norm must be one of {known}, got {self.disc_norm!r}")
        if self.keeps_luma and (self.source_channels, self.output_channels) != (1, 3):
            came = f"{self.source_channels} channels to {self.output_channels}"
            raise ValueError(f"keeps_luma is for 1 channel to 3, not {came}")
        if self.cond_levels not in COND_LEVELS:
            known = ", ".join(COND_LEVELS)
            raise ValueError(f"cond_levels must be one of {known}, got {self.cond_levels!r}")

    @property
    def multiple(self) -> int:
        """The number of pixels of which height and width of a picture must be multiples."""
        return 2**self.depth

    def with_discriminator_of(self, other: ModelConfig) -> ModelConfig:
        """Return the config with the discriminator of `other`."""
        shape = {name: value for name, value in asdict(other).items() if name.startswith("disc_")}
        return replace(self, **shape)

    def widths(self) -> list[int]:
        """Return the output channels of each down, outermost first."""
        return [min(self.base_channels * 2**i, self.max_channels) for i in range(self.depth)]


def _check_count(name: str, value: object, least: int, most: int) -> None:
    whole = value if isinstance(value, int) and is_whole(value) else None
    if whole is None or not least <= whole <= most:
        came = repr(value) if whole is None else shown_number(whole)
        raise ValueError(f"{name} must be a whole number from {least} to {most}, got {came}")
