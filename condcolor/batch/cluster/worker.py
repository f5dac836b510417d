"""What one worker does: read, color and write a block."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from condcolor.batch.cluster.blocks import Ledger, Mark, WorkBlock
from condcolor.batch.cluster.shards import Columns, PictureRow, new_output, read_rows
from condcolor.batch.cluster.storage import Store
from condcolor.errors import CheckpointError, CondcolorError
from condcolor.imaging.open import Picture, open_picture
from condcolor.imaging.save import encode_image
from condcolor.inference.colorizer import Colorizer
from condcolor.models.model_folder import read_model_info
from condcolor.runtime.messages import shown_name

BATCH_PIXELS = 32 * 10**6  # that wait for the network; one picture may have more


@dataclass(frozen=True)
class Work:
    """All that a worker needs to know."""

    source: Store
    ledger: Ledger
    columns: Columns
    model: str
    identity: str  # of the model that the driver saw
    values: Mapping[str, str]
    vivid: float | None
    precision: str
    device: str
    cpus: int
    batch: int  # pictures that go through the network together


def model_identity(described: Mapping[str, object]) -> str:
    """A digest of a config.json, which holds that of the weights: another one colors otherwise."""
    return hashlib.sha256(json.dumps(described, sort_keys=True).encode()).hexdigest()


class Worker:
    """Holds the model and does blocks: the actor of `map_batches`."""

    def __init__(self, work: Work):
        info = read_model_info(work.model)
        if model_identity(info.config) != work.identity:
            raise CheckpointError(
                f"model {work.model!r} is another one on this machine than where the run was started: "
                "put the same model on all machines, or on a disk that they share"
            )
        self.work = work
        self.colorizer = Colorizer.load(
            info,
            vivid=work.vivid,
            device=work.device,
            precision=work.precision,
            threads=work.cpus,
        )

    def __call__(self, batch: dict[str, np.ndarray]) -> dict[str, list]:
        """Do the blocks of `batch["block"]`, JSON; `block`, `colored`, `failed` and `error` of each."""
        results = [self._attempt(json.loads(str(text))) for text in batch["block"]]
        return {name: [result[name] for result in results] for name in results[0]}

    def _attempt(self, described: dict[str, Any]) -> dict[str, Any]:
        block = WorkBlock(described["name"], described["kind"], tuple(described["files"]))
        result = {"block": block.name, "colored": 0, "failed": 0, "error": ""}
        try:
            mark = color_block(self.colorizer, self.work, block)
        except Exception as error:  # the other blocks need not suffer from it
            more = f" and {len(block.files) - 1} more" if len(block.files) > 1 else ""
            reason = (
                str(error)
                if isinstance(error, CondcolorError)
                else f"{type(error).__name__}: {error}"
            )
            return result | {"error": f"{shown_name(block.files[0])}{more}: {reason}"}
        return result | {"colored": mark.colored, "failed": mark.failed}


def color_block(colorizer: Colorizer, work: Work, block: WorkBlock) -> Mark:
    """Read, color and write a block; nothing of it counts as done before all of it is.

    Raises:
        DataError, OSError: the block cannot be read, or its output not written.
    """
    colored, failures = 0, []
    rows = read_rows(work.source, block, work.columns)
    with new_output(work.ledger, block, colorizer.schema.names) as output:
        for row in _colored(colorizer, work, block, rows):
            try:
                output.add(row)
                error = row.error
            except CondcolorError as refused:
                error = str(refused)
            if error:
                shard = {} if block.kind == "pictures" else {"shard": block.files[0]}
                failures.append({"key": row.key, **shard, "error": error})
            else:
                colored += 1
    return work.ledger.finish(block, colored, failures)


def _colored(
    colorizer: Colorizer, work: Work, block: WorkBlock, rows: Iterable[PictureRow]
) -> Iterator[PictureRow]:
    """The rows with their pictures colored and encoded, in order, a batch in memory at a time."""
    waiting: list[tuple[PictureRow, Picture | None]] = []
    pixels = 0
    for row in rows:
        opened = _opened(colorizer, work, row)
        waiting.append(opened)
        pixels += opened[1].rgb.size // 3 if opened[1] else 0
        if len(waiting) == work.batch or pixels >= BATCH_PIXELS:
            yield from _finished(colorizer, work, block, waiting)
            waiting, pixels = [], 0
    yield from _finished(colorizer, work, block, waiting)


def _opened(colorizer: Colorizer, work: Work, row: PictureRow) -> tuple[PictureRow, Picture | None]:
    if row.error:
        return row, None
    asked = {**row.values, **work.values}
    try:
        colorizer.schema.encode(asked)
        picture = open_picture(io.BytesIO(row.data), name=row.key)
    except CondcolorError as error:
        return _failed(row, error), None
    return PictureRow(row.key, values=asked), picture


def _finished(
    colorizer: Colorizer,
    work: Work,
    block: WorkBlock,
    waiting: Sequence[tuple[PictureRow, Picture | None]],
) -> Iterator[PictureRow]:
    good = [(row, picture) for row, picture in waiting if picture is not None]
    try:
        images = iter(colorizer.batch([p for _, p in good], [row.values for row, _ in good]))
    except CondcolorError:  # such as memory for one of them: which, is found one by one
        images = None
    for row, picture in waiting:
        if picture is None:
            yield row
            continue
        try:
            image = next(images) if images else colorizer.batch([picture], [row.values])[0]
            data = encode_image(_name(work.ledger, block, row.key), image)
        except CondcolorError as error:
            yield _failed(row, error)
        else:
            yield PictureRow(row.key, data, row.values)


def _failed(row: PictureRow, error: CondcolorError) -> PictureRow:
    message = " ".join(str(error).split())
    label = shown_name(row.key)
    return PictureRow(
        row.key,
        values=row.values,
        error=message if message.startswith(label) else f"{label}: {message}",
    )


def _name(ledger: Ledger, block: WorkBlock, key: str) -> str:
    """The name of a picture, whose suffix says how it is encoded."""
    if ledger.form == "pictures":
        return ledger.picture(block, key)
    return f"{key}{ledger.suffix or '.png'}"
