"""What codecs promise of pictures: ranges, round trips, and that lines stay the original's."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image, ImageDraw
from torch import Tensor

from condcolor.conditions.parts import PARTS, part_index
from condcolor.errors import UsageError
from condcolor.imaging.color import srgb_to_lab
from condcolor.models.losses import pixel_loss
from condcolor.recipes import RECIPES

RED, BLUE = (233, 71, 67), (63, 174, 225)
CODECS = pytest.mark.parametrize("codec", [r.codec for r in RECIPES.values()], ids=list(RECIPES))
sketch_codec = RECIPES["icons"].codec


def noise(*shape: int, seed: int = 0) -> Tensor:
    draws = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, shape, dtype=torch.uint8, generator=draws)


def as_batch(image: Image.Image) -> Tensor:
    return torch.from_numpy(np.array(image)).permute(2, 0, 1)[None]


def two_rooms(width: int, size: int = 256) -> tuple[Tensor, Tensor]:
    """A sketch of two rooms with walls of `width` pixels, and its colouring in red and blue."""
    pages = []
    for left, right in (((255,) * 3,) * 2, (RED, BLUE)):
        page = Image.new("RGB", (size, size), "white")
        draw = ImageDraw.Draw(page)
        low, middle, high = size // 8, size // 2, size * 7 // 8
        draw.rectangle((low, low, middle, high), left, "black", width)
        draw.rectangle((middle - width + 1, low, high, high), right, "black", width)
        pages.append(as_batch(page))
    return pages[0], pages[1]


def seen_by_network(target: Tensor, size: int) -> Tensor:
    """The output of a network that makes no mistake at `size` pixels."""
    return F.interpolate(target.float() / 127.5 - 1, size=(size, size), mode="area")


def errors(colored: Tensor, target: Tensor) -> Tensor:
    """The largest difference of a channel, `[H, W]`, of 255."""
    return (colored[0] * 255 - target[0].float()).abs().amax(0)


def away_from_lines(sketch: Tensor, pixels: int) -> Tensor:
    """`[H, W]` bool: more than so many pixels from any line."""
    ink = (sketch.float().mean(1) < 128).float()
    return F.max_pool2d(ink, 2 * pixels + 1, 1, pixels)[0] == 0


@CODECS
@pytest.mark.parametrize("shape", [(1, 3, 8, 8), (4, 3, 5, 7)])
def test_shapes_and_ranges(codec, shape):
    for rgb in (
        noise(*shape),
        torch.zeros(*shape, dtype=torch.uint8),
        torch.full(shape, 255, dtype=torch.uint8),
    ):
        source, target = codec.encode_source(rgb), codec.encode_target(rgb)
        for encoded, channels in (
            (source, codec.source_channels),
            (target, codec.output_channels),
        ):
            assert encoded.shape == (shape[0], channels, *shape[2:])
            assert encoded.dtype == torch.float32
            assert -1 <= encoded.min() <= encoded.max() <= 1
        for decoded in (codec.decode(source, target), codec.decode_at(rgb, target)):
            assert decoded.shape == shape
            assert decoded.dtype == torch.float32
            assert 0 <= decoded.min() <= decoded.max() <= 1


@CODECS
def test_white_and_black_are_the_ends_of_the_range(codec):
    for level, end in ((255, 1), (0, -1)):
        encoded = codec.encode_source(torch.full((1, 3, 4, 4), level, dtype=torch.uint8))
        assert torch.allclose(encoded, torch.full_like(encoded, end), atol=1e-4)


@CODECS
def test_encoded_and_decoded_is_the_same_picture(codec):
    rgb = noise(2, 3, 16, 16)
    output = codec.encode_target(rgb)
    if codec.parts:  # targets are pictures of labels, and one-hot planes are no scores
        labels = torch.tensor([part.label for part in PARTS], dtype=torch.uint8)
        rgb = labels[rgb[:, 0].long() % len(PARTS)].permute(0, 3, 1, 2)
        output = 2 * codec.encode_target(rgb) - 1
    decoded = codec.decode(codec.encode_source(rgb), output)
    assert (decoded * 255 - rgb.float()).abs().max() < 0.1


@CODECS
def test_what_a_network_says_in_half_precision_decodes_to_floats_in_range(codec):
    rgb = noise(2, 3, 16, 16)
    output = (1.01 * codec.encode_target(rgb)).bfloat16()
    for decoded in (
        codec.decode(codec.encode_source(rgb), output),
        codec.decode_at(rgb, output),
    ):
        assert decoded.dtype == torch.float32
        assert 0 <= decoded.min() <= decoded.max() <= 1


@CODECS
def test_each_picture_of_a_batch_is_decoded_by_itself(codec):
    rgb, output = noise(3, 3, 32, 32), codec.encode_target(noise(3, 3, 16, 16, seed=1))
    together = codec.decode_at(rgb, output)
    alone = torch.cat([codec.decode_at(rgb[i : i + 1], output[i : i + 1]) for i in range(3)])
    assert torch.allclose(together, alone, atol=1e-6)


@pytest.mark.parametrize("size", [256, 128, 64])
@pytest.mark.parametrize("width", [1, 3, 8])
def test_an_output_that_is_the_sketch_gives_the_sketch(size, width):
    sketch, _ = two_rooms(width)
    made = sketch_codec.decode_at(sketch, seen_by_network(sketch, size))
    assert torch.equal((made * 255).round().to(torch.uint8), sketch)


@pytest.mark.parametrize("size", [256, 128, 64])
@pytest.mark.parametrize("width", [1, 2, 3, 4, 6, 8])
def test_lines_stay_black_and_fills_are_the_colours_asked(size, width):
    sketch, target = two_rooms(width)
    made = sketch_codec.decode_at(sketch, seen_by_network(target, size))
    ink = sketch[0].sum(0) == 0
    assert made[0, :, ink].max() < 40 / 255
    wrong, scale = errors(made, target), 256 // size
    assert wrong[away_from_lines(sketch, scale)].max() < 2
    if scale <= 2:
        assert wrong[~ink].max() < 3
    else:  # beside a line, and where three meet, colour comes by: within a pixel of the output's
        assert (wrong[~ink] > 8).float().mean() < 0.02
    room = target[0, :, 128, 64].tolist(), target[0, :, 128, 190].tolist()
    assert room == (list(RED), list(BLUE))


def test_a_pale_sketch_keeps_its_lines_as_pale_as_they_are():
    sketch, target = two_rooms(4, size=64)
    pale = (255 - 0.5 * (255 - sketch.float())).round().to(torch.uint8)
    made = sketch_codec.decode_at(pale, seen_by_network(target, 64))
    ink = sketch[0].sum(0) == 0
    beside = errors(made, target)[~ink].max()
    assert beside < 2
    assert made[0, :, ink].amax(0).max() < 130 / 255  # not the network's black, and not white


def test_a_picture_that_is_not_square_is_decoded_at_its_own_size():
    sketch = noise(1, 3, 40, 90) | 200
    made = sketch_codec.decode_at(sketch, torch.full((1, 3, 10, 22), 1.0))
    assert made.shape == (1, 3, 40, 90)
    assert (made * 255 - sketch.float()).abs().max() < 1


gray_codec = RECIPES["pets"].codec


def test_grey_is_what_pillow_says_it_is():
    rgb = noise(1, 3, 16, 16)
    grey = Image.fromarray(rgb[0].permute(1, 2, 0).numpy()).convert("L")
    source = (gray_codec.encode_source(rgb)[0, 0] + 1) * 127.5
    assert (source - torch.from_numpy(np.array(grey)).float()).abs().max() < 0.51
    shown = gray_codec.shown(rgb)
    assert torch.equal(shown[:, 0], shown[:, 1])


def test_rgb_at_full_size_has_the_originals_lightness():
    original, output = noise(1, 3, 64, 48), gray_codec.encode_target(noise(1, 3, 16, 12, seed=2))
    made = gray_codec.decode_at(original, output)
    lightness = [srgb_to_lab(p)[:, 0] for p in (made, original.float() / 255)]
    assert (lightness[0] - lightness[1]).abs().max() < 0.6


@pytest.mark.parametrize("recipe", ["photo", "pets"])
def test_chroma_times_a_factor(recipe):
    codec, rgb = RECIPES[recipe].codec, noise(1, 3, 8, 8) // 4 + 90
    source, target = codec.encode_source(rgb), codec.encode_target(rgb)
    grey, half = (codec.with_vivid(v).decode(source, target) for v in (0.0, 0.5))
    assert (grey.amax(1) - grey.amin(1)).max() < 0.01
    chroma = [
        torch.hypot(*srgb_to_lab(p)[:, 1:].unbind(1)) for p in (half, codec.decode(source, target))
    ]
    assert (chroma[0] / chroma[1].clamp_min(1)).mean() == pytest.approx(0.5, abs=0.06)
    with pytest.raises(UsageError, match="vivid 5 is not between"):
        codec.with_vivid(5)


def test_a_label_may_be_off_a_little_and_black_is_none():
    codec = RECIPES["parts"].codec
    labels = torch.tensor([[0, 0, 0], [250, 20, 10], [255, 255, 255]], dtype=torch.uint8)
    planes = codec.encode_target(labels.T.reshape(1, 3, 1, 3))
    assert planes.shape == (1, len(PARTS), 1, 3)
    assert planes.sum(dim=1).tolist() == [[[0.0, 1.0, 1.0]]]
    assert planes[0, :, 0].argmax(dim=0).tolist()[1:] == [part_index("hair"), part_index("ground")]


def test_what_lies_between_a_label_and_a_line_has_no_label():
    labels = torch.tensor([part.label for part in PARTS])
    for share in (0.25, 0.4, 0.75):  # half of white is the grey of other things
        mixed = (labels * share).round().to(torch.uint8)
        planes = RECIPES["parts"].codec.encode_target(mixed.T[None, :, None])
        assert planes.sum() == 0


def test_pixels_without_a_label_have_no_loss():
    target = torch.zeros(1, len(PARTS), 2, 2)
    assert pixel_loss("cross-entropy", torch.randn(1, len(PARTS), 2, 2), target) == 0
    target[:, 3] = 1
    right = torch.full_like(target, -1).index_fill_(1, torch.tensor(3), 1)
    assert pixel_loss("cross-entropy", right, target) < 1e-5
    assert pixel_loss("cross-entropy", -right, target) > 10
