"""How long a person with keys takes to go through drawings in doubt, with `condcolor serve --review`.

    tar xf faces.tar                                # 120 faces of facesjs, a set with masks
    python benchmarks/speed/review_speed.py faces emojitwo --first 85 14

A set has `inputs/` and `masks/` (red: hair, green: shirt, blue: skin). Its drawings are coloured with
--check; the first 20 that are flagged are gone through in headless Chromium. The person is simulated, with
the times of the keystroke-level model (Card, Moran and Newell, 1983): `--think` seconds to look at a
picture and again for each piece that is given a part, `--key` seconds for each key. They give the pieces in
doubt whose part is wrong what the mask has there, pass over those that are right with `d`, and go on with
Enter after the last that is wrong; with `--every` they think about each piece in doubt, and give all of
them their part. The machine's share is the time from Enter until the next picture is there with its first
doubt chosen. Prints the load of the machine and rows of a table in docs/how-well.md.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

KEYS = {"hair": "h", "shirt": "s", "skin": "k", "none": "n"}
NAMES = tuple(KEYS)  # the channels of masks, and what is none of them
SOURCE = "document.getElementById('before').src"  # changes with the picture
# another picture is shown, and its first doubt is chosen, or the page says that it has none
READY = f"(before) => {SOURCE} !== before && document.getElementById('chosen').textContent"
COLORS = ("--hair", "red", "--shirt", "blue")
CONDCOLOR = (sys.executable, "-m", "condcolor")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sets", type=Path, nargs="+")
    parser.add_argument("--pictures", type=int, default=20)
    parser.add_argument("--first", type=int, nargs="+", help="only so many drawings of each set")
    parser.add_argument("--think", type=float, default=1.35, help="seconds for a decision")
    parser.add_argument("--key", type=float, default=0.28, help="seconds for a key")
    parser.add_argument("--every", action="store_true", help="decide on every piece in doubt")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        first = options.first or [None] * len(options.sets)
        masks = prepare(options.sets, first, Path(folder), options.pictures)
        found = [doubts_of(Path(folder, "sketches", name), mask) for name, mask in masks.items()]
        plan = [keys_of(doubts, options.every) for doubts in found]
        times = review(Path(folder, "made"), plan, options.think, options.key)
        left = in_doubt(Path(folder, "made"))
    print(f"load of the machine: {os.getloadavg()[0]:.1f}, cores: {os.cpu_count()}")
    print(
        f"pieces in doubt: {sum(map(len, found))}, keys with Enter: {sum(map(len, plan)) + len(plan)}"
    )
    print(f"{len(left)} of {len(times)} are flagged afterwards\n")
    print("| a picture | mean | median | largest |")
    print("|---|---|---|---|")
    rows = {"all": times.sum(axis=1), "the machine": times[:, 0], "the person": times[:, 1]}
    for name, seconds in rows.items():
        print(
            f"| {name} | {seconds.mean():.1f} s | {np.median(seconds):.1f} s | {seconds.max():.1f} s |"
        )


def prepare(
    sets: Sequence[Path], first: Sequence[int | None], folder: Path, count: int
) -> dict[str, Path]:
    """Color the first drawings in doubt into `folder/made`; return the mask of each, by name.

    first: of each set, how many drawings are looked at; None for all.
    """
    for each, most in zip(sets, first, strict=True):
        for source in sorted((each / "inputs").iterdir())[:most]:
            target = folder / "all" / f"{each.name}-{source.name}"
            target.parent.mkdir(exist_ok=True)
            shutil.copy(source, target)
    color(folder / "all", folder / "checked")
    masks = {}
    for name in in_doubt(folder / "checked")[:count]:
        (folder / "sketches").mkdir(exist_ok=True)
        shutil.copy(folder / "all" / name, folder / "sketches" / name)
        own, _, mask = name.partition("-")
        masks[name] = next(each for each in sets if each.name == own) / "masks" / mask
    color(folder / "sketches", folder / "made")
    return masks


def color(source: Path, out: Path) -> None:
    command = [*CONDCOLOR, "colorize", source, *COLORS, "--check", "-o", out]
    subprocess.run(command, check=True, capture_output=True)


def in_doubt(folder: Path) -> list[str]:
    """Return the names of the flagged pictures, in the order of a review."""
    from condcolor.batch.review import ReviewFolder, model_of
    from condcolor.models.model_folder import read_model_info

    review = ReviewFolder(folder, read_model_info(model_of(folder)))
    return [picture.job.source.name for picture in review.pictures]


def doubts_of(sketch: Path, mask: Path) -> list[tuple[int, str, str]]:
    """Return the pieces in doubt in the order of the page: number on the page, part as colored, true part."""
    from condcolor.inference.colorizer import Colorizer

    parts = Colorizer.load("icons").parts(sketch)
    levels = np.asarray(Image.open(mask).convert("RGB"))
    true = np.where(levels.max(axis=-1) > 127, levels.argmax(axis=-1), NAMES.index("none"))
    places = {piece.number: place for place, piece in enumerate(parts.pieces, start=1)}
    doubts = []
    for piece in parts.doubts:
        most = np.bincount(true[parts.labels == piece.number], minlength=len(NAMES)).argmax()
        shown = piece.part if piece.part in KEYS else "none"  # the others are left white here
        doubts.append((places[piece.number], shown, NAMES[most]))
    return doubts


def keys_of(doubts: Sequence[tuple[int, str, str]], every: bool) -> list[tuple[int, str, bool]]:
    """Return the keys for a picture: the piece that each is for, and whether it takes a decision."""
    gives = [every or shown != true for _, shown, true in doubts]
    last = max((place + 1 for place, given in enumerate(gives) if given), default=0)
    pairs = zip(doubts[:last], gives[:last], strict=True)
    return [(place, KEYS[true] if given else "d", given) for (place, _, true), given in pairs]


def review(
    folder: Path, plan: Sequence[Sequence[tuple[int, str, bool]]], think: float, key: float
) -> np.ndarray:
    """Go through the pictures; return the seconds of each, `[N, 2]`: the machine's and the person's."""
    from playwright.sync_api import sync_playwright

    command = [*CONDCOLOR, "serve", "--review", folder, "--port", "0"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    path = os.environ.get("CHROMIUM") or shutil.which("chromium")
    times = []
    try:
        url = next(line for line in iter(server.stdout.readline, "") if "http://" in line).split()[
            3
        ]
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            page.set_default_timeout(120_000)
            page.goto(url)
            started, before = time.perf_counter(), ""
            for keys in plan:
                page.wait_for_function(READY, arg=before)
                shown, before = time.perf_counter(), page.evaluate(SOURCE)
                time.sleep(think)
                for place, name, decides in keys:
                    chosen = page.locator("#chosen").inner_text()
                    assert chosen.startswith(f"Piece {place} of "), (place, chosen)
                    time.sleep(think * decides + key)
                    page.keyboard.press(name)
                time.sleep(key)
                times.append((shown - started, time.perf_counter() - shown))
                started = time.perf_counter()
                page.keyboard.press("Enter")
            page.locator("#status", has_text="That was the last one").wait_for()
            browser.close()
    finally:
        server.terminate()
        server.wait(60)
    return np.array(times)


if __name__ == "__main__":
    main()
