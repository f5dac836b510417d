"""A review of two sketches without a manifest, for tests of its page."""

from __future__ import annotations

from pictures import sketch

from condcolor.errors import DataError
from condcolor.imaging.corrections import SavedCorrections, read_corrections
from condcolor.imaging.open import open_picture

RED_BLUE = {"hair": "red", "shirt": "blue"}


class Picture:
    doubts = "shirt: 100 % of its region may be another part"
    values = RED_BLUE

    def __init__(self, path):
        self.path, self.name = path, path.name


class Folder:
    """Two sketches whose corrections are written beside them."""

    def __init__(self, folder, image=None):
        for name in ("a", "b"):
            (image or sketch(64, 64)).save(folder / f"{name}.png")
        self.folder = folder
        self.pictures = tuple(Picture(folder / f"{name}.png") for name in ("a", "b"))

    def read(self, number):
        return open_picture(self.pictures[number].path)

    def beside(self, number):
        return self.pictures[number].path.with_suffix(".parts.json")

    def saved(self, number):
        path = self.beside(number)
        return read_corrections(path) if path.exists() else SavedCorrections(())

    def write(self, number, parts):
        if not self.folder.exists():
            raise DataError(f"{self.beside(number)}: no such folder")
        parts.save(self.beside(number))
        parts.colored(**RED_BLUE).save(self.folder / f"made-{number}.png")
        return "shirt: 12 %" if parts.doubts else ""
