"""`Service`: models, stored pictures and the worker threads, which all handlers share."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeVar

from starlette.exceptions import HTTPException
from starlette.requests import Request

from condcolor.inference.colorizer import Colorizer
from condcolor.web.decoding import PROCESSES
from condcolor.web.rendering import Renderer
from condcolor.web.requests import GONE
from condcolor.web.store import JobQueue, PictureStore, QueueFull, StoredPicture

T = TypeVar("T")
BUSY = "too many requests are waiting: ask again in a second"
LATER = {"Retry-After": "1"}
ENDING_SECONDS = 4.0  # for the jobs that run when the page ends


class Service:
    """What handlers share, which run in the event loop; jobs run in worker threads."""

    def __init__(self, models: Mapping[str, Colorizer], sketches: PictureStore, waiting: int):
        self.renderers = {name: Renderer(name, model) for name, model in models.items()}
        self.sketches = sketches
        # two threads, so that recoloring without the network never waits for it
        self.network = JobQueue("network", waiting=waiting)
        self.light = JobQueue("light", waiting=waiting)
        self.decoding = JobQueue("decoding", waiting=waiting, threads=PROCESSES)
        self._queues = (self.network, self.light, self.decoding)

    @property
    def waiting(self) -> int:
        """The number of waiting jobs."""
        return sum(worker.waiting for worker in self._queues)

    async def close(self) -> None:
        """Start no more jobs, and wait shortly for those that run."""
        for worker in self._queues:
            worker.close()
        for (
            worker
        ) in self._queues:  # a job in the midst of C++ would abort the end of the interpreter
            await asyncio.to_thread(worker.join, ENDING_SECONDS / len(self._queues))

    def stored(self, request: Request) -> StoredPicture:
        """Return the picture that the path of the request names; 404 where there is none."""
        self.sketches.trim()  # stored pictures grow by cached results
        sketch = self.sketches.get(request.path_params["id"])
        if sketch is None:
            raise HTTPException(404, "no such sketch here, or no longer: send it again")
        return sketch

    async def take_apart(self, request: Request, renderer: Renderer, sketch: StoredPicture) -> None:
        """Find the regions of the sketch, once."""
        if renderer.name not in sketch.regions:
            await self.do(request, self.network, partial(renderer.find_regions, sketch))

    def prepare(self, renderer: Renderer, sketch: StoredPicture) -> None:
        """Find the regions of the sketch when the worker is idle, for the next color."""
        if renderer.name not in sketch.regions:
            try:
                self.network.submit(partial(renderer.find_regions, sketch), later=True)
            except QueueFull:
                return  # the next request finds them

    async def do(self, request: Request, worker: JobQueue, job: Callable[[], T]) -> T:
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
