"""The command `adapt`."""

from __future__ import annotations

import shlex

import click

from condcolor.cli.options import ModelName, device_option
from condcolor.cli.progress import Progress, TrainingProgress
from condcolor.errors import UsageError
from condcolor.runtime.messages import counted, shown_name
from condcolor.runtime.process import keep_memory, memory_advice


@click.command()
@click.argument("model", type=ModelName())
@click.argument("data", type=click.Path())
@click.option("-o", "--out", required=True, type=click.Path(), help="The new model's folder.")
@click.option(
    "--minutes",
    type=click.FloatRange(0, 600, min_open=True),
    default=5.0,
    show_default=True,
    help="How long all of it takes.",
)
@device_option
def adapt(model: str, data: str, out: str, minutes: float, device: str | None) -> None:
    """Teach a model the style of a few drawings of yours.

    MODEL is one that finds parts, such as icons; DATA is a folder of 3 to 10 drawings with flat colourings
    and a metadata.csv, whose attributes MODEL has. The new model knows the same parts and attributes, finds
    them in such drawings, too, and keeps what it knew of others.

    \b
    condcolor adapt icons my-style -o my-icons
    condcolor adapt runs/my-icons more-drawings -o my-icons-2 --minutes 2
    """
    if not data or not out:
        raise UsageError("the name of the data or of the new model is empty")
    from condcolor.training import adapt as training

    keep_memory()
    with (
        memory_advice("close other programs, or use a machine with more memory"),
        Progress("adapting") as progress,
    ):
        adapted = training.adapt(
            model, data, out, minutes=minutes, device=device, callbacks=TrainingProgress(progress)
        )
    before, after = (f"{100 * share:.1f} %" for share in adapted.agreed)
    click.echo(
        f"{counted(adapted.drawings, 'drawing')}, {counted(adapted.steps, 'step')}: {after} of their pixels "
        f"get the right part, {before} before; they taught it, so look at others of yours"
    )
    click.echo(
        f"other styles: {100 * adapted.kept:.1f} % of the pixels of drawings that {shown_name(model)} knew "
        "get the part that they had"
    )
    new = shlex.quote(shown_name(out))
    click.echo(f"model: {new}")
    click.echo(f"try it: condcolor variants SKETCH --model {new} -o sheet.png")
