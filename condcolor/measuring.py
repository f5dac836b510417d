"""The figures of a split, by the protocol that its pictures call for."""

from __future__ import annotations

from condcolor.codecs import Codec
from condcolor.dataset import PictureSet
from condcolor.evaluation import Colour, Evaluation, evaluate
from condcolor.photoevaluation import PhotoEvaluation, evaluate_photos

SKETCHES, PHOTOGRAPHS = 8, 256  # inputs that training measures after an epoch, at most


def measure(codec: Codec, colour: Colour, pictures: PictureSet) -> Evaluation | PhotoEvaluation:
    """How well `colour` does on some of `pictures`: in all colours, or against the one truth there is."""
    if codec.pairs:
        return evaluate(colour, pictures, max_inputs=SKETCHES)
    return evaluate_photos(colour, pictures, max_inputs=PHOTOGRAPHS)
