"""HTML of a report: markup, and sample sheets as data URIs."""

from __future__ import annotations

import base64
import hashlib
import html
import io
import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from PIL import Image

from condcolor.errors import DataError
from condcolor.imaging.open import open_picture
from condcolor.runs.folder import Sheets
from condcolor.runtime.messages import shown_name

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


MOST_MOMENTS = 10  # that are shown, spread over the run: more are not told apart
SPLITS = ("test", "train")
# (longest sides in pixels, quality) to try in turn, until a sheet is small enough
SIZES = ((560, 1400, 82), (420, 1050, 72), (300, 750, 60), (160, 400, 50), (80, 200, 30))


class Inliner:
    """Makes pictures of files small enough that all together stay within `budget` bytes of HTML."""

    def __init__(self, budget: int):
        self.budget = budget
        self.notes: list[str] = []  # what could not be shown

    def picture(self, path: Path, alt: str, share: int) -> Html | None:
        """An `img` of at most one of `share` parts of what is left of the budget; None if it cannot be."""
        try:
            image = Image.fromarray(open_picture(path).rgb)
        except DataError as error:
            self.notes.append(str(error))
            return None
        for width, height, quality in SIZES:
            small = image.copy()
            small.thumbnail((width, height), Image.Resampling.BOX, reducing_gap=None)
            packed = io.BytesIO()
            small.save(packed, "WEBP", quality=quality, method=2)
            coded = base64.b64encode(packed.getvalue()).decode()
            if len(coded) <= self.budget // share:
                self.budget -= len(coded)
                uri = f"data:image/webp;base64,{coded}"
                return element(
                    "img", src=Html(uri), alt=alt, width=small.width, height=small.height
                )
        self.notes.append(f"{shown_name(path)}: left out, the page would be too large")
        return None


def views(moments: Sequence[Sheets], inliner: Inliner) -> list[tuple[Sheets, Html]]:
    """The sheets of each moment side by side, the test pictures first; of those that can be shown."""
    waiting = sum(len(moment.paths) for moment in moments)
    made = []
    for moment in moments:
        at = "" if moment.step is None else f", step {moment.step:,}"
        sheets = []
        for split in (s for s in SPLITS if s in moment.paths):
            columns = "source, before, after, truth" if moment.compares else "source, output, truth"
            alt = f"{moment.label}{at}, {split} pictures: {columns} of each in a row"
            picture = inliner.picture(moment.paths[split], alt, waiting)
            waiting -= 1
            kind = "pictures it has not seen" if split == "test" else "pictures it learns from"
            caption = element("figcaption", element("b", split), f": {kind}")
            if picture is not None:
                sheets.append(element("figure", picture, caption))
        if sheets:
            head = element("h3", moment.label + at)
            shown = element("div", head, element("div", *sheets, class_="sheets"), class_="moment")
            made.append((moment, shown))
    return made


def flip_book(made: Sequence[Html], label: str) -> Html:
    """Moments to flip through with a slider, buttons or keys; without scripts they lie in a row."""
    last = len(made) - 1
    bar = element(
        "div",
        element("button", "‹", type="button", data_by=-1, aria_label="earlier"),
        element(
            "input",
            type="range",
            min=0,
            max=last,
            value=last,
            step=1,
            aria_label=f"{label}: moment",
        ),
        element("button", "›", type="button", data_by=1, aria_label="later"),
        element("output", ""),
        class_="bar",
        hidden=True,
    )
    pages = element("div", *made, class_="pages", tabindex="0", role="group", aria_label=label)
    return element("div", bar if last else None, pages, class_="flip")
