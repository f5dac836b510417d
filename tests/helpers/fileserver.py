"""A real HTTP server on this machine that holds one file, and can be told to serve it badly."""

from __future__ import annotations

import contextlib
import re
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

LONG = 30.0  # seconds that a stalled answer waits at most


@dataclass(frozen=True)
class Answer:
    """How one request is answered; as it should be, unless said otherwise."""

    status: int = 0  # 0: 200 or 206
    sent: int | None = None  # bytes of the body after which the connection is cut
    stalls: bool = False  # waits where it would be cut
    ranges: bool = True
    length: bool = True  # whether Content-Length is stated
    chunked: bool = False
    shift: int = 0  # added to the start that Content-Range states
    ignores_if_range: bool = False
    location: str = ""
    before: object = None  # called before the answer
    at_cut: object = None  # called where it is cut or stalls


@dataclass
class Site:
    """`answers` are used up one a request; then all is as it should be."""

    body: bytes
    etag: str = '"one"'
    modified: str = ""
    answers: list[Answer] = field(default_factory=list)
    asked: list[dict[str, str]] = field(default_factory=list)
    url: str = ""
    ended: threading.Event = field(default_factory=threading.Event)

    @property
    def ranges(self) -> list[str | None]:
        return [headers.get("Range") for headers in self.asked]


@contextlib.contextmanager
def serving(body: bytes, *answers: Answer, name: str = "file.tgz", **how) -> Iterator[Site]:
    site = Site(body, answers=list(answers), **how)
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"site": site}))
    server.daemon_threads = True
    site.url = f"http://127.0.0.1:{server.server_port}/{name}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield site
    finally:
        site.ended.set()
        server.shutdown()
        server.server_close()
        thread.join()


def closed_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return held.getsockname()[1]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    site: Site

    def log_message(self, *_) -> None:
        pass

    def do_GET(self) -> None:
        site = self.site
        site.asked.append(dict(self.headers))
        answer = site.answers.pop(0) if site.answers else Answer()
        if answer.before:
            answer.before()
        self.close_connection = True
        if answer.status:
            self.send_response(answer.status)
            if answer.location:
                self.send_header("Location", answer.location)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        start = self._start(answer)
        total = len(site.body)
        if start >= total > 0:
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{total}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.send_response(206 if start else 200)
        if start:
            said = start + answer.shift
            self.send_header("Content-Range", f"bytes {said}-{total - 1}/{total}")
        if site.etag:
            self.send_header("ETag", site.etag)
        if site.modified:
            self.send_header("Last-Modified", site.modified)
        if answer.chunked:
            self.send_header("Transfer-Encoding", "chunked")
        elif answer.length:
            self.send_header("Content-Length", str(total - start))
        self.send_header("Connection", "close")
        self.end_headers()
        self._send(site.body[start:], answer)

    def _start(self, answer: Answer) -> int:
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        fits = self.headers.get("If-Range") in (None, self.site.etag, self.site.modified)
        use = asked and answer.ranges and (fits or answer.ignores_if_range)
        return int(asked[1]) if use else 0

    def _send(self, body: bytes, answer: Answer) -> None:
        part = body if answer.sent is None else body[: answer.sent]
        with contextlib.suppress(OSError):  # the client may leave
            if answer.chunked:
                self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
                if len(part) == len(body):
                    self.wfile.write(b"0\r\n\r\n")
            else:
                self.wfile.write(part)
            self.wfile.flush()
            if len(part) < len(body):
                if answer.at_cut:
                    answer.at_cut()
                if answer.stalls:
                    self.site.ended.wait(LONG)
            self.connection.shutdown(socket.SHUT_RDWR)
