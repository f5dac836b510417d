"""The description that PyPI shows: the README, its links and pictures by their addresses on the web.

All else is in pyproject.toml.
"""

import posixpath
import re
from pathlib import Path

from setuptools import setup

ROOT = Path(__file__).parent
REPOSITORY = "https://github.com/condcolor/condcolor"
TARGET = re.compile(r'(!?\[[^\]]*\]\(|<img src=")([^)#"\s]+)')  # of a link, of a picture


def on_the_web(match: re.Match) -> str:
    before, target = match.groups()
    if re.match(r"[a-z]+:", target):
        return match[0]
    path = posixpath.normpath(target)
    is_picture = before.startswith(("!", "<"))
    # by its name, since an sdist has not all of the repository; folders here begin in lower case
    is_folder = "." not in posixpath.basename(path) and path[0].islower()
    kind = "raw" if is_picture else "tree" if is_folder else "blob"
    return f"{before}{REPOSITORY}/{kind}/main/{path}"


setup(
    long_description=TARGET.sub(on_the_web, (ROOT / "README.md").read_text(encoding="utf-8")),
    long_description_content_type="text/markdown",
)
