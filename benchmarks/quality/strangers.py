"""How well line art of strangers is colored: sets nobody trained on, paper, small figures, gaps, time.

    tar xf faces.tar                                # 120 faces of facesjs, a set with masks
    python benchmarks/quality/strangers.py sets faces data/icons/test
    python benchmarks/quality/strangers.py paper data/icons/test
    python benchmarks/quality/strangers.py small data/icons/test
    python benchmarks/quality/strangers.py gaps data/icons/test
    python benchmarks/quality/strangers.py time data/icons/test
    python benchmarks/quality/strangers.py sheet drawings/ faces/inputs -o strangers.png

Every folder but those of `sheet` is a set with `inputs/` and `masks/` (red: hair, green: shirt, blue: skin).
IoU counts the pixels that are light in the sketch, since fills alone are decided. Prints rows of the tables
in docs/how-well.md.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from condcolor.imaging.color import srgb8_to_lab
from condcolor.imaging.formats import find_pictures
from condcolor.imaging.open import Picture, open_picture
from condcolor.imaging.regions import Regions
from condcolor.inference.colorizer import Colorizer

PARTS = ("hair", "shirt")  # the channels of masks
LIGHT = 0.9 * 255  # lightness from which a pixel is no line
LEAST = 50  # pixels; a smaller part is not measured
SIDE = 256
COLORS = {"hair": "red", "shirt": "blue"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=WHAT)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("-o", "--out", type=Path, default=Path("strangers.png"), help="of `sheet`")
    parser.add_argument("--most", type=int, default=24, help="pictures on the sheet")
    parser.add_argument("--model", default="icons")
    parser.add_argument("--precision", default="fp32")
    options = parser.parse_args()
    WHAT[options.what](Colorizer.load(options.model, precision=options.precision), options)


Sketch = tuple[np.ndarray, np.ndarray]  # `[H, W, 3]` uint8 and its masks, the same


def read_set(folder: Path) -> Iterator[Sketch]:
    """Yield the sketches of a set, and their masks."""
    for path in find_pictures(folder / "inputs")[0]:
        masks = open_picture(folder / "masks" / path.name)
        yield open_picture(path).rgb, masks.rgb


def found(regions: Regions) -> np.ndarray:
    """Return where hair and shirt are colored, `[2, H, W]` bool."""
    return regions.covers[[regions.schema.names.index(name) for name in PARTS]] > 0.5


def parts_of(colorizer: Colorizer, rgb: np.ndarray) -> np.ndarray:
    return found(colorizer.regions(Picture(np.ascontiguousarray(rgb), None)))


def true_parts(masks: np.ndarray) -> np.ndarray:
    return np.moveaxis(masks[..., : len(PARTS)] > 127, -1, 0)


def measure_sets(colorizer: Colorizer, options: argparse.Namespace) -> None:
    print(
        "| set | drawings | part | IoU, mean | at least .9 | under .5 |\n|---|---|---|---|---|---|"
    )
    for folder in options.folders:
        scores: list[list[float]] = [[] for _ in PARTS]
        count = 0
        for rgb, masks in read_set(folder):
            light = rgb.mean(axis=-1) >= LIGHT
            count += 1
            pairs = zip(parts_of(colorizer, rgb), true_parts(masks), strict=True)
            for index, (made, true) in enumerate(pairs):
                if true.sum() >= LEAST:
                    union = ((made | true) & light).sum()
                    scores[index].append(float((made & true & light).sum() / max(union, 1)))
        for name, own in zip(PARTS, scores, strict=True):
            values = np.array(own)
            print(
                f"| {folder.name} | {count} | {name} | {values.mean():.3f} | "
                f"{100 * (values >= 0.9).mean():.0f} % | {100 * (values < 0.5).mean():.0f} % |",
                flush=True,
            )


def papers() -> dict[str, Callable[[int, int], np.ndarray]]:
    """Return name -> paper `[H, W, 3]` in [0, 1] of a height and a width."""

    def plain(*levels: int) -> Callable[[int, int], np.ndarray]:
        return lambda height, width: np.broadcast_to(np.array(levels) / 255, (height, width, 3))

    def falling(height: int, width: int) -> np.ndarray:
        light = np.linspace(1, 0.6, width)[None, :, None]
        return np.broadcast_to(light, (height, width, 3))

    def shadow(height: int, width: int) -> np.ndarray:
        y, x = np.mgrid[:height, :width] / max(height, width)
        light = 1 - 0.35 / (1 + np.exp((x + 0.6 * y - 0.8) * 25))
        return np.repeat(light[..., None], 3, axis=-1)

    greys = {f"grey {level}": plain(level, level, level) for level in (245, 235, 220, 205, 190)}
    tints = {
        "cream": plain(250, 240, 215),
        "blue": plain(215, 228, 245),
        "kraft": plain(205, 180, 140),
    }
    return greys | tints | {"light falling from 1 to .6": falling, "a soft shadow": shadow}


def measure_paper(colorizer: Colorizer, options: argparse.Namespace) -> None:
    print("| paper | hair as on white | shirt | dE of the paper outside parts |\n|---|---|---|---|")
    sketches = [rgb for folder in options.folders for rgb, _ in read_set(folder)]
    on_white = [parts_of(colorizer, rgb) for rgb in sketches]
    for name, paper in papers().items():
        shares, shifts = [], []
        for rgb, white in zip(sketches, on_white, strict=True):
            scan = (rgb * paper(*rgb.shape[:2])).round().astype(np.uint8)
            regions = colorizer.regions(Picture(scan, None))
            made = found(regions)
            shares.append((made & white).sum(axis=(1, 2)) / white.sum(axis=(1, 2)))
            colored = np.asarray(regions.recolor(**COLORS))
            bare = ~(white.any(axis=0) | made.any(axis=0)) & (regions.rest.min(axis=0) > 0.99)
            shifts.append(_delta_e(scan, colored)[bare].mean())
        hair, shirt = np.mean(shares, axis=0)
        print(f"| {name} | {hair:.3f} | {shirt:.3f} | {np.mean(shifts):.2f} |", flush=True)


def _delta_e(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return the Euclidean distance in Lab (CIE76) of each pixel."""
    import torch

    pair = torch.from_numpy(np.stack((first, second)).transpose(0, 3, 1, 2).copy())
    lab = srgb8_to_lab(pair)
    return (lab[0] - lab[1]).norm(dim=0).numpy()


def measure_small(colorizer: Colorizer, options: argparse.Namespace) -> None:
    sketches = [sketch for folder in options.folders for sketch in read_set(folder)]
    print("| scene | hair right | shirt right | ground tinted |\n|---|---|---|---|")
    rng = np.random.default_rng(0)
    for name, count, share in (
        ("a third of the size, anywhere", 1, 1 / 3),
        ("two", 2, 0.5),
        ("three", 3, 1 / 3),
    ):
        rows = []
        for index in range(4 * len(sketches)):
            chosen = [sketches[(index + k) % len(sketches)] for k in range(count)]
            rgb, masks = _side_by_side(chosen, share, rng)
            made, true = parts_of(colorizer, rgb), true_parts(masks)
            light = rgb.mean(axis=-1) >= LIGHT
            right = [
                (m & t & light).sum() / (t & light).sum() for m, t in zip(made, true, strict=True)
            ]
            ground = light & (masks.max(axis=-1) < 10) & _outside(rgb)
            rows.append([*right, (made.any(axis=0) & ground).sum() / ground.sum()])
        hair, shirt, tinted = np.mean(rows, axis=0)
        print(f"| {name} | {hair:.3f} | {shirt:.3f} | {100 * tinted:.2f} % |", flush=True)


def _side_by_side(sketches: Sequence[Sketch], share: float, rng: np.random.Generator) -> Sketch:
    """Place sketches, `share` of a square's side wide, beside each other at its foot, or one anywhere."""
    side = round(SIDE * share)
    rgb, masks = np.full((SIDE, SIDE, 3), 255, np.uint8), np.zeros((SIDE, SIDE, 3), np.uint8)
    for place, pair in enumerate(sketches):
        top, left = SIDE - side, place * (SIDE // len(sketches))
        if len(sketches) == 1:
            top, left = rng.integers(0, SIDE - side + 1, 2)
        for canvas, picture in zip((rgb, masks), pair, strict=True):
            small = Image.fromarray(picture).resize((side, side), Image.Resampling.BOX)
            canvas[top : top + side, left : left + side] = small
    return rgb, masks


def _outside(rgb: np.ndarray) -> np.ndarray:
    """Return the light pixels that are connected with the border."""
    from scipy import ndimage

    labels, _ = ndimage.label(rgb.mean(axis=-1) > 128)
    edge = np.unique(np.concatenate((labels[0], labels[:, 0], labels[:, -1])))
    return np.isin(labels, edge[edge > 0])


def measure_gaps(colorizer: Colorizer, options: argparse.Namespace) -> None:
    print("| set | hair right | shirt right |\n|---|---|---|")
    rng = np.random.default_rng(0)
    for folder in options.folders:
        rows = []
        for rgb, masks in read_set(folder):
            for _ in range(5):
                made, true = parts_of(colorizer, with_gaps(rgb, rng)), true_parts(masks)
                light = rgb.mean(axis=-1) >= LIGHT
                rows.append(
                    [
                        (m & t & light).sum() / (t & light).sum()
                        for m, t in zip(made, true, strict=True)
                    ]
                )
        hair, shirt = np.mean(rows, axis=0)
        print(f"| {folder.name}, 20 gaps of 12 px | {hair:.3f} | {shirt:.3f} |", flush=True)


def with_gaps(
    rgb: np.ndarray, rng: np.random.Generator, count: int = 20, width: float = 12
) -> np.ndarray:
    """Erase discs on the lines, `width` pixels wide in a picture of 256."""
    height, wide = rgb.shape[:2]
    radius = width / 2 * max(height, wide) / SIDE
    rows, columns = np.nonzero(rgb.mean(axis=-1) < 128)
    y, x = np.ogrid[:height, :wide]
    made = rgb.copy()
    for index in rng.choice(len(rows), count, replace=False):
        made[(y - rows[index]) ** 2 + (x - columns[index]) ** 2 <= radius**2] = 255
    return made


def measure_time(colorizer: Colorizer, options: argparse.Namespace) -> None:
    sketches = [Picture(rgb, None) for folder in options.folders for rgb, _ in read_set(folder)]
    for picture in sketches:
        colorizer(picture, **COLORS)
    seconds = []
    for _ in range(10):
        for picture in sketches:
            started = time.perf_counter()
            colorizer(picture, **COLORS)
            seconds.append(time.perf_counter() - started)
    print(f"{1000 * np.median(seconds):.1f} ms a sketch of {sketches[0].size}")


def make_sheet(colorizer: Colorizer, options: argparse.Namespace) -> None:
    paths = [path for folder in options.folders for path in find_pictures(folder)[0]]
    chosen = [
        paths[i] for i in np.linspace(0, len(paths) - 1, min(options.most, len(paths))).astype(int)
    ]
    cells = []
    for path in chosen:
        image = colorizer(path, **COLORS)
        opaque = Image.new("RGB", image.size, "white")
        opaque.paste(image, mask=image.getchannel("A") if image.mode == "RGBA" else None)
        cells.append(ImageOps.pad(opaque, (160, 160), color="white"))
    columns = 6
    sheet = Image.new("RGB", (columns * 164, -(-len(cells) // columns) * 164), "#cccccc")
    for index, cell in enumerate(cells):
        sheet.paste(cell, (index % columns * 164 + 2, index // columns * 164 + 2))
    sheet.save(options.out)


WHAT = {
    "sets": measure_sets,
    "paper": measure_paper,
    "small": measure_small,
    "gaps": measure_gaps,
    "time": measure_time,
    "sheet": make_sheet,
}

if __name__ == "__main__":
    main()
