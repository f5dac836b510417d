"""Any colour, and layers: how exactly colours land, what else changes, and whether layers give pictures back.

    python benchmarks/quality/any_color.py data/icons/test --sheet sheet.png

Each sketch is coloured in pairs of random colours (and in black and white), one a attribute. Regions to
measure in are found in the set's own targets, as `condcolor evaluate` finds them: pixels with at least 90 %
of the largest change; pixels with no change are outside. Prints the rows of the table in docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from condcolor.conditions.colors import format_hex, parse_hex
from condcolor.conditions.schema import AttributeSchema
from condcolor.data.metadata import read_metadata
from condcolor.data.palette import rows_by_input
from condcolor.data.records import Record
from condcolor.evaluation import metrics
from condcolor.evaluation.distinct_pixels import DistinctPixels
from condcolor.imaging.color import delta_e_2000, srgb8_to_lab
from condcolor.imaging.layers import Layers
from condcolor.imaging.open import open_picture
from condcolor.imaging.regions import Regions
from condcolor.inference.colorizer import Colorizer

EXTREMES = ("#000000", "#ffffff")
SHOWN = 5  # pairs on the sheet
CELL = 144  # its pixels a picture


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="a set with targets and masks")
    parser.add_argument("--model", default="icons")
    parser.add_argument("--pairs", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--sheet", type=Path)
    options = parser.parse_args()
    colorizer = Colorizer.load(options.model)
    names = colorizer.schema.required.names
    rng = random.Random(options.seed)
    pairs = [[_random(rng) for _ in names] for _ in range(options.pairs)]
    extremes = [list(EXTREMES), list(EXTREMES[::-1])]
    print(
        "| character | dE, random | dE, black, white | leakage | stack | recoloured | IoU | alone |"
    )
    print("|---|---|---|---|---|---|---|---|")
    shown = []
    for rows in rows_by_input(read_metadata(options.data).records):
        regions = colorizer.regions(rows[0].source)
        figures = _measure(colorizer, regions, rows, pairs, extremes)
        print(f"| {rows[0].source.name} | {' | '.join(figures)} |", flush=True)
        shown.append([regions.recolor(**_named(names, pair)) for pair in pairs[:SHOWN]])
    _print_times(colorizer, rows[0].source)
    if options.sheet:
        layers = colorizer.layers(regions, **_named(names, pairs[0]))
        _save_sheet(options.sheet, shown, layers)


def _measure(
    colorizer: Colorizer,
    regions: Regions,
    rows: Sequence[Record],
    pairs: Sequence[Sequence[str]],
    extremes: Sequence[Sequence[str]],
) -> list[str]:
    """The cells of a character's row: of several attributes, one behind the other."""
    names = regions.schema.required.names
    places = [_region(regions.schema.required, rows, i) for i in range(len(names))]
    cells = []
    for asked in (pairs, extremes):
        painted = [_tensor(regions.recolor(**_named(names, pair))) for pair in asked]
        worst = [
            max(_distance(p, inside, pair[i]) for p, pair in zip(painted, asked, strict=True))
            for i, (inside, _) in enumerate(places)
        ]
        cells.append(_joined(worst, 2))
    leaks = []
    for i, (inside, outside) in enumerate(places):
        asked = [[*pairs[0][:i], pair[i], *pairs[0][i + 1 :]] for pair in pairs]
        painted = [_tensor(regions.recolor(**_named(names, pair))) for pair in asked]
        pixels = DistinctPixels.of(torch.stack(painted).float() / 255)
        every = metrics.neighbors([torch.arange(len(pairs))])
        leaks.append(metrics.leakage(pixels, every, inside, outside))
    cells.append(_joined(leaks, 4))

    stack = again = 0
    for pair, other in zip(pairs, [*pairs[1:], pairs[0]], strict=True):
        layers = colorizer.layers(regions, **_named(names, pair))
        stack = max(stack, _apart(_over(layers), regions.recolor(**_named(names, pair))))
        made = _over(layers.recolored(**_named(names, other)))
        again = max(again, _apart(made, regions.recolor(**_named(names, other))))
    cells += [str(stack), str(again)]
    masks = open_picture(rows[0].mask).rgb > 127
    lines = 1 - layers.images[-1][..., 3] / 255
    alphas = [layers.images[layers.names.index(name)][..., 3] / 255 for name in names]
    for shown in ([a * lines for a in alphas], alphas):
        shares = [_iou(a > 0.5, masks[..., i]) for i, a in enumerate(shown)]
        cells.append(_joined(shares, 3))
    return cells


def _region(schema: AttributeSchema, rows: Sequence[Record], i: int) -> tuple[Tensor, Tensor]:
    """Where the targets follow the attribute, and where not at all: `[P]` bool each."""
    targets = torch.stack([_tensor(Image.open(row.target).convert("RGB")) for row in rows])
    values = torch.tensor(
        [schema.indices(dict(zip(schema.names, row.values, strict=True))) for row in rows]
    )
    change = metrics.spread(targets.float() / 255, metrics.groups_by(values, i)).flatten()
    return change >= metrics.PURE * change.max(), change <= metrics.TOUCHED


def _distance(picture: Tensor, inside: Tensor, color: str) -> float:
    """CIEDE2000 of a region's median colour to the one asked."""
    median = picture.flatten(1)[:, inside].median(dim=1).values
    wanted = torch.tensor(parse_hex(color), dtype=torch.uint8)
    first, second = (srgb8_to_lab(c[:, None, None]) for c in (median, wanted))
    return float(delta_e_2000(first, second))


def _print_times(colorizer: Colorizer, sketch: Path) -> None:
    def median(work) -> float:
        took = []
        for _ in range(9):
            started = time.perf_counter()
            work()
            took.append(time.perf_counter() - started)
        return 1000 * float(np.median(took))

    regions = colorizer.regions(sketch)
    asked = dict.fromkeys(colorizer.schema.required.names, "#ff8800")
    layers = colorizer.layers(regions, **asked)
    print(f"\nregions of a sketch: {median(lambda: colorizer.regions(sketch)):.0f} ms")
    print(f"then a colouring: {median(lambda: regions.recolor(**asked)):.1f} ms")
    print(f"layers: {median(lambda: colorizer.layers(regions, **asked)):.0f} ms")
    print(
        f"layers recoloured and stacked: {median(lambda: layers.recolored(**asked).composed()):.0f} ms"
    )


def _over(layers: Layers) -> Image.Image:
    """The layers stacked as other programs do it, rounded to 8 bits after each."""
    made = Image.new("RGBA", layers.size)
    for image in layers.images:
        made = Image.alpha_composite(made, Image.fromarray(image))
    return made.convert("RGB")


def _apart(first: Image.Image, second: Image.Image) -> int:
    return int(abs(np.asarray(first).astype(int) - np.asarray(second)).max())


def _iou(first: np.ndarray, second: np.ndarray) -> float:
    return float((first & second).sum() / (first | second).sum())


def _random(rng: random.Random) -> str:
    return format_hex([rng.randrange(256) for _ in range(3)])


def _named(names: Sequence[str], colors: Sequence[str]) -> dict[str, str]:
    return dict(zip(names, colors, strict=True))


def _tensor(image: Image.Image) -> Tensor:
    return torch.from_numpy(np.array(image)).permute(2, 0, 1)


def _joined(numbers: Sequence[float], digits: int) -> str:
    return " / ".join(f"{number:.{digits}f}" for number in numbers)


def _save_sheet(path: Path, shown: Sequence[Sequence[Image.Image]], layers: Layers) -> None:
    """Colourings, a row a character, and a row of layers, from the bottom up, on a chequered ground."""
    rows = [*shown, [_chequered(Image.fromarray(image)) for image in layers.images]]
    sheet = Image.new("RGB", (CELL * max(map(len, rows)), CELL * len(rows)), "white")
    for row, images in enumerate(rows):
        for column, image in enumerate(images):
            small = image.resize((CELL, CELL), Image.Resampling.LANCZOS)
            sheet.paste(small, (column * CELL, row * CELL))
    sheet.quantize(128, dither=Image.Dither.NONE).save(path, optimize=True)


def _chequered(image: Image.Image) -> Image.Image:
    rows, columns = np.indices(image.size[::-1]) // (image.width // 16)
    grey = np.where((rows + columns) % 2, 225, 200).astype(np.uint8)
    ground = Image.fromarray(grey).convert("RGB")
    ground.paste(image, mask=image.getchannel("A"))
    return ground


if __name__ == "__main__":
    main()
