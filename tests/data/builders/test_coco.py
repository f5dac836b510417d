"""condcolor data coco: the same pick everywhere, a folder whole or not there, a line for each fault."""

from __future__ import annotations

import csv
import errno
import hashlib
import io
import os
import signal
import tarfile
import time
from collections import namedtuple
from functools import partial

import numpy as np
import pytest
from fileserver import Answer, closed_port, serving
from PIL import Image

from condcolor.data.builders import archive, coco, partial_file
from condcolor.data.builders.coco import fetch_coco, pick
from condcolor.data.builders.download import WAITS, download
from condcolor.data.metadata import read_metadata, read_photographs
from condcolor.errors import DataError, UsageError

COUNT = 12
PICK = ("--pictures", 10, "--train", 8)
NAMES = tuple(f"{25 + 9 * n:012}.jpg" for n in range(COUNT))


def picture(number: int) -> bytes:
    pixels = np.random.default_rng(number).integers(0, 256, (8, 12, 3), np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG")
    return buffer.getvalue()


PICTURES = {name: picture(n) for n, name in enumerate(NAMES)}


def tgz(pictures=PICTURES, extra=()) -> bytes:
    """An archive laid out as the real one; `extra` members are (name, bytes)."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        members = [("annotations/train_sample.json", b"{}")]
        members += [(f"train_sample/{name}", data) for name, data in pictures.items()]
        for name, data in [*((f"coco_sample/{n}", d) for n, d in members), *extra]:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


BODY = tgz()
CUT = len(BODY) // 2
ARCHIVE = "coco_sample.tgz"


@pytest.fixture(autouse=True)
def no_proxy_and_no_waits(monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(coco, "download", partial(download, sleep=lambda seconds: None))


@pytest.fixture
def site():
    with serving(BODY, name=ARCHIVE) as site:
        yield site


@pytest.fixture
def fetch(condcolor, here, site):
    def run(*words, out="coco", url=site.url):
        return condcolor("data", "coco", out, *PICK, "--url", url, *words)

    return run


def tree(folder) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def top(folder) -> list[str]:
    return sorted(p.name for p in folder.iterdir())


# --- the pick


def test_the_pick_is_the_same_everywhere():
    """Pinned: of the names that COCO's pictures have, those that any machine picks."""
    names = [f"{n:012}.jpg" for n in range(21_837)]
    train, test = pick(names)
    assert (len(train), len(test)) == (8_000, 2_000)
    assert len({*train, *test}) == 10_000
    assert train[:3] == PINNED_TRAIN
    assert test[:3] == PINNED_TEST
    digest = hashlib.sha256("\n".join(train + test).encode()).hexdigest()
    assert digest == PINNED_SHA256


PINNED_TRAIN = ["000000013768.jpg", "000000014332.jpg", "000000009623.jpg"]
PINNED_TEST = ["000000006438.jpg", "000000011694.jpg", "000000009227.jpg"]
PINNED_SHA256 = "4310b59cb635f4baa4f895aa8a154e8cc528cd4cc8d7923b139e2520ec481227"


def test_the_pick_is_what_the_notebooks_draw():
    """`np.random.seed(123)`, `choice` of the names themselves and `permutation`, as published."""
    names = np.array(sorted(f"{n}.jpg" for n in range(500)))
    legacy = np.random.RandomState(123)
    subset = legacy.choice(names, 100, replace=False)
    order = legacy.permutation(100)
    train, test = pick(set(names.tolist()), pictures=100, train=80)
    assert train == subset[order[:80]].tolist()
    assert test == subset[order[80:]].tolist()


def test_the_pick_asks_for_names_not_for_their_order():
    names = [f"{n}.jpg" for n in range(100)]
    first = pick(names, pictures=20, train=15)
    assert first == pick(names[::-1], pictures=20, train=15)
    assert first != pick(names, pictures=20, train=15, seed=124)


# --- the folder


def test_a_folder_of_photographs_comes_out(fetch, here, site):
    done = fetch()
    assert (done.exit_code, done.stdout) == (
        0,
        f"8 photographs to train and 2 to test in coco\n{ARCHIVE} (0.0 MB) can be deleted now\n",
    )
    assert done.stderr == (
        "note: not the archive that fastai publishes: the pick is the same only for this one\n"
    )
    assert top(here) == ["coco", ARCHIVE]
    assert (here / ARCHIVE).read_bytes() == BODY
    train, test = pick(NAMES, pictures=10, train=8)
    with open(here / "coco/metadata.csv", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    expected = [(f"photos/{name}", "train") for name in train]
    expected += [(f"photos/{name}", "test") for name in test]
    assert [(row["input"], row["split"]) for row in rows] == expected
    assert all(row["input"] == row["output"] for row in rows)
    photos = {p.name: p.read_bytes() for p in (here / "coco/photos").iterdir()}
    assert photos == {name: PICTURES[name] for name in train + test}
    origin = (here / "coco/ORIGIN.md").read_text()
    for said in (site.url, hashlib.sha256(BODY).hexdigest(), "pictures 10, train 8, seed 123"):
        assert said in origin


def test_training_can_read_it(fetch, here, condcolor):
    assert fetch().exit_code == 0
    for read in (read_metadata, read_photographs):
        data = read(here / "coco")
        assert len(data.split("train")) == 8
        assert len(data.split("test")) == 2
        assert data.schema.names == ()
        assert all(record.source == record.target for record in data.records)
    assert "no problems" in condcolor("data", "check", "coco").stdout


def test_a_second_run_says_so_and_does_nothing(fetch, here, site):
    fetch()
    (here / ARCHIVE).unlink()
    site.asked.clear()
    before = tree(here)
    done = fetch()
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout == "8 photographs to train and 2 to test in coco: all there already\n"
    assert (site.asked, tree(here)) == ([], before)
    assert fetch("--sha256", hashlib.sha256(BODY).hexdigest().upper()).exit_code == 0
    done = fetch("--sha256", "0" * 64)  # from another archive than is asked for now
    assert done.exit_code == 2
    assert "coco holds photographs picked otherwise" in done.stderr


def test_an_archive_that_is_there_is_not_downloaded_again(fetch, here, site):
    fetch()
    site.asked.clear()
    done = fetch("--seed", 7, out="other")
    assert done.exit_code == 0
    assert f"note: {ARCHIVE} is there already and is not downloaded\n" in done.stderr
    assert site.asked == []
    assert "seed 7" in (here / "other/ORIGIN.md").read_text()


def test_an_archive_got_by_hand_needs_no_network(condcolor, here):
    (here / "mine").mkdir()
    (here / "mine/by-hand.tgz").write_bytes(BODY)
    done = condcolor("data", "coco", "coco", *PICK, "--archive", "mine/by-hand.tgz")
    assert done.exit_code == 0
    assert done.stdout == "8 photographs to train and 2 to test in coco\n"
    assert top(here) == ["coco", "mine"]
    assert top(here / "mine") == ["by-hand.tgz"]
    assert "From by-hand.tgz" in (here / "coco/ORIGIN.md").read_text()


def test_folders_on_the_way_are_made_and_an_empty_one_is_used(fetch, here):
    (here / "data/coco").mkdir(parents=True)
    assert fetch(out="data/coco/").exit_code == 0
    assert fetch(out="new/data/coco").exit_code == 0
    assert top(here / "data") == ["coco", ARCHIVE]


def test_what_a_killed_run_left_is_no_hindrance(fetch, here):
    (here / ".coco.tmp/photos").mkdir(parents=True)
    (here / ".coco.tmp/photos" / NAMES[0]).write_bytes(b"half")
    assert fetch().exit_code == 0
    assert top(here) == ["coco", ARCHIVE]
    assert (here / "coco/photos").is_dir()


def test_a_key_in_the_address_is_not_written_down(fetch, here, site):
    assert fetch(url=f"{site.url}?signature=secret").exit_code == 0
    assert not any(b"secret" in data for data in tree(here).values())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--pictures", 1), "pictures must be from 2"),
        (("--train", 0), "train must be from 1 to 9, not 0"),
        (("--train", 10), "train must be from 1 to 9, not 10"),
        (("--seed", -1), "seed must be from 0"),
        (("--sha256", "abc"), "sha256 must be 64 hex digits, not 'abc'"),
        (("--url", "file:///etc/passwd"), "is no address to download from"),
        (("--archive", "x"), "--archive and --url exclude each other"),
    ],
)
def test_wrong_options_are_told_before_anything(fetch, here, site, words, said):
    done = fetch(*words)
    assert (done.exit_code, done.stdout) == (2, "")
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert (top(here), site.asked) == ([], [])


@pytest.mark.parametrize(
    ("out", "said"),
    [
        ("", "the name of the folder is empty"),
        (".", "'.' is a folder already"),
        ("mine", "mine is not empty; name a new folder"),
        ("file", "file is a file"),
        ("done", "done holds photographs picked otherwise"),
        ("less", "less held all once and has 9 of 10 photographs; remove it"),
    ],
)
def test_a_folder_with_something_else_is_left_alone(fetch, here, site, out, said):
    fetch("--seed", 5, out="done")
    fetch(out="less")
    next((here / "less/photos").iterdir()).unlink()
    (here / "file").touch()
    (here / "mine").mkdir()
    (here / "mine/diary.txt").write_text("mine")
    before = tree(here)
    site.asked.clear()
    done = fetch(out=out)
    assert done.exit_code == 2
    assert said.replace("'", "") in done.stderr.replace("'", "")
    assert (tree(here), site.asked) == (before, [])


# --- faults


def test_a_cut_connection_is_told_and_gone_on_with(fetch, site, here):
    site.answers.append(Answer(sent=CUT))
    done = fetch()
    assert done.exit_code == 0
    assert "the connection was cut; 0.0 MB are kept; trying again in 1 s" in done.stderr
    assert site.ranges == [None, f"bytes={CUT}-"]
    assert (here / ARCHIVE).read_bytes() == BODY


def test_a_connection_cut_too_often_is_one_line_and_the_same_command_goes_on(fetch, site, here):
    site.answers += [Answer(sent=CUT), *[Answer(sent=0)] * len(WAITS)]
    done = fetch()
    assert done.exit_code == 3
    assert "run the same again later, it goes on from there" in done.stderr.splitlines()[-1]
    assert "by hand and add --archive FILE" in done.stderr.splitlines()[-1]
    assert top(here) == [f"{ARCHIVE}.part", f"{ARCHIVE}.part.json"]
    site.asked.clear()
    assert fetch().exit_code == 0
    assert site.ranges == [f"bytes={CUT}-"]
    assert (here / ARCHIVE).read_bytes() == BODY


def test_offline_is_one_line_with_the_way_by_hand(fetch, here):
    url = f"http://127.0.0.1:{closed_port()}/{ARCHIVE}"
    done = fetch(url=url)
    assert (done.exit_code, done.stdout) == (3, "")
    assert len(done.stderr.splitlines()) == 1
    assert "cannot be reached" in done.stderr
    assert f"or download {url} by hand and add --archive FILE" in done.stderr
    assert top(here) == []


def test_the_file_that_fastai_publishes_is_known_before_it_comes(
    condcolor, here, site, monkeypatch
):
    """Of the default address the size is known: what has another is refused before it is written."""
    monkeypatch.setattr(coco, "URL", site.url)
    done = condcolor("data", "coco", "coco", *PICK)
    assert done.exit_code == 3
    assert f"the file has {len(BODY):,} bytes, not 3,245,877,008 bytes" in done.stderr
    assert top(here) == []
    monkeypatch.setattr(coco, "SIZE", len(BODY))
    done = condcolor("data", "coco", "coco", *PICK)
    assert done.exit_code == 3
    assert "not the file that fastai publishes" in done.stderr
    assert top(here) == [f"{ARCHIVE}.bad"]
    monkeypatch.setattr(coco, "HEAD_MD5", hashlib.md5(BODY[: 1 << 20]).hexdigest())
    done = condcolor("data", "coco", "coco", *PICK)
    assert (done.exit_code, done.stderr) == (0, "")


def test_a_wrong_checksum_sets_the_download_aside(fetch, here, site):
    done = fetch("--sha256", "0" * 64)
    assert (done.exit_code, done.stdout) == (3, "")
    assert f"its sha256 is {hashlib.sha256(BODY).hexdigest()}, not {'0' * 64}" in done.stderr
    assert f"set aside as {ARCHIVE}.bad: run the same again for a new one" in done.stderr
    assert top(here) == [f"{ARCHIVE}.bad"]
    assert fetch("--sha256", hashlib.sha256(BODY).hexdigest()).exit_code == 0


def test_a_damaged_archive_is_set_aside_but_never_the_users_own(fetch, condcolor, here, site):
    whole, site.body = site.body, BODY[:CUT]
    done = fetch()
    assert done.exit_code == 3
    assert f"{ARCHIVE}: a damaged .tgz (" in done.stderr
    assert top(here) == [f"{ARCHIVE}.bad"]
    (here / "own.tgz").write_bytes(BODY[:CUT])
    done = condcolor("data", "coco", "coco", *PICK, "--archive", "own.tgz")
    assert done.exit_code == 3
    assert "set aside" not in done.stderr
    assert top(here) == [f"{ARCHIVE}.bad", "own.tgz"]
    site.body = whole
    assert fetch().exit_code == 0


@pytest.mark.parametrize("name", ["../evil.jpg", "/condcolor-evil.jpg", "a/../../../evil.jpg"])
def test_an_archive_whose_paths_leave_it_writes_nothing(fetch, here, site, name):
    site.body = tgz(extra=[(name, PICTURES[NAMES[0]])])
    done = fetch()
    assert (done.exit_code, done.stdout) == (3, "")
    assert "leaves the folder: nothing was unpacked" in done.stderr
    assert top(here) == [ARCHIVE]
    assert not list(here.parent.rglob("*evil*"))
    assert not os.path.exists("/condcolor-evil.jpg")


def test_fewer_pictures_than_asked_is_told(fetch, here):
    done = fetch("--pictures", 13)
    assert done.exit_code == 3
    assert f"{ARCHIVE}: 12 pictures in it, and 13 are asked for: ask for fewer" in done.stderr
    assert top(here) == [ARCHIVE]
    assert fetch("--pictures", 12).exit_code == 0


def test_a_full_disk_while_downloading_keeps_the_part(fetch, here, site, monkeypatch):
    def append(self, block):
        self.file.write(block[:CUT])
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(partial_file.Part, "append", append)
        done = fetch()
    assert done.exit_code == 3
    assert "coco_sample.tgz.part: the disk is full: make room and run the same" in done.stderr
    assert fetch().exit_code == 0
    assert site.ranges == [None, f"bytes={CUT}-"]


@pytest.mark.parametrize("written", [0, 5])
def test_a_full_disk_while_unpacking_leaves_the_archive_only(fetch, here, monkeypatch, written):
    real, calls = archive.shutil.copyfileobj, []

    def copy(packed, file):
        calls.append(file)
        if len(calls) > written:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(packed, file)

    with monkeypatch.context() as patch:
        patch.setattr(archive.shutil, "copyfileobj", copy)
        done = fetch()
    assert (done.exit_code, done.stdout) == (3, "")
    assert "No space left on device: make room" in done.stderr
    assert top(here) == [ARCHIVE]
    assert fetch().exit_code == 0


def test_a_disk_too_small_for_the_pictures_is_told_before_one(condcolor, here, monkeypatch):
    (here / "own.tgz").write_bytes(BODY)
    usage = namedtuple("usage", "total used free")(10**9, 10**9, 10**6)
    monkeypatch.setattr(archive.shutil, "disk_usage", lambda _: usage)
    done = condcolor("data", "coco", "coco", *PICK, "--archive", "own.tgz")
    assert done.exit_code == 3
    assert "of pictures to unpack: make room" in done.stderr
    assert top(here) == ["own.tgz"]


# --- signals

SIGNALS = pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])


@SIGNALS
def test_a_stop_while_downloading_says_what_is_kept_and_the_same_command_goes_on(
    fetch, here, site, number
):
    place = here / f"{ARCHIVE}.part"

    def stop():
        until = time.monotonic() + 10
        while place.stat().st_size < CUT and time.monotonic() < until:
            time.sleep(0.01)
        os.kill(os.getpid(), number)

    site.answers.append(Answer(sent=CUT, stalls=True, at_cut=stop))
    done = fetch()
    assert (done.exit_code, done.stdout) == (128 + number, "")
    assert done.stderr == (
        f"Interrupted: 0.0 MB are kept in {ARCHIVE}.part; the same command goes on from there\n"
    )
    assert place.read_bytes() == BODY[:CUT]
    site.asked.clear()
    assert fetch().exit_code == 0
    assert site.ranges == [f"bytes={CUT}-"]
    assert (here / ARCHIVE).read_bytes() == BODY


@SIGNALS
@pytest.mark.parametrize("step", ["checking MB", "unpacking"])
def test_a_stop_later_leaves_the_archive_and_nothing_half_made(
    fetch, here, site, monkeypatch, number, step
):
    real = coco.extract, coco.scan
    hook = "extract" if step == "unpacking" else "scan"

    def stopped(*arguments, on_progress=None, **options):
        def tell(done, total):
            on_progress(done, total)
            os.kill(os.getpid(), number)

        return real[hook == "scan"](*arguments, on_progress=tell, **options)

    with monkeypatch.context() as patch:
        patch.setattr(coco, hook, stopped)
        done = fetch()
    assert done.exit_code == 128 + number
    assert f"MB are kept in {ARCHIVE}; the same command goes on from there" in done.stderr
    assert top(here) == [ARCHIVE]
    site.asked.clear()
    assert fetch().exit_code == 0
    assert site.asked == []


# --- from Python, and as a process of its own


def test_the_library_says_each_step_and_prints_nothing(here, site, capfd):
    told = []
    got = fetch_coco(
        here / "coco",
        url=site.url,
        pictures=10,
        train=8,
        on_progress=lambda *step: told.append(step),
    )
    assert (got.train, got.test, got.archive) == (8, 2, here / ARCHIVE)
    steps = list(dict.fromkeys(what for what, _, _ in told))
    assert steps == ["downloading MB", "checking MB", "unpacking"]
    assert told[-1] == ("unpacking", 10, 10)
    assert all(0 < done <= total for _, done, total in told)
    assert capfd.readouterr() == ("", "")


def test_the_library_refuses_as_the_command_does(here, site):
    with pytest.raises(UsageError):
        fetch_coco(here / "coco", url="nowhere")
    with pytest.raises(DataError):
        fetch_coco(here / "coco", url=site.url)


def test_the_help_names_the_real_archive(condcolor):
    said = " ".join(condcolor("data", "coco", "--help").stdout.split())
    for word in ("3.2 GB", "21,837", "10000", "8000", "123"):
        assert word in said
    assert coco.URL == "https://s3.amazonaws.com/fast-ai-coco/coco_sample.tgz"
