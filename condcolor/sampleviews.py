"""Sample sheets made small, as data URIs, with what flips through them."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from condcolor.errors import DataError
from condcolor.filetypes import shown_name
from condcolor.images import open_picture
from condcolor.markup import Html, element
from condcolor.runfolder import Sheets

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
