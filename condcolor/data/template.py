"""A folder to begin a data set of one's own with: a table, folders, example drawings, a README."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from condcolor.conditions.colors import RGB
from condcolor.data.metadata import CSV_NAME, PICTURE_COLUMNS, write_metadata
from condcolor.data.paths import INPUT_FOLDERS, OUTPUT_FOLDERS
from condcolor.errors import UsageError
from condcolor.imaging.save import encode_picture
from condcolor.runtime.files import atomic_folder, disk_faults
from condcolor.runtime.messages import shown_name

SIDE = 256  # pixels
FINER = 4  # times, so that lines are smooth
LINE = 5  # pixels
COLORS: Mapping[str, RGB] = {"blue": (63, 174, 225), "red": (233, 71, 67)}
EXAMPLES = (("red", "blue"), ("blue", "red"))  # of the cup and of the plate
README = """\
# Your own sketches

This folder is a data set to train condcolor on. It holds one example drawing, a cup on a plate, in two
colourings. Put your own drawings in its place.

| file | what to put there |
|---|---|
| `inputs/` | your sketches, black lines on white |
| `outputs/` | the same drawings in colour, each as large as its sketch and exactly on it |
| `metadata.csv` | the table, a row for each coloured picture |

The table has these columns:

| column | what it says |
|---|---|
| `input_file_name` | the sketch |
| `output_file_name` | the coloured picture |
| `cup`, `plate` | what can be chosen, and what was chosen here; take names of your own, such as `hair` |

1. Draw at least a dozen sketches, each in a few colours.
2. Write the table in any spreadsheet program and save it as CSV, or as `metadata.xlsx`.
3. Leave a cell blank if a drawing does not have that part.
4. Write each value in one way: `red`, not sometimes `Red`.
5. A column of remarks is left out with `--ignore Notes`.

Check it. Every problem is listed with its line; `--fix` puts right what it can in a table of its own:

    condcolor data check {folder}
    condcolor data check {folder} --fix {folder}/fixed.csv

Then train:

    condcolor train {folder} --out runs/mine
"""


def write_template(out: Path) -> None:
    """Write a new folder with a metadata.csv, an example drawing in two colorings, and a README.

    Raises:
        UsageError: the folder exists and is not empty. DataError: it cannot be written.
    """
    if out.exists() and not (out.is_dir() and not any(out.iterdir())):
        raise UsageError(f"{shown_name(out)} exists: name a new folder")
    with disk_faults(), atomic_folder(out) as folder:
        inputs, outputs = folder / INPUT_FOLDERS[0], folder / OUTPUT_FOLDERS[0]
        inputs.mkdir()
        outputs.mkdir()
        sketch = inputs / "cup.png"
        sketch.write_bytes(encode_picture(_draw({})))
        rows = []
        for cup, plate in EXAMPLES:
            target = outputs / f"cup-{cup}-{plate}.png"
            drawn = _draw({"cup": COLORS[cup], "plate": COLORS[plate]})
            target.write_bytes(encode_picture(drawn))
            names = (path.relative_to(folder).as_posix() for path in (sketch, target))
            rows.append((*names, cup, plate))
        write_metadata(folder / CSV_NAME, rows, (*PICTURE_COLUMNS, "cup", "plate"))
        (folder / "README.md").write_text(README.format(folder=out.name), encoding="utf-8")


def _draw(colors: Mapping[str, RGB]) -> np.ndarray:
    """Draw a cup on a plate, `[SIDE, SIDE, 3]` uint8; a part without a color is white."""
    white = (255, 255, 255)
    large = Image.new("RGB", (SIDE * FINER, SIDE * FINER), white)
    draw = ImageDraw.Draw(large)

    def box(*corners: int) -> tuple[int, int, int, int]:
        left, top, right, bottom = (corner * FINER for corner in corners)
        return left, top, right, bottom

    style: dict[str, Any] = {"outline": (0, 0, 0), "width": LINE * FINER}
    cup = colors.get("cup", white)
    draw.ellipse(box(24, 172, 232, 228), fill=colors.get("plate", white), **style)
    draw.ellipse(box(152, 92, 214, 158), fill=cup, **style)
    draw.ellipse(box(168, 108, 198, 142), fill=white, **style)
    draw.rounded_rectangle(box(60, 60, 172, 204), radius=36 * FINER, fill=cup, **style)
    draw.ellipse(box(60, 44, 172, 84), fill=white, **style)
    return np.asarray(large.resize((SIDE, SIDE), Image.Resampling.BOX))
