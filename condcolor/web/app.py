"""Routes and handlers.

A sketch is uploaded once; then pictures of it are requested in any colors. `openapi.py` describes the API.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from functools import cache, partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from condcolor.conditions.color_spec import plain_values
from condcolor.errors import CondcolorError, UsageError
from condcolor.imaging.open import Picture
from condcolor.inference.colorizer import Colorizer
from condcolor.version import __version__
from condcolor.web.decoding import PROCESSES, Decoders
from condcolor.web.openapi import describe
from condcolor.web.rendering import Renderer, encode_png, sketch_image
from condcolor.web.requests import (
    CLOSE,
    GONE,
    MOST_BODY,
    ColoringRequest,
    announced_size,
    find_renderer,
    read_body,
)
from condcolor.web.security import SecurityMiddleware, error_response
from condcolor.web.store import WAITING, JobQueue, PictureStore, QueueFull, StoredPicture

T = TypeVar("T")
MAX_PIXELS = 16_000_000  # of a picture, whose regions take 40 bytes a pixel
RECEIVING = 8 * MOST_BODY  # bytes of all files being received
ENDING_SECONDS = 4.0  # for the jobs that run when the page ends
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
BUSY = "too many requests are waiting: ask again in a second"
LATER = {"Retry-After": "1"}


def make_app(
    models: Mapping[str, Colorizer],
    *,
    hosts: Collection[str] = (),
    any_address: bool = False,
    sketches: PictureStore | None = None,
    waiting: int = WAITING,
) -> ASGIApp:
    """Make the ASGI app of the page and its API.

    Args:
        models: name -> model; the first is the default of requests.
        hosts, any_address: see `SecurityMiddleware`.
        sketches: the store of uploaded pictures; default a new `PictureStore`.
        waiting: jobs that may wait for each of the two workers.

    Raises:
        UsageError: there is no model.
    """
    if not models:
        raise UsageError("a page needs a model")
    api = _Api(models, PictureStore() if sketches is None else sketches, waiting)
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
    """The handlers and their state, which run in the event loop; jobs run in worker threads."""

    def __init__(self, models: Mapping[str, Colorizer], sketches: PictureStore, waiting: int):
        self._renderers = {name: Renderer(name, model) for name, model in models.items()}
        self._sketches = sketches
        # two threads, so that recoloring without the network never waits for it
        self._network = JobQueue("network", waiting=waiting)
        self._light = JobQueue("light", waiting=waiting)
        self._decoding = JobQueue("decoding", waiting=waiting, threads=PROCESSES)
        self._queues = (self._network, self._light, self._decoding)
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
            Route(f"{sketch}/variants.png", self.variants),
            Route(f"{sketch}/layers", self.layers),
            Route(f"{sketch}/layers.ora", self.ora),
            Route(f"{sketch}/layers/{{name}}.png", self.layer),
            Route("/openapi.json", self.openapi),
        ]

    @asynccontextmanager
    async def lifespan(self, app: Starlette) -> AsyncIterator[None]:
        yield
        for worker in self._queues:
            worker.close()
        for (
            worker
        ) in self._queues:  # a job in the midst of C++ would abort the end of the interpreter
            await asyncio.to_thread(worker.join, ENDING_SECONDS / len(self._queues))

    async def health(self, request: Request) -> Response:
        waiting = sum(worker.waiting for worker in self._queues)
        return JSONResponse({"status": "ok", "version": __version__, "waiting": waiting})

    async def openapi(self, request: Request) -> Response:
        return JSONResponse(describe())

    async def models(self, request: Request) -> Response:
        described = [renderer.describe() for renderer in self._renderers.values()]
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
            picture = await self._do(request, self._decoding, partial(_opened, body))
        finally:
            self._receiving -= size
        width, height = picture.size
        about = {"width": width, "height": height, "notes": picture.notes}
        return JSONResponse({"id": self._sketches.add(StoredPicture(picture)), **about}, 201)

    async def sketch(self, request: Request) -> Response:
        sketch = self._sketch(request)
        job = lambda: encode_png(sketch_image(sketch.picture))  # noqa: E731
        return _png(await self._do(request, self._light, job))

    async def colored(self, request: Request) -> Response:
        sketch, coloring = self._sketch(request), ColoringRequest.of(request, self._renderers)
        renderer, values = coloring.renderer, coloring.values
        if not renderer.takes_colors:
            if coloring.paper != "keep":
                raise UsageError("paper is for drawings: this model colours photographs")
            job = partial(renderer.photograph, sketch, coloring.vivid)
            return _png(await self._do(request, self._network, job))
        if coloring.vivid is not None:
            raise UsageError("vivid is for photographs: this model paints the colours asked for")
        paper = coloring.paper
        if coloring.hidden:
            await self._take_apart(request, renderer, sketch)
            job = partial(renderer.without, sketch, values, paper, coloring.hidden)
            return _png(await self._do(request, self._light, job))
        predicted = not renderer.finds_parts and paper == "keep"
        if predicted and plain_values(values) is not None:
            png = await self._do(request, self._network, partial(renderer.colored, sketch, values))
            self._prepare(renderer, sketch)
            return _png(png)
        await self._take_apart(request, renderer, sketch)
        job = partial(renderer.recolored, sketch, values, paper)
        return _png(await self._do(request, self._light, job))

    async def doubts(self, request: Request) -> Response:
        sketch, renderer = self._sketch(request), find_renderer(request, self._renderers)
        if renderer.finds_parts:
            await self._take_apart(request, renderer, sketch)
        return _png(await self._do(request, self._light, partial(renderer.doubts, sketch)))

    async def variants(self, request: Request) -> Response:
        sketch, renderer = self._sketch(request), find_renderer(request, self._renderers)
        combinations = renderer.combinations()
        small: list[np.ndarray] = sketch.thumbnails.get(renderer.name, [])
        if not small:
            for start in range(0, len(combinations), PART):
                job = partial(renderer.thumbnails, sketch, combinations[start : start + PART])
                small = small + await self._do(request, self._network, job)
            sketch.thumbnails[renderer.name] = small
        labels = request.query_params.get("labels", "yes") != "no"
        return _png(
            await self._do(request, self._light, partial(renderer.sheet, small, labels=labels))
        )

    async def layers(self, request: Request) -> Response:
        names = await self._of_layers(request, Renderer.layer_names)
        return JSONResponse({"layers": names})

    async def ora(self, request: Request) -> Response:
        return Response(await self._of_layers(request, Renderer.ora), media_type="image/openraster")

    async def layer(self, request: Request) -> Response:
        name = request.path_params["name"]
        png = await self._of_layers(request, partial(Renderer.layer, name=name))
        if png is None:
            raise HTTPException(404, "no such layer")
        return _png(png)

    async def _of_layers(self, request: Request, make: Callable[..., T]) -> T:
        sketch, coloring = self._sketch(request), ColoringRequest.of(request, self._renderers)
        await self._take_apart(request, coloring.renderer, sketch)
        return await self._do(
            request,
            self._light,
            partial(make, coloring.renderer, sketch, coloring.values, coloring.paper),
        )

    def _sketch(self, request: Request) -> StoredPicture:
        self._sketches.trim()  # stored pictures grow by cached results
        sketch = self._sketches.get(request.path_params["id"])
        if sketch is None:
            raise HTTPException(404, "no such sketch here, or no longer: send it again")
        return sketch

    async def _take_apart(
        self, request: Request, renderer: Renderer, sketch: StoredPicture
    ) -> None:
        if renderer.name not in sketch.regions:
            await self._do(request, self._network, partial(renderer.find_regions, sketch))

    def _prepare(self, renderer: Renderer, sketch: StoredPicture) -> None:
        """Find the regions of the sketch when the worker is idle, for the next color."""
        if renderer.name not in sketch.regions:
            try:
                self._network.submit(partial(renderer.find_regions, sketch), later=True)
            except QueueFull:
                return  # the next request finds them

    async def _do(self, request: Request, worker: JobQueue, job: Callable[[], T]) -> T:
        """Run a job in a worker and return its result; a job is cancelled if its client disconnects first."""
        try:
            work = asyncio.wrap_future(worker.submit(job))
        except QueueFull:
            raise HTTPException(503, BUSY, LATER) from None
        disconnected = asyncio.ensure_future(_until_gone(request))
        try:
            either: set[asyncio.Future[Any]] = {work, disconnected}
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if not work.done():
                raise HTTPException(GONE)
            return work.result()
        finally:
            work.cancel()
            disconnected.cancel()


async def _until_gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _opened(body: bytes) -> Picture:
    return _decoders().open(body, MAX_PIXELS)


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
