"""HTML and SVG as values: what is put into a page is text, and escaped, unless it was made here."""

from __future__ import annotations

import base64
import hashlib
import html
import json
from collections.abc import Iterable, Sequence

from condcolor.filetypes import shown_name

MOST_TEXT = 5000  # characters of one text from a file; a path has 4,096 at most
VOID = frozenset(("img", "input", "meta"))  # elements that hold nothing and have no end


class Html(str):
    """Markup. Any other str is text, and becomes harmless where it is put between markup."""

    __slots__ = ()


def escaped(text: object) -> Html:
    """Text as markup: its letters, on one line, what cannot be seen as an escape like `\\x1b`."""
    if isinstance(text, Html):
        return text
    shown = shown_name(str(text)[: MOST_TEXT + 1])
    shown = shown[:MOST_TEXT] + "…" if len(shown) > MOST_TEXT else shown
    return Html(html.escape(shown))


def data(numbers: object) -> Html:
    """Numbers, and lists of them, as JSON for a script: of any length, where a text would be cut."""
    return Html(html.escape(json.dumps(numbers, separators=(",", ":"))))


def element(kind: str, /, *children: object, **attributes: object) -> Html:
    """`element("td", "a < b", class_="low")` -> `<td class="low">a &lt; b</td>`.

    Children and attributes that are None are left out, an attribute that is True has no value;
    `data_points` becomes `data-points`.
    """
    given = "".join(
        f" {key.strip('_').replace('_', '-')}" + ("" if value is True else f'="{escaped(value)}"')
        for key, value in attributes.items()
        if value is not None
    )
    if kind in VOID:
        return Html(f"<{kind}{given}>")
    inside = "".join(escaped(child) for child in children if child is not None)
    return Html(f"<{kind}{given}>{inside}</{kind}>")


def joined(parts: Iterable[object]) -> Html:
    return Html("".join(escaped(part) for part in parts if part is not None))


def table(
    heads: Sequence[object], rows: Iterable[Sequence[object]], *, caption: str, **attributes: object
) -> Html:
    """A table whose first column names its rows. A cell is text, or a `td` or `th` made before."""

    def cell(content: object, *, scope: str | None = None) -> Html:
        if isinstance(content, Html) and content.startswith(("<td", "<th")):
            return content
        return element("th" if scope else "td", content, scope=scope)

    top = element("tr", *(cell(head, scope="col") for head in heads))
    lines = (
        element("tr", *(cell(content, scope=None if i else "row") for i, content in enumerate(row)))
        for row in rows
    )
    inside = (element("caption", caption), element("thead", top), element("tbody", *lines))
    # a region of its own, so that a wide one scrolls by itself, with the keys too
    scrolls = {"class_": "scrolls", "tabindex": "0", "role": "region", "aria_label": caption}
    return element("div", element("table", *inside, **attributes), **scrolls)


def page(title: str, body: Iterable[Html], *, style: str, script: str) -> str:
    """A whole document that stands alone: it may load nothing, and run nothing but `script`."""
    policy = (
        "default-src 'none'; img-src data:; base-uri 'none'; form-action 'none'; "
        f"style-src '{_sum(style)}'; script-src '{_sum(script)}'"
    )
    head = (
        element("meta", charset="utf-8"),
        Html(f'<meta http-equiv="Content-Security-Policy" content="{policy}">'),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", name="referrer", content="no-referrer"),
        element("title", title),
        element("style", Html(style)),
    )
    parts = element("body", *body, element("script", Html(script)))
    return f'<!doctype html>\n<html lang="en">{element("head", *head)}\n{parts}\n</html>\n'


def _sum(content: str) -> str:
    """What a Content-Security-Policy lets an inline style or script by: the sum of its text."""
    return "sha256-" + base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
