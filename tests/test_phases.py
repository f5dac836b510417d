"""The phases of a run: who learns in them and when, how they end, and what they leave behind."""

import json

import numpy as np
import pytest
import torch
from drawn import draw_set, shoot
from PIL import Image
from safetensors.torch import load_file
from test_trainer import QUICK, SMALL, StopAt, Watch, state_of

from condcolor import trainer as trainer_module
from condcolor.adversaries import Adversaries
from condcolor.checkpoint import load_model, state_folders
from condcolor.dataset import Batch
from condcolor.errors import UsageError
from condcolor.recipes import RECIPES, Phase, TrainConfig
from condcolor.runlog import read_log
from condcolor.signals import Interrupted
from condcolor.training import Plan, resume, train

PETS = {"recipe": "pets", "encoder_weights": "none", "device": "cpu", "patience": 0}
NETWORK = SMALL | {"encoder": "none"}


@pytest.fixture
def photographs(tmp_path):
    shoot(tmp_path / "shot/train", 12)
    shoot(tmp_path / "shot/val", 3, first=12)
    return tmp_path / "shot"


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
def scores(monkeypatch):
    """Makes the checks of a training score what they are told, one after the other."""

    def told(*numbers: float):
        left = list(numbers)
        honest = trainer_module.measure

        def measure(*arguments):
            measured = honest(*arguments)
            score = left.pop(0) if left else 9.0
            for name in ("score", "error"):
                monkeypatch.setattr(type(measured), name, property(lambda _: score))
            return measured

        monkeypatch.setattr(trainer_module, "measure", measure)

    return told


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
    watch = Watch()
    pets(photographs, tmp_path / "run", epochs=[1, 0, 0], progress=watch, jitter=0.25)
    nets, pictures = watch.trainer.nets, watch.trainer.train
    painted = nets.paint(pictures)
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


@pytest.mark.parametrize(("sign", "right"), [(1.0, 1.0), (-1.0, 0.0)])
def test_a_discriminator_is_judged_by_what_it_tells_right(photographs, tmp_path, sign, right):
    watch = Watch()
    pets(photographs, tmp_path / "run", epochs=[1, 0, 0], progress=watch)
    nets, pictures = watch.trainer.nets, watch.trainer.train
    nets.discriminator = Brightness(sign)
    black = pictures.repainted(torch.zeros(12, 3, 16, 16, dtype=torch.uint8))
    assert nets.judge(pictures, black) == right
    assert nets.judge(pictures, pictures) == 0.5


def adversaries(**options) -> Adversaries:
    config = RECIPES["pets"].model_config(0, **NETWORK)
    settings = TrainConfig(image_size=16, precision="fp32", **options)
    return Adversaries(RECIPES["pets"].codec, settings, config, (), torch.device("cpu"))


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


def test_each_network_has_its_own_learning_rate():
    nets = adversaries(lr=0.1)
    nets.set_lr(Phase("gan", 1, lr_generator=0.5, lr_discriminator=2.0), 0.5)
    rates = [opt.param_groups[0]["lr"] for opt in nets.optimizers().values()]
    assert rates == pytest.approx([0.025, 0.1])


def test_a_phase_ends_by_itself_and_goes_back_to_its_best(photographs, tmp_path, scores):
    scores(5.0, 4.0, 3.0, 6.0, 6.0)  # at the start, then after each step
    run = tmp_path / "run"
    notes = []

    class Notes(Watch):
        def note(self, text):
            notes.append(text)

    pets(
        photographs,
        run,
        epochs=[4, 0, 0],
        check_steps=1,
        patience=2,
        keep_best=2,
        progress=Notes(),
    )
    [end] = entries(run, "phase")
    assert (end["step"], end["kept_step"], end["stopped"]) == (4, 2, True)
    assert "generator ends at step 4: no better in 2 checks; back to step 2, its best" in notes
    assert [entry["step"] for entry in entries(run, "check")] == [0, 1, 2, 3, 4]
    assert same(weights(run, "model"), weights(run, "model-last"))
    assert load_model(run / "model").training["steps"] == 2
    assert sorted(p.name for p in (run / "best").iterdir()) == ["step-00000001", "step-00000002"]
    assert json.loads((state_folders(run)[0] / "state.json").read_text())["epoch"] == 4


def test_a_phase_that_makes_it_worse_leaves_all_as_it_was(photographs, tmp_path, scores):
    scores(5.0, 4.0, 4.0, 8.0, 8.0, 8.0)
    run = tmp_path / "run"
    pets(photographs, run, epochs=[1, 0, 1], patience=9)
    generator, gan = entries(run, "phase")
    assert (generator["kept_step"], gan["kept_step"], gan["stopped"]) == (3, 3, False)
    assert same(weights(run, "after-generator"), weights(run, "model-last"))


def test_without_patience_a_phase_runs_to_its_end(photographs, tmp_path, scores):
    scores(1.0, 9.0, 9.0, 9.0)
    run = tmp_path / "run"
    pets(photographs, run, epochs=[4, 0, 0])
    assert len(entries(run, "epoch")) == 4
    assert not same(weights(run, "model"), weights(run, "model-last"))


@pytest.mark.parametrize("step", [2, 4, 8, 9])  # generator, its stop, critic, gan
def test_a_resumed_run_ends_on_the_bits_of_an_uninterrupted_one(photographs, tmp_path, step):
    options = {"epochs": [2, 1, 2], "check_steps": 2, "patience": 1, "ema": 0.5, "keep_best": 2}
    options |= {"phase": {"switch_below": 99.0}}
    pets(photographs, tmp_path / "whole", **options)
    steps = state_folders(tmp_path / "whole")[0].name
    with pytest.raises(Interrupted):
        pets(photographs, tmp_path / "cut", progress=StopAtStep(step), **options)
    resume(tmp_path / "cut")
    assert state_folders(tmp_path / "cut")[0].name == steps
    assert same(state_of(tmp_path / "whole"), state_of(tmp_path / "cut"))
    for name in ("model", "model-last", "after-generator", "after-gan"):
        assert same(weights(tmp_path / "whole", name), weights(tmp_path / "cut", name))


class StopAtStep(StopAt):
    """At a step of the run as it went, whatever was planned."""

    def begins(self, trainer):
        self.trainer = trainer

    def step(self, done, total, losses):
        super().step(self.trainer.step, total, losses)


def test_phases_one_after_the_other_come_to_what_they_do_at_once(photographs, tmp_path):
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    pets(photographs, whole, epochs=[1, 1, 1])
    pets(photographs, parts, epochs=[1, 0, 0])
    resume(parts, epochs=[1, 1, 0])
    resume(parts, epochs=[1, 1, 1])
    assert same(state_of(whole), state_of(parts))
    assert [phase.epochs for phase in Plan.load(parts)[0].phases] == [1, 1, 1]
    with pytest.raises(UsageError, match="generator has 1 and is over"):
        resume(parts, epochs=[2, 1, 1])
    with pytest.raises(UsageError, match="2 numbers for 3 phases"):
        resume(parts, epochs=[1, 1])


def test_a_finished_phase_can_go_on(photographs, tmp_path):
    run = tmp_path / "run"
    pets(photographs, run, epochs=[1, 0, 0])
    resume(run, epochs=[3, 0, 0])
    assert [entry["epoch"] for entry in entries(run, "epoch")] == [1, 2, 3]


def test_values_for_one_phase_or_for_each(photographs, tmp_path):
    phase = {"pixel_loss": "l1", "gan_weight": 0.5, "lr_generator": (1.0, 1.0, 0.1)}
    pets(photographs, tmp_path / "run", phase=phase)
    generator, critic, gan = Plan.load(tmp_path / "run")[0].phases
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
    with pytest.raises(UsageError, match=r"from 3 to 3 channels, those of recipe pets from 1 to 3"):
        train(photographs, tmp_path / "run", recipe="pets", init=tmp_path / "icon/model", **QUICK)
    assert not (tmp_path / "run").exists()


def test_before_and_after_stand_side_by_side(photographs, tmp_path):
    run = tmp_path / "run"
    pets(photographs, run, epochs=[1, 0, 1], phase={"lr_generator": (1.0, 1.0, 50.0)})
    sheet = Image.open(run / "samples/test-before-and-after-gan.png").convert("RGB")
    plain = Image.open(run / "samples/test-after-gan.png").convert("RGB")
    assert sheet.width > plain.width
    assert np.asarray(sheet).std() > 0
