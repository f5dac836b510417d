"""The protocol on drawn sets: perfect pictures score perfectly, and each fault moves its own figure."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
import torch
from drawn import PALETTE, draw_set, masks, picture, save
from PIL import Image, ImageDraw

from condcolor.conditions.colors import parse_hex
from condcolor.conditions.schema import Attribute, AttributeSchema
from condcolor.data.dataset import ImageDataset
from condcolor.data.metadata import read_metadata, write_metadata
from condcolor.data.palette import measure_palette
from condcolor.evaluation import measured_drawing
from condcolor.evaluation.baselines import _enclosed, flat_fill, grey
from condcolor.evaluation.sketch_scores import AttributeScore, Evaluation
from condcolor.evaluation.sketches import evaluate_sketches

COLORS = {name: parse_hex(color) for name, color in PALETTE.items()}
NAMES = list(PALETTE)


def picture_set(folder, size: int = 16, schema=None) -> ImageDataset:
    metadata = read_metadata(folder)
    return ImageDataset(metadata.records, schema or measure_palette(metadata), size)


@pytest.fixture
def pictures(tmp_path):
    draw_set(tmp_path, (0, 1))
    return picture_set(tmp_path)


def as_tensor(pixels: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(pixels.copy()).permute(2, 0, 1).float() / 255


def perfect(sketch, asked):
    """The drawing of `drawn.py` that belongs to a sketch."""
    character = next(
        c for c in range(4) if torch.equal(as_tensor(picture(c)) * 255, sketch.float())
    )
    return torch.stack([as_tensor(picture(character, *(NAMES[v] for v in row))) for row in asked])


def test_perfect_pictures_score_perfectly(pictures):
    said = []
    result = evaluate_sketches(perfect, pictures, on_progress=lambda *counts: said.append(counts))
    assert (result.inputs, result.rows) == (2, 18)
    assert said == [(1, 2), (2, 2)]
    assert result.mse == 0
    assert result.haze == 0
    assert result.line_f1 == 1
    assert result.accuracy == 1
    for score in result.attributes:
        assert score.obeyed == 1
        assert score.delta_e < 0.01
        assert score.leakage == 0
        assert score.confusion == ((6, 0, 0), (0, 6, 0), (0, 0, 6))
    assert json.loads(json.dumps(result.to_json()))["attributes"][1]["name"] == "shirt"


def test_swapped_colours_are_off_the_diagonal(pictures):
    result = evaluate_sketches(
        lambda s, asked: perfect(s, (asked + torch.tensor([1, 0])) % 3), pictures
    )
    hair, shirt = result.attributes
    assert hair.confusion == ((0, 6, 0), (0, 0, 6), (6, 0, 0))
    assert (hair.obeyed, shirt.obeyed) == (0, 1)
    assert hair.delta_e > 10
    assert hair.leakage == shirt.leakage == 0  # wrong, but nowhere else
    assert result.accuracy == 0.5


def test_a_bleed_is_leakage_of_its_attribute_alone(pictures):
    def bleeding(sketch, asked):
        colored = perfect(sketch, asked)
        shirts = torch.tensor([COLORS[NAMES[row[1]]] for row in asked]) / 255
        colored[:, :, 0] = shirts[:, :, None]  # the whole first row, which is ground
        return colored

    result = evaluate_sketches(bleeding, pictures)
    hair, shirt = result.attributes
    outside = 16 * 16 - np.count_nonzero(picture(0, "red", "red") != picture(0, "red", "blue")) / 3
    assert hair.leakage == 0
    assert shirt.leakage == pytest.approx(16 / outside, rel=1e-4)
    assert hair.obeyed == shirt.obeyed == 1
    assert result.haze > 1


def test_haze_is_of_the_ground_only(pictures):
    def hazy(sketch, asked):
        colored = perfect(sketch, asked)
        return torch.where(colored.amin(1, keepdim=True) > 0.99, colored * 0.9, colored)

    result = evaluate_sketches(hazy, pictures)
    assert result.haze > 2
    assert [score.leakage for score in result.attributes] == [0, 0]


def test_the_region_found_in_the_targets_is_the_mask(tmp_path):
    draw_set(tmp_path, (0, 1), masked=True)
    pictures = picture_set(tmp_path)
    for source in range(2):
        own = torch.nonzero(pictures.source_of == source).flatten()
        targets, values = pictures.rows(own).target.float() / 255, pictures.values[own]
        for channel in range(2):
            found = measured_drawing._region(pictures, own, targets, values, channel)
            sketch = pictures.pictures[source].float().mean(0)
            drawn = (torch.from_numpy(masks(source))[..., channel] == 255) & (sketch > 0)
            assert torch.equal(found.view(16, 16) > 0.1, drawn)


def test_masks_do_where_each_input_has_one_colouring(tmp_path):
    rows = []
    for character, (hair, shirt) in enumerate(
        [("red", "blue"), ("blue", "brown"), ("brown", "red")]
    ):
        save(tmp_path / f"inputs/{character}.png", picture(character))
        save(tmp_path / f"outputs/{character}.png", picture(character, hair, shirt))
        lit = np.where(picture(character) > 0, masks(character), 0)
        save(tmp_path / f"masks/{character}.png", lit.astype(np.uint8))
        rows.append([f"inputs/{character}.png", f"outputs/{character}.png", hair, shirt])
    write_metadata(tmp_path / "metadata.csv", rows, ("input", "output", "hair", "shirt"))
    palette = dict.fromkeys(("hair", "shirt"), COLORS)
    schema = read_metadata(tmp_path).schema.with_palette(palette)
    result = evaluate_sketches(perfect, picture_set(tmp_path, schema=schema))
    assert [(s.obeyed, s.leakage) for s in result.attributes] == [(1, 0), (1, 0)]
    assert result.attributes[0].confusion == ((9, 0, 0), (0, 9, 0), (0, 0, 9))  # all combinations
    for path in (tmp_path / "masks").iterdir():
        path.unlink()
    result = evaluate_sketches(perfect, picture_set(tmp_path, schema=schema))
    assert all(math.isnan(s.obeyed) and math.isnan(s.leakage) for s in result.attributes)
    assert result.mse == 0


def test_a_colour_that_is_not_known_is_not_measured(tmp_path):
    draw_set(tmp_path, (0,))
    schema = read_metadata(tmp_path).schema
    shirts = schema.with_palette({"shirt": COLORS, "hair": {"red": COLORS["red"]}})
    result = evaluate_sketches(perfect, picture_set(tmp_path, schema=shirts))
    hair, shirt = result.attributes
    assert math.isnan(hair.obeyed)
    assert math.isnan(hair.delta_e)
    assert hair.leakage == 0  # no palette is needed for that
    assert shirt.obeyed == result.accuracy == 1
    told = result.to_json()["attributes"][0]
    assert (told["obeyed"], told["delta_e"], told["leakage"]) == (None, None, 0)
    json.dumps(told, allow_nan=False)


def test_without_attributes_there_is_one_colouring(tmp_path):
    rows = []
    for character in (0, 1):
        save(tmp_path / f"{character}.png", picture(character))
        save(tmp_path / f"{character}-out.png", picture(character, "red", "blue"))
        rows.append([f"{character}.png", f"{character}-out.png"])
    write_metadata(tmp_path / "metadata.csv", rows, ("input", "output"))
    pictures = picture_set(tmp_path, schema=AttributeSchema())

    def color(sketch, asked):
        assert asked.shape == (1, 0)
        return perfect(sketch, torch.tensor([[2, 0]]))

    result = evaluate_sketches(color, pictures)
    assert (result.mse, result.haze, result.line_f1, result.attributes) == (0, 0, 1, ())
    assert math.isnan(result.accuracy)
    for baseline in (grey, flat_fill(AttributeSchema())):
        assert evaluate_sketches(baseline, pictures).mse > 0


@pytest.mark.parametrize("count", [1, 3])
def test_one_attribute_and_three(tmp_path, count):
    names = ("hair", "shirt", "sky")[:count]
    schema = AttributeSchema(
        tuple(Attribute(n, tuple(NAMES), tuple(COLORS.values())) for n in names)
    )
    save(tmp_path / "in.png", np.full((16, 16, 3), 255, np.uint8))

    def draw_row(row):
        """Each attribute has two rows of pixels of its own."""
        pixels = np.full((16, 16, 3), 255, np.uint8)
        for i, value in enumerate(row):
            pixels[4 * i : 4 * i + 2] = COLORS[NAMES[value]]
        return pixels

    rows = []
    for row in np.ndindex(*(3,) * count):
        name = "out-" + "".join(map(str, row)) + ".png"
        save(tmp_path / name, draw_row(row))
        rows.append(["in.png", name, *(NAMES[v] for v in row)])
    write_metadata(tmp_path / "metadata.csv", rows, ("input", "output", *names))
    result = evaluate_sketches(
        lambda _, asked: torch.stack([as_tensor(draw_row(row)) for row in asked.tolist()]),
        picture_set(tmp_path, schema=schema),
    )
    assert result.rows == 3**count
    assert [(s.obeyed, s.leakage) for s in result.attributes] == [(1, 0)] * count
    assert sum(sum(row) for row in result.attributes[0].confusion) == 3**count
    assert math.isnan(result.line_f1)  # there is no line


def test_too_many_combinations_are_measured_around_one(tmp_path, monkeypatch):
    monkeypatch.setattr(measured_drawing, "MOST_COLORINGS", 5)
    draw_set(tmp_path, (0, 1), masked=True)
    metadata = read_metadata(tmp_path)
    schema = measure_palette(metadata)
    far_first = sorted(
        metadata.records, key=lambda r: "blue" in r.values
    )  # those near brown, red last
    one_each = [r for r in metadata.records if r.values == ("brown", "red")]
    for records, rows in ((far_first, 10), (one_each, 2)):
        asked_for = []

        def color(sketch, asked, asked_for=asked_for):
            asked_for.append(len(asked))
            return perfect(sketch, asked)

        result = evaluate_sketches(color, ImageDataset(records, schema, 16))
        assert max(asked_for) < 9
        assert (result.rows, result.mse, result.accuracy) == (rows, 0, 1)
        for score in result.attributes:
            assert score.leakage == 0
            assert all(any(counts) for counts in score.confusion)  # every value was asked for


def test_of_too_many_rows_those_that_differ_in_one_value_are_kept(pictures, monkeypatch):
    pictures.source_of[:] = 0
    pictures.values = torch.tensor([[0, 0]] + [[1, 1]] * 12 + [[0, 1], [2, 0]] + [[2, 2]] * 3)
    monkeypatch.setattr(measured_drawing, "MOST_COLORINGS", 4)
    assert measured_drawing._rows_of(pictures, 0).tolist() == [0, 13, 14, 1]
    monkeypatch.setattr(measured_drawing, "MOST_COLORINGS", 18)
    assert measured_drawing._rows_of(pictures, 0).tolist() == list(range(18))


def test_only_the_combinations_given_are_scored(pictures):
    def wrong_in_one(sketch, asked):
        colored = perfect(sketch, asked)
        brown_on_red = (asked == torch.tensor([1, 2])).all(1)
        colored[brown_on_red] = perfect(sketch, torch.tensor([[0, 2]]))
        return colored

    seen = evaluate_sketches(wrong_in_one, pictures, combinations=[("red", "red"), ("blue", "red")])
    assert (seen.inputs, seen.rows, seen.mse, seen.accuracy) == (2, 4, 0, 1)
    unseen = evaluate_sketches(wrong_in_one, pictures, combinations=[("brown", "red")])
    assert unseen.rows == 2
    assert unseen.mse > 0
    assert [s.obeyed for s in unseen.attributes] == [0, 1]
    assert unseen.attributes[0].confusion == ((0, 0, 0), (2, 0, 0), (0, 0, 0))
    assert unseen.attributes[0].leakage == 0


def test_leakage_is_of_the_combinations_given(pictures):
    def bleeding_in_one(sketch, asked):
        colored = perfect(sketch, asked)
        colored[(asked == torch.tensor([0, 0])).all(1), :, 0] = 0.5
        return colored

    assert all(
        score.leakage > 0 for score in evaluate_sketches(bleeding_in_one, pictures).attributes
    )
    result = evaluate_sketches(bleeding_in_one, pictures, combinations=[("red", "red")])
    assert [score.leakage for score in result.attributes] == [0, 0]


def test_mse_is_over_the_rows_of_the_csv(tmp_path, pictures):
    noise = 0.2 * torch.rand(3, 16, 16, generator=torch.Generator().manual_seed(0))
    result = evaluate_sketches(lambda s, asked: (perfect(s, asked) - noise).clamp(0, 1), pictures)
    expected = []
    for row in range(len(pictures)):
        target = pictures.rows(torch.tensor([row])).target[0].numpy() / 255
        output = np.clip(target - noise.numpy(), 0, 1)
        expected.append(np.mean((2 * output - 2 * target) ** 2))
    assert result.mse == pytest.approx(np.mean(expected), rel=1e-4)


@pytest.mark.parametrize(("most", "expected"), [(None, 4), (9, 4), (3, 3), (1, 1)])
def test_at_most_so_many_inputs_spread_over_the_set(tmp_path, most, expected):
    draw_set(tmp_path, (0, 1, 2, 3))
    seen = []

    def color(sketch, asked):
        seen.append(sketch.numpy().tobytes())
        return grey(sketch, asked)

    assert evaluate_sketches(color, picture_set(tmp_path), max_inputs=most).inputs == expected
    assert len(set(seen)) == expected


def test_grey_leaves_the_sketch_as_it_is(pictures):
    result = evaluate_sketches(grey, pictures)
    assert (result.haze, result.line_f1) == (0, 1)
    assert [s.leakage for s in result.attributes] == [0, 0]
    assert all(s.obeyed == pytest.approx(1 / 3) for s in result.attributes)  # one value fits all
    assert result.mse > 0.1


def test_flat_fill_gives_what_lines_enclose_the_mean_of_the_colours_asked(pictures):
    box = np.full((16, 16, 3), 255, np.uint8)
    box[[3, 12], 3:13] = box[3:13, [3, 12]] = 40
    sketch = torch.from_numpy(box).permute(2, 0, 1)
    colored = flat_fill(pictures.schema)(sketch, torch.tensor([[0, 2], [1, 1]]))
    mean = (np.array(COLORS["blue"]) + np.array(COLORS["red"])) / 510
    assert colored[0, :, 7, 7].numpy() == pytest.approx(mean, abs=1e-6)
    assert colored[1, :, 4, 11].numpy() == pytest.approx(np.array(COLORS["brown"]) / 255)
    assert colored[:, :, :3].min() == 1
    assert (colored[:, :, 3, 3:13] * 255 == 40).all()  # lines are not coloured
    assert evaluate_sketches(flat_fill(pictures.schema), pictures).haze == 0


@pytest.mark.parametrize("seed", range(20))
def test_what_is_enclosed_is_what_pillows_flood_does_not_reach(seed):
    draws = np.random.default_rng(seed)
    ground = draws.random(draws.integers(1, 24, 2)) < draws.uniform(0.4, 0.9)
    around = np.pad(np.where(ground, 255, 0).astype(np.uint8), 1, constant_values=255)
    flooded = Image.fromarray(around).copy()  # which can be drawn on
    ImageDraw.floodfill(flooded, (0, 0), 100)
    enclosed = _enclosed(torch.from_numpy(np.where(ground, 1.0, 0.5)))
    assert np.array_equal(enclosed, (np.array(flooded) != 100)[1:-1, 1:-1])


def test_a_model_that_does_not_obey_scores_worse_than_its_error():
    attribute = AttributeScore("hair", ("a", "b"), 0.5, 1.0, 0.0, ((1, 1), (1, 1)))
    figures = {"inputs": 1, "rows": 1, "mse": 0.1, "haze": 0.0, "line_f1": 1.0}
    assert Evaluation(**figures, attributes=(attribute,)).score == pytest.approx(0.15)
    assert Evaluation(**figures).score == Evaluation(**figures).error == 0.1
