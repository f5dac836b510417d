"""The built-in model for pictures, chosen by their kind where nobody names one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice

from condcolor.batch.jobs import pictures_of
from condcolor.errors import CondcolorError
from condcolor.imaging.open import Picture, open_picture
from condcolor.imaging.picture_kind import PHOTOGRAPH, kind_of
from condcolor.models.model_folder import ModelInfo, built_in_models, read_model_info
from condcolor.runtime.messages import shown_name

DRAWINGS, PHOTOGRAPHS = "icons", "photo"  # built-in models
FIRST = 100  # pictures that are looked at, until one is a photograph
CHOSEN = (
    "{name} looks like a photograph, so the model is photo; --model icons takes it for a drawing"
)


def choose_model(pictures: Iterable[tuple[str, Picture]]) -> tuple[ModelInfo, str]:
    """Return the built-in model for pictures, and why it is not the usual one, `icons`, as text for users.

    It is `photo` where one of them is a photograph.

    Args:
        pictures: names and pictures; those behind the first photograph are not read.
    """
    if PHOTOGRAPHS in built_in_models():
        for name, picture in pictures:
            if kind_of(picture) == PHOTOGRAPH:
                info = replace(read_model_info(PHOTOGRAPHS), was_chosen=True)
                return info, CHOSEN.format(name=name)
    return read_model_info(DRAWINGS), ""


def first_pictures(inputs: Sequence[str], out: str | None) -> Iterator[tuple[str, Picture]]:
    """Yield names and pictures of the first files that `plan_jobs` would take; without those in disorder."""
    try:
        for path in islice(pictures_of(inputs, out), FIRST):
            try:
                yield shown_name(path), open_picture(path)
            except CondcolorError:  # its job fails with the reason
                continue
    except CondcolorError:  # an input that does not exist, as the planning of the jobs says
        return
