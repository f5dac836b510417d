"""condcolor data icons, condcolor data check."""

from __future__ import annotations

from pathlib import Path

import click

from condcolor.cli.common import Bar
from condcolor.errors import DataError


@click.group()
def data() -> None:
    """Draw data to train on, and check data of your own."""


@data.command()
@click.argument("out", type=click.Path())
@click.option("--characters", default=100, show_default=True, help="How many characters.")
@click.option("--seed", default=0, show_default=True, help="The same seed draws the same.")
@click.option("--kit", "kits", multiple=True, help="Only this avatar kit; may be repeated.")
@click.option("--size", default=256, show_default=True, help="Pixels a side.")
@click.option("--colorings", type=int, help="Random colourings a character.  [default: all 25]")
@click.option("--line-width", default=1.0, show_default=True, help="Times the kit's own.")
@click.option("--shading", is_flag=True, help="Keep the kit's shades and highlights.")
@click.option("--framing", default="portrait", show_default=True, help="portrait, close or wide")
@click.option("--skin", default="#fbd3c0", show_default=True, help="Skin colour.")
@click.option("--vary", is_flag=True, help="Vary lines, framing, tilt and side by character.")
@click.option("--held-out", is_flag=True, help="Only hair shapes that are never drawn otherwise.")
def icons(out, kits, **options) -> None:
    """Draw characters from avatar kits: sketches, coloured targets, part masks, metadata.csv.

    \b
    condcolor data icons icons/train --characters 10
    condcolor data icons icons/test --characters 4 --held-out
    condcolor data icons many --characters 3000 --vary --colorings 1

    Needs the icons extra: pip install 'condcolor[icons]'
    """
    from condcolor.sources.icons import draw_icons

    with Bar("drawing") as bar:
        rows = draw_icons(Path(out), kits=kits or None, on_progress=bar, **options)
    click.echo(f"{rows} pictures of {options['characters']} characters in {out}")


@data.command()
@click.argument("path", type=click.Path())
@click.option("--shared-values", is_flag=True, help="Every attribute may have the values of all.")
@click.option("--no-targets", is_flag=True, help="There are no outputs, only inputs to colour.")
def check(path, shared_values, no_targets) -> None:
    """List every problem of a data set at once, and how its values are balanced.

    \b
    condcolor data check my-sketches
    """
    from condcolor.inspection import inspect

    with Bar("checking") as bar:
        found = inspect(
            Path(path),
            require_target=not no_targets,
            vocabulary="shared" if shared_values else "own",
            on_progress=bar,
        )
    click.echo(", ".join(f"{count} {what}" for what, count in found.counts.items()))
    for table in found.balance:
        click.echo(f"\n{table.split or 'all'}: {table.rows} rows, {table.characters} characters")
        for name, values in table.values.items():
            click.echo(f"  {name}: " + ", ".join(f"{v} {n}" for v, n in values.items()))
        most, least = max(table.combinations.values()), min(table.combinations.values())
        click.echo(
            f"  combinations: {len(table.combinations)} present, {table.absent} absent, "
            f"{least} to {most} rows each"
        )
    for note in found.notes:
        click.echo(f"note: {note}")
    if found.problems:
        count = "1 problem" if len(found.problems) == 1 else f"{len(found.problems)} problems"
        raise DataError(f"{path}: {count}", found.problems)
    click.echo("no problems")
