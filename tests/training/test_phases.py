"""The phases of a run: who learns in them and when, how they end, and what they leave behind."""

from __future__ import annotations

import json
import os
import shutil
import signal

import pytest
import torch
from drawn import draw_set, shoot
from PIL import Image
from safetensors.torch import load_file
from training_runs import QUICK, SMALL, KeepsTrainer, StopAt, state_of

from condcolor.data.cache import ImageCache
from condcolor.data.dataset import Batch
from condcolor.errors import CheckpointError, UsageError
from condcolor.evaluation.photos import PhotoEvaluator
from condcolor.models.checkpoint import load_model
from condcolor.models.encoders import ENCODERS
from condcolor.models.losses import FeatureLoss
from condcolor.recipes import RECIPES, Phase, TrainConfig
from condcolor.runs.config import RunConfig
from condcolor.runs.log import read_log
from condcolor.runs.state import state_folders
from condcolor.runtime.json_files import sha256
from condcolor.runtime.process import Interrupted
from condcolor.training import run_writer
from condcolor.training.callbacks import Callbacks
from condcolor.training.checks import Checks
from condcolor.training.gan import Gan
from condcolor.training.train import resume, train

pytestmark = pytest.mark.usefixtures("undrawn")

PETS = {"recipe": "pets", "encoder_weights": "none", "device": "cpu", "patience": 0}
NETWORK = SMALL | {"encoder": "none"}


def pets(data, out, **options):
    more = {"epochs": [1, 1, 1], "check_steps": 0, "keep_best": 1, **QUICK, **PETS, **options}
    return train(data, out, model=NETWORK | options.pop("model", {}), **more)


def entries(run, kind):
    return [entry for entry in read_log(run) if entry["kind"] == kind]


def weights(run, name):
    return load_file(run / name / "model.safetensors")


def same(first, second) -> bool:
    return all(torch.equal(first[name], second[name]) for name in first)


@pytest.fixture
def figures(monkeypatch):
    """Makes the check after a step give the score and the error that a table says; 9 where it is silent."""

    def set_figures(scores: dict[int, float], errors: dict[int, float] | None = None):
        check, measure = Checks.measure, PhotoEvaluator.measure
        steps = []

        def checked(self, phase, *, step, **options):
            steps.append(step)
            return check(self, phase, step=step, **options)

        def measured(*arguments):
            evaluation = measure(*arguments)
            for name, table in (("score", scores), ("error", errors or scores)):
                value = table.get(steps[-1], 9.0)
                monkeypatch.setattr(type(evaluation), name, property(lambda _, value=value: value))
            return evaluation

        monkeypatch.setattr(Checks, "measure", checked)
        monkeypatch.setattr(PhotoEvaluator, "measure", staticmethod(measured))

    return set_figures


def test_three_phases_each_with_its_own_losses_sheets_and_models(photographs, tmp_path):
    run = tmp_path / "run"
    pets(photographs, run)
    generator, critic, gan = entries(run, "epoch")
    assert [e["phase"] for e in (generator, critic, gan)] == ["generator", "critic", "gan"]
    assert {"generator", "pixel"} <= set(generator)
    assert not {"discriminator", "gan"} & set(generator)
    assert {"discriminator", "accuracy", "accuracy_test"} <= set(critic)
    assert not {"generator", "pixel"} & set(critic)
    assert {"discriminator", "accuracy"} <= set(gan)
    names = {path.name for path in (run / "samples").iterdir()}
    for phase in ("generator", "critic", "gan"):
        assert {f"train-after-{phase}.png", f"test-after-{phase}.png"} <= names
    assert "test-before-and-after-gan.png" in names
    assert load_model(run / "after-generator").training["epoch"] == 1
    assert same(weights(run, "after-gan"), weights(run, "model-last"))


def test_the_critic_learns_and_the_generator_rests_with_its_statistics(photographs, tmp_path):
    run = tmp_path / "run"
    pets(photographs, run, epochs=[1, 2, 0], checkpoint_epochs=1)
    last, before = (load_file(folder / "state.safetensors") for folder in state_folders(run))
    parts = {
        side: [torch.equal(last[k], before[k]) for k in last if k.startswith(side + ".")]
        for side in ("generator", "discriminator")
    }
    assert all(parts["generator"])
    assert not all(parts["discriminator"])


def test_a_critic_sees_what_was_painted_once_under_the_draws_of_the_real(photographs, tmp_path):
    watch = KeepsTrainer()
    pets(photographs, tmp_path / "run", epochs=[1, 0, 0], callbacks=watch, jitter=0.25)
    nets, pictures = watch.trainer.nets, watch.trainer.train
    painted = nets.generate(pictures, tmp_path)
    assert painted.pictures is pictures.pictures  # the sources, not copied
    assert len(painted) == len(pictures)
    rows, config = torch.arange(12), TrainConfig(image_size=16, jitter=0.25)
    draws = [torch.Generator().manual_seed(5) for _ in range(2)]
    real, fake = (p.rows(rows, g, config) for p, g in zip((pictures, painted), draws, strict=True))
    assert torch.equal(real.source, fake.source)
    assert not torch.equal(real.target, fake.target)
    source = nets.codec.encode_source(real.source)
    luma = nets.codec.encode_source(fake.target)
    assert (source - luma).abs().mean() < 0.35  # nearly the same picture, mirrored and cut alike
    assert (source - luma.flip(-1)).abs().mean() > (source - luma).abs().mean()


class Brightness(torch.nn.Module):
    """Takes the bright for real, or with `sign` -1 the dark."""

    def __init__(self, sign: float):
        super().__init__()
        self.sign = sign

    def forward(self, source, picture, cond):
        return self.sign * (picture.mean(dim=1, keepdim=True) + 0.9)


def test_the_critic_gets_the_painted_rows_of_the_real_ones(photographs, tmp_path, monkeypatch):
    honest, seen = Gan.step, []

    def spy(self, phase, batch, step, painted=None):
        seen.append((phase.name, batch, painted))
        return honest(self, phase, batch, step, painted)

    monkeypatch.setattr(Gan, "step", spy)
    pets(photographs, tmp_path / "run", jitter=0.25)
    assert {name for name, _, painted in seen if painted is not None} == {"critic"}
    for _, batch, painted in (one for one in seen if one[0] == "critic"):
        assert torch.equal(batch.source, painted.source)
        assert not torch.equal(batch.target, painted.target)


@pytest.mark.parametrize(("sign", "right"), [(1.0, 1.0), (-1.0, 0.0)])
def test_a_discriminator_is_judged_by_what_it_tells_right(photographs, tmp_path, sign, right):
    watch = KeepsTrainer()
    pets(photographs, tmp_path / "run", epochs=[1, 0, 0], callbacks=watch)
    nets, pictures = watch.trainer.nets, watch.trainer.train
    nets.discriminator = Brightness(sign)
    black = pictures.with_targets(ImageCache([torch.zeros(12, 3, 16, 16, dtype=torch.uint8)]))
    assert nets.discriminator_accuracy(pictures, black) == right
    assert nets.discriminator_accuracy(pictures, pictures) == 0.5


def adversaries(**options) -> Gan:
    config = RECIPES["pets"].model_config(0, **NETWORK)
    settings = TrainConfig(image_size=16, precision="fp32", **options)
    return Gan(RECIPES["pets"].codec, settings, config, (), torch.device("cpu"))


def batch_of(count: int = 4) -> Batch:
    rgb = torch.randint(0, 256, (count, 3, 16, 16), dtype=torch.uint8)
    empty = torch.zeros(count, 0)
    return Batch(rgb, rgb, empty, empty)


@pytest.mark.parametrize(("below", "turns"), [(99.0, "DGDGDG"), (1e-9, "DDDDDD"), (0.0, "BBBBBB")])
def test_the_switch_gives_the_generator_a_turn_when_d_can_tell(below, turns):
    nets, batch = adversaries(), batch_of()
    phase = Phase("gan", 1, pixel_loss="mse", switch_below=below)
    seen = ""
    for step in range(6):
        losses = nets.step(phase, batch, step)
        learnt = ("D" if "discriminator" in losses else "") + ("G" if "generator" in losses else "")
        seen += {"DG": "B"}.get(learnt, learnt)
    assert seen == turns


def test_a_discriminator_turned_off_turns_the_switch_off(photographs, tmp_path):
    run = tmp_path / "run"
    pets(photographs, run, epochs=[0, 0, 1], phase={"gan_weight": 0.0})
    [epoch] = entries(run, "epoch")
    assert "generator" in epoch
    assert "discriminator" not in epoch
    with pytest.raises(UsageError, match="critic: switch_below is for phases that train both"):
        pets(photographs, tmp_path / "other", phase={"switch_below": (0.0, 0.5, 0.6)})


def test_a_weight_of_features_is_felt(photographs):
    encoder = ENCODERS["resnet18"]
    features = FeatureLoss("resnet18", encoder(3).state_dict())
    config = RECIPES["pets"].model_config(0, **NETWORK)
    settings = TrainConfig(image_size=16, precision="fp32")
    gradients = []
    for weight in (0.0, 1.0):
        nets = Gan(RECIPES["pets"].codec, settings, config, (), torch.device("cpu"), features)
        phase = Phase("generator", 1, trains_discriminator=False, feature_weight=weight)
        torch.manual_seed(0)
        losses = nets.step(phase, batch_of(), 0)
        gradients.append(nets.generator.ups[-1].conv.weight.grad.clone())
        assert ("feature" in losses) == bool(weight)
    assert not torch.equal(*gradients)


def test_each_network_has_its_own_learning_rate():
    nets = adversaries(lr=0.1)
    nets.set_lr(Phase("gan", 1, lr_generator=0.5, lr_discriminator=2.0), 0.5)
    rates = [opt.param_groups[0]["lr"] for opt in nets.optimizers().values()]
    assert rates == pytest.approx([0.025, 0.1])


class Notes(KeepsTrainer):
    def __init__(self):
        self.notes = []

    def on_note(self, text):
        self.notes.append(text)


STOPS = {"epochs": [4, 0, 0], "check_steps": 1, "patience": 2, "checkpoint_epochs": 99}


def test_a_phase_ends_by_itself_and_goes_back_to_its_best(photographs, tmp_path, figures):
    figures({0: 5.0, 1: 4.0, 2: 3.0, 3: 6.0, 4: 6.0})
    run, told = tmp_path / "run", Notes()
    pets(photographs, run, keep_best=2, callbacks=told, **STOPS)
    [end] = entries(run, "phase")
    assert (end["step"], end["kept_step"], end["stopped"]) == (4, 2, True)
    assert "generator ends at step 4: no better in 2 checks; back to step 2, its best" in told.notes
    assert [entry["step"] for entry in entries(run, "check")] == [0, 1, 2, 3, 4]
    assert same(weights(run, "model"), weights(run, "model-last"))
    for name in ("model", "model-last", "after-generator"):
        assert load_model(run / name).training["steps"] == 2
    assert sorted(p.name for p in (run / "best").iterdir()) == ["step-00000001", "step-00000002"]
    assert json.loads((state_folders(run)[0] / "state.json").read_text())["epoch"] == 4


def test_going_back_takes_the_optimizers_along(photographs, tmp_path, figures):
    table = {0: 5.0, 1: 4.0, 2: 3.0}
    figures(table)
    pets(photographs, tmp_path / "back", **STOPS)
    figures(table)
    with pytest.raises(Interrupted):
        pets(photographs, tmp_path / "there", callbacks=StopAt(2), **STOPS)
    assert same(state_of(tmp_path / "there"), state_of(tmp_path / "back"))


def test_without_an_adversary_the_error_decides_and_with_one_the_score(
    photographs, tmp_path, figures
):
    falls, rises = {0: 5.0, 3: 4.0, 6: 3.0, 9: 2.0}, {0: 1.0, 3: 2.0, 6: 3.0, 9: 4.0}
    figures(falls, rises)
    run = tmp_path / "run"
    pets(photographs, run, epochs=[1, 0, 2], patience=9)
    generator, gan = entries(run, "phase")
    assert (generator["step"], generator["kept_step"]) == (3, 0)
    assert (gan["step"], gan["kept_step"]) == (9, 9)


def test_the_best_model_stays_though_a_phase_goes_back_to_a_worse_score(
    photographs, tmp_path, figures
):
    figures({0: 5.0, 3: 3.0, 6: 1.0, 9: 8.0}, {0: 5.0, 3: 2.0, 6: 4.0})
    run = tmp_path / "run"
    pets(photographs, run, epochs=[2, 0, 1], patience=9, keep_best=3)
    assert load_model(run / "model").training["steps"] == 6
    assert load_model(run / "after-generator").training["steps"] == 3
    kept = sorted(path.name for path in (run / "best").iterdir())
    assert kept == [f"step-0000000{step}" for step in (0, 3, 6)]


def test_a_phase_that_makes_it_worse_leaves_all_as_it_was(photographs, tmp_path, figures):
    figures({0: 5.0, 3: 4.0, 6: 8.0})
    run = tmp_path / "run"
    pets(photographs, run, epochs=[1, 0, 1], patience=9)
    generator, gan = entries(run, "phase")
    assert (generator["kept_step"], gan["kept_step"], gan["stopped"]) == (3, 3, False)
    assert same(weights(run, "after-generator"), weights(run, "model-last"))


def test_a_damaged_best_is_said_and_the_run_goes_on(photographs, tmp_path, figures):
    figures({0: 5.0, 1: 3.0})
    run = tmp_path / "run"

    class Damages(Notes):
        def on_step(self, done, total, losses):
            if done == 2:
                path = run / "checkpoints/step-00000001/state.safetensors"
                path.write_bytes(path.read_bytes()[:-1])

    told = Damages()
    pets(photographs, run, callbacks=told, **STOPS)
    assert any("damaged" in note and "stays at step 3" in note for note in told.notes)
    assert (run / "model-last").is_dir()


def test_checks_in_which_the_generator_had_no_turn_do_not_count(photographs, tmp_path, figures):
    figures({})
    run = tmp_path / "run"
    phase = {"switch_below": 1e-9}  # D is never that sure
    pets(photographs, run, epochs=[0, 0, 3], check_steps=1, patience=2, phase=phase)
    assert [entry["step"] for entry in entries(run, "check")] == [0]
    [end] = entries(run, "phase")
    assert (end["step"], end["stopped"]) == (9, False)


def test_patience_without_a_test_set_is_said(tmp_path):
    shoot(tmp_path / "shot/train", 6)
    told = Notes()
    options = {"epochs": [1, 0, 0], "patience": 1, "test_fraction": 0.0, "callbacks": told}
    pets(tmp_path / "shot", tmp_path / "run", **options)
    assert any("no phase will end by itself" in note for note in told.notes)
    assert entries(tmp_path / "run", "check") == []
    assert (tmp_path / "run/model").is_dir()


def test_without_patience_a_phase_runs_to_its_end(photographs, tmp_path, figures):
    figures({3: 1.0})
    run = tmp_path / "run"
    pets(photographs, run, epochs=[4, 0, 0])
    assert len(entries(run, "epoch")) == 4
    assert not same(weights(run, "model"), weights(run, "model-last"))


# steps 1-6: generator, whose checks after 2, 4 and 6 get no better than that after 2; 7-9: critic; 10-15: gan
@pytest.mark.parametrize("step", [1, 2, 3, 4, 6, 7, 9, 10, 11, 12, 13])
def test_a_resumed_run_ends_on_the_bits_of_an_uninterrupted_one(
    photographs, tmp_path, figures, step
):
    figures({0: 5.0, 2: 3.0, 10: 2.0, 12: 1.0})
    options = {"epochs": [3, 1, 3], "check_steps": 2, "patience": 2, "ema": 0.5, "keep_best": 2}
    options |= {"phase": {"switch_below": 99.0}, "checkpoint_epochs": 1}
    pets(photographs, tmp_path / "whole", **options)
    newest = state_folders(tmp_path / "whole")[0].name
    with pytest.raises(Interrupted):
        pets(photographs, tmp_path / "cut", callbacks=StopAtStep(step), **options)
    resume(tmp_path / "cut")
    assert state_folders(tmp_path / "cut")[0].name == newest
    assert same(state_of(tmp_path / "whole"), state_of(tmp_path / "cut"))
    for name in ("model", "model-last", "after-generator", "after-gan"):
        assert same(weights(tmp_path / "whole", name), weights(tmp_path / "cut", name))
    for kind in ("check", "phase", "epoch"):
        logs = [entries(tmp_path / run, kind) for run in ("whole", "cut")]
        told = [[(e["step"], e["epoch"], e["phase"]) for e in log] for log in logs]
        assert told[0] == told[1]


def test_a_run_killed_between_two_phases_goes_on(photographs, tmp_path):
    options = {"epochs": [1, 1, 1]}
    pets(photographs, tmp_path / "whole", **options)

    class Killed(Exception):
        pass

    class KillPainting(Callbacks):
        def on_generated(self, done, total):
            raise Killed

    with pytest.raises(Killed):
        pets(photographs, tmp_path / "cut", callbacks=KillPainting(), **options)
    resume(tmp_path / "cut")
    assert same(state_of(tmp_path / "whole"), state_of(tmp_path / "cut"))
    assert [e["phase"] for e in entries(tmp_path / "cut", "phase")] == [
        "generator",
        "critic",
        "gan",
    ]


def test_a_signal_is_heard_while_pictures_are_painted(photographs, tmp_path):
    class Painting(Callbacks):
        def on_generated(self, done, total):
            os.kill(os.getpid(), signal.SIGTERM)

    run = tmp_path / "run"
    with pytest.raises(Interrupted, match="saved at step 3"):
        pets(photographs, run, callbacks=Painting())
    resume(run)
    assert len(entries(run, "phase")) == 3


def test_states_from_before_runs_could_stop_go_on(photographs, tmp_path):
    run = tmp_path / "run"
    with pytest.raises(Interrupted):
        pets(photographs, run, epochs=[2, 0, 2], callbacks=StopAtStep(8))
    folder = state_folders(run)[0]
    counters = json.loads((folder / "state.json").read_text())
    old = {k: counters[k] for k in ("epoch", "step_in_epoch", "step", "seconds", "losses")}
    old["best"] = {"epoch": 1, "score": 0.1}
    (folder / "state.json").write_text(json.dumps(old))
    sums = json.loads((folder / "manifest.json").read_text())
    sums["state.json"] = sha256(folder / "state.json")
    (folder / "manifest.json").write_text(json.dumps(sums))
    shutil.rmtree(run / "after-generator")
    resume(run)
    assert entries(run, "epoch")[-1]["epoch"] == 4
    assert (run / "model-last").is_dir()


class StopAtStep(StopAt):
    """At a step of the run as it went, whatever was planned."""

    def on_begin(self, trainer):
        self.trainer = trainer

    def on_step(self, done, total, losses):
        super().on_step(self.trainer.step, total, losses)


def test_phases_one_after_the_other_come_to_what_they_do_at_once(photographs, tmp_path):
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    pets(photographs, whole, epochs=[1, 1, 1])
    pets(photographs, parts, epochs=[1, 0, 0])
    resume(parts, epochs=[1, 1, 0])
    resume(parts, epochs=[1, 1, 1])
    assert same(state_of(whole), state_of(parts))
    assert [phase.epochs for phase in RunConfig.load(parts)[0].phases] == [1, 1, 1]
    with pytest.raises(UsageError, match="generator has 1 and is over"):
        resume(parts, epochs=[2, 1, 1])
    with pytest.raises(UsageError, match="2 numbers for 3 phases"):
        resume(parts, epochs=[1, 1])


def test_an_extension_that_was_killed_at_once_goes_on(photographs, tmp_path):
    run = tmp_path / "run"
    pets(photographs, run, epochs=[1, 0, 0])
    with pytest.raises(Interrupted):
        resume(run, epochs=[1, 1, 1], callbacks=StopAtStep(4))
    shutil.rmtree(state_folders(run)[0])  # as a kill would have it
    resume(run)
    assert [entry["phase"] for entry in entries(run, "epoch")] == ["generator", "critic", "gan"]


def test_a_phase_in_progress_has_begun(photographs, tmp_path):
    run = tmp_path / "run"
    with pytest.raises(Interrupted):
        pets(photographs, run, epochs=[1, 0, 1], callbacks=StopAtStep(4))
    for wanted, said in (([1, 1, 1], "critic has 0 and is over"), ([1, 0, 0], "gan has 1 already")):
        with pytest.raises(UsageError, match=said):
            resume(run, epochs=wanted)
    resume(run, epochs=[1, 0, 2])
    assert [entry["epoch"] for entry in entries(run, "epoch")] == [1, 2, 3]


def test_a_finished_phase_can_go_on(photographs, tmp_path):
    run = tmp_path / "run"
    pets(photographs, run, epochs=[1, 0, 0])
    resume(run, epochs=[3, 0, 0])
    assert [entry["epoch"] for entry in entries(run, "epoch")] == [1, 2, 3]


def test_values_for_one_phase_or_for_each(photographs, tmp_path):
    phase = {"pixel_loss": "l1", "gan_weight": 0.5, "lr_generator": (1.0, 1.0, 0.1)}
    pets(photographs, tmp_path / "run", phase=phase)
    generator, critic, gan = RunConfig.load(tmp_path / "run")[0].phases
    assert (generator.gan_weight, critic.gan_weight, gan.gan_weight) == (0, 0, 0.5)
    assert (generator.pixel_loss, gan.pixel_loss) == ("l1", "l1")
    assert (generator.lr_generator, gan.lr_generator) == (1.0, 0.1)
    assert not generator.trains_discriminator
    assert critic.trains_discriminator
    with pytest.raises(UsageError, match=r"lr_generator: 2 numbers for 3 phases \(generator, cr"):
        pets(photographs, tmp_path / "other", phase={"lr_generator": (1.0, 2.0)})


def test_the_next_phase_goes_on_from_the_averaged_weights(photographs, tmp_path):
    run = tmp_path / "run"
    pets(photographs, run, epochs=[2, 0, 0], ema=0.9)
    state = state_of(run)
    own = {k.removeprefix("generator."): v for k, v in state.items() if k.startswith("generator.")}
    assert same(own, weights(run, "after-generator"))


def test_an_init_of_another_recipe_is_refused(photographs, tmp_path):
    draw_set(tmp_path / "icons/train", (0, 1))
    train(
        tmp_path / "icons/train", tmp_path / "icon", epochs=[1], device="cpu", model=SMALL, **QUICK
    )
    with pytest.raises(CheckpointError, match="from 3 to 3 channels; recipe pets has 1 and 3"):
        train(photographs, tmp_path / "run", recipe="pets", init=tmp_path / "icon/model", **QUICK)
    assert not (tmp_path / "run").exists()


def test_before_and_after_stand_side_by_side(photographs, tmp_path, monkeypatch):
    honest, told = run_writer.write_samples, {}

    def spy(path, codec, colors, pictures):
        told[path.name] = {name: shown(color) for name, color in colors.items()}
        honest(path, codec, colors, pictures)

    def shown(color):
        return color(torch.arange(3 * 256).view(3, 16, 16).byte(), torch.zeros(1, 0).long())

    monkeypatch.setattr(run_writer, "write_samples", spy)
    run = tmp_path / "run"
    pets(photographs, run, epochs=[1, 0, 1], phase={"lr_generator": (1.0, 1.0, 500.0)})
    both = told["test-before-and-after-gan.png"]
    assert list(both) == ["before gan", "after gan"]
    first, last = (told[f"test-after-{phase}.png"]["output"] for phase in ("generator", "gan"))
    assert torch.allclose(both["before gan"], first, atol=1e-4)
    assert torch.allclose(both["after gan"], last, atol=1e-4)
    assert (first - last).abs().max() > 0.01
    widths = []
    for name in ("before-and-after-gan", "after-gan"):
        with Image.open(run / f"samples/test-{name}.png") as sheet:
            widths.append(sheet.width)
    assert widths[0] > widths[1]
