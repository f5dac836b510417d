"""Drawings: on white, their paper aside; the fills of colored pictures apart; light lines named."""

from __future__ import annotations

import numpy as np
import pytest

from condcolor.imaging.drawing import make_drawing
from condcolor.imaging.open import Picture


def boxes(paper: int = 255, ink: int = 0) -> np.ndarray:
    drawn = np.full((64, 64, 3), paper, np.uint8)
    drawn[10:54, 10:54] = ink
    drawn[13:51, 13:51] = paper
    return drawn


def test_a_drawing_on_white_is_its_own_sketch():
    drawn = boxes()
    drawing = make_drawing(Picture(drawn, None))
    assert drawing.sheet.sketch is drawn
    assert drawing.fills is None
    assert drawing.notes == ()
    assert np.array_equal(drawing.lines(), drawn)
    assert np.allclose(drawing.lightness, drawn[..., 0] / 255)


def test_grey_paper_is_in_the_lines_unless_it_is_asked_away():
    drawing = make_drawing(Picture(boxes(210), None))
    assert drawing.sheet.sketch[5, 5].tolist() == [255, 255, 255]
    assert drawing.lines()[5, 5].tolist() == [210] * 3
    assert drawing.lines("white")[5, 5].tolist() == [255] * 3
    assert drawing.lines((255, 128, 0))[5, 5].tolist() == [255, 128, 0]


def test_the_fills_of_a_colored_picture_are_apart_when_asked():
    drawn = boxes()
    drawn[13:51, 13:51] = (240, 90, 60)
    drawing = make_drawing(Picture(drawn, None))
    assert drawing.fills is not None
    assert drawing.fills[:, 30, 30] == pytest.approx(np.array((240, 90, 60)) / 255, abs=0.01)
    assert drawing.sheet.sketch[30, 30].tolist() == [255, 255, 255]
    whole = make_drawing(Picture(drawn, None), apart=False)
    assert whole.fills is None
    assert np.array_equal(whole.sheet.sketch, drawn)


def test_light_lines_are_turned_and_named():
    dark = make_drawing(Picture(boxes(0, 255), None))
    assert dark.sheet.inverted
    assert "light lines on a dark ground" in dark.notes[0]
    assert (dark.sheet.sketch[5, 5] == 255).all()
    alpha = np.where(boxes()[..., 0] == 0, 255, 0).astype(np.uint8)
    white = Picture(np.full((64, 64, 3), 255, np.uint8), alpha)
    on_nothing = make_drawing(white)
    assert on_nothing.light_ink
    assert "light lines on transparency" in on_nothing.notes[0]
    assert (on_nothing.sheet.sketch[11, 30] < 60).all()
