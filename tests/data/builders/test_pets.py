"""condcolor data pets: originals and grey copies of the same, whole or not there, a line for each fault."""

from __future__ import annotations

import csv
import errno
import hashlib
import io
import os
import signal
import sys
import tarfile
import time
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from drawn import photograph
from fileserver import Answer, closed_port, serving
from PIL import Image

from condcolor.data.builders import pet_download, pet_pictures, pets
from condcolor.data.builders.download import WAITS, download
from condcolor.data.builders.pets import make_pets
from condcolor.data.metadata import read_photographs
from condcolor.errors import DataError, UsageError
from condcolor.imaging.open import open_picture
from condcolor.recipes import RECIPES

ROOT = "oxford-iiit-pet-download"


def drawn(seed: int, format: str = "JPEG", **options) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(photograph(seed)).save(buffer, format, **options)
    return buffer.getvalue()


def cut(data: bytes) -> bytes:
    return data[: len(data) // 2]


# The published set in small: its traps, and its lists.
TRAIN = ("Abyssinian_34", "Egyptian_Mau_5", "great_pyrenees_1", "great_pyrenees_2", "pug_1")
TEST = ("Abyssinian_1", "Egyptian_Mau_139", "great_pyrenees_3", "pug_2")
IMAGES = {f"{name}.jpg": drawn(seed) for seed, name in enumerate((*TRAIN, *TEST))} | {
    "Abyssinian_34.jpg": drawn(20, "GIF"),
    "Egyptian_Mau_139.jpg": drawn(21, "PNG"),
    "pug_3.jpg": cut(drawn(22)),
    "pug_10.jpg": drawn(23),  # which no list names
    "Abyssinian_100.mat": b"MATLAB",
    "._pug_1.jpg": b"\0\5\26\7",
}
ANNOTATIONS = {
    "README": b"All about it.",
    "list.txt": b"#Image CLASS-ID SPECIES BREED ID\nAbyssinian_34 1 1 1\n",
    "trainval.txt": "".join(f"{n} 1 1 1\n" for n in (*TRAIN, "pug_3", "pug_99")).encode(),
    "test.txt": "".join(f"{n} 1 1 1\n" for n in TEST).encode(),
    "._test.txt": b"\0\5\26\7",
    "trimaps/pug_1.png": drawn(1, "PNG"),
}


def tgz(folder: str, files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, data in files.items():
            info = tarfile.TarInfo(f"{folder}/{name}")
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


BODIES = {
    "images.tar.gz": tgz("images", IMAGES),
    "annotations.tar.gz": tgz("annotations", ANNOTATIONS),
}
CUT = len(BODIES["images.tar.gz"]) // 2
MADE = "5 photographs to train and 4 to test, of 4 breeds, in pets"
SIGNALS = pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])


@pytest.fixture(autouse=True)
def no_proxy_and_no_waits(monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(pet_download, "download", partial(download, sleep=lambda seconds: None))


@pytest.fixture
def sites():
    """The servers of both archives, images first."""
    with ExitStack() as stack:
        yield [stack.enter_context(serving(body, name=name)) for name, body in BODIES.items()]


@pytest.fixture
def resources(sites):
    return [(site.url, hashlib.md5(site.body).hexdigest()) for site in sites]


@pytest.fixture
def theirs():
    """torchvision's class, which takes a second to import."""
    from condcolor.runtime.devices import import_torchvision

    torchvision = import_torchvision()
    return torchvision.datasets.OxfordIIITPet


@pytest.fixture
def fetch(condcolor, here, resources, theirs, monkeypatch):
    """The command, with the real addresses replaced by those of `sites`."""
    monkeypatch.setattr(theirs, "_RESOURCES", resources)
    return lambda *words: condcolor("data", "pets", *(words or ("pets",)))


@pytest.fixture
def mine(here):
    """Pictures that are here already: four breeds of five, one of one."""
    folder = here / "mine"
    folder.mkdir()
    for n, breed in enumerate(("Bengal", "great_pyrenees", "pug", "Shiba")):
        for m in range(5):
            (folder / f"{breed}_{m}.jpg").write_bytes(drawn(10 * n + m))
    (folder / "Korat_7.png").write_bytes(drawn(99, "PNG"))
    return folder


def tree(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def top(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir())


def rows(folder: Path) -> list[dict[str, str]]:
    with open(folder / "metadata.csv", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def names(folder: Path, split: str) -> list[str]:
    return [Path(row["input"]).stem for row in rows(folder) if row["split"] == split]


def luma(rgb: np.ndarray) -> np.ndarray:
    return rgb.astype(float) @ (0.299, 0.587, 0.114)


# --- the published set


def test_the_published_set_becomes_pairs_in_its_own_splits(fetch, here, resources):
    done = fetch()
    assert done.exit_code == 0
    assert done.stdout == f"{MADE}\n{ROOT} (0.0 MB) can be deleted now\n"
    assert top(here) == [ROOT, "pets"]
    assert top(here / "pets") == ["ORIGIN.md", "inputs", "metadata.csv", "outputs"]
    assert (names(here / "pets", "train"), names(here / "pets", "test")) == (
        list(TRAIN),
        list(TEST),
    )
    assert {r["breed"] for r in rows(here / "pets")} == {
        "Abyssinian",
        "Egyptian Mau",
        "great pyrenees",
        "pug",
    }
    for row in rows(here / "pets"):
        name = Path(row["output"]).stem
        assert (here / "pets" / row["output"]).read_bytes() == IMAGES[f"{name}.jpg"]
    origin = (here / "pets/ORIGIN.md").read_text()
    for said in (*(word for pair in resources for word in pair), "CC BY-SA 4.0", "Cats and Dogs"):
        assert said in origin


def test_what_is_left_out_is_told_and_listed(fetch, here):
    done = fetch()
    lines = done.stderr.splitlines()
    broken = "pug_3.jpg: truncated JPEG (the file ends early): copy or download it again"
    absent = "pug_99: not there, though trainval.txt names it"
    assert [line for line in lines if "left out" in line] == [
        f"note: left out: {absent}",
        f"note: left out: {broken}",
        "note: 2 left out, as ORIGIN.md lists",
        "note: 1 more left out, which no list names",
    ]
    origin = (here / "pets/ORIGIN.md").read_text()
    assert f"- {broken}\n" in origin
    assert f"- {absent}\n" in origin
    assert "pug_3" not in str(tree(here / "pets").keys())
    assert "pug_10" not in str(tree(here / "pets").keys())


def test_a_picture_has_the_suffix_of_its_content(fetch, here):
    fetch()
    outputs = {Path(row["output"]).name for row in rows(here / "pets")}
    odd = {"Abyssinian_34.gif", "Egyptian_Mau_139.png"}
    assert odd == {name for name in outputs if not name.endswith(".jpg")}
    origin = (here / "pets/ORIGIN.md").read_text()
    assert "- Abyssinian_34.jpg: a GIF, so here outputs/Abyssinian_34.gif\n" in origin
    assert "- Egyptian_Mau_139.jpg: a PNG, so here outputs/Egyptian_Mau_139.png\n" in origin


def test_the_two_damaged_pictures_of_the_published_set_are_left_out(condcolor, here, mine):
    """Pillow opens them without a word."""
    for name in ("beagle_116.jpg", "chihuahua_121.jpg", "beagle_1.jpg"):
        (mine / name).write_bytes(drawn(len(name)))
    done = condcolor("data", "pets", "pets", "--pictures", "mine")
    assert "note: left out: beagle_116.jpg: damaged JPEG" in done.stderr
    assert "note: left out: chihuahua_121.jpg: damaged JPEG" in done.stderr
    assert {"beagle_1.jpg"} == {n for n in top(here / "pets/outputs") if n.startswith(("b", "c"))}


def test_a_second_run_says_so_and_does_nothing(fetch, here, sites):
    fetch()
    for site in sites:
        site.asked.clear()
    before = tree(here)
    done = fetch()
    assert (done.exit_code, done.stdout) == (0, f"{MADE}: all there already\n")
    assert (done.stderr, tree(here)) == ("", before)
    assert not any(site.asked for site in sites)


def test_archives_that_are_there_are_not_downloaded_again(fetch, here, sites):
    fetch()
    for site in sites:
        site.asked.clear()
    done = fetch("again")
    assert done.exit_code == 0
    assert "note: images.tar.gz is there already and is not downloaded\n" in done.stderr
    assert not any(site.asked for site in sites)
    assert tree(here / "again") == tree(here / "pets")


def test_what_a_kill_left_half_unpacked_is_unpacked_again(fetch, here):
    """torchvision takes a folder that is there for whole."""
    fetch()
    lists = here / ROOT / "oxford-iiit-pet/annotations/trainval.txt"
    lists.write_bytes(b"pug_1 1 1 1\n")
    (here / ROOT / pet_download.UNPACKING).touch()
    assert fetch("again").exit_code == 0
    assert tree(here / "again") == tree(here / "pets")
    assert lists.read_bytes() == ANNOTATIONS["trainval.txt"]
    assert not (here / ROOT / pet_download.UNPACKING).exists()


def test_lists_that_torchvision_cannot_read_are_one_line(fetch, here):
    fetch()
    (here / ROOT / "oxford-iiit-pet/annotations/test.txt").write_text("pug_1\n")
    done = fetch("again")
    assert (done.exit_code, done.stdout) == (3, "")
    assert done.stderr.splitlines()[-1].startswith(f"Error: {ROOT}: not as torchvision ")
    assert done.stderr.endswith("remove the folder and run the same again\n")
    assert top(here) == [ROOT, "pets"]


# --- the download, when it fails


def test_a_cut_connection_is_gone_on_with(fetch, here, sites):
    sites[0].answers.append(Answer(sent=CUT))
    done = fetch()
    assert done.exit_code == 0
    assert "the connection was cut; 0.0 MB are kept; trying again in 1 s" in done.stderr
    assert sites[0].ranges == [None, f"bytes={CUT}-"]


def test_a_connection_cut_too_often_is_one_line_and_the_same_command_goes_on(fetch, here, sites):
    sites[0].answers += [Answer(sent=CUT), *[Answer(sent=0)] * len(WAITS)]
    done = fetch()
    assert done.exit_code == 3
    assert "run the same again later, it goes on from there; or download " in done.stderr
    assert top(here) == [ROOT]
    sites[0].asked.clear()
    assert fetch().exit_code == 0
    assert sites[0].ranges == [f"bytes={CUT}-"]


def test_offline_is_one_line_with_the_way_by_hand(fetch, here, theirs, monkeypatch):
    url = f"http://127.0.0.1:{closed_port()}/images.tar.gz"
    monkeypatch.setattr(theirs, "_RESOURCES", [(url, "0" * 32)])
    done = fetch()
    assert (done.exit_code, done.stdout) == (3, "")
    assert len(done.stderr.splitlines()) == 1
    for said in ("cannot be reached", "images.tar.gz and annotations.tar.gz", "--pictures FOLDER"):
        assert said in done.stderr
    assert top(here) == []


def test_another_file_than_the_published_is_set_aside(fetch, here, sites):
    whole, sites[0].body = sites[0].body, b"<html>log in first</html>"
    done = fetch()
    assert (done.exit_code, done.stdout) == (3, "")
    assert "images.tar.gz: its md5 is" in done.stderr
    assert "set aside as images.tar.gz.bad: run the same again for a new one" in done.stderr
    assert top(here / ROOT / "oxford-iiit-pet") == ["images.tar.gz.bad"]
    sites[0].body = whole
    assert fetch().exit_code == 0


@pytest.mark.parametrize("attribute", ["_RESOURCES", "_images"])
def test_another_torchvision_is_told_of(fetch, here, theirs, monkeypatch, attribute):
    if attribute == "_RESOURCES":
        monkeypatch.delattr(theirs, "_RESOURCES")
    else:
        monkeypatch.setattr(theirs, "__init__", lambda self, root, split, download: None)
    done = fetch()
    assert (done.exit_code, done.stdout) == (3, "")
    assert f"its OxfordIIITPet has no {attribute} as that of 0.28 has" in done.stderr
    assert "pets" not in top(here)


# --- pictures that are here already


def test_pictures_that_are_here_need_neither_a_network_nor_torchvision(
    condcolor, here, mine, monkeypatch
):
    monkeypatch.setitem(sys.modules, "condcolor.runtime.devices", None)  # an import of it fails
    done = condcolor("data", "pets", "pets", "--pictures", "mine")
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout == "17 photographs to train and 4 to test, of 5 breeds, in pets\n"
    assert top(here) == ["mine", "pets"]
    assert "From the folder mine\n" in (here / "pets/ORIGIN.md").read_text()
    again = condcolor("data", "pets", "pets", "--pictures", "mine")
    assert again.stdout == done.stdout.replace("pets\n", "pets: all there already\n")


def test_the_unpacked_archives_give_what_the_download_gives(fetch, here):
    fetch()
    done = fetch("again", "--pictures", f"{ROOT}/oxford-iiit-pet")
    assert done.exit_code == 0
    ours, theirs = tree(here / "again"), tree(here / "pets")
    assert ours.pop("ORIGIN.md") != theirs.pop("ORIGIN.md")
    assert ours == theirs


def test_a_fifth_of_each_breed_is_held_out_by_seed(condcolor, here, mine):
    def tested(out, *words):
        assert condcolor("data", "pets", out, "--pictures", "mine", *words).exit_code == 0
        return names(here / out, "test")

    first = tested("first")
    assert [name.rpartition("_")[0] for name in first] == [
        "Bengal",
        "Shiba",
        "great_pyrenees",
        "pug",
    ]
    assert first == tested("second", "--seed", 0)
    assert first != tested("third", "--seed", 1)
    (mine / "pug_3.jpg").unlink()
    (mine / "notes_5.jpg").write_bytes(drawn(77))  # other breeds do not stir those that are there
    assert tested("fourth")[:3] == first[:3]


def test_a_csv_splits_the_pictures_that_it_names(condcolor, here, mine):
    (here / "split.csv").write_text(
        "split,label,file\ntrain,x,pug_0.jpg\nval,x,pug_1.jpg\ntrain,,Korat_7.png\n"
    )
    words = ("data", "pets", "pets", "--pictures", "mine", "--splits", "split.csv")
    done = condcolor(*words)
    assert (done.exit_code, done.stderr) == (0, "note: 18 more left out, which no list names\n")
    assert names(here / "pets", "train") == ["Korat_7", "pug_0"]
    assert names(here / "pets", "test") == ["pug_1"]
    assert "all there already" in condcolor(*words).stdout
    (here / "split.csv").write_text("file,split\npug_0.jpg,train\n")
    done = condcolor(*words)
    assert done.exit_code == 2
    assert "pets holds photographs picked otherwise (see ORIGIN.md)" in done.stderr


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name,split\npug_0.jpg,train\n", "line 1: no column 'file'; the columns are name, split"),
        (
            "file,splt\npug_0.jpg,train\n",
            "line 1: no column 'split'; the columns are file, splt; did",
        ),
        ("file,split\npug_0.jpg,tran\n", "line 2: split 'tran' is not one of train, test"),
        ("file,split\npug_0.jpg,train\ncat_1.jpg,test\n", "line 3: file 'cat_1.jpg' is not among"),
        (
            "file,split\npug_0.jpg,train\npug_0.jpg,test\n",
            "line 3: file 'pug_0.jpg' has been named",
        ),
        ("file;split\n", "has a header but no rows"),
        ("file,split\n", "has a header but no rows"),
    ],
)
def test_a_csv_that_cannot_be_used_is_told(condcolor, here, mine, text, said):
    (here / "split.csv").write_text(text)
    done = condcolor("data", "pets", "pets", "--pictures", "mine", "--splits", "split.csv")
    assert (done.exit_code, done.stdout) == (3, "")
    assert "split.csv cannot be used: 1 problem\n" in done.stderr
    assert f"  split.csv {said}" in done.stderr
    assert top(here) == ["mine", "split.csv"]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--splits", "x.csv"), 2, "--splits is for pictures that are here already"),
        (("--pictures", ""), 2, "the name of the folder of pictures is empty"),
        (("--pictures", "none"), 3, "none: no such folder"),
        (("--pictures", "empty"), 3, "empty: no pictures in it that can be used"),
        (("--pictures", "mine", "--splits", "x.csv"), 3, "x.csv: no such file"),
        (("--pictures", "mine", "--splits", "."), 3, "is not a file"),
    ],
)
def test_wrong_options_are_one_line(condcolor, here, mine, words, code, said):
    (here / "empty").mkdir()
    done = condcolor("data", "pets", "pets", *words)
    assert (done.exit_code, done.stdout) == (code, "")
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert top(here) == ["empty", "mine"]


@pytest.mark.parametrize(
    ("out", "said"),
    [
        ("", "the name of the folder is empty"),
        ("mine", "mine is not empty; name a new folder"),
        ("file", "file is a file"),
        ("done", "done holds photographs picked otherwise"),
        ("less", "less held all once and has 20 of 21 photographs; remove it"),
        ("bare", "bare held all once and has 0 of 1 photographs; remove it"),
    ],
)
def test_a_folder_with_something_else_is_left_alone(condcolor, here, mine, out, said):
    make_pets("done", pictures="mine", seed=5)
    make_pets("less", pictures="mine")
    make_pets("bare", pictures="mine")
    (here / "less/inputs/pug_0.png").unlink()
    (here / "bare/metadata.csv").unlink()
    (here / "file").touch()
    before = tree(here)
    done = condcolor("data", "pets", out, "--pictures", "mine")
    assert done.exit_code == 2
    assert said in done.stderr
    assert tree(here) == before


def test_the_download_does_not_take_the_place_of_the_data(condcolor, here):
    done = condcolor("data", "pets", ROOT)
    assert (done.exit_code, top(here)) == (2, [])
    assert "is the folder of the download" in done.stderr


def test_odd_names_are_left_out(condcolor, here, mine):
    for name in (
        "pug.jpg",
        "pug_x.jpg",
        "pug_.jpg",
        "__4.jpg",
        "pug\n_4.jpg",
        "a\\b_1.jpg",
        "pug_0.png",
    ):
        (mine / name).write_bytes(drawn(70))
    (mine / os.fsdecode(b"caf\xe9_1.jpg")).write_bytes(drawn(71))
    (mine / "pug_9.txt").write_text("passed over")
    done = condcolor("data", "pets", "pets", "--pictures", "mine")
    assert done.exit_code == 0
    told = [line.removeprefix("note: left out: ") for line in done.stderr.splitlines()]
    assert sorted(told) == [
        "__4.jpg: has a name that cannot stand in a csv",
        "a\\b_1.jpg: has a name that cannot stand in a csv",
        "caf\\udce9_1.jpg: has a name that cannot stand in a csv",
        "note: 8 left out, as ORIGIN.md lists",
        "pug.jpg: not named BREED_NUMBER, as pug_12.jpg is",
        "pug\\n_4.jpg: has a name that cannot stand in a csv",
        "pug_.jpg: not named BREED_NUMBER, as pug_12.jpg is",
        "pug_0.png: has the name of pug_0.jpg",
        "pug_x.jpg: not named BREED_NUMBER, as pug_12.jpg is",
    ]


def test_a_picture_is_never_trained_on_and_tested(condcolor, here, mine):
    """A copy under another name would be: train's stays, and the csv can be read."""
    (mine / "pug_0.jpg").write_bytes((mine / "pug_4.jpg").read_bytes())
    (here / "split.csv").write_text(
        "file,split\npug_0.jpg,test\npug_1.jpg,test\npug_4.jpg,train\nBengal_1.jpg,test\n"
    )
    done = condcolor("data", "pets", "pets", "--pictures", "mine", "--splits", "split.csv")
    assert "left out: pug_0.jpg: the same picture as pug_4.jpg\n" in done.stderr
    assert "left out: Bengal_1.jpg: no picture of its breed is there to train with" in done.stderr
    assert [(r["output"], r["split"]) for r in rows(here / "pets")] == [
        ("outputs/pug_4.jpg", "train"),
        ("outputs/pug_1.jpg", "test"),
    ]
    assert top(here / "pets/inputs") == ["pug_1.png", "pug_4.png"]
    assert top(here / "pets/outputs") == ["pug_1.jpg", "pug_4.jpg"]


def test_names_that_make_no_data_set_are_told(condcolor, here, mine):
    (mine / "Pug_7.jpg").write_bytes(drawn(70))
    done = condcolor("data", "pets", "pets", "--pictures", "mine")
    assert (done.exit_code, done.stdout) == (3, "")
    assert "mine: its names make no data set that can be read" in done.stderr
    assert "'Pug'" in done.stderr
    assert top(here) == ["mine"]


def test_nothing_to_train_with_is_told(condcolor, here, mine):
    for path in mine.iterdir():
        path.write_bytes(b"")
    done = condcolor("data", "pets", "pets", "--pictures", "mine")
    assert (done.exit_code, done.stdout) == (3, "")
    said = "Error: mine: no picture in it to train with: all 21 were left out"
    assert done.stderr.splitlines()[-1] == said
    assert top(here) == ["mine"]


def test_a_list_that_is_missing_or_contradicts_is_told(condcolor, here, mine):
    (mine / "annotations").mkdir()
    (mine / "annotations/trainval.txt").write_text("pug_0 1 1 1\npug_1 1 1 1\n")
    done = condcolor("data", "pets", "pets", "--pictures", "mine")
    assert done.exit_code == 3
    assert "annotations/test.txt: cannot be read (No such file or directory)" in done.stderr
    (mine / "annotations/test.txt").write_text("#name\n\npug_1 1 1 1\n")
    done = condcolor("data", "pets", "pets", "--pictures", "mine")
    assert done.exit_code == 3
    assert "pug_1: in trainval.txt and in test.txt" in done.stderr
    (mine / "annotations/test.txt").write_text("#name\n\npug_2 1 1 1\n")
    assert condcolor("data", "pets", "pets", "--pictures", "mine").exit_code == 0
    assert names(here / "pets", "test") == ["pug_2"]


# --- the grey copies


@pytest.mark.parametrize("how", ["JPEG", "PNG", "turned", "see-through", "grey", "16-bit"])
def test_a_grey_copy_is_the_luma_of_the_original_as_it_is_shown(here, mine, how):
    image = Image.fromarray(photograph(500))
    options = {}
    if how == "turned":
        options["exif"] = Image.Exif()
        options["exif"][0x0112] = 6
    elif how == "see-through":
        image.putalpha(Image.linear_gradient("L").resize(image.size))
    elif how == "grey":
        image = image.convert("L")
    elif how == "16-bit":
        image = Image.fromarray(np.linspace(0, 65535, 432).astype(np.uint16).reshape(18, 24))
    suffix = ".jpg" if how in ("JPEG", "turned") else ".png"
    image.save(mine / f"Chow_1{suffix}", **options)
    make_pets("pets", pictures="mine")
    shown = open_picture(here / f"pets/outputs/Chow_1{suffix}").rgb
    with Image.open(here / "pets/inputs/Chow_1.png") as copy:
        assert copy.mode == "L"
        grey = np.asarray(copy)
    assert shown.shape[:2] == ((24, 18) if how == "turned" else (18, 24))
    assert grey.shape == shown.shape[:2]
    assert np.abs(grey - luma(shown)).max() <= 0.51


def test_the_codec_takes_the_same_grey_from_the_original(here, mine):
    """What a model of these pairs learns to see in the original is what it is given in the copy."""
    make_pets("pets", pictures="mine")
    codec = RECIPES["pets"].codec
    for row in rows(here / "pets"):
        rgb = torch.from_numpy(open_picture(here / "pets" / row["output"]).rgb)
        source = codec.encode_source(rgb.permute(2, 0, 1)[None])[0, 0]
        with Image.open(here / "pets" / row["input"]) as copy:
            grey = torch.from_numpy(np.array(copy))
        assert ((source + 1) * 127.5 - grey).abs().max() <= 1.5


def test_training_can_read_it(condcolor, here, mine):
    make_pets("pets", pictures="mine")
    data = read_photographs(here / "pets")
    for split in ("train", "test"):
        found = sorted(record.target.stem for record in data.split(split))
        assert found == sorted(names(here / "pets", split))
        assert all(record.target.parent.name == "outputs" for record in data.split(split))
    assert (len(data.split("train")), len(data.split("test"))) == (17, 4)
    assert "no problems" in condcolor("data", "check", "pets").stdout


# --- faults of the disk, and signals


@pytest.mark.parametrize("hook", ["write_bytes", "write_text"])
def test_a_full_disk_leaves_nothing(fetch, here, monkeypatch, hook):
    def full(path, *_):
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    with monkeypatch.context() as patch:
        patch.setattr(Path, hook, full)
        done = fetch()
    assert (done.exit_code, done.stdout) == (3, "")
    assert "No space left on device: make room or give permission" in done.stderr
    assert done.stderr.endswith("what was downloaded stays\n")
    assert top(here) == [ROOT]
    assert fetch().exit_code == 0


@SIGNALS
def test_a_stop_while_downloading_says_what_is_kept_and_the_same_command_goes_on(
    fetch, here, sites, number
):
    place = here / ROOT / "oxford-iiit-pet/images.tar.gz.part"

    def stop():
        until = time.monotonic() + 10
        while place.stat().st_size < CUT and time.monotonic() < until:
            time.sleep(0.01)
        os.kill(os.getpid(), number)

    sites[0].answers.append(Answer(sent=CUT, stalls=True, at_cut=stop))
    done = fetch()
    assert (done.exit_code, done.stdout) == (128 + number, "")
    assert done.stderr == (
        f"Interrupted: 0.0 MB are kept in {ROOT}; the same command goes on from there\n"
    )
    sites[0].asked.clear()
    assert fetch().exit_code == 0
    assert sites[0].ranges == [f"bytes={CUT}-"]


@SIGNALS
def test_a_stop_while_copying_leaves_nothing_half_made(condcolor, here, mine, monkeypatch, number):
    copied = []
    real = pet_pictures._copy

    def stopped(folder, pet):
        copied.append(pet)
        if len(copied) == 3:
            os.kill(os.getpid(), number)
        time.sleep(0.05)
        return real(folder, pet)

    with monkeypatch.context() as patch:
        patch.setattr(pet_pictures, "_copy", stopped)
        patch.setattr(pet_pictures, "THREADS", 1)
        done = condcolor("data", "pets", "pets", "--pictures", "mine")
    assert (done.exit_code, done.stdout) == (128 + number, "")
    assert done.stderr == "Interrupted: nothing was written\n"
    assert (top(here), len(copied) < 21) == (["mine"], True)  # nor were the others waited for
    assert condcolor("data", "pets", "pets", "--pictures", "mine").exit_code == 0


# --- from Python


def test_the_library_says_each_step_and_prints_nothing(here, resources, capfd):
    told = []
    got = make_pets("pets", resources=resources, on_progress=lambda *step: told.append(step))
    assert (got.train, got.test, got.breeds, got.left_out, got.unnamed) == (5, 4, 4, 2, 1)
    assert (got.is_new, got.download) == (True, Path(ROOT))
    assert list(dict.fromkeys(what for what, _, _ in told)) == [
        "downloading MB of images.tar.gz",
        "checking MB of images.tar.gz",
        "downloading MB of annotations.tar.gz",
        "checking MB of annotations.tar.gz",
        "unpacking archives",
        "copying pictures",
    ]
    assert told[-1] == ("copying pictures", 10, 10)
    assert all(done <= total > 0 for _, done, total in told)
    assert capfd.readouterr() == ("", "")


def test_the_library_refuses_as_the_command_does(here, mine):
    with pytest.raises(UsageError):
        make_pets("pets", splits="split.csv")
    with pytest.raises(UsageError):
        make_pets("pets", resources=[("nowhere", "0" * 32)])
    with pytest.raises(DataError):
        make_pets("pets", pictures="none")


def test_the_addresses_are_those_of_the_published_set(theirs):
    (images, _), (annotations, _) = pet_download._checked(theirs._RESOURCES, "")
    home = "https://www.robots.ox.ac.uk/~vgg/data/pets/"
    assert (images, annotations) == tuple(f"{home}data/{name}" for name in BODIES)
    assert home in pet_download.BY_HAND
    assert home in pets._origin("", "", [], 0, [])
