"""What one worker does: read, color and write a block."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from condcolor.batch.cluster.blocks import Ledger, Mark, WorkBlock
from condcolor.batch.cluster.shards import Columns, PictureRow, new_output, read_rows
from condcolor.batch.cluster.storage import Store
from condcolor.batch.rendering import PLAIN, RenderOptions
from condcolor.errors import CheckpointError, CondcolorError
from condcolor.imaging.open import Picture, open_picture
from condcolor.imaging.save import encode_image
from condcolor.imaging.sheets import as_image
from condcolor.inference.colorizer import Colorizer
from condcolor.inference.engine import MANY, pick_engine
from condcolor.models.model_folder import read_model_info
from condcolor.runtime.messages import shown_name

BATCH_PIXELS = 32 * 10**6  # in a batch; a single picture may have more


@dataclass(frozen=True)
class Work:
    """The task of all workers of a call."""

    source: Store
    ledger: Ledger
    columns: Columns
    model: str
    identity: str  # `model_identity` of the driver's model
    values: Mapping[str, str]
    vivid: float | None
    precision: str
    device: str
    cpus: int
    batch: int  # pictures in one pass of the network
    coloring: RenderOptions = (
        PLAIN  # of which photographs with colors are told what becomes of them
    )


def model_identity(config: Mapping[str, object]) -> str:
    """Return a digest of a config.json, which holds the digest of the weights."""
    return hashlib.sha256(json.dumps(config, sort_keys=True).encode()).hexdigest()


class Worker:
    """The actor of `map_batches`, which holds the model and colors blocks."""

    def __init__(self, work: Work):
        info = read_model_info(work.model)
        if model_identity(info.config) != work.identity:
            raise CheckpointError(
                f"model {work.model!r} is another one on this machine than where the run was started: "
                "put the same model on all machines, or on a disk that they share"
            )
        self.work = work
        picked = pick_engine(  # a cluster is for many pictures
            info, device=work.device, precision=work.precision, pictures=MANY
        )
        self.colorizer = Colorizer.load(
            info,
            vivid=work.vivid,
            device=work.device,
            precision=work.precision,
            threads=work.cpus,
            engine=picked.name,
        )

    def __call__(self, batch: dict[str, np.ndarray]) -> dict[str, list]:
        """Color the blocks of `batch["block"]`, JSON; return the result of each, as `_attempt`'s."""
        results = [self._attempt(json.loads(str(text))) for text in batch["block"]]
        return {name: [result[name] for result in results] for name in results[0]}

    def _attempt(self, fields: dict[str, Any]) -> dict[str, Any]:
        block = WorkBlock(fields["name"], fields["kind"], tuple(fields["files"]))
        result = {"block": block.name, "colored": 0, "failed": 0, "as_they_were": 0, "error": ""}
        try:
            mark = color_block(self.colorizer, self.work, block)
        except Exception as error:  # so that the other blocks go on
            more = f" and {len(block.files) - 1} more" if len(block.files) > 1 else ""
            kind = "" if isinstance(error, CondcolorError) else f"{type(error).__name__}: "
            return result | {"error": f"{shown_name(block.files[0])}{more}: {kind}{error}"}
        counts = {"failed": mark.failed, "as_they_were": mark.as_they_were}
        return result | {"colored": mark.colored, **counts}


def color_block(colorizer: Colorizer, work: Work, block: WorkBlock) -> Mark:
    """Read, color and write a block; its mark is written last.

    Raises:
        DataError, OSError: the block cannot be read, or its output cannot be written.
    """
    colored, as_they_were, failures = 0, 0, []
    rows = read_rows(work.source, block, work.columns)
    with new_output(work.ledger, block, colorizer.schema.required.names) as output:
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
                as_they_were += row.as_it_was
    return replace(work.ledger.finish(block, colored, failures), as_they_were=as_they_were)


def _colored(
    colorizer: Colorizer, work: Work, block: WorkBlock, rows: Iterable[PictureRow]
) -> Iterator[PictureRow]:
    """Yield the rows with their pictures colored and encoded, in order, one batch in memory at a time."""
    batch: list[tuple[PictureRow, Picture | None]] = []
    pixels = 0
    for row in rows:
        opened = _open(colorizer, work, row)
        batch.append(opened)
        pixels += opened[1].rgb.size // 3 if opened[1] else 0
        if len(batch) == work.batch or pixels >= BATCH_PIXELS:
            yield from _color_batch(colorizer, work, block, batch)
            batch, pixels = [], 0
    yield from _color_batch(colorizer, work, block, batch)


def _open(colorizer: Colorizer, work: Work, row: PictureRow) -> tuple[PictureRow, Picture | None]:
    if row.error:
        return row, None
    values = {**row.values, **work.values}
    try:
        colorizer.schema.required.encode(values)
        picture = open_picture(io.BytesIO(row.data), name=row.key)
    except CondcolorError as error:
        return _failed(row, error), None
    return PictureRow(row.key, values=values), picture


def _color_batch(
    colorizer: Colorizer,
    work: Work,
    block: WorkBlock,
    batch: Sequence[tuple[PictureRow, Picture | None]],
) -> Iterator[PictureRow]:
    left = [picture and work.coloring.leaves(colorizer, picture) for _, picture in batch]
    opened = [
        (row, picture)
        for (row, picture), is_left in zip(batch, left, strict=True)
        if picture is not None and not is_left
    ]
    try:
        images = iter(colorizer.batch([p for _, p in opened], [row.values for row, _ in opened]))
    except CondcolorError:  # such as too little memory: each is tried alone, to find which failed
        images = None
    for (row, picture), is_left in zip(batch, left, strict=True):
        if picture is None:
            yield row
            continue
        try:
            if is_left:
                image = as_image(picture)
            else:
                image = next(images) if images else colorizer.batch([picture], [row.values])[0]
                image = work.coloring.with_kept(picture, image).image
            data = encode_image(work.ledger.picture_name(block, row.key), image)
        except CondcolorError as error:
            yield _failed(row, error)
        else:
            yield PictureRow(row.key, data, row.values, as_it_was=bool(is_left))


def _failed(row: PictureRow, error: CondcolorError) -> PictureRow:
    message = " ".join(str(error).split())
    label = shown_name(row.key)
    return PictureRow(
        row.key,
        values=row.values,
        error=message if message.startswith(label) else f"{label}: {message}",
    )
