from __future__ import annotations

import csv

import pytest
from drawn import problems, write_csv
from hypothesis import given, settings
from hypothesis import strategies as st

from condcolor.conditions.color_spec import parse_color_spec
from condcolor.conditions.schema import Attribute, AttributeSchema
from condcolor.data.metadata import read_metadata, scan_metadata, write_metadata
from condcolor.data.table import read_table
from condcolor.errors import DataError, UsageError

HEADER = "input,output,hair"


def test_text_stays_text(tmp_path):
    words = ["None", "NA", "007", "1.0", "true", "null", "nan", "1e5"]
    path = write_csv(tmp_path, HEADER, *(f"a.png,b.png,{word}" for word in words))
    assert [record.values[0] for record in read_metadata(path).records] == words


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_line_ends_and_byte_order_mark(tmp_path, mark, end):
    path = write_csv(tmp_path, HEADER)
    text = end.join([HEADER, "", "a.png,b.png,r\u00f6d"])
    path.write_bytes(mark + text.encode())
    (record,) = read_metadata(path).records
    assert (record.values, record.line) == (("r\u00f6d",), 3)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["a.png,b.png,red,x"], "line 2: too many cells, 4 for 3 columns"),
        (["a.png,b.png"], "line 2: too few cells, 2 for 3 columns"),
        (["a.png,b.png,red,x"] * 3, "every row has 4 cells but the header has 3"),
        (["a.png,b.png,red,"] * 3, "the rows end in a comma"),
        (["a.png,b.png"] * 3, "every row has 2 cells but the header has 3"),
        (
            ["a.png,b.png,red", 'a.png,"b.png,red', "a.png,b.png,red"],
            'line 3: a quote (") is opened',
        ),
        (
            ['a.png,b.png,"re', 'd"', "a.png,b.png"],
            'line 2: a quote (") opened here closes on line 3',
        ),
        (["a.png,b.png", 'a.png,b.png,"r"ed'], 'line 3: a quote (") inside a quoted cell'),
        (["a.png,b.png,"], "line 1: column 'hair' has no value; fill it in, or leave it out"),
        (["a.png,,red"], "line 2: output is blank"),
        (["a.png,b.png, red"], "line 2: hair has spaces around it; write 'red'"),
        (["a.png,b.png,r\0d"], "line 2: holds a NUL character"),
        (["a\0.png,b.png,red"], "line 2: holds a NUL character"),
        ([], "has a header but no rows"),
        (["", ""], "has a header but no rows"),
    ],
)
def test_rows(tmp_path, lines, expected):
    assert expected in problems(write_csv(tmp_path, HEADER, *lines))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "is empty"),
        (b"\n\n", "is empty"),
        (b"\xef\xbb\xbf", "is empty"),
        ("input,output\n".encode("utf-16") + b"a", "is damaged UTF-16"),
        (b"input,output\na.png,\x81\n", "line 2: not UTF-8 (byte 0x81), nor Windows-1252"),
        (b"\x89PNG\r\n\x1a\n", "is not a csv but a PNG picture"),
        (b"PK\x03\x04stuff", "is not a csv but an Excel workbook"),
        (b"<!doctype html>", "is not a csv but HTML"),
        (
            b"version https://git-lfs.github.com/spec/v1\n",
            "is not a csv but a Git LFS pointer; run 'git lfs pull'",
        ),
    ],
)
def test_files_that_are_no_csv(tmp_path, content, expected):
    path = tmp_path / "metadata.csv"
    path.write_bytes(content)
    assert f"metadata.csv {expected}" in problems(path)


DIALECTS = {
    "semicolons, of a German Excel": "input;output;hair\na.png;b.png;r\u00f6t, hell\n".encode(),
    "tabs": "input\toutput\thair\na.png\tb.png\tr\u00f6t, hell\n".encode(),
    "sep=,": 'sep=,\r\ninput,output,hair\r\na.png,b.png,"r\u00f6t, hell"\r\n'.encode(),
    "sep=;": "\ufeffSEP=;\r\ninput;output;hair\r\na.png;b.png;r\u00f6t, hell\r\n".encode(),
    "sep=; saved again": '"sep=;"\ninput;output;hair\na.png;b.png;"r\u00f6t, hell"\n'.encode(),
    "sep=, saved again": 'sep=,,,\ninput,output,hair\na.png,b.png,"r\u00f6t, hell"\n'.encode(),
    "sep= and a tab": "sep=\t\ninput\toutput\thair\na.png\tb.png\tr\u00f6t, hell\n".encode(),
    "UTF-16 with a mark": "input\toutput\thair\na.png\tb.png\tr\u00f6t, hell\n".encode("utf-16"),
    "UTF-16 without": "input;output;hair\na.png;b.png;r\u00f6t, hell\n".encode("utf-16-be"),
    "Windows-1252": "input;output;hair\na.png;b.png;r\u00f6t, hell\n".encode("cp1252"),
}


@pytest.mark.parametrize("name", DIALECTS)
def test_what_spreadsheets_write_is_read(tmp_path, name):
    """37, 38."""
    path = write_csv(tmp_path, HEADER, "a.png,b.png,red")
    path.write_bytes(DIALECTS[name])
    table = read_table(path)
    line = 3 if "sep" in name else 2
    assert table.columns == ("input", "output", "hair")
    assert table.rows == ((line, ("a.png", "b.png", "r\u00f6t, hell")),)
    assert table.frame().to_numpy().tolist() == [["a.png", "b.png", "r\u00f6t, hell"]]
    (record,), notes = (found := read_metadata(path)).records, found.notes
    assert (record.values, record.line) == (("r\u00f6t, hell",), line)
    assert any("read as Windows-1252" in note for note in notes) == (name == "Windows-1252")


def test_lines_are_counted_with_the_one_that_names_the_separator(tmp_path):
    path = write_csv(tmp_path, "sep=;", "input;output;hair", "a.png;b.png")
    assert "line 3: too few cells, 2 for 3 columns" in problems(path)


NFC, NFD = "gr\u00fcn", "gru\u0308n"


def test_values_that_look_the_same_are_a_problem_and_one_value(tmp_path):
    rows = [f"a.png,b.png,{value}" for value in (NFC, NFC, NFD, "b\u00a0c", "b c", "red")]
    path = write_csv(tmp_path, HEADER, *rows)
    found = problems(path)
    assert "column 'hair' spells 'gr\u00fcn' in two ways that look the same" in found
    assert "2 times as 'gr\\xfcn', 1 times as 'gru\\u0308n'; keep one" in found
    metadata, faults = scan_metadata(path)
    assert len(faults) == 2
    assert len(metadata.schema.attributes[0].values) == 3


@pytest.mark.parametrize(("own", "written"), [(NFC, NFD), (NFD, NFC)])
def test_a_value_in_another_unicode_form_is_that_value(tmp_path, own, written):
    hair = Attribute("hair", (own, "red"))
    assert hair.index(written) == 0
    assert parse_color_spec(hair, written).value == own
    assert parse_color_spec(hair, f"{written}:0.5,red:0.5").parts == ((0.5, own), (0.5, "red"))
    path = write_csv(tmp_path, HEADER, f"a.png,b.png,{written}")
    (record,) = read_metadata(path, vocabulary=AttributeSchema((hair,))).records
    assert record.values == (own,)
    with pytest.raises(UsageError, match="is not one of"):
        hair.index("Red")


def test_many_problems_of_a_kind_are_counted(tmp_path):
    found = problems(write_csv(tmp_path, HEADER, *["x.png,b.png,red"] * 5000))
    assert len(found.splitlines()) == 21
    assert "... and 4980 more where an input cannot be used" in found


cells = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=8)
harmful = st.tuples(st.sampled_from(("=", "+", "-", "@", "'", "'=", "''@", '"', ",")), cells)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(*2 * [cells | harmful.map("".join)]), min_size=1, max_size=6))
def test_csv_round_trip(tmp_path_factory, values):
    folder = tmp_path_factory.mktemp("round")
    path = write_csv(folder)
    rows = [("a.png", "b.png", *pair) for pair in values]
    assert write_metadata(path, rows, ("input", "output", "hair", "shirt")) == len(rows)
    metadata, found = scan_metadata(path)
    read = {record.line: record.values for record in metadata.records}
    assert all("did you mean" in problem for problem in found)  # values that differ in case only
    assert all(read[line] == values[line - 2] for line in read)
    assert len(read) >= len(values) - len(found)
    with open(path, encoding="utf-8", newline="") as file:
        shown = [cell for row in csv.reader(file) for cell in row]  # as a spreadsheet splits them
    assert not [cell for cell in shown if cell.startswith(("=", "+", "-", "@"))]


def test_write_takes_mappings_and_leaves_nothing_behind(tmp_path):
    path = tmp_path / "metadata.csv"
    write_metadata(path, [{"hair": "=1+1", "input": "a.png"}], ("input", "hair"))
    assert path.read_bytes() == b"input,hair\na.png,'=1+1\n"
    assert [entry.name for entry in tmp_path.iterdir()] == ["metadata.csv"]


@pytest.mark.parametrize(
    "row", [("a",), ("a", "b", "c"), {"input": "a"}, ("a", "b\n"), ("a", "\0")]
)
def test_write_refuses_rows_that_do_not_fit(tmp_path, row):
    path = tmp_path / "metadata.csv"
    path.write_text("old")
    with pytest.raises(UsageError, match="row 2"):
        write_metadata(path, [("a", "b"), row], ("input", "hair"))
    assert path.read_text() == "old"
    assert len(list(tmp_path.iterdir())) == 1


def test_write_where_nothing_can_be_written(tmp_path):
    with pytest.raises(DataError, match="does not exist: make it first"):
        write_metadata(tmp_path / "nowhere/metadata.csv", [], ("input",))


def assert_frame_agrees(table) -> None:
    """What pandas reads is what the check has read: the same cells under the same line numbers."""
    if table.columns:
        assert list(table.frame().itertuples(name=None)) == [(n, *row) for n, row in table.rows]


pieces = st.sampled_from(
    [b'"', b",", b"\n", b"\r", b"\0", b"input", b"output", b"a.png", b"..", b"/"]
)


@settings(deadline=None, max_examples=100)
@given(st.lists(pieces | st.binary(max_size=3), max_size=20).map(b"".join))
def test_no_bytes_make_it_crash(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("bytes") / "metadata.csv"
    path.write_bytes(b"input,output,hair\n" + content)
    metadata, found = scan_metadata(path)
    assert found or metadata.records
    assert_frame_agrees(read_table(path))


@pytest.mark.parametrize("quoted", [False, True])
@settings(deadline=None, max_examples=100)
@given(
    rows=st.lists(
        st.lists(cells | harmful.map("".join) | st.sampled_from(("", " ", "NA", "007", "\ufeffa"))),
        min_size=1,
    )
)
def test_pandas_reads_the_cells_that_the_check_read(tmp_path_factory, rows, quoted):
    path = tmp_path_factory.mktemp("frame") / "any.csv"
    with open(path, "w", encoding="utf-8", newline="") as file:
        csv.writer(file, quoting=csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL).writerows(rows)
    assert_frame_agrees(read_table(path))


def test_the_frame_is_the_text_of_the_good_rows_under_their_lines(tmp_path):
    lines = ("a.png,NA", "", "short", 'b.png,"1,5"', "a,b,c", "c.png,'=007", 'd.png,"a', 'b"')
    table = read_table(write_csv(tmp_path, "input,input", *lines))
    frame = table.frame()
    assert frame.index.tolist() == [2, 5, 7]
    assert frame.to_numpy().tolist() == [["a.png", "NA"], ["b.png", "1,5"], ["c.png", "=007"]]
    assert len(table.problems) == 4
