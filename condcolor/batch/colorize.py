"""`colorize_files`: files and folders planned, resumed, colored and reported, as `colorize` does."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

from condcolor.batch.checks import inconsistent
from condcolor.batch.color_report import NAME as REPORT_NAME
from condcolor.batch.color_report import make_row, refuse_other, summary, write_colors
from condcolor.batch.jobs import (
    Job,
    folder_for_several,
    names_csv,
    names_one,
    plan_csv,
    plan_jobs,
    still_to_do,
    with_corrections,
)
from condcolor.batch.manifest import Manifest, settings_of
from condcolor.batch.model_choice import PHOTOGRAPHS, choose_model, first_pictures
from condcolor.batch.pipeline import JobResult, run_job, run_jobs
from condcolor.batch.render_options import AnyPath, guide_of, render_options
from condcolor.batch.rendering import PLAIN, RenderOptions
from condcolor.batch.result_lines import one_report, result_lines, unlocked, unlocked_lines
from condcolor.conditions.color_spec import (
    NO_PERSONS,
    ColorSpec,
    asked_for,
    exact_specs,
    parse_color_specs,
    split_persons,
)
from condcolor.conditions.hints import Hint
from condcolor.conditions.schema import AttributeSchema
from condcolor.errors import UsageError
from condcolor.imaging.corrections import NO_PARTS, Correction, check_parts, parse_corrections
from condcolor.imaging.paper import Paper
from condcolor.imaging.sheets import Grid
from condcolor.inference.colorizer import Colorizer
from condcolor.inference.engine import pick_engine
from condcolor.models.model_folder import ModelInfo, made_for, read_model_info
from condcolor.runtime.files import make_folder, remove_left_behind
from condcolor.runtime.messages import shown_name
from condcolor.runtime.process import StopFlag


@dataclass(frozen=True)
class ColorizeResult:
    """The result of `colorize_files`.

    outputs: the pictures that this call wrote, in order.
    failed, skipped, left: numbers of pictures with an error, colored before, and not reached when stopped.
    flagged: number of pictures of the set that a person should look at; 0 without a check.
    unlocked: number of pictures of the set with a part that `lock` could not lock, since no region of it was
        found.
    passed_over: what was skipped in the input folders, a line each.
    report: the exactness of the colors and the path of the report, a line each.
    folder: the output folder of several pictures; None for a single one.
    """

    outputs: tuple[Path, ...] = ()
    failed: int = 0
    skipped: int = 0
    left: int = 0
    flagged: int = 0
    unlocked: int = 0
    passed_over: tuple[str, ...] = ()
    report: tuple[str, ...] = ()
    folder: Path | None = None

    @property
    def colored(self) -> int:
        """The number of pictures that this call wrote."""
        return len(self.outputs)


def colorize_files(
    inputs: AnyPath | Sequence[AnyPath],
    out: AnyPath | None = None,
    values: Mapping[str, str | ColorSpec] | None = None,
    *,
    model: str | Path | ModelInfo | None = None,
    palette: AnyPath | None = None,
    lock: bool = False,
    grid: str | Grid | None = None,
    check: bool = False,
    report: bool = False,
    paper: str | Paper = "keep",
    fill_black: bool = False,
    parts: AnyPath | None = None,
    corrections: Sequence[str | Correction] = (),
    recolor: bool = False,
    keep_colors: bool = False,
    hints: Sequence[str | Hint] = (),
    like: AnyPath | None = None,
    overwrite: bool = False,
    skip_existing: bool = False,
    vivid: float | None = None,
    device: str | None = None,
    precision: str = "auto",
    engine: str = "auto",
    on_progress: Callable[[int, int], None] | None = None,
    on_note: Callable[[str], None] | None = None,
    on_result: Callable[[JobResult], None] | None = None,
    stop: StopFlag | None = None,
) -> ColorizeResult:
    """Color files, folders, patterns or the rows of a .csv, as `condcolor colorize` does.

        from condcolor import colorize_files

        result = colorize_files("sketches/", "colored/", {"hair": "red", "shirt": "#ff8800"}, lock=True)
        print(result.colored, "colored,", result.failed, "failed")

    The same call again does what is left, by `out/manifest.jsonl`. Of several pictures one that cannot be
    colored stops no other; a single one, which has no manifest, raises.

    Args:
        inputs: files, folders (trees are kept), patterns such as `"sketches/*.png"`, or one .csv.
        out: a file for a single picture, a folder for several; None names a single one by its values.
        values: attribute -> value, color or mix; none for a .csv, which has its own.
        model: a model's name or path. None chooses `photo` for photographs, where neither values nor options
            of drawings are given, and `icons` for all else.
        palette: a JSON file of color names. lock: every region gets exactly the specified color.
        grid: `"4x3"`, where each picture is a sheet of so many cells.
        check: find pictures to look at. report: write `out/colors.csv`, as lock and check do, too.
        paper: "keep" the paper of scans and photographs, "white", or a color of new paper.
        fill_black: color solid black areas, such as black hair, up to an outline.
        parts: of one picture, the file of its corrected parts; by default x.parts.json beside x.png, if any.
        corrections: of one picture, more of them: `"120,80=hair"`, or a cut `"10,20:30,40"`.
        recolor: color photographs anew that have colors already, which are left as they are otherwise.
        keep_colors: of such photographs keep the colored areas, and color the others.
        hints: of one photograph, the colors of things at points: `"120,80=#c03020"`.
        like: a photograph whose colors the others take where things look alike.
        overwrite, skip_existing: replace or skip outputs that this set did not write.
        vivid: factor of the chroma of photographs, 0 to 4; None is the model's own.
        device, precision: as for `Colorizer.load`.
        engine: "onnx", "torch" or "auto": torch where there is a GPU, or for many pictures.
        on_progress: called with the number of finished pictures and of all.
        on_note: called with each line for a person: `failed: ...`, `check: ...`.
        on_result: called with the result of each picture, in order.
        stop: a flag that Ctrl-C sets; the call then ends after the current picture.

    Raises:
        UsageError: there is nothing to color, an output exists or is impossible, or a value or option is
            wrong.
        DataError: the .csv or palette cannot be used, or the only picture cannot be read or saved.
        CheckpointError: the model is unusable.
    """
    note = on_note or (lambda line: None)
    names = [os.fspath(name) for name in ([inputs] if isinstance(inputs, AnyPath) else inputs)]
    target = None if out is None else os.fspath(out)
    if model is None and (hints or like is not None):
        model = PHOTOGRAPHS
    elif model is None:
        asks = bool(values or palette or lock or check or report or fill_black or corrections)
        asks = asks or paper != "keep" or parts is not None
        model, why = choose_model(() if asks else first_pictures(names, target))
        if why:
            note(f"note: {why}")
    info = read_model_info(model)
    if palette is not None:
        info = info.with_palette(os.fspath(palette))
    options = render_options(
        info.schema,
        lock=lock,
        grid=grid,
        check=check,
        report=report,
        paper=paper,
        fill_black=fill_black,
        recolor=recolor,
        keep_colors=keep_colors,
        guide=guide_of(info, hints, like),
    )
    is_csv = any(map(names_csv, names))
    is_one = len(names) == 1 and names_one(names[0]) and not is_csv
    if report and is_one:
        raise UsageError(REPORT_OF_ONE)
    options = replace(options, made_for=made_for(info.name), was_chosen=info.was_chosen)
    planned, passed_over = _plan(names, target, values or {}, info, lock=lock)
    if hints and len(planned) > 1:
        raise UsageError(f"--hint is for one picture, not for {len(planned)}")
    more = tuple(each for text in corrections for each in _parsed(text))
    if info.finds_parts:
        check_parts(more, info.parts)
        planned = with_corrections(planned, None if parts is None else Path(parts), more)
    elif more or parts is not None or any(job.corrections for job in planned):
        raise UsageError(NO_PARTS)
    elif any(split_persons(info.schema, job.values) for job in planned):
        raise UsageError(NO_PERSONS)

    def load(pictures: int = 1) -> Colorizer:
        picked = pick_engine(info, engine, device=device, precision=precision, pictures=pictures)
        return Colorizer.load(
            info, vivid=vivid, device=device, precision=precision, engine=picked.name
        )

    if is_one:
        jobs = still_to_do(planned, overwrite=overwrite, skip=skip_existing)
        if not jobs:
            return ColorizeResult(skipped=1)
        result = run_job(load, jobs[0], overwrite=overwrite, options=options)
        for line in result_lines(result, options):
            note(line)
        if on_result:
            on_result(result)
        needs_look = bool(inconsistent(result.findings.inconsistencies or {}))
        lines = one_report(result.job, result.findings, info.schema, options)
        return ColorizeResult(
            (result.job.out,),
            flagged=int(needs_look),
            unlocked=int(bool(unlocked(result.job, result.findings.measured, options))),
            report=tuple(lines),
        )

    settings = settings_of(info, vivid, options)
    manifest = Manifest(folder_for_several(target), settings)
    if manifest.problem:
        note(f"note: {manifest.problem}")
    if options.measures:
        refuse_other(manifest.folder)
    jobs = _resumed(planned, manifest, overwrite=overwrite, skip=skip_existing)
    for line in passed_over:
        note(f"passed over: {line}")
    outputs, failed, known_problem = [], 0, manifest.problem
    if jobs:
        colorizer = load(len(planned))  # not of those left: a resumed set is of one engine
        make_folder(manifest.folder)
        for folder in {job.out.parent for job in planned}:
            remove_left_behind(folder)
        results = run_jobs(colorizer, jobs, overwrite=overwrite, manifest=manifest, options=options)
        with stop or nullcontext(), closing(results):
            for count, result in enumerate(results, start=1):
                if on_progress:
                    on_progress(count, len(jobs))
                for line in result_lines(
                    result, PLAIN
                ):  # parts not locked are named at the end, of all
                    note(line)
                if result.error:
                    failed += 1
                else:
                    outputs.append(result.job.out)
                if manifest.problem != known_problem:
                    known_problem = manifest.problem
                    note(f"note: {known_problem}")
                if on_result:
                    on_result(result)
                if stop and stop.signal:
                    break
    lines, flagged = _report(planned, manifest, info.schema, options)
    not_locked = 0
    for job in planned if options.lock else ():
        measured = manifest.entry(job).get("measured") if manifest.has(job) else None
        colors = measured if isinstance(measured, dict) else None
        own = unlocked_lines(shown_name(job.source), job, colors, options)
        not_locked += bool(own)
        for line in own:
            note(line)
    return ColorizeResult(
        tuple(outputs),
        failed,
        skipped=len(planned) - len(jobs),
        left=len(jobs) - len(outputs) - failed,
        flagged=flagged,
        unlocked=not_locked,
        passed_over=tuple(passed_over),
        report=tuple(lines),
        folder=manifest.folder,
    )


REPORT_OF_ONE = "--report is for folders and .csv files, not for one picture"


def _parsed(correction: str | Correction) -> tuple[Correction, ...]:
    return parse_corrections(correction) if isinstance(correction, str) else (correction,)


def _plan(
    names: Sequence[str],
    out: str | None,
    values: Mapping[str, str | ColorSpec],
    info: ModelInfo,
    *,
    lock: bool,
) -> tuple[list[Job], list[str]]:
    """Return the jobs, and what was skipped; with `lock`, in exact colors."""
    passed_over: list[str] = []
    if any(map(names_csv, names)):
        if len(names) > 1:
            raise UsageError("a .csv names all its pictures: give it without other sketches")
        if values:
            raise UsageError("a .csv names the values of its pictures: give no others")
        jobs = plan_csv(Path(names[0]), out, info.schema, info.parts)
    else:
        jobs, passed_over = plan_jobs(names, out, parse_color_specs(info.schema, values))
    if lock:
        jobs = [replace(job, values=exact_specs(info.schema, job.values)) for job in jobs]
    return jobs, passed_over


def _resumed(
    planned: Sequence[Job], manifest: Manifest, *, overwrite: bool, skip: bool
) -> list[Job]:
    """Return the jobs that are left, first those whose outputs may be replaced."""
    left = [job for job in planned if overwrite or not manifest.has(job)]
    again = [job for job in left if manifest.may_replace(job)]
    others = [job for job in left if not manifest.may_replace(job)]
    return again + still_to_do(others, overwrite=overwrite, skip=skip)


def _report(
    planned: Sequence[Job], manifest: Manifest, schema: AttributeSchema, options: RenderOptions
) -> tuple[list[str], int]:
    """Write colors.csv of all planned pictures; return its lines for a person, and how many to look at."""
    if not options.measures:
        return [], 0
    shown = schema.of({name for job in planned for name in asked_for(job.values)})
    rows = [make_row(job, manifest.has(job), manifest.entry(job), shown) for job in planned]
    write_colors(manifest.folder, rows, shown)
    lines = summary(rows) if options.lock else []
    name = shown_name(manifest.folder / REPORT_NAME)
    flagged = sum(bool(inconsistent(row.inconsistencies)) for row in rows)
    look = f"{name}: {flagged} of {len(rows)} pictures to look at" if options.check else name
    return [*lines, look], flagged if options.check else 0
