"""The command `serve`."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import click

from condcolor.cli.errors import Terminated, leave
from condcolor.cli.options import ModelName, device_option
from condcolor.errors import UsageError
from condcolor.runtime.messages import shown_name

if TYPE_CHECKING:
    from starlette.types import ASGIApp

NEEDED = ("starlette", "uvicorn")


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Where to listen.")
@click.option(
    "--port",
    default=8750,
    show_default=True,
    type=click.IntRange(0, 65535),
    help="0 is any that is free.",
)
@click.option(
    "-m",
    "--model",
    "models",
    multiple=True,
    type=ModelName(),
    help="A model to begin with, besides the built-in ones. Repeatable.",
)
@device_option
@click.option("--open", "opens", is_flag=True, help="Open the page in a browser.")
def serve(host: str, port: int, models: tuple[str, ...], device: str | None, opens: bool) -> None:
    """Serve a page to colour pictures in a browser.

    Drop a sketch, click colours, take the picture or its layers home. The page comes from this machine
    alone, and what is dropped on it stays there. /openapi.json describes the interface behind it.

    \b
    condcolor serve --open
    condcolor serve --model runs/mine --port 9000
    """
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        verb = "is" if len(missing) == 1 else "are"
        raise UsageError(f"{' and '.join(missing)} {verb} missing: pip install 'condcolor[web]'")
    from condcolor.web import server
    from condcolor.web.store import is_computing

    with server.listen(host, port) as sock:
        app = _make_app(models, device, host, any_address=server.is_wildcard(sock))
        url = server.url_of(sock)

        def ready() -> None:
            click.echo(f"condcolor is at {url} (Ctrl-C ends it)")
            if not server.is_loopback(sock):
                note = "note: whoever reaches this machine over the network can use the page, too"
                click.echo(note, err=True)
            if opens:
                click.launch(url)

        try:
            server.run(app, sock, on_ready=ready)
        except (KeyboardInterrupt, Terminated) as stopped:
            if (
                is_computing()
            ):  # a thread in the midst of C++ would abort the end of the interpreter
                leave(stopped)
            raise


def _make_app(
    models: Sequence[str], device: str | None, host: str, *, any_address: bool
) -> ASGIApp:
    """Make the app with all models loaded, those of --model first."""
    import socket

    from condcolor.inference.colorizer import Colorizer
    from condcolor.models.model_folder import built_in_models
    from condcolor.web.app import make_app

    loaded = {}
    for model in dict.fromkeys((*models, *built_in_models())):
        name = shown_name(Path(model).resolve().name) if Path(model).is_dir() else model
        if name in loaded:  # two folders of one name
            name = next(n for i in range(2, 99) if (n := f"{name}-{i}") not in loaded)
        loaded[name] = Colorizer.load(model, device=device)
    hosts = {host, socket.gethostname()} if any_address else {host}
    return make_app(loaded, hosts=hosts, any_address=any_address)
