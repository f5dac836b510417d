"""Persons of a drawing told apart: one, two beside each other, two that touch, none, without a face."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw

from condcolor.conditions.parts import part_index
from condcolor.imaging.persons import find_persons

SIDE = 200


class Drawing:
    """Pieces drawn one over the other."""

    def __init__(self):
        self.image, self.parts = Image.new("I", (2 * SIDE, SIDE), 0), [part_index("ground")]
        self.pen = ImageDraw.Draw(self.image)

    def shape(self, kind: str, box: tuple[float, ...], part: str) -> int:
        getattr(self.pen, kind)(box, fill=len(self.parts))
        self.parts.append(part_index(part))
        return len(self.parts) - 1

    def person(self, x: float, *, face: bool = True, bald: bool = False) -> list[int]:
        """Draw hair, a face with an eye, a neck, a shirt and a hand, around x; return their pieces."""
        pieces = [self.shape("rectangle", (x - 45, 130, x + 45, 199), "shirt")]
        pieces.append(self.shape("rectangle", (x - 10, 110, x + 10, 135), "skin"))
        if not bald:
            pieces.append(self.shape("ellipse", (x - 45, 15, x + 45, 120), "hair"))
        if face:
            pieces.append(self.shape("ellipse", (x - 32, 45, x + 32, 115), "skin"))
            self.shape("ellipse", (x - 18, 65, x - 8, 75), "other")
        pieces.append(self.shape("ellipse", (x - 40, 170, x - 20, 190), "skin"))
        return pieces

    def persons(self) -> np.ndarray:
        return find_persons(np.array(self.image, np.int32), np.array(self.parts))


def test_one_person_has_everything_that_is_a_persons():
    drawing = Drawing()
    own = drawing.person(100)
    far = drawing.shape("rectangle", (300, 150, 320, 199), "shoes")
    thing = drawing.shape("rectangle", (340, 150, 390, 199), "other")
    persons = drawing.persons()
    assert (persons[[*own, far]] == 1).all()
    assert persons[thing] == persons[0] == 0


@pytest.mark.parametrize("apart", [200, 110, 88])  # far, near, and shirts that touch
@pytest.mark.parametrize("bald", [False, True])
def test_two_persons_are_counted_from_the_left(apart, bald):
    drawing = Drawing()
    right = drawing.person(100 + apart, bald=bald)
    left = drawing.person(100)
    persons = drawing.persons()
    assert persons.max() == 2
    assert (persons[left] == 1).all()
    assert (persons[right] == 2).all()


def test_a_hand_is_no_person():
    drawing = Drawing()
    drawing.person(100)
    hand = drawing.shape("ellipse", (150, 60, 175, 85), "skin")
    assert drawing.persons().max() == 1
    assert drawing.persons()[hand] == 1


def test_a_figure_without_a_face_is_a_person():
    drawing = Drawing()
    left = drawing.person(70)
    right = (
        drawing.shape("ellipse", (260, 15, 350, 120), "hair"),
        drawing.shape("rectangle", (260, 118, 350, 199), "shirt"),
    )
    persons = drawing.persons()
    assert (persons[left] == 1).all()
    assert (persons[list(right)] == 2).all()


def test_a_body_apart_from_its_head_is_no_other_person():
    drawing = Drawing()
    drawing.shape("ellipse", (60, 5, 140, 80), "hair")
    drawing.shape("ellipse", (70, 25, 130, 85), "skin")
    body = drawing.shape("rectangle", (40, 110, 160, 199), "shirt")
    persons = drawing.persons()
    assert persons.max() == 1
    assert persons[body] == 1


def test_a_drawing_of_things_has_no_persons():
    drawing = Drawing()
    drawing.shape("rectangle", (40, 40, 90, 90), "other")
    assert not drawing.persons().any()
