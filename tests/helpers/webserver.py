"""The page's app on a port of its own, in a thread; and pictures as bytes."""

from __future__ import annotations

import http.client
import io
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from models import make_model
from PIL import Image

from condcolor.inference.torch_colorizer import TorchColorizer
from condcolor.web.server import listen, make_server


def renderers() -> dict[str, TorchColorizer]:
    """One model, icons, that paints exactly what it is told."""
    return {"icons": TorchColorizer(make_model(), device="cpu")}


def png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def pixels(data: bytes | Image.Image) -> np.ndarray:
    image = data if isinstance(data, Image.Image) else Image.open(io.BytesIO(data))
    return np.asarray(image)


@contextmanager
def serving(app) -> Iterator[int]:
    """The port on 127.0.0.1 where the app answers."""
    with listen("127.0.0.1", 0) as sock:
        port = sock.getsockname()[1]
        server = make_server(app)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]}, daemon=True)
        thread.start()
        until(lambda: server.started)
        try:
            yield port
        finally:
            server.should_exit = True
            thread.join(10)
            assert not thread.is_alive()


def until(true, seconds: float = 10) -> None:
    """Wait until it is."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)


def fetch(port: int, path: str, method: str = "GET", body=None, **headers: str):
    """(status, headers, body) of one request on a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body, named)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


def send(port: int, image: Image.Image) -> str:
    """The id of a picture that was sent."""
    status, _, body = fetch(port, "/api/sketches", "POST", png(image), Content_Type="image/png")
    assert status == 201, body
    return json.loads(body)["id"]
