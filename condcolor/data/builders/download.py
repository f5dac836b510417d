"""A large file over HTTP: requested, retried, resumed."""

from __future__ import annotations

import errno
import os
import re
import shutil
import ssl
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.client import HTTPException, HTTPResponse, InvalidURL
from pathlib import Path
from typing import BinaryIO
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit

from condcolor.data.builders.partial_file import Part, Version
from condcolor.errors import DataError, UsageError
from condcolor.runtime.files import lock
from condcolor.runtime.messages import shown_name
from condcolor.version import __version__

TIMEOUT = 30.0  # seconds without a byte after which a server counts as stalled
WAITS = (
    1.0,
    2.0,
    4.0,
    8.0,
    16.0,
)  # seconds before each new try; one that brings ENOUGH starts anew
ENOUGH = 1 << 20  # bytes
BLOCK = 1 << 18  # bytes read at once
SPARE = 32 << 20  # bytes of the disk that stay free
PASSING = (408, 425, 429, 500, 502, 503, 504)  # HTTP statuses that a later try may not meet


class DownloadError(DataError):
    """The network or the server refuses. What came so far is kept."""


class _Lost(Exception):
    """One try gave out; the next may do better. `answered`: the server was there."""

    def __init__(self, reason: str, *, answered: bool = True):
        super().__init__(reason)
        self.answered = answered


def download(
    url: str,
    path: Path | str,
    *,
    size: int | None = None,
    on_progress: Callable[[int, int], None] | None = None,
    say: Callable[[str], None] | None = None,
    timeout: float = TIMEOUT,
    waits: tuple[float, ...] = WAITS,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Fetch `url` into the file `path`, in a folder that is there; its length is checked.

    Bytes are added to `path` + ".part", and a ".part.json" beside it keeps the server's validator, a
    strong ETag or Last-Modified. Whatever stops the download, the next call asks for the rest with
    Range and If-Range (RFC 9110, sections 14.2 and 13.1.5). A server without ranges, or with
    another version of the file by then, begins anew. A lost connection is tried again after `waits`.

    Args:
        size: the bytes it must have, where known; another length, or none stated, is refused before
            any comes.
        on_progress: told (bytes there, bytes in all) where the server says how many there are.
        say: told in a line of each new try.
    Raises:
        UsageError: what is no http or https address.
        DownloadError: no connection, an HTTP error, a connection lost too often, another size.
        DataError: the disk is full or refuses, or another download writes the same file.
    """
    check_url(url)
    path = Path(path)
    partial = path.with_name(path.name + ".part")
    note = path.with_name(partial.name + ".json")
    label = shown_name(partial)
    try:
        with lock(partial, DataError(f"{label}: another download writes it: wait for it")) as file:
            try:
                if not path.exists():  # else another process was faster
                    part = Part(file, note, url)
                    _fetch(part, size, on_progress, say, timeout, waits, sleep)
                    os.fsync(file.fileno())
                    _let_go(file)
                    os.replace(partial, path)
            finally:
                if path.exists() or not partial.stat().st_size:
                    _let_go(file)
                    note.unlink(missing_ok=True)
                    partial.unlink(missing_ok=True)
    except OSError as error:  # of the disk; those of the network have become a DownloadError
        raise DataError(f"{label}: {_why_unwritten(error)}") from error


def _let_go(file: BinaryIO) -> None:
    """Close a file whose name is to change, where an open one keeps its name."""
    if os.name == "nt":
        file.close()


def check_url(url: str) -> None:
    """Raise UsageError for what is no plain http or https address."""
    label = shown_name(url)
    try:
        parts = urlsplit(url)
        plain = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        plain = False
    if not plain:
        raise UsageError(f"'{label}' is no address to download from: write http:// or https://...")
    if parts.username is not None:
        raise UsageError(f"'{parts.hostname}': an address with a name or password cannot be used")
    if not re.fullmatch(r"[!-~]+", url):
        raise UsageError(f"'{label}': write spaces and letters beyond ASCII percent-encoded")


def file_name(url: str) -> str:
    """The name for what `url` leads to: the end of its path, where that is a plain file name."""
    try:
        name = urlsplit(url).path.rpartition("/")[2]
    except ValueError:
        name = ""
    return name if re.fullmatch(r"\w[\w.+-]{0,99}", name, re.ASCII) else "download"


def _fetch(part: Part, size, on_progress, say, timeout, waits, sleep) -> None:
    """Try until all is there, or too often in a row for too little."""
    host = _host(part)
    lost, answered = 0, False
    while True:
        before = part.size
        try:
            return _try(part, size, on_progress, timeout)
        except _Lost as why:
            answered = answered or why.answered
            lost = 1 if part.size - before >= ENOUGH else lost + 1
            if not answered:
                raise DownloadError(f"{host} cannot be reached ({why}): check the network") from why
            if lost > len(waits):
                hint = "run the same again later, it goes on from there"
                raise DownloadError(f"{host}: {why}, {lost} times; {part.kept}: {hint}") from why
            if say:
                say(f"{host}: {why}; {part.kept}; trying again in {waits[lost - 1]:g} s")
            sleep(waits[lost - 1])


def _try(part: Part, size: int | None, on_progress, timeout: float) -> None:
    """One connection: ask for what is not there yet, and add it."""
    known, start = part.version(), part.size
    if known is None or not known.validator or (known.total is not None and start > known.total):
        start = 0
    elif start == known.total and size in (None, start):
        return
    headers = {"User-Agent": f"condcolor/{__version__}", "Accept-Encoding": "identity"}
    if start:
        headers |= {"Range": f"bytes={start}-", "If-Range": known.validator}
    with _connect(part, headers, start, timeout) as response:
        if start and response.status == 206:
            total = _continued(part, response, known, start)
            _check_size(part, total, size)
        elif response.status == 200:
            total = response.length  # None where it comes in chunks
            _check_size(part, total, size)
            part.begin(Version.of_response(part.url, response.headers, total))
        else:
            raise DownloadError(f"{_host(part)}: answered {response.status} instead of a file")
        _check_room(part, total)
        for block in _blocks(response, timeout):
            part.append(block if total is None else block[: total - part.size])
            if on_progress and total:
                on_progress(part.size, total)
            if part.size == total:
                break
    if total is not None and part.size < total:
        raise _Lost("the connection was cut")


def _connect(part: Part, headers: dict[str, str], start: int, timeout: float) -> HTTPResponse:
    request = urllib.request.Request(part.url, headers=headers)
    try:
        return _opener().open(request, timeout=timeout)
    except HTTPError as error:
        error.close()
        status = f"HTTP {error.code} {shown_name(str(error.reason))}".rstrip()
        if error.code == 416 and start:  # no such rest: the file there is another one
            part.forget()
            raise _Lost("has another version of the file") from error
        if error.code in PASSING:
            raise _Lost(status) from error
        raise DownloadError(
            f"{_host(part)}: {status} for {shown_name(urlsplit(part.url).path)}: check the address"
        ) from error
    except URLError as error:
        reason = error.reason
        if isinstance(reason, ssl.SSLCertVerificationError):
            raise DownloadError(
                f"{_host(part)}: its certificate is not trusted ({reason.verify_message}): "
                "check this computer's clock and proxy"
            ) from error
        if not isinstance(reason, OSError):  # an address that the server sent us on to
            raise DownloadError(f"{_host(part)}: {reason}: check the address") from error
        raise _Lost(_why_lost(reason, timeout), answered=False) from error
    except (InvalidURL, UnicodeError) as error:  # no address at all, or one we were sent on to
        raise DownloadError(f"{shown_name(part.url)}: no address ({error}): check it") from error
    except (OSError, HTTPException) as error:
        raise _Lost(_why_lost(error, timeout)) from error


def _opener() -> urllib.request.OpenerDirector:
    """Of urllib's handlers those of http and https: a redirection leads to no file and no ftp."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler,
        urllib.request.UnknownHandler,
        urllib.request.HTTPHandler,
        urllib.request.HTTPSHandler,
        urllib.request.HTTPDefaultErrorHandler,
        urllib.request.HTTPRedirectHandler,
        urllib.request.HTTPErrorProcessor,
    ):
        opener.add_handler(handler())
    return opener


def _continued(part: Part, response: HTTPResponse, known: Version, start: int) -> int | None:
    """The file's length, once it is sure that a 206 holds the rest of what `part` holds."""
    match = re.match(r"bytes (\d+)-\d+/(\d+|\*)$", response.headers.get("Content-Range", ""))
    total = int(match[2]) if match and match[2] != "*" else known.total
    again = Version.of_response(part.url, response.headers, total)
    same = known.total in (None, total) and again.validator in ("", known.validator)
    if not match or int(match[1]) != start or not same:
        part.forget()
        raise _Lost("sent another part or version than asked")
    return total


def _blocks(response: HTTPResponse, timeout: float) -> Iterator[bytes]:
    while True:
        try:
            block = response.read1(BLOCK)
        except (OSError, HTTPException) as error:
            raise _Lost(_why_lost(error, timeout)) from error
        if not block:
            return
        yield block


def _check_size(part: Part, length: int | None, size: int | None) -> None:
    """Before a byte of another file can take the place of those that are kept."""
    if size is not None and length != size:
        length = "a length it does not state" if length is None else f"{length:,} bytes"
        hint = "a login page or another file answers: try another network"
        raise DownloadError(f"{_host(part)}: the file has {length}, not {size:,} bytes: {hint}")


def _check_room(part: Part, total: int | None) -> None:
    if total is None:
        return
    free, needed = shutil.disk_usage(part.note.parent).free, total - part.size
    if free < needed + SPARE:
        raise DataError(
            f"{shown_name(part.note.parent)}: {free / 1e6:,.0f} MB free, {needed / 1e6:,.0f} MB to "
            f"download: make room or choose another disk; {part.kept}"
        )


def _host(part: Part) -> str:
    return shown_name(urlsplit(part.url).netloc)


def _why_lost(error: Exception, timeout: float) -> str:
    if isinstance(error, TimeoutError):
        return f"nothing came for {timeout:g} s"
    if isinstance(error, HTTPException | ConnectionResetError | BrokenPipeError):
        return "the connection was cut"
    return shown_name(str(getattr(error, "strerror", None) or error))


def _why_unwritten(error: OSError) -> str:
    with suppress(KeyError):
        return {
            errno.ENOSPC: "the disk is full: make room and run the same again, it goes on from there",
            errno.EDQUOT: "the quota is used up: make room and run the same again, it goes on from there",
        }[error.errno]
    return f"cannot be written ({error.strerror or error}): check the folder and its disk"
