"""The published archives of Oxford-IIIT Pet, downloaded and unpacked.

`OxfordIIITPet(download=True)` alone would fetch them, too, but begins a download anew whenever it is cut, and
the larger archive has 792 MB: 13 minutes at 1 MB/s. So `download` puts them where the class looks, which then
finds them whole, verifies their md5 and unpacks them; it says which archives, which lists, which names.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tarfile
import zlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from condcolor.data.builders.archive import (
    BLOCK,
    CorruptError,
    OnStageProgress,
    megabytes,
    set_aside,
)
from condcolor.data.builders.download import check_url, download
from condcolor.data.builders.pet_pictures import ANNOTATIONS
from condcolor.errors import DataError
from condcolor.runtime.messages import shown_name

ROOT = "oxford-iiit-pet-download"
BASE = "oxford-iiit-pet"  # where, below its root, torchvision's class looks for everything
BY_HAND = (
    "download images.tar.gz and annotations.tar.gz from https://www.robots.ox.ac.uk/~vgg/data/pets/ "
    "by hand, unpack both in one folder"
)
UNPACKING = "unpacking"  # a file that is there while archives are unpacked, and after a kill
# What the class raises where an archive or a list in it is not as it should be.
UNFIT = (ValueError, RuntimeError, FileNotFoundError, EOFError, tarfile.TarError, zlib.error)
Resources = Sequence[tuple[str, str]]  # (address, md5) of each archive


def place_of(out: Path | str) -> Path:
    """The folder that the set is downloaded to: beside `out`, since both take much room."""
    return Path(out).parent / ROOT


def fetch_published(
    root: Path,
    resources: Resources | None,
    on_stage: OnStageProgress,
    say: Callable[[str], None],
    **transfer,
) -> tuple[Path, dict[str, list[str]], Resources]:
    """Download the set into `root`, where it is not there yet, and unpack it.

    Returns the folder that holds images/ and annotations/, the names in each split, and what was
    fetched. Archives that are whole are not downloaded again, half of one is gone on with.

    Raises:
        UsageError: torchvision is not installed; an address that is none.
        DownloadError: the network or the server refuses.
        DataError: an archive is not the one that is published (set aside), or not as torchvision
            expects it; torchvision is another one than is known here.
    """
    from condcolor.runtime.devices import torchvision  # slow

    theirs = torchvision.datasets.OxfordIIITPet
    resources = _checked(resources or getattr(theirs, "_RESOURCES", None), torchvision.__version__)
    dataset = type("Pets", (theirs,), {"_RESOURCES": tuple(resources)})
    base = root / BASE
    try:
        base.mkdir(parents=True, exist_ok=True)
        for url, md5 in resources:
            _fetch(url, md5, base / os.path.basename(url), on_stage, say, transfer)
    finally:
        for folder in (base, root):
            with suppress(OSError):  # not empty, as it should be
                folder.rmdir()
    on_stage("unpacking archives", 0, 1)
    named = _unpacked(dataset, root, torchvision.__version__)
    on_stage("unpacking archives", 1, 1)
    return base, named, resources


def _checked(resources: Resources | None, version: str) -> Resources:
    try:
        for url, _md5_of_it in resources:
            check_url(url)
    except (TypeError, ValueError):
        raise _unknown(version, "_RESOURCES") from None
    return resources


def _unknown(version: str, member: str) -> DataError:
    return DataError(
        f"torchvision {version}: its OxfordIIITPet has no {member} as that of 0.28 has: install 0.28, "
        f"or {BY_HAND} and name it"
    )


def _fetch(url: str, md5: str, path: Path, on_stage: OnStageProgress, say, transfer: dict) -> None:
    if path.exists():
        say(f"{shown_name(path.name)} is there already and is not downloaded")
    else:
        on_progress = megabytes(on_stage, f"downloading MB of {shown_name(path.name)}")
        download(url, path, on_progress=on_progress, say=say, **transfer)
    digest = _md5(path, megabytes(on_stage, f"checking MB of {shown_name(path.name)}"))
    if digest != md5:
        fault = f"{shown_name(path)}: its md5 is {digest}, not {md5}: another file, or damaged"
        raise set_aside(path, CorruptError(fault))


def _md5(path: Path, on_progress: Callable[[int, int], None]) -> str:
    digest, done, total = hashlib.md5(usedforsecurity=False), 0, path.stat().st_size
    with open(path, "rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
            done += len(block)
            on_progress(min(done, total), total)
    return digest.hexdigest()


def _unpacked(dataset, root: Path, version: str) -> dict[str, list[str]]:
    """Let the class verify and unpack; the names that it lists for each split.

    It takes folders that are there for whole, so those that a stop left half unpacked go first.
    """
    mark = root / UNPACKING
    if mark.exists():
        shutil.rmtree(root / BASE / ANNOTATIONS, ignore_errors=True)
    mark.touch()
    named = {}
    try:
        for ours, theirs in (("train", "trainval"), ("test", "test")):
            pictures = getattr(dataset(str(root), split=theirs, download=True), "_images", None)
            if pictures is None:
                raise _unknown(version, "_images")
            named[ours] = [Path(picture).stem for picture in pictures]
    except UNFIT as error:
        reason = shown_name(" ".join(str(error).split()))
        raise DataError(
            f"{shown_name(root)}: not as torchvision {version} expects the set to be ({reason}): "
            "remove the folder and run the same again"
        ) from error
    mark.unlink()
    return named
