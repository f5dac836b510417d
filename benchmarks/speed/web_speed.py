"""The page's speed: from a click to the new picture on screen, and many clients at once.

    python benchmarks/speed/web_speed.py --seconds 60
    python benchmarks/speed/web_speed.py --changes 0 --seconds 300     # whether memory grows

Starts `condcolor serve` on a port of its own, with the built-in models. First, one page in headless Chromium
colours a sketch of each size: the time from the event (a swatch, the colour picker, in turn) until the frame
that shows the new colour, and until the frame that shows the whole, decoded picture. Then, clients send a
sketch each and ask for random colours, as fast as they are answered, a quarter of the time for values of the
model; every picture is compared with the right one.
Needs `pip install 'condcolor[dev]'` and Chromium. Prints the rows of the tables in docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import http.client
import io
import itertools
import json
import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

import numpy as np
from PIL import Image

from condcolor.conditions.colors import format_hex
from condcolor.inference.colorizer import Colorizer

SKETCHES = sorted((Path(__file__).parents[2] / "examples/sketches").glob("*.png"))
SIDE = 256  # pixels of the clients' sketches
SIDES = (256, 1024, 3000)  # pixels of the page's
MAP = 1024  # pixels of the longer side, at most, of what the page paints at once
PLAIN = 0.25  # of the wishes are for values of the model
PALETTE = (
    40  # colours that each client chooses from, so that all right pictures can be made beforehand
)

# Clicks, and gives the milliseconds to the frame with the new colour at [x, y] of what the page paints, and
# to the frame with the whole picture.
TIMED = """([name, value, x, y]) => new Promise((done) => {
    const field = document.querySelector(`fieldset[data-name=${name}]`);
    let first = null;
    const painted = (then) => requestAnimationFrame(() => {
        const channel = new MessageChannel();  // its message comes when that frame is painted
        channel.port1.onmessage = () => then(performance.now() - started);
        channel.port2.postMessage(0);
    });
    const watcher = new MutationObserver(() => {
        watcher.disconnect();
        painted((spent) => done([first ?? spent, spent]));
    });
    watcher.observe(document.getElementById("frame"), { childList: true });
    const started = performance.now();
    if (value.startsWith("#")) {
        const well = field.querySelector(".well");
        well.value = value;
        well.dispatchEvent(new Event("input", { bubbles: true }));
    } else field.querySelector(`input[value="${value}"]`).click();
    painted((spent) => {
        const context = document.getElementById("preview").getContext("2d");
        if (context.getImageData(x, y, 1, 1).data[3] === 255) first = spent;
    });
})"""

# The address from which the page has the pieces.
PIECES = """() => performance.getEntriesByType("resource").map((entry) => entry.name)
    .find((name) => name.includes("/pieces?"))"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--changes", type=int, default=60, help="of each size; 0 leaves them out")
    parser.add_argument("--sides", type=int, nargs="+", default=SIDES, help="pixels")
    parser.add_argument("--clients", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=60, help="0 leaves the clients out")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    command = [sys.executable, "-m", "condcolor", "serve", "--port", "0"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        url = server.stdout.readline().split()[3]
        if options.changes:
            _measure_page(url, options.sides, options.changes, random.Random(options.seed))
        if options.seconds:
            _measure_clients(url, server.pid, options)
    finally:
        server.terminate()
        server.wait(60)


def _sketch(path: Path, shift: int = 0, side: int = SIDE) -> Image.Image:
    """A sketch; moved, so that no two clients have the same."""
    image = Image.open(path).convert("L").resize((side, side), Image.Resampling.LANCZOS)
    moved = Image.new("L", image.size, 255)
    moved.paste(image, (shift, 0))
    return moved


def _png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def _measure_page(url: str, sides: Sequence[int], changes: int, rng: random.Random) -> None:
    from playwright.sync_api import sync_playwright

    path = os.environ.get("CHROMIUM") or shutil.which("chromium")
    print(f"load of the machine: {os.getloadavg()[0]:.1f}, cores: {os.cpu_count()}\n")
    print(
        "| a change of one colour | n | on screen: median | p95 | largest | whole: median | p95 |"
    )
    print("|---|---|---|---|---|---|---|", flush=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        for side in sides:
            page = browser.new_context(viewport={"width": 1280, "height": 860}).new_page()
            page.set_default_timeout(120_000)
            spent = np.array(_changes(page, url, side, changes, rng))
            middle, high = np.percentile(spent, [50, 95], axis=0)
            print(
                f"| {side} px | {changes} | {middle[0]:.0f} ms | {high[0]:.0f} ms "
                f"| {spent[:, 0].max():.0f} ms | {middle[1]:.0f} ms | {high[1]:.0f} ms |",
                flush=True,
            )
            page.context.close()
        browser.close()
    print()


def _changes(
    page, url: str, side: int, changes: int, rng: random.Random
) -> list[tuple[float, float]]:
    """Return the milliseconds of each change: to its colour on screen, and to the whole picture."""
    attributes = Colorizer.load("icons", device="cpu").schema.required.attributes
    sketch = _png(_sketch(SKETCHES[0], side=side))
    page.goto(url)
    page.locator("#models label").first.wait_for()
    page.locator("#file").set_input_files(
        {"name": "a.png", "mimeType": "image/png", "buffer": sketch}
    )
    page.locator("#doubtful").wait_for()
    page.locator("#status", has_text=" ms").wait_for()
    pieces = page.request.get(page.evaluate(PIECES)).json()["pieces"]
    scale = min(1, MAP / side)
    before: dict[str, str] = {"hair": "red", "shirt": "blue"}
    spent = []
    for i in range(changes):
        page.wait_for_timeout(rng.uniform(250, 450))  # nobody is faster
        attribute = attributes[i % 2]
        value = _random_color(rng)
        if not i // 2 % 2:
            value = rng.choice([v for v in attribute.values if v != before[attribute.name]])
        before[attribute.name] = value
        largest = max(
            (piece for piece in pieces if piece["part"] == attribute.name),
            key=lambda piece: piece["area"],
        )
        x, y = (int(scale * at) for at in largest["point"])
        spent.append(tuple(page.evaluate(TIMED, [attribute.name, value, x, y])))
    return spent


def _random_color(rng: random.Random) -> str:
    return format_hex(tuple(rng.randrange(256) for _ in range(3)))


@dataclass
class Client:
    """One that sends its sketch and asks for its colours."""

    sketch: Image.Image
    specs: list[dict[str, str]]
    right: list[np.ndarray]
    times: list[float] = field(default_factory=list)
    wrong: int = 0
    errors: list[str] = field(default_factory=list)

    def run(self, host: str, end: float, rng: random.Random) -> None:
        connection = http.client.HTTPConnection(host, timeout=60)
        name = json.loads(self._ask(connection, "POST", "/api/sketches", _png(self.sketch)))["id"]
        while time.monotonic() < end:
            i = rng.randrange(len(self.specs))
            started = time.perf_counter()
            path = f"/api/sketches/{name}/colored.png?{urlencode(self.specs[i])}"
            data = self._ask(connection, "GET", path)
            if data is None:
                continue
            self.times.append(time.perf_counter() - started)
            self.wrong += not np.array_equal(
                np.asarray(Image.open(io.BytesIO(data))), self.right[i]
            )
        connection.close()

    def _ask(self, connection, method: str, path: str, body: bytes | None = None) -> bytes | None:
        connection.request(method, path, body)
        answer = connection.getresponse()
        data = answer.read()
        if answer.status >= 300:
            self.errors.append(f"{answer.status} {data[:200]!r}")
            return None
        return data


def _measure_clients(url: str, pid: int, options: argparse.Namespace) -> None:
    colorizer = Colorizer.load("icons", device="cpu")
    clients = [
        _prepared(colorizer, i, random.Random(options.seed + i)) for i in range(options.clients)
    ]
    host = url.split("/")[2]
    Client(clients[0].sketch, clients[0].specs, clients[0].right).run(
        host, time.monotonic() + 1, random.Random(1)
    )
    started = time.monotonic()
    memory = [(0.0, _resident(pid))]
    end = time.monotonic() + options.seconds
    with ThreadPoolExecutor(options.clients + 1) as pool:
        running = [
            pool.submit(client.run, host, end, random.Random(i)) for i, client in enumerate(clients)
        ]
        while time.monotonic() < end:
            time.sleep(min(10, options.seconds / 6))
            memory.append((time.monotonic() - started, _resident(pid)))
        for future in running:
            future.result()
    times = list(itertools.chain.from_iterable(client.times for client in clients))
    errors = [error for client in clients for error in client.errors]
    middle, high = 1000 * np.percentile(times, [50, 95])
    print("| clients | seconds | pictures | a second | median | p95 | errors | wrong pictures |")
    print("|---|---|---|---|---|---|---|---|")
    print(
        f"| {options.clients} | {options.seconds:.0f} | {len(times)} | {len(times) / options.seconds:.0f} "
        f"| {middle:.0f} ms | {high:.0f} ms | {len(errors)} | {sum(c.wrong for c in clients)} |"
    )
    print(f"\nmemory of the server, MB: {', '.join(f'{size:.0f}' for _, size in memory)}")
    later = [size for at, size in memory if at >= 60]
    if len(later) > 1:
        print(
            f"largest after the first minute to that at its end: {100 * (max(later) / later[0] - 1):+.1f} %"
        )
    print("\n".join(sorted(set(errors))[:5]))


def _prepared(colorizer: Colorizer, number: int, rng: random.Random) -> Client:
    sketch = _sketch(SKETCHES[number % len(SKETCHES)], shift=number)
    names = colorizer.schema.required.names
    values = list(colorizer.schema.combinations())
    specs = [
        rng.choice(values) if i < PLAIN * PALETTE else {name: _random_color(rng) for name in names}
        for i in range(PALETTE)
    ]
    regions = colorizer.regions(sketch)
    plain = round(PLAIN * PALETTE)
    right = [np.asarray(image) for image in colorizer.colorings(sketch, specs[:plain])]
    right += [np.asarray(regions.recolor(**spec)) for spec in specs[plain:]]
    return Client(sketch, specs, right)


def _resident(pid: int) -> float:
    """MB of memory in use."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


if __name__ == "__main__":
    main()
