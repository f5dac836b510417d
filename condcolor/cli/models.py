"""The commands `info`, `export`."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import click

from condcolor.cli.colorize import colorize
from condcolor.cli.options import ModelName, overwrite_option
from condcolor.conditions.colors import format_hex
from condcolor.conditions.schema import AttributeSchema
from condcolor.errors import CheckpointError, UsageError
from condcolor.evaluation.measures import MEASURES, Measure, of_group
from condcolor.inference.engine import pick_engine
from condcolor.models.model_folder import GRAPH_FILE, ModelInfo, built_in_models, read_model_info
from condcolor.runtime.messages import shown_name

# keys of a config's "training" that `info` shows
TRAINING_KEYS = ("epoch", "steps", "pictures", "minutes", "device", "precision", "note")


@click.command()
@click.argument("model", type=ModelName(), required=False)
def info(model: str | None) -> None:
    """Say what a model is: its attributes, training, measures.

    Without MODEL, list the built-in models.

    \b
    condcolor info
    condcolor info icons
    condcolor info runs/mine
    condcolor info icons.onnx
    """
    if model is not None:
        for line in _description(read_model_info(model)):
            click.echo(line)
        return
    for name in built_in_models():
        info = read_model_info(name)
        names = ", ".join(info.schema.names) or "no attributes"
        click.echo(f"{name}: recipe {info.recipe}; {names}; {info.image_size} px")
    if not built_in_models():
        click.echo("no built-in model is installed; name a model folder", err=True)


def _description(info: ModelInfo) -> list[str]:
    """Return a line for each property of a model.

    Raises:
        CheckpointError: its config is damaged.
    """
    config = info.config
    try:
        rows = [
            ("model", str(info.path)),
            ("recipe", f"{info.recipe}, {info.image_size} px, {_weights(info)}"),
            ("engine", _engine(info)),
            ("licence", str(config.get("licence", "not stated"))),
            ("network", _pairs(config["model"], config["model"])),
            *_options(info.schema),
            *([("--vivid", f"{info.vivid:g}")] if info.vivid != 1 else []),
            ("training", _pairs(config.get("training") or {}, TRAINING_KEYS) or "nothing said"),
            *_measures(config.get("metrics") or {}),
        ]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise CheckpointError(f"{shown_name(info.path)}: damaged ({error!r})") from error
    if info.card:
        rows.append(("card", info.card))
    width = max(len(head) for head, _ in rows) + 2
    return [f"{head:<{width}}{shown_name(text)}" for head, text in rows]


def _weights(info: ModelInfo) -> str:
    path = info.weights
    return f"weights {path.stat().st_size / 1e6:.1f} MB" if path.is_file() else "weights missing"


def _engine(info: ModelInfo) -> str:
    """Return what runs one picture on this machine; a problem where nothing can."""
    try:
        return str(pick_engine(info))
    except UsageError as error:
        return str(error)


def _pairs(values: Mapping[str, object], names: Iterable[str]) -> str:
    return ", ".join(f"{name} {values[name]}" for name in names if name in values)


def _options(schema: AttributeSchema) -> list[tuple[str, str]]:
    """Return the option of `colorize` for each attribute, and its values with their colors."""
    rows = []
    for attribute, option in zip(
        schema.attributes, colorize.options_of(schema.attributes), strict=True
    ):
        colors = [f" {format_hex(color)}" if color else "" for color in attribute.palette]
        values = zip(attribute.values, colors, strict=True)
        rows.append((option.opts[0], ", ".join(value + color for value, color in values)))
    return rows


def _measures(metrics: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return rows of the kept model's test: its main measures, and those of each attribute."""
    if not metrics:
        return []
    keys = [key for m in MEASURES.values() if m.main for key in (m.key, m.reference) if key]
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
    type=click.Path(),
    metavar="FILE",
    help="The file to write, which ends in .onnx.",
)
@click.option(
    "--page",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="The folder to write: a page that colours drawings in the browser.",
)
@click.option(
    "--vendor",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="With --page: a folder that holds onnxruntime-web; else it is downloaded from npm (20 MB).",
)
@click.option(
    "--half",
    is_flag=True,
    help="Store the weights as float16: half the size, for the web; colours may differ by a little.",
)
@click.option(
    "--beside",
    is_flag=True,
    help="Write the graph alone into the model's folder, as model.onnx; a graph there is replaced.",
)
@overwrite_option
def export(
    model: str,
    path: str | None,
    page: Path | None,
    vendor: Path | None,
    half: bool,
    beside: bool,
    overwrite: bool,
) -> None:
    """Write a model as an .onnx file or as a web page.

    With --onnx the file colours with ONNX Runtime: as the --model of colorize, variants and info. With
    --beside the model's folder itself does so from then on: the graph takes the weights from
    model.safetensors. Both are compared with torch first, and not written where the two differ. With --page
    the folder is a page for any web server: it colours drawings in the browser, with nothing installed, also
    without a network. All need torch and ONNX: pip install 'condcolor[train]'

    \b
    condcolor export icons --onnx icons.onnx
    condcolor export runs/mine --onnx mine.onnx --half
    condcolor export runs/mine --beside
    condcolor export icons --page site/
    """
    if path is not None and page is not None:
        raise UsageError("--onnx and --page are two outputs: give one of them")
    if page is not None and (half or beside):
        raise UsageError("--page goes without --half and --beside: the weights of a page are int8")
    if vendor is not None and page is None:
        raise UsageError("--vendor goes with --page alone")
    if beside and (path is not None or half):
        raise UsageError(
            "--beside goes without --onnx and --half: the folder has its weights already"
        )
    if path is None and page is None and not beside:
        raise UsageError(
            "--onnx is missing: name a new file that ends in .onnx; or give --beside or --page FOLDER"
        )
    if path == "":
        raise UsageError("the name of the file is empty: name a new one")
    if page is not None:
        _export_page(model, page, vendor, overwrite)
        return

    from condcolor.inference.onnx_export import export_onnx, write_graph

    if beside:
        path, exported = GRAPH_FILE, write_graph(model)
    else:
        assert path
        exported = export_onnx(model, path, half=half, overwrite=overwrite)
    click.echo(
        f"{shown_name(path)}: {exported.size / 1e6:.1f} MB; on {exported.pictures} pictures at most "
        f"{exported.difference:.1e} of 1 from torch, at full size {exported.off_by} of 255"
    )


def _export_page(model: str, folder: Path, vendor: Path | None, overwrite: bool) -> None:
    from condcolor.web.page_export import export_page

    exported = export_page(model, folder, vendor=vendor, overwrite=overwrite)
    name = shown_name(folder)
    click.echo(f"{name}: {exported.files} files, {exported.size / 1e6:.1f} MB; to look at it:")
    click.echo(f"python -m http.server --bind 127.0.0.1 --directory {shlex.quote(name)}")
