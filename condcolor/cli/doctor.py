"""condcolor doctor."""

from __future__ import annotations

import platform
import time
from importlib import metadata

import click

from condcolor.errors import CondcolorError, SomeFailed

PACKAGES = ("torch", "numpy", "pillow", "click", "matplotlib", "tqdm", "safetensors")
EXTRAS = {"icons": ("dicebear-core", "dicebear-styles", "resvg-py")}


@click.command()
def doctor() -> None:
    """Check the installation: packages, device, built-in models, and one coloured picture.

    \b
    condcolor doctor
    """
    failed = 0
    click.echo(f"python    {platform.python_version()} on {platform.platform()}")
    for name in PACKAGES:
        version = _version(name)
        failed += version is None
        click.echo(f"{name:<10}{version or 'MISSING: pip install condcolor'}")
    for extra, names in EXTRAS.items():
        missing = [name for name in names if _version(name) is None]
        text = f"not installed (pip install 'condcolor[{extra}]')" if missing else "installed"
        click.echo(f"[{extra}]   {text}")

    import torch
    from PIL import Image

    from condcolor.colorizer import Colorizer
    from condcolor.devices import has_bf16, pick_device
    from condcolor.modelfolder import built_in_models

    device = pick_device()
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else platform.machine()
    precision = "bf16" if has_bf16(device) else "fp32"
    click.echo(f"device    {device.type} ({name}), {torch.get_num_threads()} threads, {precision}")
    for model in built_in_models():
        try:
            started = time.perf_counter()
            colorizer = Colorizer.load(model)
            loaded = time.perf_counter()
            values = next(colorizer.schema.combinations())
            colorizer(Image.new("RGB", (256, 256), "white"), **values)
            seconds = time.perf_counter() - loaded
            click.echo(
                f"model     {model}: loads in {loaded - started:.2f} s, colours in {seconds:.2f} s"
            )
        except CondcolorError as error:
            failed += 1
            click.echo(f"model     {model}: {error}")
    if failed:
        raise SomeFailed(f"{failed} checks failed; they are named above")
    click.echo("all is well")


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
