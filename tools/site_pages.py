"""Pages and pictures of the documentation site that lie outside docs/, and the links to them.

All pages are written to be read in the repository: they link to files by paths of the repository. This
hook of MkDocs (see mkdocs.yml) adds the pages of `PAGES` to the site, copies the pictures that pages show,
and makes links of the repository ones of the site; what has no page in the site is linked on the web.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[1]
PAGES = {  # path in the repository: path in the site
    "README.md": "guide.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "examples/README.md": "examples/index.md",
    "examples/own_attributes/README.md": "examples/own_attributes.md",
    "examples/pets/README.md": "examples/pets.md",
    "tools/characters/README.md": "examples/characters.md",
    "condcolor/pretrained/icons/card.md": "models/icons.md",
    "condcolor/pretrained/photo/card.md": "models/photo.md",
}
LOGO = "condcolor/web/static/icon.svg"  # the same as the page's
PICTURES = (".png", ".jpg", ".svg")
TARGET = re.compile(r'(\]\(|<img src=")([^)#"\s]+)')  # of a link, of a picture
CODE_IN_CELL = re.compile(r"`[^`\n]*`")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages of `PAGES`, and every picture outside docs/ that a page shows."""
    for source, page in PAGES.items():
        files.append(File.generated(config, page, abs_src_path=str(ROOT / source)))
    files.append(File.generated(config, "icon.svg", abs_src_path=str(ROOT / LOGO)))
    for file in files.documentation_pages():
        for _, target in TARGET.findall(file.content_string):
            path = _in_repository(_source(file), target)
            place = _in_site(path)
            if path.endswith(PICTURES) and place and place not in files.src_uris:
                files.append(File.generated(config, place, abs_src_path=str(ROOT / path)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Return the text of a page with links of the site in place of those of the repository."""
    source = _source(page.file)

    def to_site(match: re.Match[str]) -> str:
        before, target = match.groups()
        if re.match(r"[a-z]+:", target):
            return match[0]
        path = _in_repository(source, target)
        if place := _in_site(path):
            return before + posixpath.relpath(place, posixpath.dirname(page.file.src_uri))
        kind = "tree" if (ROOT / path).is_dir() else "blob"
        web = f"{config.extra['repository']}/{kind}/main/{path}"
        return before + web if (ROOT / path).exists() else match[0]

    text = TARGET.sub(to_site, markdown)
    return "\n".join(_cells(line) if line.startswith("|") else line for line in text.split("\n"))


def _source(file: File) -> str:
    """The path of a page in the repository."""
    return Path(file.abs_src_path).relative_to(ROOT).as_posix()


def _in_repository(source: str, target: str) -> str:
    """The path in the repository that `target`, in the page `source`, leads to."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(source), target))


def _in_site(path: str) -> str | None:
    """The path in the site of a file of the repository; None where the site has none."""
    if path.startswith("docs/"):
        return path.removeprefix("docs/") if (ROOT / path).exists() else None
    if path.endswith(PICTURES) and (ROOT / path).exists():
        return f"pictures/{path}"
    return PAGES.get(path) or PAGES.get(f"{path}/README.md")


def _cells(line: str) -> str:
    r"""A row of a table, with `|` in code as Python-Markdown writes it: without the `\` that GitHub needs."""
    return CODE_IN_CELL.sub(lambda code: code[0].replace(r"\|", "|"), line)
