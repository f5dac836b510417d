"""`Fault`: what is wrong with a data set, where, and what to do; faults collected by kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from condcolor.runtime.messages import SHOWN_OF_A_KIND

FORM, COLUMNS, CELLS, PICTURES, SET = "form", "columns", "cells", "pictures", "data set"
LEVELS = (FORM, COLUMNS, CELLS, PICTURES, SET)  # in the order in which they are best mended


@dataclass(frozen=True)
class Fault:
    """A fault of a data set. As text, `metadata.csv line 37: what is wrong; what to do`."""

    what: str
    todo: str = ""
    level: str = FORM
    csv: str = ""  # its name in messages; "" if the fault is of no csv
    line: int | None = None  # None if the fault is of the whole csv
    column: str = ""  # "" if the fault is of no column, or of several

    @property
    def place(self) -> str:
        """`metadata.csv line 37`, `metadata.csv`, or an empty text."""
        return f"{self.csv} line {self.line}" if self.line is not None else self.csv

    def __str__(self) -> str:
        message = f"{self.what}; {self.todo}" if self.todo else self.what
        return f"{self.place}: {message}" if self.place else message


class Faults:
    """Faults in order; of each kind the first SHOWN_OF_A_KIND are kept and the rest counted."""

    def __init__(self) -> None:
        self._kept: dict[str, list[Fault]] = {}
        self._more: Counter[str] = Counter()
        self.count = 0

    def add(
        self,
        kind: str,
        message: str,
        level: str,
        csv: str = "",
        line: int | None = None,
        column: str = "",
    ) -> None:
        """Add a fault.

        Args:
            kind: the end of the sentence "... and 37 more where `kind`".
            message: what is wrong; after the first "; ", what to do.
            level, csv, line, column: as of a Fault.
        """
        what, _, todo = message.partition("; ")
        self.put(kind, Fault(what, todo, level, csv, line, column))

    def put(self, kind: str, fault: Fault) -> None:
        """Add a fault that is made already."""
        self.count += 1
        kept = self._kept.setdefault(kind, [])
        if len(kept) < SHOWN_OF_A_KIND:
            kept.append(fault)
        else:
            self._more[kind] += 1

    def extend(self, faults: Iterable[Fault]) -> None:
        """Add faults, each as a kind of its own."""
        for fault in faults:
            self.put(str(fault), fault)

    @property
    def faults(self) -> tuple[Fault, ...]:
        """The faults kept, each kind followed by the number of the others."""
        every: list[Fault] = []
        for kind, kept in self._kept.items():
            every.extend(kept)
            if self._more[kind]:
                rest = f"... and {self._more[kind]} more where {kind}"
                every.append(Fault(rest, level=kept[0].level))
        return tuple(every)

    @property
    def texts(self) -> tuple[str, ...]:
        """The faults as texts."""
        return tuple(map(str, self.faults))
