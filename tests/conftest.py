"""Fixtures that several test modules share: a small model, in the place of the built-in one."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner, Result
from hypothesis import settings
from pictures import sketch

from condcolor.cli import main
from condcolor.models import model_folder

# the same examples every time: a test that fails, fails again
settings.register_profile("steady", derandomize=True, deadline=None)


settings.load_profile("steady")


@pytest.fixture(scope="session")
def random_model(tmp_path_factory) -> Path:
    """A model folder with hair and shirt, which has learnt nothing."""
    from models import save_random

    return save_random(tmp_path_factory.mktemp("models") / "random")


@pytest.fixture(scope="session")
def icons_onnx(tmp_path_factory) -> tuple[Path, Path]:
    """A model folder of line art, and the .onnx file exported of it."""
    from exported import export_icons

    return export_icons(tmp_path_factory.mktemp("exported"))


@pytest.fixture(scope="session")
def photo_onnx(tmp_path_factory) -> tuple[Path, Path]:
    """The same of photographs."""
    from exported import export_photo

    return export_photo(tmp_path_factory.mktemp("exported"))


@pytest.fixture(scope="session")
def parts_onnx(tmp_path_factory) -> tuple[Path, Path]:
    """The same of a model of parts."""
    from exported import export_parts

    return export_parts(tmp_path_factory.mktemp("exported-parts"))


@pytest.fixture
def built_in(random_model, tmp_path, monkeypatch) -> Path:
    """The folder of a built-in model called icons, which is `random_model`."""
    folder = tmp_path / "built-in" / "icons"
    shutil.copytree(random_model, folder)
    monkeypatch.setattr(model_folder, "BUILT_IN", folder.parent)
    return folder


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    """An empty folder, which is the current one."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def photographs(tmp_path) -> Path:
    """A folder of 12 drawn photographs to train on, and of 3 to test on."""
    from drawn import shoot

    shoot(tmp_path / "shot/train", 12)
    shoot(tmp_path / "shot/val", 3, first=12)
    return tmp_path / "shot"


@pytest.fixture
def condcolor() -> Callable[..., Result]:
    """Runs a command in this process: `condcolor("info", "icons").stdout`."""

    def run(*arguments: object, **options) -> Result:
        return CliRunner().invoke(main, [str(a) for a in arguments], **options)

    return run


@pytest.fixture
def undrawn(request, monkeypatch) -> None:
    """Trainings in this process end without plot and report, which take most of the time of a short one.

    A test that looks at them is marked `drawn`.
    """
    from condcolor.training import session

    if request.node.get_closest_marker("drawn") is None:
        nothing = SimpleNamespace(plot_run=lambda *_, **__: None)
        monkeypatch.setattr(session, "plots", nothing)
        monkeypatch.setattr(session, "write_report", lambda run: None)


@pytest.fixture
def sketches(here) -> Path:
    """`sketches/ada.png`, `sketches/ben.jpg` and `sketches/more/cleo.png` in the current folder."""
    folder = here / "sketches"
    (folder / "more").mkdir(parents=True)
    for name in ("ada.png", "ben.jpg", "more/cleo.png"):
        sketch().save(folder / name)
    return folder


@pytest.fixture(autouse=True, scope="session")
def hears_signals():
    """Ctrl-C reaches the tests and their commands, also in a shell's background job, which ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="module")
def browser():
    """A headless Chromium; modules that use it are marked `needs_chromium`."""
    from chromium import CHROMIUM
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()
