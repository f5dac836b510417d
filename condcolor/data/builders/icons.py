"""A folder of drawn icons in chosen colors, with masks."""

from __future__ import annotations

import itertools
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from condcolor.conditions.colors import RGB, format_hex, parse_hex
from condcolor.conditions.parts import PALETTE
from condcolor.data.builders.avatar_kits import KITS
from condcolor.data.builders.avatar_svg import FRAMINGS
from condcolor.data.builders.avatars import Options, check_installed, draw_icon, kit_meta
from condcolor.data.builders.drawing_workers import BUNDLE, parallel_map
from condcolor.data.builders.flat_png import write_png
from condcolor.data.metadata import PICTURE_COLUMNS, write_metadata
from condcolor.errors import UsageError, check_range, did_you_mean
from condcolor.runtime.files import atomic_folder

COLUMNS = (*PICTURE_COLUMNS, "hair", "shirt", "character")
_COLORINGS = len(PALETTE) ** 2
_BUNDLE = BUNDLE


def draw_icons(
    out: Path | str,
    *,
    characters: int,
    seed: int = 0,
    kits: Sequence[str] | None = None,
    size: int = 256,
    colorings: int | None = None,
    line_width: float = 1.0,
    shading: bool = False,
    framing: str = "portrait",
    skin: str = "#fbd3c0",
    vary: bool = False,
    held_out: bool = False,
    on_progress: Callable[[int, int], None] | None = None,
) -> int:
    """Draw icons into the new folder `out`, which appears complete or not at all.

    The folder holds inputs/ (grey sketches), outputs/ (RGB), masks/ (RGB: hair, shirt, skin; named after the
    input), metadata.csv and ORIGIN.md with licences and attribution. The same arguments give the same bytes;
    with more characters, the first ones stay the same.

    Args:
        kits: names of KITS; default all.
        size: side in pixels.
        colorings: pairs of a hair and a shirt color drawn for each character; default all 25.
        line_width: factor of the width of outlines.
        framing: "portrait", "close" or "wide".
        vary: each character has its own line width, position, size, tilt and side.
        held_out: only hair shapes that are otherwise never drawn.
        on_progress: called with (characters drawn, characters in all).

    Returns:
        The number of rows of metadata.csv.

    Raises:
        UsageError: an argument cannot be used.
    """
    out = Path(out)
    options = Options(seed, size, line_width, shading, framing, vary, held_out)
    skin_rgb = parse_hex(skin)
    names = tuple(kits) if kits is not None else tuple(KITS)
    count = _COLORINGS if colorings is None else colorings
    _check(out, options, characters, names, count)
    check_installed()

    with atomic_folder(out) as draft:
        for folder in ("inputs", "outputs", "masks"):
            (draft / folder).mkdir(parents=True)
        jobs = [
            _Job(draft, number, kit, index, count, skin_rgb, options)
            for number, (kit, index) in enumerate(schedule(names, characters))
        ]
        rows: list[tuple[str, ...]] = []
        with parallel_map(len(jobs), _BUNDLE) as run:
            for count_drawn, own_rows in enumerate(run(_draw_files, jobs), 1):
                rows += own_rows
                if on_progress:
                    on_progress(count_drawn, characters)
        write_metadata(draft / "metadata.csv", rows, COLUMNS)
        origin = _origin(names, characters, count, skin_rgb, options)
        (draft / "ORIGIN.md").write_text(origin, "utf-8")
    return len(rows)


class _Job(NamedTuple):
    """A character to draw, and the folder of its files."""

    folder: Path
    number: int
    kit: str
    kit_index: int
    colorings: int
    skin: RGB
    options: Options


def _check(out: Path, options: Options, characters: int, names: Sequence[str], count: int) -> None:
    for name in names:
        if name not in KITS:
            raise UsageError(
                f"kit '{name}' is not one of {', '.join(KITS)}{did_you_mean(name, KITS)}"
            )
    if not names or len(set(names)) < len(names):
        raise UsageError(f"kits must be named once each, and at least one: {', '.join(KITS)}")
    if options.framing not in FRAMINGS:
        raise UsageError(
            f"framing '{options.framing}' is not one of {', '.join(FRAMINGS)}"
            + did_you_mean(options.framing, FRAMINGS)
        )
    ranges = (
        ("characters", characters, 1, 1_000_000),
        ("seed", options.seed, 0, 2**32 - 1),
        ("size", options.size, 16, 4096),
        ("colorings", count, 1, _COLORINGS),
        ("line_width", options.line_width, 0.1, 4.0),
    )
    for name, value, low, high in ranges:
        check_range(name, value, low, high)
    check_new_folder(out)


def check_new_folder(out: Path) -> None:
    """Check that drawings can go to the folder `out`; UsageError if it is a file or not empty."""
    if out.exists() and not out.is_dir():
        raise UsageError(f"{out} is a file; name a new folder for the icons")
    if out.exists() and any(out.iterdir()):
        raise UsageError(
            f"{out} is not empty; name a new folder, icons are never mixed with others"
        )


def schedule(names: Sequence[str], characters: int) -> Iterator[tuple[str, int]]:
    """Yield (kit, index in it), kits by weight and evenly spread; a prefix of every longer schedule."""
    total = sum(KITS[name].weight for name in names)
    drawn = dict.fromkeys(names, 0)
    for n in range(1, characters + 1):
        name = max(names, key=lambda name: KITS[name].weight * n - drawn[name] * total)
        yield name, drawn[name]
        drawn[name] += 1


def _pairs(job: _Job) -> list[tuple[str, str]]:
    """Return pairs of (hair, shirt) colors: all in order, or a random few with equally frequent colors."""
    names = list(PALETTE)
    if job.colorings == _COLORINGS:
        return list(itertools.product(names, names))
    rng = np.random.default_rng([job.options.seed, zlib.crc32(job.kit.encode()), job.kit_index])
    hair, shirt, n = rng.permutation(names), rng.permutation(names), len(names)
    return [(str(hair[k % n]), str(shirt[(k + k // n) % n])) for k in range(job.colorings)]


def _draw_files(job: _Job) -> list[tuple[str, ...]]:
    """Draw a character, write its files and return its rows of the csv."""
    icon = draw_icon(job.kit, job.kit_index, job.options)
    source = f"inputs/{job.number:04d}.png"
    write_png(job.folder / source, icon.blank)
    write_png(job.folder / f"masks/{job.number:04d}.png", icon.masks)
    rows: list[tuple[str, ...]] = []
    for nth, (hair, shirt) in enumerate(_pairs(job)):
        output = f"outputs/{job.number * job.colorings + nth:04d}.png"
        write_png(job.folder / output, icon.colored(hair, shirt, job.skin))
        rows.append((source, output, hair, shirt, icon.name))
    return rows


def _origin(names: Sequence[str], characters: int, count: int, skin: RGB, options: Options) -> str:
    """Return the text of ORIGIN.md: options, kits, licences and attribution."""
    call = {
        "characters": characters,
        "seed": options.seed,
        "kits": list(names),
        "size": options.size,
        "colorings": count,
        "line_width": options.line_width,
        "shading": options.shading,
        "framing": options.framing,
        "skin": format_hex(skin),
        "vary": options.vary,
        "held_out": options.held_out,
    }
    lines = [
        "# Origin of these icons",
        "",
        "Drawn by condcolor from avatar kits published through DiceBear (https://www.dicebear.com).",
        "The drawings were changed: made line art with black outlines, recoloured, shading removed,"
        if not options.shading
        else "The drawings were changed: made line art with black outlines and recoloured,",
        "and, for kits that draw a head only, given a neck and a shirt.",
        "",
        "Options: " + ", ".join(f"{name} {value}" for name, value in call.items()) + ".",
        "",
        *kit_table(names, characters),
    ]
    return "\n".join(lines) + "\n"


def kit_table(names: Sequence[str], characters: int) -> list[str]:
    """Return a Markdown table of the kits of characters: how many, designer, licence, attribution."""
    lines = [
        "| kit | characters | designer | licence | attribution |",
        "|---|---|---|---|---|",
    ]
    numbers = Counter(name for name, _ in schedule(names, characters))
    for name in names:
        if numbers[name]:
            meta = kit_meta(name)
            creator, licence = meta["creator"], meta["license"]
            lines.append(
                f"| {name} | {numbers[name]} | [{creator['name']}]({creator['url']}) "
                f"| [{licence['name']}]({licence['url']}) | {licence['text']} |"
            )
    return lines
