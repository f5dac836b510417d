"""condcolor evaluate."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from condcolor.cli.common import ModelName, device_option, overwrite_option
from condcolor.cli.progress import Progress

if TYPE_CHECKING:
    from condcolor.evaluation import AttributeScore, Evaluation


@click.command()
@click.argument("model", type=ModelName())
@click.argument("data", type=click.Path())
@click.option("--inputs", type=click.IntRange(1), help="At most this many inputs a split.")
@click.option("--network-only", is_flag=True, help="The bare network, its lines not sharpened.")
@click.option(
    "--json",
    "json_path",
    type=click.Path(),
    help="Also write all figures to this file; - prints them alone.",
)
@overwrite_option
@device_option
def evaluate(model, data, inputs, network_only, json_path, overwrite, device) -> None:
    """Measure how a model colours a data set.

    Per split, beside two ways that need no model: a flat fill, and the sketch as it is.

    \b
    condcolor evaluate icons data/icons
    condcolor evaluate runs/mine my-sketches --json figures.json
    """
    from condcolor.saving import refuse_taken, write_whole

    if json_path not in (None, "-"):
        refuse_taken(json_path, overwrite)

    from condcolor import evaluation
    from condcolor.assessment import assess
    from condcolor.colorizer import Colorizer

    with Progress("evaluating") as progress:
        tables = assess(
            Colorizer.load(model, device=device),
            Path(data),
            max_inputs=inputs,
            network_only=network_only,
            on_progress=progress,
        )
    figures = {s: {n: e.to_json() for n, e in table.items()} for s, table in tables.items()}
    if json_path == "-":
        click.echo(json.dumps(figures))
        return
    if json_path is not None:
        write_whole(json_path, (json.dumps(figures) + "\n").encode(), overwrite=overwrite)
    click.echo((evaluation.__doc__ or "").partition("\n\n")[2].strip())
    for split, table in tables.items():
        measured = table["model"]
        click.echo(f"\n{split}: {measured.inputs} inputs, {measured.rows} rows")
        for line in _table(table):
            click.echo(line)
        for score in measured.attributes:
            for line in _confusion(score):
                click.echo(line)


def _table(table: Mapping[str, Evaluation]) -> list[str]:
    """A row a way of colouring, the figures in columns."""
    heads = ["", "MSE", "haze", "line F1"]
    for score in table["model"].attributes:
        heads += [f"{score.name} obeyed", "dE", "leakage"]
    rows = [heads]
    for label, e in table.items():
        row = [label, f"{e.mse:.5f}", f"{e.haze:.2f}", f"{e.line_f1:.3f}"]
        for score in e.attributes:
            row += [f"{score.obeyed:.3f}", f"{score.delta_e:.2f}", f"{score.leakage:.4f}"]
        rows.append(row)
    widths = [max(len(row[i]) for row in rows) for i in range(len(heads))]
    return ["  ".join(c.rjust(w) for c, w in zip(row, widths, strict=True)) for row in rows]


def _confusion(score: AttributeScore) -> list[str]:
    """Rows asked, columns seen."""
    width = max(len(value) for value in score.values) + 2
    lines = [f"\n{score.name}, asked (rows) and seen (columns):"]
    lines.append(" " * width + "".join(value.rjust(width) for value in score.values))
    for value, counts in zip(score.values, score.confusion, strict=True):
        lines.append(value.rjust(width) + "".join(str(n).rjust(width) for n in counts))
    return lines
