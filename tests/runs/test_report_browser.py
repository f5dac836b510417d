"""Reports in a browser, where there is one: nothing is blocked or broken, and the page answers."""

from __future__ import annotations

import pytest
from chromium import needs_chromium
from runs import icons_test, keep_model, log_of, plan_run, save_sheet, write_log

from condcolor.runs.report import write_report

pytest.importorskip("playwright", reason="needs playwright")


pytestmark = needs_chromium


@pytest.fixture(scope="module")
def address(tmp_path_factory) -> str:
    run = tmp_path_factory.mktemp("runs") / "icons"
    plan = plan_run(run)
    write_log(run, log_of("gan", range(1, 7), steps=20))
    keep_model(run, plan, 80, icons_test(4 / 50))
    for epoch in (1, 5, 6):
        for split in ("train", "test"):
            save_sheet(run, f"{split}-epoch-{epoch:04d}.png", (300, 500))
    return write_report(run).as_uri()


@pytest.fixture
def show(browser, address):
    """Opens the report; at the end nothing may have been said on the console, or asked of elsewhere."""
    said, asked, opened = [], [], []

    def go(**options):
        opened.append(browser.new_context(**options))
        page = opened[-1].new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(address)
        return page

    yield go
    for context in opened:
        context.close()
    assert said == []
    assert [url for url in asked if not url.startswith("data:")] == [address] * len(opened)


def test_samples_are_flipped_through_with_slider_buttons_and_keys(show):
    page = show()
    label = page.locator(".bar output")
    assert label.inner_text() == "epoch 6, step 120"
    assert page.locator(".moment:visible").count() == 1
    page.locator(".bar button").first.click()
    assert label.inner_text() == "epoch 5, step 100"
    page.locator(".pages").press("ArrowLeft")
    page.locator(".pages").press("ArrowLeft")
    assert label.inner_text() == "epoch 1, step 20"
    page.locator(".bar input").press("ArrowRight")
    assert label.inner_text() == "epoch 5, step 100"
    assert page.locator(".moment:visible img").count() == 2


def test_a_chart_is_drawn_and_its_legend_says_the_last_values(show):
    page = show()
    chart = page.locator(".chart", has=page.locator("h3", has_text="attribute accuracy"))
    legend = chart.locator(".legend").inner_text().split()
    assert legend == ["step", "120", "hair", "0.12", "shirt", "0.12"]
    drawing = chart.locator("svg[role=img]")
    ours, theirs = drawing.bounding_box(), chart.bounding_box()
    assert ours["width"] > 0.8 * theirs["width"]
    assert ours["height"] == pytest.approx(ours["width"] * 250 / 420, rel=0.02)


def test_curves_take_the_colours_of_the_page(show):
    def colors(scheme: str) -> dict[str, str]:
        page = show(color_scheme=scheme)
        line = page.locator("svg[role=img] path[stroke='var(--s0)']").first
        text = page.locator("svg[role=img] text").first
        drawn = {"line": (line, "stroke"), "text": (text, "fill")}
        return {
            name: shape.evaluate(f"node => getComputedStyle(node).{style}")
            for name, (shape, style) in drawn.items()
        }

    light, dark = colors("light"), colors("dark")
    assert light["line"] == "rgb(42, 120, 214)"
    assert light["line"] != dark["line"]
    assert light["text"] != dark["text"]


def test_a_phone_shows_all_of_it_without_scrolling_sideways(show):
    page = show(viewport={"width": 340, "height": 700})
    assert page.evaluate("document.documentElement.scrollWidth") <= 340


def test_dark_and_light_differ_and_both_can_be_read(show):
    def luminance(name: str) -> float:
        color = page.evaluate(f"getComputedStyle(document.body).{name}")
        channels = [int(part) / 255 for part in color[4:-1].split(",")[:3]]
        return sum(w * c**2.2 for w, c in zip((0.2126, 0.7152, 0.0722), channels, strict=True))

    grounds = []
    for scheme in ("light", "dark"):
        page = show(color_scheme=scheme)
        ground, ink = luminance("backgroundColor"), luminance("color")
        low, high = sorted((ground, ink))
        assert (high + 0.05) / (low + 0.05) > 7  # WCAG AAA
        grounds.append(ground)
    assert grounds[0] > 0.9 > 0.1 > grounds[1]


def test_without_scripts_all_samples_are_there(show):
    page = show(java_script_enabled=False)
    assert page.locator(".moment").count() == 3
    assert all(moment.is_visible() for moment in page.locator(".moment").all())
    assert not page.locator(".bar").is_visible()


def test_it_prints(show):
    printed = show().pdf(format="A4")
    assert printed.startswith(b"%PDF")
