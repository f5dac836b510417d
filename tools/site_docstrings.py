"""Docstrings as the documentation site shows them: each field that they name on its own line."""

from __future__ import annotations

import re
from typing import Any

import griffe

FIELD = re.compile(r"^([a-z_]\w*(?:, [a-z_]\w*)*): (?=\S)", re.M)  # "names: unique; ..."


class FieldsApart(griffe.Extension):
    """Makes a paragraph of each line that begins with a name and a colon."""

    def on_object(self, *, obj: griffe.Object, **kwargs: Any) -> None:
        if obj.docstring:
            obj.docstring.value = FIELD.sub(r"\n`\1`: ", obj.docstring.value)
