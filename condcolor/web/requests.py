"""What a request brings: a body within bounds, the colors asked."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import cast, get_args

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

from condcolor.conditions.color_spec import KEEP, NO_PERSONS, parse_color_specs, split_persons
from condcolor.conditions.hints import Hint, parse_hint
from condcolor.errors import UsageError, did_you_mean
from condcolor.imaging.corrections import (
    NO_PARTS,
    Correction,
    check_parts,
    parse_cut,
    parse_part,
)
from condcolor.imaging.paper import Paper, parse_paper
from condcolor.inference.guide import NO_HINTS
from condcolor.web.rendering import Renderer
from condcolor.web.store import Coloring, Corrections, Recolor

MOST_BODY = 32 * 2**20  # bytes of a picture's file
BODY_SECONDS = 30.0  # limit for sending the body
MOST_CORRECTIONS = 500  # of a request, whose text has to fit into its first line
CLOSE = {"Connection": "close"}  # since the rest of the body is not read
GONE = 499  # nginx's status for a client that closed the connection; no client receives it


def announced_size(request: Request) -> int:
    """Return the largest possible size of a picture's body in bytes.

    Raises:
        HTTPException: 413 for a body that is too large, 415 for another type.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind and kind != "application/octet-stream" and not kind.startswith("image/"):
        raise HTTPException(
            415, "send the picture's bytes as they are, as image/png or such", CLOSE
        )
    length = request.headers.get("content-length", str(MOST_BODY))
    if not length.isdecimal() or int(length) > MOST_BODY:
        raise _too_large(MOST_BODY)
    return int(length)


async def read_body(request: Request, most: int | None = None) -> bytes:
    """Return the body, of at most `most` bytes, by default MOST_BODY.

    Raises:
        HTTPException: 408 for a slow client, 413 for a body that is too large, GONE for a client that left.
    """
    most = MOST_BODY if most is None else most
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for block in request.stream():
                body += block
                if len(body) > most:
                    raise _too_large(most)
    except TimeoutError:
        raise HTTPException(408, "the body came too slowly: send it again", CLOSE) from None
    except ClientDisconnect:
        raise HTTPException(GONE) from None
    return bytes(body)


def _too_large(most: int) -> HTTPException:
    return HTTPException(413, f"more than {most >> 20} MiB: send a smaller file", CLOSE)


@dataclass(frozen=True)
class ColoringRequest:
    """The model, colors and layers in the query of a request.

    hidden: layers to leave out. vivid: chroma factor of photographs. recolor: what of a photograph is colored
        that has colors already. hints: colors of things at points of a photograph. longer: pixels that
        the longer side of the picture is reduced to.
    """

    renderer: Renderer
    coloring: Coloring
    hidden: tuple[str, ...]
    vivid: float | None
    recolor: Recolor = "no"
    hints: tuple[Hint, ...] = ()
    longer: int | None = None

    @classmethod
    def of(cls, request: Request, renderers: Mapping[str, Renderer]) -> ColoringRequest:
        """Parse the query of a request; UsageError, one line each, for what is wrong."""
        renderer = find_renderer(request, renderers)
        names = renderer.schema.names
        values: dict[str, str] = {}
        hidden, vivid = [], None
        recolor: Recolor = "no"
        paper: Paper = "keep"
        hints: list[Hint] = []
        for key, text in request.query_params.multi_items():
            if key == "keep" and key not in names:
                key, text = text, KEEP
            elif key == "hide" and key not in names:
                hidden.append(text)
                continue
            elif key == "vivid" and key not in names:
                vivid = _number(text)
                continue
            elif key == "recolor" and key not in names:
                recolor = _recolor(text)
                continue
            elif key == "hint" and key not in names:
                hints.append(parse_hint(text))
                continue
            elif key == "paper" and key not in names:
                paper = parse_paper(text)
                continue
            elif key == "model" or (key in ("part", "cut", "longer") and key not in names):
                continue  # no attribute may be called model; of the others, see `corrections_of`
            if key in values:
                raise UsageError(f"{key} is given twice")
            values[key] = text
        if hints and not renderer.colorizer.takes_hints:
            raise UsageError(NO_HINTS)
        if len(hints) > MOST_CORRECTIONS:
            raise UsageError(f"{len(hints):,} hints are too many: at most {MOST_CORRECTIONS}")
        specs = parse_color_specs(renderer.schema, values)
        if split_persons(renderer.schema, specs) and not renderer.finds_parts:
            raise UsageError(NO_PERSONS)
        coloring = Coloring(specs, corrections_of(request, renderer), paper)
        longer = None if "longer" in names else longer_side(request)
        return cls(renderer, coloring, tuple(hidden), vivid, recolor, tuple(hints), longer)


def find_renderer(request: Request, renderers: Mapping[str, Renderer]) -> Renderer:
    """Return the model that the request names, by default the first; UsageError for an unknown name."""
    name = request.query_params.get("model", next(iter(renderers)))
    if name not in renderers:
        raise UsageError(
            f"there is no model {name!r} here; there are {', '.join(renderers)}"
            f"{did_you_mean(name, renderers)}"
        )
    return renderers[name]


def corrections_of(request: Request, renderer: Renderer) -> Corrections:
    """Return the corrections `part=120,80=hair` and `cut=10,20:30,40` of a query, in order.

    Raises:
        UsageError: one is wrong, there are too many, or the model does not find parts.
    """
    parsers: dict[str, Callable[[str], Correction]] = {"part": parse_part, "cut": parse_cut}
    items = [
        (key, text)
        for key, text in request.query_params.multi_items()
        if key in parsers and key not in renderer.schema.names
    ]
    if items and not renderer.finds_parts:
        raise UsageError(NO_PARTS)
    refuse_too_many(len(items))
    corrections = tuple(parsers[key](text) for key, text in items)
    check_parts(corrections, renderer.colorizer.table)
    return corrections


def longer_side(request: Request) -> int | None:
    """Return the pixels that the longer side is reduced to by `longer` in a query; None where it is left out.

    Raises:
        UsageError: it is no number from 1.
    """
    text = request.query_params.get("longer")
    if text is None:
        return None
    if not (text.isascii() and text.isdecimal() and int(text[:9]) > 0):
        raise UsageError(f"longer {text!r} is no number of pixels, from 1")
    return int(text[:9])


def refuse_too_many(corrections: int) -> None:
    """Raise UsageError for more corrections than a request may have."""
    if corrections > MOST_CORRECTIONS:
        raise UsageError(
            f"{corrections:,} corrections are too many here: at most {MOST_CORRECTIONS}; "
            "condcolor colorize --parts takes more"
        )


def _recolor(text: str) -> Recolor:
    if text not in get_args(Recolor):
        raise UsageError(f"recolor {text!r} is not one of {', '.join(get_args(Recolor))}")
    return cast(Recolor, text)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise UsageError(f"vivid {text!r} is no number") from None
