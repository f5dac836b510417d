"""What is counted, how turns are taken and figures made of them, and the worker processes."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
import torch
from drawn import shoot
from measured import FILE, row
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.speed import commands, report, workers
from benchmarks.speed.pictures import draw_icons, draw_photographs, link_photographs
from benchmarks.speed.report import Report
from benchmarks.speed.settings import OURS, TEXTBOOK, Settings, Subject, measured_phase, model_at
from benchmarks.speed.subjects import load_textbook, rounds
from benchmarks.speed.timing import Timed, forward_flops, training_flops
from benchmarks.speed.workers import Participant, by_turns, environment
from condcolor.data.dataset import Batch
from condcolor.data.metadata import read_metadata
from condcolor.errors import DataError, UsageError
from condcolor.recipes import RECIPES
from condcolor.training.gan import Gan

CPU = torch.device("cpu")
GMAC = 2e9


@pytest.mark.parametrize(
    ("recipe", "width", "size", "generator", "discriminator", "training"),
    [
        ("icons", 64, 256, 6.05, 3.20, 43.7),
        ("photo", 64, 256, 5.98, 3.15, 43.1),
        ("icons", 64, 128, 1.51, 0.77, 10.7),
    ],
)
def test_work_is_counted(recipe, width, size, generator, discriminator, training):
    model = model_at(RECIPES[recipe], 10, width, size)
    g, d = forward_flops(model, size)
    assert (g / GMAC, d / GMAC) == pytest.approx((generator, discriminator), abs=0.006)
    phase = measured_phase(RECIPES[recipe])
    assert training_flops(model, size, phase) / GMAC == pytest.approx(training, abs=0.06)


def test_a_step_does_the_work_that_is_counted():
    """But for the gradient of the pictures themselves, which nobody needs."""
    recipe = RECIPES["icons"]
    model, config = model_at(recipe, 0, 16, 64), recipe.train_config(precision="fp32")
    nets = Gan(recipe.codec, config, model, (), CPU)
    pictures = torch.randint(256, (2, 3, 64, 64), dtype=torch.uint8)
    nothing = torch.zeros(2, 0)
    phase = measured_phase(recipe)
    with FlopCounterMode(display=False) as counter:
        nets.step(phase, Batch(pictures, pictures, nothing, nothing), 0)
    share = counter.get_total_flops() / (2 * training_flops(model, 64, phase))
    assert 0.95 < share <= 1


@pytest.mark.parametrize("recipe", [name for name in RECIPES if name != "parts"])  # it has no D
def test_the_measured_phase_trains_both_networks_in_every_step(recipe):
    phase = measured_phase(RECIPES[recipe])
    assert phase.trains_generator
    assert phase.trains_discriminator
    assert not phase.switch_below


class Fake:
    """Takes turns, and notes when."""

    def __init__(self, name, heard):
        self.name, self.heard = name, heard

    def run(self, seconds):
        self.heard.append((self.name, seconds))
        return [(len(self.heard), 1.0)]


def test_participants_take_turns():
    heard, told = [], []
    turns = by_turns(
        [Fake("a", heard), Fake("b", heard)], turns=3, seconds=0.5, on_turn=lambda: told.append(1)
    )
    assert heard == [("a", 0.5), ("b", 0.5)] * 3
    assert turns == [[[(1, 1.0)], [(3, 1.0)], [(5, 1.0)]], [[(2, 1.0)], [(4, 1.0)], [(6, 1.0)]]]
    assert len(told) == 3


def test_a_ratio_is_the_median_over_turns_of_pictures_a_second():
    ours = [[(10, 1.0)], [(10, 1.0), (10, 1.0)], [(10, 5.0)]]
    theirs = [[(5, 1.0)], [(16, 4.0)], [(16, 1.0)]]  # 2, 2.5, 1/8 times as fast
    assert report.ratio(ours, theirs) == 2


def test_p95_is_the_slow_end():
    p50, p95 = report.spread([(10, 1.0)] * 90 + [(10, 10.0)] * 10)
    assert (p50, p95) == (10, 1)


def test_bursts_are_long_enough_for_the_clock():
    done = itertools.count()
    timed = Timed(lambda: (next(done), time.sleep(0.002)), 3, CPU)
    before = next(done)
    samples = timed.run(0.3)
    assert sum(pictures for pictures, _ in samples) == 3 * (next(done) - before - 1)
    assert all(seconds > 0.03 for _, seconds in samples)


def test_a_round_of_a_loader_is_one_batch_a_process_and_the_first_is_not_counted():
    batches = [(torch.zeros(4), None, None)] * 7
    assert [pictures for pictures, _ in rounds(batches, 2)] == [8, 8]


# -- the textbook --------------------------------------------------------------------------------


def counted(network) -> int:
    return sum(p.numel() for p in network.parameters())


def test_the_textbooks_networks_have_the_sizes_of_ours():
    model = RECIPES["photo"].model_config(0)
    pair = load_textbook(FILE).Pix2Pix(source_channels=1, output_channels=2, cond_planes=0)
    assert counted(pair.generator) == 54_409_856
    assert counted(pair.discriminator) == 2_765_633
    nets = Gan(RECIPES["photo"].codec, RECIPES["photo"].defaults, model, (), CPU)
    assert counted(nets.generator) == counted(pair.generator)


@pytest.mark.parametrize("recipe", ["icons", "photo"])
def test_the_textbook_learns_and_paints(tmp_path, recipe):
    module = load_textbook(FILE)
    (draw_icons if recipe == "icons" else draw_photographs)(tmp_path / "drawn")
    (batch,) = module.loader(
        recipe, tmp_path / "drawn", size=32, batch_size=2, workers=0, batches=1
    )
    source, target, planes = batch
    assert planes.shape == (2, 10 if recipe == "icons" else 0, 32, 32)
    assert float(source.abs().max()) <= 1
    assert float(target.abs().max()) <= 1
    pair = module.Pix2Pix(
        source_channels=source.shape[1],
        output_channels=target.shape[1],
        cond_planes=planes.shape[1],
        base_channels=4,
        max_channels=8,
        depth=5,
        disc_channels=4,
    )
    networks = (pair.generator, pair.discriminator)
    before = [[p.clone() for p in network.parameters()] for network in networks]
    pair.training_step(batch)
    for network, old in zip(networks, before, strict=True):
        assert all(not torch.equal(a, b) for a, b in zip(network.parameters(), old, strict=True))
    assert pair.infer(batch).shape == target.shape


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("RECIPES = ()", "has no loader, Pix2Pix"),
        ("import nothing_of_this_name", "ModuleNotFoundError"),
        ("1 +", "SyntaxError"),
        (None, "no such file"),
    ],
)
def test_a_file_that_is_no_textbook_is_told(tmp_path, text, said):
    path = tmp_path / "own.py"
    if text is not None:
        path.write_text(text)
    with pytest.raises(UsageError, match=said):
        load_textbook(path)


# -- worker processes ----------------------------------------------------------------------------


def photo_subject(folder, whose, **changed) -> Subject:
    plain = {"what": "inference", "recipe": "photo", "device": "cpu", "precision": "fp32"}
    plain |= {"batch": 2, "width": 4, "size": 32, "textbook": str(FILE)}
    return Subject(whose, folder=str(folder), **{**plain, **changed})


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")
def test_who_waits_for_a_turn_uses_no_processor(photographs):
    with Participant(photo_subject(photographs, TEXTBOOK)) as waiting:
        assert sum(pictures for pictures, _ in waiting.run(0.2)) >= 2
        time.sleep(0.05)
        before = cpu_seconds(waiting.process.pid)
        time.sleep(0.5)
        assert cpu_seconds(waiting.process.pid) - before < 0.05
        assert waiting.memory()["resident"] > 2**20
    assert waiting.process.returncode is not None


def test_ctrl_c_while_a_worker_starts_ends_it(tmp_path, monkeypatch):
    started = []

    class Interrupted(subprocess.Popen):
        def __init__(self, *args, **options):
            super().__init__(*args, **options)
            started.append(self)
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(workers.subprocess, "Popen", Interrupted)
    with pytest.raises(KeyboardInterrupt):
        Participant(photo_subject(tmp_path, OURS))
    assert started[0].returncode == -signal.SIGKILL


def test_what_goes_wrong_in_a_worker_is_told_here(tmp_path, photographs):
    with pytest.raises(DataError, match="none does not exist"):
        Participant(photo_subject(tmp_path / "shot" / "none", OURS))
    own = tmp_path / "own.py"
    own.write_text(
        FILE.read_text() + "\n\ndef loader(*_, **__):\n    raise ValueError('a\\nodd')\n"
    )
    with pytest.raises(UsageError, match=r"own.py: ValueError: odd"):
        Participant(photo_subject(photographs, TEXTBOOK, textbook=str(own)))


def test_workers_find_malloc_as_it_comes(monkeypatch):
    monkeypatch.setenv("MALLOC_MMAP_MAX_", "0")
    assert not any(name.startswith("MALLOC") for name in environment())


# -- pictures, commands, settings ----------------------------------------------------------------


def test_drawn_icons_are_a_data_set(tmp_path):
    draw_icons(tmp_path / "icons")
    metadata = read_metadata(tmp_path / "icons")
    assert metadata.schema.sizes == (5, 5)
    assert len(metadata.records) == 50


def test_ones_own_photographs_are_linked_but_for_those_of_no_use(tmp_path):
    shoot(tmp_path / "own", 3)
    (tmp_path / "own/damaged.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    link_photographs(tmp_path / "own", tmp_path / "linked")
    assert len(list((tmp_path / "linked").iterdir())) == 3
    (tmp_path / "bare").mkdir()
    with pytest.raises(DataError, match="no JPEG or PNG in colour"):
        link_photographs(tmp_path / "bare", tmp_path / "other")


def test_commands_are_timed_from_cold(monkeypatch):
    monkeypatch.setattr(commands, "COMMANDS", {"help": "--help"})
    (took,) = commands.time_commands({}, 2, environment())
    assert took.runs == 2
    assert 0 < took.min_s <= took.median_s <= took.max_s
    monkeypatch.setattr(commands, "COMMANDS", {"odd": "colorise"})
    with pytest.raises(DataError, match="odd failed: no such command 'colorise'"):
        commands.time_commands({}, 1, environment())


def test_cases_are_each_kind_of_work_in_each_size_once():
    settings = Settings(
        what=("training", "data"), recipes=("icons",), batches=(1, 4), widths=(64, 32, 64)
    )
    found = [(case.what, case.batch, case.width) for case in settings.cases()]
    training = [("training", b, w) for w in (64, 32) for b in (1, 4)]
    assert found == [*training, ("data", 1, 64), ("data", 4, 64)]


@pytest.mark.parametrize(
    "other",
    [{"width": 32}, {"batch": 4}, {"size": 128}, {"precision": "bf16"}, {"whose": TEXTBOOK}, {}],
)
def test_the_headline_is_the_whole_recipe_in_the_devices_best_precision(monkeypatch, other):
    monkeypatch.setattr(report, "pick_precision", lambda asked, device: "fp32")
    told = Report({}, "cpu", None, {}, (row(**other),)).to_json()
    assert told["training_vs_textbook"] == (None if other else 2.5)
    assert told["inference_vs_textbook"] is None


def test_the_headline_of_the_data_is_that_of_photographs(monkeypatch):
    rows = [
        row(what=what, recipe=recipe, batch=batch, precision=precision, vs_textbook=ratio)
        for recipe, batch, ratio in (("icons", 10, 3.0), ("photo", 16, 4.0))
        for what, precision in (("data", "uint8"), ("data_encoded", "fp32"))
    ]
    told = Report({}, "cpu", None, {}, tuple(rows)).to_json()
    assert (told["data_vs_textbook"], told["data_encoded_vs_textbook"]) == (4, 4)
    told = Report({}, "cpu", None, {}, tuple(rows[:2])).to_json()
    assert told["data_vs_textbook"] == 3
