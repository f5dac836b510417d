"""The options of coloring as users give them, checked against the model."""

from __future__ import annotations

import os
from collections.abc import Sequence

from condcolor.batch.rendering import RenderOptions
from condcolor.conditions.hints import Hint
from condcolor.conditions.schema import AttributeSchema
from condcolor.errors import UsageError
from condcolor.imaging.open import open_picture
from condcolor.imaging.paper import Paper, parse_paper
from condcolor.imaging.sheets import Grid, parse_grid
from condcolor.inference.guide import NO_GUIDE, NO_HINTS, Guide, make_guide
from condcolor.models.model_folder import ModelInfo

AnyPath = str | os.PathLike


def render_options(
    schema: AttributeSchema,
    *,
    lock: bool,
    grid: str | Grid | None,
    check: bool,
    report: bool,
    paper: str | Paper = "keep",
    fill_black: bool = False,
    recolor: bool = False,
    keep_colors: bool = False,
    guide: Guide = NO_GUIDE,
) -> RenderOptions:
    """Return the options of coloring; UsageError for those that a model of this schema does not support."""
    asked = parse_paper(paper) if isinstance(paper, str) else paper
    flags = (
        *(("--lock", lock), ("--check", check), ("--report", report)),
        *(("--paper", asked != "keep"), ("--fill-black", fill_black)),
    )
    for flag, is_on in flags:
        if is_on and not schema.attributes:
            raise UsageError(f"{flag} is for models with attributes, such as icons")
    for flag, is_on in (("--recolor", recolor), ("--keep-colors", keep_colors)):
        if is_on and schema.attributes:
            raise UsageError(f"{flag} is for models of photographs, such as photo")
    if recolor and keep_colors:
        raise UsageError("--recolor and --keep-colors exclude each other")
    cells = parse_grid(grid) if isinstance(grid, str) else grid
    if guide and cells is not None:
        raise UsageError("--grid excludes --hint and --like")
    return RenderOptions(
        lock, cells, check, report, asked, fill_black, recolor, keep_colors=keep_colors, guide=guide
    )


def guide_of(info: ModelInfo, hints: Sequence[str | Hint], like: AnyPath | None) -> Guide:
    """Return the guide of these options.

    Raises:
        UsageError: a hint is none, or the model takes none. DataError: `like` cannot be read.
    """
    if not hints and like is None:
        return NO_GUIDE
    if not info.takes_hints:
        raise UsageError(NO_HINTS)
    return make_guide(hints, None if like is None else open_picture(like))
