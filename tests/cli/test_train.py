"""condcolor train, resume, plot: what they say, where they stop, and how they go on."""

from __future__ import annotations

import dataclasses
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from drawn import draw_set, shoot
from models import save_random_parts
from pictures import sketch
from PIL import Image

from condcolor import recipes
from condcolor.cli.train import train
from condcolor.data.metadata import write_metadata
from condcolor.errors import DataError
from condcolor.models import config
from condcolor.models.encoders import ENCODERS
from condcolor.models.losses import PIXEL_LOSSES
from condcolor.runs.config import RunConfig
from condcolor.training.trainer import Trainer

# by the recipe and the data
GIVEN = {"source_channels", "output_channels", "cond_planes", "keeps_luma"}
PHASES = {"name", "trains_generator", "trains_discriminator"}
NOT_ASKED = {"beta1", "beta2"}  # Adam's, which nobody needs to turn
OWN = {"data", "out", "preset", "recipe", "init", "encoder_weights", "shared_values", "device"}


OWN |= {"cache", "nproc", "ignore", "labels"}


SMALL = [
    *(
        "--image-size",
        "16",
        "--batch-size",
        "4",
        "--disc-layers",
        "1",
        "--precision",
        "fp32",
        "--depth",
        "4",
    ),
    *("--base-channels", "4", "--max-channels", "8", "--disc-channels", "4"),
    *("--sample-epochs", "1", "--device", "cpu"),
]


@pytest.fixture
def data(here):
    draw_set(here / "data/train", (0, 1))
    draw_set(here / "data/test", (2,))
    return "data"


def names_of(kind) -> set[str]:
    return {field.name for field in dataclasses.fields(kind)}


def test_every_option_sets_a_field_and_every_field_has_an_option():
    options = [param.name for param in train.params if param.name not in OWN]
    kinds = (recipes.TrainConfig, recipes.Phase, config.ModelConfig)
    asked = [*set().union(*map(names_of, kinds)) - GIVEN - PHASES - NOT_ASKED]
    assert sorted(options) == sorted(asked)


def help_of(name: str) -> str:
    return next(param.help for param in train.params if param.name == name)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("epochs", "50; parts 20; photo 20,140; pets 2,6,10"),
        ("batch_size", "10; parts 16; photo 16; pets 32"),
        ("lr", "0.0002; parts 0.0006; pets 0.001"),
        ("sample_epochs", "1,5,10,20,35,50; photo 1,20,80,140; pets 1,2,8,18"),
        ("flips", "flips"),
        ("compose", "no-compose"),
        ("pixel_loss", "l1; parts cross-entropy; pets mse,l1,mse"),
        ("gan_weight", "1; parts 0; photo 0,1; pets 0,0,1"),
        ("depth", "8; parts 7; pets 5"),
    ],
)
def test_the_help_shows_the_default_of_every_recipe(name, shown):
    assert help_of(name).endswith(f"  [default: {shown}]")


def test_the_help_shows_each_option_once_under_the_heading_of_its_group(condcolor):
    shown = condcolor("train", "--help", terminal_width=100).stdout
    headings = re.findall(r"^(\w+):$", shown, re.M)
    assert headings == [
        "Run",
        "Data",
        "Network",
        "Losses",
        "Schedule",
        "Checks",
        "Augmentation",
        "Presets",
    ]
    flags = re.findall(r"^  (?:-h, )?(--[a-z-]+)", shown, re.M)
    assert sorted(flags) == sorted(
        [o.opts[0] for o in train.params if o.name != "data"] + ["--help"]
    )
    losses = shown[shown.index("Losses:") : shown.index("Schedule:")]
    assert "--gan-weight FLOAT" in losses


SHALLOW = """
import sys, condcolor.cli
from click.shell_completion import ShellComplete
shell = ShellComplete(condcolor.cli.main, {}, "condcolor", "_CONDCOLOR_COMPLETE")
assert [item.value for item in shell.get_completions([], "tr")] == ["train"]
sys.exit("torch" in sys.modules)
"""


def test_completing_the_name_of_the_command_does_not_import_torch():
    assert subprocess.run([sys.executable, "-c", SHALLOW], check=False).returncode == 0


def test_the_choices_named_are_those_of_the_library():
    kinds = {param.name: getattr(param.type, "of", param.type) for param in train.params}
    choices = {name: set(kind.names()) for name, kind in kinds.items() if hasattr(kind, "names")}
    assert choices["recipe"] == set(recipes.RECIPES)
    assert choices["cond_levels"] == set(config.COND_LEVELS)
    assert choices["disc_norm"] == set(config.DISC_NORMS)
    assert choices["pixel_loss"] == set(PIXEL_LOSSES)
    assert choices["encoder"] == {"none", *ENCODERS}
    assert choices["feature_encoder"] == set(ENCODERS)
    for name in choices["precision"]:
        recipes.TrainConfig(precision=name)


def test_a_run_says_what_it_does_and_what_to_try(condcolor, data, here):
    done = condcolor("train", data, "--out", "run", "--epochs", "2", *SMALL)
    assert done.exit_code == 0
    # a slow machine may tell of its progress, and nothing else
    assert all(line.startswith("training: ") for line in done.stderr.splitlines())
    lines = done.stdout.splitlines()
    assert lines[0].startswith(
        "18 rows to train on, 9 to test on; cpu, fp32; from step 0, epoch 0 of 2"
    )
    assert [line[:9] for line in lines[1:3]] == ["epoch   1", "epoch   2"]
    assert "test MSE" in lines[1]
    assert "hair accuracy" in lines[1]
    assert lines[3:] == [
        "model: run/model",
        "try it: condcolor variants SKETCH --model run/model -o sheet.png",
    ]
    sketch().save("ada.png")
    assert condcolor("variants", "ada.png", "-m", "run", "--sheet-only").exit_code == 0
    assert condcolor("info", "run").exit_code == 0
    assert "from step 8, epoch 2 of 2" in condcolor("resume", "run").stdout


def test_a_run_remembers_a_column_to_ignore(condcolor, here):
    rows = [(*row, f"remark {i}") for i, row in enumerate(draw_set(here / "data", (0, 1)))]
    columns = ("input", "output", "hair", "shirt", "Notes")
    write_metadata(here / "data/metadata.csv", rows, columns)
    words = ("train", "data", "--out", "run", "--epochs", "1", *SMALL)
    refused = condcolor(*words)
    assert (refused.exit_code, "--ignore Notes" in refused.stderr) == (3, True)
    assert condcolor(*words, "--ignore", "Notes").exit_code == 0
    assert RunConfig.load(here / "run")[0].reading.ignore == ("Notes",)
    assert condcolor("resume", "run", "--epochs", "2", "--device", "cpu").exit_code == 0
    assert condcolor("evaluate", "run", "data", "--device", "cpu").exit_code == 0


@pytest.fixture
def stop_at(monkeypatch):
    """Sends this process a signal after a step of training."""

    def stop(step: int, number: signal.Signals) -> None:
        honest = Trainer._step

        def stopping(self, *arguments):
            honest(self, *arguments)
            if self.step + 1 == step:
                os.kill(os.getpid(), number)

        monkeypatch.setattr(Trainer, "_step", stopping)

    return stop


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_saves_and_says_how_to_go_on(condcolor, data, stop_at, number, code):
    stop_at(3, number)
    done = condcolor("train", data, "--out", "my run", "--epochs", "2", *SMALL)
    assert done.exit_code == code
    assert (
        done.stderr
        == "Interrupted: saved at step 3 in my run; to go on: condcolor resume 'my run'\n"
    )
    done = condcolor("resume", "my run", "--device", "cpu")
    assert done.exit_code == 0
    assert "from step 3, epoch 0 of 2" in done.stdout
    assert "model: 'my run/model'" in done.stdout


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["none", "--out", "run"], 3, "none does not exist"),
        (["data", "--out", "data"], 2, "data exists: choose another --out"),
        (["data", "--out", ""], 2, "is empty"),
        (["", "--out", "run"], 2, "is empty"),
        (["data", "--out", "/proc/none"], 3, "/proc/none: cannot be made"),
        (["data", "--out", "run", "--recipe", "icns"], 2, "did you mean 'icons'"),
        (["data", "--out", "run", "--epochs", "0"], 2, "--epochs 0 trains nothing"),
        (["data", "--out", "run", "--epochs", "1,2"], 2, "2 numbers for 1 phases"),
        (["data", "--out", "run", "--epochs", "-1"], 2, "epochs must"),
        (["data", "--out", "run", "--lr", "nan"], 2, "lr must be above 0"),
        (["data", "--out", "run", "--lr", "inf"], 2, "lr must be above 0"),
        (["data", "--out", "run", "--batch-size", "0"], 2, "batch_size must be a whole number"),
        (["data", "--out", "run", "--image-size", "100"], 2, "cannot be halved"),
        (["data", "--out", "run", "--depth", "0"], 2, "depth must be"),
        (["data", "--out", "run", "--base-channels", "-1"], 2, "base_channels must be"),
        (["data", "--out", "run", "--dropout", "nan"], 2, "dropout must be"),
        (["data", "--out", "run", "--precision", "fp8"], 2, "precision"),
        (["data", "--out", "run", "--cond-levels", "some"], 2, "cond_levels"),
        (["data", "--out", "run", "--pixel-loss", "l3"], 2, "is not one of l1, mse"),
        (["data", "--out", "run", "--device", "cuda:9"], 2, "device 'cuda:9'"),
        (["data", "--out", "run", "--init", "none"], 2, "model 'none'"),
        (["data", "--out", "run", "--init", "none", "--depth", "4"], 2, "take --depth away"),
        (["data", "--out", "run", "--compose"], 3, "compose needs a mask"),
    ],
)
def test_what_cannot_be_trained_is_told_before_anything_is_written(
    condcolor, data, here, words, code, said
):
    done = condcolor("train", *words)
    assert done.exit_code == code, done.stderr
    assert done.stdout == ""
    assert said in done.stderr
    assert "unexpected" not in done.stderr
    if words[-1] != "--compose":
        assert [path.name for path in here.iterdir()] == ["data"]


def test_memory_that_runs_out_says_what_to_lower(condcolor, data, monkeypatch):
    def full(*_):
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate")

    monkeypatch.setattr(Trainer, "_step", full)
    done = condcolor("train", data, "--out", "run", *SMALL)
    assert (done.exit_code, done.stderr) == (
        DataError.exit_code,
        "Error: not enough memory: lower --batch-size, --image-size or --base-channels\n",
    )


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [(["none"], 4, "none: no config.json"), ([""], 2, "is empty"), (["data"], 4, "no config.json")],
)
def test_what_cannot_be_resumed_is_told(condcolor, data, words, code, said):
    done = condcolor("resume", *words)
    assert (done.exit_code, done.stdout) == (code, "")
    assert said in done.stderr


LOG = (
    '{"kind": "step", "step": 10, "generator": 2.0, "pixel": 0.1, "gan": 0.7, "discriminator": 1.3}\n'
    '{"kind": "epoch", "epoch": 1, "step": 10, "test": {"mse": 0.1, "attributes": []}}\n'
)


@pytest.fixture
def run(here):
    (here / "run").mkdir()
    (here / "run/log.jsonl").write_text(LOG + '{"kind": "st')  # torn by a crash
    return here / "run"


def test_a_plot_is_made_anew_in_the_run_and_never_over_another_file(condcolor, run, here):
    for _ in range(2):
        assert condcolor("plot", "run").stdout == "run/losses.png\n"
    with Image.open(run / "losses.png") as curves:
        assert curves.width > 500
    assert condcolor("plot", "run", "-o", "p.svg").exit_code == 0
    assert (here / "p.svg").read_text().startswith("<?xml")
    (here / "there.png").write_bytes(b"precious")
    assert condcolor("plot", "run", "-o", "there.png").exit_code == 2
    assert (here / "there.png").read_bytes() == b"precious"
    assert condcolor("plot", "run", "-o", "there.png", "--overwrite").exit_code == 0


@pytest.mark.parametrize(
    "log", ["", LOG, "[1]\n", '{"kind": "step"}\n', '"text"\n', "caf\xe9\n", "[" * 100_000 + "\n"]
)
def test_any_log_is_plotted_or_told(condcolor, run, log):
    (run / "log.jsonl").write_bytes(log.encode("latin-1"))
    done = condcolor("plot", "run")
    note = "" if log in ("", LOG) else "note: run/log.jsonl: line 1 damaged, left out\n"
    assert (done.exit_code, done.stderr) == (0, note)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["none"], 2, "not a training run"),
        (["run", "-o", "x.xyz"], 2, "a plot ends in .png"),
        (["run", "-o", "/proc/none/x.png"], 3, "/proc/none"),
    ],
)
def test_what_cannot_be_plotted_is_told(condcolor, run, words, code, said):
    done = condcolor("plot", *words)
    assert (done.exit_code, done.stdout) == (code, "")
    assert said in done.stderr


def test_a_plot_needs_no_display_and_no_home(run):
    environment = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "MPLBACKEND")}
    environment |= {"HOME": "/proc/1/none", "LC_ALL": "C", "XDG_CACHE_HOME": "/proc/1/none"}
    done = subprocess.run(
        [sys.executable, "-m", "condcolor", "plot", "run"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "run/losses.png\n", "")
    assert Path("run/losses.png").exists()


def test_photographs_train_from_the_command_line(condcolor, here):
    shoot(here / "old", 8)
    done = condcolor("train", "old", "--recipe", "photo", "--out", "run", "--epochs", "1,1", *SMALL)
    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    assert lines[0].startswith("6 rows to train on, 2 to test on")
    assert "test ab error" in lines[1]
    assert lines[-1] == "try it: condcolor colorize PHOTOGRAPH --model run/model -o colored.png"
    assert condcolor("colorize", "old/0.png", "-m", "run", "-o", "made.png").exit_code == 0
    with Image.open("made.png") as made, Image.open("old/0.png") as old:
        assert made.size == old.size
    assert condcolor("evaluate", "run", "old").exit_code == 0
    assert "ab error" in condcolor("info", "run").stdout


def test_an_encoder_without_its_weights_says_what_to_do(condcolor, here):
    shoot(here / "old", 8)
    asked = ("--recipe", "photo", "--encoder", "efficientnet-lite0", "--encoder-weights", "w.pth")
    done = condcolor("train", "old", "--out", "run", *asked, "--depth", "5")
    assert done.exit_code == 2
    assert "w.pth: no such file of encoder weights" in done.stderr
    assert not Path("run").exists()


def test_pets_train_from_the_command_line_stage_by_stage(condcolor, here):
    shoot(here / "snaps/train", 8)
    shoot(here / "snaps/val", 2, first=8)
    small = [*SMALL, "--encoder", "none", "--check-steps", "1", "--patience", "0"]
    words = ["train", "snaps", "--recipe", "pets", "--out", "run", "--epochs", "1,0,0", *small]
    done = condcolor(*words, "--pixel-loss", "l1", "--lr-generator", "1,1,0.5")
    assert done.exit_code == 0, done.output
    assert "step    2  test ab error" in done.stdout
    done = condcolor("resume", "run", "--epochs", "1,1,1", "--device", "cpu")
    assert done.exit_code == 0, done.output
    critic, gan = (line for line in done.stdout.splitlines() if line.startswith("epoch"))
    assert "critic  D " in critic
    assert "in test" in critic
    assert "gan  " in gan
    done = condcolor("resume", "run", "--epochs", "2,1,1")
    assert (done.exit_code, "generator has 1 and is over" in done.stderr) == (2, True)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            ["--lr-generator", "1,2"],
            "lr_generator: 2 numbers for 3 phases (generator, critic, gan)",
        ),
        (["--switch-below", "x"], "'x' is not a valid float"),
        (["--pixel-loss", "mse,l3,mse"], "is not one of l1, mse"),
        (["--patience", "-1"], "patience must be a whole number from 0 up"),
        (["--keep-best", "0"], "keep_best must be a whole number from 1 up"),
        (["--feature-encoder", "resnet43"], "did you mean 'resnet34'"),
        (["--disc-norm", "group"], "disc_norm must be one of batch, spectral"),
        (["--encoder", "resnet34", "--depth", "4"], "depth must be 5 with resnet34, got 4"),
    ],
)
def test_wrong_options_of_phases_are_named(condcolor, here, options, said):
    shoot(here / "snaps", 4)
    done = condcolor("train", "snaps", "--recipe", "pets", "--out", "run", *options)
    assert done.exit_code == 2
    assert said in done.stderr
    assert not (here / "run").exists()


def test_a_discriminator_may_be_chosen_beside_an_init(condcolor, data, here):
    words = ["train", data, "--epochs", "1", *SMALL]
    assert condcolor(*words, "--out", "first").exit_code == 0
    kept = [
        "--image-size",
        "16",
        "--batch-size",
        "4",
        "--disc-layers",
        "1",
        "--disc-norm",
        "spectral",
    ]
    kept += ["--init", "first", "--epochs", "1", "--device", "cpu", "--precision", "fp32"]
    done = condcolor("train", data, "--out", "second", *kept)
    assert done.exit_code == 0, done.output
    done = condcolor("train", data, "--out", "third", *kept, "--depth", "4")
    assert (done.exit_code, "take --depth away" in done.stderr) == (2, True)


def test_a_preset_trains_and_judges(condcolor, data, here):
    save_random_parts(here / "base")
    options = ["--preset", "fast", "--image-size", "16", "--precision", "fp32", "--device", "cpu"]
    done = condcolor("train", data, "--minutes", "0.02", "--init", "base", *options)
    assert done.exit_code == 0, done.stderr
    said = done.stdout.splitlines()
    assert said[0] == "looking at data"
    assert said[1].startswith("flat colourings: learns to find hair, shirt")
    assert any(line.startswith("hair: ") and "never seen" in line for line in said)
    assert "model: runs/data/model" in said
    graded = condcolor("evaluate", "runs/data", data)
    assert graded.exit_code == 0, graded.stderr
    assert "test: 1 inputs" in graded.stdout
    assert "train: " not in graded.stdout
    assert "graded on what runs/data did not train on" in graded.stdout
    known = condcolor("evaluate", "runs/data", data, "--on", "training")
    assert "train: 2 inputs" in known.stdout
    assert "graded on what runs/data trained on" in known.stdout


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (["--preset", "fsat"], "did you mean 'fast'"),
        (["--preset", "fast", "--recipe", "icons"], "give one of them"),
        (["--preset", "fast", "--epochs", "3"], "--epochs is for a --recipe"),
        (["--preset", "best", "--nproc", "2"], "trains in one process"),
        (["--minutes", "-1"], "minutes"),
    ],
)
def test_a_preset_refuses_what_is_for_a_recipe(condcolor, data, options, problem):
    done = condcolor("train", data, *options)
    assert done.exit_code == 2
    assert problem in done.stderr


def test_a_run_goes_on_with_another_rate_and_precision(condcolor, data):
    assert condcolor("train", data, "--out", "run", "--epochs", "1", *SMALL).exit_code == 0
    done = condcolor("resume", "run", "--epochs", "2", "--lr", "1e-5", "--precision", "fp32")
    assert done.exit_code == 0, done.stderr
    kept = RunConfig.load(Path("run"))[0].config
    assert (kept.lr, kept.precision) == (1e-5, "fp32")
    assert condcolor("resume", "run", "--lr", "0").exit_code == 2


def test_a_model_with_other_values_is_begun_from(condcolor, data, here):
    assert condcolor("train", data, "--out", "first", "--epochs", "1", *SMALL).exit_code == 0
    rows = (here / "data/train/metadata.csv").read_text().splitlines()
    for split in ("train", "test"):
        path = here / f"data/{split}/metadata.csv"
        path.write_text(
            path.read_text().replace("input,output,hair,shirt", "input,output,cap,shirt")
        )
    assert rows
    options = ["--out", "second", "--epochs", "1", "--init", "first", "--recipe", "icons"]
    done = condcolor("train", data, *options, *SMALL[:8], *SMALL[-4:])
    assert done.exit_code == 0, done.stderr
    assert "--init: new to the model: cap" in done.stdout
    assert "not in the data, so not in the new model: hair" in done.stdout
