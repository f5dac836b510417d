"""What the README and docs say exists: commands, their options, and the files they link to."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

import click
import pytest

from benchmarks.speed.cli import bench
from condcolor.cli import COMMANDS, main

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


PAGES += sorted((ROOT / "examples").rglob("*.md"))
PAGES += sorted((ROOT / "tools").rglob("*.md"))


# options that models bring, and those that layers bring to `recolor`
OF_A_MODEL = {"--hair", "--shirt", "--skin", "--trousers", "--hat", "--shoes"}
OF_A_MODEL |= {"--roof", "--wall", "--door"}
OF_LAYERS = {"--paper", "--lines"}


def commands_in(page: Path) -> list[str]:
    """Every `condcolor ...` in a code span or block of a page, comments taken off."""
    text = page.read_text(encoding="utf-8").replace("\\\n", " ").replace("\\|", "|")
    blocks = re.findall(r"^ *```(\w*)\n(.*?)^ *```", text, re.S | re.M)
    code = [block for language, block in blocks if language in ("", "bash")]
    code += re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.S))
    lines = [line.split(" #")[0] for block in code for line in block.splitlines()]
    return [m for line in lines for m in re.findall(r"(?:^|\| )condcolor ([a-z].*)", line)]


def measurements_in(page: Path) -> list[str]:
    """Every `python -m benchmarks.speed ...` of a page."""
    text = page.read_text(encoding="utf-8").replace("\\\n", " ")
    return re.findall(r"python -m benchmarks\.speed([^`\n#]*)", text)


def find(words: list[str]) -> tuple[click.Command, list[str]]:
    context = click.Context(main)
    command = main.get_command(context, words[0])
    assert command is not None, f"no command {words[0]}"
    if isinstance(command, click.Group) and len(words) > 1:
        return command.get_command(context, words[1]), words[2:]
    return command, words[1:]


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_commands_and_options_exist(page):
    for line in commands_in(page):
        command, words = find(line.split())
        assert command is not None, line
        known = {o for p in command.params for o in (*p.opts, *p.secondary_opts)} | {"--help"}
        known |= OF_A_MODEL | (OF_LAYERS if command.name == "recolor" else set())
        for word in words:
            if word.startswith("--"):
                assert word.split("=")[0] in known, f"{word} in: condcolor {line}"


def test_options_of_the_benchmarks_exist_and_have_a_help():
    known = {o for p in bench.params for o in (*p.opts, *p.secondary_opts)}
    lines = [line for page in PAGES for line in measurements_in(page)]
    assert lines
    for line in lines:
        assert {word for word in line.split() if word.startswith("--")} <= known, line
    assert all(getattr(p, "help", None) for p in bench.params)
    assert "python -m benchmarks.speed --quick" in bench.help


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8")):
        if not target.startswith(("http:", "https:")):
            assert (page.parent / target).exists(), target


def tree_of_the_page() -> dict[str, str]:
    """Path of each file below the package -> its line in the tree of docs/architecture.md."""
    page = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    block = re.search(r"```\ncondcolor/\n(.*?)```", page, re.S).group(1)
    folders: list[str] = []
    lines = {}
    for line in block.splitlines():
        indent, name, purpose = re.fullmatch(r"( +)(\S+)\s+(.*)", line).groups()
        folders = [*folders[: len(indent) // 2 - 1], name]
        lines["".join(folders) + "__init__.py" * name.endswith("/")] = purpose
    return lines


def test_the_tree_of_the_architecture_page_is_the_package():
    package = ROOT / "condcolor"
    docstrings = {
        path.relative_to(package).as_posix(): ast.get_docstring(ast.parse(path.read_text())) or ""
        for path in package.rglob("*.py")
    }
    first = {path: text.partition("\n")[0] for path, text in docstrings.items()}
    del first["__init__.py"], first["__main__.py"]
    page = tree_of_the_page()
    assert {path: page.get(path) for path in first} == first
    assert all((package / path).parent.is_dir() for path in page)
    assert all(path in first for path in page if not path.endswith("__init__.py"))


def test_the_readme_names_every_command():
    text = PAGES[0].read_text(encoding="utf-8")
    assert [name for name in COMMANDS if f"condcolor {name}" not in text] == []


def test_the_readme_shows_a_picture_and_a_first_command_in_its_first_screen():
    first = PAGES[0].read_text(encoding="utf-8").splitlines()[:20]
    assert any(line.startswith("![") for line in first)
    assert any("make demo" in line for line in first)


def test_the_entry_point_is_the_one_we_test():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["scripts"]["condcolor"] == "condcolor.cli:main"
