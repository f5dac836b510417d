"""The socket and uvicorn.

The socket is opened before models are loaded, so that a port in use is reported at once.
"""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import socket
from collections.abc import Callable

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from condcolor.errors import UsageError

HEAD_SECONDS = 10.0  # timeout of a request's headers, and of idle connections
CONNECTIONS = 512  # at most; a browser opens six
BACKLOG = 128
GRACE_SECONDS = 1  # after a signal, for requests that are being answered


class ImpatientProtocol(H11Protocol):
    """HTTP with a timeout of incomplete requests and of clients that do not read their response.

    The timer of uvicorn runs between requests only: it waits forever for the rest of a request line, and a
    client that does not read keeps its response in memory.
    """

    _late: asyncio.TimerHandle | None = None
    _unsent = 0  # bytes of the response in the write buffer at the last check

    def connection_made(  # type: ignore[override]  # uvicorn narrows it to Transport, too
        self, transport: asyncio.Transport
    ) -> None:
        super().connection_made(transport)
        self._arm()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._arm()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self._late:
            self._late.cancel()

    def _arm(self) -> None:
        if self._late:
            self._late.cancel()
        self._unsent = self.transport.get_write_buffer_size()
        self._late = self.loop.call_later(HEAD_SECONDS, self._close_idle)

    def _close_idle(self) -> None:
        if self.cycle is not None and not self.cycle.response_complete:
            return  # the app is working, under its own time limit
        unsent = self.transport.get_write_buffer_size()
        if 0 < unsent < self._unsent:
            self._arm()
        elif unsent:
            self.transport.abort()
        else:
            self.transport.close()


def listen(host: str, port: int) -> socket.socket:
    """Open a listening socket; port 0 is any free one.

    Raises:
        UsageError: the host or port cannot be used.
    """
    try:
        addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (socket.gaierror, UnicodeError):
        raise UsageError(f"host '{host}' is not known: try 127.0.0.1") from None
    family, kind, protocol, _, address = addresses[0]
    sock = socket.socket(family, kind, protocol)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(address)
        sock.listen(BACKLOG)
    except OSError as error:
        sock.close()
        raise UsageError(_why_not(error, host, port)) from None
    return sock


def _why_not(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} on {host} is in use: choose another with --port, or end what uses it"
    if error.errno == errno.EACCES:
        return f"port {port} is not allowed to you: choose one above 1023 with --port"
    if error.errno == errno.EADDRNOTAVAIL:
        return f"host '{host}' is not this machine: try 127.0.0.1"
    return f"cannot listen on {host} port {port} ({error.strerror})"


def url_of(sock: socket.socket) -> str:
    """Return the URL of the socket for a browser on this machine."""
    host, port = sock.getsockname()[:2]
    address = ipaddress.ip_address(host.partition("%")[0])
    if address.is_unspecified:
        host = "127.0.0.1" if address.version == 4 else "::1"
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def is_loopback(sock: socket.socket) -> bool:
    """Return whether only this machine can connect."""
    return ipaddress.ip_address(sock.getsockname()[0].partition("%")[0]).is_loopback


def is_wildcard(sock: socket.socket) -> bool:
    """Return whether the socket listens on all addresses of this machine."""
    return ipaddress.ip_address(sock.getsockname()[0].partition("%")[0]).is_unspecified


def make_server(app: ASGIApp) -> uvicorn.Server:
    """Make a server for `.run(sockets=[listen(...)])` that ends GRACE_SECONDS after a signal."""
    return uvicorn.Server(
        uvicorn.Config(
            app,
            http=ImpatientProtocol,
            ws="none",
            lifespan="on",
            log_config=None,
            log_level="critical",  # errors are logged by the app
            access_log=False,
            server_header=False,
            proxy_headers=False,
            limit_concurrency=CONNECTIONS,
            timeout_keep_alive=int(HEAD_SECONDS),
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
    )


def run(app: ASGIApp, sock: socket.socket, *, on_ready: Callable[[], None]) -> None:
    """Serve until a signal is received, which is then raised as usual."""
    on_ready()
    make_server(app).run(sockets=[sock])
