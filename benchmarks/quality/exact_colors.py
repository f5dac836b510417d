"""How much alike a set comes out, with and without `--lock`, on sketches whose papers differ.

    python benchmarks/quality/exact_colors.py data/icons/test --sheet locked.png

Each sketch is coloured as it is, and as on grey paper, on tinted paper, on paper with grain, as a JPEG,
and transparent with nothing but its ink. Prints the table in docs/benchmarks.md: over the set, the largest
CIEDE2000 of a region's median colour to the colour asked, and between two pictures; and the share of the
pixels that say the colour which are exactly it.
"""

from __future__ import annotations

import argparse
import io
import time
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from condcolor.batch.rendering import RenderOptions
from condcolor.conditions.color_spec import parse_color_specs
from condcolor.conditions.colors import RGB, format_hex
from condcolor.imaging.color import delta_e_2000, srgb8_to_lab
from condcolor.imaging.formats import find_pictures
from condcolor.imaging.open import Picture, open_picture, picture_of
from condcolor.inference.colorizer import Colorizer

ASKED: tuple[tuple[RGB, RGB], ...] = (
    ((0xB0, 0x10, 0x30), (0x10, 0x20, 0x50)),
    ((255, 136, 0),) * 2,
)
SHOWN, CELL = 12, 104  # pictures in a row of the sheet, and pixels of each
TIMES = 5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="a set, or a folder of sketches")
    parser.add_argument("--model", default="icons")
    parser.add_argument("--sheet", type=Path)
    options = parser.parse_args()
    colorizer = Colorizer.load(options.model)
    names = colorizer.schema.required.names
    inputs = options.data / "inputs"
    sketches = find_pictures(inputs if inputs.is_dir() else options.data)[0]
    papers = [picture for path in sketches for picture in _on_papers(open_picture(path))]
    print(f"| {len(papers)} pictures, {' / '.join(names)} | from it | between two | exactly |")
    print("|---|---|---|---|")
    shown = []
    for colors in ASKED:
        asked = dict(zip(names, colors, strict=True))
        values = {name: format_hex(color) for name, color in asked.items()}
        specs = parse_color_specs(colorizer.schema, values)
        for lock in (False, True):
            made = [
                RenderOptions(lock=lock, report=True).render(colorizer, picture, specs)
                for picture in papers
            ]
            print(
                _row(f"{' / '.join(values.values())}{', locked' * lock}", made, asked), flush=True
            )
            shown.append([one.image for one in made[:SHOWN]])
    _print_times(colorizer, papers[0], values)
    if options.sheet:
        _save_sheet(options.sheet, shown[:2])  # those of the first colours


def _on_papers(picture: Picture) -> Iterator[Picture]:
    rgb = picture.rgb.astype(np.float32)
    grain = np.random.default_rng(0).normal(0, 6, rgb.shape[:2])[..., None]
    yield picture
    for paper in (rgb * (236 / 255), rgb * np.array((250, 240, 215)) / 255, rgb * 0.95 + grain):
        yield Picture(paper.round().clip(0, 255).astype(np.uint8), None)
    jpeg = io.BytesIO()
    Image.fromarray(picture.rgb).save(jpeg, "JPEG", quality=60)
    yield open_picture(io.BytesIO(jpeg.getvalue()))
    ink = Image.new("RGBA", picture.size)
    ink.putalpha(Image.fromarray(255 - picture.rgb.mean(axis=-1).round().astype(np.uint8)))
    yield picture_of(ink)


def _row(name: str, made: list, asked: dict[str, RGB]) -> str:
    off, apart, exact = [], [], []
    for attribute, color in asked.items():
        found, hits = [], []
        for one in made:
            rgb = np.asarray(one.image.convert("RGB"))[one.cores[attribute]]
            found.append(np.median(rgb, axis=0).round())
            hits.append((rgb == color).all(axis=-1).mean())
        lab = srgb8_to_lab(
            torch.tensor(np.array([color, *found]), dtype=torch.uint8)[..., None, None]
        )
        off.append(max(float(delta_e_2000(lab[0], one)) for one in lab[1:]))
        apart.append(max(float(delta_e_2000(a, b)) for a, b in combinations(lab[1:], 2)))
        exact.append(np.mean(hits))
    cells = [" / ".join(f"{value:.2f}" for value in values) for values in (off, apart)]
    share = " / ".join(f"{value:.3f}" for value in exact)
    return f"| {name} | {' | '.join(cells)} | {share} |"


def _print_times(colorizer: Colorizer, picture: Picture, values: dict[str, str]) -> None:
    plain = {
        attribute.name: attribute.values[0] for attribute in colorizer.schema.required.attributes
    }
    ways = {
        "as it comes": (RenderOptions(), plain),
        "in any colour": (RenderOptions(), values),
        "--lock": (RenderOptions(lock=True), values),
        "--lock --check": (RenderOptions(lock=True, check=True), values),
    }
    for name, (options, asked) in ways.items():
        specs = parse_color_specs(colorizer.schema, asked)
        spent = []
        for _ in range(TIMES):
            started = time.perf_counter()
            options.render(colorizer, picture, specs)
            spent.append(time.perf_counter() - started)
        print(f"| {name} | {1000 * min(spent):.0f} ms |", flush=True)


def _save_sheet(path: Path, rows: list[list[Image.Image]]) -> None:
    sheet = Image.new("RGB", (CELL * max(map(len, rows)), CELL * len(rows)), "white")
    for top, row in enumerate(rows):
        for left, image in enumerate(row):
            small = image.resize((CELL, CELL), Image.Resampling.LANCZOS)
            mask = small if small.mode == "RGBA" else None
            sheet.paste(small, (CELL * left, CELL * top), mask)
    sheet.save(path)


if __name__ == "__main__":
    main()
