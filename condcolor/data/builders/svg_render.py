"""An SVG rendered to pixels, by resvg."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image


def render_svg(svg: str, side: int) -> np.ndarray:
    """Render a square SVG: `[side, side, 4]` uint8, RGBA with straight alpha."""
    import resvg_py

    png = resvg_py.svg_to_bytes(svg_string=svg, width=side, height=side, skip_system_fonts=True)
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGBA"))
