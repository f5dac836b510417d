"""The command `evaluate`."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from condcolor.cli.options import (
    ModelName,
    device_option,
    one_of,
    overwrite_option,
    reading_options,
)
from condcolor.cli.progress import Progress
from condcolor.errors import DataError, UsageError
from condcolor.evaluation.measures import Measure, of_group
from condcolor.runtime.messages import shown_name

if TYPE_CHECKING:
    from condcolor.data.metadata import Metadata
    from condcolor.evaluation.evaluator import Prepare
    from condcolor.evaluation.photos import PhotoEvaluation, PhotoEvaluator
    from condcolor.evaluation.sketch_scores import AttributeScore, Evaluation
    from condcolor.evaluation.sketches import SketchEvaluator


@click.command()
@click.argument("model", type=ModelName())
@click.argument("data", type=click.Path())
@click.option(
    "--on",
    "chosen_split",
    type=one_of("held-out", "training", "all"),
    metavar="DRAWINGS",
    help="Of the model of a run: the drawings that the run held out, those that it trained on "
    "(training), or all.  [default: held-out]",
)
@click.option("--inputs", type=click.IntRange(1), help="At most this many inputs a split.")
@click.option(
    "--network-only", is_flag=True, help="Sketches: the bare network, its lines not sharpened."
)
@click.option(
    "--vivid",
    multiple=True,
    type=float,
    metavar="FACTOR",
    help="Photographs: a row more with this chroma; may be repeated.",
)
@click.option(
    "--size",
    "short_side",
    type=click.IntRange(16, 4096),
    default=256,
    show_default=True,
    help="Photographs: short side in pixels that larger ones are brought to.",
)
@click.option("--keep-grey", is_flag=True, help="Photographs: count those that are grey, too.")
@click.option(
    "--fid-weights",
    type=click.Path(),
    metavar="FILE",
    help="Photographs: FID and KID by this TorchScript network (inception-2015-12-05.pt).",
)
@click.option(
    "--lpips-weights",
    type=click.Path(),
    metavar="FILE",
    help="Photographs: LPIPS by this TorchScript network (StyleGAN's vgg16.pt).",
)
@reading_options
@click.option(
    "--json",
    "json_path",
    type=click.Path(),
    help="Also write all measures to this file, confusions too; - prints them alone.",
)
@click.option(
    "--csv",
    "csv_path",
    type=click.Path(),
    metavar="FILE",
    help="Also write the measures as a table: a row for each split and method.",
)
@overwrite_option
@device_option
@click.pass_context
def evaluate(
    context,
    model,
    data,
    chosen_split,
    inputs,
    json_path,
    csv_path,
    overwrite,
    device,
    **options: object,
) -> None:
    """Measure how a model colours a data set.

    The model of a run is graded on what the run did not train on, known by its content.

    Sketches in every combination of values, beside a flat fill and the sketch as it is; photographs
    beside the grey picture and the truth.

    \b
    condcolor evaluate icons data/icons
    condcolor evaluate photo my-photographs/ --vivid 1 --vivid 2
    condcolor evaluate runs/mine my-sketches --csv measures.csv --json measures.json
    condcolor evaluate runs/mine my-sketches --on training
    """
    from condcolor.runtime.files import refuse_taken, write_whole

    for path in (json_path, csv_path):
        if path not in (None, "-"):
            refuse_taken(path, overwrite)

    from condcolor.evaluation.evaluate import encode_csv, make_evaluator, to_frame
    from condcolor.inference.torch_colorizer import TorchColorizer
    from condcolor.models.model_folder import find_folder
    from condcolor.recipes import find_recipe
    from condcolor.runs.config import reading_of

    info = find_folder(model, "evaluate")
    colorizer = TorchColorizer.from_folder(info, device=device)
    default = ParameterSource.DEFAULT
    chosen = {
        name: value
        for name, value in options.items()
        if context.get_parameter_source(name) is not default
    }
    chosen = reading_of(info.path).as_options() | chosen
    flags = {option.name: option.opts[0] for option in context.command.params}
    evaluator = make_evaluator(colorizer.recipe, chosen, flags)
    prepare, about = _drawings_of_run(info.path, chosen_split)
    with Progress("evaluating") as progress:
        tables = evaluator.compare(
            colorizer,
            Path(data),
            max_inputs=inputs,
            on_progress=progress,
            on_skip=lambda reason: progress.say(f"left out: {reason}", err=True),
            prepare=prepare,
        )
    if csv_path is not None:
        write_whole(csv_path, encode_csv(to_frame(tables)), overwrite=overwrite)
    measures = {s: {n: e.to_json() for n, e in table.items()} for s, table in tables.items()}
    if json_path == "-":
        click.echo(json.dumps(measures))
        return
    if json_path is not None:
        write_whole(json_path, (json.dumps(measures) + "\n").encode(), overwrite=overwrite)
    for line in LINES[find_recipe(colorizer.recipe).task.name](tables, evaluator):
        click.echo(line)
    if about:
        click.echo(f"\n{about}")


def _drawings_of_run(model: Path, chosen: str | None) -> tuple[Prepare | None, str]:
    """Return what chooses the pictures to grade the model of a run on, and a line that says which they are.

    Raises:
        UsageError: pictures of a run are asked for, and the model is of none.
    """
    from condcolor.runs.held_out import as_split_by, run_of

    run = run_of(model)
    if run is None:
        if chosen is not None:
            raise UsageError(f"--on is for the model of a run; {shown_name(model)} is of none")
        return None, ""
    kept = {"training": ("train",), "all": ("train", "test")}.get(chosen or "", ("test",))

    def prepare(metadata: Metadata) -> Metadata:
        split = as_split_by(run, metadata)
        records = tuple(record for record in split.records if record.split in kept)
        if not records:
            raise DataError(
                f"{shown_name(metadata.root)}: nothing to grade on: {shown_name(run)} "
                f"{'trained on all of it: say --on training' if kept == ('test',) else 'never saw it'}"
            )
        return replace(split, records=records)

    name = shown_name(run)
    about: dict[tuple[str, ...], str] = {
        ("test",): f"graded on what {name} did not train on",
        (
            "train",
        ): f"graded on what {name} trained on: how well it colours anything else, this does not say",
    }
    both = f"test is what {name} did not train on; train is what it knows"
    return prepare, about.get(kept, both)


def _sketch_lines(
    tables: Mapping[str, Mapping[str, Evaluation]], evaluator: SketchEvaluator
) -> Iterator[str]:
    """Yield the protocol, and for each split its table and the confusions of the model."""
    yield evaluator.protocol
    for split, table in tables.items():
        scores = table["model"]
        yield f"\n{split}: {scores.inputs} inputs, {scores.rows} rows"
        yield from _table(table)
        for score in scores.attributes:
            yield from _confusion(score)


def _photo_lines(
    tables: Mapping[str, Mapping[str, PhotoEvaluation]], evaluator: PhotoEvaluator
) -> Iterator[str]:
    """Yield the protocol and the table of each split; some measures also as shares of the grey picture's."""
    from condcolor.evaluation.perceptual import PERCEPTUAL_PROTOCOL

    yield evaluator.protocol
    columns = _measured(next(iter(tables.values()))["truth"])
    if any(measure.key in ("fid", "kid", "lpips") for measure in columns):
        yield PERCEPTUAL_PROTOCOL
    for split, table in tables.items():
        grey = table["grey"]
        size = f"short side at most {evaluator.short_side} px"
        known = "" if split == "test" else "; no split is said, so training's may be among them"
        yield f"\n{split}: {grey.pictures} photographs, {size}{known}"
        rows = [["", *(head for m in columns for head, _ in _cells(m, grey, grey))]]
        for label, e in table.items():
            rows.append([label, *(text for m in columns for _, text in _cells(m, e, grey))])
        yield from _aligned(rows)


def _cells(
    measure: Measure, e: PhotoEvaluation, grey: PhotoEvaluation
) -> Iterator[tuple[str, str]]:
    """Yield heading and text of a measure and, for some, of its ratio to the grey picture's."""
    value = getattr(e, measure.key)
    yield measure.name, measure.text(value)
    if measure.key == "ab_error":
        yield "to grey", f"{100 * (value / grey.ab_error - 1):+.1f} %"
    if measure.key == "dcf_abs":
        yield "of grey's", f"{100 * value / grey.dcf_abs:.0f} %"


def _measured(evaluation: Evaluation | PhotoEvaluation) -> list[Measure]:
    """Return the measures that an evaluation has; without NaN, of networks that the user lacks."""
    known = [m for m in of_group("test", "detail") if hasattr(evaluation, m.key)]
    return [m for m in known if m.group == "test" or not math.isnan(getattr(evaluation, m.key))]


LINES: Mapping[str, Callable[[Any, Any], Iterator[str]]] = {  # by the name of the task
    "sketches": _sketch_lines,
    "photographs": _photo_lines,
}


def _table(table: Mapping[str, Evaluation]) -> list[str]:
    """Return the lines of a table with a row for the model and each baseline."""
    measures, of_each = _measured(table["model"]), of_group("attribute")
    names = [score.name for score in table["model"].attributes]
    rows = [["", *(m.name for m in measures), *(f"{n} {m.name}" for n in names for m in of_each)]]
    for label, e in table.items():
        row = [label, *(m.text(getattr(e, m.key)) for m in measures)]
        rows.append([*row, *(m.text(getattr(s, m.key)) for s in e.attributes for m in of_each)])
    return _aligned(rows)


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return ["  ".join(c.rjust(w) for c, w in zip(row, widths, strict=True)) for row in rows]


def _confusion(score: AttributeScore) -> list[str]:
    """Return the lines of a confusion matrix: rows are requested values, columns measured ones."""
    width = max(len(value) for value in score.values) + 2
    lines = [f"\n{score.name}, asked (rows) and seen (columns):"]
    lines.append(" " * width + "".join(value.rjust(width) for value in score.values))
    for value, counts in zip(score.values, score.confusion, strict=True):
        lines.append(value.rjust(width) + "".join(str(n).rjust(width) for n in counts))
    return lines
