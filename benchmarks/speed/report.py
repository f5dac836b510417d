"""From samples to figures and tables: rates, how they compare, and the few that sum a machine up.

p50 is the median of the samples' pictures a second; p95 the rate that 95 % of them reached: the slow end.
Ratios are of the rates within one turn, and of those the median over the turns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field

import numpy as np
import torch

from benchmarks.speed.commands import CommandTime
from benchmarks.speed.settings import DATA, ENCODED, INFERENCE, OURS, TRAINING, Kind, full_width
from benchmarks.speed.timing import Samples
from condcolor.recipes import find_recipe
from condcolor.runtime.devices import pick_precision

HEADLINE = "icons"  # the recipe that sums a machine up, at its own width, size and batch
HEADLINE_BATCH = 16  # of inference
HEADLINE_DATA = ("photo", "icons")  # the first that was measured: photographs cost most to load


@dataclass(frozen=True)
class Row(Kind):
    """What one subject came to. Memory is the process's own peak; ratios are None where there is nothing to
    compare with."""

    pictures_per_s_p50: float
    pictures_per_s_p95: float
    samples: int
    seconds: float
    peak_memory_bytes: int | None
    peak_device_memory_bytes: int | None
    gflop_per_picture: float | None = None
    share_of_matmul: float | None = None
    vs_textbook: float | None = None


@dataclass(frozen=True)
class Report:
    """All that was measured, and where."""

    machine: dict[str, object]
    device: str
    textbook: str | None
    matmul_gflops: dict[str, float]  # by precision
    rows: tuple[Row, ...]
    commands: tuple[CommandTime, ...] = ()
    settings: dict[str, object] = field(default_factory=dict)

    def to_json(self) -> dict[str, object]:
        """The headline's figures first; those that were not measured are None."""
        training, inference = self.headline(TRAINING), self.headline(INFERENCE)
        data, encoded = self.headline(DATA), self.headline(ENCODED)
        return {
            "training_vs_textbook": training and training.vs_textbook,
            "inference_vs_textbook": inference and inference.vs_textbook,
            "data_vs_textbook": data and data.vs_textbook,
            "data_encoded_vs_textbook": encoded and encoded.vs_textbook,
            "training_share_of_matmul": training and training.share_of_matmul,
            "inference_share_of_matmul": inference and inference.share_of_matmul,
            "headline": {
                row.what: {"recipe": row.recipe, "batch": row.batch, "precision": row.precision}
                for row in (training, inference, data, encoded)
                if row is not None
            },
            "machine": self.machine,
            "device": self.device,
            "textbook": self.textbook,
            "settings": self.settings,
            "matmul_gflops": self.matmul_gflops,
            "rows": [asdict(row) for row in self.rows],
            "commands": [command.to_json() for command in self.commands],
        }

    def headline(self, what: str) -> Row | None:
        """Our row that stands for a kind of work, if it was measured at the recipe's own width and size."""
        rows = {
            (row.recipe, row.precision, row.batch, row.width, row.size): row
            for row in self.rows
            if (row.whose, row.what) == (OURS, what)
        }
        if what in (DATA, ENCODED):
            names, precision = HEADLINE_DATA, DATA_PRECISION[what]
        else:
            names, precision = (HEADLINE,), pick_precision("auto", torch.device(self.device))
        for name in names:
            recipe = find_recipe(name)
            batch = HEADLINE_BATCH if what == INFERENCE else recipe.defaults.batch_size
            key = (name, precision, batch, full_width(recipe), recipe.defaults.image_size)
            if key in rows:
                return rows[key]
        return None


DATA_PRECISION = {DATA: "uint8", ENCODED: "fp32"}  # what batches are made of


def spread(samples: Samples) -> tuple[float, float]:
    """p50 and p95 of pictures a second."""
    rates = [pictures / seconds for pictures, seconds in samples]
    return float(np.percentile(rates, 50)), float(np.percentile(rates, 5))


def rate(samples: Samples) -> float:
    """Pictures a second over all the samples."""
    return sum(pictures for pictures, _ in samples) / sum(seconds for _, seconds in samples)


def ratio(turns: Sequence[Samples], others: Sequence[Samples]) -> float:
    """How many times as fast as others that took their turns with it."""
    return float(np.median([rate(a) / rate(b) for a, b in zip(turns, others, strict=True)]))


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
