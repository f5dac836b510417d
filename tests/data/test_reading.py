"""Data as people have it: blank cells, columns left out, other tables and layouts, values in file names."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from drawn import draw_set, picture, problems, save, write_csv

from condcolor.conditions.schema import NOT_APPLICABLE, Attribute, AttributeSchema
from condcolor.data.alignment import find_offset
from condcolor.data.balance import measure_balance
from condcolor.data.dataset import ImageDataset, one_hot
from condcolor.data.inspection import inspect
from condcolor.data.metadata import read_metadata, scan_metadata, write_metadata
from condcolor.data.pictures import half_of, open_drawing
from condcolor.data.reading import Reading
from condcolor.data.template import write_template
from condcolor.errors import PictureError, UsageError
from condcolor.evaluation.baselines import flat_fill
from condcolor.evaluation.sketches import evaluate_sketches

HEADER = "input,output,hair"
LABELS = Reading(labels="{character}_{hair}_{shirt}")


def blanked(folder, *, masked=False):
    """A set whose character 1 has no shirt to choose; returns its metadata."""
    rows = draw_set(folder, (0, 1), masked=masked)
    rows = [[*r[:3], "" if r[0] == "inputs/1.png" else r[3]] for r in rows]
    rows = [r for r in rows if r[3] or r[1].endswith("-blue.png")]
    write_metadata(folder / "metadata.csv", rows, ("input", "output", "hair", "shirt"))
    return read_metadata(folder)


def test_a_blank_cell_does_not_apply(tmp_path):
    metadata = blanked(tmp_path)
    assert {r.values[1] for r in metadata.records} == {"blue", "brown", "red", ""}
    assert "shirt does not apply to 3 rows: the cells are blank" in metadata.notes
    (balance,) = measure_balance(metadata)
    assert balance.values["shirt"] == {"blue": 3, "brown": 3, "red": 3}
    assert (len(balance.combinations), balance.absent, balance.blank) == (9, 0, {"shirt": 3})
    found = inspect(tmp_path)
    assert found.faults == ()
    assert all(color is not None for a in found.schema.attributes for color in a.palette)


def test_planes_of_what_does_not_apply_are_zero(tmp_path):
    metadata = blanked(tmp_path)
    pictures = ImageDataset(metadata.records, metadata.schema, 16)
    cond = pictures.rows(torch.arange(len(pictures))).cond
    assert cond[:9].sum(dim=1).tolist() == [2] * 9
    assert cond[9:].sum(dim=1).tolist() == [1] * 3
    assert cond[9:, 3:].abs().max() == 0
    for row, record in zip(cond.tolist(), metadata.records, strict=True):
        assert list(metadata.schema.one_hot(metadata.schema.row_indices(record.values))) == row
    assert one_hot(torch.tensor([[1], [NOT_APPLICABLE]]), (3,)).tolist() == [[0, 1, 0], [0, 0, 0]]


def test_wrong_conditions_differ_where_something_does_not_apply(tmp_path):
    metadata = blanked(tmp_path)
    pictures = ImageDataset(metadata.records, metadata.schema, 16)
    generator = torch.Generator().manual_seed(0)
    for _ in range(8):
        batch = pictures.rows(torch.arange(len(pictures)), generator)
        assert (batch.cond != batch.wrong).any(dim=1).all()


def test_composed_pictures_leave_a_part_that_does_not_apply(tmp_path):
    blanked(tmp_path, masked=True)
    schema = inspect(tmp_path).schema
    records = read_metadata(tmp_path).records[9:]
    pictures = ImageDataset(records, schema, 16, compose=True)
    batch = pictures.rows(torch.arange(3), torch.Generator().manual_seed(1))
    assert batch.cond[:, 3:].abs().max() == 0
    shirt = torch.from_numpy(picture(1)).permute(2, 0, 1)[:, 10:14, 2:12]
    assert torch.equal(batch.target[:, :, 10:14, 2:12], shirt.expand(3, -1, -1, -1))


def test_evaluation_asks_only_what_applies(tmp_path):
    blanked(tmp_path)
    schema = inspect(tmp_path).schema
    pictures = ImageDataset(read_metadata(tmp_path).records, schema, 16)
    asked: list[list[list[int]]] = []

    def color(sketch, values):
        asked.append(values.tolist())
        return flat_fill(schema)(sketch, values)

    scores = evaluate_sketches(color, pictures)
    assert len(asked[0]) == 9
    assert asked[1] == [[0, NOT_APPLICABLE], [1, NOT_APPLICABLE], [2, NOT_APPLICABLE]]
    assert scores.rows == 12
    assert sum(map(sum, scores.attributes[1].confusion)) == 9
    assert sum(map(sum, scores.attributes[0].confusion)) == 12


def test_a_column_without_any_value_is_a_problem(tmp_path):
    path = write_csv(tmp_path, HEADER + ",shirt", "a.png,b.png,red,", "a.png,c.png,blue,")
    assert "column 'shirt' has no value; fill it in, or leave it out: --ignore shirt" in problems(
        path
    )


def test_remarks_are_named_and_left_out(tmp_path):
    rows = [(*row, f"remark {i}") for i, row in enumerate(draw_set(tmp_path))]
    columns = ("input", "output", "hair", "shirt", "Notes")
    write_metadata(tmp_path / "metadata.csv", rows, columns)
    assert "column 'Notes' has 18 different texts in 18 cells; if these are remarks" in problems(
        tmp_path
    )
    read = read_metadata(tmp_path, reading=Reading(("notes",)))
    assert (read.schema.names, len(read.records)) == (("hair", "shirt"), 18)
    notes = scan_metadata(tmp_path, reading=Reading(("Note",)))[0].notes
    assert "no column 'Note' to leave out; did you mean 'Notes'?" in notes


def test_numbers_as_values_are_noted(tmp_path):
    path = write_csv(tmp_path, HEADER, "a.png,b.png,1", "a.png,c.png,2")
    assert any("hair: its values are numbers" in note for note in read_metadata(path).notes)


def test_pictures_of_rows_with_other_faults_are_looked_at(tmp_path):
    draw_set(tmp_path)
    lines = (tmp_path / "metadata.csv").read_text().splitlines()
    lines[1] = lines[1].replace("blue,blue", " blue,blue")
    (tmp_path / "metadata.csv").write_text("\n".join(lines) + "\n")
    save(tmp_path / "outputs/0-blue-blue.png", picture(0, "blue", "blue")[:8])
    found = inspect(tmp_path).faults
    assert [(f.level, f.line, f.column) for f in found] == [
        ("cells", 2, "hair"),
        ("pictures", 2, "output"),
    ]
    assert (found[0].what, found[0].todo) == ("hair has spaces around it", "write 'blue'")


def test_jsonl(tmp_path):
    rows = draw_set(tmp_path)
    (tmp_path / "metadata.csv").unlink()
    keys = ("input_file_name", "output_file_name", "hair", "shirt")
    lines = [json.dumps(dict(zip(keys, row, strict=True))) for row in rows]
    path = tmp_path / "metadata.jsonl"
    path.write_text("\n".join(lines) + "\n")
    assert len(read_metadata(tmp_path).records) == 18
    lines[2:4] = ["{", '["a"]']
    lines[4] = lines[4].replace('"hair": "', '"hair": ["').replace('", "shirt"', '"], "shirt"')
    path.write_text("\n".join(lines) + "\n")
    said = problems(tmp_path)
    for fault in (
        "metadata.jsonl line 3: is no JSON",
        "metadata.jsonl line 4: is no JSON object",
        "metadata.jsonl line 5: 'hair' holds a list or an object",
    ):
        assert fault in said


def test_xlsx(tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    rows = draw_set(tmp_path, (0,))
    (tmp_path / "metadata.csv").unlink()
    book = openpyxl.Workbook()
    book.active.append(["input", "output", "hair", "number"])
    for number, (source, target, hair, _) in enumerate(rows):
        book.active.append([source, target, hair if number else None, float(number % 2)])
    book.active.append([None, " ", None, None])
    book.save(tmp_path / "metadata.xlsx")
    records = read_metadata(tmp_path).records
    assert [r.line for r in records] == list(range(2, 11))
    assert [r.values for r in records][:3] == [("", "0"), ("blue", "1"), ("blue", "0")]
    (tmp_path / "metadata.xlsx").write_bytes(b"PK\3\4 no workbook")
    assert "metadata.xlsx is a damaged Excel workbook" in problems(tmp_path)


def test_xlsx_without_openpyxl(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "openpyxl", None)
    (tmp_path / "metadata.xlsx").write_bytes(b"PK\3\4 no workbook")
    said = "metadata.xlsx is an Excel workbook, for which openpyxl is missing; pip install 'condcolor[xlsx]'"
    assert said in problems(tmp_path)


@pytest.mark.parametrize(
    ("columns", "first"),
    [
        (("file_name", "edited_image"), "input"),
        (("file_name", "output_file_name"), "input"),
        (("file_name", "conditioning_image"), "output"),
        (("file_name", "input_file_name"), "output"),
    ],
)
def test_the_columns_of_hugging_face(tmp_path, columns, first):
    draw_set(tmp_path, (0,), columns=columns if first == "input" else columns[::-1])
    records = read_metadata(tmp_path).records
    assert {record.source for record in records} == {tmp_path / "inputs/0.png"}
    assert len({record.target for record in records}) == 9


def test_values_in_file_names(tmp_path):
    for hair in ("blue", "red"):
        for name in ("ada_maria", "ben"):
            save(tmp_path / f"{name}_{hair}_red.png", picture(0, hair, "red"))
    save(tmp_path / "inputs/ada_maria.png", picture(0))
    save(tmp_path / "Ben.png", picture(1))
    save(tmp_path / "odd.png", picture(0))
    metadata, faults = scan_metadata(tmp_path, reading=LABELS)
    assert [fault.what for fault in faults] == [
        "'odd.png' is not named as {character}_{hair}_{shirt}"
    ]
    assert [(r.source.name, r.character, r.values) for r in metadata.records] == [
        ("Ben.png", "ben", ("blue", "red")),
        ("Ben.png", "ben", ("red", "red")),
        ("ada_maria.png", "ada_maria", ("blue", "red")),
        ("ada_maria.png", "ada_maria", ("red", "red")),
    ]
    (tmp_path / "odd.png").unlink()
    (tmp_path / "Ben.png").unlink()
    assert "no sketch is there for 'ben_blue_red.png'" in problems(tmp_path, reading=LABELS)


@pytest.mark.parametrize(
    "labels",
    ["{hair", "{}_{hair}", "{hair}{shirt}", "{hair}_{hair}", "plain", "{hair!r}", "{split}"],
)
def test_a_form_of_names_that_cannot_be_read(labels):
    with pytest.raises(UsageError, match="write it as"):
        Reading(labels=labels)


@pytest.mark.parametrize("sketch_first", [True, False])
def test_pictures_side_by_side(tmp_path, sketch_first):
    for number, (hair, shirt) in enumerate((("blue", "red"), ("red", "blue"))):
        both = [picture(number), picture(number, hair, shirt)]
        wide = np.concatenate(both if sketch_first else both[::-1], axis=1)
        save(tmp_path / f"train/{number}_{hair}_{shirt}.png", wide)
    metadata = read_metadata(tmp_path)
    side = "left" if sketch_first else "right"
    assert f"the {side} halves are the sketches" in "\n".join(metadata.notes)
    record = metadata.records[1]
    assert record.source == half_of(tmp_path / "train/1_red_blue.png", side)
    np.testing.assert_array_equal(open_drawing(record.source).rgb, picture(1))
    np.testing.assert_array_equal(open_drawing(record.target).rgb, picture(1, "red", "blue"))
    labelled = read_metadata(tmp_path, reading=LABELS)
    assert [r.values for r in labelled.records] == [("blue", "red"), ("red", "blue")]
    batch = ImageDataset(labelled.records, labelled.schema, 16).rows(torch.arange(2))
    np.testing.assert_array_equal(batch.target[1].permute(1, 2, 0), picture(1, "red", "blue"))
    assert inspect(tmp_path, reading=LABELS).faults == ()


SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 4">'
    '<rect width="4" height="4" fill="{}"/>{}</svg>'
)


def test_svg_drawings(tmp_path):
    pytest.importorskip("resvg_py")
    path = write_csv(tmp_path, HEADER, "sketch.svg,red.svg,red", "sketch.svg,blue.png,blue")
    (tmp_path / "sketch.svg").write_text(SVG.format("#fff", ""))
    (tmp_path / "red.svg").write_text(SVG.format("#f00", ""))
    blue = np.full((40, 80, 3), 255, np.uint8)
    blue[:, :40] = (0, 0, 255)
    save(tmp_path / "blue.png", blue)
    assert inspect(path).faults == ()
    drawn = open_drawing(tmp_path / "red.svg").rgb
    assert drawn.shape == (256, 512, 3)
    assert (drawn[128, 100].tolist(), drawn[128, 400].tolist()) == ([255, 0, 0], [255, 255, 255])
    (tmp_path / "red.svg").write_text(SVG.format("#f00", '<image href="/etc/x.png"/>'))
    with pytest.raises(PictureError, match="uses other files"):
        open_drawing(tmp_path / "red.svg")


def cup(folder):
    """The pictures of the template's drawing: sketch, and colored."""
    write_template(folder)
    return (
        open_drawing(folder / name).rgb for name in ("inputs/cup.png", "outputs/cup-red-blue.png")
    )


def test_the_template_passes_the_check(tmp_path):
    write_template(tmp_path / "new")
    assert inspect(tmp_path / "new").faults == ()
    with pytest.raises(UsageError, match="exists: name a new folder"):
        write_template(tmp_path / "new")


@pytest.mark.parametrize(("right", "down"), [(12, 0), (0, -20), (30, 17), (-6, 0)])
def test_a_shifted_target_is_found(tmp_path, right, down):
    sketch, target = cup(tmp_path / "new")
    assert find_offset(sketch, target) is None
    moved = np.roll(target, (down, right), (0, 1))
    found = find_offset(sketch, moved)
    assert found.scale == 1
    assert abs(found.right - right) <= 2
    assert abs(found.down - down) <= 2
    save(tmp_path / "new/outputs/cup-red-blue.png", moved)
    (fault,) = inspect(tmp_path / "new").faults
    assert (fault.line, fault.level, fault.column) == (2, "pictures", "output")
    assert "against its input" in fault.what


@pytest.mark.parametrize("scale", [0.8, 0.92, 1.12, 1.25])
def test_a_scaled_target_is_found(tmp_path, scale):
    from PIL import Image

    sketch, target = cup(tmp_path / "new")
    page = Image.new("RGB", (256, 256), "white")
    side = round(256 * scale)
    page.paste(Image.fromarray(target).resize((side, side), Image.Resampling.LANCZOS))
    assert find_offset(sketch, np.asarray(page)).scale == pytest.approx(scale, abs=0.02)


def test_a_run_remembers_how_its_data_is_read():
    reading = Reading(("Notes",), "{character}_{hair}")
    assert Reading.from_json(json.loads(json.dumps(reading.to_json()))) == reading
    assert Reading.from_json(None) == Reading()
    assert reading.as_options() == {"ignore": ("Notes",), "labels": "{character}_{hair}"}
    for damaged in ({}, {"ignore": "Notes", "labels": ""}, {"ignore": [1], "labels": ""}):
        with pytest.raises((ValueError, KeyError)):
            Reading.from_json(damaged)


def test_values_by_index_where_something_does_not_apply():
    schema = AttributeSchema((Attribute("hair", ("blue", "red")), Attribute("hat", ("top",))))
    assert schema.row_indices(("red", "")) == (1, NOT_APPLICABLE)
    assert schema.one_hot((1, NOT_APPLICABLE)) == (0, 1, 0)
