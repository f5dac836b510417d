"""Packages that only some work needs, and how to install them: an error about one says so."""

from __future__ import annotations

from condcolor.errors import UsageError

TRAIN = "train"
# package: the extra of condcolor that brings it; "" for condcolor itself
EXTRAS = {
    **dict.fromkeys(("torch", "torchvision", "safetensors", "onnx", "onnxscript"), TRAIN),
    **dict.fromkeys(("pandas", "matplotlib", "filelock", "jinja2"), TRAIN),
    **dict.fromkeys(("numpy", "PIL", "scipy", "onnxruntime", "tqdm", "starlette", "uvicorn"), ""),
    **dict.fromkeys(("psd_tools", "contourpy"), ""),
}


def not_installed(error: ImportError) -> UsageError | None:
    """Return what to tell a user of a package that is not installed; None for any other import error."""
    package = (error.name or "").partition(".")[0]
    return (
        missing(package) if isinstance(error, ModuleNotFoundError) and package in EXTRAS else None
    )


def missing(package: str, needed_by: str = "") -> UsageError:
    """Return the error for a package of EXTRAS that is not installed.

    needed_by: what needs it, as the beginning of the sentence.
    """
    extra = EXTRAS[package]
    install = f"pip install 'condcolor[{extra}]'" if extra else "pip install condcolor"
    if needed_by:
        return UsageError(f"{needed_by} needs {package}, which is not installed: {install}")
    return UsageError(f"{package} is not installed: {install}")
