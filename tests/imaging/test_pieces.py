"""Pieces of line art: gaps do not leak, shapes stay whole, solid black is a piece; parts by vote."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw

from condcolor.imaging.growth import grow
from condcolor.imaging.piece_parts import decide, divide, vote
from condcolor.imaging.pieces import Pieces, find_pieces

GROUND, HAIR, SHIRT = range(3)


def drawn(*strokes, size: int = 256, ink: int = 0, width: int = 3) -> np.ndarray:
    """Lightness `[size, size]` float32 of lines through points in 0..256 on white."""
    image = Image.new("L", (size, size), 255)
    for stroke in strokes:
        points = [coordinate * size / 256 for point in stroke for coordinate in point]
        ImageDraw.Draw(image).line(points, fill=ink, width=round(width * size / 256), joint="curve")
    return np.asarray(image, np.float32) / 255


def square(left: int, top: int, right: int, bottom: int) -> list[tuple[int, int]]:
    return [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)]


TORSO = [
    (50, 255),
    (52, 170),
    (70, 130),
    (110, 115),
    (118, 125),
    (138, 125),
    (146, 115),
    (186, 130),
]
TORSO += [(204, 170), (206, 255)]


def shares_of(labels: np.ndarray, region: tuple[slice, slice]) -> np.ndarray:
    """The share of each piece in a region, largest first."""
    return np.sort(np.bincount(labels[region].ravel()) / labels[region].size)[::-1]


def with_gap(light: np.ndarray, row: int, column: int, size: float = 12) -> np.ndarray:
    y, x = np.ogrid[: light.shape[0], : light.shape[1]]
    return np.where((y - row) ** 2 + (x - column) ** 2 <= (size / 2) ** 2, 1, light).astype(
        np.float32
    )


@pytest.mark.parametrize("gap", [0, 2, 5, 12])
def test_two_boxes_with_a_gap_between_are_two_pieces(gap):
    light = with_gap(drawn(square(30, 60, 226, 200), [(128, 60), (128, 200)]), 130, 128, gap)
    labels = find_pieces(light).labels
    left, right, ground = labels[130, 70], labels[130, 190], labels[20, 20]
    assert len({left, right, ground, 0}) == 4
    assert (labels[66:195, 36:120] == left).mean() > 0.98
    assert (labels[66:195, 136:220] == right).mean() > 0.98


def test_a_gap_does_not_join_a_figure_to_the_ground():
    light = drawn(square(60, 60, 200, 200))
    for row, column in ((60, 100), (130, 60), (200, 170), (90, 200)):
        light = with_gap(light, row, column)
    labels = find_pieces(light).labels
    assert shares_of(labels, np.s_[66:195, 66:195])[0] > 0.97
    assert labels[130, 130] not in (0, labels[20, 20], labels[240, 20], labels[130, 240])


def test_a_gap_beside_a_strip_that_is_narrower_than_the_gap_does_not_leak():
    light = with_gap(drawn(square(60, 60, 200, 200), [(70, 60), (70, 200)]), 130, 60)
    labels = find_pieces(light).labels
    assert (labels[80:180, 63:68] != labels[20, 20]).all()


@pytest.mark.parametrize("ink", [0, 190])
@pytest.mark.parametrize("width", [1, 3, 12])
def test_lines_of_any_width_and_grey_divide(ink, width):
    labels = find_pieces(drawn(square(60, 60, 200, 200), ink=ink, width=width)).labels
    assert labels[130, 130] not in (0, labels[20, 20])
    assert shares_of(labels, np.s_[70:190, 70:190])[0] > 0.99


def test_a_torso_and_the_ground_are_one_piece_each():
    labels = find_pieces(drawn(TORSO)).labels
    assert shares_of(labels, np.s_[140:, 75:180])[0] > 0.99
    ground = labels[10, 10]
    assert (labels[:110] == ground).all()
    assert labels[250, 10] == labels[250, 250] == ground


@pytest.mark.parametrize("end", [250, 245, 232])
def test_an_outline_that_ends_before_the_border_divides(end):
    labels = find_pieces(drawn([(x, min(y, end)) for x, y in TORSO])).labels
    assert labels[200, 128] not in (0, labels[10, 10])
    assert labels[200, 10] == labels[10, 10]


def test_a_thin_strand_is_a_piece():
    strand = [(82, 40), (80, 80), (80, 180), (82, 220), (84, 180), (84, 80), (82, 40)]
    labels = find_pieces(drawn(strand, width=1)).labels
    assert labels[130, 82] not in (0, labels[130, 20])
    assert (labels[80:180, 82] == labels[130, 82]).all()


def test_a_thin_strand_that_opens_into_a_shape_belongs_to_it():
    shape = [(80, 120), (80, 220), (82, 240), (84, 220), (84, 120), (160, 120), (160, 40), (40, 40)]
    shape += [(40, 120), (80, 120)]
    labels = find_pieces(drawn(shape, width=1)).labels
    assert (labels[125:215, 82] == labels[80, 100]).all()
    assert labels[80, 100] not in (0, labels[10, 10])


def test_a_diagonal_line_of_single_pixels_divides():
    light = np.where(np.eye(256, dtype=bool), 0, 1).astype(np.float32)
    assert find_pieces(light).count == 2


def test_solid_black_is_a_dark_piece_and_lines_are_not():
    light = drawn(TORSO)
    light[40:100, 90:160] = 0
    pieces = find_pieces(light)
    dark = pieces.labels[70, 120]
    assert pieces.dark[dark]
    assert pieces.dark.sum() == 1
    assert (pieces.labels[45:95, 95:155] == dark).all()
    assert (pieces.labels[150:, 40:60] != dark).all()


def test_a_thick_outline_is_no_dark_piece():
    pieces = find_pieces(drawn(square(60, 60, 200, 200), TORSO, width=13))
    assert not pieces.dark.any()


def test_two_dark_pieces_that_a_line_joins_are_two():
    light = drawn([(60, 128), (200, 128)], square(20, 20, 236, 236))
    light[100:156, 50:90] = light[100:156, 170:210] = 0
    labels = find_pieces(light).labels
    assert labels[128, 70] != labels[128, 190]


@pytest.mark.parametrize("value", [0.0, 1.0])
@pytest.mark.parametrize("shape", [(1, 1), (3, 200), (64, 64)])
def test_an_empty_picture_has_one_piece_at_most(value, shape):
    pieces = find_pieces(np.full(shape, value, np.float32))
    assert pieces.labels.shape == shape
    assert pieces.labels.max() == pieces.count <= 1


def test_pieces_are_numbered_and_always_the_same():
    light = with_gap(drawn(TORSO, square(90, 20, 166, 110)), 60, 90)
    pieces, again = find_pieces(light), find_pieces(light)
    assert np.array_equal(pieces.labels, again.labels)
    assert pieces.labels.dtype == np.int32
    assert np.array_equal(np.unique(pieces.labels), np.arange(pieces.count + 1))


def test_a_large_picture_has_the_pieces_of_a_small_one_and_fine_edges():
    strokes = TORSO, square(90, 20, 166, 100)
    small, light = find_pieces(drawn(*strokes)), drawn(*strokes, size=3000)
    large = find_pieces(light)
    assert large.labels.shape == (3000, 3000)
    assert large.count == small.count
    assert (large.labels[light > 0.9] > 0).all()
    assert (large.labels[light < 0.1] == 0).all()
    for y, x in ((60, 128), (10, 10), (200, 128)):  # the same piece, to the very line
        piece = large.labels[round(y * 3000 / 256), round(x * 3000 / 256)]
        own = np.kron(small.labels == small.labels[y, x], np.ones((11, 11), bool))
        assert abs((large.labels == piece).mean() - own.mean()) < 0.01
    inside = large.labels[1180 - 40 : 1180, 1500]  # above the box's lower line
    assert len(set(inside[inside > 0])) == 1


def test_labels_grow_under_lines_to_the_nearest_piece():
    labels = np.zeros((20, 20), np.int32)
    labels[:, :8], labels[:, 12:] = 1, 2
    grown = grow(labels)
    assert (grown[:, :10] == 1).all()
    assert (grown[:, 10:] == 2).all()
    assert (labels[:, 8:12] == 0).all()


def test_large_labels_grow_as_small_ones_do(monkeypatch):
    labels = find_pieces(drawn(TORSO, square(90, 20, 166, 110), width=14)).labels
    exact = grow(labels)
    monkeypatch.setattr("condcolor.imaging.growth.EXACT", 5000)
    rough = grow(labels)
    assert (rough > 0).all()
    assert (rough == exact)[labels > 0].all()
    assert (rough == exact).mean() > 0.97


def two_boxes() -> Pieces:
    return find_pieces(drawn(square(30, 60, 226, 200), [(128, 60), (128, 200)]))


def probabilities(hair: np.ndarray, sure: float = 0.9) -> np.ndarray:
    """`[3, h, w]`: hair where it is said, ground elsewhere."""
    rest = (1 - sure) / 2
    planes = np.full((3, *hair.shape), rest, np.float32)
    planes[HAIR][hair] = planes[GROUND][~hair] = sure
    return planes


def test_a_piece_takes_the_part_with_the_largest_mean():
    pieces = two_boxes()
    left, right = pieces.labels[130, 70], pieces.labels[130, 190]
    hair = pieces.labels == left
    hair[100:140, 60:100] = False  # a blotch
    part, means, margins = vote(pieces, probabilities(hair, sure=0.7))
    assert (part[left], part[right]) == (HAIR, GROUND)
    assert means.shape == (pieces.count + 1, 3)
    assert np.allclose(means.sum(axis=1), 1, atol=1e-5)
    assert 0 < margins[left] < margins[right] == pytest.approx(0.55, abs=1e-3)


def test_pixels_without_weight_do_not_count():
    pieces = two_boxes()
    left = pieces.labels[130, 70]
    hair = np.zeros((256, 256), bool)
    hair[:90] = True
    weights = hair.astype(np.float32)
    assert vote(pieces, probabilities(hair))[0][left] == GROUND
    assert vote(pieces, probabilities(hair), weights)[0][left] == HAIR


def test_coarse_probabilities_vote_as_fine_ones_do():
    pieces = two_boxes()
    hair = pieces.labels == pieces.labels[130, 70]
    fine = vote(pieces, probabilities(hair))
    coarse = vote(pieces, probabilities(hair[::4, ::4]))
    assert np.array_equal(fine[0][1:], coarse[0][1:])
    assert np.allclose(fine[1][1:], coarse[1][1:], atol=0.1)


@pytest.mark.parametrize("step", [1, 2])
def test_a_piece_whose_pixels_are_sure_of_two_parts_is_divided_where_they_change(step):
    pieces = two_boxes()
    hair = np.zeros((256, 256), bool)
    hair[60:120, :128] = True
    decision = decide(pieces, probabilities(hair[::step, ::step]))
    assert decision.pieces.count > pieces.count
    assert (decision.parts[66:115, 36:120] == HAIR).all()
    assert (decision.parts[125:195, 36:120] == GROUND).all()
    assert (decision.parts[66:195, 136:220] == GROUND).all()


def test_a_blotch_or_an_unsure_half_does_not_divide():
    pieces = two_boxes()
    hair = np.zeros((256, 256), bool)
    hair[100:130, 60:90] = True
    assert divide(pieces, probabilities(hair)) is pieces
    hair[60:130, :128] = True
    assert divide(pieces, probabilities(hair, sure=0.7)) is pieces


def test_a_small_margin_is_a_doubt_and_lines_have_parts_too():
    pieces = two_boxes()
    left = pieces.labels[130, 70]
    hair = pieces.labels == left
    decision = decide(pieces, probabilities(hair, sure=0.45))
    assert left in decision.doubts
    decision = decide(pieces, probabilities(hair))
    assert decision.doubts.size == 0
    assert decision.parts.shape == pieces.labels.shape
    assert decision.parts[130, 30] in (HAIR, GROUND)
    assert decision.part[left] == HAIR


def test_a_sure_area_that_no_line_touches_does_not_divide():
    """The network sees hair on bare ground: nothing is drawn there."""
    pieces = find_pieces(drawn(square(100, 100, 156, 156)))
    blob = np.zeros((256, 256), bool)
    blob[20:70, 20:80] = True
    assert (decide(pieces, probabilities(blob)).parts[:95] == GROUND).all()
    beside = np.zeros((256, 256), bool)
    beside[60:100, 95:160] = True  # it ends at the square's line
    assert (decide(pieces, probabilities(beside)).parts[65:95, 100:150] == HAIR).all()
