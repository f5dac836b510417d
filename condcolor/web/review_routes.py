"""Routes of a review: pictures in doubt opened by number, their corrections written back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Protocol, TypeVar

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from condcolor.errors import CondcolorError, DataError
from condcolor.imaging.corrections import SavedCorrections
from condcolor.imaging.drawing_parts import Parts
from condcolor.imaging.open import Picture
from condcolor.web.piece_routes import refitted
from condcolor.web.requests import corrections_of
from condcolor.web.service import Service
from condcolor.web.store import StoredPicture

T = TypeVar("T")


class ReviewPicture(Protocol):
    """A picture in doubt: its name, what is in doubt, the colors that were asked for."""

    @property
    def name(self) -> str: ...
    @property
    def doubts(self) -> str: ...
    @property
    def values(self) -> Mapping[str, str]: ...


class Review(Protocol):
    """What is gone through, as `batch.review.ReviewFolder`; pictures are named by number, from 0."""

    @property
    def pictures(self) -> Sequence[ReviewPicture]: ...
    def read(self, number: int) -> Picture: ...
    def saved(self, number: int) -> SavedCorrections: ...
    def write(self, number: int, parts: Parts) -> str: ...


class ReviewRoutes:
    """Handlers of a review with the first model; without one, there is no picture in it."""

    def __init__(self, service: Service, review: Review | None):
        self._service, self._review = service, review
        self._pictures: Sequence[ReviewPicture] = review.pictures if review else ()
        self._ids: dict[int, str] = {}  # of the pictures that are opened
        self._left = {number: each.doubts for number, each in enumerate(self._pictures)}

    def routes(self) -> list[Route]:
        return [
            Route("/api/review", self.pictures),
            Route("/api/review/{number}", self.open, methods=["POST"]),
            Route("/api/review/{number}/parts", self.write, methods=["PUT"]),
        ]

    async def pictures(self, request: Request) -> Response:
        pictures = [
            {
                "name": each.name,
                "doubts": self._left[number],
                "values": dict(each.values),
            }
            for number, each in enumerate(self._pictures)
        ]
        return JSONResponse({"pictures": pictures})

    async def open(self, request: Request) -> Response:
        number, review = self._numbered(request)
        name, sketch = await self._opened(request, number, review)
        service, renderer = self._service, next(iter(self._service.renderers.values()))
        await service.take_apart(request, renderer, sketch)

        def fit() -> dict[str, object]:
            return refitted(renderer.parts(sketch), self._told(review.saved, number))

        width, height = sketch.picture.size
        about = {"width": width, "height": height, "notes": sketch.picture.notes}
        return JSONResponse({"id": name, **about, **await service.do(request, service.light, fit)})

    async def write(self, request: Request) -> Response:
        number, review = self._numbered(request)
        _, sketch = await self._opened(request, number, review)
        service, renderer = self._service, next(iter(self._service.renderers.values()))
        corrections = corrections_of(request, renderer)
        await service.take_apart(request, renderer, sketch)

        def job() -> str:
            parts = renderer.parts(sketch, corrections)
            return self._told(partial(review.write, parts=parts), number)

        self._left[number] = await service.do(request, service.light, job)
        return JSONResponse({"doubts": self._left[number]})

    def _numbered(self, request: Request) -> tuple[int, Review]:
        text = request.path_params["number"]
        numbers = {str(number): number for number in range(len(self._pictures))}
        if self._review is None or text not in numbers:
            raise HTTPException(404, "there is no such picture to review")
        return numbers[text], self._review

    async def _opened(
        self, request: Request, number: int, review: Review
    ) -> tuple[str, StoredPicture]:
        """Return a picture with its id; it is opened where it is not, or no longer, stored."""
        service = self._service
        service.sketches.trim()
        sketch = service.sketches.get(self._ids.get(number, ""))
        if sketch is None:
            job = partial(self._told, review.read, number)
            sketch = StoredPicture(await service.do(request, service.light, job))
            self._ids[number] = service.sketches.add(sketch)
        return self._ids[number], sketch

    def _told(self, work: Callable[[int], T], number: int) -> T:
        """Return what `work` does with the picture; an error names it without its folder.

        Raises:
            DataError: it cannot be read or written.
        """
        try:
            return work(number)
        except CondcolorError as error:
            text = str(error).partition(": ")[2] or str(error)
            raise DataError(f"{self._pictures[number].name}: {text}") from None
