"""Routes and handlers.

A sketch is uploaded once; then pictures of it are requested in any colors. `openapi.py` describes the API.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from functools import cache, partial
from pathlib import Path
from typing import TypeVar

from PIL import Image
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from condcolor.conditions.color_spec import plain_values
from condcolor.errors import CondcolorError, UsageError
from condcolor.imaging.layer_files import LAYER_FORMATS, LAYER_MEDIA_TYPES
from condcolor.inference.colorizer import Colorizer
from condcolor.version import __version__
from condcolor.web.decoding import Decoders
from condcolor.web.openapi import describe
from condcolor.web.piece_routes import PieceRoutes, sampled
from condcolor.web.rendering import Renderer, encode_png, sketch_image
from condcolor.web.requests import (
    CLOSE,
    MOST_BODY,
    ColoringRequest,
    announced_size,
    corrections_of,
    find_renderer,
    longer_side,
    read_body,
)
from condcolor.web.review_routes import Review, ReviewRoutes
from condcolor.web.security import SecurityMiddleware, error_response
from condcolor.web.service import BUSY, LATER, Service
from condcolor.web.store import WAITING, PictureStore, StoredPicture

T = TypeVar("T")
MAX_PIXELS = 16_000_000  # of a picture, whose regions take 40 bytes a pixel
RECEIVING = 8 * MOST_BODY  # bytes of all files being received
PART = 5  # variants per job, so that other requests run in between
STATIC = Path(__file__).parent / "static"
KINDS = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".jpg": "image/jpeg",
}


def make_app(
    models: Mapping[str, Colorizer],
    *,
    hosts: Collection[str] = (),
    any_address: bool = False,
    sketches: PictureStore | None = None,
    waiting: int = WAITING,
    review: Review | None = None,
) -> ASGIApp:
    """Make the ASGI app of the page and its API.

    Args:
        models: name -> model; the first is the default of requests.
        hosts, any_address: see `SecurityMiddleware`.
        sketches: the store of uploaded pictures; default a new `PictureStore`.
        waiting: jobs that may wait for each of the two workers.
        review: pictures that the page goes through, with the first model.

    Raises:
        UsageError: there is no model.
    """
    if not models:
        raise UsageError("a page needs a model")
    store = PictureStore() if sketches is None else sketches
    api = _Api(models, store, waiting, review)
    app = Starlette(
        routes=[*api.routes(), *_static_routes()],
        lifespan=api.lifespan,
        exception_handlers={
            HTTPException: _http_error,
            CondcolorError: _mistake,
            Exception: _bug,
        },
    )
    return SecurityMiddleware(app, hosts=hosts, any_address=any_address)


class _Api:
    """The handlers."""

    def __init__(
        self,
        models: Mapping[str, Colorizer],
        sketches: PictureStore,
        waiting: int,
        review: Review | None = None,
    ):
        self._service = Service(models, sketches, waiting)
        self._review = ReviewRoutes(self._service, review)
        self._receiving = 0  # bytes

    def routes(self) -> list[Route]:
        sketch = "/api/sketches/{id}"
        return [
            Route("/api/health", self.health),
            Route("/api/models", self.models),
            Route("/api/sketches", self.add_sketch, methods=["POST"]),
            Route(f"{sketch}/sketch.png", self.sketch),
            Route(f"{sketch}/colored.png", self.colored),
            Route(f"{sketch}/doubts.png", self.doubts),
            Route(f"{sketch}/areas.png", self.areas),
            Route(f"{sketch}/variants.png", self.variants),
            Route(f"{sketch}/layers", self.layers),
            *(Route(f"{sketch}/layers{suffix}", self.layer_file) for suffix in LAYER_FORMATS),
            Route(f"{sketch}/layers/{{name}}.png", self.layer),
            *PieceRoutes(self._service).routes(sketch),
            *self._review.routes(),
            Route("/openapi.json", self.openapi),
        ]

    @asynccontextmanager
    async def lifespan(self, app: Starlette) -> AsyncIterator[None]:
        yield
        await self._service.close()

    async def health(self, request: Request) -> Response:
        waiting = self._service.waiting
        return JSONResponse({"status": "ok", "version": __version__, "waiting": waiting})

    async def openapi(self, request: Request) -> Response:
        return JSONResponse(describe())

    async def models(self, request: Request) -> Response:
        described = [renderer.describe() for renderer in self._service.renderers.values()]
        return JSONResponse({"models": described, "max_bytes": MOST_BODY, "max_pixels": MAX_PIXELS})

    async def add_sketch(self, request: Request) -> Response:
        size = announced_size(request)
        if self._receiving + size > RECEIVING:
            raise HTTPException(503, BUSY, {**LATER, **CLOSE})
        self._receiving += size
        try:
            body = await read_body(request)
            if not body:
                raise HTTPException(400, "no picture came: send its bytes as the body")
            job = partial(_opened, body)
            stored = await self._service.do(request, self._service.decoding, job)
        finally:
            self._receiving -= size
        width, height = stored.picture.size
        about = {"width": width, "height": height, "notes": stored.picture.notes}
        about |= {"has_colors": stored.has_colors, "kind": stored.kind}
        return JSONResponse({"id": self._service.sketches.add(stored), **about}, 201)

    async def sketch(self, request: Request) -> Response:
        sketch = self._service.stored(request)
        job = lambda: encode_png(sketch_image(sketch.picture))  # noqa: E731
        return _png(await self._service.do(request, self._service.light, job))

    async def colored(self, request: Request) -> Response:
        sketch, coloring = (
            self._service.stored(request),
            ColoringRequest.of(request, self._service.renderers),
        )
        renderer, values = coloring.renderer, coloring.coloring.values
        paper, longer = coloring.coloring.paper, coloring.longer
        if not renderer.takes_colors:
            if paper != "keep":
                raise UsageError("paper is for drawings: this model colours photographs")
            asked = coloring.vivid, coloring.recolor, coloring.hints, longer
            job = partial(renderer.photograph, sketch, *asked)
            return _png(await self._service.do(request, self._service.network, job))
        if coloring.recolor != "no":
            raise UsageError("recolor is for photographs: this model colours drawings")
        if coloring.vivid is not None:
            raise UsageError("vivid is for photographs: this model paints the colours asked for")
        if coloring.hidden:
            await self._service.take_apart(request, renderer, sketch)
            job = partial(renderer.without, sketch, coloring.coloring, coloring.hidden, longer)
            return _png(await self._service.do(request, self._service.light, job))
        predicted = not renderer.finds_parts and paper == "keep"
        if predicted and plain_values(values) is not None:
            job = partial(renderer.colored, sketch, values, longer)
            png = await self._service.do(request, self._service.network, job)
            self._service.prepare(renderer, sketch)
            return _png(png)
        await self._service.take_apart(request, renderer, sketch)
        job = partial(renderer.recolored, sketch, coloring.coloring, longer)
        return _png(await self._service.do(request, self._service.light, job))

    async def doubts(self, request: Request) -> Response:
        sketch, renderer = (
            self._service.stored(request),
            find_renderer(request, self._service.renderers),
        )
        corrections = corrections_of(request, renderer)
        if renderer.finds_parts:
            await self._service.take_apart(request, renderer, sketch)
        job = partial(renderer.doubts, sketch, corrections)
        return _png(await self._service.do(request, self._service.light, job))

    async def areas(self, request: Request) -> Response:
        sketch = self._service.stored(request)
        renderer = find_renderer(request, self._service.renderers)
        longer = longer_side(request)
        if renderer.takes_colors:
            await self._service.take_apart(request, renderer, sketch)
        job = lambda: encode_png(Image.fromarray(sampled(renderer.areas(sketch), longer)))  # noqa: E731
        return _png(await self._service.do(request, self._service.light, job))

    async def variants(self, request: Request) -> Response:
        sketch, renderer = (
            self._service.stored(request),
            find_renderer(request, self._service.renderers),
        )
        combinations, corrections = renderer.combinations(), corrections_of(request, renderer)
        worker = self._service.network
        if renderer.finds_parts:
            await self._service.take_apart(request, renderer, sketch)
            worker = self._service.light
        made_with, small = sketch.thumbnails.get(renderer.name, ((), []))
        if not small or made_with != corrections:
            small = []
            for start in range(0, len(combinations), PART):
                some = combinations[start : start + PART]
                job = partial(renderer.thumbnails, sketch, some, corrections)
                small = small + await self._service.do(request, worker, job)
            sketch.thumbnails[renderer.name] = corrections, small
        labels = request.query_params.get("labels", "yes") != "no"
        drawn = partial(renderer.sheet, small, labels=labels)
        return _png(await self._service.do(request, self._service.light, drawn))

    async def layers(self, request: Request) -> Response:
        names = await self._of_layers(request, Renderer.layer_names)
        return JSONResponse({"layers": names})

    async def layer_file(self, request: Request) -> Response:
        suffix = Path(request.url.path).suffix
        data = await self._of_layers(request, partial(Renderer.layer_file, suffix=suffix))
        return Response(data, media_type=LAYER_MEDIA_TYPES[suffix])

    async def layer(self, request: Request) -> Response:
        name = request.path_params["name"]
        png = await self._of_layers(request, partial(Renderer.layer, name=name))
        if png is None:
            raise HTTPException(404, "no such layer")
        return _png(png)

    async def _of_layers(self, request: Request, make: Callable[..., T]) -> T:
        sketch, coloring = (
            self._service.stored(request),
            ColoringRequest.of(request, self._service.renderers),
        )
        await self._service.take_apart(request, coloring.renderer, sketch)
        return await self._service.do(
            request,
            self._service.light,
            partial(make, coloring.renderer, sketch, coloring.coloring),
        )


def _opened(body: bytes) -> StoredPicture:
    stored = StoredPicture(_decoders().open(body, MAX_PIXELS))
    _ = stored.has_colors, stored.kind  # found here, not where requests wait for it
    return stored


@cache
def _decoders() -> Decoders:
    """Return the decoding processes, which all apps of this process share and which end with it."""
    return Decoders()


def _png(data: bytes) -> Response:
    return Response(data, media_type="image/png")


def _static_routes() -> list[Route]:
    """Make a route for each file of the page, read in advance: no request path is used as a file name."""
    routes = []
    for path in sorted(STATIC.rglob("*")):
        if path.suffix in KINDS:
            name = path.relative_to(STATIC).as_posix()
            answer = Response(
                path.read_bytes(),
                media_type=KINDS[path.suffix],
                headers={"Cache-Control": "no-cache"},
            )
            url = "/" if name == "index.html" else f"/{name}"
            routes.append(Route(url, answer, methods=["GET"]))
    return routes


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return error_response(error.status_code, error.detail, dict(error.headers or {}))


async def _mistake(request: Request, error: Exception) -> Response:
    return error_response(400, str(error))


async def _bug(request: Request, error: Exception) -> Response:
    return error_response(500, "a bug of ours; the terminal of condcolor serve shows more")
