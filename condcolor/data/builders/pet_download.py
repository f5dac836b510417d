"""The published archives of Oxford-IIIT Pet, downloaded and unpacked.

`OxfordIIITPet(download=True)` restarts an interrupted download, and the larger archive has 792 MB, 13 minutes
at 1 MB/s. So `download` puts the archives where the class expects them; the class then verifies their md5 and
unpacks them. The class also defines the archives, the lists and the names in them.
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
BASE = "oxford-iiit-pet"  # folder below its root that torchvision's class uses
BY_HAND = (
    "download images.tar.gz and annotations.tar.gz from https://www.robots.ox.ac.uk/~vgg/data/pets/ "
    "by hand, unpack both in one folder"
)
UNPACKING = "unpacking"  # a file that exists while archives are unpacked, and after a kill
# what the class raises for an unexpected archive or list
UNFIT = (ValueError, RuntimeError, FileNotFoundError, EOFError, tarfile.TarError, zlib.error)
Resources = Sequence[tuple[str, str]]  # (address, md5) of each archive


def place_of(out: Path | str) -> Path:
    """Return the folder that the set is downloaded to, beside `out` on the same disk."""
    return Path(out).parent / ROOT


def fetch_published(
    root: Path,
    resources: Resources | None,
    on_stage: OnStageProgress,
    say: Callable[[str], None],
    **transfer,
) -> tuple[Path, dict[str, list[str]], Resources]:
    """Download the missing archives of the set to `root`, resuming partial ones, and unpack them.

    Returns:
        The folder that holds images/ and annotations/, the names in each split, and the archives.

    Raises:
        UsageError: torchvision is not installed, or an address is invalid.
        DownloadError: the network or the server refuses.
        DataError: an archive is not the published one (it is set aside) or not as torchvision expects it; or
            this release of torchvision lacks what is used here.
    """
    from condcolor.runtime.devices import import_torchvision

    torchvision = import_torchvision()
    base_class, version = torchvision.datasets.OxfordIIITPet, torchvision.__version__
    resources = _checked(resources or getattr(base_class, "_RESOURCES", None), version)
    dataset = type("Pets", (base_class,), {"_RESOURCES": tuple(resources)})
    base = root / BASE
    try:
        base.mkdir(parents=True, exist_ok=True)
        for url, md5 in resources:
            _fetch(url, md5, base / os.path.basename(url), on_stage, say, transfer)
    finally:
        for folder in (base, root):
            with suppress(OSError):  # rmdir removes empty folders only
                folder.rmdir()
    on_stage("unpacking archives", 0, 1)
    names = _unpack(dataset, root, version)
    on_stage("unpacking archives", 1, 1)
    return base, names, resources


def _checked(resources: Resources | None, version: str) -> Resources:
    try:
        if resources is None:
            raise TypeError
        for url, _md5_of_it in resources:
            check_url(url)
    except (TypeError, ValueError):
        raise _lacks(version, "_RESOURCES") from None
    return resources


def _lacks(version: str, member: str) -> DataError:
    return DataError(
        f"torchvision {version}: its OxfordIIITPet has no {member} as that of 0.28 has: install 0.28, "
        f"or {BY_HAND} and name it"
    )


def _fetch(
    url: str,
    md5: str,
    path: Path,
    on_stage: OnStageProgress,
    say: Callable[[str], None],
    transfer: dict,
) -> None:
    """Download an archive unless it exists, and verify its md5; a wrong one is set aside."""
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
    digest, size, total = hashlib.md5(usedforsecurity=False), 0, path.stat().st_size
    with open(path, "rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
            size += len(block)
            on_progress(min(size, total), total)
    return digest.hexdigest()


def _unpack(dataset: Callable[..., object], root: Path, version: str) -> dict[str, list[str]]:
    """Verify and unpack the archives by torchvision's class; return the names in each split.

    The class does not unpack a folder that exists, so one that was unpacked in part is removed first.
    """
    mark = root / UNPACKING
    if mark.exists():
        shutil.rmtree(root / BASE / ANNOTATIONS, ignore_errors=True)
    mark.touch()
    names = {}
    try:
        for split, published in (("train", "trainval"), ("test", "test")):
            pictures = getattr(dataset(str(root), split=published, download=True), "_images", None)
            if pictures is None:
                raise _lacks(version, "_images")
            names[split] = [Path(picture).stem for picture in pictures]
    except UNFIT as error:
        reason = shown_name(" ".join(str(error).split()))
        raise DataError(
            f"{shown_name(root)}: not as torchvision {version} expects the set to be ({reason}): "
            "remove the folder and run the same again"
        ) from error
    mark.unlink()
    return names
