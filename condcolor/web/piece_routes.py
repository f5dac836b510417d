"""Routes of the pieces of a drawing: which there are, the piece of each pixel, the file of their parts."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeVar

import numpy as np
from PIL import Image
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from condcolor.errors import UsageError
from condcolor.imaging.corrections import SavedCorrections, decode_corrections
from condcolor.imaging.drawing_parts import Parts
from condcolor.web.rendering import encode_png
from condcolor.web.requests import (
    corrections_of,
    find_renderer,
    longer_side,
    read_body,
    refuse_too_many,
)
from condcolor.web.service import Service

T = TypeVar("T")
MOST_FILE = 8 * 2**20  # bytes of a file of parts; one of 10,000 corrections has two
SENT = "the file of parts"  # its name in messages, since only its content is sent


class PieceRoutes:
    """Handlers on the pieces of a stored picture, corrected by the query of the request."""

    def __init__(self, service: Service):
        self._service = service

    def routes(self, sketch: str) -> list[Route]:
        """Return the routes below `sketch`, the path of a picture."""
        return [
            Route(f"{sketch}/pieces", self.pieces),
            Route(f"{sketch}/pieces.png", self.numbers),
            Route(f"{sketch}/persons", self.persons),
            Route(f"{sketch}/parts.json", self.parts, methods=["GET", "POST"]),
        ]

    async def pieces(self, request: Request) -> Response:
        return JSONResponse(await self._of_parts(request, described))

    async def numbers(self, request: Request) -> Response:
        longer = longer_side(request)
        job = lambda parts: encode_png(number_image(sampled(parts.labels, longer)))  # noqa: E731
        png = await self._of_parts(request, job)
        return Response(png, media_type="image/png")

    async def persons(self, request: Request) -> Response:
        return JSONResponse(await self._of_parts(request, whose))

    async def parts(self, request: Request) -> Response:
        if request.method == "POST":
            body = await read_body(request, MOST_FILE)
            if not body:
                raise UsageError("no file of parts came: send its bytes as the body")
            saved = decode_corrections(body, SENT)
            refuse_too_many(len(saved.corrections))
            return JSONResponse(await self._of_parts(request, partial(refitted, saved=saved)))
        content = await self._of_parts(request, Parts.encoded)
        return Response(content, media_type="application/json")

    async def _of_parts(self, request: Request, make: Callable[[Parts], T]) -> T:
        """Return what `make` makes, in a worker, of the parts that the request is about."""
        service = self._service
        sketch, renderer = service.stored(request), find_renderer(request, service.renderers)
        corrections = corrections_of(request, renderer)

        def job() -> T:
            return make(renderer.parts(sketch, corrections))

        if renderer.finds_parts:
            await service.take_apart(request, renderer, sketch)
        return await service.do(request, service.light, job)


def described(parts: Parts) -> dict[str, object]:
    """Return the pieces as JSON, with the size of the picture and notes for people."""
    pieces = [vars(piece) | {"probability": round(piece.probability, 3)} for piece in parts.pieces]
    return {"size": parts.size, "notes": parts.drawing.notes, "pieces": pieces}


def whose(parts: Parts) -> dict[str, object]:
    """Return the number of persons, and the person of each piece by its number; 0 is nobody."""
    persons = parts.persons
    return {"count": int(persons.max(initial=0)), "persons": persons.tolist()}


def number_image(labels: np.ndarray) -> Image.Image:
    """Return numbers `[H, W]` as an image: R + 256 G + 65536 B."""
    levels = [labels & 255, labels >> 8 & 255, labels >> 16]
    return Image.fromarray(np.stack(levels, axis=-1).astype(np.uint8))


def sampled(labels: np.ndarray, longer: int | None) -> np.ndarray:
    """Return numbers `[H, W]` at every nth row and column, at most `longer` of them; None is all."""
    sides = labels.shape
    scale = min(1.0, (longer or max(sides)) / max(sides))
    places = [
        np.floor(
            (np.arange(max(1, round(side * scale))) + 0.5) * side / max(1, round(side * scale))
        )
        for side in sides
    ]
    rows, columns = (place.astype(np.intp) for place in places)
    return labels[rows[:, None], columns]


def refitted(parts: Parts, saved: SavedCorrections) -> dict[str, object]:
    """Return the corrections of a file that fit the drawing, as texts of a query, and which do not."""
    fitting = parts.copy()
    misfits = fitting.apply(saved)
    return {"corrections": list(map(str, fitting.corrections)), "misfits": misfits}
