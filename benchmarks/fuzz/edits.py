"""Random edits of valid files, as hypothesis strategies."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

ODD_NUMBERS = (0, -1, 1, 2**31, 2**63, 10**30, 0.5, 1e308, float("inf"), float("nan"))
ODD_TEXTS = (
    "",
    "\x1b[31m",
    "\u202e",
    "a\0b",
    "../../etc/passwd",
    "/dev/zero",
    "x" * 5000,
    "\ud800",
)
ODD_BYTES = (
    b"\0",
    b"\xff",
    b"\x80",
    b"\xff\xff\xff\xff",
    b"\0\0\0\0",
    b"<",
    b'"',
    b"[" * 2000,
    b"9" * 5000,
)
VALUES = st.one_of(
    st.sampled_from(ODD_NUMBERS),
    st.sampled_from(ODD_TEXTS),
    st.sampled_from((None, True, [], {}, [[]], [None], {"": None})),
    st.integers(),
    st.text(max_size=8),
)


@st.composite
def edited(draw: st.DrawFn, seeds: Sequence[bytes]) -> bytes:
    """Draw one of the seeds with one to eight edits: of its JSON values if it is JSON, or of its bytes.

    JSON may be one value or a line for each.
    """
    data = draw(st.sampled_from(list(seeds)))
    is_json = data[:1] in (b"{", b"[")
    if is_json and draw(st.integers(0, 3)):
        is_lines = data.count(b"}\n{") > 0
        values = data.splitlines() if is_lines else [data]
        at = draw(st.integers(0, len(values) - 1))
        content = json.loads(values[at])
        for _ in range(draw(st.integers(1, 3))):
            content = _json_edit(draw, content)
        values[at] = json.dumps(content).encode("utf-8", "surrogatepass")
        return b"\n".join(values)
    for _ in range(draw(st.integers(1, 8))):
        data = _byte_edit(draw, data)
    return data


def _byte_edit(draw: st.DrawFn, data: bytes) -> bytes:
    at = draw(st.integers(0, len(data)))
    length = draw(st.integers(0, 16))
    kind = draw(st.integers(0, 5))
    if kind == 0:  # one bit or byte
        return data[:at] + bytes([draw(st.integers(0, 255))]) + data[at + 1 :]
    if kind == 1:
        return data[:at]
    if kind == 2:
        return data[:at] + data[at + length :]
    if kind == 3:
        return data[:at] + draw(st.binary(max_size=16)) + data[at + length :]
    if kind == 4:
        return data[:at] + data[at : at + 64] * draw(st.integers(2, 40)) + data[at:]
    return data[:at] + draw(st.sampled_from(ODD_BYTES)) + data[at + length :]


def _json_edit(draw: st.DrawFn, content: Any) -> Any:
    """Replace, remove or add a value somewhere in `content`."""
    if isinstance(content, dict) and content and draw(st.integers(0, 7)):
        key = draw(st.sampled_from(list(content)))
        kind = draw(st.integers(0, 7))
        if kind == 0:
            return {k: v for k, v in content.items() if k != key}
        if kind == 1:
            return {**content, draw(st.sampled_from(ODD_TEXTS)): content[key]}
        return {**content, key: _json_edit(draw, content[key])}
    if isinstance(content, list) and content and draw(st.integers(0, 7)):
        at = draw(st.integers(0, len(content) - 1))
        kind = draw(st.integers(0, 7))
        if kind == 0:
            return content[:at] + content[at + 1 :]
        if kind == 1:
            return content + [content[at]] * draw(st.integers(1, 20))
        return [*content[:at], _json_edit(draw, content[at]), *content[at + 1 :]]
    return draw(VALUES)
