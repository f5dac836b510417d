"""The page in a browser, for its tests: opened, given pictures, and looked at."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path

from boxes import four
from pictures import sketch
from PIL import Image
from playwright import sync_api
from webserver import pixels, png

sync_api.expect.set_options(timeout=20_000)  # on a busy machine a page takes its time
DROP = """([name, data]) => {
    const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
    const transfer = new DataTransfer();
    transfer.items.add(new File([bytes], name, { type: "image/png" }));
    for (const kind of ["dragenter", "dragover", "drop"])
        document.getElementById("empty").dispatchEvent(
            new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer: transfer }));
}"""
PIXELS = """async (img) => {
    const canvas = new OffscreenCanvas(img.naturalWidth, img.naturalHeight);
    const context = canvas.getContext("2d");
    context.drawImage(img, 0, 0);
    return [...context.getImageData(0, 0, canvas.width, canvas.height).data];
}"""


@contextmanager
def opening(browser, url):
    """Opens the page; afterwards nothing was asked of another host, and nothing was wrong with it."""
    contexts, faults = [], []

    def open_page(place=url, **options):
        context = browser.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on(
            "console", lambda m: m.type == "error" and "40" not in m.text and faults.append(m.text)
        )

        def only_here(route):
            if not route.request.url.startswith((place, f"blob:{place}")):
                faults.append(f"asked for {route.request.url}")
            route.continue_()

        page.route("**/*", only_here)
        page.goto(place)
        sync_api.expect(page.locator("#models label").first).to_be_attached()
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert faults == []


def choose(page, image=None, name="ada.png") -> None:
    data = png(image or sketch(32, 24))
    page.locator("#file").set_input_files({"name": name, "mimeType": "image/png", "buffer": data})
    shown(page)


def ready(page):
    """The page with the drawing `four`, whose pieces have come."""
    choose(page, four())
    sync_api.expect(page.locator("#doubtful")).to_be_visible()
    return page


def shown(page) -> None:
    """Wait until the picture is the one that was asked for."""
    sync_api.expect(page.locator("#status")).to_contain_text(" ms")
    page.wait_for_timeout(150)  # what was just asked for is under way
    sync_api.expect(page.locator("body.busy")).to_have_count(0)


def taken(page):
    """The pixels of the file that "Download PNG" gives, and its name."""
    with page.expect_download() as waiting:
        page.locator("#download").click()
    path = Path(waiting.value.path())
    return pixels(path.read_bytes()), waiting.value.suggested_filename


def on_screen(page):
    """`[H, W, 3]` of the picture that is shown."""
    width, height = page.locator("#after").evaluate("i => [i.naturalWidth, i.naturalHeight]")
    rgba = bytes(page.locator("#after").evaluate(PIXELS))
    return pixels(Image.frombytes("RGBA", (width, height), rgba).convert("RGB"))
