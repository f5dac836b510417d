"""Whether and where a picture has colors of its own: more than the one tone of a print in sepia or blue."""

from __future__ import annotations

import numpy as np
from PIL import Image
from scipy import ndimage

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
AREAS = 256  # pixels of the small picture in which colored areas are found
SPECK = 3  # pixels there; smaller spots are no area, smaller gaps are filled
CURVE = 3  # degree of the curve of a print's tone over lightness
ROUNDS = 12  # of its robust fit
FRAYED = 2  # pixels there that an area is grown by, since tints run out at its edge


def has_colors(rgb: np.ndarray) -> bool:
    """Return whether a picture `[H, W, 3]` uint8 has colors, beyond the tone of a grey one.

    More than LEAST of its pixels are colored, see `_colored`. Of a picture in one color all over, nothing
    can be told: it counts as toned.
    """
    return bool(_colored(_small(rgb, SIDE)).mean() > LEAST)


def colored_areas(rgb: np.ndarray) -> np.ndarray:
    """Return how far each pixel of a picture `[H, W, 3]` uint8 belongs to a colored area, `[H, W]` in [0, 1].

    float32; the areas have soft edges. All of it is 0 in a grey or toned picture.
    """
    small = _small(rgb, AREAS)
    found = _colored(small) | _off_curve(small)
    square = np.ones((SPECK, SPECK), bool)
    found = ndimage.binary_closing(ndimage.binary_opening(found, square), square)
    found = ndimage.binary_dilation(found, iterations=FRAYED)
    height, width = rgb.shape[:2]
    large = Image.fromarray(found.astype(np.float32)).resize(
        (width, height), Image.Resampling.BILINEAR
    )
    return np.asarray(large, np.float32).clip(0, 1)


def keep_colored_areas(rgb: np.ndarray, image: Image.Image) -> tuple[Image.Image, float]:
    """Return a coloring of a picture `[H, W, 3]` uint8 with the colored areas of the picture itself.

    Returns:
        The image, with its own alpha, and the share of the picture that was kept, in [0, 1].
    """
    areas = colored_areas(rgb)
    made = np.array(image)
    made[..., :3] = np.rint(
        made[..., :3] + areas[..., None] * (rgb - made[..., :3].astype(np.float32))
    )
    return Image.fromarray(made), float(areas.mean())


def _small(rgb: np.ndarray, side: int) -> np.ndarray:
    """Return a picture at most `side` pixels a side, `[h, w, 3]` float32 in 0..255, free of grain."""
    height, width = rgb.shape[:2]
    scale = min(side / max(height, width), HALF)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return np.asarray(Image.fromarray(rgb).resize(size, Image.Resampling.BOX), np.float32)


def _colored(small: np.ndarray) -> np.ndarray:
    """Return which pixels of `[h, w, 3]` float32 in 0..255 have a color beyond the tone, `[h, w]` bool.

    A toned print has one color for each lightness, all of about one hue, such as sepia. Colored are pixels
    far from the median color of their lightness, and those of a lightness of another hue.
    """
    opponents, lightness = _opponents(small)
    light = (lightness * BINS).astype(int)
    groups = [np.flatnonzero(light == each) for each in range(BINS)]
    groups = [own for own in groups if len(own) >= FEWEST]
    tones = [np.median(opponents[:, own], axis=1) for own in groups]
    main = np.zeros(2, np.float32)
    for own, tone in zip(groups, tones, strict=True):
        main = main + len(own) * tone
    main = main / max(float(np.hypot(*main)), 1e-6)
    colored = np.zeros(len(light), bool)
    for own, tone in zip(groups, tones, strict=True):
        off = opponents[:, own] - tone[:, None]
        strength = float(np.hypot(*tone))
        if strength > COLORED:
            unit = tone / strength
            if unit @ main < SAME_HUE:
                colored[own] = True
                continue
            # lighter and darker pixels mixed into one vary in how much of the tone they have
            off = off - (1 - ALONG) * np.outer(unit, unit @ off)
        colored[own] = np.hypot(*off) > COLORED
    return colored.reshape(small.shape[:2])


def _off_curve(small: np.ndarray) -> np.ndarray:
    """Return which pixels of `[h, w, 3]` float32 in 0..255 are off the tone that most have, `[h, w]` bool.

    The tone is a smooth curve over lightness, fitted so that a minority of other colors does not move it,
    also where they alone have a lightness, as a stamp on a white page.
    """
    opponents, lightness = _opponents(small)
    powers = np.stack([lightness**power for power in range(CURVE + 1)], axis=1)
    weights = np.ones(len(lightness))
    off = np.zeros(len(lightness))
    for _ in range(ROUNDS):
        weighted = powers * weights[:, None]
        curve = np.linalg.lstsq(weighted.T @ powers, weighted.T @ opponents.T, rcond=1e-9)[0]
        off = np.hypot(*(opponents - (powers @ curve).T))
        weights = 1 / (1 + (off / (COLORED / 2)) ** 2)
    return (off > COLORED).reshape(small.shape[:2])


def _opponents(small: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return opponent colors (Hasler and Suesstrunk 2003) `[2, N]` in levels, and lightness `[N]` in 0..1."""
    red, green, blue = small.reshape(-1, 3).T
    lightness = (0.299 * red + 0.587 * green + 0.114 * blue) / 256
    return np.stack((red - green, (red + green) / 2 - blue)), lightness
