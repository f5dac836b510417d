"""What older code wrote is read, gone on with and coloured as then: tests/pinned, made by its make.py."""

from __future__ import annotations

import base64
import csv
import hashlib
import json
import math
import os
import shutil
from dataclasses import asdict
from pathlib import Path

import numpy as np
import PIL
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from condcolor.batch.cluster.blocks import settings_name
from condcolor.data.cache import decode
from condcolor.data.metadata import PICTURE_COLUMNS, read_metadata
from condcolor.imaging.layer_files import load_layers, recolor_layers
from condcolor.inference.colorizer import Colorizer
from condcolor.models.checkpoint import load_model
from condcolor.models.config import ModelConfig
from condcolor.models.networks import make_generator
from condcolor.runs.config import RunConfig

PINNED = Path(__file__).parent / "pinned"
EXAMPLES = Path(__file__).parents[1] / "examples"
CHANGED = 1_600_000_000 * 10**9  # when the pinned pictures changed last, for git keeps no times
RED_BLUE = {"hair": "red", "shirt": "blue"}
ORANGE_NONE = {"hair": "#ff8800", "shirt": "none"}
WORDS = ("--hair", "red", "--shirt", "blue")
# a model: a picture it made -> the one it came from, and the values
MODELS = {
    "icons": {"red-blue": ("sketch.png", RED_BLUE)},
    "icons-head": {"red-blue": ("sketch.png", RED_BLUE), "any": ("sketch.png", ORANGE_NONE)},
    "parts": {"red-blue": ("sketch.png", RED_BLUE), "any": ("sketch.png", ORANGE_NONE)},
    "photo": {"colored": ("photograph.png", {})},
    "pets": {"colored": ("photograph.png", {})},
}
MADE = [(model, made) for model, pictures in MODELS.items() for made in pictures]
EXPORTED = ("icons-head", "parts", "photo")
RUNS = {"icons": (2,), "photo": (1, 1), "pets": (1, 1, 1)}  # epochs of the phases
LOCK = ("--model", "models/icons-head", "--palette", "palette.json", "--lock", "--check")
GRID = ("--model", "models/icons-head", "--grid", "2x1")
# the output of a folder run -> the words of its command, and what the same command says again
SETS = {
    "locked": (
        ("data/icons/inputs", *LOCK, "--hair", "crimson", "--shirt", "navy"),
        "0 of 0 pictures coloured in sets/locked, 3 were there already",
    ),
    "gridded": (
        ("sheets", *GRID, *WORDS),
        "0 of 1 pictures coloured in sets/gridded, 1 were there already",  # the other one failed
    ),
    "vivid": (
        ("data/photo/val", "--model", "models/photo", "--vivid", "1.5"),
        "0 of 0 pictures coloured in sets/vivid, 3 were there already",
    ),
}
OTHER = {"locked": ("--hair", "ash"), "gridded": ("--hair", "brown"), "vivid": ("--vivid", "2")}
BEGUN = ["status", "output"]
MADE_OF = ["source", "size", "mtime_ns", "values", "vivid", "sha256"]
MADE_BY = ["output", "model", "seconds", "notes"]
KEYS = {
    ("locked", "done"): ["status", *MADE_OF, "lock", *MADE_BY, "measured", "doubts"],
    ("gridded", "done"): ["status", *MADE_OF, "grid", *MADE_BY],
    ("gridded", "failed"): ["status", "reason", *MADE_OF, "grid", *MADE_BY],
    ("vivid", "done"): ["status", *MADE_OF, *MADE_BY],
}
SET_ON_A_CLUSTER = {"values": RED_BLUE, "model": "models/icons-head"}
SETTINGS = {
    *("model", "sha256", "vivid", "identity", "precision", "values", "source", "form", "kind"),
    *("suffix", "key", "picture", "block"),
}
LAYERS = ("paper", "rest", "shirt", "hair", "lines")
SKETCHES, PHOTOGRAPHS = EXAMPLES / "sketches", EXAMPLES / "photographs"
# a picture of the built-in models -> the commands that make it, the last one with `-o` to come
COMMANDS = {
    "values.png": [("colorize", SKETCHES / "ada.png", *WORDS)],
    "any.png": [("colorize", SKETCHES / "ben.png", "--hair", "#ff8800", "--shirt", "none")],
    "kept.png": [("colorize", SKETCHES / "cleo.png", "--hair", "teal", "--keep", "shirt")],
    "locked.png": [("colorize", SKETCHES / "dan.png", "--lock", *WORDS)],
    "sheet.png": [("variants", SKETCHES / "ada.png", "--sheet-only", "--cell", 64)],
    "recolored.png": [
        ("layers", SKETCHES / "ada.png", *WORDS, "-o", "layers"),
        ("recolor", "layers", "--hair", "#00aa88", "--paper", "ivory"),
    ],
    "photo.png": [("colorize", PHOTOGRAPHS / "collins.jpg", "--model", "photo")],
}


@pytest.fixture
def pinned(tmp_path, monkeypatch) -> Path:
    """A copy of all that is pinned, in the current folder."""
    folder = tmp_path / "pinned"
    shutil.copytree(PINNED, folder)
    set_times(folder)
    monkeypatch.chdir(folder)
    return folder


def set_times(folder: Path) -> None:
    """The pictures as old as when they were pinned, and with the same rights."""
    for path in folder.rglob("*.png"):
        path.chmod(0o644)
        os.utime(path, ns=(CHANGED, CHANGED))


def pixels(path: Path | str) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image)


def assert_near(made: np.ndarray, pinned: Path) -> None:
    """To a level: networks round otherwise on other processors, which may tip a rounding to 8 bits."""
    expected = pixels(pinned)
    assert made.shape == expected.shape
    assert np.abs(made.astype(int) - expected).max() <= 1


def read_lines(path: Path | str) -> list[dict]:
    return [json.loads(line) for line in Path(path).read_text().splitlines()]


def shapes(told: object) -> object:
    """The keys of what JSON holds, all the way down, and the types of its values."""
    if isinstance(told, dict):
        return {key: shapes(value) for key, value in told.items()}
    if isinstance(told, list):
        return [shapes(value) for value in told]
    return "number" if isinstance(told, int | float) else type(told).__name__


# -- data sets ---------------------------------------------------------------------------------------


def test_the_older_names_of_the_picture_columns_are_read(pinned):
    csv = Path("data/icons/metadata.csv")
    header, *rows = csv.read_text(encoding="utf-8").splitlines()
    assert header == "input,output,hair,shirt"
    older = read_metadata("data/icons").records
    assert len(older) == len(rows) > 0
    named = header.replace("input,output", ",".join(PICTURE_COLUMNS))
    csv.write_text("\n".join([named, *rows]) + "\n", encoding="utf-8")
    assert read_metadata("data/icons").records == older


# -- models ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("model", "made"), MADE)
def test_a_model_folder_colours_as_it_did(model, made):
    source, values = MODELS[model][made]
    colorizer = Colorizer.load(PINNED / "models" / model, device="cpu")
    image = colorizer(PINNED / "pictures" / source, **values)
    assert_near(np.asarray(image), PINNED / "models" / f"{model}-{made}.png")


@pytest.mark.parametrize("name", MODELS)
def test_a_models_config_is_taken_field_by_field(name):
    model = load_model(PINNED / "models" / name)
    told = json.loads((PINNED / "models" / name / "config.json").read_text())
    assert told["model"].items() <= asdict(model.config).items()
    assert (told["recipe"], told["image_size"]) == (model.recipe, model.image_size)
    assert (told["training"], told["metrics"]) == (model.training, model.metrics)
    assert (told["licence"], told["vivid"]) == (model.licence, model.vivid)
    assert told["schema"] == model.schema.to_json()
    weights = load_file(PINNED / "models" / name / "model.safetensors")
    assert list(model.generator.state_dict()) == sorted(weights, key=order_of(model.generator))


def order_of(module: torch.nn.Module):
    return list(module.state_dict()).index


@pytest.mark.parametrize("encoder", ["resnet34", "resnet50", "efficientnet-lite0"])
def test_weights_of_networks_that_are_too_large_to_pin_have_their_names(encoder):
    told = json.loads((PINNED / "weights.json").read_text())[encoder]
    network = make_generator(ModelConfig(**told["model"]))
    named = {name: list(tensor.shape) for name, tensor in network.state_dict().items()}
    assert named == told["weights"]


@pytest.mark.parametrize(("model", "made"), [pair for pair in MADE if pair[0] in EXPORTED])
def test_an_exported_model_colours_as_it_did(condcolor, pinned, model, made):
    pytest.importorskip("onnxruntime", reason="pip install 'condcolor[onnx]'")
    source, values = MODELS[model][made]
    words = [word for name, value in values.items() for word in (f"--{name}", value)]
    onnx = f"exported/{model}.onnx"
    words += ["--recolor"] * model.startswith(
        "photo"
    )  # which else leaves a picture with colours alone
    asked = ("--model", onnx, "--precision", "fp32", "-o", "made.png")
    done = condcolor("colorize", f"pictures/{source}", *words, *asked)
    assert done.exit_code == 0, done.stderr
    assert_near(pixels("made.png"), PINNED / "exported" / f"{model}-{made}.png")
    assert f"recipe    {model.partition('-')[0]}, " in condcolor("info", onnx).stdout


@pytest.mark.parametrize("name", EXPORTED)
def test_an_export_has_the_same_graphs(request, name):
    for module in ("onnx", "onnxscript", "onnxruntime"):
        pytest.importorskip(module, reason="pip install 'condcolor[onnx]'")
    _, made = request.getfixturevalue(f"{name.partition('-')[0]}_onnx")
    assert names_in(made) == names_in(PINNED / "exported" / f"{name}.onnx")


def names_in(path: Path) -> dict[str, object]:
    """The names in an .onnx file: those of its properties, and what goes into and out of each graph."""
    import onnx

    model = onnx.load(path)
    held = {entry.key: entry.value for entry in model.metadata_props}
    held = {
        key: value for key, value in held.items() if key != "condcolor.card"
    }  # not all have one
    config, told = (json.loads(held.pop(f"condcolor.{key}")) for key in ("config", "onnx"))
    names: dict[str, object] = {"config": list(config), "onnx": shapes(told)}
    graphs = {key: onnx.load_from_string(base64.b64decode(value)) for key, value in held.items()}
    for key, graph in {"": model, **graphs}.items():
        ends = graph.graph.input, graph.graph.output
        names[key] = [[value.name for value in end] for end in ends]
    return names


# -- runs --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", RUNS)
def test_a_run_is_read(condcolor, pinned, name):
    run = Path("runs", name)
    plan, _ = RunConfig.load(run)
    told = json.loads((run / "config.json").read_text())
    for fields, made in zip(told["phases"], plan.phases, strict=True):
        assert fields.items() <= asdict(made).items()
    as_json = json.loads(json.dumps(asdict(plan.config)))
    assert told["train"].items() <= as_json.items()
    assert told["model"].items() <= asdict(plan.model).items()
    for words in (("plot", run), ("report", run), ("info", run)):
        done = condcolor(*words)
        assert done.exit_code == 0, done.stderr
    assert f"{name}, 16 px" in done.stdout
    page = (run / "report.html").read_text()
    assert (run / "losses.png").stat().st_size > 1000
    assert page.count("data:image/") >= len(list((run / "samples").glob("*.png")))


@pytest.mark.parametrize("name", RUNS)
def test_a_run_goes_on_from_its_last_state_but_one(condcolor, pinned, name):
    run = Path("runs", name)
    newest = max((run / "checkpoints").iterdir())
    shutil.rmtree(newest)
    done = condcolor("resume", run, "--device", "cpu", "--cache", "none")
    assert done.exit_code == 0, done.stderr
    before, after = (read_lines(place / "runs" / name / "log.jsonl") for place in (PINNED, pinned))
    assert_alike(once(before), once(after))
    states = PINNED / newest, newest
    before, after = (json.loads((state / "state.json").read_text()) for state in states)
    assert after.pop("phase_began") is not None  # which earlier versions did not count
    assert_alike(before, after)
    old, new = (load_file(state / "state.safetensors") for state in states)
    assert {k: (v.shape, v.dtype) for k, v in old.items()} == {
        k: (v.shape, v.dtype) for k, v in new.items()
    }
    old, new = ({p.relative_to(p0) for p in p0.rglob("*")} for p0 in (PINNED / run, run))
    assert old <= new


def once(log: list[dict]) -> list[dict]:
    """Without what a resumed run measures again where a phase begins."""
    found = {(e["kind"], e["step"], e.get("phase"), e.get("epoch")): e for e in log}
    return list(found.values())


def assert_kept(old: dict, new: dict) -> None:
    """All that an earlier version wrote, beside what is new."""
    for name, value in old.items():
        if isinstance(value, dict):
            assert_kept(value, new[name])
        else:
            assert new[name] == value, name


def assert_alike(old: object, new: object, key: str = "") -> None:
    """The same counters and words; losses nearly, for they are rounded otherwise on other processors."""
    if isinstance(old, dict):
        assert list(old) == list(new)
        for name in old:
            assert_alike(old[name], new[name], name)
    elif isinstance(old, list) and key != "confusion":
        for pair in zip(old, new, strict=True):
            assert_alike(*pair)
    elif isinstance(old, float):
        assert key == "seconds" or math.isclose(old, new, rel_tol=0.05, abs_tol=0.05), key
    elif key != "confusion":
        assert old == new, key


@pytest.mark.parametrize("name", RUNS)
def test_a_run_trains_longer(condcolor, pinned, name):
    run = Path("runs", name)
    *others, last = RUNS[name]
    epochs = ",".join(map(str, (*others, last + 1)))
    log = once(read_lines(run / "log.jsonl"))
    config = json.loads((run / "config.json").read_text())
    done = condcolor("resume", run, "--epochs", epochs, "--device", "cpu", "--cache", "none")
    assert done.exit_code == 0, done.stderr
    now = json.loads((run / "config.json").read_text())
    config["phases"][-1]["epochs"] += 1
    assert set(now) - set(config) == {"data_contents_sha256", "began_with", "reading"}
    assert_kept(config, now)
    more = once(read_lines(run / "log.jsonl"))
    kept = [entry for entry in log if entry.get("index") != len(others)]  # its last phase goes on
    assert more[: len(kept)] == kept
    ended = [entry for entry in more if entry["kind"] == "epoch"]
    assert [e["epoch"] for e in ended] == list(range(1, sum(RUNS[name]) + 2))
    assert ended[-1]["step"] == ended[-2]["step"] + ended[0]["step"]  # epochs are of one length
    assert shapes(ended[-1]) == shapes(ended[-2])
    assert more[-1].items() >= {"kind": "phase", "index": len(others)}.items()
    assert max((run / "checkpoints").iterdir()).name == f"step-{ended[-1]['step']:08d}"


def test_decoded_pictures_are_found_in_the_cache(condcolor, pinned, monkeypatch):
    """Their names are digests of how they were decoded, so a new name is decoding anew for all."""
    if json.loads((PINNED / "machine.json").read_text())["pillow"] != PIL.__version__:
        pytest.skip("another Pillow decodes anew, on purpose")
    monkeypatch.setitem(decode.__globals__, "IN_MEMORY", 0)  # smaller sets are not kept
    before = {path.name: path.read_bytes() for path in Path("cache").iterdir()}
    stamps = {path: path.stat().st_mtime_ns for path in Path("cache").glob("*.u8")}
    for name in RUNS:
        done = condcolor("resume", f"runs/{name}", "--device", "cpu", "--cache", "cache")
        assert done.exit_code == 0, done.stderr
    assert {path.name: path.read_bytes() for path in Path("cache").iterdir()} == before
    assert {path: path.stat().st_mtime_ns for path in Path("cache").glob("*.u8")} == stamps


# -- sets --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SETS)
def test_a_set_that_is_done_is_known(condcolor, pinned, name):
    words, said = SETS[name]
    out = Path("sets", name)
    before = {path.name: path.read_bytes() for path in out.iterdir() if name != "gridded"}
    done = condcolor("colorize", *words, "-o", out)
    assert done.exit_code == (name == "gridded"), done.stderr
    assert done.stdout.startswith(said + "\n")
    if name != "gridded":
        assert {path.name: path.read_bytes() for path in out.iterdir()} == before
    other = condcolor("colorize", *words, *OTHER[name], "-o", out)
    assert (other.exit_code, "add --overwrite" in other.stderr) == (2, True)
    skipped = condcolor("colorize", *words, *OTHER[name], "--skip-existing", "-o", out)
    assert skipped.stdout.startswith(said + "\n")


@pytest.mark.parametrize("name", SETS)
def test_a_manifest_has_these_keys(condcolor, pinned, name):
    words, _ = SETS[name]
    out = Path("sets", name)
    pinned_lines = read_lines(out / "manifest.jsonl")
    again = ["--recolor"] * (name == "vivid")  # which else leaves pictures with colours alone
    condcolor("colorize", *words, *again, "--overwrite", "-o", out)
    new = read_lines(out / "manifest.jsonl")[len(pinned_lines) :]
    for line in new:
        line.pop("recolor", None)
    for lines in (pinned_lines, new):
        for line in lines:
            assert list(line) == KEYS.get((name, line["status"]), BEGUN)
    assert [untimed(line) for line in pinned_lines] == [untimed(line) for line in new]


def untimed(line: dict) -> dict:
    """Without what differs from machine to machine."""
    return {k: v for k, v in line.items() if k not in ("seconds", "measured", "doubts")}


def test_a_locked_set_has_these_colours(pinned):
    with open("sets/locked/colors.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert {row["hair_asked"] for row in rows} == {"crimson"}
    assert {row["hair_asked_hex"] for row in rows} == {"#b01030"}
    for line in read_lines("sets/locked/manifest.jsonl")[1::2]:
        assert line["measured"] == {"hair": "#b01030", "shirt": "#102050"}
        assert {*line["doubts"]["hair"]} == {"score", "when"}


def test_a_set_of_a_cluster_is_known(pinned):
    """Nothing is left to do, so no Ray is started; the source's path, which is in the name, is this one."""
    pytest.importorskip("pyarrow", reason="pip install 'condcolor[ray]'")
    pytest.importorskip("ray", reason="pip install 'condcolor[ray]'")
    from condcolor.batch.cluster.colorize import colorize_everywhere

    told = json.loads(Path("cluster/settings.json").read_text())
    assert set(told) == SETTINGS
    told["source"] = told["source"].format(source=pinned / "data/icons/inputs")
    name = settings_name(told | {"model": ""})
    Path("new").mkdir()
    Path("cluster").rename(Path("new", name))
    marks = {path.name for path in Path("new", name, "done").iterdir()}
    values, model = (SET_ON_A_CLUSTER[key] for key in ("values", "model"))
    summary = colorize_everywhere("data/icons/inputs", "new", values, model=model)
    assert (summary.folder, summary.there) == (str(pinned / "new" / name), 3)
    assert (summary.colored, summary.failed, summary.unfinished) == (0, 0, ())
    assert {path.name for path in Path("new", name, "done").iterdir()} == marks
    assert json.loads(Path("new", name, "settings.json").read_text()) == told


# -- layers ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("source", ["folder", "sketch.ora"])
def test_layers_are_read_and_recoloured(source):
    place = PINNED / "layers" / source
    layers = load_layers(place)
    assert layers.names == LAYERS
    assert [c.name for c in layers.choices] == ["hair", "shirt", "lines", "paper"]
    assert np.array_equal(layers.composed(), pixels(PINNED / "layers/composed.png"))
    made = recolor_layers(place, hair="#00aa88", shirt="brown", paper="ivory").composed()
    assert np.array_equal(made, pixels(PINNED / "layers/recolored.png"))


def test_layers_are_written_as_they_were(condcolor, pinned):
    done = condcolor("recolor", "layers/folder", "-o", "again")
    assert done.exit_code == 0, done.stderr
    names = {path.name for path in Path("layers/folder").iterdir()}
    assert {path.name for path in Path("again").iterdir()} == names
    assert Path("again/layers.json").read_bytes() == Path("layers/folder/layers.json").read_bytes()


# -- pictures of the built-in models -----------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("name", COMMANDS)
def test_commands_make_the_same_pictures(condcolor, here, name):
    made = run_commands(condcolor, name)
    told = json.loads((PINNED / "pictures.json").read_text())[name]
    assert list(made.shape) == told["shape"]
    if json.loads((PINNED / "machine.json").read_text()) == this_machine():
        assert sum_of(made) == told["sha256"]
    small = shrunk(made).astype(int)
    # elsewhere networks round otherwise, and may use bfloat16 or not: a level here and there
    assert np.abs(small - pixels(PINNED / "thumbnails" / name)).mean() <= 1


def run_commands(condcolor, name: str) -> np.ndarray:
    """The picture that the commands make, in the current folder."""
    *before, last = COMMANDS[name]
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # how sums are shared out among threads shows in their last bits
    try:
        for words in (*before, (*last, "-o", name)):
            done = condcolor(*words)
            assert done.exit_code == 0, done.output
    finally:
        torch.set_num_threads(threads)
    return pixels(name)


def sum_of(picture: np.ndarray) -> str:
    return hashlib.sha256(np.ascontiguousarray(picture)).hexdigest()


def shrunk(picture: np.ndarray) -> np.ndarray:
    """`[32, 32, C]` uint8: the mean of each piece, channel by channel."""
    channels = np.moveaxis(picture, -1, 0)
    small = [Image.fromarray(c).resize((32, 32), Image.Resampling.BOX) for c in channels]
    return np.dstack([np.asarray(c) for c in small])


def this_machine() -> dict[str, object]:
    """What decides how floats are rounded."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    told = dict(line.split(":", 1) for line in lines if line.startswith(("model name", "flags")))
    told = {key.strip(): value.strip() for key, value in told.items()}
    wide = sorted(f for f in told.get("flags", "").split() if f.startswith(("avx", "amx", "fma")))
    try:
        import onnxruntime

        runtime = onnxruntime.__version__
    except ImportError:
        runtime = ""
    return {
        "processor": told.get("model name", ""),
        "instructions": " ".join(wide),
        "kernels": torch.backends.cpu.get_cpu_capability(),
        "torch": torch.__version__,
        "numpy": np.__version__,
        "pillow": PIL.__version__,
        "onnxruntime": runtime,
    }
