from __future__ import annotations

import dataclasses

import pytest
import torch
from drawn import PALETTE, SKIN, draw_set, photograph, save, shoot

from condcolor.conditions.colors import parse_hex
from condcolor.data.augmentation import epoch_batches, seeded
from condcolor.data.dataset import ImageDataset, one_hot
from condcolor.data.metadata import read_metadata, read_photographs
from condcolor.data.palette import measure_fixed, measure_palette
from condcolor.errors import DataError
from condcolor.recipes import TrainConfig

STILL = TrainConfig(flips=False)


@pytest.fixture
def metadata(tmp_path):
    draw_set(tmp_path, masked=True)
    return read_metadata(tmp_path)


def picture_set(metadata, **options):
    options = {"fixed": (measure_fixed(metadata),), **options} if "compose" in options else options
    return ImageDataset(metadata.records, measure_palette(metadata), 16, **options)


def test_rows_are_the_csvs(metadata):
    pictures = picture_set(metadata)
    assert len(pictures) == 18
    assert len(pictures.pictures) == 20  # each of 2 sketches and 18 targets is decoded once
    batch = pictures.rows(torch.arange(18))
    assert batch.source.shape == batch.target.shape == (18, 3, 16, 16)
    assert batch.source.dtype == batch.target.dtype == torch.uint8
    for i, record in enumerate(metadata.records):
        hair = torch.tensor(parse_hex(PALETTE[record.values[0]]))
        assert (batch.target[i, :, 2, 5] == hair).all()
        assert batch.cond[i].tolist() == list(
            metadata.schema.encode(dict(zip(metadata.schema.names, record.values, strict=True)))
        )


def test_compose_gives_the_very_targets_of_the_csv(metadata):
    rows = torch.arange(18)
    drawn, composed = picture_set(metadata), picture_set(metadata, compose=True)
    assert measure_fixed(metadata) == parse_hex(SKIN)
    assert torch.equal(drawn.rows(rows).target, composed.rows(rows).target)


def test_compose_draws_every_combination(metadata):
    pictures = picture_set(metadata, compose=True)
    batch = pictures.rows(torch.zeros(200, dtype=torch.long), seeded(0, 0, 0))
    assert len(batch.cond.unique(dim=0)) == 9
    assert len(batch.target.unique(dim=0)) == 9


def test_a_batch_is_a_function_of_seed_epoch_and_index(metadata):
    pictures = picture_set(metadata, compose=True)
    config = TrainConfig(shift=0.2, zoom=0.2, fade=0.5, grain=0.1)
    rows = torch.arange(6)
    first, again, other = (pictures.rows(rows, seeded(1, 2, i), config) for i in (3, 3, 4))
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert not torch.equal(first.source, other.source)


def test_wrong_conditions_differ_and_are_conditions(metadata):
    pictures = picture_set(metadata)
    batch = pictures.rows(torch.arange(18), seeded(0, 0, 0))
    assert (batch.cond != batch.wrong).any(1).all()
    for part in batch.wrong.split(pictures.schema.sizes, dim=1):
        assert (part.sum(1) == 1).all()


@pytest.mark.parametrize("compose", [False, True])
@pytest.mark.parametrize("move", [{"flips": True}, {"shift": 0.2}, {"zoom": 0.3}, {"bend": 0.03}])
def test_source_and_target_move_together(metadata, compose, move):
    pictures = picture_set(metadata, compose=True) if compose else picture_set(metadata)
    config = dataclasses.replace(STILL, **move)
    batch = pictures.rows(torch.arange(18).repeat(4), seeded(0, 0, 0), config)
    still = pictures.rows(torch.arange(18).repeat(4), seeded(0, 0, 0), STILL)
    assert not torch.equal(batch.source, still.source)
    ink = batch.source.float().mean(1) < 60
    assert ink.any()
    assert batch.target.float().mean(1)[ink].max() < 100  # lines of both lie on each other


def test_fade_and_grain_change_the_sketch_but_not_the_colours_asked(metadata):
    pictures = picture_set(metadata, compose=True)
    config = dataclasses.replace(STILL, fade=0.8, grain=0.2)
    batch = pictures.rows(torch.arange(18), seeded(0, 0, 0), config)
    still = pictures.rows(torch.arange(18), seeded(0, 0, 0), STILL)
    assert not torch.equal(batch.source, still.source)
    assert torch.equal(batch.target[:, :, 2, 5], still.target[:, :, 2, 5])


def test_an_epoch_visits_every_row_once_in_an_order_of_its_own():
    first, second = (torch.cat(epoch_batches(20, 5, 0, epoch)) for epoch in (0, 1))
    assert sorted(first.tolist()) == list(range(20))
    assert first.tolist() != second.tolist()
    assert torch.equal(first, torch.cat(epoch_batches(20, 5, 0, 0)))


def test_fewer_rows_than_a_batch_are_one_batch():
    assert [len(b) for b in epoch_batches(3, 10, 0, 0)] == [3]
    assert [len(b) for b in epoch_batches(23, 10, 0, 0)] == [10, 10]


def test_one_hot_lies_attribute_beside_attribute():
    assert one_hot(torch.tensor([[1, 0], [0, 2]]), (2, 3)).tolist() == [
        [0, 1, 1, 0, 0],
        [1, 0, 0, 0, 1],
    ]
    assert one_hot(torch.zeros(2, 0, dtype=torch.long), ()).shape == (2, 0)


def test_every_picture_that_cannot_be_read_is_named(metadata, tmp_path):
    for name in ("0-red-red.png", "1-blue-red.png"):
        (tmp_path / "outputs" / name).write_bytes(b"<html>")
    with pytest.raises(DataError) as caught:
        ImageDataset(metadata.records, metadata.schema, 16)
    assert len(caught.value.problems) == 2
    assert "0-red-red.png" in str(caught.value)
    assert "1-blue-red.png" in str(caught.value)


def test_compose_without_masks_says_which_are_missing(tmp_path):
    draw_set(tmp_path)
    metadata = read_metadata(tmp_path)
    with pytest.raises(DataError, match=r"mask for every input.*\n.*inputs/0\.png"):
        ImageDataset(metadata.records, measure_palette(metadata), 16, compose=True)


def photo_set(folder, size=16, **options):
    metadata = read_photographs(folder)
    return ImageDataset(metadata.records, metadata.schema, size, photographs=True, **options)


def test_photographs_are_cut_to_squares_and_decoded_once(tmp_path):
    save(tmp_path / "wide.png", photograph(0, 64, 16))
    pictures = photo_set(tmp_path)
    batch = pictures.rows(torch.tensor([0]))
    assert len(pictures.pictures) == 1
    assert torch.equal(batch.source, batch.target)
    middle = torch.from_numpy(photograph(0, 64, 16)[:, 24:40]).permute(2, 0, 1)
    assert torch.equal(batch.source[0], middle)
    assert batch.cond.shape == (1, 0)


def test_grey_and_broken_photographs_are_left_out_and_named(tmp_path):
    shoot(tmp_path, 3)
    save(tmp_path / "grey.png", photograph(9).mean(-1, keepdims=True).repeat(3, -1).astype("uint8"))
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8\xff not much")
    pictures = photo_set(tmp_path)
    assert [r.source.name for r in pictures.records] == ["0.png", "1.png", "2.png"]
    assert len(pictures.skipped) == 2
    assert "broken.jpg" in pictures.skipped[0]
    assert "grey.png: a grey picture" in pictures.skipped[1]
    batch = pictures.rows(torch.arange(3))
    assert (batch.source.float().std(dim=(1, 2, 3)) > 0).all()


def test_jitter_cuts_source_and_target_alike_and_the_middle_without_a_draw(tmp_path):
    shoot(tmp_path, 4)
    pictures = photo_set(tmp_path, jitter=0.5)
    assert pictures.pictures.side == 24
    rows = torch.zeros(20, dtype=torch.long)
    drawn = pictures.rows(rows, seeded(0, 0, 0), STILL)
    assert drawn.source.shape == (20, 3, 16, 16)
    assert torch.equal(drawn.source, drawn.target)
    assert len(drawn.source.unique(dim=0)) > 5
    still = pictures.rows(rows[:1])
    assert torch.equal(still.source[0], pictures.pictures[0][:, 4:20, 4:20])
