"""The command `python -m benchmarks.speed`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from condcolor.cli.errors import run
from condcolor.cli.options import device_option, overwrite_option
from condcolor.cli.progress import Progress

TEXTBOOK = "benchmarks/speed/textbook.py"  # taken where the current folder has it
QUICK = {"recipes": ("icons",), "seconds": 1.0, "turns": 2, "runs": 1}


class Listed(click.ParamType):
    """Words or numbers with commas between."""

    def __init__(self, of: type = str):
        self.of, self.name = click.types.convert_type(of), of.__name__

    def convert(self, value, param, ctx):
        if isinstance(value, tuple):
            return value
        return tuple(self.of.convert(part.strip(), param, ctx) for part in value.split(","))


class Benchmark(click.Command):
    """A command that ends as those of `condcolor` do: with one line and an exit code."""

    def main(self, args=None, prog_name=None, **extra):
        arguments = list(sys.argv[1:] if args is None else args)

        def work():
            with self.make_context("python -m benchmarks.speed", arguments, **extra) as ctx:
                self.invoke(ctx)

        sys.exit(run(work, debug=False))


@click.command(cls=Benchmark)
@click.option(
    "--what",
    type=Listed(),
    metavar="NAMES",
    default="all",
    show_default=True,
    help="Some of training, inference, data, commands; or all.",
)
@click.option(
    "--recipe",
    "recipes",
    type=Listed(),
    metavar="NAMES",
    help="Some of icons, photo, pets.  [default: icons, and photo but for training]",
)
@device_option
@click.option(
    "--batch",
    "batches",
    type=Listed(int),
    metavar="NUMBERS",
    help="Pictures at a time.  [default: the recipe's in training, 16 and 1 in inference]",
)
@click.option(
    "--precision",
    "precisions",
    type=Listed(),
    metavar="NAMES",
    help="Some of fp32, bf16.  [default: the device's best]",
)
@click.option(
    "--width",
    "widths",
    type=Listed(int),
    metavar="NUMBERS",
    help="Base channels, such as 64,32.  [default: the recipe's]",
)
@click.option("--size", type=int, help="Pixels a side.  [default: the recipe's]")
@click.option("--seconds", type=float, help="Of a measurement; long steps take more.  [default: 2]")
@click.option("--quick", is_flag=True, help="The recipe icons alone, in fewer turns: half as long.")
@click.option(
    "--textbook",
    type=click.Path(),
    metavar="FILE",
    help=f"Code to be held against.  [default: {TEXTBOOK}, where the folder has it]",
)
@click.option("--data", type=click.Path(), metavar="FOLDER", help="Photographs, for drawn ones.")
@click.option(
    "--json",
    "json_path",
    type=click.Path(),
    help="Also write all figures to this file; - prints them alone.",
)
@click.option("--markdown", is_flag=True, help="Print the tables as Markdown.")
@overwrite_option
def bench(what, quick, textbook, data, json_path, markdown, overwrite, **told) -> None:
    """Measure how fast this machine trains and colours.

    Training, inference and the data path, in pictures a second, by turns with what ordinary code does,
    and against the machine's own rate of matrix products; then whole commands from cold. Takes about
    three minutes on two cores. Let the machine do nothing else meanwhile.

    \b
    python -m benchmarks.speed
    python -m benchmarks.speed --quick --json figures.json
    python -m benchmarks.speed --what inference --recipe photo --batch 1,16 --precision fp32,bf16
    """
    from condcolor.runtime.files import refuse_taken, write_whole

    if json_path not in (None, "-"):
        refuse_taken(json_path, overwrite)

    from benchmarks.speed.report import lines
    from benchmarks.speed.settings import WHAT, Settings
    from benchmarks.speed.suite import measure

    chosen = {name: value for name, value in told.items() if value is not None}
    if textbook is None and Path(TEXTBOOK).is_file():
        textbook = TEXTBOOK
    settings = Settings(
        **{**(QUICK if quick else {}), **chosen},
        what=WHAT if "all" in what else what,
        textbook=Path(textbook) if textbook else None,
        data=Path(data) if data else None,
    )
    if textbook is None:
        click.echo(
            f"note: no {TEXTBOOK} here (or --textbook FILE): nothing to compare with", err=True
        )
    with Progress("measuring") as progress:
        report = measure(settings, progress)
    figures = report.to_json()
    if json_path == "-":
        click.echo(json.dumps(figures))
        return
    if json_path is not None:
        write_whole(json_path, (json.dumps(figures, indent=1) + "\n").encode(), overwrite=overwrite)
    for line in lines(report, markdown=markdown):
        click.echo(line)
