"""A large file over HTTP: requested, retried, resumed."""

from __future__ import annotations

import errno
import os
import re
import ssl
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from http.client import HTTPException, HTTPResponse, InvalidURL
from pathlib import Path
from typing import BinaryIO
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit

from condcolor.data.builders.partial_file import Part, Version
from condcolor.errors import DataError, UsageError
from condcolor.runtime.files import check_space, lock
from condcolor.runtime.messages import shown_name
from condcolor.version import __version__

TIMEOUT = 30.0  # seconds without a byte after which a server counts as stalled
WAITS = (1.0, 2.0, 4.0, 8.0, 16.0)  # seconds before each new try
ENOUGH = 1 << 20  # bytes of a try after which the waits start anew
BLOCK = 1 << 18  # bytes read at once
TRANSIENT = (408, 425, 429, 500, 502, 503, 504)  # HTTP statuses that a later try may not meet


OnProgress = Callable[[int, int], None]  # (bytes downloaded, bytes in all)


class DownloadError(DataError):
    """A download that the network or the server refuses; what is downloaded is kept."""


class _Lost(Exception):
    """A try that failed and may be repeated. `answered`: the server was reached."""

    def __init__(self, reason: str, *, answered: bool = True):
        super().__init__(reason)
        self.answered = answered


def download(
    url: str,
    path: Path | str,
    *,
    size: int | None = None,
    on_progress: OnProgress | None = None,
    say: Callable[[str], None] | None = None,
    timeout: float = TIMEOUT,
    waits: tuple[float, ...] = WAITS,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Download `url` to the file `path` of an existing folder, and check its length.

    Bytes are appended to `path` + ".part"; a ".part.json" beside it keeps the server's validator, a strong
    ETag or Last-Modified. After an interruption, the next call requests the rest by Range and If-Range (RFC
    9110, sections 14.2 and 13.1.5). If the server has no ranges, or another version of the file by then, the
    download begins anew. A lost connection is tried again after `waits`.

    Args:
        size: bytes that the file must have, if known; another length, or none stated, is refused before the
            download.
        on_progress: called with (bytes downloaded, bytes in all) if the server states the length.
        say: called with a line before each new try.

    Raises:
        UsageError: `url` is no http or https address.
        DownloadError: no connection, an HTTP error, a connection lost too often, another size.
        DataError: the disk is full or refuses, or another download writes the same file.
    """
    check_url(url)
    path = Path(path)
    unfinished = path.with_name(path.name + ".part")
    note = path.with_name(unfinished.name + ".json")
    label = shown_name(unfinished)
    try:
        with lock(
            unfinished, DataError(f"{label}: another download writes it: wait for it")
        ) as file:
            try:
                if not path.exists():  # another process may have been faster
                    part = Part(file, note, url)
                    attempt = partial(_try, part, size, on_progress, timeout)
                    _retry(attempt, part, say or (lambda _: None), waits, sleep)
                    os.fsync(file.fileno())
                    _close_to_rename(file)
                    os.replace(unfinished, path)
            finally:
                if path.exists() or not unfinished.stat().st_size:
                    _close_to_rename(file)
                    note.unlink(missing_ok=True)
                    unfinished.unlink(missing_ok=True)
    except OSError as error:  # of the disk; those of the network have become a DownloadError
        raise DataError(f"{label}: {_why_unwritten(error)}") from error


def _close_to_rename(file: BinaryIO) -> None:
    """Close a file before it is renamed or removed, which Windows does not allow for open files."""
    if os.name == "nt":
        file.close()


def check_url(url: str) -> None:
    """Check that a URL is a plain http or https address.

    Raises:
        UsageError: it is not.
    """
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
    """Return the file name at the end of a URL's path; "download" if that is no plain file name."""
    try:
        name = urlsplit(url).path.rpartition("/")[2]
    except ValueError:
        name = ""
    return name if re.fullmatch(r"\w[\w.+-]{0,99}", name, re.ASCII) else "download"


def _retry(
    attempt: Callable[[], None],
    part: Part,
    say: Callable[[str], None],
    waits: Sequence[float],
    sleep,
) -> None:
    """Try until the file is complete, or too many tries in a row brought less than ENOUGH."""
    host = _host(part)
    lost, answered = 0, False
    while True:
        before = part.size
        try:
            return attempt()
        except _Lost as error:
            answered = answered or error.answered
            lost = 1 if part.size - before >= ENOUGH else lost + 1
            if not answered:
                fault = f"{host} cannot be reached ({error}): check the network"
                raise DownloadError(fault) from error
            if lost > len(waits):
                hint = "run the same again later, it goes on from there"
                fault = f"{host}: {error}, {lost} times; {part.kept}: {hint}"
                raise DownloadError(fault) from error
            say(f"{host}: {error}; {part.kept}; trying again in {waits[lost - 1]:g} s")
            sleep(waits[lost - 1])


def _try(part: Part, size: int | None, on_progress: OnProgress | None, timeout: float) -> None:
    """Request the missing bytes in one connection, and append them."""
    known, start = part.version(), part.size
    if known is None or not known.validator or (known.total is not None and start > known.total):
        start = 0
    elif start == known.total and size in (None, start):
        return
    resumed = known if start else None
    headers = {"User-Agent": f"condcolor/{__version__}", "Accept-Encoding": "identity"}
    if resumed:
        headers |= {"Range": f"bytes={start}-", "If-Range": resumed.validator}
    with _connect(part, headers, start, timeout) as response:
        if resumed and response.status == 206:
            total = _resumed_length(part, response, resumed, start)
            _check_size(part, total, size)
        elif response.status == 200:
            total = response.length  # None for a chunked response
            _check_size(part, total, size)
            part.begin(Version.of_response(part.url, response.headers, total))
        else:
            raise DownloadError(f"{_host(part)}: answered {response.status} instead of a file")
        if total is not None:
            try:
                check_space(part.note.parent, total - part.size, "to download")
            except DataError as error:
                raise DataError(f"{error}; {part.kept}") from None
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
        if error.code == 416 and start:  # no such range: the file is another version
            part.forget()
            raise _Lost("has another version of the file") from error
        if error.code in TRANSIENT:
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
        if not isinstance(reason, OSError):  # of a redirection
            raise DownloadError(f"{_host(part)}: {reason}: check the address") from error
        raise _Lost(_why_lost(reason, timeout), answered=False) from error
    except (InvalidURL, UnicodeError) as error:  # of the address or a redirection
        raise DownloadError(f"{shown_name(part.url)}: no address ({error}): check it") from error
    except (OSError, HTTPException) as error:
        raise _Lost(_why_lost(error, timeout)) from error


def _opener() -> urllib.request.OpenerDirector:
    """Return an opener for http and https alone, so that no redirection leads to a file or ftp."""
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


def _resumed_length(part: Part, response: HTTPResponse, known: Version, start: int) -> int | None:
    """Return the file's length, after checking that a 206 response continues the part from `start`."""
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
    """Check the length before the kept bytes could be replaced by those of another file."""
    if size is not None and length != size:
        stated = "a length it does not state" if length is None else f"{length:,} bytes"
        hint = "a login page or another file answers: try another network"
        raise DownloadError(f"{_host(part)}: the file has {stated}, not {size:,} bytes: {hint}")


def _host(part: Part) -> str:
    return shown_name(urlsplit(part.url).netloc)


def _why_lost(error: Exception, timeout: float) -> str:
    if isinstance(error, TimeoutError):
        return f"nothing came for {timeout:g} s"
    if isinstance(error, HTTPException | ConnectionResetError | BrokenPipeError):
        return "the connection was cut"
    return shown_name(str(getattr(error, "strerror", None) or error))


def _why_unwritten(error: OSError) -> str:
    hint = "make room and run the same again, it goes on from there"
    known = {
        errno.ENOSPC: f"the disk is full: {hint}",
        errno.EDQUOT: f"the quota is used up: {hint}",
    }
    fallback = f"cannot be written ({error.strerror or error}): check the folder and its disk"
    return known.get(error.errno or 0, fallback)
