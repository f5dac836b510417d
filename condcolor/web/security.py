"""Hosts, origins and time limits; security headers."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})
REQUEST_SECONDS = 120.0  # timeout of a request, including the reading of its response
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}
log = logging.getLogger("condcolor.web")


class SecurityMiddleware:
    """ASGI middleware that allows only the app's own pages and programs on this machine.

    Args:
        app: the app.
        hosts: host names that are served, besides those of this machine. A foreign name that resolves to this
            machine (DNS rebinding) is refused.
        any_address: serve all IP addresses as host, too, which DNS rebinding cannot use.
    """

    def __init__(self, app: ASGIApp, *, hosts: Collection[str] = (), any_address: bool = False):
        self._app, self._any_address = app, any_address
        self._hosts = LOCAL | {host.lower() for host in hosts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        started = False

        async def send_guarded(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        answer = self._refusal(Headers(scope=scope), scope)
        try:
            async with asyncio.timeout(REQUEST_SECONDS):
                await (answer or self._app)(scope, receive, send_guarded)
        except TimeoutError:
            if started:
                raise  # the server closes the connection
            # the rest of the body is not read
            answer = error_response(503, "this took too long", {"Connection": "close"})
            await answer(scope, receive, send_guarded)
        except Exception:
            log.exception("a request failed")  # the app has sent its response

    def _refusal(self, headers: Headers, scope: Scope) -> JSONResponse | None:
        host = headers.get("host", "")
        if not self._is_ours(host):
            return error_response(421, "this host name is not served here: ask for 127.0.0.1")
        origin = headers.get("origin")
        if origin is not None and _netloc(origin) != host.lower():
            return error_response(403, "requests from other pages are refused")
        visit = (
            scope["method"] in ("GET", "HEAD")
            and headers.get("sec-fetch-mode") == "navigate"
            and not scope["path"].startswith("/api/")
        )
        if headers.get("sec-fetch-site") in ("cross-site", "same-site") and not visit:
            return error_response(403, "requests from other pages are refused")
        return None

    def _is_ours(self, host: str) -> bool:
        try:
            name = urlsplit(f"//{host}").hostname or ""
            if name in self._hosts:
                return True
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return self._any_address


def _netloc(origin: str) -> str:
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""


def error_response(
    status: int, message: str, headers: dict[str, str] | None = None
) -> JSONResponse:
    """Make the response of an error: `{"error": "one line"}`."""
    return JSONResponse({"error": message}, status, headers)
