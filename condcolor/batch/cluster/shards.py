"""Rows of pictures in folders, parquet shards and WebDataset tars."""

from __future__ import annotations

import errno
import io
import json
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import BinaryIO, Protocol

from condcolor.batch.cluster.blocks import Ledger, WorkBlock
from condcolor.batch.cluster.storage import Store, require_pyarrow
from condcolor.data.paths import path_fault
from condcolor.errors import DataError
from condcolor.imaging.formats import READ_SUFFIXES
from condcolor.runtime.messages import shown_name

ROWS = 16  # of a parquet shard in memory at a time
GROUP_BYTES = 64 * 2**20  # of pictures in a row group, which is held in memory until it is full
NAME_ERRORS = (errno.ENAMETOOLONG, errno.ENOTDIR, errno.EISDIR, errno.EEXIST)


@dataclass(frozen=True)
class PictureRow:
    """A picture with its key and values; `error` says why there is none.

    data: the encoded picture, as read, or colored in the format of the output.
    as_it_was: it had colors already, and was left as it is.
    """

    key: str
    data: bytes = b""
    values: Mapping[str, str] = field(default_factory=dict)
    error: str = ""
    as_it_was: bool = False


@dataclass(frozen=True)
class Columns:
    """The names of the columns of a shard: key and picture (parquet only) and attributes."""

    key: str = "key"
    picture: str = "image"
    attributes: tuple[str, ...] = ()


def read_rows(store: Store, block: WorkBlock, columns: Columns) -> Iterator[PictureRow]:
    """Yield the rows of a block, in order; a problem of one row is its `error`.

    Raises:
        DataError: the block cannot be read to its end. OSError: as the file system says.
    """
    readers = {"pictures": _files, "parquet": _parquet, "webdataset": _tar}
    yield from readers[block.kind](store, block, columns)


def _files(store: Store, block: WorkBlock, columns: Columns) -> Iterator[PictureRow]:
    for name in block.files:
        try:
            yield PictureRow(name, store.read(name))
        except OSError as error:
            yield PictureRow(name, error=f"{shown_name(name)}: cannot be read ({error})")


def _parquet(store: Store, block: WorkBlock, columns: Columns) -> Iterator[PictureRow]:
    wanted = [columns.key, columns.picture, *columns.attributes]
    arrow = require_pyarrow()
    label = shown_name(block.files[0])
    with store.open(block.files[0]) as file:
        try:
            shard = arrow.parquet.ParquetFile(file)
            check_columns(shard.schema_arrow.names, wanted, label)
            for batch in shard.iter_batches(batch_size=ROWS, columns=wanted):
                for cells in batch.to_pylist():
                    yield _parquet_row(cells, columns)
        except arrow.ArrowInvalid as error:
            raise DataError(f"{label}: damaged parquet ({error}): copy it again") from error


def _parquet_row(cells: Mapping[str, object], columns: Columns) -> PictureRow:
    key, data = cells[columns.key], cells[columns.picture]
    if isinstance(data, Mapping):  # the `image` of Hugging Face data sets: bytes and path
        data = data.get("bytes")
    if key is None:
        return PictureRow("", error=f"a row without a {columns.key}")
    if not isinstance(data, bytes):
        return PictureRow(str(key), error=f"{shown_name(str(key))}: no bytes in {columns.picture}")
    return PictureRow(str(key), data, _texts(cells, columns.attributes))


def check_columns(columns: Sequence[str], wanted: Sequence[str], label: str) -> None:
    """Raise DataError when a parquet shard lacks a column."""
    if missing := [name for name in wanted if name not in columns]:
        raise DataError(
            f"{label}: no column {', '.join(missing)}; it has {', '.join(columns)}: name the key and picture "
            "columns, and give values for attributes that have none"
        )


def _tar(store: Store, block: WorkBlock, columns: Columns) -> Iterator[PictureRow]:
    with store.open(block.files[0]) as file:
        try:
            with tarfile.open(fileobj=file, mode="r|") as tar:
                yield from _samples(tar, columns)
        except tarfile.TarError as error:
            label = shown_name(block.files[0])
            raise DataError(f"{label}: damaged tar ({error}): copy it again") from error


def _samples(tar: tarfile.TarFile, columns: Columns) -> Iterator[PictureRow]:
    """Yield a row for each sample: consecutive members with the same name up to the first dot."""
    key: str | None = None
    parts: dict[str, bytes] = {}
    for member in tar:
        folder, slash, name = member.name.rpartition("/")
        stem, _, suffix = name.partition(".")
        if not member.isfile() or not stem:
            continue
        if key is not None and key != folder + slash + stem:
            yield _sample(key, parts, columns)
            parts = {}
        key = folder + slash + stem
        file = tar.extractfile(member)
        if file is not None and f".{suffix.lower()}" in (*READ_SUFFIXES, ".json"):
            parts[suffix.lower()] = file.read()
    if key is not None:
        yield _sample(key, parts, columns)


def _sample(key: str, parts: Mapping[str, bytes], columns: Columns) -> PictureRow:
    picture = next((data for suffix, data in parts.items() if suffix != "json"), None)
    if picture is None:
        return PictureRow(key, error=f"{shown_name(key)}: a sample without a picture")
    try:
        values = json.loads(parts.get("json", b"{}"))
    except ValueError as error:
        return PictureRow(key, error=f"{shown_name(key)}: its json cannot be read ({error})")
    return PictureRow(
        key, picture, _texts(values, columns.attributes) if isinstance(values, dict) else {}
    )


def _texts(cells: Mapping[str, object], names: Sequence[str]) -> dict[str, str]:
    return {name: str(cells[name]) for name in names if cells.get(name) is not None}


class Writer(Protocol):
    """The output of a block."""

    def add(self, row: PictureRow) -> None:
        """Write a row, colored or failed; DataError for a key that names no file."""


@contextmanager
def new_output(ledger: Ledger, block: WorkBlock, attributes: Sequence[str]) -> Iterator[Writer]:
    """Open the output of a block; a shard gets its name when the `with` block ends without an exception."""
    if ledger.form == "pictures":
        yield _Tree(ledger, block)
        return
    with ledger.store.new_file(ledger.shard(block.name)) as file:
        if ledger.form == "parquet":
            with _Parquet(file, attributes) as shard:
                yield shard
        else:
            with tarfile.open(fileobj=file, mode="w|") as tar:
                yield _Tar(tar, ledger.suffix or ".png")


class _Tree:
    """A tree of pictures, those of a shard below its name."""

    def __init__(self, ledger: Ledger, block: WorkBlock):
        self.ledger, self.block = ledger, block
        self.names: set[str] = set()

    def add(self, row: PictureRow) -> None:
        if row.error:
            return
        label = shown_name(row.key)
        if fault := path_fault(row.key) or ("" if row.key.strip("/.") else "names no file"):
            raise DataError(f"{label}: {fault}")
        name = self.ledger.picture(self.block, row.key)
        if name in self.names:
            raise DataError(f"{label}: the key is there twice: give each picture its own")
        self.names.add(name)
        try:
            self.ledger.store.write(name, row.data)
        except OSError as error:
            if error.errno in NAME_ERRORS:
                raise DataError(f"{label}: no file can have this name ({error.strerror})") from None
            raise


class _Tar:
    """A WebDataset shard: `key.png`, and `key.json` with the original key and the values."""

    def __init__(self, tar: tarfile.TarFile, suffix: str):
        self.tar, self.suffix = tar, suffix
        self.names: set[str] = set()

    def add(self, row: PictureRow) -> None:
        if row.error:
            return
        name = self._name(row.key)
        self._member(name + self.suffix, row.data)
        self._member(name + ".json", json.dumps({"key": row.key, **row.values}).encode())

    def _name(self, key: str) -> str:
        """Return a unique name for the key, without dots, which would end the name of a sample."""
        ending = next((s for s in READ_SUFFIXES if key.lower().endswith(s)), "")
        folder, slash, name = key.removesuffix(key[len(key) - len(ending) :]).rpartition("/")
        first = name = folder + slash + (name.replace(".", "_") or "_")
        number = 1
        while name in self.names:
            number += 1
            name = f"{first}_{number}"
        self.names.add(name)
        return name

    def _member(self, name: str, data: bytes) -> None:
        info = tarfile.TarInfo(name)
        info.size = len(data)
        self.tar.addfile(info, io.BytesIO(data))


class _Parquet:
    """A parquet shard of `key`, `image`, a column for each attribute, and `error`, where `image` is null."""

    def __init__(self, file: BinaryIO, attributes: Sequence[str]):
        self.arrow = require_pyarrow()
        text, names = self.arrow.string(), (*attributes, "error")
        kinds = [("key", text), ("image", self.arrow.binary()), *((name, text) for name in names)]
        self.schema = self.arrow.schema(kinds)
        self.writer = self.arrow.parquet.ParquetWriter(file, self.schema)
        self.rows: list[dict] = []
        self.bytes = 0

    def __enter__(self) -> _Parquet:
        return self

    def __exit__(self, *fault) -> None:
        if not any(fault):
            self._flush()
        self.writer.close()

    def add(self, row: PictureRow) -> None:
        image = None if row.error else row.data
        self.rows.append({"key": row.key, "image": image, **row.values, "error": row.error or None})
        self.bytes += len(row.data)
        if self.bytes >= GROUP_BYTES:
            self._flush()

    def _flush(self) -> None:
        self.writer.write_table(self.arrow.Table.from_pylist(self.rows, self.schema))
        self.rows, self.bytes = [], 0
