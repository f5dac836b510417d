"""The documentation site: built without a warning, complete in itself, every public name described."""

from __future__ import annotations

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

import condcolor

pytest.importorskip("mkdocs", reason="needs condcolor[docs]")
pytest.importorskip("material", reason="needs condcolor[docs]")
pytest.importorskip("mkdocstrings", reason="needs condcolor[docs]")

ROOT = Path(__file__).parents[1]
LOADED = {"img": "src", "script": "src", "link": "href", "source": "src", "iframe": "src"}


class References(HTMLParser):
    """What a page loads, and where its links lead."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.links: list[str] = []
        self.ids: set[str] = set()
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        of = {name: value or "" for name, value in attributes}
        self.ids.add(of.get("id", ""))
        if tag == "a" and "href" in of:
            self.links.append(of["href"])
        elif LOADED.get(tag) in of and of.get("rel") not in ("next", "prev", "canonical"):
            self.loaded.append(of[LOADED[tag]])


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    """The site, built as `make docs` builds it: a link that leads nowhere ends the build."""
    folder = tmp_path_factory.mktemp("site")
    build = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--strict", "--site-dir", folder]
    done = subprocess.run(build, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def pages(site) -> dict[Path, References]:
    return {page: References(page) for page in site.rglob("*.html") if page.name != "404.html"}


def test_every_page_of_docs_is_in_the_site(pages, site):
    built = {page.relative_to(site).with_suffix(".md") for page in pages}
    assert {page.relative_to(ROOT / "docs") for page in (ROOT / "docs").rglob("*.md")} <= built


def test_nothing_is_loaded_from_elsewhere(pages):
    loaded = {target for page in pages.values() for target in page.loaded}
    assert loaded
    assert [target for target in loaded if urlsplit(target).netloc] == []


def test_links_and_pictures_lead_somewhere(pages, site):
    for page, found in pages.items():
        for target in (*found.loaded, *found.links):
            parts = urlsplit(target)
            if parts.scheme or parts.netloc:
                continue
            path = (page.parent / unquote(parts.path)).resolve() if parts.path else page
            assert path.exists(), f"{page.relative_to(site)}: {target}"
            if parts.fragment and path in pages and not parts.fragment.startswith("__"):
                assert unquote(parts.fragment) in pages[path].ids, (
                    f"{page.relative_to(site)}: {target}"
                )


def test_links_into_the_repository_name_what_is_there(pages):
    web = re.compile(r"https://github\.com/condcolor/condcolor/(?:blob|tree)/main/([^#]+)")
    paths = {
        match[1] for page in pages.values() for link in page.links if (match := web.match(link))
    }
    assert paths
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_the_first_page_shows_the_sheet_and_leads_to_the_tutorials(pages, site):
    first = pages[site / "index.html"]
    assert "sheet.png" in first.loaded
    tutorials = {f"tutorials/{page.stem}.html" for page in (ROOT / "docs/tutorials").glob("*.md")}
    assert len(tutorials) == 3
    assert tutorials <= set(first.links)


def test_every_public_name_is_described(pages, site):
    names = set(condcolor.__all__) - {"__version__"}
    ids = pages[site / "api.html"].ids
    assert {name for name in names if f"condcolor.{name}" not in ids} == set()


def test_code_in_tables_is_read_as_on_github(site):
    guide = (site / "guide.html").read_text(encoding="utf-8")
    assert "cat ada.png | condcolor colorize -" in guide
