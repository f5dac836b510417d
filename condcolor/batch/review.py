"""`ReviewFolder`: the pictures in doubt of a colored folder, corrected one after another."""

from __future__ import annotations

import stat
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from condcolor.batch.checks import Inconsistency, inconsistent
from condcolor.batch.color_report import make_row, update_row
from condcolor.batch.jobs import Job
from condcolor.batch.manifest import DONE, NAME, Manifest, Settings
from condcolor.batch.rendering import RenderOptions
from condcolor.conditions.color_spec import asked_for, parse_color_specs
from condcolor.conditions.schema import AttributeSchema
from condcolor.errors import DataError, UsageError
from condcolor.imaging.corrections import (
    CorrectionSource,
    SavedCorrections,
    parts_path,
    read_corrections,
)
from condcolor.imaging.drawing_parts import Parts
from condcolor.imaging.formats import READ_SUFFIXES, format_for
from condcolor.imaging.open import Picture, open_picture
from condcolor.imaging.paper import parse_paper
from condcolor.imaging.save import encode_image
from condcolor.models.model_folder import ModelInfo
from condcolor.runtime.files import write_whole
from condcolor.runtime.messages import shown_name

ANY = Settings("", "", 1.0)  # of a manifest that is only read


@dataclass(frozen=True)
class ReviewPicture:
    """A picture to look at: its job, how it was colored, and what is in doubt, as text."""

    job: Job
    settings: Settings
    doubts: str

    @property
    def name(self) -> str:
        """The name of its source, for people."""
        return shown_name(self.job.source.name)

    @property
    def values(self) -> dict[str, str]:
        """The text of the spec of each attribute that was asked for."""
        return {name: spec.text for name, spec in asked_for(self.job.values).items()}

    @property
    def options(self) -> RenderOptions:
        """The options with which it is colored again."""
        paper = parse_paper(self.settings.paper or "keep")
        return RenderOptions(self.settings.lock, None, True, False, paper, self.settings.fill_black)


class ReviewFolder:
    """The pictures of a folder that `colorize --check` flagged. Only what its manifest names is ever written.

    folder: the output of `colorize --check`.
    pictures: those to look at, in the manifest's order.
    left_out: flagged pictures that cannot be corrected, a line each.
    """

    def __init__(self, folder: str | Path, info: ModelInfo):
        """Read the manifest.

        Raises:
            UsageError: there is none, it is not of a run with --check, or the model does not find parts.
        """
        self.folder = Path(folder)
        self.schema = info.schema
        if not info.finds_parts:
            raise UsageError(
                f"{shown_name(folder)}: was coloured with {shown_name(info.name)}, which does not find parts"
            )
        entries = done_entries(self.folder)
        if not any("doubts" in entry for entry in entries):
            raise UsageError(
                f"{shown_name(folder)}: was not made with --check: colour it again with condcolor colorize "
                "--check"
            )
        pictures, self.left_out = [], []
        for entry in entries:
            picture = flagged(self.folder, entry, info.schema)
            if picture is None:
                continue
            if problem := why_not(self.folder, picture, info):
                self.left_out.append(f"{picture.name}: {problem}")
            else:
                pictures.append(picture)
        self.pictures = tuple(pictures)

    def read(self, number: int) -> Picture:
        """Open a picture, `number` from 0. Raises as `open_picture`."""
        return open_picture(self.pictures[number].job.source)

    def saved(self, number: int) -> SavedCorrections:
        """Return the corrections beside a picture; none where there is no file.

        Raises:
            DataError: the file is damaged.
        """
        path = parts_path(self.pictures[number].job.source)
        return read_corrections(path) if path.is_file() else SavedCorrections(())

    def write(self, number: int, parts: Parts) -> str:
        """Save the corrected parts beside a picture, color it again, and note it in manifest and colors.csv.

        Returns:
            What is still in doubt, as text.

        Raises:
            DataError: a file cannot be written.
        """
        started = time.perf_counter()
        picture = self.pictures[number]
        beside = parts_path(picture.job.source)
        parts.save(beside)
        job = replace(picture.job, corrections=CorrectionSource(beside))
        manifest = Manifest(self.folder, picture.settings)
        manifest.begin(job)
        rendered = picture.options.render_parts(parts, job.values)
        origin = parts.drawing.picture.origin.without_depth()
        data = encode_image(job.out, rendered.image, origin)
        write_whole(job.out, data, overwrite=True)
        findings = rendered.findings(data)
        manifest.add(
            job,
            seconds=time.perf_counter() - started,
            notes=rendered.notes + origin.losses(format_for(job.out)),
            findings=findings.manifest_entry,
        )
        if manifest.problem:
            raise DataError(manifest.problem)
        shown = self.schema.of(asked_for(job.values))
        update_row(self.folder, make_row(job, True, findings.manifest_entry, shown), shown)
        return summary_of(findings.inconsistencies or {})


def model_of(folder: str | Path) -> str:
    """Return the name or path of the model that colored the last picture of a folder.

    Raises:
        UsageError: the folder has no manifest with a colored picture.
    """
    return str(done_entries(Path(folder))[-1].get("model", ""))


def done_entries(folder: Path) -> list[Mapping[str, Any]]:
    """Return the entries of colored pictures; UsageError where there are none."""
    manifest = Manifest(folder, ANY)
    done = [entry for entry in manifest.entries.values() if entry.get("status") == DONE]
    if not done:
        reason = manifest.problem or f"{shown_name(folder / NAME)}: names no coloured picture"
        raise UsageError(f"{reason}: name the output folder of condcolor colorize --check")
    return done


def flagged(
    folder: Path, entry: Mapping[str, Any], schema: AttributeSchema
) -> ReviewPicture | None:
    """Return the picture of an entry that a person should look at; None for others.

    Raises:
        UsageError: the entry is damaged.
    """
    try:
        doubts = {name: Inconsistency(**each) for name, each in (entry.get("doubts") or {}).items()}
        if not inconsistent(doubts):
            return None
        settings = Settings(
            entry["model"],
            entry["sha256"],
            entry["vivid"],
            lock=bool(entry.get("lock")),
            grid=entry.get("grid") or "",
            paper=entry.get("paper") or "",
            fill_black=bool(entry.get("fill_black")),
        )
        values = parse_color_specs(schema, entry["values"])
        job = Job(folder / entry["source"], folder / entry["output"], values)
    except (KeyError, TypeError, AttributeError, UsageError) as error:
        raise UsageError(f"{shown_name(folder / NAME)}: damaged ({error})") from None
    return ReviewPicture(job, settings, summary_of(doubts))


def why_not(folder: Path, picture: ReviewPicture, info: ModelInfo) -> str:
    """Return why a picture cannot be corrected; empty where it can."""
    source, out = picture.job.source, picture.job.out
    if picture.settings.sha256 != info.sha256:
        return f"was coloured with another model than {shown_name(info.name)}"
    if picture.settings.grid:
        return "is a sheet of cells (--grid), whose parts cannot be corrected"
    if not is_file(source) or source.suffix.lower() not in READ_SUFFIXES:
        return "its sketch is not there any more"
    if not is_file(out) or not out.resolve().is_relative_to(folder.resolve()):
        return "its coloured picture is not in the folder any more"
    return ""


def is_file(path: Path) -> bool:
    """Whether it is a plain file, not a link."""
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except (OSError, ValueError):
        return False


def summary_of(doubts: Mapping[str, Inconsistency]) -> str:
    """Return what is in doubt, as text; empty where nothing is."""
    return "; ".join(f"{name}: {each.summary}" for name, each in inconsistent(doubts).items())
