"""Every bad input and fault of docs/reliability.md has a number, and tests that are there and run."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
PAGE = TESTS.parent / "docs/reliability.md"
COUNTS = {"input": 51, "fault": 15}


def tables() -> dict[str, dict[int, list[str]]]:
    """Kind -> number -> the tests that the page names."""
    found: dict[str, dict[int, list[str]]] = {}
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if head := re.match(r"\| (input|fault) \|", line):
            rows = found[head[1]] = {}
        elif line.startswith("| ") and cells[0].isdecimal():
            number = int(cells[0])
            assert number not in rows, f"{number} is there twice"
            assert cells[1], f"{number} has no text"
            assert cells[2], f"{number}: what it gets is missing"
            rows[number] = re.findall(r"`([\w/]+\.py::[^`]+)`", cells[3])
    return found


@cache
def functions(path: Path) -> dict[str, bool]:
    """The tests of a file, and whether each runs by default: it is not marked long, and asserts something."""
    found = {}
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            text = ast.unparse(node)
            is_long = any("mark.long" in ast.unparse(each) for each in node.decorator_list)
            checks = re.search(
                r"\bassert\b|pytest\.raises|pytest\.fail|refusal\(|_at_random\(", text
            )
            found[node.name] = bool(checks) and not is_long
    return found


ALL = [
    (kind, number, test)
    for kind, rows in tables().items()
    for number, tests in rows.items()
    for test in tests
]


@pytest.mark.parametrize("kind", COUNTS)
def test_every_number_has_a_test(kind):
    rows = tables()[kind]
    assert list(rows) == list(range(1, COUNTS[kind] + 1))
    assert [number for number, tests in rows.items() if not tests] == []


@pytest.mark.parametrize(("kind", "number", "test"), ALL, ids=[f"{k}-{n}-{t}" for k, n, t in ALL])
def test_a_test_that_the_page_names_is_there(kind, number, test, request):
    file, _, name = test.partition("::")
    function, _, case = name.partition("[")
    assert functions(TESTS / file).get(function), f"{test} is not there, or checks nothing"
    collected = [
        item.name for item in request.session.items if item.path == TESTS / file
    ]  # where the whole suite runs
    if case and collected and not request.config.option.keyword:
        assert name in collected
