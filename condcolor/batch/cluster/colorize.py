"""`colorize_everywhere`: a source colored block by block on Ray Data, resumable.

The driver lists the source, cuts it into blocks and reads from the output which of them are done; each worker
loads the model once, and reads, colors and writes whole blocks. Ray itself carries only names and counts,
so that pictures never fill its object store.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from condcolor.batch.cluster.blocks import (
    FORMS,
    Ledger,
    Mark,
    WorkBlock,
    plan_blocks,
    settings_name,
)
from condcolor.batch.cluster.shards import Columns, check_columns
from condcolor.batch.cluster.storage import Store, open_source, open_store, require_pyarrow
from condcolor.batch.cluster.worker import Work, Worker, model_identity
from condcolor.batch.manifest import settings_of
from condcolor.batch.render_options import render_options
from condcolor.conditions.schema import AttributeSchema
from condcolor.errors import DataError, UsageError, did_you_mean
from condcolor.imaging.formats import WRITE_SUFFIXES
from condcolor.models.model_folder import BUILT_IN, ModelInfo, read_model_info
from condcolor.runtime.messages import shown_name

# Mean number of pictures in a block of a folder: few for a tree, so that workers end together and a kill
# costs little; in a shard enough for a file of a good size.
TREE_BLOCK, SHARD_BLOCK = 32, 512
BATCH = 16  # pictures in one pass on a GPU; on a CPU batches gain nothing


@dataclass(frozen=True)
class Summary:
    """The result of a call: counts of pictures, and what was left out."""

    folder: str  # of the output
    colored: int  # by this call
    there: int  # colored by earlier calls
    failed: int  # by any call; each has a line in failed.jsonl
    as_they_were: int = (
        0  # of those by this call, photographs that had colors and were left as they are
    )
    unfinished: tuple[str, ...] = ()  # blocks that the next call does again, `name: why`
    passed_over: tuple[str, ...] = ()  # files of the source that were skipped, `name: why`

    def __str__(self) -> str:
        counts = f"{self.colored} coloured, {self.failed} failed, {self.there} were there already"
        if self.as_they_were:
            counts += f", {self.as_they_were} have colours already and were left as they are"
        return counts + (f", {len(self.unfinished)} blocks unfinished" if self.unfinished else "")


def colorize_everywhere(
    source: str | os.PathLike,
    out: str | os.PathLike,
    values: Mapping[str, str] | None = None,
    *,
    model: str | Path | ModelInfo = "icons",
    kind: str | None = None,
    form: str | None = None,
    suffix: str | None = None,
    key: str = "key",
    picture: str = "image",
    vivid: float | None = None,
    recolor: bool = False,
    keep_colors: bool = False,
    precision: str = "fp32",
    block: int | None = None,
    workers: int | None = None,
    cpus: int = 1,
    gpus: float | None = None,
    retry: bool = False,
    on_progress: Callable[[int, int], None] | None = None,
) -> Summary:
    """Color all pictures of a folder, of parquet shards or of WebDataset tars, on a Ray cluster.

    The output goes to a folder in `out`, named after its settings (source, model, values, form, ...), which
    are in its settings.json. The same call again does what is left. A picture that cannot be colored gets
    a line in failed.jsonl (and in the column `error` of parquet shards); the others go on.

    Args:
        source: folder or single shard, a path or URI; on a cluster, one that every machine sees.
        values: attribute -> value for all pictures; other attributes are read from each row's column
            (parquet) or json (WebDataset) of that name.
        kind: content of the source, `pictures`, `parquet` or `webdataset`; None detects it.
        form: form of the output, the same choices; None is the kind. Pictures in a tree keep their names.
        suffix: of the pictures written; None is a picture's own in a tree, else `.png`.
        key, picture: columns of parquet shards; `picture` holds the bytes of a file.
        recolor, keep_colors: photographs that have colors already are left as they are; or they are colored
            anew, or their grey areas are.
        block: mean number of pictures in a block of a folder; None is 32, or 512 for shards.
        workers: number of workers; None is as many as the CPUs and GPUs of the cluster allow. A cluster
            that scales by itself grows only for an explicit number.
        cpus: CPUs of a worker, and threads of its network.
        gpus: GPUs of a worker, 0.25 for four workers a GPU; None is 1 where the cluster has GPUs, else 0.
        retry: whether blocks with failed pictures are done again.
        on_progress: called with the number of finished blocks and of all blocks.

    Raises:
        UsageError: ray is missing, the source is empty, an option is wrong, or the model lacks a value.
        DataError: the source cannot be listed, the output cannot be written, or a column is missing.
        CheckpointError: the model is unusable.
    """
    ray = _require_ray()
    _check(form, kind, suffix, block, workers, cpus, gpus)
    info = read_model_info(model)
    schema = info.schema.required
    coloring = render_options(
        info.schema, lock=False, grid=None, check=False, report=False,
        recolor=recolor, keep_colors=keep_colors,
    )  # fmt: skip
    values = _checked_values(schema, values or {})
    store, entries, passed_over = open_source(source)
    output = open_store(out)
    if output.is_in(open_store(source)):
        raise UsageError(f"{shown_name(os.fspath(out))} lies in the source: choose another output")
    if block is None:
        block = TREE_BLOCK if form in (None, "pictures") else SHARD_BLOCK
    blocks = plan_blocks(entries, kind, block)
    columns = Columns(key, picture, tuple(name for name in schema.names if name not in values))
    _check_first(store, blocks[0], columns, schema, values)
    form = form or blocks[0].kind

    identity = model_identity(info.config)
    model_settings = settings_of(info, vivid)
    settings = {
        "model": model_settings.model,
        "sha256": model_settings.sha256,
        "vivid": model_settings.vivid,
        "identity": identity,
        "precision": precision,
        "values": values,
        "source": str(store),
        "form": form,
        "kind": blocks[0].kind,
        "suffix": suffix,
        "key": key,
        "picture": picture,
        "block": block,
    }
    # only where asked, so that earlier runs go on
    settings |= {name: True for name in ("recolor", "keep_colors") if getattr(coloring, name)}
    output = output.below(
        settings_name(settings | {"model": ""})
    )  # the name of a model does not change its output
    ledger = Ledger(output, form, suffix)
    _refuse_two_of_a_name(ledger, blocks)
    with output.data_errors():
        ledger.describe(settings)
        left, marks = ledger.sort_out(blocks, retry=retry)
    colored_before = sum(mark.colored for mark in marks)

    cpu, gpu = _capacity(ray) if left else (0.0, 0.0)
    gpus = min(gpu, 1) if gpus is None else gpus
    fitting = min(int(cpu / cpus), int(gpu / gpus) if gpus else int(cpu))
    size = workers or max(1, fitting)
    # each machine has its own copy of a built-in model; other paths must hold wherever a worker starts
    name = info.name if info.path.parent == BUILT_IN else str(info.path.resolve())
    work = Work(
        store, ledger, columns, name, identity, values, vivid, precision,
        device="cuda" if gpus else "cpu", cpus=cpus, batch=BATCH if gpus else 1, coloring=coloring,
    )  # fmt: skip
    new, unfinished = [], []
    for ended, result in enumerate(_run(ray, work, left, min(size, len(left)), gpus), start=1):
        if result["error"]:
            unfinished.append(result["error"])
        else:
            counts = (result[name] for name in ("colored", "failed", "as_they_were"))
            new.append(Mark(result["block"], *counts))
        if on_progress:
            on_progress(ended, len(left))
    marks += new
    with output.data_errors():
        ledger.gather_failures(marks)
    if not unfinished:
        output.clear_unfinished()
    return Summary(
        folder=str(output),
        colored=sum(mark.colored for mark in new),
        there=colored_before,
        failed=sum(mark.failed for mark in marks),
        as_they_were=sum(mark.as_they_were for mark in new),
        unfinished=tuple(unfinished),
        passed_over=tuple(passed_over),
    )


def _run(
    ray: Any, work: Work, blocks: Sequence[WorkBlock], workers: int, gpus: float
) -> Iterator[dict[str, Any]]:
    """Yield the result of each block, as `Worker.__call__` returns it, in the order of their ends."""
    if not blocks:
        return
    from ray.data import ActorPoolStrategy

    items = [{"block": json.dumps(asdict(block))} for block in blocks]
    # a task is a block; one in flight per worker, so that waiting blocks go to the first free worker
    pool = ActorPoolStrategy(size=workers, max_tasks_in_flight_per_actor=1)
    dataset = ray.data.from_items(items, override_num_blocks=len(items)).map_batches(
        Worker,
        fn_constructor_args=(work,),
        batch_size=1,
        batch_format="numpy",
        compute=pool,
        num_cpus=work.cpus,
        num_gpus=gpus,
    )
    try:
        yield from dataset.iter_rows()
    except ray.exceptions.RayError as error:
        lines = str(error).strip().splitlines() or [type(error).__name__]
        raise DataError(
            f"Ray stopped ({lines[-1]}): what is done stays, the same call does the rest"
        ) from error


def _checked_values(schema: AttributeSchema, values: Mapping[str, str]) -> dict[str, str]:
    """Return the values by the schema's names of the attributes; UsageError for an unknown one."""
    own = {name.replace("-", "_"): name for name in schema.names}
    by_name = {own.get(name.replace("-", "_"), name): value for name, value in values.items()}
    others = {a.name: a.values[0] for a in schema.attributes if a.name not in by_name}
    schema.indices(by_name | others)
    return {name: by_name[name] for name in schema.names if name in by_name}


def _check_first(
    store: Store,
    block: WorkBlock,
    columns: Columns,
    schema: AttributeSchema,
    values: Mapping[str, str],
) -> None:
    """Raise at once what would be wrong with every block; a damaged shard fails in its worker alone."""
    if block.kind == "pictures":
        schema.indices(values)  # pictures have no columns for missing attributes
    elif block.kind == "parquet":
        arrow = require_pyarrow()
        try:
            with store.open(block.files[0]) as file:
                names = arrow.parquet.read_schema(file).names
        except (OSError, arrow.ArrowInvalid):
            return
        wanted = [columns.key, columns.picture, *columns.attributes]
        check_columns(names, wanted, shown_name(block.files[0]))


def _refuse_two_of_a_name(ledger: Ledger, blocks: Sequence[WorkBlock]) -> None:
    if ledger.form != "pictures" or blocks[0].kind != "pictures":
        return
    owners: dict[str, str] = {}
    for block in blocks:
        for key in block.files:
            first = owners.setdefault(ledger.picture(block, key), key)
            if first != key:
                raise UsageError(
                    f"{shown_name(first)} and {shown_name(key)} would both become one file: rename one"
                )


def _check(
    form: str | None,
    kind: str | None,
    suffix: str | None,
    block: int | None,
    workers: int | None,
    cpus: int,
    gpus: float | None,
) -> None:
    for option, choice, known in (
        ("form", form, FORMS),
        ("kind", kind, FORMS),
        ("suffix", suffix, WRITE_SUFFIXES),
    ):
        if choice is not None and choice not in known:
            hint = did_you_mean(choice, known)
            raise UsageError(f"{option} {choice!r} is not one of {', '.join(known)}{hint}")
    for option, number, least in (
        ("block", block, 1),
        ("workers", workers, 1),
        ("cpus", cpus, 1),
        ("gpus", gpus, 0),
    ):
        if number is not None and number < least:
            raise UsageError(f"{option} is {number}; it must be at least {least}")


def _require_ray() -> Any:
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise UsageError("ray is missing: pip install 'condcolor[ray]'") from error
    return ray


def _capacity(ray: Any) -> tuple[float, float]:
    """Return CPUs and GPUs of the cluster; start one on this machine if none was joined."""
    if not ray.is_initialized():
        ray.init()
    resources = ray.cluster_resources()
    return resources.get("CPU", 0.0), resources.get("GPU", 0.0)
