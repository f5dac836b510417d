"""CIE Lab of NumPy pixels, for what starts without torch; tensors are converted by imaging/color.py."""

from __future__ import annotations

import numpy as np

AB_SCALE = 110.0  # of a and b to [-1, 1]: sRGB spans a -86..98, b -108..94
# IEC 61966-2-1: linear sRGB -> XYZ, and the D65 white (2 degree observer) it maps (1, 1, 1) to.
XYZ_FROM_RGB = (
    (0.412453, 0.357580, 0.180423),
    (0.212671, 0.715160, 0.072169),
    (0.019334, 0.119193, 0.950227),
)
D65_WHITE = (0.95047, 1.0, 1.08883)
DELTA = 6 / 29  # below its cube, the Lab curve is a line (CIE 15:2004, 8.2.1)
LINE = 3 * DELTA**2  # inverse slope of that line
DARK_CODE, DARK_LIGHT = 0.04045, 0.0031308  # below, the sRGB curve is a line of slope 12.92


def to_linear(code: np.ndarray) -> np.ndarray:
    """Decode sRGB to linear light (IEC 61966-2-1), both in [0, 1]."""
    return np.where(code <= DARK_CODE, code / 12.92, ((code + 0.055) / 1.055) ** 2.4)


def to_code(light: np.ndarray) -> np.ndarray:
    """Encode linear light as sRGB, the inverse of `to_linear`."""
    return np.where(light <= DARK_LIGHT, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)


def lab_of(rgb: np.ndarray) -> np.ndarray:
    """Convert sRGB `[..., 3]` uint8 to CIE Lab under D65 `[..., 3]` float32 (CIE 15:2004, 8.2.1)."""
    linear = to_linear(np.arange(256) / 255)[rgb]
    xyz = linear @ np.array(XYZ_FROM_RGB).T / D65_WHITE
    f = np.where(xyz > DELTA**3, np.cbrt(xyz), xyz / LINE + 4 / 29)
    x, y, z = np.moveaxis(f, -1, 0)
    lab = np.stack((116 * y - 16, 500 * (x - y), 200 * (y - z)), axis=-1)
    return lab.astype(np.float32)
