"""`colorize_everywhere`: a source colored block by block on Ray Data, resumable.

The driver lists the source, cuts it into blocks and asks the output which of them are done; each worker
loads the model once, and reads, colors and writes whole blocks. Through Ray itself go names and counts
alone, so that no object store fills up, however many and large the pictures are.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from condcolor.batch.cluster.blocks import MADE, Ledger, Mark, WorkBlock, plan_blocks, settings_name
from condcolor.batch.cluster.shards import Columns, check_columns
from condcolor.batch.cluster.storage import Store, open_source, open_store, require_pyarrow
from condcolor.batch.cluster.worker import Work, Worker, model_identity
from condcolor.batch.manifest import settings_of
from condcolor.conditions.schema import AttributeSchema
from condcolor.errors import DataError, UsageError, did_you_mean
from condcolor.imaging.formats import WRITE_SUFFIXES
from condcolor.models.model_folder import BUILT_IN, ModelInfo, read_model_info
from condcolor.runtime.messages import shown_name

# Pictures in a block, on the average, where the source is no shards: as a tree few, so that workers end
# together and a kill costs little; in a shard as many as make a file of a good size.
TREE_BLOCK, SHARD_BLOCK = 32, 512
BATCH = 16  # pictures that go through a GPU together; on a CPU that gains nothing


@dataclass(frozen=True)
class Summary:
    """What a call did: counts of pictures; `unfinished` are blocks that the next call does again."""

    folder: str  # of the output
    colored: int  # by this call
    there: int  # colored by earlier calls
    failed: int  # by any call: each has a line in failed.jsonl
    unfinished: tuple[str, ...] = ()  # `name: why`
    passed_over: tuple[str, ...] = ()  # files of the source that were not looked at, `name: why`

    def __str__(self) -> str:
        counts = f"{self.colored} coloured, {self.failed} failed, {self.there} were there already"
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
    precision: str = "fp32",
    block: int | None = None,
    workers: int | None = None,
    cpus: int = 1,
    gpus: float | None = None,
    retry: bool = False,
    on_progress: Callable[[int, int], None] | None = None,
) -> Summary:
    """Color all pictures of a folder, of parquet shards or of WebDataset tars, on a Ray cluster.

    What is made goes to a folder in `out`, named after its settings (source, model, values, form, ...),
    which its settings.json tells. The same call again does what is left. A picture that cannot be colored
    is told in failed.jsonl (and in the column `error` of parquet shards), and the others go on.

    Args:
        source: folder or single shard, a path or URI; on a cluster, one that every machine sees.
        values: the same for all pictures; an attribute that is not here is read from each row's column
            (parquet) or json (WebDataset) of that name.
        kind: what the source holds, `pictures`, `parquet` or `webdataset`; None is what is found.
        form: what is written, the same choices; None as the source. Pictures in a tree keep their names.
        suffix: of the pictures written; None is a picture's own in a tree, else `.png`.
        key, picture: columns of parquet shards; `picture` holds the bytes of a file.
        block: pictures in a block, on the average, where the source is a folder; None is 32, or 512 where
            they become shards.
        workers: how many; None is as many as the CPUs and GPUs of the cluster allow. With a number
            of them a cluster that grows by itself does so.
        cpus: of a worker, and threads of its network.
        gpus: of a worker, 0.25 for four workers a GPU; None is 1 where the cluster has GPUs, else 0.
        retry: do blocks again in which pictures failed.
        on_progress: called with the blocks done and their number as they end.

    Raises:
        UsageError: ray is missing, nothing to do there, a wrong option, a value that the model lacks.
        DataError: the source cannot be listed, the output not written, a column is missing.
        CheckpointError: the model is unusable.
    """
    ray = _require_ray()
    _check(form, kind, suffix, block, workers, cpus, gpus)
    info = read_model_info(model)
    schema = info.schema
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

    colored = settings_of(info, vivid)
    settings = {
        "model": colored.model,
        "sha256": colored.sha256,
        "vivid": colored.vivid,
        "identity": model_identity(info.config),
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
    output = output.below(settings_name(settings | {"model": ""}))  # by whichever name
    ledger = Ledger(output, form, suffix)
    _refuse_two_of_a_name(ledger, blocks)
    with output.faults_told():
        ledger.describe(settings)
        left, marks = ledger.sort_out(blocks, retry=retry)
    there = sum(mark.colored for mark in marks)

    cpu, gpu = _capacity(ray) if left else (0.0, 0.0)
    gpus = min(gpu, 1) if gpus is None else gpus
    size = workers or _fitting(cpu, gpu, cpus, gpus)
    # a name stays a name, for each machine has its own copy; a path must hold wherever a worker starts
    name = info.name if info.path.parent == BUILT_IN else str(info.path.resolve())
    work = Work(
        store, ledger, columns, name, settings["identity"], values, vivid, precision,
        device="cuda" if gpus else "cpu", cpus=cpus, batch=BATCH if gpus else 1,
    )  # fmt: skip
    new, unfinished = [], []
    for ended, result in enumerate(_run(ray, work, left, min(size, len(left)), gpus), start=1):
        if result["error"]:
            unfinished.append(result["error"])
        else:
            new.append(Mark(result["block"], result["colored"], result["failed"]))
        if on_progress:
            on_progress(ended, len(left))
    marks += new
    with output.faults_told():
        ledger.gather_failures(marks)
    if not unfinished:
        output.clear_unfinished()
    return Summary(
        folder=str(output),
        colored=sum(mark.colored for mark in new),
        there=there,
        failed=sum(mark.failed for mark in marks),
        unfinished=tuple(unfinished),
        passed_over=tuple(passed_over),
    )


def _run(
    ray: Any, work: Work, blocks: Sequence[WorkBlock], workers: int, gpus: float
) -> Iterator[dict[str, Any]]:
    """What became of each block, as they end."""
    if not blocks:
        return
    from ray.data import ActorPoolStrategy

    items = [{"block": json.dumps(asdict(block))} for block in blocks]
    # a task is a block, so one at a time: those that wait go to whoever is free first
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
    """The values under the model's own names of the attributes; UsageError for what it does not know."""
    own = {name.replace("-", "_"): name for name in schema.names}
    given = {own.get(name.replace("-", "_"), name): value for name, value in values.items()}
    others = {a.name: a.values[0] for a in schema.attributes if a.name not in given}
    schema.indices(given | others)
    return {name: given[name] for name in schema.names if name in given}


def _check_first(
    store: Store,
    block: WorkBlock,
    columns: Columns,
    schema: AttributeSchema,
    values: Mapping[str, str],
) -> None:
    """Say at once what would be wrong with every block; a shard that is damaged is its worker's matter."""
    if block.kind == "pictures":
        schema.indices(values)  # nothing else says them
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
    for option, word in (("form", form), ("kind", kind)):
        if word is not None and word not in MADE:
            hint = did_you_mean(word, MADE)
            raise UsageError(f"{option} {word!r} is not one of {', '.join(MADE)}{hint}")
    if suffix is not None and suffix not in WRITE_SUFFIXES:
        hint = did_you_mean(suffix, WRITE_SUFFIXES)
        raise UsageError(f"suffix {suffix!r} is not one of {', '.join(WRITE_SUFFIXES)}{hint}")
    for option, number, least in (
        ("block", 1 if block is None else block, 1),
        ("workers", 1 if workers is None else workers, 1),
        ("cpus", cpus, 1),
        ("gpus", 0 if gpus is None else gpus, 0),
    ):
        if number < least:
            raise UsageError(f"{option} is {number}; it must be at least {least}")


def _require_ray() -> Any:
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise UsageError("ray is missing: pip install 'condcolor[ray]'") from error
    return ray


def _capacity(ray: Any) -> tuple[float, float]:
    """CPUs and GPUs of the cluster; one is started on this machine if none was joined."""
    if not ray.is_initialized():
        ray.init()
    there = ray.cluster_resources()
    return there.get("CPU", 0.0), there.get("GPU", 0.0)


def _fitting(cpu: float, gpu: float, cpus: int, gpus: float) -> int:
    """How many workers of `cpus` and `gpus` fit."""
    by_gpu = int(gpu / gpus) if gpus else int(cpu)
    return max(1, min(int(cpu / cpus), by_gpu))
