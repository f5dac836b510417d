"""A folder of scenes composed of drawn characters, with pictures of their parts as targets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from condcolor.conditions.parts import PARTS, UNLABELLED
from condcolor.data.builders.avatar_kits import KITS
from condcolor.data.builders.avatars import check_installed
from condcolor.data.builders.cast import Cast, ExtraCast, draw_cast, read_extras
from condcolor.data.builders.cutouts import NO_PART
from condcolor.data.builders.drawing_workers import BUNDLE, parallel_map
from condcolor.data.builders.flat_png import write_png
from condcolor.data.builders.icons import check_new_folder, kit_table
from condcolor.data.builders.scene_ink import ink_scene
from condcolor.data.builders.scene_layout import lay_out
from condcolor.data.metadata import PICTURE_COLUMNS, write_metadata
from condcolor.errors import check_range
from condcolor.runtime.files import atomic_folder

COLUMNS = (*PICTURE_COLUMNS, "character", "split")
CHARACTERS = 400  # the default of `characters`
_TESTED = 50  # one of so many scenes is a test scene
_CUTOUT = 9 / 8  # side of a drawn character, in sides of a scene
_CAST = ".cast"  # folder of the cutouts while scenes are composed
_SCENE = 2  # random stream, beside those of the cast


def draw_scenes(
    out: Path | str,
    *,
    scenes: int,
    seed: int = 0,
    size: int = 256,
    characters: int = CHARACTERS,
    extra: Path | str | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> int:
    """Draw scenes into the new folder `out`, which appears complete or not at all.

    The folder holds inputs/ (sketches, RGB), outputs/ (the label colors of PARTS, black where there is no
    certain part), metadata.csv with a split of 2 % test scenes, and ORIGIN.md with licences and attribution.
    The same arguments give the same bytes; with more scenes, the first ones stay the same.

    Args:
        size: side in pixels.
        characters: how many characters are drawn, of avatar kits and figures in turn.
        extra: a folder of .npz files with further characters and objects, see tools/characters.
        on_progress: called with (drawings done, drawings in all), of characters and scenes.

    Returns:
        The number of scenes.

    Raises:
        UsageError: an argument cannot be used.
    """
    out = Path(out)
    ranges = (
        ("scenes", scenes, 1, 1_000_000),
        ("characters", characters, 1, 100_000),
        ("seed", seed, 0, 2**32 - 1),
        ("size", size, 64, 1024),
    )
    for name, value, low, high in ranges:
        check_range(name, value, low, high)
    check_new_folder(out)
    extras = read_extras(Path(extra)) if extra is not None else []
    check_installed()

    def report(done: int) -> None:
        if on_progress:
            on_progress(done, characters + scenes)

    with atomic_folder(out) as draft, parallel_map(characters + scenes, BUNDLE) as run:
        for folder in ("inputs", "outputs"):
            (draft / folder).mkdir()
        cast = draft / _CAST
        draw_cast(
            cast,
            characters=characters,
            seed=seed,
            side=round(size * _CUTOUT),
            extras=extras,
            run=run,
            on_drawn=report,
        )
        jobs = [_Job(draft, cast, number, seed, size) for number in range(scenes)]
        rows: list[tuple[str, ...]] = []
        for row in run(_draw_files, jobs):
            rows.append(row)
            report(characters + len(rows))
        for file in cast.iterdir():
            file.unlink()
        cast.rmdir()
        write_metadata(draft / "metadata.csv", rows, COLUMNS)
        origin = _origin(scenes, characters, seed, size, extras)
        (draft / "ORIGIN.md").write_text(origin, "utf-8")
    return len(rows)


class _Job(NamedTuple):
    """A scene to draw, the folder of its files and that of the cast."""

    folder: Path
    cast: Path
    number: int
    seed: int
    size: int


def _draw_files(job: _Job) -> tuple[str, ...]:
    """Draw a scene, write its files and return its row of the csv."""
    rng = np.random.default_rng([job.seed, _SCENE, job.number])
    canvas, is_clean = lay_out(rng, Cast.load(job.cast), job.size)
    sketch, parts = ink_scene(rng, canvas, is_clean=is_clean)
    source, output = (f"{folder}/{job.number:05d}.png" for folder in ("inputs", "outputs"))
    write_png(job.folder / source, sketch)
    write_png(job.folder / output, _LABELS[parts])
    # unique, so that sets of several seeds can be merged
    name = f"scene-{job.number:05d}" + (f"s{job.seed}" if job.seed else "")
    return source, output, name, "test" if job.number % _TESTED == 1 else "train"


def _label_table() -> np.ndarray:
    """Return the label color of each index of a part: `[256, 3]` uint8."""
    table = np.full((NO_PART + 1, 3), UNLABELLED, np.uint8)
    table[: len(PARTS)] = [part.label for part in PARTS]
    return table


_LABELS = _label_table()


def _origin(scenes: int, characters: int, seed: int, size: int, extras: Sequence[ExtraCast]) -> str:
    """Return the text of ORIGIN.md: options, kits, figures, further characters, licences, attribution."""
    of_kits = (characters + 1) // 2
    lines = [
        "# Origin of these scenes",
        "",
        f"Composed by condcolor: {of_kits} characters from avatar kits published through DiceBear",
        f"(https://www.dicebear.com), and {characters - of_kits} figures of its own. The drawings",
        "were changed: made line art with black outlines, placed in scenes, their lines varied.",
        "",
        f"Options: scenes {scenes}, characters {characters}, seed {seed}, size {size}.",
        "",
        *kit_table(tuple(KITS), of_kits),
    ]
    if extras:
        lines += ["", "| further drawings | number | origin |", "|---|---|---|"]
        lines += [
            f"| {extra.path.stem} | {len(extra.kinds)} | {extra.origin} |" for extra in extras
        ]
    return "\n".join(lines) + "\n"
