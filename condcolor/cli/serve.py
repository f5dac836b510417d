"""The command `serve`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from condcolor.cli.errors import Terminated, leave
from condcolor.cli.options import ModelName, device_option, engine_option
from condcolor.errors import UsageError
from condcolor.runtime.messages import counted, shown_name

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from condcolor.inference.colorizer import Colorizer
    from condcolor.models.model_folder import ModelInfo

    Load = Callable[[str | ModelInfo], Colorizer]


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
@engine_option
@click.option(
    "--review",
    type=click.Path(),
    metavar="FOLDER",
    help="Go through the pictures in doubt of FOLDER, the output of condcolor colorize --check.",
)
@click.option("--open", "opens", is_flag=True, help="Open the page in a browser.")
def serve(
    host: str,
    port: int,
    models: tuple[str, ...],
    device: str | None,
    engine: str,
    review: str | None,
    opens: bool,
) -> None:
    """Serve a page to colour pictures in a browser.

    Drop a sketch, click colours, take the picture or its layers home. The page comes from this machine
    alone, and what is dropped on it stays there. /openapi.json describes the interface behind it.

    With --review it shows the pictures of a coloured folder whose parts are in doubt, one after another.
    Corrections are saved as x.parts.json beside each sketch, and the picture is coloured again.

    \b
    condcolor serve --open
    condcolor serve --model runs/mine --port 9000
    condcolor serve --review colored/ --open
    """
    from condcolor.inference.colorizer import Colorizer
    from condcolor.web import server
    from condcolor.web.store import is_computing

    load = partial(Colorizer.load, device=device, engine=engine)
    with server.listen(host, port) as sock:
        if review is not None:
            app = _make_review(review, models, load, is_local=server.is_loopback(sock))
        else:
            app = _make_app(models, load, host, any_address=server.is_wildcard(sock))
        if app is None:
            return
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


def _make_app(models: Sequence[str], load: Load, host: str, *, any_address: bool) -> ASGIApp:
    """Make the app with all models loaded, those of --model first."""
    import socket

    from condcolor.models.model_folder import built_in_models
    from condcolor.web.app import make_app

    loaded = {}
    for model in dict.fromkeys((*models, *built_in_models())):
        name = shown_name(Path(model).resolve().name) if Path(model).is_dir() else model
        if name in loaded:  # two folders of one name
            name = next(n for i in range(2, 99) if (n := f"{name}-{i}") not in loaded)
        loaded[name] = load(model)
    hosts = {host, socket.gethostname()} if any_address else {host}
    return make_app(loaded, hosts=hosts, any_address=any_address)


def _make_review(
    folder: str, models: Sequence[str], load: Load, *, is_local: bool
) -> ASGIApp | None:
    """Make the app of a review, with the model of the folder alone; None where nothing is in doubt.

    Raises:
        UsageError: the folder cannot be reviewed.
    """
    from condcolor.batch.review import ReviewFolder, model_of
    from condcolor.models.model_folder import read_model_info
    from condcolor.web.app import make_app

    if not is_local:
        raise UsageError("--review writes to your files: it is for this machine, without --host")
    if len(models) > 1:
        raise UsageError("--review takes one model, by default that of the folder")
    info = read_model_info(models[0] if models else model_of(folder))
    review = ReviewFolder(folder, info)
    for line in review.left_out:
        click.echo(f"left out: {line}", err=True)
    if not review.pictures:
        click.echo(f"{shown_name(folder)}: no picture is in doubt")
        return None
    click.echo(f"{shown_name(folder)}: {counted(len(review.pictures), 'picture')} in doubt")
    name = shown_name(Path(info.name).name)
    return make_app({name: load(info)}, review=review)
