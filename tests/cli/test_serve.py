"""`condcolor serve --review`: what it refuses, and what it says of a folder."""

from __future__ import annotations

import json

import pytest
from models import save_random_parts
from pictures import sketch

from condcolor.batch.colorize import colorize_files

pytest.importorskip("uvicorn", reason="needs condcolor[web]")
pytest.importorskip("starlette", reason="needs condcolor[web]")


def test_a_review_is_refused_where_it_cannot_be(condcolor, tmp_path):
    refused = condcolor("serve", "--port", "0", "--review", tmp_path)
    assert refused.exit_code == 2
    assert "names no coloured picture" in refused.output
    refused = condcolor("serve", "--port", "0", "--host", "0.0.0.0", "--review", tmp_path)
    assert refused.exit_code == 2
    assert "it is for this machine" in refused.output
    refused = condcolor("serve", "--port", "0", "-m", "icons", "-m", "photo", "--review", tmp_path)
    assert refused.exit_code == 2
    assert "--review takes one model" in refused.output


def test_a_folder_without_doubts_is_told(condcolor, tmp_path):
    model = save_random_parts(tmp_path / "model")
    (tmp_path / "sketches").mkdir()
    sketch(64, 64).save(tmp_path / "sketches/a.png")
    values = {"hair": "red", "shirt": "blue"}
    out = tmp_path / "colored"
    colorize_files(tmp_path / "sketches", out, values, model=model, check=True)
    lines = [json.loads(line) for line in (out / "manifest.jsonl").read_text().splitlines()]
    lines[-1]["doubts"] = {"hair": {"score": 0.05, "when": "close"}}
    (out / "manifest.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    done = condcolor("serve", "--port", "0", "--review", out)
    assert (done.exit_code, done.output) == (0, f"{out}: no picture is in doubt\n")
