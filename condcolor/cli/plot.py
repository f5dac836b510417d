"""condcolor plot."""

from __future__ import annotations

from pathlib import Path

import click

from condcolor.cli.common import overwrite_option
from condcolor.errors import DataError
from condcolor.filetypes import shown_name


@click.command()
@click.argument("run", type=click.Path())
@click.option(
    "-o", "--out", type=click.Path(), help="The plot.  [default: RUN/losses.png, made anew]"
)
@overwrite_option
def plot(run, out, overwrite) -> None:
    """Plot the losses and measures of a training run.

    \b
    condcolor plot runs/icons
    condcolor plot runs/icons -o losses.svg
    """
    from condcolor import plots
    from condcolor.runlog import read_log
    from condcolor.saving import refuse_taken

    if out is not None:
        refuse_taken(out, overwrite)
    quiet_matplotlib()
    path = Path(out) if out else Path(run) / "losses.png"
    try:
        plots.plot_run(read_log(Path(run)), path, title=Path(run).absolute().name)
    except (KeyError, TypeError, AttributeError, UnicodeDecodeError) as error:
        raise DataError(f"{shown_name(run)}: its log.jsonl is damaged ({error!r})") from error
    click.echo(shown_name(path))


def quiet_matplotlib() -> None:
    """Its notes on where it keeps its cache help nobody who wants a plot."""
    import logging

    logging.getLogger("matplotlib").setLevel(logging.ERROR)
