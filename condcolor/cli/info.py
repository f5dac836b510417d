"""condcolor info."""

from __future__ import annotations

import click

from condcolor.attributes import format_hex
from condcolor.cli.common import ModelName
from condcolor.modelfolder import WEIGHTS, built_in_models, find_model, read_config, schema_of


@click.command()
@click.argument("model", type=ModelName(), required=False)
def info(model) -> None:
    """Say what MODEL is: its attributes, colours, training and measures. Without MODEL, list them.

    \b
    condcolor info
    condcolor info icons
    """
    if model is None:
        for name in built_in_models():
            config = read_config(find_model(name))
            names = ", ".join(schema_of(find_model(name), config).names) or "no attributes"
            click.echo(f"{name}: recipe {config['recipe']}; {names}; {config['image_size']} px")
        return
    folder = find_model(model)
    config = read_config(folder)
    weights = folder / WEIGHTS
    size = f"{weights.stat().st_size / 1e6:.1f} MB" if weights.is_file() else "missing"
    click.echo(f"model     {folder}")
    click.echo(f"recipe    {config['recipe']}, {config['image_size']} px, weights {size}")
    click.echo(f"licence   {config.get('licence', 'not stated')}")
    network = ", ".join(f"{k} {v}" for k, v in config["model"].items())
    click.echo(f"network   {network}")
    for attribute in schema_of(folder, config).attributes:
        colors = (format_hex(c) if c else "colour unknown" for c in attribute.palette)
        values = ", ".join(f"{v} {c}" for v, c in zip(attribute.values, colors, strict=True))
        click.echo(f"--{attribute.name.replace('_', '-'):<8}{values}")
    training = config.get("training") or {}
    shown = ("epoch", "steps", "pictures", "minutes", "device", "precision", "note")
    click.echo("training  " + ", ".join(f"{k} {training[k]}" for k in shown if k in training))
    metrics = config.get("metrics") or {}
    if metrics.get("mse") is not None:
        click.echo(f"measures  test MSE {metrics['mse']:.5f}, haze {metrics['haze'] or 0:.2f}")
    for score in metrics.get("attributes", ()):
        if score["obeyed"] is not None:
            click.echo(
                f"          {score['name']}: obeyed {score['obeyed']:.3f}, dE {score['delta_e']:.2f}, "
                f"leakage {score['leakage']:.4f}"
            )
    card = folder / "card.md"
    if card.is_file():
        click.echo(f"card      {card}")
