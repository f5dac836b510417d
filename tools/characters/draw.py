"""Draw persons and objects of published packages for `condcolor data icons --scenes N --extra OUT`.

    python tools/characters/draw.py packages extra
    python tools/characters/draw.py packages extra --only notionists --count 20
    python tools/characters/draw.py packages emojione --measure

README.md says which packages, how to fetch them, and their licences.
"""

from __future__ import annotations

import argparse
import itertools
import math
import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from emoji import find_persons
from emoji_parts import correct
from iconify import IconSet, find_package
from notionists import draw_notionists
from objects import black_objects, colored_objects
from peeps import draw_peeps, draw_whole_peeps

from condcolor.conditions.parts import part_index
from condcolor.data.builders.cast import write_extra
from condcolor.data.builders.cutouts import NO_PART, Cutout
from condcolor.data.builders.flat_png import write_png
from condcolor.data.metadata import write_metadata
from condcolor.runtime.files import atomic_folder

SEED = 1
TIMES = 2  # drawings of an emoji, with lines of other widths
MEASURED = "emojione"  # never trained on


@dataclass(frozen=True)
class Source:
    """A file to write: kind of its cutouts, how many at most, how they are drawn, what ORIGIN.md says."""

    kind: str
    count: int
    draw: Callable[[Path, int, int], Iterable[tuple[str, Cutout]]]  # of packages, count, side
    origin: str


def _persons(name: str) -> Callable[[Path, int, int], Iterator[tuple[str, Cutout]]]:
    def draw(packages: Path, count: int, side: int) -> Iterator[tuple[str, Cutout]]:
        rng = np.random.default_rng(SEED)
        for person in find_persons(IconSet.load(packages, name)):
            for nth in range(TIMES):
                outline = math.exp(rng.uniform(math.log(0.012), math.log(0.045)))
                cutout = person.cut(outline, outline * rng.uniform(0.4, 1), side)
                title = f"{name}/{person.name}"
                yield f"{title}/{nth}", correct(title, cutout)

    return draw


def _objects(name: str, draw_set: Callable) -> Callable:
    def draw(packages: Path, count: int, side: int) -> Iterator[tuple[str, Cutout]]:
        yield from draw_set(IconSet.load(packages, name), side, random.Random(SEED))

    return draw


def _whole_peeps(packages: Path, count: int, side: int) -> Iterator[tuple[str, Cutout]]:
    return draw_whole_peeps(find_package(packages, "react-peeps"), count, side, SEED)


CC_BY = "[CC BY 4.0](https://creativecommons.org/licenses/by/4.0/)"
CC0 = "[CC0 1.0](https://creativecommons.org/publicdomain/zero/1.0/)"
MIT = "[MIT](https://opensource.org/license/mit)"
TWEMOJI = f"Remix of [Twemoji](https://github.com/twitter/twemoji) by Twitter, {CC_BY}"
FLUENT = f"Remix of [Fluent Emoji](https://github.com/microsoft/fluentui-emoji) by Microsoft, {MIT}"
PEEPS = f"Remix of [Open Peeps](https://www.openpeeps.com/) by Pablo Stanley, {CC0}"
NOTIONISTS = f"Remix of [Notionists](https://heyzoish.gumroad.com/l/notionists) by Zoish, {CC0}"
EMOJIONE = f"Remix of [Emoji One 2.3](https://github.com/EmojiTwo/emojitwo), {CC_BY}"
SOURCES = {
    "twemoji": Source("emoji", 9999, _persons("twemoji"), TWEMOJI),
    "fluent": Source("emoji", 9999, _persons("fluent-emoji-flat"), FLUENT),
    "twemoji-objects": Source("object", 700, _objects("twemoji", colored_objects), TWEMOJI),
    "fluent-objects": Source(
        "object", 350, _objects("fluent-emoji-high-contrast", black_objects), FLUENT
    ),
    "notionists": Source(
        "hand-drawn", 350, lambda _, *how: draw_notionists(*how, SEED), NOTIONISTS
    ),
    "open-peeps": Source("hand-drawn", 350, lambda _, *how: draw_peeps(*how, SEED + 1), PEEPS),
    "react-peeps": Source("hand-drawn", 200, _whole_peeps, PEEPS),
}


def draw_extra(
    packages: Path, out: Path, names: Iterable[str], count: int | None, side: int
) -> None:
    """Write a file of cutouts for each source."""
    out.mkdir(parents=True, exist_ok=True)
    for name in names:
        source = SOURCES[name]
        most = min(source.count, count or source.count)
        drawn = itertools.islice(source.draw(packages, most, side), most)
        cutouts = ((title, source.kind, cutout) for title, cutout in drawn)
        written = write_extra(out / f"{name}.npz", cutouts, source.origin)
        print(f"{out / name}.npz: {written} of kind {source.kind}")


def draw_measuring_set(packages: Path, out: Path, side: int) -> None:
    """Write the persons of Emoji One as sketches with masks of hair, shirt and skin."""
    channels = np.array([part_index(part) for part in ("hair", "shirt", "skin")])
    rows = []
    with atomic_folder(out) as draft:
        for folder in ("inputs", "masks"):
            (draft / folder).mkdir()
        for person in find_persons(IconSet.load(packages, MEASURED)):
            grey, parts, alpha = person.cut(0.03, 0.018, side)
            cover = alpha.astype(np.float32) / 255
            sketch = np.rint(255 - (255 - grey.astype(np.float32)) * cover).astype(np.uint8)
            write_png(draft / f"inputs/{person.name}.png", sketch)
            masks = (parts[..., None] == channels) & (parts[..., None] != NO_PART)
            write_png(draft / f"masks/{person.name}.png", np.uint8(255) * masks)
            rows.append((f"inputs/{person.name}.png",))
        write_metadata(draft / "metadata.csv", rows, ("input",))
        (draft / "ORIGIN.md").write_text(f"# Origin of these drawings\n\n{EMOJIONE}\n", "utf-8")
    print(f"{out}: {len(rows)} sketches to measure on")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("packages", type=Path, help="the folder of the unpacked packages")
    parser.add_argument("out", type=Path, help="the folder to write")
    parser.add_argument("--only", action="append", choices=SOURCES, help="may be repeated")
    parser.add_argument("--count", type=int, help="at most so many of each source")
    parser.add_argument("--side", type=int, default=288, help="pixels a side (288)")
    parser.add_argument(
        "--measure", action="store_true", help=f"the set to measure on, of {MEASURED}, instead"
    )
    options = parser.parse_args()
    if options.measure:
        draw_measuring_set(options.packages, options.out, options.side)
    else:
        draw_extra(
            options.packages, options.out, options.only or SOURCES, options.count, options.side
        )


if __name__ == "__main__":
    main()
