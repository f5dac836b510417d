"""The package as others meet it: on PyPI, cited, on GitHub, in a container."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from email import message_from_string
from email.message import Message
from pathlib import Path

import pytest

pytest.importorskip("setuptools", reason="needs setuptools")

ROOT = Path(__file__).parents[1]
REPOSITORY = "https://github.com/condcolor/condcolor"


@pytest.fixture(scope="module")
def metadata(tmp_path_factory) -> Message:
    """The metadata of a wheel, made of a copy: setuptools writes beside its sources."""
    copy, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("metadata")
    for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy)
    (copy / "condcolor").mkdir()
    for name in ("__init__.py", "version.py"):
        shutil.copy(ROOT / "condcolor" / name, copy / "condcolor")
    call = "import setuptools.build_meta as b, sys; b.prepare_metadata_for_build_wheel(sys.argv[1])"
    subprocess.run([sys.executable, "-c", call, out], cwd=copy, check=True, capture_output=True)
    (file,) = out.glob("*.dist-info/METADATA")
    return message_from_string(file.read_text(encoding="utf-8"))


def test_links_and_pictures_of_the_description_show_on_pypi(metadata):
    assert metadata["Description-Content-Type"] == "text/markdown"
    text = metadata.get_payload()
    targets = re.findall(r'(?:\]\(|src=")([^)"\s]+)', re.sub(r"```.*?```", "", text, flags=re.S))
    assert [each for each in targets if not each.startswith(("https://", "#"))] == []
    of_us = [re.match(REPOSITORY + r"/(raw|blob|tree)/main/([^#]+)", each) for each in targets]
    kinds = {match[2]: match[1] for match in of_us if match}
    assert kinds["docs/sheet.png"] == "raw"
    assert kinds["docs/format.md"] == "blob"
    assert [path for path in kinds if not (ROOT / path).exists()] == []
    assert {p for p, kind in kinds.items() if (kind == "tree") != (ROOT / p).is_dir()} == set()


def test_the_description_is_the_readme(metadata):
    def without_targets(text: str) -> str:
        return re.sub(r'(\]\(|src=")[^)"]*', "", text).strip()

    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert without_targets(metadata.get_payload()) == without_targets(readme)


def test_pypi_leads_to_the_repository(metadata):
    addresses = dict(each.split(", ") for each in metadata.get_all("Project-URL"))
    assert addresses["Repository"] == REPOSITORY
    assert all(each.startswith(REPOSITORY) for each in addresses.values())


def test_the_citation_names_the_package_and_its_licence():
    yaml = pytest.importorskip("yaml", reason="needs PyYAML, which condcolor[docs] brings")
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert citation["title"] == project["name"]
    assert citation["license"] == project["license"]
    assert citation["repository-code"] == project["urls"]["Repository"]


def test_the_workflow_runs_the_versions_of_python_that_the_package_names():
    yaml = pytest.importorskip("yaml", reason="needs PyYAML, which condcolor[docs] brings")
    workflow = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8"))
    tested = workflow["jobs"]["test"]["strategy"]["matrix"]["python"]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = {each.rpartition(":: ")[2] for each in project["classifiers"] if ":: 3." in each}
    assert named <= set(tested)
    assert any("bash .ci/run" in step.get("run", "") for step in workflow["jobs"]["test"]["steps"])


def test_the_dockerfile_is_as_its_linter_wants_it():
    hadolint = shutil.which("hadolint", path=Path(sys.executable).parent) or shutil.which(
        "hadolint"
    )
    if hadolint is None:
        pytest.skip("needs hadolint")
    done = subprocess.run([hadolint, ROOT / "Dockerfile"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")


def test_what_the_dockerfile_copies_is_there_and_not_ignored():
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    copied = [name for line in lines if line.startswith("COPY ") for name in line.split()[1:-1]]
    copied = [name for name in copied if not name.startswith(("--from", "/"))]
    kept = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert "condcolor" in copied
    assert [name for name in copied if not (ROOT / name).exists() or f"!{name}" not in kept] == []
