"""What `condcolor colorize --check` flags: of characters it should know, and of drawings that it cannot.

    condcolor data icons held --characters 60 --held-out --vary --colorings 1 --seed 77
    python benchmarks/quality/consistency.py fine data/icons/test examples/sketches held
    python benchmarks/quality/consistency.py turned held
    python benchmarks/quality/consistency.py photographs photos/val
    python benchmarks/quality/consistency.py scribbles

`fine` takes sets with masks, or folders of sketches; where there are masks, a part is wrong whose region has
an IoU under 0.9 with the true one. `turned` takes the like, and turns each upside down and on its side.
`photographs` are shown in colour and in grey, and scribbles are drawn. Prints rows of the table in
docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from condcolor.batch.checks import DOUBTFUL, Inconsistency
from condcolor.batch.rendering import RenderOptions
from condcolor.conditions.color_spec import parse_color_specs
from condcolor.imaging.formats import find_pictures
from condcolor.imaging.open import Picture, open_picture
from condcolor.imaging.save import encode_image
from condcolor.inference.colorizer import Colorizer

THRESHOLDS = (0.05, DOUBTFUL, 0.2)
WRONG = 0.9  # IoU with the true region under which one is wrong
SIDE = 256
COLORS = {"hair": "red", "shirt": "blue"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=KINDS)
    parser.add_argument("folders", type=Path, nargs="*")
    parser.add_argument("--model", default="icons")
    parser.add_argument("--most", type=int, default=20, help="pictures of a folder")
    options = parser.parse_args()
    colorizer = Colorizer.load(options.model)
    at = " | ".join(f"over {threshold}" for threshold in THRESHOLDS)
    print(f"| pictures | count | {at} | score: least, median, largest | parts wrong, and flagged |")
    print("|---|---|---|---|---|---|" + "---|" * (len(THRESHOLDS) - 2))
    for name, pictures in KINDS[options.what](options.folders, options.most):
        _print_row(colorizer, name, list(pictures))


Pictures = Iterable[tuple[Picture, Picture | None]]  # each with its true parts, where there are any
Rows = Iterator[tuple[str, Pictures]]


def _characters(folders: Sequence[Path], most: int) -> Rows:
    for folder in folders:
        yield folder.name, _fine(folder, most)


def _turned(folders: Sequence[Path], most: int) -> Rows:
    for folder in folders:
        drawn = [picture.rgb for picture, _ in _fine(folder, most)]
        yield "characters upside down", [(_shown(rgb[::-1, ::-1]), None) for rgb in drawn]
        yield "characters on their side", [(_shown(np.rot90(rgb)), None) for rgb in drawn]


def _photographs(folders: Sequence[Path], most: int) -> Rows:
    for folder in folders:
        shots = [open_picture(path) for path in find_pictures(folder)[0][:most]]
        yield "photographs", [(shot, None) for shot in shots]
        greys = [shot.rgb.mean(axis=-1, keepdims=True).astype(np.uint8) for shot in shots]
        yield "photographs in grey", [(_shown(grey.repeat(3, axis=-1)), None) for grey in greys]


def _scribbles(_: Sequence[Path], most: int) -> Rows:
    yield "scribbles", [(_scribble(seed), None) for seed in range(most)]


KINDS = {
    "fine": _characters,
    "turned": _turned,
    "photographs": _photographs,
    "scribbles": _scribbles,
}


def _fine(folder: Path, most: int) -> Iterator[tuple[Picture, Picture | None]]:
    """Sketches, each with its true parts where the set has them."""
    inputs = folder / "inputs"
    for path in find_pictures(inputs if inputs.is_dir() else folder)[0][:most]:
        mask = folder / "masks" / path.name
        yield open_picture(path), open_picture(mask) if mask.exists() else None


def _print_row(
    colorizer: Colorizer, name: str, pictures: Sequence[tuple[Picture, Picture | None]]
) -> None:
    scores, wrong, caught = [], 0, 0
    for picture, parts in pictures:
        inconsistencies = _check(colorizer, picture)
        scores.append(max(inconsistency.score for inconsistency in inconsistencies.values()))
        if parts is not None:
            for attribute in _wrong_parts(colorizer, picture, parts, inconsistencies):
                wrong += 1
                caught += inconsistencies[attribute].score > DOUBTFUL
    counts = " | ".join(str(sum(score > t for score in scores)) for t in THRESHOLDS)
    spread = f"{min(scores):.3f}, {np.median(scores):.3f}, {max(scores):.3f}"
    truth = f"{wrong}, {caught}" if any(parts for _, parts in pictures) else "-"
    print(f"| {name} | {len(scores)} | {counts} | {spread} | {truth} |", flush=True)


def _check(colorizer: Colorizer, picture: Picture) -> dict[str, Inconsistency]:
    """What `--check` finds, in the picture as it is encoded as PNG."""
    specs = parse_color_specs(colorizer.schema, COLORS)
    rendered = RenderOptions(check=True).render(colorizer, picture, specs)
    return dict(rendered.findings(encode_image("x.png", rendered.image)).inconsistencies or {})


def _wrong_parts(
    colorizer: Colorizer,
    picture: Picture,
    parts: Picture,
    inconsistencies: dict[str, Inconsistency],
) -> list[str]:
    regions = colorizer.regions(picture)
    wrong = []
    for channel, name in enumerate(inconsistencies):
        true, found = parts.rgb[..., channel] > 127, regions.mask(name) > 0.5
        if (true & found).sum() < WRONG * (true | found).sum():
            wrong.append(name)
    return wrong


def _shown(rgb: np.ndarray) -> Picture:
    return Picture(np.ascontiguousarray(rgb), None)


def _scribble(seed: int) -> Picture:
    """Closed curves of random shapes, one over the other."""
    rng = np.random.default_rng(seed)
    drawn = Image.new("RGB", (4 * SIDE, 4 * SIDE), "white")
    pen, turn = ImageDraw.Draw(drawn), np.linspace(0, 2 * np.pi, 200)
    waves = np.arange(1, 5)[:, None] * turn
    for _ in range(rng.integers(4, 14)):
        shape = rng.normal(0, 0.6 * SIDE, (2, 2, 4))
        x, y = (2 * SIDE + a @ np.sin(waves) + b @ np.cos(waves) for a, b in shape)
        pen.line(list(zip(x, y, strict=True)), fill="black", width=int(rng.integers(8, 24)))
    small = drawn.resize((SIDE, SIDE), Image.Resampling.LANCZOS)
    return Picture(np.asarray(small).copy(), None)


if __name__ == "__main__":
    main()
