"""Options of drawings whose parts are found: corrections of them, colors of single persons."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from condcolor.conditions.color_spec import ColorSpec, parse_color_spec
from condcolor.conditions.schema import Attribute
from condcolor.errors import UsageError

if TYPE_CHECKING:
    from condcolor.imaging.corrections import Correction, CorrectionSource
    from condcolor.models.model_folder import ModelInfo

STREAM = "-"  # name of standard input and of standard output
PERSON = "--person"
MOST_PERSONS = 99
PERSONS = "condcolor.persons"  # key of a context's meta: person -> attribute -> spec


def parts_options(command: Callable) -> Callable:
    """Add --part, --cut and --parts, the corrections of a drawing's parts, to a command."""
    for option in (
        click.option(
            "--parts",
            type=click.Path(),
            metavar="FILE",
            help="Corrected parts of the drawing, as `condcolor parts` saves them.  [default: x.parts.json "
            "beside x.png, where it is]",
        ),
        click.option(
            "--cut",
            "cuts",
            multiple=True,
            metavar="X,Y:X,Y",
            help="First divide a piece along a line. Repeatable.",
        ),
        click.option(
            "--part",
            "parts_set",
            multiple=True,
            metavar="X,Y=PART",
            help="The piece at this pixel is hair, shirt, skin, ..., or none (left white); or it is of a "
            "person, person-2. Repeatable.",
        ),
    ):
        command = option(command)
    return command


def corrections_of(options: Mapping[str, Any]) -> tuple[Correction, ...]:
    """Return the corrections of `--cut` and `--part`, the cuts first.

    Raises:
        UsageError: one of them is none.
    """
    from condcolor.imaging.corrections import parse_cut, parse_part

    return (*map(parse_cut, options["cuts"]), *map(parse_part, options["parts_set"]))


def correction_source(info: ModelInfo, sketch: str, options: Mapping[str, Any]) -> CorrectionSource:
    """Return where the corrections of one sketch come from, by the options of `parts_options`.

    Raises:
        UsageError: the model finds no parts to correct, or a correction is none.
    """
    from condcolor.imaging.corrections import (
        NO_CORRECTIONS,
        NO_PARTS,
        CorrectionSource,
        check_parts,
        parts_path,
    )

    more, file = corrections_of(options), options["parts"]
    if not info.finds_parts:
        if more or file is not None:
            raise UsageError(NO_PARTS)
        return NO_CORRECTIONS
    check_parts(more, info.parts)
    beside = parts_path(sketch)
    if file is None and sketch != STREAM and beside.is_file():
        file = beside
    return CorrectionSource(None if file is None else Path(file), more)


def person_option(command: Callable) -> Callable:
    """Add --person to a ModelCommand: the colors after it are of one person."""
    return click.option(
        PERSON,
        metavar="N",
        expose_value=False,
        help="Colours after it are of the N-th person from the left, those before of all. Repeatable.",
    )(command)


def take_persons(ctx: click.Context, args: list[str], flags: Mapping[str, Attribute]) -> list[str]:
    """Return the arguments without the colors that follow `--person 2` and so on, which go to the context.

    flags: option -> attribute.

    Raises:
        UsageError: the number of a person is none, or a color is wrong.
    """
    persons: dict[int, dict[str, ColorSpec]] = {}
    kept: list[str] = []
    person = 1
    while args:
        word = args.pop(0)
        flag, equals, value = word.partition("=")
        if word == "--":
            return [*kept, word, *args]
        if flag != PERSON and (person == 1 or flag not in flags):
            kept.append(word)
            continue
        if not equals:
            if not args:
                raise click.UsageError(f"{flag} needs a value", ctx)
            value = args.pop(0)
        if flag == PERSON:
            if not (value.isascii() and value.isdigit() and 1 <= int(value) <= MOST_PERSONS):
                raise click.UsageError(
                    f"--person {value!r}: persons are counted from the left, from 1", ctx
                )
            person = int(value)
            continue
        try:
            spec = parse_color_spec(flags[flag], value)
        except UsageError as error:
            raise UsageError(f"--person {person}: {error}") from None
        persons.setdefault(person, {})[flags[flag].name] = spec
    ctx.meta[PERSONS] = persons
    return kept
