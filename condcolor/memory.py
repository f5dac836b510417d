"""Running out of memory, told as a fault the user can do something about."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from condcolor.errors import DataError


def is_memory_error(error: BaseException) -> bool:
    """Whether Python, torch on the CPU or CUDA says that memory is used up."""
    said = str(error)
    out_of_it = "out of memory" in said or "can't allocate memory" in said
    return isinstance(error, MemoryError) or (isinstance(error, RuntimeError) and out_of_it)


@contextmanager
def memory_told(what_to_do: str) -> Iterator[None]:
    """Within it, running out of memory is a DataError: `not enough memory: what_to_do`."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if not is_memory_error(error):
            raise
        raise DataError(f"not enough memory: {what_to_do}") from error
