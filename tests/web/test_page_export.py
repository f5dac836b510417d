"""The exported page as files: what lies in the folder, and what is refused before it is written."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import sys
import tarfile
from pathlib import Path

import numpy as np
import pytest
from fileserver import closed_port, serving
from models import save_random, save_random_parts

from condcolor.errors import DataError, UsageError
from condcolor.web import onnxruntime_web, page_export
from condcolor.web.onnxruntime_web import FILES, runtime_files
from condcolor.web.page_export import export_page

pytest.importorskip("onnx", reason="needs condcolor[train]")
pytest.importorskip("onnxscript", reason="needs condcolor[train]")
onnxruntime = pytest.importorskip("onnxruntime", reason="needs condcolor[train]")


@pytest.fixture(scope="module")
def vendor(tmp_path_factory) -> Path:
    """A folder with files of the names of the runtime."""
    folder = tmp_path_factory.mktemp("vendor")
    for name in FILES:
        (folder / name).write_text(f"content of {name}")
    return folder


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> Path:
    return save_random_parts(tmp_path_factory.mktemp("m") / "m")


@pytest.fixture(scope="module")
def page(tmp_path_factory, model, vendor) -> Path:
    folder = tmp_path_factory.mktemp("page") / "site"
    exported = export_page(model, folder, vendor=vendor)
    sizes = [path.stat().st_size for path in folder.iterdir()]
    assert (exported.files, exported.size) == (len(sizes), sum(sizes))
    return folder


def test_the_service_worker_knows_all_files(page):
    head = (page / "sw.js").read_text().partition("\n")[0]
    listed = json.loads(head[head.index("[") :].rstrip(";"))
    assert sorted(listed) == sorted(
        ["./", *(path.name for path in page.iterdir() if path.name != "sw.js")]
    )


def test_the_version_is_that_of_the_contents(page, model, vendor, tmp_path, monkeypatch):
    monkeypatch.setattr(page_export, "_model_files", lambda info: {"network.onnx.gz": b"one"})
    versions = []
    for number in (1, 1, 2):
        (tmp_path / "vendor").mkdir(exist_ok=True)
        for name in FILES:
            (tmp_path / "vendor" / name).write_text(f"{name} {number}")
        export_page(model, tmp_path / "site", vendor=tmp_path / "vendor", overwrite=True)
        versions.append((tmp_path / "site" / "sw.js").read_text().partition("\n")[0])
    assert versions[0] == versions[1] != versions[2]


def test_the_network_takes_pixels_and_gives_scores(page):
    network = gzip.decompress((page / "network.onnx.gz").read_bytes())
    session = onnxruntime.InferenceSession(network)
    assert [each.name for each in session.get_inputs()] == ["rgb", "cond"]
    rgb = np.zeros((1, 3, 16, 16), np.uint8)
    scores = session.run(None, {"rgb": rgb, "cond": np.zeros((1, 0), np.float32)})[0]
    config = json.loads((page / "config.json").read_text())
    assert scores.shape == (1, len(config["parts"]), 16, 16)
    assert config["parts"][4] == {"name": "skin", "fill": "#fbd3c0"}
    assert (config["image_size"], config["fill"]) == (16, 255)


def test_the_page_asks_nobody_else(page):
    for path in page.iterdir():
        if path.suffix in (".js", ".css", ".html"):
            text = path.read_text().replace("http://www.w3.org/2000/svg", "")
            assert "http://" not in text, path.name
            assert "https://" not in text, path.name


def test_what_is_there_is_not_lost(page, model, vendor, tmp_path, monkeypatch):
    with pytest.raises(UsageError, match="site exists: name a new folder, or give --overwrite"):
        export_page(model, page, vendor=vendor)
    own = tmp_path / "own"
    own.mkdir()
    (own / "thesis.txt").write_text("all of it")
    with pytest.raises(UsageError, match="own is no exported page"):
        export_page(model, own, vendor=vendor, overwrite=True)

    def broken(info):
        raise DataError("the disk is full")

    monkeypatch.setattr(page_export, "_model_files", broken)
    before = sorted(page.iterdir())
    for folder, more in ((page, {"overwrite": True}), (tmp_path / "new", {})):
        with pytest.raises(DataError):
            export_page(model, folder, vendor=vendor, **more)
    assert sorted(page.iterdir()) == before
    assert sorted(tmp_path.iterdir()) == [own]


def test_a_model_without_parts_is_refused(condcolor, vendor, tmp_path):
    model = save_random(tmp_path / "painter")
    done = condcolor("export", model, "--page", tmp_path / "site", "--vendor", vendor)
    assert done.exit_code == 2
    assert done.stderr.startswith(f"Error: {model} finds no parts of drawings")
    assert not (tmp_path / "site").exists()


def test_the_packages_for_onnx_are_needed(model, vendor, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(UsageError, match="onnx is not installed: pip install"):
        export_page(model, tmp_path / "site", vendor=vendor)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--page", "site", "--onnx", "a.onnx"], "--onnx and --page are two outputs"),
        (["--page", "site", "--half"], "--page goes without --half"),
        (["--onnx", "a.onnx", "--vendor", "."], "--vendor goes with --page alone"),
        (["--page", "site", "--vendor", "."], "does not hold ort.wasm.min.mjs"),
    ],
)
def test_wrong_options_are_told(condcolor, model, here, words, said):
    done = condcolor("export", model, *words)
    assert done.exit_code == 2
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert list(here.iterdir()) == []


def archive(**files: str) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as package:
        for name in FILES:
            data = files.get(name, f"content of {name}").encode()
            member = tarfile.TarInfo(f"package/dist/{name}")
            member.size = len(data)
            package.addfile(member, io.BytesIO(data))
    return buffer.getvalue()


def test_the_package_of_another_content_is_refused(monkeypatch):
    body = archive()
    monkeypatch.setattr(onnxruntime_web, "SIZE", len(body))
    with serving(body) as registry:
        monkeypatch.setenv("NPM_CONFIG_REGISTRY", registry.url)
        with pytest.raises(DataError, match=r"is not onnxruntime-web 1\.22\.0 as published"):
            runtime_files()
        digest = base64.b64encode(hashlib.sha512(body).digest()).decode()
        monkeypatch.setattr(onnxruntime_web, "SHA512", digest)
        assert runtime_files() == {name: f"content of {name}".encode() for name in FILES}
        monkeypatch.setattr(onnxruntime_web, "SIZE", len(body) - 1)
        with pytest.raises(DataError, match="bytes"):
            runtime_files()


def test_no_network_is_told(monkeypatch):
    monkeypatch.setenv("NPM_CONFIG_REGISTRY", f"http://127.0.0.1:{closed_port()}")
    monkeypatch.setattr(onnxruntime_web, "WAITS", ())
    with pytest.raises(DataError, match=r"cannot be downloaded .* by --vendor"):
        runtime_files()
