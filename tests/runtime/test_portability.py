"""What Windows and macOS lack is done without: a Python that lacks it imports, colours, writes and locks."""

from __future__ import annotations

import subprocess
import sys

import pytest
from PIL import Image, ImageDraw

# Libraries come first: on those systems they do without, too, but not once they have looked at this one.
START = """
import asyncio, multiprocessing.pool, os, pkgutil, signal, subprocess, sys, tempfile, time
import matplotlib.figure, numpy, pandas, scipy.ndimage, torch

LACKING = {
    os: "posix_fallocate posix_fadvise sched_getaffinity link sync fork killpg getpgid mkfifo geteuid getuid "
        "fchmod O_NOFOLLOW O_NONBLOCK O_DIRECTORY O_CLOEXEC getloadavg sysconf uname",
    signal: "SIGPIPE SIGKILL SIGHUP SIGALRM SIGUSR1 SIGUSR2 SIGCHLD alarm pthread_sigmask sigwait",
    time: "tzset clock_gettime",
}
for module, names in LACKING.items():
    for name in names.split():
        assert hasattr(module, name), name
        delattr(module, name)
os.supports_effective_ids = set()
for name in ("fcntl", "resource", "pwd", "grp", "termios"):
    sys.modules[name] = None  # to import it is an ImportError
"""
IMPORT = """
import condcolor
for module in pkgutil.walk_packages(condcolor.__path__, "condcolor."):
    if not module.name.endswith("__main__"):  # which runs the command
        __import__(module.name)
"""
FILES = """
from pathlib import Path
import numpy as np
from condcolor.data import cache
from condcolor.data.cache import Decoder, blank, decode
from condcolor.errors import UsageError
from condcolor.runtime.files import atomic_folder, is_locked, lock, make_folder, write_whole
from condcolor.runtime.process import StopFlag, cores, keep_memory
from condcolor.runs.folder import locked

make_folder(Path("here"))
write_whole("here/a.txt", b"1")
write_whole("here/a.txt", b"2", overwrite=True)
try:
    write_whole("here/a.txt", b"3")
except UsageError as error:
    print(error)
for content in ("3", "4"):
    with atomic_folder(Path("here/set"), overwrite=True) as new:
        (new / "b.txt").write_text(content)
with lock(Path("here/.lock"), UsageError("busy")):
    pass
with locked(Path("here")), StopFlag():
    assert not is_locked(Path("here/none"))
assert cores() > 0
keep_memory()

cache.IN_MEMORY = 10
grey = Decoder("grey", lambda path, ground, side: np.full((side, side, 3), 7, np.uint8))
for _ in range(2):
    images, faults = decode([(Path("here/a.txt"), 255)], 4, grey, cache=Path("here/cache"))
    assert images[0].unique().tolist() == [7] and not faults
assert blank(2, 4, Path("here")).side == 4
print(*sorted(path.name for path in Path("here").iterdir()))
print(Path("here/a.txt").read_text(), Path("here/set/b.txt").read_text())
"""
COLORIZE = """
from condcolor.cli import main
main(["colorize", "sketch.png", "--hair", "red", "--shirt", "blue", "-o", "icon.png"])
"""


@pytest.fixture
def lacking(tmp_path):
    def run(code: str) -> str:
        command = [sys.executable, "-c", START + code]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


@pytest.mark.skipif(sys.platform != "linux", reason="takes away what Linux has")
def test_every_module_is_imported_and_a_picture_coloured(lacking, tmp_path):
    sketch = Image.new("RGB", (64, 64), "white")
    ImageDraw.Draw(sketch).ellipse((12, 12, 52, 52), outline="black", width=3)
    sketch.save(tmp_path / "sketch.png")
    lacking(IMPORT + COLORIZE)
    assert Image.open(tmp_path / "icon.png").size == (64, 64)


@pytest.mark.skipif(sys.platform != "linux", reason="takes away what Linux has")
def test_files_are_written_whole_and_mapped(lacking):
    said, names, contents = lacking(FILES).splitlines()
    assert said == "here/a.txt: exists already: choose another name or allow overwriting"
    assert names.split() == [".lock", "a.txt", "cache", "set"]
    assert contents == "2 4"
