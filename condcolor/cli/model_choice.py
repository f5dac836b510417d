"""The model of `colorize` where `--model` names none: by the options given, then by the pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from condcolor.cli.options import ATTRIBUTE, use_model
from condcolor.cli.part_options import PERSONS

if TYPE_CHECKING:
    from condcolor.imaging.open import Picture

# options of `colorize` that only models of drawings have, and what they are where they are not given
OF_DRAWINGS = {
    **dict.fromkeys(("palette", "parts")),
    **dict.fromkeys(("lock", "check", "report", "fill_black"), False),
    **dict.fromkeys(("cuts", "parts_set"), ()),
    "paper": "keep",
}


def are_for_drawings(ctx: click.Context, keep: Sequence[str], options: Mapping[str, Any]) -> bool:
    """Return whether there are values of attributes, or options that only models of drawings have."""
    values = any(value is not None for n, value in options.items() if n.startswith(ATTRIBUTE))
    others = any(options[name] != usual for name, usual in OF_DRAWINGS.items())
    return bool(keep or ctx.meta.get(PERSONS) or values or others)


def use_photo_model(ctx: click.Context) -> None:
    """Use the built-in model of photographs, for options that only it has."""
    from condcolor.batch.model_choice import PHOTOGRAPHS
    from condcolor.models.model_folder import read_model_info

    use_model(ctx, read_model_info(PHOTOGRAPHS))


def use_suited_model(
    ctx: click.Context, sketches: Sequence[str], out: str | None, picture: Picture | None
) -> None:
    """Use the built-in model that suits the pictures, and say so where it is not the usual one.

    picture: the only picture, where it is open already.
    """
    from condcolor.batch.model_choice import choose_model, first_pictures

    opened = first_pictures(sketches, out) if picture is None else [("the picture", picture)]
    info, why = choose_model(opened)
    if why:
        use_model(ctx, info)
        click.echo(f"note: {why}", err=True)
