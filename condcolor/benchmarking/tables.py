"""A report as lines of text: aligned for a terminal, or as Markdown."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from condcolor.benchmarking.figures import Report, Row
from condcolor.benchmarking.subject import DATA, ENCODED, INFERENCE, OURS, TRAINING

TITLES = {
    TRAINING: "Training, a step of both networks",
    INFERENCE: "Inference, from 8-bit pictures to the network's outputs",
    DATA: "Data, pictures cut, mirrored and in batches",
}
LABELS = {DATA: "in 8 bits", ENCODED: "encoded"}


def lines(report: Report, *, markdown: bool = False) -> Iterator[str]:
    """What was measured on what, then a table for each kind of work."""
    render = _markdown if markdown else _aligned
    yield _machine(report)
    yield (
        "Pictures a second: p50 is the median, p95 what 95 % of the samples reached (the slow end). "
        "Ratios are medians over turns in one run."
    )
    for what, title in TITLES.items():
        kinds = (DATA, ENCODED) if what == DATA else (what,)
        rows = [row for row in report.rows if row.what in kinds]
        if rows:
            heads = [head for head in COLUMNS if what != DATA or head not in OF_NETWORKS]
            table = [heads, *([COLUMNS[head](row) for head in heads] for row in rows)]
            yield from ("", f"{title}:", "", *render(table))
    if report.commands:
        table = [["command, from cold", "median s", "min", "max"]]
        for c in report.commands:
            table.append([c.command, f"{c.median_s:.2f}", f"{c.min_s:.2f}", f"{c.max_s:.2f}"])
        yield from ("", *render(table))


def _machine(report: Report) -> str:
    m = report.machine
    parts = [f"{m['cpu']}, {m['cores']} cores, {m['threads']} threads"]
    parts += [m["gpu"]] if m["gpu"] else []
    parts += [f"{m['memory_gib']} GiB", f"torch {m['torch']}", f"on {report.device}"]
    for precision, gflops in report.matmul_gflops.items():
        parts.append(f"matmul {precision} {gflops:,.0f} GFLOP/s")
    if m["load"] is not None:
        parts.append(f"load before {m['load']:.1f}")  # a busy machine's figures say little
    return "; ".join(str(part) for part in parts)


def _aligned(table: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return [
        "  ".join(
            c.rjust(w) if i else c.ljust(w) for i, (c, w) in enumerate(zip(r, widths, strict=True))
        )
        for r in table
    ]


def _markdown(table: Sequence[Sequence[str]]) -> list[str]:
    head, *rows = ["| " + " | ".join(row) + " |" for row in table]
    return [head, "|" + "---|" * len(table[0]), *rows]


def _label(row: Row) -> str:
    return f"{OURS} {LABELS.get(row.what, '')}".strip() if row.whose == OURS else row.whose


def _memory(row: Row) -> str:
    used = row.peak_device_memory_bytes or row.peak_memory_bytes
    return f"{used / 2**30:.2f} GiB" if used else "-"


def _flops(row: Row) -> str:
    flops = row.gflop_per_picture
    return f"{flops * row.pictures_per_s_p50:,.0f}" if flops else "-"


def _share(row: Row) -> str:
    return f"{100 * row.share_of_matmul:.0f} %" if row.share_of_matmul else "-"


def _ratio(row: Row) -> str:
    return f"{row.vs_textbook:.2f} x" if row.vs_textbook else "-"


def _rate(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


COLUMNS: dict[str, Callable[[Row], str]] = {
    "": _label,
    "recipe": lambda row: row.recipe,
    "px": lambda row: str(row.size),
    "batch": lambda row: str(row.batch),
    "width": lambda row: str(row.width),
    "precision": lambda row: row.precision,
    "p50": lambda row: _rate(row.pictures_per_s_p50),
    "p95": lambda row: _rate(row.pictures_per_s_p95),
    "memory": _memory,
    "GFLOP/s": _flops,
    "of matmul": _share,
    "to textbook": _ratio,
}
OF_NETWORKS = {"width", "precision", "GFLOP/s", "of matmul"}  # columns that say nothing of data
