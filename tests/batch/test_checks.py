"""A model that sees a mirrored sketch as it sees the sketch is sure; one that does not is doubted. A finished
picture is compared with what was asked: parts that another colour covers, and colour outside of them.
"""

from __future__ import annotations

import io

import numpy as np
import pytest
from boxes import SIDE as BOXES_SIDE
from boxes import Boxes, drawn
from figures import SIDE, figure
from models import ICONS, ByTone, Painter, make_model, make_parts_model
from PIL import Image, ImageDraw

from condcolor.batch.checks import (
    CLOSE,
    MIRRORED,
    MISSING,
    OTHER,
    OUTSIDE,
    SHIFTED,
    Inconsistency,
    find_inconsistencies,
    has_color,
    inconsistent,
)
from condcolor.batch.rendering import RenderOptions
from condcolor.conditions.color_spec import parse_color_specs
from condcolor.conditions.schema import Attribute, AttributeSchema
from condcolor.imaging.open import Picture, picture_of
from condcolor.inference.colorizer import Colorizer
from condcolor.inference.torch_colorizer import TorchColorizer


def inconsistencies(
    network: type, picture: Picture, schema: AttributeSchema = ICONS
) -> dict[str, Inconsistency]:
    colorizer = TorchColorizer(make_model(schema, size=SIDE, network=network), device="cpu")
    return find_inconsistencies(colorizer.regions, picture, SIDE)


def test_who_sees_the_same_in_a_mirror_is_sure():
    found = inconsistencies(ByTone, figure())
    assert set(found) == {"hair", "shirt"}
    assert max(inconsistency.score for inconsistency in found.values()) < 0.02
    assert inconsistent(found) == {}


def test_who_paints_the_left_in_any_case_is_doubted_in_the_mirror():
    found = inconsistencies(Painter, picture_of(Image.new("RGB", (SIDE, SIDE), "white")))
    for inconsistency in found.values():
        assert inconsistency.when == MIRRORED
        assert 0.95 < inconsistency.score <= 1
    assert Inconsistency(0.123, MIRRORED).summary == "mirrored, 12 % of its region differs"


def test_who_paints_the_middle_in_any_case_is_doubted_where_all_is_shifted():
    one = AttributeSchema(
        ICONS.attributes[:1]
    )  # both halves are its, so that a mirror changes nothing
    (found,) = inconsistencies(
        Painter, picture_of(Image.new("RGB", (SIDE, SIDE), "white")), one
    ).values()
    assert found.when == SHIFTED
    assert 0.1 < found.score < 0.3


def test_a_part_that_shows_nowhere_is_missing():
    found = inconsistencies(ByTone, figure(hair=False))
    assert found["hair"] == Inconsistency(1.0, MISSING)
    assert found["hair"].summary == "no region of it was found"
    assert found["shirt"].score < 0.02


def test_an_attribute_without_a_choice_is_not_asked():
    one = AttributeSchema((*ICONS.attributes, Attribute("skin", ("pale",), ((250, 210, 190),))))

    class Bodied(ByTone):
        def _colors(self, cond, i):
            return super()._colors(cond, {0: 0, -1: 1}[i])

    assert set(inconsistencies(Bodied, figure(), one)) == {"hair", "shirt"}


@pytest.mark.parametrize("size", [(64, 64), (200, 120), (30, 90)])
def test_scores_are_shares(random_model, size):
    rng = np.random.default_rng(0)
    colorizer = Colorizer.load(random_model, device="cpu")
    pixels = rng.integers(0, 2, (size[1], size[0], 1)).astype(np.uint8).repeat(3, -1) * 255
    found = find_inconsistencies(colorizer.regions, Picture(pixels, None), colorizer.image_size)
    assert all(0 <= inconsistency.score <= 1 for inconsistency in found.values())


CHECK = RenderOptions(check=True)


def encoded(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def found_in(colorizer, picture: Picture, values: dict[str, str], alter=None, options=CHECK):
    """What the check finds in a picture, its coloring altered by `alter` before it is encoded."""
    specs = parse_color_specs(colorizer.schema, values)
    result = options.render(colorizer, picture, specs)
    image = result.image.copy()
    if alter is not None:
        alter(ImageDraw.Draw(image))
    return result.findings(encoded(image)).inconsistencies


@pytest.fixture(scope="module")
def boxes() -> TorchColorizer:
    return TorchColorizer(make_parts_model(Boxes, size=BOXES_SIDE), device="cpu")


def area(boxes: TorchColorizer, name: str) -> int:
    """The pixels of a part of the boxes at 256 pixels a side."""
    regions = boxes.regions(Picture(drawn(side=256), None))
    return int((regions.covers[regions.schema.names.index(name)] > 0.5).sum())


RED_BLUE = {"hair": "red", "shirt": "blue"}


@pytest.mark.parametrize("paper", [255, 220, 170])
@pytest.mark.parametrize("values", [RED_BLUE, {"hair": "#000000", "shirt": "#ffffff"}])
def test_a_picture_of_parts_that_shows_what_was_asked_has_no_fault(boxes, paper, values):
    assert inconsistent(found_in(boxes, Picture(drawn(paper), None), values)) == {}


def test_a_part_in_solid_black_does_not_have_its_colour(boxes):
    """The votes are sure of the part; black ink keeps its colour from showing."""
    sketch = drawn(side=256)
    sketch[50:100, 70:190] = 0
    assert not boxes.regions(Picture(sketch, None)).doubts.any()
    found = inconsistent(found_in(boxes, Picture(sketch, None), RED_BLUE))
    assert list(found) == ["hair"]
    assert found["hair"].when == OTHER
    assert found["hair"].score == pytest.approx(50 * 120 / area(boxes, "hair"), rel=0.1)
    assert found["hair"].summary.endswith(" % of its region has another colour")
    assert (
        inconsistent(found_in(boxes, Picture(sketch, None), {"hair": "black", "shirt": "blue"}))
        == {}
    )


def test_black_areas_that_are_coloured_have_their_colour(boxes):
    sketch = drawn(side=256)
    sketch[50:100, 70:190] = 0
    options = RenderOptions(check=True, fill_black=True)
    found = found_in(boxes, Picture(sketch, None), RED_BLUE, options=options)
    assert found["hair"].score < 0.1


def test_colour_outside_of_every_part_is_found_in_the_encoded_picture(boxes):
    red = (0xE9, 0x47, 0x43)
    picture = Picture(drawn(side=256), None)
    found = found_in(boxes, picture, RED_BLUE, lambda pen: pen.rectangle((5, 5, 45, 200), fill=red))
    assert found["hair"].when == OUTSIDE
    assert found["hair"].score == pytest.approx(41 * 196 / area(boxes, "hair"), rel=0.1)
    assert "outside" in found["hair"].summary
    assert found["shirt"].score < 0.05
    thin = found_in(
        boxes, picture, RED_BLUE, lambda pen: pen.line((5, 5, 5, 250), fill=red, width=2)
    )
    assert inconsistent(thin) == {}


def test_a_part_of_the_region_in_another_colour_is_found(boxes):
    picture = Picture(drawn(side=256), None)
    for fill in ("white", "green"):
        found = found_in(
            boxes, picture, RED_BLUE, lambda pen, f=fill: pen.rectangle((80, 160, 170, 200), fill=f)
        )
        assert found["shirt"].when == OTHER
        assert found["shirt"].score == pytest.approx(91 * 41 / area(boxes, "shirt"), rel=0.1)
        assert inconsistent({"hair": found["hair"]}) == {}


def test_transparent_ground_is_no_colour(boxes):
    alpha = np.where(drawn()[..., 0] < 128, 255, 0).astype(np.uint8)
    picture = Picture(drawn(), alpha)
    assert inconsistent(found_in(boxes, picture, RED_BLUE)) == {}


def test_light_lines_on_black_have_no_fault(boxes):
    assert inconsistent(found_in(boxes, Picture(255 - drawn(), None), RED_BLUE)) == {}


def test_what_is_left_as_it_is_is_not_checked(boxes):
    values = {"hair": "none", "shirt": "keep"}
    assert set(found_in(boxes, Picture(drawn(), None), values)) <= {"hair", "shirt"}
    found = found_in(
        boxes,
        Picture(drawn(), None),
        values,
        lambda pen: pen.rectangle((16, 38, 40, 50), fill="red"),
    )
    assert {each.when for each in found.values()} == {CLOSE}


def test_a_sheet_of_cells_is_checked_cell_by_cell(boxes):
    from condcolor.imaging.sheets import parse_grid

    twice = np.concatenate((drawn(side=256), drawn(side=256)), axis=1)
    options = RenderOptions(check=True, grid=parse_grid("2x1"))
    assert inconsistent(found_in(boxes, Picture(twice, None), RED_BLUE, options=options)) == {}
    found = found_in(
        boxes,
        Picture(twice, None),
        RED_BLUE,
        lambda pen: pen.rectangle((300, 50, 440, 100), fill="white"),
        options,
    )
    assert list(inconsistent(found)) == ["hair"]


class Pale(ByTone):
    """Paints each colour half way to white."""

    def _colors(self, cond, i):
        return super()._colors(cond, i) / 2 + 0.5


def test_a_model_of_colours_that_paints_what_was_asked_has_no_fault():
    colorizer = TorchColorizer(make_model(size=SIDE, network=ByTone), device="cpu")
    assert inconsistent(found_in(colorizer, figure(), RED_BLUE)) == {}


def test_a_model_of_colours_that_paints_another_colour_is_found():
    """Its regions are the same in the mirror, and shifted; only the picture shows it."""
    colorizer = TorchColorizer(make_model(size=SIDE, network=Pale), device="cpu")
    found = inconsistent(found_in(colorizer, figure(), RED_BLUE))
    assert {each.when for each in found.values()} == {OTHER}
    assert set(found) == {"hair", "shirt"}
    assert min(each.score for each in found.values()) > 0.8


def test_a_colour_is_the_same_on_grey_paper_and_in_shade_but_not_another():
    color = (200, 40, 30)
    for factor in (0.6, 0.8, 1, 1.2):
        shaded = np.array([[color]]) * factor
        assert has_color(shaded.astype(np.uint8), color).all()
    for other in ((255, 255, 255), (0, 0, 0), (40, 30, 200), (200, 120, 30)):
        assert not has_color(np.array([[other]], np.uint8), color).any()
    assert has_color(np.zeros((1, 1, 3), np.uint8), (0, 0, 0)).all()
