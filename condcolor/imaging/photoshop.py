"""Photoshop files (PSD), by psd-tools: the layers read within bounds, their groups dissolved; written."""

from __future__ import annotations

import io
import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from PIL import Image

from condcolor.imaging.layer_stack import (
    MAX_DEPTH,
    MAX_LAYERS,
    BadStack,
    check_pixels,
    in_group,
    place,
)
from condcolor.imaging.open import MAX_PIXELS
from condcolor.runtime.messages import escaped

if TYPE_CHECKING:
    from psd_tools import PSDImage

SIGNATURE = b"8BPS"
MOST_NAME = 255  # characters
MOST_BYTES = 2**31  # that the reader may take in all
GROUP = "parts"  # of the layers between paper and lines
# psd-tools warns where a library for previews is missing; ours has one, the composed picture
logging.getLogger("psd_tools").addHandler(logging.NullHandler())


def encode_psd(
    names: Sequence[str],
    images: Sequence[np.ndarray],
    merged: Image.Image,
    grouped: tuple[int, int],
) -> bytes:
    """Encode a PSD file of RGB with 8 bits, its layers cropped to what they show.

    Args:
        names, images: of the layers from the bottom up; `[H, W, 4]` uint8 each.
        merged: the composed picture, which programs show that read no layers.
        grouped: the first of the layers in the group GROUP, and the first above it.
    """
    from psd_tools import PSDImage

    file = PSDImage.frompil(merged.convert("RGBA"))
    group = None
    for number, (name, pixels) in enumerate(zip(names, images, strict=True)):
        image = Image.fromarray(pixels)
        box = image.getchannel("A").getbbox() or (0, 0, 1, 1)
        within: Any = file
        if grouped[0] <= number < grouped[1]:
            group = within = group or file.create_group(name=GROUP)
        layer = within.create_pixel_layer(image.crop(box), top=box[1], left=box[0])
        layer.name = name[:MOST_NAME]  # in Unicode, too
    buffer = io.BytesIO()
    file.save(buffer)
    return buffer.getvalue()


def read_psd(file: BinaryIO) -> tuple[list[str], list[np.ndarray]]:
    """Read the visible layers of a PSD or PSB file.

    Returns:
        The names and the images `[H, W, 4]` uint8, from the bottom up.

    Raises:
        BadStack: the file is damaged or too large, or holds what cannot be kept: another mode than RGB or
            grey with 8 bits, blend modes, masks, effects, adjustment layers.
    """
    from psd_tools import ParseLimits, PSDImage

    limits = ParseLimits(max_read_bytes=MOST_BYTES, max_total_bytes=MOST_BYTES)
    try:
        opened = PSDImage.open(file, parse_limits=limits, max_alloc_bytes=MOST_BYTES)
        return _read(opened)
    except (BadStack, MemoryError):
        raise
    except Exception as error:  # psd-tools raises a dozen types for damaged files
        reason = str(error) or type(error).__name__
        raise BadStack(f"a damaged PSD file ({escaped(reason[:200])})") from error


def _read(opened: PSDImage) -> tuple[list[str], list[np.ndarray]]:
    size = opened.size
    if min(size) < 1 or size[0] * size[1] > MAX_PIXELS:
        raise BadStack(f"a canvas of {size[0]}x{size[1]} pixels")
    if opened.depth != 8 or opened.color_mode.name not in ("RGB", "GRAYSCALE"):
        mode = f"{opened.color_mode.name} with {opened.depth} bits"
        raise BadStack(f"its mode is {mode}: convert it to RGB with 8 bits")
    layers: list[Any] = []
    groups: list[tuple[int, int, float]] = []
    _collect(opened, layers, groups, depth=0)
    check_pixels(len(layers), size, sum(layer.width * layer.height for layer in layers))
    images = [
        place(_pixels(layer), (layer.left, layer.top), size, _opacity(layer)) for layer in layers
    ]
    for first, last, opacity in groups:
        images[first:last] = in_group(images[first:last], opacity)
    return [str(layer.name) for layer in layers], images


def _collect(
    within: Any, layers: list[Any], groups: list[tuple[int, int, float]], *, depth: int
) -> None:
    """Add the visible layers of a group or file, from the bottom up, and its groups that are not opaque."""
    if depth > MAX_DEPTH:
        raise BadStack(f"more than {MAX_DEPTH} groups in each other")
    for layer in within:
        if not layer.visible:
            continue
        _refuse(layer)
        if not layer.is_group():
            if len(layers) == MAX_LAYERS:
                raise BadStack(f"more than {MAX_LAYERS} layers: merge some")
            layers.append(layer)
            continue
        first = len(layers)
        _collect(layer, layers, groups, depth=depth + 1)
        if layer.opacity < 255 and len(layers) > first:
            groups.append((first, len(layers), layer.opacity / 255))


def _refuse(layer: Any) -> None:
    """Raise BadStack if a layer or group is composited in a way that plain layers cannot show."""
    name = f"{'group' if layer.is_group() else 'layer'} '{escaped(str(layer.name))}'"
    mode = layer.blend_mode.name
    if mode not in ("NORMAL", "PASS_THROUGH"):
        shown = mode.lower().replace("_", " ")
        raise BadStack(
            f"{name} is composited as {shown}, which cannot be kept: set it to Normal, or merge it "
            "with what is below"
        )
    for has, what in (
        (layer.has_mask() and not layer.mask.disabled, "a mask: apply it"),
        (layer.has_vector_mask(), "a vector mask: rasterize it"),
        (layer.has_effects(), "effects: merge them into it"),
        (getattr(layer, "clipping", False), "a clipping mask: merge it with the layer below"),
        (not layer.is_group() and not layer.has_pixels(), "no pixels: merge it with what is below"),
    ):
        if has:
            raise BadStack(f"{name} has {what}")


def _opacity(layer: Any) -> float:
    """Return the opacity of a layer, in Photoshop that of its fill, too, in [0, 1]."""
    return layer.opacity / 255 * getattr(layer, "fill_opacity", 255) / 255


def _pixels(layer: Any) -> np.ndarray:
    """Return a layer's own pixels, `[h, w, 4]` uint8."""
    if layer.width == 0 or layer.height == 0:
        return np.zeros((1, 1, 4), np.uint8)
    image = layer.topil(apply_icc=False)
    if image is None:
        raise BadStack(f"layer '{escaped(str(layer.name))}' cannot be read: merge it")
    return np.array(image.convert("RGBA"))
