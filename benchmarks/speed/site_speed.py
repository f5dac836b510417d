"""The exported page: its size, the times to the first colours and of a change, its parts beside Python's.

    condcolor export icons --page site
    python benchmarks/speed/site_speed.py site --drawings data/icons/test/inputs examples/sketches

Serves the folder on a port of its own and opens it in headless Chromium. The first colours are timed from
the start of the navigation, with nothing cached, a sketch chosen as soon as the page takes one, to the frame
that shows it coloured. A change is timed from the event of a swatch to its frame. The part of each pixel is
compared with that of `condcolor.Colorizer` for the same model. Needs `pip install 'condcolor[dev]'` and
Chromium. Prints the load of the machine and the rows of the tables in docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import base64
import http.server
import io
import os
import random
import shutil
import threading
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

SKETCH = Path(__file__).parents[2] / "examples/sketches/ada.png"
SUFFIX = ".png"

# When the frame is painted in which the picture was coloured first: milliseconds after the navigation began.
FIRST = """() => new Promise((done) => {
    const look = () => performance.getEntriesByName("painted").length
        ? requestAnimationFrame(() => done(performance.getEntriesByName("painted")[0].startTime))
        : requestAnimationFrame(look);
    look();
})"""
# Chooses the value of an attribute, and calls back when the next frame is painted.
CHANGED = """([attribute, value]) => new Promise((done) => {
    const swatch = document.querySelector(`input[name="attribute ${attribute}"][value=${value}]`);
    const last = () => performance.getEntriesByName("painted")[0].startTime;
    const before = last(), started = performance.now();
    swatch.click();
    requestAnimationFrame(() => {
        const channel = new MessageChannel();  // its message comes when that frame is painted
        channel.port1.onmessage = () => done([performance.now() - started, last() > before]);
        channel.port2.postMessage(0);
    });
})"""
# The part of each pixel of a picture, as base64 of bytes.
PARTS = """async (data) => {
    const { ask } = await import("/engine.js");
    const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
    const image = await createImageBitmap(new Blob([bytes])), { width, height } = image;
    const context = new OffscreenCanvas(width, height).getContext("2d");
    context.fillStyle = "white";
    context.fillRect(0, 0, width, height);
    context.drawImage(image, 0, 0);
    const pixels = context.getImageData(0, 0, width, height);
    const { labels, part } = await ask("open", { pixels });
    let text = "";
    for (const label of labels) text += String.fromCharCode(part[label]);
    return btoa(text);
}"""


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_) -> None:
        pass


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--starts", type=int, default=5)
    parser.add_argument("--changes", type=int, default=60)
    parser.add_argument("--sides", type=int, nargs="*", default=(256, 1024), help="pixels")
    parser.add_argument("--drawings", type=Path, nargs="*", default=(), help="folders")
    parser.add_argument("--model", default="icons", help="of which the page was exported")
    options = parser.parse_args()
    size = sum(path.stat().st_blocks * 512 for path in options.folder.iterdir())
    print(f"size on the disk: {size / 1e6:.1f} MB")
    handler = partial(Quiet, directory=str(options.folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    measure(f"http://127.0.0.1:{server.server_port}/", options)
    server.shutdown()


def measure(url: str, options: argparse.Namespace) -> None:
    from playwright.sync_api import sync_playwright

    path = os.environ.get("CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as playwright:
        for side in options.sides:
            rows = {"first colours": [], "a change": []}
            for _ in range(options.starts):  # a browser of its own each, so that nothing is cached
                browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
                page, first = open_page(browser, url, side)
                rows["first colours"].append(first)
                rows["a change"] += changes(page, options.changes // options.starts)
                browser.close()
            print(
                f"\n{side} px; load of the machine: {os.getloadavg()[0]:.1f}, cores: {os.cpu_count()}"
            )
            for name, spent in rows.items():
                middle, high = np.percentile(spent, [50, 95])
                count, most = len(spent), max(spent)
                print(f"| {name} | {count} | {middle:.0f} ms | {high:.0f} ms | {most:.0f} ms |")
        if options.drawings:
            browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
            page, _ = open_page(browser, url, 256)
            compare(page, options.drawings, options.model)
            browser.close()


def open_page(browser, url: str, side: int):
    """Return a page with a sketch, and the milliseconds to its first colours."""
    buffer = io.BytesIO()
    Image.open(SKETCH).convert("L").resize((side, side), Image.Resampling.LANCZOS).save(
        buffer, "PNG"
    )
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.set_default_timeout(120_000)
    page.goto(url)
    page.locator("#choose:enabled").wait_for()
    page.locator("#file").set_input_files(
        {"name": "a.png", "mimeType": "image/png", "buffer": buffer.getvalue()}
    )
    return page, page.evaluate(FIRST)


def changes(page, count: int) -> list[float]:
    page.wait_for_timeout(500)
    rng, spent = random.Random(0), []
    for _ in range(count):
        attribute, value = rng.choice(("hair", "shirt")), rng.choice(("blue", "green", "yellow"))
        milliseconds, painted = page.evaluate(CHANGED, [attribute, value])
        if painted:  # another value than before
            spent.append(milliseconds)
        page.wait_for_timeout(rng.uniform(150, 300))
    return spent


def compare(page, folders: list[Path], model: str) -> None:
    """Print how far the parts in the browser agree with those in Python, which has the weights as float32."""
    from condcolor import Colorizer

    colorizer = Colorizer.load(model, device="cpu")
    files = sorted(path for folder in folders for path in folder.iterdir() if path.suffix == SUFFIX)
    names: dict[str, list[float]] = {}
    alike = []
    for path in files:
        regions = colorizer.parts(path).regions()
        wanted = regions.parts
        data = page.evaluate(PARTS, base64.b64encode(path.read_bytes()).decode())
        made = np.frombuffer(base64.b64decode(data), np.uint8).reshape(wanted.shape)
        alike.append((made == wanted).mean())
        for index, part in enumerate(regions.table):
            one, other = made == index, wanted == index
            both = names.setdefault(part.name, [0, 0])
            both[0] += (one & other).mean()
            both[1] += (one | other).mean()
        print(f"{path.name}: {alike[-1]:.4f} of the pixels have the same part")
    print(f"\n{len(files)} drawings: {np.mean(alike):.4f} of the pixels, at least {min(alike):.4f}")
    print("IoU: " + ", ".join(f"{name} {a / b:.4f}" for name, (a, b) in names.items() if b))


if __name__ == "__main__":
    main()
