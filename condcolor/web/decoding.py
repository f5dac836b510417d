"""`Decoders`: processes that decode uploaded pictures, each killed when it takes too long.

A small file can take minutes to decode. In a thread nothing could stop it, and others would wait for it.
"""

from __future__ import annotations

import io
import multiprocessing
import queue
import signal
from contextlib import suppress
from multiprocessing.connection import Connection

from condcolor.errors import CondcolorError, PictureError
from condcolor.imaging.open import Picture, open_picture
from condcolor.runtime.process import is_memory_error

PROCESSES = 4  # that decode side by side; each starts when it is needed
SECONDS = 15.0  # of decoding one picture; 16 million pixels take one
START_SECONDS = 60.0  # of starting a process


class Decoders:
    """A pool of decoding processes, for threads: as many pictures at once as there are processes."""

    def __init__(self, processes: int = PROCESSES, *, seconds: float = SECONDS):
        self._seconds = seconds
        self._free: queue.LifoQueue[_Decoder | None] = queue.LifoQueue()  # the last used first
        for _ in range(processes):
            self._free.put(None)  # not started yet

    def open(self, data: bytes, max_pixels: int) -> Picture:
        """Decode a picture as `open_picture` does.

        Raises:
            PictureError: it is no picture, too large, or takes too long.
        """
        decoder = self._free.get()
        try:
            if decoder is None or not decoder.is_alive():
                decoder = _Decoder()
            return decoder.open(data, max_pixels, self._seconds)
        except _Lost as lost:
            decoder = None
            raise PictureError(str(lost)) from None
        finally:
            self._free.put(decoder)

    def close(self) -> None:
        """End the processes that are free."""
        with suppress(queue.Empty):
            while True:
                if (decoder := self._free.get_nowait()) is not None:
                    decoder.kill()


class _Lost(Exception):
    """A decoder took too long, or ended; the message is for users."""


class _Decoder:
    """A process that decodes one picture at a time; it ends with this one."""

    def __init__(self) -> None:
        context = multiprocessing.get_context(
            "spawn"
        )  # a fork would inherit locks of other threads
        self._pipe, own = context.Pipe()
        self._process = context.Process(target=_decode, args=(own,), daemon=True)
        self._process.start()
        own.close()

    def is_alive(self) -> bool:
        return self._process.is_alive()

    def open(self, data: bytes, max_pixels: int, seconds: float) -> Picture:
        """Decode a picture; raises as `Decoders.open`, and _Lost after killing the process."""
        try:
            if not self._pipe.poll(START_SECONDS):  # it says that it is ready, each time
                raise TimeoutError
            self._pipe.recv()
            self._pipe.send((data, max_pixels))
            if not self._pipe.poll(seconds):
                raise TimeoutError
            found = self._pipe.recv()
        except TimeoutError:
            self.kill()
            raise _Lost(
                f"takes over {seconds:.0f} seconds to open: save it anew as a PNG"
            ) from None
        except (EOFError, OSError):
            self.kill()
            raise _Lost(
                "could not be opened: most likely memory ran out: send a smaller one"
            ) from None
        if isinstance(found, Picture):
            return found
        is_known, text = found
        raise PictureError(text) if is_known else RuntimeError(text)

    def kill(self) -> None:
        self._process.kill()
        self._process.join()
        self._pipe.close()


def _decode(pipe: Connection) -> None:
    """Answer each `(bytes, max_pixels)` with a Picture, or `(is it a fault of the picture, text)`."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the page ends us
    with suppress(EOFError, OSError):  # it has ended
        while True:
            pipe.send(None)
            data, max_pixels = pipe.recv()
            answer: Picture | tuple[bool, str]
            try:
                answer = open_picture(io.BytesIO(data), max_pixels=max_pixels)
            except CondcolorError as error:
                answer = (True, str(error))
            except Exception as error:
                text = f"{type(error).__name__}: {error}"
                answer = (True, "not enough memory") if is_memory_error(error) else (False, text)
            pipe.send(answer)
            del data, answer  # while it waits, it keeps no picture
