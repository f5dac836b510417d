"""Training on 16 px drawings: what moves, what is written, and that a resume lands on the same bits."""

from __future__ import annotations

import json
import signal

import numpy as np
import pytest
import torch
from drawn import draw_set, save
from PIL import Image
from safetensors.torch import load_file
from training_runs import QUICK, SMALL, KeepsTrainer, StopAt, state_of

from condcolor.data.metadata import read_metadata
from condcolor.errors import CheckpointError, DataError, UsageError
from condcolor.models.checkpoint import load_model
from condcolor.models.encoders import EfficientNetLite0
from condcolor.recipes import GAN, RECIPES, Phase, TrainConfig
from condcolor.runs.config import RunConfig
from condcolor.runs.log import read_log
from condcolor.runs.state import state_folders
from condcolor.runtime.process import Interrupted
from condcolor.training.callbacks import Callbacks
from condcolor.training.train import resume, train

pytestmark = pytest.mark.usefixtures("undrawn")


@pytest.fixture
def data(tmp_path):
    draw_set(tmp_path / "data/train", (0, 1), masked=True)
    draw_set(tmp_path / "data/test", (2,), masked=True)
    return tmp_path / "data"


def quick(data, out, **options):
    model = SMALL | options.pop("model", {})
    return train(data, out, **{"epochs": [2], "device": "cpu", **QUICK, "model": model, **options})


@pytest.mark.drawn
def test_a_run_leaves_a_model_a_log_samples_and_a_state(data, tmp_path):
    run = tmp_path / "run"
    assert quick(data, run) == run / "model"
    model = load_model(run / "model")
    assert model.schema.names == ("hair", "shirt")
    assert None not in model.schema.attributes[0].palette
    assert load_model(run / "model-last").training["epoch"] == 2
    epochs = [entry for entry in read_log(run) if entry["kind"] == "epoch"]
    assert [entry["epoch"] for entry in epochs] == [1, 2]
    assert all(entry["generator"] > 0 and entry["discriminator"] > 0 for entry in epochs)
    assert {s["name"] for s in epochs[0]["test"]["attributes"]} == {"hair", "shirt"}
    names = {path.name for path in (run / "samples").iterdir()}
    assert {"train-epoch-0001.png", "test-epoch-0001.png", "test-after-gan.png"} <= names
    assert (run / "losses.png").is_file()


@pytest.mark.parametrize(
    "options", [{}, {"compose": True, "ema": 0.9, "wrong_colors": True, "shift": 0.1}]
)
@pytest.mark.parametrize("step", [2, 4, 6])  # within an epoch, at its end, in the second
def test_a_resumed_run_ends_on_the_bits_of_an_uninterrupted_one(data, tmp_path, options, step):
    quick(data, tmp_path / "whole", **options)
    with pytest.raises(Interrupted):
        quick(data, tmp_path / "cut", callbacks=StopAt(step), **options)
    assert (
        json.loads((state_folders(tmp_path / "cut")[0] / "state.json").read_text())["step"] == step
    )
    resume(tmp_path / "cut", device="cpu")
    whole, cut = state_of(tmp_path / "whole"), state_of(tmp_path / "cut")
    assert whole.keys() == cut.keys()
    assert all(torch.equal(whole[name], cut[name]) for name in whole)
    for name in ("model", "model-last"):
        weights = [
            load_file(tmp_path / run / name / "model.safetensors") for run in ("whole", "cut")
        ]
        assert all(torch.equal(weights[0][k], weights[1][k]) for k in weights[0])


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_saves_and_says_so(data, tmp_path, number, code):
    before = signal.getsignal(number)
    with pytest.raises(Interrupted, match="saved at step 3") as caught:
        quick(data, tmp_path / "run", callbacks=StopAt(3, number))
    assert caught.value.exit_code == code
    assert signal.getsignal(number) == before


def test_the_log_has_no_step_twice_after_a_crash(data, tmp_path):
    run = tmp_path / "run"
    with pytest.raises(Interrupted):
        quick(data, run, epochs=[6], callbacks=StopAt(10))
    with open(run / "log.jsonl", "a") as log:  # logged after the state was saved, then killed
        log.write('{"kind": "step", "step": 11, "generator": 1}\n{"kind": "st')
    resume(run, device="cpu")
    steps = [e["step"] for e in read_log(run) if e["kind"] == "step"]
    assert steps == sorted(set(steps))
    assert 11 not in steps  # it was of the steps that were lost


def test_a_damaged_newest_state_falls_back_to_the_one_before(data, tmp_path):
    run = tmp_path / "run"
    quick(data, run, epochs=[3], checkpoint_epochs=1)
    newest, before = state_folders(run)
    path = newest / "state.safetensors"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)

    class Notes(KeepsTrainer):
        notes = ()

        def on_note(self, text):
            self.notes = (*self.notes, text)

    callbacks = Notes()
    resume(run, device="cpu", callbacks=callbacks)
    assert "damaged" in callbacks.notes[0]
    path = before / "state.safetensors"


def test_states_that_are_all_damaged_are_an_error(data, tmp_path):
    quick(data, tmp_path / "run")
    for folder in state_folders(tmp_path / "run"):
        (folder / "state.json").write_text("{}")
    with pytest.raises(CheckpointError, match="no training state loads"):
        resume(tmp_path / "run", device="cpu")


@pytest.mark.parametrize(
    ("phase", "moved"),
    [
        (Phase("gan", 1), {"generator", "discriminator"}),
        (Phase("generator", 1, trains_discriminator=False, gan_weight=0.0), {"generator"}),
        (Phase("critic", 1, trains_generator=False), {"discriminator"}),
    ],
)
def test_a_phase_moves_its_own_networks_only(data, tmp_path, phase, moved):
    watch = KeepsTrainer()
    quick(data, tmp_path / "run", callbacks=watch, epochs=[1])
    nets = watch.trainer.nets
    before = {n: [p.clone() for p in m.parameters()] for n, m in nets.modules().items()}
    nets.step(phase, watch.trainer.train.rows(torch.arange(4)), 0)
    for name, module in nets.modules().items():
        changed = any(
            not torch.equal(a, b) for a, b in zip(before[name], module.parameters(), strict=True)
        )
        assert changed == (name in moved)


def test_the_generators_step_leaves_the_discriminator_without_gradients(data, tmp_path):
    watch = KeepsTrainer()
    quick(data, tmp_path / "run", callbacks=watch, epochs=[1])
    nets = watch.trainer.nets
    calls = []
    nets.generator.register_forward_hook(lambda *_: calls.append(1))
    nets.optimizer_d.zero_grad(set_to_none=True)
    nets.optimizer_d.zero_grad = lambda **_: None
    nets.optimizer_d.step = lambda: calls.append(
        [p.grad.clone() for p in nets.discriminator.parameters()]
    )
    nets.step(GAN, watch.trainer.train.rows(torch.arange(4)), 0)
    own = calls.pop()
    assert calls == [1]  # one forward of the generator a step
    after = [p.grad for p in nets.discriminator.parameters()]
    assert all(torch.equal(a, b) for a, b in zip(own, after, strict=True))


def test_a_few_steps_lower_the_loss(data, tmp_path):
    quick(
        data,
        tmp_path / "run",
        epochs=[12],
        phase={"gan_weight": 0.0},
        lr=5e-3,
        model={"dropout": 0.0},
    )
    epochs = [e for e in read_log(tmp_path / "run") if e["kind"] == "epoch"]
    assert epochs[-1]["pixel"] < 0.5 * epochs[0]["pixel"]
    assert epochs[-1]["test"]["mse"] < 0.6 * epochs[0]["test"]["mse"]


def test_a_loss_that_is_not_finite_ends_the_run_and_is_never_saved(data, tmp_path):
    run = tmp_path / "run"
    with pytest.raises(CheckpointError, match="not finite"):
        quick(data, run, lr=1e30, epochs=[20], phase={"gan_weight": 0.0})
    for folder in state_folders(run):
        tensors = load_file(folder / "state.safetensors")
        assert all(t.isfinite().all() for t in tensors.values())


def test_fewer_rows_than_a_batch_are_one_batch(data, tmp_path):
    """46."""
    rows = len(read_metadata(data / "train").records)
    quick(data, tmp_path / "run", epochs=[2], batch_size=rows + 40)
    ends = [entry["step"] for entry in read_log(tmp_path / "run") if entry["kind"] == "epoch"]
    assert ends == [1, 2]


def test_icons_stop_by_themselves_too(data, tmp_path):
    run = tmp_path / "run"
    quick(
        data, run, epochs=[50], lr=0.5, check_steps=1, patience=3
    )  # too fast to get better for long
    [end] = [entry for entry in read_log(run) if entry["kind"] == "phase"]
    checks = [entry for entry in read_log(run) if entry["kind"] == "check"]
    assert end["stopped"]
    assert end["step"] == end["kept_step"] + 3 < 200
    best = min(checks, key=lambda entry: entry["score"])
    assert end["kept_step"] == best["step"]
    model, last = (
        load_model(run / name).generator.state_dict() for name in ("model", "model-last")
    )
    assert all(torch.equal(model[name], last[name]) for name in model)


def test_init_goes_on_from_a_model(data, tmp_path):
    quick(data, tmp_path / "first")
    quick(data, tmp_path / "second", init=tmp_path / "first" / "model", lr=1e-12, epochs=[1])
    first = load_model(tmp_path / "first/model").generator.state_dict()
    second = load_model(tmp_path / "second/model").generator.state_dict()
    assert torch.allclose(first["downs.0.conv.weight"], second["downs.0.conv.weight"], atol=1e-6)


def test_changed_data_is_not_resumed_on(data, tmp_path):
    with pytest.raises(Interrupted):
        quick(data, tmp_path / "run", callbacks=StopAt(2))
    csv = data / "train/metadata.csv"
    csv.write_text("\n".join(csv.read_text().splitlines()[:-1]) + "\n")
    with pytest.raises(DataError, match="the data changed"):
        resume(tmp_path / "run", device="cpu")


def test_a_run_folder_is_not_overwritten_and_not_shared(data, tmp_path):
    quick(data, tmp_path / "run")
    with pytest.raises(UsageError, match="condcolor resume"):
        quick(data, tmp_path / "run")
    import fcntl

    with open(tmp_path / "run/.lock") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(UsageError, match="another process"):
            resume(tmp_path / "run")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"image_size": 24}, "24 cannot be halved 4 times"),
        ({"model": {"disc_layers": 3}}, "16 is too small for a discriminator of 3"),
        ({"batch_size": 0}, "batch_size must be a whole number from 1 up, got 0"),
        ({"lr": float("nan")}, "lr must be above 0, got nan"),
        ({"lr": float("inf")}, "lr must be above 0, got inf"),
        ({"ema": 1.0}, "ema must be in"),
        ({"epochs": [1, 2]}, "2 numbers for 1 phases"),
        ({"recipe": "icon"}, "did you mean 'icons'"),
        ({"phase": {"pixel_loss": "l2"}}, "'l2' is not one of l1, mse"),
        ({"phase": {"gan_weight": -1.0}}, "gan_weight must be 0 or more"),
        ({"device": "cuda:9"}, "device"),
        ({"device": "gpu"}, "not one of auto, cpu, cuda"),
        ({"precision": "fp8"}, "auto, fp32 or bf16"),
    ],
)
def test_wrong_numbers_are_named_before_any_work(data, tmp_path, options, said):
    with pytest.raises(UsageError, match=said):
        quick(data, tmp_path / "run", **options)
    assert not (tmp_path / "run").exists()


def test_a_plan_survives_its_json(data, tmp_path):
    quick(data, tmp_path / "run", epochs=[1])
    plan, _ = RunConfig.load(tmp_path / "run")
    assert plan.config.sample_epochs == (1,)
    assert plan.phases[0].epochs == 1
    (tmp_path / "run/config.json").write_text('{"format": 99}')
    with pytest.raises(CheckpointError, match="newer"):
        RunConfig.load(tmp_path / "run")
    with pytest.raises(CheckpointError, match="not a run folder"):
        RunConfig.load(tmp_path)


def test_the_recipes_defaults_are_the_published_ones():
    recipe = RECIPES["icons"]
    config = recipe.defaults
    assert (config.lr, config.beta1, config.beta2, config.batch_size) == (2e-4, 0.5, 0.999, 10)
    assert config.flips
    assert [(p.epochs, p.pixel_loss, p.pixel_weight) for p in recipe.phases] == [(50, "l1", 100.0)]
    assert recipe.model_config(10).base_channels == 64
    assert TrainConfig() == config


ENCODED = {"encoder": "efficientnet-lite0", "depth": 5, "dropout": 0.0}
PHOTO = {"recipe": "photo", "encoder_weights": "none", "sample_epochs": (1,)}


def photo_run(data, out, **options):
    model = SMALL | {"depth": 4} | options.pop("model", {})
    options = {"epochs": [1, 1], "device": "cpu", **QUICK, **PHOTO, **options}
    return train(data, out, model=model, **options)


def test_photographs_train_through_both_phases(photographs, tmp_path):
    run = tmp_path / "run"
    photo_run(photographs, run)
    log = [entry for entry in read_log(run) if entry["kind"] == "epoch"]
    assert [entry["phase"] for entry in log] == ["pretrain", "gan"]
    assert not {"discriminator", "gan", "accuracy"} & set(log[0])
    assert log[1]["discriminator"] > 0 < log[1]["gan"]
    assert log[1]["test"]["pictures"] == 3
    model = load_model(run / "model")
    assert (model.config.source_channels, model.config.output_channels) == (1, 2)
    assert model.schema.planes == 0
    assert model.metrics["ab_error"] > 0
    sheet = Image.open(run / "samples" / "test-epoch-0001.png").convert("RGB")
    source = np.asarray(sheet)[24:36, 6:18]  # of the column that shows the grey photograph
    assert np.ptp(source, axis=-1).max() <= 1


@pytest.mark.parametrize("step", [2, 4])  # in the pretraining, in the gan
def test_a_resumed_photo_run_ends_on_the_bits_of_an_uninterrupted_one(photographs, tmp_path, step):
    options = {"jitter": 0.5, "ema": 0.9, "flips_from": 1, "freeze_epochs": 1}
    options |= {"model": ENCODED | {"depth": 5}, "image_size": 32}
    photo_run(photographs, tmp_path / "whole", **options)
    with pytest.raises(Interrupted):
        photo_run(photographs, tmp_path / "cut", callbacks=StopAt(step), **options)
    resume(tmp_path / "cut")
    whole, cut = state_of(tmp_path / "whole"), state_of(tmp_path / "cut")
    assert whole.keys() == cut.keys()
    assert all(torch.equal(whole[name], cut[name]) for name in whole)


def test_a_frozen_encoder_moves_only_after_its_epochs(photographs, tmp_path):
    options = {"model": ENCODED, "image_size": 32, "checkpoint_epochs": 1}

    class Keep(Callbacks):
        def __init__(self):
            self.seen = []

        def on_begin(self, trainer):
            self.trainer = trainer
            self.on_epoch({}, "")

        def on_epoch(self, entry, said):
            states = self.trainer.nets.generator.state_dict()
            self.seen.append({name: value.clone() for name, value in states.items()})

    keep = Keep()
    photo_run(photographs, tmp_path / "run", freeze_epochs=1, callbacks=keep, **options)
    weight, running = "encoder.levels.4.0.depthwise.1.weight", "encoder.stem.2.running_mean"
    first, second, third = keep.seen
    for name in (weight, running):
        assert torch.equal(first[name], second[name])
        assert not torch.equal(second[name], third[name])
    assert not torch.equal(first["ups.0.conv.weight"], second["ups.0.conv.weight"])


def test_an_encoder_begins_with_its_weights(photographs, tmp_path):
    drawn = {
        str(i): torch.rand(t.shape)
        for i, t in enumerate(EfficientNetLite0(3).state_dict().values())
    }
    torch.save(drawn, tmp_path / "w.pth")
    options = {"model": ENCODED, "image_size": 32, "encoder_weights": tmp_path / "w.pth"}
    photo_run(photographs, tmp_path / "run", freeze_epochs=9, ema=0.5, **options)
    kept = load_model(tmp_path / "run/model-last").generator.state_dict()
    assert torch.equal(kept["encoder.levels.0.0.depthwise.0.weight"], drawn["6"])
    assert torch.allclose(kept["encoder.stem.1.weight"][:, 0], drawn["0"].sum(dim=1))


def test_grey_photographs_are_named_and_the_rest_trains(photographs, tmp_path):
    save(photographs / "train/grey.png", np.full((20, 20, 3), 90, np.uint8))
    notes = []

    class Notes(KeepsTrainer):
        def on_note(self, text):
            notes.append(text)

    watch = Notes()
    photo_run(photographs, tmp_path / "run", callbacks=watch)
    assert len(watch.trainer.train) == 12
    assert any("grey.png: a grey picture" in note for note in notes)


def test_a_folder_of_grey_photographs_is_refused_and_leaves_no_run(tmp_path):
    for name in "abc":
        save(tmp_path / f"grey/{name}.png", np.full((20, 20, 3), 90, np.uint8))
    with pytest.raises(DataError, match="no row belongs to the training split"):
        photo_run(tmp_path / "grey", tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_run_killed_before_its_first_state_goes_on_from_the_weights_it_began_with(
    photographs, tmp_path
):
    drawn = EfficientNetLite0(3).state_dict()
    torch.save(drawn, tmp_path / "w.pth")
    options = {"model": ENCODED, "image_size": 32, "encoder_weights": tmp_path / "w.pth"}

    class Killed(Exception):
        pass

    class KillAt(Callbacks):
        def on_step(self, done, total, losses):
            raise Killed

    with pytest.raises(Killed):
        photo_run(photographs, tmp_path / "cut", freeze_epochs=9, callbacks=KillAt(), **options)
    resume(tmp_path / "cut", device="cpu")
    photo_run(photographs, tmp_path / "whole", freeze_epochs=9, **options)
    cut, whole = state_of(tmp_path / "cut"), state_of(tmp_path / "whole")
    assert all(torch.equal(whole[name], cut[name]) for name in whole)
    name = "levels.0.0.depthwise.0.weight"
    assert torch.equal(cut[f"generator.encoder.{name}"], drawn[name])
