"""Lines for people on a coloured picture: notes, parts in doubt, parts that are not locked, its colors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from condcolor.batch.checks import inconsistent
from condcolor.batch.color_report import make_row, summary
from condcolor.batch.jobs import Job
from condcolor.batch.pipeline import JobResult
from condcolor.batch.rendering import Findings, RenderOptions
from condcolor.conditions.color_spec import asked_for
from condcolor.conditions.schema import AttributeSchema
from condcolor.runtime.messages import shown_name


def result_lines(result: JobResult, options: RenderOptions) -> Iterator[str]:
    """Yield the lines for a person on a picture."""
    name = shown_name(result.job.source)
    yield from (f"note: {name}: {text}" for text in result.notes)
    yield from check_lines(name, result.findings)
    yield from unlocked_lines(name, result.job, result.findings.measured, options)
    if result.error:
        yield f"failed: {result.error}"


def one_report(
    job: Job, findings: Findings, schema: AttributeSchema, options: RenderOptions
) -> list[str]:
    """Return the report lines of a single picture, which has no colors.csv; none without `lock`."""
    shown = schema.of(asked_for(job.values))
    return summary([make_row(job, True, findings.manifest_entry, shown)]) if options.lock else []


def check_lines(name: str, findings: Findings) -> list[str]:
    """Return a line for each attribute of a picture that a person should look at."""
    doubts = inconsistent(findings.inconsistencies or {}).items()
    return [f"check: {name}: {key} may be wrong ({doubt.summary})" for key, doubt in doubts]


def unlocked(job: Job, measured: Mapping[str, object] | None, options: RenderOptions) -> list[str]:
    """Return the parts of a picture that `lock` could not lock: no region of them was found.

    measured: the color of each part, as in `Findings`; None where the picture was not colored.
    """
    if not options.lock or measured is None:
        return []
    return [name for name, spec in job.values.items() if not spec.left and not measured.get(name)]


def unlocked_lines(
    name: str, job: Job, measured: Mapping[str, object] | None, options: RenderOptions
) -> list[str]:
    """Return a line for each part of a picture that `lock` could not lock."""
    parts = unlocked(job, measured, options)
    return [f"not locked: {name}: {part} (no region of it was found)" for part in parts]
