"""Whether a picture has colors of its own: more than the one tone that a print in sepia or blue has."""

from __future__ import annotations

import numpy as np
from PIL import Image

SIDE = 96  # pixels of the small picture that is looked at; its means are free of noise
HALF = 0.5  # largest scale of the small picture: grain of single pixels is no color
BINS = 32  # of lightness: a toned print has one color in each
COLORED = (
    14.0  # distance in levels from the usual color of its lightness, from which a pixel is colored
)
ALONG = 0.4  # weight of a distance towards more or less of a print's tone
SAME_HUE = 0.5  # cosine of the angle between two tones of one print
LEAST = 0.02  # share of colored pixels, below which a picture counts as grey or toned
FEWEST = 8  # pixels of a lightness that have a usual color


def has_colors(rgb: np.ndarray) -> bool:
    """Return whether a picture `[H, W, 3]` uint8 has colors, beyond the tone of a grey one.

    A toned print has one color for each lightness, all of about one hue, such as sepia. Colored are pixels
    far from the median color of their lightness, and those of a lightness of another hue. More than LEAST of
    them make colors. Of a picture in one color all over, nothing can be told: it counts as toned.
    """
    height, width = rgb.shape[:2]
    scale = min(SIDE / max(height, width), HALF)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = np.asarray(Image.fromarray(rgb).resize(size, Image.Resampling.BOX), np.float32)
    red, green, blue = small.reshape(-1, 3).T
    # opponent colors (Hasler and Suesstrunk 2003), in levels
    opponents = np.stack((red - green, (red + green) / 2 - blue))
    light = (0.299 * red + 0.587 * green + 0.114 * blue) / 256 * BINS
    groups = [opponents[:, light.astype(int) == each] for each in range(BINS)]
    groups = [own for own in groups if own.shape[1] >= FEWEST]
    tones = [np.median(own, axis=1) for own in groups]
    main = np.zeros(2, np.float32)
    for own, tone in zip(groups, tones, strict=True):
        main = main + own.shape[1] * tone
    main = main / max(float(np.hypot(*main)), 1e-6)
    colored = 0
    for own, tone in zip(groups, tones, strict=True):
        off = own - tone[:, None]
        strength = float(np.hypot(*tone))
        if strength > COLORED:
            unit = tone / strength
            if unit @ main < SAME_HUE:
                colored += own.shape[1]
                continue
            # lighter and darker pixels mixed into one vary in how much of the tone they have
            off = off - (1 - ALONG) * np.outer(unit, unit @ off)
        colored += int((np.hypot(*off) > COLORED).sum())
    return colored > LEAST * len(red)
