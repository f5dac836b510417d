"""Many pictures in blocks: coloured as one by one, told when bad, and never done twice or by halves."""

from __future__ import annotations

import io
import json
import os
import secrets
import signal
import tarfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from models import ICONS, save_random, save_random_photo
from pictures import sketch
from PIL import Image

from condcolor.batch.cluster import colorize, worker
from condcolor.batch.cluster.blocks import Ledger, WorkBlock, plan_blocks
from condcolor.batch.cluster.shards import Columns
from condcolor.batch.cluster.storage import UNFINISHED, Entry, open_store
from condcolor.errors import DataError, UsageError
from condcolor.inference.colorizer import Colorizer

pytest.importorskip("pyarrow", reason="pip install 'condcolor[ray]'")


pytest.importorskip("ray", reason="pip install 'condcolor[ray]'")


RED_BLUE = {"hair": "red", "shirt": "blue"}
KEYS = ("a", "b", "more.d/c")


@pytest.fixture
def alone(monkeypatch):
    """The workers' part done in this process, block after block, without Ray."""

    def run(ray, work, blocks, workers, gpus):
        worker = colorize.Worker(work) if blocks else None
        for block in blocks:
            told = json.dumps(colorize.asdict(block))
            result = worker({"block": np.array([told])})
            yield {name: values[0] for name, values in result.items()}

    monkeypatch.setattr(colorize, "_run", run)
    monkeypatch.setattr(colorize, "_capacity", lambda ray: (2.0, 0.0))


@pytest.fixture(scope="module")
def ray_here(tmp_path_factory):
    """A Ray of two CPUs that tells nobody of itself and leaves no token in the home folder."""
    import ray

    before = signal.getsignal(signal.SIGTERM)
    names = {
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_AUTH_TOKEN": secrets.token_hex(32),
        "RAY_DATA_DISABLE_PROGRESS_BARS": "1",
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("RAY_ADDRESS", raising=False)
        for name, value in names.items():
            patch.setenv(name, value)
        options = {"include_dashboard": False, "log_to_driver": False, "logging_level": "ERROR"}
        ray.init("local", num_cpus=2, object_store_memory=100 * 2**20, **options)
        yield ray
        ray.shutdown()
        signal.signal(signal.SIGTERM, before)  # for which Ray has its own handler


def drawn(number: int) -> Image.Image:
    return sketch(20 + 4 * number, 16 + number)


def encoded(image: Image.Image, format: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format)
    return buffer.getvalue()


@pytest.fixture
def folder(here) -> Path:
    """Nine sketches in a tree, and a picture that is none."""
    for number in range(9):
        path = here / "old" / ("even" if number % 2 == 0 else ".") / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        drawn(number).save(path)
    (here / "old/even/bad.png").write_bytes(b"hello")
    return here / "old"


def write_parquet(path: Path, rows: list[dict]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows), path)
    return path.parent


def write_tar(path: Path, members: dict[str, bytes]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w") as tar:
        for name, data in members.items():
            about = tarfile.TarInfo(name)
            about.size = len(data)
            tar.addfile(about, io.BytesIO(data))
    return path.parent


def read_tar(path: Path) -> dict[str, bytes]:
    with tarfile.open(path) as tar:
        return {member.name: tar.extractfile(member).read() for member in tar}


def pixels(source) -> list:
    return np.asarray(
        Image.open(io.BytesIO(source) if isinstance(source, bytes) else source)
    ).tolist()


def failures(summary) -> dict[str, str]:
    lines = Path(summary.folder, "failed.jsonl").read_text().splitlines()
    return {told["key"]: told["error"] for told in map(json.loads, lines)}


def made(summary, pattern: str = "pictures/**/*.png") -> dict[str, Path]:
    root = Path(summary.folder)
    below = root / pattern.partition("/")[0]
    return {p.relative_to(below).as_posix(): p for p in root.glob(pattern)}


def shard_of(summary) -> Path:
    (path,) = Path(summary.folder, "shards").iterdir()
    return path


def colored(model: Path, image: Image.Image, **values: str) -> list:
    return np.asarray(Colorizer.load(model, device="cpu")(image, **values)).tolist()


def assert_all_coloured(summary, folder: Path, model: Path, values: dict[str, str]) -> None:
    good = [p for p in folder.rglob("*.png") if p.name != "bad.png"]
    outputs = made(summary)
    assert set(outputs) == {p.relative_to(folder).as_posix() for p in good}
    for path in good:
        there = pixels(outputs[path.relative_to(folder).as_posix()])
        assert there == colored(model, Image.open(path), **values)


@pytest.mark.slow
def test_ray_colours_a_folder_as_one_by_one_and_goes_on_where_it_was_cut_off(
    ray_here, folder, random_model
):
    call = {"model": random_model, "block": 2}
    heard = []
    summary = colorize.colorize_everywhere(
        folder, "new", RED_BLUE, **call, on_progress=lambda *told: heard.append(told)
    )
    assert (summary.colored, summary.there, summary.failed, summary.unfinished) == (9, 0, 1, ())
    assert heard[-1][0] == heard[-1][1] > 2
    assert_all_coloured(summary, folder, random_model, RED_BLUE)
    assert failures(summary).keys() == {"even/bad.png"}
    made(summary)["3.png"].unlink()
    again = colorize.colorize_everywhere(folder, "new", RED_BLUE, **call)
    assert 0 < again.colored < 9
    assert again.colored + again.there == 9
    assert_all_coloured(again, folder, random_model, RED_BLUE)


@pytest.mark.slow
def test_ray_colours_shards_and_tells_a_model_that_is_gone(ray_here, here, tmp_path):
    model = save_random(tmp_path / "model")
    rows = [
        {"key": key, "image": encoded(drawn(i)), "hair": "red", "shirt": "green"}
        for i, key in enumerate(KEYS)
    ]
    old = write_parquet(here / "old/0.parquet", rows)
    summary = colorize.colorize_everywhere(old, "new", model=model, form="webdataset", workers=1)
    assert summary.colored == 3
    told = read_tar(shard_of(summary))
    assert pixels(told["b.png"]) == colored(model, drawn(1), hair="red", shirt="green")
    (model / "model.safetensors").write_bytes(b"cut off")
    with pytest.raises(DataError, match="what is done stays"):
        colorize.colorize_everywhere(old, "other", model=model, workers=1)


@pytest.mark.parametrize("refused", [(), (20, 32)])
def test_a_batch_keeps_its_order_and_only_what_cannot_be_done_fails(
    here, random_model, monkeypatch, refused
):
    colorizer = Colorizer.load(random_model, device="cpu")
    whole = colorizer.batch

    def batch(pictures, asked):
        if any(picture.size[0] in refused for picture in pictures):
            raise DataError("not enough memory: make it smaller")
        return whole(pictures, asked)

    monkeypatch.setattr(colorizer, "batch", batch)
    output = open_store(here / "new")
    work = worker.Work(
        source=open_store(here), ledger=Ledger(output, "parquet"), columns=Columns(), model="",
        identity="", values=RED_BLUE, vivid=None, precision="fp32", device="cpu", cpus=1, batch=3,
    )  # fmt: skip
    images = [encoded(drawn(number)) for number in range(5)]
    images[2] = b"hello"
    rows = [{"key": str(number), "image": data} for number, data in enumerate(images)]
    write_parquet(here / "0.parquet", rows)
    block = WorkBlock("0" * 16, "parquet", ("0.parquet",))
    mark = worker.color_block(colorizer, work, block)
    got = pq.read_table(here / "new" / work.ledger.shard(block.name)).to_pylist()
    assert [row["key"] for row in got] == list("01234")
    failed = [row["key"] for row in got if row["error"]]
    assert failed == (["0", "2", "3"] if refused else ["2"])
    assert (mark.colored, mark.failed) == (5 - len(failed), len(failed))
    for number, row in enumerate(got):
        if row["image"]:
            alone = colored(random_model, drawn(number), **RED_BLUE)
            assert np.abs(np.subtract(pixels(row["image"]), alone)).max() <= 1


def shot(*, colors: bool) -> Image.Image:
    """A photograph of grey waves; with colors, half of it is green and a part red."""
    levels = 128 + 100 * np.sin(np.arange(64) / 9)[:, None] * np.cos(np.arange(96) / 7)
    rgb = np.repeat(levels[..., None], 3, axis=-1)
    if colors:
        rgb[:, :40] *= (0.5, 1, 0.4)
        rgb[20:50, 60:90] = rgb[20:50, 60:90] * 0.3 + (150, 20, 20)
    return Image.fromarray(rgb.clip(0, 255).astype(np.uint8))


@pytest.mark.parametrize(
    ("options", "left", "red"),
    [({}, 1, True), ({"recolor": True}, 0, False), ({"keep_colors": True}, 0, True)],
)
def test_photographs_with_colours_are_left_or_kept_or_coloured_anew(
    alone, here, tmp_path, options, left, red
):
    model = save_random_photo(tmp_path / "photo")
    Path("old").mkdir()
    shot(colors=True).save("old/a.png")
    shot(colors=False).save("old/b.png")
    done = colorize.colorize_everywhere("old", "new", model=model, **options)
    assert (done.colored, done.failed, done.as_they_were) == (2, 0, left)
    assert ("1 have colours already" in str(done)) is bool(left)
    made = np.asarray(Image.open(Path(done.folder) / "pictures/a.png")).astype(int)
    same = (made == np.asarray(shot(colors=True))).all(axis=-1)
    assert bool(same[30:40, 70:80].all()) is red
    assert bool(same.all()) is bool(left)
    grey = np.asarray(Image.open(Path(done.folder) / "pictures/b.png")).astype(int)
    assert np.ptp(grey, axis=-1).max() > 10  # which the model paints
    again = colorize.colorize_everywhere("old", "new", model=model, **options)
    assert (again.colored, again.there, again.folder) == (0, 2, done.folder)


def test_recolor_is_for_photographs(alone, folder, random_model):
    with pytest.raises(UsageError, match="--recolor is for models of photographs"):
        colorize.colorize_everywhere(folder, "new", RED_BLUE, model=random_model, recolor=True)


def test_what_is_left_is_done_after_a_kill(alone, folder, random_model):
    call = {"model": random_model, "block": 2}
    first = colorize.colorize_everywhere(folder, "new", RED_BLUE, **call)
    root = Path(first.folder)
    before = {p: p.stat().st_mtime_ns for p in made(first).values()}
    marks = sorted(root.glob("done/*"))
    marks[0].unlink()  # a worker was killed before it told, and one while it wrote
    (root / UNFINISHED).mkdir(exist_ok=True)
    (root / UNFINISHED / "0123").write_bytes(b"half a pict")
    second = colorize.colorize_everywhere(folder, "new", RED_BLUE, **call)
    redone = int(marks[0].stem.split("-")[1])
    assert (second.colored, second.there, second.failed) == (redone, 9 - redone, 1)
    changed = [p for p, at in before.items() if p.stat().st_mtime_ns != at]
    assert len(changed) == redone < 9
    assert not (root / UNFINISHED).exists()
    third = colorize.colorize_everywhere(folder, "new", RED_BLUE, **call)
    assert (third.colored, third.there, third.failed) == (0, 9, 1)


def test_a_fault_in_the_middle_leaves_no_shard_and_the_other_blocks_are_done(
    alone, here, random_model, monkeypatch
):
    for name in "xyz":
        write_parquet(here / f"old/{name}.parquet", [{"key": name, "image": encoded(drawn(1))}])
    whole = (here / "old/y.parquet").read_bytes()
    (here / "old/y.parquet").write_bytes(whole[:-9])
    first = colorize.colorize_everywhere("old", "new", RED_BLUE, model=random_model)
    assert first.colored == 2
    assert [line.split(": ")[:2] for line in first.unfinished] == [["y.parquet"] * 2]
    assert len(list(Path(first.folder, "shards").iterdir())) == 2
    assert not [p for p in Path(first.folder).rglob(f"{UNFINISHED}/*") if p.is_file()]
    (here / "old/y.parquet").write_bytes(whole)
    second = colorize.colorize_everywhere("old", "new", RED_BLUE, model=random_model)
    assert (second.colored, second.there, second.unfinished) == (1, 2, ())


def test_a_shard_that_was_taken_away_is_made_again(alone, here, random_model):
    for name in "xy":
        write_parquet(here / f"old/{name}.parquet", [{"key": name, "image": encoded(drawn(1))}])
    first = colorize.colorize_everywhere("old", "new", RED_BLUE, model=random_model)
    next(Path(first.folder, "shards").iterdir()).unlink()
    again = colorize.colorize_everywhere("old", "new", RED_BLUE, model=random_model)
    assert (again.colored, again.there) == (1, 1)


def test_other_values_and_other_models_do_not_mix(alone, folder, random_model, tmp_path):
    other = save_random(tmp_path / "other", ICONS, size=32)  # the same weights
    calls = (
        (RED_BLUE, random_model),
        ({"hair": "green", "shirt": "blue"}, random_model),
        (RED_BLUE, other),
    )
    folders = set()
    for values, model in calls:
        summary = colorize.colorize_everywhere(folder, "new", values, model=model)
        assert (summary.colored, summary.there) == (9, 0)
        assert_all_coloured(summary, folder, model, values)
        told = json.loads(Path(summary.folder, "settings.json").read_text())
        assert told["values"] == values
        folders.add(summary.folder)
    assert len(folders) == 3


def test_parquet_gives_parquet_each_row_in_its_own_colours(alone, here, random_model):
    rows = [
        {"id": 7, "picture": encoded(drawn(0)), "hair": "red", "size": 1},
        {"id": 8, "picture": b"hello", "hair": "red", "size": 1},
        {"id": 9, "picture": encoded(drawn(2)), "hair": "rad", "size": 1},
        {"id": 10, "picture": encoded(drawn(3)), "hair": "brown", "size": 1},
        {"id": None, "picture": encoded(drawn(3)), "hair": "brown", "size": 1},
    ]
    old = write_parquet(here / "old/0.parquet", rows)
    call = {"model": random_model, "key": "id", "picture": "picture"}
    summary = colorize.colorize_everywhere(old, "new", {"shirt": "blue"}, **call)
    assert (summary.colored, summary.failed) == (2, 3)
    got = {row["key"]: row for row in pq.read_table(shard_of(summary)).to_pylist()}
    assert list(got) == ["7", "8", "9", "10", ""]
    for key, number, hair in (("7", 0, "red"), ("10", 3, "brown")):
        assert (got[key]["hair"], got[key]["shirt"], got[key]["error"]) == (hair, "blue", None)
        assert pixels(got[key]["image"]) == colored(
            random_model, drawn(number), hair=hair, shirt="blue"
        )
    assert got["8"]["image"] is None
    assert "is a text file, not a picture" in got["8"]["error"]
    assert "hair 'rad' is not one of" in got["9"]["error"]
    assert failures(summary) == {k: got[k]["error"] for k in ("8", "9", "")}


def test_webdataset_gives_webdataset(alone, here, random_model):
    members = {
        "a.png": encoded(drawn(0)),
        "a.json": b'{"hair": "red", "shirt": "blue"}',
        "a.txt": b"a sketch",
        "in/b.json": b'{"hair": "green", "shirt": "red"}',
        "in/b.jpg": encoded(drawn(1), "JPEG"),
        "c.json": b'{"hair": "green", "shirt": "red"}',
        "d.png": encoded(drawn(2)),
        "e.json": b"{",
        "e.png": encoded(drawn(2)),
    }
    old = write_tar(here / "old/00000.tar", members)
    summary = colorize.colorize_everywhere(old, "new", model=random_model)
    assert (summary.colored, summary.failed) == (2, 3)
    told = read_tar(shard_of(summary))
    assert list(told) == ["a.png", "a.json", "in/b.png", "in/b.json"]
    assert pixels(told["a.png"]) == colored(random_model, drawn(0), **RED_BLUE)
    jpeg = Image.open(io.BytesIO(members["in/b.jpg"]))
    assert pixels(told["in/b.png"]) == colored(random_model, jpeg, hair="green", shirt="red")
    assert json.loads(told["in/b.json"]) == {"key": "in/b", "hair": "green", "shirt": "red"}
    said = failures(summary)
    assert said["c"] == "c: a sample without a picture"
    assert "hair is missing" in said["d"]
    assert "its json cannot be read" in said["e"]


def test_shards_become_a_tree_that_no_key_can_leave(alone, here, random_model):
    keys = ("a", "b.jpg", "../up", "/abs", "a", "x" * 300, ".")
    for name in ("s/1", "s/2"):
        rows = [{"key": key, "image": encoded(drawn(0))} for key in keys]
        write_parquet(here / f"old/{name}.parquet", rows)
    summary = colorize.colorize_everywhere(
        "old", "new", RED_BLUE, model=random_model, form="pictures"
    )
    assert (summary.colored, summary.failed, summary.unfinished) == (4, 10, ())
    assert set(made(summary, "pictures/**/*.*g")) == {
        f"s/{n}/{k}" for n in (1, 2) for k in ("a.png", "b.jpg")
    }
    assert {p.name for p in here.iterdir()} == {"old", "new"}


def test_a_folder_becomes_tars_with_a_suffix_and_keys_of_their_own(alone, here, random_model):
    for name in ("a.png", "a.jpg", "v1.2/b.x.png"):
        (here / "old" / name).parent.mkdir(parents=True, exist_ok=True)
        drawn(1).save(here / "old" / name)
    call = {"model": random_model, "form": "webdataset", "suffix": ".webp", "block": 1000}
    summary = colorize.colorize_everywhere("old", "new", RED_BLUE, **call)
    told = read_tar(shard_of(summary))
    names = ["a.webp", "a_2.webp", "v1.2/b_x.webp"]
    assert [name for name in told if name.endswith(".webp")] == names
    assert json.loads(told["v1.2/b_x.json"])["key"] == "v1.2/b.x.png"


def test_a_picture_that_is_added_changes_its_own_block_alone():
    entries = [Entry(f"{number:04}.png", 10, 0) for number in range(1000)]
    before = plan_blocks(entries, None, 16)
    added = sorted([*entries, Entry("0500-b.png", 10, 0)], key=lambda e: e.name)
    after = plan_blocks(added, None, 16)
    assert [name for block in after for name in block.files] == [e.name for e in added]
    assert len({b.name for b in after} - {b.name for b in before}) <= 2
    changed = plan_blocks(
        [Entry(e.name, e.size, int(e.name == "0500.png")) for e in entries], None, 16
    )
    assert len({b.name for b in changed} - {b.name for b in before}) == 1
    assert 20 < len(before) < 150
    assert max(len(block.files) for block in before) <= 64


def test_what_is_no_longer_in_the_source_is_set_aside_not_deleted(alone, here, random_model):
    for name in "xy":
        write_parquet(here / f"old/{name}.parquet", [{"key": name, "image": encoded(drawn(1))}])
    colorize.colorize_everywhere("old", "new", RED_BLUE, model=random_model)
    (here / "old/x.parquet").unlink()
    summary = colorize.colorize_everywhere("old", "new", RED_BLUE, model=random_model)
    assert (summary.colored, summary.there) == (0, 1)
    assert pq.read_table(shard_of(summary))["key"].to_pylist() == ["y"]
    assert len(list(Path(summary.folder, "stale").glob("*.parquet"))) == 1


def test_pictures_that_failed_are_tried_again_when_asked(alone, folder, random_model):
    call = {"model": random_model}
    colorize.colorize_everywhere(folder, "new", RED_BLUE, **call)
    bad = folder / "even/bad.png"
    about = bad.stat()
    good = encoded(drawn(1))
    bad.write_bytes(good)
    again = colorize.colorize_everywhere(folder, "new", RED_BLUE, **call)
    assert again.failed == 0  # it changed, so its block is another
    bad.write_bytes(b"hello")
    os.utime(bad, ns=(about.st_atime_ns, about.st_mtime_ns))
    assert colorize.colorize_everywhere(folder, "new", RED_BLUE, **call).failed == 1
    kept = colorize.colorize_everywhere(folder, "new", RED_BLUE, **call)
    assert (kept.colored, kept.failed) == (0, 1)
    assert colorize.colorize_everywhere(folder, "new", RED_BLUE, **call, retry=True).colored > 0


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"values": {"hair": "red"}}, "shirt is missing"),
        ({"values": {**RED_BLUE, "hat": "red"}}, "no attribute 'hat'"),
        ({"values": {**RED_BLUE, "hair": "rad"}}, "did you mean 'red'"),
        ({"source": "none"}, "none: no files there"),
        ({"source": "nosuch://x"}, "nosuch://x: no file system"),
        ({"form": "tree"}, "form 'tree' is not one of pictures, parquet, webdataset"),
        ({"kind": "parquet"}, "the source holds no parquet"),
        ({"suffix": ".gif"}, "suffix '.gif' is not one of"),
        ({"out": "old/new"}, "old/new lies in the source"),
        ({"block": 0}, "block is 0"),
        ({"model": "none"}, "model 'none' is neither"),
    ],
)
def test_what_cannot_be_is_said_before_anything_is_written(
    alone, folder, random_model, options, said
):
    call = {"source": "old", "out": "new", "values": RED_BLUE, "model": random_model} | options
    with pytest.raises(UsageError, match=said):
        colorize.colorize_everywhere(**call)
    assert [p.name for p in folder.parent.iterdir()] == ["old"]


def test_a_missing_column_is_said_at_once(alone, here, random_model):
    old = write_parquet(here / "old/0.parquet", [{"key": "a", "image": b"", "hair": "red"}])
    with pytest.raises(DataError, match="no column shirt; it has key, image, hair"):
        colorize.colorize_everywhere(old, "new", model=random_model)


def test_two_that_would_become_one_file_are_refused(alone, here, random_model):
    (here / "old").mkdir()
    drawn(0).save(here / "old/a.gif")
    drawn(0).save(here / "old/a.gif.png")
    with pytest.raises(UsageError, match=r"a.gif and a.gif.png would both become one file"):
        colorize.colorize_everywhere("old", "new", RED_BLUE, model=random_model)


def test_an_output_that_cannot_be_written_is_said(alone, folder, random_model):
    (folder.parent / "new").touch()
    with pytest.raises(DataError, match=r"new/red-blue-.*: cannot be read or written .* choose"):
        colorize.colorize_everywhere("old", "new", RED_BLUE, model=random_model)


def test_a_store_elsewhere_does_as_well_as_a_folder(alone, folder, random_model, monkeypatch):
    """On a file system that is not the local one, in whose place stands a part of it."""
    from pyarrow.fs import LocalFileSystem, SubTreeFileSystem

    from condcolor.batch.cluster import storage

    here = str(folder.parent)

    def open_there(path):
        return storage.Store(SubTreeFileSystem(here, LocalFileSystem()), path)

    monkeypatch.setattr(storage, "open_store", open_there)
    monkeypatch.setattr(colorize, "open_store", open_there)
    first = colorize.colorize_everywhere("old", "new", RED_BLUE, model=random_model)
    assert (first.colored, first.failed) == (9, 1)
    assert len(list(Path(here, "new").glob("*/pictures/**/*.png"))) == 9
    again = colorize.colorize_everywhere("old", "new", RED_BLUE, model=random_model)
    assert (again.colored, again.there) == (0, 9)


def test_a_file_that_is_cut_off_in_the_making_is_not_there(here):
    store = open_store("new")

    def write() -> None:
        with store.new_file("a/b.png") as file:
            file.write(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write()
    assert [p for p in (here / "new").rglob("*") if p.is_file()] == []
    store.write("a/b.png", b"whole")
    assert store.read("a/b.png") == b"whole"


def test_names_that_cannot_be_sent_are_passed_over_by_name(here):
    (here / "old").mkdir()
    Path(os.fsdecode(b"old/n\xe9.png")).touch()
    (here / "old/gone.png").symlink_to("nothing")
    entries, passed_over = open_store("old").entries()
    assert entries == []
    assert [line.partition(":")[0] for line in passed_over] == ["gone.png", "n\\udce9.png"]


def test_a_pipe_is_passed_over(folder):
    os.mkfifo(folder / "pipe.png")
    _, entries, passed_over = colorize.open_source(str(folder))
    assert "pipe.png" not in {entry.name for entry in entries}
    assert passed_over == ["pipe.png: not a file (a pipe or device) skipped"]
