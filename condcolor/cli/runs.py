"""The commands `plot`, `report`."""

from __future__ import annotations

from pathlib import Path

import click

from condcolor.cli.options import device_option, overwrite_option
from condcolor.cli.progress import Progress
from condcolor.errors import UsageError
from condcolor.runtime.messages import shown_name


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
    from condcolor.runs import plots
    from condcolor.runs.log import read_log
    from condcolor.runtime.files import refuse_taken

    if out is not None:
        refuse_taken(out, overwrite)
    quiet_matplotlib()
    path = Path(out) if out else Path(run) / "losses.png"
    log = read_log(Path(run), lambda note: click.echo(f"note: {note}", err=True))
    plots.plot_run(log, path, title=shown_name(Path(run).absolute().name))
    click.echo(shown_name(path))


def quiet_matplotlib() -> None:
    """Silence matplotlib's log messages, which are about its cache."""
    import logging

    logging.getLogger("matplotlib").setLevel(logging.ERROR)


@click.command()
@click.argument("run", type=click.Path())
@click.option(
    "-o", "--out", type=click.Path(), help="The page.  [default: RUN/report.html, made anew]"
)
@click.option(
    "--evaluate",
    is_flag=True,
    help="Measure the kept model beside baselines, too, on the run's data: a minute or more.",
)
@click.option("--inputs", type=click.IntRange(1), help="With --evaluate: at most so many a split.")
@click.option(
    "--tensorboard",
    type=click.Path(),
    metavar="FOLDER",
    help="Also write the run's log and samples as TensorBoard's events.",
)
@overwrite_option
@device_option
def report(run, out, evaluate, inputs, tensorboard, overwrite, device) -> None:
    """Tell all of a training run in one HTML file.

    Curves, samples, measures, settings and what to do next, in a page that needs nothing else: it can be
    sent, printed, and opened anywhere. `train` and `resume` leave one at their end.

    \b
    condcolor report runs/icons
    condcolor report runs/icons --evaluate -o icons.html
    condcolor report runs/icons --tensorboard events/icons
    """
    if not run:
        raise UsageError("the name of the run folder is empty")
    if inputs and not evaluate:
        raise UsageError("--inputs is for --evaluate")

    from condcolor.runs.folder import RunFolder
    from condcolor.runs.report import check_place, measure_kept, write_report
    from condcolor.runs.tensorboard import check_folder, write_events

    if out is not None:
        check_place(out, overwrite)
    if tensorboard is not None:
        check_folder(tensorboard, overwrite)
    folder, tables = RunFolder.read(run), None
    if evaluate:
        with Progress("evaluating") as progress:
            tables = measure_kept(
                folder,
                device=device,
                max_inputs=inputs,
                on_progress=progress,
                on_skip=lambda reason: progress.say(f"left out: {reason}", err=True),
            )
    if tensorboard is not None:
        click.echo(shown_name(write_events(folder, tensorboard, overwrite=overwrite)))
    click.echo(shown_name(write_report(folder, out, tables=tables, overwrite=overwrite)))
