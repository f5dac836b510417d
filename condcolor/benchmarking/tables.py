"""A report as lines of text: aligned for a terminal, or as Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from condcolor.benchmarking.figures import Report, Row
from condcolor.benchmarking.subject import DATA, ENCODED, INFERENCE, OURS, TRAINING

TITLES = {
    TRAINING: "Training, a step of both networks",
    INFERENCE: "Inference, from 8-bit pictures to the network's outputs",
    DATA: "Data, pictures cut, mirrored and in batches",
}
LABELS = {DATA: "in 8 bits", ENCODED: "encoded"}
HEADS = ["", "recipe", "px", "batch", "width", "precision", "p50", "p95", "memory"]
ENDS = ["GFLOP/s", "of matmul", "to textbook"]


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
            cut = len(ENDS) - 1 if what == DATA else 0  # nothing is computed in networks
            table = [
                HEADS + ENDS[cut:],
                *(_cells(row)[: len(HEADS)] + _ends(row)[cut:] for row in rows),
            ]
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
    return "; ".join(str(part) for part in parts)


def _cells(row: Row) -> list[str]:
    label = row.whose if row.whose != OURS else " ".join((OURS, LABELS.get(row.what, ""))).strip()
    cells = [label, row.recipe, str(row.size), str(row.batch), str(row.width), row.precision]
    cells += [_rate(row.pictures_per_s_p50), _rate(row.pictures_per_s_p95)]
    memory = row.peak_device_memory_bytes or row.peak_memory_bytes
    return [*cells, f"{memory / 2**30:.2f} GiB" if memory else "-"]


def _ends(row: Row) -> list[str]:
    flops, share, ratio = row.gflop_per_picture, row.share_of_matmul, row.vs_textbook
    return [
        f"{flops * row.pictures_per_s_p50:,.0f}" if flops else "-",
        f"{100 * share:.0f} %" if share else "-",
        f"{ratio:.2f} x" if ratio else "-",
    ]


def _rate(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


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
