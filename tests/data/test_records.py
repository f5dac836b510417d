from __future__ import annotations

import os

import pytest
from drawn import draw_set, problems, write_csv

from condcolor.data.metadata import read_metadata, scan_metadata

HEADER = "input,output,hair"


@pytest.mark.parametrize(
    "columns", [("input", "target"), ("input_file_name", "output_file_name"), ("input", "output")]
)
def test_names_of_the_picture_columns(tmp_path, columns):
    draw_set(tmp_path, (0,), columns=columns)
    assert read_metadata(tmp_path).schema.names == ("hair", "shirt")


def test_bare_names_are_found_in_the_usual_folders(tmp_path):
    draw_set(tmp_path, (0,))
    (tmp_path / "outputs").rename(tmp_path / "targets")
    write_csv(tmp_path, HEADER, "0.png,0-red-red.png,red", "inputs/0.png,0-blue-red.png,blue")
    records = read_metadata(tmp_path).records
    assert {record.source for record in records} == {tmp_path / "inputs/0.png"}
    assert records[0].target == tmp_path / "targets/0-red-red.png"


def test_order_of_columns_and_many_attributes(tmp_path):
    path = write_csv(tmp_path, "a,output,b,c,input,d", "1,b.png,2,3,a.png,4")
    (record,) = read_metadata(path).records
    assert (record.source.name, record.target.name) == ("a.png", "b.png")
    assert record.values == ("1", "2", "3", "4")


def test_split_column_and_its_values(tmp_path):
    path = write_csv(
        tmp_path,
        HEADER + ",split",
        "a.png,b.png,red,train",
        "b.png,c.png,red,valid",
        "c.png,b.png,red,",
    )
    assert [record.split for record in read_metadata(path).records] == ["train", "test", ""]
    path = write_csv(tmp_path, HEADER + ",split", "a.png,b.png,red,tset", "b.png,c.png,red,train")
    assert "line 2: split 'tset' is not one of train, test" in problems(path)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("output,hair", "no column 'input'; the columns are output, hair"),
        ("image_in,output,hair", "no column 'input'"),
        ("inptu,output,hair", "column 'inptu' is not known; did you mean 'input'?"),
        ("Input,output,hair", "column 'Input' is not known; did you mean 'input'?"),
        ("input,OUTPUT,hair", "column 'OUTPUT' is not known; did you mean 'output'?"),
        ("input,output, hair", "column ' hair' has spaces around it; write 'hair'"),
        ("input ,output,hair", "column 'input ' has spaces around it"),
        ("input,output,hair,hair", "column 'hair' is there 2 times"),
        ("input,output,input,hair", "column 'input' is there 2 times"),
        ("input,output,hair,Hair", "'hair' and 'Hair' name the same attribute"),
        ("input,output,hair,charcter", "column 'charcter' is not known; did you mean 'character'?"),
        ("input,output,target", "'output' and 'target' say the same; keep one"),
        (
            "input,output,hair colour",
            "the attribute name 'hair colour' may hold only letters, digits",
        ),
        ("input,output,model", "the attribute name 'model' is reserved"),
        (",input,output", "column 1 has no name; name it, or take it out (pandas"),
    ],
)
def test_headers(tmp_path, header, expected):
    width = header.count(",") + 1
    path = write_csv(tmp_path, header, ",".join(["a.png"] * width))
    assert f"metadata.csv line 1: {expected}" in problems(path)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("../a.png", "may not go up with '..'"),
        ("inputs/../../a.png", "may not go up with '..'"),
        ("/etc/hostname", "is an absolute path"),
        ("C:/a.png", "is an absolute path"),
        ("file:///etc/hostname", "is a URL"),
        ("https://x.org/a.png", "is a URL"),
        ("sub\\a.png", "has backslashes; write 'sub/a.png'"),
        ("nothing.png", "does not exist (looked beside the csv and in inputs)"),
        ("sub", "is a folder"),
        ("fifo.png", "is not a regular file"),
        ("leaves.png", "is a link that leaves the csv's folder"),
        ("linked/hostname", "is a link that leaves the csv's folder"),
        ("dangling.png", "is a link to a file that does not exist"),
        ("x" * 300, "cannot be read: File name too long"),
    ],
)
def test_paths(tmp_path, written, expected):
    path = write_csv(tmp_path / "set", HEADER, f"{written},b.png,red")
    (tmp_path / "a.png").write_bytes(b"outside")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/hostname").write_bytes(b"outside")
    (tmp_path / "set/sub").mkdir()
    os.mkfifo(tmp_path / "set/fifo.png")
    (tmp_path / "set/leaves.png").symlink_to(tmp_path / "a.png")
    (tmp_path / "set/linked").symlink_to(tmp_path / "outside")
    (tmp_path / "set/dangling.png").symlink_to("nowhere.png")
    assert f"metadata.csv line 2: input '{written}' {expected}" in problems(path)


@pytest.mark.parametrize(
    ("written", "there"),
    [
        ("ada.png", "inputs/Ada.PNG"),
        ("inputs/ada.png", "inputs/ada.jpg"),
        ("gr\u00fcn.png", "inputs/gru\u0308n.png"),
        ("ada.png", "ada.webp"),
    ],
)
def test_a_picture_whose_name_differs_a_little_is_named(tmp_path, written, there):
    (tmp_path / "inputs").mkdir()
    (tmp_path / there).touch()
    csv = tmp_path / "metadata.csv"
    csv.write_text(f"input\n{written}\nother.png\n", encoding="utf-8")
    first, second = map(str, scan_metadata(csv, require_target=False)[1])
    assert first.endswith(f"(looked beside the csv and in inputs); there is '{there}'")
    assert second.endswith("(looked beside the csv and in inputs)")


def test_a_link_inside_the_folder_is_followed(tmp_path):
    path = write_csv(tmp_path, HEADER, "link.png,./b.png,red")
    (tmp_path / "link.png").symlink_to("a.png")
    assert len(read_metadata(path).records) == 1
