"""Which picture becomes which file: planned whole, and nothing that would lose one."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from models import HOUSES, ICONS, color_specs
from pictures import as_nobody, sketch

from condcolor.batch.jobs import (
    Job,
    plan_csv,
    plan_jobs,
    still_to_do,
    values_name,
    values_names,
    writable_name,
)
from condcolor.errors import DataError, UsageError
from condcolor.runtime.files import make_folder

RED_BLUE = color_specs()


def planned(*inputs: str, out: str | None = None) -> dict[str, str]:
    """Input -> output, as text."""
    jobs, _ = plan_jobs(inputs, out, RED_BLUE)
    assert all(job.values == RED_BLUE for job in jobs)
    return {str(job.source): str(job.out) for job in jobs}


def refused(*inputs: str, out: str | None = None) -> str:
    with pytest.raises(UsageError) as caught:
        plan_jobs(inputs, out, RED_BLUE)
    return str(caught.value)


def test_one_file_goes_where_it_is_told_or_gets_its_values_name_here(sketches):
    one = "sketches/ada.png"
    assert planned(one) == {one: "ada-red-blue.png"}
    assert planned(one, out="x/y.webp") == {one: "x/y.webp"}
    assert planned(one, out="made") == {one: "made/ada.png"}
    assert planned(one, out="v1.2/") == {one: "v1.2/ada.png"}
    Path("folder.png").mkdir()
    assert planned(one, out="folder.png") == {one: "folder.png/ada.png"}


def test_a_folder_keeps_its_tree(sketches):
    assert planned("sketches", out="made") == {
        "sketches/ada.png": "made/ada.png",
        "sketches/ben.jpg": "made/ben.jpg",
        "sketches/more/cleo.png": "made/more/cleo.png",
    }


def test_a_pattern_keeps_the_tree_below_its_fixed_part(sketches):
    assert planned("sketches/*", out="made") == {
        "sketches/ada.png": "made/ada.png",
        "sketches/ben.jpg": "made/ben.jpg",
    }
    deep = planned("sketches/**/*.png", out="made")
    assert set(deep.values()) == {"made/ada.png", "made/more/cleo.png"}
    deep = planned(f"{sketches}/mo?e/c*.png", out="made")
    assert set(deep.values()) == {"made/more/cleo.png"}


def test_names_with_magic_in_them_are_files_first(sketches):
    sketch().save(sketches / "a[1].png")
    sketch().save(sketches / "what?.png")
    for name in ("sketches/a[1].png", "sketches/what?.png"):
        assert set(planned(name, out="made/")) == {name}


def test_several_inputs_are_put_together_and_each_is_done_once(sketches):
    made = planned("sketches", "sketches/ada.png", "sketches/*.jpg", out="made")
    assert sorted(made.values()) == ["made/ada.png", "made/ben.jpg", "made/more/cleo.png"]


def test_formats_that_are_only_read_become_png(sketches):
    sketch().save("sketches/moving.gif")
    assert planned("sketches/moving.gif", out="made/") == {
        "sketches/moving.gif": "made/moving.gif.png"
    }
    assert planned("sketches/moving.gif") == {"sketches/moving.gif": "moving-red-blue.gif.png"}
    assert writable_name(Path("a/b")) == Path("a/b.png")


def test_an_output_inside_the_input_folder_is_no_input_the_next_time(sketches):
    first = planned("sketches", out="sketches/made")
    for out in first.values():
        Path(out).parent.mkdir(parents=True, exist_ok=True)
        sketch().save(out)
    assert planned("sketches", out="sketches/made") == first
    assert planned(str(sketches), out="sketches/made").keys() == {
        str(sketches.parent / source) for source in first
    }


@pytest.mark.parametrize(
    ("inputs", "out", "said"),
    [
        (["none.png"], "made", "none.png: no such file or folder: check the path"),
        (["no*.png"], "made", "no*.png: no picture matches"),
        ([""], "made", "'' names no input"),
        (["a\0b"], "made", "names no input"),
        (["empty"], "made", "no pictures in empty"),
        (["sketches"], None, "several pictures need a folder to go to: add -o FOLDER"),
        (["sketches/*.png"], None, "add -o FOLDER"),
        (["sketches/ada.png"], "", "the name of the output is empty"),
        (["sketches/ada.png"], "x.gif", "suffix '.gif' is not one of .png"),
        (["sketches/ada.png"], "x.pgn", "did you mean '.png'?; for a folder write x.pgn/"),
        (
            ["sketches"],
            "x.png",
            "x.png names a picture, but several pictures need a folder: -o x.png/",
        ),
        (["sketches"], "note.txt", "note.txt is a file, but several pictures need a folder"),
        (["sketches/ada.png"], "sketches/ada.png", "sketches/ada.png is an input too"),
        (["sketches/ada.png"], "sketches/more/../ada.png", "is an input too"),
        (["sketches/ada.png"], "link.png", "link.png is an input too"),
        (["link.png"], "sketches/ada.png", "is an input too"),
        (["sketches"], "sketches", "is an input too"),
        (["sketches", "other"], "made", "would both become made/ada.png"),
    ],
)
def test_what_does_not_fit_is_refused_in_one_line(sketches, inputs, out, said):
    Path("empty").mkdir()
    Path("other").mkdir()
    sketch().save("other/ada.png")
    Path("note.txt").touch()
    Path("link.png").symlink_to("sketches/ada.png")
    message = refused(*inputs, out=out)
    assert said in message
    assert "\n" not in message


def test_links_that_go_round_do_not_stop_the_planning(sketches):
    Path("loop.png").symlink_to("loop.png")
    assert len(planned("loop.png", "sketches/ada.png", out="made")) == 2
    assert planned("sketches/ada.png", out="loop.png")


def test_what_a_folder_holds_besides_is_passed_over_by_name(sketches):
    (sketches / "dangling.png").symlink_to("nothing")
    (sketches / "outside.png").symlink_to("/etc/hostname")
    os.mkfifo(sketches / "pipe.png")
    (sketches / "notes.txt").touch()
    jobs, passed_over = plan_jobs(["sketches"], "made", RED_BLUE)
    assert len(jobs) == 3
    assert [line.split(":")[0] for line in passed_over] == [
        f"sketches/{name}.png" for name in ("dangling", "outside", "pipe")
    ]


def test_names_that_are_no_utf_8_are_kept(sketches):
    name = os.fsdecode(b"sketches/n\xe9.png")
    sketch().save(name)
    assert os.fsencode(planned(name, out="made/")[name]) == b"made/n\xe9.png"
    assert os.fsencode(planned(name)[name]) == b"n\xe9-red-blue.png"


def write_csv(*lines: str) -> Path:
    path = Path("sketches/wanted.csv")
    path.write_text("\n".join(lines) + "\n")
    return path


def test_a_csv_gives_each_row_its_colors(sketches):
    csv = write_csv(
        "shirt,input,hair", "blue,ada.png,red", "red,more/cleo.png,green", "red,ada.png,red"
    )
    jobs = plan_csv(csv, "made", ICONS)
    assert [(str(job.out), job.values) for job in jobs] == [
        ("made/ada-red-blue.png", RED_BLUE),
        ("made/more/cleo-green-red.png", color_specs(hair="green", shirt="red")),
        ("made/ada-red-red.png", color_specs(shirt="red")),
    ]


def test_a_csv_of_other_attributes_does_as_well(sketches):
    csv = write_csv("input,roof,wall-colour,door_wood", "ada.png,straw,mint,oak")
    assert [str(job.out) for job in plan_csv(csv, "made", HOUSES)] == [
        "made/ada-straw-mint-oak.png"
    ]


def test_a_csv_names_every_bad_row_and_needs_a_folder(sketches):
    csv = write_csv("input,hair,shirt", "ada.png,rad,blue", "none.png,red,blue", "ada.png,red,blue")
    with pytest.raises(DataError) as caught:
        plan_csv(csv, "made", ICONS)
    lines = "\n".join(caught.value.problems)
    assert "line 2: hair 'rad' is not one of" in lines
    assert "line 3: input 'none.png' does not exist" in lines
    assert "line 4" not in lines
    with pytest.raises(UsageError, match="add -o FOLDER"):
        plan_csv(csv, None, ICONS)


def test_a_csv_may_name_its_outputs(sketches):
    rows = ("ada.png,red/a.webp,red,blue", "ada.png,b.png,green,blue")
    jobs = plan_csv(write_csv("input,output,hair,shirt", *rows), "made", ICONS)
    assert [job.out.as_posix() for job in jobs] == ["made/red/a.webp", "made/b.png"]


@pytest.mark.parametrize(
    ("output", "said"),
    [
        ("../a.png", "may not go up"),
        ("/a.png", "is an absolute path"),
        ("a.xyz", "output 'a.xyz' suffix '.xyz' is not one of"),
        ("a", "output 'a' no suffix; it must be one of"),
        (" a.png", "spaces around it"),
    ],
)
def test_an_output_that_cannot_be_written_is_named(sketches, output, said):
    csv = write_csv("input,output,hair,shirt", f"ada.png,{output},red,blue")
    with pytest.raises(DataError) as caught:
        plan_csv(csv, "made", ICONS)
    assert said in str(caught.value)
    assert len(caught.value.problems) == 1


def test_two_rows_with_one_output_are_refused(sketches):
    rows = ("ada.png,a.png,red,blue", "ada.png,a.png,green,blue")
    with pytest.raises(UsageError, match=r"would both become made/a\.png"):
        plan_csv(write_csv("input,output,hair,shirt", *rows), "made", ICONS)


def test_rows_alike_are_one_job(sketches):
    csv = write_csv("input,hair,shirt", *["ada.png,red,blue"] * 3)
    assert len(plan_csv(csv, "made", ICONS)) == 1


def jobs_to(*outs: Path) -> list[Job]:
    return [Job(Path("in.png"), out, RED_BLUE) for out in outs]


def test_outputs_that_exist_are_refused_skipped_or_done_again(here):
    old, new, dangling = (here / f"{name}.png" for name in ("old", "new", "dangling"))
    old.touch()
    dangling.symlink_to("nothing")
    jobs = jobs_to(old, new, dangling)
    with pytest.raises(UsageError, match=r"old\.png, .*dangling\.png exist: add --overwrite or"):
        still_to_do(jobs, overwrite=False, skip=False)
    assert still_to_do(jobs, overwrite=True, skip=False) == jobs
    assert still_to_do(jobs, overwrite=False, skip=True) == [jobs[1]]
    with pytest.raises(UsageError, match="exclude each other"):
        still_to_do([], overwrite=True, skip=True)


def test_many_that_exist_are_counted(here):
    outs = [here / f"{i}.png" for i in range(9)]
    for out in outs:
        out.touch()
    with pytest.raises(UsageError, match=r"and 4 more exist: add"):
        still_to_do(jobs_to(*outs), overwrite=False, skip=False)
    with pytest.raises(UsageError, match=r"0\.png exists: add"):
        still_to_do(jobs_to(outs[0]), overwrite=False, skip=False)


@pytest.mark.parametrize("overwrite", [False, True])
def test_folders_and_devices_are_never_overwritten(here, overwrite):
    (here / "folder.png").mkdir()
    (here / "null.png").symlink_to("/dev/null")
    for name, said in (("folder.png", "is a folder"), ("null.png", "device")):
        with pytest.raises(UsageError, match=said):
            still_to_do(jobs_to(here / name), overwrite=overwrite, skip=False)


def test_names_say_the_values_and_no_path():
    assert values_name(Path("x/ada.png"), RED_BLUE) == "ada-red-blue.png"
    assert values_name(Path("ada.png"), {"a": "x/y", "b": "..\\z"}) == "ada-x_y-.._z.png"
    assert values_name(Path("ada.png"), {}) == "ada-colored.png"


def test_names_alike_are_numbered():
    asked = [
        {"a": a, "b": b}
        for a, b in [("dark", "red-x"), ("dark-red", "x"), ("Dark", "Red-X"), ("dark-red", "x-2")]
    ]
    names = values_names(Path("ada.png"), asked)
    assert names[0] == "ada-dark-red-x.png"
    assert len({name.lower() for name in names}) == 4


def test_folders_are_made_or_it_is_told_why_not(here):
    make_folder(here / "a/b/c")
    make_folder(here / "a/b/c")
    (here / "file").touch()
    with pytest.raises(DataError, match="is a file, not a folder"):
        make_folder(here / "file")
    with pytest.raises(DataError, match=r"cannot be made .Not a directory."):
        make_folder(here / "file/b")
    (here / "shut").mkdir(mode=0o555)
    with as_nobody(here):
        with pytest.raises(DataError, match="shut: no permission to write there"):
            make_folder(Path("shut"))
        with pytest.raises(DataError, match=r"shut/x: cannot be made .Permission denied."):
            make_folder(Path("shut/x"))
