"""The small set of icons as Hugging Face's datasets reads it."""

from __future__ import annotations

from pathlib import Path

import pytest

from condcolor.data.metadata import PICTURE_COLUMNS, read_metadata

ICONS = Path(__file__).parents[2] / "data/icons"


def test_the_columns_are_those_of_hugging_face():
    for split in ("train", "test"):
        header = (ICONS / split / "metadata.csv").read_text().splitlines()[0].split(",")
        assert tuple(header[:2]) == PICTURE_COLUMNS
        assert all(name.endswith("_file_name") for name in header[:2])


def test_datasets_reads_the_icons(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    datasets = pytest.importorskip("datasets", reason="needs Hugging Face's datasets")
    read = datasets.load_dataset("imagefolder", data_dir=str(ICONS), cache_dir=str(tmp_path))
    own = read_metadata(ICONS)
    for split in ("train", "test"):
        records = own.split(split)
        assert len(read[split]) == len(records)
        first = read[split][0]
        assert (first["input"].size, first["output"].size) == ((256, 256), (256, 256))
        values = zip(read[split]["hair"], read[split]["shirt"], strict=True)
        assert list(values) == [record.values for record in records]
