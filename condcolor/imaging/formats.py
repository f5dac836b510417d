"""Picture formats that are read and written; a format known by a file's bytes; the pictures of a folder."""

from __future__ import annotations

import importlib.util
import os
import re
import stat
import struct
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from condcolor.errors import PictureError, UsageError, did_you_mean
from condcolor.runtime.messages import shown_name, why_unread

MOST_CHUNKS = 500_000  # of a PNG; 2 GiB in the usual 8 KiB chunks have half as many
HEAD_BYTES = 4096  # enough to see past a byte order mark, a comment or an XML prologue
# Formats that can be opened. BMP also matches its header's size: many texts begin with "BM".
PICTURES = {
    "PNG": rb"\x89PNG\r\n\x1a\n",
    "JPEG": rb"\xff\xd8\xff",
    "WEBP": rb"RIFF....WEBP",
    "GIF": rb"GIF8[79]a",
    "BMP": rb"BM.{12}[\x0c\x10\x28\x34\x38\x40\x6c\x7c]\0\0\0",
    "TIFF": rb"II[*+]\0|MM\0[*+]",
    "HEIC": rb"....ftyp(?:he|mif1|msf1)",
}
# Other formats found under a picture's name, and what to do about each. The first match counts.
_GAP = rb"(?:\xef\xbb\xbf)?\s*"
_HTML = _GAP + rb"(?i:<!doctype html|<html|<head|<body)"
_SVG = _GAP + rb"(?:<svg|<[?!].*<svg)"
OTHERS = (
    (rb"version https://git-lfs", "is a Git LFS pointer, not the picture: run git lfs pull"),
    (rb"\x89PNG", "damaged PNG header (copied as text?): copy it again as it is"),
    (_HTML, "is an HTML page, not a picture: download the picture itself"),
    (_GAP + rb"<[?!]", "is an XML or HTML file, not a picture: download the picture itself"),
    (rb"%PDF-", "is a PDF document, not a picture: export the page as PNG"),
    (rb"%!PS|\xc5\xd0\xd3\xc6", "is an EPS or PostScript file, not a bitmap: export it as PNG"),
    (rb"....ftypavi[fs]", "is an AVIF picture, which cannot be read: save it as PNG"),
    (rb"....ftyp", "is a video, not a picture: save a frame of it as PNG"),
    (rb"\xff\x0a|\0\0\0\x0cJXL ", "is a JPEG XL picture, which cannot be read: save it as PNG"),
    (rb"\0\0\0\x0cjP  |\xff\x4f", "is a JPEG 2000 picture, which cannot be read: save it as PNG"),
    (rb"8BPS|gimp xcf", "is a Photoshop or GIMP file, which cannot be read: export it as PNG"),
    (rb"\0\0[\1\2]\0", "is an icon file (ICO), which cannot be read: save it as PNG"),
    (rb"P[1-7]\s", "is a Netpbm picture, which cannot be read: save it as PNG"),
    (rb"PK\x03\x04|\x1f\x8b|7z\xbc\xaf|Rar!", "is an archive, not a picture: unpack it first"),
    (rb"\0+\Z", "begins with nothing but zero bytes: copy or download it again"),
)
TEXT = "is a text file, not a picture: name the picture itself"
UNKNOWN = f"is no picture that can be read: save it as one of {', '.join(PICTURES)}"


def picture_format(head: bytes) -> str | None:
    """Return the key of PICTURES that matches a file's first bytes, or None."""
    for name, pattern in PICTURES.items():
        if re.match(pattern, head, re.DOTALL):
            return name
    return None


def is_svg(head: bytes) -> bool:
    """Return whether a file's first bytes are those of an SVG drawing."""
    return not re.match(_HTML, head, re.DOTALL) and bool(re.match(_SVG, head, re.DOTALL))


def describe(head: bytes) -> str:
    """Describe a file that is not a picture: `is a PDF document, ...: export ...`."""
    for pattern, reason in OTHERS:
        if re.match(pattern, head, re.DOTALL):
            return reason
    return TEXT if _is_text(head) else UNKNOWN


def _is_text(head: bytes) -> bool:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):  # UTF-16
        return True
    # A character cut by the end of the head decodes to one replacement character.
    text = head.decode(errors="replace")
    text = text[:-1] if len(head) >= HEAD_BYTES else text
    return not re.search("[\0-\x08\x0e-\x1a\x1c-\x1f\x7f\ufffd]", text)


def png_fault(stream: BinaryIO) -> str | None:
    """Check the CRC of a PNG's critical chunks; return the first fault, or None.

    Missing chunks are no fault here. Pillow checks small chunks only, not those of the pixels.
    """
    stream.seek(8)
    chunks = 0
    while len(header := stream.read(8)) == 8:
        chunks += 1
        if chunks > MOST_CHUNKS:
            return f"PNG of more than {MOST_CHUNKS:,} chunks: save it anew"
        length, tag = struct.unpack(">I4s", header)
        if tag == b"IEND":
            break
        if not tag[:1].isupper():  # lower case: an ancillary chunk, not needed for the pixels
            stream.seek(length + 4, os.SEEK_CUR)
            continue
        crc = zlib.crc32(tag)
        while length and (block := stream.read(min(length, 1 << 20))):
            if tag == b"IHDR" and 0 in struct.unpack(">II", block[:8].ljust(8, b"x")):
                return "zero width or height: draw or download it again"
            crc, length = zlib.crc32(block, crc), length - len(block)
        stored = stream.read(4)
        if len(stored) == 4 and crc != int.from_bytes(stored, "big"):
            part = shown_name(tag.decode("latin-1"))
            return f"damaged PNG (wrong checksum in {part}): copy or download it again"
    return None


def webp_size(head: bytes) -> tuple[int, int] | None:
    """Return the (width, height) in a WEBP's header, or None."""
    head = head.ljust(30, b"\0")
    if head[12:16] == b"VP8X":
        width, height = (int.from_bytes(head[at : at + 3], "little") + 1 for at in (24, 27))
        return width, height
    if head[12:16] == b"VP8L":
        bits = int.from_bytes(head[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if head[12:16] == b"VP8 ":
        width, height = (int.from_bytes(head[at : at + 2], "little") & 0x3FFF for at in (26, 28))
        return width, height
    return None


def ends_early(stream: BinaryIO, name: str) -> bool:
    """Return whether a picture of format `name` that failed to load is truncated."""
    size = stream.seek(0, os.SEEK_END)
    stream.seek(0)
    head = stream.read(12)
    stream.seek(max(0, size - 64))
    tail = stream.read()
    if name == "WEBP":
        return 8 + int.from_bytes(head[4:8], "little") > size
    if name == "TIFF":
        return int.from_bytes(head[4:8], "little" if head[:2] == b"II" else "big") >= size
    ending = {"PNG": b"IEND", "JPEG": b"\xff\xd9", "GIF": b";"}
    return name in ending and ending[name] not in tail


@dataclass(frozen=True)
class WriteFormat:
    """A format that is written: suffixes, whether it has alpha, longest side, options of its encoder."""

    suffixes: tuple[str, ...]
    alpha: bool
    max_side: int  # pixels
    options: dict[str, Any] = field(default_factory=dict)


# PNG: zlib's level 3 takes half the time of its default, 6, for files as small (512 px: 205 kB in 18 ms
# against 229 kB in 45 ms). JPEG: no chroma subsampling, which lets flat fills bleed over lines.
WRITE_FORMATS = {
    "PNG": WriteFormat((".png",), True, 2**31 - 1, {"compress_level": 3}),
    "JPEG": WriteFormat((".jpg", ".jpeg"), False, 65500, {"quality": 95, "subsampling": "4:4:4"}),
    "WEBP": WriteFormat((".webp",), True, 16383, {"lossless": True, "exact": True}),
    "BMP": WriteFormat((".bmp",), False, 2**31 - 1),
    "TIFF": WriteFormat((".tif", ".tiff"), True, 2**31 - 1, {"compression": "tiff_deflate"}),
}
WRITE_SUFFIXES = tuple(suffix for row in WRITE_FORMATS.values() for suffix in row.suffixes)


def format_for(path: str | os.PathLike[str]) -> str:
    """Return the key of WRITE_FORMATS for a file's suffix.

    Raises:
        UsageError: the suffix belongs to no format that is written.
    """
    suffix = Path(path).suffix.lower()
    for name, row in WRITE_FORMATS.items():
        if suffix in row.suffixes:
            return name
    came = f"suffix '{shown_name(suffix)}' is not" if suffix else "no suffix; it must be"
    choices = ", ".join(WRITE_SUFFIXES)
    hint = did_you_mean(suffix, WRITE_SUFFIXES) if suffix else ""
    raise UsageError(f"{shown_name(path)}: {came} one of {choices}{hint}")


SVG = ".svg"
READS_SVG = importlib.util.find_spec("resvg_py") is not None
READ_SUFFIXES = (
    *(".png", ".jpg", ".jpeg", ".jfif", ".webp", ".bmp", ".gif", ".tif", ".tiff"),
    *(".heic", ".heif"),
    *((SVG,) if READS_SVG else ()),
)
# of pictures that are not read: those in a folder are named, so that none is missed
OTHER_SUFFIXES = (
    *(() if READS_SVG else (SVG,)),
    *(".psd", ".psb", ".xcf", ".kra", ".clip", ".ai", ".eps", ".avif", ".jxl", ".jp2"),
    *(".ppm", ".pgm", ".pbm", ".tga", ".exr"),
    *(".dng", ".cr2", ".cr3", ".nef", ".arw", ".orf", ".rw2", ".raf"),
)


def find_pictures(folder: str | os.PathLike[str]) -> tuple[list[Path], list[str]]:
    """Find the pictures in a folder and its subfolders by their suffix.

    Hidden files and folders are ignored, and files that are no pictures by their suffix. Skipped with a
    reason: pictures of formats that are not read, links that leave the folder, dangling
    links, linked folders, folders and pipes with a picture's suffix, folders that cannot be read.

    Returns:
        The paths, sorted, and a line for each path that was skipped.

    Raises:
        PictureError: the folder does not exist or cannot be read.
    """
    root = Path(folder)
    label = shown_name(root)
    try:
        if not root.is_dir():
            reason = "is a file, not a folder" if root.exists() else "no such folder"
            raise PictureError(f"{label}: {reason}: check the path")
        os.scandir(root).close()
    except OSError as error:
        raise PictureError(f"{label}: {why_unread(error, root)}") from error
    real = root.resolve()
    files: list[Path] = []
    skipped: list[str] = []

    def skip(path: Path, reason: str) -> None:
        skipped.append(f"{shown_name(path.relative_to(root))}: {reason}")

    def unreadable(error: OSError) -> None:
        skip(Path(error.filename), f"folder skipped ({error.strerror})")

    for parent, subfolders, names in os.walk(root, onerror=unreadable):
        kept = []
        for name in subfolders:
            path = Path(parent, name)
            if name.startswith("."):
                continue
            if path.is_symlink():
                skip(path, "link to a folder skipped")
            elif path.suffix.lower() in READ_SUFFIXES:
                skip(path, "folder with a picture's name skipped")
            else:
                kept.append(name)
        subfolders[:] = kept
        here = Path(parent)
        for name in names:
            suffix = os.path.splitext(name)[1].lower()
            if name.startswith(".") or suffix not in (*READ_SUFFIXES, *OTHER_SUFFIXES):
                continue
            path = here / name
            if suffix in OTHER_SUFFIXES:
                hint = ": pip install 'condcolor[icons]', or" if suffix == SVG else ":"
                skip(path, f"a {suffix} file, which cannot be read{hint} save it as PNG")
            elif fault := _why_skipped(os.path.join(parent, name), real):
                skip(path, fault)
            else:
                files.append(path)
    return sorted(files, key=lambda path: path.parts), sorted(skipped)


def _why_skipped(path: str, root: Path) -> str | None:
    try:
        kind = os.lstat(path).st_mode
        if stat.S_ISLNK(kind):
            if not Path(path).resolve(strict=True).is_relative_to(root):
                return "link that leaves the folder skipped"
            kind = os.stat(path).st_mode
        return None if stat.S_ISREG(kind) else "not a file (a pipe or device) skipped"
    except (OSError, RuntimeError):
        return "dangling link skipped"
