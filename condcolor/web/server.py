"""An app on a port: the socket first, so that a port in use is told before models are loaded."""

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

HEAD_SECONDS = 10.0  # to send a request's first lines, and to send another one
CONNECTIONS = 512  # a browser opens six
BACKLOG = 128


class ImpatientProtocol(H11Protocol):
    """HTTP that closes connections on which nothing whole is asked for long, or nothing is taken.

    uvicorn's own timer runs between requests only, so that half a request line would be waited for
    without an end; and it lets a client that reads nothing keep its answer in memory.
    """

    _late: asyncio.TimerHandle | None = None
    _unsent = 0  # bytes of the answer that waited when it was last looked at

    def connection_made(self, transport: asyncio.Transport) -> None:
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
            return  # the app is at work, and has a time limit of its own
        unsent = self.transport.get_write_buffer_size()
        if 0 < unsent < self._unsent:
            self._arm()
        elif unsent:
            self.transport.abort()
        else:
            self.transport.close()


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens there; port 0 is any that is free. UsageError says why it cannot be."""
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
    """Where a browser on this machine finds it."""
    host, port = sock.getsockname()[:2]
    address = ipaddress.ip_address(host.partition("%")[0])
    if address.is_unspecified:
        host = "127.0.0.1" if address.version == 4 else "::1"
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def is_loopback(sock: socket.socket) -> bool:
    """Whether nobody but this machine reaches it."""
    return ipaddress.ip_address(sock.getsockname()[0].partition("%")[0]).is_loopback


def is_wildcard(sock: socket.socket) -> bool:
    """Whether it is reached by every address of this machine."""
    return ipaddress.ip_address(sock.getsockname()[0].partition("%")[0]).is_unspecified


def make_server(app: ASGIApp) -> uvicorn.Server:
    """A server for `.run(sockets=[listen(...)])`, whose signals end it at once."""
    return uvicorn.Server(
        uvicorn.Config(
            app,
            http=ImpatientProtocol,
            ws="none",
            lifespan="on",
            log_config=None,
            log_level="critical",  # what fails is told by the app
            access_log=False,
            server_header=False,
            proxy_headers=False,
            limit_concurrency=CONNECTIONS,
            timeout_keep_alive=int(HEAD_SECONDS),
            timeout_graceful_shutdown=0,
        )
    )


def run(app: ASGIApp, sock: socket.socket, *, on_ready: Callable[[], None]) -> None:
    """Serve until a signal comes, which is then raised as ever."""
    on_ready()
    make_server(app).run(sockets=[sock])
