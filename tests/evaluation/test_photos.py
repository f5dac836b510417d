from __future__ import annotations

import math

import pytest
import torch
from drawn import photograph, shoot

from condcolor.data.dataset import ImageDataset
from condcolor.data.metadata import read_photographs
from condcolor.evaluation.photos import PhotoTally, evaluate_photos
from condcolor.models.codecs import LToAb


@pytest.fixture
def pictures(tmp_path):
    shoot(tmp_path, 4)
    metadata = read_photographs(tmp_path)
    return ImageDataset(metadata.records, metadata.schema, 16, photographs=True)


def left_grey(photo, asked):
    return LToAb().shown(photo[None])


def truth(photo, asked):
    return photo[None].float() / 255


def test_the_truth_is_perfect_and_grey_is_not(pictures):
    perfect = evaluate_photos(truth, pictures)
    grey = evaluate_photos(left_grey, pictures)
    assert perfect.pictures == 4
    assert perfect.ab_error == perfect.ab_rmse == perfect.dcf_abs == perfect.dcf_hs == 0
    assert perfect.psnr == math.inf
    assert perfect.auc == perfect.auc_rebalanced == 100
    assert grey.ab_error > 20
    assert grey.ab_rmse >= grey.ab_error
    assert grey.cf_abs < 1 < grey.dcf_abs
    assert grey.auc < 90
    assert perfect.score == 0
    assert perfect.drift == perfect.imagenet_mse == 0
    assert math.isclose(grey.score, 2 + grey.drift / grey.ab_error, abs_tol=0.02)
    assert math.isclose(grey.ab_error, grey.ab_error_grey, rel_tol=0.01)


def test_half_the_chroma_is_half_the_error_of_grey(pictures):
    codec = LToAb()

    def half(photo, asked):
        source, target = codec.encode_source(photo[None]), codec.encode_target(photo[None])
        return codec.decode(source, target / 2)

    grey = evaluate_photos(left_grey, pictures)
    assert math.isclose(evaluate_photos(half, pictures).ab_error, grey.ab_error / 2, rel_tol=0.02)


def test_photographs_count_alike_whatever_their_size():
    small, large = (
        torch.from_numpy(photograph(2, *size)).permute(2, 0, 1).float() / 255
        for size in ((16, 12), (64, 48))
    )
    grey = LToAb().shown
    alone, both = [PhotoTally(), PhotoTally()], PhotoTally()
    for tally, picture in zip(alone, (small, large), strict=True):
        for each in (tally, both):
            each.add(grey((picture[None] * 255).round().byte())[0], picture)
    mean = sum(tally.score().ab_error for tally in alone) / 2
    assert math.isclose(both.score().ab_error, mean, rel_tol=1e-6)
    assert both.score().pictures == 2


def test_at_most_so_many_are_measured_and_progress_is_told(pictures):
    told = []
    measured = evaluate_photos(truth, pictures, max_inputs=2, on_progress=lambda *a: told.append(a))
    assert measured.pictures == 2
    assert told == [(1, 2), (2, 2)]


def test_json_holds_the_figures_and_what_follows_from_them(pictures):
    measured = evaluate_photos(left_grey, pictures)
    told = measured.to_json()
    assert told["dcf_abs"] == measured.dcf_abs
    assert "ab error" in measured.summary


def test_a_cast_drifts_and_its_absence_does_not(pictures):
    def cast(photo, asked):
        return (truth(photo, asked) + torch.tensor([0.1, 0, 0]).view(3, 1, 1)).clamp(0, 1)

    pale = evaluate_photos(left_grey, pictures)
    reddish, right = evaluate_photos(cast, pictures), evaluate_photos(truth, pictures)
    assert right.drift == 0 < reddish.drift
    assert reddish.a_mean > reddish.a_mean_truth
    assert reddish.score > (reddish.ab_error / pale.ab_error_grey)
    assert reddish.to_json()["drift"] == reddish.drift
