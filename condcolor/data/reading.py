"""`Reading`: how a data set is read: columns that are left out, values that stand in file names."""

from __future__ import annotations

import re
import string
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from condcolor.conditions.schema import name_fault, name_key
from condcolor.errors import UsageError

CHARACTER = "character"


@dataclass(frozen=True)
class Reading:
    """How a data set is read; a run remembers it.

    ignore: columns that are left out, such as remarks; upper and lower case are the same.
    labels: the form of file names, such as "{character}_{hair}_{shirt}"; "" if a table has the values.
    UsageError if the form of the names cannot be read.
    """

    ignore: tuple[str, ...] = ()
    labels: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "ignore", tuple(self.ignore))
        if self.labels:
            self.pattern()

    def leaves_out(self, column: str) -> bool:
        """Return whether a column is one of those that are left out."""
        return name_key(column) in {name_key(name.strip()) for name in self.ignore}

    def pattern(self) -> re.Pattern[str]:
        """Return the form of file names as a regular expression with a group for each field.

        The first field may hold what stands between the fields; the others may not.
        """
        example = 'write it as "{character}_{hair}_{shirt}"'
        fields: list[str] = []
        parts: list[str] = []
        try:
            pieces = list(string.Formatter().parse(self.labels))
        except ValueError as error:
            raise UsageError(f"labels '{self.labels}': {error}; {example}") from None
        for text, name, form, conversion in pieces:
            parts.append(re.escape(text))
            if name is None:
                continue
            fault = "" if name == CHARACTER else name_fault(name)
            if fault or form or conversion or "-" in name:
                why = fault or "may hold only letters, digits and '_'"
                raise UsageError(f"labels '{self.labels}': the name '{name}' {why}; {example}")
            if name in fields:
                raise UsageError(f"labels '{self.labels}': '{name}' is there twice; {example}")
            if fields and not text:
                raise UsageError(
                    f"labels '{self.labels}': nothing stands between '{fields[-1]}' and '{name}'; {example}"
                )
            between = re.escape(text[-1:]) if fields else ""
            parts.append(f"(?P<{name}>[^{between}]+)" if between else f"(?P<{name}>.+)")
            fields.append(name)
        if not fields:
            raise UsageError(f"labels '{self.labels}': no name in braces; {example}")
        return re.compile("".join(parts))

    def as_options(self) -> dict[str, Any]:
        """Return the fields that are set."""
        return {name: value for name, value in vars(self).items() if value}

    def to_json(self) -> dict[str, Any]:
        """Return `{"ignore": ["Notes"], "labels": ""}`."""
        return {"ignore": list(self.ignore), "labels": self.labels}

    @classmethod
    def from_json(cls, data: Any) -> Reading:
        """Return the reading of `to_json`; that of a plain table for None, as older runs have it.

        Raises:
            ValueError: it is malformed.
        """
        if data is None:
            return cls()
        ignore, labels = data["ignore"], data["labels"]
        if not isinstance(labels, str) or not isinstance(ignore, list):
            raise ValueError(f"reading is malformed: {data!r:.80}")
        if not all(isinstance(name, str) for name in ignore):
            raise ValueError(f"reading is malformed: {data!r:.80}")
        return cls(tuple(ignore), labels)


AS_IT_IS = Reading()


def left_out(columns: Iterable[str], reading: Reading) -> list[str]:
    """Return those of the columns to leave out that are not there."""
    there = {name_key(column) for column in columns}
    return [name for name in reading.ignore if name_key(name.strip()) not in there]
