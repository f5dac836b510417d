"""The commands `info` and `export`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import click

from condcolor.cli.colorize import colorize
from condcolor.cli.options import ModelName, overwrite_option
from condcolor.conditions.colors import format_hex
from condcolor.conditions.schema import AttributeSchema
from condcolor.errors import CheckpointError, UsageError
from condcolor.evaluation.measures import MEASURES, Measure, of_group
from condcolor.models.model_folder import (
    CARD,
    WEIGHTS,
    built_in_models,
    find_model,
    is_onnx,
    read_config,
    read_onnx,
    schema_of,
)
from condcolor.runtime.messages import shown_name

TRAINING_KEYS = (
    "epoch",
    "steps",
    "pictures",
    "minutes",
    "device",
    "precision",
    "note",
)  # of the training


@click.command()
@click.argument("model", type=ModelName(), required=False)
def info(model) -> None:
    """Say what a model is: its attributes, training, measures.

    Without MODEL, list the built-in models.

    \b
    condcolor info
    condcolor info icons
    condcolor info runs/mine
    condcolor info icons.onnx
    """
    if model is not None:
        for line in _described(find_model(model)):
            click.echo(line)
        return
    for name in built_in_models():
        folder = find_model(name)
        config = read_config(folder)
        names = ", ".join(schema_of(folder, config).names) or "no attributes"
        click.echo(f"{name}: recipe {config['recipe']}; {names}; {config['image_size']} px")
    if not built_in_models():
        click.echo("no built-in model is installed; name a model folder", err=True)


def _described(folder: Path) -> list[str]:
    config = read_config(folder)
    schema = schema_of(folder, config)
    try:
        rows = [
            ("model", str(folder)),
            ("recipe", f"{config['recipe']}, {config['image_size']} px, {_weights(folder)}"),
            ("licence", str(config.get("licence", "not stated"))),
            ("network", _pairs(config["model"], config["model"])),
            *_options(schema),
            *([("--vivid", f"{config['vivid']:g}")] if config.get("vivid", 1) != 1 else []),
            ("training", _pairs(config.get("training") or {}, TRAINING_KEYS) or "nothing said"),
            *_measures(config.get("metrics") or {}),
        ]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise CheckpointError(f"{shown_name(folder)}: damaged ({error!r})") from error
    if card := _card(folder):
        rows.append(("card", card))
    width = max(len(head) for head, _ in rows) + 2
    return [f"{head:<{width}}{shown_name(text)}" for head, text in rows]


def _card(model: Path) -> str:
    """Where the model's card is; nowhere is an empty string."""
    if is_onnx(model):
        return f"{CARD} in its metadata" if CARD in read_onnx(model).properties else ""
    return str(model / "card.md") if (model / "card.md").is_file() else ""


def _weights(model: Path) -> str:
    path = model if is_onnx(model) else model / WEIGHTS
    return f"weights {path.stat().st_size / 1e6:.1f} MB" if path.is_file() else "weights missing"


def _pairs(values: Mapping[str, object], names) -> str:
    return ", ".join(f"{name} {values[name]}" for name in names if name in values)


def _options(schema: AttributeSchema) -> list[tuple[str, str]]:
    """Each attribute as `colorize` asks for it, with the colours of its values."""
    rows = []
    for attribute, option in zip(
        schema.attributes, colorize.options_of(schema.attributes), strict=True
    ):
        colors = [f" {format_hex(color)}" if color else "" for color in attribute.palette]
        values = zip(attribute.values, colors, strict=True)
        rows.append((option.opts[0], ", ".join(value + color for value, color in values)))
    return rows


def _measures(metrics: Mapping) -> list[tuple[str, str]]:
    """Return rows of the kept model's test: its main measures, and those of each attribute."""
    if not metrics:
        return []
    keys = [key for m in MEASURES.values() if m.main for key in (m.key, m.reference)]
    rows = [("measures", "test " + _listed((MEASURES[k] for k in keys if k in metrics), metrics))]
    for score in metrics.get("attributes", ()):
        rows.append(("", f"{score['name']}: {_listed(of_group('attribute'), score)}"))
    return rows


def _listed(measures: Iterable[Measure], figures: Mapping) -> str:
    return ", ".join(f"{m.label} {m.text(figures[m.key])}" for m in measures)


@click.command()
@click.argument("model", type=ModelName())
@click.option(
    "--onnx",
    "path",
    required=True,
    type=click.Path(),
    metavar="FILE",
    help="The file to write, which ends in .onnx.",
)
@click.option(
    "--half",
    is_flag=True,
    help="Store the weights as float16: half the size, for the web; colours may differ by a little.",
)
@overwrite_option
def export(model, path, half, overwrite) -> None:
    """Write a model to one file that needs no torch.

    The file colours with ONNX Runtime: as the --model of colorize, variants and info, or in a browser
    (examples/browser). It is compared with torch first, and not written where the two differ. Needs the
    onnx extra: pip install 'condcolor[onnx]'

    \b
    condcolor export icons --onnx icons.onnx
    condcolor export runs/mine --onnx mine.onnx --half
    """
    if not path:
        raise UsageError("the name of the file is empty: name a new one")

    from condcolor.inference.onnx_export import export_onnx

    file = export_onnx(model, path, half=half, overwrite=overwrite)
    click.echo(
        f"{shown_name(path)}: {file.size / 1e6:.1f} MB; on {file.pictures} pictures at most "
        f"{file.difference:.1e} of 1 from torch, at full size {file.off_by} of 255"
    )
