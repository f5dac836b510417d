"""condcolor evaluate."""

from __future__ import annotations

import json
from pathlib import Path

import click

from condcolor.cli.common import Bar, ModelName, device_option


@click.command()
@click.argument("model", type=ModelName())
@click.argument("data", type=click.Path())
@click.option("--inputs", type=click.IntRange(1), help="At most this many inputs a split.")
@click.option("--network-only", is_flag=True, help="The bare network, its lines not sharpened.")
@click.option("--json", "json_path", help="Also write all figures to this file; - is stdout.")
@device_option
def evaluate(model, data, inputs, network_only, json_path, device) -> None:
    """Measure how MODEL colours the sketches of DATA, per split, beside what needs no model.

    \b
    condcolor evaluate icons data/icons
    condcolor evaluate runs/mine my-sketches --json figures.json
    """
    from condcolor import evaluation
    from condcolor.assessment import assess
    from condcolor.colorizer import Colorizer

    colorizer = Colorizer.load(model, device=device)
    with Bar("evaluating") as bar:
        tables = assess(
            colorizer, Path(data), max_inputs=inputs, network_only=network_only, on_progress=bar
        )
    if json_path:
        text = json.dumps({s: {n: e.to_json() for n, e in t.items()} for s, t in tables.items()})
        if json_path == "-":
            click.echo(text)
            return
        Path(json_path).write_text(text + "\n", encoding="utf-8")
    click.echo(evaluation.__doc__.split("\n\n", 1)[1].strip())
    for split, table in tables.items():
        first = next(iter(table.values()))
        click.echo(f"\n{split}: {first.inputs} inputs, {first.rows} rows")
        for line in _table(table):
            click.echo(line)
        for score in table["model"].attributes:
            for line in _confusion(score):
                click.echo(line)


def _table(table) -> list[str]:
    names = [score.name for score in table["model"].attributes]
    heads = ["", "MSE", "haze", "line F1"]
    for name in names:
        heads += [f"{name} obeyed", "dE", "leakage"]
    rows = [heads]
    for label, e in table.items():
        row = [label, f"{e.mse:.5f}", f"{e.haze:.2f}", f"{e.line_f1:.3f}"]
        for score in e.attributes:
            row += [f"{score.obeyed:.3f}", f"{score.delta_e:.2f}", f"{score.leakage:.4f}"]
        rows.append(row)
    widths = [max(len(row[i]) for row in rows) for i in range(len(heads))]
    return ["  ".join(c.rjust(w) for c, w in zip(row, widths, strict=True)) for row in rows]


def _confusion(score) -> list[str]:
    """Rows asked, columns seen."""
    width = max(len(value) for value in score.values) + 2
    lines = [f"\n{score.name}, asked (rows) and seen (columns):"]
    lines.append(" " * width + "".join(value.rjust(width) for value in score.values))
    for value, counts in zip(score.values, score.confusion, strict=True):
        lines.append(value.rjust(width) + "".join(str(n).rjust(width) for n in counts))
    return lines
