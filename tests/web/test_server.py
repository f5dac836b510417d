"""condcolor serve on a real port: slow, many and vanishing clients; ports and signals."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http.client import HTTPException
from urllib.parse import urlencode

import pytest
from pictures import sketch
from PIL import Image
from webserver import fetch, pixels, png, renderers, send, serving, until

from condcolor.web import app as web_app
from condcolor.web import requests, security, server
from condcolor.web.app import make_app
from condcolor.web.rendering import Renderer
from condcolor.web.store import JobQueue, QueueFull, is_computing

pytest.importorskip("uvicorn", reason="needs condcolor[web]")


pytest.importorskip("starlette", reason="needs condcolor[web]")


COLORED = "/api/sketches/{}/colored.png?"


@pytest.fixture
def port():
    with serving(make_app(renderers())) as port:
        yield port


def connect(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=10)


def head(port: int, length: int | None = None) -> bytes:
    size = f"Content-Length: {length}" if length is not None else "Transfer-Encoding: chunked"
    return (
        f"POST /api/sketches HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{size}\r\n"
        "Content-Type: image/png\r\n\r\n"
    ).encode()


def answer_to(sock: socket.socket) -> bytes:
    """All that comes until the connection is closed."""
    came = b""
    try:
        while block := sock.recv(65536):
            came += block
    except ConnectionResetError:
        pass
    return came


def test_a_body_that_is_announced_too_large_is_not_waited_for(port):
    with connect(port) as sock:
        sock.sendall(head(port, 10**12))
        assert answer_to(sock).startswith(b"HTTP/1.1 413 ")


def test_a_body_in_chunks_is_counted_while_it_comes(port, monkeypatch):
    monkeypatch.setattr(requests, "MOST_BODY", 50_000)
    with connect(port) as sock:
        sock.sendall(head(port) + b"".join(b"2710\r\n" + bytes(10_000) + b"\r\n" for _ in range(6)))
        assert answer_to(sock).startswith(b"HTTP/1.1 413 ")


def test_no_more_bytes_are_received_than_fit(port, monkeypatch):
    monkeypatch.setattr(web_app, "RECEIVING", 150)
    with connect(port) as first, connect(port) as second:
        first.sendall(head(port, 100) + b"abc")
        until(lambda: fetch(port, "/api/health")[0] == 200)
        second.sendall(head(port, 100))
        assert answer_to(second).startswith(b"HTTP/1.1 503 ")
        first.sendall(bytes(97))
        assert first.recv(12) == b"HTTP/1.1 400"
    with connect(port) as third:
        third.sendall(head(port, 100) + bytes(100))
        assert third.recv(12) == b"HTTP/1.1 400"


def test_a_slow_body_times_out(port, monkeypatch):
    monkeypatch.setattr(requests, "BODY_SECONDS", 0.2)
    with connect(port) as sock:
        sock.sendall(head(port, 100) + b"abc")
        assert answer_to(sock).startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize("begun", [b"", b"GET /api/he", b"GET / HTTP/1.1\r\nHost: loc"])
def test_a_slow_head_is_hung_up_on(monkeypatch, begun):
    monkeypatch.setattr(server, "HEAD_SECONDS", 0.2)
    with serving(make_app(renderers())) as port, connect(port) as sock:
        sock.sendall(begun)
        started = time.monotonic()
        assert answer_to(sock) == b""
        assert time.monotonic() - started < 10


def test_an_answer_that_nobody_takes_is_thrown_away(monkeypatch):
    monkeypatch.setattr(server, "HEAD_SECONDS", 0.3)
    noise = Image.effect_noise((2500, 2500), 200).convert("RGB")
    with serving(make_app(renderers())) as port:
        name = send(port, noise)
        with socket.socket() as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            sock.connect(("127.0.0.1", port))
            asked = f"GET /api/sketches/{name}/sketch.png HTTP/1.1\r\nHost: localhost\r\n\r\n"
            sock.sendall(asked.encode())
            first = sock.recv(1024)
            length = int(re.search(rb"content-length: (\d+)", first)[1])
            time.sleep(1.5)
            assert len(first) + len(answer_to(sock)) < length


def test_a_request_that_takes_too_long_is_ended(port, monkeypatch):
    monkeypatch.setattr(security, "REQUEST_SECONDS", 0.2)
    with connect(port) as sock:
        sock.sendall(head(port, 100) + b"abc")
        assert answer_to(sock).startswith(b"HTTP/1.1 503 ")


def test_garbage_is_no_request(port):
    with connect(port) as sock:
        sock.sendall(b"\x16\x03\x01 hello\r\n\r\n")
        assert answer_to(sock).startswith(b"HTTP/1.1 400 ")
    assert fetch(port, "/api/health")[0] == 200


def test_fifty_at_once_are_right_or_turned_away(monkeypatch):
    honest = Renderer.colored

    def slow(self, kept, values):
        time.sleep(0.02)
        return honest(self, kept, values)

    monkeypatch.setattr(Renderer, "colored", slow)
    regions = renderers()["icons"].regions(sketch(32, 32))
    colors = [{"hair": f"#{5 * i:02x}8800", "shirt": f"#00{5 * i:02x}ff"} for i in range(50)]
    with serving(make_app(renderers(), waiting=8)) as port:
        name = send(port, sketch(32, 32))
        gate = threading.Barrier(50)

        def ask(values):
            gate.wait(10)
            return fetch(port, COLORED.format(name) + urlencode(values))

        with ThreadPoolExecutor(50) as pool:
            answers = list(pool.map(ask, colors))
        assert fetch(port, "/api/health")[0] == 200
    codes = [status for status, _, _ in answers]
    assert set(codes) == {200, 503}
    for values, (status, headers, body) in zip(colors, answers, strict=True):
        if status == 200:
            assert (pixels(body) == pixels(regions.recolor(**values))).all()
        else:
            assert headers["Retry-After"] == "1"
            assert "waiting" in json.loads(body)["error"]


def test_work_for_a_client_that_has_gone_is_dropped(monkeypatch):
    begun, go_on = [], threading.Event()

    def waits(self, kept, values, longer=None):
        begun.append(values["hair"].value)
        go_on.wait(10)
        return png(sketch())

    monkeypatch.setattr(Renderer, "colored", waits)
    with serving(make_app(renderers())) as port:
        name = send(port, sketch(32, 32))

        def ask(hair):
            sock = connect(port)
            asked = COLORED.format(name) + f"hair={hair}&shirt=blue"
            sock.sendall(f"GET {asked} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            return sock

        def waiting():
            return json.loads(fetch(port, "/api/health")[2])["waiting"]

        first = ask("red")
        until(lambda: begun == ["red"])
        second = ask("green")
        until(lambda: waiting() == 1)
        second.close()
        until(lambda: waiting() == 0)
        third = ask("blue")
        until(lambda: waiting() == 1)
        go_on.set()
        assert third.recv(12) == b"HTTP/1.1 200"
        assert begun == ["red", "blue"]
        first.close()
        third.close()


def test_a_worker_takes_so_many_and_no_more():
    worker, go_on = JobQueue("test", waiting=2), threading.Event()
    first = worker.submit(go_on.wait)
    until(first.running)
    later = worker.submit(lambda: order.append("later"), later=True)
    order: list[str] = []
    second = worker.submit(lambda: order.append("second"))
    third = worker.submit(lambda: order.append("third"))
    with pytest.raises(QueueFull):
        worker.submit(lambda: None)
    third.cancel()
    fourth = worker.submit(lambda: order.append("fourth"))
    go_on.set()
    for future in (first, second, fourth, later):
        future.result(10)
    assert order == ["second", "fourth", "later"]
    failing = worker.submit(lambda: 1 / 0)
    assert isinstance(failing.exception(10), ZeroDivisionError)
    worker.close()
    with pytest.raises(QueueFull):
        worker.submit(lambda: None)


# ---- the command


def start(folder, *words: str) -> subprocess.Popen:
    command = [sys.executable, "-m", "condcolor", "serve", "--port", "0", *words]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, cwd=folder)


@pytest.mark.parametrize(
    ("number", "code", "said"),
    [(signal.SIGINT, 130, "Interrupted.\n"), (signal.SIGTERM, 143, "Terminated.\n")],
)
def test_a_signal_ends_it_at_once(tmp_path, random_model, number, code, said):
    running = start(tmp_path, "--model", str(random_model))
    try:
        line = running.stdout.readline()
        assert line.startswith("condcolor is at http://127.0.0.1:")
        port = int(line.split("/")[2].split(":")[1])
        # an idle client, and one in the midst of a request, keep nothing waiting
        with connect(port), connect(port) as half:
            half.sendall(head(port, 100))
            status, _, body = fetch(port, "/api/models")
            assert status == 200
            assert json.loads(body)["models"][0]["name"] == "random"
            os.kill(running.pid, number)
            started = time.monotonic()
            output = running.communicate(timeout=20)
        assert (running.returncode, output) == (code, ("", said))
        assert time.monotonic() - started < 10
    finally:
        running.kill()
        running.wait()


def test_a_signal_in_the_midst_of_work_ends_it_without_an_abort(tmp_path):
    """Fault 3: a thread that computes in C++ aborted the end of the interpreter."""
    running = start(tmp_path)
    try:
        port = int(running.stdout.readline().split("/")[2].split(":")[1])
        name = send(port, sketch(64, 64))

        def ask():
            with suppress(OSError, HTTPException):
                fetch(port, f"/api/sketches/{name}/variants.png")

        asking = [threading.Thread(target=ask, daemon=True) for _ in range(20)]
        for thread in asking:
            thread.start()
        time.sleep(0.4)
        running.terminate()
        output = running.communicate(timeout=60)
        assert (running.returncode, output) == (143, ("", "Terminated.\n"))
        for thread in asking:
            thread.join(10)
            assert not thread.is_alive()
    finally:
        running.kill()
        running.wait()


def test_a_queue_says_whether_it_computes():
    queue, go_on = JobQueue("test", threads=2), threading.Event()
    jobs = [queue.submit(go_on.wait) for _ in range(2)]
    until(lambda: all(job.running() for job in jobs))  # side by side
    assert is_computing()
    assert not queue.join(0.01)
    go_on.set()
    assert queue.join(10)
    queue.close()


def test_a_port_in_use_is_told_in_a_line(condcolor):
    with server.listen("127.0.0.1", 0) as sock:
        port = sock.getsockname()[1]
        done = condcolor("serve", "--port", port)
    assert done.exit_code == 2
    assert done.stderr == (
        f"Error: port {port} on 127.0.0.1 is in use: choose another with --port, or end what uses it\n"
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--host", "no-such-host.invalid"), "host 'no-such-host.invalid' is not known"),
        (("--host", "192.0.2.1"), "is not this machine"),
        (("--port", "70000"), "--port: 70000 is not in the range"),
        (("--port", "0", "--model", "icon"), "did you mean 'icons'?"),
        (("--port", "0", "--device", "gpu"), "device 'gpu' is not one of"),
    ],
)
def test_wrong_options_are_told_in_a_line(condcolor, built_in, words, said):
    done = condcolor("serve", *words)
    assert done.exit_code == 2
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_help_imports_no_server():
    heavy = "{'starlette', 'uvicorn', 'torch'} & set(sys.modules)"
    code = f"import sys, condcolor.cli.serve; sys.exit(bool({heavy}))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
