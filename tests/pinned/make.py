"""Writes all that is pinned beside this file, with the code of the day: what tests/test_formats.py reads.

Run once, before the modules moved, from the repository's root:

    PYTHONPATH=tests:tests/helpers .venv/bin/python tests/pinned/make.py              # all kinds
    PYTHONPATH=tests:tests/helpers .venv/bin/python tests/pinned/make.py models runs  # some of them

It is no part of the tests: what older code wrote must go on being read, so a kind is made again only when a
format changes on purpose; those below it in KINDS are made of it.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import torch
from click.testing import CliRunner, Result
from drawn import draw_set, photograph, picture, save
from models import ICONS
from PIL import Image
from test_formats import (
    COMMANDS,
    EXPORTED,
    MODELS,
    PINNED,
    RUNS,
    SET_ON_A_CLUSTER,
    SETS,
    run_commands,
    set_times,
    shrunk,
    sum_of,
    this_machine,
)

from condcolor.cli import main
from condcolor.conditions.schema import AttributeSchema
from condcolor.data.cache import decode
from condcolor.models.checkpoint import save_model
from condcolor.models.config import ModelConfig
from condcolor.models.networks import make_generator
from condcolor.recipes import RECIPES

QUICK = (
    *("--device", "cpu", "--precision", "fp32", "--image-size", 16, "--batch-size", 6),
    *("--base-channels", 2, "--max-channels", 4, "--depth", 4, "--cache", "none"),
    *("--disc-channels", 2, "--disc-layers", 1, "--checkpoint-epochs", 1, "--lr", 0.01),
)
RECIPE_OPTIONS = {  # what its own defaults leave out, or make too large
    "icons": ("--ema", 0.9, "--wrong-colors", "--keep-best", 2, "--sample-epochs", "1,2"),
    "photo": ("--recipe", "photo", "--batch-size", 3, "--jitter", 0.25, "--sample-epochs", "1"),
    "pets": (
        *("--recipe", "pets", "--encoder", "none", "--encoder-weights", "none"),
        *("--batch-size", 3, "--check-steps", 1, "--patience", 3, "--keep-best", 1),
        *("--sample-epochs", "1", "--switch-below", 2, "--lr-generator", 1),
    ),
}
PALETTE = {"crimson": "#b01030", "navy": "#102050", "hair": {"ash": "#b2a58f"}}


def condcolor(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


def done(*words: object) -> None:
    ended = condcolor(*words)
    if ended.exit_code:
        raise SystemExit(f"{words}: {ended.output}{ended.exception!r}")


def make_pictures() -> None:
    """Two pictures to colour, and the data that runs train on."""
    save(Path("pictures/sketch.png"), picture(1).repeat(3, 0).repeat(3, 1)[:, :40])
    save(Path("pictures/photograph.png"), photograph(99, 44, 30))
    save(Path("sheets/walk.png"), np.hstack([picture(0), picture(2)]))
    Path("sheets/broken.png").write_bytes(b"no picture")
    Path("palette.json").write_text(json.dumps(PALETTE) + "\n")
    draw_set(Path("data/icons"), (0, 1, 2), masked=True)  # which one is held out is pinned, too
    lines = ["input,split"]
    for number in range(9):
        split = "train" if number < 6 else "val"
        save(Path(f"data/photo/{split}/{number}.png"), photograph(number))
        lines.append(f"{split}/{number}.png,{split}")
    Path("data/photo/metadata.csv").write_text("\n".join(lines) + "\n")


def make_models() -> None:
    """A folder of each recipe: one that has learnt, for regions, and others with random weights."""
    narrow = {"base_channels": 2, "max_channels": 4, "depth": 4, "disc_channels": 2}
    save_random("icons", "icons", ICONS, narrow)
    save_random("photo", "photo", AttributeSchema(), narrow, vivid=1.3)
    save_random("pets", "pets", AttributeSchema(), narrow | {"encoder": "none"})
    words = ["--cond-levels", "head", "--mix-masks", 4, "--compose", "--epochs", 150, "--lr", 0.01]
    words += ["--base-channels", 8, "--max-channels", 8, "--gan-weight", 0, "--no-flips"]
    done("train", "data/icons", "--out", "learnt", *QUICK, *words)
    shutil.move("learnt/model", "models/icons-head")
    shutil.rmtree("learnt")
    save_random("parts", "parts", ICONS, narrow)
    color_with("models", "{}", MODELS)


def make_parts() -> None:
    """The folder and the export of a model of parts alone."""
    save_random("parts", "parts", ICONS, {"base_channels": 2, "max_channels": 4, "depth": 4})
    color_with("models", "{}", ["parts"])
    done("export", "models/parts", "--onnx", "exported/parts.onnx")
    color_with("exported", ".onnx", ["parts"])


def save_random(
    name: str, recipe: str, schema: AttributeSchema, network: Mapping, *, vivid: float = 1.0
) -> None:
    config = RECIPES[recipe].model_config(schema.planes, **network)
    torch.manual_seed(0)
    weights = make_generator(config).state_dict()
    last = [name for name, value in weights.items() if value.ndim == 4][-1]
    weights[last] *= 20  # as drawn, it would be all but grey
    folder = Path("models", name)
    folder.parent.mkdir(exist_ok=True)
    more = {"training": {"epoch": 1, "steps": 2}, "metrics": {}, "licence": "MIT", "vivid": vivid}
    save_model(folder, weights, recipe=recipe, config=config, schema=schema, image_size=32, **more)


def color_with(folder: str, model: str, names) -> None:
    for name in names:
        for made, (source, values) in MODELS[name].items():
            words = [word for key, value in values.items() for word in (f"--{key}", value)]
            asked = (
                "--model",
                f"{folder}/{name}{model.format('')}",
                "-o",
                f"{folder}/{name}-{made}.png",
            )
            done("colorize", f"pictures/{source}", *words, *asked, "--precision", "fp32")


def make_exported() -> None:
    Path("exported").mkdir()
    for name in EXPORTED:
        done("export", f"models/{name}", "--onnx", f"exported/{name}.onnx")
    color_with("exported", ".onnx", EXPORTED)


def make_runs() -> None:
    """A run of each recipe, without what `plot` and `report` make of it again."""
    for name, epochs in RUNS.items():
        data, run = f"data/{'icons' if name == 'icons' else 'photo'}", Path("runs", name)
        words = ("--epochs", ",".join(map(str, epochs)), *QUICK, *RECIPE_OPTIONS[name])
        done("train", data, "--out", run, *words)
        for left in (".lock", "losses.png", "report.html"):
            (run / left).unlink()
        # the data's path is an absolute one, which holds here alone; relative ones count from the current
        # folder, which is the copy of this one in tests
        config = json.loads((run / "config.json").read_text())
        config["data"] = data
        (run / "config.json").write_text(json.dumps(config, indent=2) + "\n")


def make_cache() -> None:
    """What a resumed run decodes and keeps, as if its pictures were many."""
    decode.__globals__["IN_MEMORY"] = 0
    shutil.copytree("runs", "again")
    for name in RUNS:
        done("resume", f"again/{name}", "--device", "cpu", "--cache", "cache")
    shutil.rmtree("again")


def make_sets() -> None:
    for name, (words, _) in SETS.items():
        condcolor("colorize", *words, "-o", f"sets/{name}")  # one has a picture that fails


def make_cluster() -> None:
    """What a Ray of this machine made of a folder; the path of the folder, absolute, is left open."""
    import ray

    from condcolor.batch.cluster.colorize import colorize_everywhere

    os.environ |= {"RAY_USAGE_STATS_ENABLED": "0", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
    options = {"include_dashboard": False, "log_to_driver": False, "logging_level": "ERROR"}
    ray.init("local", num_cpus=2, object_store_memory=100 * 2**20, **options)
    values, model = (SET_ON_A_CLUSTER[key] for key in ("values", "model"))
    summary = colorize_everywhere("data/icons/inputs", "clusters", values, model=model)
    ray.shutdown()
    shutil.move(summary.folder, "cluster")
    shutil.rmtree("clusters")
    told = json.loads(Path("cluster/settings.json").read_text())
    told["source"] = told["source"].replace(str(Path("data/icons/inputs").resolve()), "{source}")
    Path("cluster/settings.json").write_text(json.dumps(told, indent=2) + "\n")


def make_layers() -> None:
    words = ("--model", "models/icons-head", "--hair", "red", "--shirt", "blue")
    for out in ("layers/folder", "layers/sketch.ora"):
        Path("layers").mkdir(exist_ok=True)
        done("layers", "pictures/sketch.png", *words, "-o", out)
    done("recolor", "layers/folder", "-o", "layers/composed.png")
    words = ("--hair", "#00aa88", "--shirt", "brown", "--paper", "ivory")
    done("recolor", "layers/folder", *words, "-o", "layers/recolored.png")


def make_weights() -> None:
    """Names and shapes of the weights of networks that would be tens of MB."""
    told = {}
    for name in ("resnet34", "resnet50", "efficientnet-lite0"):
        model = {"source_channels": 1, "output_channels": 3, "depth": 5, "encoder": name}
        model |= {"base_channels": 32, "keeps_luma": True}
        weights = make_generator(ModelConfig(**model)).state_dict()
        told[name] = {"model": model, "weights": {k: list(v.shape) for k, v in weights.items()}}
    Path("weights.json").write_text(json.dumps(told) + "\n")


def make_commands() -> None:
    """Sums of pictures that the built-in models make of the examples, and small copies."""
    Path("thumbnails").mkdir()
    told = {}
    work = Path("work")
    for name in COMMANDS:
        work.mkdir()
        os.chdir(work)
        made = run_commands(condcolor, name)
        os.chdir(PINNED)
        shutil.rmtree(work)
        told[name] = {"shape": list(made.shape), "sha256": sum_of(made)}
        Image.fromarray(shrunk(made)).save(f"thumbnails/{name}")
    Path("pictures.json").write_text(json.dumps(told, indent=1) + "\n")
    Path("machine.json").write_text(json.dumps(this_machine(), indent=1) + "\n")


# kind -> what makes it, and what of this folder it makes anew
KINDS: dict[str, tuple[Callable[[], None], tuple[str, ...]]] = {
    "pictures": (make_pictures, ("pictures", "data", "sheets", "palette.json")),
    "models": (make_models, ("models",)),
    "parts": (make_parts, ("models/parts", "exported/parts.onnx")),
    "exported": (make_exported, ("exported",)),
    "runs": (make_runs, ("runs",)),
    "cache": (make_cache, ("cache",)),
    "sets": (make_sets, ("sets",)),
    "cluster": (make_cluster, ("cluster",)),
    "layers": (make_layers, ("layers",)),
    "weights": (make_weights, ("weights.json",)),
    "commands": (make_commands, ("thumbnails", "pictures.json", "machine.json")),
}

if __name__ == "__main__":
    os.chdir(PINNED)
    for kind in sys.argv[1:] or KINDS:
        make, places = KINDS[kind]
        for place in places:
            shutil.rmtree(place) if Path(place).is_dir() else Path(place).unlink(missing_ok=True)
        set_times(PINNED)
        make()
        print(kind)
