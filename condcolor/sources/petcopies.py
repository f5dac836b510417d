"""Pictures of pets and their grey copies, in the two folders of a data set."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PIL import Image

from condcolor.filetypes import HEAD_BYTES, picture_format, shown_name
from condcolor.images import PictureError, open_picture
from condcolor.saving import WRITE_FORMATS
from condcolor.sources.petpictures import Pet

INPUTS, OUTPUTS = "inputs", "outputs"
SUFFIXES = {name: row.suffixes for name, row in WRITE_FORMATS.items()} | {"GIF": (".gif",)}
THREADS = 8  # at most; Pillow lets go of the interpreter while it decodes and packs

# Of the published set (tensorflow/models issue 3134): libjpeg warns of corrupt data in them and
# goes on, and Pillow passes no warnings on.
DAMAGED = ("beagle_116", "chihuahua_121")


@dataclass(frozen=True)
class Copy:
    """What became of a picture. input, output: paths in the data set; fault: why it is not used."""

    pet: Pet
    input: str = ""
    output: str = ""
    grey: bytes = b""  # SHA-256 of the grey copy
    misnamed: str = ""  # what it is, where its name says otherwise
    fault: str = ""

    def remove(self, folder: Path) -> None:
        for path in (self.input, self.output):
            if path:
                (folder / path).unlink()


def copy_pictures(
    pets: Sequence[Pet], folder: Path, on_progress: Callable[[int, int], None]
) -> list[Copy]:
    """Copy each picture to outputs/, its grey to inputs/, in several threads; in the order given.

    OSError where the folder cannot be written; a picture that cannot be opened has a fault.
    """
    for name in (INPUTS, OUTPUTS):
        (folder / name).mkdir()
    copies = []
    pool = ThreadPoolExecutor(min(THREADS, os.cpu_count() or 1))
    try:
        for copy in pool.map(partial(_copy, folder), pets):
            copies.append(copy)
            on_progress(len(copies), len(pets))
    finally:
        pool.shutdown(cancel_futures=True)  # a stop does not wait for all the rest
    return copies


def _copy(folder: Path, pet: Pet) -> Copy:
    """Copy one picture, bytes unchanged, under the suffix of its content, and its grey.

    The grey is that of the picture as it is shown, upright and in sRGB: Pillow's "L", ITU-R BT.601
    luma rounded to 8 bits. PNG keeps it exactly. As JPEG it would be off by 8 of 255 levels at
    quality 95, by 1 at quality 100, and by then as large.
    """
    if pet.name in DAMAGED:
        return Copy(pet, fault="damaged JPEG (known to be so in the published set)")
    try:
        data = pet.path.read_bytes()
        rgb = open_picture(io.BytesIO(data), name=pet.path.name).rgb
    except PictureError as error:
        return Copy(pet, fault=str(error).removeprefix(f"{shown_name(pet.path.name)}: "))
    except OSError as error:
        return Copy(pet, fault=f"cannot be read ({error.strerror or error})")
    kind = picture_format(data[:HEAD_BYTES])
    fits = pet.path.suffix.lower() in SUFFIXES[kind]
    packed = io.BytesIO()
    Image.fromarray(rgb).convert("L").save(packed, "PNG")
    grey = packed.getvalue()
    copy = Copy(
        pet,
        f"{INPUTS}/{pet.name}.png",
        f"{OUTPUTS}/{pet.name}{SUFFIXES[kind][0]}",
        hashlib.sha256(grey).digest(),
        "" if fits else kind,
    )
    (folder / copy.input).write_bytes(grey)
    (folder / copy.output).write_bytes(data)
    return copy
