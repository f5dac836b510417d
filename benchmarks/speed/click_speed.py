"""From a click on a piece's part to the new picture on screen, in the page.

    python benchmarks/speed/click_speed.py --clicks 60

Starts `condcolor serve` on a port of its own, with the built-in models, and opens a sketch of 1024 pixels in
headless Chromium. Each click is on a part in the palette of a piece: the time from the event until the frame
that shows the piece in its new colour, and until the server's picture is there. Needs
`pip install 'condcolor[dev]'` and Chromium. Prints the load of the machine and the rows of a table in
docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import io
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
from PIL import Image

SKETCH = Path(__file__).parents[2] / "examples/sketches/ada.png"
PARTS = ("hair", "shirt", "skin", "other")

# Clicks a part, and calls back when the next frame is painted, in which the preview is opaque at [x, y].
# Then `answered` is the time until the frame with the server's picture.
CLICKED = """([part, x, y]) => new Promise((done) => {
    const painted = (then) => requestAnimationFrame(() => {
        const channel = new MessageChannel();  // its message comes when that frame is painted
        channel.port1.onmessage = () => then(performance.now() - started);
        channel.port2.postMessage(0);
    });
    window.answered = new Promise((answer) => {
        const watcher = new MutationObserver(() => {
            watcher.disconnect();
            painted(answer);
        });
        watcher.observe(document.getElementById("frame"), { childList: true });
    });
    const button = document.querySelector(`#palette button[data-part=${part}]`);
    const started = performance.now();
    button.click();
    painted((spent) => {
        const context = document.getElementById("preview").getContext("2d");
        done([spent, context.getImageData(x, y, 1, 1).data[3]]);
    });
})"""

# The address from which the page has the pieces.
PIECES = """() => performance.getEntriesByType("resource").map((entry) => entry.name)
    .find((name) => name.includes("/pieces?"))"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clicks", type=int, default=60)
    parser.add_argument("--side", type=int, default=1024, help="pixels of the sketch")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    command = [sys.executable, "-m", "condcolor", "serve", "--port", "0"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        url = server.stdout.readline().split()[3]
        times = measure(url, options.side, options.clicks, random.Random(options.seed))
    finally:
        server.terminate()
        server.wait(60)
    print(f"load of the machine: {os.getloadavg()[0]:.1f}, cores: {os.cpu_count()}\n")
    print(f"| a click, {options.side} px | n | median | p95 | largest |")
    print("|---|---|---|---|---|")
    names = ("the piece in its colour", "the server's picture")
    for name, spent in zip(names, times, strict=True):
        middle, high = np.percentile(spent, [50, 95])
        print(f"| {name} | {len(spent)} | {middle:.0f} ms | {high:.0f} ms | {max(spent):.0f} ms |")


def measure(url: str, side: int, clicks: int, rng: random.Random) -> list[list[float]]:
    """Return the milliseconds of each click: to the preview, and to the server's picture."""
    from playwright.sync_api import sync_playwright

    buffer = io.BytesIO()
    Image.open(SKETCH).convert("L").resize((side, side), Image.Resampling.LANCZOS).save(
        buffer, "PNG"
    )
    picture = {"name": "a.png", "mimeType": "image/png", "buffer": buffer.getvalue()}
    first, last = [], []
    path = os.environ.get("CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.set_default_timeout(120_000)
        page.goto(url)
        page.locator("#models label").first.wait_for()
        page.locator("#file").set_input_files(picture)
        page.locator("#doubtful").wait_for()
        page.locator("#status", has_text=" ms").wait_for()
        frame = page.locator("#frame").bounding_box()
        pieces = page.request.get(page.evaluate(PIECES)).json()["pieces"]
        large = [piece for piece in pieces if piece["area"] > side * side / 500]
        for piece in (rng.choice(large) for _ in range(clicks)):
            x, y = piece["point"]
            page.mouse.click(
                frame["x"] + x / side * frame["width"], frame["y"] + y / side * frame["height"]
            )
            page.locator("#palette").wait_for()
            pressed = page.locator("#palette [aria-pressed=true]").get_attribute("data-part")
            part = rng.choice([each for each in PARTS if each != pressed])
            shown, opaque = page.evaluate(CLICKED, [part, x, y])
            assert opaque == 255, "the piece was not painted"
            first.append(shown)
            last.append(page.evaluate("window.answered"))
            page.wait_for_timeout(rng.uniform(250, 450))  # nobody is faster
        browser.close()
    return [first, last]


if __name__ == "__main__":
    main()
